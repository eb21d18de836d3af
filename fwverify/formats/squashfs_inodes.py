"""Inodes and directory listings of SquashFS 4.0, from their unpacked tables.

Source: Linux kernel fs/squashfs/squashfs_fs.h and Documentation/filesystems/squashfs.rst (sections 3.2 to 3.4),
read 2026-11-22. Owners, times and extended attributes are passed over.
"""

from __future__ import annotations

import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.model.examining import Malformed

WHAT = "SquashFS"
NO_FRAGMENT = 0xFFFFFFFF
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
EXTENDED_FILE = struct.Struct("<QQQIIII")
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
    size: int = 0
    """Of a file, bytes; of a directory, its listing's."""
    start: int = 0
    """Of a file: first data block in the image; of a directory: block of its listing in the table."""
    offset: int = 0
    """Of a file: where its tail begins in the fragment; of a directory: where its listing begins in the block."""
    fragment: int = NO_FRAGMENT
    blocks: tuple[int, ...] = ()
    """Sizes of the data blocks as stored; bit 24 says not compressed, 0 is a hole."""
    target: bytes = b""


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


def inode(table: Table, block: int, offset: int, block_size: int) -> Inode:
    """The inode at a reference. Raises Malformed."""
    at = table.place(block, offset)
    kind, mode, _, _, _, number = _unpacked(HEADER, table.data, at)
    basic = kind - EXTENDED if kind > EXTENDED else kind
    if basic not in FORMATS:
        raise Malformed(WHAT, f"inode {number} has the unknown type {kind}")
    mode = FORMATS[basic] | (mode & 0o7777)
    at += HEADER.size
    if basic == DIRECTORY:
        return _directory(table.data, at, kind, mode, number)
    if basic == FILE:
        return _file(table.data, at, kind, mode, number, block_size)
    if basic == SYMLINK:
        _, size = _unpacked(LINK, table.data, at)
        at += LINK.size
        if size > MAX_TARGET_BYTES or at + size > len(table.data):
            raise Malformed(WHAT, f"the target of link {number} has {size} bytes")
        return Inode(basic, mode, number, size, target=table.data[at : at + size])
    return Inode(basic, mode, number)


def _unpacked(layout: struct.Struct, data: bytes, at: int) -> tuple[int, ...]:
    if at + layout.size > len(data):
        raise Malformed(WHAT, "an entry of a table is cut short")
    return layout.unpack_from(data, at)


def _directory(data: bytes, at: int, kind: int, mode: int, number: int) -> Inode:
    if kind == DIRECTORY:
        start, _, size, offset, _ = _unpacked(BASIC_DIRECTORY, data, at)
    else:
        _, size, start, _, _, offset, _ = _unpacked(EXTENDED_DIRECTORY, data, at)
    return Inode(DIRECTORY, mode, number, max(size - EMPTY_LISTING, 0), start, offset)


def _file(data: bytes, at: int, kind: int, mode: int, number: int, block_size: int) -> Inode:
    if kind == FILE:
        start, fragment, offset, size = _unpacked(BASIC_FILE, data, at)
        at += BASIC_FILE.size
    else:
        start, size, _, _, fragment, offset, _ = _unpacked(EXTENDED_FILE, data, at)
        at += EXTENDED_FILE.size
    count = size // block_size if fragment != NO_FRAGMENT else -(-size // block_size)
    if count * 4 > len(data) - at:
        raise Malformed(WHAT, f"file inode {number} declares {count} blocks, its table ends before")
    blocks = struct.unpack_from(f"<{count}I", data, at)
    return Inode(FILE, mode, number, size, start, offset, fragment, blocks)


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
