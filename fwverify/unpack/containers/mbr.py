"""Disks with a master boot record as containers; the record is read by formats/mbr.py.

1. The four entries are read; an extended partition is followed link by link, each once and inside it.
2. Partitions are members, named by number and type (logical ones from 5); overlaps and what is not in the image are
   told.

What no partition and no record needs is claimed by nobody: boot code, gaps, the rest of an extended partition.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import gpt, mbr
from fwverify.formats.partitions import Partition
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.plugin import Doc
from fwverify.unpack import partition_members
from fwverify.unpack.interface import Container, Event, Fact, Oddity, Part, PartUse, Unread

FIRST_LOGICAL = 5


def _detect(artifact: Artifact) -> bool:
    return mbr.looks_like(artifact.content) and not gpt.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    found = mbr.entries(view) if len(view) >= mbr.SECTOR_BYTES and mbr.is_boot_record(view) else ()
    if not found:
        raise mbr.Malformed(mbr.WHAT, "it does not end as one", mbr.SIGNATURE_AT)
    structure = mbr.understood(view, 0)
    yield Fact("disk", f"{int.from_bytes(view[mbr.CODE_BYTES : mbr.CODE_BYTES + 4], 'little'):08x}")
    partitions: list[Partition] = []
    logical = FIRST_LOGICAL
    for number, entry in enumerate(found, 1):
        if entry.is_free:
            continue
        if entry.type == mbr.PROTECTIVE:
            yield Unread(GapReason.MALFORMED, "a GUID partition table is stated, and there is none")
        if entry.type not in mbr.EXTENDED:
            partitions.append(mbr.partition(number, entry))
            continue
        chain = mbr.chain(view, entry, logical)
        logical += len(chain.partitions)
        partitions += chain.partitions
        for at in chain.records:
            structure += mbr.understood(view, at, 2)
        if chain.problem is not None:
            yield Unread(GapReason.MALFORMED, str(chain.problem))
        yield from _outside(chain.partitions, mbr.partition(number, entry))
    for place in structure:
        yield Part(place, PartUse.HEADER)
    yield from partition_members.members(view, partitions, structure, budget)


def _outside(partitions: tuple[Partition, ...], extended: Partition) -> Iterator[Event]:
    """Logical partitions must lie in the extended one."""
    for one in partitions:
        if not extended.start <= one.start < one.end <= extended.end:
            place = ByteRange(one.start, one.end)
            yield Oddity(AnomalyKind.OVERLAP, f"partition {one.name} leaves its extended partition", place)


CONTAINER = Container(
    name="mbr",
    detect=_detect,
    unpack=_unpack,
    doc=Doc(
        title="Master boot record",
        vendor="IBM",
        references=("Wikipedia: Master boot record, Extended boot record (structure tables), read 2026-11-22",),
        limitations=("Sectors of 512 bytes.", "Boot code and types of partitions are not judged."),
        makers=("sfdisk", "parted"),
    ),
)
