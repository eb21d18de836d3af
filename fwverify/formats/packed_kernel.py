"""Linux kernels that unpack themselves: where the stub is, where the packed kernel lies in it, and how it is packed.

Sources: Linux arch/mips/boot/compressed (the packed kernel is a section of its own), arch/arm/boot/compressed/head.S
(magic 0x016f2818 at byte 36, then start and end), Documentation/arch/x86/boot.rst (protocol 2.08: payload_offset and
payload_length at bytes 0x248 and 0x24c; kernel_version at 0x20e), drivers/firmware/efi/libstub/zboot-header.S and
Makefile.zboot (offset and size at bytes 8 and 12, compression at 24), scripts/Makefile.lib; read 2026-11-22.
Nothing is unpacked to keep. A stub that does not say where its payload begins is searched for one that decodes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fwverify.formats import codecs, elf_tables, lz4_frame, lzma_alone, lzop
from fwverify.formats.blocks import block_lzo
from fwverify.formats.extents import Tick
from fwverify.formats.names import quoted
from fwverify.limits import Budget, LimitExceeded
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed, Unsupported

WHAT = "packed Linux kernel"
ZIMAGE_MAGIC, ZIMAGE_AT = 0x016F2818, 0x24
PE_SIGNATURE, PE_HEADER_BYTES, PE_SECTION_BYTES = b"PE\0\0", 24, 40
BZIMAGE_MAGIC, BZIMAGE_AT, BOOT_FLAG = b"HdrS", 0x202, b"\x55\xaa"
ZBOOT_MAGIC, ZBOOT_AT, PE_MAGIC = b"zimg", 4, b"MZ"
ZBOOT_HEADER_BYTES, PACKING_AT, PACKING_BYTES = 64, 24, 32
MIN_PROTOCOL = 0x0208
MAX_VERSION_BYTES = 256
PACKINGS = (
    ("gzip", b"\x1f\x8b\x08\0"),
    ("xz", b"\xfd7zXZ\0"),
    ("zstd", b"\x28\xb5\x2f\xfd"),
    ("lzma", b"\x5d\0\0"),
    ("lz4", lz4_frame.LEGACY),
    ("lzo", lzop.MAGIC),
    ("bzip2", b"BZh"),
)
"""What a payload begins with. The kernel's build gives gzip no name, so its flags are 0."""
GZIP_HEADER_BYTES = 10
END_MARK_BYTES = 4
"""Of an lzop file."""
MIN_SHARE = 2
"""An ELF section is a payload when it is at least one part in this many of the file."""
MAX_TRIES = 64
"""Places that begin like a payload and are tried."""


Unpacked = Callable[[memoryview, ByteRange, Budget, codecs.Progress], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Packed:
    payload: ByteRange
    """Begins with the payload, or has it somewhere (zImage); may end behind it."""
    structure: tuple[ByteRange, ...]
    kind: str
    end: int
    """Where the stub ends, as far as it says."""
    version: str = ""
    """What the stub says of the kernel."""


def find(view: memoryview) -> Packed | None:
    """The stub that the view begins with. Never raises."""
    return _zimage(view) or _bzimage(view) or _zboot(view) or _elf(view)


def _zimage(view: memoryview) -> Packed | None:
    if len(view) < ZIMAGE_AT + 12:
        return None
    for name, layout in (("little-endian", "<3I"), ("big-endian", ">3I")):
        magic, start, end = struct.unpack_from(layout, view, ZIMAGE_AT)
        if magic == ZIMAGE_MAGIC and ZIMAGE_AT + 12 < end - start <= len(view):
            head = ByteRange(ZIMAGE_AT, ZIMAGE_AT + 12)
            size = end - start
            return Packed(ByteRange(head.end, size), (head,), f"ARM zImage, {name}", size)
    return None


def _bzimage(view: memoryview) -> Packed | None:
    if len(view) < 0x250 or view[0x1FE:0x200] != BOOT_FLAG or view[BZIMAGE_AT : BZIMAGE_AT + 4] != BZIMAGE_MAGIC:
        return None
    setup = ((view[0x1F1] or 4) + 1) * 512
    offset, length = struct.unpack_from("<II", view, 0x248)
    start = setup + offset
    if int.from_bytes(view[0x206:0x208], "little") < MIN_PROTOCOL or not length or start + length > len(view):
        return None
    # Behind the setup sectors comes the code, whose size is stated in units of 16 bytes.
    end = setup + int.from_bytes(view[0x1F4:0x1F8], "little") * 16
    end = max(end if end <= len(view) else 0, start + length)
    at = int.from_bytes(view[0x20E:0x210], "little") + 512
    version, zero, _ = bytes(view[at : at + MAX_VERSION_BYTES]).partition(b"\0")
    told = quoted(version) if zero and at > 512 and at < setup else ""
    head = (*_efi_header(view), ByteRange(0x1F1, 0x250))
    return Packed(ByteRange(start, start + length), head, "x86 bzImage", end, told)


def _efi_header(view: memoryview) -> tuple[ByteRange, ...]:
    """Of a bzImage that EFI can start as well: a PE header in the boot sector, whose sections are those of the whole
    file (PE format, sections 3 and 4)."""
    at = int.from_bytes(view[0x3C:0x40], "little")
    if view[:2] != PE_MAGIC or not 0x40 <= at <= 0x1F1 - PE_HEADER_BYTES or view[at : at + 4] != PE_SIGNATURE:
        return ()
    sections, optional = (int.from_bytes(view[at + one : at + one + 2], "little") for one in (6, 20))
    end = at + PE_HEADER_BYTES + optional + sections * PE_SECTION_BYTES
    return (ByteRange(0, 2), ByteRange(0x3C, 0x40), ByteRange(at, end)) if end <= 0x1F1 else ()


def _zboot(view: memoryview) -> Packed | None:
    if len(view) < ZBOOT_HEADER_BYTES or view[:2] != PE_MAGIC or view[ZBOOT_AT : ZBOOT_AT + 4] != ZBOOT_MAGIC:
        return None
    offset, size, reserved, more = struct.unpack_from("<4I", view, 8)
    if offset < ZBOOT_HEADER_BYTES or not size or offset + size > len(view):
        return None
    end = PACKING_AT + len(bytes(view[PACKING_AT : PACKING_AT + PACKING_BYTES]).partition(b"\0")[0]) + 1
    name = ByteRange(PACKING_AT, min(end, PACKING_AT + PACKING_BYTES))
    unused = reserved or more
    head = (ByteRange(ZBOOT_AT, 16), name) if unused else (ByteRange(ZBOOT_AT, name.end),)
    return Packed(ByteRange(offset, offset + size), head, "EFI zboot", offset + size)


def _elf(view: memoryview) -> Packed | None:
    """A static program of which one section, the greater part of the file, begins like a packed stream."""
    if len(view) < 64 or view[:4] != elf_tables.MAGIC or elf_tables.ET_EXEC not in (view[16], view[17]):
        return None
    tables = elf_tables.read(view)
    if tables.problems or tables.has_segment(elf_tables.PT_INTERP) or tables.has_segment(elf_tables.PT_DYNAMIC):
        return None
    for one in tables.sections:
        if one.in_file and one.size * MIN_SHARE >= len(view) and packing(view, one.offset):
            head = (ByteRange(0, tables.header_bytes), *tables.structure)
            return Packed(ByteRange(one.offset, one.offset + one.size), head, "ELF stub", len(view))
    return None


def packing(view: memoryview, at: int) -> str:
    """What stands at `at`, by its magic; empty when nothing known does."""
    return next((name for name, magic in PACKINGS if view[at : at + len(magic)] == magic), "")


def start(view: memoryview, span: ByteRange) -> int:
    """Where the payload begins: at once, or (in a zImage, which does not say) where a stream begins to decode.

    The stub's own texts and constants hold such magics too, but nothing behind them decodes. Most of what follows the
    beginning of the payload belongs to it.

    Raises:
        Unsupported: no stream that is known begins there.
    """
    if packing(view, span.start):
        return span.start
    inside = bytes(view[span.start : span.start + span.size // MIN_SHARE])
    places = sorted(span.start + at for _, magic in PACKINGS for at in _places(inside, magic))
    tries = [one for one in places if _header_holds(view, one)][:MAX_TRIES]
    begin = next((one for one in tries if _decodes(view, ByteRange(one, span.end))), None)
    if begin is None:
        raise Unsupported("a kernel whose packing is not known")
    return begin


def _places(data: bytes, text: bytes) -> Iterator[int]:
    at = data.find(text)
    while at >= 0:
        yield at
        at = data.find(text, at + 1)


def _header_holds(view: memoryview, at: int) -> bool:
    """Gzip without a name and from a known system; xz by its own CRC; LZMA by values that can be."""
    match packing(view, at):
        case "gzip":
            return view[at + 8] in (0, 2, 4) and view[at + 9] in (0, 3, 255)
        case "xz":
            return zlib.crc32(view[at + 6 : at + 8]) == int.from_bytes(view[at + 8 : at + 12], "little")
        case "lzma":
            return lzma_alone.header(view, at) is not None
    return True


def _decodes(view: memoryview, span: ByteRange) -> bool:
    """The first piece comes out."""
    if packing(view, span.start) == "lzma":
        return lzma_alone.looks_like(view[span.start : span.end])
    try:
        return bool(next(unpacked(view, span, Budget(), codecs.Progress(span.start)), b""))
    except (Malformed, Unsupported, LimitExceeded):
        return False


def unpacked(view: memoryview, span: ByteRange, budget: Budget, progress: codecs.Progress) -> Iterator[bytes]:
    """The kernel, from a payload that begins with its magic; `progress.end` is where its stream ends.

    Of gzip that is the deflate stream alone: its trailer is the caller's.

    Raises:
        Malformed, Unsupported, LimitExceeded
    """
    reader = _READERS.get(packing(view, span.start))
    if reader is None:
        raise Unsupported("a kernel whose packing is not known")
    return reader(view, span, budget, progress)


def _ungzip(view: memoryview, span: ByteRange, budget: Budget, progress: codecs.Progress) -> Iterator[bytes]:
    if span.size <= GZIP_HEADER_BYTES:
        raise Malformed(WHAT, "its gzip stream ends after the header", span.start)
    return codecs.inflate(view, ByteRange(span.start + GZIP_HEADER_BYTES, span.end), budget, progress)


def _unlz4(view: memoryview, span: ByteRange, budget: Budget, progress: codecs.Progress) -> Iterator[bytes]:
    return lz4_frame.legacy(view[: span.end], span.start, budget, progress)


def _unlzo(view: memoryview, span: ByteRange, budget: Budget, progress: codecs.Progress) -> Iterator[bytes]:
    """One lzop file; the checksums of its header and blocks must hold. Raises Malformed, Unsupported, LimitExceeded."""
    view, start = view[: span.end], span.start
    header = lzop.read_header(view, start)
    if header.declared != header.computed:
        raise Malformed(WHAT, "the checksum of its lzop header does not hold", start)
    at = header.end
    while (block := lzop.read_block(view, at, header.flags)) is not None:
        packed = view[block.packed.start : block.packed.end]
        out = bytes(packed) if block.packed.size == block.size else block_lzo(packed, block.size)
        good = all(lzop.digest(one.algorithm, out) == one for one in block.out_checks)
        if len(out) != block.size or not good:
            raise Malformed(WHAT, "a block of its lzop file is damaged", at)
        at = block.packed.end
        yield progress.add(out, at, budget)
    progress.end = at + END_MARK_BYTES


_READERS: dict[str, Unpacked] = {
    "gzip": _ungzip, "xz": codecs.unxz, "zstd": codecs.unzstd, "lzma": codecs.unlzma, "bzip2": codecs.unbz2,
    "lz4": _unlz4, "lzo": _unlzo,
}  # fmt: skip


def end(view: memoryview, at: int, tick: Tick) -> int:
    """Where a zImage (eight times the same no-operation, then the magic), bzImage or zboot image ends."""
    tick(64)
    here = view[at:]
    found = _zimage(here) if _begins_with_nothing(here) else None
    found = found or _bzimage(here) or _zboot(here)
    if found is None:
        return 0
    tick(found.payload.size // MIN_SHARE)
    try:
        start(here, found.payload)
    except Unsupported:
        return 0
    return at + found.end


def _begins_with_nothing(view: memoryview) -> bool:
    """A zImage: no-operations up to the branch over the magic; those with an EFI header have `MZ` in the first."""
    return bytes(view[8:12]) * 5 == bytes(view[12:32])
