"""Vectors of the container unsupported_filesystem: headers laid out from their specifications, with nothing behind.

What the official makers write is tested in tests/interop; most of their images are too large to keep.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from tests.vectors.makers.ext_images import crc32c
from tests.vectors.makers.firmware import Writer

ORIGIN = "tests/vectors/makers/foreign_systems.py"


def at(size: int, *pieces: tuple[int, bytes]) -> bytes:
    out = bytearray(size)
    for place, data in pieces:
        out[place : place + len(data)] = data
    return bytes(out)


def both(layout: str, value: int) -> bytes:
    """Little-endian, then big-endian."""
    return struct.pack(f"<{layout}", value) + struct.pack(f">{layout}", value)


def iso(*, wrong: bool = False) -> bytes:
    head = at(
        2048, (0, b"\x01CD001\x01"), (40, b"VECTORS".ljust(32)), (80, both("I", 18)), (128, both("H", 2048 + wrong))
    )
    if wrong:
        head = head[:130] + struct.pack(">H", 2048) + head[132:]
    return at(18 * 2048, (32768, head), (34816, b"\xffCD001\x01"))


def udf() -> bytes:
    return at(20 * 2048, (32768, b"\0BEA01\x01"), (34816, b"\0NSR02\x01"), (36864, b"\0TEA01\x01"))


def xfs() -> bytes:
    return at(4096 * 4, (0, struct.pack(">4sIQ", b"XFSB", 4096, 4)), (100, struct.pack(">3H", 0xB4A5, 512, 256)),
              (108, b"vectors"), (120, bytes([12, 9, 8])))  # fmt: skip


def f2fs() -> bytes:
    head = struct.pack("<IHHIIIIIIIQ", 0xF2F52010, 1, 16, 9, 3, 12, 9, 1, 1, 0, 2)
    return at(8192, (1024, head))


def ntfs() -> bytes:
    head = b"\xeb\x52\x90NTFS    " + struct.pack("<HBHBHHBHHHI4xIQQQ", 512, 8, 0, 0, 0, 0, 0xF8, 0, 63, 255, 0,
                                                 0x800080, 15, 1, 1)  # fmt: skip
    return at(8192, (0, head), (510, b"\x55\xaa"))


def exfat() -> bytes:
    return at(8192, (0, b"\xeb\x76\x90EXFAT   "), (72, struct.pack("<Q", 16)), (104, b"\0\x01\0\0\x09\x00\x01\x80"),
              (510, b"\x55\xaa"))  # fmt: skip


def luks1() -> bytes:
    return at(1024, (0, b"LUKS\xba\xbe\0\x01aes"), (40, b"xts-plain64"), (72, b"sha256"))


def luks2() -> bytes:
    return at(4096, (0, b"LUKS\xba\xbe\0\x02" + struct.pack(">Q", 16384)), (24, b"vectors"), (72, b"sha256"))


def lvm() -> bytes:
    header = b"vectors vectors vectors vectors!" + struct.pack("<Q", 4096)
    body = struct.pack("<I8s", 32, b"LVM2 001") + header
    body = body.ljust(492, b"\0")
    crc = zlib.crc32(body, 0xF597A6CF ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
    return at(4096, (512, struct.pack("<8sQI", b"LABELONE", 1, crc) + body))


def minix() -> bytes:
    return at(64 * 1024, (1024, struct.pack("<6HIHH", 32, 64, 1, 1, 5, 0, 268966912, 0x138F, 1)))


def nilfs() -> bytes:
    head = at(280, (0, struct.pack("<IHHHHII", 2, 0, 0x3434, 280, 0, 7, 0)), (32, struct.pack("<Q", 8192)))
    return at(8192, (1024, head[:16] + struct.pack("<I", zlib.crc32(head, 7 ^ 0xFFFFFFFF) ^ 0xFFFFFFFF) + head[20:]))


def hfs() -> bytes:
    return at(4096, (1024, b"H+\0\x04"), (1024 + 40, struct.pack(">III", 512, 8, 2)))


def swap() -> bytes:
    return at(8192, (1024, struct.pack("<II", 1, 1)), (4086, b"SWAPSPACE2"))


def littlefs() -> bytes:
    head = struct.pack("<II8sIIII", 1, 0xF00FFFF7, b"littlefs", 0x2FE00018, 0x00020000, 512, 8)
    return at(4096, (0, head), (32, struct.pack("<III", 255, 0x7FFFFFFF, 1022)))


def jfs() -> bytes:
    return at(32768 + 4096, (32768, struct.pack("<4sIQIHHI", b"JFS1", 1, 64, 4096, 12, 3, 512)))


def yaffs(*, spare: bool = True) -> bytes:
    """One object header and the tags behind its page."""
    head = struct.pack("<IIH", 1, 1, 0xFFFF) + b"version".ljust(258, b"\0") + struct.pack("<I", 0o100644)
    page = head.ljust(512, b"\xff").ljust(2048, b"\xff")
    tags = struct.pack("<4I", 0x1000, 257, 0, 0xFFFF).ljust(64, b"\xff") if spare else b"\xff" * 64
    return (page + tags) * 2


def btrfs(*, wrong: bool = False) -> bytes:
    body = at(4064, (16, struct.pack("<Q", 0x10000)), (32, b"_BHRfS_M"), (80, struct.pack("<Q", 0x12000)))
    crc = crc32c(body, 0xFFFFFFFF) ^ 0xFFFFFFFF ^ wrong
    return at(0x12000, (0x10000, struct.pack("<I", crc).ljust(32, b"\0") + body))


def reiserfs() -> bytes:
    return at(0x12000, (0x10000, struct.pack("<I", 18)), (0x10000 + 44, struct.pack("<H", 4096)),
              (0x10000 + 52, b"ReIsEr2Fs"))  # fmt: skip


def zfs() -> bytes:
    pairs = b"\x01\x01\0\0\0\0\0\0\0\0\0\x01\0\0\0\x24\0\0\0\x20\0\0\0\x07version\0"
    return at(1 << 18, (16384, pairs), (1 << 17, struct.pack("<Q", 0x00BAB10C)))


SMALL = {
    "iso": iso, "udf": udf, "xfs": xfs, "f2fs": f2fs, "ntfs": ntfs, "exfat": exfat, "lvm": lvm, "minix": minix,
    "nilfs": nilfs, "hfs": hfs, "swap": swap, "littlefs": littlefs, "jfs": jfs, "yaffs": yaffs,
}  # fmt: skip
LARGE = {"btrfs": btrfs, "reiserfs": reiserfs, "zfs": zfs}
"""Too large to keep."""
NAMES = {
    "iso": "ISO 9660", "udf": "UDF", "xfs": "XFS", "f2fs": "F2FS", "ntfs": "NTFS", "exfat": "exFAT",
    "lvm": "LVM2 physical volume", "minix": "Minix 1", "nilfs": "NILFS2", "hfs": "HFS Plus",
    "swap": "Linux swap space", "littlefs": "littlefs", "jfs": "JFS", "yaffs": "YAFFS2 with pages of 2048 bytes",
    "btrfs": "btrfs", "reiserfs": "ReiserFS", "zfs": "ZFS",
}  # fmt: skip


def make(root: Path) -> None:
    """Write every vector below `root` (tests/vectors)."""
    case = Writer(root, "unsupported_filesystem", ORIGIN).case
    for name, image in SMALL.items():
        case("valid", name, image(), f"{NAMES[name]}: a header that fits itself", members={}, gap="unsupported")
    for name, image in (("luks1", luks1), ("luks2", luks2)):
        case("valid", name, image(), "an encrypted volume", members={}, gap="encrypted")
    case("invalid", "iso", iso(wrong=True), "two sizes that differ: not taken for ISO 9660", gap="malformed")
    case("invalid", "appended", xfs() + b"appended by somebody", "bytes behind it", anomalies=["trailing-data"],
         gap="unsupported")  # fmt: skip
    case("truncated", "xfs", xfs()[:300], "no room for a header", gap="malformed")
    case("hostile", "magics", b"".join((b"XFSB", b"NTFS    ", b"LUKS\xba\xbe", b"littlefs", b"_BHRfS_M")) * 40,
         "magics and nothing else", gap="malformed")  # fmt: skip
