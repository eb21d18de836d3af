"""Vectors of UBIFS, laid out here: an image by mkfs.ubifs has eleven erase blocks of 15 KiB or more, which is too much.

One erase block each for superblock, master (two), log, LEB properties, orphans, leaves with their index, and a journal.
Sums are computed anew after every change, so that what is wrong is only what the case is about.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.vectors.makers.firmware import Writer
from tests.vectors.makers.read_only_systems import NOISE, TEXT, digest

ORIGIN = "tests/vectors/makers/ubifs_images.py"
INODE, DATA, NAME, ATTRIBUTE, TRUNCATION, PAD, SUPER, MASTER, REFERENCE, INDEX, COMMIT, ORPHAN = range(12)
FILE, FOLDER, SYMLINK, DEVICE = 0o100644, 0o040755, 0o120777, 0o020600
LOG, PROPERTIES, ORPHANS, MAIN = 3, 4, 5, 6
BLOCK = 4096


def crc(data: bytes) -> int:
    return zlib.crc32(data) ^ 0xFFFFFFFF


def crc16(data: bytes) -> int:
    value = 0xFFFF
    for one in data:
        value ^= one
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value


def node(kind: int, body: bytes, sequence: int = 1, *, wrong: int = 0) -> bytes:
    """A node with its sum, padded to 8 bytes as the maker does."""
    raw = struct.pack("<QIBB2x", sequence, 24 + len(body), kind, 0) + body
    raw = struct.pack("<4sI", b"\x31\x18\x10\x06", crc(raw) ^ wrong) + raw
    return raw + bytes(-len(raw) % 8)


def r5(text: bytes) -> int:
    """The hash of a name in a key."""
    value = 0
    for one in text:
        value = (value + (one << 4) + (one >> 4)) * 11 & 0xFFFFFFFF
    value &= 0x1FFFFFFF
    return value + 3 if value <= 2 else value


def key(number: int, kind: int, rest: int = 0) -> bytes:
    return struct.pack("<II", number, kind << 29 | rest)


def inode(
    number: int, mode: int = FILE, size: int = 0, data: bytes = b"", *, links: int = 1, flags: int = 1,
    sequence: int = 1, unused: bytes = b"",
) -> bytes:  # fmt: skip
    body = key(number, INODE) + bytes(8) + struct.pack("<QQ", 1, size) + bytes(24 + 12)
    body += struct.pack("<IIIIII", links, 0, 0, mode, flags, len(data)) + bytes(16) + unused.ljust(28, b"\0")
    return node(INODE, body + data, sequence)


def name(
    folder: int, number: int, text: bytes, *, kind: int = 0, node_kind: int = NAME, sequence: int = 1, unused: int = 0
) -> bytes:  # fmt: skip
    """A name in a folder, or of an attribute; kind 0 is a file, 1 a folder, 2 a link, 4 a device."""
    body = key(folder, node_kind, r5(text)) + bytes(8)
    body += struct.pack("<QBBH4x", number, unused, kind, len(text)) + text + b"\0"
    return node(node_kind, body, sequence)


def block(
    number: int, at: int, data: bytes, *, compression: int = 0, unpacked: int = -1, sequence: int = 1
) -> bytes:  # fmt: skip
    size = len(data) if unpacked < 0 else unpacked
    body = key(number, DATA, at) + bytes(8) + struct.pack("<IH2x", size, compression) + data
    return node(DATA, body, sequence)


def blocks(number: int, data: bytes) -> list[bytes]:
    return [block(number, at // BLOCK, data[at : at + BLOCK]) for at in range(0, len(data), BLOCK)]


def truncation(number: int, old: int, new: int, sequence: int) -> bytes:
    return node(TRUNCATION, struct.pack("<I12xQQ", number, old, new), sequence)


def file(number: int, text: bytes, data: bytes, **more: Any) -> list[bytes]:
    """A file in the root, in one piece per block, not packed."""
    return [name(1, number, text), inode(number, size=len(data), **more), *blocks(number, data)]


ROOT = inode(1, FOLDER, 160, links=2)


def bits(*fields: tuple[int, int]) -> bytes:
    """Fields of a node of LEB properties, lowest bit first, behind their sum."""
    value = at = 0
    for one, width in fields:
        value |= one << at
        at += width
    raw = value.to_bytes((at + 7) // 8, "little")
    return struct.pack("<H", crc16(raw)) + raw


@dataclass(frozen=True)
class System:
    """A file system; `image` lays it out."""

    leaves: list[bytes] = field(default_factory=list)
    journal: list[bytes] = field(default_factory=list)
    leb: int = 4096
    log_more: bytes = b""
    orphans: bytes = b""
    flags: int = 0
    version: int = 4
    compression: int = 0
    super_unused: bytes = b""
    master_unused: bytes = b""
    master_flags: int = 0
    highest: int = 100
    lebs: int = 9
    root: tuple[int, int, int] | None = None
    """Where the index begins, if somewhere else."""
    levels: int = 1
    property_xor: int = 0
    cut: bool = True
    """Erased blocks at the end are left out."""
    sizes: tuple[int, int, int] = (1, 1, 1)
    """LEBs of log, properties and orphans, as the superblock states them."""
    bud: tuple[int, int] = (8, 0)

    def image(self) -> bytes:
        places, at, main = [], 0, b""
        for one in self.leaves:
            if at % self.leb + len(one) > self.leb:
                main = main.ljust(-(-at // self.leb) * self.leb, b"\xff")
            places.append(len(main))
            main += one
            at = len(main)
        index, root = self._index(places, len(main))
        if len(main) % self.leb + len(index) > self.leb:
            main = main.ljust(-(-len(main) // self.leb) * self.leb, b"\xff")
            index, root = self._index(places, len(main))
        main += index
        assert len(main) <= 2 * self.leb, "more than two erase blocks of leaves and index"
        parts = [self._super(), *[self._master(self.root or root)] * 2, self._log(), self._properties(), self.orphans]
        out = b"".join(one.ljust(self.leb, b"\xff") for one in parts) + main
        if self.journal:
            out = out.ljust((MAIN + 2) * self.leb, b"\xff") + b"".join(self.journal)
        return out if self.cut else out.ljust(self.lebs * self.leb, b"\xff")

    def _index(self, places: list[int], end: int) -> tuple[bytes, tuple[int, int, int]]:
        """The index behind the leaves, and where its root is."""
        ordered = sorted(zip(self.leaves, places, strict=True), key=lambda one: struct.unpack_from("<II", one[0], 24))
        branches = b"".join(self._branch(place, one) for one, place in ordered)
        out, last = b"", node(INDEX, struct.pack("<HH", len(ordered), 0) + branches)
        for level in range(1, self.levels):
            at = end + len(out)
            out += last
            branch = self._branch(at, last[:24] + key(1, INODE))
            last = node(INDEX, struct.pack("<HH", 1, level) + branch[:8] + struct.pack("<I", size(last)) + branch[12:])
        at = end + len(out)
        return out + last, (MAIN + at // self.leb, at % self.leb, size(last))

    def _branch(self, place: int, one: bytes) -> bytes:
        return struct.pack("<III", MAIN + place // self.leb, place % self.leb, size(one)) + one[24:32]

    def _super(self) -> bytes:
        log, properties, orphans = self.sizes
        body = struct.pack("<2xBBIIIIIQIIIIIIIHHIIQI16sI", 0, 0, self.flags, 8, self.leb, self.lebs, self.lebs, 64,
                           log, properties, orphans, 1, 8, 0, self.version, self.compression, 0, 0, 0, 0, 0,
                           b"u" * 16, 0)  # fmt: skip
        return node(SUPER, body.ljust(322 - 24, b"\0") + self.super_unused.ljust(4096 - 322, b"\0"))

    def _master(self, root: tuple[int, int, int]) -> bytes:
        body = struct.pack("<QQIIIIIIII", self.highest, 7, self.master_flags, LOG, *root, MAIN, MAIN, 0) + bytes(48)
        first = len(bits(*self._inner()))
        outer = len(bits(*self._outer()))
        table = first + outer
        body += struct.pack("<IIIIIIIIIIII", PROPERTIES, 0, PROPERTIES, 0, PROPERTIES, table, 0, 0, 0, 0, 1, self.lebs)
        return node(MASTER, body + self.master_unused.ljust(512 - 24 - len(body), b"\0"))

    def _log(self) -> bytes:
        out = node(COMMIT, struct.pack("<Q", 7), 50)
        if self.journal:
            out += node(REFERENCE, struct.pack("<III", *self.bud, 0) + bytes(28), 51)
        return out + self.log_more

    def _inner(self) -> list[tuple[int, int]]:
        width = (self.leb - 1).bit_length()
        places = [(1, 1), (0, width)] * 3  # one more than there are: no child
        return [(1, 4), (0, 1), (self._first(), width), *places]

    def _first(self) -> int:
        """Where the outer node lies: behind the inner one."""
        width = (self.leb - 1).bit_length()
        return (16 + 4 + 4 * (1 + width) + 7) // 8

    def _outer(self) -> list[tuple[int, int]]:
        width = self.leb.bit_length() - 3
        return [(0, 4), *[(0, width), (0, width), (0, 1)] * 4]

    def _properties(self) -> bytes:
        width = self.leb.bit_length()
        inner, outer = bits(*self._inner()), bits(*self._outer())
        out = bytearray(inner + outer + bits((2, 4), (self.leb - 64, width), (0, width)))
        out[3] ^= self.property_xor
        return bytes(out)


def size(one: bytes) -> int:
    return int(struct.unpack_from("<I", one, 16)[0])


GOOD = System([ROOT, *file(2, b"file", TEXT)])


def flipped(image: bytes, what: bytes, at: int = 0) -> bytes:
    """One bit of the last place where `what` is, turned over."""
    out = bytearray(image)
    out[image.rindex(what) + at] ^= 1
    return bytes(out)


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def make_valid(case: Any) -> None:
    import lzallright
    import zstandard

    case("valid", "plain", GOOD.image(), "one file, not packed", members={"file": digest(TEXT)}, anomalies=[])
    full = (TEXT * 3)[:BLOCK]
    leaves = [ROOT, name(1, 2, b"folder", kind=1), inode(2, FOLDER, links=2), name(2, 3, b"file"),
              inode(3, size=20_000, links=2), block(3, 0, deflated(full), compression=2, unpacked=BLOCK),
              block(3, 3, NOISE[:1000]), name(1, 3, b"again"), name(1, 4, b"link", kind=2),
              inode(4, SYMLINK, 4, b"file"), name(1, 5, b"dev", kind=4), inode(5, DEVICE, 0, bytes(8)),
              name(3, 6, b"user.note", node_kind=ATTRIBUTE), inode(6, FILE, 5, b"value", flags=0x20)]  # fmt: skip
    holes = (full + bytes(8192) + NOISE[:1000]).ljust(20_000, b"\0")
    case("valid", "kinds", System(leaves).image(), "folder, links, device, hole and extended attribute",
         members={"again": digest(holes)}, anomalies=["device-node"])  # fmt: skip
    packed = {
        1: lzallright.LZOCompressor().compress(TEXT), 2: deflated(TEXT),
        3: zstandard.ZstdCompressor(write_content_size=False).compress(TEXT),
    }  # fmt: skip
    for number, label in ((1, "lzo"), (2, "zlib"), (3, "zstd")):
        one = block(2, 0, bytes(packed[number]), compression=number, unpacked=len(TEXT))
        system = System([ROOT, name(1, 2, b"file"), inode(2, size=len(TEXT)), one], compression=number)
        case("valid", label, system.image(), f"packed with {label}", members={"file": digest(TEXT)}, anomalies=[])
    journal = [name(1, 3, b"new", sequence=60), inode(3, size=9, sequence=61),
               block(3, 0, b"123456789", sequence=62), name(1, 0, b"file", sequence=63), inode(2, links=0, sequence=64),
               truncation(3, 9, 4, 66), inode(3, size=4, sequence=65)]  # fmt: skip
    system = replace(GOOD, journal=journal)
    case("valid", "journal", system.image(), "files made, deleted and cut since the last commit",
         members={"new": digest(b"1234"), ".obsolete/inode-3": digest(b"123456789".ljust(BLOCK, b"\0"))},
         anomalies=[])  # fmt: skip
    deep = replace(GOOD, levels=3, cut=False)
    case("valid", "deep", deep.image(), "three levels of index, erased blocks at the end",
         members={"file": digest(TEXT)}, anomalies=[])  # fmt: skip


def make_invalid(case: Any) -> None:
    good = GOOD.image()
    none: dict[str, str] = {}
    case("invalid", "superblock-sum", flipped(good, b"u" * 16), "the sum of the superblock", gap="malformed",
         members=none)  # fmt: skip
    case("invalid", "data-sum", flipped(good, TEXT), "the sum of a data node does not hold", members=none,
         gap="malformed", checks_fail=[f"node at 0x{good.index(TEXT) - 48:x}"])  # fmt: skip
    first = f"node of LEB properties at 0x{4 * 4096:x}"
    case("invalid", "property-sum", replace(GOOD, property_xor=1).image(), "the sum of LEB properties does not hold",
         members={"file": digest(TEXT)}, gap="malformed", checks_fail=[first])  # fmt: skip
    index = good[: 6 * 4096] + flipped(good[6 * 4096 :], struct.pack("<HH", 4, 0), 3)
    case("invalid", "index-sum", index, "the root of the index is damaged", members=none, gap="malformed",
         checks_fail=[f"node at 0x{len(good) - 28 - 4 * 20 - (-(28 + 80) % 8):x}"])  # fmt: skip
    secret = System([ROOT, *file(2, b"file", TEXT, flags=0x41)], flags=0x10, version=5)
    case("invalid", "encrypted", secret.image(), "an encrypted file", members=none, gap="encrypted")
    case("invalid", "authenticated", replace(GOOD, flags=0x20, version=5).image(), "hashes in its index",
         gap="unsupported")  # fmt: skip
    case("invalid", "later", replace(GOOD, flags=0x400, version=9).image(), "a later version", gap="unsupported")
    odd = System([ROOT, name(1, 2, b"file"), inode(2, size=9), block(2, 0, b"x", compression=9, unpacked=9)])
    case("invalid", "compression", odd.image(), "a compression nobody knows", members=none, gap="unsupported")
    lost = System([ROOT, *file(2, b"file", TEXT), name(1, 3, b"other")])
    case("invalid", "no-inode", lost.image(), "a name that leads to nothing", members={"file": digest(TEXT)},
         gap="malformed")  # fmt: skip
    whole = replace(GOOD, cut=False).image()
    case("invalid", "appended", whole + NOISE[:500], "bytes behind it", members={"file": digest(TEXT)},
         anomalies=["trailing-data"])  # fmt: skip
    masters = bytearray(good)
    masters[2 * 4096 : 2 * 4096 + 512] = b"\xff" * 512
    case("invalid", "one-master", bytes(masters), "one copy of the master node is not there",
         members={"file": digest(TEXT)}, anomalies=["headers-disagree"])  # fmt: skip
    beyond = System([ROOT, name(1, 2, b"file"), inode(2, size=4), *blocks(2, TEXT)])
    case("invalid", "beyond", beyond.image(), "a block that reaches beyond the end of its file",
         members={"file": digest(TEXT[:4]), ".obsolete/inode-2": digest(TEXT.ljust(BLOCK, b"\0"))})  # fmt: skip
    unnamed = System([ROOT, inode(2, size=len(TEXT)), *blocks(2, TEXT)])
    case("invalid", "unnamed", unnamed.image(), "a file that no name leads to",
         members={".deleted/inode-2": digest(TEXT)})  # fmt: skip
    case("truncated", "half", good[: 3 * 4096], "cut off behind the master nodes", gap="malformed", members=none)


def make_hostile(case: Any) -> None:
    case("hostile", "climbing-name", System([ROOT, *file(2, b"../up", TEXT)]).image(), "a name that leads outside",
         anomalies=["path-traversal"])  # fmt: skip
    ring = [ROOT, name(1, 2, b"a", kind=1), inode(2, FOLDER, links=2), name(2, 2, b"b", kind=1)]
    case("hostile", "folder-ring", System(ring).image(), "a folder that holds itself", gap="malformed")
    far = [ROOT, name(1, 2, b"file"), inode(2, size=1 << 60)]
    case("hostile", "far", System(far).image(), "a file of 1 EiB", members={}, gap="limit")
    holes = [ROOT]
    for one in range(2, 22):
        holes += [name(1, one, b"f%d" % one), inode(one, size=1 << 26)]
    case("hostile", "holes", System(holes).image(), "20 holes of 64 MiB", gap="limit")
    main = 6 * 4096
    turned = bytearray(replace(GOOD, levels=2).image())
    at = bytes(turned).rindex(struct.pack("<HH", 1, 1)) - 24
    struct.pack_into("<III", turned, at + 28, 6, at - main, 48)
    struct.pack_into("<I", turned, at + 4, crc(bytes(turned[at + 8 : at + 48])))
    case("hostile", "index-ring", bytes(turned), "an index node that leads to itself", members={}, gap="malformed")
    long = System([ROOT, *file(2, b"n" * 300, TEXT)])
    case("hostile", "long-name", long.image(), "a name longer than any", members={".deleted/inode-2": digest(TEXT)},
         gap="malformed")  # fmt: skip
    case("hostile", "sizes", replace(GOOD, sizes=(1, 1, 1 << 30)).image(), "more LEBs for orphans than there are",
         gap="malformed")  # fmt: skip


def make(root: Path) -> None:
    """Write every vector below `root` (tests/vectors)."""
    case = Writer(root, "ubifs", ORIGIN).case
    make_valid(case)
    make_invalid(case)
    make_hostile(case)
