"""Master boot record: four primary partitions, and the chain of logical ones in an extended partition.

Source: "Extended boot record" and "Master boot record" (Wikipedia, structure tables) and EFI Specification 1.10 section
11.2.1 (legacy and protective records), read 2026-11-22.
Told from other boot sectors, which end with the same two bytes, by every entry being one that can be; a sector with the
parameter block of FAT or NTFS is a file system, and one of Linux's old boot sector a kernel.

Does NOT do: cylinders, heads and sectors (no reader of today uses them); boot code; sectors of other sizes than 512.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.formats.partitions import Partition
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

WHAT = "master boot record"
SECTOR_BYTES = 512
SIGNATURE, SIGNATURE_AT = b"\x55\xaa", 510
CODE_BYTES, TABLE_AT, ENTRY_BYTES, ENTRIES = 440, 446, 16, 4
PROTECTIVE = 0xEE
EXTENDED = frozenset({0x05, 0x0F, 0x85})
MAX_LOGICAL = 256
"""Links of a chain that are followed. Linux stops at 255 partitions."""
KERNEL_MAGIC, KERNEL_AT = b"HdrS", 0x202
FILE_SYSTEM_NAMES = (b"NTFS    ", b"EXFAT   ", b"-FVE-FS-", b"ReFS\0\0\0\0")
KNOWN_CODE = {"0d0087a55200f3b6b52f32bcb39c0a267c014c4f50e90fcb95ea0039373c9d59": "GNU parted 3.5"}
"""SHA-256 of boot code that a tool writes into every disk: only then is code understood."""
TYPES = {
    0x01: "fat12", 0x04: "fat16", 0x06: "fat16", 0x07: "ntfs", 0x0B: "fat32", 0x0C: "fat32", 0x0E: "fat16",
    0x82: "linux-swap", 0x83: "linux", 0x8E: "linux-lvm", 0xA2: "boot-loader", 0xA5: "freebsd", 0xA6: "openbsd",
    0xA9: "netbsd", 0xDA: "data", 0xEE: "protective", 0xEF: "efi", 0xFD: "linux-raid",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One of the four."""

    status: int
    type: int
    first: int
    """sector"""
    sectors: int
    at: int
    """Where it lies."""

    @property
    def is_free(self) -> bool:
        return not self.type


def entries(view: memoryview, at: int = 0) -> tuple[Entry, ...]:
    """The four entries of the boot record at `at`."""
    out = []
    for index in range(ENTRIES):
        place = at + TABLE_AT + index * ENTRY_BYTES
        status, kind, first, sectors = struct.unpack_from("<B3xB3xII", view, place)
        out.append(Entry(status, kind, first, sectors, place))
    return tuple(out)


def is_boot_record(view: memoryview, at: int = 0) -> bool:
    """It ends as one. Total."""
    place = at + SIGNATURE_AT
    return bytes(view[place : place + 2]) == SIGNATURE


def looks_like(view: memoryview) -> bool:
    """A boot record whose four entries are partitions of this image or empty. Total."""
    if len(view) < 2 * SECTOR_BYTES or not is_boot_record(view) or _is_something_else(view):
        return False
    found = entries(view)
    used = [one for one in found if not one.is_free]
    empty = all(not any(view[one.at : one.at + ENTRY_BYTES]) for one in found if one.is_free)
    return bool(used) and empty and _can_be(view, used)


def _can_be(view: memoryview, used: list[Entry]) -> bool:
    """Entries with a place, one of them in the image; old addresses that can be; at most one to boot from."""
    if any(one.status not in (0, 0x80) or not one.first or not one.sectors for one in used):
        return False
    if sum(one.status == 0x80 for one in used) > 1 or any(one.first + one.sectors > 1 << 32 for one in used):
        return False
    old = all(_is_address(view, one.at + offset) for one in used for offset in (1, 5))
    return old and min(one.first for one in used) * SECTOR_BYTES < len(view)


def _is_address(view: memoryview, at: int) -> bool:
    """Head, sector and cylinder: sectors count from 1; all zero where a tool does not write them."""
    return bool(view[at + 1] & 0x3F) or bytes(view[at : at + 3]) == bytes(3)


def _is_something_else(view: memoryview) -> bool:
    if bytes(view[KERNEL_AT : KERNEL_AT + 4]) == KERNEL_MAGIC or bytes(view[3:11]) in FILE_SYSTEM_NAMES:
        return True
    if view[0] not in (0xEB, 0xE9):
        return False
    sector, cluster, reserved, tables = struct.unpack_from("<HBHB", view, 11)
    powers = sector in (512, 1024, 2048, 4096) and cluster and not cluster & (cluster - 1)
    return bool(powers and reserved and tables in (1, 2) and (view[21] >= 0xF8 or view[21] == 0xF0))


@dataclass(frozen=True, slots=True)
class Chain:
    """Logical partitions of one extended partition, as far as they could be followed."""

    partitions: tuple[Partition, ...]
    records: tuple[int, ...]
    """Where the boot records of the chain lie."""
    problem: Malformed | None


def chain(view: memoryview, extended: Entry, number: int) -> Chain:
    """Follow an extended partition; `number` is what its first logical partition is called."""
    found: list[Partition] = []
    records: list[int] = []
    problem = None
    try:
        for at, logical in _links(view, extended):
            records.append(at)
            if logical is not None:
                found.append(partition(number + len(found), logical, at))
    except Malformed as raised:
        problem = raised
    return Chain(tuple(found), tuple(records), problem)


def _links(view: memoryview, extended: Entry) -> Iterator[tuple[int, Entry | None]]:
    """Boot record after boot record: each has a logical partition, counted from itself, and the place of the next,
    counted from the first. Raises Malformed."""
    start, end = extended.first, extended.first + extended.sectors
    at, seen = start, set[int]()
    for _ in range(MAX_LOGICAL):
        place = at * SECTOR_BYTES
        if at in seen or not start <= at < end:
            raise Malformed(WHAT, "the chain of logical partitions never ends or leaves its partition", place)
        if place + SECTOR_BYTES > len(view) or not is_boot_record(view, place):
            raise Malformed(WHAT, "a link of the chain of logical partitions is missing", place)
        seen.add(at)
        logical, following = entries(view, place)[:2]
        used = not logical.is_free and logical.type not in EXTENDED
        yield place, logical if used and logical.sectors else None
        if following.type not in EXTENDED or not following.sectors:
            return
        at = start + following.first
    raise Malformed(WHAT, f"more than {MAX_LOGICAL} logical partitions", at * SECTOR_BYTES)


def partition(number: int, entry: Entry, base: int = 0) -> Partition:
    """An entry as a partition; `base` is what its place counts from, bytes."""
    start = base + entry.first * SECTOR_BYTES
    label = TYPES.get(entry.type, f"type-{entry.type:02x}")
    return Partition(number, label, start, start + entry.sectors * SECTOR_BYTES)


def understood(view: memoryview, at: int, used: int = ENTRIES) -> list[ByteRange]:
    """The bytes of a boot record that mean something: entries (the first `used`) and the end; disk number in the first.

    Boot code is among them when it is a tool's own.
    """
    start = CODE_BYTES if at == 0 else TABLE_AT
    if hashlib.sha256(view[at : at + CODE_BYTES]).hexdigest() in KNOWN_CODE:
        start = 0
    end = TABLE_AT + used * ENTRY_BYTES
    return [ByteRange(at + start, at + end), ByteRange(at + SIGNATURE_AT, at + SECTOR_BYTES)]
