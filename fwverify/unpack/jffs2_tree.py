"""The tree of a JFFS2 image, made from its nodes: what is in force, what is obsolete, and what no name leads to.

1. Of the names in one directory that are equal, the one with the highest version counts; one that leads to 0 is gone.
2. Of the nodes of one inode, the one with the highest version states mode and size.
3. From the root (inode 1, which has no node of its own in many images) every directory is entered once.

Names of one inode are one file: the first is the file, the others hard links. Source: see formats/jffs2.py.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass, field

from fwverify.formats import jffs2, jffs2_data
from fwverify.formats.entries import EntryKind
from fwverify.formats.jffs2 import INODE_BYTES, WHAT, Attribute, Inode, Name
from fwverify.formats.jffs2_scan import Nodes
from fwverify.formats.names import decoded
from fwverify.limits import Budget
from fwverify.model.artifact import ByteRange
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.examining import Malformed, Unsupported
from fwverify.unpack.file_tree import MAX_NOTES, Node, Paths, is_path, no_path
from fwverify.unpack.interface import Event, Fact, Oddity, Unread

ROOT = 1
KINDS = {
    stat.S_IFREG: EntryKind.FILE, stat.S_IFDIR: EntryKind.DIRECTORY, stat.S_IFLNK: EntryKind.SYMLINK,
    stat.S_IFBLK: EntryKind.DEVICE, stat.S_IFCHR: EntryKind.DEVICE,
}  # fmt: skip
MAX_TARGET_BYTES = 4096
DEVICE_BYTES = (2, 4, 8)
LARGE_VALUE_BYTES = 512
"""Extended attributes of firmware are shorter: larger ones are searched."""


@dataclass(slots=True)
class Tree:
    """The tree as it is found."""

    view: memoryview
    nodes: Nodes
    paths: Paths
    files: dict[int, list[Inode]] = field(default_factory=dict)
    """All nodes of an inode, in the order of their versions; obsolete ones too."""
    folders: dict[int, dict[bytes, Name]] = field(default_factory=dict)
    replaced: dict[int, set[bytes]] = field(default_factory=dict)
    """Names of which an older version is there."""
    members: list[tuple[Node, Inode | None]] = field(default_factory=list)
    reached: set[int] = field(default_factory=set)
    index: list[ByteRange] = field(default_factory=list)
    no_paths: set[int] = field(default_factory=set)
    """Links whose target is something else."""
    values: list[tuple[str, ByteRange]] = field(default_factory=list)
    """Extended attributes that are searched, with a name for each."""
    disagreements: int = 0
    unclean: int = 0
    twins: int = 0

    @property
    def events(self) -> list[Event]:
        return self.paths.notes


def built(view: memoryview, nodes: Nodes, budget: Budget) -> Tree:
    """All names from the root. Raises LimitExceeded when there are too many."""
    tree = Tree(view, nodes, Paths(WHAT, budget))
    for one in sorted(nodes.inodes, key=lambda one: (one.version, one.at)):
        tree.files.setdefault(one.number, []).append(one)
    for name in sorted(nodes.names, key=lambda one: (one.version, one.at)):
        _into_folder(tree, name)
    waiting, entered = [("", ROOT)], {ROOT}
    while waiting:
        path, number = waiting.pop()
        below: list[tuple[str, int]] = []
        for name in sorted(tree.folders.get(number, {}).values(), key=lambda one: one.at):
            _entry(tree, path, name, below, entered)
        waiting.extend(reversed(below))
    tree.reached.add(ROOT)
    _attributes(tree)
    return tree


def current(nodes: list[Inode]) -> Inode | None:
    """The node that states mode and size: the last that is in force."""
    return next((one for one in reversed(nodes) if one.accurate), None)


def valid(nodes: list[Inode]) -> list[Inode]:
    return [one for one in nodes if one.accurate]


def _into_folder(tree: Tree, name: Name) -> None:
    tree.unclean += not name.clean
    if not name.accurate:
        return
    folder = tree.folders.setdefault(name.parent, {})
    before = folder.get(name.raw)
    if before is not None:
        tree.replaced.setdefault(name.parent, set()).add(name.raw)
        tree.twins += before.version == name.version and before.number != name.number
    folder[name.raw] = name


def _entry(tree: Tree, folder: str, name: Name, below: list[tuple[str, int]], entered: set[int]) -> None:
    if not name.number:
        if name.raw in tree.replaced.get(name.parent, ()):  # else it hides nothing, and nobody needs it
            tree.index.append(name.range)
        return
    path = tree.paths.joined(folder, name.raw)
    if path is None:
        return
    tree.index.append(name.range)
    nodes = tree.files.get(name.number, [])
    node = current(nodes)
    if node is None:
        tree.events.append(Unread(GapReason.MALFORMED, f"{WHAT}: inode {name.number} is not there", member=path))
        return
    tree.reached.add(name.number)
    kind = KINDS.get(stat.S_IFMT(node.mode), EntryKind.OTHER)
    tree.disagreements += name.kind != stat.S_IFMT(node.mode) >> 12
    if kind is EntryKind.DIRECTORY:
        if name.number in entered:
            tree.events.append(Unread(GapReason.MALFORMED, f"{WHAT}: the directory is reached twice", member=path))
            return
        entered.add(name.number)
        below.append((path, name.number))
    target = _target(tree, path, node) if kind is EntryKind.SYMLINK else ""
    tree.members.append((Node(path, kind, name.number, node.mode, target), node))


def _target(tree: Tree, path: str, node: Inode) -> str:
    try:
        if node.unpacked > MAX_TARGET_BYTES or node.offset:
            raise Malformed(WHAT, "a link's target is too long or not whole", node.at)
        raw = bytes(jffs2_data.unpacked(tree.view, node))
    except Malformed as problem:
        tree.events.append(Unread(GapReason.MALFORMED, str(problem), member=path))
    except Unsupported as problem:
        tree.events.append(Unread(GapReason.UNSUPPORTED, str(problem), member=path))
    else:
        if is_path(raw):
            tree.index += [node.data] if node.data else []
        else:
            tree.no_paths.add(node.number)
            tree.events.append(no_path(path))
        return decoded(raw)
    return ""


def in_place(tree: Tree, node: Node) -> list[Inode]:
    """Nodes whose data is used otherwise than as content: the target of a link, the number of a device."""
    last = current(tree.files[node.place])
    if last is None or node.kind is EntryKind.FILE:
        return []
    if node.kind is EntryKind.DEVICE and last.packed in DEVICE_BYTES and last.data and last.compression == 0:
        tree.index.append(last.data)
        return [last]
    return [last] if node.kind is EntryKind.SYMLINK and node.place not in tree.no_paths else []


def _attributes(tree: Tree) -> None:
    """Extended attributes that are in force: the last link of an inode, the last version of what it leads to."""
    values: dict[int, Attribute] = {}
    for one in sorted(tree.nodes.attributes, key=lambda one: (one.version, one.at)):
        values[one.number] = one
    links: dict[tuple[int, int], jffs2.Link] = {}
    for link in sorted(tree.nodes.links, key=lambda one: (one.sequence, one.at)):
        links[link.inode, link.attribute] = link
    used: set[int] = set()
    paths = {node.place: node.path for node, _ in reversed(tree.members)} | {ROOT: "."}
    for link in links.values():
        value = values.get(link.attribute)
        if link.sequence % 2 or value is None or link.inode not in tree.reached or link.inode not in paths:
            continue
        tree.index.append(ByteRange(link.at, link.at + jffs2.LINK_BYTES))
        if link.attribute not in used:
            used.add(link.attribute)
            _value(tree, value, paths[link.inode])
    if used:
        tree.events.append(Fact("extended-attributes", str(len(used))))


def _value(tree: Tree, value: Attribute, path: str) -> None:
    small = value.end - value.text_end <= LARGE_VALUE_BYTES
    tree.index.append(ByteRange(value.at, value.end if small else value.text_end))
    if not small:
        name = f"@extended-attributes/{path}/{decoded(value.name)}"
        tree.values.append((name, ByteRange(value.text_end, value.end)))


def notes(tree: Tree) -> Iterator[Event]:
    """What was told or counted while the tree was made."""
    yield from tree.events
    for count, what in (
        (tree.disagreements, "names state another type than their inodes"),
        (tree.unclean, "names have values in unused fields"),
        (tree.twins, "names lead to two files in one version"),
        (tree.nodes.differing, "nodes have the version of another and differ from it"),
    ):
        if count:
            yield Oddity(AnomalyKind.HEADER_DISAGREES, f"{count} {what}")
    for at, kind in tree.nodes.unknown[:MAX_NOTES]:
        where = ByteRange(at, at + jffs2.HEADER_BYTES)
        yield Unread(GapReason.UNSUPPORTED, f"JFFS2 node of type 0x{kind:04x}", where)


def headers(tree: Tree) -> list[ByteRange]:
    """Fields of all inode nodes."""
    return [ByteRange(one.at, one.at + INODE_BYTES) for one in tree.nodes.inodes]
