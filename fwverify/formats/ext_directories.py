"""Directories of an ext file system: entries in a row, the hash tree that lies over them, entries within the inode.

Source: Linux Documentation/filesystems/ext4/directory.rst and inlinedata.rst, read 2026-11-22.
Every block is read in a row, as systems without the tree do; the tree is checked for shape (blocks of the directory,
each once, hashes rising), never searched. Bytes of entries that are gone are nobody's.

Does NOT do: compute name hashes; fold case.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fwverify.formats.crc32c import crc32c
from fwverify.formats.ext_inodes import INDEXED, INLINE, MAP_AT, Inode, Map
from fwverify.formats.ext_superblock import INCOMPAT_FILETYPE, WHAT
from fwverify.formats.ext_volume import Volume, seeded
from fwverify.model.artifact import ByteRange
from fwverify.model.evidence import AnomalyKind
from fwverify.model.examining import Malformed

ENTRY_BYTES = 8
TAIL_BYTES, TAIL_TYPE = 12, 0xDE
TREE_ROOT_AT, TREE_NODE_AT = 32, 8
"""Where limit and count of the hash tree's entries lie, in its root and in its other nodes."""
MAX_TREE_LEVELS = 3
PARENT_BYTES = 4
"""Number of the parent, at the start of a directory within its inode."""


@dataclass(frozen=True, slots=True)
class Name:
    """One entry."""

    inode: int
    type: int
    """As the entry states it; 0: not stated."""
    raw: bytes


def names(volume: Volume, node: Inode, where: Map, inline: ByteRange | None) -> Iterator[Name]:
    """The entries of a directory, `.` and `..` among them where they are stored.

    Args:
        volume: the file system.
        node: the directory.
        where: its blocks.
        inline: of a directory within its inode, the value of the attribute that continues it.

    Raises:
        Malformed: an entry that cannot be; those before it were given.
    """
    if node.flags & INLINE:
        yield from _inline(volume, node, inline)
        return
    blocks = _blocks(volume, node, where)
    tree = _tree(volume, node, blocks) if node.flags & INDEXED else set()
    for index, at in enumerate(blocks):
        volume.budget.check_time()
        end = at + volume.head.block_size
        yield from _row(volume, at, end if index in tree else _tail(volume, node, at, end))


def _blocks(volume: Volume, node: Inode, where: Map) -> list[int]:
    """Where the blocks of a directory begin, in order; a hole ends it."""
    size = volume.head.block_size
    needed = -(-node.size // size)
    out: list[int] = []
    for run in where.runs:
        if run.logical != len(out) or not run.written:
            break
        out += range(run.physical * size, (run.physical + min(run.count, needed - len(out))) * size, size)
    if len(out) != needed:
        raise Malformed(WHAT, f"a directory of {node.size} bytes has a hole or lies outside the image")
    return out


def _row(volume: Volume, at: int, end: int) -> Iterator[Name]:
    view, claim, typed = volume.view, volume.claim, volume.head.incompat & INCOMPAT_FILETYPE
    while at < end:
        if at + ENTRY_BYTES > end:
            raise Malformed(WHAT, "a directory entry ends behind its block", at)
        number, length, name, kind = struct.unpack_from("<IHBB", view, at)
        length = _length(length, volume.head.block_size)
        if not typed:
            name, kind = name | kind << 8, 0
        if length < ENTRY_BYTES or length % 4 or at + length > end or (number and ENTRY_BYTES + name > length):
            raise Malformed(WHAT, f"a directory entry of {length} bytes", at)
        if number:
            claim(at, ENTRY_BYTES + name)
            yield Name(number, kind, bytes(view[at + ENTRY_BYTES : at + ENTRY_BYTES + name]))
        elif not name:
            claim(at, ENTRY_BYTES)
        at += length


def _length(stored: int, block_size: int) -> int:
    """64 KiB do not fit 16 bits: the two lowest bits count as the highest."""
    if block_size < 1 << 16:
        return stored
    return block_size if stored in (0, 0xFFFF) else (stored & 0xFFFC) | (stored & 3) << 16


def _tail(volume: Volume, node: Inode, at: int, end: int) -> int:
    """Where the entries of a block end: before its checksum when it has one, which is noted."""
    start = end - TAIL_BYTES
    if not volume.head.sums or bytes(volume.view[start : end - 4]) != struct.pack("<IHBB", 0, TAIL_BYTES, 0, TAIL_TYPE):
        return end
    volume.claim(start, TAIL_BYTES)
    declared = int.from_bytes(volume.view[end - 4 : end], "little")
    begun = seeded(volume.head, node.number, node.generation)
    number = at // volume.head.block_size
    volume.sums.add("directory block", number, begun, ByteRange(at, start), declared)
    return start


def _inline(volume: Volume, node: Inode, inline: ByteRange | None) -> Iterator[Name]:
    start = node.at + MAP_AT
    volume.claim(start, PARENT_BYTES)
    yield Name(int.from_bytes(volume.view[start : start + PARENT_BYTES], "little"), 0, b"..")
    yield from _row(volume, start + PARENT_BYTES, start + min(node.size, 60))
    if inline is not None:
        yield from _row(volume, inline.start, inline.end)


def _tree(volume: Volume, node: Inode, blocks: Sequence[int]) -> set[int]:
    """Which blocks of the directory hold the hash tree; none when it is not sound."""
    if not blocks or not _root_fits(volume, blocks[0]):
        volume.note(AnomalyKind.HEADER_DISAGREES, f"directory {node.number} has no hash tree where it states one")
        return set()
    levels = volume.view[blocks[0] + 30]
    found, level, seen = {0: TREE_ROOT_AT}, [0], {0}
    for depth in range(levels + 1):
        below: list[int] = []
        for index in level:
            children = _node(volume, blocks[index], found[index], len(blocks))
            if children is None or not seen.isdisjoint(children) or len(set(children)) != len(children):
                volume.note(AnomalyKind.HEADER_DISAGREES, f"the hash tree of directory {node.number} is none")
                return set()
            seen.update(children)
            below += children
        if depth < levels:
            found.update((one, TREE_NODE_AT) for one in below)
        level = below
    for index, place in found.items():
        _claim_node(volume, node, blocks[index], place)
    return set(found)


def _root_fits(volume: Volume, at: int) -> bool:
    """`.` and `..` in their places, the latter hiding the rest of the block, then the description of the tree."""
    reserved, version, length, levels, _ = struct.unpack_from("<IBBBB", volume.view, at + 24)
    dots = bytes(volume.view[at + 4 : at + 7]) == b"\x0c\0\1" and _hides_rest(volume, at)
    return dots and not reserved and version <= 6 and length == 8 and levels < MAX_TREE_LEVELS


def _hides_rest(volume: Volume, at: int) -> bool:
    stored = int.from_bytes(volume.view[at + 16 : at + 18], "little")
    return _length(stored, volume.head.block_size) == volume.head.block_size - 12


def _node(volume: Volume, at: int, place: int, blocks: int) -> list[int] | None:
    """Blocks a node of the hash tree names; None when it is no node."""
    size, view = volume.head.block_size, volume.view
    limit, count = struct.unpack_from("<HH", view, at + place)
    if not 1 <= count <= limit or place + 8 * limit > size:
        return None
    if place == TREE_NODE_AT:
        number, length, rest = struct.unpack_from("<IHH", view, at)
        if number or rest or _length(length, size) != size:
            return None
    words = struct.unpack_from(f"<{2 * count}I", view, at + place)
    hashes, found = words[2::2], [one & 0x0FFFFFFF for one in words[1::2]]
    rising = all(one <= other for one, other in pairwise(hashes))
    return found if rising and max(found) < blocks and 0 not in found else None


def _claim_node(volume: Volume, node: Inode, at: int, place: int) -> None:
    limit, count = struct.unpack_from("<HH", volume.view, at + place)
    volume.claim(at + place - 8, 8 + 8 * count)
    tail = at + place + 8 * limit
    if not volume.head.sums or tail + 8 > at + volume.head.block_size:
        return
    volume.claim(tail, 8)
    declared = int.from_bytes(volume.view[tail + 4 : tail + 8], "little")
    begun = crc32c(volume.view[at : at + place + 8 * count], seeded(volume.head, node.number, node.generation))
    computed = crc32c(bytes(volume.view[tail : tail + 4]) + bytes(4), begun)
    name = f"hash tree block {at // volume.head.block_size}"
    volume.sums.tally("hash tree blocks").take(name, declared, computed)
