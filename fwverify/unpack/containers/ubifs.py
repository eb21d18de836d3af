"""UBIFS as a container; nodes are read by formats/ubifs*.py, what is in force by unpack/ubifs_{index,tree}.py.

1. The superblock is read; authenticated file systems end it with their name.
2. Master nodes, index, log and journal give what is in force; the tree of LEB properties is parsed.
3. Files come out one at a time; holes are zeros. `.deleted/inode-N` is a file without a name, `.obsolete/inode-N` has
   blocks that reach beyond the end of their file.

Nodes that neither index nor journal lead to (replaced, deleted, old master nodes and log) stay unclaimed. Encrypted
files are named. Not looked at: owners, times.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.content import held
from fwverify.formats import ubifs, ubifs_data, ubifs_properties
from fwverify.formats.entries import EntryKind
from fwverify.formats.extents import Tick
from fwverify.formats.names import fill_byte
from fwverify.formats.ubifs import BLOCK_BYTES, WHAT, Block, Inode, Node
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, merged
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.examining import Malformed, Unsupported
from fwverify.model.plugin import Doc
from fwverify.unpack import file_tree, ubifs_index, ubifs_tree
from fwverify.unpack.file_tree import Output, bare, verdicts
from fwverify.unpack.flash_events import checks, fill, told
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
from fwverify.unpack.ubifs_index import Volume
from fwverify.unpack.ubifs_tree import Tree

BLANK_NODE_BYTES = 64
"""mkfs.ubifs writes an empty node behind the superblock when it signs nothing."""
LAST_ORPHAN = 1 << 63


@dataclass(slots=True)
class _Files:
    """What reading the files shares."""

    tree: Tree
    output: Output


def _detect(artifact: Artifact) -> bool:
    return ubifs.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    node, declared, computed = ubifs.header(view, 0, len(view))
    if node is None or node.kind != ubifs.SUPERBLOCK or node.size != ubifs.SUPERBLOCK_BYTES:
        wrong = "its sum does not hold" if declared != computed else "there is none"
        raise Malformed(WHAT, f"the superblock: {wrong}", 0)
    head = ubifs.superblock(view)
    yield Fact("compression", ubifs_data.NAMES.get(head.compression, str(head.compression)))
    yield Fact("erase-block-size", str(head.leb_bytes))
    if head.flags & ubifs.AUTHENTICATION:
        raise Unsupported("authenticated UBIFS (hashes in its index)")
    volume = Volume(view, head, budget)
    volume.sums.take("superblock", 0, declared, computed)
    _superblock(volume, node)
    master = ubifs_index.read_master(volume)
    ubifs_index.read_index(volume, master)
    ubifs_index.read_journal(volume, master)
    ubifs_index.lost_blocks(volume)
    _orphans(volume)
    tree = ubifs_tree.built(volume)
    ubifs_tree.counted(tree)
    yield from _end(volume)
    yield from volume.notes
    yield from tree.paths.notes
    yield from verdicts([one for one, _ in tree.members])
    yield from _members(tree)
    yield from _structure(tree, ubifs_properties.read(view, head, master))


def _superblock(volume: Volume, node: Node) -> None:
    """The first logical erase block."""
    if volume.head.clean and node.clean:
        volume.index.append(node.range)
    else:
        volume.unclean += 1
        start = 0
        for first, last in (*ubifs.SUPERBLOCK_RESERVED, (node.size, node.size)):
            if first > start:
                volume.index.append(ByteRange(start, first))
            start = last
    at = ubifs_index.padding(volume, node.size)
    following = ubifs.header(volume.view, at, volume.head.leb_bytes)[0]
    if following is not None and following.size == BLANK_NODE_BYTES:
        body = ByteRange(at + ubifs.HEADER_BYTES, at + BLANK_NODE_BYTES)
        if fill_byte(volume.view, body) == "00":
            volume.used(following, following.size, clean=following.clean)


def _end(volume: Volume) -> Iterator[Event]:
    """Where the file system ends, against where the image ends. Erased blocks at the end may be left out."""
    end, size = volume.head.lebs * volume.head.leb_bytes, len(volume.view)
    if end < size and fill_byte(volume.view, rest := ByteRange(end, size)) != "FF":
        yield Oddity(AnomalyKind.TRAILING_DATA, "bytes after the file system", rest)


def _orphans(volume: Volume) -> None:
    """Inodes that were open when they lost their last name; nodes that list others are left over, and nobody's."""
    head, count = volume.head, 0
    for number in range(head.first_property + head.property_lebs, head.first_main):
        for node in ubifs_index.nodes_of(volume, number):
            if node.kind != ubifs.ORPHANS or node.size % 8 or node.size <= ubifs.HEADER_BYTES:
                continue
            words = memoryview(bytes(volume.view[node.at + ubifs.HEADER_BYTES : node.at + node.size])).cast("Q")
            if all(one in volume.inodes for one in words[1:]) and words[0] & ~LAST_ORPHAN <= node.sequence:
                volume.used(node, node.size, clean=node.clean)
                count += len(words) - 1
    if count:
        volume.notes.append(Fact("orphans", str(count)))


def _members(tree: Tree) -> Iterator[Event]:
    files = _Files(tree, Output(WHAT, len(tree.volume.view)))
    owners: dict[int, str] = {}
    for node, inode in tree.members:
        if node.place in owners:
            yield Member(node.path, MemberKind.HARDLINK, target=owners[node.place], mode=node.mode)
            continue
        owners[node.place] = node.path
        if node.kind is EntryKind.FILE:
            yield from _file(files, node, inode)
        else:
            yield bare(node)
    yield from _without_name(files)
    for name, place in tree.values:
        yield from _stored(files, name, place)


def _stored(files: _Files, name: str, place: ByteRange) -> Iterator[Event]:
    budget, view = files.tree.volume.budget, files.tree.volume.view
    budget.member()
    budget.output(place.size)
    yield Member(name, content=view[place.start : place.end], ranges=(place,), stored=True)


def _file(files: _Files, node: file_tree.Node, inode: Inode) -> Iterator[Event]:
    volume = files.tree.volume
    blocks = sorted(volume.blocks.get(node.place, {}).values(), key=lambda one: one.number)
    if inode.flags & ubifs.ENCRYPTED:
        yield Unread(GapReason.ENCRYPTED, "the file is encrypted", member=node.path)
        return
    if node.place in volume.damaged:
        yield Unread(GapReason.MALFORMED, volume.damaged[node.place], member=node.path)
        return
    whole = [one for one in blocks if one.number * BLOCK_BYTES + one.size <= inode.size]
    shown = [one for one in blocks if one.number * BLOCK_BYTES < inode.size]
    yield from _content(files, node.path, shown, inode.size, node.mode)
    if volume.broken and len(shown) < -(-inode.size // BLOCK_BYTES):
        yield Unread(GapReason.MALFORMED, f"{WHAT}: blocks of the file may be missing", member=node.path)
    if len(whole) < len(blocks):
        yield from _obsolete(files, node.place, [one for one in blocks if one not in whole])


def _obsolete(files: _Files, number: int, blocks: list[Block]) -> Iterator[Event]:
    """Blocks that reach beyond the end of their file, one behind the other."""
    files.tree.volume.budget.member()
    size = len(blocks) * BLOCK_BYTES
    moved = [Block(one.at, number, index, one.size, one.compression, one.data, one.clean)
             for index, one in enumerate(blocks)]  # fmt: skip
    yield from _content(files, f".obsolete/inode-{number}", moved, size, 0)


def _without_name(files: _Files) -> Iterator[Event]:
    """Files that no name leads to: orphans, and what should not be."""
    volume, lost = files.tree.volume, ubifs_tree.without_name(files.tree)
    for number in lost:
        inode = volume.inodes.get(number)
        blocks = sorted(volume.blocks.get(number, {}).values(), key=lambda one: one.number)
        name = f".deleted/inode-{number}"
        if number in volume.damaged or (inode is not None and inode.flags & ubifs.ENCRYPTED):
            yield Unread(GapReason.MALFORMED, volume.damaged.get(number, "the file is encrypted"), member=name)
        elif blocks:
            volume.budget.member()
            size = blocks[-1].number * BLOCK_BYTES + blocks[-1].size
            yield from _content(files, name, blocks, size, inode.mode if inode else 0)
        if inode is not None and inode.data is not None:
            yield from _stored(files, name, inode.data)
    if lost:
        yield Fact("inodes-without-name", str(len(lost)))


def _content(files: _Files, path: str, blocks: list[Block], size: int, mode: int) -> Iterator[Event]:
    """One member, or why it cannot be read."""
    volume = files.tree.volume
    view, budget = volume.view, volume.budget
    if size > budget.limits.max_member_bytes:
        yield Unread(GapReason.LIMIT, f"limit max_member_bytes reached ({size})", member=path)
        return
    budget.size(size)
    files.output.file(size)
    try:
        content = held(_chunks(view, blocks, size), budget)
    except Malformed as problem:
        yield Unread(GapReason.MALFORMED, str(problem), member=path)
        return
    except Unsupported as problem:
        yield Unread(GapReason.UNSUPPORTED, str(problem), member=path)
        return
    ranges = tuple(one.data for one in blocks if one.data)
    stored = len(blocks) == 1 and not blocks[0].compression and bool(ranges) and ranges[0].size == size
    yield Member(path, MemberKind.FILE, content, ranges, stored, mode=mode)


def _chunks(view: memoryview, blocks: list[Block], size: int) -> Iterator[bytes | memoryview]:
    at = 0
    for one in blocks:
        start = one.number * BLOCK_BYTES
        yield from fill(start - at)
        data = ubifs_data.unpacked(view, one)[: size - start]
        yield data
        at = start + len(data)
    yield from fill(size - at)


def _structure(tree: Tree, properties: ubifs_properties.Properties) -> Iterator[Event]:
    """Claims, and what was counted."""
    volume = tree.volume
    for inode in volume.inodes.values():
        volume.ends.append(inode.data.end if inode.data else inode.at + ubifs.INODE_BYTES)
        if inode.clean:
            volume.index.append(ByteRange(inode.at, inode.at + ubifs.INODE_BYTES))
        volume.unclean += not inode.clean
    for blocks in volume.blocks.values():
        for one in blocks.values():
            volume.ends.append(one.data.end if one.data else one.at + ubifs.DATA_BYTES)
            if one.clean:
                volume.index.append(ByteRange(one.at, one.at + ubifs.DATA_BYTES))
            volume.unclean += not one.clean
    for end in sorted(set(volume.ends)):
        ubifs_index.padding(volume, end)
    yield from (Part(one, PartUse.INDEX) for one in merged([*volume.index, *properties.index]))
    if properties.problem is not None:
        yield Unread(GapReason.MALFORMED, str(properties.problem))
    yield from told((
        (volume.unclean, "nodes have values in reserved fields"),
        (volume.twins, "nodes of the index have the key of another"),
        (tree.disagreements, "names or numbers of links do not agree with the inodes"),
    ))  # fmt: skip
    yield from checks(volume.sums)
    yield from checks(properties.sums)


def _carved(view: memoryview, at: int, tick: Tick) -> int:
    """Where the file system ends that begins at an offset; 0: none does."""
    tick(ubifs.HEADER_BYTES)
    if not ubifs.looks_like(view, at):
        return 0
    tick(ubifs.SUPERBLOCK_BYTES)
    if ubifs.header(view, at, len(view))[0] is None:
        return 0
    try:
        head = ubifs.superblock(view[at : at + ubifs.SUPERBLOCK_BYTES])
    except (Malformed, Unsupported):
        return 0
    return min(at + head.lebs * head.leb_bytes, len(view))


CONTAINER = Container(
    name="ubifs",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((ubifs.MAGIC, 0),), _carved),
    doc=Doc(
        title="UBIFS file system (LZO, zlib, Zstandard)",
        vendor="Linux",
        references=("Linux fs/ubifs/ubifs-media.h, sb.c, master.c, tnc.c, replay.c, lpt.c and key.h, read 2026-11-22",),
        limitations=(
            "authenticated file systems are named and not read; encrypted files are named",
            "nodes that neither the index nor the journal lead to are not read: they stay unexplained",
            "owners, times and device numbers are not looked at; extended attributes are, where they are longer than "
            "512 bytes",
        ),
        makers=("mkfs.ubifs",),
    ),
)
