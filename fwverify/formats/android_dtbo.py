"""Android's table of device trees and overlays (dtbo, dtb partitions): a header, entries, trees.

Source: AOSP system/libufdt/utils/src/dt_table.h, "DTB/DTBO partitions" of the AOSP documentation, read 2026-11-22.
All numbers are big-endian. Trees may be packed (version 1): their own readers see that. Tables of ACPI are not read.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from fwverify.formats.extents import Tick
from fwverify.limits import LimitExceeded
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed, Unsupported

WHAT = "DTBO table"
MAGIC = b"\xd7\xb7\xab\x1e"
HEADER = struct.Struct(">8I")
ENTRY = struct.Struct(">8I")
MAX_ENTRIES = 1024
LAST_VERSION = 1


@dataclass(frozen=True, slots=True)
class Entry:
    number: int
    entry: ByteRange
    place: ByteRange
    id: int
    rev: int
    custom: tuple[int, ...]
    """The board's own words; empty when all are 0."""


@dataclass(frozen=True, slots=True)
class Table:
    size: int
    version: int
    page: int
    entries: tuple[Entry, ...]


def looks_like(view: memoryview) -> bool:
    """The magic and a header that can be. Never raises."""
    if len(view) < HEADER.size or view[:4] != MAGIC:
        return False
    _, total, header, entry, count, start, _, _ = HEADER.unpack_from(view)
    return bool(header >= HEADER.size and entry >= ENTRY.size and start >= header and start + count * entry <= total)


def read(view: memoryview) -> Table:
    """Header and entries.

    Raises:
        Malformed, Unsupported, LimitExceeded
    """
    if not looks_like(view):
        raise Malformed(WHAT, "no header", 0)
    _, total, _, size, count, start, page, version = HEADER.unpack_from(view)
    if version > LAST_VERSION:
        raise Unsupported(f"DTBO table of version {version}")
    if total > len(view):
        raise Malformed(WHAT, f"it declares {total} bytes, {len(view)} are there", 4)
    if count > MAX_ENTRIES:
        raise LimitExceeded("DTBO entries", count)
    out = []
    for number in range(count):
        at = start + number * size
        length, offset, name, rev, *custom = ENTRY.unpack_from(view, at)
        if not length or offset < HEADER.size or offset + length > total:
            raise Malformed(WHAT, f"a tree of {length} bytes at {offset} of {total}", at)
        entry, place = ByteRange(at, at + ENTRY.size), ByteRange(offset, offset + length)
        out.append(Entry(number, entry, place, name, rev, tuple(custom) if any(custom) else ()))
    return Table(total, version, page, tuple(out))


def end(view: memoryview, at: int, tick: Tick) -> int:
    """Where a table that begins at `at` ends: every entry is in it, behind the entries."""
    tick(HEADER.size)
    here = view[at:]
    try:
        table = read(here)
    except (Malformed, Unsupported, LimitExceeded):
        return 0
    tick(ENTRY.size * len(table.entries))
    sound = table.entries and all(one.place.start >= table.entries[-1].entry.end for one in table.entries)
    return at + table.size if sound else 0
