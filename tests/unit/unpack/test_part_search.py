"""Searching: nothing is found where nothing is, the work is bounded, and the plan is made once."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from fwverify.unpack.containers.flash_dump import EXECUTABLES
from fwverify.unpack.part_search import Plan, Search, plan
from fwverify.unpack.registry import CARVED
from tests.vectors.makers.firmware import PAYLOAD, elf, tiny_pe, uimage

PLAN = plan((*CARVED, *EXECUTABLES))
MIB = 1 << 20
MAGICS = [(name, magic, behind, carve.step) for name, carve in PLAN.formats for magic, behind in carve.magics]


def found(data: bytes, planned: Plan = PLAN) -> list[tuple[str, int, int]]:
    search = Search(memoryview(data), planned)
    out = [(one.name, one.range.start, one.range.end) for one in search.parts()]
    assert search.given_up == []
    return out


def skewed(size: int) -> bytes:
    """Zeros, small numbers, and the bytes magics are made of, far more often than by chance."""
    chance = random.Random(4)
    letters = bytes(40) + bytes(range(16)) * 2 + b"".join(magic for _, magic, _, _ in MAGICS)
    return bytes(chance.choices(letters, k=size))


def words(size: int) -> bytes:
    """Text with names of formats in it."""
    chance = random.Random(5)
    names = [b"BZh9", b"070701", b"ustar", b"MZ", b"PK", b"hsqs", b"sqsh", b"FAT16   ", b"ANDROID!", b"UBI#", b"PE"]
    some = [*names, *(b"word", b"of", b"x=1", b"a line\n", b"value", b"MZ") * 100]
    return b" ".join(chance.choices(some, k=size // 4))[:size]


def pieces(size: int) -> bytes:
    """Pieces of programs, cut anywhere: headers whose tables are elsewhere."""
    chance = random.Random(6)
    sources = [elf(), tiny_pe(), uimage(PAYLOAD)]
    out = bytearray()
    while len(out) < size:
        one = chance.choice(sources)
        start = chance.choice((0, 0, chance.randrange(len(one))))
        out += one[start : start + chance.randrange(4, max(5, len(one) // 3))]
        out += chance.randbytes(chance.randrange(8000))
    return bytes(out[:size])


MATERIAL: dict[str, Callable[[], bytes]] = {
    "random": lambda: random.Random(3).randbytes(4 * MIB),
    "skewed": lambda: skewed(2 * MIB),
    "text": lambda: words(2 * MIB),
    "MZ and zeros": lambda: (b"MZ" + bytes(126)) * 8192,
    "PE and zeros": lambda: (b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0\x64\x86" + bytes(954)) * 1024,
    "ELF and zeros": lambda: (b"\x7fELF\1\1\1" + bytes(505)) * 2048,
}


@pytest.mark.parametrize("kind", MATERIAL)
def test_nothing_is_found_in_nothing(kind: str) -> None:
    """Several MiB of what looks like nothing, or like beginnings of everything."""
    assert found(MATERIAL[kind]()) == []


def test_pieces_of_programs() -> None:
    """What is found in rubble is whole: its bytes alone are found sound again."""
    data = pieces(MIB)
    for name, start, end in found(data):
        carve = dict(PLAN.formats)[name]
        assert carve.end(memoryview(data[start:end]), 0, lambda _: None) == end - start
        assert end - start >= min(len(elf()), len(tiny_pe()), len(uimage(PAYLOAD)))


@pytest.mark.parametrize("behind", [b"\0", b"\xff", b"\x01", b"noise"])
@pytest.mark.parametrize(("name", "magic", "at", "step"), MAGICS, ids=lambda one: str(one))
def test_a_magic_alone_is_no_part(name: str, magic: bytes, at: int, step: int, behind: bytes) -> None:
    """Every magic of every format, at a place where it would count, in fill and in noise."""
    size = 1 << 17
    data = bytearray(random.Random(8).randbytes(size) if behind == b"noise" else behind * size)
    start = max(step, 4096) * -(-0x8000 // max(step, 4096))
    data[start + at : start + at + len(magic)] = magic
    assert found(bytes(data)) == []


def near_misses() -> dict[str, bytes]:
    """PE files in which one field cannot be."""
    image = tiny_pe()
    new = struct.unpack_from("<I", image, 0x3C)[0]
    out = {}
    for name, at, value in (
        ("its header lies nowhere", 0x3C, 0x7FFFFFFF),
        ("its header overlaps the first", 0x3C, 0x10),
        ("no machine", new + 4, 0),
        ("no sections", new + 6, 0),
        ("too many sections", new + 6, 0x2000),
        ("no optional header", new + 24, 0),
    ):
        data = bytearray(image)
        struct.pack_into("<I" if at == 0x3C else "<H", data, at, value)
        out[name] = bytes(data)
    return out


@pytest.mark.parametrize("name", near_misses())
def test_programs_that_are_none(name: str) -> None:
    """Among zeros and among noise."""
    data = near_misses()[name]
    noise = random.Random(9).randbytes(4096)
    assert found(noise + data + noise) == [] and found(bytes(4096) + data + bytes(4096)) == []
    assert [one[0] for one in found(noise + tiny_pe() + noise)] == ["pe"]


def test_the_plan_is_made_once() -> None:
    """A search takes a plan; what it gives up is left out of its own copy alone."""
    before = PLAN.expressions
    search = Search(memoryview(bytes(64) + elf() + bytes(64)), PLAN)
    assert [one.name for one in search.parts()] == ["elf"]
    assert search.plan is PLAN and PLAN.expressions == before
    fewer = PLAN.without(["elf"])
    assert len(fewer.magics) == len(PLAN.magics) - 1 and len(fewer.formats) == len(PLAN.formats)
    assert found(bytes(64) + elf() + bytes(64), fewer) == []


@pytest.mark.corpus
def test_real_firmware_volume(cases: Path) -> None:
    """A piece of UEFI firmware: six drivers, each a whole PE file (objdump agrees); nothing between them."""
    data = (cases / "containers/binwalk/bmp.bin").read_bytes()
    parts = found(data)
    assert [one[0] for one in parts] == ["pe"] * 6
    assert all(data[start : start + 2] == b"MZ" and end - start > 10_000 for _, start, end in parts)
