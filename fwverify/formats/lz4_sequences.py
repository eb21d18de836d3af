"""One LZ4 block whose packed size nobody states, or of which only the beginning is wanted.

Source: LZ4 block format 1.6.3, read 2026-11-22. A step of Python for each sequence, so for old EROFS
images alone; a block of known size is formats/blocks.block_lz4's.
"""

from __future__ import annotations

from fwverify.model.examining import Malformed

WHAT = "LZ4 block"
MIN_MATCH = 4
LONG = 15


def beginning(packed: bytes, size: int) -> tuple[bytes, int]:
    """The first `size` bytes that a block unpacks to, and how many packed bytes that took. Raises Malformed."""
    out = bytearray()
    at = 0
    try:
        while len(out) < size:
            token = packed[at]
            count, at = _length(packed, at + 1, token >> 4)
            if at + count > len(packed):
                raise Malformed(WHAT, "literals leave it", at)
            out += packed[at : at + count]
            at += count
            if len(out) < size:
                distance = packed[at] | packed[at + 1] << 8
                count, at = _length(packed, at + 2, token & LONG)
                _copy(out, distance, min(count + MIN_MATCH, size - len(out)), at)
    except IndexError:
        raise Malformed(WHAT, "it is cut off", len(packed)) from None
    return bytes(out[:size]), at


def _length(packed: bytes, at: int, count: int) -> tuple[int, int]:
    if count == LONG:
        while packed[at] == 0xFF:
            count, at = count + 0xFF, at + 1
        count, at = count + packed[at], at + 1
    return count, at


def _copy(out: bytearray, distance: int, count: int, at: int) -> None:
    start = len(out) - distance
    if distance == 0 or start < 0:
        raise Malformed(WHAT, "a match begins before it", at)
    if distance >= count:
        out += out[start : start + count]
    else:
        piece = bytes(out[start:])
        out += (piece * (count // distance + 1))[:count]
