"""The SBOM formats."""

from __future__ import annotations

from fwverify.compare.interface import SbomFormat
from fwverify.compare.sboms import cyclonedx_json, cyclonedx_xml, spdx3_json, spdx_json, spdx_tag_value

BUILTIN: tuple[SbomFormat, ...] = (
    cyclonedx_json.SBOM_FORMAT,
    cyclonedx_xml.SBOM_FORMAT,
    spdx_json.SBOM_FORMAT,
    spdx_tag_value.SBOM_FORMAT,
    spdx3_json.SBOM_FORMAT,
)
"""Each is told from the others by `formats.sbom_kinds`; the order does not matter."""
