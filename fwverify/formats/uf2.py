"""UF2: blocks of 512 bytes, each with its own address, for microcontrollers that take files over USB.

Source: microsoft/uf2 README.md (file format, families, file containers, MD5, extension tags), read 2026-11-22. Also the
tag of blocks that chips ignore (RP2350 erratum E10, picotool `absolute block`). All numbers are little-endian.
Blocks are read in file order, as a boot loader takes them: a later one overwrites an earlier one. The SHA-2 tag is not
checked: nothing says what it is over.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from fwverify.formats.extents import Tick
from fwverify.formats.names import decoded, fill_byte, quoted
from fwverify.formats.regions import Space
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

WHAT = "UF2 file"
BLOCK_BYTES, HEADER_BYTES, DATA_BYTES = 512, 32, 476
HEADER = struct.Struct("<8I")
FIRST, SECOND, LAST = 0x0A324655, 0x9E5D5157, 0x0AB16F30
LAST_AT = HEADER_BYTES + DATA_BYTES
MAGIC = struct.pack("<II", FIRST, SECOND)
NOT_FLASH, FILE, FAMILY, MD5, TAGS = 0x1, 0x1000, 0x2000, 0x4000, 0x8000
MD5_BYTES = 24
"""Start, length and MD5 of a region, at the end of the data."""
VERSION_TAG, DEVICE_TAG, PAGE_TAG, TYPE_TAG, IGNORE_TAG = 0x9FC7BC, 0x650D9D, 0x0BE9F7, 0xC8A729, 0x9957E3
TEXT_TAGS = {VERSION_TAG: "version", DEVICE_TAG: "device"}
NUMBER_TAGS = {PAGE_TAG: (4,), TYPE_TAG: (4, 8), IGNORE_TAG: (0,)}
"""Tag -> bytes its value may have."""
MAX_TEXTS = 8
"""Different texts in tags; others are nobody's."""
MAX_REGIONS_CHECKED = 4096
FAMILIES = {
    0xE48BFF56: "rp2040", 0xE48BFF57: "rp2xxx-absolute", 0xE48BFF58: "rp2xxx-data", 0xE48BFF59: "rp2350-arm-s",
    0xE48BFF5A: "rp2350-riscv", 0xE48BFF5B: "rp2350-arm-ns", 0xADA52840: "nrf52840", 0x68ED2B88: "samd21",
    0x55114460: "samd51", 0x57755A57: "stm32f4", 0x5EE21072: "stm32f103", 0x1C5F21B0: "esp32",
    0xBFDD4EEE: "esp32s2", 0xC47E5767: "esp32s3", 0xD42BA06C: "esp32c3", 0x4FB2D5BD: "mimxrt10xx",
}  # fmt: skip
"""Some of the list's."""


@dataclass(slots=True)
class Numbering:
    """What the blocks of one family say of their number."""

    seen: set[int] = field(default_factory=set)
    stated: set[int] = field(default_factory=set)
    blocks: int = 0

    @property
    def missing(self) -> int:
        """How many of the blocks stated are not there."""
        return max(max(self.stated, default=0) - len(self.seen), 0)

    @property
    def sound(self) -> bool:
        return self.stated == {self.blocks} and self.seen == set(range(self.blocks))


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """Blocks that are written to one address space."""

    kind: str
    """`flash`, `file`, `other` (not for the main flash)."""
    family: int
    """-1 when none is given."""
    name: str = ""
    """Of a file."""

    @property
    def family_name(self) -> str:
        return "" if self.family < 0 else FAMILIES.get(self.family, f"{self.family:08x}")


@dataclass(slots=True)
class Uf2:
    spaces: dict[Group, Space] = field(default_factory=dict)
    file_sizes: dict[Group, set[int]] = field(default_factory=dict)
    numbering: dict[int, Numbering] = field(default_factory=dict)
    sums: dict[Group, dict[tuple[int, int, bytes], None]] = field(default_factory=dict)
    """Regions with an MD5: start, length, value."""
    texts: dict[tuple[int, bytes], None] = field(default_factory=dict)
    loose: list[ByteRange] = field(default_factory=list)
    """Structure of blocks that hold something besides their payload."""
    strange: list[ByteRange] = field(default_factory=list)
    """Data that belongs to no payload, tag or checksum and is no filling."""
    foreign: list[ByteRange] = field(default_factory=list)
    """512 bytes that are no block."""
    end: int = 0
    """Behind the last whole 512 bytes."""


def is_block(view: memoryview, at: int) -> bool:
    """Three magics, and a payload that fits."""
    if at + BLOCK_BYTES > len(view) or view[at : at + 8] != MAGIC:
        return False
    size = int.from_bytes(view[at + 16 : at + 20], "little")
    return int.from_bytes(view[at + LAST_AT : at + BLOCK_BYTES], "little") == LAST and size <= DATA_BYTES


def looks_like(view: memoryview) -> bool:
    return is_block(view, 0)


def read(view: memoryview, tick: Tick) -> Uf2:
    """All blocks.

    Args:
        view: the file.
        tick: told about every block; may raise LimitExceeded.

    Raises:
        Malformed: it does not begin with a block, or addresses leave 32 bits.
    """
    if not looks_like(view):
        raise Malformed(WHAT, "no block at its start", 0)
    found = Uf2(end=len(view) // BLOCK_BYTES * BLOCK_BYTES)
    for at in range(0, found.end, BLOCK_BYTES):
        tick(BLOCK_BYTES)
        if is_block(view, at):
            _block(view, at, found)
        else:
            found.foreign.append(ByteRange(at, at + BLOCK_BYTES))
    return found


def _block(view: memoryview, at: int, found: Uf2) -> None:
    _, _, flags, address, size, number, total, family = HEADER.unpack_from(view, at)
    data = at + HEADER_BYTES
    if address + size > 1 << 32:
        raise Malformed(WHAT, f"{size} bytes at address {address:#x}", at)
    known = family if flags & FAMILY and not flags & FILE else -1
    tags, ignored = _tags(view, at, flags, size, found)
    group = _group(view, data + size, flags, known)
    used = [ByteRange(at, data + size), *tags, *_name(group, data + size)]
    if flags & FILE:
        found.file_sizes.setdefault(group, set()).add(family)
    if not ignored:
        counted = found.numbering.setdefault(known, Numbering())
        counted.seen.add(number)
        counted.stated.add(total)
        counted.blocks += 1
    if flags & MD5 and size <= DATA_BYTES - MD5_BYTES:
        start = at + LAST_AT - MD5_BYTES
        region = struct.unpack_from("<II16s", view, start)
        sums = found.sums.setdefault(group, {})
        if region in sums or len(sums) < MAX_REGIONS_CHECKED:
            sums[region] = None
            used.append(ByteRange(start, at + LAST_AT))
    _account(view, at, address, used, found, group)


def _group(view: memoryview, name_at: int, flags: int, family: int) -> Group:
    if not flags & FILE:
        return Group("other" if flags & NOT_FLASH else "flash", family)
    end = name_at // BLOCK_BYTES * BLOCK_BYTES + LAST_AT
    return Group("file", -1, decoded(bytes(view[name_at:end]).partition(b"\0")[0]))


def _name(group: Group, at: int) -> Iterator[ByteRange]:
    if group.kind == "file" and group.name:
        size = len(group.name.encode())
        if size < DATA_BYTES and "%" not in group.name:
            yield ByteRange(at, at + size)


def _tags(view: memoryview, at: int, flags: int, size: int, found: Uf2) -> tuple[list[ByteRange], bool]:
    """Ranges of the tags that are understood, and whether one says that chips ignore this block."""
    out: list[ByteRange] = []
    ignored = False
    here = at + HEADER_BYTES + (size + 3) // 4 * 4
    limit = at + LAST_AT - (MD5_BYTES if flags & MD5 else 0)
    while flags & TAGS and here + 4 <= limit:
        length, kind = view[here], int.from_bytes(view[here + 1 : here + 4], "little")
        if length < 4 or here + length > limit:
            break
        value = bytes(view[here + 4 : here + length])
        if kind in TEXT_TAGS:
            if (kind, value) in found.texts or len(found.texts) < MAX_TEXTS:
                found.texts[kind, value] = None
                out.append(ByteRange(here, here + length))
        elif len(value) in NUMBER_TAGS.get(kind, ()):
            out.append(ByteRange(here, here + length))
            ignored = ignored or kind == IGNORE_TAG
        here += (length + 3) // 4 * 4
    return out, ignored


def _account(view: memoryview, at: int, address: int, used: list[ByteRange], found: Uf2, group: Group) -> None:
    """The payload into its address space, with the whole block where there is nothing else in it."""
    data = bytes(view[at + HEADER_BYTES : used[0].end])
    space = found.spaces.setdefault(group, Space())
    rests = [one for one in _between(used, at + LAST_AT) if not fill_byte(view, one)]
    end = used[0].end
    if rests:
        found.strange += rests
        found.loose += [*used[1:], ByteRange(at + LAST_AT, at + BLOCK_BYTES)]
    else:
        end = at + BLOCK_BYTES
    if data:
        space.data(address, data, at, end)
    else:
        space.line(at, end)


def _between(used: list[ByteRange], end: int) -> Iterator[ByteRange]:
    at = used[0].end
    for one in sorted(used[1:]):
        if one.start > at:
            yield ByteRange(at, one.start)
        at = max(at, one.end)
    if at < end:
        yield ByteRange(at, end)


def text(value: bytes) -> str:
    return quoted(value)


def end(view: memoryview, at: int, tick: Tick) -> int:
    """Behind the last of the blocks that begin at `at` and follow one another."""
    here = at
    while is_block(view, here):
        tick(64)
        number, total = struct.unpack_from("<II", view, here + 20)
        if number >= total:
            break
        here += BLOCK_BYTES
    return here if here > at else 0
