"""EROFS: what is read, what is told, and every place in which something could hide.

Images of the official maker (tests/vectors/containers/erofs) with bytes changed; the sum over the superblock's block
is computed anew where it counts.
"""

from __future__ import annotations

import struct
from pathlib import Path

import lz4.block
import pytest

from fwverify.formats import erofs, erofs_packed, lz4_sequences
from fwverify.limits import LimitExceeded, Limits
from fwverify.model.examining import Malformed
from fwverify.unpack.containers.erofs import CONTAINER
from fwverify.unpack.interface import Member, MemberKind, Unread
from tests.unit.unpack.hiding import PLANT, planted, searched
from tests.unit.unpack.opened import opened
from tests.vectors.makers.read_only_systems import LONG_TEXT, NOISE, TEXT, digest, erofs_inode, erofs_summed

VALID = Path(__file__).resolve().parents[2] / "vectors" / "containers" / "erofs" / "valid"


def image(name: str) -> bytes:
    return (VALID / name / "input").read_bytes()


def inode_of(data: bytes, name: bytes) -> erofs.Inode:
    view = memoryview(data)
    head = erofs.read(view)
    return erofs.inode(view, head, (erofs_inode(data, name) - head.meta) // 32, len(data))


@pytest.mark.parametrize("name", ["compact", "extended"])
def test_kinds(name: str) -> None:
    """Folders, files and links of both forms of inodes."""
    seen = opened(CONTAINER, image(name))
    assert {one.name: one.kind for one in seen.of(Member)} == {
        "bin": MemberKind.DIRECTORY, "etc": MemberKind.DIRECTORY, "link": MemberKind.SYMLINK,
        "bin/tool": MemberKind.FILE, "etc/version": MemberKind.FILE,
    }  # fmt: skip
    assert seen.members["bin/tool"] == NOISE and seen.oddities == seen.unread == seen.failed == []


def test_holes() -> None:
    """Chunks without an address are zeros, with either form of the table."""
    for name, width, at in (("block-map", 4, 0), ("chunks", 8, 4)):
        data = bytearray(image(name))
        node = inode_of(bytes(data), b"hole")
        start = erofs.chunk_table(erofs.read(memoryview(bytes(data))), node)[0]
        for chunk in range(3):
            data[start + width * chunk + at : start + width * chunk + at + 4] = b"\xff" * 4
        seen = opened(CONTAINER, bytes(data))
        assert digest(seen.members["hole"]) == digest(bytes(20_000) + b"behind the hole")
        assert seen.unread == []


def test_another_device() -> None:
    """Chunks on a further device are a named gap of their file; the others are read."""
    data = bytearray(image("chunks"))
    start = erofs.chunk_table(erofs.read(memoryview(bytes(data))), inode_of(bytes(data), b"hole"))[0]
    data[start + 2] = 1
    seen = opened(CONTAINER, bytes(data))
    assert [(one.member, one.detail) for one in seen.of(Unread)] == [("hole", "EROFS file on another device")]
    assert "bin/tool" in seen.members


@pytest.mark.parametrize("name", ["lz4", "lz4-legacy"])
def test_packed(name: str) -> None:
    """Both forms of index give the text."""
    assert opened(CONTAINER, image(name)).members["text"] == LONG_TEXT


def test_an_extent_that_is_used_in_part() -> None:
    """The mark of a partly used cluster: only the beginning of what it unpacks to counts."""
    data = bytearray(image("lz4-legacy"))
    node = inode_of(bytes(data), b"text")
    view = memoryview(bytes(data))
    found = erofs_packed.extents(view, erofs.read(view), node, len(data))
    data[found.index.start + 1] |= 0x80
    data[node.at + 8 : node.at + 12] = struct.pack("<I", 100_000)
    seen = opened(CONTAINER, bytes(data))
    assert seen.members["text"] == LONG_TEXT[:100_000]


def places() -> dict[str, bytes]:
    plain, legacy, chunks = image("compact"), image("lz4-legacy"), image("block-map")
    behind = 1024 + 128 + 32 * 60
    out = {
        "in front of the superblock": planted(plain, 100),
        "where no inode is": erofs_summed(planted(plain, behind + 32)),
        "slack of a file in chunks": planted(chunks, 12338 + 10),
        "packed cluster of the first kernels": planted(legacy, 5005 + 20),
        "behind the image": plain + bytes(5000) + PLANT,
        "free block": longer(plain),
    }
    root = inode_of_root(plain)
    moved = bytearray(longer(plain, bytes(4096)))
    # the root as a directory of its own block: what follows its last name
    size = struct.unpack_from("<I", plain, root + 8)[0]
    block = plain[root + 32 : root + 32 + size]
    moved[-4096:] = (block + bytes(200) + PLANT).ljust(4096, b"\0")
    struct.pack_into("<H", moved, root, struct.unpack_from("<H", plain, root)[0] & 1)
    struct.pack_into("<I", moved, root + 8, 4096)
    struct.pack_into("<I", moved, root + 16, len(moved) // 4096 - 1)
    out["behind the names of a directory"] = erofs_summed(bytes(moved))
    return out


def longer(data: bytes, more: bytes = bytes(100) + PLANT + bytes(4096 - 100 - len(PLANT))) -> bytes:
    """One more block that counts."""
    out = bytearray(data + more)
    struct.pack_into("<I", out, 1024 + 36, len(out) // 4096)
    return erofs_summed(bytes(out))


def inode_of_root(data: bytes) -> int:
    meta = struct.unpack_from("<I", data, 1024 + 40)[0] * 4096
    return int(meta + struct.unpack_from("<H", data, 1024 + 14)[0] * 32)


@pytest.mark.parametrize("place", list(places()))
def test_hiding_places(place: str) -> None:
    """What is planted where nothing lies is claimed by nobody, so it is searched."""
    data = places()[place]
    seen = opened(CONTAINER, data)
    assert seen.problem is None and seen.unread == [] and seen.failed == []
    assert searched(CONTAINER, data), place


def test_fields_without_use() -> None:
    """Values in the unused fields of an inode are told and not claimed."""
    data = bytearray(image("extended"))
    at = erofs_inode(bytes(data), b"link")
    data[at + 48 : at + 64] = PLANT[:16]
    data = bytearray(erofs_summed(bytes(data)))
    seen = opened(CONTAINER, bytes(data))
    assert seen.oddities == ["headers-disagree"] and searched(CONTAINER, bytes(data), 16)


def test_attributes() -> None:
    """Extended attributes, own and shared: long values are members, a damaged list is a gap and the file is read."""
    value = PLANT
    entry = struct.pack("<BBH", 4, 1, len(value)) + b"note" + value
    entry += bytes(-len(entry) % 4)
    body = struct.pack("<IB7x", 0, 1) + struct.pack("<I", 1) + entry
    data = attributed(body, struct.pack("<BBH", 3, 6, 5) + b"imaSHORT")
    seen = opened(CONTAINER, data)
    assert seen.members["@extended-attributes/file/user.note"] == value
    assert seen.facts["extended-attributes"] == "2" and seen.members["file"] == TEXT[:60]
    damaged = bytearray(data)
    damaged[damaged.index(b"note") - 2 : damaged.index(b"note")] = b"\xff\xff"
    seen = opened(CONTAINER, bytes(damaged))
    assert seen.unread == ["malformed"] and seen.members["file"] == TEXT[:60]


def attributed(body: bytes, shared: bytes) -> bytes:
    """An image of one file with extended attributes, laid out here."""
    meta, share = 4096, 2 * 4096
    names = b"...file"
    entries = (0, 1, 4 * 12 - 12, 2), (0, 2, 4 * 12 - 12 + 1, 2), (4, 1, 0, 1)
    offsets = (36, 37, 39)
    folder = b"".join(
        struct.pack("<QHBB", slot, offset, kind, 0) for (slot, _, _, kind), offset in zip(entries, offsets, strict=True)
    )
    folder += names
    root = struct.pack("<HHHHIIIIHHI", 2 << 1, 0, 0o040755, 2, len(folder), 0, 0, 1, 0, 0, 0) + folder
    count = 1 + (len(body) - 12) // 4
    file = struct.pack("<HHHHIIIIHHI", 2 << 1, count, 0o100644, 1, 60, 0, 0, 2, 0, 0, 0) + body + TEXT[:60]
    slots = root.ljust(128, b"\0") + file
    head = struct.pack("<4sIIBBHQQIIII", erofs.MAGIC, 0, 1, 12, 0, 0, 2, 0, 0, 4, 1, share // 4096)
    head = head.ljust(128, b"\0")
    out = bytes(1024) + head.ljust(4096 - 1024, b"\0") + slots.ljust(4096, b"\0")
    out += (bytes(4) + shared).ljust(4096, b"\0") + bytes(4096)
    assert meta + len(slots) < share
    return erofs_summed(out)


def test_bounds() -> None:
    """Files that all lead to the same bytes end at a limit, not at the end of memory."""
    with pytest.raises(LimitExceeded):
        opened(CONTAINER, image("lz4"), Limits(max_member_bytes=1000))


def test_part_of_an_lz4_block() -> None:
    """The beginning of a block, and how much of it that took; damage is told."""
    packed = lz4.block.compress(LONG_TEXT, store_size=False)
    for size in (1, 41, 42, 43, 1000, len(LONG_TEXT)):
        data, used = lz4_sequences.beginning(packed + b"behind", size)
        assert data == LONG_TEXT[:size] and used <= len(packed)
    assert lz4_sequences.beginning(packed + b"behind", len(LONG_TEXT))[1] == len(packed)
    for wrong in (packed[:3], b"\x10a\x00\x00", b"\xf0", b"\x10a\x09\x00"):
        with pytest.raises(Malformed):
            lz4_sequences.beginning(wrong, 100)


def test_compact_index_packs() -> None:
    """Where packs of 2 and of 16 lie, by where the index begins."""
    short = erofs_packed.SHORT_PACKS
    for start, first in ((0, 0), (8, 6), (16, 4), (24, 2)):
        found = erofs_packed._Map(short, 0, 12, 0, start, read=True)
        packs = list(erofs_packed._packs(found, first + 32 + 3))
        assert [one[1] for one in packs] == [8] * (first // 2) + [32, 32] + [8, 8]
        assert sum(one[2] for one in packs) == first + 35


def test_carving() -> None:
    """An image inside other bytes is found to its end; a wrong sum is none."""
    data = image("compact")
    assert erofs.end(memoryview(b"x" * 64 + data + bytes(100)), 64, lambda _: None) == 64 + len(data)
    wrong = bytearray(data)
    wrong[1024 + 70] ^= 1
    assert erofs.end(memoryview(bytes(wrong)), 0, lambda _: None) == 0
    assert erofs.end(memoryview(data[:-1]), 0, lambda _: None) == 0
