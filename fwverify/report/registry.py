"""The output forms."""

from __future__ import annotations

from fwverify.report.interface import Renderer
from fwverify.report.renderers import cyclonedx_document, html_page, json_document, text

BUILTIN: tuple[Renderer, ...] = (
    text.RENDERER,  # first: what a person sees who asks for nothing else
    json_document.RENDERER,
    cyclonedx_document.RENDERER,
    html_page.RENDERER,
)

bill_of_materials = cyclonedx_document.document
"""Evidence -> CycloneDX text, for `fwverify sbom make`, which has no verdict."""
