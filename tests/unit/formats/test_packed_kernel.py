"""The header of EFI within an x86 kernel belongs to the whole file, not to the boot sector it lies in."""

from __future__ import annotations

import struct

import pytest

from fwverify.formats import packed_kernel
from fwverify.model.artifact import ByteRange
from tests.vectors.makers.packed_kernels import bzimage, xz

SETUP = ByteRange(0x1F1, 0x250)


def started_by_efi(at: int = 0x40, sections: int = 4, optional: int = 0xA0) -> bytes:
    """A bzImage with a PE header of that many sections in its boot sector."""
    image = bytearray(bzimage(xz() + bytes(4)))
    image[:2], image[0x3C:0x40] = b"MZ", struct.pack("<I", at)
    image[at : at + 8] = b"PE\0\0" + struct.pack("<HH", 0x8664, sections)
    image[at + 20 : at + 22] = struct.pack("<H", optional)
    return bytes(image)


def structure(image: bytes) -> tuple[ByteRange, ...]:
    found = packed_kernel.find(memoryview(image))
    assert found is not None
    return found.structure


def test_header_of_efi() -> None:
    """The two marks of the DOS header and the PE header to the end of its section table are structure."""
    expected = (ByteRange(0, 2), ByteRange(0x3C, 0x40), ByteRange(0x40, 0x40 + 24 + 0xA0 + 4 * 40), SETUP)
    assert structure(started_by_efi()) == expected


@pytest.mark.parametrize("changed", [{"at": 0x1E0}, {"sections": 9}, {"optional": 0x200}, {"at": 0x3C}])
def test_no_header_of_efi(changed: dict[str, int]) -> None:
    """One that does not end before the setup header is none."""
    assert structure(started_by_efi(**changed)) == (SETUP,)
