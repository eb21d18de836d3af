"""Tar archives: ustar, pax and GNU headers, sparse files, and the content of an entry.

Sources: POSIX.1-2017 pax, "ustar Interchange Format" and "pax Header Block"; GNU tar manual 1.35, "Basic Tar Format",
"GNU Extensions" and "Storing Sparse Files"; read 2026-11-22.
All headers are read before any entry is given out, so that names can be judged together; content is a slice.

A file that began in another volume is told and left; the last file of a volume that is not the last one is cut off.

Not done: joining volumes; what incremental archives say about files that were removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from fwverify.content import held
from fwverify.formats import tar_extensions
from fwverify.formats.cursor import Cursor
from fwverify.formats.entries import Entry, EntryKind, Irregularity, judged
from fwverify.formats.names import decoded
from fwverify.formats.tar_extensions import BLOCK, WHAT, Extensions, number
from fwverify.limits import MIB, Budget, LimitExceeded
from fwverify.model.artifact import ByteRange
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.examining import Malformed, Unsupported

ZEROS = bytes(BLOCK)
KINDS = {
    b"1": EntryKind.HARDLINK, b"2": EntryKind.SYMLINK, b"3": EntryKind.DEVICE, b"4": EntryKind.DEVICE,
    b"5": EntryKind.DIRECTORY, b"6": EntryKind.OTHER, b"D": EntryKind.DIRECTORY,
}  # fmt: skip
"""Type flags; every other one is a regular file (POSIX: "all other values")."""
LONG_NAME, LONG_LINK, PAX, PAX_SUN, PAX_GLOBAL = b"L", b"K", b"x", b"X", b"g"
EXTENDING = frozenset({LONG_NAME, LONG_LINK, PAX, PAX_SUN, PAX_GLOBAL})
SPARSE, MULTI_VOLUME, VOLUME_LABEL = b"S", b"M", b"V"
EMPTY_KINDS = frozenset({EntryKind.HARDLINK, EntryKind.SYMLINK, EntryKind.DEVICE, EntryKind.OTHER})
VOLUME_KEYS = "GNU.volume."
"""Of a file that goes on from another volume; GNU tar writes them into a global header, and means one file."""
OCTAL_LIMIT = 8**11
"""A size below this fits into a ustar header, so that a pax size that differs is no necessity."""
HOLE = bytes(MIB)


@dataclass(frozen=True, slots=True)
class TarEntry(Entry):
    sparse: tuple[tuple[int, int], ...] | None = None
    """(offset, length) of the stored pieces of a sparse file, in the order they are stored."""

    @property
    def stored(self) -> bool:
        return self.sparse is None


@dataclass(slots=True)
class TarArchive:
    """A whole archive, read as far as it goes."""

    entries: tuple[TarEntry, ...] = ()
    structure: list[ByteRange] = field(default_factory=list)
    """Global headers and volume labels."""
    padding: list[ByteRange] = field(default_factory=list)
    """The end marker and what pads the last record."""
    irregularities: list[Irregularity] = field(default_factory=list)
    problem: Malformed | Unsupported | LimitExceeded | None = None
    """What stopped the reading; the entries before it are sound."""


@dataclass(slots=True)
class _Reading:
    """The walk over the headers."""

    view: memoryview
    budget: Budget
    archive: TarArchive
    found: list[TarEntry] = field(default_factory=list)
    globals: dict[str, bytes] = field(default_factory=dict)


def looks_like(view: memoryview) -> bool:
    """A first header block whose checksum holds."""
    return len(view) >= BLOCK and view[0] != 0 and _checksum_holds(view[:BLOCK])


def entries(view: memoryview, budget: Budget) -> Iterator[TarEntry]:
    """The entries in the order of the archive; what stops the reading is raised after the last sound one."""
    archive = read(view, budget)
    yield from archive.entries
    if archive.problem is not None:
        raise archive.problem


def read(view: memoryview, budget: Budget) -> TarArchive:
    """Read all headers. What stops that is kept in `problem`, not raised.

    Raises:
        LimitExceeded: it has more members than one run may have; to open the first of them would take minutes.
    """
    _refuse_too_many(view, budget)
    archive = TarArchive()
    reading = _Reading(view, budget, archive)
    try:
        _end(reading, _walk(reading))
    except (Malformed, Unsupported, LimitExceeded) as problem:
        if isinstance(problem, LimitExceeded) and problem.limit == "max_members":
            raise
        archive.problem = problem
    verdicts = judged(reading.found, whole_system=False, fold_case=True)
    archive.entries = tuple(
        replace(one, irregularities=(*one.irregularities, *more))
        for one, more in zip(reading.found, verdicts, strict=True)
    )
    return archive


def _refuse_too_many(view: memoryview, budget: Budget) -> None:
    """Count entries by their sizes alone, which is quick, as far as these are plain octal numbers.

    Raises:
        LimitExceeded: there are more than this run may have; to read that many headers takes seconds.
    """
    at, left = 0, budget.limits.max_members - budget.members
    while at + BLOCK <= len(view) and view[at]:
        field = bytes(view[at + 124 : at + 135])
        if field.strip(b"01234567"):
            return
        size = int(field or b"0", 8)
        left -= bytes(view[at + 156 : at + 157]) not in EXTENDING
        if left < 0:
            raise LimitExceeded("max_members", budget.limits.max_members + 1)
        at += BLOCK + size + -size % BLOCK


def content(view: memoryview, entry: TarEntry, budget: Budget) -> memoryview:
    """The content of a file: a slice, or for a sparse file the pieces with zeros between.

    Raises:
        Unsupported: it begins in another volume.
        LimitExceeded: too large, or nothing but holes.
    """
    if entry.unreadable:
        raise Unsupported(entry.unreadable[1])
    budget.size(entry.size)
    if entry.sparse is not None:
        budget.ratio(sum(length for _, length in entry.sparse) + BLOCK, entry.size)
        return held(_pieces(view, entry), budget)
    budget.output(entry.size)
    return view[entry.ranges[0].start : entry.ranges[0].end] if entry.ranges else memoryview(b"")


def _pieces(view: memoryview, entry: TarEntry) -> Iterator[memoryview | bytes]:
    at = entry.ranges[0].start if entry.ranges else 0
    reached = 0
    for offset, length in (*(entry.sparse or ()), (entry.size, 0)):
        yield from _zeros(offset - reached)
        yield view[at : at + length]
        at, reached = at + length, offset + length


def _zeros(size: int) -> Iterator[bytes]:
    while size > 0:
        yield HOLE[: min(size, len(HOLE))]
        size -= len(HOLE)


def _checksum_holds(header: memoryview) -> bool:
    """Sum of the header's bytes with the checksum field as blanks; old tars added them as signed."""
    try:
        declared = number(header[148:156], "checksum")
    except Malformed:
        return False
    data = bytes(header[:148]) + b" " * 8 + bytes(header[156:])
    unsigned = sum(data)
    return declared == unsigned or declared == unsigned - 256 * sum(one > 127 for one in data)


def _walk(reading: _Reading) -> int:
    """Read entries until the end marker; returns where it begins."""
    cursor = Cursor(reading.view, WHAT)
    while True:
        start = cursor.at
        if cursor.left == 0:
            raise Malformed(WHAT, "it has no end marker", start)
        header = cursor.take(BLOCK, "header")
        if header == ZEROS:
            return start
        extensions = Extensions(dict(reading.globals))
        while (flag := _flag(header, cursor)) in EXTENDING:
            _extension(reading, cursor, header, flag, extensions)
            start_of_next = cursor.at
            header = cursor.take(BLOCK, "header after an extended header")
            if header == ZEROS:
                if flag != PAX_GLOBAL:
                    raise Malformed(WHAT, "an extended header without an entry", start_of_next)
                reading.archive.structure.append(ByteRange(start, start_of_next))
                return start_of_next
        reading.budget.member()
        _entry(reading, cursor, header, flag, extensions, start)


def _flag(header: memoryview, cursor: Cursor) -> bytes:
    if not _checksum_holds(header):
        raise Malformed(WHAT, "the checksum of a header does not hold", cursor.at - BLOCK)
    return bytes(header[156:157])


def _extension(reading: _Reading, cursor: Cursor, header: memoryview, flag: bytes, extensions: Extensions) -> None:
    """Take the body of an extended header."""
    size = number(header[124:136], "size")
    if size > tar_extensions.MAX_BYTES:
        raise LimitExceeded("max_name_bytes", size)
    body = bytes(cursor.take(size, "extended header"))
    cursor.skip(min(-size % BLOCK, cursor.left), "padding")
    if flag == LONG_NAME:
        extensions.name = body.rstrip(b"\0")
    elif flag == LONG_LINK:
        extensions.link = body.rstrip(b"\0")
    else:
        records = tar_extensions.records(body, cursor.at)
        extensions.records.update(records)
        if "GNU.sparse.numblocks" in records:
            extensions.pieces = tar_extensions.map_in_records(body, cursor.at)
        if flag == PAX_GLOBAL:
            lasting = {key: value for key, value in records.items() if not key.startswith(VOLUME_KEYS)}
            reading.globals.update(lasting)
    reading.budget.check_time()


def _entry(
    reading: _Reading, cursor: Cursor, header: memoryview, flag: bytes, extensions: Extensions, start: int
) -> None:
    """One entry, whose header block was just read and whose extended headers began at `start`."""
    name, target = _names(header, extensions, reading.budget)
    kind = KINDS.get(flag, EntryKind.FILE)
    if kind is EntryKind.FILE and flag in (b"\0", b"0", b"7") and name.endswith(b"/"):
        kind = EntryKind.DIRECTORY  # tars before ustar
    written = number(header[124:136], "size")
    size = extensions.integer("size", written)
    notes = []
    if size != written and size < OCTAL_LIMIT:
        note = f"{decoded(name)}: size {written} in its header, {size} in its extended header"
        notes.append(Irregularity(AnomalyKind.HEADER_DISAGREES, note, ByteRange(start, cursor.at)))
    if kind in EMPTY_KINDS and size:  # some readers skip that many bytes, others do not
        note = f"{decoded(name)}: a {kind.value} with a size of {size}"
        notes.append(Irregularity(AnomalyKind.HEADER_DISAGREES, note, ByteRange(start, cursor.at)))
        size = 0
    sparse, full = _sparse(cursor, header, flag, extensions, size)
    unreadable = None
    data = cursor.at
    packed = sum(length for _, length in sparse) if sparse is not None else size
    cursor.skip(packed, f"content of {decoded(name)}")
    padding = min(-packed % BLOCK, cursor.left)
    cursor.skip(padding, "padding")
    if flag == VOLUME_LABEL:
        reading.archive.structure.append(ByteRange(start, cursor.at))
        return
    if kind is EntryKind.DIRECTORY and packed and not tar_extensions.is_dump(reading.view[data : data + packed]):
        kind = EntryKind.FILE  # content is not hidden behind a type that has none
    if flag == MULTI_VOLUME or extensions.integer("GNU.volume.offset", 0):
        unreadable = (GapReason.UNSUPPORTED, "tar archive of several volumes: the file begins in another one")
    mode = number(header[100:108], "mode")
    link = decoded(target) if kind in (EntryKind.SYMLINK, EntryKind.HARDLINK) else ""
    spans, pads = _range(data, packed), _range(data + packed, padding)
    whole = (ByteRange(start, data),)
    reading.found.append(
        TarEntry(decoded(name), kind, full, mode, link, spans, whole, pads, unreadable, tuple(notes), sparse)
    )


def _range(start: int, size: int) -> tuple[ByteRange, ...]:
    return (ByteRange(start, start + size),) if size else ()


def _names(header: memoryview, extensions: Extensions, budget: Budget) -> tuple[bytes, bytes]:
    name = bytes(header[:100]).split(b"\0", 1)[0]
    if bytes(header[257:263]) == b"ustar\0" and (prefix := bytes(header[345:500]).split(b"\0", 1)[0]):
        name = prefix + b"/" + name
    name = extensions.text("GNU.sparse.name", extensions.text("path", extensions.name or name))
    target = extensions.text("linkpath", extensions.link or bytes(header[157:257]).split(b"\0", 1)[0])
    longest = max(len(name), len(target))
    if longest > budget.limits.max_name_bytes:
        raise LimitExceeded("max_name_bytes", longest)
    return name, target


Sparse = tuple[tuple[tuple[int, int], ...] | None, int]
"""Map of stored pieces (None: not sparse), size of the file."""


def _sparse(cursor: Cursor, header: memoryview, flag: bytes, extensions: Extensions, size: int) -> Sparse:
    """Take a sparse map from wherever this kind of archive has it."""
    start = cursor.at
    if flag == SPARSE:
        pieces = tar_extensions.gnu_map(cursor, header)
        full = number(header[483:495], "real size")
        return tar_extensions.checked(pieces, full, size, start), full
    records = extensions.records
    full = extensions.integer("GNU.sparse.realsize", extensions.integer("GNU.sparse.size", size))
    if records.get("GNU.sparse.major") == b"1" and records.get("GNU.sparse.minor") == b"0":
        pieces = tar_extensions.map_in_content(cursor, size)
        return tar_extensions.checked(pieces, full, size - (cursor.at - start), start), full
    if "GNU.sparse.map" in records:
        pieces = tar_extensions.map_in_record(records["GNU.sparse.map"], start)
        return tar_extensions.checked(pieces, full, size, start), full
    if extensions.pieces is not None:
        return tar_extensions.checked(extensions.pieces, full, size, start), full
    return None, size


def _end(reading: _Reading, marker: int) -> None:
    """The end marker: zero blocks to the end; whatever else follows is no part of the archive."""
    view, at = reading.view, marker
    for step in (len(HOLE), BLOCK):
        while (piece := view[at : at + step]) and piece == HOLE[: len(piece)]:
            at += len(piece)
    reading.archive.padding.append(ByteRange(marker, at))
    if at < len(view):
        note = "bytes after the end marker"
        reading.archive.irregularities.append(Irregularity(AnomalyKind.TRAILING_DATA, note, ByteRange(at, len(view))))
