"""What packed UEFI sections unpack to: LZMA, LZMA with the x86 filter, Brotli, and UEFI's own compression.

Over liblzma (standard library), brotli where it is installed, and tiano. Nothing here holds more output than the
run's limits allow; sizes that a header declares are checked first.

Sources: LZMA specification (7-Zip DOC/lzma-specification.txt); edk2 MdeModulePkg/Library/LzmaCustomDecompressLib and
BrotliCustomDecompressLib (headers); .xz File Format 1.2.1 section 5.3.2 (x86 filter) and the LZMA2 chunk form;
RFC 7932 (Brotli); read 2026-11-22.
Not done: AMD's zlib form and vendors' own methods, which are named by the caller.
"""

from __future__ import annotations

import lzma
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fwverify.formats import tiano
from fwverify.formats.codecs import INPUT_BYTES, LZMA_SPARE_BYTES, OUTPUT_BYTES, Progress
from fwverify.limits import Budget, LimitExceeded
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed, Unsupported

LZMA_HEADER_BYTES = 13
UNKNOWN_SIZE = (1 << 64) - 1
MIN_DICTIONARY_BYTES = 4096
CHUNK_BYTES = 1 << 16
"""Most that an LZMA2 chunk without compression holds."""
BROTLI_HEADER_BYTES = 16
BROTLI_LAST_BYTES = 64
"""Fed one by one, to see where the stream ends."""

Unpack = Callable[[memoryview, ByteRange, Budget, Progress], Iterator[bytes]]
"""Packed range -> chunks. `Progress.end` tells where the stream ended. Raises Malformed, Unsupported, LimitExceeded."""


def unlzma(view: memoryview, span: ByteRange, budget: Budget, progress: Progress) -> Iterator[bytes]:
    """One .lzma stream: 13 bytes of header that state the size, then LZMA.

    Raises:
        Malformed: damaged, or it ends before its size.
        LimitExceeded: its size or dictionary is beyond the limits, or it expands like a bomb.
    """
    if span.size <= LZMA_HEADER_BYTES:
        raise Malformed("LZMA section", "it is shorter than its header", span.start)
    head = bytes(view[span.start : span.start + LZMA_HEADER_BYTES])
    size, dictionary = int.from_bytes(head[5:], "little"), int.from_bytes(head[1:5], "little")
    if size != UNKNOWN_SIZE:
        budget.size(size)
        dictionary = max(min(dictionary, size), MIN_DICTIONARY_BYTES)  # no distance is longer than the output
    head = head[:1] + dictionary.to_bytes(4, "little") + head[5:]
    decoder = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=budget.limits.max_window_bytes + LZMA_SPARE_BYTES)
    at, piece = span.start + LZMA_HEADER_BYTES, head
    while not decoder.eof:
        chunk = _step(decoder, piece, at, budget)
        piece = b""
        if chunk:
            yield progress.add(chunk, at, budget)
        elif decoder.needs_input and not decoder.eof:
            if at >= span.end:
                raise Malformed("LZMA section", "it ends before its last byte", span.end)
            piece = bytes(view[at : min(at + INPUT_BYTES, span.end)])
            at += len(piece)
    progress.end = at - len(decoder.unused_data)
    if size not in (UNKNOWN_SIZE, progress.produced):
        raise Malformed("LZMA section", f"{progress.produced} bytes came out, it states {size}", span.start)


def _step(decoder: lzma.LZMADecompressor, piece: bytes, at: int, budget: Budget) -> bytes:
    try:
        return decoder.decompress(piece, OUTPUT_BYTES)
    except lzma.LZMAError as problem:
        if "memory" in str(problem).lower():  # liblzma tells by text alone
            raise LimitExceeded("max_window_bytes", budget.limits.max_window_bytes) from None
        raise Malformed("LZMA section", str(problem), at) from None
    except EOFError as problem:
        raise Malformed("LZMA section", str(problem), at) from None


def unlzma_x86(view: memoryview, span: ByteRange, budget: Budget, progress: Progress) -> Iterator[bytes]:
    """As `unlzma`, with the x86 branch filter undone."""
    yield from x86_decoded(unlzma(view, span, budget, progress))


def x86_decoded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Undo the x86 branch filter.

    liblzma has the filter, but only in front of a packed stream; LZMA2 has chunks that carry bytes as they are.
    """
    decoder = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_X86}, {"id": lzma.FILTER_LZMA2}])
    control = b"\x01"  # resets the dictionary
    for chunk in chunks:
        for at in range(0, len(chunk), CHUNK_BYTES):
            piece = chunk[at : at + CHUNK_BYTES]
            if out := decoder.decompress(control + (len(piece) - 1).to_bytes(2, "big") + piece):
                yield out
            control = b"\x02"
    if out := decoder.decompress(b"\0"):
        yield out


def unbrotli(view: memoryview, span: ByteRange, budget: Budget, progress: Progress) -> Iterator[bytes]:
    """edk2's form: unpacked size (8), scratch size (8), a Brotli stream to the end of the section.

    Raises:
        Malformed: damaged, of another size, or bytes follow its end.
        Unsupported: the package brotli is not installed.
    """
    try:
        import brotli  # type: ignore[import-untyped,import-not-found,unused-ignore]
    except ImportError:
        raise Unsupported("Brotli section (the package brotli is not installed)") from None
    if span.size <= BROTLI_HEADER_BYTES:
        raise Malformed("Brotli section", "it is shorter than its header", span.start)
    size = int.from_bytes(view[span.start : span.start + 8], "little")
    budget.size(size)
    decoder, at = brotli.Decompressor(), span.start + BROTLI_HEADER_BYTES
    last = max(span.end - BROTLI_LAST_BYTES, at)
    while not decoder.is_finished():
        piece = b""
        if decoder.can_accept_more_data():
            if at >= span.end:
                raise Malformed("Brotli section", "it ends before its last byte", span.end)
            end = min(at + INPUT_BYTES, last) if at < last else at + 1
            piece, at = bytes(view[at:end]), end
        chunk = _brotli_step(decoder, piece, at, brotli.error)
        budget.check_time()
        yield progress.add(chunk, at, budget)
    if at < last or progress.produced != size:
        raise Malformed("Brotli section", f"{progress.produced} bytes came out, it states {size}", span.start)
    progress.end = at


def _brotli_step(decoder: Any, piece: bytes, at: int, error: type[Exception]) -> bytes:
    try:
        out: bytes = decoder.process(piece, output_buffer_limit=OUTPUT_BYTES)
    except error as problem:
        raise Malformed("Brotli section", str(problem), at) from None
    return out


def untiano(variant: int) -> Unpack:
    """UEFI's own compression in one of its variants (`tiano.EFI`, `tiano.TIANO`)."""

    def unpack(view: memoryview, span: ByteRange, budget: Budget, progress: Progress) -> Iterator[bytes]:
        out, size = tiano.unpacked(view[span.start : span.end], variant, budget)
        progress.end = span.start + size
        yield progress.add(out, progress.end, budget)

    return unpack


METHODS: dict[str, tuple[str, Unpack]] = {
    "ee4e5898-3914-4259-9d6e-dc7bd79403cf": ("lzma", unlzma),
    "0ed85e23-f253-413f-a03c-901987b04397": ("lzma", unlzma),
    "bd9921ea-ed91-404a-8b2f-b4d724747c8c": ("lzma", unlzma),
    "d42ae6bd-1352-4bfb-909a-ca72a6eae889": ("lzma-x86", unlzma_x86),
    "a31280ad-481e-41b6-95e8-127f4c984779": ("tiano", untiano(tiano.TIANO)),
    "3d532050-5cda-4fd0-879e-0f7f630d5afb": ("brotli", unbrotli),
}
"""GUID-defined sections that are unpacked, by GUID."""
