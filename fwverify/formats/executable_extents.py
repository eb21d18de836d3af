"""How far an ELF or PE image that begins at some offset reaches, and what in a file belongs to no part of it.

Sources: System V ABI, chapters 4 and 5 (through formats/elf_tables); Microsoft "PE Format": MS-DOS stub, COFF file
header, optional header, section table, attribute certificate table, COFF symbol table; read 2026-11-22.
For finding executables in bytes of other kinds, and payloads behind or between the parts of executables. What the
parts mean is `executable`'s affair. Does NOT find images as they lie in memory (relocated, without their file's
headers), TE images, Mach-O; ELF files with more than 65,000 sections or segments are not looked for.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fwverify.formats import elf_tables
from fwverify.formats.extents import Tick
from fwverify.formats.names import fill_byte
from fwverify.model.artifact import ByteRange, merged, subtracted

ELF_MAGIC, PE_MAGIC = elf_tables.MAGIC, b"MZ"
SPLIT_BY = "executable_overlay"
"""Name of the container that takes executables apart: what else lay in the file is then looked into on its own."""
ROW_BYTES = 64
"""About as many as a row of a program or section table costs to look at."""
WITHIN_BYTES = 1 << 20
"""Bytes that `within` may look at beside twice the size."""
_MAGICS = re.compile(rb"\x7fELF|MZ")
MAX_SIGNATURE_BYTES = 1 << 16
"""Behind a kernel module: a signature with certificates has a few KiB."""

COFF = struct.Struct("<HHIIIHH")
MACHINES = frozenset(
    {0x14C, 0x1C0, 0x1C2, 0x1C4, 0x1F0, 0x200, 0xEBC, 0x5032, 0x5064, 0x5128, 0x6232, 0x6264, 0x8664, 0xAA64}
)
"""i386, ARM, Thumb, ARMv7, PowerPC, Itanium, EFI byte code, RISC-V (3), LoongArch (2), x86-64, ARM64."""
PE_SIGNATURES = tuple(b"PE\0\0" + machine.to_bytes(2, "little") for machine in sorted(MACHINES))
"""What is searched for: `MZ` is two bytes that stand everywhere, in data and in code."""
NEAR_BYTES = 1024
"""Nearly every PE header lies this close behind the beginning of its file."""
PE32, PE32_PLUS = 0x10B, 0x20B
SECTION_BYTES, MAX_SECTIONS = 40, 96
SYMBOL_BYTES = 18
MAX_HEADERS_BYTES = 1 << 16
UNINITIALIZED = 0x80
SECURITY = 4
"""Number of the data directory that is the certificate table's; the only one that states an offset into the file."""


def elf_end(view: memoryview, at: int, tick: Tick) -> int:
    """Where the ELF file that begins at `at` ends; 0 when none does.

    1. Header, program and section table hold, and every segment and section lies in the view.
    2. A kernel module's signature behind the last section belongs to it.
    3. Within those borders it is a whole ELF file with content (`elf_tables.read` has no problem).
    """
    tick(ROW_BYTES)
    here = view[at:]
    rows = _elf_rows(here)
    if not rows:
        return 0
    tick(rows * ROW_BYTES)
    tables = elf_tables.layout(here)  # 1
    if tables.problems:
        return 0
    end = max(one.end for one in elf_tables.own(tables))
    tick(end >> 3)  # of its code a little is looked at, of its tables all
    end = _with_signature(here, end, tables.type)  # 2
    return 0 if elf_tables.read(here[:end]).problems else at + end  # 3


def _elf_rows(view: memoryview) -> int:
    """Rows of both tables; 0 where the header cannot be one (or says that it counts them elsewhere)."""
    if len(view) < 52 or view[:4] != ELF_MAGIC or view[4] not in (1, 2) or view[5] not in (1, 2) or view[6] != 1:
        return 0
    at = 42 if view[4] == 1 else 54
    if len(view) < at + 10:
        return 0
    row, segments, section_row, sections, _ = struct.unpack_from("<5H" if view[5] == 1 else ">5H", view, at)
    if segments == elf_tables.PN_XNUM or row not in (0, 32, 56) or section_row not in (0, 40, 64):
        return 0
    return int(segments + sections)


def _with_signature(view: memoryview, end: int, kind: int) -> int:
    if kind != elf_tables.ET_REL:
        return end
    behind = bytes(view[end : end + MAX_SIGNATURE_BYTES])
    marker = behind.find(elf_tables.MODULE_SIGNATURE)
    if marker < 0:
        return end
    signed = end + marker + len(elf_tables.MODULE_SIGNATURE)
    whole = elf_tables.layout(view[:signed])
    joined = merged(elf_tables.claimed(whole))[-1]
    return signed if joined.start < end and joined.end == signed else end


@dataclass(frozen=True, slots=True)
class _Pe:
    """Pieces of a PE file."""

    pieces: tuple[ByteRange, ...]
    """Headers, sections with bytes in the file, COFF symbols."""
    certificates: ByteRange | None
    """The certificate table, where it lies in the view."""

    @property
    def end(self) -> int:
        return max(one.end for one in (*self.pieces, *([self.certificates] if self.certificates else [])))


def pe_begin(view: memoryview, at: int, lowest: int, tick: Tick) -> int:
    """Where the file begins whose PE signature stands at `at`: the nearest `MZ` whose header points there; else -1."""
    end = at
    for reach in (NEAR_BYTES, MAX_HEADERS_BYTES):
        start = max(lowest, at - reach)
        if start >= end:
            break
        tick(end - start)
        piece = bytes(view[start : end + 1])
        hit = piece.rfind(PE_MAGIC)
        while hit >= 0:
            new = int.from_bytes(view[start + hit + 0x3C : start + hit + 0x40], "little")
            if new == at - start - hit:
                return start + hit
            tick(ROW_BYTES)
            hit = piece.rfind(PE_MAGIC, 0, hit + 1)
        end = start
    return -1


def pe_end(view: memoryview, at: int, tick: Tick) -> int:
    """Where the PE file that begins at `at` ends, its certificate table included; 0 when none does."""
    tick(ROW_BYTES)
    found = _pe(view[at:], tick)
    return at + found.end if found else 0


def _pe(view: memoryview, tick: Tick) -> _Pe | None:
    """The file's layout, when every field of its headers can be."""
    new = int.from_bytes(view[0x3C:0x40], "little")
    if view[:2] != PE_MAGIC or not 0x40 <= new <= MAX_HEADERS_BYTES or bytes(view[new : new + 4]) != b"PE\0\0":
        return None
    if len(view) < new + 4 + COFF.size + 96:
        return None
    machine, sections, _, symbols, symbol_count, optional_bytes, _ = COFF.unpack_from(view, new + 4)
    optional = new + 4 + COFF.size
    table = optional + optional_bytes
    if machine not in MACHINES or not 1 <= sections <= MAX_SECTIONS or len(view) < table + sections * SECTION_BYTES:
        return None
    tick(sections * ROW_BYTES)
    headers = _optional(view, optional, optional_bytes)
    if not table + sections * SECTION_BYTES <= headers <= len(view):
        return None
    pieces = _sections(view, table, sections, headers)
    if pieces is None:
        return None
    pieces += _symbols(view, symbols, symbol_count)
    return _Pe((ByteRange(0, headers), *pieces), _certificates(view, optional, optional_bytes, pieces))


def _optional(view: memoryview, at: int, size: int) -> int:
    """SizeOfHeaders, or 0 where the optional header cannot be one."""
    magic, section_alignment, file_alignment = struct.unpack_from("<H30xII", view, at)
    image, headers = struct.unpack_from("<II", view, at + 56)
    if magic not in (PE32, PE32_PLUS) or size < 96 or file_alignment & (file_alignment - 1):
        return 0
    aligned = 0 < file_alignment <= 1 << 16 and section_alignment >= file_alignment
    return headers if aligned and headers <= min(image, MAX_HEADERS_BYTES) else 0


def _sections(view: memoryview, table: int, count: int, headers: int) -> list[ByteRange] | None:
    """Where sections lie in the file; None when one cannot lie there."""
    out: list[ByteRange] = []
    for at in range(table, table + count * SECTION_BYTES, SECTION_BYTES):
        size, start = struct.unpack_from("<II", view, at + 16)
        flags = int.from_bytes(view[at + 36 : at + 40], "little")
        if not size or (not start and flags & UNINITIALIZED):
            continue
        if start < headers or start + size > len(view):
            return None
        out.append(ByteRange(start, start + size))
    return out or None


def _symbols(view: memoryview, at: int, count: int) -> list[ByteRange]:
    """The COFF symbol table and its strings, which some linkers leave behind the last section."""
    strings = at + count * SYMBOL_BYTES
    if not at or not count or strings + 4 > len(view):
        return []
    end = strings + int.from_bytes(view[strings : strings + 4], "little")
    return [ByteRange(at, end)] if strings + 4 <= end <= len(view) else []


def _certificates(view: memoryview, optional: int, size: int, pieces: list[ByteRange]) -> ByteRange | None:
    plus = int.from_bytes(view[optional : optional + 2], "little") == PE32_PLUS
    directories = optional + (112 if plus else 96)
    if directories + 8 * (SECURITY + 1) > optional + size:
        return None
    count = int.from_bytes(view[directories - 4 : directories], "little")
    start, length = struct.unpack_from("<II", view, directories + 8 * SECURITY)
    lies = length and start >= max(one.end for one in pieces) and start + length <= len(view)
    return ByteRange(start, start + length) if lies and count > SECURITY else None


def within(view: memoryview, spans: Iterable[ByteRange]) -> Iterator[ByteRange]:
    """Executables that lie in some bytes. Where there is too much to look at, the rest of those bytes as one."""
    for span in spans:
        here, reached, left = view[: span.end], span.start, [WITHIN_BYTES + 2 * span.size]

        def tick(size: int, left: list[int] = left) -> None:
            left[0] -= size

        for hit in _MAGICS.finditer(here, span.start):
            if hit.start() < reached:
                continue
            if left[0] < 0:
                yield ByteRange(hit.start(), span.end)
                break
            tick(ROW_BYTES)
            end = (elf_end if hit[0] == ELF_MAGIC else pe_end)(here, hit.start(), tick)
            if end:
                yield ByteRange(hit.start(), end)
                reached = end


@dataclass(frozen=True, slots=True)
class Slack:
    """Bytes of an executable's file that belong to no part of the executable."""

    kind: str
    """ELF or PE"""
    own: tuple[ByteRange, ...]
    """The executable's own parts and fill between them."""
    holes: tuple[ByteRange, ...]
    """Neither its parts nor fill."""

    @property
    def appended(self) -> bool:
        """All of it lies behind the executable."""
        return len(self.own) == 1 and self.own[0].start == 0


def slack(view: memoryview) -> Slack | None:
    """What in a file that begins with an executable belongs to no part of it; None where it is no sound executable."""
    if view[:4] == ELF_MAGIC:
        if not _elf_rows(view):
            return None
        tables = elf_tables.layout(view)
        return None if tables.problems else _slack("ELF", view, elf_tables.claimed(tables))
    found = _pe(view, lambda _: None)
    if found is None:
        return None
    return _slack("PE", view, [*found.pieces, *([found.certificates] if found.certificates else [])])


def is_sound(view: memoryview) -> bool:
    """Whether `slack` could say what belongs to the executable that the file begins with, which is quicker."""
    if view[:4] == ELF_MAGIC:
        return bool(_elf_rows(view)) and not elf_tables.layout(view).problems
    return _pe(view, lambda _: None) is not None


def _slack(kind: str, view: memoryview, pieces: list[ByteRange]) -> Slack:
    whole = (ByteRange(0, len(view)),)
    holes = tuple(one for one in subtracted(whole, pieces) if not fill_byte(view, one))
    return Slack(kind, subtracted(whole, holes), holes)
