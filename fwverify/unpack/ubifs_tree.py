"""The tree of a UBIFS volume: paths from the root, links, attributes, and files that no name leads to.

Every directory is entered once. Names of one inode are one file: the first is the file, the others hard links.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass, field

from fwverify.formats import ubifs
from fwverify.formats.entries import EntryKind
from fwverify.formats.names import decoded
from fwverify.formats.ubifs import WHAT, Inode, Name
from fwverify.model.artifact import ByteRange
from fwverify.model.evidence import GapReason
from fwverify.unpack.file_tree import Node, Paths, is_path, no_path
from fwverify.unpack.interface import Fact, Unread
from fwverify.unpack.ubifs_index import Volume

ROOT = 1
KINDS = {
    stat.S_IFREG: EntryKind.FILE, stat.S_IFDIR: EntryKind.DIRECTORY, stat.S_IFLNK: EntryKind.SYMLINK,
    stat.S_IFBLK: EntryKind.DEVICE, stat.S_IFCHR: EntryKind.DEVICE,
}  # fmt: skip
TYPES = (
    stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK, stat.S_IFBLK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK,
)  # fmt: skip
"""What a directory says a name is."""
DEVICE_BYTES = (4, 8)
LARGE_VALUE_BYTES = 512
"""Extended attributes of firmware are shorter: larger ones are searched."""


@dataclass(slots=True)
class Tree:
    """The tree as it is found."""

    volume: Volume
    paths: Paths
    members: list[tuple[Node, Inode]] = field(default_factory=list)
    reached: dict[int, int] = field(default_factory=dict)
    """Inode -> how many names lead to it."""
    values: list[tuple[str, ByteRange]] = field(default_factory=list)
    """Extended attributes that are searched, with a name for each."""
    claimed: set[int] = field(default_factory=set)
    """Inodes whose data is used: targets, device numbers, values."""
    disagreements: int = 0
    attributes: int = 0


def built(volume: Volume) -> Tree:
    """All names from the root. Raises LimitExceeded when there are too many."""
    tree = Tree(volume, Paths(WHAT, volume.budget))
    root = volume.inodes.get(ROOT)
    if root is None or not stat.S_ISDIR(root.mode):
        volume.unread(f"{WHAT}: there is no root directory")
    tree.reached[ROOT] = 1
    if root is not None:
        _attributes(tree, ROOT, ".")
    waiting, entered = [("", ROOT)], {ROOT}
    while waiting:
        path, number = waiting.pop()
        below: list[tuple[str, int]] = []
        for name in sorted(volume.names.get(number, {}).values(), key=lambda one: one.at):
            _entry(tree, path, name, below, entered)
        waiting.extend(reversed(below))
    return tree


def _entry(tree: Tree, folder: str, name: Name, below: list[tuple[str, int]], entered: set[int]) -> None:
    volume = tree.volume
    path = tree.paths.joined(folder, _legible(volume, name))
    if path is None:
        return
    claim_name(volume, name)
    inode = volume.inodes.get(name.number)
    if inode is None:
        tree.paths.notes.append(
            Unread(GapReason.MALFORMED, f"{WHAT}: inode {name.number} is not there", member=path)
        )  # fmt: skip
        return
    kind = KINDS.get(stat.S_IFMT(inode.mode), EntryKind.OTHER)
    tree.disagreements += name.kind >= len(TYPES) or TYPES[name.kind] != stat.S_IFMT(inode.mode)
    if kind is EntryKind.DIRECTORY:
        if name.number in entered:
            note = Unread(GapReason.MALFORMED, f"{WHAT}: the directory is reached twice", member=path)
            tree.paths.notes.append(note)
            return
        entered.add(name.number)
        below.append((path, name.number))
    first = name.number not in tree.reached
    tree.reached[name.number] = tree.reached.get(name.number, 0) + 1
    target = _target(tree, path, inode) if kind is EntryKind.SYMLINK else ""
    if kind is EntryKind.DEVICE and inode.data is not None and inode.data.size in DEVICE_BYTES:
        _used(tree, inode)
    tree.members.append((Node(path, kind, name.number, inode.mode, target), inode))
    if first:
        _attributes(tree, name.number, path)


def _legible(volume: Volume, name: Name) -> bytes:
    """A name in an encrypted folder may have any bytes, even those that separate folders."""
    folder = volume.inodes.get(name.parent)
    hidden = folder is not None and folder.flags & ubifs.ENCRYPTED
    return b"@encrypted-" + name.raw.hex().encode() if hidden else name.raw


def claim_name(volume: Volume, name: Name) -> None:
    """A name is in force."""
    volume.ends.append(name.end)
    if name.clean:
        volume.index.append(ByteRange(name.at, name.end))
    else:
        volume.unclean += 1


def _used(tree: Tree, inode: Inode) -> None:
    tree.claimed.add(inode.number)
    if inode.data is not None:
        tree.volume.index.append(inode.data)


def _target(tree: Tree, path: str, inode: Inode) -> str:
    if inode.flags & ubifs.ENCRYPTED:
        tree.paths.notes.append(Unread(GapReason.ENCRYPTED, "the target of the link is encrypted", member=path))
        return ""
    if inode.data is None:
        return ""
    raw = bytes(tree.volume.view[inode.data.start : inode.data.end])
    if is_path(raw):
        _used(tree, inode)
    else:
        tree.paths.notes.append(no_path(path))
    return decoded(raw)


def _attributes(tree: Tree, number: int, path: str) -> None:
    """Extended attributes of a file: each value is the data of an inode of its own."""
    volume = tree.volume
    for name in volume.attributes.get(number, {}).values():
        claim_name(volume, name)
        inode = volume.inodes.get(name.number)
        if inode is None:
            note = Unread(GapReason.MALFORMED, f"{WHAT}: the value of an attribute is not there", member=path)
            tree.paths.notes.append(note)
            continue
        tree.attributes += 1
        tree.reached[name.number] = tree.reached.get(name.number, 0) + 1
        if inode.data is not None and inode.data.size > LARGE_VALUE_BYTES:
            if inode.number not in tree.claimed:
                tree.values.append((f"@extended-attributes/{path}/{decoded(name.raw)}", inode.data))
            tree.claimed.add(inode.number)
        else:
            _used(tree, inode)


def counted(tree: Tree) -> None:
    """Numbers that the inodes state, against what was found."""
    volume = tree.volume
    if tree.attributes:
        tree.paths.notes.append(Fact("extended-attributes", str(tree.attributes)))
    wrong = sum(
        one.links != tree.reached[number]
        for number, one in volume.inodes.items()
        if number in tree.reached and not stat.S_ISDIR(one.mode) and number != ROOT
    )
    tree.disagreements += wrong


def without_name(tree: Tree) -> list[int]:
    """Inodes and files' blocks that no name leads to."""
    volume = tree.volume
    return sorted((volume.inodes.keys() | volume.blocks.keys()) - tree.reached.keys())
