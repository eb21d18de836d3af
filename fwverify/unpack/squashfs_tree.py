"""The tree of a SquashFS image: names walked from the root, and what its tables hold beside it.

Every directory is entered once, every inode read once. What tables say twice must agree; bytes of a table that nothing
refers to come out as members, so that they are searched.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from fwverify.formats import squashfs_attributes
from fwverify.formats.entries import Entry, EntryKind, judged
from fwverify.formats.names import decoded
from fwverify.formats.squashfs import Image
from fwverify.formats.squashfs_inodes import (
    DIRECTORY,
    FILE,
    NO_ATTRIBUTES,
    SYMLINK,
    WHAT,
    Inode,
    Inodes,
    Listings,
    Name,
)
from fwverify.limits import MIB, Budget, LimitExceeded
from fwverify.model.artifact import ByteRange, subtracted
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.examining import Malformed
from fwverify.unpack.interface import Event, Fact, Member, Oddity, Unread

KINDS = {DIRECTORY: EntryKind.DIRECTORY, FILE: EntryKind.FILE, SYMLINK: EntryKind.SYMLINK, 4: EntryKind.DEVICE,
         5: EntryKind.DEVICE}  # fmt: skip
MAX_PATH_CHARACTERS = 64 * MIB
"""All paths together: 300,000 of usual length have 20 MiB; long folder names would multiply them."""
MAX_NOTES = 16
"""Anomalies of one sort told one by one."""
MIN_IDLE_BYTES = 16
"""Shorter runs that nothing refers to hold no format and are only counted."""
LARGE_VALUE_BYTES = 1024
"""Extended attributes of firmware (labels, capabilities, signatures of IMA) are shorter: larger ones are searched."""
XATTR_SET_BYTES = 16


@dataclass(frozen=True, slots=True)
class Node:
    """A name and the inode it leads to."""

    path: str
    inode: Inode
    reference: int


@dataclass(slots=True)
class Walk:
    """The tree as it is found."""

    image: Image
    budget: Budget
    inodes: Inodes
    listings: Listings
    nodes: list[Node] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    disagreements: int = 0
    """Names that state another number or type than their inodes."""
    characters: int = 0
    """Of all paths."""


def walked(image: Image, budget: Budget) -> Walk:
    """Walk from the root, directories before what is in them; no directory twice, so it ends.

    Raises:
        Malformed: the root is no directory.
        LimitExceeded: more names than a run may have.
    """
    head = image.superblock
    if budget.members + head.inodes > budget.limits.max_members:
        raise LimitExceeded("max_members", budget.members + head.inodes)
    walk = Walk(image, budget, Inodes(image.inodes, head.block_size), Listings(image.directories))
    root = walk.inodes.read(head.root_block, head.root_offset)
    if root.kind != DIRECTORY:
        raise Malformed(WHAT, "its root is not a directory", 32)
    waiting = [("", root)]
    while waiting:
        path, directory = waiting.pop()
        found: list[tuple[str, Inode]] = []
        try:
            for name in walk.listings.read(directory):
                budget.member()
                _named(walk, path, name, found)
        except Malformed as problem:
            walk.events.append(Unread(GapReason.MALFORMED, problem.reason, member=path or "."))
        waiting.extend(reversed(found))
    return walk


def _named(walk: Walk, path: str, name: Name, found: list[tuple[str, Inode]]) -> None:
    """Take one name of a directory; a directory goes on the list `found`."""
    full = path + decoded(name.raw)
    walk.characters += len(full)
    if walk.characters > MAX_PATH_CHARACTERS:
        raise LimitExceeded("SquashFS path characters", walk.characters)
    if len(path) + len(name.raw) > walk.budget.limits.max_name_bytes:
        walk.events.append(Unread(GapReason.LIMIT, "limit max_name_bytes reached", member=full))
        return
    if b"/" in name.raw or name.raw in (b".", b".."):
        walk.events.append(Oddity(AnomalyKind.TRAVERSAL, f"a directory has the name {decoded(name.raw)}"))
    again = name.reference in walk.inodes.known
    try:
        node = walk.inodes.read(name.block, name.offset)
    except Malformed as problem:
        walk.events.append(Unread(GapReason.MALFORMED, problem.reason, member=full))
        return
    walk.disagreements += node.number != name.number or node.kind != name.kind
    if node.kind == DIRECTORY:
        if again:
            walk.events.append(Unread(GapReason.MALFORMED, "the directory is reached twice", member=full))
            return
        found.append((full + "/", node))
    walk.nodes.append(Node(full, node, name.reference))


def verdicts(walk: Walk) -> Iterator[Event]:
    """What is odd about names and links, and where the tables of an image disagree."""
    yield from walk.events
    yield from _disagreements(walk)
    entries = [
        Entry(one.path, KINDS.get(one.inode.kind, EntryKind.OTHER), target=decoded(one.inode.target))
        for one in walk.nodes
    ]
    for verdict in judged(entries, whole_system=True, fold_case=False):
        for one in verdict:
            yield Oddity(one.kind, one.detail, one.range)


def _disagreements(walk: Walk) -> Iterator[Event]:
    head, reached = walk.image.superblock, walk.inodes.known
    owned = sum(1 for one in reached.values() if max(one.owners) >= head.ids)
    sets = len(walk.image.attributes.sets) // XATTR_SET_BYTES
    attributed = sum(1 for one in reached.values() if one.attributes != NO_ATTRIBUTES and one.attributes >= sets)
    notes = (
        (len(reached) != head.inodes, f"the superblock declares {head.inodes} inodes, {len(reached)} are reached"),
        (walk.disagreements, f"{walk.disagreements} names state another number or type than their inodes"),
        (owned, f"{owned} inodes have an owner that the table of ids has not"),
        (attributed, f"{attributed} inodes have extended attributes that the table has not"),
        (misplaced := _misplaced(walk), f"{misplaced} entries of the export table lead to no inode of their number"),
        (walk.image.unused, f"{walk.image.unused} entries of the fragment table have values in an unused field"),
    )
    yield from (Oddity(AnomalyKind.HEADER_DISAGREES, note) for wrong, note in notes if wrong)


def _misplaced(walk: Walk) -> int:
    """Entries of the export table that do not lead where the names lead."""
    exports = walk.image.exports
    if not exports:
        return 0
    places = {one.number: reference for reference, one in walk.inodes.known.items()}
    stated = struct.unpack(f"<{len(exports) // 8}Q", exports)
    return sum(1 for number, reference in enumerate(stated, 1) if places.get(number) != reference)


def tables(walk: Walk) -> Iterator[Event]:
    """What the tables hold that no name leads to, and extended attributes."""
    head = walk.image.superblock
    spans = [ByteRange(one.at, one.end) for one in walk.inodes.known.values()]
    place = ByteRange(head.inode_table, head.directory_table)
    yield from idle("inode-table", walk.image.inodes.data, spans, place, walk.budget)
    start = head.directory_table
    place = next(one for one in walk.image.structure if one.start == start and one.end > start)
    yield from idle("directory-table", walk.image.directories.data, walk.listings.spans, place, walk.budget)
    yield from _attributes(walk)


def _attributes(walk: Walk) -> Iterator[Event]:
    tables = walk.image.attributes
    if not tables.sets and tables.place is None:
        return
    read = squashfs_attributes.read(tables, walk.budget)
    yield Fact("extended-attributes", f"{len(read.found)} in {len(tables.sets) // XATTR_SET_BYTES} sets")
    for problem in read.problems[:MAX_NOTES]:
        yield Unread(GapReason.MALFORMED, problem, tables.place)
    spans = list(read.spans)
    if tables.place is None:
        return
    shown: set[ByteRange] = set()
    for one in read.found:
        if one.value is not None and one.value.size > LARGE_VALUE_BYTES and one.value not in shown:
            shown.add(one.value)
            name = f"@extended-attributes/{one.set}/{one.name}"
            yield _piece(name, tables.values.data, one.value, tables.place, walk.budget)
    yield from idle("extended-attributes", tables.values.data, spans, tables.place, walk.budget)


def idle(
    what: str, data: bytes | memoryview, spans: Iterable[ByteRange], place: ByteRange, budget: Budget
) -> Iterator[Event]:
    """Unpacked bytes that nothing refers to: told, and given as members.

    Args:
        what: the table or block.
        data: its unpacked bytes.
        spans: what is referred to.
        place: where it lies in the image.
        budget: of the run.
    """
    rest = subtracted((ByteRange(0, len(data)),), spans) if data else ()
    if not rest:
        return
    count = sum(one.size for one in rest)
    yield Oddity(AnomalyKind.TRAILING_DATA, f"{count} unpacked bytes of the {what} belong to nothing", place)
    for one in [one for one in rest if one.size >= MIN_IDLE_BYTES][:MAX_NOTES]:
        yield _piece(f"@{what}+0x{one.start:x}", data, one, place, budget)


def _piece(name: str, data: bytes | memoryview, span: ByteRange, place: ByteRange, budget: Budget) -> Member:
    budget.member()
    budget.output(span.size)
    return Member(name, content=memoryview(data)[span.start : span.end], ranges=(place,))
