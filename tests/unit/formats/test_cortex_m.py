"""Recognising a raw Cortex-M image and finding its load address."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from fwverify.formats.cortex_m import looks_like, read_cortex_m
from fwverify.model.examining import Malformed
from tests.vectors.makers.firmware import cortex_m


@pytest.mark.parametrize("load", [0x08000000, 0x08004000, 0x08008200, 0, 0x26000, 0x00400000, 0x10000100, 0x60002000])
def test_load_address_from_pointers(load: int) -> None:
    """Behind a boot loader or not, pointers to first instructions tell."""
    image = read_cortex_m(memoryview(cortex_m(load)))
    assert (image.load, image.load_proven, image.stack) == (load, True, 0x20004000)
    assert image.entry == struct.unpack_from("<I", cortex_m(load), 4)[0] - 1


@pytest.mark.parametrize("load", [0x08000000, 0, 0x00400000])
def test_base_of_the_area_without_pointers(load: int) -> None:
    """Where nothing confirms it, the base of the flash area is taken and said not to be proven."""
    image = read_cortex_m(memoryview(cortex_m(load, pointers=False)))
    assert (image.load, image.load_proven) == (load, False)


def test_address_of_a_text_image_wins() -> None:
    """An address from outside the bytes is better than one concluded from them."""
    image = read_cortex_m(memoryview(cortex_m(0x08000000, pointers=False)), 0x09000000)
    assert image.load == 0x08000000, "one that does not fit is not believed"
    roomy = cortex_m(0x08000100, pointers=False) + bytes(4096)
    assert read_cortex_m(memoryview(roomy)).load == 0x08000000
    named = read_cortex_m(memoryview(roomy), 0x08000100)
    assert (named.load, named.load_proven) == (0x08000100, True)
    data = cortex_m(0x70001000)
    assert not looks_like(memoryview(data)) and looks_like(memoryview(data), 0x70001000)
    assert read_cortex_m(memoryview(data), 0x70001000).load == 0x70001000


def test_vector_table() -> None:
    """The table reaches to the last interrupt vector."""
    assert read_cortex_m(memoryview(cortex_m(interrupts=20))).table.end == 4 * 36


@pytest.mark.parametrize(
    "word, value",
    [
        (0, 0x20004002),
        (0, 0x40004000),
        (0, 0),
        (1, 0x08000100),
        (1, 0x09000101),
        (2, 0),
        (3, 0x08000102),
        (6, 0x20000001),
        (8, 2),
        (15, 0xFFFFFFFF),
    ],
)
def test_one_wrong_word_is_enough(word: int, value: int) -> None:
    """Stack, reset, handlers and reserved words each have to be right."""
    data = bytearray(cortex_m())
    struct.pack_into("<I", data, 4 * word, value)
    assert not looks_like(memoryview(data))
    with pytest.raises(Malformed):
        read_cortex_m(memoryview(data))


def test_boot_checksum_of_nxp() -> None:
    """Vector 7 may make the first eight words sum to zero."""
    data = bytearray(cortex_m(0))
    struct.pack_into("<I", data, 28, -sum(struct.unpack_from("<7I", data)) & 0xFFFFFFFF)
    assert looks_like(memoryview(data))


def test_cut_off_images() -> None:
    """Handlers behind the end are noticed; nothing is raised."""
    data = cortex_m()
    assert not any(looks_like(memoryview(data[:size])) for size in range(0, 4 * 37, 3))


def test_other_data_is_not_taken_for_it() -> None:
    """Random bytes, fill, text and arrays of small numbers are no vector tables."""
    chance = random.Random(1)
    for _ in range(500):
        assert not looks_like(memoryview(chance.randbytes(256)))
    for unit in (b"\0", b"\xff", b" ", b"\x01\x00\x00\x20", b"\x41\x01\x00\x08", b"text ", b"\x7fELF\1\1\1"):
        assert not looks_like(memoryview((unit * 400)[:1200]))
    for one in sorted(Path(__file__).parents[1].rglob("*.py"))[:50]:
        assert not looks_like(memoryview(one.read_bytes()))


@pytest.mark.corpus
def test_real_images(cases: Path) -> None:
    """Two battery management images at the start of flash."""
    for name in ("12s7p", "18s_light"):
        image = read_cortex_m(memoryview((cases / f"images/bms-unsigned/{name}.bin").read_bytes()))
        assert (f"{image.load:08x}", f"{image.entry:08x}", image.load_proven) == ("08000000", "080002e0", True)
