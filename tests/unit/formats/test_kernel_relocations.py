"""A kernel's table of relocations is told from anything else that may lie behind an executable."""

from __future__ import annotations

import struct

import pytest

from fwverify.formats.kernel_relocations import holds
from fwverify.model.artifact import ByteRange

BASE, SIZE = 0xFFFFFFFF81000000, 0x10000
FIRST, LAST = BASE & 0xFFFFFFFF, (BASE & 0xFFFFFFFF) + SIZE - 1


def kernel(words: list[int], tail: bytes = b"") -> tuple[memoryview, ByteRange]:
    """An x86-64 ELF file that loads one segment (System V ABI), and what lies behind it."""
    ident = b"\x7fELF\2\1\1" + bytes(9)
    head = ident + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, BASE, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, BASE, 0, 128, SIZE, 4096)
    whole = head + segment + bytes(8) + struct.pack(f"<{len(words)}I", *words) + tail
    return memoryview(whole), ByteRange(128, len(whole))


@pytest.mark.parametrize("words", [[0, FIRST, LAST], [0, FIRST, 0, FIRST, LAST], [0, FIRST, 0, 0, LAST], [0, 0]])
def test_tables(words: list[int]) -> None:
    """One to three sorted lists of addresses that are loaded; a list may be empty."""
    assert holds(*kernel(words))


@pytest.mark.parametrize(
    "words",
    [
        [FIRST, LAST], [0], [0, LAST, FIRST], [0, FIRST, FIRST], [0, FIRST - 1], [0, LAST + 1], [0, 0x464C457F],
        [0, FIRST, 0, FIRST, 0, FIRST, 0, FIRST],
    ],
)  # fmt: skip
def test_others(words: list[int]) -> None:
    """Not opened by zero, not sorted, an address that is not loaded, more lists than there are."""
    assert not holds(*kernel(words))


def test_odd_bytes() -> None:
    """What is not whole words is no table; nor is anything behind what is no ELF file."""
    assert not holds(*kernel([0, FIRST], b"x"))
    view, table = kernel([0, FIRST])
    assert not holds(memoryview(bytes(len(view))), table)
