"""A digest of what an ELF file loads: the same for a file before and after it was stripped or signed.

System V ABI, chapters 4 and 5 (through formats/elf_tables); strip(1) and objcopy(1) of GNU binutils; read 2026-11-22.
Stripping takes sections away that are not loaded, and changes the file header and the tables that lie in the first
loaded segment; a signature follows the file. Left out are therefore the file header and both tables; of an object
that is not linked yet (a kernel module) the sections count that will be loaded. Does NOT survive relinking, a changed
run path or prelinking.
"""

from __future__ import annotations

import hashlib
import struct

from fwverify.formats import elf_tables
from fwverify.formats.elf_tables import PT_LOAD, SHF_ALLOC, Tables
from fwverify.model.artifact import ByteRange, subtracted

MIN_BYTES = 256
"""Less than this is a stub that many files share."""


def loaded_digest(view: memoryview) -> bytes:
    """SHA-256 over address and content of what is loaded; empty for too little, or tables that do not hold."""
    tables = elf_tables.layout(view)
    if tables.problems:
        return b""
    pieces = _linked(tables) if tables.segments else _unlinked(tables)
    if sum(range_.size for _, range_ in pieces) < MIN_BYTES:
        return b""
    digest = hashlib.sha256(struct.pack(">HH", tables.machine, tables.bits))
    for address, piece in pieces:
        digest.update(struct.pack(">QQ", address, piece.size))
        digest.update(view[piece.start : piece.end])
    return digest.digest()


def _linked(tables: Tables) -> list[tuple[int, ByteRange]]:
    own = (ByteRange(0, tables.header_bytes), *tables.structure)
    out: list[tuple[int, ByteRange]] = []
    for one in tables.segments:
        if one.type != PT_LOAD or not one.file_bytes:
            continue
        whole = ByteRange(one.offset, one.offset + one.file_bytes)
        out += [(one.address + piece.start - one.offset, piece) for piece in subtracted((whole,), own)]
    return out


def _unlinked(tables: Tables) -> list[tuple[int, ByteRange]]:
    return [
        (0, ByteRange(one.offset, one.offset + one.size))
        for one in tables.sections
        if one.in_file and one.flags & SHF_ALLOC
    ]
