"""The whole corpus through the real pipeline: every case right, nothing forged accepted, nothing good refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus.run import run

FORMATS = (
    "authenticode", "avb", "checksums", "cms", "dm-verity", "dsse", "esp32-sbv2", "fit", "jcat", "jws", "kmod",
    "mcuboot", "mender", "minisign", "openbmc", "openpgp", "openwrt", "rauc", "raw", "signify", "sigstore", "sshsig",
    "suit", "swupdate", "tuf", "uefi-capsule", "x509chain",
)  # fmt: skip


@pytest.mark.corpus
@pytest.mark.parametrize("name", FORMATS)
def test_format(name: str, cases: Path) -> None:
    """`must` by the observation's status, `should` by the decision under corpus-strict."""
    found = run(cases / "signatures" / name, "")
    assert found
    assert [(one.id, one.expected, one.status, one.decision) for one in found if one.agrees is False] == []


@pytest.mark.corpus
def test_every_format_is_named(cases: Path) -> None:
    """A format that the corpus gains is not left out here."""
    assert {path.parent.name for path in (cases / "signatures").glob("*/manifest.json")} == set(FORMATS)
