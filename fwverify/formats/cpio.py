"""Cpio archives in the "new ASCII" form, without (070701) and with (070702) a sum over the content.

Sources: cpio(5) of libarchive, "New ASCII Format" and "New CRC Format"; Linux kernel
Documentation/driver-api/early-userspace/buffer-format.rst (archives in a row, zeros between them, packed ones after a
plain one); read 2026-11-22. An archive ends with an entry called TRAILER!!!; hard links share inode and device, and
the last of them carries the content.

Not done: the old octal form (070707), named as unsupported; the binary forms, which are not recognised.
"""

from __future__ import annotations

import re
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from fwverify.formats.cursor import Cursor
from fwverify.formats.entries import Entry, EntryKind, Irregularity, judged
from fwverify.formats.names import decoded
from fwverify.limits import Budget, LimitExceeded
from fwverify.model.artifact import ByteRange
from fwverify.model.evidence import AnomalyKind
from fwverify.model.examining import Malformed, Unsupported

WHAT = "cpio archive"
NEW, NEW_SUM, OLD = b"070701", b"070702", b"070707"
HEADER_BYTES = 110
TRAILER = b"TRAILER!!!"
FIELD_BYTES = 8
HEXADECIMAL = re.compile(rb"[0-9A-Fa-f]{104}")
PACKED_MAGICS = (b"\x1f\x8b", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"BZh", b"\x02\x21\x4c\x18", b"\x5d\0\0", b"\x89LZO")
"""What the kernel unpacks when it follows a plain archive: gzip, xz, zstd, bzip2, lz4, lzma, lzo."""
SUM_BYTES = 256
ZEROS = bytes(64 << 10)
KINDS = {
    stat.S_IFREG: EntryKind.FILE, stat.S_IFDIR: EntryKind.DIRECTORY, stat.S_IFLNK: EntryKind.SYMLINK,
    stat.S_IFBLK: EntryKind.DEVICE, stat.S_IFCHR: EntryKind.DEVICE,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CpioEntry(Entry):
    checksum: int | None = None
    """Sum of the content's bytes modulo 2^32; only the 070702 form has it."""
    links: int = 1
    """How many names the file has."""
    inode: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Which archive in the row, major and minor device number, inode: equal for names of one file."""


@dataclass(slots=True)
class CpioArchive:
    """All archives in a row, read as far as they go."""

    entries: tuple[CpioEntry, ...] = ()
    structure: list[ByteRange] = field(default_factory=list)
    """Trailer entries."""
    padding: list[ByteRange] = field(default_factory=list)
    """Zeros after a trailer."""
    packed: ByteRange | None = None
    """A packed archive that follows the plain ones."""
    irregularities: list[Irregularity] = field(default_factory=list)
    problem: Malformed | Unsupported | LimitExceeded | None = None
    """What stopped the reading; the entries before it are sound."""


def looks_like(view: memoryview) -> bool:
    return len(view) >= len(NEW) and view[:6] in (NEW, NEW_SUM, OLD)


def entries(view: memoryview, budget: Budget) -> Iterator[CpioEntry]:
    """The entries in the order of the archive; what stops the reading is raised after the last sound one."""
    archive = read(view, budget)
    yield from archive.entries
    if archive.problem is not None:
        raise archive.problem


def read(view: memoryview, budget: Budget) -> CpioArchive:
    """Read all headers. What stops that is kept in `problem`, not raised."""
    archive = CpioArchive()
    found: list[CpioEntry] = []
    try:
        _row(view, budget, archive, found)
    except (Malformed, Unsupported, LimitExceeded) as problem:
        archive.problem = problem
    found = _linked(found)
    verdicts = judged(found, whole_system=True, fold_case=False)
    archive.entries = tuple(
        replace(one, irregularities=(*one.irregularities, *more)) for one, more in zip(found, verdicts, strict=True)
    )
    return archive


def content(view: memoryview, entry: CpioEntry, budget: Budget) -> memoryview:
    """The content of a file, a slice. Raises LimitExceeded."""
    budget.size(entry.size)
    budget.output(entry.size)
    return view[entry.ranges[0].start : entry.ranges[0].end] if entry.ranges else memoryview(b"")


def slack(view: memoryview, header: ByteRange) -> Iterator[ByteRange]:
    """Bytes of a header behind the NUL that ends its name: nobody reads them. Only what is not zero is told."""
    text, _, free = bytes(view[header.start + HEADER_BYTES : header.end]).partition(b"\0")
    if free.strip(b"\0"):
        yield ByteRange(header.start + HEADER_BYTES + len(text) + 1, header.end)


def sum32(data: memoryview) -> int:
    """The checksum of the 070702 form: the sum of all bytes.

    The low half of an Adler-32 that starts at 0 is that sum, as long as it stays below 65521: true for 256 bytes.
    """
    pieces = (zlib.adler32(data[at : at + SUM_BYTES], 0) & 0xFFFF for at in range(0, len(data), SUM_BYTES))
    return sum(pieces) & 0xFFFFFFFF


def _row(view: memoryview, budget: Budget, archive: CpioArchive, found: list[CpioEntry]) -> None:
    """Archives one after another, with zeros between them."""
    cursor = Cursor(view, WHAT)
    ordinal = 0
    while True:
        trailer = _one(cursor, budget, found, ordinal)
        archive.structure.append(trailer)
        after = _after_zeros(view, cursor.at)
        if after > cursor.at:
            archive.padding.append(ByteRange(cursor.at, after))
        cursor.skip(after - cursor.at, "padding")
        if view[after : after + 6] not in (NEW, NEW_SUM):
            break
        ordinal += 1
    if cursor.left == 0:
        return
    rest = ByteRange(cursor.at, len(view))
    if any(view[rest.start : rest.start + len(one)] == one for one in PACKED_MAGICS):
        archive.packed = rest
    else:
        archive.irregularities.append(Irregularity(AnomalyKind.TRAILING_DATA, "bytes after the trailer", rest))


def _after_zeros(view: memoryview, at: int) -> int:
    while (piece := view[at : at + len(ZEROS)]) and piece == ZEROS[: len(piece)]:
        at += len(piece)
    while at < len(view) and view[at] == 0:
        at += 1
    return at


def _one(cursor: Cursor, budget: Budget, found: list[CpioEntry], ordinal: int) -> ByteRange:
    """The entries of one archive; returns where its trailer lies."""
    while True:
        start = cursor.at
        magic = bytes(cursor.view[start : start + 6])
        if magic == OLD:
            raise Unsupported("cpio archive in the old octal form (070707)")
        header = bytes(cursor.take(HEADER_BYTES, "header"))
        if magic not in (NEW, NEW_SUM) or not HEXADECIMAL.fullmatch(header, 6):
            raise Malformed(WHAT, "an entry does not begin with a header", start)
        fields = [int(header[at : at + FIELD_BYTES], 16) for at in range(6, HEADER_BYTES, FIELD_BYTES)]
        raw = _name(cursor, fields[11], budget)
        if raw == TRAILER:
            cursor.skip(min(-(cursor.at - start) % 4, cursor.left), "padding")
            return ByteRange(start, cursor.at)
        budget.member()
        found.append(_entry(cursor, fields, raw, start, ordinal, magic == NEW_SUM))


def _name(cursor: Cursor, size: int, budget: Budget) -> bytes:
    if size > budget.limits.max_name_bytes + 1:
        raise LimitExceeded("max_name_bytes", size)
    raw = bytes(cursor.take(size, "name"))
    if not raw.endswith(b"\0"):
        raise Malformed(WHAT, "a name does not end with a zero", cursor.at - size)
    return raw.rstrip(b"\0")


def _entry(cursor: Cursor, fields: list[int], raw: bytes, start: int, ordinal: int, summed: bool) -> CpioEntry:
    inode, mode, _, _, links, _, size, major, minor = fields[:9]
    name = decoded(raw)
    notes = []
    if b"\0" in raw:
        detail = f"the name {name} goes on after a zero: readers may differ"
        notes.append(Irregularity(AnomalyKind.HEADER_DISAGREES, detail, ByteRange(start, cursor.at)))
    cursor.skip(-(cursor.at - start) % 4, "padding")
    data = cursor.at
    body = cursor.take(size, f"content of {name}")
    padding = min(-size % 4, cursor.left)
    cursor.skip(padding, "padding")
    kind = KINDS.get(stat.S_IFMT(mode), EntryKind.OTHER)
    if kind not in (EntryKind.FILE, EntryKind.SYMLINK) and size:
        detail = f"{name}: a {kind.value} with {size} bytes of content"
        notes.append(Irregularity(AnomalyKind.HEADER_DISAGREES, detail, ByteRange(start, data)))
        kind = EntryKind.FILE
    return CpioEntry(
        name, kind, size, mode, decoded(bytes(body[:4096])) if kind is EntryKind.SYMLINK else "",
        (ByteRange(data, data + size),) if size else (), (ByteRange(start, data),),
        (ByteRange(data + size, data + size + padding),) if padding else (), None, tuple(notes),
        fields[12] if summed else None, links, (ordinal, major, minor, inode),
    )  # fmt: skip


def _linked(found: list[CpioEntry]) -> list[CpioEntry]:
    """Names of one file: those without content become hard links to the one that has it."""
    owners: dict[tuple[int, int, int, int], CpioEntry] = {}
    for one in found:
        if _may_share(one):
            before = owners.get(one.inode)
            if before is None or (one.size and not before.size):
                owners[one.inode] = one
    return [
        replace(one, kind=EntryKind.HARDLINK, target=owners[one.inode].name, checksum=None)
        if _may_share(one) and one.size == 0 and owners[one.inode] is not one
        else one
        for one in found
    ]


def _may_share(entry: CpioEntry) -> bool:
    return entry.kind is EntryKind.FILE and entry.links > 1
