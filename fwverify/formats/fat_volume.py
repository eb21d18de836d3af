"""FAT12, FAT16 and FAT32: the boot sector with its parameters, FSInfo, and where everything lies.

Sources: Microsoft FAT32 File System Specification 1.03 (boot sector, FSInfo, FAT type) and ECMA-107 (FAT12/16); for
what readers take, Linux fs/fat/inode.c; read 2026-11-22. As there, a volume without a 16 bit FAT size is FAT32,
whatever its number of clusters; the others are told apart by that number.

Does NOT do: exFAT, which shares nothing but the name (unpack/containers/unsupported_filesystem.py names it).
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from fwverify.formats.extents import Tick
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

WHAT = "FAT"
SECTOR_SIZES = (512, 1024, 2048, 4096)
MIN_BYTES = 512
SIGNATURE_AT = 510
MAX_FAT12_CLUSTERS = 4084
MAX_FAT32_CLUSTERS = 0x0FFFFFF5
CODE_END = 446
"""Behind it a partition table may lie, as mtools writes one."""
BOOT_CODES = frozenset({
    "41ac0cf1ad8e287e8fd1ae203ba829524bb4c5ae77583068fac0c2016d1ce156",
    "a056ad92d70d145e6d01e46cefae1bb63e9a26a7b5659735bba352a3b7738872",
    "76b28c5f258fb4b8fad99721639d3911b44dbbf5f7a416e2137026b2024f2996",
    "4f2e91368e3f7eedaae94477e90e4401fcf4f825ebaf95749ca9fd5351409b6e",
})  # fmt: skip
"""SHA-256 of the boot code that dosfstools 4.2 and mtools 4.0.32 write, up to CODE_END: nothing hides in these."""
INFO_LEAD, INFO_STRUCTURE, INFO_TRAIL = 0x41615252, 0x61417272, 0xAA550000
UNKNOWN = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Volume:
    """What the boot sector states, checked."""

    bits: int
    """12, 16 or 32."""
    sector_bytes: int
    cluster_bytes: int
    reserved_bytes: int
    fats: int
    fat_bytes: int
    """Size of one FAT."""
    active: int
    """The FAT that counts."""
    mirrored: bool
    """All FATs are kept alike."""
    root: ByteRange | None
    """Of FAT12 and FAT16."""
    root_cluster: int
    """Of FAT32."""
    data: int
    """Where the first cluster, number 2, begins."""
    clusters: int
    size: int
    """Bytes of the volume as declared."""
    media: int
    info: int
    """Offset of FSInfo, 0 for none."""
    backup: int
    """Offset of the copy of the boot sector, 0 for none."""
    oem: bytes
    label: bytes
    serial: int
    parameters_end: int
    """Behind the parameters; boot code follows."""

    def fat(self, index: int) -> ByteRange:
        """Where a FAT lies."""
        start = self.reserved_bytes + index * self.fat_bytes
        return ByteRange(start, start + self.fat_bytes)

    def cluster(self, number: int) -> int:
        """Where a cluster begins."""
        return self.data + (number - 2) * self.cluster_bytes


@dataclass(frozen=True, slots=True)
class _Parameters:
    """The fields as they lie there."""

    sector: int
    per_cluster: int
    reserved: int
    fats: int
    entries: int
    total: int
    media: int
    fat_sectors: int
    flags: int
    version: int
    root_cluster: int
    info: int
    backup: int
    wide: bool
    """FAT32."""


def read(view: memoryview) -> Volume:
    """Parse a boot sector. Raises Malformed for values that cannot be."""
    if len(view) < MIN_BYTES or bytes(view[SIGNATURE_AT : SIGNATURE_AT + 2]) != b"\x55\xaa":
        raise Malformed(WHAT, "no boot sector", 0)
    head = bytes(view[:MIN_BYTES])
    if not (head[0] == 0xEB and head[2] == 0x90) and head[0] != 0xE9:
        raise Malformed(WHAT, "the boot sector does not begin with a jump", 0)
    fields = _parameters(head)
    for wrong, what in (*_wrong_values(fields), *_wrong_for_type(fields)):
        if wrong:
            raise Malformed(WHAT, f"the boot sector's {what} cannot be", 11)
    return _volume(head, fields)


def looks_like(view: memoryview) -> bool:
    try:
        read(view[:MIN_BYTES])
    except Malformed:
        return False
    return True


def _parameters(head: bytes) -> _Parameters:
    sector, per_cluster, reserved, fats, entries, total16, media, fat16 = struct.unpack_from("<HBHBHHBH", head, 11)
    total32, fat32, flags, version, root_cluster, info, backup = struct.unpack_from("<IIHHIHH", head, 32)
    wide = fat16 == 0
    if not wide:
        fat32, flags, version, root_cluster, info, backup = fat16, 0, 0, 0, 0, 0
    if total16 and total32 not in (0, total16):
        raise Malformed(WHAT, "the boot sector states two numbers of sectors", 19)
    return _Parameters(
        sector, per_cluster, reserved, fats, entries, total16 or total32, media, fat32, flags, version, root_cluster,
        info, backup, wide,
    )  # fmt: skip


def _wrong_values(one: _Parameters) -> tuple[tuple[bool, str], ...]:
    power = one.per_cluster > 0 and not one.per_cluster & (one.per_cluster - 1)
    return (
        (one.sector not in SECTOR_SIZES, "sector size"),
        (not power, "cluster size"),
        (one.reserved == 0, "number of reserved sectors"),
        (one.fats not in (1, 2), "number of FATs"),
        (one.media != 0xF0 and one.media < 0xF8, "media byte"),
        (one.fat_sectors == 0, "FAT size"),
        (one.total == 0, "number of sectors"),
    )


def _wrong_for_type(one: _Parameters) -> tuple[tuple[bool, str], ...]:
    if not one.wide:
        return ((one.entries == 0 or (one.entries * 32) % (one.sector or 1) != 0, "number of root entries"),)
    active = one.flags & 0xF if one.flags & 0x80 else 0
    return (
        (one.entries != 0, "number of root entries"),
        (one.version != 0, "FAT32 version"),
        (one.root_cluster < 2, "root cluster"),
        (active >= one.fats, "active FAT"),
        (one.info >= one.reserved and one.info != 0xFFFF, "FSInfo sector"),
        (one.backup >= one.reserved and one.backup != 0xFFFF, "backup boot sector"),
    )


def _volume(head: bytes, one: _Parameters) -> Volume:
    fat_bytes = one.fat_sectors * one.sector
    root_start = one.reserved * one.sector + one.fats * fat_bytes
    data = root_start + one.entries * 32
    size, cluster_bytes = one.total * one.sector, one.per_cluster * one.sector
    clusters = (size - data) // cluster_bytes
    bits = 32 if one.wide else 16 if clusters > MAX_FAT12_CLUSTERS else 12
    clusters = min(clusters, fat_bytes * 8 // bits - 2, MAX_FAT32_CLUSTERS)
    if clusters < 1 or one.root_cluster >= clusters + 2:
        raise Malformed(WHAT, "the boot sector leaves no room for data", 19)
    extended = 64 if one.wide else 36
    known = head[extended + 2] == 0x29
    serial, label = struct.unpack_from("<I11s", head, extended + 3) if known else (0, b"")
    return Volume(
        bits, one.sector, cluster_bytes, one.reserved * one.sector, one.fats, fat_bytes,
        one.flags & 0xF if one.flags & 0x80 else 0, not one.flags & 0x80,
        None if one.wide else ByteRange(root_start, data), one.root_cluster, data, clusters, size, one.media,
        _sector(one.info, one.sector), _sector(one.backup, one.sector), head[3:11], label, serial,
        extended + (26 if known else 3),
    )  # fmt: skip


def _sector(number: int, sector_bytes: int) -> int:
    return 0 if number == 0xFFFF else number * sector_bytes


def known_boot_code(view: memoryview, start: int) -> bool:
    """Whether the code between `start` and CODE_END is what the usual tools write."""
    return hashlib.sha256(view[start:CODE_END]).hexdigest() in BOOT_CODES


@dataclass(frozen=True, slots=True)
class Info:
    """FSInfo of FAT32: hints, which a reader may find stale."""

    free: int
    following: int


def info(view: memoryview, at: int) -> Info:
    """Parse FSInfo. Raises Malformed."""
    if at + MIN_BYTES > len(view):
        raise Malformed(WHAT, "FSInfo lies outside the volume", at)
    lead = struct.unpack_from("<I", view, at)[0]
    structure, free, following = struct.unpack_from("<3I", view, at + 484)
    trail = struct.unpack_from("<I", view, at + 508)[0]
    if (lead, structure, trail) != (INFO_LEAD, INFO_STRUCTURE, INFO_TRAIL):
        raise Malformed(WHAT, "FSInfo has not its signatures", at)
    return Info(free, following)


def end(view: memoryview, at: int, tick: Tick) -> int:
    """A FAT volume whose FATs begin as its boot sector says; for carving."""
    tick(MIN_BYTES)
    here = view[at:]
    try:
        volume = read(here[:MIN_BYTES])
    except Malformed:
        return 0
    if volume.size > len(here):
        return 0
    width = {12: 3, 16: 4, 32: 8}[volume.bits]
    heads = {bytes(here[one.start : one.start + width]) for one in map(volume.fat, range(volume.fats))}
    first = next(iter(heads))
    whole = first[0] == volume.media and first[1] == 0xFF and first[2] & 0x0F == 0x0F
    return at + volume.size if len(heads) == 1 and whole else 0
