"""Address space of a text image (Intel HEX, S-record): data records in file order become contiguous regions.

Not a format of its own: what the two record formats share. Memory stays within the size of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from fwverify.model.artifact import ByteRange, merged
from fwverify.model.examining import Malformed, Unsupported

CHECK_EVERY = 4096
"""Records between two looks at the run's clock."""
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|$)")


@dataclass(frozen=True, slots=True)
class Region:
    """Bytes at consecutive addresses."""

    address: int
    data: bytes = field(repr=False)
    ranges: tuple[ByteRange, ...]
    """The records' text, whole lines."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two records write one address with different bytes."""

    address: int
    range: ByteRange
    """Text of the later records."""


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A text image, read up to its end record, the first line that cannot be read, or the end of the text."""

    regions: tuple[Region, ...]
    overlaps: tuple[Overlap, ...]
    control: tuple[ByteRange, ...]
    """Text of records that carry no data, and blank lines."""
    records: int
    end: int
    """After the last good record, bytes into the text."""
    ended: bool
    """There was an end record."""
    last_sum: int
    """Low 8 bits of the sum over the bytes of the last record read: `good_sum`, or reading stopped there."""
    good_sum: int
    """0x00 for Intel HEX, 0xFF for S-record."""
    problem: Malformed | Unsupported | None = None
    """Why reading stopped before an end record; what was read until then stands."""
    entry: int | None = None
    header: str = ""
    """S0 record, printable."""
    counted: int | None = None
    """Number of data records that a count record states."""
    data_records: int = 0


@dataclass(slots=True)
class _Run:
    """Records that follow each other in the text and in the address space."""

    address: int
    data: bytearray
    ranges: list[ByteRange]

    @property
    def end(self) -> int:
        return self.address + len(self.data)


@dataclass(slots=True)
class Space:
    """Collects data records and control lines in file order."""

    runs: list[_Run] = field(default_factory=list)
    control: list[ByteRange] = field(default_factory=list)

    def data(self, address: int, data: bytes, start: int, end: int) -> None:
        """One data record and its line."""
        run = self.runs[-1] if self.runs else None
        if run is None or run.end != address:
            run = _Run(address, bytearray(), [])
            self.runs.append(run)
        run.data += data
        _extend(run.ranges, start, end)

    def line(self, start: int, end: int) -> None:
        """A line without data."""
        _extend(self.control, start, end)

    def regions(self) -> tuple[tuple[Region, ...], tuple[Overlap, ...]]:
        """Contiguous regions in order of address; where records overlap, the later one in the file wins."""
        out: list[Region] = []
        overlaps: list[Overlap] = []
        ordered = sorted(enumerate(self.runs), key=lambda one: (one[1].address, one[0]))
        at = 0
        while at < len(ordered):
            end, stop = ordered[at][1].end, at + 1
            while stop < len(ordered) and ordered[stop][1].address <= end:
                end, stop = max(end, ordered[stop][1].end), stop + 1
            out.append(_joined([one for _, one in sorted(ordered[at:stop], key=lambda one: one[0])], overlaps))
            at = stop
        return tuple(out), tuple(overlaps)


def _extend(ranges: list[ByteRange], start: int, end: int) -> None:
    if ranges and ranges[-1].end == start:
        ranges[-1] = ByteRange(ranges[-1].start, end)
    else:
        ranges.append(ByteRange(start, end))


def _joined(runs: list[_Run], overlaps: list[Overlap]) -> Region:
    """One region from runs, in file order, that touch or overlap."""
    if len(runs) == 1:
        return Region(runs[0].address, bytes(runs[0].data), tuple(runs[0].ranges))
    low, high = min(one.address for one in runs), max(one.end for one in runs)
    data, written = bytearray(high - low), bytearray(high - low)
    for one in runs:
        start, end = one.address - low, one.end - low
        if written.find(1, start, end) >= 0 and _differs(data, written, one.data, start):
            overlaps.append(Overlap(one.address, one.ranges[0]))
        data[start:end] = one.data
        written[start:end] = b"\1" * len(one.data)
    return Region(low, bytes(data), merged(place for one in runs for place in one.ranges))


def _differs(data: bytearray, written: bytearray, new: bytearray, start: int) -> bool:
    before, mask = data[start : start + len(new)], written[start : start + len(new)]
    return any(flag and old != one for old, flag, one in zip(before, mask, new, strict=True))


class Records(Protocol):
    """What one of the two formats makes of its lines, and what was read so far."""

    records: int
    ended: bool

    def line(self, line: bytes, start: int, end: int) -> None:
        """One line. Raises Malformed, Unsupported."""
        ...

    def file(self, problem: Malformed | Unsupported | None) -> RecordFile: ...


def read_lines(records: Records, text: bytes, tick: Callable[[], None]) -> RecordFile:
    """Read records up to the end record, the first line that cannot be read, or the end of the text.

    What was read before such a line stands; why reading stopped is `problem` of the result.

    Args:
        records: of the format, nothing read yet.
        text: the file.
        tick: called every 4096 records; may raise LimitExceeded.
    """
    for hit in _LINE.finditer(text):
        start, end = hit.span()
        if start == end:
            break
        if records.records % CHECK_EVERY == 0:
            tick()
        try:
            records.line(hit[0].strip(), start, end)
        except (Malformed, Unsupported) as problem:
            return records.file(problem)
        if records.ended:
            break
    return records.file(None)
