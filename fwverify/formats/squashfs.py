"""SquashFS 4.0 images, little endian: superblock, tables, and the blocks of files.

Source: Linux kernel Documentation/filesystems/squashfs.rst and fs/squashfs/squashfs_fs.h, read 2026-11-22.
Every block is unpacked with the greatest size it may have, every table has a bound, every reference is looked up.

Not done: LZO, LZ4 and LZMA compression; versions 1 to 3, big-endian and vendors' own magics (recognised, named).
Extended attributes are passed over as structure.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from fwverify.formats import codecs
from fwverify.formats.squashfs_inodes import WHAT, Table
from fwverify.limits import MIB, Budget, LimitExceeded
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed, Unsupported

MAGIC = b"hsqs"
VARIANTS = {
    MAGIC: "little endian", b"sqsh": "big endian", b"sqlz": "LZMA, big endian", b"qshs": "LZMA, big endian",
    b"shsq": "LZMA, little endian", b"hsqt": "vendor magic, little endian", b"tqsh": "vendor magic, big endian",
}  # fmt: skip
BIG_ENDIAN = frozenset({b"sqsh", b"sqlz", b"qshs", b"tqsh"})
COMPRESSORS = {1: "gzip", 2: "lzma", 3: "lzo", 4: "xz", 5: "lz4", 6: "zstd"}
BLOCK_READERS = {"gzip": codecs.block_zlib, "xz": codecs.block_xz, "zstd": codecs.block_zstd}
LAYOUT = struct.Struct("<4sIIIIHHHHHHQQQQQQQQ")
SUPERBLOCK_BYTES = LAYOUT.size
VERSION_AT = 28
METADATA_BYTES = 8192
"""Unpacked size of a metadata block; only the last of a table may be smaller."""
NOT_COMPRESSED, METADATA_NOT_COMPRESSED = 1 << 24, 1 << 15
FLAG_OPTIONS = 1 << 10
ABSENT = (1 << 64) - 1
MIN_BLOCK_BYTES, MAX_BLOCK_BYTES = 4096, MIB
MAX_TABLE_BYTES = 128 * MIB
"""Unpacked tables together. 300,000 files need about 40 MiB."""
MAX_OPTIONS_BYTES = 8
"""Compressor options: the largest structure (gzip, xz, lzo, lz4) has 8 bytes."""
FRAGMENT_CACHE_BYTES = 32 * MIB
"""Unpacked fragment blocks kept: files are read in disk order, so few are ever in use."""


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
    unpack_block: codecs.Block
    inodes: Table
    directories: Table
    fragments: tuple[tuple[int, int], ...]
    """Start and stored size of each fragment block."""
    structure: list[ByteRange]
    """Superblock, options and all tables."""
    cached: dict[int, bytes] = field(default_factory=dict)
    """Fragment blocks in the order of their last use."""


def looks_like(view: memoryview) -> bool:
    if len(view) < SUPERBLOCK_BYTES or bytes(view[:4]) not in VARIANTS:
        return False
    major, _ = _version(view)
    return 1 <= major <= 4


def _version(view: memoryview) -> tuple[int, int]:
    order = ">HH" if bytes(view[:4]) in BIG_ENDIAN else "<HH"
    major, minor = struct.unpack_from(order, view, VERSION_AT)
    return major, minor


def superblock(view: memoryview) -> Superblock:
    """Read the superblock.

    Raises:
        Unsupported: another version, byte order or compression, named.
        Malformed: sizes or places that cannot be.
    """
    if not looks_like(view):
        raise Malformed(WHAT, "it has no superblock", 0)
    major, minor = _version(view)
    if (major, minor) != (4, 0) or bytes(view[:4]) != MAGIC:
        raise Unsupported(f"SquashFS {major}.{minor} ({VARIANTS[bytes(view[:4])]})")
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


@dataclass(slots=True)
class _Tables:
    """What reading the tables shares."""

    view: memoryview
    superblock: Superblock
    unpack_block: codecs.Block
    budget: Budget
    unpacked: int = 0
    claimed: list[ByteRange] = field(default_factory=list)

    def block(self, at: int, end: int) -> tuple[bytes, int]:
        """One metadata block and where it ends."""
        packed, after = self.packed_block(at, end)
        data = bytes(packed[0]) if packed[1] else self.unpack_block(packed[0], METADATA_BYTES)
        self.unpacked += len(data)
        if self.unpacked > MAX_TABLE_BYTES:
            raise LimitExceeded("SquashFS table bytes", self.unpacked)
        self.budget.check_time()
        return data, after

    def packed_block(self, at: int, end: int) -> tuple[tuple[memoryview, bool], int]:
        """One metadata block as stored, whether it is stored plain, and where it ends."""
        if not SUPERBLOCK_BYTES <= at <= end - 2:
            raise Malformed(WHAT, "a metadata block lies outside its table", at)
        header = int.from_bytes(self.view[at : at + 2], "little")
        size = header & (METADATA_NOT_COMPRESSED - 1)
        if not 0 < size <= METADATA_BYTES or at + 2 + size > end:
            raise Malformed(WHAT, f"a metadata block of {size} bytes", at)
        plain = bool(header & METADATA_NOT_COMPRESSED)
        return (self.view[at + 2 : at + 2 + size], plain), at + 2 + size


def read(view: memoryview, budget: Budget) -> Image:
    """Read superblock and tables.

    Raises:
        Malformed, Unsupported: it is damaged, or a form that is not read.
        LimitExceeded: its tables are larger than any real image's.
    """
    head = superblock(view)
    tables = _Tables(view, head, BLOCK_READERS[head.compressor], budget)
    tables.claimed.append(ByteRange(0, SUPERBLOCK_BYTES))
    if head.flags & FLAG_OPTIONS:
        (options, _), end = tables.packed_block(SUPERBLOCK_BYTES, head.inode_table)
        if len(options) > MAX_OPTIONS_BYTES:
            raise Malformed(WHAT, f"compressor options of {len(options)} bytes", SUPERBLOCK_BYTES)
        tables.claimed.append(ByteRange(SUPERBLOCK_BYTES, end))
    fragments, first_fragment = _indexed(tables, head.fragment_table, head.fragments, 16)
    following = [first_fragment, *_passed_over(tables)]
    inodes = _joined(tables, head.inode_table, head.directory_table)
    after = min([one for one in following if one > head.directory_table] + [head.bytes_used])
    directories = _joined(tables, head.directory_table, after)
    places = tuple((start, size) for start, size, _ in struct.iter_unpack("<QII", fragments))
    return Image(view, head, tables.unpack_block, inodes, directories, places, tables.claimed)


def _joined(tables: _Tables, start: int, end: int) -> Table:
    """A table that is metadata blocks in a row."""
    parts: list[bytes] = []
    starts: dict[int, int] = {}
    at, position = start, 0
    while at < end:
        starts[at - start] = position
        data, at = tables.block(at, end)
        parts.append(data)
        position += len(data)
    tables.claimed.append(ByteRange(start, end))
    return Table(b"".join(parts), starts)


def _indexed(tables: _Tables, start: int, count: int, entry_bytes: int) -> tuple[bytes, int]:
    """A table with an index of its blocks behind it: its bytes, and where its first block begins."""
    pointers = _pointers(tables, start, count, entry_bytes)
    parts: list[bytes] = []
    for at in pointers:
        data, end = tables.block(at, start)
        tables.claimed.append(ByteRange(at, end))
        parts.append(data)
    joined = b"".join(parts)
    if len(joined) != count * entry_bytes:
        raise Malformed(WHAT, f"a table of {count} entries has {len(joined)} bytes", start)
    return joined, pointers[0] if pointers else start


def _pointers(tables: _Tables, start: int, count: int, entry_bytes: int) -> tuple[int, ...]:
    """The index of a table: one place for each of its metadata blocks."""
    blocks = -(-count * entry_bytes // METADATA_BYTES)
    if not blocks:
        return ()
    if start < SUPERBLOCK_BYTES or start + blocks * 8 > tables.superblock.bytes_used:
        raise Malformed(WHAT, f"an index of {blocks} blocks lies outside the image", start)
    found = struct.unpack_from(f"<{blocks}Q", tables.view, start)
    if any(one >= other for one, other in zip(found, (*found[1:], start), strict=True)):
        raise Malformed(WHAT, "the blocks of a table are not in order", start)
    tables.claimed.append(ByteRange(start, start + blocks * 8))
    return found


def _passed_over(tables: _Tables) -> Iterator[int]:
    """Export, owner and attribute tables: their blocks are followed, their content decides nothing here."""
    head = tables.superblock
    indexed = [(head.id_table, head.ids, 4), (head.export_table, head.inodes, 8)]
    for start, count, entry_bytes in indexed:
        if start != ABSENT:
            yield from _followed(tables, _pointers(tables, start, count, entry_bytes), start)
    if head.xattr_table != ABSENT:
        yield from _attributes(tables, head.xattr_table)


def _followed(tables: _Tables, pointers: tuple[int, ...], end: int) -> Iterator[int]:
    for at in pointers:
        _, after = tables.packed_block(at, end)
        tables.claimed.append(ByteRange(at, after))
    yield pointers[0] if pointers else end


def _attributes(tables: _Tables, start: int) -> Iterator[int]:
    """Extended attributes: values, then their index, then a header that names both."""
    if not SUPERBLOCK_BYTES <= start <= tables.superblock.bytes_used - 16:
        raise Malformed(WHAT, "its attribute table lies outside it", 56)
    values, count, _ = struct.unpack_from("<QII", tables.view, start)
    tables.claimed.append(ByteRange(start, start + 16))
    pointers = _pointers(tables, start + 16, count, 16)
    (first,) = _followed(tables, pointers, start)
    at = values
    while at < first:
        _, after = tables.packed_block(at, first)
        tables.claimed.append(ByteRange(at, after))
        at = after
    yield min(values, first)


def stored_size(size: int) -> int:
    """Bytes a data block takes in the image."""
    return size & ~NOT_COMPRESSED


def data_block(image: Image, start: int, size: int, expected: int) -> bytes | memoryview:
    """One data block, which must unpack to exactly `expected` bytes. Raises Malformed."""
    packed = _packed(image, start, size)
    data = packed if size & NOT_COMPRESSED else image.unpack_block(packed, expected)
    if len(data) != expected:
        raise Malformed(WHAT, f"a data block of {len(data)} bytes where {expected} belong", start)
    return data


def _packed(image: Image, start: int, size: int) -> memoryview:
    length = stored_size(size)
    if not 0 < length <= image.superblock.block_size:
        raise Malformed(WHAT, f"a data block of {length} stored bytes", start)
    if start < SUPERBLOCK_BYTES or start + length > image.superblock.inode_table:
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
        known = image.unpack_block(packed, image.superblock.block_size)
        while image.cached and len(image.cached) * image.superblock.block_size >= FRAGMENT_CACHE_BYTES:
            del image.cached[next(iter(image.cached))]
    image.cached[index] = known
    return known
