"""LZ4 frames: the frame format, the legacy frame of Linux kernels, and frames to be skipped.

Source: LZ4 Frame Format Description 1.6.3 (lz4 doc/lz4_Frame_format.md), read 2026-11-22. A frame's checksums over
blocks and content are verified by liblz4 while it decodes; the one over its header is verified here. A legacy frame has
no checksum and no end mark: it ends with the first block that is not full.

Not read: frames that need a dictionary (told by name).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.formats.blocks import block_lz4
from fwverify.formats.codecs import Progress
from fwverify.formats.cursor import Cursor
from fwverify.formats.extents import Tick
from fwverify.limits import MIB, Budget
from fwverify.model.examining import Malformed, Unsupported

WHAT = "LZ4 frame"
MAGIC, LEGACY, SKIPPABLE = b"\x04\x22\x4d\x18", b"\x02\x21\x4c\x18", b"\x2a\x4d\x18"
SKIPPABLE_HEADER_BYTES = 8
VERSION, VERSION_MASK = 0x40, 0xC0
BLOCK_CHECKSUMS, CONTENT_SIZE, CONTENT_CHECKSUM, RESERVED, DICTIONARY = 0x10, 0x08, 0x04, 0x02, 0x01
BLOCK_BYTES = {4: 64 << 10, 5: 256 << 10, 6: MIB, 7: 4 * MIB}
STORED = 1 << 31
LEGACY_BLOCK_BYTES = 8 * MIB
LEGACY_MOST_BYTES = LEGACY_BLOCK_BYTES + LEGACY_BLOCK_BYTES // 255 + 16
"""What a block of 8 MiB that does not compress takes."""
MAX_BLOCKS = 1 << 20
"""Of one frame: 64 GiB in blocks of the smallest usual size."""
SEED_FACTORS = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1)
WORD = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the parts of a frame lie."""

    start: int
    blocks: int
    """Where the first block begins."""
    mark: int
    """Where the end mark begins."""
    end: int
    content_size: int
    """As declared; -1 when it is not."""
    content_checksum: bool


def is_skippable(view: memoryview, at: int) -> bool:
    return view[at + 1 : at + 4] == SKIPPABLE and view[at] & 0xF0 == 0x50


def skippable_end(view: memoryview, at: int) -> int:
    """Where a frame to be skipped ends. Raises Malformed."""
    cursor = Cursor(view, WHAT, at + 4)
    cursor.skip(cursor.le32("size of skippable frame"), "skippable frame")
    return cursor.at


def read(view: memoryview, start: int, tick: Tick) -> Frame:
    """The frame at `start`, by its header and the sizes of its blocks; nothing is unpacked.

    Raises:
        Malformed: not a frame, or it does not end.
        Unsupported: it needs a dictionary.
    """
    cursor = Cursor(view, WHAT, start)
    if cursor.take(4, "magic") != MAGIC:
        raise Malformed(WHAT, "it has no magic", start)
    flags, blocks = cursor.u8("flags"), cursor.u8("block sizes")
    if flags & VERSION_MASK != VERSION or flags & RESERVED or blocks & 0x8F or blocks >> 4 not in BLOCK_BYTES:
        raise Malformed(WHAT, "a header that cannot be", start)
    declared = cursor.le64("content size") if flags & CONTENT_SIZE else -1
    if flags & DICTIONARY:
        number = cursor.le32("dictionary")
    computed = xxh32_short(bytes(view[start + 4 : cursor.at])) >> 8 & 0xFF
    if cursor.u8("header checksum") != computed:
        raise Malformed(WHAT, "the checksum of its header does not hold", start)
    if flags & DICTIONARY:
        raise Unsupported(f"LZ4 with dictionary {number}")
    first = cursor.at
    mark = _end_mark(cursor, BLOCK_BYTES[blocks >> 4], 4 if flags & BLOCK_CHECKSUMS else 0, tick)
    if flags & CONTENT_CHECKSUM:
        cursor.skip(4, "content checksum")
    return Frame(start, first, mark, cursor.at, declared, bool(flags & CONTENT_CHECKSUM))


def _end_mark(cursor: Cursor, most: int, checksum_bytes: int, tick: Tick) -> int:
    """Pass over the blocks; where the end mark begins."""
    for _ in range(MAX_BLOCKS):
        at = cursor.at
        size = cursor.le32("block size")
        tick(16)
        if not size:
            return at
        if size & ~STORED > most:
            raise Malformed(WHAT, f"a block of {size & ~STORED} bytes", at)
        cursor.skip((size & ~STORED) + checksum_bytes, "block")
    raise Malformed(WHAT, f"more than {MAX_BLOCKS} blocks")


def legacy(view: memoryview, start: int, budget: Budget, progress: Progress) -> Iterator[bytes]:
    """The blocks of the legacy frame at `start`, unpacked.

    Raises:
        Malformed: a block that is damaged or cut short.
        LimitExceeded: it expands like a bomb.
    """
    at = start + 4
    while True:
        size = int.from_bytes(view[at : at + 4], "little")
        if at > start + 4 and _legacy_ends(view, at, size):
            break
        if not 0 < size <= LEGACY_MOST_BYTES or at + 4 + size > len(view):
            raise Malformed(WHAT, f"a legacy block of {size} bytes", at)
        chunk = block_lz4(view[at + 4 : at + 4 + size], LEGACY_BLOCK_BYTES)
        at += 4 + size
        yield progress.add(chunk, at, budget)
        if len(chunk) < LEGACY_BLOCK_BYTES:
            break
    progress.end = at


def _legacy_ends(view: memoryview, at: int, size: int) -> bool:
    """After a full block: nothing, another frame, the size that kernels put behind, or what cannot be a block's."""
    frame = view[at : at + 4] in (MAGIC, LEGACY) or is_skippable(view, at)
    return frame or len(view) - at <= 4 or not 0 < size <= LEGACY_MOST_BYTES


def xxh32_short(data: bytes) -> int:
    """XXH32 with seed 0 of fewer than 16 bytes: what frame headers have (xxHash specification 0.1.1, section 2)."""
    one, two, three, four, five = SEED_FACTORS
    value = (five + len(data)) & WORD
    whole = len(data) // 4 * 4
    for (word,) in struct.iter_unpack("<I", data[:whole]):
        value = (value + word * three) & WORD
        value = (_rotated(value, 17) * four) & WORD
    for byte in data[whole:]:
        value = (value + byte * five) & WORD
        value = (_rotated(value, 11) * one) & WORD
    value = ((value ^ value >> 15) * two) & WORD
    value = ((value ^ value >> 13) * three) & WORD
    return value ^ value >> 16


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> (32 - bits)) & WORD


def end(view: memoryview, at: int, tick: Tick) -> int:
    """Where a frame of either kind that begins at `at` ends: its blocks follow one another and the first unpacks."""
    tick(16)
    try:
        if view[at : at + 4] == LEGACY:
            return _legacy_end(view, at, tick)
        frame = read(view, at, tick)
    except (Malformed, Unsupported):
        return 0
    return frame.end if frame.mark > frame.blocks else 0


def _legacy_end(view: memoryview, at: int, tick: Tick) -> int:
    here, produced = at + 4, LEGACY_BLOCK_BYTES
    while produced == LEGACY_BLOCK_BYTES:
        size = int.from_bytes(view[here : here + 4], "little")
        if here > at + 4 and _legacy_ends(view, here, size):
            return here
        if not 0 < size <= LEGACY_MOST_BYTES or here + 4 + size > len(view):
            return 0
        tick(size)
        produced = len(block_lz4(view[here + 4 : here + 4 + size], LEGACY_BLOCK_BYTES))
        here += 4 + size
    return here
