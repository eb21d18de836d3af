"""LZMA as SquashFS 4.0 images have it (compression number 2), in the forms that writers chose.

Source: squashfs-tools 4.5 lzma_wrapper.c and lzma_xz_wrapper.c (13 bytes of header before each block: properties,
dictionary, size), the LZMA specification (7-Zip DOC/lzma-specification.txt), read 2026-11-22. Two more forms are tried
because vendors left parts of the header out. Which one an image has is told by the first block of its inode table.

No form has a checksum. Not read: properties that LZMA does not have, encodings of a vendor's own.
"""

from __future__ import annotations

import lzma
from collections.abc import Callable

from fwverify.formats.codecs import BLOCK_LZMA_BYTES, Block
from fwverify.limits import MIB
from fwverify.model.examining import Malformed, Unsupported

WHAT = "LZMA block"
PROPERTY_BYTES, HEADER_BYTES = 5, 13
PROPERTY_VALUES = 225
"""9 values of lc, 5 of lp, 5 of pb."""
UNKNOWN_SIZE = (1 << 64) - 1
USUAL = 0x5D
"""lc=3, lp=0, pb=2."""


def chosen(first: memoryview, accepts: Callable[[bytes], bool], most: int) -> Block:
    """The form that a block is in.

    Args:
        first: a packed block.
        accepts: whether unpacked bytes are what the block must hold.
        most: bytes it may unpack to.

    Raises:
        Malformed: it has a whole header and is damaged.
        Unsupported: no form fits.
    """
    size = int.from_bytes(first[PROPERTY_BYTES:HEADER_BYTES], "little")
    for form in (whole_header, properties_only, no_header):
        try:
            if accepts(form(first, most)):
                return form
        except Malformed:
            continue
    if first[0] < PROPERTY_VALUES and 0 < size <= most:
        raise Malformed(WHAT, "the inode table's first block is damaged")
    raise Unsupported("SquashFS with lzma compression in a form of its vendor's own")


def whole_header(packed: memoryview, most: int) -> bytes:
    """Properties, dictionary, size: the form of squashfs-tools. Raises Malformed."""
    if len(packed) <= HEADER_BYTES:
        raise Malformed(WHAT, "it ends in its header")
    size = int.from_bytes(packed[PROPERTY_BYTES:HEADER_BYTES], "little")
    if size > most and size != UNKNOWN_SIZE:
        raise Malformed(WHAT, f"it states {size} unpacked bytes where {most} may be")
    return _unpacked(packed[0], packed[HEADER_BYTES:], most, size)


def properties_only(packed: memoryview, most: int) -> bytes:
    """Properties and dictionary, no size. Raises Malformed."""
    if len(packed) <= PROPERTY_BYTES:
        raise Malformed(WHAT, "it ends in its header")
    return _any_size(packed[0], packed[PROPERTY_BYTES:], most)


def no_header(packed: memoryview, most: int) -> bytes:
    """The stream alone, with the usual properties. Raises Malformed."""
    return _any_size(USUAL, packed, most)


def _any_size(properties: int, stream: memoryview, most: int) -> bytes:
    """Nothing states the size: nearly every block is as long as it may be, the others end where their bytes end."""
    try:
        return _unpacked(properties, stream, most, most)
    except Malformed:
        return _unpacked(properties, stream, most, UNKNOWN_SIZE)


def _unpacked(properties: int, stream: memoryview, most: int, size: int) -> bytes:
    """Unpack with a header made anew: liblzma then knows where the stream ends.

    The dictionary is what the block may need, whatever the writer stated: a distance never exceeds what came out.
    """
    head = bytes([properties]) + max(min(most, MIB), 4096).to_bytes(4, "little") + size.to_bytes(8, "little")
    decoder = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=BLOCK_LZMA_BYTES)
    try:
        decoder.decompress(head, 0)
        out = decoder.decompress(stream, most)
        if not decoder.eof and not decoder.needs_input:  # an end marker, or more than may be
            out += decoder.decompress(b"", 1)
    except (lzma.LZMAError, EOFError) as problem:
        raise Malformed(WHAT, str(problem)) from None
    if len(out) > most:
        raise Malformed(WHAT, f"it unpacks to more than {most} bytes")
    if decoder.unused_data:
        raise Malformed(WHAT, f"{len(decoder.unused_data)} bytes follow its end")
    if size != UNKNOWN_SIZE and not decoder.eof:
        raise Malformed(WHAT, "it is cut short")
    return out
