"""The tree of an EROFS image: inodes walked from the root, directories and extended attributes.

Every directory is entered once. Names of one inode are one file: the first is the file, the others hard links.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass, field

from fwverify.formats import erofs, erofs_attributes, erofs_packed
from fwverify.formats.entries import EntryKind
from fwverify.formats.erofs import CHUNKS, WHAT, Inode, Name, Superblock
from fwverify.formats.erofs_attributes import Attribute
from fwverify.formats.names import decoded
from fwverify.limits import MIB, Budget, LimitExceeded
from fwverify.model.artifact import ByteRange
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.examining import Malformed, Unsupported
from fwverify.unpack.file_tree import Node, Output, Paths
from fwverify.unpack.interface import Event, Fact, Member, Oddity, Unread

KINDS = {
    stat.S_IFREG: EntryKind.FILE, stat.S_IFDIR: EntryKind.DIRECTORY, stat.S_IFLNK: EntryKind.SYMLINK,
    stat.S_IFBLK: EntryKind.DEVICE, stat.S_IFCHR: EntryKind.DEVICE,
}  # fmt: skip
TYPES = {1: stat.S_IFREG, 2: stat.S_IFDIR, 3: stat.S_IFCHR, 4: stat.S_IFBLK, 5: stat.S_IFIFO, 6: stat.S_IFSOCK,
         7: stat.S_IFLNK}  # fmt: skip
"""What a directory says a name is."""
MAX_FOLDER_BYTES = 64 * MIB
"""A directory of 300,000 names of 200 characters."""
MAX_TARGET_BYTES = 4096
MAX_ATTRIBUTES = 1 << 20
"""Extended attributes of one image; those of inodes that lie in one another would have no end."""
PACKED_BASE_BYTES, PACKED_FACTOR = 64 * MIB, 4
"""Packed bytes that may be read: each once where files share none, hostile files share all."""
LARGE_VALUE_BYTES = 512
"""Extended attributes of firmware (labels, capabilities, signatures of IMA) are shorter: larger ones are searched."""


@dataclass(slots=True)
class Walk:
    """The tree as it is found."""

    view: memoryview
    head: Superblock
    end: int
    paths: Paths
    inodes: dict[int, Inode] = field(default_factory=dict)
    nodes: list[tuple[Node, Inode]] = field(default_factory=list)
    index: list[ByteRange] = field(default_factory=list)
    entered: set[int] = field(default_factory=set)
    shared: dict[int, Attribute] = field(default_factory=dict)
    attributes: int = 0
    large: dict[ByteRange, str] = field(default_factory=dict)
    """Values that are searched, with a name for each."""
    disagreements: int = 0
    unclean: int = 0
    packed_read: int = 0
    """bytes"""

    @property
    def events(self) -> list[Event]:
        return self.paths.notes


def walked(view: memoryview, head: Superblock, end: int, budget: Budget) -> Walk:
    """All names from the root.

    Raises:
        Malformed: the root is no directory.
        LimitExceeded: more names than a run may have.
    """
    walk = Walk(view, head, end, Paths(WHAT, budget))
    root = _inode(walk, head.root, "")
    if not stat.S_ISDIR(root.mode):
        raise Malformed(WHAT, "its root is not a directory", root.at)
    waiting = [("", root, root.slot)]
    while waiting:
        path, folder, parent = waiting.pop()
        if folder.slot in walk.entered:
            walk.events.append(Unread(GapReason.MALFORMED, f"{WHAT}: the directory is reached twice", member=path))
            continue
        walk.entered.add(folder.slot)
        below: list[tuple[str, Inode, int]] = []
        with_problem(walk, path or ".", _folder(walk, path, folder, parent, below))
        waiting.extend(reversed(below))
    return walk


def with_problem(walk: Walk, path: str, steps: Iterator[None]) -> None:
    """Take steps until there are no more or one cannot be done, which is told."""
    try:
        for _ in steps:
            pass
    except Malformed as problem:
        walk.events.append(Unread(GapReason.MALFORMED, str(problem), member=path))
    except Unsupported as problem:
        walk.events.append(Unread(GapReason.UNSUPPORTED, str(problem), member=path))


def _inode(walk: Walk, slot: int, path: str) -> Inode:
    """Read an inode once, with its extended attributes."""
    known = walk.inodes.get(slot)
    if known is not None:
        return known
    found = erofs.inode(walk.view, walk.head, slot, walk.end)
    walk.inodes[slot] = found
    walk.unclean += not found.clean
    clean_bytes = found.header_bytes if found.clean else found.header_bytes - (16 if found.extended else 4)
    walk.index.append(ByteRange(found.at, found.at + clean_bytes))
    if found.attribute_bytes:
        with_problem(walk, path, _attributes(walk, found, path))
    return found


def _attributes(walk: Walk, node: Inode, path: str) -> Iterator[None]:
    found = erofs_attributes.read(walk.view, walk.head, node)
    if found is None:
        return
    walk.index.append(found.header)
    for one in found.own:
        _attribute(walk, one, path)
        yield
    for at in found.shared:
        if at not in walk.shared:
            walk.shared[at] = erofs_attributes.one(walk.view, at, walk.end)
            _attribute(walk, walk.shared[at], "shared")
        yield


def _attribute(walk: Walk, one: Attribute, path: str) -> None:
    walk.attributes += 1
    if walk.attributes > MAX_ATTRIBUTES:
        raise LimitExceeded("EROFS extended attributes", walk.attributes)
    walk.index.append(one.text)
    for value in one.value:
        if value.size > LARGE_VALUE_BYTES:
            walk.large.setdefault(value, f"@extended-attributes/{path}/{decoded(one.name)}")
        else:
            walk.index.append(value)


def _folder(walk: Walk, path: str, folder: Inode, parent: int, below: list[tuple[str, Inode, int]]) -> Iterator[None]:
    """The names of a directory; directories among them go on the list `below`."""
    if folder.packed or folder.layout == CHUNKS:
        raise Unsupported("EROFS directory that is compressed or in chunks")
    if folder.size > MAX_FOLDER_BYTES:
        raise Malformed(WHAT, f"a directory of {folder.size} bytes", folder.at)
    block = walk.head.block_size
    for one in erofs.runs(walk.view, walk.head, folder, walk.end):
        for at in range(one.start, one.start + one.size, block):
            data = bytes(walk.view[at : min(at + block, one.start + one.size)])
            names, stop = erofs.names(data, at)
            walk.index.append(ByteRange(at, at + stop))
            for name in names:
                _name(walk, path, folder, parent, name, below)
            yield


def _name(walk: Walk, path: str, folder: Inode, parent: int, name: Name, below: list[tuple[str, Inode, int]]) -> None:
    if name.raw in (b".", b".."):
        walk.disagreements += name.slot != (folder.slot if name.raw == b"." else parent)
        return
    full = walk.paths.joined(path, name.raw)
    if full is None:
        return
    try:
        node = _inode(walk, name.slot, full)
    except Malformed as problem:
        walk.events.append(Unread(GapReason.MALFORMED, str(problem), member=full))
        return
    kind = stat.S_IFMT(node.mode)
    walk.disagreements += TYPES.get(name.kind) != kind
    walk.nodes.append((_node(walk, full, node), node))
    if kind == stat.S_IFDIR:
        below.append((full, node, folder.slot))


def _node(walk: Walk, path: str, node: Inode) -> Node:
    kind = KINDS.get(stat.S_IFMT(node.mode), EntryKind.OTHER)
    target: list[str] = []
    if kind is EntryKind.SYMLINK:
        with_problem(walk, path, _target(walk, node, target))
    return Node(path, kind, node.slot, node.mode, "".join(target))


def _target(walk: Walk, node: Inode, out: list[str]) -> Iterator[None]:
    if node.packed or node.layout == CHUNKS:
        raise Unsupported("EROFS link that is compressed or in chunks")
    if node.size > MAX_TARGET_BYTES:
        raise Malformed(WHAT, "a link's target is too long", node.at)
    found = erofs.runs(walk.view, walk.head, node, walk.end)
    walk.index += [ByteRange(one.start, one.start + one.size) for one in found]
    out.append(decoded(b"".join(erofs.content(walk.view, found))))
    yield


def notes(walk: Walk) -> Iterator[Event]:
    """What was told or counted while walking."""
    yield from walk.events
    if walk.attributes:
        yield Fact("extended-attributes", str(walk.attributes))
    for wrong, detail in (
        (walk.disagreements, f"{walk.disagreements} names state another type or inode than they lead to"),
        (walk.unclean, f"{walk.unclean} inodes have values in unused fields"),
        (walk.head.inodes != len(walk.inodes),
         f"the superblock declares {walk.head.inodes} inodes, {len(walk.inodes)} are reached"),
    ):  # fmt: skip
        if wrong:
            yield Oddity(AnomalyKind.HEADER_DISAGREES, detail)


def large_values(walk: Walk, output: Output, budget: Budget) -> Iterator[Event]:
    """Extended attributes that something could be hidden in."""
    for value, name in walk.large.items():
        budget.member()
        output.file(value.size)
        budget.output(value.size)
        yield Member(name, content=walk.view[value.start : value.end], ranges=(value,), stored=True)


def packed_file(walk: Walk, node: Inode, used: list[ByteRange]) -> Iterator[bytes | memoryview]:
    """The content of a compressed file; where its packed bytes lie is added to `used`.

    Raises:
        Malformed: damaged.
        Unsupported: a form that is not read.
        LimitExceeded: files share their packed bytes without end.
    """
    found = erofs_packed.extents(walk.view, walk.head, node, walk.end)
    if found.has_header:
        walk.index.append(found.header)
    walk.index.append(found.index)
    for one in found.extents:
        walk.packed_read += one.size
        if walk.packed_read > PACKED_BASE_BYTES + PACKED_FACTOR * len(walk.view):
            raise LimitExceeded("EROFS packed bytes read", walk.packed_read)
        data, place = erofs_packed.unpacked(walk.view, walk.head, one)
        used.append(place)
        yield data
