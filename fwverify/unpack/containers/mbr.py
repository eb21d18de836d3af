"""Disks with a master boot record as containers; the record is read by formats/mbr.py.

1. The four entries are read; an extended partition is followed link by link, each once and inside it.
2. Partitions are members, named by number and type (logical ones from 5); overlaps and what is not in the image are
   told.

What no partition and no record needs is claimed by nobody: boot code, gaps, the rest of an extended partition.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import gpt, mbr
from fwverify.formats.mbr import Chain
from fwverify.formats.partitions import Partition
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.unpack import partition_members
from fwverify.unpack.interface import Container, Event, Fact, Oddity, Part, PartUse, Unread

FIRST_LOGICAL = 5


def _detect(artifact: Artifact) -> bool:
    return mbr.looks_like(artifact.content) and not gpt.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    if len(view) < mbr.SECTOR_BYTES or not mbr.is_boot_record(view):
        raise Malformed(mbr.WHAT, "it does not end as one", mbr.SIGNATURE_AT)
    structure = mbr.understood(view, 0)
    partitions: list[Partition] = []
    logical = FIRST_LOGICAL
    yield Fact("disk", f"{int.from_bytes(view[mbr.CODE_BYTES : mbr.CODE_BYTES + 4], 'little'):08x}")
    for number, entry in enumerate(mbr.entries(view), 1):
        if entry.type in mbr.EXTENDED:
            chain = mbr.chain(view, entry, logical)
            logical += len(chain.partitions)
            partitions += chain.partitions
            structure += [one for at in chain.records for one in mbr.understood(view, at, 2)]
            yield from _judged(chain, mbr.partition(number, entry))
        elif not entry.is_free:
            partitions.append(mbr.partition(number, entry))
        if entry.type == mbr.PROTECTIVE:
            yield Unread(GapReason.MALFORMED, "a GUID partition table is stated, and there is none")
    for place in structure:
        yield Part(place, PartUse.HEADER)
    yield from partition_members.members(view, partitions, structure, budget)


def _judged(chain: Chain, extended: Partition) -> Iterator[Event]:
    """The chain must end, and logical partitions must lie in the extended one."""
    if chain.problem is not None:
        yield Unread(GapReason.MALFORMED, str(chain.problem))
    for one in chain.partitions:
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
