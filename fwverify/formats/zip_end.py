"""Where a zip archive ends and its central directory lies.

Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.14 to 4.3.16, read 2026-11-22. Bytes in front of the archive shift every
offset in it; they are allowed for and told by the caller. Split archives are not read.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from fwverify.formats.entries import Irregularity
from fwverify.model.artifact import ByteRange
from fwverify.model.evidence import AnomalyKind
from fwverify.model.examining import Malformed, Unsupported

WHAT = "zip archive"
CENTRAL, END, END64, LOCATOR64 = b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
SPANNED = (b"PK\x07\x08", b"PK00")
"""In front of the first local header of an archive that was, or could have been, split (APPNOTE 8.5.3, 8.5.4)."""
CENTRAL_BYTES = 46
END_BYTES, END64_BYTES, LOCATOR64_BYTES = 22, 56, 20
MAX_COMMENT_BYTES = 0xFFFF


@dataclass(frozen=True, slots=True)
class EndRecord:
    """The end-of-central-directory record, with Zip64 values where it has them."""

    count: int
    size: int
    """Bytes of the central directory."""
    offset: int
    """Of the central directory, as written."""
    directory: int
    """Where the central directory truly begins."""
    start: int
    """Where the end records begin."""
    end: int
    """After the comment."""


def ends_as_archive(view: memoryview) -> bool:
    """True when the bytes end with an end record and its comment, and the directory lies where it says."""
    lowest = max(0, len(view) - END_BYTES - MAX_COMMENT_BYTES)
    tail = bytes(view[lowest:])
    at = tail.rfind(END)
    while at >= 0:
        if at + END_BYTES <= len(tail):
            size, offset, comment = struct.unpack_from("<IIH", tail, at + 12)
            start = lowest + at - size
            whole = at + END_BYTES + comment == len(tail)
            if whole and size >= CENTRAL_BYTES and 0 <= offset <= start and view[start : start + 4] == CENTRAL:
                return True
        at = tail.rfind(END, 0, at + 3)
    return False


def find_end(view: memoryview, irregularities: list[Irregularity]) -> EndRecord:
    """The last end record that fits. Raises Malformed when there is none, Unsupported for a split archive."""
    lowest = max(0, len(view) - END_BYTES - MAX_COMMENT_BYTES)
    tail = bytes(view[lowest:])
    at = tail.rfind(END)
    candidates = 0
    while at >= 0:
        if at + END_BYTES <= len(tail):
            end = _end(view, lowest + at)
            if end is not None:
                break
            candidates += 1
        at = tail.rfind(END, 0, at + 3)
    else:
        raise Malformed(WHAT, "it has no end of central directory", len(view))
    if candidates or _in_comment(tail, at):
        irregularities.append(
            Irregularity(AnomalyKind.HEADER_DISAGREES, "there is more than one end record: readers may differ")
        )
    if end.end < len(view):
        irregularities.append(
            Irregularity(AnomalyKind.TRAILING_DATA, "bytes after the archive", ByteRange(end.end, len(view)))
        )
    return end


def _in_comment(tail: bytes, chosen: int) -> bool:
    """True when the chosen record lies in the comment of an earlier one that ends with the bytes."""
    at = tail.rfind(END, 0, chosen)
    while at >= 0:
        if at + END_BYTES + int.from_bytes(tail[at + 20 : at + END_BYTES], "little") == len(tail):
            return True
        at = tail.rfind(END, 0, at + 3)
    return False


def _end(view: memoryview, at: int) -> EndRecord | None:
    """The end record at `at`; None when it does not fit there, so that an earlier one is tried."""
    disk, start_disk, here, count, size, offset, comment = struct.unpack_from("<HHHHIIH", view, at + 4)
    start = at
    wide = _end64(view, at)
    if wide is not None:
        pairs = zip((here, count, size, offset), wide[1:], (0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF), strict=True)
        if any(narrow not in (full, value) for narrow, value, full in pairs):
            raise Malformed(WHAT, "its two end records disagree", at)
        start, here, count, size, offset = wide
    if at + END_BYTES + comment > len(view) or size > start or offset > start - size:
        return None
    if disk not in (0, 0xFFFF) or start_disk not in (0, 0xFFFF) or here != count:
        raise Unsupported("zip archive split over several files")
    if count and bytes(view[start - size : start - size + 4]) != CENTRAL:
        return None
    return EndRecord(count, size, offset, start - size, start, at + END_BYTES + comment)


def _end64(view: memoryview, at: int) -> tuple[int, int, int, int, int] | None:
    """Start of the Zip64 records, entries here, entries, size and offset of the directory."""
    if at < LOCATOR64_BYTES + END64_BYTES or view[at - LOCATOR64_BYTES : at - 16] != LOCATOR64:
        return None
    (offset,) = struct.unpack_from("<Q", view, at - 16)
    # bytes in front of the archive shift it; the record normally ends where its locator begins
    for place in (at - LOCATOR64_BYTES - END64_BYTES, offset):
        if place + END64_BYTES <= at - LOCATOR64_BYTES and view[place : place + 4] == END64:
            if place + 12 + int.from_bytes(view[place + 4 : place + 12], "little") != at - LOCATOR64_BYTES:
                raise Malformed(WHAT, "its Zip64 end record does not end where its locator begins", place)
            here, count, size, directory = struct.unpack_from("<QQQQ", view, place + 24)
            return place, here, count, size, directory
    raise Malformed(WHAT, "its Zip64 end record is missing", at - 20)
