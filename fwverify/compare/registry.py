"""The SBOM formats."""

from __future__ import annotations

from fwverify.compare.interface import SbomFormat
from fwverify.compare.sboms import cyclonedx_json

BUILTIN: tuple[SbomFormat, ...] = (cyclonedx_json.SBOM_FORMAT,)
