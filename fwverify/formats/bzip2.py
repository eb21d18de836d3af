"""How far bzip2 streams reach: for carving. Decoding to keep is codecs.unbz2.

Source: bzip2 1.0.8 (compress.c, decompress.c: magic, size, block magic, CRCs), read 2026-11-22. libbz2 verifies the
CRC of every block and of the stream.
"""

from __future__ import annotations

import bz2

from fwverify.formats.extents import Tick
from fwverify.limits import MIB

MAGIC = b"BZh"
BLOCK_MAGIC, END_MAGIC = b"1AY&SY", b"\x17rE8P\x90"
BLOCK_MAGIC_AT = 4
MIN_BYTES = 14
"""A stream without content: header, end magic, CRC."""
PIECE_BYTES = 64 << 10


def begins(view: memoryview, at: int) -> bool:
    """A header, and the magic of a block or of the end behind it."""
    head = bytes(view[at : at + 10])
    return (
        len(view) - at >= MIN_BYTES
        and head[:3] == MAGIC
        and b"1" <= head[3:4] <= b"9"
        and head[4:] in (BLOCK_MAGIC, END_MAGIC)
    )


def end(view: memoryview, at: int, tick: Tick) -> int:
    """Where the streams that begin at `at`, one behind another, end; every one must decode."""
    reached = 0
    while begins(view, at):
        at = _stream_end(view, at, tick)
        if not at:
            break
        reached = at
    return reached


def _stream_end(view: memoryview, at: int, tick: Tick) -> int:
    decoder, here = bz2.BZ2Decompressor(), at
    while not decoder.eof:
        piece: memoryview | bytes = b""
        if decoder.needs_input:
            piece = view[here : here + PIECE_BYTES]
            here += len(piece)
            if not piece:
                return 0
        tick(len(piece))
        try:
            got = len(decoder.decompress(piece, MIB))
        except (OSError, EOFError, ValueError):
            return 0
        tick(got >> 4)  # output costs little next to input
    return here - len(decoder.unused_data)
