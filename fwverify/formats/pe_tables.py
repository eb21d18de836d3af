"""PE and TE tables and the extents they claim: does this file hold what its own headers say?

Sources, read 2026-11-22: Microsoft "PE Format" (COFF file header, optional header, data directories, section table);
UEFI Platform Initialization Specification 1.8, volume 1, chapter 15 (TE image). As elf_tables, this comes before LIEF,
which answers damaged files with what is left of them. How far a PE file reaches is executable_extents' affair. Does NOT
decode names of imports, resources or metadata.

A TE image is a PE image whose headers were replaced by 40 bytes; offsets still count the bytes that were taken away.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from itertools import pairwise

from fwverify.formats.elf_tables import NOT_TEXT, SMALL_CODE_BYTES
from fwverify.formats.executable_extents import COFF, MACHINES, MAX_SECTIONS, PE32, PE32_PLUS, SECTION_BYTES, slack
from fwverify.formats.names import decoded, fill_byte
from fwverify.model.artifact import ByteRange, subtracted

TE_MAGIC = b"VZ"
TE_HEADER = struct.Struct("<2sHBBHIIQIIII")
EFI_SUBSYSTEMS = {10: "efi-application", 11: "efi-driver", 12: "efi-driver", 13: "efi-driver"}
DLL, RELOCATABLE_CODE, EXECUTE, UNINITIALIZED = 0x2000, 0x20, 0x20000000, 0x80
EXPORT, IMPORT, RESOURCE, CLR, DELAY_IMPORT = 0, 1, 2, 14, 13
CHECKED = {EXPORT: "export table", IMPORT: "import table", RESOURCE: "resources", CLR: "CLR header"}
"""Data directories that are read; what they point to must be there."""
IMPORT_BYTES = 20
MAX_IMPORTS = 4096
"""Libraries one image imports. Real ones import up to a hundred."""


@dataclass(frozen=True, slots=True)
class Section:
    """One section header; addresses are relative to the image's base."""

    name: str
    address: int
    memory_bytes: int
    offset: int
    size: int
    """Bytes in the file."""
    flags: int

    @property
    def executable(self) -> bool:
        return bool(self.flags & (EXECUTE | RELOCATABLE_CODE))


@dataclass(slots=True)
class Tables:
    """What the headers say. `problems` is filled while checking; empty means every extent holds."""

    view: memoryview = field(repr=False)
    format: str = "PE"
    machine: int = 0
    bits: int = 0
    kind: str = "executable"
    entry: int = 0
    base: int = 0
    header_bytes: int = 0
    """Headers with the section table."""
    sections: tuple[Section, ...] = ()
    directories: tuple[tuple[int, int], ...] = ()
    """(address, size)"""
    imports: int = 0
    """Import descriptors."""
    problems: list[str] = field(default_factory=list)
    unexplained: tuple[ByteRange, ...] = ()

    def offset(self, address: int) -> int:
        """Where the byte at a relative address lies in the file; -1 when no section loads it from there."""
        for one in self.sections:
            if one.address <= address < one.address + one.size:
                return one.offset + address - one.address
        return address if 0 <= address < self.header_bytes and self.format == "PE" else -1

    def span(self, directory: int) -> ByteRange | None:
        """Bytes of a data directory; None where there is none."""
        address, size = self.directories[directory] if directory < len(self.directories) else (0, 0)
        at = self.offset(address) if address and size else -1
        return ByteRange(at, at + size) if 0 <= at <= len(self.view) - size else None


def is_te(head: bytes) -> bool:
    """A TE header whose fields can be. Two bytes of magic are not enough."""
    if len(head) < TE_HEADER.size or head[:2] != TE_MAGIC:
        return False
    _, machine, sections, subsystem, stripped, *_ = TE_HEADER.unpack_from(head)
    fits = machine in MACHINES and subsystem in EFI_SUBSYSTEMS and 1 <= sections <= MAX_SECTIONS
    return fits and stripped > TE_HEADER.size


def read(view: memoryview) -> Tables:
    """Read the tables and check every extent.

    1. Headers; every section that has bytes lies in the file, behind the headers, beside the others.
    2. There is content: code that is not mere text, an entry point inside.
    3. What the directories point to that are read later is there; the import table ends.
    4. Nothing but fill lies beside the pieces.
    """
    tables = Tables(view)
    for check in (_headers, _extents, _content, _directories, _unclaimed):
        check(tables)
        if tables.problems:
            break
    return tables


def _headers(tables: Tables) -> None:
    if bytes(tables.view[:2]) == TE_MAGIC:
        tables.format = "TE"
        _te_headers(tables)
        return
    view = tables.view
    new = int.from_bytes(view[0x3C:0x40], "little")
    optional = new + 4 + COFF.size
    if len(view) < optional + 96:
        tables.problems.append(f"truncated in the headers ({len(view)} bytes)")
        return
    tables.machine, count, _, _, _, size, characteristics = COFF.unpack_from(view, new + 4)
    magic = int.from_bytes(view[optional : optional + 2], "little")
    first = {PE32: 96, PE32_PLUS: 112}.get(magic, 0)
    if not first or size < first or len(view) < optional + size:
        tables.problems.append(f"hollow optional header (magic {magic:#x}, {size} bytes)")
        return
    tables.bits = 32 if magic == PE32 else 64
    tables.entry = int.from_bytes(view[optional + 16 : optional + 20], "little")
    at, width = (optional + 28, 4) if magic == PE32 else (optional + 24, 8)
    tables.base = int.from_bytes(view[at : at + width], "little")
    subsystem = int.from_bytes(view[optional + 68 : optional + 70], "little")
    tables.kind = EFI_SUBSYSTEMS.get(subsystem, "library" if characteristics & DLL else "executable")
    stated = int.from_bytes(view[optional + first - 4 : optional + first], "little")
    rows = min(stated, 16, (size - first) // 8)
    tables.directories = tuple(struct.unpack_from("<II", view, optional + first + 8 * one) for one in range(rows))
    _section_table(tables, optional + size, count, 0)


def _te_headers(tables: Tables) -> None:
    if not is_te(bytes(tables.view[: TE_HEADER.size])):
        tables.problems.append("hollow header")
        return
    _, machine, count, subsystem, stripped, entry, _, base, *_ = TE_HEADER.unpack_from(tables.view)
    tables.machine, tables.entry, tables.base = machine, entry, base
    tables.bits = 64 if machine in (0x8664, 0xAA64, 0x5064, 0x6264, 0x200) else 32
    tables.kind = EFI_SUBSYSTEMS[subsystem]
    _section_table(tables, TE_HEADER.size, count, stripped - TE_HEADER.size)


def _section_table(tables: Tables, at: int, count: int, taken_away: int) -> None:
    """Read the rows. `taken_away`: bytes that offsets count and the file does not have."""
    view = tables.view
    tables.header_bytes = at + count * SECTION_BYTES
    if tables.machine not in MACHINES or not 1 <= count <= MAX_SECTIONS:
        tables.problems.append(f"machine {tables.machine:#x} with {count} sections is none that is known")
    elif len(view) < tables.header_bytes:
        tables.problems.append(f"section table ({count} entries at byte {at}) is not in the file")
    else:
        rows = [struct.unpack_from("<8sIIIIIIHHI", view, at + SECTION_BYTES * one) for one in range(count)]
        tables.sections = tuple(_section(row, taken_away) for row in rows)


def _section(row: tuple[bytes, int, int, int, int, int, int, int, int, int], taken_away: int) -> Section:
    name, memory, address, size, offset, *_, flags = row
    if not offset and flags & UNINITIALIZED:
        size = 0
    return Section(decoded(name.rstrip(b"\0")), address, memory, offset - taken_away if size else 0, size, flags)


def _extents(tables: Tables) -> None:
    pieces = []
    for at, one in enumerate(tables.sections):
        if one.size and one.offset + one.size > len(tables.view):
            tables.problems.append(f"section {at} ends at byte {one.offset + one.size} of {len(tables.view)}")
        elif one.size and one.offset < tables.header_bytes:
            tables.problems.append(f"section {at} begins in the headers")
        elif one.size:
            pieces.append(ByteRange(one.offset, one.offset + one.size))
    if any(one.end > other.start for one, other in pairwise(sorted(pieces))):
        tables.problems.append("sections overlap")
    del tables.problems[10:]


def _content(tables: Tables) -> None:
    filled = [one for one in tables.sections if one.size]
    if not filled:
        tables.problems.append("hollow: no section has content")
        return
    lies = any(one.address <= tables.entry < one.address + max(one.memory_bytes, one.size) for one in tables.sections)
    if tables.entry and not lies and tables.offset(tables.entry) < 0:
        tables.problems.append(f"entry point {tables.entry:#x} lies in no section")
    code = [one for one in filled if one.executable]
    if sum(one.size for one in code) >= SMALL_CODE_BYTES and not any(
        NOT_TEXT.search(tables.view, one.offset, one.offset + one.size) for one in code
    ):
        tables.problems.append("hollow: its code is nothing but text or zeros")


def _directories(tables: Tables) -> None:
    for number, what in CHECKED.items():
        address, size = tables.directories[number] if number < len(tables.directories) else (0, 0)
        if address and size and tables.offset(address) < 0:
            tables.problems.append(f"{what} is not in the file")
    address = tables.directories[IMPORT][0] if len(tables.directories) > IMPORT else 0
    at = tables.offset(address) if address else -1
    while at >= 0:
        row = bytes(tables.view[at : at + IMPORT_BYTES])
        if len(row) < IMPORT_BYTES or tables.imports > MAX_IMPORTS:
            tables.problems.append("import table has no end")
            return
        if not any(row[12:16]):  # no name: the row that ends it
            return
        tables.imports, at = tables.imports + 1, at + IMPORT_BYTES


def _unclaimed(tables: Tables) -> None:
    view = tables.view
    if tables.format == "PE":
        found = slack(view)
        if found is None:
            tables.problems.append("its parts do not make one file")
        else:
            tables.unexplained = found.holes
        return
    pieces = [ByteRange(0, tables.header_bytes)]
    pieces += [ByteRange(one.offset, one.offset + one.size) for one in tables.sections if one.size]
    holes = subtracted((ByteRange(0, len(view)),), pieces)
    tables.unexplained = tuple(one for one in holes if not fill_byte(view, one))
