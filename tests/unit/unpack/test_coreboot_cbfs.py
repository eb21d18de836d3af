"""The CBFS container."""

from __future__ import annotations

import pytest

from fwverify.model.artifact import ByteRange
from fwverify.unpack.containers.coreboot_cbfs import CONTAINER
from fwverify.unpack.interface import Part, PartUse
from tests.unit.unpack.opened import artifact, opened
from tests.vectors.makers.cbfs import compressed, entry, free
from tests.vectors.makers.uefi import ELF, NOISE


@pytest.mark.parametrize(
    "data",
    [
        entry("raw", NOISE[:50]) + free(900, ELF),
        entry("raw", NOISE[:50]) + free(60) + ELF,
        entry("raw", NOISE[:50], attributes=b"what" + (8 + len(ELF)).to_bytes(4, "big") + ELF),
        entry("raw\0" + ELF.decode("latin-1"), NOISE[:50]),
        entry("gone", ELF, 0),
    ],
    ids=["free space", "behind the entries", "unknown attribute", "behind a name", "deleted file"],
)
def test_planted(data: bytes) -> None:
    """What nobody reads is nobody's."""
    seen = opened(CONTAINER, data)
    where = max(data.find(ELF), data.find(ELF[:7]))
    middle = ByteRange(where + 16, where + 500)
    assert not any(one.range.intersects(middle) for one in seen.of(Part) if one.use is not PartUse.PADDING)
    assert any(one.start <= middle.start and middle.end <= one.end for one in seen.unclaimed)


def test_lz4_comes_out_as_stored() -> None:
    """The name and bytes of a file packed otherwise than with LZMA."""
    seen = opened(CONTAINER, entry("a/b", NOISE[:70], attributes=compressed(900, 2)))
    assert seen.members == {"a/b": NOISE[:70]} and seen.unread == []


def test_carving() -> None:
    """Two entries in a row are believed, one is not."""
    assert CONTAINER.carve is not None
    two = entry("raw", NOISE[:50]) + free(100)
    data = memoryview(NOISE[:64] + two + NOISE[:640])
    assert CONTAINER.carve.end(data, 64, lambda _: None) == 64 + len(two)
    assert CONTAINER.carve.end(memoryview(entry("raw", NOISE[:50]) + NOISE), 0, lambda _: None) == 0
    assert CONTAINER.detect(artifact(two)) and not CONTAINER.detect(artifact(b"LARCHIVE" + NOISE[:90]))
