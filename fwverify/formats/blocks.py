"""One packed block of a file system, whose greatest unpacked size its container states.

Over zlib, liblzma (standard library), lzallright (LZO1X) and lz4. Nothing here holds more output than it was allowed
to give, except LZO, whose decoder has no bound: a byte of it makes at most 255, and blocks are small.
Streams of unknown length, and the blocks of zlib, xz and Zstandard: see codecs.

Sources: RFC 1951 (deflate), Linux Documentation/staging/lzo.rst (LZO1X), LZ4 block format 1.6.3, LZMA specification
(7-Zip DOC/lzma-specification.txt); read 2026-11-22.
"""

from __future__ import annotations

import lzma
import zlib

from fwverify.formats.codecs import BLOCK_LZMA_BYTES, Block, block_xz, block_zlib, block_zstd
from fwverify.limits import MIB
from fwverify.model.examining import Malformed

__all__ = ["Block", "block_deflate", "block_lz4", "block_lzma_alone", "block_lzma_raw", "block_lzo", "block_xz",
           "block_zlib", "block_zstd"]  # fmt: skip

MAX_LZO_BYTES = 4 * MIB
"""Packed size of one block. SquashFS, JFFS2 and UBIFS have at most 1 MiB."""
LZMA_PROPERTY_BYTES = 5


def block_deflate(packed: memoryview, most: int) -> bytes:
    """One raw deflate stream that is a whole block. Raises Malformed."""
    decoder = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        out = decoder.decompress(packed, most)
        if not decoder.eof:
            out += decoder.decompress(decoder.unconsumed_tail, 1)
    except zlib.error as problem:
        raise Malformed("deflate block", str(problem)) from None
    return _bounded("deflate block", out, most, ended=decoder.eof and not decoder.unused_data)


def block_lzo(packed: memoryview, most: int) -> bytes:
    """One LZO1X block. Raises Malformed."""
    import lzallright

    if len(packed) > MAX_LZO_BYTES:
        raise Malformed("LZO block", f"{len(packed)} bytes, more than any block has")
    try:
        out = lzallright.LZOCompressor.decompress(bytes(packed), most)
    except (lzallright.LZOError, ValueError) as problem:
        # The second argument, when there is one, is what came out.
        raise Malformed("LZO block", str(problem.args[0] if problem.args else problem)) from None
    return _bounded("LZO block", bytes(out), most)


def block_lz4(packed: memoryview, most: int) -> bytes:
    """One LZ4 block without frame. Raises Malformed."""
    import lz4.block

    try:
        out = lz4.block.decompress(packed, uncompressed_size=most)
    except lz4.block.LZ4BlockError as problem:
        raise Malformed("LZ4 block", str(problem)) from None
    return _bounded("LZ4 block", bytes(out), most)


def block_lzma_alone(packed: memoryview, most: int) -> bytes:
    """One .lzma file (13 bytes of header) that is a whole block. Raises Malformed."""
    return _lzma(lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=BLOCK_LZMA_BYTES), packed, most)


def block_lzma_raw(packed: memoryview, most: int, properties: bytes) -> bytes:
    """One LZMA1 stream without header.

    Args:
        properties: lc/lp/pb and the dictionary's size, as in a .lzma header (5 bytes).

    Raises:
        Malformed: damaged, or the properties cannot be.
    """
    if len(properties) != LZMA_PROPERTY_BYTES or properties[0] >= 225:
        raise Malformed("LZMA block", "its properties cannot be")
    combined, dictionary = properties[0], int.from_bytes(properties[1:], "little")
    if dictionary > BLOCK_LZMA_BYTES // 2:
        raise Malformed("LZMA block", f"it asks for a dictionary of {dictionary} bytes")
    chain = {
        "id": lzma.FILTER_LZMA1, "dict_size": max(dictionary, 4096),
        "lc": combined % 9, "lp": combined // 9 % 5, "pb": combined // 45,
    }  # fmt: skip
    try:
        decoder = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[chain])
    except (lzma.LZMAError, ValueError) as problem:
        raise Malformed("LZMA block", str(problem)) from None
    return _lzma(decoder, packed, most)


def _lzma(decoder: lzma.LZMADecompressor, packed: memoryview, most: int) -> bytes:
    """LZMA1 may or may not mark its end, so a block is whole when it gave all its container asked for."""
    try:
        out = decoder.decompress(packed, most)
        if not decoder.eof and len(out) == most and not decoder.needs_input:
            out += decoder.decompress(b"", 1)
    except (lzma.LZMAError, EOFError) as problem:
        raise Malformed("LZMA block", str(problem)) from None
    return _bounded("LZMA block", out, most, ended=not decoder.unused_data)


def _bounded(what: str, out: bytes, most: int, *, ended: bool = True) -> bytes:
    if len(out) > most:
        raise Malformed(what, f"it unpacks to more than {most} bytes")
    if not ended:
        raise Malformed(what, "it does not end where the block ends")
    return out
