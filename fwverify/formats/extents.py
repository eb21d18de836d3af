"""How far a format that begins at some offset reaches: strict checks for carving, nothing is unpacked to keep.

Sources, each read 2026-11-22: SquashFS 4.0 (Linux Documentation/filesystems/squashfs.rst, superblock), RFC 1952
(gzip), The .xz File Format 1.2.1 (sections 2.1, 4), RFC 8878 (zstd frames).
Each function answers the end of what begins at `at`, or 0 when nothing valid does; none raises. What the contents
mean is the readers' affair; big-endian and older SquashFS are not recognised.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

Tick = Callable[[int], None]
"""Told how many bytes were looked at; may raise LimitExceeded to end the search."""

SQUASHFS_BYTES = 96
SQUASHFS_PAD = 4096
"""mksquashfs fills up to this."""
GZIP_SAMPLE_BYTES = 65536
"""A deflate stream that decodes this far (or to its end, with the right CRC) is one."""
GZIP_FIRST_BYTES = 1024
"""Looked at first: what is no stream breaks there."""
GZIP_HEADER = struct.Struct("<HBBIBB")
XZ_HEADER_BYTES = 12
ZSTD_BLOCK_BYTES = 1 << 17


def squashfs_end(view: memoryview, at: int) -> int:
    """A little-endian SquashFS 4.0 superblock whose every field can be; with its zero padding to 4 KiB."""
    if len(view) - at < SQUASHFS_BYTES or bytes(view[at : at + 4]) != b"hsqs":
        return 0
    block_size, _, compression, block_log, _, ids, major, minor = struct.unpack_from("<IIHHHHHH", view, at + 12)
    root, used, id_table, _, inodes, directories, fragments, _ = struct.unpack_from("<8Q", view, at + 32)
    fields = 12 <= block_log <= 20 and block_size == 1 << block_log and 1 <= compression <= 6 and ids >= 1
    order = SQUASHFS_BYTES <= inodes < directories < id_table < used <= len(view) - at
    tables = root >> 16 < used and (fragments == (1 << 64) - 1 or fragments < used)
    if not (fields and order and tables and (major, minor) == (4, 0)):
        return 0
    used = int(used)
    padded = min(at + (used + SQUASHFS_PAD - 1) // SQUASHFS_PAD * SQUASHFS_PAD, len(view))
    return padded if not any(view[at + used : padded]) else at + used


def gzip_end(view: memoryview, at: int, tick: Tick, *, quick: bool) -> int:
    """A gzip stream: decoded to its end. One that breaks after a good sample ends where it broke.

    Args:
        view: where to look.
        at: where it begins.
        tick: told about every piece.
        quick: enough that the sample decodes; the answer is then not the end.
    """
    if len(view) - at < 18:
        return 0
    magic, method, flags, _, extra, system = GZIP_HEADER.unpack_from(view, at)
    if magic != 0x8B1F or method != 8 or flags & 0xE0 or extra not in (0, 2, 4) or 13 < system < 255:
        return 0
    decoder, here, out, most = zlib.decompressobj(31), at, 0, GZIP_FIRST_BYTES
    while here < len(view):
        piece = view[here : here + most]
        most = GZIP_SAMPLE_BYTES
        tick(len(piece))
        try:
            out += _drained(decoder, piece, tick)
        except zlib.error:
            return here if here - at >= GZIP_SAMPLE_BYTES else 0
        here += len(piece)
        if decoder.eof:
            return here - len(decoder.unused_data)
        if quick and here - at >= GZIP_SAMPLE_BYTES:
            return here
    # Cut off by the end of the view.
    return here if out >= 4096 else 0


def _drained(decoder: zlib._Decompress, piece: memoryview, tick: Tick) -> int:
    """Decode a piece without keeping the output; how many bytes came out."""
    out, data = 0, bytes(piece)
    while data and not decoder.eof:
        got = len(decoder.decompress(data, 1 << 20))
        tick(got >> 4)  # output costs little next to input
        out, data = out + got, decoder.unconsumed_tail
    return out


def xz_end(view: memoryview, at: int, tick: Tick, *, quick: bool) -> int:
    """An xz stream: stream header and first block header with right CRCs, and the footer whose index adds up.

    Args:
        view: where to look.
        at: where it begins.
        tick: told about every piece.
        quick: the headers are enough; the answer is then not the end.
    """
    head = bytes(view[at : at + XZ_HEADER_BYTES + 1024])
    if len(head) < 32 or head[:6] != b"\xfd7zXZ\0" or head[6] or zlib.crc32(head[6:8]) != _le32(head, 8):
        return 0
    size = (head[12] + 1) * 4
    if not head[12] or 12 + size > len(head) or zlib.crc32(head[12 : 8 + size]) != _le32(head, 8 + size):
        return 0
    if quick:
        return at + XZ_HEADER_BYTES
    return _xz_footer(view, at, head[6:8], tick)


def _xz_footer(view: memoryview, at: int, flags: bytes, tick: Tick) -> int:
    base = at
    while base < len(view):
        chunk = bytes(view[base : base + (1 << 20) + 1])
        tick(len(chunk) >> 4)
        hit = chunk.find(b"YZ")
        while hit >= 0:
            end = base + hit + 2
            tick(64)
            if (end - at) % 4 == 0 and _xz_index_fits(view, at, end, flags):
                return end
            hit = chunk.find(b"YZ", hit + 1)
        base += 1 << 20
    return len(view)


def _xz_index_fits(view: memoryview, at: int, end: int, flags: bytes) -> bool:
    """The footer before `end` has the right CRC and flags, and its index accounts for every byte since `at`."""
    if end - at < 2 * XZ_HEADER_BYTES + 8:
        return False
    footer = bytes(view[end - 12 : end])
    if footer[8:10] != flags or zlib.crc32(footer[4:10]) != _le32(footer, 0):
        return False
    size = (_le32(footer, 4) + 1) * 4
    start = end - 12 - size
    if start < at + XZ_HEADER_BYTES or size > 1 << 24:
        return False
    index = bytes(view[start : end - 12])
    if index[0] or zlib.crc32(index[:-4]) != _le32(index, size - 4):
        return False
    return _xz_blocks(index) == start - at - XZ_HEADER_BYTES


def _xz_blocks(index: bytes) -> int:
    """Sum of the padded block sizes an index lists; -1 when it is broken."""
    count, at = _xz_number(index, 1)
    if at < 0 or count > len(index):
        return -1
    total = 0
    for _ in range(count):
        unpadded, at = _xz_number(index, at)
        if at >= 0:
            _, at = _xz_number(index, at)
        if at < 0:
            return -1
        total += (unpadded + 3) & ~3
    return total


def _xz_number(data: bytes, at: int) -> tuple[int, int]:
    """Variable-length integer and where it ends; -1 when it is broken."""
    value = 0
    for index in range(9):
        if at + index >= len(data):
            break
        value |= (data[at + index] & 0x7F) << (7 * index)
        if not data[at + index] & 0x80:
            return value, at + index + 1
    return 0, -1


def _le32(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def zstd_end(view: memoryview, at: int, tick: Tick) -> int:
    """A zstd frame, by walking its blocks; its first bytes must decode."""
    if len(view) - at < 9 or bytes(view[at : at + 4]) != b"\x28\xb5\x2f\xfd" or view[at + 4] & 0x08:
        return 0
    descriptor = view[at + 4]
    single = descriptor >> 5 & 1
    sizes = (single, 2, 4, 8)[descriptor >> 6]
    here = at + 5 + (1 - single) + (0, 1, 2, 4)[descriptor & 3] + sizes
    while here + 3 <= len(view):
        header = int.from_bytes(view[here : here + 3], "little")
        last, kind, size = header & 1, header >> 1 & 3, header >> 3
        if kind == 3 or size > ZSTD_BLOCK_BYTES:
            return 0
        tick(16)
        here += 3 + (1 if kind == 1 else size)
        if last:
            here += 4 * (descriptor >> 2 & 1)
            return here if here <= len(view) and _zstd_begins(view, at) else 0
    return 0


def _zstd_begins(view: memoryview, at: int) -> bool:
    import zstandard

    try:
        with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(view[at : at + (1 << 18)]) as reader:
            return len(reader.read(1)) <= 1
    except zstandard.ZstdError:
        return False
