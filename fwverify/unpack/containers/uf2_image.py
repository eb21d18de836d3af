"""UF2 files as containers: one member for each family and contiguous region of memory; read by formats/uf2.py.

1. Every block is read; those that are none, and data behind a payload that is no filling, are told and stay nobody's.
2. Regions come out in order of address, named by it; files of a file container by their name.
3. Block numbers must be complete in each family; an MD5 over a region is an inner check where the region is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from fwverify.content import held
from fwverify.formats import uf2
from fwverify.formats.regions import Overlap, Region
from fwverify.formats.uf2 import Group, Uf2
from fwverify.limits import MIB, Budget, LimitExceeded
from fwverify.model.artifact import Artifact, ByteRange, Digest, merged
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Check, Container, Event, Fact, Member, Oddity, Part, PartUse, Unread
from fwverify.unpack.tail import tail

MAX_BYTES = 128 * MIB
"""64 MiB of flash: four times what microcontrollers of this kind have."""
MAX_TOLD = 20
"""Overlaps listed one by one."""
CHECK_FACTOR = 4
"""Bytes that MD5 sums may be over, as often as the file is large."""


def _detect(artifact: Artifact) -> bool:
    return uf2.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    if artifact.size > MAX_BYTES:
        raise LimitExceeded("UF2 bytes", artifact.size)
    found = uf2.read(view, lambda _: budget.check_time())  # 1
    yield from _facts(found)
    many = len({one.family for one in found.spaces if one.kind == "flash"}) > 1
    left = CHECK_FACTOR * artifact.size
    for group, space in found.spaces.items():  # 2
        regions, overlaps = space.regions()
        yield from _overlaps(overlaps)
        yield from (Part(one, PartUse.INDEX) for one in space.control)
        for region in regions:
            budget.member()
            content = held([region.data], budget)
            yield Member(_name(group, region, regions, many), content=content, ranges=region.ranges)
        if group.kind == "file":
            yield from _whole(found, group, regions)
        for event, size in _sums(found, group, regions):  # 3
            left -= size
            if left < 0:
                raise LimitExceeded("UF2 checksum bytes", -left)
            yield event
    yield from _numbers(found)
    yield from _strange(found)
    yield from tail(view, found.end, "after the last block")


def _facts(found: Uf2) -> Iterator[Event]:
    for family in sorted({one.family_name for one in found.spaces if one.family >= 0}):
        yield Fact("family", family)
    for kind, value in found.texts:
        yield Fact(uf2.TEXT_TAGS[kind], uf2.text(value))


def _name(group: Group, region: Region, regions: Sequence[Region], many: bool) -> str:
    address = f"{region.address:08x}"
    if group.kind == "file":
        return group.name if len(regions) == 1 and not region.address else f"{group.name}@{address}"
    words = ["not-flash"] if group.kind == "other" else []
    if many and group.family_name:
        words.append(group.family_name)
    return "-".join([*words, address])


def _overlaps(overlaps: Sequence[Overlap]) -> Iterator[Event]:
    for one in overlaps[:MAX_TOLD]:
        detail = f"blocks write {one.address:08x} and following with different bytes; the later ones were taken"
        yield Oddity(AnomalyKind.OVERLAP, detail, one.range)
    if len(overlaps) > MAX_TOLD:
        yield Oddity(AnomalyKind.OVERLAP, f"{len(overlaps)} overlaps in all")


def _whole(found: Uf2, group: Group, regions: Sequence[Region]) -> Iterator[Event]:
    """A file of a file container must be as long as it says, without holes."""
    stated = found.file_sizes[group]
    if len(stated) != 1 or len(regions) != 1 or regions[0].address or {len(regions[0].data)} != stated:
        detail = f"the blocks of file {group.name} are not the {', '.join(map(str, sorted(stated)[:4]))} bytes it has"
        yield Oddity(AnomalyKind.HEADER_DISAGREES, detail)
        yield Unread(GapReason.MALFORMED, detail)


def _sums(found: Uf2, group: Group, regions: Sequence[Region]) -> Iterator[tuple[Event, int]]:
    for start, size, declared in found.sums.get(group, {}):
        region = next((one for one in regions if one.address <= start < one.address + len(one.data)), None)
        if region is None or start + size > region.address + len(region.data):
            yield Fact("md5-not-checked", f"{start:08x}+{size:x}: not all of it is in the file"), 0
            continue
        data = memoryview(region.data)[start - region.address :][:size]
        computed = hashlib.md5(data, usedforsecurity=False).digest()
        yield Check(f"{start:08x}+{size:x}", Digest("md5", declared), Digest("md5", computed)), size


def _numbers(found: Uf2) -> Iterator[Event]:
    for family, one in found.numbering.items():
        if one.sound:
            continue
        whose = f"family {Group('flash', family).family_name}" if family >= 0 else "the file"
        stated = ", ".join(map(str, sorted(one.stated)[:4]))
        detail = f"blocks of {whose}: {one.blocks} with {len(one.seen)} different numbers, {stated} stated"
        yield Oddity(AnomalyKind.HEADER_DISAGREES, detail)
        if one.missing:
            yield Unread(GapReason.MALFORMED, f"{one.missing} blocks of {whose} are not there: it may be cut off")


def _strange(found: Uf2) -> Iterator[Event]:
    for one in merged(found.loose):
        yield Part(one, PartUse.INDEX)
    for what, places in (("behind the payload of blocks", found.strange), ("in blocks that are none", found.foreign)):
        if places:
            size = sum(one.size for one in places)
            detail = f"{size} bytes {what}, at {len(places)} places"
            yield Oddity(AnomalyKind.TRAILING_DATA, detail, ByteRange(places[0].start, places[0].end))


CONTAINER = Container(
    name="uf2_image",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((uf2.MAGIC, 0),), uf2.end),
    doc=Doc(
        title="UF2 (USB flashing format)",
        vendor="Microsoft",
        references=("microsoft/uf2 README.md, read 2026-11-22",),
        limitations=("The SHA-2 tag is not checked: nothing says what it is over.",),
    ),
)
