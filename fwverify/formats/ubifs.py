"""UBIFS: superblock, master and the nodes of the index and its leaves, each with its checksum.

Source: Linux fs/ubifs/ubifs-media.h (all fields), sb.c, master.c and tnc.c (what a reader demands), key.h (keys), read
2026-11-22. All numbers are little-endian. Every node begins with a header of 24 bytes: magic, CRC-32 of what follows,
sequence number, length, type. A place is a logical erase block and an offset in it.

Does NOT do: the walk through the index (unpack/ubifs_index.py), the tree of properties (ubifs_properties), unpacking
(ubifs_data), hashes and signatures of authenticated file systems, encryption.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.formats.flash_sums import crc32_from_ones
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed, Unsupported

WHAT = "UBIFS"
MAGIC = b"\x31\x18\x10\x06"
HEADER_BYTES, SUPERBLOCK_BYTES, MASTER_BYTES = 24, 4096, 512
INODE_BYTES, NAME_BYTES, DATA_BYTES, BRANCH_BYTES, INDEX_BYTES, PAD_BYTES = 160, 56, 48, 20, 28, 28
INODE, DATA, NAME, ATTRIBUTE, TRUNCATION, PAD, SUPERBLOCK, MASTER, REFERENCE, INDEX, COMMIT, ORPHANS = range(12)
BLOCK_BYTES = 4096
FORMAT = 5
BIG, FIXUP, DOUBLE_HASH, ENCRYPTION, AUTHENTICATION = 0x02, 0x04, 0x08, 0x10, 0x20
DIRTY = 1
"""Of the master: the device was not shut down cleanly."""
ENCRYPTED = 0x40
"""Of an inode."""
FIRST_MASTER, MASTERS, FIRST_LOG = 1, 2, 3
MIN_LEB_BYTES, MAX_LEB_BYTES = SUPERBLOCK_BYTES, 1 << 25
"""Linux takes nothing below 15 KiB; nothing here depends on that."""
MAX_LEBS = 1 << 20
MAX_NAME_BYTES = 255
SUPERBLOCK_RESERVED = ((24, 26), (86, 88), (322, 4096))
MASTER_RESERVED = (168, 512)
"""Hashes of authenticated file systems, and reserved bytes."""
PAD_BYTE = 0xCE
_HEADER = struct.Struct("<4sIQIBB2s")
_SUPERBLOCK = struct.Struct("<BBIIIIIQIIIIIIIHHIIQI16sI")
_MASTER = struct.Struct("<QQIIIIIIIIQQQQQQIIIIIIIIIIII")
_INODE = struct.Struct("<QQQQQIIIIIIIIIII4sIH26s")
_BRANCH = struct.Struct("<IIIII")


@dataclass(frozen=True, slots=True)
class Node:
    """The header of a node whose sum holds."""

    at: int
    size: int
    kind: int
    sequence: int
    clean: bool
    """Nothing in reserved fields."""

    @property
    def range(self) -> ByteRange:
        return ByteRange(self.at, self.at + self.size)


@dataclass(frozen=True, slots=True)
class Superblock:
    flags: int
    unit: int
    """Smallest piece that is written, bytes."""
    leb_bytes: int
    lebs: int
    most_lebs: int
    log_lebs: int
    property_lebs: int
    orphan_lebs: int
    saved: int
    """Entries of the table of LEBs worth keeping in mind."""
    compression: int
    clean: bool

    @property
    def first_property(self) -> int:
        return FIRST_LOG + self.log_lebs

    @property
    def first_orphan(self) -> int:
        return self.first_property + self.property_lebs

    @property
    def first_main(self) -> int:
        return self.first_orphan + self.orphan_lebs


@dataclass(frozen=True, slots=True)
class Master:
    """Where everything lies since the last commit."""

    at: int
    sequence: int
    highest: int
    """Inode number."""
    commit: int
    flags: int
    log: int
    """LEB in which the log begins."""
    root: tuple[int, int, int]
    """LEB, offset and size of the root of the index."""
    properties: tuple[int, int]
    property_table: tuple[int, int]
    saved: tuple[int, int]
    lebs: int
    clean: bool
    rest: bytes
    """Everything behind the header, to compare copies."""


@dataclass(frozen=True, slots=True)
class Inode:
    at: int
    number: int
    size: int
    links: int
    mode: int
    flags: int
    data: ByteRange | None
    """Target of a link, number of a device, value of an attribute."""
    clean: bool


@dataclass(frozen=True, slots=True)
class Name:
    """A name of a file or of an extended attribute."""

    at: int
    parent: int
    number: int
    """Inode; 0: removed."""
    kind: int
    raw: bytes
    end: int
    clean: bool


@dataclass(frozen=True, slots=True)
class Block:
    """Up to 4,096 bytes of a file."""

    at: int
    file: int
    number: int
    """Of the block in the file."""
    size: int
    """Unpacked."""
    compression: int
    data: ByteRange | None
    clean: bool


def header(view: memoryview, at: int, end: int) -> tuple[Node | None, int, int]:
    """The node at an offset, and its sum as declared and computed; None when there is none that is sound.

    Args:
        view: the image.
        at: where it begins.
        end: of its logical erase block.
    """
    if at + HEADER_BYTES > end:
        return None, 0, 0
    magic, declared, sequence, size, kind, group, reserved = _HEADER.unpack_from(view, at)
    if magic != MAGIC or not HEADER_BYTES <= size <= end - at:
        return None, 0, 0
    computed = crc32_from_ones(view[at + 8 : at + size])
    if computed != declared:
        return None, declared, computed
    return Node(at, size, kind, sequence, group <= 2 and not any(reserved)), declared, computed


def superblock(view: memoryview) -> Superblock:
    """The superblock, whose node was found.

    Raises:
        Malformed: sizes that cannot be.
        Unsupported: a format or features of later versions.
    """
    hashing, form, flags, unit, size, lebs, most, _, log, properties, orphans, _, _, saved, version, compression = (
        _SUPERBLOCK.unpack_from(view, 26)[:16]
    )
    compatible = struct.unpack_from("<I", view, 124)[0]
    if compatible or (version > FORMAT and flags & ~0x3F):
        raise Unsupported(f"UBIFS format {version}, compatible from {compatible} on")
    if flags & ~0x3F or form or hashing > 1:
        raise Unsupported(f"UBIFS with flags 0x{flags:x}, keys of form {form}, hash {hashing}")
    clean = not any(any(view[start:end]) for start, end in SUPERBLOCK_RESERVED)
    head = Superblock(flags, unit, size, lebs, most, log, properties, orphans, saved, compression, clean)
    fits = MIN_LEB_BYTES <= size <= MAX_LEB_BYTES and 8 <= unit <= size and not size % unit and not unit & unit - 1
    if not fits or not head.first_main < lebs <= most <= MAX_LEBS or min(log, properties, orphans) < 1:
        raise Malformed(WHAT, "the sizes in the superblock cannot be", 0)
    return head


def master(view: memoryview, node: Node) -> Master:
    """The master node behind a header. Raises Malformed."""
    if node.size != MASTER_BYTES:
        raise Malformed(WHAT, "a master node of another size", node.at)
    raw = bytes(view[node.at : node.at + MASTER_BYTES])
    values = _MASTER.unpack_from(raw, HEADER_BYTES)
    return Master(
        at=node.at, sequence=node.sequence, highest=values[0], commit=values[1], flags=values[2], log=values[3],
        root=values[4:7], properties=values[16:18], property_table=values[20:22], saved=values[22:24],
        lebs=values[27], clean=node.clean and not any(raw[slice(*MASTER_RESERVED)]), rest=raw[HEADER_BYTES:],
    )  # fmt: skip


def branches(view: memoryview, node: Node) -> tuple[int, Iterator[tuple[int, int, int, int, int]]]:
    """Level of an index node and its branches: LEB, offset, size, and both words of the key. Raises Malformed."""
    if node.kind != INDEX or node.size < INDEX_BYTES:
        raise Malformed(WHAT, "the index leads to a node of another type", node.at)
    count, level = struct.unpack_from("<HH", view, node.at + HEADER_BYTES)
    if not count or INDEX_BYTES + count * BRANCH_BYTES != node.size:
        raise Malformed(WHAT, f"an index node of {node.size} bytes with {count} branches", node.at)
    return level, _BRANCH.iter_unpack(view[node.at + INDEX_BYTES : node.at + node.size])


def key(view: memoryview, node: Node) -> tuple[int, int, bool]:
    """Both words of a node's key: inode, and type with block or hash; False when reserved bytes are not zero."""
    first, second, reserved = struct.unpack_from("<II8s", view, node.at + HEADER_BYTES)
    return first, second, node.clean and not any(reserved)


def inode(view: memoryview, node: Node) -> Inode:
    """The inode behind a header. Raises Malformed."""
    if node.size < INODE_BYTES:
        raise Malformed(WHAT, "an inode is cut off", node.at)
    number, second, clean = key(view, node)
    values = _INODE.unpack_from(view, node.at + 40)
    size, links, mode, flags, length = values[1], values[8], values[11], values[12], values[13]
    start = node.at + INODE_BYTES
    if second or length != node.size - INODE_BYTES:
        raise Malformed(WHAT, "an inode has another key or length than it must", node.at)
    clean = clean and not any(values[16]) and not any(values[19])
    data = ByteRange(start, start + length) if length else None
    return Inode(node.at, number, size, links, mode, flags, data, clean)


def name(view: memoryview, node: Node) -> Name:
    """The directory entry, or the name of an attribute, behind a header. Raises Malformed."""
    if node.size < NAME_BYTES + 1:
        raise Malformed(WHAT, "a directory entry is cut off", node.at)
    parent, _, clean = key(view, node)
    number, reserved, kind, length = struct.unpack_from("<QBBH", view, node.at + 40)
    start = node.at + NAME_BYTES
    if NAME_BYTES + length + 1 != node.size or not 0 < length <= MAX_NAME_BYTES:
        raise Malformed(WHAT, f"a directory entry of {node.size} bytes with a name of {length}", node.at)
    clean = clean and not reserved and not view[start + length]
    return Name(node.at, parent, number, kind, bytes(view[start : start + length]), node.at + node.size, clean)


def block(view: memoryview, node: Node) -> Block:
    """The piece of a file behind a header. Raises Malformed."""
    if node.size < DATA_BYTES:
        raise Malformed(WHAT, "a data node is cut off", node.at)
    file, second, clean = key(view, node)
    size, compression = struct.unpack_from("<IH", view, node.at + 40)
    if size > BLOCK_BYTES:
        raise Malformed(WHAT, f"a data node of {size} bytes", node.at)
    start, end = node.at + DATA_BYTES, node.at + node.size
    data = ByteRange(start, end) if end > start else None
    return Block(node.at, file, second & 0x1FFFFFFF, size, compression, data, clean)


def looks_like(view: memoryview, at: int = 0) -> bool:
    """A superblock node, whose sum is looked at later."""
    if at + SUPERBLOCK_BYTES > len(view):
        return False
    magic, _, _, size, kind, _, _ = _HEADER.unpack_from(view, at)
    return bool(magic == MAGIC and size == SUPERBLOCK_BYTES and kind == SUPERBLOCK)
