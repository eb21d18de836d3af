"""EROFS root file systems as containers; tables are read by formats/erofs*.py, the tree by unpack/erofs_tree.py.

What no name leads to (inodes, shared attributes, blocks) and what follows the end of content in its last block stays
unclaimed. Content that lies in one piece is a slice; holes are zeros.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.content import held
from fwverify.formats import erofs
from fwverify.formats.entries import EntryKind
from fwverify.formats.erofs import CHUNKS, SUPERBLOCK_AT, SUPERBLOCK_BYTES, WHAT, Inode, Superblock
from fwverify.formats.names import decoded
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, Digest, merged
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.examining import Malformed, Unsupported
from fwverify.model.plugin import Doc
from fwverify.unpack.erofs_tree import Walk, large_values, notes, packed_file, walked
from fwverify.unpack.file_tree import Node, Output, bare, overlaps, verdicts
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

RESERVED = ByteRange(SUPERBLOCK_AT + 105, SUPERBLOCK_AT + SUPERBLOCK_BYTES)
LZ4_USED_BYTES = 6
"""Of the parameters of LZ4: their size, the greatest distance and the greatest cluster; what follows is reserved."""


def _detect(artifact: Artifact) -> bool:
    return erofs.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    head = erofs.read(view)
    yield from _superblock(view, head)
    end = min(head.size, len(view))
    yield from _end(view, head)
    walk = walked(view, head, end, budget)
    yield from notes(walk)
    yield from verdicts([node for node, _ in walk.nodes])
    taken: list[ByteRange] = []
    output = Output(WHAT, len(view))
    yield from _members(walk, taken, output, budget)
    yield from large_values(walk, output, budget)
    index = merged(walk.index)
    yield from (Part(one, PartUse.INDEX) for one in index)
    yield from overlaps([*set(taken), *index], "the data of two files, or data and tables, overlap")


def _superblock(view: memoryview, head: Superblock) -> Iterator[Event]:
    yield Part(ByteRange(SUPERBLOCK_AT, RESERVED.start), PartUse.HEADER)
    yield Part(RESERVED, PartUse.PADDING)
    for algorithm, place in erofs.configurations(view, head):
        if algorithm == 0 and place.size == LZ4_USED_BYTES + 10 and place.end <= len(view):
            yield Part(ByteRange(place.start, place.start + LZ4_USED_BYTES), PartUse.HEADER)
            yield Part(ByteRange(place.start + LZ4_USED_BYTES, place.end), PartUse.PADDING)
    yield Fact("volume", decoded(head.volume))
    yield Fact("built", str(head.built))
    yield Fact("block-size", str(head.block_size))
    if head.summed:
        declared, computed = (one.to_bytes(4, "big") for one in (head.checksum, erofs.checksum(view, head)))
        yield Check("superblock", Digest("crc32c", declared), Digest("crc32c", computed))


def _end(view: memoryview, head: Superblock) -> Iterator[Event]:
    size = len(view)
    if size < head.size:
        yield Unread(GapReason.MALFORMED, f"{WHAT}: it declares {head.size} bytes, {size} are there")
    elif size > head.size:
        yield Oddity(AnomalyKind.TRAILING_DATA, "bytes after the file system", ByteRange(head.size, size))


def _members(walk: Walk, taken: list[ByteRange], output: Output, budget: Budget) -> Iterator[Event]:
    owners: dict[int, str] = {}
    for node, one in walk.nodes:
        if node.kind is EntryKind.DIRECTORY:
            yield bare(node)
        elif one.slot in owners:
            yield Member(node.path, MemberKind.HARDLINK, target=owners[one.slot], mode=node.mode)
        elif node.kind is not EntryKind.FILE:
            owners[one.slot] = node.path
            yield bare(node)
        else:
            owners[one.slot] = node.path
            output.file(one.size)
            yield _file(walk, node, one, taken, budget)


def _file(walk: Walk, node: Node, one: Inode, taken: list[ByteRange], budget: Budget) -> Event:
    budget.size(one.size)
    try:
        member = _packed(walk, node, one, budget) if one.packed else _plain(walk, node, one, budget)
    except Malformed as problem:
        return Unread(GapReason.MALFORMED, str(problem), member=node.path)
    except Unsupported as problem:
        return Unread(GapReason.UNSUPPORTED, str(problem), member=node.path)
    if one.layout != CHUNKS:  # chunks are made to be shared
        taken += member.ranges
    return member


def _packed(walk: Walk, node: Node, one: Inode, budget: Budget) -> Member:
    used: list[ByteRange] = []
    content = held(packed_file(walk, one, used), budget)
    if len(content) != one.size:
        raise Malformed(WHAT, f"it unpacks to {len(content)} bytes and declares {one.size}", one.at)
    return Member(node.path, MemberKind.FILE, content, merged(used), mode=node.mode)


def _plain(walk: Walk, node: Node, one: Inode, budget: Budget) -> Member:
    found = erofs.runs(walk.view, walk.head, one, walk.end)
    if one.layout == CHUNKS and one.size:
        at, width, count, _ = erofs.chunk_table(walk.head, one)
        walk.index.append(ByteRange(at, at + width * count))
    ranges = tuple(ByteRange(run.start, run.start + run.size) for run in found if run.start >= 0)
    if len(found) == 1 and ranges:
        budget.output(one.size)
        content = walk.view[ranges[0].start : ranges[0].end]
        return Member(node.path, MemberKind.FILE, content, ranges, stored=True, mode=node.mode)
    content = held(erofs.content(walk.view, found), budget)
    return Member(node.path, MemberKind.FILE, content, merged(ranges), mode=node.mode)


CONTAINER = Container(
    name="erofs",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((erofs.MAGIC, SUPERBLOCK_AT),), erofs.end),
    doc=Doc(
        title="EROFS file system (uncompressed, in chunks, LZ4)",
        vendor="Linux",
        references=(
            "Linux Documentation/filesystems/erofs.rst and fs/erofs/erofs_fs.h, read 2026-11-22",
            "Linux fs/erofs/zmap.c, xattr.c, data.c, decompressor.c, read 2026-11-22",
        ),
        limitations=(
            "files packed with MicroLZMA, deflate or zstd, with fragments or interlaced clusters are named, not read",
            "images with 48 bit addresses or a metabox are named, not read; files on further devices are named",
            "owners and times are not looked at; extended attributes are, where they are longer than 512 bytes",
        ),
        makers=("mkfs.erofs (erofs-utils 1.5)",),
    ),
)
