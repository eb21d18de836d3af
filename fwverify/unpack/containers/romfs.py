"""Romfs root file systems as containers; headers are read by formats/romfs.py.

Directories are walked from the root, each header once, so that rings end. A hard link leads to a header; when no name
but links leads there, the first of them is the file. Content is stored as it is; nothing sums it.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass, field

from fwverify.formats import romfs
from fwverify.formats.entries import EntryKind
from fwverify.formats.names import decoded, fill_byte
from fwverify.formats.romfs import DIRECTORY, FILE, HARDLINK, SYMLINK, WHAT, Header, Superblock
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, Digest
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.unpack.file_tree import MAX_NOTES, Node, Output, Paths, bare, overlaps, verdicts
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

MAX_TARGET_BYTES = 4096
KINDS = {
    DIRECTORY: EntryKind.DIRECTORY, FILE: EntryKind.FILE, SYMLINK: EntryKind.SYMLINK,
    romfs.BLOCK: EntryKind.DEVICE, romfs.CHARACTER: EntryKind.DEVICE,
}  # fmt: skip
TYPES = {
    DIRECTORY: stat.S_IFDIR, FILE: stat.S_IFREG, SYMLINK: stat.S_IFLNK, romfs.BLOCK: stat.S_IFBLK,
    romfs.CHARACTER: stat.S_IFCHR, romfs.SOCKET: stat.S_IFSOCK, romfs.FIFO: stat.S_IFIFO,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Folder:
    path: str
    first: int
    """Offset of its first entry."""
    own: int
    """Offset of its own header."""
    parent: int


@dataclass(slots=True)
class _Walk:
    """The tree as it is found."""

    view: memoryview
    end: int
    paths: Paths
    headers: dict[int, Header] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    links: list[tuple[str, int]] = field(default_factory=list)
    """Path and offset it leads to."""
    waiting: list[_Folder] = field(default_factory=list)

    @property
    def events(self) -> list[Event]:
        return self.paths.notes


def _detect(artifact: Artifact) -> bool:
    return romfs.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    head = romfs.read(view)
    yield Part(ByteRange(0, head.text_end), PartUse.HEADER)
    yield from (Part(one, PartUse.PADDING) for one in romfs.cut(head.text_end, head.first))
    yield Fact("volume", decoded(head.volume))
    declared, computed = (one.to_bytes(4, "big") for one in (head.declared, head.computed))
    yield Check("superblock", Digest("sum32", declared), Digest("sum32", computed))
    yield from _end(view, head)
    walk = _walked(view, head, budget)
    yield from walk.events
    yield from _headers(walk)
    yield from verdicts(walk.nodes)
    yield from _members(walk, budget)


def _end(view: memoryview, head: Superblock) -> Iterator[Event]:
    """What follows the file system: zeros up to a whole block are its padding."""
    end, size = head.size, len(view)
    if size < end:
        yield Unread(GapReason.MALFORMED, f"{WHAT}: it declares {end} bytes, {size} are there")
        return
    padded = min(end + -end % romfs.PADDED_BYTES, size)
    if padded > end and fill_byte(view, ByteRange(end, padded)) == "00":
        yield Part(ByteRange(end, padded), PartUse.PADDING)
        end = padded
    if end < size:
        yield Oddity(AnomalyKind.TRAILING_DATA, "bytes after the file system", ByteRange(end, size))


def _walked(view: memoryview, head: Superblock, budget: Budget) -> _Walk:
    """All headers that the root leads to, then those that only links lead to.

    Raises:
        Malformed: the root has no header.
        LimitExceeded: more names than a run may have.
    """
    walk = _Walk(view, min(head.size, len(view)), Paths(WHAT, budget))
    root = romfs.header(view, head.first, walk.end)
    start = root.info & ~15 if root.kind in (HARDLINK, DIRECTORY) else head.first
    walk.waiting.append(_Folder("", start, head.first, head.first))
    _folders(walk)
    at = 0
    while at < len(walk.links):
        path, place = walk.links[at]
        at += 1
        if place not in walk.headers:
            _behind_link(walk, path, place)
    return walk


def _folders(walk: _Walk) -> None:
    """Directories on the list and all below them; a header that was read is not read again."""
    while walk.waiting:
        folder = walk.waiting.pop()
        at = folder.first
        found = len(walk.waiting)
        while at:
            try:
                one = _header(walk, at)
            except Malformed as problem:
                walk.events.append(Unread(GapReason.MALFORMED, str(problem), member=folder.path or "."))
                break
            if not _is_dot(one, folder) and (path := walk.paths.joined(folder.path, one.name)) is not None:
                _entry(walk, folder, one, path)
            at = one.following
        walk.waiting[found:] = walk.waiting[found:][::-1]


def _header(walk: _Walk, at: int) -> Header:
    if at in walk.headers:
        raise Malformed(WHAT, "two directories lead to one header", at)
    walk.headers[at] = romfs.header(walk.view, at, walk.end)
    return walk.headers[at]


def _is_dot(one: Header, folder: _Folder) -> bool:
    """The entry for the folder itself or its parent, which leads where it must."""
    leads = one.info & ~15
    if one.name == b".":
        return leads == folder.own if one.kind == HARDLINK else one.kind == DIRECTORY and leads == one.at == folder.own
    return one.name == b".." and one.kind == HARDLINK and leads == folder.parent


def _entry(walk: _Walk, folder: _Folder, one: Header, path: str) -> None:
    if one.kind == HARDLINK:
        walk.links.append((path, one.info & ~15))
        return
    target = ""
    if one.kind == SYMLINK:
        if one.size > MAX_TARGET_BYTES or one.data + one.size > walk.end:
            walk.events.append(Unread(GapReason.MALFORMED, f"{WHAT}: the link's target is cut off", member=path))
        else:
            target = decoded(bytes(walk.view[one.data : one.data + one.size]))
    mode = TYPES[one.kind] | (0o555 if one.executable else 0o444)
    walk.nodes.append(Node(path, KINDS.get(one.kind, EntryKind.OTHER), one.at, mode, target))
    if one.kind == DIRECTORY and one.info & ~15:
        walk.waiting.append(_Folder(path, one.info & ~15, one.at, folder.own))


def _behind_link(walk: _Walk, path: str, place: int) -> None:
    """What only hard links lead to: it comes out under the name of the first."""
    try:
        one = _header(walk, place)
    except Malformed as problem:
        walk.events.append(Unread(GapReason.MALFORMED, str(problem), member=path))
        return
    detail = f"the hard link {path} leads to a file that no directory has"
    walk.events.append(Oddity(AnomalyKind.HEADER_DISAGREES, detail, ByteRange(one.at, one.data)))
    _entry(walk, _Folder("", 0, 0, 0), one, path)
    _folders(walk)


def _headers(walk: _Walk) -> Iterator[Event]:
    """Claims and checksums of all headers."""
    wrong, unused = 0, 0
    for one in walk.headers.values():
        yield Part(ByteRange(one.at, one.text_end), PartUse.INDEX)
        yield from (Part(gap, PartUse.PADDING) for gap in romfs.cut(one.text_end, one.data))
        if one.kind == SYMLINK and one.data + one.size <= walk.end and one.size <= MAX_TARGET_BYTES:
            yield from (Part(text, PartUse.INDEX) for text in romfs.cut(one.data, one.data + one.size))
        unused += one.kind in (FILE, SYMLINK, romfs.SOCKET, romfs.FIFO) and one.info != 0
        wrong += one.total != 0
        if one.total and wrong <= MAX_NOTES:
            yield _summed(f"header at 0x{one.at:x}", one.total)
    if not wrong:
        yield _summed(f"{len(walk.headers)} file headers", 0)
    if unused:
        yield Oddity(AnomalyKind.HEADER_DISAGREES, f"{unused} headers have a value in an unused field")


def _summed(name: str, total: int) -> Check:
    return Check(name, Digest("sum32", bytes(4)), Digest("sum32", total.to_bytes(4, "big")))


def _members(walk: _Walk, budget: Budget) -> Iterator[Event]:
    output = Output(WHAT, len(walk.view))
    names: dict[int, str] = {}
    taken: list[ByteRange] = []
    for node in walk.nodes:
        names.setdefault(node.place, node.path)
        if node.kind is EntryKind.FILE:
            one = walk.headers[node.place]
            yield _file(walk, node, one, output, budget)
            if one.size and one.data + one.size <= walk.end:
                taken.append(ByteRange(one.data, one.data + one.size))
        else:
            yield bare(node)
    for path, place in walk.links:
        if place in names and names[place] != path:
            yield Member(path, MemberKind.HARDLINK, target=names[place])
        elif place not in names:
            yield Unread(GapReason.MALFORMED, f"{WHAT}: the hard link leads to no file", member=path)
    yield from overlaps([*taken, *(ByteRange(one.at, one.data) for one in walk.headers.values())], "two files overlap")


def _file(walk: _Walk, node: Node, one: Header, output: Output, budget: Budget) -> Event:
    stop = one.data + one.size
    if stop > walk.end:
        return Unread(GapReason.MALFORMED, f"{WHAT}: the file ends behind the image", member=node.path)
    budget.size(one.size)
    output.file(one.size)
    budget.output(one.size)
    ranges = romfs.cut(one.data, stop)
    return Member(node.path, MemberKind.FILE, walk.view[one.data : stop], ranges, bool(ranges), mode=node.mode)


CONTAINER = Container(
    name="romfs",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((romfs.MAGIC, 0),), romfs.end),
    doc=Doc(
        title="Romfs file system",
        vendor="Linux",
        references=(
            "Linux Documentation/filesystems/romfs.rst, read 2026-11-22",
            "Linux fs/romfs/super.c, read 2026-11-22",
        ),
        limitations=("device numbers are not looked at",),
        makers=("genromfs",),
    ),
)
