"""Cramfs root file systems as containers; tables and blocks are read by formats/cramfs.py.

Directories are walked from the root, each once. Names that share one list of pointers are one file: the first of them
is the file, the others are hard links to it. What no directory leads to stays unclaimed.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass, field

from fwverify.content import held
from fwverify.formats import cramfs
from fwverify.formats.cramfs import WHAT, Block, Inode, Superblock
from fwverify.formats.entries import EntryKind
from fwverify.formats.names import decoded
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, Digest, merged
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.unpack.file_tree import Node, Output, Paths, bare, overlaps, verdicts
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

HOLE = bytes(max(cramfs.BLOCK_SIZES))
KINDS = {
    stat.S_IFREG: EntryKind.FILE, stat.S_IFDIR: EntryKind.DIRECTORY, stat.S_IFLNK: EntryKind.SYMLINK,
    stat.S_IFBLK: EntryKind.DEVICE, stat.S_IFCHR: EntryKind.DEVICE,
}  # fmt: skip
MAX_TARGET_BYTES = 4096


@dataclass(slots=True)
class _Walk:
    """The tree as it is found."""

    view: memoryview
    head: Superblock
    end: int
    paths: Paths
    index: list[ByteRange] = field(default_factory=list)
    padding: list[ByteRange] = field(default_factory=list)
    data: set[ByteRange] = field(default_factory=set)
    found: list[tuple[str, Inode]] = field(default_factory=list)
    entered: set[int] = field(default_factory=set)
    block_size: int = 0

    @property
    def events(self) -> list[Event]:
        return self.paths.notes


def _detect(artifact: Artifact) -> bool:
    return cramfs.place(artifact.content) is not None


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    head = cramfs.read(view)
    yield Part(ByteRange(head.at, head.at + cramfs.SUPERBLOCK_BYTES), PartUse.HEADER)
    yield Fact("byte-order", "little" if head.order == "<" else "big")
    yield Fact("volume", decoded(head.name))
    yield from _whole(view, head)
    end = min(head.size, len(view)) if head.size else len(view)
    walk = _Walk(view, head, end, Paths(WHAT, budget))
    _walked(walk)
    walk.block_size = cramfs.block_size(view, _regular(walk), head, end)
    yield Fact("block-size", str(walk.block_size))
    members = list(_contents(walk, budget))
    yield from walk.events
    yield from (Part(one, PartUse.INDEX) for one in merged(walk.index))
    yield from (Part(one, PartUse.PADDING) for one in walk.padding)
    yield from verdicts([node for node, _ in members])
    yield from _members(walk, members, budget)
    yield from overlaps([*walk.data, *merged(walk.index)], "two files overlap")
    if head.version_2 and head.files != len(walk.found) + 1:
        detail = f"the superblock declares {head.files} files, {len(walk.found) + 1} are reached"
        yield Oddity(AnomalyKind.HEADER_DISAGREES, detail)


def _whole(view: memoryview, head: Superblock) -> Iterator[Event]:
    """The image's extent and its CRC."""
    size = len(view)
    if size < head.size:
        yield Unread(GapReason.MALFORMED, f"{WHAT}: it declares {head.size} bytes, {size} are there")
    elif head.size and head.size < size:
        yield Oddity(AnomalyKind.TRAILING_DATA, "bytes after the file system", ByteRange(head.size, size))
    if head.version_2:
        declared, computed = (one.to_bytes(4, "big") for one in (head.crc, cramfs.crc(view, head)))
        yield Check("image", Digest("crc32", declared), Digest("crc32", computed))


def _walked(walk: _Walk) -> None:
    """All names from the root; no directory twice, so it ends. Raises LimitExceeded."""
    waiting = [("", walk.head.root)]
    while waiting:
        path, folder = waiting.pop()
        below: list[tuple[str, Inode]] = []
        if folder.size and folder.offset in walk.entered:
            walk.events.append(Unread(GapReason.MALFORMED, f"{WHAT}: the directory is reached twice", member=path))
            continue
        walk.entered.add(folder.offset)
        try:
            for at, one, name in cramfs.entries(walk.view, folder, walk.head.order, walk.end):
                _entry(walk, path, (at, one, name), below)
        except Malformed as problem:
            walk.events.append(Unread(GapReason.MALFORMED, str(problem), member=path or "."))
        waiting.extend(reversed(below))


def _entry(walk: _Walk, folder: str, entry: tuple[int, Inode, bytes], below: list[tuple[str, Inode]]) -> None:
    at, one, padded = entry
    raw = padded.split(b"\0", 1)[0]
    start = at + cramfs.INODE_BYTES
    used = start + len(raw)
    walk.index.append(ByteRange(at, used))
    if len(raw) < len(padded):
        walk.padding.append(ByteRange(used, start + len(padded)))
    if any(padded[len(raw) :]) or len(padded) - len(raw) > 3:
        detail = f"more than a name and its padding: {decoded(raw)}"
        walk.events.append(Oddity(AnomalyKind.HEADER_DISAGREES, detail, ByteRange(start, start + len(padded))))
    path = walk.paths.joined(folder, raw)
    if path is None:
        return
    walk.found.append((path, one))
    if stat.S_ISDIR(one.mode):
        below.append((path, one))


def _regular(walk: _Walk) -> Iterator[Inode]:
    return (one for _, one in walk.found if stat.S_ISREG(one.mode))


def _contents(walk: _Walk, budget: Budget) -> Iterator[tuple[Node, Inode]]:
    """The nodes of the tree, links with their targets."""
    for path, one in walk.found:
        kind, target = KINDS.get(stat.S_IFMT(one.mode), EntryKind.OTHER), ""
        if kind is EntryKind.SYMLINK:
            try:
                target = _target(walk, one)
            except Malformed as problem:
                walk.events.append(Unread(GapReason.MALFORMED, str(problem), member=path))
        yield Node(path, kind, one.offset, one.mode, target), one


def _target(walk: _Walk, one: Inode) -> str:
    if one.size > MAX_TARGET_BYTES:
        raise Malformed(WHAT, "a link's target is too long", one.offset)
    if not one.size:
        return ""
    found = cramfs.blocks(walk.view, one, walk.head, walk.block_size, walk.end)
    text = b"".join(_pieces(walk, one, found))
    walk.index += [cramfs.structure(one, walk.block_size)]
    walk.index += [ByteRange(part.start, part.end) for part in found if part.end > part.start]
    return decoded(text)


def _pieces(walk: _Walk, one: Inode, found: list[Block]) -> Iterator[bytes | memoryview]:
    left = one.size
    for part in found:
        size = min(walk.block_size, left)
        yield cramfs.block(walk.view, part, size) if part.end > part.start else HOLE[:size]
        left -= size


def _members(walk: _Walk, members: list[tuple[Node, Inode]], budget: Budget) -> Iterator[Event]:
    output = Output(WHAT, len(walk.view))
    owners: dict[tuple[int, int], str] = {}
    for node, one in members:
        if node.kind is not EntryKind.FILE:
            yield bare(node)
        elif one.size and (one.offset, one.size) in owners:
            target = owners[one.offset, one.size]
            yield Member(node.path, MemberKind.HARDLINK, target=target, mode=node.mode)
        else:
            owners[one.offset, one.size] = node.path
            yield from _file(walk, node, one, output, budget)


def _file(walk: _Walk, node: Node, one: Inode, output: Output, budget: Budget) -> Iterator[Event]:
    budget.size(one.size)
    output.file(one.size)
    try:
        found = cramfs.blocks(walk.view, one, walk.head, walk.block_size, walk.end) if one.size else []
        content = held(_pieces(walk, one, found), budget)
    except Malformed as problem:
        yield Unread(GapReason.MALFORMED, str(problem), member=node.path)
        return
    ranges = merged(ByteRange(part.start, part.end) for part in found if part.end > part.start)
    if one.size:
        table = cramfs.structure(one, walk.block_size)
        yield Part(table, PartUse.INDEX)
        walk.index.append(table)
    walk.data.update(ranges)
    yield Member(node.path, MemberKind.FILE, content, ranges, mode=node.mode)


CONTAINER = Container(
    name="cramfs",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((b"\x45\x3d\xcd\x28", 0), (b"\x28\xcd\x3d\x45", 0)), cramfs.end),
    doc=Doc(
        title="Cramfs file system (both byte orders, extended block pointers)",
        vendor="Linux",
        references=(
            "Linux Documentation/filesystems/cramfs.rst and fs/cramfs/README, read 2026-11-22",
            "Linux include/uapi/linux/cramfs_fs.h, read 2026-11-22",
        ),
        limitations=(
            "the size of a block is stated nowhere: it is inferred from the first files that unpack with it",
            "owners and device numbers are not looked at",
        ),
        makers=("mkfs.cramfs (util-linux)",),
    ),
)
