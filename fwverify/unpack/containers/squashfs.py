"""SquashFS root file systems as containers; the layout is read by formats/squashfs.py.

Names are walked from the root, each directory once; files come out in the order they lie on disk, so that every block
is unpacked once. A file that cannot be read is told and the others go on. Bytes of a fragment block that no file uses
are told. What follows the image is padding or the tail of a RAUC bundle. Owners, times and extended attributes are not
looked at; device files below dev/ are normal here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fwverify.content import held
from fwverify.formats import rauc_bundle, squashfs, verity
from fwverify.formats.entries import Entry, EntryKind, Irregularity, judged
from fwverify.formats.names import decoded, fill_byte
from fwverify.formats.squashfs import Image
from fwverify.formats.squashfs_inodes import (
    DIRECTORY,
    FILE,
    NO_FRAGMENT,
    SYMLINK,
    WHAT,
    Inode,
    Name,
    inode,
    listing,
)
from fwverify.limits import MIB, Budget, LimitExceeded
from fwverify.model.artifact import Artifact, ByteRange, Digest, merged, total
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Check, Container, Event, Fact, Member, MemberKind, Oddity, Part, PartUse, Unread

KINDS = {DIRECTORY: EntryKind.DIRECTORY, FILE: EntryKind.FILE, SYMLINK: EntryKind.SYMLINK, 4: EntryKind.DEVICE,
         5: EntryKind.DEVICE}  # fmt: skip
DEVICE_BLOCK_BYTES = 4096
"""Writers fill an image up to a whole block of its device with zeros."""
MAX_PATH_CHARACTERS = 64 * MIB
"""All paths together: 300,000 of usual length have 20 MiB; long folder names would multiply them."""
MAX_NOTES = 16
"""Anomalies of one sort told one by one."""
HOLE = bytes(MIB)


@dataclass(frozen=True, slots=True)
class _Node:
    path: str
    inode: Inode
    reference: int


@dataclass(slots=True)
class _Walk:
    """The tree as it is found."""

    image: Image
    budget: Budget
    nodes: list[_Node] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    references: set[int] = field(default_factory=set)
    """Inodes reached, the root included."""
    disagreements: int = 0
    characters: int = 0
    """Of all paths."""


@dataclass(slots=True)
class _Used:
    """Bytes of the image and of its fragment blocks that files refer to."""

    extents: set[ByteRange] = field(default_factory=set)
    tails: dict[int, list[ByteRange]] = field(default_factory=dict)
    lengths: dict[int, int] = field(default_factory=dict)
    """Unpacked size of each fragment block."""
    produced: int = 0
    """bytes of all files so far"""


def _detect(artifact: Artifact) -> bool:
    return squashfs.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    image = squashfs.read(artifact.content, budget)
    for claimed in merged(image.structure):
        yield Part(claimed, PartUse.INDEX)
    yield Fact("compression", image.superblock.compressor)
    yield Fact("modified", str(image.superblock.modified))
    yield from _after(image)
    walk = _Walk(image, budget)
    _tree(walk)
    yield from walk.events
    yield from _judged(walk)
    files = _nodes_without_content(walk)
    yield from files[1]
    yield from _files(image, files[0], budget)


def _after(image: Image) -> Iterator[Event]:
    """What follows the image: zeros up to a whole block are its padding."""
    end, size = image.superblock.bytes_used, len(image.view)
    padded = min(end + -end % DEVICE_BLOCK_BYTES, size)
    if padded > end and fill_byte(image.view, ByteRange(end, padded)) == "00":
        yield Part(ByteRange(end, padded), PartUse.PADDING)
        end = padded
    bundle = rauc_bundle.tail(image.view, end)
    if bundle is not None:
        yield from _bundle(bundle)
    elif end < size:
        yield Oddity(AnomalyKind.TRAILING_DATA, "bytes after the file system", ByteRange(end, size))


def _bundle(tail: rauc_bundle.Tail) -> Iterator[Event]:
    """A RAUC bundle is a file system with its hash tree and signature behind it."""
    yield Fact("bundle", "RAUC")
    if tail.between is not None:
        yield Oddity(AnomalyKind.TRAILING_DATA, "bytes between the file system and its hash tree", tail.between)
    if tail.tree is not None:
        yield Part(tail.tree, PartUse.CHECK)
        declared, computed = (Digest(verity.ALGORITHM, one) for one in (tail.declared, tail.computed))
        yield Check("hash tree", declared, computed)
    yield Part(tail.cms, PartUse.CHECK)
    yield Part(tail.trailer, PartUse.HEADER)


def _tree(walk: _Walk) -> None:
    """Walk from the root, directories before what is in them; no directory twice, so it ends."""
    head = walk.image.superblock
    root = inode(walk.image.inodes, head.root_block, head.root_offset, head.block_size)
    if root.kind != DIRECTORY:
        raise Malformed(WHAT, "its root is not a directory", 32)
    reference = head.root_block << 16 | head.root_offset
    walk.references.add(reference)
    waiting = [("", root)]
    while waiting:
        path, directory = waiting.pop()
        found: list[tuple[str, Inode]] = []
        try:
            for name in listing(walk.image.directories, directory):
                walk.budget.member()
                _named(walk, path, name, found)
        except Malformed as problem:
            walk.events.append(Unread(GapReason.MALFORMED, problem.reason, member=path or "."))
        waiting.extend(reversed(found))
    if len(walk.references) != head.inodes:
        note = f"the superblock declares {head.inodes} inodes, {len(walk.references)} are reached"
        walk.events.append(Oddity(AnomalyKind.HEADER_DISAGREES, note))
    if walk.disagreements:
        note = f"{walk.disagreements} names state another number or type than their inodes"
        walk.events.append(Oddity(AnomalyKind.HEADER_DISAGREES, note))


def _named(walk: _Walk, path: str, name: Name, found: list[tuple[str, Inode]]) -> None:
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
    try:
        node = inode(walk.image.inodes, name.block, name.offset, walk.image.superblock.block_size)
    except Malformed as problem:
        walk.events.append(Unread(GapReason.MALFORMED, problem.reason, member=full))
        return
    walk.disagreements += node.number != name.number or node.kind != name.kind
    if node.kind == DIRECTORY:
        if name.reference in walk.references:
            walk.events.append(Unread(GapReason.MALFORMED, "the directory is reached twice", member=full))
            return
        found.append((full + "/", node))
    walk.references.add(name.reference)
    walk.nodes.append(_Node(full, node, name.reference))


def _judged(walk: _Walk) -> Iterator[Event]:
    entries = [
        Entry(one.path, KINDS.get(one.inode.kind, EntryKind.OTHER), target=decoded(one.inode.target))
        for one in walk.nodes
    ]
    for verdict in judged(entries, whole_system=True, fold_case=False):
        for one in verdict:
            yield _oddity(one)


def _oddity(one: Irregularity) -> Oddity:
    return Oddity(one.kind, one.detail, one.range)


def _nodes_without_content(walk: _Walk) -> tuple[list[_Node], list[Event]]:
    """The files that have content of their own, and events for everything else."""
    owners: dict[int, str] = {}
    files: list[_Node] = []
    events: list[Event] = []
    for node in walk.nodes:
        kind = MemberKind(KINDS.get(node.inode.kind, EntryKind.OTHER).value)
        if kind is not MemberKind.FILE:
            target = decoded(node.inode.target)
            events.append(Member(node.path, kind, target=target, mode=node.inode.mode))
        elif node.reference in owners:
            target = owners[node.reference]
            events.append(Member(node.path, MemberKind.HARDLINK, target=target, mode=node.inode.mode))
        else:
            owners[node.reference] = node.path
            files.append(node)
    return files, events


def _files(image: Image, files: list[_Node], budget: Budget) -> Iterator[Event]:
    """Files in the order they lie on disk; equal places one after another, so that they are unpacked once."""
    used = _Used()
    before: tuple[Inode, memoryview] | None = None
    for node in sorted(files, key=lambda one: _place(image, one.inode)):
        try:
            ranges = _ranges(image, node.inode)
            if before is not None and _same_place(node.inode, before[0]):
                content = before[1]
                budget.output(len(content))
            else:
                content = _content(image, node.inode, used, budget)
        except Malformed as problem:
            yield Unread(GapReason.MALFORMED, str(problem), member=node.path)
            continue
        before = (node.inode, content)
        used.extents.update(ranges)
        yield Member(node.path, MemberKind.FILE, content, ranges, mode=node.inode.mode)
    yield from _overlaps(used)
    yield from _unused_tails(image, used)


def _place(image: Image, node: Inode) -> tuple[int, int, int, int]:
    """Where a file lies: its first block, or its fragment block when it has nothing else."""
    if any(node.blocks) or node.fragment >= len(image.fragments):
        return node.start, node.fragment, node.offset, node.size
    return image.fragments[node.fragment][0], node.fragment, node.offset, node.size


def _same_place(one: Inode, other: Inode) -> bool:
    return (one.size, one.start, one.offset, one.fragment, one.blocks) == (
        other.size, other.start, other.offset, other.fragment, other.blocks
    )  # fmt: skip


def _ranges(image: Image, node: Inode) -> tuple[ByteRange, ...]:
    """The bytes of the image that hold a file: its blocks, and the fragment block its tail is in."""
    size = sum(squashfs.stored_size(one) for one in node.blocks)
    found = [ByteRange(node.start, node.start + size)] if size else []
    if node.fragment != NO_FRAGMENT:
        if node.fragment >= len(image.fragments):
            raise Malformed(WHAT, f"there is no fragment block {node.fragment}")
        start, packed = image.fragments[node.fragment]
        length = squashfs.stored_size(packed)
        found += [ByteRange(start, start + length)] if length else []
    if any(one.end > image.superblock.inode_table for one in found):
        raise Malformed(WHAT, "a file lies outside the data")
    return tuple(found)


def _content(image: Image, node: Inode, used: _Used, budget: Budget) -> memoryview:
    """Unpack one file.

    Raises:
        Malformed: blocks that are damaged or not of the size they must have.
        LimitExceeded: too large, or the image expands like a bomb.
    """
    budget.size(node.size)
    used.produced += node.size
    budget.ratio(image.superblock.bytes_used, used.produced)
    return held(_pieces(image, node, used), budget)


def _pieces(image: Image, node: Inode, used: _Used) -> Iterator[bytes | memoryview]:
    at, left = node.start, node.size
    for size in node.blocks:
        expected = min(image.superblock.block_size, left)
        if size:
            yield squashfs.data_block(image, at, size, expected)
        else:
            yield HOLE[:expected]
        at += squashfs.stored_size(size)
        left -= expected
    if node.fragment != NO_FRAGMENT and left:
        yield _tail(image, node, left, used)


def _tail(image: Image, node: Inode, size: int, used: _Used) -> bytes | memoryview:
    """The end of a file, from the fragment block it shares with others."""
    block = squashfs.fragment(image, node.fragment)
    end = node.offset + size
    if end > len(block):
        raise Malformed(WHAT, f"the tail of a file ends at {end}, its fragment block at {len(block)}")
    used.lengths[node.fragment] = len(block)
    used.tails.setdefault(node.fragment, []).append(ByteRange(node.offset, end))
    return memoryview(block)[node.offset : end]


def _overlaps(used: _Used) -> Iterator[Event]:
    """Files may share all their blocks, or none."""
    reached, told = 0, 0
    for one in sorted(used.extents):
        if one.start < reached and told < MAX_NOTES:
            told += 1
            yield Oddity(AnomalyKind.OVERLAP, "the data blocks of two files overlap", one)
        reached = max(reached, one.end)


def _unused_tails(image: Image, used: _Used) -> Iterator[Event]:
    """Bytes of fragment blocks that are unpacked and belong to no file."""
    told = 0
    for index, length in sorted(used.lengths.items()):
        idle = length - total(used.tails[index])
        if idle and told < MAX_NOTES:
            told += 1
            start, size = image.fragments[index]
            place = ByteRange(start, start + squashfs.stored_size(size))
            yield Oddity(AnomalyKind.TRAILING_DATA, f"{idle} bytes of fragment block {index} belong to no file", place)


CONTAINER = Container(
    name="squashfs",
    detect=_detect,
    unpack=_unpack,
    doc=Doc(
        title="SquashFS 4.0 file system (gzip, xz, zstd)",
        vendor="Linux",
        references=(
            "Linux Documentation/filesystems/squashfs.rst, read 2026-11-22",
            "Linux fs/squashfs/squashfs_fs.h, read 2026-11-22",
        ),
        limitations=(
            "LZO, LZ4 and LZMA compression are recognised and not read",
            "versions 1 to 3, big-endian images and vendors' own magics are recognised and not read",
            "extended attributes and owners are not looked at",
        ),
    ),
)
