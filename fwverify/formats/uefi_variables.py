"""UEFI variable stores as edk2 keeps them in flash, and the working block of its fault-tolerant writer.

Source: edk2 MdeModulePkg/Include/Guid/VariableFormat.h (store header, variable headers, states) and
SystemNvDataGuid.h (working block), read 2026-11-22.

    store header (28) | (variable header (32 or 60) | name, UTF-16 | data | to 4 bytes)... | empty flash

Variables that are deleted or were never finished are handed out as such; what they hold is not vouched for.
Not done: the write queue; stores of other makers.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.formats.cursor import Cursor
from fwverify.formats.uefi_sections import utf16
from fwverify.formats.uefi_volume import guid
from fwverify.limits import Budget
from fwverify.model.artifact import ByteRange, Digest
from fwverify.model.examining import Malformed, Unsupported

WHAT = "UEFI variable store"
PLAIN, AUTHENTICATED = "ddcf3616-3275-4164-98b6-fe85707ffe7d", "aaf32c78-947b-439a-a180-2e144ec37792"
STORE_BYTES = 28
FORMATTED, HEALTHY = 0x5A, 0xFE
START = 0x55AA
PLAIN_BYTES, AUTHENTICATED_BYTES = 32, 60
ADDED, IN_TRANSITION = 0x3F, 0x3E
"""States in which a variable counts: complete, and complete while its successor is being written."""
MAX_NAME_BYTES = 1024
WORKING_BLOCK = bytes.fromhex("2b29589e687c7d49a0ce6500fd9f1b95")
WORKING_BYTES = 32
MAX_WORKING_BLOCKS = 4


@dataclass(frozen=True, slots=True)
class Store:
    """Header of a store; ranges are in the view."""

    header: ByteRange
    end: int
    authenticated: bool


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    vendor: str
    """GUID"""
    header: ByteRange
    """Header and name."""
    data: ByteRange | None
    padding: ByteRange | None
    """Up to the next variable."""
    live: bool
    """Complete and not deleted, with a name that is text."""


@dataclass(frozen=True, slots=True)
class WorkingBlock:
    header: ByteRange
    declared: Digest
    computed: Digest


def read_store(view: memoryview, at: int, end: int) -> Store:
    """The store that begins at an offset.

    Raises:
        Malformed: its size is beyond `end`, or it is marked as unhealthy.
        Unsupported: it is of another kind.
    """
    cursor = Cursor(view, WHAT, at, end)
    kind = guid(cursor.take(16, "signature"))
    if kind not in (PLAIN, AUTHENTICATED):
        raise Unsupported(f"{WHAT} with the signature {kind}")
    size, form, state, reserved, reserved_1 = cursor.unpack("<IBBHI", "store header")
    if not STORE_BYTES <= size <= end - at or (form, state) != (FORMATTED, HEALTHY):
        raise Malformed(WHAT, f"{size} bytes, format {form:#x}, state {state:#x}", at)
    # Reserved bytes are nobody's unless they are empty.
    header = at + STORE_BYTES if not reserved and not reserved_1 else at + STORE_BYTES - 6
    return Store(ByteRange(at, header), at + size, kind == AUTHENTICATED)


def variables(view: memoryview, store: Store, budget: Budget) -> Iterator[Variable]:
    """The variables in order, until something does not begin like one. Raises LimitExceeded."""
    size = AUTHENTICATED_BYTES if store.authenticated else PLAIN_BYTES
    at = (store.header.start + STORE_BYTES + 3) & ~3
    while at + size <= store.end and int.from_bytes(view[at : at + 2], "little") == START:
        budget.check_time()
        state, reserved = view[at + 2], view[at + 3]
        lengths = view[at + size - 24 : at + size - 16]
        name_bytes, data_bytes = int.from_bytes(lengths[:4], "little"), int.from_bytes(lengths[4:], "little")
        end = at + size + name_bytes + data_bytes
        if end > store.end:
            return
        named = at + size + name_bytes
        name = utf16(bytes(view[at + size : named])) if name_bytes <= MAX_NAME_BYTES else ""
        live = state in (ADDED, IN_TRANSITION) and name != "" and reserved in (0, 0xFF)
        if state == IN_TRANSITION:
            name += " (being replaced)"
        data = ByteRange(named, end) if data_bytes else None
        following = min(store.header.start + ((end - store.header.start + 3) & ~3), store.end)
        padding = ByteRange(end, following) if following > end else None
        yield Variable(name, guid(view[at + size - 16 : at + size]), ByteRange(at, named), data, padding, live)
        at = following


def working_blocks(view: memoryview, span: ByteRange | None) -> Iterator[WorkingBlock]:
    """Working blocks in a range, known by their GUID. The CRC is over the header with itself and its state erased."""
    if span is None:
        return
    data, hit, found = bytes(view[span.start : span.end]), -1, 0
    while found < MAX_WORKING_BLOCKS and (hit := data.find(WORKING_BLOCK, hit + 1)) >= 0:
        head = data[hit : hit + WORKING_BYTES]
        if len(head) < WORKING_BYTES or hit % 4:
            continue
        found += 1
        computed = zlib.crc32(head[:16] + b"\xff" * 8 + head[24:])
        start = span.start + hit
        yield WorkingBlock(
            ByteRange(start, start + WORKING_BYTES),
            Digest("crc32", head[16:20]),
            Digest("crc32", computed.to_bytes(4, "little")),
        )
