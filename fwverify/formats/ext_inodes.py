"""Inodes of an ext file system: what they say, where their content lies (extents of any depth, indirect blocks).

Source: Linux Documentation/filesystems/ext4/{inodes,ifork,blockmap,inlinedata}.rst, read 2026-11-22.
A block map is understood as a whole or not at all: only then are its blocks claimed. What lies behind the end of a
file is not its content.

Does NOT do: owners, times; compression of the ext2 days, encrypted content (`Inode.flags` tells).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from fwverify.formats.ext_superblock import INCOMPAT_LARGE_FOLDERS, WHAT
from fwverify.formats.ext_volume import Volume, seeded
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

FIFO, CHARACTER, DIRECTORY, BLOCK, FILE, SYMLINK, SOCKET = 0x1, 0x2, 0x4, 0x6, 0x8, 0xA, 0xC
"""Upper four bits of the mode."""
COMPRESSED, INDEXED, ENCRYPTED, EXTENTS, VERITY, VALUE, INLINE = (
    0x4, 0x1000, 0x800, 0x80000, 0x100000, 0x200000, 0x10000000,
)  # fmt: skip
"""Flags; VALUE marks an inode that holds an extended attribute."""
BASE_BYTES, MAP_AT, MAP_BYTES = 128, 40, 60
EXTRA_FIELDS_BYTES = 32
"""Fields behind the base that are defined, the size of themselves first."""
SUM_LOW, SUM_HIGH = ByteRange(124, 126), ByteRange(130, 132)
EXTENT_MAGIC = 0xF30A
MAX_DEPTH = 5
"""Levels of extent blocks that Linux follows."""
UNWRITTEN_FROM = 32768
"""Lengths above this are of extents that were reserved and never written: zeros."""
MAX_LOGICAL = 1 << 32
_BASE = struct.Struct("<HHIIIIIHHIII60sIIIIHHHHHH")


@dataclass(frozen=True, slots=True)
class Inode:
    """One inode."""

    number: int
    mode: int
    size: int
    """bytes"""
    links: int
    flags: int
    attributes: int
    """Block of extended attributes; 0: none."""
    generation: int
    map: bytes = field(repr=False)
    """60 bytes: block map, short link target, short content, device number."""
    at: int
    """Where it lies in the image."""
    extra: int
    """Bytes behind the base that are its own; attributes follow."""

    @property
    def kind(self) -> int:
        return self.mode >> 12


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive blocks of a file."""

    logical: int
    physical: int
    count: int
    written: bool
    """False: reserved only, reads as zeros."""


@dataclass(slots=True)
class Map:
    """Where the content of an inode lies."""

    runs: list[Run] = field(default_factory=list)
    """In order, none over another."""
    again: int = 0
    """Blocks that something else lies in too."""


def inode_place(volume: Volume, number: int) -> int:
    """Where an inode lies. Raises Malformed."""
    head = volume.head
    if not 0 < number <= head.inodes:
        raise Malformed(WHAT, f"there is no inode {number}")
    group, index = divmod(number - 1, head.inodes_per_group)
    at = volume.block(volume.groups[group].inode_table) + index * head.inode_size
    if at + head.inode_size > len(volume.view):
        raise Malformed(WHAT, f"inode {number} is not in the image")
    return at


def inode(volume: Volume, number: int) -> Inode:
    """One inode. Raises Malformed when it is not there."""
    at = inode_place(volume, number)
    found = _BASE.unpack_from(volume.view, at)
    mode, size, links, flags, raw_map = found[0], found[2], found[8], found[10], found[12]
    generation, attributes, high = found[13], found[14], found[15]
    if mode >> 12 != DIRECTORY or volume.head.incompat & INCOMPAT_LARGE_FOLDERS:
        size |= high << 32
    if volume.head.wide:
        attributes |= found[18] << 32
    extra = 0
    if volume.head.inode_size > BASE_BYTES:
        extra = int.from_bytes(volume.view[at + BASE_BYTES : at + BASE_BYTES + 2], "little")
        if extra > volume.head.inode_size - BASE_BYTES or extra % 4:
            raise Malformed(WHAT, f"inode {number} has {extra} extra bytes", at)
    return Inode(number, mode, size, links, flags, attributes, generation, raw_map, at, extra)


def claim_fields(volume: Volume, node: Inode) -> None:
    """Note the fields of an inode that mean something, and its checksum; the map is another matter."""
    volume.claim(node.at, MAP_AT)
    volume.claim(node.at + 100, 12)
    volume.claim(node.at + 116, 10)
    volume.claim(node.at + BASE_BYTES, min(node.extra, EXTRA_FIELDS_BYTES))
    if not volume.head.sums:
        return
    low = int.from_bytes(volume.view[node.at + SUM_LOW.start : node.at + SUM_LOW.end], "little")
    start = seeded(volume.head, node.number, node.generation)
    place = ByteRange(node.at, node.at + volume.head.inode_size)
    if node.extra >= SUM_HIGH.end - BASE_BYTES:
        high = int.from_bytes(volume.view[node.at + SUM_HIGH.start : node.at + SUM_HIGH.end], "little")
        volume.sums.add("inode", node.number, start, place, low | high << 16, (SUM_LOW, SUM_HIGH))
    else:
        volume.sums.add("inode", node.number, start, place, low, (SUM_LOW,), 2)


def content_map(volume: Volume, node: Inode) -> Map:
    """Where the content lies; the map's own bytes are claimed, and its blocks are in use.

    Raises:
        Malformed: entries out of order, outside the image, or a tree that is none.
        LimitExceeded: the same blocks are used too often.
    """
    if not any(node.map) and not (node.flags & EXTENTS and node.size):
        return Map()
    out = Map()
    reading = _Reading(volume, node, out)
    _joined(reading, _extents(reading) if node.flags & EXTENTS else _pointers(reading))
    for start, size in reading.claims:
        volume.claim(start, size)
    return out


@dataclass(slots=True)
class _Reading:
    """One map while it is read."""

    volume: Volume
    node: Inode
    out: Map
    claims: list[tuple[int, int]] = field(default_factory=list)
    """Start and size."""
    entries: set[bytes] = field(default_factory=set)
    """Of extent nodes, as they lie there."""
    left: list[tuple[int, bytes]] = field(default_factory=list)
    """Entries behind the last of a node, and where they lie: moved to another node, or hidden there."""

    def block(self, number: int) -> int:
        """Where a block of the map begins; a map that leads back into itself ends by the limit of `take`."""
        self.out.again += self.volume.take(number, 1)
        return self.volume.block(number)


def _joined(reading: _Reading, entries: Iterator[Run]) -> None:
    """Collect the runs; neighbours that continue one another become one."""
    runs, volume = reading.out.runs, reading.volume
    for one in entries:
        last = runs[-1] if runs else None
        if last is not None and one.logical < last.logical + last.count:
            raise Malformed(WHAT, "the entries of a block map are out of order")
        reading.out.again += volume.take(one.physical, one.count)
        if (
            last is not None
            and (last.logical + last.count, last.physical + last.count) == (one.logical, one.physical)
            and last.written == one.written
        ):
            runs[-1] = Run(last.logical, last.physical, last.count + one.count, last.written)
        else:
            runs.append(one)


def _extents(reading: _Reading) -> Iterator[Run]:
    """Leaves of the extent tree from left to right, without recursion."""
    node = reading.node
    depth, entries = _extent_node(reading, node.at + MAP_AT, MAP_BYTES, -1)
    waiting = [(depth, iter(entries))]
    while waiting:
        depth, rest = waiting[-1]
        entry = next(rest, None)
        if entry is None:
            waiting.pop()
        elif depth:
            _, low, high, _ = struct.unpack("<IIHH", entry)
            at = reading.block(low | high << 32)
            waiting.append((depth - 1, iter(_extent_node(reading, at, reading.volume.head.block_size, depth - 1)[1])))
        else:
            yield _extent(entry)
    reading.claims += [(at, len(entry)) for at, entry in reading.left if entry in reading.entries]


def _extent(entry: bytes) -> Run:
    logical, length, high, low = struct.unpack("<IHHI", entry)
    written = length <= UNWRITTEN_FROM
    count = length if written else length - UNWRITTEN_FROM
    if not count or logical + count > MAX_LOGICAL:
        raise Malformed(WHAT, f"an extent of {count} blocks at block {logical}")
    return Run(logical, low | high << 32, count, written)


def _extent_node(reading: _Reading, at: int, room: int, depth: int) -> tuple[int, list[bytes]]:
    """Depth and entries of one node; `depth` is what it must have, -1 for the root."""
    volume = reading.volume
    magic, count, most, found, _ = struct.unpack_from("<HHHHI", volume.view, at)
    if magic != EXTENT_MAGIC or count > most or 12 + 12 * most > room:
        raise Malformed(WHAT, f"inode {reading.node.number} has an extent node that is none", at)
    if found != depth if depth >= 0 else found > MAX_DEPTH:
        raise Malformed(WHAT, f"an extent node of depth {found}", at)
    reading.claims.append((at, 12 + 12 * count))
    end = 12 + 12 * most
    if depth >= 0 and volume.head.sums and end + 4 <= room:
        declared = int.from_bytes(volume.view[at + end : at + end + 4], "little")
        start = seeded(volume.head, reading.node.number, reading.node.generation)
        volume.sums.add("extent block", at // volume.head.block_size, start, ByteRange(at, at + end), declared)
        reading.claims.append((at + end, 4))
    raw = bytes(volume.view[at + 12 : at + end])
    entries = [raw[one : one + 12] for one in range(0, 12 * count, 12)]
    reading.entries.update(entries)
    if raw.count(0, 12 * count) != len(raw) - 12 * count:
        reading.left += [(at + 12 + one, raw[one : one + 12]) for one in range(12 * count, len(raw), 12)]
    return found, entries


def _pointers(reading: _Reading) -> Iterator[Run]:
    """Twelve direct blocks, then trees of one, two and three levels, as far as the file reaches."""
    volume, node = reading.volume, reading.node
    each = volume.head.block_size // 4
    needed = -(-node.size // volume.head.block_size)
    words = struct.unpack("<15I", node.map)
    direct = min(needed, 12)
    reading.claims.append((node.at + MAP_AT, 4 * direct))
    yield from _run_of(words[:direct], 0)
    logical = 12
    for level in (1, 2, 3):
        if logical >= needed:
            return
        if words[11 + level]:
            reading.claims.append((node.at + MAP_AT + 4 * (11 + level), 4))
            yield from _tree(reading, words[11 + level], level, logical, needed)
        logical += each**level


def _tree(reading: _Reading, top: int, level: int, logical: int, needed: int) -> Iterator[Run]:
    each = reading.volume.head.block_size // 4
    waiting = [(top, level, logical)]
    while waiting:
        number, level, logical = waiting.pop()
        span = each ** (level - 1)
        count = min(each, -(-(needed - logical) // span))
        at = reading.block(number)
        reading.claims.append((at, 4 * count))
        words = struct.unpack_from(f"<{count}I", reading.volume.view, at)
        if level == 1:
            yield from _run_of(words, logical)
        else:
            below = [(one, level - 1, logical + index * span) for index, one in enumerate(words) if one]
            waiting.extend(reversed(below))


def _run_of(words: tuple[int, ...], logical: int) -> Iterator[Run]:
    """Pointers to blocks that follow one another, as runs; 0 is a hole."""
    first = count = 0
    for index, one in enumerate(words):
        if count and one == first + count:
            count += 1
            continue
        if count:
            yield Run(logical + index - count, first, count, True)
        first, count = one, 1 if one else 0
    if count:
        yield Run(logical + len(words) - count, first, count, True)
