"""Ar archives: static libraries and Debian packages, with the long names and symbol tables of System V/GNU and BSD.

Sources: ar(5) of FreeBSD and of libarchive, "Archive file layout", "BSD", "GNU and SVR4 variants"; deb(5) of dpkg 1.21,
"FORMAT"; binutils 2.40 binutils.texi, "ar" (thin archives); read 2026-11-23. The format has no end marker and no check:
it ends where its bytes end.

Not done: thin archives (their members are files of their own), the big and small archives of AIX.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field, replace
from typing import Literal

from fwverify.formats.cursor import Cursor
from fwverify.formats.entries import Entry, EntryKind, Irregularity, judged
from fwverify.formats.names import decoded, fill_byte
from fwverify.limits import Budget, LimitExceeded
from fwverify.model.artifact import ByteRange, subtracted
from fwverify.model.evidence import AnomalyKind
from fwverify.model.examining import Malformed, Unsupported

WHAT = "ar archive"
MAGIC, THIN = b"!<arch>\n", b"!<thin>\n"
HEADER_BYTES = 60
HEADER = re.compile(rb"[\x20-\x7e\x80-\xff]{16}.{32}[0-9]{1,10} *`\n", re.DOTALL)
NUMBERS = ByteRange(16, 48)
"""Time, owner, group and mode in a header: nobody here reads them."""
_UNREAD_NUMBERS = re.compile(rb"[-0-9 ]*")
LONG_NAMES, SYMBOLS, SYMBOLS_64 = b"//", b"/", b"/SYM64/"
BSD_NAME = b"#1/"
BSD_SYMBOLS = (b"__.SYMDEF", b"__.SYMDEF SORTED", b"__.SYMDEF_64", b"__.SYMDEF_64 SORTED")
DEBIAN = "debian-binary"
"""The first member of a Debian package."""
_SYMBOL_NAMES = re.compile(rb"(?:[\x20-\x7e\x80-\xff]+\0)*")


@dataclass(slots=True)
class ArArchive:
    """A whole archive, read as far as it goes."""

    entries: tuple[Entry, ...] = ()
    structure: list[ByteRange] = field(default_factory=list)
    """The magic, name tables and symbol tables that hold nothing else."""
    irregularities: list[Irregularity] = field(default_factory=list)
    problem: Malformed | Unsupported | LimitExceeded | None = None
    """What stopped the reading; the entries before it are sound."""


@dataclass(frozen=True, slots=True)
class _Head:
    """One header, as written."""

    start: int
    name: bytes
    """16 bytes without the blanks behind."""
    size: int


@dataclass(frozen=True, slots=True)
class _Body:
    """Where content lies; may be empty."""

    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start

    @property
    def ranges(self) -> tuple[ByteRange, ...]:
        return (ByteRange(self.start, self.end),) if self.size else ()


@dataclass(slots=True)
class _Reading:
    """The walk over the headers."""

    view: memoryview
    budget: Budget
    archive: ArArchive
    found: list[Entry] = field(default_factory=list)
    heads: set[int] = field(default_factory=set)
    """Where members begin: what symbol tables may point at."""
    symbols: list[tuple[bytes, _Body]] = field(default_factory=list)
    """Kind and place of symbol tables, judged at the end."""
    table: _Body | None = None
    """Long names."""
    used: list[ByteRange] = field(default_factory=list)
    """Of the long names."""


def looks_like(view: memoryview) -> bool:
    return bytes(view[: len(MAGIC)]) in (MAGIC, THIN)


def header_at(view: memoryview, at: int) -> tuple[bytes, int] | None:
    """Name field without blanks and size of the member whose header is at `at`; None where none is."""
    raw = bytes(view[at : at + HEADER_BYTES])
    if len(raw) < HEADER_BYTES or not HEADER.fullmatch(raw):
        return None
    return raw[:16].rstrip(b" "), int(raw[48:58])


def read(view: memoryview, budget: Budget) -> ArArchive:
    """Read all headers. What stops that is kept in `problem`, not raised."""
    archive = ArArchive()
    reading = _Reading(view, budget, archive)
    try:
        if bytes(view[: len(THIN)]) == THIN:
            raise Unsupported("thin ar archive: the content of its members lies in other files")
        _walk(reading)
    except (Malformed, Unsupported, LimitExceeded) as problem:
        archive.problem = problem
    _tables(reading)
    archive.entries = _judged(reading.found)
    return archive


def content(view: memoryview, entry: Entry, budget: Budget) -> memoryview:
    """The content of a member, a slice. Raises LimitExceeded."""
    budget.size(entry.size)
    budget.output(entry.size)
    return view[entry.ranges[0].start : entry.ranges[0].end] if entry.ranges else memoryview(b"")


def _judged(found: list[Entry]) -> tuple[Entry, ...]:
    """Libraries often hold two members of one name; in a package dpkg and others may take different ones."""
    package = bool(found) and found[0].name == DEBIAN
    verdicts = judged(found, whole_system=False, fold_case=False)
    kept = [
        tuple(one for one in more if package or one.kind is not AnomalyKind.DUPLICATE_MEMBER) for more in verdicts
    ]  # fmt: skip
    return tuple(
        replace(one, irregularities=(*one.irregularities, *more)) for one, more in zip(found, kept, strict=True)
    )


def _walk(reading: _Reading) -> None:
    cursor = Cursor(reading.view, WHAT)
    cursor.skip(len(MAGIC), "magic")
    reading.archive.structure.append(ByteRange(0, cursor.at))
    while cursor.left:
        if fill_byte(reading.view, ByteRange(cursor.at, cursor.end)):
            rest = ByteRange(cursor.at, cursor.end)
            note = Irregularity(AnomalyKind.TRAILING_DATA, "padding after the last member", rest)
            reading.archive.irregularities.append(note)
            return
        head = _head(cursor)
        reading.budget.member()
        reading.heads.add(head.start)
        data = _Body(cursor.at, cursor.at + head.size)
        cursor.skip(head.size, f"content of {decoded(head.name)}")
        _take(reading, head, data)
        if head.size % 2 and cursor.left and reading.view[cursor.at] == 0x0A:
            reading.archive.structure.append(ByteRange(cursor.at, cursor.at + 1))
        cursor.skip(min(head.size % 2, cursor.left), "padding")


def _head(cursor: Cursor) -> _Head:
    start = cursor.at
    cursor.skip(HEADER_BYTES, "header")
    known = header_at(cursor.view, start)
    if known is None:
        raise Malformed(WHAT, "a member does not begin with a header", start)
    return _Head(start, *known)


def _take(reading: _Reading, head: _Head, data: _Body) -> None:
    """A table, or a member."""
    if head.name == LONG_NAMES:
        if reading.table is not None:
            raise Malformed(WHAT, "it has two tables of names", head.start)
        reading.table = data
    elif head.name in (SYMBOLS, SYMBOLS_64):
        reading.symbols.append((head.name, data))
    else:
        _member(reading, head, data)
        return
    reading.archive.structure.extend(_header_ranges(reading.view, head.start))


def _member(reading: _Reading, head: _Head, data: _Body) -> None:
    frame = list(_header_ranges(reading.view, head.start))
    name, notes = head.name, []
    if head.name.startswith(BSD_NAME) and head.name[len(BSD_NAME) :].isdigit():
        name, data, named = _bsd_name(reading, int(head.name[len(BSD_NAME) :]), data)
        frame.extend(named)
    elif head.name[:1] == b"/" and head.name[1:].isdigit():
        name = _long_name(reading, int(head.name[1:]), head.start)
    elif name.endswith(b"/") and len(name) > 1:
        name = name[:-1]
    if name in BSD_SYMBOLS:
        reading.symbols.append((name, data))
        reading.archive.structure.extend(frame)
        return
    if b"\0" in name or not name:
        place = ByteRange(head.start, head.start + HEADER_BYTES)
        notes.append(Irregularity(AnomalyKind.HEADER_DISAGREES, "a member without a sound name", place))
    reading.found.append(
        Entry(decoded(name), EntryKind.FILE, data.size, 0, "", data.ranges, tuple(frame), (), None, tuple(notes))
    )


def _header_ranges(view: memoryview, start: int) -> tuple[ByteRange, ...]:
    """The header; without its numbers where they are none."""
    whole = ByteRange(start, start + HEADER_BYTES)
    numbers = NUMBERS.shifted(start)
    if _UNREAD_NUMBERS.fullmatch(view[numbers.start : numbers.end]):
        return (whole,)
    return subtracted((whole,), (numbers,))


def _bsd_name(reading: _Reading, size: int, data: _Body) -> tuple[bytes, _Body, tuple[ByteRange, ...]]:
    """(name, what follows it, where it lies): the first bytes of the content, filled up with zeros."""
    if size > data.size:
        raise Malformed(WHAT, f"a name of {size} bytes in a member of {data.size}", data.start)
    _check_name(reading, size)
    raw = bytes(reading.view[data.start : data.start + size])
    name, _, fill = raw.partition(b"\0")
    named = size if not fill.strip(b"\0") else len(name) + 1
    return name, _Body(data.start + size, data.end), _Body(data.start, data.start + named).ranges


def _long_name(reading: _Reading, offset: int, at: int) -> bytes:
    """A line of the table of names: `name/` and a line feed (GNU), or up to a zero (Windows)."""
    table = reading.table
    if table is None or offset >= table.size:
        raise Malformed(WHAT, "a long name lies outside the table of names", at)
    most = reading.budget.limits.max_name_bytes + 2
    piece = bytes(reading.view[table.start + offset : min(table.start + offset + most, table.end)])
    ends = [one for one in (piece.find(b"\n"), piece.find(b"\0")) if one >= 0]
    if not ends:
        _check_name(reading, len(piece))
        raise Malformed(WHAT, "a long name does not end", table.start + offset)
    end = min(ends)
    reading.used.append(ByteRange(table.start + offset, table.start + offset + end + 1))
    return piece[:end].removesuffix(b"/")


def _check_name(reading: _Reading, size: int) -> None:
    if size > reading.budget.limits.max_name_bytes:
        raise LimitExceeded("max_name_bytes", size)


def _tables(reading: _Reading) -> None:
    """Claim the names that were used and the symbol tables that hold nothing but symbols of members."""
    structure = reading.archive.structure
    structure.extend(reading.used)
    for kind, place in reading.symbols:
        if _sound(reading, kind, place):
            structure.extend(place.ranges)
        else:
            note = "a symbol table that does not fit its members"
            where = place.ranges[0] if place.size else None
            reading.archive.irregularities.append(Irregularity(AnomalyKind.HEADER_DISAGREES, note, where))


def _sound(reading: _Reading, kind: bytes, place: _Body) -> bool:
    raw = bytes(reading.view[place.start : place.end])
    if kind in (SYMBOLS, SYMBOLS_64):
        wide = 8 if kind == SYMBOLS_64 else 4
        return _gnu_symbols(raw, wide, reading.heads) or _windows_symbols(raw, reading.heads)
    wide = 8 if b"_64" in kind else 4
    return _bsd_symbols(raw, wide, "<", reading.heads) or _bsd_symbols(raw, wide, ">", reading.heads)


def _gnu_symbols(raw: bytes, wide: int, heads: set[int]) -> bool:
    """Count, where each symbol's member begins, the symbols' names with a zero behind each, zeros."""
    names = wide * (int.from_bytes(raw[:wide], "big") + 1)
    if len(raw) < names:
        return False
    offsets = _numbers(raw[wide:names], wide, ">")
    return heads.issuperset(offsets) and _only_names(raw[names:], len(offsets))


def _windows_symbols(raw: bytes, heads: set[int]) -> bool:
    """Members and where they begin, symbols and the ordinal of their member, names; least byte first."""
    symbols = 4 * (int.from_bytes(raw[:4], "little") + 1)
    names = symbols + 4 + 2 * int.from_bytes(raw[symbols : symbols + 4], "little")
    if len(raw) < names:
        return False
    members, ordinals = _numbers(raw[4:symbols], 4, "<"), _numbers(raw[symbols + 4 : names], 2, "<")
    fit = heads.issuperset(members) and all(0 < one <= len(members) for one in ordinals)
    return fit and _only_names(raw[names:], len(ordinals))


def _bsd_symbols(raw: bytes, wide: int, order: Literal["<", ">"], heads: set[int]) -> bool:
    """Bytes of pairs, pairs of name and member, bytes of names, names."""
    (size,) = _numbers(raw[:wide], wide, order) or (0,)
    names = 2 * wide + size
    if size % (2 * wide) or len(raw) < names:
        return False
    (room,) = _numbers(raw[names - wide : names], wide, order) or (0,)
    pairs = _numbers(raw[wide : wide + size], wide, order)
    return room <= len(raw) - names and heads.issuperset(pairs[1::2]) and _only_names(raw[names:], len(pairs) // 2)


def _numbers(raw: bytes, wide: int, order: Literal["<", ">"]) -> tuple[int, ...]:
    kind = {2: "H", 4: "I", 8: "Q"}[wide]
    return struct.unpack(f"{order}{len(raw) // wide}{kind}", raw) if len(raw) % wide == 0 else ()


def _only_names(raw: bytes, count: int) -> bool:
    """As many names as symbols, and zeros: one string may serve several symbols, none is left over."""
    text = raw.rstrip(b"\0")
    return bool(_SYMBOL_NAMES.fullmatch(text + b"\0" if text else b"")) and text.count(b"\0") + bool(text) <= count
