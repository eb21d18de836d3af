"""Shannon entropy of bytes, from samples: how much a stretch looks like noise (packed, encrypted) or like fill.

Source: Shannon, A Mathematical Theory of Communication (1948), section 6; the correction for small samples is Miller
and Madow's (Miller 1955). Nothing is decided here; a high value alone does not tell compression from encryption.
"""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

SAMPLE_BYTES = 4096
"""Looked at of one stretch; of noise this many give 7.95 to 8.00."""
PIECES = 16
"""Places a sample is taken from, spread evenly."""


def sampled(view: memoryview, start: int = 0, end: int | None = None) -> int:
    """Entropy in hundredths of a bit for each byte, 0 to 800; 0 for nothing.

    Args:
        view: the bytes; only `start` to `end` are looked at, at most SAMPLE_BYTES of them.
    """
    end = len(view) if end is None else end
    size = end - start
    if size <= SAMPLE_BYTES:
        return _hundredths(bytes(view[start:end]))
    piece = SAMPLE_BYTES // PIECES
    step = (size - piece) // (PIECES - 1)
    return _hundredths(b"".join(bytes(view[start + at * step :][:piece]) for at in range(PIECES)))


def curve(view: memoryview, points: int) -> tuple[int, ...]:
    """Entropy of equal stretches, in hundredths of a bit for each byte; fewer points where there are fewer bytes."""
    points = max(1, min(points, len(view) // 256))
    borders = [len(view) * one // points for one in range(points + 1)]
    return tuple(sampled(view, start, end) for start, end in pairwise(borders))


def _hundredths(data: bytes) -> int:
    if not data:
        return 0
    counts = Counter(data).values()
    bits = -sum(one / len(data) * math.log2(one / len(data)) for one in counts)
    bits += (len(counts) - 1) / (2 * len(data) * math.log(2))
    return min(800, round(100 * bits))
