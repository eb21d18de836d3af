"""UBI devices as containers of volumes; headers are read by formats/ubi.py, sorted by unpack/ubi_volumes.py.

1. The size of an erase block is found from the distance of the headers; where the device ends is told.
2. Every erase block and both copies of the volume table are read; their sums are inner checks.
3. A volume is the concatenation of its logical erase blocks up to the last that is there; one that is not there is FF
   in a dynamic volume, and makes a static one unreadable. Static volumes have a size and a sum for each block.
4. Volumes that the table does not name come out as `.deleted/volume-N`; other internal volumes are named and not read.

Erase blocks that are free, replaced by a later one or damaged, and what lies behind the data of a block, stay
unclaimed: what is in them is searched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fwverify.content import held
from fwverify.formats import ubi
from fwverify.formats.entries import EntryKind
from fwverify.formats.extents import Tick
from fwverify.formats.flash_sums import crc32_from_ones
from fwverify.formats.names import decoded, fill_byte
from fwverify.formats.ubi import DYNAMIC, STATIC, WHAT, Record
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, merged
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.examining import Malformed, Unsupported
from fwverify.model.plugin import Doc
from fwverify.unpack import ubi_volumes
from fwverify.unpack.file_tree import Node, Output, verdicts
from fwverify.unpack.flash_events import ONES, checks, fill
from fwverify.unpack.interface import (
    Carve,
    Container,
    Event,
    Fact,
    Member,
    Oddity,
    Part,
    PartUse,
    Unread,
)
from fwverify.unpack.ubi_volumes import Block, Device

KINDS = {DYNAMIC: "dynamic", STATIC: "static"}
INTERNAL = {ubi.FASTMAP: "UBI fastmap", ubi.FASTMAP_DATA: "UBI fastmap (further blocks)"}


@dataclass(slots=True)
class _Volume:
    """A volume as its blocks have it."""

    number: int
    name: str
    kind: int
    record: Record | None
    leb_bytes: int
    blocks: dict[int, Block] = field(default_factory=dict)
    """Logical erase block -> the block that counts."""


def _detect(artifact: Artifact) -> bool:
    return ubi.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    head = ubi.counter(view, 0)[0]
    if head is None or not ubi.plausible(head):
        raise Malformed(WHAT, "it does not begin with a sound erase counter header", 0)
    if head.version != ubi.VERSION:
        raise Unsupported(f"UBI version {head.version}")

    def tick(_: int) -> None:
        budget.check_time()

    size = ubi.erase_bytes(view, 0, head, tick)
    end = ubi.end(view, 0, tick)
    if size <= head.data_at:
        raise Malformed(WHAT, "the first erase block is cut off", len(view))
    yield Fact("erase-block-size", str(size))
    yield Fact("image-sequence", str(head.image))
    if end < len(view) and fill_byte(view, rest := ByteRange(end, len(view))) != "FF":
        yield Oddity(AnomalyKind.TRAILING_DATA, "bytes after the last erase block", rest)
    device = ubi_volumes.read(view, head, size, end, budget)
    yield from _volumes(device, budget)
    yield from ubi_volumes.told(device)
    yield from (Part(one, PartUse.INDEX) for one in merged(device.index))
    yield from checks(device.headers)
    yield from checks(device.data)


def _volumes(device: Device, budget: Budget) -> Iterator[Event]:
    volumes = []
    for number in sorted(device.records.keys() | device.found.keys()):
        if number > ubi.LAYOUT:
            yield from _internal(device, number)
            continue
        budget.member()
        try:
            volumes.append(_volume(device, number))
        except Malformed as problem:
            yield Unread(GapReason.MALFORMED, str(problem), member=_name(device, number))
    yield from verdicts([Node(one.name, EntryKind.FILE, one.number) for one in volumes])
    output = Output(WHAT, len(device.view))
    for volume in volumes:
        yield from _described(device, volume)
        if volume.kind == STATIC:
            yield from _static(device, volume, output)
        else:
            yield from _dynamic(device, volume, output)


def _internal(device: Device, number: int) -> Iterator[Event]:
    what = INTERNAL.get(number, f"UBI internal volume {number}")
    blocks = [one for several in device.found[number].values() for one in several]
    yield Unread(GapReason.UNSUPPORTED, f"{what}: not read", ByteRange(blocks[0].start, blocks[0].end))


def _name(device: Device, number: int) -> str:
    record = device.records.get(number)
    if record is None:
        return f".deleted/volume-{number}" if device.records else f"volume-{number}"
    return decoded(record.name) or f"volume-{number}"


def _volume(device: Device, number: int) -> _Volume:
    """Sort out the blocks of a volume. Raises Malformed."""
    record = device.records.get(number)
    blocks = {leb: ubi_volumes.chosen(device, several) for leb, several in device.found.get(number, {}).items()}
    heads = [one.head for one in blocks.values()]
    kind = heads[0].kind if heads else record.kind if record else DYNAMIC
    unused = heads[0].unused_bytes if heads else record.unused_bytes if record else 0
    if kind not in KINDS:
        raise Malformed(WHAT, f"volume {number} has the type {kind}")
    if unused >= device.leb_bytes:
        raise Malformed(WHAT, f"volume {number} leaves {unused} bytes of every erase block unused")
    return _Volume(number, _name(device, number), kind, record, device.leb_bytes - unused, blocks)


def _described(device: Device, volume: _Volume) -> Iterator[Event]:
    """What the table and the blocks say of a volume, where they do not agree."""
    record = volume.record
    if record is None and device.records:
        yield Oddity(AnomalyKind.HEADER_DISAGREES, f"the volume table does not name volume {volume.number}")
    heads = [one.head for one in volume.blocks.values()]
    unused = device.leb_bytes - volume.leb_bytes
    agree = all((one.kind, one.unused_bytes) == (volume.kind, unused) for one in heads)
    if volume.kind == STATIC:
        agree = agree and len({one.used for one in heads}) <= 1
    if not agree or (record is not None and (record.kind, record.unused_bytes) != (volume.kind, unused)):
        yield Oddity(AnomalyKind.HEADER_DISAGREES, f"{volume.name}: its blocks, or they and the table, do not agree")
    if record is not None and record.updating:
        yield Oddity(AnomalyKind.HEADER_DISAGREES, f"{volume.name}: an update was begun and not finished")
    yield Fact("volume", f"{volume.name}: {KINDS[volume.kind]}, {len(volume.blocks)} erase blocks")


def _beyond(volume: _Volume, count: int) -> Iterator[Event]:
    """Forget blocks behind the end of the volume; nobody claims them."""
    beyond = [one for one in volume.blocks if one >= count]
    for one in beyond:
        del volume.blocks[one]
    if beyond:
        detail = f"{volume.name}: {len(beyond)} erase blocks behind its end"
        yield Oddity(AnomalyKind.HEADER_DISAGREES, detail)


def _dynamic(device: Device, volume: _Volume, output: Output) -> Iterator[Event]:
    if volume.record is not None:
        yield from _beyond(volume, volume.record.reserved)
    ordered = sorted(volume.blocks)
    count = ordered[-1] + 1 if ordered else 0
    pieces = [(leb * volume.leb_bytes, _data(volume, leb)) for leb in ordered]
    yield from _member(device, volume, pieces, count * volume.leb_bytes, output)


def _data(volume: _Volume, leb: int) -> ByteRange:
    start = volume.blocks[leb].start
    return ByteRange(start, start + volume.leb_bytes)


def _static(device: Device, volume: _Volume, output: Output) -> Iterator[Event]:
    """Every block states its size and sum, and how many there are."""
    used = max((one.head.used for one in volume.blocks.values()), default=0)
    yield from _beyond(volume, used)
    if len(volume.blocks) < used or (not used and device.strange):
        detail = f"{WHAT}: {len(volume.blocks)} of {used or 'its'} erase blocks are there"
        yield Unread(GapReason.MALFORMED, detail, member=volume.name)
        return
    pieces, at = [], 0
    for leb in sorted(volume.blocks):
        block = volume.blocks[leb]
        if block.head.size > volume.leb_bytes or (leb + 1 < used and block.head.size != volume.leb_bytes):
            detail = f"{WHAT}: erase block {leb} states {block.head.size} bytes"
            yield Unread(GapReason.MALFORMED, detail, member=volume.name)
            return
        stop = block.start + block.head.size
        computed = crc32_from_ones(device.view[block.start : stop])
        device.data.take(f"erase block {leb} of {volume.name}", block.at, block.head.crc, computed)
        if block.head.size:
            pieces.append((at, ByteRange(block.start, stop)))
            at += block.head.size
    yield from _member(device, volume, pieces, at, output)


def _member(
    device: Device, volume: _Volume, pieces: list[tuple[int, ByteRange]], size: int, output: Output
) -> Iterator[Event]:
    budget, view = device.budget, device.view
    if size > budget.limits.max_member_bytes:
        yield Unread(GapReason.LIMIT, f"limit max_member_bytes reached ({size})", member=volume.name)
        return
    budget.size(size)
    budget.ratio(len(view), size)
    output.file(size)
    ranges = tuple(one for _, one in pieces)
    if len(ranges) == 1 and ranges[0].size == size:
        budget.output(size)
        yield Member(volume.name, content=view[ranges[0].start : ranges[0].end], ranges=ranges, stored=True)
        return
    yield Member(volume.name, content=held(_chunks(view, pieces), budget), ranges=ranges)


def _chunks(view: memoryview, pieces: list[tuple[int, ByteRange]]) -> Iterator[memoryview]:
    at = 0
    for place, data in pieces:
        yield from fill(place - at, ONES)
        yield view[data.start : data.end]
        at = place + data.size


def _carved(view: memoryview, at: int, tick: Tick) -> int:
    return ubi.end(view, at, tick)


CONTAINER = Container(
    name="ubi",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((ubi.COUNTER_MAGIC, 0),), _carved),
    doc=Doc(
        title="UBI device (volumes on raw flash)",
        vendor="Linux",
        references=("Linux drivers/mtd/ubi/ubi-media.h, attach.c and vtbl.c, read 2026-11-22",),
        limitations=(
            "the size of an erase block is stated nowhere: it is the distance at which headers lie",
            "a fastmap and other internal volumes are named and not read; all erase blocks are looked at instead",
        ),
        makers=("ubinize",),
    ),
)
