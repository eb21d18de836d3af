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
HEADER_BYTES = 12


def notes(tables: Tables) -> Iterator[tuple[bytes, int, bytes]]:
    """Owner without its NUL, type and description, in the order of the file, each once."""
    ranges = {(one.offset, one.size) for one in tables.sections if one.type == SHT_NOTE and one.in_file}
    ranges |= {(one.offset, one.file_bytes) for one in tables.segments if one.type == PT_NOTE}
    seen: dict[int, tuple[bytes, int, bytes]] = {}
    for offset, size in sorted(ranges):
        for at, note in _in_range(tables, offset, min(offset + size, tables.size)):
            if len(seen) >= MAX_NOTES:
                break
            seen.setdefault(at, note)
    for at in sorted(seen):
        yield seen[at]


def _in_range(tables: Tables, at: int, end: int) -> Iterator[tuple[int, tuple[bytes, int, bytes]]]:
    while at + HEADER_BYTES <= end:
        name_bytes, bytes_, type_ = struct.unpack_from(f"{tables.order}III", tables.view, at)
        name = at + HEADER_BYTES
        description = name + -(-name_bytes // 4) * 4
        if description + bytes_ > end:
            return
        owner = bytes(tables.view[name : name + name_bytes]).rstrip(b"\0")
        yield at, (owner, type_, bytes(tables.view[description : description + bytes_]))
        at = description + -(-bytes_ // 4) * 4
