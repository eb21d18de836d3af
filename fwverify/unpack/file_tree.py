"""What readers of whole file systems share: paths, verdicts on names, overlaps, and a bound on repeated content.

Each reader walks its own tables; what is here looks at nothing in the image.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from fwverify.formats.entries import Entry, EntryKind, judged
from fwverify.formats.names import decoded
from fwverify.limits import MIB, Budget, LimitExceeded
from fwverify.model.artifact import ByteRange
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.unpack.interface import Event, Member, MemberKind, Oddity, Unread

MAX_PATH_CHARACTERS = 64 * MIB
"""All paths together: 300,000 of usual length have 20 MiB; long folder names would multiply them."""
MAX_NOTES = 16
"""Anomalies of one sort told one by one."""
CONTENT_BASE_BYTES, CONTENT_FACTOR = 2048 * MIB, 64
"""Content that may come out of one image: 2 GiB and 64 times its size. Packed systems and holes need less; files that
all lead to the same blocks need any amount."""


@dataclass(frozen=True, slots=True)
class Node:
    """A name in the tree and what it leads to."""

    path: str
    kind: EntryKind
    place: int
    """What tells its file from others: an offset or an inode number."""
    mode: int = 0
    target: str = ""


@dataclass(slots=True)
class Paths:
    """Builds paths from the names a directory states."""

    what: str
    budget: Budget
    notes: list[Event] = field(default_factory=list)
    characters: int = 0

    def joined(self, folder: str, raw: bytes) -> str | None:
        """The path of a name below `folder` (empty for the root); None when it is too long, which is told.

        Raises:
            LimitExceeded: all paths together are too long, or there are too many.
        """
        self.budget.member()
        path = f"{folder}/{decoded(raw)}" if folder else decoded(raw)
        self.characters += len(path)
        if self.characters > MAX_PATH_CHARACTERS:
            raise LimitExceeded(f"{self.what} path characters", self.characters)
        if len(path) > self.budget.limits.max_name_bytes:
            self.notes.append(Unread(GapReason.LIMIT, "limit max_name_bytes reached", member=path))
            return None
        if b"/" in raw or raw in (b".", b"..", b""):
            detail = f"a directory has the name {decoded(raw)!r}"
            self.notes.append(Oddity(AnomalyKind.TRAVERSAL, detail))
        return path


@dataclass(slots=True)
class Output:
    """Counts content that comes out of one image."""

    what: str
    image_bytes: int
    produced: int = 0

    def file(self, size: int) -> None:
        """Count a file before it is read. Raises LimitExceeded."""
        self.produced += size
        if self.produced > CONTENT_BASE_BYTES + CONTENT_FACTOR * self.image_bytes:
            raise LimitExceeded(f"{self.what} bytes of all files", self.produced)


def verdicts(nodes: Sequence[Node], *, whole_system: bool = True, fold_case: bool = False) -> Iterator[Event]:
    """What is odd about names and links."""
    entries = [Entry(one.path, one.kind, target=one.target) for one in nodes]
    for verdict in judged(entries, whole_system=whole_system, fold_case=fold_case):
        for one in verdict:
            yield Oddity(one.kind, one.detail, one.range)


def is_path(raw: bytes) -> bool:
    """The target of a link has no control characters; what has some may be anything, and is looked into."""
    return min(raw, default=0) >= 0x20


def no_path(name: str) -> Oddity:
    """What is told of a link whose target is none."""
    return Oddity(AnomalyKind.HEADER_DISAGREES, f"the target of the link {name} is no path")


def bare(node: Node) -> Member:
    """The member for a name without content of its own."""
    return Member(node.path, MemberKind(node.kind.value), target=node.target, mode=node.mode)


def overlaps(ranges: Iterable[ByteRange], what: str) -> Iterator[Event]:
    """Tell ranges that begin inside another."""
    reached, told = 0, 0
    for one in sorted(ranges):
        if one.start < reached and told < MAX_NOTES:
            told += 1
            yield Oddity(AnomalyKind.OVERLAP, what, one)
        reached = max(reached, one.end)
