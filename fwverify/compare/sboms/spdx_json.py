"""SPDX 2.x documents in JSON.

SPDX specification 2.3 (clauses 6 to 11) in its JSON form, read 2026-11-22. Steps: 1 bounded, strict JSON; 2 what it
declares and what the specification demands (see `spdx` and `spdx_shape`).
Does NOT read snippets, reviews or extracted licences, and follows no external documents.
"""

from __future__ import annotations

from fwverify.compare import spdx
from fwverify.compare.interface import Document, SbomFormat
from fwverify.formats.sbom_kinds import looks_like_sbom
from fwverify.formats.strict_json import load
from fwverify.model.artifact import Artifact
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc


def read(artifact: Artifact) -> Document:
    """Read one document.

    Raises:
        Malformed: not an SPDX 2.x JSON document at all.
        LimitExceeded: too large.
    """
    data = load(artifact.content, "SPDX")  # 1
    version = data.get("spdxVersion") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(version, str) or not version.startswith("SPDX-2."):
        raise Malformed("SPDX", "no object with spdxVersion SPDX-2.x")
    return spdx.read(data, artifact.locator)  # 2


def _detect(artifact: Artifact) -> bool:
    return looks_like_sbom(artifact.content) == "SPDX JSON"


SBOM_FORMAT = SbomFormat(
    name="spdx-json",
    detect=_detect,
    read=read,
    doc=Doc(
        title="SPDX 2.2 and 2.3 in JSON",
        vendor="The Linux Foundation",
        references=("SPDX specification 2.3 (ISO/IEC 5962:2021 for 2.2.1), read 2026-11-22",),
        limitations=(
            "validated against the mandatory fields, types and value lists of SPDX 2.2 and 2.3; others without",
            "snippets, reviews and extracted licences are not read; external documents are not followed",
        ),
    ),
)
