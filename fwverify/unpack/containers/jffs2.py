"""JFFS2 as a container; nodes are read by formats/jffs2*.py, the tree is made by unpack/jffs2_tree.py.

1. All nodes are read; where the file system ends before the image does, that is told.
2. Names and inodes make the tree; files come out one at a time, laid together from the pieces of their nodes.
3. What is obsolete comes out too, so that nothing hides in it: `.obsolete/inode-N` has every piece of a file that is
   covered by a later one or marked as obsolete, one behind the other; `.deleted/inode-N` is a file without a name.
4. Summaries must say what the erase block holds: a reader that trusts them would see another file system.

Claimed are nodes that are in force and the fields of all inode nodes. Names that were replaced, attributes that nothing
has, nodes whose sums do not hold and whatever lies between nodes stay unclaimed. Not looked at: owners, times.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from fwverify.content import held
from fwverify.formats import jffs2, jffs2_data, jffs2_scan, jffs2_summary
from fwverify.formats.entries import EntryKind
from fwverify.formats.extents import Tick
from fwverify.formats.jffs2 import HEADER_BYTES, WHAT, Attribute, Inode, Link, Name
from fwverify.formats.jffs2_data import ZERO, Piece
from fwverify.formats.jffs2_scan import Nodes
from fwverify.formats.names import fill_byte
from fwverify.limits import Budget, LimitExceeded
from fwverify.model.artifact import Artifact, ByteRange, merged
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.examining import Malformed, Unsupported
from fwverify.model.plugin import Doc
from fwverify.unpack import jffs2_tree
from fwverify.unpack.file_tree import MAX_NOTES, Node, Output, bare, verdicts
from fwverify.unpack.flash_events import checks, fill
from fwverify.unpack.interface import (
    Carve,
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
from fwverify.unpack.jffs2_tree import Tree

FIRST = (jffs2.INODE, jffs2.NAME, jffs2.CLEAN_MARKER, jffs2.ATTRIBUTE, jffs2.LINK, jffs2.PADDING)
"""What a file system may begin with."""


@dataclass(slots=True)
class _Files:
    """What reading the files shares."""

    tree: Tree
    budget: Budget
    output: Output
    obsolete: dict[int, list[Inode]] = field(default_factory=dict)


def _detect(artifact: Artifact) -> bool:
    return jffs2_scan.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    if not jffs2_scan.looks_like(view):
        raise Malformed(WHAT, "it does not begin with nodes that are sound", 0)
    nodes = jffs2_scan.scan(view, 0, lambda _: budget.check_time(), deep=True)
    yield Fact("byte-order", "little" if nodes.order == "<" else "big")
    yield from _end(view, nodes)
    tree = jffs2_tree.built(view, nodes, budget)
    yield from jffs2_tree.notes(tree)
    yield from _summaries(tree)
    yield from verdicts([node for node, _ in tree.members])
    yield from _members(tree, budget)
    yield from _structure(tree)
    yield from checks(nodes.sums)


def _end(view: memoryview, nodes: Nodes) -> Iterator[Event]:
    rest = ByteRange(nodes.end, len(view)) if nodes.end < len(view) else None
    if rest is not None and fill_byte(view, rest) != "FF":
        yield Oddity(AnomalyKind.TRAILING_DATA, "bytes after the file system", rest)


def _structure(tree: Tree) -> Iterator[Event]:
    nodes = tree.nodes
    index = [*tree.index, *jffs2_tree.headers(tree)]
    index += [ByteRange(one.at, one.at + HEADER_BYTES) for one in (*nodes.markers, *nodes.paddings)]
    yield from (Part(one, PartUse.INDEX) for one in merged(index))
    for one in (*nodes.markers, *nodes.paddings):
        if one.size > HEADER_BYTES:
            yield Part(ByteRange(one.at + HEADER_BYTES, one.at + one.size), PartUse.PADDING)


def _summaries(tree: Tree) -> Iterator[Event]:
    """Summaries against what lies in their erase blocks."""
    nodes = tree.nodes
    listed: list[Inode | Name | Attribute | Link] = [*nodes.inodes, *nodes.names, *nodes.attributes, *nodes.links]
    listed.sort(key=lambda one: one.at)
    places = [one.at for one in listed]
    wrong: list[str] = []
    for head in nodes.summaries:
        try:
            found, sums = jffs2_summary.read(tree.view, head, nodes.order)
        except Malformed as problem:
            wrong.append(str(problem))
            continue
        for one in sums:
            nodes.sums.take(one.name, head.at, one.declared, one.computed)
        if found is None:
            continue
        yield from (Part(one, PartUse.PADDING) for one in found.padding)
        inside = listed[bisect_left(places, found.block) : bisect_left(places, found.at)]
        if found.entries == {jffs2_summary.entry(one) for one in inside}:
            tree.index += found.index
        else:
            wrong.append(f"the summary at 0x{found.at:x} does not say what its erase block holds")
    yield from (Oddity(AnomalyKind.HEADER_DISAGREES, one) for one in wrong[:MAX_NOTES])


def _members(tree: Tree, budget: Budget) -> Iterator[Event]:
    files = _Files(tree, budget, Output(WHAT, len(tree.view)))
    owners: dict[int, str] = {}
    for node, _ in tree.members:
        if node.place in owners:
            yield Member(node.path, MemberKind.HARDLINK, target=owners[node.place], mode=node.mode)
            continue
        owners[node.place] = node.path
        if node.kind is EntryKind.FILE:
            yield from _file(files, node)
            continue
        yield bare(node)
        used = jffs2_tree.in_place(tree, node)
        files.obsolete[node.place] = [one for one in tree.files[node.place] if one not in used and one.packed]
    yield from _without_name(files)
    for number, nodes in sorted(files.obsolete.items()):
        yield from _hidden(files, number, nodes)
    for name, place in tree.values:
        budget.member()
        budget.output(place.size)
        yield Member(name, content=tree.view[place.start : place.end], ranges=(place,), stored=True)


def _file(files: _Files, node: Node) -> Iterator[Event]:
    nodes = files.tree.files[node.place]
    valid = jffs2_tree.valid(nodes)
    size = valid[-1].size
    shown = jffs2_data.pieces(valid, size)
    files.obsolete[node.place] = jffs2_data.hidden(nodes, shown)
    yield from _content(files, node.path, shown, size, node.mode)


def _without_name(files: _Files) -> Iterator[Event]:
    """Files that no name leads to: deleted, or their names were."""
    tree, count = files.tree, 0
    for number in sorted(set(tree.files) - tree.reached):
        nodes = tree.files[number]
        valid = jffs2_tree.valid(nodes)
        size = max((one.offset + one.unpacked for one in valid), default=0)
        shown = jffs2_data.pieces(valid, size)
        files.obsolete[number] = jffs2_data.hidden(nodes, shown)
        count += 1
        if size:
            files.budget.member()
            yield from _content(files, f".deleted/inode-{number}", shown, size, valid[-1].mode)
    if jffs2_tree.ROOT in tree.files:
        files.obsolete[jffs2_tree.ROOT] = [one for one in tree.files[jffs2_tree.ROOT] if one.packed]
    if count:
        yield Fact("inodes-without-name", str(count))


def _hidden(files: _Files, number: int, nodes: list[Inode]) -> Iterator[Event]:
    """Everything of one file that is not to be seen in it, whole pieces in the order they were written."""
    pieces: list[Piece] = []
    at = 0
    for one in nodes:
        if one.compression != ZERO and one.unpacked and one.sound:
            pieces.append(Piece(at, at + one.unpacked, replace(one, offset=at)))
            at += one.unpacked
    if at:
        files.budget.member()
        yield from _content(files, f".obsolete/inode-{number}", pieces, at, 0)


def _content(files: _Files, path: str, shown: list[Piece], size: int, mode: int) -> Iterator[Event]:
    """One member, or why it cannot be read."""
    view, budget = files.tree.view, files.budget
    if size > budget.limits.max_member_bytes:
        yield Unread(GapReason.LIMIT, f"limit max_member_bytes reached ({size})", member=path)
        return
    try:
        budget.ratio(len(view), size)  # a node of 68 bytes may say that it is gigabytes of zeros
    except LimitExceeded as problem:
        yield Unread(GapReason.LIMIT, f"limit {problem.limit} reached ({problem.value})", member=path)
        return
    budget.size(size)
    files.output.file(size)
    try:
        if len(shown) == 1 and shown[0].node is not None and _plain(shown[0], size):
            place = shown[0].node.data
            content, stored = view[place.start : place.end] if place else view[:0], True
            budget.output(size)
        else:
            content, stored = held(_chunks(view, shown), budget), False
    except Malformed as problem:
        yield Unread(GapReason.MALFORMED, str(problem), member=path)
        return
    except Unsupported as problem:
        yield Unread(GapReason.UNSUPPORTED, str(problem), member=path)
        return
    used = {one.node.at: one.node for one in shown if one.node is not None and one.node.compression != ZERO}
    ranges = tuple(one.data for one in used.values() if one.data)
    yield Member(path, MemberKind.FILE, content, ranges, stored and bool(ranges), mode=mode)
    missing = sum(one.end - one.start for one in shown if one.node is None)
    if missing:
        yield Unread(GapReason.MALFORMED, f"{WHAT}: {missing} bytes of the file have no node", member=path)


def _plain(piece: Piece, size: int) -> bool:
    node = piece.node
    return (
        node is not None and node.sound and node.compression == jffs2_data.NONE
        and node.packed == node.unpacked == size and node.offset == piece.start
    )  # fmt: skip


def _chunks(view: memoryview, shown: list[Piece]) -> Iterator[bytes | memoryview]:
    last: Inode | None = None
    data: bytes | memoryview = b""
    for piece in shown:
        node = piece.node
        if node is None or node.compression == ZERO:
            yield from fill(piece.end - piece.start)
            continue
        if node is not last:
            data, last = jffs2_data.unpacked(view, node), node
        yield memoryview(data)[piece.start - node.offset : piece.end - node.offset]


def _carved(view: memoryview, at: int, tick: Tick) -> int:
    """Where the file system ends that begins at an offset; 0: none does."""
    tick(HEADER_BYTES)
    if not jffs2_scan.looks_like(view, at):
        return 0
    return jffs2_scan.scan(view, at, tick, deep=False).end


def _magics() -> tuple[tuple[bytes, int], ...]:
    types = [one.to_bytes(2, "big") for one in FIRST]
    little = [(jffs2.MAGIC["<"] + one[::-1], 0) for one in types]
    return (*little, *((jffs2.MAGIC[">"] + one, 0) for one in types))


CONTAINER = Container(
    name="jffs2",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(_magics(), _carved),
    doc=Doc(
        title="JFFS2 file system (both byte orders; zlib, LZO, rtime)",
        vendor="Linux",
        references=("Linux include/uapi/linux/jffs2.h, fs/jffs2/{scan,readinode,summary}.c, read 2026-11-22",),
        limitations=(
            "LZMA (in several forms of vendors) and Rubin compression are named and not read",
            "where the file system ends is inferred from its nodes; the size of an erase block is stated nowhere",
            "owners, times and device numbers are not looked at; extended attributes are, where they are longer than "
            "512 bytes",
        ),
        makers=("mkfs.jffs2", "sumtool"),
    ),
)
