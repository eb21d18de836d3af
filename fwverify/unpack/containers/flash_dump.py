"""Flash dump or combined image without a header of its own: known formats found inside by searching.

Sources: those of the formats found (formats/fdt, fit, uimage, esp_image, extents), read 2026-11-22.
Only what passes strict checks is taken: a FIT or device tree whole, a uImage whose header CRC holds, an ESP32 image
whose checksum holds, SquashFS, gzip, xz, zstd, cpio, a U-Boot environment whose CRC holds. What lies between stays
unexplained. Executables and plain text are not searched; JFFS2, UBI, FAT and others are not recognised here.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fwverify.formats import esp_image, extents, fdt, uimage
from fwverify.formats.fit import read_fit
from fwverify.formats.names import fill_byte
from fwverify.limits import MIB, Budget, LimitExceeded
from fwverify.model.artifact import Artifact, ByteRange, Digest, subtracted
from fwverify.model.evidence import GapReason
from fwverify.model.examining import Malformed, Unsupported
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Check, Container, Event, Member, Part, PartUse, Unread

MIN_BYTES = 96
WINDOW_BYTES = 4 * MIB
"""Searched at a time, so that a large file is never copied whole."""
OVERLAP_BYTES = 16
"""Longer than any magic."""
SECTOR_BYTES = 4096
"""ESP32 images begin at flash sectors."""
WORK_BASE, WORK_FACTOR = MIB, 2
"""Bytes that checking may look at: 1 MiB and twice the size. Real dumps need less than their size."""
RUN_BYTES = 64
"""Fill at the edge of a part that is padding."""
BLOCK_BYTES = 65536
"""Fill away from a part that is padding: an erase block."""
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that passed its checks."""

    range: ByteRange
    text: ByteRange | None = None
    """Of a U-Boot environment: its variables."""


class _Work:
    """Counts bytes looked at while checking."""

    def __init__(self, allowed: int, budget: Budget | None) -> None:
        self.left, self.budget = allowed, budget

    def __call__(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise LimitExceeded("flash dump search bytes", -self.left)
        if self.budget is not None:
            self.budget.check_time()


@dataclass(frozen=True, slots=True)
class _Search:
    """What a check needs."""

    view: memoryview
    work: _Work
    quick: bool
    """Only whether something is there matters, not where it ends."""

    def spans(self, at: int, end: int) -> Found | None:
        return Found(ByteRange(at, end)) if end > at else None


def _tree(search: _Search, at: int, low: int) -> Found | None:
    here = search.view[at:]
    try:
        header = fdt.read_header(here)
        search.work(header.structure.size if header.structure.size < MIB else MIB)
        images = fdt.has_top_node(here, "images")
        end = read_fit(here).end if images else fdt.read_tree(here).header.total_size
    except (Malformed, Unsupported):
        return None
    return search.spans(at, at + end)


def _uimage(search: _Search, at: int, low: int) -> Found | None:
    search.work(256)
    try:
        header = uimage.read_uimage(search.view[at:])
    except Malformed:
        return None
    good = header.intact and header.plausible and header.size
    return search.spans(at, min(at + header.end, len(search.view))) if good else None


def _esp(search: _Search, at: int, low: int) -> Found | None:
    here = search.view[at:]
    search.work(64)
    if not esp_image.looks_like(here):
        return None
    try:
        image = esp_image.read_esp_image(here)
    except Malformed:
        return None
    search.work(image.end)
    good = image.checksum == image.checksum_computed and image.hash == image.hash_computed
    return search.spans(at, at + image.end) if good else None


def _squashfs(search: _Search, at: int, low: int) -> Found | None:
    search.work(256)
    return search.spans(at, extents.squashfs_end(search.view, at))


def _gzip(search: _Search, at: int, low: int) -> Found | None:
    search.work(256)
    return search.spans(at, extents.gzip_end(search.view, at, search.work, quick=search.quick))


def _xz(search: _Search, at: int, low: int) -> Found | None:
    search.work(256)
    return search.spans(at, extents.xz_end(search.view, at, search.work, quick=search.quick))


def _zstd(search: _Search, at: int, low: int) -> Found | None:
    search.work(256)
    return search.spans(at, extents.zstd_end(search.view, at, search.work))


def _cpio(search: _Search, at: int, low: int) -> Found | None:
    search.work(256)
    return search.spans(at, extents.cpio_end(search.view, at, search.work))


def _environment(search: _Search, at: int, low: int) -> Found | None:
    place = extents.environment_at(search.view, at, low, search.work)
    if place is None:
        return None
    start, first, end = place
    text = ByteRange(first, extents.environment_text_end(search.view, first, end))
    return Found(ByteRange(start, end), text)


Checker = Callable[[_Search, int, int], Found | None]
MAGICS: tuple[tuple[bytes, Checker], ...] = (
    (fdt.MAGIC, _tree),
    (uimage.MAGIC, _uimage),
    (b"hsqs", _squashfs),
    (b"\x1f\x8b\x08", _gzip),
    (b"\xfd7zXZ\x00", _xz),
    (b"\x28\xb5\x2f\xfd", _zstd),
    (b"07070", _cpio),
    (b"bootcmd=", _environment),
    (b"bootdelay=", _environment),
    (b"baudrate=", _environment),
    (b"", _esp),  # no magic to search for: every sector that begins with E9
)


def _next(chunk: bytes, magic: bytes, at: int) -> int:
    """Where the magic comes next in a window; -1: not at all. An empty magic stands for E9 at a sector."""
    if magic:
        return chunk.find(magic, at)
    first = -(-at // SECTOR_BYTES)
    hit = chunk[::SECTOR_BYTES].find(b"\xe9", first)
    return hit * SECTOR_BYTES if hit >= 0 else -1


def _search(view: memoryview, work: _Work, *, quick: bool) -> Iterator[Found]:
    """Everything that passes its checks, in order, nothing inside anything else; raises LimitExceeded."""
    search = _Search(view, work, quick)
    at = 0
    for base in range(0, len(view), WINDOW_BYTES):
        if at >= base + WINDOW_BYTES:
            continue
        chunk = bytes(view[base : base + WINDOW_BYTES + OVERLAP_BYTES])
        heads = [_next(chunk, magic, max(at - base, 0)) for magic, _ in MAGICS]
        while (hit := min((one for one in heads if one >= 0), default=-1)) >= 0:
            index = heads.index(hit)
            found = MAGICS[index][1](search, base + hit, at)
            whole = found is not None and found.range.size == len(view)
            if found is not None and not whole:
                yield found
                at = found.range.end
                # Whatever begins inside what was found belongs to it.
                heads = [
                    _next(chunk, magic, at - base) if 0 <= one < at - base else one
                    for one, (magic, _) in zip(heads, MAGICS, strict=True)
                ]
            else:
                heads[index] = _next(chunk, MAGICS[index][0], hit + 1)


def detect(artifact: Artifact) -> bool:
    """At least one thing inside passes its checks; executables and plain text are not searched."""
    view = artifact.content
    if len(view) < MIN_BYTES or bytes(view[:4]) == b"\x7fELF" or _is_pe(view) or not _CONTROL.search(view[:1024]):
        return False
    if fill_byte(view):  # nothing can be in it, and searching zeros is what a bomb wants
        return False
    try:
        return next(_search(view, _Work(WORK_BASE + WORK_FACTOR * len(view), None), quick=True), None) is not None
    except LimitExceeded:
        return False


def _is_pe(view: memoryview) -> bool:
    at = int.from_bytes(view[0x3C:0x40], "little")
    return bytes(view[:2]) == b"MZ" and bytes(view[at : at + 4]) == b"PE\0\0"


def unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    """Search, then one member for each thing found, named by its offset; fill between them is padding."""
    view = artifact.content
    taken: list[ByteRange] = []
    work = _Work(WORK_BASE + WORK_FACTOR * len(view), budget)
    environments = 0
    try:
        for found in _search(view, work, quick=False):
            budget.member()
            taken.append(found.range)
            if found.text is not None:
                name = f"u-boot-env@0x{found.range.start:x}" if environments else "u-boot-env"
                environments += 1
                yield from _variables(view, found.range, found.text, name)
            else:
                content = view[found.range.start : found.range.end]
                yield Member(f"@0x{found.range.start:x}", content=content, ranges=(found.range,), stored=True)
    except LimitExceeded as problem:
        if budget.clock() > budget.deadline:
            raise
        yield Unread(GapReason.LIMIT, f"the search for parts was given up: {problem}")
    for between in subtracted(artifact.whole, taken):
        yield from _padding(view, between)


def _variables(view: memoryview, whole: ByteRange, text: ByteRange, name: str) -> Iterator[Event]:
    """A U-Boot environment: CRC, variables as lines of text, and what fills it up."""
    yield Part(ByteRange(whole.start, text.start), PartUse.CHECK)
    crc = zlib.crc32(view[text.start : whole.end])
    declared = bytes(view[whole.start : whole.start + 4])
    order = "little" if declared == crc.to_bytes(4, "little") else "big"
    yield Check(name, Digest("crc32", declared), Digest("crc32", crc.to_bytes(4, order)))  # type: ignore[arg-type]
    lines = bytes(view[text.start : text.end]).rstrip(b"\0").replace(b"\0", b"\n") + b"\n"
    yield Member(name, content=memoryview(lines), ranges=(text,))
    rest = text.end < whole.end and ByteRange(text.end, whole.end)
    if rest and fill_byte(view, rest):
        yield Part(rest, PartUse.PADDING)


def _padding(view: memoryview, between: ByteRange) -> Iterator[Event]:
    """Fill in bytes that nothing was found in: whole erase blocks, and runs at the edges."""
    blocks = list(_blocks(view, between))
    for block in blocks:
        yield Part(block, PartUse.PADDING)
    for piece in subtracted((between,), blocks):
        head = _run(view, piece, from_end=False)
        if head >= RUN_BYTES:
            yield Part(ByteRange(piece.start, piece.start + head), PartUse.PADDING)
        foot = _run(view, piece, from_end=True) if head < piece.size else 0
        if foot >= RUN_BYTES:
            yield Part(ByteRange(piece.end - foot, piece.end), PartUse.PADDING)


def _blocks(view: memoryview, between: ByteRange) -> Iterator[ByteRange]:
    """Aligned blocks of nothing but 00 or FF, neighbours joined."""
    start, fill = -1, ""
    first = -(-between.start // BLOCK_BYTES) * BLOCK_BYTES
    for at in range(first, between.end + BLOCK_BYTES, BLOCK_BYTES):
        inside = at + BLOCK_BYTES <= between.end
        kind = fill_byte(view, ByteRange(at, at + BLOCK_BYTES)) if inside else ""
        if start >= 0 and kind != fill:
            yield ByteRange(start, at)
            start = -1
        if kind and start < 0:
            start, fill = at, kind


def _run(view: memoryview, piece: ByteRange, *, from_end: bool) -> int:
    """Length of the run of 00 or FF at one edge of a piece, at most about one block."""
    size = min(piece.size, BLOCK_BYTES + RUN_BYTES)
    edge = bytes(view[piece.end - size : piece.end] if from_end else view[piece.start : piece.start + size])
    byte = edge[-1:] if from_end else edge[:1]
    if byte not in (b"\x00", b"\xff"):
        return 0
    return len(edge) - len(edge.rstrip(byte) if from_end else edge.lstrip(byte))


CONTAINER = Container(
    name="flash_dump",
    detect=detect,
    unpack=unpack,
    weak=True,
    doc=Doc(
        title="Flash dump (parts found by searching)",
        references=(
            "formats/fdt, fit, uimage, esp_image: as stated there",
            "SquashFS 4.0, RFC 1952, .xz 1.2.1, RFC 8878, cpio newc, U-Boot environment, read 2026-11-22",
        ),
        limitations=(
            "Finds device trees, FIT, uImage, ESP32 images, SquashFS 4.0, gzip, xz, zstd, cpio newc and U-Boot"
            " environments; nothing else.",
            "Bytes between the parts found stay unexplained; ELF, PE and plain text are not searched.",
        ),
    ),
)
