"""The uImage container."""

from __future__ import annotations

from fwverify.model.examining import Malformed
from fwverify.unpack.containers.uimage import CONTAINER
from fwverify.unpack.interface import Check
from tests.unit.unpack.opened import artifact, opened
from tests.vectors.makers.firmware import PAYLOAD, ROOTFS, multi, uimage


def test_kernel() -> None:
    """One payload, both CRCs, facts, and no byte left over."""
    seen = opened(CONTAINER, uimage(PAYLOAD))
    assert seen.members == {"vectors": PAYLOAD} and seen.unclaimed == () and seen.failed == []
    assert [(one.name, one.member) for one in seen.of(Check)] == [("header", ""), ("data", "vectors")]
    assert seen.facts["load-address"] == "80008000" and seen.facts["entry"] == "80008040"
    assert (seen.facts["os"], seen.facts["arch"], seen.facts["type"]) == ("linux", "arm", "kernel")
    assert seen.facts["compression"] == "none"


def test_multi() -> None:
    """Files of a multi-file image are numbered; the CRC is over all of them and binds none."""
    seen = opened(CONTAINER, uimage(multi(PAYLOAD[:-1], ROOTFS, b"x"), 4))
    assert seen.members == {"vectors-0": PAYLOAD[:-1], "vectors-1": ROOTFS, "vectors-2": b"x"}
    assert seen.unclaimed == () and {one.member for one in seen.of(Check)} == {""}


def test_broken_images_keep_what_was_found() -> None:
    """Header facts and checks come before the trouble."""
    seen = opened(CONTAINER, uimage(PAYLOAD)[:-1])
    assert isinstance(seen.problem, Malformed) and seen.facts["name"] == "vectors" and seen.members == {}


def test_detection() -> None:
    """A wrong header CRC with sensible fields is still one (and its check fails); other bytes are not."""
    data = uimage(PAYLOAD)
    assert CONTAINER.detect(artifact(data[:20] + b"\7" + data[21:]))
    assert not CONTAINER.detect(artifact(data[:4] + b"\xaa" * 60 + PAYLOAD))
    assert not CONTAINER.detect(artifact(data[:63]))


def test_appended_bytes() -> None:
    """Fill is padding; a root file system behind the kernel is trailing data that the stage looks into."""
    assert opened(CONTAINER, uimage(PAYLOAD) + bytes(50)).oddities == []
    seen = opened(CONTAINER, uimage(PAYLOAD) + ROOTFS)
    assert seen.oddities == ["trailing-data"] and sum(one.size for one in seen.unclaimed) == len(ROOTFS)
