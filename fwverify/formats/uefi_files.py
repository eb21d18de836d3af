"""Files of a UEFI firmware volume: Firmware File System 1, 2 and 3.

Source: UEFI Platform Initialization Specification 1.8, volume 3, sections 2.1.4 and 3.2.2 to 3.2.4 (both file headers,
state bits, file types), read 2026-11-22. FFS 1: Intel Platform Innovation Framework, Firmware File System Specification
0.9, section 2 (a tail behind the data).

Files follow one another at multiples of 8 bytes; the first one whose header is nothing but empty flash ends them.
Not done: sections (uefi_sections).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.formats.cpio import sum32
from fwverify.formats.uefi_volume import FFS1, FFS3, Volume, guid
from fwverify.limits import Budget, LimitExceeded
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

WHAT = "UEFI firmware file"
HEADER_BYTES, LARGE_BYTES = 24, 32
ALIGNMENT = 8
LARGE_FILE, TAIL_PRESENT, CHECKSUM = 0x01, 0x01, 0x40
"""Attributes; bit 0 means a large file in FFS 3 and a tail in FFS 1."""
FIXED_SUM = 0xAA
FIXED_SUM_1 = 0x5A
TAIL_BYTES = 2
MAX_FILES = 65_536
"""Headers of one volume, deleted files among them; real volumes have up to 500."""
CONSTRUCTION, HEADER_VALID, DATA_VALID, FOR_UPDATE, DELETED, HEADER_INVALID = 1, 2, 4, 8, 16, 32

RAW, FREEFORM, PAD = 0x01, 0x02, 0xF0
FIRST_SECTIONED, LAST_SECTIONED = 0x02, 0x0F
KINDS = {
    0x01: "raw", 0x02: "freeform", 0x03: "security core", 0x04: "PEI core", 0x05: "DXE core", 0x06: "PEI module",
    0x07: "driver", 0x08: "combined PEI and DXE driver", 0x09: "application", 0x0A: "MM driver", 0x0B: "volume image",
    0x0C: "combined MM and DXE driver", 0x0D: "MM core", 0x0E: "standalone MM driver", 0x0F: "standalone MM core",
    PAD: "padding",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FirmwareFile:
    """One file; ranges are in the volume."""

    guid: str
    kind: int
    """EFI_FV_FILETYPE"""
    whole: ByteRange
    header: ByteRange
    body: ByteRange | None
    """None for an empty file."""
    tail: ByteRange | None
    """FFS 1: the inverted checksums behind the data."""
    valid: bool
    """Its state says that header and data are complete and not deleted."""
    header_sum: int
    """Declared header checksum."""
    header_sum_expected: int
    data_sum: int
    """Declared; only looked at when the file is valid."""
    data_sum_expected: int

    @property
    def intact(self) -> bool:
        return self.header_sum == self.header_sum_expected

    @property
    def sectioned(self) -> bool:
        """Its type says that it is a sequence of sections."""
        return FIRST_SECTIONED <= self.kind <= LAST_SECTIONED


def files(view: memoryview, volume: Volume, budget: Budget) -> Iterator[FirmwareFile]:
    """The files of a volume in order.

    A header that does not hold is handed out when the size it states leads to something sound; otherwise it ends the
    reading, for nothing says where the next one begins.

    Raises:
        Malformed: what follows is neither a file nor empty; files before it were handed out.
        LimitExceeded: too many.
    """
    end, at = min(volume.length, len(view)), (volume.data + ALIGNMENT - 1) & ~(ALIGNMENT - 1)
    count = 0
    while not _free(view, at, end, volume):
        count += 1
        if count > MAX_FILES:
            raise LimitExceeded("files of a UEFI volume", count)
        state = _state(view, at, volume)
        if state & (HEADER_INVALID | 0xC0) == HEADER_INVALID or state == CONSTRUCTION:
            at += HEADER_BYTES  # given up while it was written: nothing behind it
            budget.check_time()
            continue
        file = read_file(view, at, end, volume)
        following = (file.whole.end + ALIGNMENT - 1) & ~(ALIGNMENT - 1)
        if not file.intact and not _sound(view, following, end, volume):
            raise Malformed(WHAT, "its header's checksum does not hold, and no file follows it", at)
        budget.check_time()
        yield file
        at = following


def begins(view: memoryview, volume: Volume) -> bool:
    """True when a file with a sound header, or nothing at all, begins where files would (unknown file systems)."""
    return _sound(view, (volume.data + ALIGNMENT - 1) & ~(ALIGNMENT - 1), min(volume.length, len(view)), volume)


def _free(view: memoryview, at: int, end: int, volume: Volume) -> bool:
    return at + HEADER_BYTES > end or bytes(view[at : at + HEADER_BYTES]) == bytes([volume.erased]) * HEADER_BYTES


def _sound(view: memoryview, at: int, end: int, volume: Volume) -> bool:
    if _free(view, at, end, volume):
        return True
    try:
        return read_file(view, at, end, volume).intact
    except Malformed:
        return False


def _state(view: memoryview, at: int, volume: Volume) -> int:
    """State bits as if empty flash were zeros."""
    return view[at + 23] ^ volume.erased


def read_file(view: memoryview, at: int, end: int, volume: Volume) -> FirmwareFile:
    """Read one header.

    1. Size: 24 bits, or 64 behind the header of a large file; within the volume.
    2. Header checksum: all bytes of the header but state and data checksum sum up to zero.
    3. State: the highest bit that is set counts.
    4. Data checksum: of the data when the attribute says so, else a fixed value.

    Raises:
        Malformed: it does not fit into the volume, or its state is none.
    """
    attributes, kind, state = view[at + 19], view[at + 18], _state(view, at, volume)
    large = volume.file_system == FFS3 and attributes & LARGE_FILE
    size, head = int.from_bytes(view[at + 20 : at + 23], "little"), HEADER_BYTES
    if large:  # 1
        size, head = int.from_bytes(view[at + 24 : at + 32], "little"), LARGE_BYTES
    if not head <= size <= end - at:
        raise Malformed(WHAT, f"it states {size} bytes, {end - at} are left", at)
    residue = (sum(view[at : at + head]) - view[at + 17] - view[at + 23]) & 0xFF  # 2
    if not state or state & 0xC0:  # 3
        raise Malformed(WHAT, f"its state is {state:#x}", at)
    highest = 1 << state.bit_length() - 1
    first = volume.file_system == FFS1
    tail = first and attributes & TAIL_PRESENT and size >= head + TAIL_BYTES and kind != PAD
    data_end = at + size - (TAIL_BYTES if tail else 0)
    body = ByteRange(at + head, data_end) if data_end > at + head else None
    valid = highest in (DATA_VALID, FOR_UPDATE)
    expected = FIXED_SUM_1 if first else FIXED_SUM
    if attributes & CHECKSUM and valid:  # 4
        expected = -sum32(view[at + head : data_end]) & 0xFF
    return FirmwareFile(
        guid(view[at : at + 16]), kind, ByteRange(at, at + size), ByteRange(at, at + head), body,
        ByteRange(data_end, at + size) if tail else None, valid,
        view[at + 16], (view[at + 16] - residue) & 0xFF, view[at + 17], expected,
    )  # fmt: skip
