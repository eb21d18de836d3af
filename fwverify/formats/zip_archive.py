"""Zip archives: central directory, local headers, data descriptors, and the content of a member.

Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3 to 4.6 and 5.8, read 2026-11-22. Info-ZIP rules for bytes in front.
The central directory decides what is in the archive; every local header is compared with it, because some readers
believe the other one. A member whose bytes overlap another's is told and not unpacked.

Not done: decryption, archives split over several files, Deflate64, PPMd and other rare methods (named per member).
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from fwverify.content import held
from fwverify.formats import codecs
from fwverify.formats.cursor import Cursor
from fwverify.formats.entries import Entry, EntryKind, Irregularity, is_target, judged
from fwverify.formats.names import decoded
from fwverify.formats.zip_end import (
    CENTRAL,
    CENTRAL_BYTES,
    END,
    END_BYTES,
    SPANNED,
    WHAT,
    EndRecord,
    ends_as_archive,
    find_end,
)
from fwverify.formats.zip_methods import FLAG_DESCRIPTOR, FLAG_ENCRYPTED, STORED, unpacked, unreadable
from fwverify.limits import Budget, LimitExceeded
from fwverify.model.artifact import ByteRange, merged, subtracted
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.examining import Encrypted, Malformed, Unsupported

LOCAL, DESCRIPTOR, SIGNATURE = b"PK\x03\x04", b"PK\x07\x08", b"PK\x05\x05"
UNIX_HOSTS = (3, 19)
"""Version-made-by systems whose external attributes hold a POSIX mode: Unix, and OS X."""
MAX_TARGET_BYTES = 4096
"""Of a link (PATH_MAX)."""
MAX_HOLES = 16
"""Runs between members that are told one by one."""


@dataclass(frozen=True, slots=True)
class ZipEntry(Entry):
    method: int = STORED
    flags: int = 0
    crc: int = 0
    """CRC-32 of the content, as the central directory has it."""
    header: int = 0
    """Where the local header begins."""

    @property
    def stored(self) -> bool:
        return self.method == STORED and not self.flags & FLAG_ENCRYPTED


@dataclass(slots=True)
class ZipArchive:
    """A whole archive, read but not unpacked."""

    entries: tuple[ZipEntry, ...] = ()
    structure: list[ByteRange] = field(default_factory=list)
    """Central directory, end records, comment."""
    irregularities: list[Irregularity] = field(default_factory=list)
    """Of the archive as a whole."""


def looks_like(view: memoryview) -> bool:
    """A local header or an empty archive at the start, or an end record whose comment ends with the bytes."""
    if view[:4] in (LOCAL, END):
        return len(view) >= END_BYTES
    return (view[:4] in SPANNED and view[4:8] == LOCAL) or ends_as_archive(view)


def entries(view: memoryview, budget: Budget) -> Iterator[ZipEntry]:
    """The entries in the order of the central directory. Raises as `read`."""
    yield from read(view, budget).entries


def read(view: memoryview, budget: Budget) -> ZipArchive:
    """Read the directory and every local header; unpack nothing but the targets of links.

    Raises:
        Malformed, Unsupported: what stops the whole archive.
        LimitExceeded: too many members.
    """
    archive = ZipArchive()
    try:
        end = find_end(view, archive.irregularities)
    except Malformed:
        if view[:4] == DESCRIPTOR:  # what the first of several files begins with (APPNOTE 8.5.3)
            raise Unsupported("zip archive split over several files") from None
        raise
    if view[:4] in SPANNED:
        archive.structure.append(ByteRange(0, 4))
    archive.structure.append(ByteRange(end.start, end.end))
    found = [_with_local(view, one) for one in _directory(view, end, archive, budget)]
    found = _without_overlaps(found, end.directory)
    verdicts = judged(found, whole_system=False, fold_case=True)
    archive.entries = tuple(
        replace(one, irregularities=(*one.irregularities, *more)) for one, more in zip(found, verdicts, strict=True)
    )
    _holes(view, archive)
    return archive


def content(view: memoryview, entry: ZipEntry, budget: Budget) -> memoryview:
    """The unpacked content of a file; its CRC is the caller's to compare (`crc32`).

    Raises:
        Malformed: damaged, or not of the declared size.
        Unsupported, Encrypted: as the headers say.
        LimitExceeded: too large, or it expands like a bomb.
    """
    if entry.unreadable:
        reason, why = entry.unreadable
        known = {GapReason.ENCRYPTED: Encrypted(why), GapReason.UNSUPPORTED: Unsupported(why)}
        raise known.get(reason, Malformed(entry.name, why))
    budget.size(entry.size)
    if not entry.ranges:
        return memoryview(b"")
    span = entry.ranges[0]
    if entry.method == STORED:
        if span.size != entry.size:
            raise Malformed(entry.name, f"{span.size} bytes are stored, {entry.size} are declared", span.start)
        budget.output(span.size)
        return view[span.start : span.end]
    progress = codecs.Progress(span.start)
    out = held(_limited(unpacked(view, span, entry.method, entry.flags, entry.size, budget, progress), entry), budget)
    if len(out) != entry.size:
        raise Malformed(entry.name, f"{len(out)} bytes came out, {entry.size} are declared", span.start)
    if progress.end != span.end:
        raise Malformed(entry.name, f"{span.end - progress.end} bytes follow its compressed data", progress.end)
    return out


def crc32(data: memoryview) -> int:
    return zlib.crc32(data)


def _limited(chunks: Iterator[bytes], entry: ZipEntry) -> Iterator[bytes]:
    produced = 0
    for chunk in chunks:
        produced += len(chunk)
        if produced > entry.size:
            raise Malformed(entry.name, f"more than the declared {entry.size} bytes come out", entry.ranges[0].start)
        yield chunk


def _directory(view: memoryview, end: EndRecord, archive: ZipArchive, budget: Budget) -> list[ZipEntry]:
    """The central directory, each entry with its true local header offset and no content range yet."""
    shift = end.directory - end.offset
    if end.count * CENTRAL_BYTES > end.size:
        raise Malformed(WHAT, f"{end.count} entries do not fit into {end.size} bytes", end.directory)
    if shift and end.count and view[end.offset : end.offset + 4] == CENTRAL:
        note = "two central directories: readers may differ"
        archive.irregularities.append(Irregularity(AnomalyKind.HEADER_DISAGREES, note))
    cursor = Cursor(view, WHAT, end.directory, end.start)
    found: list[ZipEntry] = []
    while cursor.left and view[cursor.at : cursor.at + 4] == CENTRAL:
        budget.member()
        found.append(_central(cursor, shift, budget))
    if cursor.left and view[cursor.at : cursor.at + 4] == SIGNATURE:
        cursor.skip(4, "digital signature")
        cursor.skip(cursor.le16("digital signature size"), "digital signature")
    if cursor.at > end.directory:
        archive.structure.append(ByteRange(end.directory, cursor.at))
    if len(found) != end.count or cursor.left:
        note = f"the end record declares {end.count} entries in {end.size} bytes, the directory has {len(found)}"
        archive.irregularities.append(Irregularity(AnomalyKind.HEADER_DISAGREES, note))
    return found


def _central(cursor: Cursor, shift: int, budget: Budget) -> ZipEntry:
    place = cursor.at
    fields = cursor.unpack("<4xBBHHHHHIIIHHHHHII", "central directory entry")
    host, flags, method, crc = fields[1], fields[3], fields[4], fields[7]
    packed, size, name_size, extra_size, comment_size = fields[8:13]
    disk, attributes, offset = fields[13], fields[15], fields[16]
    if name_size > budget.limits.max_name_bytes:
        raise LimitExceeded("max_name_bytes", name_size)
    raw = bytes(cursor.take(name_size, "member name"))
    extra = _extras(cursor.take(extra_size, "extra field"))
    cursor.skip(comment_size, "member comment")
    packed, size, offset = _wide(extra.get(1, b""), packed, size, offset)
    mode = attributes >> 16 if host in UNIX_HOSTS else 0
    notes: list[Irregularity] = []
    if (unicode := extra.get(0x7075, b"")) and unicode[5:] != raw:
        notes.append(_disagrees(decoded(raw), "a second name in its extra field", place, cursor.at))
    kind = _kind(raw, mode, attributes, size)
    name = decoded(raw)
    data = (ByteRange(0, packed),) if packed else ()  # placed by `_with_local`
    return ZipEntry(
        name, kind, size, mode, "", data, (), (), unreadable(flags, method, disk), tuple(notes), method, flags, crc,
        offset + shift,
    )  # fmt: skip


def _kind(raw: bytes, mode: int, attributes: int, size: int) -> EntryKind:
    form = stat.S_IFMT(mode)
    if form == stat.S_IFLNK:
        return EntryKind.SYMLINK
    if size:  # what has content is a file, whatever its mode says (Info-ZIP writes "pipe" for its standard input)
        return EntryKind.FILE
    if form in (stat.S_IFBLK, stat.S_IFCHR):
        return EntryKind.DEVICE
    if form in (stat.S_IFIFO, stat.S_IFSOCK):
        return EntryKind.OTHER
    folder = raw.endswith(b"/") or form == stat.S_IFDIR or bool(attributes & 0x10 and not form)
    return EntryKind.DIRECTORY if folder else EntryKind.FILE


def _extras(raw: memoryview) -> dict[int, bytes]:
    """Extra fields by their number; what does not parse at the end is left (alignment padding is common)."""
    out: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(raw):
        number, size = struct.unpack_from("<HH", raw, at)
        if at + 4 + size > len(raw):
            break
        out.setdefault(number, bytes(raw[at + 4 : at + 4 + size]))
        at += 4 + size
    return out


def _wide(extra: bytes, packed: int, size: int, offset: int) -> tuple[int, int, int]:
    """Zip64 values, present only for those that read FFFFFFFF (APPNOTE 4.5.3), in the order size, packed, offset."""
    cursor = Cursor(extra, "Zip64 extra field")
    if size == 0xFFFFFFFF and cursor.left:
        size = cursor.le64("size")
    if packed == 0xFFFFFFFF and cursor.left:
        packed = cursor.le64("packed size")
    if offset == 0xFFFFFFFF and cursor.left:
        offset = cursor.le64("offset")
    return packed, size, offset


def _disagrees(name: str, what: str, start: int, end: int) -> Irregularity:
    return Irregularity(AnomalyKind.HEADER_DISAGREES, f"{name}: {what}", ByteRange(start, end))


def _with_local(view: memoryview, entry: ZipEntry) -> ZipEntry:
    """The entry with the ranges its local header gives, and what that header says otherwise."""
    cursor = Cursor(view, WHAT, min(entry.header, len(view)))
    if entry.header > len(view) or view[cursor.at : cursor.at + 4] != LOCAL:
        return replace(entry, ranges=(), unreadable=(GapReason.MALFORMED, "it has no local header"))
    try:
        _, _, flags, method, _, _, crc, packed, size, name_size, extra_size = cursor.unpack("<IHHHHHIIIHH", "header")
        raw = bytes(cursor.take(name_size, "name"))
        extra = _extras(cursor.take(extra_size, "extra field"))
        data = cursor.at
        amount = entry.ranges[0].size if entry.ranges else 0
        cursor.skip(amount, "content")
        packed, size, _ = _wide(extra.get(1, b""), packed, size, 0)
    except Malformed as problem:
        return replace(entry, ranges=(), unreadable=(GapReason.MALFORMED, problem.reason))
    differs = _differences(entry, amount, (decoded(raw), flags, method, crc, packed, size))
    notes = list(entry.irregularities)
    if differs:
        what = f"local header and central directory differ in {', '.join(differs)}"
        notes.append(_disagrees(entry.name, what, entry.header, data))
    fixed = cursor.at - amount - extra_size - name_size
    if "name" in differs:  # then it is nobody's: only what was compared is claimed
        structure = [ByteRange(entry.header, fixed), *_span(fixed + name_size, data)]
    else:
        structure = [ByteRange(entry.header, data)]
    if flags & FLAG_DESCRIPTOR:
        _descriptor(view, entry, cursor.at, amount, structure, notes)
    ranges = (ByteRange(data, data + amount),) if amount else ()
    placed = replace(entry, ranges=ranges, structure=tuple(structure), irregularities=tuple(notes))
    return _with_target(view, placed)


def _span(start: int, end: int) -> tuple[ByteRange, ...]:
    return (ByteRange(start, end),) if end > start else ()


def _differences(entry: ZipEntry, packed: int, local: tuple[str, int, int, int, int, int]) -> list[str]:
    name, flags, method, crc, local_packed, size = local
    mask = FLAG_ENCRYPTED | FLAG_DESCRIPTOR
    found = [("name", name != entry.name), ("method", method != entry.method), ("flags", (flags ^ entry.flags) & mask)]
    for what, here, there in (
        ("CRC", crc, entry.crc),
        ("packed size", local_packed, packed),
        ("size", size, entry.size),
    ):
        may_be_zero = flags & FLAG_DESCRIPTOR and not here  # it stands behind the content then
        found.append((what, here != there and not may_be_zero))
    return [what for what, differs in found if differs]


def _descriptor(
    view: memoryview, entry: ZipEntry, at: int, packed: int, structure: list[ByteRange], notes: list[Irregularity]
) -> None:
    """Claim the data descriptor in whichever of its four shapes holds the directory's values (APPNOTE 4.3.9)."""
    for layout in ("<III", "<IQQ"):
        if max(packed, entry.size) >= 1 << 32 and layout == "<III":
            continue
        plain = struct.pack(layout, entry.crc, packed, entry.size)
        for shape in (DESCRIPTOR + plain, plain):
            if view[at : at + len(shape)] == shape:
                structure.append(ByteRange(at, at + len(shape)))
                return
    notes.append(_disagrees(entry.name, "its data descriptor differs from the central directory", entry.header, at + 1))


def _with_target(view: memoryview, entry: ZipEntry) -> ZipEntry:
    """What is no file may carry bytes: a link its target, a folder a packed nothing. They are read to be sure."""
    if entry.kind is EntryKind.FILE or entry.unreadable or not entry.ranges:
        return entry
    try:
        if entry.size > MAX_TARGET_BYTES:
            raise Malformed(entry.name, f"{entry.size} bytes in a {entry.kind.value}")
        target = bytes(content(view, entry, Budget()))
        if not is_target(target):
            raise Malformed(entry.name, "the target of a link is no path")
    except (Malformed, LimitExceeded, Unsupported) as problem:
        return replace(entry, unreadable=(GapReason.MALFORMED, str(problem)))
    return replace(entry, target=decoded(target.removesuffix(b"\0")) if entry.kind is EntryKind.SYMLINK else "")


def _extent(entry: ZipEntry) -> ByteRange | None:
    spans = [*entry.structure, *entry.ranges]
    return ByteRange(min(one.start for one in spans), max(one.end for one in spans)) if spans else None


def _without_overlaps(found: list[ZipEntry], directory: int) -> list[ZipEntry]:
    """Entries whose bytes run into an earlier one or into the directory are told and not unpacked."""
    spans = [(span, index) for index, one in enumerate(found) if (span := _extent(one))]
    order = sorted(spans, key=lambda one: (one[0].start, -one[0].end, one[1]))  # the longest first: it holds the others
    reached, owner = 0, ""
    for span, index in order:
        entry = found[index]
        if span.start < reached or span.end > directory:
            other = owner if span.start < reached else "the central directory"
            note = Irregularity(AnomalyKind.OVERLAP, f"{entry.name} overlaps {other}", span)
            found[index] = replace(
                entry, ranges=(), structure=(), irregularities=(*entry.irregularities, note),
                unreadable=(GapReason.MALFORMED, f"its bytes overlap {other}"),
            )  # fmt: skip
        if span.end > reached:
            reached, owner = span.end, entry.name
    return found


def _holes(view: memoryview, archive: ZipArchive) -> None:
    """Bytes in front of, between and after the parts: told here, explained by nobody."""
    claimed = [*archive.structure]
    for one in archive.entries:
        claimed += [*one.structure, *one.ranges]
        claimed += [
            note.range for note in one.irregularities if note.range and note.kind is AnomalyKind.HEADER_DISAGREES
        ]
    claimed += [one.range for one in archive.irregularities if one.range]
    holes = subtracted([ByteRange(0, len(view))], merged(claimed))
    for hole in holes[:MAX_HOLES]:
        where = "in front of the archive" if hole.start == 0 else "between members"
        archive.irregularities.append(Irregularity(AnomalyKind.TRAILING_DATA, f"bytes {where}", hole))
    if len(holes) > MAX_HOLES:
        archive.irregularities.append(
            Irregularity(AnomalyKind.TRAILING_DATA, f"bytes in {len(holes) - MAX_HOLES} more places between members")
        )
