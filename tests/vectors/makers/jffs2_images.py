"""Vectors of JFFS2: images by mkfs.jffs2 and sumtool, and nodes laid out here where those would refuse.

Sums are computed anew after every change, so that what is wrong is only what the case is about.
"""

from __future__ import annotations

import struct
import tempfile
import zlib
from pathlib import Path
from typing import Any

from tests.vectors.makers.firmware import Writer
from tests.vectors.makers.read_only_systems import NOISE, TEXT, digest, tool, tree

ORIGIN = "tests/vectors/makers/jffs2_images.py"
NAME, INODE, CLEAN, PADDING, SUMMARY, ATTRIBUTE, LINK = 0xE001, 0xE002, 0x2003, 0x2004, 0x2006, 0xE008, 0xE009
FILE, FOLDER, SYMLINK, DEVICE = 0o100644, 0o040755, 0o120777, 0o020600


def crc(data: bytes) -> int:
    return zlib.crc32(data, 0xFFFFFFFF) ^ 0xFFFFFFFF


def header(order: str, kind: int, size: int) -> bytes:
    raw = struct.pack(f"{order}HHI", 0x1985, kind, size)
    return raw + struct.pack(f"{order}I", crc(raw))


def filled(data: bytes, to: int = 4) -> bytes:
    return data + b"\xff" * (-len(data) % to)


def inode(
    number: int, version: int, data: bytes = b"", *, order: str = "<", mode: int = FILE, offset: int = 0,
    size: int = -1, compression: int = 0, unpacked: int = -1, accurate: bool = True, sum_xor: int = 0,
) -> bytes:  # fmt: skip
    """One inode node with a piece of content, as it lies on flash."""
    unpacked = len(data) if unpacked < 0 else unpacked
    size = offset + unpacked if size < 0 else size
    raw = header(order, INODE, 68 + len(data)) + struct.pack(
        f"{order}IIIHHIIIIIIIBBH", number, version, mode, 0, 0, size, 0, 0, 0, offset, len(data), unpacked,
        compression, 0, 0,
    )  # fmt: skip
    raw += struct.pack(f"{order}II", crc(data) ^ sum_xor, crc(raw))
    if not accurate:
        raw = raw[:2] + struct.pack(f"{order}H", INODE & ~0x2000) + raw[4:]
    return filled(raw + data)


def name(
    parent: int, version: int, number: int, text: bytes, *, order: str = "<", kind: int = 8, unused: int = 0
) -> bytes:  # fmt: skip
    """One directory entry; number 0 removes it."""
    raw = header(order, NAME, 40 + len(text))
    raw += struct.pack(f"{order}IIIIBBH", parent, version, number, 0, len(text), kind, unused)
    return filled(raw + struct.pack(f"{order}II", crc(raw), crc(text)) + text)


def attribute(number: int, text: bytes, value: bytes, *, prefix: int = 1) -> bytes:
    data = text + b"\0" + value
    raw = header("<", ATTRIBUTE, 32 + len(data)) + struct.pack(
        "<IIBBHI", number, 1, prefix, len(text), len(value), crc(data)
    )
    return filled(raw + struct.pack("<I", crc(raw)) + data)


def link(file: int, number: int, sequence: int = 2) -> bytes:
    raw = header("<", LINK, 28) + struct.pack("<III", file, number, sequence)
    return raw + struct.pack("<I", crc(raw))


def clean(order: str = "<") -> bytes:
    return header(order, CLEAN, 12)


def padding(size: int, fill: bytes = b"\0") -> bytes:
    return header("<", PADDING, size) + fill * (size - 12)


def block(*nodes: bytes, size: int = 4096) -> bytes:
    """An erase block."""
    return b"".join(nodes).ljust(size, b"\xff")


def summarised(nodes: list[bytes], entries: bytes, count: int, size: int = 4096) -> bytes:
    """An erase block that ends with a summary."""
    body = b"".join(nodes)
    at = len(body)
    data = entries.ljust(size - at - 32 - 8, b"\xff") + struct.pack("<II", at, 0x02851885)
    raw = header("<", SUMMARY, size - at) + struct.pack("<IIII", count, 0, 0, crc(data))
    return body + raw[:28] + struct.pack("<I", crc(raw[:24])) + data


def summary_inode(number: int, version: int, offset: int, size: int) -> bytes:
    return struct.pack("<HIIII", INODE, number, version, offset, size)


def summary_name(parent: int, version: int, number: int, text: bytes, offset: int) -> bytes:
    return struct.pack("<HIIIIIBB", NAME, 40 + len(text), offset, parent, version, number, len(text), 8) + text


def one_file(data: bytes = TEXT, *, order: str = "<", text: bytes = b"file") -> bytes:
    """A file in the root."""
    return name(1, 1, 2, text, order=order) + inode(2, 1, data, order=order)


def make_official(root: Path) -> None:
    case = Writer(root, "jffs2", "mkfs.jffs2 and sumtool (mtd-utils 2.1.5)").case
    files = {"bin/tool": NOISE, "etc/version": TEXT[:50], "etc/empty": b""}
    expect = {key: digest(value) for key, value in files.items()}
    with tempfile.TemporaryDirectory() as scratch:
        source, image = Path(scratch, "tree"), Path(scratch, "image")
        tree(source, files | {"text": TEXT}, {"link": "bin/tool"}, hole=5000)
        members = expect | {"text": digest(TEXT), "hole": digest(bytes(5000) + b"behind the hole")}
        for label, why, options in (
            ("little", "little-endian, zlib", ("-l",)),
            ("big", "big-endian, padded to its erase block", ("-b", "-e0x2000", "-p")),
            ("lzo", "LZO", ("-l", "-Xlzo", "-xzlib")),
            ("rtime", "rtime", ("-l", "-xzlib", "-xlzo")),
            ("none", "not packed, without clean markers", ("-l", "-mnone", "-n")),
        ):
            tool("mkfs.jffs2", "-q", "-f", "-r", source, "-o", image, *options)
            case("valid", label, image.read_bytes(), why, members=members, anomalies=[])
        summed = Path(scratch, "summed")
        tool("mkfs.jffs2", "-q", "-f", "-r", source, "-o", image, "-l", "-e0x2000")
        tool("sumtool", "-l", "-e0x2000", "-p", "-i", image, "-o", summed)
        case("valid", "summary", summed.read_bytes(), "with summaries", members=members, anomalies=[])


def make_valid(case: Any) -> None:
    replaced = clean() + one_file(b"old " * 40) + inode(2, 2, b"new " * 40)
    case("valid", "replaced", replaced, "a file that was written anew: what was before comes out too",
         members={"file": digest(b"new " * 40), ".obsolete/inode-2": digest(b"old " * 40)}, anomalies=[])  # fmt: skip
    deleted = clean() + one_file() + name(1, 2, 0, b"file")
    case("valid", "deleted", deleted, "a file that was deleted comes out without its name",
         members={".deleted/inode-2": digest(TEXT)}, anomalies=[])  # fmt: skip
    marked = clean() + one_file() + inode(2, 9, NOISE[:200], accurate=False)
    case("valid", "marked", marked, "a node that was marked as obsolete in place",
         members={"file": digest(TEXT), ".obsolete/inode-2": digest(NOISE[:200])}, anomalies=[])  # fmt: skip
    layers = clean() + name(1, 1, 2, b"file") + inode(2, 1, b"a" * 300) + inode(2, 2, b"b" * 100, offset=100)
    layers += inode(2, 3, b"", size=250)
    case("valid", "layers", layers, "pieces over one another, cut to a smaller size",
         members={"file": digest(b"a" * 100 + b"b" * 100 + b"a" * 50),
                  ".obsolete/inode-2": digest(b"a" * 300)})  # fmt: skip
    values = clean() + one_file() + attribute(5, b"note", b"v" * 20) + link(2, 5)
    values += attribute(6, b"large", NOISE[:900]) + link(2, 6)
    case("valid", "attributes", values, "a long extended attribute is a member",
         members={"file": digest(TEXT), "@extended-attributes/file/user.large": digest(NOISE[:900])})  # fmt: skip


def make_invalid(case: Any) -> None:
    good = clean() + one_file()
    for label, why, at, failing in (
        ("header-sum", "the sum of a header", 12 + 44 + 8, "header of a node at 0x38"),
        ("node-sum", "the sum of an inode", 12 + 44 + 20, "inode node at 0x38"),
        ("name-sum", "the sum of a name", 12 + 40, "name of a directory entry at 0xc"),
    ):
        wrong = bytearray(good)
        wrong[at] ^= 1
        case("invalid", label, bytes(wrong), f"{why} does not hold", checks_fail=[failing])
    damaged = clean() + name(1, 1, 2, b"file") + inode(2, 1, TEXT, sum_xor=1)
    case("invalid", "data-sum", damaged, "the sum of data does not hold", members={}, gap="malformed",
         checks_fail=["data of a node at 0x38"])  # fmt: skip
    lzma = clean() + name(1, 1, 2, b"file") + inode(2, 1, TEXT[:90], compression=8, unpacked=400)
    case("invalid", "lzma", lzma, "LZMA as vendors have it", members={}, gap="unsupported")
    rubin = clean() + name(1, 1, 2, b"file") + inode(2, 1, TEXT[:90], compression=5, unpacked=400)
    case("invalid", "rubin", rubin, "a compression nobody writes any more", members={}, gap="unsupported")
    unknown = good + header("<", 0xE00A, 12)
    case("invalid", "unknown-node", unknown, "a node that a reader must know", gap="unsupported")
    missing = clean() + one_file() + name(1, 2, 7, b"other")
    case("invalid", "no-inode", missing, "a name that leads to nothing", members={"file": digest(TEXT)},
         gap="malformed")  # fmt: skip
    gap = clean() + name(1, 1, 2, b"file") + inode(2, 1, TEXT[:100], offset=100)
    case("invalid", "missing-piece", gap, "no node has the beginning of the file",
         members={"file": digest(bytes(100) + TEXT[:100])}, gap="malformed")  # fmt: skip
    appended = block(good) + bytes(range(256)) * 8
    case("invalid", "appended", appended, "bytes behind it", anomalies=["trailing-data"])
    summed = summarised([clean(), name(1, 1, 2, b"file"), inode(2, 1, TEXT)],
                        summary_name(1, 1, 3, b"file", 12) + summary_inode(2, 1, 56, 68 + len(TEXT)), 2)  # fmt: skip
    case("invalid", "summary", summed, "the summary says another inode than the name",
         members={"file": digest(TEXT)}, anomalies=["headers-disagree"])  # fmt: skip
    two = block(clean(), one_file()) + block(clean(), one_file(NOISE[:300]))
    case("invalid", "two-systems", two, "two file systems one behind the other", members={"file": digest(TEXT)},
         anomalies=["trailing-data"])  # fmt: skip


def make_hostile(case: Any) -> None:
    climbing = clean() + name(1, 1, 2, b"../up") + inode(2, 1, TEXT)
    case("hostile", "climbing-name", climbing, "a name that leads outside", anomalies=["path-traversal"])
    ring = clean() + name(1, 1, 2, b"a", kind=4) + inode(2, 1, mode=FOLDER) + name(2, 1, 2, b"b", kind=4)
    case("hostile", "folder-ring", ring, "a folder that holds itself", gap="malformed")
    zeros = name(1, 1, 2, b"file") + inode(2, 1, compression=1, unpacked=0xFFFFFFFF)
    case("hostile", "zeros", clean() + zeros, "a hole of 4 GiB in one node", gap="limit")
    bomb = (
        clean() + name(1, 1, 2, b"file") + inode(2, 1, zlib.compress(bytes(1 << 20)), compression=6, unpacked=1 << 20)
    )
    case("hostile", "large-node", bomb, "a node of 1 MiB", gap="malformed")
    many = b"".join(name(1, one, one + 1, b"n%d" % one) + inode(one + 1, 1, compression=1, unpacked=1 << 26)
                    for one in range(1, 200))  # fmt: skip
    case("hostile", "holes", clean() + many, "200 holes of 64 MiB", gap="limit")
    layered = b"".join(inode(2, one, b"x", offset=0, size=200, unpacked=1) for one in range(1, 300))
    case("hostile", "same-place", clean() + name(1, 1, 2, b"file") + inode(2, 300, b"y" * 200) + layered,
         "300 versions of one byte", anomalies=[])  # fmt: skip
    case("truncated", "half", (clean() + one_file(NOISE))[:3000], "cut off within a node", gap="malformed")


def make(root: Path) -> None:
    """Write every vector below `root` (tests/vectors)."""
    make_official(root)
    case = Writer(root, "jffs2", ORIGIN).case
    make_valid(case)
    make_invalid(case)
    make_hostile(case)
