"""What a stretch of unexplained bytes looks like: fill, text, noise (packed or encrypted), machine code, or unknown.

From samples, cheaply: a look, not a proof; nothing is decided by it. Sources: formats/entropy, formats/machine_code.
"""

from __future__ import annotations

from enum import StrEnum

from fwverify.formats.entropy import sampled
from fwverify.formats.machine_code import architecture
from fwverify.formats.names import fill_byte
from fwverify.model.artifact import ByteRange

PIECES, PIECE_BYTES = 16, 1024
"""Sampled: at most 16 KiB, spread evenly; pieces begin at multiples of four."""
NOISE = 760
"""Hundredths of a bit for each byte; program code stays below 700, packed data above 770."""
MIN_NOISE_BYTES = 256
"""Fewer bytes have no entropy to speak of."""
TEXT_SHARE = 0.95
NOT_TEXT = bytes(sorted(set(range(256)) - {9, 10, 13, *range(0x20, 0x7F)}))


class Kind(StrEnum):
    FILL = "fill"
    """One byte value over and over."""
    TEXT = "text"
    NOISE = "high entropy"
    """Compressed, encrypted or random."""
    CODE = "machine code"
    UNKNOWN = "unknown"


def classify(view: memoryview, span: ByteRange) -> tuple[Kind, int]:
    """What the bytes look like, and their entropy in hundredths of a bit for each byte (0 to 800)."""
    entropy = sampled(view, span.start, span.end)
    sample = _sample(view, span)
    if fill_byte(view, span) or (len(set(sample)) == 1 and _one_value(view, span)):
        return Kind.FILL, entropy
    if len(sample.translate(None, NOT_TEXT)) >= TEXT_SHARE * len(sample):
        return Kind.TEXT, entropy
    if entropy >= NOISE and span.size >= MIN_NOISE_BYTES:
        return Kind.NOISE, entropy
    return Kind.CODE if architecture(sample) else Kind.UNKNOWN, entropy


def _one_value(view: memoryview, span: ByteRange) -> bool:
    block = bytes(view[span.start : span.start + 1]) * 65536
    pieces = (bytes(view[at : min(at + 65536, span.end)]) for at in range(span.start, span.end, 65536))
    return all(one == block[: len(one)] for one in pieces)


def _sample(view: memoryview, span: ByteRange) -> bytes:
    """Pieces spread evenly, each beginning at a multiple of four of the view."""
    if span.size <= PIECES * PIECE_BYTES:
        start = min(-(-span.start // 4) * 4, span.end - 1)
        return bytes(view[start : span.end])
    step = (span.size - PIECE_BYTES) // (PIECES - 1)
    starts = ((span.start + step * one + 3) // 4 * 4 for one in range(PIECES))
    return b"".join(bytes(view[one : min(one + PIECE_BYTES, span.end)]) for one in starts)
