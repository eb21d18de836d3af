"""The tree of a FAT volume: directories walked from the root, chains of clusters followed as names are found.

Every cluster belongs to the first name that leads to it, so that the walk ends. What is odd is told; what cannot be
followed is a gap, and the rest goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fwverify.formats import fat_directory, fat_table
from fwverify.formats.entries import EntryKind
from fwverify.formats.fat_directory import DOT, DOTDOT, ENTRY_BYTES, Reading, Slot
from fwverify.formats.fat_table import SHARED, Chain, Table
from fwverify.formats.fat_volume import WHAT, Volume
from fwverify.formats.names import decoded
from fwverify.limits import Budget
from fwverify.model.artifact import ByteRange
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.unpack.file_tree import MAX_NOTES, Node, Paths
from fwverify.unpack.interface import Event, Fact, Oddity, Unread

MAX_FOLDER_BYTES = 65536 * ENTRY_BYTES
"""The greatest number of entries a directory may have."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A name with its clusters."""

    node: Node
    size: int
    chain: Chain


@dataclass(frozen=True, slots=True)
class _Folder:
    path: str
    own: int
    """First cluster; 0 for the root, as its children name it."""
    parent: int
    chain: Chain | None
    """None for the root of FAT12 and FAT16."""


@dataclass(slots=True)
class Walk:
    """The tree as it is found."""

    view: memoryview
    volume: Volume
    table: Table
    paths: Paths
    leaves: list[Leaf] = field(default_factory=list)
    index: list[ByteRange] = field(default_factory=list)
    """Entries of directories."""
    waiting: list[_Folder] = field(default_factory=list)
    label: bytes | None = None
    deleted: int = 0
    orphans: int = 0
    odd: int = 0
    """Entries with a value where none belongs."""
    aliases: int = 0

    @property
    def events(self) -> list[Event]:
        return self.paths.notes


def walked(view: memoryview, volume: Volume, table: Table, budget: Budget) -> Walk:
    """All names from the root. Raises LimitExceeded."""
    walk = Walk(view, volume, table, Paths(WHAT, budget))
    chain = table.chain(volume.root_cluster) if volume.root is None else None
    walk.waiting.append(_Folder("", 0, 0, chain))
    while walk.waiting:
        folder = walk.waiting.pop()
        found = len(walk.waiting)
        _folder(walk, folder)
        walk.waiting[found:] = walk.waiting[found:][::-1]
    return walk


def byte_runs(volume: Volume, chain: Chain) -> Iterator[ByteRange]:
    """Where the clusters of a chain lie."""
    for first, count in chain.runs:
        start = volume.cluster(first)
        yield ByteRange(start, start + count * volume.cluster_bytes)


def _folder(walk: Walk, folder: _Folder) -> None:
    if folder.chain is not None and folder.chain.problem:
        _unread(walk, folder.path or ".", f"its clusters: {folder.chain.problem}")
    reading = Reading(walk.volume.bits)
    known: dict[str, int] = {}
    count = 0
    for data, start in _pieces(walk, folder):
        for slot in reading.slots(data, start):
            _slot(walk, folder, slot, count)
            _aliases(walk, folder, slot, known, count)
            count += 1
        if reading.ended:
            break
    reading.close()
    walk.deleted += reading.deleted
    walk.orphans += reading.orphans
    walk.odd += reading.odd
    if folder.path and count < len((DOT, DOTDOT)):
        walk.odd += 1


def _pieces(walk: Walk, folder: _Folder) -> Iterator[tuple[bytes, int]]:
    """Contiguous pieces of a directory; what lies behind the image or the greatest size is a gap."""
    root = walk.volume.root
    runs = byte_runs(walk.volume, folder.chain) if folder.chain is not None else (root,) if root else ()
    left = MAX_FOLDER_BYTES
    for one in runs:
        stop = min(one.end, one.start + left)
        if stop > len(walk.view) or not left:
            what = "it ends behind the image" if left else "it is larger than a directory may be"
            _unread(walk, folder.path or ".", what)
            return
        left -= stop - one.start
        yield bytes(walk.view[one.start : stop]), one.start


def _unread(walk: Walk, path: str, detail: str) -> None:
    walk.events.append(Unread(GapReason.MALFORMED, f"{WHAT}: {detail}", member=path))


def _slot(walk: Walk, folder: _Folder, slot: Slot, place: int) -> None:
    """Take one entry of a directory."""
    if slot.label:
        if folder.path or walk.label is not None or slot.cluster or slot.size:
            walk.odd += 1
            return
        walk.label = slot.short
        walk.events.append(Fact("label", decoded(slot.short.rstrip(b" "))))
        walk.index += slot.ranges if slot.sound else ()
        return
    walk.index += slot.ranges if slot.sound else ()
    if folder.path and place < 2 and slot.short == (DOT, DOTDOT)[place]:
        walk.odd += slot.cluster != (folder.own, folder.parent)[place] or not slot.folder or slot.size != 0
        return
    path = walk.paths.joined(folder.path, slot.name)
    if path is None:
        return
    chain = walk.table.chain(slot.cluster) if slot.cluster else Chain(())
    kind = EntryKind.DIRECTORY if slot.folder else EntryKind.FILE
    node = Node(path, kind, slot.cluster)
    walk.leaves.append(Leaf(node, slot.size, chain))
    if chain.problem == SHARED:
        detail = f"the clusters of {path}: {SHARED}"
        walk.events.append(Oddity(AnomalyKind.OVERLAP, detail))
    if kind is EntryKind.DIRECTORY:
        walk.odd += slot.size != 0
        walk.waiting.append(_Folder(path, slot.cluster, folder.own, chain))


def _aliases(walk: Walk, folder: _Folder, slot: Slot, known: dict[str, int], place: int) -> None:
    """Every entry has two names; readers that know only the short one must not find another file by it."""
    if slot.label:
        return
    short = decoded(fat_directory.short_name(slot.short)).casefold()
    for name in {short, decoded(slot.name).casefold()}:
        other = known.setdefault(name, place)
        if other != place:
            walk.aliases += 1
            if walk.aliases <= MAX_NOTES:
                detail = f"two entries of {folder.path or 'the root'} answer to the name {name}"
                walk.events.append(Oddity(AnomalyKind.NAME_COLLISION, detail, slot.ranges[0]))


def tables(walk: Walk, high: list[int]) -> tuple[list[ByteRange], list[Event]]:
    """Bytes of the FATs whose meaning is known, and what is odd about them.

    Args:
        walk: complete.
        high: entries with values in bits that have no meaning.
    """
    volume, table = walk.volume, walk.table
    lost = table.lost()
    unknown = [(one.start, one.end) for one in table.places(sorted({*lost, *high}))]
    claimed: list[ByteRange] = []
    events: list[Event] = []
    for index in range(volume.fats):
        place = volume.fat(index)
        if place.end > len(walk.view):
            events.append(Unread(GapReason.MALFORMED, f"{WHAT}: FAT {index} is cut off"))
            continue
        differing = [] if index == volume.active else fat_table.differing(walk.view, volume, index)
        if differing and volume.mirrored:
            detail = f"FAT {index} differs from FAT {volume.active}"
            events.append(Oddity(AnomalyKind.HEADER_DISAGREES, detail, differing[0].shifted(place.start)))
        left = sorted([*unknown, *((one.start, one.end) for one in differing)])
        claimed += [one.shifted(place.start) for one in _without(table.used_bytes, left)]
    if lost:
        detail = f"{len(lost)} clusters are marked as used that no file has"
        events.append(Oddity(AnomalyKind.HEADER_DISAGREES, detail))
    if high:
        detail = f"{len(high)} entries of the FAT have values in bits without meaning"
        events.append(Oddity(AnomalyKind.HEADER_DISAGREES, detail))
    return claimed, events


def _without(size: int, taken: list[tuple[int, int]]) -> Iterator[ByteRange]:
    """0 to `size` without sorted pieces."""
    at = 0
    for start, stop in taken:
        if at < min(start, size):
            yield ByteRange(at, min(start, size))
        at = max(at, stop)
    if at < size:
        yield ByteRange(at, size)
