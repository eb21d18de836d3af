"""Tables of SquashFS 4.0: metadata blocks in a row, tables with an index behind them, and what bounds them.

Source: Linux kernel Documentation/filesystems/squashfs.rst (sections 3.3 to 3.7) and fs/squashfs/squashfs_fs.h, read
2026-11-22. A table's bytes are claimed block by block; what lies between its blocks is claimed by nobody.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from fwverify.formats.codecs import Block
from fwverify.formats.squashfs_inodes import WHAT, Table
from fwverify.formats.squashfs_variants import ABSENT, SUPERBLOCK_BYTES
from fwverify.limits import MIB, Budget, LimitExceeded
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

METADATA_BYTES = 8192
"""Unpacked size of a metadata block; only the last of a table may be smaller."""
METADATA_NOT_COMPRESSED = 1 << 15
MAX_TABLE_BYTES = 128 * MIB
"""Unpacked tables together. 300,000 files need about 40 MiB."""
ATTRIBUTE_HEADER = struct.Struct("<QII")
POINTER_BYTES = 8


@dataclass(slots=True)
class Tables:
    """What reading the tables shares."""

    view: memoryview
    bytes_used: int
    unpack_block: Block
    budget: Budget
    unpacked: int = 0
    claimed: list[ByteRange] = field(default_factory=list)

    def block(self, at: int, end: int) -> tuple[bytes, int]:
        """One metadata block and where it ends."""
        packed, plain, after = self.packed_block(at, end)
        data = bytes(packed) if plain else self.unpack_block(packed, METADATA_BYTES)
        self.unpacked += len(data)
        if self.unpacked > MAX_TABLE_BYTES:
            raise LimitExceeded("SquashFS table bytes", self.unpacked)
        self.budget.check_time()
        return data, after

    def packed_block(self, at: int, end: int) -> tuple[memoryview, bool, int]:
        """One metadata block as stored, whether it is stored plain, and where it ends."""
        if not SUPERBLOCK_BYTES <= at <= end - 2:
            raise Malformed(WHAT, "a metadata block lies outside its table", at)
        header = int.from_bytes(self.view[at : at + 2], "little")
        size = header & (METADATA_NOT_COMPRESSED - 1)
        if not 0 < size <= METADATA_BYTES or at + 2 + size > end:
            raise Malformed(WHAT, f"a metadata block of {size} bytes", at)
        return self.view[at + 2 : at + 2 + size], bool(header & METADATA_NOT_COMPRESSED), at + 2 + size

    def joined(self, start: int, end: int) -> Table:
        """A table that is metadata blocks in a row."""
        parts: list[bytes] = []
        starts: dict[int, int] = {}
        at, position = start, 0
        while at < end:
            starts[at - start] = position
            data, at = self.block(at, end)
            parts.append(data)
            position += len(data)
        self.claimed.append(ByteRange(start, end))
        return Table(b"".join(parts), starts)

    def indexed(self, start: int, count: int, entry_bytes: int) -> tuple[bytes, int]:
        """A table with an index of its blocks behind it: its bytes, and where its first block begins."""
        pointers = self.pointers(start, count, entry_bytes)
        parts: list[bytes] = []
        for at in pointers:
            data, end = self.block(at, start)
            self.claimed.append(ByteRange(at, end))
            parts.append(data)
        joined = b"".join(parts)
        if len(joined) != count * entry_bytes:
            raise Malformed(WHAT, f"a table of {count} entries has {len(joined)} bytes", start)
        return joined, pointers[0] if pointers else start

    def pointers(self, start: int, count: int, entry_bytes: int) -> tuple[int, ...]:
        """The index of a table: one place for each of its metadata blocks."""
        blocks = -(-count * entry_bytes // METADATA_BYTES)
        if not blocks:
            return ()
        if start < SUPERBLOCK_BYTES or start + blocks * POINTER_BYTES > self.bytes_used:
            raise Malformed(WHAT, f"an index of {blocks} blocks lies outside the image", start)
        if blocks * METADATA_BYTES > MAX_TABLE_BYTES:
            raise LimitExceeded("SquashFS table bytes", blocks * METADATA_BYTES)
        found = struct.unpack_from(f"<{blocks}Q", self.view, start)
        if any(one >= other for one, other in zip(found, (*found[1:], start), strict=True)):
            raise Malformed(WHAT, "the blocks of a table are not in order", start)
        self.claimed.append(ByteRange(start, start + blocks * POINTER_BYTES))
        return found


@dataclass(frozen=True, slots=True)
class AttributeTables:
    """Extended attributes, unpacked."""

    values: Table
    """Names and values."""
    sets: bytes
    """16 bytes for each set: where its names begin, how many, how long."""
    place: ByteRange | None
    """Of the values in the image."""


NO_ATTRIBUTES = AttributeTables(Table(b"", {}), b"", None)


def attributes(tables: Tables, start: int) -> tuple[AttributeTables, int]:
    """Values, then their index, then a header that names both; and where the first of them begins.

    Raises:
        Malformed, LimitExceeded: as for every table.
    """
    if start == ABSENT:
        return NO_ATTRIBUTES, tables.bytes_used
    if not SUPERBLOCK_BYTES <= start <= tables.bytes_used - ATTRIBUTE_HEADER.size:
        raise Malformed(WHAT, "its attribute table lies outside it", 56)
    values, count, _ = ATTRIBUTE_HEADER.unpack_from(tables.view, start)
    tables.claimed.append(ByteRange(start, start + ATTRIBUTE_HEADER.size))
    behind = start + ATTRIBUTE_HEADER.size
    pointers = tables.pointers(behind, count, 16)
    sets: list[bytes] = []
    for at in pointers:
        data, end = tables.block(at, start)
        tables.claimed.append(ByteRange(at, end))
        sets.append(data)
    joined = b"".join(sets)
    if len(joined) != count * 16:
        raise Malformed(WHAT, f"a table of {count} attribute sets has {len(joined)} bytes", start)
    first = pointers[0] if pointers else start
    if not values < first:
        return AttributeTables(Table(b"", {}), joined, None), first
    return AttributeTables(tables.joined(values, first), joined, ByteRange(values, first)), values
