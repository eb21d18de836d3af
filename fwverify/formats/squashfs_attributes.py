"""Extended attributes of SquashFS 4.0: sets of names and values that inodes refer to by number.

Source: Linux kernel Documentation/filesystems/squashfs.rst (section 3.7), fs/squashfs/xattr.h and xattr_id.c, read
2026-11-22. A value may lie elsewhere (out of line). No name belongs to two sets, so the work is bounded.
What a value means (labels, capabilities, IMA signatures) is not judged here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from fwverify.formats.names import decoded
from fwverify.formats.squashfs_inodes import WHAT
from fwverify.formats.squashfs_tables import AttributeTables
from fwverify.limits import Budget
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

SET = struct.Struct("<QII")
KEY = struct.Struct("<HH")
PREFIXES = {0: "user", 1: "trusted", 2: "security"}
OUT_OF_LINE = 0x100
LENGTH_BYTES, REFERENCE_BYTES = 4, 8


@dataclass(frozen=True, slots=True)
class Attribute:
    """One name with its value."""

    set: int
    """Number of the set it belongs to."""
    name: str
    """With its prefix: `security.capability`."""
    value: ByteRange | None
    """Place in the unpacked values; None when it is empty."""


@dataclass(slots=True)
class Attributes:
    """All sets, read."""

    found: list[Attribute] = field(default_factory=list)
    spans: list[ByteRange] = field(default_factory=list)
    """What sets took of the values' bytes."""
    taken: int = 0
    """bytes"""
    problems: list[str] = field(default_factory=list)
    """Sets that cannot be read, with the reason."""


def read(tables: AttributeTables, budget: Budget) -> Attributes:
    """All attributes of all sets. A damaged set is a problem of its own. Raises LimitExceeded."""
    out = Attributes()
    for number, (reference, count, _) in enumerate(SET.iter_unpack(tables.sets)):
        budget.check_time()
        try:
            _set(tables, number, reference, count, out)
        except Malformed as problem:
            out.problems.append(problem.reason)
    return out


def _set(tables: AttributeTables, number: int, reference: int, count: int, out: Attributes) -> None:
    table = tables.values
    start = at = table.place(reference >> 16, reference & 0xFFFF)
    most = len(table.data) - out.taken
    if count * (KEY.size + LENGTH_BYTES) > most:
        raise Malformed(WHAT, f"attribute set {number} declares {count} attributes")
    found: list[Attribute] = []
    for _ in range(count):
        one, at = _attribute(tables, number, at, out.spans)
        found.append(one)
        if at - start > most:
            break
    out.taken += at - start
    if out.taken > len(table.data):
        raise Malformed(WHAT, f"attribute set {number} lies in other sets")
    out.found.extend(found)
    if at > start:
        out.spans.append(ByteRange(start, at))


def _attribute(tables: AttributeTables, number: int, at: int, elsewhere: list[ByteRange]) -> tuple[Attribute, int]:
    """One attribute, and where it ends; a value out of line takes bytes `elsewhere`."""
    data = tables.values.data
    if at + KEY.size > len(data):
        raise Malformed(WHAT, f"attribute set {number} is cut short")
    kind, size = KEY.unpack_from(data, at)
    name = data[at + KEY.size : at + KEY.size + size]
    value, at = _value(data, at + KEY.size + size, number)
    if kind & OUT_OF_LINE:
        if value is None or value.size != REFERENCE_BYTES:
            raise Malformed(WHAT, f"an attribute of set {number} names no place for its value")
        reference = int.from_bytes(data[value.start : value.end], "little")
        start = tables.values.place(reference >> 16, reference & 0xFFFF)
        value, end = _value(data, start, number)
        elsewhere.append(ByteRange(start, end))
    prefix = PREFIXES.get(kind & 0xFF)
    if prefix is None or kind & ~(OUT_OF_LINE | 0xFF):
        raise Malformed(WHAT, f"an attribute of set {number} has the unknown type {kind}")
    return Attribute(number, f"{prefix}.{decoded(name)}", value), at


def _value(data: bytes, at: int, number: int) -> tuple[ByteRange | None, int]:
    """Where the value lies that begins with its length at `at`."""
    start = at + LENGTH_BYTES
    end = start + int.from_bytes(data[at:start], "little")
    if start > len(data) or end > len(data):
        raise Malformed(WHAT, f"an attribute of set {number} is cut short")
    return (ByteRange(start, end) if end > start else None), end
