"""Header images in RPM's databases: sqlite, ndb and Berkeley DB hash.

Sources, read 2026-11-22: RPM's documentation and the behaviour of rpm 4.18 ("rpmdb.sqlite", table Packages: a number
and a header image; "Packages.db", the ndb package database: slots and contents in 16-byte blocks); Berkeley DB 5.3
documentation and its db_dump and db_load (hash access method: meta page, hash pages, overflow pages). Does NOT read
indexes, write-ahead logs or journals.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from fwverify.formats import sqlite_table
from fwverify.limits import LimitExceeded
from fwverify.model.examining import Malformed

MAX_HEADERS = 100_000
MAX_HEADER_BYTES = 64 << 20
NDB_MAGIC, NDB_SLOT, NDB_BEGIN, NDB_END = b"RpmP", b"Slot", b"BlbS", b"BlbE"
NDB_PAGE, NDB_BLOCK, NDB_SLOT_BYTES, NDB_HEAD_BYTES, NDB_TAIL_BYTES = 4096, 16, 16, 16, 12
NDB_MAX_PAGES = 4096
BDB_HASH, BDB_META = 0x00061561, 8
BDB_HASH_PAGES, BDB_OVERFLOW = (2, 13), 7
BDB_PAGE_HEAD = 26
BDB_KEYDATA, BDB_OFFPAGE = 1, 3
COUNTER = bytes(4)
"""Key of the record that counts packages."""


def kind(view: memoryview) -> str:
    """`sqlite`, `ndb`, `bdb` or empty. Cheap and total."""
    head = bytes(view[:26])
    if head.startswith(sqlite_table.MAGIC):
        return "sqlite"
    if head.startswith(NDB_MAGIC):
        return "ndb"
    magics = (int.from_bytes(head[12:16], "little"), int.from_bytes(head[12:16], "big"))
    return "bdb" if len(head) == 26 and BDB_HASH in magics and head[25] == BDB_META else ""


def headers(view: memoryview) -> Iterator[bytes]:
    """Every header image.

    Raises:
        Malformed: the database does not hold.
        LimitExceeded: more than any real one holds.
    """
    readers = {"sqlite": _sqlite, "ndb": _ndb, "bdb": _bdb}
    reader = readers.get(kind(view))
    if reader is None:
        raise Malformed("RPM database", "neither sqlite, ndb nor Berkeley DB", 0)
    for count, one in enumerate(reader(view)):
        if count >= MAX_HEADERS:
            raise LimitExceeded("max_rpm_headers", MAX_HEADERS)
        yield one


def _sqlite(view: memoryview) -> Iterator[bytes]:
    for row in sqlite_table.rows(view, "Packages"):
        if len(row) >= 2 and isinstance(row[1], bytes):
            yield row[1]


def _ndb(view: memoryview) -> Iterator[bytes]:
    what = "ndb database"
    if len(view) < NDB_PAGE:
        raise Malformed(what, "cut off in its first page", len(view))
    pages = int.from_bytes(view[12:16], "little")
    if not 0 < pages <= NDB_MAX_PAGES or pages * NDB_PAGE > len(view):
        raise Malformed(what, f"{pages} pages of slots in a file of {len(view)} bytes", 12)
    for at in range(2 * NDB_SLOT_BYTES, pages * NDB_PAGE, NDB_SLOT_BYTES):
        magic, number, block, blocks = struct.unpack_from("<4sIII", view, at)
        if magic != NDB_SLOT:
            raise Malformed(what, "a slot is none", at)
        if block:
            yield _ndb_content(view, number, block * NDB_BLOCK, blocks * NDB_BLOCK)


def _ndb_content(view: memoryview, number: int, start: int, size: int) -> bytes:
    what = "ndb database"
    if size < NDB_HEAD_BYTES + NDB_TAIL_BYTES or start + size > len(view):
        raise Malformed(what, f"package {number} is not in the file", start)
    magic, own, _, length = struct.unpack_from("<4sIII", view, start)
    if magic != NDB_BEGIN or own != number or length > size - NDB_HEAD_BYTES - NDB_TAIL_BYTES:
        raise Malformed(what, f"package {number} does not begin where its slot says", start)
    end = start + NDB_HEAD_BYTES + length
    tail = start + size - NDB_TAIL_BYTES
    total, again, close = struct.unpack_from("<II4s", view, tail)
    if close != NDB_END or again != length or zlib.adler32(view[start:tail]) != total:
        raise Malformed(what, f"the sum of package {number} does not hold", tail)
    return bytes(view[start + NDB_HEAD_BYTES : end])


class _Bdb:
    """Pages of a Berkeley DB hash database."""

    def __init__(self, view: memoryview) -> None:
        self.view = view
        self.order = "<" if int.from_bytes(view[12:16], "little") == BDB_HASH else ">"
        if len(view) < 512:
            raise Malformed("Berkeley DB", "cut off in its first page", len(view))
        (self.size,) = struct.unpack_from(f"{self.order}I", view, 20)
        if not 512 <= self.size <= 65536 or self.size & (self.size - 1) or view[24]:
            raise Malformed("Berkeley DB", f"pages of {self.size} bytes, or encrypted", 20)
        self.used: set[int] = set()

    def page(self, number: int) -> tuple[memoryview, int, int, int, int]:
        """A page with the next page's number, its entries, where its data end and its kind."""
        start = number * self.size
        if start + self.size > len(self.view):
            raise Malformed("Berkeley DB", f"page {number} is not in the file", start)
        page = self.view[start : start + self.size]
        following, entries, data = struct.unpack_from(f"{self.order}IHH", page, 16)
        return page, following, entries, data, page[25]

    def overflow(self, number: int, size: int) -> bytes:
        """A long item, page after page."""
        if size > MAX_HEADER_BYTES:
            raise LimitExceeded("max_rpm_header_bytes", size)
        parts: list[bytes] = []
        left = size
        while left:
            if number in self.used:
                raise Malformed("Berkeley DB", f"page {number} is used twice")
            self.used.add(number)
            page, number, _, filled, kind = self.page(number)
            if kind != BDB_OVERFLOW or not 0 < filled <= min(left, self.size - BDB_PAGE_HEAD):
                raise Malformed("Berkeley DB", "a long item does not hold")
            parts.append(bytes(page[BDB_PAGE_HEAD : BDB_PAGE_HEAD + filled]))
            left -= filled
        return b"".join(parts)


def _bdb(view: memoryview) -> Iterator[bytes]:
    database = _Bdb(view)
    for number in range(1, len(view) // database.size):
        page, _, entries, _, kind = database.page(number)
        if kind not in BDB_HASH_PAGES:
            continue
        if BDB_PAGE_HEAD + 2 * entries > database.size or entries % 2:
            raise Malformed("Berkeley DB", f"page {number} has {entries} entries")
        places = (database.size, *struct.unpack_from(f"{database.order}{entries}H", page, BDB_PAGE_HEAD))
        for one in range(1, entries, 2):  # keys and data in turn
            key = bytes(page[places[one] : places[one - 1]])
            if key[1:] != COUNTER:
                yield _bdb_item(database, page, places[one + 1], places[one])


def _bdb_item(database: _Bdb, page: memoryview, start: int, end: int) -> bytes:
    if not BDB_PAGE_HEAD <= start < end <= database.size:
        raise Malformed("Berkeley DB", f"an item lies at {start} to {end} of its page")
    if page[start] == BDB_KEYDATA:
        return bytes(page[start + 1 : end])
    if page[start] != BDB_OFFPAGE or end - start < 12:
        raise Malformed("Berkeley DB", f"an item of kind {page[start]}")
    number, size = struct.unpack_from(f"{database.order}II", page, start + 4)
    return database.overflow(number, size)
