"""The tree of an ext file system: every name from the root, every inode once, and the inodes no name leads to.

Source: Linux Documentation/filesystems/ext4/{directory,special_inodes,inlinedata}.rst, read 2026-11-22.
No directory is entered twice, so the walk ends. What cannot be read is noted with its path and the rest goes on.

Does NOT do: read files; follow links.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fwverify.formats.ext_attributes import INLINE_NAME, Attribute, in_block, in_inode
from fwverify.formats.ext_directories import Name, names
from fwverify.formats.ext_inodes import (
    BLOCK,
    CHARACTER,
    DIRECTORY,
    ENCRYPTED,
    EXTENTS,
    FIFO,
    FILE,
    INLINE,
    MAP_AT,
    MAP_BYTES,
    SOCKET,
    SYMLINK,
    Inode,
    Map,
    claim_fields,
    content_map,
    inode,
)
from fwverify.formats.ext_superblock import WHAT
from fwverify.formats.ext_volume import INODES_UNUSED, Volume
from fwverify.formats.names import decoded
from fwverify.limits import MIB, LimitExceeded
from fwverify.model.artifact import ByteRange
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.examining import Malformed

ROOT = 2
TYPES = {1: FILE, 2: DIRECTORY, 3: CHARACTER, 4: BLOCK, 5: FIFO, 6: SOCKET, 7: SYMLINK}
"""Of a directory entry, and the kind of inode it must lead to."""
MAX_PATH_CHARACTERS = 64 * MIB
"""All paths together: 300,000 of usual length have 20 MiB; long folder names would multiply them."""
MAX_TARGET_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be read."""

    reason: GapReason
    detail: str
    path: str


@dataclass(slots=True)
class Known:
    """An inode with what belongs to it, read once however many names it has."""

    inode: Inode
    inline: Attribute | None = None
    """The rest of a short file."""
    target: str = ""
    """Of a link."""
    names: int = 0
    seen: bool = False
    """Its content was given."""


@dataclass(slots=True)
class Tree:
    """The tree as it is found."""

    volume: Volume
    nodes: list[tuple[str, int]] = field(default_factory=list)
    """Path and inode number, folders before what is in them."""
    known: dict[int, Known] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    disagreements: int = 0
    """Entries whose type is not that of their inode, or folders whose `.` or `..` leads elsewhere."""
    characters: int = 0
    attribute_blocks: dict[int, list[Attribute]] = field(default_factory=dict)
    values: set[int] = field(default_factory=set)
    """Inodes that hold values of attributes."""

    def problem(self, reason: GapReason, detail: str, path: str) -> None:
        self.problems.append(Problem(reason, detail, path))


def walk(volume: Volume) -> Tree:
    """Read every directory.

    Raises:
        Malformed: there is no root.
        LimitExceeded: more names or path characters than a run may have.
    """
    tree = Tree(volume)
    root = _know(tree, ROOT)
    if root.inode.kind != DIRECTORY:
        raise Malformed(WHAT, "its root is not a directory", root.inode.at)
    waiting = [("", ROOT, ROOT)]
    while waiting:
        path, number, parent = waiting.pop()
        found: list[tuple[str, int, int]] = []
        try:
            for name in _names(tree, tree.known[number]):
                if name.raw in (b".", b".."):
                    tree.disagreements += name.inode != (number if name.raw == b"." else parent)
                    continue
                volume.budget.member()
                _named(tree, path, number, name, found)
        except Malformed as problem:
            tree.problem(GapReason.MALFORMED, problem.reason, path or ".")
        waiting.extend(reversed(found))
    return tree


def _names(tree: Tree, known: Known) -> list[Name]:
    """Entries of one directory; those before a broken one count."""
    found: list[Name] = []
    inline = known.inline
    value = ByteRange(inline.start, inline.start + inline.size) if inline and inline.start and inline.size else None
    where = Map() if known.inode.flags & INLINE else content_map(tree.volume, known.inode)
    try:
        found.extend(names(tree.volume, known.inode, where, value))
    except Malformed as problem:
        tree.problem(GapReason.MALFORMED, problem.reason, f"inode {known.inode.number}")
    return found


def _named(tree: Tree, path: str, parent: int, name: Name, found: list[tuple[str, int, int]]) -> None:
    """Take one name of a directory; a directory goes on the list `found`."""
    full = path + decoded(name.raw)
    tree.characters += len(full)
    if tree.characters > MAX_PATH_CHARACTERS:
        raise LimitExceeded("ext path characters", tree.characters)
    if len(path) + len(name.raw) > tree.volume.budget.limits.max_name_bytes:
        tree.problem(GapReason.LIMIT, "limit max_name_bytes reached", full)
        return
    if b"/" in name.raw or not name.raw:
        tree.volume.note(AnomalyKind.TRAVERSAL, f"a directory has the name {decoded(name.raw)}")
    fresh = name.inode not in tree.known
    try:
        known = _know(tree, name.inode)
    except Malformed as problem:
        tree.problem(GapReason.MALFORMED, problem.reason, full)
        return
    known.names += 1
    tree.disagreements += bool(name.type) and TYPES.get(name.type) != known.inode.kind
    if known.inode.kind == DIRECTORY:
        if not fresh:
            tree.problem(GapReason.MALFORMED, "the directory is reached twice", full)
            return
        found.append((full + "/", name.inode, parent))
    tree.nodes.append((full, name.inode))


def _know(tree: Tree, number: int) -> Known:
    """An inode with its attributes and link target. Raises Malformed when it is not there."""
    known = tree.known.get(number)
    if known is not None:
        return known
    node = inode(tree.volume, number)
    known = tree.known[number] = Known(node)
    claim_fields(tree.volume, node)
    try:
        attributes = in_inode(tree.volume, node) + _from_block(tree, node)
    except Malformed as problem:
        attributes = []
        tree.volume.note(AnomalyKind.HEADER_DISAGREES, f"attributes of inode {number}: {problem.reason}")
    tree.values.update(one.inode for one in attributes if one.inode)
    known.inline = next((one for one in attributes if one.name == INLINE_NAME), None)
    if node.kind in (CHARACTER, BLOCK):
        tree.volume.claim(node.at + MAP_AT, 8)
    if node.kind == SYMLINK:
        _link(tree, known)
    return known


def _from_block(tree: Tree, node: Inode) -> list[Attribute]:
    """Attributes in a block, which several inodes may share."""
    if not node.attributes:
        return []
    if node.attributes not in tree.attribute_blocks:
        tree.attribute_blocks[node.attributes] = []
        tree.volume.take(node.attributes, 1)
        tree.attribute_blocks[node.attributes] = in_block(tree.volume, node.attributes)
    return tree.attribute_blocks[node.attributes]


def _link(tree: Tree, known: Known) -> None:
    """Target of a symbolic link: in the inode, or in blocks."""
    node, volume = known.inode, tree.volume
    if node.flags & ENCRYPTED:
        tree.problem(GapReason.ENCRYPTED, "the target of a link is encrypted", f"inode {node.number}")
        return
    try:
        ranges = inline_ranges(known) if _is_short(node) else _long(volume, node)
    except Malformed as problem:
        tree.problem(GapReason.MALFORMED, problem.reason, f"inode {node.number}")
        return
    raw = b"".join(bytes(volume.view[one.start : one.end]) for one in ranges)
    known.target = decoded(raw)
    if min(raw, default=0) < 0x20:
        volume.note(AnomalyKind.HEADER_DISAGREES, f"the target of the link in inode {node.number} is no path")
        return
    for one in ranges:
        volume.claim(one.start, one.size)


def _is_short(node: Inode) -> bool:
    return bool(node.flags & INLINE) or (node.size < MAP_BYTES and not node.flags & EXTENTS)


def inline_ranges(known: Known) -> tuple[ByteRange, ...]:
    """Where content within an inode lies. Raises Malformed when there is more of it than room."""
    node, rest = known.inode, known.inline
    first = min(node.size, MAP_BYTES)
    out = [ByteRange(node.at + MAP_AT, node.at + MAP_AT + first)] if first else []
    if node.size > first:
        if rest is None or not rest.start or rest.size < node.size - first:
            raise Malformed(WHAT, f"inode {node.number} holds {node.size} bytes within itself, which are not there")
        out.append(ByteRange(rest.start, rest.start + node.size - first))
    return tuple(out)


def _long(volume: Volume, node: Inode) -> tuple[ByteRange, ...]:
    if not 0 < node.size <= MAX_TARGET_BYTES:
        raise Malformed(WHAT, f"a link target of {node.size} bytes")
    where = content_map(volume, node)
    size = volume.head.block_size
    out, done = list[ByteRange](), 0
    for run in where.runs:
        if run.logical * size == done < node.size and run.written:
            piece = min(run.count * size, node.size - done)
            out.append(ByteRange(run.physical * size, run.physical * size + piece))
            done += piece
    if done != node.size:
        raise Malformed(WHAT, "a link target has a hole")
    return tuple(out)


def unreached(tree: Tree, numbers: list[int]) -> dict[int, Map]:
    """Mark what inodes use that no name leads to, and claim their fields; their content is nobody's.

    `numbers` are system inodes and those that bitmaps call used.
    """
    out: dict[int, Map] = {}
    for number in numbers:
        if number in tree.known:
            continue
        try:
            known = _know(tree, number)
            if known.inode.kind in (FILE, DIRECTORY, 0) and not known.inode.flags & INLINE and any(known.inode.map):
                out[number] = content_map(tree.volume, known.inode)
        except Malformed as problem:
            tree.volume.note(AnomalyKind.HEADER_DISAGREES, f"inode {number}: {problem.reason}")
    return out


def in_use(volume: Volume) -> list[int]:
    """Inodes that the bitmaps call used, those the file system keeps for itself included. Raises LimitExceeded."""
    head, out = volume.head, list[int]()
    size = head.inodes_per_group
    for group in volume.groups:
        start = group.number * size
        if group.inode_bitmap >= volume.blocks or (head.lazy and group.flags & INODES_UNUSED):
            continue
        at = volume.block(group.inode_bitmap)
        bits = int.from_bytes(volume.view[at : at + (size + 7) // 8], "little")
        text = f"{bits & (1 << size) - 1:b}"[::-1]
        place = text.find("1")
        while place >= 0:
            out.append(start + place + 1)
            place = text.find("1", place + 1)
        if len(out) > volume.budget.limits.max_members:
            raise LimitExceeded("max_members", len(out))
    return out


def is_empty(volume: Volume, node: Inode) -> bool:
    """Nothing but zeros: reserved inodes that are not used."""
    size = volume.head.inode_size
    return bytes(volume.view[node.at : node.at + size]).count(0) == size
