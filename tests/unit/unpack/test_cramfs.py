"""Cramfs: what is read, what is told, and every place in which something could hide."""

from __future__ import annotations

import struct

import pytest

from fwverify.formats import cramfs
from fwverify.model.artifact import total
from fwverify.unpack.containers.cramfs import CONTAINER
from fwverify.unpack.interface import Check, Member, MemberKind
from tests.unit.unpack.hiding import PLANT, planted, searched
from tests.unit.unpack.opened import opened
from tests.vectors.makers.read_only_systems import (
    NOISE,
    TEXT,
    cramfs_file,
    cramfs_image,
    cramfs_inode,
    cramfs_summed,
    extended,
)


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_orders(order: str) -> None:
    """Both byte orders give the same files, and the CRC holds."""
    files = [(b"noise", *cramfs_file(NOISE, order)), (b"text", *cramfs_file(TEXT, order)), (b"empty", 0, b"")]
    seen = opened(CONTAINER, cramfs_image(files, order=order))
    assert seen.members == {"noise": NOISE, "text": TEXT, "empty": b""}
    assert (seen.failed, seen.oddities, seen.unread) == ([], [], []) and len(seen.of(Check)) == 1


@pytest.mark.parametrize("size", [512, 2048, 8192, 16384, 65536])
def test_block_sizes(size: int) -> None:
    """The size of a block is found by what unpacks."""
    data = (NOISE + TEXT) * 40
    seen = opened(CONTAINER, cramfs_image([(b"file", *cramfs_file(data, block=size))]))
    assert seen.members["file"] == data and seen.facts["block-size"] == str(size)


def test_names_of_one_file() -> None:
    """The second name that leads to the same pointers is a hard link."""
    image = bytearray(cramfs_image([(b"one_", *cramfs_file(NOISE)), (b"two_", *cramfs_file(NOISE))]))
    image[76 + 16 : 76 + 28] = image[76 : 76 + 12]
    seen = opened(CONTAINER, cramfs_summed(bytes(image)))
    second = seen.of(Member)[1]
    assert (second.kind, second.target) == (MemberKind.HARDLINK, "one_")


def test_old_images_have_no_crc() -> None:
    """Without the flag of version 2, nothing sums the image and the field means nothing."""
    image = cramfs_image([(b"file", *cramfs_file(NOISE))], flags=0)
    seen = opened(CONTAINER, image)
    assert seen.members["file"] == NOISE and seen.of(Check) == [] and seen.oddities == []


def test_ranges_are_exact() -> None:
    """A file claims its packed blocks and not one byte more."""
    size, raw = cramfs_file(NOISE)
    (member,) = opened(CONTAINER, cramfs_image([(b"file", size, raw)])).of(Member)
    assert total(member.ranges) == len(raw) - 4 - 8


def hiding_places() -> dict[str, bytes]:
    size, raw = cramfs_file(NOISE)
    image = cramfs_image([(b"file", size, raw)])
    end = 76 + 16 + len(raw) - 4
    wide = bytearray(image[:end] + bytes(4096))
    wide[4:8] = struct.pack("<I", len(wide))
    # pointers that leave a gap in front of the first block: its first bytes are no part of a block
    gap = struct.pack("<2I", 1, 4 + len(PLANT)) + PLANT
    stored = struct.pack("<2I", 1, 1 << 31 | 4 + 40) + b"s" * 40 + PLANT
    name = b"file\0\0\0\0" + PLANT[: 252 - 8]
    return {
        "behind the blocks": cramfs_summed(planted(wide, end + 1000)),
        "in front of the root": cramfs_summed(shifted(image)),
        "behind the image": image + bytes(100) + PLANT,
        "in a block that does not unpack": cramfs_image([(b"file", 40, gap)]),
        "behind a stored block": cramfs_image([(b"file", 40, stored)], flags=3 | 0x800),
        "in the padding of a name": cramfs_image([(name, size, raw)]),
    }


def shifted(image: bytes) -> bytes:
    """The root moved to the end, behind something else."""
    body = bytearray(image)
    body[64:76] = cramfs_inode("<", 0o040755, 16, 0, len(image) + 700)
    body += PLANT.ljust(700, b"\0") + image[76 : 76 + 16]
    body[76 : 76 + 16] = bytes(16)
    body[4:8] = struct.pack("<I", len(body))
    return bytes(body)


@pytest.mark.parametrize("place", list(hiding_places()))
def test_hiding_places(place: str) -> None:
    """What is planted where no file lies is claimed by nobody, so it is searched."""
    size = 252 - 8 if "name" in place else len(PLANT)
    assert searched(CONTAINER, hiding_places()[place], size), place


def test_a_name_with_something_behind_it() -> None:
    """More than a name and its padding is told."""
    assert "headers-disagree" in opened(CONTAINER, hiding_places()["in the padding of a name"]).oddities


def test_extended_pointers() -> None:
    """Stored and packed blocks, behind direct pointers and in a row."""
    data = NOISE + TEXT * 3
    seen = opened(CONTAINER, cramfs_image([(b"file", *extended(data))], flags=3 | 0x800))
    assert seen.members["file"] == data and seen.unread == []


def test_the_number_of_files() -> None:
    """A superblock that counts other files than there are is told."""
    image = bytearray(cramfs_image([(b"file", *cramfs_file(NOISE))]))
    image[44:48] = struct.pack("<I", 9)
    assert opened(CONTAINER, cramfs_summed(bytes(image))).oddities == ["headers-disagree"]


def test_carving() -> None:
    """An image inside other bytes is found to its end; a wrong CRC is none."""
    data = cramfs_image([(b"file", *cramfs_file(NOISE))])
    assert cramfs.end(memoryview(b"x" * 64 + data + bytes(100)), 64, lambda _: None) == 64 + len(data)
    wrong = bytearray(data)
    wrong[300] ^= 1
    assert cramfs.end(memoryview(bytes(wrong)), 0, lambda _: None) == 0
    assert cramfs.end(memoryview(data[:-1]), 0, lambda _: None) == 0
