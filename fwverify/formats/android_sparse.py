"""Android sparse images: chunks of raw blocks, of one repeated word, and of blocks nobody cares about.

Source: AOSP system/core/libsparse/sparse_format.h and sparse_crc32, read 2026-11-22. All numbers are little-endian.
What nobody cares about is read as zeros, as simg2img writes it. Versions other than 1.x are not read.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from fwverify.formats.extents import Tick
from fwverify.limits import MIB, LimitExceeded
from fwverify.model.artifact import ByteRange, Digest
from fwverify.model.examining import Malformed, Unsupported

WHAT = "Android sparse image"
MAGIC = b"\x3a\xff\x26\xed"
HEADER = struct.Struct("<IHHHHIIII")
CHUNK = struct.Struct("<HHII")
RAW, FILL, SKIP, CRC32 = 0xCAC1, 0xCAC2, 0xCAC3, 0xCAC4
MAX_HEADER_BYTES = 4096
MIN_BLOCK_BYTES, MAX_BLOCK_BYTES = 4, 64 * MIB
PIECE_BYTES = MIB
MAX_CHUNKS = 1 << 18
"""Of one file; a system image has some thousands."""


@dataclass(frozen=True, slots=True)
class Header:
    header_bytes: int
    chunk_header_bytes: int
    block_bytes: int
    blocks: int
    chunks: int
    checksum: int
    """CRC-32 of the unpacked image; 0 where there is none."""

    @property
    def size(self) -> int:
        """Of the unpacked image, bytes."""
        return self.block_bytes * self.blocks


@dataclass(frozen=True, slots=True)
class Chunk:
    kind: int
    at: int
    """Of its header."""
    reserved: int
    data: ByteRange | None
    """Raw blocks, the word to repeat, or a CRC-32; None where there is nothing."""
    size: int
    """Of what it unpacks to, bytes."""


@dataclass(slots=True)
class Sums:
    """CRC-32 of what was unpacked, and at each CRC chunk what it says and what is true."""

    value: int = 0
    pairs: list[tuple[Digest, Digest]] = field(default_factory=list)


def digest(value: int) -> Digest:
    return Digest("crc32", value.to_bytes(4, "big"))


def read_header(view: memoryview) -> Header:
    """The file's header.

    Raises:
        Malformed, Unsupported: no such file; another major version.
    """
    if len(view) < HEADER.size or view[:4] != MAGIC:
        raise Malformed(WHAT, "no header", 0)
    _, major, _, size, chunk_size, block, blocks, chunks, checksum = HEADER.unpack_from(view)
    if major != 1:
        raise Unsupported(f"Android sparse image of version {major}")
    if not HEADER.size <= size <= MAX_HEADER_BYTES or not CHUNK.size <= chunk_size <= MAX_HEADER_BYTES:
        raise Malformed(WHAT, f"headers of {size} and {chunk_size} bytes", 8)
    if not MIN_BLOCK_BYTES <= block <= MAX_BLOCK_BYTES or block % 4:
        raise Malformed(WHAT, f"blocks of {block} bytes", 12)
    if chunks > (len(view) - size) // chunk_size:
        raise Malformed(WHAT, f"{chunks} chunks in {len(view)} bytes", 20)
    return Header(size, chunk_size, block, blocks, chunks, checksum)


def chunks(view: memoryview, header: Header) -> Iterator[Chunk]:
    """Each chunk in order, with its place checked. Raises Malformed, LimitExceeded."""
    if header.chunks > MAX_CHUNKS:
        raise LimitExceeded("sparse image chunks", header.chunks)
    at, blocks = header.header_bytes, 0
    for _ in range(header.chunks):
        if at + header.chunk_header_bytes > len(view):
            raise Malformed(WHAT, "cut off in a chunk's header", at)
        kind, reserved, count, total = CHUNK.unpack_from(view, at)
        start, size = at + header.chunk_header_bytes, total - header.chunk_header_bytes
        wanted = {RAW: count * header.block_bytes, FILL: 4, SKIP: 0, CRC32: 4}.get(kind)
        if wanted is None:
            raise Malformed(WHAT, f"a chunk of type {kind:#06x}", at)
        if size != wanted or start + size > len(view):
            raise Malformed(WHAT, f"a chunk of {size} bytes where {wanted} belong, {len(view) - start} are left", at)
        blocks += count if kind != CRC32 else 0
        if blocks > header.blocks:
            raise Malformed(WHAT, f"more than the {header.blocks} blocks it declares", at)
        data = ByteRange(start, start + size) if size else None
        yield Chunk(kind, at, reserved, data, count * header.block_bytes if kind != CRC32 else 0)
        at = start + size


def unpacked(
    view: memoryview, pieces: list[Chunk], size: int, sums: Sums, tick: Callable[[int], None]
) -> Iterator[bytes | memoryview]:
    """The image, piece by piece; `sums` is complete once it is exhausted.

    Args:
        view: the sparse file.
        pieces: its chunks.
        size: of the image; what no chunk speaks of is zeros.
        sums: filled on the way.
        tick: told how many bytes have come out before each piece, may raise LimitExceeded.
    """
    done = 0
    for chunk in [*pieces, Chunk(SKIP, 0, 0, None, size - sum(one.size for one in pieces))]:
        if chunk.kind == CRC32 and chunk.data is not None:
            declared = int.from_bytes(view[chunk.data.start : chunk.data.end], "little")
            sums.pairs.append((digest(declared), digest(sums.value)))
        for piece in _pieces(view, chunk):
            tick(done)
            sums.value = zlib.crc32(piece, sums.value)
            done += len(piece)
            yield piece


def _pieces(view: memoryview, chunk: Chunk) -> Iterator[bytes | memoryview]:
    if chunk.kind == RAW and chunk.data is not None:
        for at in range(chunk.data.start, chunk.data.end, PIECE_BYTES):
            yield view[at : min(at + PIECE_BYTES, chunk.data.end)]
    elif chunk.kind in (FILL, SKIP):
        word = bytes(view[chunk.data.start : chunk.data.end]) if chunk.data is not None else bytes(4)
        piece = word * (min(PIECE_BYTES, chunk.size) // 4)
        for at in range(0, chunk.size, PIECE_BYTES):
            yield piece[: min(PIECE_BYTES, chunk.size - at)]


def looks_like(view: memoryview) -> bool:
    """The magic and a header that can be. Never raises."""
    try:
        read_header(view)
    except Malformed:
        return False
    except Unsupported:
        return True
    return True


def end(view: memoryview, at: int, tick: Tick) -> int:
    """Where a file that begins at `at` ends: its chunks follow one another and are as many blocks as it declares."""
    tick(HEADER.size)
    here = view[at:]
    last, size = 0, 0
    try:
        header = read_header(here)
        for one in chunks(here, header) if header.chunks <= MAX_CHUNKS else ():
            tick(header.chunk_header_bytes)
            last = one.data.end if one.data is not None else one.at + header.chunk_header_bytes
            size += one.size
    except (Malformed, Unsupported):
        return 0
    return at + last if size == header.size and size else 0
