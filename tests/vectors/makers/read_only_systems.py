"""Vectors of romfs, cramfs and erofs: the official makers' images, and images laid out here where those have no option
or would refuse. Sums are computed anew after every change, so that what is wrong is only what the case is about.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import tempfile
import zlib
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.vectors.makers.ext_images import crc32c
from tests.vectors.makers.firmware import Writer

ORIGIN = "tests/vectors/makers/read_only_systems.py"
TIME = 1_700_000_000
TEXT = b"one line of a root file system, and again\n" * 40
NOISE = b"".join(sha256(b"vector %d" % one).digest() for one in range(160))
"""5,120 bytes."""
LONG_TEXT = TEXT * 130
"""218,400 bytes: 54 logical clusters, so that all forms of a compact index occur."""

MIXED = b"".join(sha256(b"mixed %d" % one).digest()[:16] + TEXT[:60] for one in range(1600))
"""121,600 bytes that pack to a third, so that one pack of the index has several clusters of two blocks."""


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def tool(*command: object, cwd: str | None = None) -> None:
    first = str(command[0])
    found = shutil.which(first) or shutil.which(first, path="/usr/sbin:/sbin") or first
    subprocess.run([found, *map(str, command[1:])], check=True, capture_output=True, cwd=cwd)


def tree(root: Path, files: dict[str, bytes], links: dict[str, str] | None = None, hole: int = 0) -> None:
    """Files below a folder, each folder with few entries so that their order is no question."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for name, target in (links or {}).items():
        (root / name).symlink_to(target)
    if hole:
        with (root / "hole").open("wb") as file:
            file.seek(hole)
            file.write(b"behind the hole")
    for path in [root, *root.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (TIME, TIME), follow_symlinks=False)


# --- romfs ----------------------------------------------------------------------------------------------------------


def be_sum(data: bytes) -> int:
    return sum(struct.unpack(f">{len(data) // 4}I", data)) & 0xFFFFFFFF


def padded(data: bytes, to: int = 16) -> bytes:
    return data + bytes(-len(data) % to)


def romfs_header(following: int, kind: int, info: int, size: int, name: bytes) -> bytes:
    body = struct.pack(">4I", following | kind, info, size, 0) + padded(name + b"\0")
    return body[:12] + struct.pack(">I", -be_sum(body) & 0xFFFFFFFF) + body[16:]


def romfs_image(body: bytes, volume: bytes = b"vectors", size: int = 0) -> bytes:
    """The superblock in front of headers that begin at 32."""
    head = padded(b"-rom1fs-" + struct.pack(">II", size or 32 + len(body), 0) + volume + b"\0")
    image = head + body
    total = be_sum(image[:512] if len(image) >= 512 else padded(image, 4))
    return image[:12] + struct.pack(">I", -total & 0xFFFFFFFF) + image[16:]


def romfs_files(*files: tuple[int, int, bytes, bytes]) -> bytes:
    """Headers in a row from offset 96, behind the entries for the root: kind, info, name and content."""
    body = romfs_header(64, 9, 32, 0, b".") + romfs_header(96 if files else 0, 0, 32, 0, b"..")
    for index, (kind, info, name, data) in enumerate(files):
        size = 16 + len(padded(name + b"\0")) + len(padded(data))
        following = 32 + len(body) + size if index + 1 < len(files) else 0
        body += romfs_header(following, kind, info, len(data), name) + padded(data)
    return body


def make_romfs(root: Path) -> None:
    case = Writer(root, "romfs", ORIGIN).case
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch, "tree")
        tree(source, {"etc/inner/version": TEXT[:100]})
        tool("genromfs", "-d", source, "-f", Path(scratch, "image"), "-V", "vectors")
        data = Path(scratch, "image").read_bytes()
    official = Writer(root, "romfs", "genromfs 0.5.2").case
    official("valid", "official", data, "by the official maker",
             members={"etc/inner/version": digest(TEXT[:100])}, anomalies=[])  # fmt: skip
    good = romfs_image(romfs_files((2, 0, b"file", TEXT), (10, 0, b"program", NOISE[:333]), (3, 0, b"link", b"file")))
    two = {"file": digest(TEXT), "program": digest(NOISE[:333])}
    case("valid", "files", good, "a file, a program and a link", members=two, anomalies=[])
    linked = romfs_image(romfs_files((2, 0, b"file", TEXT), (0, 96, b"again", b"")))
    case("valid", "hard-link", linked, "two names of one file", members={"file": digest(TEXT)}, anomalies=[])
    wrong = bytearray(good)
    wrong[40] ^= 1
    case("invalid", "sums", bytes(wrong), "a flipped bit in a header", checks_fail=["superblock", "header at 0x20"])
    case("invalid", "appended", good + b"appended by somebody", "bytes behind it", anomalies=["trailing-data"])
    case("truncated", "half", good[:2000], "a file is cut off", members={"file": digest(TEXT)}, gap="malformed")
    case("truncated", "superblock", good[:24], "no room for a header", gap="malformed")
    ring = romfs_image(romfs_header(64, 9, 32, 0, b".") + romfs_header(64, 2, 0, 0, b"file"))
    case("hostile", "ring", ring, "a header that follows itself", gap="malformed")
    folders = romfs_image(romfs_files((1, 96, b"folder", b"")))
    case("hostile", "folder-ring", folders, "a folder that holds itself", gap="malformed")
    hidden = romfs_header(0, 2, 0, 5, b"hidden") + padded(b"12345")
    body = romfs_files((0, 32 + 64 + 32, b"link", b"")) + hidden
    case("hostile", "behind-link", romfs_image(body), "only a hard link leads to a file",
         members={"link": digest(b"12345")}, anomalies=["headers-disagree"])  # fmt: skip
    climbing = romfs_image(romfs_files((2, 0, b"../../etc/passwd", b"root")))
    case("hostile", "traversal", climbing, "a name that climbs", anomalies=["path-traversal"])


# --- cramfs ---------------------------------------------------------------------------------------------------------


def cramfs_inode(order: str, mode: int, size: int, name_bytes: int, offset: int) -> bytes:
    if order == "<":
        return struct.pack("<III", mode, size, name_bytes // 4 | (offset // 4) << 6)
    return struct.pack(">III", mode << 16, size << 8, (name_bytes // 4) << 26 | offset // 4)


def cramfs_image(
    files: list[tuple[bytes, int, bytes]], *, order: str = "<", flags: int = 3, root: tuple[int, int] | None = None
) -> bytes:
    """Files in the root: name, size, and pointers with blocks, whose pointers count from 0 as they lie there."""
    names = [name + bytes(-len(name) % 4) for name, _, _ in files]
    size = sum(12 + len(one) for one in names)
    folder, data = b"", b""
    for (_, length, raw), name in zip(files, names, strict=True):
        at = 76 + size + len(data)
        folder += cramfs_inode(order, 0o100644, length, len(name), at if raw else 0) + name
        moved = raw if not raw else relocated(raw, at, order, flags)
        data += moved + bytes(-len(moved) % 4)
    inode = cramfs_inode(order, 0o040755, size, 0, 76) if root is None else cramfs_inode(order, 0o040755, *root[:1], 0,
                                                                                      root[1])  # fmt: skip
    whole = padded(bytes(64) + inode + folder + data, 512)
    head = struct.pack(f"{order}4I16s4I16s", 0x28CD3D45, len(whole), flags, 0, b"Compressed ROMFS", 0, 0, 1,
                       len(files) + 1, b"vectors")  # fmt: skip
    return cramfs_summed(head + whole[64:], order)


def cramfs_summed(image: bytes, order: str = "<") -> bytes:
    cleared = image[:32] + bytes(4) + image[36:]
    return image[:32] + struct.pack(f"{order}I", zlib.crc32(cleared)) + image[36:]


def relocated(raw: bytes, at: int, order: str, flags: int) -> bytes:
    """Pointers are made for offset 0; the first word of each list says how many there are."""
    count = struct.unpack_from(f"{order}I", raw)[0]
    pointers = struct.unpack_from(f"{order}{count}I", raw, 4)
    moved = [one + (at >> 2 if one & 1 << 30 and flags & 0x800 else at) for one in pointers]
    return struct.pack(f"{order}{count}I", *moved) + raw[4 + 4 * count :]


def cramfs_file(data: bytes, order: str = "<", block: int = 4096) -> tuple[int, bytes]:
    """Size, and pointers with packed blocks."""
    blocks = [zlib.compress(data[at : at + block]) for at in range(0, len(data), block)]
    ends, at = [], 4 * len(blocks)
    for one in blocks:
        at += len(one)
        ends.append(at)
    return len(data), struct.pack(f"{order}{len(ends) + 1}I", len(ends), *ends) + b"".join(blocks)


def extended(data: bytes) -> tuple[int, bytes]:
    """Three blocks: packed, behind a direct pointer with its size; stored, behind a direct pointer; a stored tail."""
    packed = zlib.compress(data[:4096])
    head = 12
    first = struct.pack("<H", len(packed)) + packed
    second_at = head + len(first) + -(head + len(first)) % 4
    body = first + bytes(second_at - head - len(first)) + data[4096:]
    direct, stored = 1 << 30, 1 << 31
    pointers = (direct | head >> 2, direct | stored | second_at >> 2, stored | second_at + len(data) - 4096)
    return len(data), struct.pack("<4I", 3, *pointers) + body


def make_cramfs(root: Path) -> None:
    case = Writer(root, "cramfs", ORIGIN).case
    official = Writer(root, "cramfs", "mkfs.cramfs (util-linux 2.38.1)").case
    files = {"bin/tool": NOISE, "etc/inner/version": TEXT}
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch, "tree")
        tree(source, files, {"bin/sh": "tool"})
        shutil.copyfile(source / "bin/tool", source / "bin/tool2")
        expect = {name: digest(data) for name, data in files.items()}
        for name, why, options in (
            ("little", "little-endian", ()), ("big", "big-endian", ("-N", "big")),
            ("boot-sector", "behind a boot sector of 512 bytes", ("-p",)),
            ("large-blocks", "blocks of 16 KiB", ("-b", "16384")),
        ):  # fmt: skip
            tool("mkfs.cramfs", "-n", "vectors", *options, source, Path(scratch, "image"))
            data = Path(scratch, "image").read_bytes()
            official("valid", name, data, f"{why}; two names of one file, a link", members=expect, anomalies=[])
    data = NOISE + TEXT * 3
    image = cramfs_image([(b"file", *extended(data))], flags=3 | 0x800)
    case("valid", "extended-pointers", image, "blocks stored and packed, direct pointers",
         members={"file": digest(data)}, anomalies=[])  # fmt: skip
    hole = struct.pack("<3I", 2, 8, 8 + len(zlib.compress(TEXT))) + zlib.compress(TEXT)
    image = cramfs_image([(b"hole", 4096 + len(TEXT), hole)])
    case("valid", "hole", image, "a block that is a hole", members={"hole": digest(bytes(4096) + TEXT)}, anomalies=[])
    make_bad_cramfs(case)


def make_bad_cramfs(case: Any) -> None:
    size, raw = cramfs_file(NOISE)
    good = cramfs_image([(b"file", size, raw), (b"more", *cramfs_file(TEXT))])
    wrong = bytearray(good)
    wrong[50] ^= 1
    case("invalid", "crc", bytes(wrong), "a flipped bit", checks_fail=["image"])
    case("invalid", "appended", good + b"appended by somebody", "bytes behind it", anomalies=["trailing-data"])
    later = cramfs_summed(good[:8] + struct.pack("<I", 0x1003) + good[12:])
    case("invalid", "flags", later, "flags of a later version", gap="unsupported")
    broken = bytearray(good)
    broken[broken.index(zlib.compress(TEXT)) + 9] ^= 0xFF
    case("invalid", "block", cramfs_summed(bytes(broken)), "a block does not unpack",
         members={"file": digest(NOISE)}, gap="malformed")  # fmt: skip
    case("truncated", "half", good[:2000], "blocks are cut off", gap="malformed", checks_fail=["image"])
    ring = cramfs_image([(b"folder__", size, raw)])
    entry = cramfs_inode("<", 0o040755, 20, 8, 76)
    ring = cramfs_summed(ring[:76] + entry + ring[88:])
    case("hostile", "folder-ring", ring, "a folder that holds itself", gap="malformed")
    far = cramfs_image([(b"file", 1 << 23, raw)])
    case("hostile", "size", far, "a file of 8 MiB in 7 KiB", gap="malformed")
    holes = [(b"n%03d" % one, (1 << 24) - 1, b"") for one in range(300)]
    image = cramfs_image(holes)
    table = struct.pack("<4096I", *[76 + 300 * 16 + 4 * 4096] * 4096)
    body = bytearray(image[: 76 + 300 * 16] + table)
    for index in range(300):
        at = 76 + index * 16
        body[at : at + 12] = cramfs_inode("<", 0o100644, (1 << 24) - 1 - index, 4, 76 + 300 * 16)
    body[4:8] = struct.pack("<I", len(body))
    case("hostile", "holes", cramfs_summed(bytes(body)), "300 files of 16 MiB in one list of holes", gap="limit")


# --- EROFS ----------------------------------------------------------------------------------------------------------


def erofs_summed(image: bytes) -> bytes:
    cleared = image[1024:1028] + bytes(4) + image[1032:4096]
    return image[:1028] + struct.pack("<I", crc32c(cleared, 0xFFFFFFFF)) + image[1032:]


def erofs(folder: Path, *options: str, **more: Any) -> bytes:
    """An image of a tree by mkfs.erofs."""
    source, image = folder / "tree", folder / "image"
    shutil.rmtree(source, ignore_errors=True)
    image.unlink(missing_ok=True)
    tree(source, **more)
    tool("mkfs.erofs", "--quiet", f"-T{TIME}", "-U00000000-0000-0000-0000-000000000017", "--all-root", "-x-1",
         *options, image, source)  # fmt: skip
    return image.read_bytes()


def erofs_inode(image: bytes, name: bytes) -> int:
    """Where the inode of a name in the root lies."""
    nid = struct.unpack_from("<H", image, 1024 + 14)[0]
    meta = struct.unpack_from("<I", image, 1024 + 40)[0] * 4096
    at = meta + nid * 32
    size = struct.unpack_from("<I", image, at + 8)[0]
    start = at + (64 if image[at] & 1 else 32)
    block = image[start : start + size]
    count = struct.unpack_from("<H", block, 8)[0] // 12
    for index in range(count):
        slot, begin = struct.unpack_from("<QH", block, index * 12)
        stop = struct.unpack_from("<H", block, index * 12 + 20)[0] if index + 1 < count else len(block)
        if block[begin:stop].rstrip(b"\0") == name:
            return int(meta + slot * 32)
    raise AssertionError(f"no {name!r} in the image")


def make_erofs(root: Path) -> None:
    case = Writer(root, "erofs", "mkfs.erofs (erofs-utils 1.5)").case
    plain = {"bin/tool": NOISE, "etc/version": TEXT[:50]}
    text = {"text": LONG_TEXT}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, why, options, files in (
            ("compact", "compact inodes, tails behind them", ("-Eforce-inode-compact",), plain),
            ("extended", "extended inodes", ("-Eforce-inode-extended",), plain),
            ("chunks", "chunks with indexes, a hole", ("--chunksize=4096", "-Eforce-chunk-indexes"), plain),
            ("block-map", "chunks with a block map, a hole", ("--chunksize=4096", "-Eforce-inode-blockmap"), plain),
            ("lz4", "LZ4, compact indexes", ("-zlz4",), text),
            ("lz4-big", "LZ4, clusters of several blocks", ("-zlz4hc", "-C8192"), {"n": MIXED}),
            ("lz4-tail", "LZ4, the tail behind the index", ("-zlz4hc", "-Eztailpacking"), {"text": LONG_TEXT[:60000]}),
            ("lz4-legacy", "LZ4 of the first kernels, full indexes", ("-zlz4", "-Elegacy-compress"), text),
        ):  # fmt: skip
            hole = 20_000 if name in ("chunks", "block-map") else 0
            data = erofs(folder, *options, files=files, links={"link": "bin/tool"}, hole=hole)
            expect = {key: digest(value) for key, value in files.items()}
            if hole:
                expect["hole"] = digest(bytes(hole) + b"behind the hole")
            case("valid", name, data, why, members=expect, anomalies=[])
        make_bad_erofs(Writer(root, "erofs", f"mkfs.erofs (erofs-utils 1.5), then {ORIGIN}").case, folder)


def make_bad_erofs(case: Any, folder: Path) -> None:
    good = erofs(folder, files={"file": NOISE, "folder/inner/x": TEXT[:9]})
    members = {"file": digest(NOISE), "folder/inner/x": digest(TEXT[:9])}
    flipped = bytearray(good)
    flipped[1024 + 64] ^= 1
    case("invalid", "checksum", bytes(flipped), "another volume name", members=members, checks_fail=["superblock"])
    case("invalid", "appended", good + b"appended by somebody", "bytes behind it", members=members,
         anomalies=["trailing-data"])  # fmt: skip
    later = erofs_summed(good[: 1024 + 80] + struct.pack("<I", 0x80) + good[1024 + 84 :])
    case("invalid", "48-bit", later, "a feature of later versions", gap="unsupported")
    case("truncated", "half", good[: len(good) // 2], "content is cut off", gap="malformed")
    ring = leading(good, erofs_inode(good, b"folder"))
    case("hostile", "folder-ring", ring, "a folder that holds itself", gap="malformed")
    at = erofs_inode(good, b"file")
    far = erofs_summed(good[: at + 16] + struct.pack("<I", 0x7FFFFF) + good[at + 20 :])
    case("hostile", "address", far, "content behind the image", gap="malformed")
    huge = erofs_summed(good[: at + 8] + struct.pack("<I", 0xFFFFFFF0) + good[at + 12 :])
    case("hostile", "size", huge, "a file of 4 GiB", gap="limit")
    packed = erofs(folder, "-zlz4", files={"text": LONG_TEXT})
    at = erofs_inode(packed, b"text")
    at += 64 if packed[at] & 1 else 32
    lzma = bytearray(packed)
    lzma[at + 6] = 1
    case("invalid", "microlzma", erofs_summed(bytes(lzma)), "another compression", members={}, gap="unsupported")
    damaged = bytearray(packed)
    distance = packed.rindex(TEXT[:42]) + 42  # of the first match, behind the literals
    damaged[distance : distance + 2] = b"\xff\xff"
    case("hostile", "packed", bytes(damaged), "a match that begins before the content", members={}, gap="malformed")


def leading(image: bytes, at: int) -> bytes:
    """The first entry behind . and .. of the directory with an inode at `at` leads to that directory."""
    meta = struct.unpack_from("<I", image, 1024 + 40)[0] * 4096
    place = at + (64 if image[at] & 1 else 32) + 12 * 2
    return erofs_summed(image[:place] + struct.pack("<Q", (at - meta) // 32) + image[place + 8 :])


def make(root: Path) -> None:
    """Write every vector below `root` (tests/vectors)."""
    make_romfs(root)
    make_cramfs(root)
    make_erofs(root)
