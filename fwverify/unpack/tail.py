"""What several containers say about bytes behind their end: padding where it is nothing but 00 or FF, else an oddity.

Nothing is claimed for other bytes: the stage looks into them as a remainder.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats.names import fill_byte
from fwverify.model.artifact import ByteRange
from fwverify.model.evidence import AnomalyKind
from fwverify.unpack.interface import Event, Oddity, Part, PartUse


def tail(view: memoryview, start: int, detail: str) -> Iterator[Event]:
    """Events for the bytes from `start` to the end of the view; none when there are none."""
    if start >= len(view):
        return
    rest = ByteRange(start, len(view))
    if fill_byte(view, rest):
        yield Part(rest, PartUse.PADDING)
    else:
        yield Oddity(AnomalyKind.TRAILING_DATA, f"{rest.size} bytes {detail}", rest)
