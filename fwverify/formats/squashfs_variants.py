"""SquashFS images that are not version 4.0, little endian: recognised by magic, and what their superblocks say.

Sources: Linux kernel fs/squashfs/squashfs_fs.h (4.0), squashfs-tools squashfs_compat.h (`squashfs_super_block_3`, which
versions 1 and 2 begin alike), read 2026-11-22; the magics of vendors as sasquatch and binwalk list them.

None of these is read any further. Also here: where an image of any kind ends, for the search inside other bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from fwverify.formats import extents

MAGIC = b"hsqs"
VARIANTS = {
    MAGIC: "little endian", b"sqsh": "big endian", b"sqlz": "LZMA, big endian", b"qshs": "LZMA, big endian",
    b"shsq": "LZMA, little endian", b"hsqt": "vendor magic, little endian", b"tqsh": "vendor magic, big endian",
}  # fmt: skip
BIG_ENDIAN = frozenset({b"sqsh", b"sqlz", b"qshs", b"tqsh"})
COMPRESSORS = {1: "gzip", 2: "lzma", 3: "lzo", 4: "xz", 5: "lz4", 6: "zstd"}
LAYOUT = struct.Struct("<4sIIIIHHHHHHQQQQQQQQ")
LAYOUT_BIG = struct.Struct(">4sIIIIHHHHHHQQQQQQQQ")
SUPERBLOCK_BYTES = LAYOUT.size
OLD_BYTES = {1: 51, 2: 63, 3: 119}
"""Superblocks of versions 1 to 3; each version added fields at the end."""
VERSION_AT = 28
ABSENT = (1 << 64) - 1
MIN_BLOCK_LOG, MAX_BLOCK_LOG = 12, 20
KNOWN_VERSIONS = frozenset({(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (4, 0)})
LZMA_PROPERTIES = b"\x5d\0\0"
"""What LZMA data with the usual properties and a dictionary of whole 64 KiB begin with."""


@dataclass(frozen=True, slots=True)
class Variant:
    """What the superblock of another SquashFS says."""

    version: tuple[int, int]
    kind: str
    """Of its magic."""
    inodes: int
    block_size: int
    block_log: int
    bytes_used: int
    modified: int
    """seconds since 1970"""
    compressor: str
    """As stated (4.x), or as the first data look; empty when nothing tells."""
    inode_table: int
    directory_table: int
    header_bytes: int

    @property
    def plausible(self) -> bool:
        """Its fields agree with one another."""
        return (
            self.version in KNOWN_VERSIONS
            and MIN_BLOCK_LOG <= self.block_log <= MAX_BLOCK_LOG
            and self.block_size == 1 << self.block_log
            and self.inodes > 0
            and self.header_bytes <= self.inode_table < self.directory_table <= self.bytes_used
        )

    def __str__(self) -> str:
        major, minor = self.version
        packed = f", {self.compressor}" if self.compressor else ""
        sizes = f"{self.inodes} inodes in {self.bytes_used} bytes, blocks of {self.block_size} bytes"
        return f"SquashFS {major}.{minor} ({self.kind}{packed}; {sizes})"


def looks_like(view: memoryview) -> bool:
    """One of the magics, and a version there was."""
    if len(view) < SUPERBLOCK_BYTES or bytes(view[:4]) not in VARIANTS:
        return False
    return 1 <= version(view)[0] <= 4


def version(view: memoryview) -> tuple[int, int]:
    order = ">HH" if bytes(view[:4]) in BIG_ENDIAN else "<HH"
    major, minor = struct.unpack_from(order, view, VERSION_AT)
    return major, minor


def read(view: memoryview) -> Variant:
    """The superblock of any version that `looks_like`."""
    if version(view)[0] == 4:
        return _four(view)
    return _old(view)


def _four(view: memoryview) -> Variant:
    layout = LAYOUT_BIG if bytes(view[:4]) in BIG_ENDIAN else LAYOUT
    (magic, inodes, modified, block, _, packing, log, _, _, major, minor, _, used, _, _, inode_at, directory_at,
     _, _) = layout.unpack_from(view)  # fmt: skip
    packed = COMPRESSORS.get(packing, f"compression {packing}")
    return Variant(
        (major, minor), VARIANTS[magic], inodes, block, log, used, modified, packed, inode_at, directory_at,
        SUPERBLOCK_BYTES,
    )  # fmt: skip


def _old(view: memoryview) -> Variant:
    """Versions 1 to 3 share the first 51 bytes; 2 widened the block size, 3 all places to 64 bits."""
    magic = bytes(view[:4])
    order = ">" if magic in BIG_ENDIAN else "<"
    inodes, used, _, _, inode_at, directory_at, major, minor, block, log, _, _, _, modified = struct.unpack_from(
        order + "6I4H3BI", view, 4
    )
    if major >= 2:
        (block,) = struct.unpack_from(order + "I", view, 51)
    size = OLD_BYTES[major]
    if major == 3 and len(view) >= size:
        used, _, _, inode_at, directory_at = struct.unpack_from(order + "5Q", view, 63)
    packed = "its data begin like LZMA" if bytes(view[size : size + 3]) == LZMA_PROPERTIES else ""
    return Variant(
        (major, minor), VARIANTS[magic], inodes, block, log, used, modified, packed, inode_at, directory_at, size
    )


def end(view: memoryview, at: int, tick: extents.Tick) -> int:
    """Where an image of any version that begins at `at` ends, its zero padding to 4 KiB included; 0: none does."""
    tick(SUPERBLOCK_BYTES)
    here = view[at : at + OLD_BYTES[3]]
    if not looks_like(here):
        return 0
    if bytes(here[:4]) == MAGIC and version(here) == (4, 0):
        return extents.squashfs_end(view, at)
    found = read(here)
    after = at + found.bytes_used
    if not found.plausible or after > len(view):
        return 0
    padded = min(at + -(-found.bytes_used // extents.SQUASHFS_PAD) * extents.SQUASHFS_PAD, len(view))
    return after if any(view[after:padded]) else padded
