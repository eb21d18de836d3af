"""How much is found in real root file systems, and that nothing found is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fwverify import pipeline
from fwverify.formats.products import canonical_product
from fwverify.identify.conclude import upstream

AT = "2026-11-22T12:00:00Z"
FIRMWARE_ITSELF = {"acmepower"}
"""What an image calls itself is no component of the truth."""


@pytest.mark.corpus
@pytest.mark.parametrize(("image", "least"), [("rootfs.xz.squashfs", 43), ("flash.bin", 44)])
def test_gateway(cases: Path, image: str, least: int) -> None:
    """A gateway's root file system: no wrong version, no product that is not there, most versions that are there."""
    folder = cases / "images" / "gateway-mipsel"
    truth = {
        (canonical_product(one["product"]), upstream(one["version"], packaged=False))
        for one in json.loads((folder / "truth.json").read_text())["components"]
    }
    evidence = pipeline.facts([folder / image], at=AT)
    seen = {
        (canonical_product(one.name), upstream(one.version, packaged=bool(one.purl)))
        for one in evidence.components
        if one.version and one.name not in FIRMWARE_ITSELF
    }
    assert seen - truth == set()
    assert len(seen) >= least
    names = {canonical_product(one.name) for one in evidence.components}
    missing = {product for product, _ in truth} - names
    assert missing == ({"linux"} if image.startswith("rootfs") else set())
