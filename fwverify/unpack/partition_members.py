"""From partitions to the events of the unpack room: what the readers of partition tables share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fwverify.formats.partitions import Partition, over, overlaps
from fwverify.limits import Budget
from fwverify.model.artifact import ByteRange
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.unpack.interface import Event, Member, Oddity, Unread

MAX_NOTES = 16
"""Overlaps told one by one."""
MAX_SHARE = 4
"""All partitions together may be this often as large as the image: what lies over itself is not read without end."""


def members(
    view: memoryview, partitions: Sequence[Partition], structure: Sequence[ByteRange], budget: Budget
) -> Iterator[Event]:
    """Each partition as a stored member. Told: those over one another or over the table, and those not in the image.

    Args:
        view: the disk.
        partitions: in the order of the table.
        structure: the table's own bytes.
        budget: of the run.

    Raises:
        LimitExceeded: more partitions or bytes than a run may have.
    """
    found = list(overlaps(partitions))
    for one, other in found[:MAX_NOTES]:
        yield Oddity(AnomalyKind.OVERLAP, f"partitions {one.name} and {other.name} overlap", other.inside(len(view)))
    if len(found) > MAX_NOTES:
        yield Oddity(AnomalyKind.OVERLAP, f"{len(found) - MAX_NOTES} more partitions overlap")
    given = 0
    for one in partitions:
        budget.member()
        there = one.inside(len(view))
        if (table := over(one, structure)) is not None:
            yield Oddity(AnomalyKind.OVERLAP, f"partition {one.name} lies over the partition table", table)
        if there is None or there.end != one.end:
            missing = one.end - (there.end if there else one.start)
            yield Unread(GapReason.MALFORMED, f"{missing} bytes of it are not in the image", member=one.name)
        if there is None:
            continue
        given += there.size
        if there.size == len(view) or given > MAX_SHARE * len(view):
            yield Unread(GapReason.LIMIT, "partitions lie over one another too often", member=one.name)
            continue
        budget.size(there.size)
        budget.output(there.size)
        yield Member(one.name, content=view[there.start : there.end], ranges=(there,), stored=True)
