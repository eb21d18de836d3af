"""The .lzma file of LZMA Utils and the LZMA SDK: 13 bytes of header without magic or checksum, then one LZMA stream.

Sources: LZMA specification (7-Zip DOC/lzma-specification.txt), xz doc/lzma-file-format.txt 1.2; read 2026-11-22.
As nothing names the format, three things must agree before bytes are taken for it: properties and dictionary that
encoders write, a size that can be, and a beginning that decodes without an error.

Does not unpack to keep: that is codecs.unlzma.
"""

from __future__ import annotations

import lzma
import struct
from dataclasses import dataclass

from fwverify.formats.extents import Tick
from fwverify.limits import MIB

HEADER = struct.Struct("<BIQ")
MIN_BYTES = HEADER.size + 5
"""A stream without content has 5 bytes of range coder."""
UNKNOWN_SIZE = (1 << 64) - 1
MAX_SIZE = 1 << 38
"""xz takes no larger size for a .lzma header."""
MIN_DICTIONARY, MAX_DICTIONARY = 4096, 1536 * MIB
MAX_LITERAL_BITS = 4
"""lc + lp: liblzma and LZMA2 have no more."""
SAMPLE_INPUT_BYTES, SAMPLE_OUTPUT_BYTES = 16 << 10, 64 << 10
"""How far a stream is decoded to be believed."""
MIN_CUT_BYTES = 1024
"""A stream that is cut off is believed when so much of it decoded."""
MIN_CARVED_BYTES = 64
"""Unpacked size of a stream that is worth finding inside other bytes."""
PIECE_BYTES = 64 << 10
MAX_WINDOW_BYTES = 128 * MIB
MAGICS = (b"\x5d\0\0", b"\x6d\0\0")
"""Usual properties (lc=3 lp=0 pb=2, and lc=1 lp=2 pb=2 of boot loaders) with a dictionary of whole 64 KiB."""


@dataclass(frozen=True, slots=True)
class Header:
    properties: int
    dictionary: int
    """bytes"""
    size: int
    """Unpacked; UNKNOWN_SIZE when an end marker ends the stream."""


def header(view: memoryview, at: int = 0) -> Header | None:
    """The header at `at`, when its values can be."""
    if len(view) - at < MIN_BYTES:
        return None
    properties, dictionary, size = HEADER.unpack_from(view, at)
    literal_bits = properties % 9 + properties // 9 % 5
    if properties >= 225 or literal_bits > MAX_LITERAL_BITS or not _usual_dictionary(dictionary):
        return None
    if size != UNKNOWN_SIZE and not 0 < size < MAX_SIZE:
        return None
    first = at + HEADER.size
    if view[first] or view[first + 1 : first + 5] == bytes(4):  # the range coder begins with 0, then with the content
        return None
    return Header(properties, dictionary, size)


def _usual_dictionary(size: int) -> bool:
    """2 or 3 times a power of two, or whole MiB: what encoders write."""
    if not MIN_DICTIONARY <= size <= MAX_DICTIONARY:
        return False
    power = 1 << size.bit_length() - 1
    return size in (power, power + power // 2) or size % MIB == 0


def looks_like(view: memoryview) -> bool:
    """A header that can be, and a stream that begins or ends as one."""
    head = header(view)
    if head is None:
        return False
    decoder = _decoder(head, SAMPLE_OUTPUT_BYTES)
    sample = view[HEADER.size : HEADER.size + SAMPLE_INPUT_BYTES]
    try:
        out = len(decoder.decompress(sample, SAMPLE_OUTPUT_BYTES))
    except (lzma.LZMAError, EOFError):
        return False
    if decoder.eof:
        return out > 0 or head.size == UNKNOWN_SIZE
    cut = len(sample) < SAMPLE_INPUT_BYTES and out < SAMPLE_OUTPUT_BYTES
    return len(sample) >= MIN_CUT_BYTES if cut else True


def _decoder(head: Header, most: int) -> lzma.LZMADecompressor:
    """A decoder that was given the header, with no more dictionary than `most` bytes of output can need."""
    window = max(min(head.dictionary, most, MAX_WINDOW_BYTES), MIN_DICTIONARY)
    decoder = lzma.LZMADecompressor(lzma.FORMAT_ALONE)
    decoder.decompress(HEADER.pack(head.properties, window, head.size), 0)
    return decoder


def end(view: memoryview, at: int, tick: Tick) -> int:
    """Where the stream that begins at `at` ends: it decodes, all of it, to the size it states or to its end marker."""
    tick(HEADER.size)
    head = header(view, at)
    if head is None or not looks_like(view[at : at + HEADER.size + SAMPLE_INPUT_BYTES]):
        return 0
    decoder = _decoder(head, head.size)
    here, out = at + HEADER.size, 0
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
        except (lzma.LZMAError, EOFError):
            return 0
        tick(got >> 4)  # output costs little next to input
        out += got
    return here - len(decoder.unused_data) if out >= MIN_CARVED_BYTES else 0
