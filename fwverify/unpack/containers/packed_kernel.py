"""Linux kernels that unpack themselves: an ELF stub (MIPS vmlinuz), ARM zImage, x86 bzImage.

Sources: Linux arch/mips/boot/compressed (the packed kernel is a section of its own), arch/arm/boot/compressed/head.S
(magic 0x016f2818 at byte 36, then start and end), Documentation/arch/x86/boot.rst (protocol 2.08: payload_offset and
payload_length at bytes 0x248 and 0x24c), scripts/Makefile.lib (some packers leave the unpacked size, 4 bytes, behind
the stream); RFC 1952; read 2026-11-22.
Without this the stub is all that is seen, and the kernel inside passes for examined. The stub's code is claimed by
nobody, so the stage looks into it as a remainder. Not read: payloads packed with LZMA, LZO or LZ4 (a gap says so), EFI
zboot, other programs that unpack themselves.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fwverify.content import Holder
from fwverify.formats import codecs, elf_tables
from fwverify.formats.cursor import Cursor
from fwverify.formats.extents import Tick
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, Digest
from fwverify.model.examining import Malformed, Unsupported
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Check, Container, Event, Fact, Member, Part, PartUse

WHAT = "packed Linux kernel"
KERNEL = "kernel"
"""Name of the one member."""
ZIMAGE_MAGIC, ZIMAGE_AT = 0x016F2818, 0x24
BZIMAGE_MAGIC, BZIMAGE_AT, BOOT_FLAG = b"HdrS", 0x202, b"\x55\xaa"
MIN_PROTOCOL = 0x0208
PACKINGS = (
    ("gzip", b"\x1f\x8b\x08\0"),
    ("xz", b"\xfd7zXZ\0"),
    ("zstd", b"\x28\xb5\x2f\xfd"),
    ("lzma", b"\x5d\0\0"),
    ("lz4", b"\x02\x21\x4c\x18"),
    ("lzo", b"\x89LZO\0\r\n\x1a\n"),
)
"""What a payload begins with. The kernel's build gives gzip no name, so its flags are 0."""
GZIP_HEADER_BYTES, SIZE_BYTES = 10, 4
MIN_SHARE = 2
"""An ELF section is a payload when it is at least one part in this many of the file."""

_Unpacked = Callable[[memoryview, ByteRange, Budget, codecs.Progress], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class _Packed:
    payload: ByteRange
    """Begins with the payload; may end behind it."""
    structure: tuple[ByteRange, ...]
    kind: str


def _detect(artifact: Artifact) -> bool:
    return _find(artifact.content) is not None


def _find(view: memoryview) -> _Packed | None:
    return _zimage(view) or _bzimage(view) or _elf(view)


def _zimage(view: memoryview) -> _Packed | None:
    if len(view) < ZIMAGE_AT + 12:
        return None
    for name, layout in (("little-endian", "<3I"), ("big-endian", ">3I")):
        magic, start, end = struct.unpack_from(layout, view, ZIMAGE_AT)
        if magic == ZIMAGE_MAGIC and ZIMAGE_AT + 12 < end - start <= len(view):
            head = ByteRange(ZIMAGE_AT, ZIMAGE_AT + 12)
            return _Packed(ByteRange(head.end, end - start), (head,), f"ARM zImage, {name}")
    return None


def _bzimage(view: memoryview) -> _Packed | None:
    if len(view) < 0x250 or view[0x1FE:0x200] != BOOT_FLAG or view[BZIMAGE_AT : BZIMAGE_AT + 4] != BZIMAGE_MAGIC:
        return None
    setup = ((view[0x1F1] or 4) + 1) * 512
    offset, length = (int.from_bytes(view[at : at + 4], "little") for at in (0x248, 0x24C))
    start = setup + offset
    if int.from_bytes(view[0x206:0x208], "little") < MIN_PROTOCOL or not length or start + length > len(view):
        return None
    return _Packed(ByteRange(start, start + length), (ByteRange(0x1F1, 0x250),), "x86 bzImage")


def _elf(view: memoryview) -> _Packed | None:
    """A static program of which one section, the greater part of the file, begins like a packed stream."""
    if len(view) < 64 or view[:4] != elf_tables.MAGIC or elf_tables.ET_EXEC not in (view[16], view[17]):
        return None
    tables = elf_tables.read(view)
    if tables.problems or tables.has_segment(elf_tables.PT_INTERP) or tables.has_segment(elf_tables.PT_DYNAMIC):
        return None
    for one in tables.sections:
        if one.in_file and one.size * MIN_SHARE >= len(view) and _packing(view, one.offset):
            head = (ByteRange(0, tables.header_bytes), *tables.structure)
            return _Packed(ByteRange(one.offset, one.offset + one.size), head, "ELF stub")
    return None


def _packing(view: memoryview, at: int) -> str:
    return next((name for name, magic in PACKINGS if view[at : at + len(magic)] == magic), "")


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    found = _find(view)
    if found is None:
        raise Malformed(WHAT, "it has no header", 0)
    yield from (Part(one, PartUse.HEADER) for one in found.structure)
    start = _start(view, found.payload)
    packing = _packing(view, start)
    yield Fact("stub", found.kind)
    yield Fact("packed-with", packing)
    budget.member()
    span = ByteRange(start, found.payload.end)
    match packing:
        case "gzip":
            yield from _gzip(view, span, budget)
        case "xz":
            yield from _plain(view, span, budget, codecs.unxz)
        case "zstd":
            yield from _plain(view, span, budget, codecs.unzstd)
        case _:
            raise Unsupported(f"a kernel packed with {packing}")


def _start(view: memoryview, span: ByteRange) -> int:
    """Where the payload begins: at once, or (in a zImage, which does not say) where a stream's header holds.

    The stub's own texts hold such magics too; the payload begins at a word and is most of what follows the header.
    """
    if _packing(view, span.start):
        return span.start
    inside = bytes(view[span.start : span.start + span.size // MIN_SHARE])
    places = sorted(span.start + at for _, magic in PACKINGS for at in _places(inside, magic))
    start = next((one for one in places if one % 4 == 0 and _header_holds(view, one)), None)
    if start is None:
        raise Unsupported("a kernel whose packing is not known")
    return start


def _places(data: bytes, text: bytes) -> Iterator[int]:
    at = data.find(text)
    while at >= 0:
        yield at
        at = data.find(text, at + 1)


def _header_holds(view: memoryview, at: int) -> bool:
    """Gzip without a name and from a known system; xz by its own CRC; the others have nothing to check."""
    if view[at : at + 4] == PACKINGS[0][1]:
        return view[at + 8] in (0, 2, 4) and view[at + 9] in (0, 3, 255)
    if view[at : at + 6] == PACKINGS[1][1]:
        return zlib.crc32(view[at + 6 : at + 8]) == int.from_bytes(view[at + 8 : at + 12], "little")
    return True


def _plain(view: memoryview, span: ByteRange, budget: Budget, unpacked: _Unpacked) -> Iterator[Event]:
    holder, progress = Holder(budget), codecs.Progress(span.start)
    for chunk in unpacked(view, span, budget, progress):
        holder.add(chunk)
    yield Member(KERNEL, content=holder.view(), ranges=(ByteRange(span.start, progress.end),))
    yield from _appended_size(view, ByteRange(progress.end, span.end) if progress.end < span.end else None, holder.size)


def _gzip(view: memoryview, span: ByteRange, budget: Budget) -> Iterator[Event]:
    holder, progress, crc = Holder(budget), codecs.Progress(span.start), 0
    start = span.start + GZIP_HEADER_BYTES
    if start >= span.end:
        raise Malformed(WHAT, "its gzip stream ends after the header", span.start)
    for chunk in codecs.inflate(view, ByteRange(start, span.end), budget, progress):
        crc = zlib.crc32(chunk, crc)
        holder.add(chunk)
    trailer = Cursor(view, WHAT, progress.end, span.end)
    declared, size = trailer.le32("CRC-32"), trailer.le32("length")
    yield Part(ByteRange(span.start, start), PartUse.HEADER)
    yield Member(KERNEL, content=holder.view(), ranges=(ByteRange(start, progress.end),))
    yield Part(ByteRange(progress.end, trailer.at), PartUse.CHECK)
    yield Check(f"{KERNEL}: crc32", _number("crc32", declared), _number("crc32", crc), KERNEL)
    yield Check(f"{KERNEL}: size32", _number("size32", size), _number("size32", holder.size & 0xFFFFFFFF), KERNEL)


def _appended_size(view: memoryview, rest: ByteRange | None, size: int) -> Iterator[Event]:
    """The unpacked size behind the stream, where the packer put it; other bytes stay unclaimed."""
    if rest is None or rest.size < SIZE_BYTES:
        return
    stated = bytes(view[rest.start : rest.start + SIZE_BYTES])
    if (size & 0xFFFFFFFF) in (int.from_bytes(stated, "little"), int.from_bytes(stated, "big")):
        yield Part(ByteRange(rest.start, rest.start + SIZE_BYTES), PartUse.CHECK)


def _end(view: memoryview, at: int, tick: Tick) -> int:
    """A zImage (eight times the same no-operation, then the magic) or bzImage in which a payload is found."""
    tick(64)
    here = view[at:]
    found = _zimage(here) if bytes(here[4:8]) * 6 == bytes(here[8:32]) else None
    found = found or _bzimage(here)
    if found is None:
        return 0
    tick(found.payload.size // MIN_SHARE)
    try:
        _start(here, found.payload)
    except Unsupported:
        return 0
    return at + max(found.payload.end, _system_end(here)) if found.kind.startswith("x86") else at + found.payload.end


def _system_end(view: memoryview) -> int:
    """Where a bzImage ends: behind its setup sectors the code, whose size is stated in units of 16 bytes."""
    end = ((view[0x1F1] or 4) + 1) * 512 + int.from_bytes(view[0x1F4:0x1F8], "little") * 16
    return end if end <= len(view) else 0


def _number(algorithm: str, value: int) -> Digest:
    return Digest(algorithm, value.to_bytes(4, "big"))


CONTAINER = Container(
    name="packed_kernel",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(
        (
            (ZIMAGE_MAGIC.to_bytes(4, "little"), ZIMAGE_AT),
            (ZIMAGE_MAGIC.to_bytes(4, "big"), ZIMAGE_AT),
            (BZIMAGE_MAGIC, BZIMAGE_AT),
        ),
        _end,
    ),
    doc=Doc(
        title="Linux kernel that unpacks itself",
        vendor="Linux kernel",
        references=(
            "Linux arch/mips/boot/compressed, arch/arm/boot/compressed/head.S and Documentation/arch/x86/boot.rst, "
            "read 2026-11-22",
        ),
        limitations=("LZMA, LZO and LZ4 payloads are not unpacked.", "EFI zboot images are not recognised."),
    ),
)
