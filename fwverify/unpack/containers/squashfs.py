"""SquashFS root file systems as containers; the layout is read by formats/squashfs.py.

Names are walked from the root, each directory once; files come out in the order they lie on disk, so that every block
is unpacked once. A file that cannot be read is told and the others go on. Bytes of a fragment block or of a table that
nothing refers to come out as members of their own. What follows the image is padding or the tail of a RAUC bundle.
Other versions, byte orders and vendors' magics are named, with what their superblocks say.
Times are not looked at; device files below dev/ are normal here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fwverify.content import held
from fwverify.formats import rauc_bundle, squashfs, squashfs_variants, verity
from fwverify.formats.entries import EntryKind
from fwverify.formats.names import decoded, fill_byte
from fwverify.formats.squashfs import Image
from fwverify.formats.squashfs_inodes import NO_FRAGMENT, WHAT, Inode
from fwverify.limits import MIB, Budget, LimitExceeded
from fwverify.model.artifact import Artifact, ByteRange, Digest, merged
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.examining import Malformed, Unsupported
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
from fwverify.unpack.squashfs_tree import KINDS, MAX_NOTES, Node, Walk, idle, tables, verdicts, walked

DEVICE_BLOCK_BYTES = 4096
"""Writers fill an image up to a whole block of its device with zeros."""
HOLE = bytes(MIB)
CHEAP_BASE_BYTES, CHEAP_FACTOR = 2048 * MIB, 16
"""Bytes that cost the image nothing: holes, and files with the very blocks of another. At most 2 GiB and 16 times the
image: one disk image that is nearly all hole passes, thousands of references to the same blocks do not."""
AGAIN_BASE_BYTES, AGAIN_FACTOR = 64 * MIB, 4
"""Bytes unpacked after as many packed ones were read as the image has: blocks that several files share in part."""


@dataclass(slots=True)
class _Used:
    """Bytes of the image and of its fragment blocks that files refer to, and what reading them cost."""

    bytes_used: int
    extents: set[ByteRange] = field(default_factory=set)
    tails: dict[int, list[ByteRange]] = field(default_factory=dict)
    lengths: dict[int, int] = field(default_factory=dict)
    """Unpacked size of each fragment block."""
    produced: int = 0
    """bytes of all files so far"""
    cheap: int = 0
    """bytes of holes and repeated files"""
    read: int = 0
    """packed bytes"""
    again: int = 0
    """bytes unpacked once `read` had passed the size of the image"""

    def costless(self, size: int) -> None:
        """Count bytes that no block of the image stands for. Raises LimitExceeded."""
        self.cheap += size
        if self.cheap > CHEAP_BASE_BYTES + CHEAP_FACTOR * self.bytes_used:
            raise LimitExceeded("SquashFS bytes of holes and repeated files", self.cheap)

    def unpacking(self, packed: int, size: int) -> None:
        """Count a block that is about to be unpacked. Raises LimitExceeded."""
        self.read += packed
        if self.read > self.bytes_used:
            self.again += size
        if self.again > AGAIN_BASE_BYTES + AGAIN_FACTOR * self.bytes_used:
            raise LimitExceeded("SquashFS bytes unpacked again", self.again)


def _detect(artifact: Artifact) -> bool:
    return squashfs.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    if squashfs.looks_like(view) and not squashfs.is_read(view):
        yield from _variant(view)
    image = squashfs.read(view, budget)
    for claimed in merged(image.structure):
        yield Part(claimed, PartUse.INDEX)
    yield Fact("compression", image.superblock.compressor)
    yield from (Fact(f"compression-{name}", str(value)) for name, value in image.options)
    yield Fact("modified", str(image.superblock.modified))
    yield from _after(image)
    walk = walked(image, budget)
    yield from verdicts(walk)
    yield from tables(walk)
    files, others = _nodes_without_content(walk)
    yield from others
    yield from _files(image, files, budget)


def _variant(view: memoryview) -> Iterator[Event]:
    """A SquashFS that is not read: its superblock is, and says which it is. Raises Unsupported."""
    found = squashfs_variants.read(view)
    yield Part(ByteRange(0, min(found.header_bytes, len(view))), PartUse.HEADER)
    yield Fact("version", ".".join(str(one) for one in found.version))
    yield Fact("modified", str(found.modified))
    raise Unsupported(str(found))


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


def _nodes_without_content(walk: Walk) -> tuple[list[Node], list[Event]]:
    """The files that have content of their own, and events for everything else."""
    owners: dict[int, str] = {}
    files: list[Node] = []
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


def _files(image: Image, files: list[Node], budget: Budget) -> Iterator[Event]:
    """Files in the order they lie on disk; equal places one after another, so that they are unpacked once."""
    used = _Used(image.superblock.bytes_used)
    image.unpacking = used.unpacking
    before: tuple[Inode, memoryview] | None = None
    for node in sorted(files, key=lambda one: _place(image, one.inode)):
        if node.inode.size > budget.limits.max_member_bytes:
            yield Unread(GapReason.LIMIT, f"limit max_member_bytes reached ({node.inode.size})", member=node.path)
            continue
        try:
            ranges = _ranges(image, node.inode)
            if before is not None and _same_place(node.inode, before[0]):
                content = before[1]
                used.costless(len(content))
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
    yield from _unused_tails(image, used, budget)


def _place(image: Image, node: Inode) -> tuple[int, int, int, int]:
    """Where a file lies: its first block, or its fragment block when it has nothing else."""
    if node.listed.strip(b"\0") or node.fragment >= len(image.fragments):
        return node.start, node.fragment, node.offset, node.size
    return image.fragments[node.fragment][0], node.fragment, node.offset, node.size


def _same_place(one: Inode, other: Inode) -> bool:
    return (one.size, one.start, one.offset, one.fragment, one.listed) == (
        other.size, other.start, other.offset, other.fragment, other.listed
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
    if any(one.start < image.data_start or one.end > image.superblock.inode_table for one in found):
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
            used.costless(expected)
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


def _unused_tails(image: Image, used: _Used, budget: Budget) -> Iterator[Event]:
    """Bytes of fragment blocks that are unpacked and belong to no file."""
    told = 0
    for index, length in sorted(used.lengths.items()):
        spans = merged(used.tails[index])
        if sum(one.size for one in spans) == length or told >= MAX_NOTES:
            continue
        told += 1
        start, size = image.fragments[index]
        place = ByteRange(start, start + squashfs.stored_size(size))
        yield from idle(f"fragment-{index}", squashfs.fragment(image, index), spans, place, budget)


CONTAINER = Container(
    name="squashfs",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(tuple((one, 0) for one in squashfs_variants.VARIANTS), squashfs_variants.end),
    doc=Doc(
        title="SquashFS 4.0 file system (gzip, lzma, lzo, xz, lz4, zstd)",
        vendor="Linux",
        references=(
            "Linux Documentation/filesystems/squashfs.rst, read 2026-11-22",
            "Linux fs/squashfs/squashfs_fs.h, read 2026-11-22",
            "squashfs-tools 4.5: compressor options and squashfs_compat.h, read 2026-11-22",
        ),
        limitations=(
            "versions 1 to 3, big-endian images and vendors' own magics are recognised and named, not read",
            "LZMA in a form of a vendor's own is named, not read",
            "owners and times are not looked at; extended attributes are, where they are longer than 1 KiB",
        ),
        makers=("mksquashfs (squashfs-tools)",),
    ),
)
