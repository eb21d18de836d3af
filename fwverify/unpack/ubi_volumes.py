"""Erase blocks of a UBI device, sorted into volumes: which block holds which logical erase block.

1. Every erase block is read: one without a volume header is free, or damaged, which is told.
2. Of the blocks that hold one logical erase block the one with the highest sequence number counts; a copy counts only
   when the sum of its data holds.
3. Both copies of the volume table are read and must be equal.

Source: see formats/ubi.py. Content is the affair of the container.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from fwverify.formats import ubi
from fwverify.formats.flash_sums import Tally, crc32_from_ones
from fwverify.formats.names import fill_byte
from fwverify.formats.ubi import HEADER_BYTES, RECORD_BYTES, WHAT, Counter, Identifier, Record
from fwverify.limits import Budget
from fwverify.model.artifact import ByteRange
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.unpack.file_tree import MAX_NOTES
from fwverify.unpack.interface import Event, Oddity, Unread

TABLE_COPIES = 2


@dataclass(frozen=True, slots=True)
class Block:
    """An erase block that is in use."""

    at: int
    start: int
    """Of its data."""
    end: int
    head: Identifier


@dataclass(slots=True)
class Device:
    """What the erase blocks of an image hold."""

    view: memoryview
    head: Counter
    erase_bytes: int
    end: int
    budget: Budget
    found: dict[int, dict[int, list[Block]]] = field(default_factory=dict)
    """Volume -> logical erase block -> blocks, as they lie in the image."""
    records: dict[int, Record] = field(default_factory=dict)
    index: list[ByteRange] = field(default_factory=list)
    notes: list[Event] = field(default_factory=list)
    headers: Tally = field(default_factory=lambda: Tally("headers and table records"))
    data: Tally = field(default_factory=lambda: Tally("logical erase blocks"))
    images: dict[int, int] = field(default_factory=dict)
    """Image sequence number -> erase blocks."""
    blocks: int = 0
    free: int = 0
    strange: int = 0
    unclean: int = 0
    twins: int = 0

    @property
    def leb_bytes(self) -> int:
        return self.erase_bytes - self.head.data_at


def read(view: memoryview, head: Counter, erase_bytes: int, end: int, budget: Budget) -> Device:
    """All erase blocks and the volume table. Raises LimitExceeded when the run's time is over."""
    device = Device(view, head, erase_bytes, end, budget)
    for at in range(0, end, erase_bytes):
        budget.check_time()
        _block(device, at, min(at + erase_bytes, end))
    _table(device)
    return device


def _block(device: Device, at: int, end: int) -> None:
    view = device.view
    counter, declared, computed = ubi.counter(view, at)
    if counter is None or not ubi.same_device(device.head, counter):
        _strange(device, at, end, counter, declared, computed)
        return
    device.blocks += 1
    device.images[counter.image] = device.images.get(counter.image, 0) + 1
    device.headers.take("erase counter", at, declared, computed)
    _header(device, at, clean=counter.clean, unused=((5, 8), (28, 60)))
    if end - at < device.erase_bytes:
        device.strange += 1
        device.notes.append(Unread(GapReason.MALFORMED, f"{WHAT}: the last erase block is cut off", ByteRange(at, end)))
        return
    place = at + counter.volume_at
    found, declared, computed = ubi.identifier(view, place)
    if found is None:
        if fill_byte(view, ByteRange(place, place + HEADER_BYTES)) == "FF":
            device.free += 1
        else:
            _damaged(device, place, declared, computed)
        return
    device.headers.take("volume identifier", place, declared, computed)
    _header(device, place, clean=found.clean, unused=((16, 20), (36, 40), (48, 60)))
    volume = device.found.setdefault(found.volume, {})
    volume.setdefault(found.number, []).append(Block(at, at + counter.data_at, end, found))


def _header(device: Device, at: int, *, clean: bool, unused: tuple[tuple[int, int], ...]) -> None:
    """Claim a header; without its reserved fields when something is in them."""
    if clean:
        device.index.append(ByteRange(at, at + HEADER_BYTES))
        return
    device.unclean += 1
    start = 0
    for first, last in (*unused, (HEADER_BYTES, HEADER_BYTES)):
        device.index.append(ByteRange(at + start, at + first))
        start = last


def _strange(device: Device, at: int, end: int, counter: Counter | None, declared: int, computed: int) -> None:
    """An erase block without a header of this device: erased, damaged, or of another image."""
    stop = min(at + HEADER_BYTES, end)
    if counter is None and fill_byte(device.view, ByteRange(at, stop)) == "FF":
        device.free += 1
        return
    device.strange += 1
    if declared != computed:
        device.headers.take("erase counter", at, declared, computed)
    if counter is not None:
        device.images[counter.image] = device.images.get(counter.image, 0) + 1
    elif device.strange <= MAX_NOTES:
        detail = f"{WHAT}: an erase block without a sound header"
        device.notes.append(Unread(GapReason.MALFORMED, detail, ByteRange(at, end)))


def _damaged(device: Device, place: int, declared: int, computed: int) -> None:
    device.strange += 1
    if declared != computed:
        device.headers.take("volume identifier", place, declared, computed)
    if device.strange <= MAX_NOTES:
        where = ByteRange(place, place + HEADER_BYTES)
        device.notes.append(Unread(GapReason.MALFORMED, f"{WHAT}: a volume identifier that is not sound", where))


def chosen(device: Device, blocks: list[Block]) -> Block:
    """The block that counts among those that hold one logical erase block."""
    ordered = sorted(blocks, key=lambda one: (one.head.sequence, one.at), reverse=True)
    device.twins += any(one.head.sequence == other.head.sequence for one, other in pairwise(ordered))
    if len(ordered) > 1:
        for one in ordered:
            if not one.head.copied or _copy_holds(device, one):
                return one
    return ordered[0]


def _copy_holds(device: Device, block: Block) -> bool:
    size = min(block.head.size, block.end - block.start)
    computed = crc32_from_ones(device.view[block.start : block.start + size])
    return device.data.take("copy of a logical erase block", block.at, block.head.crc, computed)


def _table(device: Device) -> None:
    """The volume table, of which there are two copies."""
    lebs = device.found.pop(ubi.LAYOUT, {})
    blocks = [chosen(device, lebs[one]) for one in range(TABLE_COPIES) if one in lebs]
    copies = [_copy(device, one) for one in blocks]
    if not copies:
        device.notes.append(Unread(GapReason.MALFORMED, f"{WHAT}: there is no volume table"))
        return
    if len(copies) < TABLE_COPIES:
        device.notes.append(Oddity(AnomalyKind.HEADER_DISAGREES, "one copy of the volume table is not there"))
    elif copies[0] != copies[1]:
        device.notes.append(Oddity(AnomalyKind.HEADER_DISAGREES, "the copies of the volume table differ"))
    device.records = copies[0] or copies[-1]


def _copy(device: Device, block: Block) -> dict[int, Record]:
    out: dict[int, Record] = {}
    for number, record, declared, computed in ubi.records(device.view, block.start, block.end - block.start):
        at = block.start + number * RECORD_BYTES
        if not device.headers.take("record of the volume table", at, declared, computed):
            continue
        clean = record is None or record.clean
        device.unclean += not clean
        device.index.append(ByteRange(at, at + (RECORD_BYTES if clean else 16)))
        if record is not None:
            out[number] = record
    return out


def told(device: Device) -> Iterator[Event]:
    """What reading the blocks showed."""
    yield from device.notes
    if device.strange > MAX_NOTES:
        yield Unread(GapReason.MALFORMED, f"{WHAT}: {device.strange - MAX_NOTES} more damaged erase blocks")
    several = sorted(one for one in device.images if one)
    if len(several) > 1:
        listed = ", ".join(f"{one} ({device.images[one]} erase blocks)" for one in several[:MAX_NOTES])
        yield Oddity(AnomalyKind.HEADER_DISAGREES, f"erase blocks of several images: {listed}")
    for count, what in (
        (device.unclean, "headers or records have values in reserved fields"),
        (device.twins, "logical erase blocks are there twice with one sequence number"),
    ):
        if count:
            yield Oddity(AnomalyKind.HEADER_DISAGREES, f"{count} {what}")
