"""What partition tables agree on: numbered, labelled pieces of a disk, and which of them lie over one another.

No format of its own; read by formats/gpt.py and formats/mbr.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fwverify.model.artifact import ByteRange


@dataclass(frozen=True, slots=True)
class Partition:
    """One entry in use; it may lie outside the image."""

    number: int
    label: str
    """As the table names it, or what its type is called; may be empty."""
    start: int
    end: int
    """bytes; not before `start`"""

    @property
    def name(self) -> str:
        """Of the member: the number, and the label without slashes."""
        label = self.label.replace("/", "%2F")
        return f"{self.number}-{label}" if label else str(self.number)

    def inside(self, size: int) -> ByteRange | None:
        """The bytes of it that an image of `size` bytes has."""
        end = min(self.end, size)
        return ByteRange(self.start, end) if self.start < end else None


def overlaps(partitions: Sequence[Partition]) -> Iterator[tuple[Partition, Partition]]:
    """Each partition that begins before an earlier one ends, with that one."""
    reaching: Partition | None = None
    for one in sorted(partitions, key=lambda one: (one.start, one.end)):
        if reaching is not None and one.start < reaching.end:
            yield reaching, one
        if reaching is None or one.end > reaching.end:
            reaching = one


def over(partition: Partition, structure: Iterable[ByteRange]) -> ByteRange | None:
    """The first piece of the table itself that a partition lies over."""
    return next((one for one in structure if one.start < partition.end and partition.start < one.end), None)
