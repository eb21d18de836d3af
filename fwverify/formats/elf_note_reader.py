"""Notes of an ELF file: owner, type and description of each.

System V ABI, chapter 5, "Note Section"; read 2026-11-23. Taken from the bytes and not from LIEF, which turns every four
bytes of a big-endian file's notes round (LIEF 1.0: build ids and package notes came out scrambled). Does NOT know what
a note means.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from fwverify.formats.elf_tables import Tables

PT_NOTE = 4
SHT_NOTE = 7
MAX_NOTES = 10_000
MAX_TOLD = 10
"""Things that could not be read; the first few say it."""
HEADER_BYTES = 12


Row = tuple[bytes, int, bytes]


def notes(tables: Tables) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Owner without its NUL, type and description of each, in the order of the file; and what could not be read."""
    ranges = {(one.offset, one.size) for one in tables.sections if one.type == SHT_NOTE and one.in_file}
    ranges |= {(one.offset, one.file_bytes) for one in tables.segments if one.type == PT_NOTE}
    seen: dict[int, Row] = {}
    unread: list[str] = []
    for offset, size in sorted(ranges):
        end = min(offset + size, tables.size)
        for at, note in _in_range(tables, offset, end):
            if note is None:
                unread.append(f"the note at byte {at} is longer than what it lies in (until byte {end})")
            elif len(seen) < MAX_NOTES:
                seen.setdefault(at, note)
            elif at not in seen:
                unread.append(f"more than {MAX_NOTES:,} notes")
                break
    return tuple(seen[at] for at in sorted(seen)), tuple(dict.fromkeys(unread))[:MAX_TOLD]


def _in_range(tables: Tables, at: int, end: int) -> Iterator[tuple[int, Row | None]]:
    """Every note and where it lies; None for one that does not fit, behind which nothing can be found."""
    while at + HEADER_BYTES <= end:
        name_bytes, bytes_, type_ = struct.unpack_from(f"{tables.order}III", tables.view, at)
        name = at + HEADER_BYTES
        description = name + -(-name_bytes // 4) * 4
        if description + bytes_ > end:
            if any(tables.view[at:end]):  # else it is padding
                yield at, None
            return
        owner = bytes(tables.view[name : name + name_bytes]).rstrip(b"\0")
        yield at, (owner, type_, bytes(tables.view[description : description + bytes_]))
        at = description + -(-bytes_ // 4) * 4
    if any(tables.view[at:end]):
        yield at, None
