"""How far ELF and PE files reach, and what in them is nobody's."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from fwverify.formats import executable_extents
from fwverify.formats.elf_tables import MODULE_SIGNATURE
from fwverify.formats.executable_extents import elf_end, pe_end, slack, within
from fwverify.model.artifact import ByteRange
from tests.interop.tools import need, run
from tests.vectors.makers.cms_images import pe_image
from tests.vectors.makers.firmware import elf, tiny_pe

JUNK = bytes((7 * one + one // 3) % 251 + 1 for one in range(700))
PROGRAM = """
#include <stdio.h>
int table[1000] = {1, 2, 3};
int main(int argc, char **argv) { printf("%d\\n", table[argc]); return 0; }
"""


def tick(_: int) -> None:
    return


def built(folder: Path, *flags: str) -> bytes:
    need("gcc")
    (folder / "p.c").write_text(PROGRAM)
    run("gcc", *flags, "-o", folder / "p", folder / "p.c")
    return (folder / "p").read_bytes()


@pytest.mark.interop
@pytest.mark.parametrize("flags", [(), ("-static",), ("-g",), ("-s",), ("-c",), ("-shared", "-fPIC")])
def test_real_programs(flags: tuple[str, ...], tmp_path: Path) -> None:
    """What gcc writes is found whole in other bytes, and has no slack."""
    data = built(tmp_path, *flags)
    assert elf_end(memoryview(JUNK + data + JUNK), len(JUNK), tick) == len(JUNK) + len(data)
    assert slack(memoryview(data)) == executable_extents.Slack("ELF", (ByteRange(0, len(data)),), ())
    for cut in (1, 100, len(data) // 2):
        assert elf_end(memoryview(data[:-cut]), 0, tick) == 0


@pytest.mark.interop
def test_signed_module(tmp_path: Path) -> None:
    """The signature behind a kernel module belongs to it; bytes between both do not."""
    data = built(tmp_path, "-c")
    signature = b"not a real one" * 9
    behind = signature + struct.pack(">8xI", len(signature)) + MODULE_SIGNATURE
    signed = data + behind
    assert elf_end(memoryview(signed + JUNK), 0, tick) == len(signed)
    assert slack(memoryview(signed)).holes == ()  # type: ignore[union-attr]
    hidden = data + JUNK + behind
    assert elf_end(memoryview(hidden), 0, tick) == len(data)
    assert slack(memoryview(hidden)).holes == (ByteRange(len(data), len(data) + len(JUNK)),)  # type: ignore[union-attr]


def test_elf() -> None:
    """By its program header alone; every cut and every flip in the headers is survived."""
    data = elf()
    assert elf_end(memoryview(JUNK + data + bytes(50)), len(JUNK), tick) == len(JUNK) + len(data)
    for size in range(len(data)):
        assert elf_end(memoryview(data[:size]), 0, tick) == 0
    for at in range(120):
        flipped = bytearray(data + JUNK)
        flipped[at] ^= 0x41
        assert 0 <= elf_end(memoryview(bytes(flipped)), 0, tick) <= len(flipped)


@pytest.mark.parametrize("data", [tiny_pe(), pe_image(), pe_image(plus=False)], ids=["tiny", "pe32+", "pe32"])
def test_pe(data: bytes) -> None:
    """Whole, its certificate table included; every cut and every flip in the headers is survived."""
    assert pe_end(memoryview(JUNK + data + JUNK), len(JUNK), tick) == len(JUNK) + len(data)
    for size in range(0, len(data), 3):
        assert pe_end(memoryview(data[:size]), 0, tick) == 0
    for at in range(512):
        flipped = bytearray(data + JUNK)
        flipped[at] ^= 0x41
        assert 0 <= pe_end(memoryview(bytes(flipped)), 0, tick) <= len(flipped)


def test_pe_certificates() -> None:
    """A certificate table behind the sections belongs to the file, bytes between are a hole; one outside is ignored."""
    data = bytearray(tiny_pe(tail=JUNK.ljust(704, b"\0") + b"certificates"))
    place = 64 + 24 + 112 + 4 * 8
    struct.pack_into("<II", data, place, 1024 + 704, 12)
    assert pe_end(memoryview(bytes(data) + JUNK), 0, tick) == len(data)
    found = slack(memoryview(bytes(data)))
    assert found is not None and found.holes == (ByteRange(1024, 1728),) and not found.appended
    struct.pack_into("<II", data, place, 1024 + 704, 120)
    assert pe_end(memoryview(bytes(data)), 0, tick) == 1024


def test_slack() -> None:
    """Behind the file, in a hole, in both; fill is no slack; what is no sound executable has none."""
    behind = slack(memoryview(elf(tail=JUNK)))
    assert behind is not None and behind.appended and behind.holes == (ByteRange(len(elf()), len(elf()) + len(JUNK)),)
    hole = slack(memoryview(elf(gap=JUNK)))
    assert hole is not None and not hole.appended and hole.holes == (ByteRange(120, 120 + len(JUNK)),)
    both = slack(memoryview(tiny_pe(gap=JUNK.ljust(1024, b"\1"), tail=JUNK)))
    assert both is not None and len(both.holes) == 2 and not both.appended
    assert slack(memoryview(elf(tail=bytes(500)))).holes == ()  # type: ignore[union-attr]
    assert slack(memoryview(elf()[:100])) is None and slack(memoryview(b"MZ" + JUNK)) is None
    assert slack(memoryview(JUNK)) is None


def test_within() -> None:
    """Executables inside the spans, whole ones only, nothing behind the span's end; one that takes too long ends it."""
    data = JUNK + elf() + JUNK + tiny_pe() + JUNK
    first, second = data.index(elf()), data.index(tiny_pe())
    assert list(within(memoryview(data), [ByteRange(0, len(data))])) == [
        ByteRange(first, first + len(elf())),
        ByteRange(second, second + len(tiny_pe())),
    ]
    assert list(within(memoryview(data), [ByteRange(0, first + 100), ByteRange(second + 1, len(data))])) == []
    flood = (elf()[:54] + struct.pack("<5H", 56, 0xFFFE, 64, 0xFFFE, 1)) * 3000
    assert list(within(memoryview(flood), [ByteRange(0, len(flood))]))[-1].end == len(flood)


def test_random_bytes() -> None:
    """Noise behind the magics is nothing."""
    chance = random.Random(5)
    for _ in range(300):
        noise = chance.randbytes(2000)
        assert elf_end(memoryview(b"\x7fELF\1\1\1" + noise), 0, tick) == 0
        assert pe_end(memoryview(b"MZ" + noise), 0, tick) == 0
