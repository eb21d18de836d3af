"""Inodes and directory listings of SquashFS 4.0, from their unpacked tables.

Source: Linux kernel fs/squashfs/squashfs_fs.h and Documentation/filesystems/squashfs.rst (sections 3.2 to 3.4),
read 2026-11-22. Times are passed over.

No byte of a table belongs to two inodes or to two listings, which also bounds the work: all inodes and all listings
together are never longer than their tables.
"""

from __future__ import annotations

import stat
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from fwverify.limits import LimitExceeded
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

WHAT = "SquashFS"
NO_FRAGMENT = NO_ATTRIBUTES = 0xFFFFFFFF
DIRECTORY, FILE, SYMLINK = 1, 2, 3
EXTENDED = 7
"""Type numbers above this are the extended forms of the same seven types."""
FORMATS = {
    1: stat.S_IFDIR, 2: stat.S_IFREG, 3: stat.S_IFLNK, 4: stat.S_IFBLK, 5: stat.S_IFCHR, 6: stat.S_IFIFO,
    7: stat.S_IFSOCK,
}  # fmt: skip
MAX_TARGET_BYTES = 65535
"""Of a symbolic link: the kernel takes a page, writers two bytes' worth."""
EMPTY_LISTING = 3
"""A directory's size counts `.` and `..` as three bytes that are not stored."""
HEADER = struct.Struct("<HHHHII")
BASIC_DIRECTORY = struct.Struct("<IIHHI")
BASIC_FILE = struct.Struct("<IIII")
LINK = struct.Struct("<II")
EXTENDED_DIRECTORY = struct.Struct("<IIIIHHI")
DIRECTORY_INDEX = struct.Struct("<III")
EXTENDED_FILE = struct.Struct("<QQQIIII")
MAX_DAMAGED_INDEXES = 1 << 17
"""Index entries looked at beyond those the table has room for."""
NUMBER = struct.Struct("<I")
OTHER_BYTES = {4: 8, 5: 8, 6: 4, 7: 4, 11: 12, 12: 12, 13: 8, 14: 8}
"""What follows the header of devices, pipes and sockets; of the extended forms the last 4 bytes name attributes."""
LISTING_HEADER = struct.Struct("<III")
LISTING_ENTRY = struct.Struct("<HhHH")


@dataclass(frozen=True, slots=True)
class Table:
    """Metadata blocks in a row, unpacked and joined."""

    data: bytes
    starts: dict[int, int]
    """Where a block begins in the table as stored -> where its bytes begin in `data`."""

    def place(self, block: int, offset: int) -> int:
        """A reference (block, offset in its unpacked bytes) as a place in `data`. Raises Malformed."""
        start = self.starts.get(block)
        if start is None or start + offset > len(self.data):
            raise Malformed(WHAT, f"a reference to block {block}, offset {offset} of a table leads nowhere")
        return start + offset


@dataclass(frozen=True, slots=True)
class Inode:
    """One inode; fields of other types are zero."""

    kind: int
    """Basic type, 1 to 7."""
    mode: int
    """POSIX mode with its file type."""
    number: int
    at: int
    """Where it begins in the unpacked table."""
    end: int
    owners: tuple[int, int]
    """Of user and group: places in the table of ids."""
    attributes: int = NO_ATTRIBUTES
    """Number of its set of extended attributes."""
    size: int = 0
    """Of a file, bytes; of a directory, its listing's."""
    start: int = 0
    """Of a file: first data block in the image; of a directory: block of its listing in the table."""
    offset: int = 0
    """Of a file: where its tail begins in the fragment; of a directory: where its listing begins in the block."""
    fragment: int = NO_FRAGMENT
    listed: bytes = b""
    """Of a file: its block list as stored."""
    target: bytes = b""

    @property
    def blocks(self) -> tuple[int, ...]:
        """Sizes of the data blocks as stored; bit 24 says not compressed, 0 is a hole."""
        return struct.unpack(f"<{len(self.listed) // 4}I", self.listed)


@dataclass(frozen=True, slots=True)
class Name:
    """One entry of a directory."""

    raw: bytes
    block: int
    offset: int
    kind: int
    number: int

    @property
    def reference(self) -> int:
        return self.block << 16 | self.offset


@dataclass(frozen=True, slots=True)
class _Head:
    """What every inode begins with."""

    kind: int
    """As stored: 8 to 14 are the extended forms."""
    mode: int
    number: int
    at: int
    owners: tuple[int, int]


@dataclass(slots=True)
class Inodes:
    """The inode table as it is read: each inode once."""

    table: Table
    block_size: int
    known: dict[int, Inode] = field(default_factory=dict)
    """By reference."""
    taken: int = 0
    """Bytes of the table in inodes read so far."""
    walked: int = 0
    """Index entries of directories passed over."""

    def read(self, block: int, offset: int) -> Inode:
        """The inode at a reference. Raises Malformed, also when there is no room for it beside the others."""
        reference = block << 16 | offset
        found = self.known.get(reference)
        if found is None:
            left = len(self.table.data) - self.taken
            found = inode(self.table, block, offset, self.block_size, left, self._walk)
            self.taken += found.end - found.at
            self.known[reference] = found
        return found

    def _walk(self, entries: int) -> None:
        """Index entries are the one part of an inode with lengths of their own: damaged inodes could repeat them."""
        self.walked += entries
        if self.walked > len(self.table.data) // DIRECTORY_INDEX.size + MAX_DAMAGED_INDEXES:
            raise LimitExceeded("SquashFS directory index entries", self.walked)


def inode(
    table: Table, block: int, offset: int, block_size: int, most: int | None = None,
    walk: Callable[[int], None] = lambda _: None,
) -> Inode:  # fmt: skip
    """The inode at a reference.

    Args:
        table: of inodes.
        block: see `Table.place`.
        offset: likewise.
        block_size: of the image's data.
        most: bytes it may have; beyond that it lies in other inodes.
        walk: told how many index entries are passed over, before they are.

    Raises:
        Malformed: it is none.
    """
    at = table.place(block, offset)
    kind, mode, user, group, _, number = _unpacked(HEADER, table.data, at)
    basic = kind - EXTENDED if kind > EXTENDED else kind
    if basic not in FORMATS:
        raise Malformed(WHAT, f"inode {number} has the unknown type {kind}")
    head = _Head(kind, FORMATS[basic] | (mode & 0o7777), number, at, (user, group))
    end = len(table.data) if most is None else min(at + most, len(table.data))
    body = at + HEADER.size
    if basic == DIRECTORY:
        return _directory(table.data, body, end, head, walk)
    if basic == FILE:
        return _file(table.data, body, end, head, block_size)
    if basic == SYMLINK:
        return _link(table.data, body, end, head)
    after = body + OTHER_BYTES[kind]
    _bounded(after, end, head)
    attributes = _number(table.data, after - 4) if kind > EXTENDED else NO_ATTRIBUTES
    return Inode(basic, head.mode, number, at, after, head.owners, attributes)


def _unpacked(layout: struct.Struct, data: bytes, at: int) -> tuple[int, ...]:
    if at + layout.size > len(data):
        raise Malformed(WHAT, "an entry of a table is cut short")
    return layout.unpack_from(data, at)


def _number(data: bytes, at: int) -> int:
    return _unpacked(NUMBER, data, at)[0]


def _bounded(after: int, end: int, head: _Head) -> None:
    if after > end:
        raise Malformed(WHAT, f"inode {head.number} reaches beyond its table or into others")


def _directory(data: bytes, at: int, end: int, head: _Head, walk: Callable[[int], None]) -> Inode:
    attributes = NO_ATTRIBUTES
    if head.kind == DIRECTORY:
        start, _, size, offset, _ = _unpacked(BASIC_DIRECTORY, data, at)
        after = at + BASIC_DIRECTORY.size
    else:
        _, size, start, _, indexes, offset, attributes = _unpacked(EXTENDED_DIRECTORY, data, at)
        after = at + EXTENDED_DIRECTORY.size
        _bounded(after + indexes * (DIRECTORY_INDEX.size + 1), end, head)
        walk(indexes)
        for _ in range(indexes):
            _bounded(after, end, head)
            _, _, name = _unpacked(DIRECTORY_INDEX, data, after)
            after += DIRECTORY_INDEX.size + name + 1
    _bounded(after, end, head)
    listing_size = max(size - EMPTY_LISTING, 0)
    return Inode(
        DIRECTORY, head.mode, head.number, head.at, after, head.owners, attributes, listing_size, start, offset
    )


def _file(data: bytes, at: int, end: int, head: _Head, block_size: int) -> Inode:
    attributes = NO_ATTRIBUTES
    if head.kind == FILE:
        start, fragment, offset, size = _unpacked(BASIC_FILE, data, at)
        at += BASIC_FILE.size
    else:
        start, size, _, _, fragment, offset, attributes = _unpacked(EXTENDED_FILE, data, at)
        at += EXTENDED_FILE.size
    count = size // block_size if fragment != NO_FRAGMENT else -(-size // block_size)
    after = at + count * 4
    if after > end:
        raise Malformed(WHAT, f"file inode {head.number} declares {count} blocks, its table ends before")
    return Inode(
        FILE, head.mode, head.number, head.at, after, head.owners, attributes, size, start, offset, fragment,
        data[at:after],
    )  # fmt: skip


def _link(data: bytes, at: int, end: int, head: _Head) -> Inode:
    _, size = _unpacked(LINK, data, at)
    at += LINK.size
    extended = head.kind > EXTENDED
    after = at + size + (NUMBER.size if extended else 0)
    if size > MAX_TARGET_BYTES or after > end:
        raise Malformed(WHAT, f"the target of link {head.number} has {size} bytes")
    attributes = _number(data, at + size) if extended else NO_ATTRIBUTES
    return Inode(
        SYMLINK, head.mode, head.number, head.at, after, head.owners, attributes, size, target=data[at : at + size]
    )


@dataclass(slots=True)
class Listings:
    """The directory table as it is read."""

    table: Table
    spans: list[ByteRange] = field(default_factory=list)
    """What listings took of it."""
    taken: int = 0
    """bytes"""

    def read(self, directory: Inode) -> Iterator[Name]:
        """The names of a directory, in stored order. Raises Malformed."""
        if directory.size:
            at = self.table.place(directory.start, directory.offset)
            if at + directory.size > len(self.table.data):
                raise Malformed(WHAT, f"the listing of directory {directory.number} is cut short")
            self.taken += directory.size
            if self.taken > len(self.table.data):
                raise Malformed(WHAT, f"the listing of directory {directory.number} lies in those of others")
            self.spans.append(ByteRange(at, at + directory.size))
        return listing(self.table, directory)


def listing(table: Table, directory: Inode) -> Iterator[Name]:
    """The names of a directory, in stored order. Raises Malformed."""
    if not directory.size:
        return
    at = table.place(directory.start, directory.offset)
    end = at + directory.size
    if end > len(table.data):
        raise Malformed(WHAT, f"the listing of directory {directory.number} is cut short")
    while at < end:
        count, block, base = _unpacked(LISTING_HEADER, table.data, at)
        at += LISTING_HEADER.size
        for _ in range(count + 1):
            offset, delta, kind, size = _unpacked(LISTING_ENTRY, table.data, at)
            at += LISTING_ENTRY.size
            if at + size + 1 > end:
                raise Malformed(WHAT, f"the listing of directory {directory.number} overruns its size")
            yield Name(table.data[at : at + size + 1], block, offset, kind, (base + delta) & 0xFFFFFFFF)
            at += size + 1
