"""Intel HEX: text records with address, type and checksum, read into contiguous regions.

Source: Intel "Hexadecimal Object File Format Specification", revision A (1988), read 2026-11-22.
Every record's checksum is checked. Record types other than 00 to 05 (universal hex, vendor extensions) are not read,
nor are comments between records.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from fwverify.formats.regions import RecordFile, Space, read_lines
from fwverify.model.examining import Malformed, Unsupported

WHAT = "Intel HEX"
DATA, END, SEGMENT, START_SEGMENT, LINEAR, START_LINEAR = range(6)
SIZES = {END: 0, SEGMENT: 2, START_SEGMENT: 4, LINEAR: 2, START_LINEAR: 4}
"""Data bytes of the records that have a fixed size."""
_FIRST = re.compile(rb"\s{0,64}:([0-9A-Fa-f]{2})[0-9A-Fa-f]{8}((?:[0-9A-Fa-f]{2})*)[ \t]*(?:[\r\n]|$)")


def looks_like(head: bytes) -> bool:
    """True when the text begins with a record whose length field fits its line (531 characters suffice)."""
    hit = _FIRST.match(head)
    return hit is not None and 2 * int(hit[1], 16) == len(hit[2])


def read_intel_hex(text: bytes, tick: Callable[[], None] = lambda: None) -> RecordFile:
    """Read all records; arguments and result are those of regions.read_lines."""
    return read_lines(_State(), text, tick)


def _record(line: bytes, start: int) -> bytes:
    """The bytes of a record, address to checksum with the length first; empty for a blank line."""
    if not line:
        return b""
    try:
        raw = bytes.fromhex(line[1:].decode("ascii")) if line[:1] == b":" else b""
    except ValueError:
        raw = b""
    if len(raw) < 5 or raw[0] + 5 != len(raw) or len(line) != 2 * len(raw) + 1:
        raise Malformed(WHAT, "a line that is no record, or whose length is not what it says", start)
    return raw


class _State:
    """What records set for those after them."""

    def __init__(self) -> None:
        self.space = Space()
        self.base = 0
        self.segmented = False
        self.records = self.data_records = self.end = 0
        self.ended = False
        self.sum = 0
        """Of the bytes of the last record read; a wrong one is the last."""
        self.entry: int | None = None

    def line(self, line: bytes, start: int, end: int) -> None:
        """One line."""
        if not line:
            self.space.line(start, end)
            self.end = end
            return
        raw = _record(line, start)
        self.records += 1
        self.sum = sum(raw) & 0xFF
        if self.sum:
            raise Malformed(WHAT, f"record {self.records} has a wrong checksum", start)
        kind, data = raw[3], raw[4:-1]
        if kind == DATA:
            self._data(int.from_bytes(raw[1:3], "big"), data, start, end)
        elif kind not in SIZES:
            raise Unsupported(f"Intel HEX record type {kind:02X}; 00 to 05 are read")
        elif len(data) != SIZES[kind]:
            raise Malformed(WHAT, f"record type {kind:02X} with {len(data)} data bytes", start)
        else:
            # A second start address, or an address where none has a meaning, is nobody's.
            if not (raw[1] or raw[2]) and (kind not in (START_SEGMENT, START_LINEAR) or self.entry is None):
                self.space.line(start, end)
            self._control(kind, int.from_bytes(data, "big"))
        self.end = end

    def _control(self, kind: int, value: int) -> None:
        match kind:
            case 1:
                self.ended = True
            case 2:
                self.base, self.segmented = value << 4, True
            case 4:
                self.base, self.segmented = value << 16, False
            case 3:
                self.entry = ((value >> 16) << 4) + (value & 0xFFFF)
            case 5:
                self.entry = value

    def _data(self, offset: int, data: bytes, start: int, end: int) -> None:
        self.data_records += 1
        # Segmented offsets wrap inside their 64 KiB; nobody writes such records on purpose, so they are refused.
        limit = 0x10000 - offset if self.segmented else 0x1_0000_0000 - self.base - offset
        if len(data) > limit:
            raise Malformed(WHAT, "data across the end of its address space", start)
        if data:
            self.space.data(self.base + offset, data, start, end)
        else:
            self.space.line(start, end)

    def file(self, problem: Malformed | Unsupported | None) -> RecordFile:
        regions, overlaps = self.space.regions()
        return RecordFile(
            regions, overlaps, tuple(self.space.control), self.records, self.end, self.ended, self.sum, 0, problem,
            self.entry, data_records=self.data_records,
        )  # fmt: skip
