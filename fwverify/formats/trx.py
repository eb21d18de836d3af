"""TRX: a header with a CRC and up to four offsets in front of a router's kernel, root file system and loader.

Sources: Linux Documentation/devicetree/bindings/mtd/partitions/brcm,trx.txt and drivers/mtd/parsers/parser_trx.c,
OpenWrt package/utils/otrx (layout and CRC: CRC-32 without its last inversion, from the flags to the end); read
2026-11-22.
Versions 1 (three offsets) and 2 (four). Not read: later versions and the images of wireless chips, which use the same
header in another way (told by name); headers with a vendor's own magic.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from fwverify.formats.extents import Tick
from fwverify.limits import MIB
from fwverify.model.artifact import ByteRange, Digest
from fwverify.model.examining import Malformed, Unsupported

WHAT = "TRX"
MAGIC = b"HDR0"
OFFSETS = {1: 3, 2: 4}
"""Version -> offsets in the header."""
OFFSETS_AT = 16
COVERED_FROM = 12
"""The CRC begins with flags and version."""
CHIP_FLAGS = 0x04 | 0x20
"""Overlays, unpacked image: firmware of a wireless chip, whose offsets are sizes."""
STEP_BYTES = MIB


@dataclass(frozen=True, slots=True)
class Trx:
    version: int
    flags: int
    size: int
    """bytes, header included"""
    offsets: tuple[int, ...]
    """As written; 0 where there is none."""
    crc: Digest

    @property
    def header(self) -> ByteRange:
        return ByteRange(0, OFFSETS_AT + 4 * len(self.offsets))


def looks_like(view: memoryview) -> bool:
    """The magic, a version that exists and a size that can be. Never raises."""
    if len(view) < OFFSETS_AT + 12 or view[:4] != MAGIC:
        return False
    size, _, _, version = struct.unpack_from("<IIHH", view, 4)
    return bool(1 <= version <= 5 and size > OFFSETS_AT)


def read(view: memoryview) -> Trx:
    """The header at the start of the view; the view may go on behind the image.

    Raises:
        Malformed: cut off, or values that cannot be.
        Unsupported: another version, or a wireless chip's firmware.
    """
    if len(view) < OFFSETS_AT + 12 or view[:4] != MAGIC:
        raise Malformed(WHAT, "no header", 0)
    size, crc, flags, version = struct.unpack_from("<IIHH", view, 4)
    if version not in OFFSETS:
        raise Unsupported(f"TRX of version {version}")
    if flags & CHIP_FLAGS:
        raise Unsupported(f"TRX of a wireless chip's firmware (flags {flags:#06x})")
    count = OFFSETS[version]
    start = OFFSETS_AT + 4 * count
    if not start < size <= len(view):
        raise Malformed(WHAT, f"it declares {size} bytes, {len(view)} are there", 4)
    offsets = struct.unpack_from(f"<{count}I", view, OFFSETS_AT)
    for one in offsets:
        if one and not start <= one < size:
            raise Malformed(WHAT, f"an offset of {one} in {size} bytes", OFFSETS_AT)
    return Trx(version, flags, size, offsets, Digest("crc32", crc.to_bytes(4, "big")))


def partitions(trx: Trx) -> tuple[tuple[int, ByteRange], ...]:
    """Number and place of each partition, in order of place: each reaches to the next, the last to the end."""
    starts = sorted({one for one in trx.offsets if one})
    ends = [*starts[1:], trx.size] if starts else []
    number = {one: at for at, one in reversed(list(enumerate(trx.offsets, 1)))}
    return tuple((number[start], ByteRange(start, end)) for start, end in zip(starts, ends, strict=True))


def crc(view: memoryview, trx: Trx) -> Digest:
    value = zlib.crc32(view[COVERED_FROM : trx.size]) ^ 0xFFFFFFFF
    return Digest("crc32", value.to_bytes(4, "big"))


def end(view: memoryview, at: int, tick: Tick) -> int:
    """Where an image that begins at `at` ends: its CRC holds."""
    tick(OFFSETS_AT)
    here = view[at:]
    try:
        trx = read(here)
    except (Malformed, Unsupported):
        return 0
    for _ in range(0, trx.size, STEP_BYTES):
        tick(min(trx.size, STEP_BYTES))
    return at + trx.size if crc(here, trx) == trx.crc else 0
