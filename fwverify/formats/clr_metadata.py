"""Name and version of a .NET assembly, from its metadata tables.

ECMA-335 (6th edition, 2012), partition II: 25.3.3 CLI header, 24.2 metadata root and streams, 24.2.6 the #~ stream,
22 table layouts, 22.2 Assembly; read 2026-11-22. The version of an assembly is what others bind to, not the release:
makers often keep it while releases go on. Does NOT read types, references or custom attributes.
"""

from __future__ import annotations

from dataclasses import dataclass

from fwverify.formats.cursor import Cursor
from fwverify.formats.pe_tables import CLR, Tables
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

WHAT = ".NET metadata"
SIGNATURE = 0x424A5342
ASSEMBLY = 0x20
MAX_STREAMS, MAX_NAME = 32, 1024
STRING, GUID, BLOB = -1, -2, -3
"""In the layouts below: an index into a heap. A tuple is an index into one of several tables: bits of the tag, tables.
(n, "t") would be a plain table: it is written as (0, n)."""
_Column = int | tuple[int, ...]
_TYPE = (2, 0x02, 0x01, 0x1B)
_METHOD = (1, 0x06, 0x0A)
_ATTRIBUTED = (
    5, 0x06, 0x04, 0x01, 0x02, 0x08, 0x09, 0x0A, 0x00, 0x0E, 0x17, 0x14, 0x11, 0x1A, 0x1B, 0x20, 0x23, 0x26, 0x27,
    0x28, 0x2A, 0x2C, 0x2B,
)  # fmt: skip
LAYOUTS: dict[int, tuple[_Column, ...]] = {
    0x00: (2, STRING, GUID, GUID, GUID), 0x01: ((2, 0x00, 0x1A, 0x23, 0x01), STRING, STRING),
    0x02: (4, STRING, STRING, _TYPE, (0, 0x04), (0, 0x06)), 0x03: ((0, 0x04),), 0x04: (2, STRING, BLOB),
    0x05: ((0, 0x06),), 0x06: (8, STRING, BLOB, (0, 0x08)), 0x07: ((0, 0x08),), 0x08: (4, STRING),
    0x09: ((0, 0x02), _TYPE), 0x0A: ((3, 0x02, 0x01, 0x1A, 0x06, 0x1B), STRING, BLOB),
    0x0B: (2, (2, 0x04, 0x08, 0x17), BLOB), 0x0C: (_ATTRIBUTED, (3, 0x06, 0x0A), BLOB), 0x0D: ((1, 0x04, 0x08), BLOB),
    0x0E: (2, (2, 0x02, 0x06, 0x20), BLOB), 0x0F: (6, (0, 0x02)), 0x10: (4, (0, 0x04)), 0x11: (BLOB,),
    0x12: ((0, 0x02), (0, 0x14)), 0x13: ((0, 0x14),), 0x14: (2, STRING, _TYPE), 0x15: ((0, 0x02), (0, 0x17)),
    0x16: ((0, 0x17),), 0x17: (2, STRING, BLOB), 0x18: (2, (0, 0x06), (1, 0x14, 0x17)),
    0x19: ((0, 0x02), _METHOD, _METHOD), 0x1A: (STRING,), 0x1B: (BLOB,),
    0x1C: (2, (1, 0x04, 0x06), STRING, (0, 0x1A)), 0x1D: (4, (0, 0x04)), 0x1E: (8,), 0x1F: (4,),
}  # fmt: skip
"""Columns of the tables that lie before the Assembly table: bytes, heap indexes, table indexes."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """What an assembly calls itself."""

    name: str
    version: str
    """Four numbers."""


def assembly(tables: Tables) -> Assembly | None:
    """The assembly that an image holds; None for an image that is none, or a module without a name of its own.

    Raises:
        Malformed: it says it is one, and its metadata does not hold.
    """
    header = tables.span(CLR)
    if header is None:
        return None
    address, size = Cursor(tables.view, WHAT, header.start, header.end).unpack("<8xII", "CLI header")
    start = tables.offset(address)
    if start < 0 or start + size > len(tables.view):
        raise Malformed(WHAT, "it is not in the file")
    root = Cursor(tables.view, WHAT, start, start + size)
    streams = _streams(root, start, start + size)
    rows, names = streams.get("#~") or streams.get("#-"), streams.get("#Strings")
    if rows is None or names is None:
        raise Malformed(WHAT, "it has no tables or no names", start)
    return _assembly(tables.view, rows, names)


def _streams(root: Cursor, start: int, end: int) -> dict[str, ByteRange]:
    if root.le32("signature") != SIGNATURE:
        raise Malformed(WHAT, "no signature", start)
    root.skip(8, "version numbers")
    root.skip(root.le32("length of the version"), "version")
    _, count = root.unpack("<HH", "number of streams")
    if count > MAX_STREAMS:
        raise Malformed(WHAT, f"{count} streams", root.at)
    found: dict[str, ByteRange] = {}
    for _ in range(count):
        offset, size = root.unpack("<II", "stream header")
        name = b""
        while not name.endswith(b"\0") and len(name) < 32:
            name += bytes(root.take(4, "stream name"))
        if start + offset + size > end:
            raise Malformed(WHAT, "a stream ends outside", root.at)
        if size:
            found.setdefault(name.split(b"\0")[0].decode("latin-1"), ByteRange(start + offset, start + offset + size))
    return found


def _assembly(view: memoryview, span: ByteRange, names: ByteRange) -> Assembly | None:
    cursor = Cursor(view, WHAT, span.start, span.end)
    heaps, valid = cursor.unpack("<6xBxQ8x", "table stream header")
    present = [one for one in range(64) if valid >> one & 1]
    rows = dict(zip(present, cursor.unpack(f"<{len(present)}I", "row counts"), strict=True))
    if heaps & 0x40:
        cursor.skip(4, "extra data")
    if ASSEMBLY not in rows or not rows[ASSEMBLY]:
        return None
    for table in present:
        if table < ASSEMBLY:
            cursor.skip(rows[table] * sum(_width(one, heaps, rows) for one in LAYOUTS[table]), f"table {table:#x}")
    numbers = cursor.unpack("<4x4H4x", "assembly")
    cursor.skip(_width(BLOB, heaps, rows), "public key")
    width = _width(STRING, heaps, rows)
    at = names.start + int.from_bytes(cursor.take(width, "name"), "little")
    if at >= names.end:
        raise Malformed(WHAT, "the assembly's name lies outside the names", cursor.at)
    name = bytes(view[at : min(names.end, at + MAX_NAME)]).split(b"\0")[0]
    return Assembly(name.decode("utf-8", "replace"), ".".join(str(one) for one in numbers))


def _width(column: _Column, heaps: int, rows: dict[int, int]) -> int:
    """Bytes of one column."""
    if isinstance(column, tuple):
        tag, *targets = column
        return 2 if max((rows.get(one, 0) for one in targets), default=0) < 1 << 16 - tag else 4
    if column >= 0:
        return column
    return 4 if heaps >> {STRING: 0, GUID: 1, BLOB: 2}[column] & 1 else 2
