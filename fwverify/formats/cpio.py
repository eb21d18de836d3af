"""Cpio archives in all forms that firmware has, alone and in a row with packed ones between them.

Sources: cpio(5) of libarchive (headers: see cpio_headers); Linux kernel
Documentation/driver-api/early-userspace/buffer-format.rst (archives in a row, zeros between them, packed ones after a
plain one); read 2026-11-22. An archive ends with an entry called TRAILER!!!; hard links share inode and device, and
in the new forms the last of them carries the content, in the old ones each.
"""

from __future__ import annotations

import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from fwverify.formats import cpio_headers, extents
from fwverify.formats.cpio_headers import NEW, NEW_BYTES, NEW_SUM, OLD, TRAILER, Header
from fwverify.formats.cursor import Cursor
from fwverify.formats.entries import Entry, EntryKind, Irregularity, is_target, judged
from fwverify.formats.names import decoded
from fwverify.limits import Budget, LimitExceeded
from fwverify.model.artifact import ByteRange
from fwverify.model.evidence import AnomalyKind
from fwverify.model.examining import Malformed

WHAT = "cpio archive"
HEADER_BYTES = NEW_BYTES
FOLLOWING = (NEW, NEW_SUM, OLD)
"""Magics by which another archive of the row is known; two bytes are too little for that."""
PACKED_MAGICS = (b"\x1f\x8b", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"BZh", b"\x02\x21\x4c\x18", b"\x5d\0\0", b"\x89LZO")
"""What the kernel unpacks when it follows a plain archive: gzip, xz, zstd, bzip2, lz4, lzma, lzo."""
SUM_BYTES = 256
MAX_TARGET_BYTES = 4097
"""Of a symbolic link, with a zero behind it."""
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
    packed: list[ByteRange] = field(default_factory=list)
    """Packed archives that follow plain ones; the last may have bytes behind it."""
    irregularities: list[Irregularity] = field(default_factory=list)
    problem: Malformed | LimitExceeded | None = None
    """What stopped the reading; the entries before it are sound."""


def looks_like(view: memoryview) -> bool:
    magic = cpio_headers.magic_at(view, 0)
    return magic in FOLLOWING or (bool(magic) and cpio_headers.plausible(view, 0))


def entries(view: memoryview, budget: Budget) -> Iterator[CpioEntry]:
    """The entries in the order of the archive; what stops the reading is raised after the last sound one."""
    archive = read(view, budget)
    yield from archive.entries
    if archive.problem is not None:
        raise archive.problem


def read(view: memoryview, budget: Budget) -> CpioArchive:
    """Read all headers. What stops that is kept in `problem`, not raised.

    Raises:
        LimitExceeded: it has more members than one run may have; to open the first of them would take minutes.
    """
    _refuse_too_many(view, budget)
    archive = CpioArchive()
    found: list[CpioEntry] = []
    try:
        _row(view, budget, archive, found)
    except (Malformed, LimitExceeded) as problem:
        if isinstance(problem, LimitExceeded) and problem.limit == "max_members":
            raise
        archive.problem = problem
    found = _linked(found)
    verdicts = judged(found, whole_system=True, fold_case=False)
    archive.entries = tuple(
        replace(one, irregularities=(*one.irregularities, *more)) for one, more in zip(found, verdicts, strict=True)
    )
    return archive


def _refuse_too_many(view: memoryview, budget: Budget) -> None:
    """Count entries of the new forms by their sizes alone, which is quick, as far as they follow one another.

    Raises:
        LimitExceeded: there are more than this run may have; to read that many headers takes seconds.
    """
    at, left = 0, budget.limits.max_members - budget.members
    while bytes(view[at : at + 6]) in (NEW, NEW_SUM):
        fields = [bytes(view[at + one : at + one + 8]) for one in (54, 94)]
        if not all(one.isalnum() for one in fields):
            return
        try:
            size, name = (int(one, 16) for one in fields)
        except ValueError:
            return
        if view[at + NEW_BYTES : at + NEW_BYTES + len(TRAILER)] == TRAILER:
            return
        left -= 1
        if left < 0:
            raise LimitExceeded("max_members", budget.limits.max_members + 1)
        data = NEW_BYTES + name
        at += data + -data % 4 + size + -size % 4


def content(view: memoryview, entry: CpioEntry, budget: Budget) -> memoryview:
    """The content of a file, a slice. Raises LimitExceeded."""
    budget.size(entry.size)
    budget.output(entry.size)
    return view[entry.ranges[0].start : entry.ranges[0].end] if entry.ranges else memoryview(b"")


def slack(view: memoryview, header: ByteRange) -> Iterator[ByteRange]:
    """Bytes of a header behind the zero that ends its name: nobody reads them. Only what is not zero is told."""
    head = cpio_headers.header_at(view, header.start)
    name = header.start + (head.size if head else 0)
    text, _, free = bytes(view[name : header.end]).partition(b"\0")
    if free.strip(b"\0"):
        yield ByteRange(name + len(text) + 1, header.end)


def sum32(data: memoryview) -> int:
    """The checksum of the 070702 form: the sum of all bytes.

    The low half of an Adler-32 that starts at 0 is that sum, as long as it stays below 65521: true for 256 bytes.
    """
    pieces = (zlib.adler32(data[at : at + SUM_BYTES], 0) & 0xFFFF for at in range(0, len(data), SUM_BYTES))
    return sum(pieces) & 0xFFFFFFFF


def _row(view: memoryview, budget: Budget, archive: CpioArchive, found: list[CpioEntry]) -> None:
    """Archives one after another, with zeros between them and packed ones behind a plain one."""
    cursor = Cursor(view, WHAT)
    _one(cursor, budget, found, archive, 0)
    ordinal = 1
    while cursor.left:
        after = _after_zeros(view, cursor.at)
        if after > cursor.at:
            archive.padding.append(ByteRange(cursor.at, after))
            cursor.skip(after - cursor.at, "padding")
        elif cpio_headers.magic_at(view, after) in FOLLOWING:
            _one(cursor, budget, found, archive, ordinal)
            ordinal += 1
        elif any(view[after : after + len(one)] == one for one in PACKED_MAGICS):
            archive.packed.append(ByteRange(after, _packed_end(view, after, budget)))
            cursor.skip(archive.packed[-1].size, "packed archive")
        else:
            rest = ByteRange(after, len(view))
            archive.irregularities.append(Irregularity(AnomalyKind.TRAILING_DATA, "bytes after the trailer", rest))
            return


def _packed_end(view: memoryview, at: int, budget: Budget) -> int:
    """Where a packed archive ends, for those that tell; else it goes on to the end of all bytes."""

    def tick(_: int) -> None:
        budget.check_time()

    match bytes(view[at : at + 2]):
        case b"\x1f\x8b":
            end = extents.gzip_end(view, at, tick, quick=False)
        case b"\xfd7":
            end = extents.xz_end(view, at, tick, quick=False)
        case b"\x28\xb5":
            end = extents.zstd_end(view, at, tick)
        case _:
            end = 0
    return end or len(view)


def _after_zeros(view: memoryview, at: int) -> int:
    while (piece := view[at : at + len(ZEROS)]) and piece == ZEROS[: len(piece)]:
        at += len(piece)
    while at < len(view) and view[at] == 0:
        at += 1
    return at


def _one(cursor: Cursor, budget: Budget, found: list[CpioEntry], archive: CpioArchive, ordinal: int) -> None:
    """The entries of one archive, up to its trailer. Linux passes over zeros between entries, too."""
    family = b""
    while True:
        start = cursor.at
        head = cpio_headers.header_at(cursor.view, start)
        if head is None or (family and head.family != family):
            cursor.skip(min(cpio_headers.LARGEST_BYTES, _header_bytes(cursor)), "header")
            raise Malformed(WHAT, "an entry does not begin with a header", start)
        family = head.family
        cursor.skip(head.size, "header")
        raw = _name(cursor, head.name_size, budget)
        if raw == TRAILER:
            cursor.skip(min(-(cursor.at - start) % head.align, cursor.left), "padding")
            archive.structure.append(ByteRange(start, cursor.at))
            return
        budget.member()
        found.append(_entry(cursor, head, raw, start, ordinal))
        _gap(cursor, archive, family)


def _gap(cursor: Cursor, archive: CpioArchive, family: bytes) -> None:
    """Zeros in front of the next header."""
    after = _after_zeros(cursor.view, cursor.at) if family == NEW else cursor.at
    if after > cursor.at:
        archive.padding.append(ByteRange(cursor.at, after))
        cursor.skip(after - cursor.at, "padding")


def _header_bytes(cursor: Cursor) -> int:
    """What a header needs here at least: fewer bytes are a cut, not damage."""
    return {OLD: cpio_headers.OLD_BYTES, NEW: NEW_BYTES, NEW_SUM: NEW_BYTES}.get(
        cpio_headers.magic_at(cursor.view, cursor.at), cpio_headers.BINARY_BYTES
    )


def _name(cursor: Cursor, size: int, budget: Budget) -> bytes:
    if size > budget.limits.max_name_bytes + 1:
        raise LimitExceeded("max_name_bytes", size)
    raw = bytes(cursor.take(size, "name"))
    if not raw.endswith(b"\0"):
        raise Malformed(WHAT, "a name does not end with a zero", cursor.at - size)
    return raw.rstrip(b"\0")


def _entry(cursor: Cursor, head: Header, raw: bytes, start: int, ordinal: int) -> CpioEntry:
    name, size = decoded(raw), head.content_size
    notes = []
    if b"\0" in raw:
        detail = f"the name {name} goes on after a zero: readers may differ"
        notes.append(Irregularity(AnomalyKind.HEADER_DISAGREES, detail, ByteRange(start, cursor.at)))
    cursor.skip(-(cursor.at - start) % head.align, "padding")
    data = cursor.at
    body = cursor.take(size, f"content of {name}")
    padding = min(-(data + size - start) % head.align, cursor.left)
    cursor.skip(padding, "padding")
    kind = KINDS.get(stat.S_IFMT(head.mode), EntryKind.OTHER)
    target = bytes(body[:MAX_TARGET_BYTES]) if kind is EntryKind.SYMLINK else b""
    if size and kind is not EntryKind.FILE and (size > len(target) or not is_target(target)):
        detail = f"{name}: a {kind.value} with {size} bytes of content"
        notes.append(Irregularity(AnomalyKind.HEADER_DISAGREES, detail, ByteRange(start, data)))
        kind, target = EntryKind.FILE, b""
    return CpioEntry(
        name, kind, size, head.mode, decoded(target.removesuffix(b"\0")),
        (ByteRange(data, data + size),) if size else (), (ByteRange(start, data),),
        (ByteRange(data + size, data + size + padding),) if padding else (), None, tuple(notes),
        head.checksum, head.links, (ordinal, *head.device, head.inode),
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
