"""Bytes of a zip archive's headers that say nothing a reader uses, where something else could be kept.

Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7 to 4.3.16, 4.5 and 4.6; read 2026-11-22. Extra fields may have any
number and any content; comments of members and of the archive are free; so is a directory's own signature field.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from fwverify.formats.names import fill_byte
from fwverify.formats.zip_archive import LOCAL, SIGNATURE
from fwverify.formats.zip_end import CENTRAL, CENTRAL_BYTES, END, END64, END_BYTES
from fwverify.model.artifact import ByteRange

LOCAL_BYTES, END64_FIXED_BYTES, END64_HEAD_BYTES = 30, 56, 12
SHORT_BYTES = 16
"""Fields up to this length hold nothing worth looking into."""
KNOWN_EXTRAS = {0x0001: 28, 0x000A: 32, 0x5455: 13, 0x5855: 12, 0x7855: 4, 0x7875: 15}
"""Zip64, NTFS and Unix times and owners: number -> most bytes they have."""
UNICODE_PATH = 0x7075
"""A second name; it is nobody's where it is not the first one again."""
_PRINTABLE = re.compile(rb"[\x20-\x7e]*")


def slack(view: memoryview, structure: ByteRange) -> Iterator[ByteRange]:
    """The free bytes of a local header, of the central directory or of the end records."""
    at = structure.start
    while at + 4 <= structure.end:
        magic = bytes(view[at : at + 4])
        if magic == LOCAL and at + LOCAL_BYTES <= structure.end:
            name, extra = struct.unpack_from("<HH", view, at + 26)
            yield from _extras(view, at + LOCAL_BYTES + name, extra, view[at + LOCAL_BYTES :][:name])
            return
        if magic == CENTRAL and at + CENTRAL_BYTES <= structure.end:
            name, extra, comment = struct.unpack_from("<HHH", view, at + 28)
            behind = at + CENTRAL_BYTES + name + extra
            yield from _extras(view, behind - extra, extra, view[at + CENTRAL_BYTES :][:name])
            yield from _comment(view, behind, comment)
            at = behind + comment
        elif magic == END64 and at + END64_FIXED_BYTES <= structure.end:
            end = at + END64_HEAD_BYTES + int.from_bytes(view[at + 4 : at + 12], "little")
            yield from _some(at + END64_FIXED_BYTES, min(end, structure.end))
            at = max(end, at + END64_FIXED_BYTES)
        elif magic == END and at + END_BYTES <= structure.end:
            yield from _comment(view, at + END_BYTES, structure.end - at - END_BYTES)
            return
        elif magic == SIGNATURE:
            yield from _some(at + 6, structure.end)
            return
        else:
            at += 20  # the Zip64 locator; anything else was not claimed


def _some(start: int, end: int) -> Iterator[ByteRange]:
    if start < end:
        yield ByteRange(start, end)


def _comment(view: memoryview, at: int, size: int) -> Iterator[ByteRange]:
    short = size <= SHORT_BYTES and _PRINTABLE.fullmatch(view[at : at + size])
    if size and not short:
        yield ByteRange(at, at + size)


def _extras(view: memoryview, at: int, size: int, name: memoryview) -> Iterator[ByteRange]:
    end = at + size
    while at + 4 <= end:
        number, length = struct.unpack_from("<HH", view, at)
        if at + 4 + length > end:
            break
        same = number == UNICODE_PATH and view[at + 9 : at + 4 + length] == name
        known = length <= KNOWN_EXTRAS.get(number, SHORT_BYTES) or same
        if not known and fill_byte(view, ByteRange(at + 4, at + 4 + length)) != "00":
            yield ByteRange(at + 4, at + 4 + length)
        at += 4 + length
    if at < end and fill_byte(view, ByteRange(at, end)) != "00":
        yield ByteRange(at, end)
