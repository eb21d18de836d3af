"""Superblock of ext2, ext3 and ext4: sizes, places, features, and whether they can be true together.

Source: Linux Documentation/filesystems/ext4/super.rst and checksums.rst, read 2026-11-22.

Does NOT do: judge times, mount counts and error records; read features that change the layout in ways nobody has
documented (they are named and refused).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from fwverify.formats.crc32c import START, crc32c
from fwverify.formats.extents import Tick
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed, Unsupported

WHAT = "ext file system"
AT = 1024
"""Where the superblock lies, whatever the block size."""
SUPERBLOCK_BYTES = 1024
MAGIC, MAGIC_AT = b"\x53\xef", 0x38
MAX_BLOCK_LOG = 6
"""64 KiB blocks."""
CHECKSUM_AT = 0x3FC
CRC32C = 1
COMPAT_JOURNAL, COMPAT_SPARSE2, COMPAT_ORPHAN_FILE = 0x4, 0x200, 0x1000
INCOMPAT_FILETYPE, INCOMPAT_RECOVER, INCOMPAT_META_GROUPS = 0x2, 0x4, 0x10
INCOMPAT_64BIT, INCOMPAT_MMP, INCOMPAT_SEED, INCOMPAT_LARGE_FOLDERS = 0x80, 0x100, 0x2000, 0x4000
INCOMPAT_ENCRYPT = 0x10000
RO_SPARSE, RO_GROUP_SUMS, RO_BIGALLOC, RO_METADATA_SUMS, RO_SHARED = 0x1, 0x10, 0x200, 0x400, 0x4000
KNOWN_INCOMPAT = {
    0x2: "file types", 0x4: "needs recovery", 0x10: "meta_bg", 0x40: "extents", 0x80: "64bit", 0x100: "mmp",
    0x200: "flex_bg", 0x400: "ea_inode", 0x2000: "csum_seed", 0x4000: "large_dir", 0x8000: "inline_data",
    0x10000: "encrypt", 0x20000: "casefold",
}  # fmt: skip
UNREAD_INCOMPAT = {0x1: "compression", 0x8: "an external journal device", 0x1000: "dirdata"}
FIRST_INODE, MAX_FIRST_INODE = 11, 1024
"""Inodes before the first are kept for the file system itself; all known tools keep ten."""
ADDRESSED = 1 << 48
"""Blocks that extents can address."""


@dataclass(frozen=True, slots=True)
class Superblock:
    """What the reader needs of it."""

    inodes: int
    blocks: int
    first_block: int
    block_size: int
    """bytes"""
    cluster_blocks: int
    """Blocks one bit of a block bitmap stands for."""
    blocks_per_group: int
    inodes_per_group: int
    inode_size: int
    """bytes"""
    descriptor_size: int
    """bytes"""
    compat: int
    incompat: int
    ro_compat: int
    uuid: bytes
    label: bytes
    reserved_descriptor_blocks: int
    first_meta_group: int
    first_inode: int
    journal_inode: int
    other_inodes: tuple[int, ...]
    """Quota and orphan files: inodes that no name leads to."""
    orphan_file: int
    last_orphan: int
    backup_groups: tuple[int, ...]
    mmp_block: int
    group: int
    """Which group's copy this is; 0 for the first."""
    revision: int
    seed: int
    """Start value of all checksums."""
    checksum: int
    raw: memoryview
    """Its 1024 bytes."""

    @property
    def groups(self) -> int:
        return -(-(self.blocks - self.first_block) // self.blocks_per_group)

    @property
    def size(self) -> int:
        """bytes"""
        return self.blocks * self.block_size

    @property
    def sums(self) -> bool:
        """Metadata carries CRC-32C."""
        return bool(self.ro_compat & RO_METADATA_SUMS)

    @property
    def lazy(self) -> bool:
        """Group descriptors say which bitmaps were never written."""
        return bool(self.ro_compat & (RO_GROUP_SUMS | RO_METADATA_SUMS))

    @property
    def wide(self) -> bool:
        return bool(self.incompat & INCOMPAT_64BIT)


def looks_like(view: memoryview, at: int = 0) -> bool:
    """A superblock whose sizes fit one another. Total."""
    place = at + AT
    if len(view) < place + SUPERBLOCK_BYTES or view[place + MAGIC_AT : place + MAGIC_AT + 2] != MAGIC:
        return False
    try:
        parse(view[place : place + SUPERBLOCK_BYTES])
    except Malformed:
        return False
    return True


def end(view: memoryview, at: int, tick: Tick) -> int:
    """Where the file system that begins at `at` ends; 0: none does. A copy of a superblock is not a beginning."""
    tick(SUPERBLOCK_BYTES)
    if not looks_like(view, at):
        return 0
    head = parse(view[at + AT : at + AT + SUPERBLOCK_BYTES])
    if head.group or at + head.size > len(view) or (head.sums and head.checksum != crc32c(head.raw[:CHECKSUM_AT])):
        return 0
    return at + head.size if _has_tables(view, at, head) else 0


def _has_tables(view: memoryview, at: int, head: Superblock) -> bool:
    """The first group's descriptor, in the block behind the superblock, names three places inside the file system."""
    table = at + (2 * AT if head.block_size == AT else head.block_size)
    if table + head.descriptor_size > len(view):
        return False
    places = struct.unpack_from("<III", view, table)
    if head.wide:
        high = struct.unpack_from("<III", view, table + 0x20)
        places = tuple(low | above << 32 for low, above in zip(places, high, strict=True))
    return all(head.first_block < one < head.blocks for one in places)


def read(view: memoryview) -> Superblock:
    """The first superblock of an image.

    Raises:
        Malformed: sizes that cannot be true together.
        Unsupported: a feature that is not read, named.
    """
    if len(view) < AT + SUPERBLOCK_BYTES or view[AT + MAGIC_AT : AT + MAGIC_AT + 2] != MAGIC:
        raise Malformed(WHAT, "it has no superblock", AT)
    found = parse(view[AT : AT + SUPERBLOCK_BYTES])
    for bit, name in UNREAD_INCOMPAT.items():
        if found.incompat & bit:
            raise Unsupported(f"ext file system with {name}")
    unknown = found.incompat & ~sum(KNOWN_INCOMPAT)
    if unknown:
        raise Unsupported(f"ext file system with an unknown feature (incompatible, {unknown:#x})")
    return found


def parse(raw: memoryview) -> Superblock:
    """One superblock or copy. Raises Malformed for sizes that cannot be true together."""
    inodes, blocks, _, _, _, first, block_log, cluster_log, per_group, clusters, inodes_each = struct.unpack_from(
        "<11I", raw
    )
    (revision,) = struct.unpack_from("<I", raw, 0x4C)
    modern = revision >= 1
    first_inode, inode_size, group, compat, incompat, ro_compat = (
        struct.unpack_from("<IHHIII", raw, 0x54) if modern else (11, 128, 0, 0, 0, 0)
    )
    wide = bool(incompat & INCOMPAT_64BIT)
    if block_log > MAX_BLOCK_LOG:
        raise Malformed(WHAT, f"blocks of 2^{10 + block_log} bytes", AT + 0x18)
    uuid = bytes(raw[0x68:0x78])
    found = Superblock(
        inodes=inodes,
        blocks=blocks | (_u32(raw, 0x150) << 32 if wide else 0),
        first_block=first,
        block_size=1024 << block_log,
        cluster_blocks=1 << min(max(cluster_log - block_log, 0), 31) if ro_compat & RO_BIGALLOC else 1,
        blocks_per_group=per_group,
        inodes_per_group=inodes_each,
        inode_size=inode_size,
        descriptor_size=_u16(raw, 0xFE) if wide else 32,
        compat=compat,
        incompat=incompat,
        ro_compat=ro_compat,
        uuid=uuid,
        label=bytes(raw[0x78:0x88]).split(b"\0")[0],
        reserved_descriptor_blocks=_u16(raw, 0xCE) if modern else 0,
        first_meta_group=_u32(raw, 0x104),
        first_inode=first_inode,
        journal_inode=_u32(raw, 0xE0) if compat & COMPAT_JOURNAL else 0,
        other_inodes=tuple(one for one in (_u32(raw, 0x240), _u32(raw, 0x244), _u32(raw, 0x26C)) if one),
        orphan_file=_u32(raw, 0x280) if compat & COMPAT_ORPHAN_FILE else 0,
        last_orphan=_u32(raw, 0xE8),
        backup_groups=(_u32(raw, 0x24C), _u32(raw, 0x250)),
        mmp_block=int.from_bytes(raw[0x168:0x170], "little") if incompat & INCOMPAT_MMP else 0,
        group=group,
        revision=revision,
        seed=_u32(raw, 0x270) if incompat & INCOMPAT_SEED else crc32c(uuid, START),
        checksum=_u32(raw, CHECKSUM_AT),
        raw=raw,
    )
    _judge(found, clusters)
    return found


def _judge(head: Superblock, clusters_per_group: int) -> None:
    bits = head.block_size * 8
    wrong = {
        "its revision": head.revision > 1,
        "its number of blocks": not head.first_block < head.blocks <= ADDRESSED,
        "its first block": head.first_block > 1 or (head.first_block == 1 and head.block_size != AT),
        "its blocks in a group": not 0 < head.blocks_per_group <= bits * head.cluster_blocks,
        "its clusters in a group": head.cluster_blocks > 1
        and clusters_per_group * head.cluster_blocks != head.blocks_per_group,
        "its cluster size": head.cluster_blocks * head.block_size > 1 << 30,
        "its inodes in a group": not 0 < head.inodes_per_group <= bits,
        "its first inode": not FIRST_INODE <= head.first_inode <= MAX_FIRST_INODE,
        "its inode size": head.inode_size < 128
        or head.inode_size > head.block_size
        or head.inode_size & (head.inode_size - 1) > 0,
        "its descriptor size": not 32 << head.wide <= head.descriptor_size <= 1024
        or head.descriptor_size & (head.descriptor_size - 1) > 0,
    }
    for name, failed in wrong.items():
        if failed:
            raise Malformed(WHAT, f"{name} cannot be", AT)
    if head.inodes != head.groups * head.inodes_per_group:
        raise Malformed(WHAT, f"{head.inodes} inodes in {head.groups} groups", AT)


TEXTS = (ByteRange(0x78, 0x88), ByteRange(0x88, 0xC8), ByteRange(0x1A8, 0x1C8), ByteRange(0x1E0, 0x200),
         ByteRange(0x200, 0x240))  # fmt: skip
"""Label, last mount point, functions of errors, mount options."""
NUMBERS = (
    ByteRange(0, 0x78), ByteRange(0xC8, 0x10C), ByteRange(0x15C, 0x166), ByteRange(0x170, 0x176),
    ByteRange(0x178, 0x180), ByteRange(0x240, 0x258), ByteRange(0x268, 0x27A), ByteRange(0x27C, 0x284),
)  # fmt: skip
HIGH_COUNTS, MMP, SNAPSHOT = ByteRange(0x150, 0x15C), ByteRange(0x166, 0x170), ByteRange(0x180, 0x194)
"""Mean something with the feature they belong to (that of snapshots never came), else they are zero."""
ERRORS_COUNT_AT = 0x194
FIRST_ERROR, LAST_ERROR = ByteRange(0x198, 0x1A8), ByteRange(0x1C8, 0x1E0)
"""Time, inode and block of the first error; its line, and the same of the last. Zero where none was counted."""
ERROR_BLOCKS_AT = (0x1A0, 0x1D8)
SALT = ByteRange(0x258, 0x268)
"""Of passwords, where files are encrypted."""
JOURNAL_COPY = ByteRange(0x10C, 0x150)
"""Block map and size of the journal's inode."""
VOLATILE = (
    ByteRange(0x0C, 0x14), ByteRange(0x2C, 0x38), ByteRange(0x3A, 0x3C), ByteRange(0x40, 0x44),
    ByteRange(0x5A, 0x5C), ByteRange(0x60, 0x61), ByteRange(0xE8, 0xEC), ByteRange(0x158, 0x15C),
    ByteRange(0x178, 0x180), ByteRange(0x194, 0x1A8), ByteRange(0x1C8, 0x1E0), ByteRange(0x274, 0x27A),
    ByteRange(CHECKSUM_AT, 0x400),
)  # fmt: skip
"""Counts, times and states: copies are written rarely, so these are older there."""


def understood(head: Superblock, journal_map: bytes) -> tuple[ByteRange, ...]:
    """The bytes of a superblock that mean something; what is reserved, or no text where text belongs, is not.

    `journal_map` is what the copy of the journal's inode must be.
    """
    found = [*NUMBERS, *(one for one in TEXTS if is_text(head.raw[one.start : one.end])), *_conditional(head)]
    if head.incompat & INCOMPAT_ENCRYPT:
        found.append(SALT)
    if head.journal_inode and head.raw[JOURNAL_COPY.start : JOURNAL_COPY.end] == journal_map:
        found.append(JOURNAL_COPY)
    if head.sums:
        found.append(ByteRange(CHECKSUM_AT, 0x400))
    return tuple(sorted(found))


def _conditional(head: Superblock) -> list[ByteRange]:
    """Fields that mean something with a feature or after an error only; zeros in them are known anyway."""
    raw = head.raw
    blocks = [int.from_bytes(raw[at : at + 8], "little") for at in ERROR_BLOCKS_AT]
    errors = _u32(raw, ERRORS_COUNT_AT) > 0 and max(blocks) < head.blocks
    meaning = {
        HIGH_COUNTS: head.wide,
        MMP: bool(head.incompat & INCOMPAT_MMP),
        SNAPSHOT: False,
        ByteRange(ERRORS_COUNT_AT, FIRST_ERROR.start): errors,
        FIRST_ERROR: errors,
        LAST_ERROR: errors,
    }
    return [one for one, known in meaning.items() if known or not any(raw[one.start : one.end])]


def is_text(raw: memoryview | bytes) -> bool:
    """Printable, ended by zeros or filling its field."""
    text, _, rest = bytes(raw).partition(b"\0")
    try:
        return text.decode().isprintable() and not rest.strip(b"\0")
    except UnicodeDecodeError:
        return False


def _u16(raw: memoryview, at: int) -> int:
    return int.from_bytes(raw[at : at + 2], "little")


def _u32(raw: memoryview, at: int) -> int:
    return int.from_bytes(raw[at : at + 4], "little")
