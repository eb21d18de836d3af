"""Vectors of the container fat: volumes laid out byte by byte, and one that mkfs.vfat and mcopy make.

The builder is another implementation than the reader, and gives unit tests the places of everything it writes.
"""

from __future__ import annotations

import os
import struct
import subprocess
import tempfile
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.vectors.makers.firmware import Writer

ORIGIN = "tests/vectors/makers/fat_images.py"
TEXT = b"what a boot partition holds\n" * 30
LONG = "A long name with blanks and größe.config"
TREE = {"KERNEL.IMG": b"K" * 1500 + TEXT, "boot": {LONG: TEXT, "EMPTY.TXT": b"", "deep": {"ONE.BIN": b"\1\2\3"}}}
END = {12: 0xFFF, 16: 0xFFFF, 32: 0x0FFFFFFF}


def members(tree: dict[str, Any] = TREE, folder: str = "") -> dict[str, str]:
    out: dict[str, str] = {}
    for name, one in tree.items():
        path = f"{folder}/{name}" if folder else name
        out |= members(one, path) if isinstance(one, dict) else {path: sha256(one).hexdigest()}
    return out


@dataclass
class Volume:
    """A volume that is being written."""

    bits: int = 12
    clusters: int = 40
    fats: int = 2
    per_cluster: int = 1
    root_entries: int = 32
    label: bytes = b"VECTORS    "
    used: dict[int, int] = field(default_factory=dict)
    """Entries of the FAT."""
    content: dict[int, bytes] = field(default_factory=dict)
    """Content of clusters."""
    places: dict[str, list[int]] = field(default_factory=dict)
    """Clusters of each path."""
    after: int = 2
    """Next free cluster."""
    skip: int = 0
    """Clusters left free between two of one file."""
    total: int = 0
    """Sectors stated; 0: what there is."""
    boot: bytes = b""
    """Boot code."""
    extra: bytes = b""
    """Behind the volume."""

    @property
    def cluster_bytes(self) -> int:
        return 512 * self.per_cluster

    @property
    def reserved(self) -> int:
        return 8 if self.bits == 32 else 1

    @property
    def fat_sectors(self) -> int:
        return -(-(self.clusters + 2) * self.bits // 8 // 512)

    @property
    def root_at(self) -> int:
        return 512 * (self.reserved + self.fats * self.fat_sectors)

    @property
    def data_at(self) -> int:
        return self.root_at + (0 if self.bits == 32 else 32 * self.root_entries)

    def cluster_at(self, cluster: int) -> int:
        return self.data_at + (cluster - 2) * self.cluster_bytes

    def fat_at(self, index: int = 0) -> int:
        return 512 * (self.reserved + index * self.fat_sectors)

    def store(self, path: str, data: bytes) -> int:
        """Clusters for content; the first of them."""
        pieces = [data[at : at + self.cluster_bytes] for at in range(0, len(data), self.cluster_bytes)]
        mine = []
        for piece in pieces:
            mine.append(self.after)
            self.content[self.after] = piece
            self.after += 1 + self.skip
        for index, one in enumerate(mine):
            self.used[one] = mine[index + 1] if index + 1 < len(mine) else END[self.bits]
        self.places[path] = mine
        return mine[0] if mine else 0

    def folder(self, path: str, tree: dict[str, Any], parent: int) -> bytes:
        """Entries of a folder; everything below it is stored."""
        out, own = b"", 0
        if path:
            own = self.after
            self.after += 1
            dots = [(b".          ", own), (b"..         ", parent)]
            out += b"".join(entry(name, 0x10, cluster, 0) for name, cluster in dots)
        else:
            out += entry(self.label, 8, 0, 0)
            own = 2 if self.bits == 32 else 0
            self.after += self.bits == 32
        for index, (name, one) in enumerate(tree.items()):
            full = f"{path}/{name}" if path else name
            short, long = alias(name, index)
            if isinstance(one, dict):
                self.folder(full, one, own if path else 0)
                out += long + entry(short, 0x10, self.places[full][0], 0)
            else:
                out += long + entry(short, 0x20, self.store(full, one), len(one))
        if own:
            self.places[path] = [own]
            self.spread(path, out)
        return out

    def spread(self, path: str, entries: bytes) -> None:
        """Entries of a folder in the cluster it has, and more where they need more."""
        mine, size = self.places[path], self.cluster_bytes
        more = range(self.after, self.after + max(0, -(-len(entries) // size) - 1))
        self.after += len(more)
        mine += more
        for index, one in enumerate(mine):
            self.content[one] = entries[index * size : (index + 1) * size]
            self.used[one] = mine[index + 1] if index + 1 < len(mine) else END[self.bits]

    def image(self, tree: dict[str, Any] | None = None) -> bytearray:
        """The whole volume."""
        root = self.folder("", TREE if tree is None else tree, 0)
        size = self.data_at + self.clusters * self.cluster_bytes
        out = bytearray(size) + self.extra
        out[:512] = self.boot_sector(self.total or size // 512)
        if self.bits == 32:
            info = struct.pack("<I480xIII12xI", 0x41615252, 0x61417272, 0xFFFFFFFF, 0xFFFFFFFF, 0xAA550000)
            out[512:1024], out[6 * 512 : 7 * 512], out[7 * 512 : 8 * 512] = info, out[:512], info
        else:
            out[self.root_at : self.root_at + len(root)] = root
        table = self.table()
        for index in range(self.fats):
            out[self.fat_at(index) : self.fat_at(index) + len(table)] = table
        for cluster, data in self.content.items():
            out[self.cluster_at(cluster) : self.cluster_at(cluster) + len(data)] = data
        return out

    def table(self) -> bytes:
        values = {0: END[self.bits] & ~0xFF | 0xF8, 1: END[self.bits], **self.used}
        number = sum(value << (at * self.bits) for at, value in values.items())
        return number.to_bytes(-(-(self.clusters + 2) * self.bits // 8), "little")

    def boot_sector(self, total: int) -> bytes:
        wide = self.bits == 32
        head = struct.pack(
            "<3s8sHBHBHHBHHHII", b"\xeb\x58\x90" if wide else b"\xeb\x3c\x90", b"vectors ", 512, self.per_cluster,
            self.reserved, self.fats, 0 if wide else self.root_entries, 0 if wide else total, 0xF8,
            0 if wide else self.fat_sectors, 32, 2, 0, total if wide else 0,
        )  # fmt: skip
        if wide:
            head += struct.pack("<IHHIHH12x", self.fat_sectors, 0, 0, 2, 1, 6)
        head += struct.pack("<BBBI11s8s", 0x80, 0, 0x29, 0x20261122, self.label, f"FAT{self.bits}   ".encode())
        return (head + self.boot).ljust(510, b"\0") + b"\x55\xaa"


def entry(short: bytes, attributes: int, cluster: int, size: int) -> bytes:
    return struct.pack("<11sBBBHHHHHHHI", short, attributes, 0, 0, 0, 0x5D76, 0x5D76, cluster >> 16, 0, 0x5D76,
                       cluster & 0xFFFF, size)  # fmt: skip


def alias(name: str, index: int) -> tuple[bytes, bytes]:
    """The short name, and the pieces of the long one if the short one cannot do."""
    base, _, extension = name.partition(".")
    plain = name.upper() == name and len(base) <= 8 and len(extension) <= 3 and name.isascii() and " " not in name
    if plain:
        return f"{base:8}{extension:3}".encode(), b""
    short = f"N~{index:<6}EXT".encode()
    return short, pieces(name, short)


def pieces(name: str, short: bytes, *, wrong_sum: bool = False) -> bytes:
    total = 0
    for one in short:
        total = ((total >> 1) | (total << 7) & 0xFF) + one & 0xFF
    text = name.encode("utf-16-le")
    if len(text) % 26:
        text = (text + b"\0\0").ljust(-(-len(text) // 26) * 26, b"\xff")
    out = b""
    count = len(text) // 26
    for number in range(count, 0, -1):
        part = text[(number - 1) * 26 : number * 26]
        first = number | (0x40 if number == count else 0)
        head = struct.pack("<B10sBBB", first, part[:10], 0x0F, 0, total ^ wrong_sum)
        out += head + part[10:22] + b"\0\0" + part[22:]
    return out


def official() -> bytes:
    """mkfs.vfat and mcopy; times are those of the files."""
    with tempfile.TemporaryDirectory() as scratch:
        image, file = Path(scratch, "image"), Path(scratch, "A long name.text")
        tools = {
            **os.environ,
            "PATH": f"{os.environ['PATH']}:/usr/sbin",
            "TZ": "UTC",
            "SOURCE_DATE_EPOCH": "1700000000",
        }
        make = (
            "mkfs.vfat",
            "--invariant",
            "-F",
            "12",
            "-i",
            "20261122",
            "-n",
            "VECTORS",
            "-r",
            "16",
            "-C",
            image,
            "62",
        )
        subprocess.run(make, check=True, env=tools, stdout=subprocess.DEVNULL)
        file.write_bytes(TEXT)
        os.utime(file, (1700000000, 1700000000))
        subprocess.run(("mmd", "-i", image, "::/folder"), check=True, env=tools)
        subprocess.run(("mcopy", "-m", "-i", image, file, "::/folder"), check=True, env=tools)
        return image.read_bytes()


def make(root: Path) -> None:
    """Write every vector below `root` (tests/vectors)."""
    case = Writer(root, "fat", ORIGIN).case
    all_files = members()
    for bits in (12, 32):
        data = bytes(Volume(bits=bits).image())
        case("valid", f"fat{bits}", data, f"FAT{bits}, long names, folders in folders", members=all_files, anomalies=[])
    fragmented = bytes(Volume(skip=2).image())
    case("valid", "fragmented", fragmented, "every file in pieces", members=all_files, anomalies=[])
    data = official()
    Writer(root, "fat", "mkfs.vfat 4.2 (dosfstools), mcopy 4.0.32 (mtools)").case(
        "valid", "official", data, "made by the usual tools",
        members={"folder/A long name.text": sha256(TEXT).hexdigest()}, anomalies=[],
    )  # fmt: skip
    make_invalid(case)
    make_hostile(case)


def make_invalid(case: Any) -> None:
    volume = Volume()
    good = volume.image()
    differing = bytearray(good)
    differing[volume.fat_at(1) + 60] ^= 0x11
    case("invalid", "second-fat", bytes(differing), "the FATs differ", anomalies=["headers-disagree"])
    lost = Volume(used={30: 31, 31: 0xFFF})
    case("invalid", "lost-clusters", bytes(lost.image()), "clusters without a file", anomalies=["headers-disagree"])
    case("invalid", "appended", bytes(good) + b"appended by somebody", "bytes behind it", anomalies=["trailing-data"])
    short = Volume()
    data = short.image()
    at = data.index(b"KERNEL  IMG")
    data[at + 28 : at + 32] = struct.pack("<I", 20_000)
    case("invalid", "short-chain", bytes(data), "a file is longer than its clusters", gap="malformed")
    orphan = Volume()
    data = orphan.image()
    at = data.index(pieces(LONG, b"N~0     EXT")[:32])
    data[at + 13] ^= 1
    case("invalid", "orphan-pieces", bytes(data), "a long name that is not its file's", anomalies=["headers-disagree"])
    case("truncated", "half", bytes(good[: len(good) // 16]), "most of it is missing", gap="malformed")
    case("truncated", "boot-sector", bytes(good[:600]), "the FAT is cut off", gap="malformed")


def make_hostile(case: Any) -> None:
    ring = Volume()
    data = ring.image()
    first = ring.places["KERNEL.IMG"]
    patch(ring, data, first[1], first[0])
    case("hostile", "ring", bytes(data), "a chain of clusters that is a ring", gap="malformed")
    shared = Volume()
    data = shared.image({"ONE.BIN": b"1" * 900, "TWO.BIN": b"2" * 900})
    at = data.index(b"TWO     BIN")
    data[at + 26 : at + 28] = struct.pack("<H", shared.places["ONE.BIN"][0])
    kept = {"ONE.BIN": sha256(b"1" * 900).hexdigest()}
    case("hostile", "cross-linked", bytes(data), "two files with the same clusters", members=kept, gap="malformed")
    looped = Volume()
    data = looped.image({"FOLDER": {"INNER": {"FILE.BIN": b"1"}}})
    at = data.index(b"INNER      ")
    data[at + 26 : at + 28] = struct.pack("<H", looped.places["FOLDER"][0])
    case("hostile", "folder-ring", bytes(data), "a folder that holds itself", gap="malformed")
    climbing = Volume()
    data = climbing.image({"../../etc/passwd": TEXT})
    case("hostile", "traversal", bytes(data), "a long name that climbs", anomalies=["path-traversal"])
    alias_of = Volume()
    data = alias_of.image({"n~1.ext": b"first", "another name": b"second"})
    case("hostile", "alias", bytes(data), "the short name of one is the long name of another",
         anomalies=["name-collision"])  # fmt: skip


def patch(volume: Volume, data: bytearray, cluster: int, value: int) -> None:
    """Another entry in both FATs (FAT12)."""
    for index in range(volume.fats):
        at = volume.fat_at(index) + cluster * 3 // 2
        word = int.from_bytes(data[at : at + 2], "little")
        word = word & 0x000F | value << 4 if cluster & 1 else word & 0xF000 | value
        data[at : at + 2] = word.to_bytes(2, "little")
