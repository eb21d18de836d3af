"""EROFS: superblock, inodes, directories, and where uncompressed content lies.

Sources: Linux Documentation/filesystems/erofs.rst and fs/erofs/erofs_fs.h (fields), fs/erofs/{super,inode,data,dir}.c
(what a reader takes), read 2026-11-22. Inodes are numbered in slots of 32 bytes; small content lies behind its inode.
Compressed files: formats/erofs_packed.py; extended attributes: formats/erofs_attributes.py.

Does NOT do: the walk (unpack/erofs_tree.py); further devices; 48 bit addresses and the metabox, which are named.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.formats.crc32c import crc32c
from fwverify.formats.extents import Tick
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed, Unsupported

WHAT = "EROFS"
SUPERBLOCK_AT, SUPERBLOCK_BYTES = 1024, 128
MAGIC = b"\xe2\xe1\xf5\xe0"
SUMMED = 0x1
ZERO_PADDING, CONFIGS, CHUNKED, DEVICES, TAIL_PACKING, FRAGMENTS, PREFIXES = 1, 2, 4, 8, 16, 32, 64
KNOWN = 0x7F
LATER = {0x80: "48 bit addresses", 0x100: "a metabox"}
SLOT_BYTES = 32
PLAIN, PACKED_FULL, INLINE, PACKED_COMPACT, CHUNKS = range(5)
LAYOUTS = 5
NOWHERE = 0xFFFFFFFF
"""Block address of a hole."""
CHUNK_BITS, CHUNK_INDEXES = 0x1F, 0x20
DIRENT_BYTES = 12
MIN_BLOCK_BITS, MAX_BLOCK_BITS = 9, 16
MAX_CHUNKS = 1 << 20
"""Of one file: memory. 4 GiB in blocks of 4 KiB."""


@dataclass(frozen=True, slots=True)
class Superblock:
    block_bits: int
    features: int
    """Those a reader must know."""
    summed: bool
    checksum: int
    root: int
    """Slot number of the root's inode."""
    inodes: int
    built: int
    """Seconds since 1970."""
    blocks: int
    meta: int
    """Offset of slot 0."""
    attributes: int
    """Offset of the shared extended attributes."""
    volume: bytes
    algorithms: int
    devices: int
    """Further ones."""
    slots: int
    """Extensions of the superblock, 16 bytes each."""

    @property
    def block_size(self) -> int:
        return 1 << self.block_bits

    @property
    def size(self) -> int:
        """Bytes of the image as declared."""
        return self.blocks << self.block_bits


@dataclass(frozen=True, slots=True)
class Inode:
    slot: int
    at: int
    extended: bool
    layout: int
    mode: int
    size: int
    links: int
    number: int
    word: int
    """Block address, device number or chunk format, by layout and kind."""
    attribute_bytes: int
    clean: bool
    """Its reserved fields are zero."""

    @property
    def header_bytes(self) -> int:
        return 64 if self.extended else 32

    @property
    def body(self) -> int:
        """Behind inode and extended attributes: tail, chunk table or cluster index."""
        return self.at + self.header_bytes + self.attribute_bytes

    @property
    def packed(self) -> bool:
        return self.layout in (PACKED_FULL, PACKED_COMPACT)


@dataclass(frozen=True, slots=True)
class Run:
    """Content in a row; start -1 is a hole."""

    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Name:
    slot: int
    raw: bytes
    kind: int


def looks_like(view: memoryview) -> bool:
    return bytes(view[SUPERBLOCK_AT : SUPERBLOCK_AT + 4]) == MAGIC and len(view) >= SUPERBLOCK_AT + SUPERBLOCK_BYTES


def read(view: memoryview) -> Superblock:
    """Parse the superblock.

    Raises:
        Malformed: values that cannot be.
        Unsupported: a feature that this does not know.
    """
    if not looks_like(view):
        raise Malformed(WHAT, "no superblock", SUPERBLOCK_AT)
    checksum, compatible, bits, slots, root, inodes, built, _, blocks, meta, attributes = struct.unpack_from(
        "<IIBBHQQIIII", view, SUPERBLOCK_AT + 4
    )
    volume, features, algorithms, devices, _, folder_bits = struct.unpack_from("<16sIHHHB", view, SUPERBLOCK_AT + 64)
    for flag, name in LATER.items():
        if features & flag:
            raise Unsupported(f"EROFS with {name}")
    if features & ~KNOWN:
        raise Unsupported(f"EROFS with features 0x{features & ~KNOWN:x}")
    if not MIN_BLOCK_BITS <= bits <= MAX_BLOCK_BITS or folder_bits:
        raise Malformed(WHAT, "its block size cannot be", SUPERBLOCK_AT + 12)
    return Superblock(
        bits, features, bool(compatible & SUMMED), checksum, root, inodes, built, blocks, meta << bits,
        attributes << bits, volume.rstrip(b"\0"), algorithms if features & CONFIGS else 1,
        devices if features & DEVICES else 0, slots,
    )  # fmt: skip


def checksum(view: memoryview, head: Superblock) -> int:
    """CRC-32C of the block that holds the superblock, without its first KiB, its own field taken as zero."""
    size = head.block_size - SUPERBLOCK_AT if head.block_size > SUPERBLOCK_AT else head.block_size
    data = bytearray(view[SUPERBLOCK_AT : SUPERBLOCK_AT + size])
    data[4:8] = bytes(4)
    return crc32c(data)


def configurations(view: memoryview, head: Superblock) -> list[tuple[int, ByteRange]]:
    """Algorithm and place of the parameters each compression algorithm has behind the superblock. Raises Malformed."""
    at = SUPERBLOCK_AT + SUPERBLOCK_BYTES + 16 * head.slots
    out: list[tuple[int, ByteRange]] = []
    if not head.features & CONFIGS:
        return out
    for algorithm in range(16):
        if head.algorithms >> algorithm & 1:
            if at + 2 > len(view):
                raise Malformed(WHAT, "a compression's parameters are cut off", at)
            size = struct.unpack_from("<H", view, at)[0]
            out.append((algorithm, ByteRange(at, at + 2 + size)))
            at += 2 + size
    return out


def inode(view: memoryview, head: Superblock, slot: int, end: int) -> Inode:
    """The inode in a slot. Raises Malformed."""
    at = head.meta + slot * SLOT_BYTES
    if at + SLOT_BYTES > end:
        raise Malformed(WHAT, f"there is no inode {slot}", min(at, end))
    form, attributes, mode = struct.unpack_from("<HHH", view, at)
    extended, layout = bool(form & 1), form >> 1 & 7
    if form >> 4 or layout >= LAYOUTS or (extended and at + 2 * SLOT_BYTES > end):
        raise Malformed(WHAT, f"inode {slot} has a form that cannot be", at)
    if extended:
        unused, size, word, number, _, _, _, _, links, unused2 = struct.unpack_from("<HQIIIIQII16s", view, at + 6)
        clean = not unused and not any(unused2)
    else:
        links, size, _, word, number, _, _, last = struct.unpack_from("<HIIIIHHI", view, at + 6)
        clean = not last
    attribute_bytes = 12 + 4 * (attributes - 1) if attributes else 0
    found = Inode(slot, at, extended, layout, mode, size, links, number, word, attribute_bytes, clean)
    if found.body > end:
        raise Malformed(WHAT, f"the extended attributes of inode {slot} leave the image", at)
    return found


def runs(view: memoryview, head: Superblock, node: Inode, end: int) -> list[Run]:
    """Where content that is not compressed lies.

    Raises:
        Malformed: it leaves the image.
        Unsupported: it lies on another device.
    """
    if not node.size:
        return []
    out = _chunks(view, head, node, end) if node.layout == CHUNKS else _flat(head, node)
    if any(one.start >= 0 and one.start + one.size > end for one in out):
        raise Malformed(WHAT, "the content leaves the image", node.at)
    return out


def _flat(head: Superblock, node: Inode) -> list[Run]:
    start = node.word << head.block_bits
    if node.layout == PLAIN:
        return [Run(start, node.size)]
    whole = (node.size - 1) >> head.block_bits << head.block_bits
    tail = node.size - whole
    if node.body % head.block_size + tail > head.block_size:
        raise Malformed(WHAT, "a tail crosses the border of its block", node.body)
    return [*([Run(start, whole)] if whole else []), Run(node.body, tail)]


def chunk_table(head: Superblock, node: Inode) -> tuple[int, int, int, int]:
    """Of a file in chunks: where its table begins, bytes of an entry, number of entries, bytes of a chunk."""
    width = 8 if node.word & CHUNK_INDEXES else 4
    bits = head.block_bits + (node.word & CHUNK_BITS)
    return node.body + -node.body % width, width, -(-node.size >> bits), 1 << bits


def _chunks(view: memoryview, head: Superblock, node: Inode, end: int) -> list[Run]:
    at, width, count, size = chunk_table(head, node)
    if at + width * count > end:
        raise Malformed(WHAT, "a table of chunks leaves the image", node.body)
    if count > MAX_CHUNKS:
        raise Unsupported(f"EROFS file in {count} chunks")
    if width == 4:
        blocks: tuple[int, ...] = struct.unpack_from(f"<{count}I", view, at)
    else:
        words = struct.unpack_from(f"<{2 * count}I", view, at)
        blocks = words[1::2]
        if any(one >> 16 and block != NOWHERE for one, block in zip(words[::2], blocks, strict=True)):
            raise Unsupported("EROFS file on another device")
    out: list[Run] = []
    for index, block in enumerate(blocks):
        start = -1 if block == NOWHERE else block << head.block_bits
        part = min(size, node.size - index * size)
        last = out[-1] if out else None
        if last and (last.start + last.size == start if start >= 0 else last.start < 0):
            out[-1] = Run(last.start, last.size + part)
        else:
            out.append(Run(start, part))
    return out


def names(block: bytes, at: int) -> tuple[list[Name], int]:
    """The entries of one directory block, and where its last name ends.

    Args:
        block: at most one block.
        at: where it lies, for messages.

    Raises:
        Malformed: names that cannot be.
    """
    first = int.from_bytes(block[8:10], "little")
    if not DIRENT_BYTES <= first <= len(block) or first % DIRENT_BYTES:
        raise Malformed(WHAT, "a directory block states no number of entries", at)
    entries = list(struct.iter_unpack("<QHBB", block[:first]))
    bounds = [one[1] for one in entries] + [len(block)]
    out: list[Name] = []
    stop = first
    for index, (slot, start, kind, _) in enumerate(entries):
        stop = bounds[index + 1]
        if not first <= start < stop <= len(block):
            raise Malformed(WHAT, "a name leaves its directory block", at)
        raw = block[start:stop]
        if index == len(entries) - 1:
            raw = raw.split(b"\0", 1)[0]
            stop = start + len(raw)
        if not raw or b"\0" in raw:
            raise Malformed(WHAT, "a directory has an empty name or one with a zero", at)
        out.append(Name(slot, raw, kind))
    return out, stop


def content(view: memoryview, found: list[Run], piece: int = 1 << 20) -> Iterator[memoryview]:
    """The bytes of runs, holes as zeros."""
    zeros = memoryview(bytes(min(piece, max((one.size for one in found if one.start < 0), default=0))))
    for one in found:
        for at in range(0, one.size, piece):
            size = min(piece, one.size - at)
            yield zeros[:size] if one.start < 0 else view[one.start + at : one.start + at + size]


def end(view: memoryview, at: int, tick: Tick) -> int:
    """An EROFS image whose checksum holds, or whose root is a directory where it has none; for carving."""
    here = view[at:]
    tick(SUPERBLOCK_BYTES)
    try:
        head = read(here[: SUPERBLOCK_AT + SUPERBLOCK_BYTES])
        if not SUPERBLOCK_AT + SUPERBLOCK_BYTES < head.size <= len(here):
            return 0
        root = inode(here, head, head.root, head.size)
    except (Malformed, Unsupported):
        return 0
    if head.summed:
        tick(head.block_size)
    sound = not head.summed or checksum(here, head) == head.checksum
    return at + head.size if sound and root.mode & 0o170000 == 0o040000 and root.clean else 0
