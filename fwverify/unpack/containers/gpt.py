"""Disks with a GUID partition table as containers; the table is read by formats/gpt.py.

1. The header at the front and the one at the end are read; CRC-32 of both headers and their entries are inner checks.
2. The one that holds is used, the front one first; the other must say the same, and its absence is told.
3. The boot record in front protects the table, or lists the same partitions again (hybrid): others are told.
4. Partitions are members, named by number and label; overlaps and what is not in the image are told.

What no partition and no table needs is claimed by nobody: boot code, free entries, gaps, what follows the last header.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fwverify.formats import gpt, mbr
from fwverify.formats.gpt import Table
from fwverify.formats.partitions import Partition
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, Digest
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.unpack import partition_members
from fwverify.unpack.interface import Carve, Check, Container, Event, Fact, Oddity, Part, PartUse, Unread

MAX_PROTECTED = 0xFFFFFFFF


def _detect(artifact: Artifact) -> bool:
    return gpt.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    first, problem = _front(view)
    second = _back(view, first)
    tables = [one for one in (first, second) if one is not None]
    if not tables:
        raise problem or Malformed(gpt.WHAT, "there is no header", 512)
    used = next((one for one in tables if one.holds), tables[0])
    yield Fact("sector-size", str(used.sector))
    for one in tables:
        yield from _copy(one, used, "front" if one is first else "back")
    yield from _agreement(view, first, second, problem)
    structure = [span for one in tables for span in one.structure]
    partitions: list[Partition] = []
    for entry in used.entries:
        try:
            partitions.append(gpt.partition(entry, used.sector))
        except Malformed as broken:
            yield Unread(GapReason.MALFORMED, str(broken), member=str(entry.number))
            continue
        if not used.first_usable <= entry.first <= entry.last <= used.last_usable:
            note = f"partition {partitions[-1].name} lies outside the sectors the table calls usable"
            yield Oddity(AnomalyKind.HEADER_DISAGREES, note)
    yield from _boot_record(view, partitions, used.sector)
    yield from partition_members.members(view, partitions, structure, budget)


def _front(view: memoryview) -> tuple[Table | None, Malformed | None]:
    place = gpt.front(view)
    try:
        return (gpt.table(view, *place) if place else None), None
    except Malformed as problem:
        return None, problem


def _back(view: memoryview, first: Table | None) -> Table | None:
    """The other header: where the first says, or in the last sector."""
    places = [gpt.back(view)]
    if first is not None:
        places.insert(0, (first.other * first.sector, first.sector))
    for place in places:
        try:
            if place is not None and (first is None or place[0] != first.at):
                return gpt.table(view, *place)
        except Malformed:
            continue
    return None


def _copy(found: Table, used: Table, which: str) -> Iterator[Event]:
    def digest(value: int) -> Digest:
        return Digest("crc32", value.to_bytes(4, "big"))

    for one in gpt.understood(found, used):
        yield Part(one, PartUse.INDEX)
    yield Check(f"{which} header", digest(found.checksum), digest(found.computed))
    yield Check(f"{which} entries", digest(found.entries_checksum), digest(found.entries_computed))
    if found.own * found.sector != found.at:
        note = f"the {which} header says it lies in sector {found.own}, it lies in {found.at // found.sector}"
        yield Oddity(AnomalyKind.HEADER_DISAGREES, note, ByteRange(found.at, found.at + gpt.HEADER_BYTES))


def _agreement(
    view: memoryview, first: Table | None, second: Table | None, problem: Malformed | None
) -> Iterator[Event]:
    if first is None:
        reason = problem.reason if problem else "there is no header"
        yield Oddity(AnomalyKind.HEADER_DISAGREES, f"the table at the front cannot be read: {reason}")
    elif second is None:
        yield Oddity(AnomalyKind.HEADER_DISAGREES, f"the header at the end, sector {first.other}, is not there")
    elif first.says != second.says:
        yield Oddity(AnomalyKind.HEADER_DISAGREES, "the tables at the front and at the end say different things")
    last = second or first
    if last is not None and last.at > len(view) // 2 and last.at + last.sector < len(view):
        place = ByteRange(last.at + last.sector, len(view))
        yield Oddity(AnomalyKind.TRAILING_DATA, "bytes after the last header", place)


def _boot_record(view: memoryview, partitions: Sequence[Partition], sector: int) -> Iterator[Event]:
    """The record in front, for tools that know no such table: one entry over everything, or partitions again."""
    if not mbr.is_boot_record(view):
        yield Oddity(AnomalyKind.HEADER_DISAGREES, "no boot record protects the table")
        return
    found = mbr.entries(view)
    for place in mbr.understood(view, 0):
        yield Part(place, PartUse.HEADER)
    if not any(one.type == mbr.PROTECTIVE for one in found):
        yield Oddity(AnomalyKind.HEADER_DISAGREES, "the boot record does not protect the table")
    places = {(one.start, one.end) for one in partitions}
    others = [one for one in found if one.type not in (0, mbr.PROTECTIVE)]
    if others:
        yield Fact("boot-record", "hybrid")
    for one in others:
        if (one.first * sector, (one.first + one.sectors) * sector) not in places:
            note = f"the boot record lists a partition at sector {one.first} that the table does not have"
            yield Oddity(AnomalyKind.HEADER_DISAGREES, note)


CONTAINER = Container(
    name="gpt",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(tuple((gpt.MAGIC, one) for one in gpt.SECTORS), gpt.end, mbr.SECTOR_BYTES),
    doc=Doc(
        title="GUID partition table",
        vendor="UEFI Forum",
        references=("EFI Specification 1.10 section 11.2, kept by UEFI 2.10 section 5.3, read 2026-11-22",),
        limitations=("Sectors of 512 and 4096 bytes.", "Types and attributes of partitions are not judged."),
        makers=("sgdisk", "sfdisk", "parted"),
    ),
)
