"""All nodes of a JFFS2 image, in order, and where the file system ends: it has no superblock and no table.

1. From the beginning, node follows node; erased flash (FF) between them is passed over.
2. Bytes that are neither are searched for the next node, up to a bound: behind that lies something else.
3. Two nodes of one inode and version that differ belong to two file systems: the first ends where a block began last.
4. The end is that of the last node, and erased flash up to the end of its erase block.

Source: Linux include/uapi/linux/jffs2.h and fs/jffs2/scan.c, read 2026-11-22. Nothing states the size of an erase
block: it is guessed from clean markers. Does NOT do: what the nodes mean together.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from fwverify.formats import jffs2
from fwverify.formats.extents import Tick
from fwverify.formats.flash_sums import Tally
from fwverify.formats.jffs2 import Attribute, Header, Inode, Link, Name, Sum
from fwverify.limits import MIB, LimitExceeded

MAX_FOREIGN_BYTES = MIB // 2
"""Bytes without a node after which the file system has ended: a damaged erase block is smaller."""
MAX_NODES, FEW_NODES, NODES_PER_KIB = 1_000_000, 32_768, 2
"""A full 512 MiB of flash has half a million: a node for each page of 4 KiB, packed. Bounds memory and, in a small
image, time: up to the second number are not measured against the image's size."""
BLOCK_BYTES = 4096
"""The smallest erase block."""
DEFAULT_ERASE_BYTES = 65536
MAX_MARKER_BYTES = 1024
"""A clean marker is padded to what flash writes at once, 16 to 64 bytes in most."""
PROBE_NODES = 64
"""A file system shows an inode or a clean marker this early."""
_CONTENT = re.compile(rb"[^\xff]")
_NODE = {"<": re.compile(rb"\x85\x19"), ">": re.compile(rb"\x19\x85")}


@dataclass(slots=True)
class Nodes:
    """What was found."""

    order: str
    inodes: list[Inode] = field(default_factory=list)
    names: list[Name] = field(default_factory=list)
    attributes: list[Attribute] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    summaries: list[Header] = field(default_factory=list)
    markers: list[Header] = field(default_factory=list)
    """Clean markers."""
    paddings: list[Header] = field(default_factory=list)
    unknown: list[tuple[int, int]] = field(default_factory=list)
    """Place and type of nodes that a reader must know."""
    sums: Tally = field(default_factory=lambda: Tally("nodes"))
    bad_names: list[int] = field(default_factory=list)
    differing: int = 0
    """Nodes that have number and version of another, and are not its copy."""
    count: int = 0
    last: int = 0
    """End of the last node."""
    end: int = 0

    def cut(self, border: int) -> None:
        """Forget what lies behind a border."""
        self.inodes = [one for one in self.inodes if one.at < border]
        self.names = [one for one in self.names if one.at < border]
        self.attributes = [one for one in self.attributes if one.at < border]
        self.links = [one for one in self.links if one.at < border]
        for group in (self.summaries, self.markers, self.paddings):
            group[:] = [one for one in group if one.at < border]
        self.unknown = [one for one in self.unknown if one[0] < border]


@dataclass(slots=True)
class _Walk:
    view: memoryview
    start: int
    deep: bool
    tick: Tick
    found: Nodes
    seen: dict[int, int] = field(default_factory=dict)
    """Sort of node, number and version, as one number -> sum of its fields."""
    border: int = 0
    """Where an erase block began last that could be the first of another file system."""
    border_last: int = 0
    """End of the last node before it."""
    fresh: bool = False
    """Something other than a node lay before."""


def order(view: memoryview, at: int = 0) -> str:
    """Byte order of the node at an offset; empty when there is none."""
    magic = bytes(view[at : at + 2])
    return next((one for one, text in jffs2.MAGIC.items() if text == magic), "")


def looks_like(view: memoryview, at: int = 0) -> bool:
    """Nodes in a row from an offset, one of them an inode or a clean marker."""
    which = order(view, at)
    for _ in range(PROBE_NODES if which else 0):
        head, _ = jffs2.header(view, at, which)
        if head is None:
            return False
        if head.kind == jffs2.CLEAN_MARKER:
            return head.size <= MAX_MARKER_BYTES
        if head.kind == jffs2.INODE:
            return jffs2.inode(view, head, which, deep=True)[0] is not None
        at = head.end
    return False


def scan(view: memoryview, start: int, tick: Tick, *, deep: bool) -> Nodes:
    """All nodes of the file system that begins at an offset where `looks_like` holds.

    Args:
        view: the image.
        start: where it begins.
        tick: told about every piece looked at; may raise LimitExceeded.
        deep: look at the sums of data, and keep what was found.

    Raises:
        LimitExceeded: more nodes than a flash has.
    """
    walk = _Walk(view, start, deep, tick, Nodes(order(view, start), last=start, end=start), border_last=start)
    at = start
    while at >= 0:
        head, _ = jffs2.header(view, at, walk.found.order)
        if head is None:
            walk.fresh = True
            at = _next(walk, at)
            continue
        if not _taken(walk, head):
            break
        at = head.end
    walk.found.end = _end(walk)
    return walk.found


def _next(walk: _Walk, at: int) -> int:
    """Where the next node is; -1 when none follows. Erased flash counts for nothing, anything else up to a bound."""
    view, foreign = walk.view, 0
    while foreign < MAX_FOREIGN_BYTES:
        content = _CONTENT.search(view, at)
        if content is None:
            return -1
        walk.tick((content.start() - at) // 64)
        at = max(at, content.start() - (content.start() - walk.start) % 4)
        stop = min(at + BLOCK_BYTES, len(view))
        walk.tick(stop - at)
        found = _within(walk, at, stop)
        if found >= 0:
            return found
        foreign, at = foreign + BLOCK_BYTES, stop
    return -1


def _within(walk: _Walk, at: int, stop: int) -> int:
    """The first node that begins in a piece of other bytes; -1: none."""
    find = _NODE[walk.found.order].search
    while (hit := find(walk.view, at, stop + 1)) is not None:
        at = hit.start() + 1
        if (hit.start() - walk.start) % 4:
            continue
        head, failed = jffs2.header(walk.view, hit.start(), walk.found.order)
        if head is not None:
            return head.at
        if failed is not None:
            walk.found.sums.take(failed.name, hit.start(), failed.declared, failed.computed)
    return -1


def _taken(walk: _Walk, head: Header) -> bool:
    """Read one node; False when the file system ended before it."""
    found = walk.found
    found.count += 1
    if found.count > min(MAX_NODES, max(FEW_NODES, len(walk.view) // 1024 * NODES_PER_KIB)):
        raise LimitExceeded("jffs2_nodes", found.count)
    walk.tick(head.size)
    aligned = (head.at - walk.start) % BLOCK_BYTES == 0
    if aligned and head.at > walk.start and (walk.fresh or head.kind == jffs2.CLEAN_MARKER):
        walk.border, walk.border_last = head.at, found.last
    walk.fresh = False
    if not _read(walk, head) and walk.border:
        found.cut(walk.border)
        found.last = walk.border_last
        return False
    found.last = min(head.end, len(walk.view))
    return True


def _read(walk: _Walk, head: Header) -> bool:
    """Keep one node; False when another of its version says something else."""
    found, view, which = walk.found, walk.view, walk.found.order
    sums: tuple[Sum, ...] = ()
    same = True
    if head.kind == jffs2.INODE:
        inode, sums = jffs2.inode(view, head, which, deep=walk.deep)
        if inode is not None:
            same = not inode.accurate or _same(walk, inode.number << 33 | inode.version << 1, inode.sum)
            found.inodes.append(inode)
    elif head.kind == jffs2.NAME:
        name, sums = jffs2.name(view, head, which)
        if name is not None:
            same = not name.accurate or _same(walk, name.parent << 33 | name.version << 1 | 1, name.sum)
            found.names.append(name)
        else:
            found.bad_names.append(head.at)
    else:
        sums = _other(found, view, head, which)
    for one in sums:
        found.sums.take(one.name, head.at, one.declared, one.computed)
    return same


def _other(found: Nodes, view: memoryview, head: Header, which: str) -> tuple[Sum, ...]:
    sums: tuple[Sum, ...] = ()
    if head.kind == jffs2.ATTRIBUTE:
        attribute, sums = jffs2.attribute(view, head, which)
        found.attributes += [attribute] if attribute is not None and head.accurate else []
    elif head.kind == jffs2.LINK:
        link, sums = jffs2.link(view, head, which)
        found.links += [link] if link is not None and head.accurate else []
    elif head.kind == jffs2.SUMMARY:
        found.summaries.append(head)
    elif head.kind == jffs2.CLEAN_MARKER:
        found.markers.append(head)
    elif head.kind == jffs2.PADDING:
        found.paddings.append(head)
    else:
        found.unknown.append((head.at, head.kind))
    return sums


def _same(walk: _Walk, key: int, value: int) -> bool:
    if walk.seen.setdefault(key, value) == value:
        return True
    walk.found.differing += not walk.border
    return False


def _end(walk: _Walk) -> int:
    """The end of the last node's erase block, or what of it is erased."""
    last = walk.found.last
    places = [one.at - walk.start for one in walk.found.markers if one.at > walk.start]
    block = math.gcd(*places) if places else DEFAULT_ERASE_BYTES
    block = block if block % BLOCK_BYTES == 0 else BLOCK_BYTES
    end = min(walk.start + -(-(last - walk.start) // block) * block, len(walk.view))
    content = _CONTENT.search(walk.view, last, end)
    if content is None:
        return end
    return max(last, content.start() - (content.start() - walk.start) % BLOCK_BYTES)
