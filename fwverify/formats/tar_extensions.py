"""What tar says about an entry outside its header block: numbers, pax records, sparse maps.

Sources: POSIX.1-2017 pax, "pax Extended Header"; GNU tar manual 1.35, "Storing Sparse Files"; read 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from fwverify.formats.cursor import Cursor
from fwverify.model.examining import Malformed

WHAT = "tar archive"
BLOCK = 512
MAX_BYTES = 1 << 20
"""An extended header: real ones hold a name, a link and a few attributes."""
MAX_DIGITS = 20
"""Of a decimal number; 2^64 has 20."""
DUMP = re.compile(rb"(?:[YNDRTX][^\x00-\x1f\x7f]*\0)*\0")
"""List of what a folder held (GNU incremental backup): a letter and a name each, two zeros at the end."""
SPARSE_FIELD = 12
"""Bytes of an offset or length in an old GNU sparse map."""


def number(raw: memoryview, what: str) -> int:
    """An octal field, or base 256 where the first bit is set (GNU). Raises Malformed."""
    if len(raw) and raw[0] in (0x80, 0xFF):
        value = int.from_bytes(raw, "big", signed=raw[0] == 0xFF) - (0 if raw[0] == 0xFF else 0x80 << 8 * len(raw) - 8)
        if value < 0:
            raise Malformed(WHAT, f"the {what} of a header is negative")
        return value
    text = bytes(raw).split(b"\0", 1)[0].strip(b" ")
    if text.strip(b"01234567"):  # something is left between the digits
        raise Malformed(WHAT, f"the {what} of a header is not a number")
    return int(text, 8) if text else 0


@dataclass(slots=True)
class Extensions:
    """What extended headers said about the next entry."""

    records: dict[str, bytes] = field(default_factory=dict)
    name: bytes = b""
    link: bytes = b""
    pieces: list[tuple[int, int]] | None = None
    """Of a sparse file of pax format 0.0, which repeats records."""

    def text(self, key: str, otherwise: bytes) -> bytes:
        return self.records.get(key) or otherwise

    def integer(self, key: str, otherwise: int) -> int:
        raw = self.records.get(key, b"")
        return _decimal(raw, key) if raw else otherwise


def _decimal(raw: bytes, what: str) -> int:
    if not raw.isdigit() or len(raw) > MAX_DIGITS:
        raise Malformed(WHAT, f"{what} is not a number")
    return int(raw)


def records(body: bytes, offset: int) -> dict[str, bytes]:
    """The `length key=value` records of a pax header; of several with one key the last. Raises Malformed."""
    return {key.decode("utf-8", "replace"): value for key, value in _records(body, offset)}


def _records(body: bytes, offset: int) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(body):
        blank = body.find(b" ", at, at + MAX_DIGITS)
        if blank < 0:
            raise Malformed(WHAT, "a pax record has no length", offset)
        end = at + _decimal(body[at:blank], "the length of a pax record")
        key, equals, value = body[blank + 1 : end - 1].partition(b"=")
        if end > len(body) or end <= blank + 1 or body[end - 1 : end] != b"\n" or not equals:
            raise Malformed(WHAT, "a pax record is damaged", offset)
        yield key, value
        at = end


def map_in_records(body: bytes, offset: int) -> list[tuple[int, int]]:
    """Pax 0.0: offset and length of each piece as two records, one behind the other."""
    found: list[tuple[int, int]] = []
    start = -1
    for key, value in _records(body, offset):
        if key == b"GNU.sparse.offset":
            start = _decimal(value, "a sparse map")
        elif key == b"GNU.sparse.numbytes":
            if start < 0:
                raise Malformed(WHAT, "a sparse map has a length without an offset", offset)
            found.append((start, _decimal(value, "a sparse map")))
            start = -1
    return found


def is_dump(content: memoryview) -> bool:
    """True for the list of a folder in an incremental archive, with zeros behind it."""
    text = bytes(content).rstrip(b"\0")
    ended = text + b"\0\0" if text else b"\0"
    return len(content) <= MAX_BYTES and DUMP.fullmatch(ended) is not None


def gnu_map(cursor: Cursor, header: memoryview) -> list[tuple[int, int]]:
    """Old GNU: four pieces in the header, 21 in each block that follows."""
    found = list(_pairs(header[386:482]))
    more = header[482] != 0
    while more:
        block = cursor.take(BLOCK, "sparse map")
        found += _pairs(block[:504])
        more = block[504] != 0
    return found


def _pairs(raw: memoryview) -> Iterator[tuple[int, int]]:
    for at in range(0, len(raw), 2 * SPARSE_FIELD):
        if raw[at] == 0:
            return
        middle = at + SPARSE_FIELD
        yield number(raw[at:middle], "offset"), number(raw[middle : middle + SPARSE_FIELD], "length")


def map_in_record(raw: bytes, offset: int) -> list[tuple[int, int]]:
    """Pax 0.1: `offset,length,offset,length...`"""
    parts = [_decimal(one, "a sparse map") for one in raw.split(b",")] if raw else []
    if len(parts) % 2:
        raise Malformed(WHAT, "a sparse map has an odd number of values", offset)
    return list(zip(parts[::2], parts[1::2], strict=True))


def map_in_content(cursor: Cursor, size: int) -> list[tuple[int, int]]:
    """Pax 1.0: decimal lines in front of the content, filled up to a whole block."""
    start = cursor.at
    count = _line(cursor)
    if count > size // 4:  # two digits and two line ends for each piece
        raise Malformed(WHAT, f"a sparse map of {count} pieces in {size} bytes", start)
    found = [(_line(cursor), _line(cursor)) for _ in range(count)]
    cursor.skip(-(cursor.at - start) % BLOCK, "sparse map")
    return found


def _line(cursor: Cursor) -> int:
    piece = bytes(cursor.view[cursor.at : min(cursor.at + MAX_DIGITS + 1, cursor.end)])
    line, end, _ = piece.partition(b"\n")
    if not end:
        raise Malformed(WHAT, "a sparse map is damaged", cursor.at)
    cursor.skip(len(line) + 1, "sparse map")
    return _decimal(line, "a sparse map")


def checked(pieces: Iterable[tuple[int, int]], full: int, stored: int, offset: int) -> tuple[tuple[int, int], ...]:
    """The map, when its pieces follow one another, lie within the file and add up to what is stored."""
    reached, amount = 0, 0
    out = tuple(pieces)
    for start, length in out:
        if start < reached or start + length > full:
            raise Malformed(WHAT, "the pieces of a sparse file do not fit together", offset)
        reached, amount = start + length, amount + length
    if amount != stored:
        raise Malformed(WHAT, f"a sparse map of {amount} bytes for {stored} stored ones", offset)
    return out
