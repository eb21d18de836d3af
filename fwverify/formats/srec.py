"""Motorola S-record: text records with address, type and checksum, read into contiguous regions.

Source: Motorola M68000 Family Programmer's Reference Manual, appendix C "S-Record Output Format", read 2026-11-22.
Every record's checksum is checked. S4 (reserved) and text around the records are not read.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from fwverify.formats.names import quoted
from fwverify.formats.regions import RecordFile, Space, read_lines
from fwverify.model.examining import Malformed, Unsupported

WHAT = "S-record"
ADDRESS_BYTES = {0: 2, 1: 2, 2: 3, 3: 4, 5: 2, 6: 3, 7: 4, 8: 3, 9: 2}
"""By record type; S5 and S6 hold a count of data records in its place."""
_FIRST = re.compile(rb"\s{0,64}S[0-35-9]([0-9A-Fa-f]{2})((?:[0-9A-Fa-f]{2}){3,255})[ \t]*(?:[\r\n]|$)")


def looks_like(head: bytes) -> bool:
    """True when the text begins with a record whose length field fits its line (580 characters suffice)."""
    hit = _FIRST.match(head)
    return hit is not None and 2 * int(hit[1], 16) == len(hit[2])


def read_srec(text: bytes, tick: Callable[[], None] = lambda: None) -> RecordFile:
    """Read all records; arguments and result are those of regions.read_lines."""
    return read_lines(_State(), text, tick)


def _record(line: bytes, start: int) -> tuple[int, bytes]:
    """Type and bytes of a record, count to checksum."""
    if line[:1] != b"S" or not line[1:2].isdigit():
        raise Malformed(WHAT, "a line that is no record", start)
    kind = int(line[1:2])
    if kind not in ADDRESS_BYTES:
        raise Unsupported(f"S-record type S{kind} is reserved")
    try:
        raw = bytes.fromhex(line[2:].decode("ascii"))
    except ValueError:
        raw = b""
    if len(raw) < ADDRESS_BYTES[kind] + 2 or raw[0] + 1 != len(raw) or len(line) != 2 * len(raw) + 2:
        raise Malformed(WHAT, "a line whose length is not what it says", start)
    return kind, raw


class _State:
    """What was read so far."""

    def __init__(self) -> None:
        self.space = Space()
        self.records = self.data_records = self.end = 0
        self.ended = False
        self.sum = 0xFF
        """Of the bytes of the last record read; a wrong one is the last."""
        self.entry: int | None = None
        self.counted: int | None = None
        self.header = ""

    def line(self, line: bytes, start: int, end: int) -> None:
        """One line."""
        if not line:
            self.space.line(start, end)
            self.end = end
            return
        kind, raw = _record(line, start)
        self.records += 1
        self.sum = sum(raw) & 0xFF
        if self.sum != 0xFF:
            raise Malformed(WHAT, f"record {self.records} has a wrong checksum", start)
        size = ADDRESS_BYTES[kind]
        address, data = int.from_bytes(raw[1 : 1 + size], "big"), raw[1 + size : -1]
        if kind in (1, 2, 3):
            self._data(address, data, start, end)
        else:
            # Only the first header is told; in a count or an end there is no data: what nobody sees is nobody's.
            if (kind == 0 and not self.header) or (kind and not data):
                self.space.line(start, end)
            self._control(kind, address, data)
        self.end = end

    def _control(self, kind: int, address: int, data: bytes) -> None:
        match kind:
            case 0:
                self.header = self.header or quoted(data)
            case 5 | 6:
                self.counted = address
            case _:
                self.ended, self.entry = True, address

    def _data(self, address: int, data: bytes, start: int, end: int) -> None:
        self.data_records += 1
        if address + len(data) > 0x1_0000_0000:
            raise Malformed(WHAT, "data across the end of its address space", start)
        if data:
            self.space.data(address, data, start, end)
        else:
            self.space.line(start, end)

    def file(self, problem: Malformed | Unsupported | None) -> RecordFile:
        regions, overlaps = self.space.regions()
        return RecordFile(
            regions, overlaps, tuple(self.space.control), self.records, self.end, self.ended, self.sum, 0xFF, problem,
            self.entry, self.header, self.counted, data_records=self.data_records,
        )  # fmt: skip
