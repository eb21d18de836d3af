"""A text of fixed room in a header: what is text, and what lies behind its end where nobody looks.

No format of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from fwverify.formats.names import decoded, quoted
from fwverify.model.artifact import ByteRange


@dataclass(frozen=True, slots=True)
class TextField:
    value: str
    """Printable, hostile bytes escaped."""
    name: str
    """The same for the name of a member."""
    text: ByteRange | None
    """With the zero that ends it; None where there is none."""
    rest: ByteRange | None
    """Behind it, to the end of the field."""


def read(view: memoryview, start: int, size: int, limit: int = 4096) -> TextField:
    """The field at `start`; the view must reach to its end.

    Args:
        view: where it lies.
        start: its first byte.
        size: of the field, at least 1 byte.
        limit: of the printed value, characters.
    """
    raw = bytes(view[start : start + size])
    text, zero, _ = raw.partition(b"\0")
    end = start + len(text) + len(zero if text else b"")
    return TextField(
        quoted(text, limit),
        decoded(text).replace("/", "%2F"),
        ByteRange(start, end) if end > start else None,
        ByteRange(end, start + size) if end < start + size else None,
    )
