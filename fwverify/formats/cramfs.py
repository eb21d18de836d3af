"""Cramfs images in both byte orders: superblock, inodes, directories and the pointers to packed blocks.

Sources: Linux Documentation/filesystems/cramfs.rst, fs/cramfs/README (layout, block pointers and their extension) and
include/uapi/linux/cramfs_fs.h (fields, flags), read 2026-11-22. Offsets count 4 byte words. A file is a list of
pointers to the ends of its blocks, then the blocks, each a zlib stream; an empty block is a hole. Nothing states how
much of a file one block holds: the page of the machine it was made for.

Does NOT do: the walk through the directories (unpack/containers/cramfs.py); owners, and times, which cramfs has not.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.formats.codecs import block_zlib
from fwverify.formats.extents import Tick
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed, Unsupported

WHAT = "cramfs"
MAGIC = 0x28CD3D45
SIGNATURE = b"Compressed ROMFS"
SUPERBLOCK_BYTES = 76
INODE_BYTES = 12
SHIFTED = 512
"""A superblock may lie behind a boot sector."""
VERSION_2, EXTENDED_POINTERS = 0x1, 0x800
KNOWN_FLAGS = 0x1 | 0x2 | 0x100 | 0x200 | 0x400 | 0x800
"""Version 2, sorted directories, holes, wrong signature, root behind other data, extended pointers."""
BLOCK_SIZES = (4096, 16384, 65536, 8192, 32768, 2048, 1024, 512)
"""Pages of machines, most usual first, and what mkfs.cramfs can be told."""
STORED, DIRECT = 1 << 31, 1 << 30
POINTER_MASK = DIRECT - 1
CRC_AT = 32
WINDOW_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Inode:
    mode: int
    size: int
    """Bytes of content; of a device its number."""
    name_bytes: int
    """Of the name that follows, a multiple of 4."""
    offset: int
    """Bytes from the beginning of the image."""


@dataclass(frozen=True, slots=True)
class Superblock:
    at: int
    order: str
    """`<` or `>`, as struct has it."""
    size: int
    """Bytes of the image as declared; 0 in old ones."""
    flags: int
    crc: int
    edition: int
    blocks: int
    files: int
    """Last four: version 2 only, else meaningless."""
    name: bytes
    root: Inode

    @property
    def version_2(self) -> bool:
        return bool(self.flags & VERSION_2)


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a file in the image; a hole has no bytes."""

    start: int
    end: int
    stored: bool
    """Not packed."""


def place(view: memoryview) -> tuple[int, str] | None:
    """Where the superblock lies and its byte order."""
    for at in (0, SHIFTED):
        head = bytes(view[at : at + SUPERBLOCK_BYTES])
        if len(head) == SUPERBLOCK_BYTES and head[16:32] == SIGNATURE:
            for order in ("<", ">"):
                if struct.unpack_from(f"{order}I", head)[0] == MAGIC:
                    return at, order
    return None


def read(view: memoryview) -> Superblock:
    """Parse the superblock.

    Raises:
        Malformed: there is none, or its root is no directory.
        Unsupported: flags that this does not know.
    """
    found = place(view)
    if found is None:
        raise Malformed(WHAT, "no superblock", 0)
    at, order = found
    _, size, flags, _, _, crc, edition, blocks, files, name = struct.unpack_from(f"{order}4I16s4I16s", view, at)
    if flags & ~KNOWN_FLAGS:
        raise Unsupported(f"cramfs with flags 0x{flags & ~KNOWN_FLAGS:x}")
    root = inode(view, at + SUPERBLOCK_BYTES - INODE_BYTES, order)
    if root.mode & 0o170000 != 0o040000:
        raise Malformed(WHAT, "its root is not a directory", at + 64)
    return Superblock(at, order, size, flags, crc, edition, blocks, files, name.rstrip(b"\0"), root)


def inode(view: memoryview, at: int, order: str) -> Inode:
    """The inode at an offset that lies inside the view."""
    first, second, third = struct.unpack_from(f"{order}3I", view, at)
    if order == "<":
        return Inode(first & 0xFFFF, second & 0xFFFFFF, (third & 0x3F) * 4, (third >> 6) * 4)
    return Inode(first >> 16, second >> 8, (third >> 26) * 4, (third & 0x3FFFFFF) * 4)


def crc(view: memoryview, head: Superblock) -> int:
    """CRC-32 of the image with the field for it taken as zero."""
    field = head.at + CRC_AT
    value = zlib.crc32(bytes(4), zlib.crc32(view[head.at : field]))
    return zlib.crc32(view[field + 4 : head.size], value)


def entries(view: memoryview, folder: Inode, order: str, end: int) -> Iterator[tuple[int, Inode, bytes]]:
    """Offset, inode and name (as padded with zeros) of all entries of a directory. Raises Malformed."""
    at, stop = folder.offset, folder.offset + folder.size
    if folder.size and (stop > end or at < SUPERBLOCK_BYTES):
        raise Malformed(WHAT, "a directory lies outside the image", at)
    while at < stop:
        if at + INODE_BYTES > stop:
            raise Malformed(WHAT, "an entry is cut off", at)
        one = inode(view, at, order)
        name = bytes(view[at + INODE_BYTES : at + INODE_BYTES + one.name_bytes])
        if not one.name_bytes or at + INODE_BYTES + one.name_bytes > stop:
            raise Malformed(WHAT, "a name has no length or leaves its directory", at)
        yield at, one, name
        at += INODE_BYTES + one.name_bytes


def blocks(view: memoryview, file: Inode, head: Superblock, block_size: int, end: int) -> list[Block]:
    """Where the blocks of a file lie.

    Raises:
        Malformed: pointers or blocks outside the image, or pointers that go back.
    """
    count = -(-file.size // block_size)
    start = file.offset + 4 * count
    if file.offset < SUPERBLOCK_BYTES or start > end:
        raise Malformed(WHAT, "the pointers of a file lie outside the image", file.offset)
    pointers = struct.unpack_from(f"{head.order}{count}I", view, file.offset)
    extended = bool(head.flags & EXTENDED_POINTERS)
    out: list[Block] = []
    for index, pointer in enumerate(pointers):
        if extended and pointer & DIRECT:
            whole = min(block_size, file.size - index * block_size)
            one, start = _direct(view, pointer, whole, block_size, head.order, end)
        else:
            stop = pointer & POINTER_MASK if extended else pointer
            one = Block(start, stop, extended and bool(pointer & STORED))
            start = stop
        if not one.start <= one.end <= end:
            raise Malformed(WHAT, "a block lies outside the image", file.offset + 4 * index)
        out.append(one)
    return out


def _direct(view: memoryview, pointer: int, whole: int, page: int, order: str, end: int) -> tuple[Block, int]:
    """The block a direct pointer leads to, and where the next begins if its pointer is not direct."""
    at = (pointer & POINTER_MASK) << 2
    if pointer & STORED:
        return Block(at, at + whole, True), at + page
    if at + 2 > end:
        raise Malformed(WHAT, "a block lies outside the image", at)
    size = struct.unpack_from(f"{order}H", view, at)[0]
    return Block(at + 2, at + 2 + size, False), at + 2 + size


def block(view: memoryview, one: Block, size: int) -> bytes | memoryview:
    """Unpack a block that is not a hole and must give `size` bytes. Raises Malformed."""
    packed = view[one.start : one.end]
    data = packed if one.stored else block_zlib(packed, size)
    if len(data) != size:
        raise Malformed(WHAT, f"a block unpacks to {len(data)} bytes where it must have {size}", one.start)
    return data


def block_size(view: memoryview, files: Iterator[Inode], head: Superblock, end: int) -> int:
    """How much of a file one block holds: with which size the first blocks of some files unpack.

    Args:
        view: the image.
        files: regular files; the first few that are not empty are tried.
        head: the superblock.
        end: of the image.
    """
    samples: list[Inode] = []
    for one in files:
        if one.size and len(samples) < 8:
            samples.append(one)
    scores = [sum(_fits(view, one, head, size, end) for one in samples) for size in BLOCK_SIZES]
    return BLOCK_SIZES[scores.index(max(scores))]


def _fits(view: memoryview, file: Inode, head: Superblock, size: int, end: int) -> bool:
    try:
        found = blocks(view, file, head, size, end)
        index = next((at for at, one in enumerate(found) if one.end > one.start), None)
        if index is not None:
            block(view, found[index], min(size, file.size - index * size))
    except Malformed:
        return False
    return True


def end(view: memoryview, at: int, tick: Tick) -> int:
    """A cramfs whose CRC holds, or an old one whose root lies in it; for carving."""
    here = view[at:]
    tick(SUPERBLOCK_BYTES)
    try:
        head = read(here[:SUPERBLOCK_BYTES])
    except (Malformed, Unsupported):
        return 0
    if not SUPERBLOCK_BYTES < head.size <= len(here) or head.root.offset + head.root.size > head.size:
        return 0
    if head.version_2:
        tick(head.size)
        return at + head.size if crc(here, head) == head.crc else 0
    return at + head.size


def structure(file: Inode, size: int) -> ByteRange:
    """The pointers of a file that is not empty."""
    return ByteRange(file.offset, file.offset + 4 * -(-file.size // size))
