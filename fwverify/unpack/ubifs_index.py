"""What is in force in a UBIFS volume: the index as it was committed, and the journal carried out on it.

1. The last sound master node of each of both blocks is read; they must say the same.
2. The index is walked from its root to its leaves: inodes, names, attributes and blocks, each by its key.
3. The log names the blocks written since; their nodes are carried out in the order of their sequence numbers.

What the index leads to is checked (place, sum, key). A leaf that cannot be read is a problem of its file, an index node
one of the volume. Source: Linux fs/ubifs/{master,tnc,log,replay,orphan}.c, read 2026-11-22; see formats/ubifs.py.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from fwverify.formats import ubifs
from fwverify.formats.flash_sums import Tally
from fwverify.formats.names import fill_byte
from fwverify.formats.ubifs import WHAT, Block, Inode, Master, Name, Node, Superblock
from fwverify.limits import Budget, LimitExceeded
from fwverify.model.artifact import ByteRange
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.examining import Malformed
from fwverify.unpack.file_tree import MAX_NOTES
from fwverify.unpack.interface import Event, Fact, Oddity, Unread

MAX_NODES = 2_000_000
"""A full 4 GiB has about as many blocks of files, packed to half."""
LEAF = frozenset({ubifs.INODE, ubifs.DATA, ubifs.NAME, ubifs.ATTRIBUTE})


@dataclass(slots=True)
class Volume:
    """What is in force."""

    view: memoryview
    head: Superblock
    budget: Budget
    inodes: dict[int, Inode] = field(default_factory=dict)
    names: dict[int, dict[bytes, Name]] = field(default_factory=dict)
    """Folder -> name."""
    attributes: dict[int, dict[bytes, Name]] = field(default_factory=dict)
    """File -> name of an attribute, which leads to an inode that has the value."""
    blocks: dict[int, dict[int, Block]] = field(default_factory=dict)
    """File -> number of the block in it."""
    damaged: dict[int, str] = field(default_factory=dict)
    """Files of which a block cannot be read, and why."""
    broken: bool = False
    """Part of the index cannot be read: what seems to be a hole may be none."""
    index: list[ByteRange] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    """Where nodes end: padding may follow."""
    sums: Tally = field(default_factory=lambda: Tally("nodes"))
    notes: list[Event] = field(default_factory=list)
    count: int = 0
    unclean: int = 0
    twins: int = 0

    def used(self, node: Node, size: int, *, clean: bool) -> None:
        """Account for a node, or its first bytes; not for one with something in reserved fields."""
        self.ends.append(node.at + node.size)
        if clean:
            self.index.append(ByteRange(node.at, node.at + size))
        else:
            self.unclean += 1

    def unread(self, problem: str, range: ByteRange | None = None) -> None:
        """Tell what cannot be read."""
        if len(self.notes) < 4 * MAX_NOTES:
            self.notes.append(Unread(GapReason.MALFORMED, problem, range))


def leb(volume: Volume, number: int) -> tuple[int, int]:
    """Where a logical erase block lies in the image, as far as it is there."""
    size = volume.head.leb_bytes
    return number * size, min((number + 1) * size, len(volume.view))


def node_at(volume: Volume, place: tuple[int, int], size: int = 0) -> Node:
    """The node that something leads to. Raises Malformed."""
    number, offset = place
    start, end = leb(volume, number)
    if number >= volume.head.lebs or offset % 8 or start + offset >= end:
        raise Malformed(WHAT, f"a node at {number}:{offset} lies outside", -1)
    return sound(volume, start + offset, end, size)


def sound(volume: Volume, at: int, end: int, size: int = 0) -> Node:
    """The node at an offset; its sum is counted. Raises Malformed, LimitExceeded."""
    volume.count += 1
    if volume.count > MAX_NODES:
        raise LimitExceeded("ubifs_nodes", volume.count)
    if not volume.count % 1024:
        volume.budget.check_time()
    node, declared, computed = ubifs.header(volume.view, at, end)
    if node is None:
        if declared == computed:
            raise Malformed(WHAT, "there is no node", at)
        volume.sums.take("node", at, declared, computed)
        raise Malformed(WHAT, "the sum of a node does not hold", at)
    volume.sums.take("node", at, declared, computed)
    if size and node.size != size:
        raise Malformed(WHAT, f"a node of {node.size} bytes where {size} are expected", at)
    return node


def nodes_of(volume: Volume, number: int, offset: int = 0) -> Iterator[Node]:
    """Nodes in a row, from an offset of a logical erase block to the first place where none is. Padding is claimed."""
    start, end = leb(volume, number)
    at = start + offset
    while at < end:
        node, declared, computed = ubifs.header(volume.view, at, end)
        if node is None:
            if declared != computed:
                volume.sums.take("node", at, declared, computed)
            return
        volume.sums.take("node", at, declared, computed)
        if node.kind == ubifs.PAD:
            before, at = at, padding(volume, at)
            if at == before:  # it pads with something
                return
            continue
        yield node
        at = padding(volume, node.at + node.size)


def padding(volume: Volume, at: int) -> int:
    """Account for what pads behind a node that ends there; where the next may begin."""
    end = leb(volume, at // volume.head.leb_bytes)[1]
    while True:
        raw = bytes(volume.view[at : min(at + ubifs.PAD_BYTES + 7, end)])
        run = -at % 8 if raw[: -at % 8].strip(b"\x00\xff\xce") == b"" else 0
        run += len(raw) - run - len(raw[run:].lstrip(b"\xce"))
        if run:
            volume.index.append(ByteRange(at, min(at + run, end)))
        at = at + run + -(at + run) % 8
        if at + ubifs.PAD_BYTES > end or volume.view[at + 20] != ubifs.PAD:
            return at
        node = ubifs.header(volume.view, at, end)[0]
        if node is None or node.size != ubifs.PAD_BYTES:
            return at
        length = struct.unpack_from("<I", volume.view, at + ubifs.HEADER_BYTES)[0]
        stop = at + ubifs.PAD_BYTES + length
        if stop > end or fill_byte(volume.view, ByteRange(at, stop)) or not _blank(volume, at, stop):
            return at
        volume.index.append(ByteRange(at, stop))
        at = stop


def _blank(volume: Volume, at: int, stop: int) -> bool:
    """Nothing but zeros behind a padding node."""
    start = at + ubifs.PAD_BYTES
    return start == stop or fill_byte(volume.view, ByteRange(start, stop)) == "00"


def read_master(volume: Volume) -> Master:
    """The master node in force. Raises Malformed when there is none."""
    last: list[Master] = []
    for number in range(ubifs.FIRST_MASTER, ubifs.FIRST_MASTER + ubifs.MASTERS):
        found = [one for one in nodes_of(volume, number) if one.kind == ubifs.MASTER]
        if found:
            one = ubifs.master(volume.view, found[-1])
            volume.used(found[-1], ubifs.MASTER_BYTES, clean=one.clean)
            last.append(one)
    if not last:
        raise Malformed(WHAT, "there is no master node", volume.head.leb_bytes)
    if len(last) < ubifs.MASTERS or last[0].rest != last[1].rest:
        detail = "the copies of the master node differ, or one is not there"
        volume.notes.append(Oddity(AnomalyKind.HEADER_DISAGREES, detail))
    master = max(last, key=lambda one: (one.commit, one.sequence))
    if master.flags & ubifs.DIRTY:
        detail = "it was not shut down cleanly: what was written last may be cut off"
        volume.notes.append(Oddity(AnomalyKind.HEADER_DISAGREES, detail))
    return master


def read_index(volume: Volume, master: Master) -> None:
    """All leaves. Index nodes that cannot be read are told. Raises LimitExceeded."""
    seen: set[tuple[int, int]] = set()
    waiting = [(*master.root, -1)]
    while waiting:
        number, offset, size, expected = waiting.pop()
        try:
            if (number, offset) in seen:
                raise Malformed(WHAT, f"two index nodes lead to {number}:{offset}", -1)
            seen.add((number, offset))
            node = node_at(volume, (number, offset), size)
            level, branches = ubifs.branches(volume.view, node)
            if expected not in (-1, level):
                raise Malformed(WHAT, f"an index node of level {level} where {expected} is expected", node.at)
        except Malformed as problem:
            volume.broken = True
            volume.unread(str(problem))
            continue
        volume.used(node, node.size, clean=node.clean)
        if level:
            waiting.extend((one[0], one[1], one[2], level - 1) for one in branches)
            continue
        for one in branches:
            _leaf(volume, *one)


def _leaf(volume: Volume, number: int, offset: int, size: int, first: int, second: int) -> None:
    """What a branch of the lowest level leads to."""
    try:
        node = node_at(volume, (number, offset), size)
        if node.kind not in LEAF or ubifs.key(volume.view, node)[:2] != (first, second):
            raise Malformed(WHAT, "a node has another key than the index", node.at)
        if second >> 29 != node.kind:
            raise Malformed(WHAT, "a node has another type than its key", node.at)
        _keep(volume, node)
    except Malformed as problem:
        if second >> 29 == ubifs.DATA:
            volume.damaged.setdefault(first, str(problem))
        else:
            volume.unread(str(problem))


def _keep(volume: Volume, node: Node) -> None:
    """A leaf is in force. Raises Malformed."""
    if node.kind == ubifs.INODE:
        inode = ubifs.inode(volume.view, node)
        volume.twins += inode.number in volume.inodes
        volume.inodes[inode.number] = inode
    elif node.kind == ubifs.DATA:
        block = ubifs.block(volume.view, node)
        file = volume.blocks.setdefault(block.file, {})
        volume.twins += block.number in file
        file[block.number] = block
    else:
        name = ubifs.name(volume.view, node)
        folders = volume.names if node.kind == ubifs.NAME else volume.attributes
        folder = folders.setdefault(name.parent, {})
        volume.twins += name.raw in folder
        folder[name.raw] = name


def read_journal(volume: Volume, master: Master) -> None:
    """Carry out what was written since the last commit."""
    found: list[Node] = []
    for number, offset in _buds(volume, master):
        last = leb(volume, number)[0] + offset
        for node in nodes_of(volume, number, offset):
            found.append(node)
            last = node.at + node.size
            volume.count += 1
            if volume.count > MAX_NODES:
                raise LimitExceeded("ubifs_nodes", volume.count)
        last, end = padding(volume, last), leb(volume, number)[1]
        if last < end and fill_byte(volume.view, ByteRange(last, end)) != "FF":
            volume.unread(f"{WHAT}: the journal ends in something else", ByteRange(last, end))
    found.sort(key=lambda one: (one.sequence, one.at))
    twins = volume.twins
    for node in found:
        try:
            _carried_out(volume, node)
        except Malformed as problem:
            volume.unread(str(problem), node.range)
    volume.twins = twins  # here a later node replaces an earlier one
    if found:
        volume.notes.append(Fact("journal-nodes", str(len(found))))


def _carried_out(volume: Volume, node: Node) -> None:
    if node.kind == ubifs.TRUNCATION:
        _truncated(volume, node)
    elif node.kind not in LEAF:
        raise Malformed(WHAT, f"a node of type {node.kind} in the journal", node.at)
    elif not _removed(volume, node):
        _keep(volume, node)


def _removed(volume: Volume, node: Node) -> bool:
    """The node says that a name or an inode is gone, and it was carried out."""
    if node.kind in (ubifs.NAME, ubifs.ATTRIBUTE):
        name = ubifs.name(volume.view, node)
        if name.number:
            return False
        folders = volume.names if node.kind == ubifs.NAME else volume.attributes
        if folders.get(name.parent, {}).pop(name.raw, None) is not None:  # else nobody needs it
            volume.used(node, node.size, clean=name.clean)
        return True
    if node.kind != ubifs.INODE:
        return False
    inode = ubifs.inode(volume.view, node)
    if inode.links:
        return False
    volume.inodes.pop(inode.number, None)
    volume.blocks.pop(inode.number, None)
    for folders in (volume.names, volume.attributes):
        folders.pop(inode.number, None)
    return True


def lost_blocks(volume: Volume) -> None:
    """Blocks that cannot be read and belong to no file that is there may be those of any other."""
    for number in sorted(volume.damaged.keys() - volume.inodes.keys()):
        volume.broken = True
        volume.unread(volume.damaged[number])


def _truncated(volume: Volume, node: Node) -> None:
    if node.size != 56:
        raise Malformed(WHAT, "a truncation of another size", node.at)
    number, reserved, _, new = struct.unpack_from("<I12sQQ", volume.view, node.at + ubifs.HEADER_BYTES)
    blocks = volume.blocks.get(number, {})
    first = -(-new // ubifs.BLOCK_BYTES)
    for one in [one for one in blocks if one >= first]:
        del blocks[one]
    volume.used(node, node.size, clean=node.clean and not any(reserved))


def _buds(volume: Volume, master: Master) -> list[tuple[int, int]]:
    """Where the journal lies, in the order the log names its blocks."""
    head = volume.head
    buds: dict[int, int] = {}
    first, number = 0, master.log
    for _ in range(head.log_lebs):
        if not ubifs.FIRST_LOG <= number < head.first_property:
            volume.unread(f"{WHAT}: the log begins in LEB {number}")
            break
        nodes = list(nodes_of(volume, number))
        if not nodes or nodes[0].sequence < first:
            break
        first = first or nodes[0].sequence
        for node in nodes:
            _logged(volume, master, node, buds)
        number = number + 1 if number + 1 < head.first_property else ubifs.FIRST_LOG
    if not first:
        volume.unread(f"{WHAT}: the log is empty")
    return list(buds.items())


def _logged(volume: Volume, master: Master, node: Node, buds: dict[int, int]) -> None:
    view, body = volume.view, node.at + ubifs.HEADER_BYTES
    if node.kind == ubifs.COMMIT and node.size == 32:
        if struct.unpack_from("<Q", view, body)[0] != master.commit:
            volume.unread(f"{WHAT}: the log is of another commit than the master node", node.range)
        volume.used(node, node.size, clean=node.clean)
    elif node.kind == ubifs.REFERENCE and node.size == 64:
        number, offset, _ = struct.unpack_from("<III", view, body)
        if not volume.head.first_main <= number < volume.head.lebs or offset % 8 or offset > volume.head.leb_bytes:
            volume.unread(f"{WHAT}: the log names a place outside", node.range)
            return
        buds.setdefault(number, offset)
        volume.used(node, node.size, clean=node.clean and not any(view[body + 12 : body + 40]))
    else:
        volume.unread(f"{WHAT}: a node of type {node.kind} in the log", node.range)
