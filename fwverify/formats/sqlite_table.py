"""Rows of one table of an SQLite database, without SQLite.

SQLite documentation, "Database File Format" (1.3 header, 1.6 B-tree pages, 1.6.1 overflow, 2.1 record format, 2.6 the
schema table); read 2026-11-22. Does NOT read indexes, WITHOUT ROWID tables, write-ahead logs (changes that are not in
the file yet are not seen) or encrypted databases.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.limits import LimitExceeded
from fwverify.model.examining import Malformed

WHAT = "SQLite database"
MAGIC = b"SQLite format 3\0"
HEADER_BYTES = 100
LEAF, INTERIOR = 0x0D, 0x05
MAX_PAGES = 1 << 20
MAX_ROWS = 200_000
MAX_PAYLOAD_BYTES = 64 << 20
"""Of one row."""
MAX_DEPTH = 20

Value = int | bytes | None


class _Pages:
    """Pages of a database, each handed out once."""

    def __init__(self, view: memoryview) -> None:
        self.view = view
        if len(view) < HEADER_BYTES or bytes(view[:16]) != MAGIC:
            raise Malformed(WHAT, "no header", 0)
        size = int.from_bytes(view[16:18], "big")
        self.size = 65536 if size == 1 else size
        if self.size < 512 or self.size & (self.size - 1) or len(view) < self.size:
            raise Malformed(WHAT, f"pages of {self.size} bytes", 16)
        self.usable = self.size - view[20]
        if self.usable < 480:
            raise Malformed(WHAT, f"{view[20]} bytes of each page are reserved", 20)
        self.seen: set[int] = set()

    def page(self, number: int) -> memoryview:
        start = (number - 1) * self.size
        if number < 1 or start + self.size > len(self.view):
            raise Malformed(WHAT, f"page {number} is not in the file")
        if number in self.seen:
            raise Malformed(WHAT, f"page {number} is used twice", start)
        self.seen.add(number)
        if len(self.seen) > MAX_PAGES:
            raise LimitExceeded("max_database_pages", MAX_PAGES)
        return self.view[start : start + self.size]


def rows(view: memoryview, table: str) -> Iterator[tuple[Value, ...]]:
    """Every row of a table; integers, and texts and bytes as bytes. Real numbers come as None.

    Raises:
        Malformed: the database does not hold, or has no such table.
        LimitExceeded: more than any real database holds.
    """
    pages = _Pages(view)
    wanted = table.encode()
    for kind, name, _, root, *_ in (one for one in _table(pages, 1) if len(one) >= 5):
        if kind == b"table" and name == wanted and isinstance(root, int):
            for count, row in enumerate(_table(pages, root)):
                if count >= MAX_ROWS:
                    raise LimitExceeded("max_database_rows", MAX_ROWS)
                yield row
            return
    raise Malformed(WHAT, f"no table {table}")


def _table(pages: _Pages, root: int) -> Iterator[tuple[Value, ...]]:
    """Rows in order of their number."""
    waiting = [(root, 0)]
    while waiting:
        number, depth = waiting.pop()
        page = pages.page(number)
        at = HEADER_BYTES if number == 1 else 0
        kind, cells = page[at], int.from_bytes(page[at + 3 : at + 5], "big")
        pointers = at + (12 if kind == INTERIOR else 8)
        if kind not in (LEAF, INTERIOR) or depth > MAX_DEPTH or pointers + 2 * cells > pages.usable:
            raise Malformed(WHAT, f"page {number} is no page of a table")
        places = [int.from_bytes(page[one : one + 2], "big") for one in range(pointers, pointers + 2 * cells, 2)]
        if kind == LEAF:
            for place in places:
                yield _record(_payload(pages, page, place))
            continue
        children = [int.from_bytes(page[one : one + 4], "big") for one in places]
        children.append(int.from_bytes(page[at + 8 : at + 12], "big"))
        waiting.extend((one, depth + 1) for one in reversed(children))


def _varint(data: bytes | memoryview, at: int) -> tuple[int, int]:
    value = 0
    for count in range(9):
        if at >= len(data):
            raise Malformed(WHAT, "a number is cut off")
        one = data[at]
        at += 1
        if count == 8:
            return value << 8 | one, at
        value = value << 7 | one & 0x7F
        if one < 0x80:
            break
    return value, at


def _payload(pages: _Pages, page: memoryview, at: int) -> bytes:
    """A cell's record, the pages it overflows into joined."""
    size, at = _varint(page, at)
    _, at = _varint(page, at)  # the row's number
    if size > MAX_PAYLOAD_BYTES:
        raise LimitExceeded("max_database_row_bytes", size)
    usable = pages.usable
    local = size
    if size > usable - 35:
        least = (usable - 12) * 32 // 255 - 23
        local = least + (size - least) % (usable - 4)
        local = local if local <= usable - 35 else least
    if at + local + (4 if local < size else 0) > usable:
        raise Malformed(WHAT, "a row leaves its page")
    parts = [bytes(page[at : at + local])]
    left, following = size - local, int.from_bytes(page[at + local : at + local + 4], "big")
    while left:
        more = pages.page(following)
        parts.append(bytes(more[4 : 4 + min(left, usable - 4)]))
        left -= len(parts[-1])
        following = int.from_bytes(more[:4], "big")
    return b"".join(parts)


_INTEGER_BYTES = (0, 1, 2, 3, 4, 6, 8)


def _record(data: bytes) -> tuple[Value, ...]:
    header, at = _varint(data, 0)
    if header > len(data):
        raise Malformed(WHAT, "a row's header leaves the row")
    body = header
    values: list[Value] = []
    while at < header:
        kind, at = _varint(data, at)
        size = (kind - 12) // 2 if kind >= 12 else _INTEGER_BYTES[kind] if kind < 7 else 8 if kind == 7 else 0
        if body + size > len(data):
            raise Malformed(WHAT, "a value leaves its row")
        values.append(_value(kind, data[body : body + size]))
        body += size
    return tuple(values)


def _value(kind: int, raw: bytes) -> Value:
    if kind >= 12:
        return raw
    if kind in (8, 9):
        return kind - 8
    return int.from_bytes(raw, "big", signed=True) if 1 <= kind <= 6 else None
