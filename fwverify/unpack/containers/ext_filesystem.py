"""Ext2, ext3 and ext4 as containers; the layout is read by formats/ext_*.py.

1. The superblock and the group descriptors are read; features that are not read end it with their names.
2. Every directory is walked from the root, each once; what cannot be read is told with its path.
3. Inodes that no name leads to (journal, orphans, quota) use blocks; their content stays unexplained.
4. Files come out one at a time, links and devices as such; holes and extents that were never written are zeros.
5. Bitmaps and the copies of superblock and descriptors must say what was found.
6. Metadata checksums (CRC-32C) of everything that was read are inner checks.

Bytes that none of this needs are claimed by nobody: deleted files, old journal entries, the end of a file's last block,
unused inodes, reserved fields. The journal is not replayed: a file system that needs it is told. Not looked at: owners,
times, quota, fs-verity trees; encrypted files are named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fwverify.content import held
from fwverify.formats import ext_structure as structure
from fwverify.formats import ext_superblock
from fwverify.formats.entries import Entry, EntryKind, judged
from fwverify.formats.ext_inodes import (
    BLOCK,
    CHARACTER,
    COMPRESSED,
    DIRECTORY,
    ENCRYPTED,
    FILE,
    INLINE,
    SYMLINK,
    VERITY,
    Inode,
    Map,
    content_map,
)
from fwverify.formats.ext_superblock import INCOMPAT_RECOVER, WHAT, Superblock
from fwverify.formats.ext_tree import Known, Tree, in_use, inline_ranges, is_empty, unreached, walk
from fwverify.formats.ext_volume import Tally, Volume, opened
from fwverify.formats.names import decoded
from fwverify.limits import MIB, Budget
from fwverify.model.artifact import Artifact, ByteRange, Digest
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import (
    Carve,
    Check,
    Container,
    Event,
    Fact,
    Member,
    MemberKind,
    Oddity,
    Part,
    PartUse,
    Unread,
)

KINDS = {FILE: EntryKind.FILE, DIRECTORY: EntryKind.DIRECTORY, SYMLINK: EntryKind.SYMLINK, CHARACTER: EntryKind.DEVICE,
         BLOCK: EntryKind.DEVICE}  # fmt: skip
SECTOR_BYTES = 512
HOLE = bytes(MIB)
MAX_NOTES = 16
"""Files told one by one for one reason."""


@dataclass(slots=True)
class _Files:
    """What reading the files shares."""

    produced: int = 0
    """bytes"""
    crossed: list[str] = field(default_factory=list)
    """Files whose blocks something else lies in too."""


def _detect(artifact: Artifact) -> bool:
    return ext_superblock.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    head = ext_superblock.read(view)
    yield from _facts(head)
    volume = opened(view, head, budget)
    structure.descriptors(volume)
    structure.mount_protection(volume)
    tree = walk(volume)
    yield from _hidden(tree)
    yield from _judged(tree)
    yield from _members(tree)
    structure.reserved_descriptors(volume)
    structure.bitmaps(volume, [*tree.known, *range(1, head.first_inode)])
    yield from _extent_of(volume)
    yield from _accounted(volume)
    for tally in volume.sums.results():
        yield from _checks(tally)


def _facts(head: Superblock) -> Iterator[Event]:
    if head.label:
        yield Fact("label", decoded(head.label))
    yield Fact("block-size", str(head.block_size))
    names = [name for bit, name in ext_superblock.KNOWN_INCOMPAT.items() if head.incompat & bit]
    yield Fact("features", ", ".join(names))


def _extent_of(volume: Volume) -> Iterator[Event]:
    """Where the file system ends, against where the image ends. Free blocks at the end may be left out."""
    size, there = volume.head.size, len(volume.view)
    if size > there and volume.missing:
        yield Unread(GapReason.MALFORMED, f"{WHAT}: it declares {size} bytes, {there} are there")
    elif size > there:
        yield Fact("free-bytes-left-out", str(size - there))
    elif size < there:
        yield Oddity(AnomalyKind.TRAILING_DATA, "bytes after the file system", ByteRange(size, there))


def _hidden(tree: Tree) -> Iterator[Event]:
    """Inodes that no name leads to, and what they are for; the superblocks name one of them."""
    volume, head = tree.volume, tree.volume.head
    system = [head.journal_inode, head.orphan_file, *head.other_inodes, *range(1, head.first_inode)]
    wanted = [one for one in dict.fromkeys(system) if one]
    maps = unreached(tree, wanted)
    journal = tree.known.get(head.journal_inode)
    structure.superblocks(volume, journal.inode if journal else None)
    yield from _journal(tree, maps.get(head.journal_inode))
    if resize := tree.known.get(7):
        structure.resize_inode(volume, resize.inode)
    if head.orphan_file in maps:
        structure.orphans(volume, tree.known[head.orphan_file].inode, maps[head.orphan_file])
    others = [one for one in in_use(volume) if one not in tree.known]
    unreached(tree, sorted(tree.values))
    lost = [one for one in others if one not in tree.values and one >= head.first_inode]
    unreached(tree, lost)
    for number in [one for one in lost if one in tree.known and is_empty(volume, tree.known[one].inode)]:
        del tree.known[number]
    if lost:
        listed = ", ".join(map(str, lost[:MAX_NOTES]))
        yield Oddity(AnomalyKind.HEADER_DISAGREES, f"{len(lost)} inodes are in use without a name: {listed}")


def _journal(tree: Tree, where: Map | None) -> Iterator[Event]:
    head = tree.volume.head
    place = None
    if head.journal_inode:
        try:
            place = structure.journal(tree.volume, where or Map())
        except Malformed as problem:
            yield Unread(GapReason.MALFORMED, str(problem))
    if place is not None or head.incompat & INCOMPAT_RECOVER:
        told = "the journal holds changes that were not carried out; files are read as they lie"
        yield Unread(GapReason.NOT_ATTEMPTED, told, place)
    if head.last_orphan:
        yield Oddity(AnomalyKind.HEADER_DISAGREES, f"inode {head.last_orphan} waits for being deleted")


def _judged(tree: Tree) -> Iterator[Event]:
    entries = [
        Entry(path, KINDS.get(known.inode.kind, EntryKind.OTHER), target=known.target)
        for path, known in ((path, tree.known[number]) for path, number in tree.nodes)
    ]
    for verdict in judged(entries, whole_system=True, fold_case=False):
        for one in verdict:
            yield Oddity(one.kind, one.detail, one.range)
    for problem in tree.problems:
        yield Unread(problem.reason, problem.detail, member=problem.path)
    if tree.disagreements:
        note = f"{tree.disagreements} names state another type or folder than their inodes"
        yield Oddity(AnomalyKind.HEADER_DISAGREES, note)
    wrong = sum(
        one.names != one.inode.links for one in tree.known.values() if one.names and one.inode.kind != DIRECTORY
    )
    if wrong:
        yield Oddity(AnomalyKind.HEADER_DISAGREES, f"{wrong} inodes state another number of names than they have")


def _members(tree: Tree) -> Iterator[Event]:
    """Every name, in the order of the walk; content with the first name of an inode."""
    first: dict[int, str] = {}
    files = _Files()
    for path, number in tree.nodes:
        known = tree.known[number]
        kind = MemberKind(KINDS.get(known.inode.kind, EntryKind.OTHER).value)
        if kind is not MemberKind.FILE:
            yield Member(path, kind, target=known.target, mode=known.inode.mode)
        elif number in first:
            yield Member(path, MemberKind.HARDLINK, target=first[number], mode=known.inode.mode)
        else:
            first[number] = path
            try:
                yield from _file(tree, path, known, files)
            except Malformed as problem:
                yield Unread(GapReason.MALFORMED, str(problem), member=path)
    if files.crossed:
        listed = ", ".join(files.crossed[:MAX_NOTES])
        yield Oddity(AnomalyKind.OVERLAP, f"blocks of {len(files.crossed)} files are in use elsewhere too: {listed}")


def _file(tree: Tree, path: str, known: Known, files: _Files) -> Iterator[Event]:
    """One file. Raises Malformed when its content is not there."""
    volume, node = tree.volume, known.inode
    where = Map() if node.flags & INLINE else content_map(volume, node)
    if where.again and not volume.head.ro_compat & ext_superblock.RO_SHARED:
        files.crossed.append(path)
    if node.flags & ENCRYPTED:
        yield Unread(GapReason.ENCRYPTED, "the file is encrypted", member=path)
        return
    if node.flags & COMPRESSED:
        yield Unread(GapReason.UNSUPPORTED, "a file compressed by ext2", member=path)
        return
    if node.size > volume.budget.limits.max_member_bytes:
        yield Unread(GapReason.LIMIT, f"limit max_member_bytes reached ({node.size})", member=path)
        return
    volume.budget.size(node.size)
    files.produced += node.size
    volume.budget.ratio(len(volume.view), files.produced)
    if node.flags & INLINE:
        ranges = inline_ranges(known)
        content = b"".join(bytes(volume.view[one.start : one.end]) for one in ranges)
        volume.budget.output(len(content))
        yield Member(path, MemberKind.FILE, memoryview(content), ranges, len(ranges) == 1, mode=node.mode)
    else:
        yield _from_blocks(volume, path, node, where)
    if node.flags & VERITY:
        yield Unread(GapReason.NOT_ATTEMPTED, "its fs-verity tree was not checked", member=path)


def _from_blocks(volume: Volume, path: str, node: Inode, where: Map) -> Member:
    size = volume.head.block_size
    pieces = [
        (run.logical * size, ByteRange(run.physical * size, run.physical * size + min(run.count * size, left)))
        for run in where.runs
        if run.written and (left := node.size - run.logical * size) > 0
    ]
    ranges = tuple(one for _, one in pieces)
    if len(ranges) == 1 and ranges[0].size == node.size:
        volume.budget.output(node.size)
        content = volume.view[ranges[0].start : ranges[0].end]
        return Member(path, MemberKind.FILE, content, ranges, True, mode=node.mode)
    content = held(_chunks(volume.view, pieces, node.size), volume.budget)
    return Member(path, MemberKind.FILE, content, ranges, mode=node.mode)


def _chunks(view: memoryview, pieces: list[tuple[int, ByteRange]], size: int) -> Iterator[memoryview]:
    at = 0
    for logical, place in pieces:
        yield from _zeros(logical - at)
        for start in range(place.start, place.end, MIB):
            yield view[start : min(start + MIB, place.end)]
        at = logical + place.size
    yield from _zeros(size - at)


def _zeros(count: int) -> Iterator[memoryview]:
    for at in range(0, count, MIB):
        yield memoryview(HOLE)[: min(MIB, count - at)]


def _accounted(volume: Volume) -> Iterator[Event]:
    for one in volume.understood():
        yield Part(one, PartUse.INDEX)
    for one in volume.padding:
        yield Part(one, PartUse.PADDING)
    for note in volume.notes:
        yield Oddity(note.kind, note.detail, note.range)
    if volume.noted > len(volume.notes):
        more = f"{volume.noted - len(volume.notes)} more places that do not agree"
        yield Oddity(AnomalyKind.HEADER_DISAGREES, more)


def _checks(tally: Tally) -> Iterator[Event]:
    """One check for all that hold, one for each that does not."""

    def digest(value: int) -> Digest:
        return Digest(tally.algorithm, value.to_bytes(tally.size, "big"))

    if tally.holding:
        yield Check(f"{tally.name} ({tally.holding})", digest(tally.declared), digest(tally.computed))
    for one in tally.failed:
        yield Check(one.name, digest(one.declared), digest(one.computed))
    if tally.failures > len(tally.failed):
        more = f"{tally.failures - len(tally.failed)} more {tally.name} whose checksums do not hold"
        yield Oddity(AnomalyKind.HEADER_DISAGREES, more)


CONTAINER = Container(
    name="ext",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(
        ((ext_superblock.MAGIC, ext_superblock.AT + ext_superblock.MAGIC_AT),), ext_superblock.end, SECTOR_BYTES
    ),
    doc=Doc(
        title="ext2, ext3, ext4",
        vendor="Linux",
        references=("Linux Documentation/filesystems/ext4, all chapters, read 2026-11-22",),
        limitations=(
            "The journal is not replayed: a file system that needs it is a gap.",
            "Encrypted files, fs-verity trees, quota files and attribute values in inodes of their own are not read.",
            "External journals and file systems with the old compression are recognised and not read.",
            "Owners and times are not looked at.",
        ),
        makers=("mke2fs", "debugfs", "e2fsck"),
    ),
)
