"""Bounded decompression for every format that carries packed bytes.

Over zlib, bz2, liblzma (standard library), libzstd (zstandard) and liblz4. Two shapes: a stream whose end only the
decoder knows (`inflate`, `unxz`, `unlzma`, `unbz2`, `unzstd`, `unlz4`), and one block whose greatest size the container
states (`block`). Neither ever holds more output than it was allowed to give. Nothing here knows a container; nothing
here is sought in bytes.

Sources: RFC 1951 (deflate), the xz file format 1.2.1, RFC 8878 (Zstandard); read 2026-11-22.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from fwverify.limits import MIB, Budget, LimitExceeded
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed, Unsupported

INPUT_BYTES = 64 << 10
"""Fed to a decoder at a time, so that what it hands back unread stays small."""
OUTPUT_BYTES = MIB
"""Taken from a decoder at a time."""
LZMA_SPARE_BYTES = 8 * MIB
"""What liblzma needs beside its dictionary."""
BLOCK_LZMA_BYTES = 16 * MIB
"""Memory for one block: blocks have at most 1 MiB, but some writers state the 8 MiB dictionary of `xz -6`."""
CHECKSUM_IN_BLOCK = frozenset({lzma.CHECK_NONE, lzma.CHECK_CRC32, lzma.CHECK_CRC64, lzma.CHECK_SHA256})


@dataclass(slots=True)
class Progress:
    """How far a stream was read; `end` counts once its chunks were exhausted."""

    start: int
    end: int = 0
    produced: int = 0
    """bytes"""

    def add(self, chunk: bytes, read_to: int, budget: Budget) -> bytes:
        """Count one chunk. Raises LimitExceeded when it expanded beyond what payloads do."""
        self.produced += len(chunk)
        budget.ratio(read_to - self.start, self.produced)
        budget.check_time()
        return chunk


class _Decoder(Protocol):
    """What LZMADecompressor and BZ2Decompressor have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes | memoryview, max_length: int = -1) -> bytes: ...


def inflate(view: memoryview, span: ByteRange, budget: Budget, progress: Progress) -> Iterator[bytes]:
    """One raw deflate stream at the start of `span`.

    Raises:
        Malformed: it is damaged or does not end within the span.
        LimitExceeded: it expands like a bomb.
    """
    decoder = zlib.decompressobj(-zlib.MAX_WBITS)
    at, waiting = span.start, memoryview(b"")
    while not decoder.eof:
        if not waiting and at < span.end:
            waiting = view[at : min(at + INPUT_BYTES, span.end)]
            at += len(waiting)
        try:
            chunk = decoder.decompress(waiting, OUTPUT_BYTES)
        except zlib.error as problem:
            raise Malformed("deflate stream", str(problem), at - len(waiting)) from None
        waiting = memoryview(decoder.unconsumed_tail)
        if chunk:
            yield progress.add(chunk, at, budget)
        elif at >= span.end and not waiting and not decoder.eof:
            raise Malformed("deflate stream", "it ends before its last block", span.end)
    progress.end = at - len(decoder.unused_data or b"")  # lz4 has None for nothing


def _drained(
    decoder: _Decoder, what: str, view: memoryview, span: ByteRange, budget: Budget, progress: Progress
) -> Iterator[bytes]:
    at = span.start
    while not decoder.eof:
        piece: memoryview | bytes = b""
        if decoder.needs_input:
            if at >= span.end:
                raise Malformed(what, "it ends before its end marker", span.end)
            piece = view[at : min(at + INPUT_BYTES, span.end)]
            at += len(piece)
        chunk = _decompressed(decoder, what, piece, OUTPUT_BYTES, at, budget.limits.max_window_bytes)
        if chunk:
            yield progress.add(chunk, at, budget)
    progress.end = at - len(decoder.unused_data or b"")  # lz4 has None for nothing


def _decompressed(
    decoder: _Decoder, what: str, piece: bytes | memoryview, most: int, at: int, window: int = BLOCK_LZMA_BYTES
) -> bytes:
    """At most `most` bytes of output. `window` is what the decoder was allowed, for the message."""
    try:
        return decoder.decompress(piece, most)
    except lzma.LZMAError as problem:
        if "memory" in str(problem).lower():  # liblzma tells by text alone
            raise LimitExceeded("max_window_bytes", window) from None
        raise Malformed(what, str(problem), at) from None
    except (OSError, EOFError, ValueError, RuntimeError) as problem:  # bz2, lzma; the last is lz4's
        raise Malformed(what, str(problem), at) from None


def unxz(view: memoryview, span: ByteRange, budget: Budget, progress: Progress) -> Iterator[bytes]:
    """One xz stream at the start of `span`; its check is verified by liblzma. Raises as `inflate`, and Unsupported."""
    decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=budget.limits.max_window_bytes + LZMA_SPARE_BYTES)
    yield from _drained(decoder, "xz stream", view, span, budget, progress)
    if decoder.check not in CHECKSUM_IN_BLOCK:
        raise Unsupported(f"xz check type {decoder.check}")


def unlzma_zip(view: memoryview, span: ByteRange, budget: Budget, progress: Progress, size: int) -> Iterator[bytes]:
    """LZMA as a zip member has it: version, size of properties, properties, raw stream (APPNOTE 5.8.8).

    `size` is the unpacked size, or -1 when an end marker ends the stream.
    """
    if span.size < 9 or view[span.start + 2] != 5 or view[span.start + 3] != 0:
        raise Malformed("LZMA member", "its properties are not 5 bytes", span.start)
    # rebuilt as the header of a .lzma file, so that liblzma checks the properties
    head = bytes(view[span.start + 4 : span.start + 9]) + (size & (1 << 64) - 1).to_bytes(8, "little")
    decoder = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=budget.limits.max_window_bytes + LZMA_SPARE_BYTES)
    _decompressed(decoder, "LZMA member", head, 0, span.start)
    if span.size == 9:
        raise Malformed("LZMA member", "it has no stream", span.end)
    rest = ByteRange(span.start + 9, span.end)
    yield from _drained(decoder, "LZMA member", view, rest, budget, progress)


def unbz2(view: memoryview, span: ByteRange, budget: Budget, progress: Progress) -> Iterator[bytes]:
    """One bzip2 stream at the start of `span`. Raises as `inflate`."""
    yield from _drained(bz2.BZ2Decompressor(), "bzip2 stream", view, span, budget, progress)


def unlzma(view: memoryview, span: ByteRange, budget: Budget, progress: Progress) -> Iterator[bytes]:
    """One .lzma file (13 bytes of header) at the start of `span`. It has no checksum. Raises as `inflate`."""
    decoder = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=budget.limits.max_window_bytes + LZMA_SPARE_BYTES)
    yield from _drained(decoder, "LZMA stream", view, span, budget, progress)


def unlz4(view: memoryview, span: ByteRange, budget: Budget, progress: Progress) -> Iterator[bytes]:
    """One LZ4 frame at the start of `span`; its checksums are verified by liblz4. Raises as `inflate`."""
    import lz4.frame

    yield from _drained(lz4.frame.LZ4FrameDecompressor(), "LZ4 frame", view, span, budget, progress)


def zstd_end(view: memoryview, start: int, end: int, budget: Budget) -> tuple[int, int]:
    """Where the Zstandard frame at `start` ends, and its declared content size (-1 when it has none).

    RFC 8878, 3.1.1: header, blocks with a 3-byte header each, optional checksum.

    Raises:
        Malformed, Unsupported: not a frame; it needs a dictionary.
        LimitExceeded: its window or size is beyond the limits.
    """
    import zstandard

    try:
        frame = zstandard.get_frame_parameters(bytes(view[start : min(start + 18, end)]))
    except zstandard.ZstdError as problem:
        raise Malformed("Zstandard frame", str(problem), start) from None
    if frame.dict_id:
        raise Unsupported(f"Zstandard with dictionary {frame.dict_id}")
    declared = -1 if frame.content_size == zstandard.CONTENTSIZE_UNKNOWN else frame.content_size
    if declared >= 0:
        budget.size(declared)
    if frame.window_size > max(budget.limits.max_window_bytes, declared):
        raise LimitExceeded("max_window_bytes", frame.window_size)
    at = start + zstandard.frame_header_size(view[start : min(start + 18, end)])
    return _zstd_blocks(view, at, end, budget) + (4 if frame.has_checksum else 0), declared


def _zstd_blocks(view: memoryview, at: int, end: int, budget: Budget) -> int:
    while True:
        if at + 3 > end:
            raise Malformed("Zstandard frame", "it ends before its last block", end)
        header = int.from_bytes(view[at : at + 3], "little")
        kind, size = header >> 1 & 3, header >> 3
        if kind == 3:
            raise Malformed("Zstandard frame", "a block of the reserved type", at)
        at += 3 + (1 if kind == 1 else size)
        if header & 1:
            return at
        budget.check_time()


def unzstd(view: memoryview, span: ByteRange, budget: Budget, progress: Progress) -> Iterator[bytes]:
    """One Zstandard frame at the start of `span`. Raises as `zstd_end`, and for a frame that is damaged."""
    import zstandard

    end, declared = zstd_end(view, span.start, span.end, budget)
    if end > span.end:
        raise Malformed("Zstandard frame", "it ends before its checksum", span.end)
    decoder = zstandard.ZstdDecompressor(max_window_size=max(budget.limits.max_window_bytes, 1 << 10))
    try:
        with decoder.stream_reader(view[span.start : end]) as reader:
            while chunk := reader.read(OUTPUT_BYTES):
                yield progress.add(chunk, end, budget)
    except zstandard.ZstdError as problem:
        raise Malformed("Zstandard frame", str(problem), span.start) from None
    if declared not in (-1, progress.produced):
        raise Malformed("Zstandard frame", f"{progress.produced} bytes came out, it declares {declared}", span.start)
    progress.end = end


Block = Callable[[memoryview, int], bytes]
"""Packed bytes and the greatest size they may unpack to -> the bytes. Raises Malformed."""


def block_zlib(packed: memoryview, most: int) -> bytes:
    """One zlib stream that is a whole block."""
    decoder = zlib.decompressobj()
    try:
        out = decoder.decompress(packed, most)
        if not decoder.eof:  # the trailer may still be waiting
            out += decoder.decompress(decoder.unconsumed_tail, 1)
    except zlib.error as problem:
        raise Malformed("zlib block", str(problem)) from None
    return _whole("zlib block", out, most, decoder.eof, decoder.unused_data)


def block_xz(packed: memoryview, most: int) -> bytes:
    """One xz stream that is a whole block."""
    decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=BLOCK_LZMA_BYTES)
    out = _decompressed(decoder, "xz block", packed, most, -1)
    if not decoder.eof:  # index and footer may still be waiting
        out += _decompressed(decoder, "xz block", b"", 1, -1) if not decoder.needs_input else b""
    return _whole("xz block", out, most, decoder.eof, decoder.unused_data)


def block_zstd(packed: memoryview, most: int) -> bytes:
    """One Zstandard frame that is a whole block."""
    import zstandard

    try:
        frame = zstandard.get_frame_parameters(packed)
        size = frame.content_size
        if frame.dict_id or (size != zstandard.CONTENTSIZE_UNKNOWN and size > most):
            raise Malformed("Zstandard block", "its header does not fit a block")
        out = zstandard.ZstdDecompressor().decompress(packed, max_output_size=most, allow_extra_data=False)
    except zstandard.ZstdError as problem:
        raise Malformed("Zstandard block", str(problem)) from None
    return _whole("Zstandard block", out, most, True, b"")


def _whole(what: str, out: bytes, most: int, ended: bool, unused: bytes) -> bytes:
    if len(out) > most or not ended:
        raise Malformed(what, f"it does not end within {most} unpacked bytes" if out else "it is cut short")
    if unused:
        raise Malformed(what, f"{len(unused)} bytes follow its end")
    return out
