"""ELF tables and the extents they claim: does this file hold what its own header says?

Layout: System V ABI, chapters 4 (object files) and 5 (program loading), edition of 2013 with the PN_XNUM and
SHN_XINDEX extensions, read 2026-11-22.
This comes before LIEF on purpose: LIEF 1.0 answers a truncated or hollow file with an empty Binary and no error, so
that "nothing found" and "nothing read" look alike. Does NOT decode names, symbols or notes: that is LIEF's work.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from fwverify.formats.names import fill_byte
from fwverify.model.artifact import ByteRange, subtracted

MAGIC = b"\x7fELF"
MODULE_SIGNATURE = b"~Module signature appended~\n"
"""Linux scripts/sign-file.c: what may follow the last section of a signed kernel module."""

STANDALONE = 255
"""EI_OSABI of what no system loads. Code of a virtual machine (GNU Guile's) is for no machine."""
ET_REL, ET_EXEC, ET_DYN, ET_CORE = 1, 2, 3, 4
PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
SHT_NULL, SHT_NOBITS, SHT_STRTAB = 0, 8, 3
SHF_ALLOC, SHF_EXECINSTR, PF_X = 2, 4, 1
PN_XNUM, SHN_XINDEX = 0xFFFF, 0xFFFF
SEGMENT_ROWS = {32: "7I4x", 64: "2I5Q8x"}
SECTION_ROWS = {32: "4x2I4x4I8x", 64: "4xIQ8x2Q2I16x"}
"""Of both tables' rows: what is kept of them."""
DT_NULL, DT_NEEDED, DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_SONAME = 0, 1, 5, 6, 10, 14
DT_FLAGS_1, DF_1_PIE = 0x6FFFFFFB, 0x08000000

NOT_TEXT = re.compile(rb"[^\x00\t\n\r\x20-\x7e]")
"""One byte that neither text nor zero fill has. Machine code of every architecture is full of them."""
SMALL_CODE_BYTES = 32
"""Less code than this (one stub) may look like text by chance."""


class Segment(NamedTuple):
    """One program header. A named tuple, as `Section`: a program has dozens of them, and they are made in one call."""

    type: int
    flags: int
    offset: int
    address: int
    physical: int
    file_bytes: int
    memory_bytes: int


class Section(NamedTuple):
    """One section header."""

    type: int
    flags: int
    offset: int
    size: int
    link: int
    info: int

    @property
    def in_file(self) -> bool:
        return self.type not in (SHT_NULL, SHT_NOBITS) and self.size > 0


@dataclass(slots=True)
class Tables:
    """What the header and its tables say. `problems` is filled while checking; empty means every extent holds."""

    view: memoryview = field(repr=False)
    bits: int = 0
    order: str = "<"
    type: int = 0
    machine: int = 0
    entry: int = 0
    header_bytes: int = 0
    segments: tuple[Segment, ...] = ()
    sections: tuple[Section, ...] = ()
    structure: tuple[ByteRange, ...] = ()
    """File header and the two tables."""
    needed: int = 0
    """DT_NEEDED entries."""
    pie: bool = False
    """DF_1_PIE: the linker says this shared object is a program."""
    problems: list[str] = field(default_factory=list)
    unexplained: tuple[ByteRange, ...] = ()
    """Content after the last table, segment or section."""

    @property
    def size(self) -> int:
        return len(self.view)

    def has_segment(self, type: int) -> bool:
        return any(one.type == type for one in self.segments)


def read(view: memoryview) -> Tables:
    """Read the tables and check every extent.

    1. Identification and file header.
    2. Both tables lie in the file; so does every segment and every section that has bytes.
    3. There is content: something to load or to link, code that is not mere text, an entry point inside.
    4. The dynamic segment is terminated and its string table is there.
    5. Nothing but fill follows the last piece.
    """
    tables = Tables(view)
    for check in (_header, _segments, _sections, _extents, _content, _dynamic, _unclaimed):
        check(tables)
        if tables.problems and check in (_header, _segments, _sections):
            break  # without its tables nothing else can be judged
    return tables


def layout(view: memoryview) -> Tables:
    """The tables and their extents alone: what an ELF that begins here would reach over. See `problems`."""
    tables = Tables(view)
    for check in (_header, _segments, _sections, _extents):
        check(tables)
        if tables.problems:
            break
    return tables


def _header(tables: Tables) -> None:
    view = tables.view
    if len(view) < 52 or bytes(view[:4]) != MAGIC:
        tables.problems.append(f"truncated in the file header ({len(view)} bytes)")
        return
    if view[4] not in (1, 2) or view[5] not in (1, 2) or view[6] != 1:
        tables.problems.append(f"identification is not one of ELF (class {view[4]}, data {view[5]}, version {view[6]})")
        return
    tables.bits, tables.order = 32 * view[4], "<" if view[5] == 1 else ">"
    tables.header_bytes = 52 if tables.bits == 32 else 64
    if len(view) < tables.header_bytes:
        tables.problems.append(f"truncated in the file header ({len(view)} bytes)")
        return
    tables.type, tables.machine, version = struct.unpack_from(f"{tables.order}HHI", view, 16)
    size = struct.unpack_from(f"{tables.order}H", view, tables.header_bytes - 12)[0]
    for_none = tables.machine == 0 and view[7] != STANDALONE
    if version != 1 or size != tables.header_bytes or for_none:
        tables.problems.append(f"hollow file header (version {version}, size {size}, machine {tables.machine})")
    elif tables.type not in (ET_REL, ET_EXEC, ET_DYN, ET_CORE):
        tables.problems.append(f"object type {tables.type:#x} is none that is known")
    tables.entry = struct.unpack_from(f"{tables.order}{_word(tables)}", view, 24)[0]


def _word(tables: Tables) -> str:
    return "I" if tables.bits == 32 else "Q"


def _table_fields(tables: Tables) -> tuple[int, int, int, int, int, int, int]:
    """phoff, shoff, phentsize, phnum, shentsize, shnum, shstrndx."""
    word, at = _word(tables), 28 if tables.bits == 32 else 32
    phoff, shoff = struct.unpack_from(f"{tables.order}2{word}", tables.view, at)
    rest = struct.unpack_from(f"{tables.order}5H", tables.view, tables.header_bytes - 10)
    return (phoff, shoff, *rest)


def _first_section(tables: Tables, shoff: int) -> Section | None:
    """Section 0, which carries the counts that do not fit into the file header."""
    row = 40 if tables.bits == 32 else 64
    return _section(tables, shoff) if 0 < shoff <= tables.size - row else None


def _fits(tables: Tables, offset: int, count: int, row: int) -> bool:
    return tables.header_bytes <= offset <= tables.size and count <= (tables.size - offset) // row


def _segments(tables: Tables) -> None:
    phoff, shoff, row, count, *_ = _table_fields(tables)
    if count == PN_XNUM:
        first = _first_section(tables, shoff)
        count = first.info if first else count
    if count == 0:
        return
    expected = 32 if tables.bits == 32 else 56
    if row != expected or not _fits(tables, phoff, count, row):
        tables.problems.append(f"program header table ({count} entries of {row} at byte {phoff}) is not in the file")
        return
    rows = struct.iter_unpack(f"{tables.order}{SEGMENT_ROWS[tables.bits]}", tables.view[phoff : phoff + row * count])
    if tables.bits == 32:  # the flags stand behind the sizes
        rows = ((kind, flags, *between) for kind, *between, flags in rows)
    tables.segments = tuple(map(Segment._make, rows))
    tables.structure += (ByteRange(phoff, phoff + row * count),)


def _sections(tables: Tables) -> None:
    _, shoff, _, _, row, count, names = _table_fields(tables)
    if shoff == 0:
        if count:
            tables.problems.append(f"{count} sections announced, no table")
        return
    first = _first_section(tables, shoff)
    if count == 0 and first:
        count = first.size
    if names == SHN_XINDEX and first:
        names = first.link
    expected = 40 if tables.bits == 32 else 64
    if row != expected or not _fits(tables, shoff, max(count, 1), row):
        tables.problems.append(f"section table ({count} entries of {row} at byte {shoff}) is not in the file")
        return
    if count == 0 or names >= count:
        tables.problems.append(f"section table has {count} entries, its names are said to be in number {names}")
        return
    rows = struct.iter_unpack(f"{tables.order}{SECTION_ROWS[tables.bits]}", tables.view[shoff : shoff + row * count])
    tables.sections = tuple(map(Section._make, rows))
    tables.structure += (ByteRange(shoff, shoff + row * count),)


def _section(tables: Tables, at: int) -> Section:
    return Section._make(struct.unpack_from(f"{tables.order}{SECTION_ROWS[tables.bits]}", tables.view, at))


def _extents(tables: Tables) -> None:
    size = tables.size
    for at, segment in enumerate(tables.segments):
        if segment.file_bytes and segment.offset + segment.file_bytes > size:
            tables.problems.append(f"segment {at} ends at byte {segment.offset + segment.file_bytes} of {size}")
        elif segment.type == PT_LOAD and segment.file_bytes > segment.memory_bytes:
            tables.problems.append(f"segment {at} has more bytes in the file than in memory")
    beyond = [(at, one) for at, one in enumerate(tables.sections) if one.offset + one.size > size and one.in_file]
    tables.problems += [f"section {at} ends at byte {one.offset + one.size} of {size}" for at, one in beyond]
    del tables.problems[10:]  # the first few say it


def _content(tables: Tables) -> None:
    if not tables.segments and not tables.sections:
        tables.problems.append("hollow: neither program headers nor sections")
    elif tables.type in (ET_EXEC, ET_DYN) and not tables.segments:
        tables.problems.append("hollow: nothing to load (no program headers)")
    elif tables.type != ET_REL and not _has_content(tables):  # a source without code makes an object without any
        tables.problems.append("hollow: no segment or section has content")
    if tables.problems:
        return
    _entry_point(tables)
    areas = _code(tables)
    if sum(one.size for one in areas) >= SMALL_CODE_BYTES and not any(
        NOT_TEXT.search(tables.view, one.start, one.end) for one in areas
    ):
        tables.problems.append("hollow: its code is nothing but text or zeros")


def _has_content(tables: Tables) -> bool:
    return any(_loads(tables)) or any(one.in_file and one.type != SHT_STRTAB for one in tables.sections)


def _loads(tables: Tables) -> Iterator[ByteRange]:
    for one in tables.segments:
        if one.type == PT_LOAD and one.file_bytes:
            yield ByteRange(one.offset, one.offset + one.file_bytes)


def _entry_point(tables: Tables) -> None:
    loads = [one for one in tables.segments if one.type == PT_LOAD]
    if tables.entry == 0 or not loads or tables.type not in (ET_EXEC, ET_DYN):
        return
    for one in loads:
        for base in (one.address, one.physical):
            if base <= tables.entry <= base + one.memory_bytes:
                return
    tables.problems.append(f"entry point {tables.entry:#x} lies in no segment")


def code_sections(tables: Tables) -> tuple[ByteRange, ...]:
    """Where machine code and nothing else lies, as far as sections tell."""
    return tuple(
        ByteRange(one.offset, one.offset + one.size)
        for one in tables.sections
        if one.in_file and one.flags & SHF_EXECINSTR and one.flags & SHF_ALLOC
    )


def _code(tables: Tables) -> tuple[ByteRange, ...]:
    """Where machine code lies; for a program or library without any: everything it loads."""
    sections = code_sections(tables)
    if sections or tables.type == ET_REL:
        return sections
    executable = [
        ByteRange(one.offset, one.offset + one.file_bytes)
        for one in tables.segments
        if one.type == PT_LOAD and one.flags & PF_X and one.file_bytes
    ]
    header = ByteRange(0, tables.header_bytes)
    return subtracted(executable or tuple(_loads(tables)), (header, *tables.structure))


def _dynamic(tables: Tables) -> None:
    segment = next((one for one in tables.segments if one.type == PT_DYNAMIC and one.file_bytes), None)
    if segment is None or tables.problems:
        return
    rows = _dynamic_rows(tables, segment)
    if rows is None:
        tables.problems.append("dynamic segment has no end")
        return
    values = dict(rows)
    start, length = file_offset(tables, values.get(DT_STRTAB, -1)), values.get(DT_STRSZ, 0)
    names = [value for tag, value in rows if tag in (DT_NEEDED, DT_SONAME)]
    tables.needed = sum(1 for tag, _ in rows if tag == DT_NEEDED)
    tables.pie = bool(values.get(DT_FLAGS_1, 0) & DF_1_PIE)
    if start < 0 or length == 0 or start + length > tables.size:
        if names or DT_STRTAB in values:
            tables.problems.append("string table of the dynamic segment is not in the file")
    elif any(at >= length for at in names) or tables.view[start + length - 1] != 0:
        tables.problems.append("a name of the dynamic segment lies outside its string table")
    elif DT_SYMTAB in values and file_offset(tables, values[DT_SYMTAB]) < 0:
        tables.problems.append("dynamic symbol table is not in the file")


def dynamic_rows(tables: Tables) -> list[tuple[int, int]]:
    """Tag and value of every row of a sound file's dynamic segment; empty where it has none."""
    segment = next((one for one in tables.segments if one.type == PT_DYNAMIC and one.file_bytes), None)
    return (_dynamic_rows(tables, segment) or []) if segment is not None else []


def _dynamic_rows(tables: Tables, segment: Segment) -> list[tuple[int, int]] | None:
    layout = struct.Struct(f"{tables.order}2{_word(tables)}")
    rows: list[tuple[int, int]] = []
    end = segment.offset + segment.file_bytes
    for at in range(segment.offset, end - layout.size + 1, layout.size):
        tag, value = layout.unpack_from(tables.view, at)
        if tag == DT_NULL:
            return rows
        rows.append((tag, value))
    return None


def file_offset(tables: Tables, address: int) -> int:
    """Where the byte at a virtual address lies in the file; -1 when no segment loads it from there."""
    for one in tables.segments:
        if one.type == PT_LOAD and one.address <= address < one.address + one.file_bytes:
            return one.offset + address - one.address
    return -1


def _unclaimed(tables: Tables) -> None:
    if not tables.problems:
        holes = subtracted((ByteRange(0, tables.size),), claimed(tables))
        tables.unexplained = tuple(one for one in holes if not fill_byte(tables.view, one))


def claimed(tables: Tables) -> list[ByteRange]:
    """The parts of a sound file, joined. What lies between or after them, a reader of ELF knows nothing of."""
    return own(tables) + _module_signature(tables)


def own(tables: Tables) -> list[ByteRange]:
    """The same without a kernel module's signature, which ends the file wherever that is."""
    pieces = [(0, tables.header_bytes), *((one.start, one.end) for one in tables.structure)]
    loaded = [(one.offset, one.offset + one.file_bytes) for one in tables.segments if one.file_bytes]
    pieces += [one for one in loaded if one[1] <= tables.size]
    pieces += [(one.offset, one.offset + one.size) for one in tables.sections if one.in_file]
    pieces.sort()
    start, end = pieces[0]
    out: list[ByteRange] = []
    for begins, ends in pieces:  # joined as numbers, for a program has dozens of parts side by side
        if begins > end:
            out.append(ByteRange(start, end))
            start = begins
        end = max(end, ends)
    return [*out, ByteRange(start, end)]


def _module_signature(tables: Tables) -> list[ByteRange]:
    """The CMS message, its 12-byte description and the marker that sign-file puts behind a kernel module."""
    end = tables.size - len(MODULE_SIGNATURE)
    if tables.type != ET_REL or end < 12 or bytes(tables.view[end:]) != MODULE_SIGNATURE:
        return []
    signer, key = tables.view[end - 9], tables.view[end - 8]
    size = int.from_bytes(tables.view[end - 4 : end], "big") + signer + key + 12
    return [ByteRange(end - size, tables.size)] if size <= end else []
