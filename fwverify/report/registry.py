"""The output forms."""

from __future__ import annotations

from fwverify.report.interface import Renderer
from fwverify.report.renderers import (
    code_scanning,
    csv_table,
    cyclonedx_document,
    github_annotations,
    gitlab_quality,
    html_page,
    json_document,
    junit,
    markdown,
    sarif,
    text,
)

BUILTIN: tuple[Renderer, ...] = (
    text.RENDERER,  # first: what a person sees who asks for nothing else
    json_document.RENDERER,
    cyclonedx_document.RENDERER,
    html_page.RENDERER,
    markdown.RENDERER,
    csv_table.RENDERER,
    junit.RENDERER,
    sarif.RENDERER,
    code_scanning.RENDERER,
    github_annotations.RENDERER,
    gitlab_quality.RENDERER,
)

bill_of_materials = cyclonedx_document.document
"""Evidence -> CycloneDX text, for `fwverify sbom make`, which has no verdict."""
