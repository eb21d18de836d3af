"""UBI: headers of physical erase blocks, the volume table, and the size of an erase block, which nothing states.

Source: Linux drivers/mtd/ubi/ubi-media.h (all fields), attach.c and vtbl.c (what a reader demands), read 2026-11-22.
Every erase block begins with an erase counter header; one that is in use has a volume identifier header behind it, then
data. All numbers are big-endian; both headers and every record of the table end with a CRC-32.

Does NOT do: putting volumes together (unpack/ubi_volumes.py); the fastmap, which is recognised.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.formats.extents import Tick
from fwverify.formats.flash_sums import crc32_from_ones
from fwverify.formats.names import fill_byte
from fwverify.model.artifact import ByteRange

WHAT = "UBI"
COUNTER_MAGIC, VOLUME_MAGIC = b"UBI#", b"UBI!"
HEADER_BYTES, RECORD_BYTES = 64, 172
VERSION = 1
DYNAMIC, STATIC = 1, 2
LAYOUT, FASTMAP, FASTMAP_DATA = 0x7FFFEFFF, 0x7FFFF000, 0x7FFFF001
MAX_VOLUMES = 128
MAX_ERASE_BYTES = 1 << 25
MIN_ERASE_BYTES = 1024
MAX_CANDIDATES = 64
"""Distances between headers that are tried as the size of an erase block."""
PROBED_BLOCKS = 1024
"""Of the smallest distance: how far each is tried."""
MAX_HITS = 10_000
"""Places with the magic that are looked at for that."""
SEARCH_BYTES = 1 << 27
"""How far a second header is looked for: nearly all erase blocks of a dump have one."""
MAX_STRANGE_BLOCKS = 16
"""Erase blocks without a header, one behind the other, that do not end a device (bad ones are usual)."""
_COUNTER = struct.Struct(">4sB3sQIII32sI")
_VOLUME = struct.Struct(">4s4BII4sIIII4sQ12sI")
_RECORD = struct.Struct(">IIIBBH128sB23sI")
_MAGIC = re.compile(re.escape(COUNTER_MAGIC))


@dataclass(frozen=True, slots=True)
class Counter:
    """What an erase block begins with."""

    version: int
    erased: int
    """How often the block was."""
    volume_at: int
    data_at: int
    """Both from the beginning of the block."""
    image: int
    """Number of the image; 0: none."""
    clean: bool
    """Nothing in reserved fields."""

    @property
    def layout(self) -> tuple[int, int]:
        return self.volume_at, self.data_at


@dataclass(frozen=True, slots=True)
class Identifier:
    """Which logical erase block of which volume a block holds."""

    kind: int
    copied: bool
    compatibility: int
    volume: int
    number: int
    """Of the logical erase block."""
    size: int
    """Bytes of data; dynamic volumes state it for copies only."""
    used: int
    """Logical erase blocks of a static volume."""
    unused_bytes: int
    """At the end of the block."""
    crc: int
    sequence: int
    clean: bool


@dataclass(frozen=True, slots=True)
class Record:
    """A volume as the table has it."""

    number: int
    reserved: int
    """Erase blocks."""
    alignment: int
    unused_bytes: int
    kind: int
    updating: bool
    """An update was begun and not finished."""
    name: bytes
    flags: int
    clean: bool


def counter(view: memoryview, at: int) -> tuple[Counter | None, int, int]:
    """The header of an erase block, and its sum as declared and computed; None when the magic or the sum is wrong."""
    raw = bytes(view[at : at + HEADER_BYTES])
    if len(raw) < HEADER_BYTES or raw[:4] != COUNTER_MAGIC:
        return None, 0, 0
    _, version, reserved, erased, volume_at, data_at, image, more, declared = _COUNTER.unpack(raw)
    computed = crc32_from_ones(raw[:-4])
    if computed != declared:
        return None, declared, computed
    clean = not any(reserved) and not any(more)
    return Counter(version, erased, volume_at, data_at, image, clean), declared, computed


def identifier(view: memoryview, at: int) -> tuple[Identifier | None, int, int]:
    """The volume identifier header at an offset, as `counter`."""
    raw = bytes(view[at : at + HEADER_BYTES])
    if len(raw) < HEADER_BYTES or raw[:4] != VOLUME_MAGIC:
        return None, 0, 0
    values = _VOLUME.unpack(raw)
    _, _, kind, copied, compatibility, volume, number, first, size, used, unused, crc, second, sequence, third, sum_ = (
        values
    )
    computed = crc32_from_ones(raw[:-4])
    if computed != sum_:
        return None, sum_, computed
    clean = not any(first) and not any(second) and not any(third)
    found = Identifier(
        kind, bool(copied), compatibility, volume, number, size, used, unused, crc, sequence, clean
    )  # fmt: skip
    return found, sum_, computed


def records(view: memoryview, start: int, size: int) -> Iterator[tuple[int, Record | None, int, int]]:
    """The records of a volume table: number, what is in it (None when it is empty or damaged), and its sums.

    Args:
        view: the image.
        start: of the logical erase block.
        size: of it.
    """
    for number in range(min(size // RECORD_BYTES, MAX_VOLUMES)):
        raw = bytes(view[start + number * RECORD_BYTES : start + (number + 1) * RECORD_BYTES])
        reserved, alignment, unused, kind, updating, length, name, flags, more, declared = _RECORD.unpack(raw)
        computed = crc32_from_ones(raw[:-4])
        record = None
        if computed == declared and any(raw[:-4]):
            clean = not any(name[length:]) and not any(more) and length < len(name)
            record = Record(
                number, reserved, alignment, unused, kind, bool(updating), name[:length], flags, clean
            )  # fmt: skip
        yield number, record, declared, computed


def looks_like(view: memoryview) -> bool:
    return plausible(counter(view, 0)[0])


def plausible(head: Counter | None) -> bool:
    """Offsets that can be."""
    return head is not None and HEADER_BYTES <= head.volume_at <= head.data_at - HEADER_BYTES < MAX_ERASE_BYTES


def erase_bytes(view: memoryview, at: int, head: Counter, tick: Tick) -> int:
    """The size of an erase block of the device that begins at an offset: the distance at which headers lie.

    One at whose every multiple lies a header of the same image, or erased flash; else the one at whose multiples lie
    most headers, and little else. An image within an image has headers of its own, at smaller distances, which do not
    go on; where blocks are damaged, larger distances fit, too.
    """
    distances = _distances(view, at, head, tick)
    best, most = len(view) - at, 0.0
    for size in distances:
        blocks = range(at, min(len(view), at + PROBED_BLOCKS * distances[0]), size)
        tick(HEADER_BYTES * len(blocks))
        found = [_fits(view, place, head) for place in blocks]
        fits = found.count(1) - found.count(-1) / 2
        if fits > most:
            best, most = size, fits
        if -1 not in found:
            break
    return min(best, MAX_ERASE_BYTES)


def _distances(view: memoryview, at: int, head: Counter, tick: Tick) -> list[int]:
    found: list[int] = []
    place, end = at + MIN_ERASE_BYTES, min(len(view), at + SEARCH_BYTES)
    for _ in range(MAX_HITS):
        hit = _MAGIC.search(view, place, end)
        if hit is None or len(found) >= MAX_CANDIDATES:
            break
        tick((hit.start() - place) // 16 + HEADER_BYTES)
        place = hit.start() + 1
        other = counter(view, hit.start())[0]
        if other is not None and other.layout == head.layout and hit.start() - at > head.data_at:
            found.append(hit.start() - at)
        if len(found) > 1 and found[-1] == 2 * found[0]:
            break
    common = math.gcd(*found)
    if found and common < found[0] and common > head.data_at:  # the first header may be damaged
        return [common, *found]
    return found


def _fits(view: memoryview, at: int, head: Counter) -> int:
    """1: a header; 0: erased flash; -1: something else."""
    other = counter(view, at)[0]
    if other is None:
        return 0 if fill_byte(view, ByteRange(at, min(at + HEADER_BYTES, len(view)))) else -1
    return 1 if other.layout == head.layout else -1


def same_device(head: Counter, other: Counter | None) -> bool:
    """Both lie on one device: laid out alike, of one image."""
    return other is not None and other.layout == head.layout and (other.image in (head.image, 0) or not head.image)


def end(view: memoryview, at: int, tick: Tick) -> int:
    """Where the device ends that begins at an offset: behind its last erase block with a header; 0: none begins.

    Erased and damaged blocks between do not end it, one of another image does.
    """
    tick(HEADER_BYTES)
    head = counter(view, at)[0]
    if head is None or not plausible(head) or head.version != VERSION:
        return 0
    size = erase_bytes(view, at, head, tick)
    last, place, strange = at, at + size, 0
    while place + HEADER_BYTES <= len(view) and strange <= MAX_STRANGE_BLOCKS:
        tick(HEADER_BYTES)
        other = counter(view, place)[0]
        if same_device(head, other):
            last, strange = place, 0
        elif other is not None and other.layout == head.layout:
            break
        else:
            strange += not fill_byte(view, ByteRange(place, place + HEADER_BYTES))
        place += size
    return min(last + size, len(view))
