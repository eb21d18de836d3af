"""The SBOM formats."""

from __future__ import annotations

from fwverify.compare.interface import SbomFormat

BUILTIN: tuple[SbomFormat, ...] = ()
