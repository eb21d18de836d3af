"""The output forms."""

from __future__ import annotations

from fwverify.report.interface import Renderer
from fwverify.report.renderers import json_document, text

BUILTIN: tuple[Renderer, ...] = (
    text.RENDERER,  # first: what a person sees who asks for nothing else
    json_document.RENDERER,
)
