"""lzop files: a header with a checksum, then blocks of LZO1X with checksums of their own; several may follow in a row.

Source: lzop 1.04 (conf.h: flags; lzop.c: `write_header`, `lzo_compress`, `read_header`), read 2026-11-22. All numbers
are big-endian. Kernels packed with LZO are one such file.

Not read: filters, the zlib method, files split over several volumes (told by name).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from fwverify.formats.cursor import Cursor
from fwverify.formats.names import fill_byte
from fwverify.limits import MIB
from fwverify.model.artifact import ByteRange, Digest
from fwverify.model.examining import Malformed, Unsupported

WHAT = "lzop file"
MAGIC = b"\x89LZO\0\r\n\x1a\n"
MIN_BYTES = 9 + 25
LEVEL_SINCE = 0x0940
"""Versions from this one on state their level and what version reads them."""
ADLER32_OUT, ADLER32_PACKED, EXTRA, CRC32_OUT, CRC32_PACKED = 0x1, 0x2, 0x40, 0x100, 0x200
FILTER, HEADER_CRC32 = 0x800, 0x1000
LZO_METHODS = frozenset({1, 2, 3})
"""1X-1, 1X-1(15), 1X-999: one decoder reads them all."""
MAX_BLOCK_BYTES = 64 * MIB
SPLIT = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Header:
    name: bytes
    """As stored; empty when there is none."""
    flags: int
    method: int
    declared: Digest
    computed: Digest
    structure: tuple[ByteRange, ...]
    """An extra field's content is nobody's."""
    end: int


@dataclass(frozen=True, slots=True)
class Block:
    packed: ByteRange
    size: int
    """bytes unpacked; equal to the packed size when it is stored as it is"""
    out_checks: tuple[Digest, ...]
    packed_checks: tuple[Digest, ...]


def read_header(view: memoryview, start: int) -> Header:
    """The header at `start`. Raises Malformed, Unsupported."""
    cursor = Cursor(view, WHAT, start)
    if cursor.take(len(MAGIC), "magic") != MAGIC:
        raise Malformed(WHAT, "it has no magic", start)
    first = cursor.at
    version = cursor.be16("version")
    cursor.be16("library version")
    if version >= LEVEL_SINCE:
        cursor.be16("version needed")
    method = cursor.u8("method")
    if version >= LEVEL_SINCE:
        cursor.u8("level")
    flags = cursor.be32("flags")
    if flags & FILTER:
        cursor.be32("filter")
    cursor.skip(12 if version >= LEVEL_SINCE else 8, "mode and time")
    name = bytes(cursor.take(cursor.u8("size of name"), "name"))
    algorithm = "crc32" if flags & HEADER_CRC32 else "adler32"
    computed = digest(algorithm, view[first : cursor.at])
    declared = Digest(algorithm, bytes(cursor.take(4, "header checksum")))
    structure = [ByteRange(start, cursor.at)]
    if flags & EXTRA:
        structure += _extra(cursor)
    if method not in LZO_METHODS or flags & FILTER:
        raise Unsupported(f"lzop with method {method}, flags {flags:#x}")
    return Header(name, flags, method, declared, computed, tuple(structure), cursor.at)


def _extra(cursor: Cursor) -> list[ByteRange]:
    """The size and checksum of an extra field, which no known version writes."""
    at = cursor.at
    size = cursor.be32("size of extra field")
    cursor.skip(size, "extra field")
    cursor.skip(4, "checksum of extra field")
    return [ByteRange(at, at + 4), ByteRange(cursor.at - 4, cursor.at)]


def read_block(view: memoryview, at: int, flags: int) -> Block | None:
    """The block at `at`; None for the end mark (4 bytes). Raises Malformed, Unsupported."""
    cursor = Cursor(view, WHAT, at)
    size = cursor.be32("size of block")
    if not size:
        return None
    if size == SPLIT:
        raise Unsupported("lzop file in several volumes")
    packed = cursor.be32("packed size of block")
    if not 0 < packed <= size <= MAX_BLOCK_BYTES:
        raise Malformed(WHAT, f"a block of {size} bytes in {packed}", at)
    out = _digests(cursor, flags, ADLER32_OUT, CRC32_OUT)
    inner = _digests(cursor, flags, ADLER32_PACKED, CRC32_PACKED) if packed < size else ()
    cursor.skip(packed, "block")
    return Block(ByteRange(cursor.at - packed, cursor.at), size, out, inner)


def _digests(cursor: Cursor, flags: int, adler32: int, crc32: int) -> tuple[Digest, ...]:
    wanted = [name for name, flag in (("adler32", adler32), ("crc32", crc32)) if flags & flag]
    return tuple(Digest(name, bytes(cursor.take(4, name))) for name in wanted)


def digest(algorithm: str, data: memoryview | bytes) -> Digest:
    """Adler-32 or CRC-32, big-endian."""
    value = zlib.crc32(data) if algorithm == "crc32" else zlib.adler32(data)
    return Digest(algorithm, value.to_bytes(4, "big"))


def is_end_mark(view: memoryview, at: int) -> bool:
    return at + 4 <= len(view) and fill_byte(view, ByteRange(at, at + 4)) == "00"
