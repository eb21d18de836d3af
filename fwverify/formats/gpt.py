"""GUID partition table: header and entries at the front of a disk, the same again at its end.

Source: EFI Specification 1.10 section 11.2 (tables 11-1 and 11-2), kept by UEFI 2.10 section 5.3; read 2026-11-22.
1. The header at sector 1 is read, for sectors of 512 and 4096 bytes; its CRC-32 and that of its entries are computed.
2. Where it does not hold, the header at the end of the image is used, as firmware does.
3. The other header and its entries must say the same.

Does NOT do: meaning of type and attribute bits.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from fwverify.formats.extents import Tick
from fwverify.formats.names import decoded
from fwverify.formats.partitions import Partition
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

WHAT = "GUID partition table"
MAGIC = b"EFI PART"
REVISION = 0x00010000
SECTORS = (512, 4096)
HEADER_BYTES, NAME_AT, ENTRY_BYTES = 92, 56, 128
MAX_TABLE_BYTES = 1 << 20
"""All entries. Every known tool writes 16 KiB."""
MAX_ENTRY_BYTES = 4096
_HEADER = struct.Struct("<8sIIIIQQQQ16sQIII")
_ENTRY = struct.Struct("<16s16sQQQ72s")


@dataclass(frozen=True, slots=True)
class Entry:
    """One partition in use."""

    number: int
    type: bytes
    first: int
    last: int
    """sector, still its own"""
    name: bytes
    """UTF-16, up to its end"""
    at: int
    """Where it lies."""

    @property
    def says(self) -> tuple[object, ...]:
        return (self.number, self.type, self.first, self.last, self.name)


@dataclass(frozen=True, slots=True)
class Table:
    """One of the two copies, with what it says of itself."""

    sector: int
    """bytes"""
    at: int
    """Where the header lies."""
    header_bytes: int
    checksum: int
    computed: int
    own: int
    """sector that the header says it lies in"""
    other: int
    """sector of the other header"""
    first_usable: int
    last_usable: int
    disk: bytes
    entries_at: int
    """bytes"""
    count: int
    entry_bytes: int
    entries_checksum: int
    entries_computed: int
    entries: tuple[Entry, ...]

    @property
    def holds(self) -> bool:
        return self.checksum == self.computed and self.entries_checksum == self.entries_computed

    @property
    def says(self) -> tuple[object, ...]:
        """What both copies must agree on."""
        listed = tuple(one.says for one in self.entries)
        return (self.sector, self.disk, self.first_usable, self.last_usable, self.count, self.entry_bytes, listed)

    @property
    def structure(self) -> tuple[ByteRange, ...]:
        """Header and all entries."""
        end = self.entries_at + self.count * self.entry_bytes
        return (ByteRange(self.at, self.at + self.sector), ByteRange(self.entries_at, end))


def table(view: memoryview, at: int, sector: int) -> Table:
    """The copy whose header lies at `at`.

    Raises:
        Malformed: there is none, or its entries are not in the image.
    """
    if at < 0 or at + sector > len(view) or bytes(view[at : at + 8]) != MAGIC:
        raise Malformed(WHAT, "there is no header", max(at, 0))
    fields = _HEADER.unpack_from(view, at)
    _, revision, size, checksum, _, own, other, first, last, disk, place, count, each, entries_checksum = fields
    if revision != REVISION or not HEADER_BYTES <= size <= sector:
        raise Malformed(WHAT, f"a header of {size} bytes, revision {revision:#x}", at)
    if each % ENTRY_BYTES or not ENTRY_BYTES <= each <= MAX_ENTRY_BYTES or count * each > MAX_TABLE_BYTES or not count:
        raise Malformed(WHAT, f"{count} entries of {each} bytes", at + 80)
    start = place * sector
    if place < 1 or start + count * each > len(view):
        raise Malformed(WHAT, "its entries are not in the image", at + 72)
    raw = bytearray(view[at : at + size])
    raw[16:20] = bytes(4)
    computed = zlib.crc32(view[start : start + count * each])
    return Table(
        sector, at, size, checksum, zlib.crc32(raw), own, other, first, last, disk, start, count, each,
        entries_checksum, computed, _entries(view, start, count, each),
    )  # fmt: skip


def _entries(view: memoryview, start: int, count: int, each: int) -> tuple[Entry, ...]:
    out = []
    for index in range(count):
        at = start + index * each
        kind, _, first, last, _, name = _ENTRY.unpack_from(view, at)
        if any(kind):
            out.append(Entry(index + 1, kind, first, last, _until_zero(name), at))
    return tuple(out)


def _until_zero(name: bytes) -> bytes:
    for at in range(0, len(name), 2):
        if name[at : at + 2] == b"\0\0":
            return name[:at]
    return name


def front(view: memoryview) -> tuple[int, int] | None:
    """Place and sector size of the header at the front. Total."""
    for sector in SECTORS:
        if bytes(view[sector : sector + 8]) == MAGIC:
            return sector, sector
    return None


def back(view: memoryview) -> tuple[int, int] | None:
    """The same of the header in the last sector."""
    for sector in SECTORS:
        at = len(view) - sector
        if at >= 0 and bytes(view[at : at + 8]) == MAGIC:
            return at, sector
    return None


def looks_like(view: memoryview) -> bool:
    """A header at the front, or one at the end of a disk whose boot record says there is a table. Total."""
    place = front(view)
    if place is None and len(view) >= 512 and bytes(view[510:512]) == b"\x55\xaa" and 0xEE in view[450:512:16]:
        place = back(view)
    if place is None:
        return False
    try:
        table(view, *place)
    except Malformed:
        return front(view) is not None and back(view) is not None
    return True


def end(view: memoryview, at: int, tick: Tick) -> int:
    """Where the disk that begins at `at` ends, when its table holds; 0: none does."""
    tick(64)
    for sector in SECTORS:
        place = at + sector
        if bytes(view[place : place + 8]) != MAGIC:
            continue
        tick(MAX_TABLE_BYTES >> 6)
        try:
            found = table(view[at:], sector, sector)
        except Malformed:
            return 0
        size = (found.other + 1) * sector
        if found.holds and found.own == 1 and found.last_usable < found.other and at + size <= len(view):
            return at + size
    return 0


def partition(entry: Entry, sector: int) -> Partition:
    """An entry as a partition. Raises Malformed when it ends before it begins."""
    if entry.last < entry.first:
        raise Malformed(WHAT, f"partition {entry.number} ends before it begins", entry.at)
    return Partition(entry.number, label(entry.name), entry.first * sector, (entry.last + 1) * sector)


def label(name: bytes) -> str:
    """A name as text; halves of pairs that stand alone are percent-escaped."""
    return decoded(name.decode("utf-16-le", "surrogatepass").encode("utf-8", "surrogatepass"))


def understood(found: Table, used: Table) -> list[ByteRange]:
    """The bytes of one copy that mean something: header, and the entries that are used, up to the end of their names.

    Not among them: free entries, what follows a name, entries outside the usable sectors, those the other copy
    overrules.
    """
    usable = [one for one in used.entries if used.first_usable <= one.first <= one.last <= used.last_usable]
    wanted = {one.says for one in usable}
    out = [ByteRange(found.at, found.at + HEADER_BYTES)]
    out += [ByteRange(one.at, one.at + NAME_AT + len(one.name)) for one in found.entries if one.says in wanted]
    return out
