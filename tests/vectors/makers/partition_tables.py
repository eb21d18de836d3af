"""Vectors of gpt and mbr: small disks built byte by byte from the specifications, deterministic, no tools needed.

The builders are used by the unit tests too. They are deliberately another implementation than the readers.
"""

from __future__ import annotations

import hashlib
import struct
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.vectors.makers import firmware

ORIGIN = "tests/vectors/makers/partition_tables.py"
SECTOR = 512
BOOT = b"".join(hashlib.sha256(b"boot %d" % one).digest() for one in range(32))
ROOT = b"".join(hashlib.sha256(b"root %d" % one).digest() for one in range(64))
LINUX = uuid.UUID("0fc63daf-8483-4772-8e79-3d69d8477de4")
ELF = b"\x7fELF\x01\x01\x01" + bytes(9) + BOOT[:584]


@dataclass(frozen=True)
class Piece:
    """One partition; sectors, the last its own."""

    first: int
    last: int
    label: str = ""
    data: bytes = b""


STANDARD = (Piece(20, 21, "boot", BOOT), Piece(30, 33, "root fs", ROOT))
ENTRIES, SECTORS = 16, 48


def boot_record(entries: Sequence[tuple[int, int, int]], *, active: int = -1, code: bytes = b"") -> bytes:
    """Entries of type, first sector and number of sectors."""
    raw = code.ljust(440, b"\0")[:440] + b"\x11\x22\x33\x44\0\0"
    for index, (kind, first, count) in enumerate(entries):
        status = 0x80 if index == active else 0
        old = b"\xfe\xff\xff" if kind else bytes(3)
        raw += bytes([status]) + old + bytes([kind]) + old + struct.pack("<II", first, count)
    return raw.ljust(510, b"\0") + b"\x55\xaa"


def header(own: int, other: int, place: int, table: bytes, sectors: int, sector: int) -> bytes:
    """One of the two headers. The table takes the same room at both ends."""
    room = -(-len(table) // sector)
    fields = (own, other, 2 + room, sectors - 2 - room, uuid.UUID(int=23).bytes_le, place, ENTRIES, 128)
    tail = struct.pack("<QQQQ16sQII", *fields) + struct.pack("<I", zlib.crc32(table))
    blank = b"EFI PART" + struct.pack("<III", 0x10000, 92, 0) + bytes(4) + tail
    return (blank[:16] + struct.pack("<I", zlib.crc32(blank)) + blank[20:]).ljust(sector, b"\0")


def table(pieces: Sequence[Piece]) -> bytes:
    out = b""
    for index, one in enumerate(pieces):
        out += LINUX.bytes_le + uuid.UUID(int=100 + index).bytes_le + struct.pack("<QQQ", one.first, one.last, 0)
        out += one.label.encode("utf-16-le", "surrogatepass").ljust(72, b"\0")
    return out.ljust(ENTRIES * 128, b"\0")


def gpt_disk(
    pieces: Sequence[Piece] = STANDARD,
    *,
    back: Sequence[Piece] | None = None,
    record: bytes | None = None,
    sectors: int = SECTORS,
    sector: int = SECTOR,
) -> bytes:
    """A disk with both tables."""
    data = bytearray(sectors * sector)
    front, behind = table(pieces), table(pieces if back is None else back)
    room = -(-len(front) // sector)
    data[:512] = record if record is not None else boot_record([(0xEE, 1, sectors - 1)])
    data[sector : 2 * sector] = header(1, sectors - 1, 2, front, sectors, sector)
    data[2 * sector : 2 * sector + len(front)] = front
    start = (sectors - 1 - room) * sector
    data[start : start + len(behind)] = behind
    data[-sector:] = header(sectors - 1, 1, sectors - 1 - room, behind, sectors, sector)
    for one in pieces:
        if one.data and (one.last + 1) * sector <= len(data):
            data[one.first * sector : one.first * sector + len(one.data)] = one.data
    return bytes(data)


def mbr_disk(
    entries: Sequence[tuple[int, int, int]],
    contents: dict[int, bytes] | None = None,
    *,
    records: dict[int, Sequence[tuple[int, int, int]]] | None = None,
    sectors: int = SECTORS,
    active: int = -1,
) -> bytes:
    """A disk; `contents` and the boot records of logical partitions by the sector they begin in."""
    data = bytearray(sectors * SECTOR)
    data[:SECTOR] = boot_record(entries, active=active)
    for at, link in (records or {}).items():
        data[at * SECTOR : (at + 1) * SECTOR] = bytes(446) + boot_record(link)[446:]
    for at, content in (contents or {}).items():
        data[at * SECTOR : at * SECTOR + len(content)] = content
    return bytes(data)


def logical_disk() -> bytes:
    """One primary partition, an extended one with two logical ones."""
    records = {10: [(0x83, 2, 2), (5, 10, 10)], 20: [(0x82, 1, 4)]}
    return mbr_disk([(0x0C, 4, 2), (5, 10, 20)], {4: BOOT, 12: BOOT, 21: ROOT}, records=records, active=0)


def fat_boot_sector() -> bytes:
    """The parameter block of FAT16 in front of code; it ends as a boot record does."""
    block = struct.pack("<HBHBHHBH", 512, 4, 1, 2, 512, 4096, 0xF8, 16)
    return (b"\xeb\x3c\x90mkfs.fat" + block).ljust(510, b"\x90") + b"\x55\xaa"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class _Writer(firmware.Writer):
    def case(self, kind: str, name: str, data: bytes | str, why: str, **expect: object) -> None:
        super().case(kind, name, data, why, **expect)
        meta = self.folder / kind / name / "vector.toml"
        meta.write_text(meta.read_text().replace(firmware.ORIGIN, ORIGIN))


def make_gpt(root: Path) -> None:
    case = _Writer(root, "gpt").case
    named = {"1-boot": sha(BOOT), "2-root fs": sha(ROOT)}
    good = gpt_disk()
    case("valid", "disk", good, "two partitions", members=named, anomalies=[])
    wide = gpt_disk((Piece(4, 4, "größe", BOOT.ljust(4096, b"\0")),), sectors=8, sector=4096)
    large = {"1-größe": sha(BOOT.ljust(4096, b"\0"))}
    case("valid", "sectors-4096", wide, "large sectors, a label outside ASCII", members=large, anomalies=[])
    hybrid = gpt_disk(record=boot_record([(0xEE, 1, 19), (0x83, 20, 2)]))
    case("valid", "hybrid", hybrid, "a partition listed in the boot record too", members=named, anomalies=[])
    labels = gpt_disk((Piece(20, 21, "", BOOT), Piece(30, 33, "../a/b", ROOT)))
    odd = {"1": sha(BOOT), "2-..%2Fa%2Fb": sha(ROOT)}
    case("valid", "labels", labels, "no label, and one like a path", members=odd, anomalies=[])
    flipped = good[: SECTOR + 60] + b"\xff" + good[SECTOR + 61 :]
    case("invalid", "front-header", flipped, "the disk's number changed", members=named, checks_fail=["front header"],
         anomalies=["headers-disagree"])  # fmt: skip
    renamed = good[: 2 * SECTOR + 56] + b"X" + good[2 * SECTOR + 57 :]
    case("invalid", "front-entries", renamed, "a label changed: the back holds", members=named,
         checks_fail=["front entries"], anomalies=["headers-disagree"])  # fmt: skip
    lost = good[:SECTOR] + bytes(SECTOR) + good[2 * SECTOR :]
    case("invalid", "front-lost", lost, "no header in front", members=named, anomalies=["headers-disagree"])
    case("invalid", "back-lost", good[:-SECTOR], "the last sector is missing", members=named,
         anomalies=["headers-disagree"])  # fmt: skip
    case("invalid", "appended", good + b"appended by somebody", "bytes behind the last header", members=named,
         anomalies=["trailing-data"])  # fmt: skip
    other = gpt_disk(back=(STANDARD[0], Piece(31, 34, "root fs")))
    case("invalid", "two-tables", other, "the back says another place", members=named, anomalies=["headers-disagree"])
    case("truncated", "in-partition", good[: 32 * SECTOR], "cut off in the second partition", gap="malformed")
    case("truncated", "entries", good[: 2 * SECTOR], "cut off behind the header", gap="malformed")
    over = gpt_disk((Piece(20, 30, "a"), Piece(25, 33, "b"), Piece(26, 27, "c")))
    case("hostile", "overlap", over, "partitions over one another", anomalies=["overlapping-parts"])
    itself = gpt_disk((Piece(0, SECTORS - 1, "all"), Piece(20, 21, "boot", BOOT)))
    case("hostile", "whole-disk", itself, "a partition that is the disk", gap="limit",
         anomalies=["headers-disagree", "overlapping-parts"])  # fmt: skip
    far = gpt_disk((Piece(20, 21, "boot", BOOT), Piece(1 << 60, 1 << 61, "far")))
    case("hostile", "far", far, "a partition beyond everything", gap="malformed", anomalies=["headers-disagree"])
    back = gpt_disk((Piece(21, 20, "backwards"),))
    case("hostile", "backwards", back, "a partition that ends before it begins", gap="malformed")
    count = good[: SECTOR + 80] + b"\xff\xff\xff\xff" + good[SECTOR + 84 :]
    case("hostile", "count", count, "four thousand million entries", members=named, anomalies=["headers-disagree"])
    record = boot_record([(0xEE, 1, 19), (0x83, 40, 2)])
    case("hostile", "other-record", gpt_disk(record=record), "the boot record lists what the table does not",
         anomalies=["headers-disagree"])  # fmt: skip


def make_mbr(root: Path) -> None:
    case = _Writer(root, "mbr").case
    named = {"1-fat32": sha(BOOT), "5-linux": sha(BOOT), "6-linux-swap": sha(ROOT)}
    good = logical_disk()
    case("valid", "logical", good, "a primary and two logical partitions", members=named, anomalies=[])
    single = mbr_disk([(0, 0, 0), (0x9F, 4, 4)], {4: ROOT})
    case("valid", "second", single, "only the second entry, of an unknown type", members={"2-type-9f": sha(ROOT)})
    case("invalid", "beyond", mbr_disk([(0x83, 4, 4), (0x83, 40, 20)], {4: ROOT}), "a partition longer than the disk",
         gap="malformed")  # fmt: skip
    stated = mbr_disk([(0xEE, 1, SECTORS - 1)])
    case("invalid", "no-gpt", stated, "a table of the other kind is stated and missing", gap="malformed")
    case("truncated", "chain", good[: 15 * SECTOR], "cut off before the second link", gap="malformed")
    case("truncated", "record", good[:511], "cut off in the record", gap="malformed")
    loop = mbr_disk([(5, 10, 20)], records={10: [(0x83, 2, 2), (5, 10, 10)], 20: [(0x83, 1, 2), (5, 0, 10)]})
    case("hostile", "loop", loop, "a chain that leads to its beginning", gap="malformed")
    leaves = mbr_disk([(5, 10, 20)], records={10: [(0x83, 2, 2), (5, 36, 4)], 46: [(0x83, 1, 1)]})
    case("hostile", "leaves", leaves, "a chain that leaves its partition", gap="malformed")
    outside = mbr_disk([(5, 10, 10)], {30: ROOT}, records={10: [(0x83, 20, 4)]})
    case("hostile", "outside", outside, "a logical partition outside the extended one",
         members={"5-linux": sha(ROOT)}, anomalies=["overlapping-parts"])  # fmt: skip
    over = mbr_disk([(0x83, 4, 8), (0x83, 8, 8)])
    case("hostile", "overlap", over, "two partitions over one another", anomalies=["overlapping-parts"])
    case("hostile", "fat", fat_boot_sector() + bytes(1024), "a file system's boot sector is none", members={})


def make(root: Path) -> None:
    """Write all cases under `root`/containers."""
    make_gpt(root)
    make_mbr(root)
