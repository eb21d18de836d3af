"""The output forms."""

from __future__ import annotations

from fwverify.report.interface import Renderer

BUILTIN: tuple[Renderer, ...] = ()
