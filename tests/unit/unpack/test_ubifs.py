"""UBIFS: what is read, what is told, and every place in which something could hide."""

from __future__ import annotations

import random
import struct
from dataclasses import replace
from typing import Any

import pytest

from fwverify.formats import ubifs, ubifs_properties
from fwverify.formats.flash_sums import crc16
from fwverify.formats.names import fill_byte
from fwverify.limits import LimitExceeded
from fwverify.unpack import ubifs_index
from fwverify.unpack.containers.flash_dump import searching
from fwverify.unpack.containers.ubifs import CONTAINER
from fwverify.unpack.interface import Check, Member, MemberKind
from tests.unit.unpack.hiding import PLANT, planted, searched
from tests.unit.unpack.opened import opened
from tests.vectors.makers.read_only_systems import NOISE, TEXT
from tests.vectors.makers.ubifs_images import (
    ATTRIBUTE,
    BLOCK,
    DEVICE,
    FOLDER,
    GOOD,
    MASTER,
    ORPHAN,
    PAD,
    REFERENCE,
    ROOT,
    SYMLINK,
    System,
    block,
    crc,
    deflated,
    file,
    inode,
    name,
    node,
    truncation,
)

LEB = 4096
JOURNAL = 8 * LEB
WIDE = replace(GOOD, leb=2 * LEB)
"""Erase blocks in which there is room behind the superblock."""


def test_kinds() -> None:
    """Folders, links of both kinds, devices and attributes are what they are, and all bytes are accounted for."""
    leaves = [
        ROOT, name(1, 2, b"dev", kind=1), inode(2, FOLDER, links=2), name(2, 3, b"console", kind=4),
        inode(3, DEVICE, 0, bytes(8)), name(1, 4, b"link", kind=2), inode(4, SYMLINK, 4, b"file"),
        name(1, 5, b"file"), inode(5, size=len(TEXT), links=2), block(5, 0, TEXT), name(1, 5, b"again"),
        name(5, 6, b"user.a", node_kind=ATTRIBUTE), inode(6, size=1, data=b"v", flags=0x20),
    ]  # fmt: skip
    data = System(leaves).image()
    seen = opened(CONTAINER, data)
    assert {one.name: (one.kind, one.target) for one in seen.of(Member)} == {
        "dev": (MemberKind.DIRECTORY, ""), "dev/console": (MemberKind.DEVICE, ""),
        "link": (MemberKind.SYMLINK, "file"), "file": (MemberKind.FILE, ""), "again": (MemberKind.HARDLINK, "file"),
    }  # fmt: skip
    assert (seen.oddities, seen.unread, seen.failed) == ([], [], []) and len(seen.of(Check)) == 2
    assert seen.facts["extended-attributes"] == "1"
    assert all(fill_byte(memoryview(data), one) for one in seen.unclaimed)


def test_journal() -> None:
    """What was written since the last commit is carried out in the order of the sequence numbers."""
    journal = [
        inode(2, size=len(NOISE[:900]), sequence=62), block(2, 0, NOISE[:900], sequence=61),
        block(2, 0, b"between", sequence=60), name(1, 3, b"second", sequence=70), inode(3, size=3, sequence=71),
        block(3, 0, b"abc", sequence=72), name(1, 0, b"second", sequence=80), name(1, 3, b"moved", sequence=81),
    ]  # fmt: skip
    seen = opened(CONTAINER, replace(GOOD, journal=journal).image())
    assert seen.members == {"file": NOISE[:900], "moved": b"abc"}
    assert (seen.oddities, seen.unread, seen.failed) == ([], [], [])


def test_truncation() -> None:
    """Blocks behind a truncation are gone; one that it cuts through comes out whole beside the file."""
    leaves = [ROOT, name(1, 2, b"file"), inode(2, size=2 * BLOCK + 9)]
    leaves += [block(2, one, deflated(b"%d" % one * BLOCK), compression=2, unpacked=BLOCK) for one in range(2)]
    leaves += [block(2, 2, b"the end 9")]
    journal = [truncation(2, 2 * BLOCK + 9, BLOCK + 5, 60), inode(2, size=BLOCK + 5, sequence=61)]
    seen = opened(CONTAINER, System(leaves, journal).image())
    assert seen.members == {"file": b"0" * BLOCK + b"1" * 5, ".obsolete/inode-2": b"1" * BLOCK}
    journal.append(inode(2, size=2 * BLOCK, sequence=62))
    assert opened(CONTAINER, System(leaves, journal).image()).members == {"file": b"0" * BLOCK + b"1" * BLOCK}


def test_holes() -> None:
    """Blocks that are not there, and what a block lacks to the next, are zeros."""
    leaves = [ROOT, name(1, 2, b"file"), inode(2, size=3 * BLOCK + 100), block(2, 1, b"one"), block(2, 3, b"three")]
    wanted = bytes(BLOCK) + b"one".ljust(2 * BLOCK, b"\0") + b"three".ljust(100, b"\0")
    assert opened(CONTAINER, System(leaves).image()).members == {"file": wanted}


def orphans(*numbers: int, more: bytes = b"") -> bytes:
    return node(ORPHAN, struct.pack(f"<Q{len(numbers)}Q", 1 << 63 | 1, *numbers) + more)


def pad(size: int, content: bytes = b"") -> bytes:
    return node(PAD, struct.pack("<I", size)) + b"\0" * 4 + content.ljust(size - 4, b"\0")


PLANTED = -len(PLANT) % 8 * b"\0" + PLANT
PLACES: dict[str, Any] = {
    "behind the superblock": lambda: planted(WIDE.image(), 4096 + 512),
    "in the superblock": lambda: replace(GOOD, super_unused=bytes(64) + PLANT).image(),
    "behind the master node": lambda: planted(GOOD.image(), LEB + 1024),
    "in the master node": lambda: replace(GOOD, master_unused=PLANT[: 512 - 168]).image(),
    "an old master node": lambda: GOOD.image()[:LEB] + (
        node(MASTER, PLANT[:488]) + GOOD.image()[LEB : LEB + 512]
    ).ljust(LEB, b"\xff") + GOOD.image()[2 * LEB :],
    "behind the log": lambda: replace(GOOD, log_more=bytes(64) + PLANT).image(),
    "a reference": lambda: replace(GOOD, log_more=node(REFERENCE, struct.pack("<III", 8, 0, 0) + PLANT)).image(),
    "behind the properties": lambda: planted(GOOD.image(), 4 * LEB + 256),
    "the orphan area": lambda: replace(GOOD, orphans=bytes(8) + PLANT).image(),
    "orphans that are none": lambda: replace(GOOD, orphans=orphans(more=PLANTED), highest=(1 << 64) - 1).image(),
    "between leaves": lambda: System([ROOT, *file(2, b"file", TEXT), node(99, PLANT)]).image(),
    "behind the index": lambda: GOOD.image() + bytes(32) + PLANT,
    "behind the journal": lambda: replace(GOOD, journal=[name(1, 2, b"b", sequence=60)]).image() + bytes(64) + PLANT,
    "a padding node": lambda: replace(GOOD, journal=[name(1, 2, b"b", sequence=60) + pad(900, PLANT)]).image(),
    "a block behind the end": lambda: System([ROOT, name(1, 2, b"file"), inode(2, size=4), block(2, 0, PLANT)]).image(),
    "a block far behind the end": lambda: System(
        [ROOT, name(1, 2, b"file"), inode(2, size=4), block(2, 7, PLANT)]
    ).image(),
    "a file without name": lambda: System([ROOT, *file(2, b"file", TEXT), *file(3, b"x", PLANT)[1:]]).image(),
    "blocks without inode": lambda: System([ROOT, *file(2, b"file", TEXT), block(9, 0, PLANT)]).image(),
    "replaced by the journal": lambda: System(
        [ROOT, *file(2, b"file", PLANT)], [block(2, 0, NOISE[: len(PLANT)], sequence=60)]
    ).image(),
    "deleted by the journal": lambda: System(
        [ROOT, *file(2, b"file", PLANT)], [name(1, 0, b"file", sequence=60), inode(2, links=0, sequence=61)]
    ).image(),
    "deleted within the journal": lambda: replace(GOOD, journal=[
        *file(3, b"new", PLANT, sequence=60), name(1, 0, b"new", sequence=70), inode(3, links=0, sequence=71),
    ]).image(),
    "data of a folder": lambda: System([ROOT, name(1, 2, b"a", kind=1), inode(2, FOLDER, 0, PLANT, links=2)]).image(),
    "data of the root": lambda: System([inode(1, FOLDER, 160, PLANT, links=2), *file(2, b"file", TEXT)]).image(),
    "data of a file's inode": lambda: System([ROOT, name(1, 2, b"file"), inode(2, data=PLANT)]).image(),
    "data of a device": lambda: System([ROOT, name(1, 2, b"a", kind=4), inode(2, DEVICE, 0, PLANT)]).image(),
    "target of a link": lambda: System([ROOT, name(1, 2, b"a", kind=2), inode(2, SYMLINK, 0, PLANT)]).image(),
    "value of an attribute": lambda: System([
        *GOOD.leaves, name(2, 3, b"user.a", node_kind=ATTRIBUTE), inode(3, size=len(PLANT), data=PLANT, flags=0x20),
    ]).image(),
    "a name": lambda: System([ROOT, *file(2, PLANT, TEXT)]).image(),
    "behind packed data": lambda: System([
        ROOT, name(1, 2, b"a"), inode(2, size=9), block(2, 0, deflated(b"x" * 9) + PLANT, compression=2, unpacked=9),
    ]).image(),
    "data whose sum is wrong": lambda: GOOD.image().replace(TEXT, PLANT.ljust(len(TEXT), b"\0")),
    "an encrypted file": lambda: System([ROOT, *file(2, b"file", PLANT, flags=0x41)], flags=0x10, version=5).image(),
    "trailing": lambda: replace(GOOD, cut=False).image() + NOISE[:100] + PLANT,
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_hiding_places(place: str) -> None:
    """A program in any of these places comes out: as a member, or as bytes that nobody claimed."""
    data = PLACES[place]()
    assert PLANT[:320] in data
    assert searched(CONTAINER, data, 344 if "master" in place and "behind" not in place else len(PLANT))


@pytest.mark.parametrize("number", [1, 3])
def test_behind_packed_data(number: int) -> None:
    """LZO and Zstandard blocks end where their node ends, or the file is a gap and its bytes are nobody's."""
    import lzallright
    import zstandard

    packed = {1: lzallright.LZOCompressor().compress(TEXT), 3: zstandard.ZstdCompressor().compress(TEXT)}[number]
    for more in (b"", PLANT):
        one = block(2, 0, bytes(packed) + more, compression=number, unpacked=len(TEXT))
        data = System([ROOT, name(1, 2, b"file"), inode(2, size=len(TEXT)), one]).image()
        seen = opened(CONTAINER, data)
        assert (seen.members, seen.unread) == (({}, ["malformed"]) if more else ({"file": TEXT}, []))
        assert searched(CONTAINER, data) == bool(more)


def test_orphans() -> None:
    """Inodes that were open when they were deleted are told, and what they held comes out."""
    leaves = [*GOOD.leaves, inode(9, size=5, links=0), block(9, 0, b"12345")]
    seen = opened(CONTAINER, replace(GOOD, leaves=leaves, orphans=orphans(9)).image())
    assert seen.facts["orphans"] == "1" and seen.members[".deleted/inode-9"] == b"12345"
    assert (seen.oddities, seen.unread, seen.failed) == ([], [], [])


def test_masters_that_differ() -> None:
    """Two master nodes that do not say the same are told, and so is a device that was not shut down."""
    first, second = GOOD.image(), replace(GOOD, highest=101).image()
    assert opened(CONTAINER, first[: 2 * LEB] + second[2 * LEB :]).oddities == ["headers-disagree"]
    assert opened(CONTAINER, replace(GOOD, master_flags=1).image()).oddities == ["headers-disagree"]


@pytest.mark.parametrize("what", ["names", "links", "types", "twins"])
def test_disagreements_are_told(what: str) -> None:
    """Numbers of links, types of names, and keys that are there twice."""
    leaves = {
        "names": [ROOT, name(1, 2, b"file", kind=1), inode(2)],
        "links": [ROOT, name(1, 2, b"file"), inode(2, links=3)],
        "types": [ROOT, name(1, 2, b"file", unused=5), inode(2)],
        "twins": [ROOT, *file(2, b"file", TEXT), block(2, 0, NOISE[:500])],
    }[what]
    assert "headers-disagree" in opened(CONTAINER, System(leaves).image()).oddities


def test_keys_are_compared() -> None:
    """A leaf with another key than the index says is not taken."""
    data = bytearray(GOOD.image())
    at = bytes(data).rindex(struct.pack("<II", 2, 1 << 29))
    struct.pack_into("<I", data, at, 3)
    start = bytes(data).rindex(ubifs.MAGIC)
    size = struct.unpack_from("<I", data, start + 16)[0]
    struct.pack_into("<I", data, start + 4, crc(bytes(data[start + 8 : start + size])))
    assert opened(CONTAINER, bytes(data)).unread == ["malformed", "malformed"]  # the block, and the file that has none


def test_end_of_a_system_in_a_dump() -> None:
    """A dump with two file systems and something else between gives both to the byte; magics alone give nothing."""
    first, second = replace(GOOD, cut=False).image(), System([ROOT, *file(2, b"b", NOISE[:999])], cut=False).image()
    dump = bytes(range(1, 200)) * 50 + first + b"other " * 9999 + ubifs.MAGIC * 50 + second + NOISE
    seen = opened(searching((("ubifs", CONTAINER.carve),)), dump)  # type: ignore[arg-type]
    assert list(seen.members.values()) == [first, second]


def test_many_nodes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of nodes is bounded."""
    monkeypatch.setattr(ubifs_index, "MAX_NODES", 4)
    with pytest.raises(LimitExceeded, match="ubifs_nodes"):
        opened(CONTAINER, GOOD.image())


def test_lists_of_properties_are_examined() -> None:
    """Bytes in the table of the LEBs of properties that cannot be its values are claimed by nobody."""
    image = GOOD.image()
    head = ubifs.superblock(memoryview(image))
    node_at = ubifs.header(memoryview(image), LEB, 2 * LEB)[0]
    assert node_at is not None
    master = ubifs.master(memoryview(image), node_at)
    sound = ubifs_properties.read(memoryview(image), head, master)
    assert sound.problem is None and len(sound.index) == 3
    wrong = replace(head, property_lebs=1, leb_bytes=LEB, lebs=9)
    at = 4 * LEB + master.property_table[1]
    form = ubifs_properties.geometry(wrong)
    raw = (2 | (1 << form.size_bits) - 1 << 4).to_bytes(4, "little")
    damaged = bytearray(image)
    damaged[at : at + 6] = struct.pack("<H", crc16(raw)) + raw
    found = ubifs_properties.read(memoryview(bytes(damaged)), head, master)
    assert "free and dirty" in str(found.problem) and len(found.index) == 2


def test_damage_ends_in_values() -> None:
    """Bytes changed at random, with sums computed anew or not, end in events or in an exception of readers."""
    chance = random.Random(20261123)
    base = replace(GOOD, journal=file(3, b"new", NOISE[:200], sequence=60)).image()
    starts = [one for one in range(0, len(base), 8) if base[one : one + 4] == ubifs.MAGIC]
    for _ in range(300):
        data = bytearray(base)
        start = chance.choice(starts)
        size = struct.unpack_from("<I", data, start + 16)[0]
        for _ in range(chance.randint(1, 3)):
            data[start + chance.randrange(8, min(size, 200))] = chance.choice((0, 1, 255, chance.randrange(256)))
        size = struct.unpack_from("<I", data, start + 16)[0]
        struct.pack_into("<I", data, start + 4, crc(bytes(data[start + 8 : start + size])))
        try:
            opened(CONTAINER, bytes(data))
        except LimitExceeded:
            continue
