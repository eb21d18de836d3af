"""SquashFS 4.0 images, little endian: superblock, tables, and the blocks of files, in all six compressions.

Source: Linux kernel Documentation/filesystems/squashfs.rst and fs/squashfs/squashfs_fs.h, options of compressors from
squashfs-tools 4.5; read 2026-11-22. Every block is unpacked with the greatest size it may have, every table has a
bound, every reference is looked up.

Not done: versions 1 to 3, big-endian and vendors' own magics (squashfs_variants recognises and names them).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from fwverify.formats import blocks, squashfs_lzma, squashfs_variants
from fwverify.formats.squashfs_inodes import EXTENDED as EXTENDED_TYPES
from fwverify.formats.squashfs_inodes import FORMATS, HEADER, WHAT, Table
from fwverify.formats.squashfs_tables import METADATA_BYTES, AttributeTables, Tables, attributes
from fwverify.formats.squashfs_variants import ABSENT, COMPRESSORS, LAYOUT, MAGIC, SUPERBLOCK_BYTES, looks_like
from fwverify.limits import MIB, Budget
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed, Unsupported

__all__ = [
    "Image",
    "Superblock",
    "data_block",
    "fragment",
    "is_read",
    "looks_like",
    "read",
    "stored_size",
    "superblock",
]

BLOCK_READERS = {
    "gzip": blocks.block_zlib, "xz": blocks.block_xz, "zstd": blocks.block_zstd, "lzo": blocks.block_lzo,
    "lz4": blocks.block_lz4, "lzma": squashfs_lzma.whole_header,
}  # fmt: skip
OPTION_FIELDS = {"gzip": ("level", "window", "strategies"), "xz": ("dictionary", "filters"),
                 "lzo": ("algorithm", "level"), "lz4": ("version", "flags"), "zstd": ("level",)}  # fmt: skip
OPTIONS = {"gzip": "<IHH", "xz": "<II", "lzo": "<II", "lz4": "<II", "zstd": "<I"}
"""What follows the superblock when its flags say so."""
NOT_COMPRESSED = 1 << 24
FLAG_OPTIONS = 1 << 10
MIN_BLOCK_BYTES, MAX_BLOCK_BYTES = 4096, MIB
FRAGMENT_CACHE_BYTES = 32 * MIB
"""Unpacked fragment blocks kept: files are read in disk order, so few are ever in use."""
FRAGMENT_ENTRY = struct.Struct("<QII")


@dataclass(frozen=True, slots=True)
class Superblock:
    inodes: int
    modified: int
    """seconds since 1970"""
    block_size: int
    fragments: int
    compressor: str
    flags: int
    ids: int
    root_block: int
    root_offset: int
    bytes_used: int
    id_table: int
    xattr_table: int
    inode_table: int
    directory_table: int
    fragment_table: int
    export_table: int


@dataclass(slots=True)
class Image:
    """An image with its tables unpacked."""

    view: memoryview
    superblock: Superblock
    unpack_block: blocks.Block
    inodes: Table
    directories: Table
    fragments: tuple[tuple[int, int], ...]
    """Start and stored size of each fragment block."""
    structure: list[ByteRange]
    """Superblock, options and all tables."""
    options: tuple[tuple[str, int], ...] = ()
    """Of the compressor, as stated."""
    data_start: int = SUPERBLOCK_BYTES
    """Where blocks of files may begin."""
    exports: bytes = b""
    """8 bytes for each inode number: the place of its inode. Empty when there is no such table."""
    attributes: AttributeTables = field(default_factory=lambda: AttributeTables(Table(b"", {}), b"", None))
    unused: int = 0
    """Entries of the fragment table with a value in their unused field."""
    cached: dict[int, bytes] = field(default_factory=dict)
    """Fragment blocks in the order of their last use."""
    unpacking: Callable[[int, int], None] = lambda packed, size: None
    """Told about every block before it is read: its stored size, and the most bytes that may come out."""


def is_read(view: memoryview) -> bool:
    """Version 4.0, little endian; `looks_like` is true for the others, too."""
    return bytes(view[:4]) == MAGIC and squashfs_variants.version(view) == (4, 0)


def superblock(view: memoryview) -> Superblock:
    """Read the superblock.

    Raises:
        Unsupported: another version, byte order or compression, named.
        Malformed: sizes or places that cannot be.
    """
    if not looks_like(view):
        raise Malformed(WHAT, "it has no superblock", 0)
    if not is_read(view):
        raise Unsupported(str(squashfs_variants.read(view)))
    fields = LAYOUT.unpack_from(view)
    compressor = COMPRESSORS.get(fields[5], f"number {fields[5]}")
    root = fields[11]
    found = Superblock(
        fields[1], fields[2], fields[3], fields[4], compressor, fields[7], fields[8], root >> 16, root & 0xFFFF,
        *fields[12:],
    )  # fmt: skip
    if not MIN_BLOCK_BYTES <= found.block_size <= MAX_BLOCK_BYTES or found.block_size != 1 << fields[6]:
        raise Malformed(WHAT, f"a block size of {found.block_size} bytes", 12)
    if not SUPERBLOCK_BYTES < found.bytes_used <= len(view):
        raise Malformed(WHAT, f"it declares {found.bytes_used} bytes, {len(view)} are there", 40)
    if not SUPERBLOCK_BYTES <= found.inode_table < found.directory_table < found.bytes_used:
        raise Malformed(WHAT, "its tables lie outside it", 64)
    if compressor not in BLOCK_READERS:
        raise Unsupported(f"SquashFS with {compressor} compression")
    return found


def read(view: memoryview, budget: Budget) -> Image:
    """Read superblock and tables.

    Raises:
        Malformed, Unsupported: it is damaged, or a form that is not read.
        LimitExceeded: its tables are larger than any real image's.
    """
    head = superblock(view)
    tables = Tables(view, head.bytes_used, BLOCK_READERS[head.compressor], budget)
    tables.claimed.append(ByteRange(0, SUPERBLOCK_BYTES))
    options = _options(tables, head) if head.flags & FLAG_OPTIONS else ()
    if head.compressor == "lzma":
        tables.unpack_block = _lzma_form(tables, head)
    fragments, first_fragment = tables.indexed(head.fragment_table, head.fragments, FRAGMENT_ENTRY.size)
    exports, first_export = b"", head.bytes_used
    if head.export_table != ABSENT:
        exports, first_export = tables.indexed(head.export_table, head.inodes, 8)
    _, first_id = tables.indexed(head.id_table, head.ids, 4)
    attributed, first_attribute = attributes(tables, head.xattr_table)
    following = (first_fragment, first_export, first_id, first_attribute, head.bytes_used)
    inodes = tables.joined(head.inode_table, head.directory_table)
    directories = tables.joined(head.directory_table, min(one for one in following if one > head.directory_table))
    entries = list(FRAGMENT_ENTRY.iter_unpack(fragments))
    return Image(
        view, head, tables.unpack_block, inodes, directories, tuple((start, size) for start, size, _ in entries),
        tables.claimed, options, tables.claimed[1].end if options else SUPERBLOCK_BYTES, exports, attributed,
        sum(1 for _, _, unused in entries if unused),
    )  # fmt: skip


def _options(tables: Tables, head: Superblock) -> tuple[tuple[str, int], ...]:
    """The compressor's options: one plain metadata block behind the superblock."""
    stored, plain, end = tables.packed_block(SUPERBLOCK_BYTES, head.inode_table)
    layout = OPTIONS.get(head.compressor, "")
    if not plain or not layout or len(stored) != struct.calcsize(layout):
        raise Malformed(WHAT, f"{len(stored)} bytes of options for {head.compressor}", SUPERBLOCK_BYTES)
    tables.claimed.append(ByteRange(SUPERBLOCK_BYTES, end))
    return tuple(zip(OPTION_FIELDS[head.compressor], struct.unpack(layout, stored), strict=True))


def _lzma_form(tables: Tables, head: Superblock) -> blocks.Block:
    """Writers of LZMA images differ: the first block of the inode table must begin with an inode."""
    stored, plain, _ = tables.packed_block(head.inode_table, head.directory_table)
    if plain:
        return squashfs_lzma.whole_header

    def begins_with_an_inode(data: bytes) -> bool:
        if len(data) < HEADER.size:
            return False
        kind, _, user, group, _, number = HEADER.unpack_from(data)
        known = 1 <= kind <= len(FORMATS) + EXTENDED_TYPES
        return bool(known and max(user, group) < head.ids and 1 <= number <= head.inodes)

    return squashfs_lzma.chosen(stored, begins_with_an_inode, METADATA_BYTES)


def stored_size(size: int) -> int:
    """Bytes a data block takes in the image."""
    return size & ~NOT_COMPRESSED


def data_block(image: Image, start: int, size: int, expected: int) -> bytes | memoryview:
    """One data block, which must unpack to exactly `expected` bytes. Raises Malformed."""
    packed = _packed(image, start, size)
    image.unpacking(len(packed), expected)
    data = packed if size & NOT_COMPRESSED else image.unpack_block(packed, expected)
    if len(data) != expected:
        raise Malformed(WHAT, f"a data block of {len(data)} bytes where {expected} belong", start)
    return data


def _packed(image: Image, start: int, size: int) -> memoryview:
    length = stored_size(size)
    if not 0 < length <= image.superblock.block_size:
        raise Malformed(WHAT, f"a data block of {length} stored bytes", start)
    if start < image.data_start or start + length > image.superblock.inode_table:
        raise Malformed(WHAT, "a data block lies outside the data", start)
    return image.view[start : start + length]


def fragment(image: Image, index: int) -> bytes | memoryview:
    """A fragment block, unpacked once while it is in use. Raises Malformed."""
    known = image.cached.pop(index, None)
    if known is None:
        start, size = image.fragments[index]
        packed = _packed(image, start, size)
        if size & NOT_COMPRESSED:
            return packed
        image.unpacking(len(packed), image.superblock.block_size)
        known = image.unpack_block(packed, image.superblock.block_size)
        while image.cached and len(image.cached) * image.superblock.block_size >= FRAGMENT_CACHE_BYTES:
            del image.cached[next(iter(image.cached))]
    image.cached[index] = known
    return known
