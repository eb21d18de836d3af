"""JFFS2: what is read, what is told, and every place in which something could hide."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from fwverify.formats import jffs2_data, jffs2_scan
from fwverify.limits import LimitExceeded
from fwverify.model.examining import Malformed
from fwverify.unpack.containers.flash_dump import searching
from fwverify.unpack.containers.jffs2 import CONTAINER
from fwverify.unpack.interface import Check, Member, MemberKind
from tests.unit.unpack.hiding import PLANT, planted, searched
from tests.unit.unpack.opened import opened
from tests.vectors.makers.jffs2_images import (
    DEVICE,
    FOLDER,
    NAME,
    SYMLINK,
    attribute,
    block,
    clean,
    header,
    inode,
    link,
    name,
    one_file,
    padding,
    summarised,
    summary_inode,
    summary_name,
)
from tests.vectors.makers.read_only_systems import NOISE, TEXT


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_orders(order: str) -> None:
    """Both byte orders give the same file, and every sum holds."""
    seen = opened(CONTAINER, clean(order) + one_file(order=order))
    assert seen.members == {"file": TEXT} and seen.facts["byte-order"] == {"<": "little", ">": "big"}[order]
    assert (seen.failed, seen.oddities, seen.unread) == ([], [], []) and len(seen.of(Check)) == 1


def test_kinds() -> None:
    """Folders, links of both kinds and devices are members of their kind."""
    data = clean() + name(1, 1, 2, b"dev", kind=4) + inode(2, 1, mode=FOLDER)
    data += name(2, 1, 3, b"console", kind=2) + inode(3, 1, b"\1\5", mode=DEVICE)
    data += name(1, 2, 4, b"link", kind=10) + inode(4, 1, b"file", mode=SYMLINK)
    data += name(1, 3, 5, b"file") + inode(5, 1, TEXT) + name(1, 4, 5, b"again")
    seen = opened(CONTAINER, data)
    assert {one.name: (one.kind, one.target) for one in seen.of(Member)} == {
        "dev": (MemberKind.DIRECTORY, ""), "dev/console": (MemberKind.DEVICE, ""),
        "link": (MemberKind.SYMLINK, "file"), "file": (MemberKind.FILE, ""), "again": (MemberKind.HARDLINK, "file"),
    }  # fmt: skip
    assert (seen.oddities, seen.unread, seen.failed) == ([], [], [])
    assert all(one.size < 4 for one in seen.unclaimed)


def test_versions_decide() -> None:
    """The highest version counts, wherever it lies on flash."""
    data = clean() + name(1, 5, 3, b"file") + name(1, 2, 2, b"file")
    data += inode(3, 7, b"new" * 50) + inode(3, 2, b"old" * 50) + inode(2, 1, b"other" * 20)
    seen = opened(CONTAINER, data)
    assert seen.members["file"] == b"new" * 50
    assert seen.members[".obsolete/inode-3"] == b"old" * 50 and seen.members[".deleted/inode-2"] == b"other" * 20


def test_a_folder_that_is_gone() -> None:
    """Names below a folder that was removed are not there; the files come out without name."""
    data = clean() + name(1, 1, 2, b"folder", kind=4) + inode(2, 1, mode=FOLDER)
    data += name(2, 1, 3, b"inner") + inode(3, 1, TEXT) + name(1, 2, 0, b"folder", kind=4)
    assert opened(CONTAINER, data).members == {".deleted/inode-3": TEXT}


PLACES = {
    "between nodes": lambda: clean() + one_file() + bytes(64) + PLANT + bytes(64) + name(1, 9, 2, b"x"),
    "behind an erase block": lambda: planted(block(clean(), one_file()) + block(clean()), 3000),
    "in an empty block": lambda: planted(block(clean(), one_file()) + block(clean()) + block(clean()), 5000),
    "replaced content": lambda: clean() + one_file(PLANT) + inode(2, 2, b"n" * len(PLANT)),
    "packed replaced content": lambda: (
        clean() + name(1, 1, 2, b"file") + inode(2, 1, zlib.compress(PLANT), compression=6, unpacked=len(PLANT))
        + inode(2, 2, b"n" * len(PLANT))
    ),
    "behind the file's end": lambda: clean() + one_file(PLANT) + inode(2, 2, size=4),
    "a deleted file": lambda: clean() + one_file(PLANT) + name(1, 2, 0, b"file"),
    "a file without name": lambda: clean() + one_file() + inode(9, 1, PLANT),
    "marked as obsolete": lambda: clean() + one_file() + inode(2, 9, PLANT, accurate=False),
    "data of a folder": lambda: clean() + name(1, 1, 2, b"a", kind=4) + inode(2, 1, PLANT, mode=FOLDER),
    "data of the root": lambda: clean() + one_file() + inode(1, 1, PLANT, mode=FOLDER),
    "data of a device": lambda: clean() + name(1, 1, 2, b"a", kind=2) + inode(2, 1, PLANT, mode=DEVICE),
    "data of a hole": lambda: clean() + one_file() + inode(2, 2, PLANT, compression=1, offset=len(TEXT)),
    "data of an empty piece": lambda: clean() + one_file() + inode(2, 2, PLANT, unpacked=0, size=len(TEXT)),
    "a padding node": lambda: planted(clean() + one_file() + padding(900), 12 + 44 + 68 + len(TEXT) + 12),
    "a clean marker": lambda: one_file() + planted(header("<", 0x2003, 800) + bytes(788), 12),
    "target of a link": lambda: clean() + name(1, 1, 2, b"a", kind=10) + inode(2, 1, PLANT, mode=SYMLINK),
    "packed target of a link": lambda: clean() + name(1, 1, 2, b"a", kind=10) + inode(
        2, 1, zlib.compress(PLANT), compression=6, unpacked=len(PLANT), mode=SYMLINK
    ),
    "an attribute": lambda: clean() + one_file() + attribute(5, b"a", PLANT) + link(2, 5),
    "an attribute of nobody": lambda: clean() + one_file() + attribute(5, b"a", PLANT),
    "data whose sum is wrong": lambda: clean() + one_file() + inode(2, 2, PLANT, sum_xor=1),
    "a node of another order": lambda: clean() + one_file() + inode(9, 1, PLANT, order=">"),
    "trailing": lambda: block(clean(), one_file()) + NOISE[:100] + PLANT,
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_hiding_places(place: str) -> None:
    """A program in any of these places comes out: as a member, or as bytes that nobody claimed."""
    assert searched(CONTAINER, PLACES[place]())


def test_names_that_nobody_needs() -> None:
    """Names that were replaced, and removals of names that never were, stay unclaimed."""
    text = b"A" * 200
    for data in (
        clean() + one_file() + name(1, 2, 0, text),
        clean() + name(1, 1, 2, text) + one_file() + name(1, 3, 0, text) + inode(2, 2, TEXT),
    ):
        assert searched_text(data, text)


def searched_text(data: bytes, text: bytes) -> bool:
    return any(text in data[one.start : one.end] for one in opened(CONTAINER, data).unclaimed)


def test_pieces_over_one_another() -> None:
    """Every stretch of a file comes from the highest version over it; what is covered comes out beside it."""
    chance = [(10, 0, 100), (3, 50, 200), (7, 30, 40), (8, 120, 20), (2, 0, 300), (9, 299, 1)]
    wanted = bytearray(300)
    nodes = b""
    for version, offset, size in chance:
        nodes += inode(2, version, bytes([version]) * size, offset=offset, size=300)
    for version, offset, size in sorted(chance):
        wanted[offset : offset + size] = bytes([version]) * size
    seen = opened(CONTAINER, clean() + name(1, 1, 2, b"file") + nodes)
    assert seen.members["file"] == wanted and seen.unread == []
    assert len(seen.members[".obsolete/inode-2"]) == 200 + 40 + 300


def test_holes() -> None:
    """A node of zeros is a hole; a stretch that no node has is told."""
    data = (
        clean() + name(1, 1, 2, b"file") + inode(2, 1, compression=1, unpacked=9000) + inode(2, 2, b"end", offset=9000)
    )
    seen = opened(CONTAINER, data)
    assert seen.members["file"] == bytes(9000) + b"end" and seen.unread == []
    assert opened(CONTAINER, clean() + name(1, 1, 2, b"file") + inode(2, 2, b"end", offset=9)).unread == ["malformed"]


def test_two_nodes_of_one_version() -> None:
    """Nodes that differ but have one version in one erase block are told; a copy of a node is not."""
    twice = inode(2, 1, TEXT)
    assert opened(CONTAINER, clean() + one_file() + twice).oddities == []
    assert opened(CONTAINER, clean() + one_file() + inode(2, 1, NOISE[:50])).oddities == ["headers-disagree"]


def test_summary_against_its_block() -> None:
    """A summary that says what lies in its erase block is sound; one that leaves a node out is told."""
    nodes = [clean(), name(1, 1, 2, b"file"), inode(2, 1, TEXT)]
    entries = [summary_name(1, 1, 2, b"file", 12), summary_inode(2, 1, 56, 68 + len(TEXT))]
    seen = opened(CONTAINER, summarised(nodes, b"".join(entries), 2))
    assert (seen.oddities, seen.unread, seen.failed) == ([], [], []) and seen.members == {"file": TEXT}
    for wrong in (entries[0], entries[1], b""):
        data = summarised(nodes, wrong, bool(wrong))
        assert opened(CONTAINER, data).oddities == ["headers-disagree"]


def test_space_in_a_summary() -> None:
    """Bytes between the entries and the mark of a summary are not claimed."""
    nodes = [clean(), name(1, 1, 2, b"file"), inode(2, 1, TEXT)]
    entries = summary_name(1, 1, 2, b"file", 12) + summary_inode(2, 1, 56, 68 + len(TEXT))
    assert searched(CONTAINER, summarised(nodes, entries + PLANT, 2))


def test_names_in_a_summary_that_lies() -> None:
    """Entries of a summary that its erase block does not hold are told, and claimed by nobody."""
    data = summarised([clean(), one_file()], summary_name(1, 1, 2, PLANT[:250], 12), 1)
    assert opened(CONTAINER, data).oddities == ["headers-disagree"] and searched(CONTAINER, data, 250)


@pytest.mark.parametrize("packed", [b"", b"a", b"a\0b", b"a\0b\2", bytes(8), b"a\xff" * 9])
def test_rtime_is_bounded(packed: bytes) -> None:
    """Damaged rtime is refused, and gives no more than it may."""
    with pytest.raises(Malformed):
        jffs2_data.rtime(packed, 3 if packed else 1)


def test_rtime() -> None:
    """A count of bytes from behind where the byte occurred last, even when they overlap."""
    assert jffs2_data.rtime(b"a\0a\4", 6) == b"aaaaaa"
    assert jffs2_data.rtime(b"a\0b\0c\0a\2", 6) == b"abcabc"


def test_end_of_a_system_in_a_dump() -> None:
    """A dump with two file systems and something else between gives both, each to the end of its erase blocks."""
    first, second = block(clean(), one_file()) + block(clean()), block(clean(), one_file(NOISE[:999], text=b"second"))
    dump = bytes(range(1, 200)) * 50
    dump += bytes(-len(dump) % 4096) + first + (b"other " * 100_000)[:589_824] + second + b"\xff" * 8192 + TEXT
    seen = opened(searching((("jffs2", CONTAINER.carve),)), dump)  # type: ignore[arg-type]
    assert list(seen.members.values()) == [first, second + b"\xff" * 8192]


def test_adjacent_systems() -> None:
    """Two file systems one behind the other are two, though both are nodes in a row."""
    first, second = block(clean(), one_file()) + block(clean()), block(clean(), one_file(NOISE[:999], text=b"second"))
    seen = opened(searching((("jffs2", CONTAINER.carve),)), b"boot" * 1024 + first + second)  # type: ignore[arg-type]
    assert list(seen.members.values()) == [first, second]


@pytest.mark.parametrize("data", [
    b"\x85\x19\x03\x20" * 900, (header("<", NAME, 40) + bytes(28)) * 40, b"\x85\x19\x02\xe0" + bytes(4000),
    struct.pack("<HHI", 0x1985, 0x2003, 12) * 300,
])  # fmt: skip
def test_magics_are_not_enough(data: bytes) -> None:
    """Magics without sums, and names without inodes, are no file system."""
    assert opened(searching((("jffs2", CONTAINER.carve),)), data).members == {}  # type: ignore[arg-type]


def test_too_many_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of nodes is bounded."""
    monkeypatch.setattr(jffs2_scan, "MAX_NODES", 100)
    with pytest.raises(LimitExceeded, match="jffs2_nodes"):
        opened(CONTAINER, clean() * 101)


@pytest.mark.corpus
def test_data_area_of_a_gateway(cases: Path) -> None:
    """The data area of a real flash layout gives its one file, and all of it is accounted for."""
    flash = (cases / "images/gateway-mipsel/flash.bin").read_bytes()
    ways = (("jffs2", CONTAINER.carve),)
    (found,) = opened(searching(ways), flash).of(Member)  # type: ignore[arg-type]
    assert found.ranges[0].start == 0x1060000
    seen = opened(CONTAINER, bytes(found.content))
    assert set(seen.members) == {"config.json"} and len(seen.members["config.json"]) == 15
    assert (seen.oddities, seen.unread, seen.failed) == ([], [], [])
