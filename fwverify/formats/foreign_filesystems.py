"""File systems and volumes that are recognised and not read: which, how large, and where their first header lies.

Sources, each read 2026-11-22: ECMA-119 (ISO 9660) 8.4, ECMA-167 3/9.1 (UDF), Linux fs/xfs/libxfs/xfs_format.h, Linux
include/linux/f2fs_fs.h, btrfs on-disk format (superblock), Linux fs/ntfs3/ntfs.h, Microsoft exFAT specification 3.1,
Linux fs/reiserfs/reiserfs.h, Linux include/uapi/linux/minix_fs.h, LUKS1 1.2.3 and LUKS2 on-disk formats, LVM2
lib/format_text/layout.h and lib/label, OpenZFS on-disk specification 1.3.1, Linux fs/jfs/jfs_superblock.h, Linux
include/uapi/linux/nilfs2_ondisk.h, Apple TN1150 (HFS Plus), Linux include/linux/swap.h, littlefs SPEC.md, YAFFS2
yaffs_guts.h.

Each check looks at several fields that must agree: a magic alone is found in programs that know it. Every size is what
a header states; nothing behind the header is looked at.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from fwverify.formats.crc32c import crc32c
from fwverify.formats.extents import Tick
from fwverify.model.artifact import ByteRange

ISO_AT = 32768
SECTOR = 2048
LVM_START = 0xF597A6CF
"""Register before a label's CRC."""
YAFFS_NAME_BYTES = 256
YAFFS_TYPES = {1: 0o100000, 2: 0o120000, 3: 0o040000}
"""What a header's type is as mode bits."""
YAFFS_MODE_AT, YAFFS_HEADER_BYTES = 268, 512
MAX_YAFFS_OBJECTS = 1 << 20


@dataclass(frozen=True, slots=True)
class Foreign:
    name: str
    header: ByteRange
    """That was looked at."""
    size: int = 0
    """Bytes of the whole as stated; 0: not stated."""
    label: bytes = b""
    encrypted: bool = False


Recogniser = Callable[[memoryview], Foreign | None]


def recognised(view: memoryview) -> Foreign | None:
    """What begins at the beginning of these bytes. Total and cheap."""
    for one in RECOGNISERS:
        found = one(view)
        if found is not None:
            return found
    return None


def end(view: memoryview, at: int, tick: Tick) -> int:
    """Where what begins at an offset ends, as far as it is there; for carving. Structures without a magic are none."""
    tick(4096)
    here = view[at:]
    found = recognised(here)
    if found is None or found.name in WITHOUT_MAGIC:
        return 0
    return at + (min(found.size, len(here)) if found.size else len(here))


def _at(view: memoryview, at: int, magic: bytes) -> bool:
    return bytes(view[at : at + len(magic)]) == magic


def _power(value: int, low: int, high: int) -> bool:
    return low <= value <= high and not value & (value - 1)


def _iso(view: memoryview) -> Foreign | None:
    if not _at(view, ISO_AT, b"\x01CD001\x01") or len(view) < ISO_AT + SECTOR:
        return None
    blocks, mirrored = struct.unpack_from("<I", view, ISO_AT + 80)[0], struct.unpack_from(">I", view, ISO_AT + 84)[0]
    size, size_mirrored = (
        struct.unpack_from("<H", view, ISO_AT + 128)[0],
        struct.unpack_from(">H", view, ISO_AT + 130)[0],
    )
    if blocks != mirrored or size != size_mirrored or not _power(size, 512, 2048) or not blocks:
        return None
    label = bytes(view[ISO_AT + 40 : ISO_AT + 72]).rstrip(b" \0")
    name = "ISO 9660 with UDF" if _udf_descriptor(view) else "ISO 9660"
    return Foreign(name, ByteRange(ISO_AT, ISO_AT + SECTOR), blocks * size, label)


def _udf_descriptor(view: memoryview) -> bool:
    at = ISO_AT
    for _ in range(16):
        if _at(view, at + 1, b"NSR02\x01") or _at(view, at + 1, b"NSR03\x01"):
            return True
        at += SECTOR
    return False


def _udf(view: memoryview) -> Foreign | None:
    begins = _at(view, ISO_AT, b"\0BEA01\x01")
    return Foreign("UDF", ByteRange(ISO_AT, ISO_AT + 7)) if begins and _udf_descriptor(view) else None


def _btrfs(view: memoryview) -> Foreign | None:
    at = 0x10000
    if not _at(view, at + 64, b"_BHRfS_M") or len(view) < at + 4096:
        return None
    kind = struct.unpack_from("<H", view, at + 0xC4)[0]
    place, size = struct.unpack_from("<Q", view, at + 48)[0], struct.unpack_from("<Q", view, at + 112)[0]
    if place != at or not size or kind > 3:
        return None
    summed = kind or ~crc32c(view[at + 32 : at + 4096]) & 0xFFFFFFFF == int.from_bytes(view[at : at + 4], "little")
    label = bytes(view[at + 0x12B : at + 0x22B]).split(b"\0")[0]
    return Foreign("btrfs", ByteRange(at, at + 4096), size, label) if summed else None


def _f2fs(view: memoryview) -> Foreign | None:
    if not _at(view, 1024, b"\x10\x20\xf5\xf2") or len(view) < 1024 + 3072:
        return None
    major, _, sector, per_block, block, per_segment = struct.unpack_from("<HHIIII", view, 1028)
    count = struct.unpack_from("<Q", view, 1024 + 36)[0]
    sound = 9 <= sector <= 14 and sector + per_block == block and 12 <= block <= 14 and per_segment == 9 and major < 16
    return Foreign("F2FS", ByteRange(1024, 1024 + 44), count << block) if sound and 0 < count < 1 << 48 else None


def _xfs(view: memoryview) -> Foreign | None:
    if not _at(view, 0, b"XFSB") or len(view) < 512:
        return None
    size, count = struct.unpack_from(">IQ", view, 4)
    version, sector, inode = struct.unpack_from(">3H", view, 100)
    block_bits, sector_bits, inode_bits = view[120], view[121], view[122]
    bits = block_bits < 32 and sector_bits < 16 and inode_bits < 16
    sound = bits and (1 << block_bits, 1 << sector_bits, 1 << inode_bits) == (size, sector, inode)
    if not sound or not 1 <= version & 15 <= 5 or not 0 < count < 1 << 48:
        return None
    return Foreign("XFS", ByteRange(0, 128), count * size, bytes(view[108:120]).rstrip(b"\0"))


def _ntfs(view: memoryview) -> Foreign | None:
    if not _at(view, 3, b"NTFS    ") or not _at(view, 510, b"\x55\xaa"):
        return None
    sector, per_cluster, reserved, fats, entries, total16 = struct.unpack_from("<HBHBHH", view, 11)
    count, table, mirror = struct.unpack_from("<QQQ", view, 40)
    small = _power(per_cluster, 1, 128) or per_cluster >= 0xF4
    sound = small and _power(sector, 256, 4096) and not any((reserved, fats, entries, total16))
    if not sound or not 0 < count < 1 << 48 or not 0 < table <= count or not 0 < mirror <= count:
        return None
    return Foreign("NTFS", ByteRange(0, 84), (count + 1) * sector)


def _exfat(view: memoryview) -> Foreign | None:
    if not _at(view, 0, b"\xeb\x76\x90EXFAT   ") or not _at(view, 510, b"\x55\xaa") or any(view[11:64]):
        return None
    count = struct.unpack_from("<Q", view, 72)[0]
    sector, cluster, fats = view[108], view[109], view[110]
    sound = 9 <= sector <= 12 and sector + cluster <= 25 and fats in (1, 2) and 0 < count < 1 << 48
    return Foreign("exFAT", ByteRange(0, 120), count << sector) if sound else None


def _reiserfs(view: memoryview) -> Foreign | None:
    for at in (0x10000, 0x2000):
        magic = bytes(view[at + 52 : at + 62]).rstrip(b"\0")
        if magic in (b"ReIsErFs", b"ReIsEr2Fs", b"ReIsEr3Fs") and len(view) >= at + 76:
            count, size = struct.unpack_from("<I", view, at)[0], struct.unpack_from("<H", view, at + 44)[0]
            if _power(size, 512, 8192) and count:
                return Foreign("ReiserFS", ByteRange(at, at + 76), count * size)
    if _at(view, 0x10000, b"ReIsEr4\0"):
        return Foreign("Reiser4", ByteRange(0x10000, 0x10000 + 8))
    return None


def _minix(view: memoryview) -> Foreign | None:
    if len(view) < 2048:
        return None
    for order in "<>":
        magic = struct.unpack_from(f"{order}H", view, 1024 + 16)[0]
        if magic in (0x137F, 0x138F, 0x2468, 0x2478):
            fields = struct.unpack_from(f"{order}6H", view, 1024)
            zones = fields[1] if magic < 0x2000 else struct.unpack_from(f"{order}I", view, 1024 + 20)[0]
            inode_bytes = 32 if magic < 0x2000 else 64
            return _minix_sound((fields[0], zones, *fields[2:]), 1024, inode_bytes, 1 if magic < 0x2000 else 2)
        if struct.unpack_from(f"{order}H", view, 1024 + 24)[0] == 0x4D5A:
            inodes, _, *rest = struct.unpack_from(f"{order}IH4H", view, 1024)
            zones, _, _, size = struct.unpack_from(f"{order}I3H", view, 1024 + 20)
            return _minix_sound((inodes, zones, *rest), size, 64, 3)
    return None


def _minix_sound(fields: tuple[int, ...], size: int, inode_bytes: int, version: int) -> Foreign | None:
    """Inodes, zones, blocks of both maps, first data zone and size of a zone must fit one another."""
    inodes, zones, inode_map, zone_map, first, zone_bits = fields
    if not _power(size, 1024, 65536) or zone_bits > 4 or not inodes or zones <= first:
        return None
    maps = -(-(inodes + 1) // (8 * size)) <= inode_map and -(-(zones - first + 1) // (8 * size)) <= zone_map
    blocks = 2 + inode_map + zone_map + -(-inodes * inode_bytes // size)
    if not maps or first != -(-blocks >> zone_bits) or inode_map + zone_map > 4 * (2 + (inodes + zones) // (8 * size)):
        return None
    return Foreign(f"Minix {version}", ByteRange(1024, 1024 + 32), zones * size << zone_bits)


def _luks(view: memoryview) -> Foreign | None:
    if not _at(view, 0, b"LUKS\xba\xbe") or len(view) < 592:
        return None
    version, size = struct.unpack_from(">HQ", view, 6)
    if version == 1:
        names = [bytes(view[at : at + 32]).rstrip(b"\0") for at in (8, 40, 72)]
        if all(one and one.isascii() and one.decode().isprintable() for one in names):
            return Foreign("LUKS1", ByteRange(0, 592), encrypted=True)
    elif version == 2 and _power(size, 16384, 4 << 20) and bytes(view[72:104]).rstrip(b"\0").isalnum():
        label = bytes(view[24:72]).rstrip(b"\0")
        return Foreign("LUKS2", ByteRange(0, 512), label=label, encrypted=True)
    return None


def _lvm(view: memoryview) -> Foreign | None:
    for sector in range(4):
        at = sector * 512
        if not _at(view, at, b"LABELONE") or not _at(view, at + 24, b"LVM2 001") or len(view) < at + 512:
            continue
        number, declared, header = struct.unpack_from("<QII", view, at + 8)
        value = zlib.crc32(view[at + 20 : at + 512], LVM_START ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
        if number == sector and value == declared and header <= 512 - 40:
            size = struct.unpack_from("<Q", view, at + header + 32)[0]
            return Foreign("LVM2 physical volume", ByteRange(at, at + 512), size)
    return None


def _zfs(view: memoryview) -> Foreign | None:
    if len(view) < 1 << 18 or b"\0\0\0\x07version" not in bytes(view[16384 : 16384 + 512]):
        return None
    for at in range(1 << 17, 1 << 18, 1024):
        if bytes(view[at : at + 8]) in (b"\x0c\xb1\xba\0\0\0\0\0", b"\0\0\0\0\0\xba\xb1\x0c"):
            return Foreign("ZFS", ByteRange(16384, 16384 + 512))
    return None


def _jfs(view: memoryview) -> Foreign | None:
    if not _at(view, ISO_AT, b"JFS1") or len(view) < ISO_AT + 512:
        return None
    version, count, size, bits = struct.unpack_from("<IQIH", view, ISO_AT + 4)
    physical = struct.unpack_from("<I", view, ISO_AT + 24)[0]
    sound = version in (1, 2) and _power(size, 512, 4096) and size == 1 << (bits & 15) and physical == 512
    return Foreign("JFS", ByteRange(ISO_AT, ISO_AT + 184)) if sound and 0 < count < 1 << 48 else None


def _nilfs(view: memoryview) -> Foreign | None:
    if not _at(view, 1024 + 6, b"\x34\x34") or len(view) < 2048:
        return None
    revision, _, _, size, _, seed, declared = struct.unpack_from("<I3HHII", view, 1024)
    total = struct.unpack_from("<Q", view, 1024 + 32)[0]
    if revision != 2 or not 64 <= size <= 1024:
        return None
    data = bytes(view[1024 : 1024 + 16]) + bytes(4) + bytes(view[1024 + 20 : 1024 + size])
    if zlib.crc32(data, seed ^ 0xFFFFFFFF) ^ 0xFFFFFFFF != declared:
        return None
    return Foreign("NILFS2", ByteRange(1024, 1024 + size), total)


def _hfs(view: memoryview) -> Foreign | None:
    if bytes(view[1024:1026]) not in (b"H+", b"HX") or len(view) < 1024 + 512:
        return None
    version = struct.unpack_from(">H", view, 1026)[0]
    size, count, free = struct.unpack_from(">III", view, 1024 + 40)
    sound = version in (4, 5) and _power(size, 512, 1 << 20) and free <= count != 0
    return Foreign("HFS Plus", ByteRange(1024, 1024 + 512), size * count) if sound else None


def _swap(view: memoryview) -> Foreign | None:
    for page in (4096, 8192, 16384, 65536):
        if _at(view, page - 10, b"SWAPSPACE2"):
            version, last = struct.unpack_from("<II", view, 1024)
            if version == 1 and last:
                return Foreign("Linux swap space", ByteRange(1024, 1024 + 128), (last + 1) * page)
    return None


def _littlefs(view: memoryview) -> Foreign | None:
    if not _at(view, 8, b"littlefs") or len(view) < 44:
        return None
    version, size, count = struct.unpack_from("<III", view, 20)
    if version >> 16 not in (1, 2) or not _power(size, 128, 1 << 22) or not 0 < count < 1 << 31:
        return None
    return Foreign("littlefs", ByteRange(0, 44), size * count)


def _yaffs(view: memoryview) -> Foreign | None:
    """An object header at the beginning: type, parent, name and mode must fit one another."""
    if len(view) < YAFFS_HEADER_BYTES + 16 or bytes(view[8:10]) != b"\xff\xff":
        return None
    for order in "<>":
        kind, parent = struct.unpack_from(f"{order}II", view)
        mode = struct.unpack_from(f"{order}I", view, YAFFS_MODE_AT)[0]
        if kind not in YAFFS_TYPES or not 1 <= parent < MAX_YAFFS_OBJECTS or mode >> 16:
            continue
        name, _, rest = bytes(view[10 : 10 + YAFFS_NAME_BYTES]).partition(b"\0")
        named = bool(name) or (kind == 3 and parent == 1)
        if mode & 0o170000 == YAFFS_TYPES[kind] and named and name.isascii() and not rest.strip(b"\0\xff"):
            return Foreign(_yaffs_version(view, order), ByteRange(0, YAFFS_MODE_AT + 4), label=name)
    return None


def _yaffs_version(view: memoryview, order: str) -> str:
    """By the tags behind the first page: a sequence number, which the first version has not."""
    for page in (2048, 4096, 8192, 512, 1024, 16384):
        for skipped in (0, 2):
            at = page + skipped
            if at + 16 > len(view):
                continue
            sequence, number = struct.unpack_from(f"{order}II", view, at)
            if 0x1000 <= sequence < 0x2000 and 0 < number & 0x0FFFFFFF < MAX_YAFFS_OBJECTS:
                return f"YAFFS2 with pages of {page} bytes"
    return "YAFFS"


RECOGNISERS: tuple[Recogniser, ...] = (
    _iso, _udf, _btrfs, _f2fs, _xfs, _ntfs, _exfat, _reiserfs, _luks, _lvm, _jfs, _nilfs, _hfs, _swap, _littlefs,
    _zfs, _minix, _yaffs,
)  # fmt: skip
WITHOUT_MAGIC = frozenset({"YAFFS"})
MAGICS: tuple[tuple[bytes, int], ...] = (
    (b"\x01CD001\x01", ISO_AT), (b"\0BEA01\x01", ISO_AT), (b"_BHRfS_M", 0x10040), (b"\x10\x20\xf5\xf2", 1024),
    (b"XFSB", 0), (b"NTFS    ", 3), (b"\xeb\x76\x90EXFAT   ", 0), (b"ReIsEr2Fs", 0x10034), (b"ReIsEr3Fs", 0x10034),
    (b"LUKS\xba\xbe", 0), (b"LABELONE", 512), (b"JFS1", ISO_AT), (b"SWAPSPACE2", 4086), (b"littlefs", 8),
)  # fmt: skip
"""What is searched for in other bytes."""
