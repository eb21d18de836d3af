"""Archives that are a delivery, and archives that are one image."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from fwverify.ingest.stage import ingest
from fwverify.limits import DEFAULT_LIMITS
from fwverify.model.artifact import Role
from tests.vectors.makers import update_archives as maker

OPENBMC = maker.tar(list(maker.tarball({"image-bmc": maker.IMAGE}).items()))
MENDER = maker.artifact([("fw.bin", maker.IMAGE)])
PLAIN = maker.tar([("fw.bin", maker.IMAGE), ("SHA256SUMS", f"{maker.sha256(maker.IMAGE)}  fw.bin\n".encode())])


@pytest.mark.parametrize("data", [OPENBMC, gzip.compress(OPENBMC), MENDER], ids=["openbmc", "openbmc.gz", "mender"])
def test_one_image(data: bytes, tmp_path: Path) -> None:
    """Keys, lists and signatures inside an image for a device are not taken out of it."""
    (tmp_path / "fw.tar").write_bytes(data)
    delivery = ingest([tmp_path / "fw.tar"], DEFAULT_LIMITS).delivery
    assert [(one.role, one.artifact.name) for one in delivery.files] == [(Role.IMAGE, "fw.tar")]
    assert delivery.archive is None


def test_a_delivery(tmp_path: Path) -> None:
    """A tar with a checksum list beside the image is still a delivery."""
    (tmp_path / "release.tar").write_bytes(PLAIN)
    roles = {one.artifact.name: one.role for one in ingest([tmp_path / "release.tar"], DEFAULT_LIMITS).delivery.files}
    assert roles == {"fw.bin": Role.IMAGE, "SHA256SUMS": Role.CHECKSUMS}
