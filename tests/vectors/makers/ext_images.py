"""Vectors of ext: small file systems by mke2fs, and the same with single bytes changed to mislead.

The tools take the time from the machine, so times are set to one value afterwards; checksums are computed anew, here
bit by bit, so that the reader is not its own witness.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path
from typing import Any

ORIGIN = "mke2fs and debugfs 1.47.0, then tests/vectors/makers/ext_images.py"
TIME = 1_790_000_000
BLOCKS, BLOCK, INODES = 63, 1024, 24
APP = b"".join(hashlib.sha256(b"app %d" % one).digest() for one in range(440))
"""14,080 bytes: more than twelve blocks."""
FILES = {"etc/version": b"2026.11\n", "etc/empty": b"", "bin/app": APP, "bin/small": APP[:700]}
HOLE = bytes(20_000) + b"behind the hole" + bytes(5000)
ELF = b"\x7fELF\x01\x01\x01" + bytes(9) + APP[:584]


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def members(**more: bytes) -> dict[str, str]:
    return {name: sha(data) for name, data in {**FILES, "hole": HOLE, **more}.items()}


def script(folder: Path) -> str:
    """What debugfs does to make the tree."""
    lines = ["mkdir etc", "mkdir bin"]
    for index, (name, data) in enumerate(FILES.items()):
        (folder / str(index)).write_bytes(data)
        lines.append(f"write {folder}/{index} {name}")
    with (folder / "hole").open("wb") as file:
        file.seek(20_000)
        file.write(b"behind the hole")
        file.truncate(len(HOLE))
    lines += [f"write {folder}/hole hole", "ln bin/app bin/again", "sif bin/app links_count 2"]
    return "\n".join([*lines, "symlink bin/sh app", f"symlink bin/far ../etc/{'far/' * 20}away"]) + "\n"


def tool(name: str) -> str:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin") or name


def mke2fs(kind: str, *options: str) -> bytes:
    """An image of the tree."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        image = folder / "image"
        image.write_bytes(bytes(BLOCKS * BLOCK))
        command = [tool("mke2fs"), "-q", "-F", "-t", kind, "-b", str(BLOCK), "-N", str(INODES), "-m", "0", "-U",
                   "00000000-0000-0000-0000-000000000017", "-E", "hash_seed=00000000-0000-0000-0000-000000000018",
                   *options, str(image), str(BLOCKS)]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True)
        (folder / "script").write_text(script(folder))
        subprocess.run([tool("debugfs"), "-w", "-f", folder / "script", image], check=True, capture_output=True)
        return dated(image.read_bytes())


def crc32c(data: bytes, value: int) -> int:
    for one in data:
        value ^= one
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value


def inode_at(data: bytes, number: int) -> int:
    """Where an inode lies: these images have one group."""
    size = struct.unpack_from("<H", data, 1024 + 0x58)[0]
    return struct.unpack_from("<I", data, 2 * BLOCK + 8)[0] * BLOCK + (number - 1) * size


def summed(data: bytearray, number: int) -> None:
    """Set the checksum of an inode."""
    if not struct.unpack_from("<I", data, 1024 + 0x64)[0] & 0x400:
        return
    at, size = inode_at(data, number), struct.unpack_from("<H", data, 1024 + 0x58)[0]
    wide = size > 128 and struct.unpack_from("<H", data, at + 128)[0] >= 4
    data[at + 124 : at + 126] = bytes(2)
    if wide:
        data[at + 130 : at + 132] = bytes(2)
    seed = crc32c(bytes(data[1024 + 0x68 : 1024 + 0x78]), 0xFFFFFFFF)
    start = crc32c(struct.pack("<I", number) + bytes(data[at + 100 : at + 104]), seed)
    value = struct.pack("<I", crc32c(bytes(data[at : at + size]), start))
    data[at + 124 : at + 126] = value[:2]
    if wide:
        data[at + 130 : at + 132] = value[2:]


def dated(raw: bytes) -> bytes:
    """The superblock and every inode in use with the same times."""
    data = bytearray(raw)
    size = struct.unpack_from("<H", data, 1024 + 0x58)[0]
    for number in range(1, INODES + 1):
        at = inode_at(data, number)
        if not any(data[at : at + size]):
            continue
        struct.pack_into("<3I", data, at + 8, TIME, TIME, TIME)
        if size > 128 and struct.unpack_from("<H", data, at + 128)[0] >= 28:
            struct.pack_into("<5I", data, at + 132, 0, 0, 0, TIME, 0)
        summed(data, number)
    for offset in (0x30, 0x40, 0x108):
        struct.pack_into("<I", data, 1024 + offset, TIME)
    return super_patched(bytes(data), 0x2C, bytes(4))


def patched(raw: bytes, at: int, value: bytes) -> bytes:
    return raw[:at] + value + raw[at + len(value) :]


def inode_patched(raw: bytes, number: int, offset: int, value: bytes) -> bytes:
    """An inode with other bytes, and a checksum that fits."""
    data = bytearray(patched(raw, inode_at(raw, number) + offset, value))
    summed(data, number)
    return bytes(data)


def super_patched(raw: bytes, offset: int, value: bytes) -> bytes:
    """A superblock with other bytes, and a checksum that fits."""
    data = bytearray(patched(raw, 1024 + offset, value))
    if struct.unpack_from("<I", data, 1024 + 0x64)[0] & 0x400:
        struct.pack_into("<I", data, 1024 + 0x3FC, crc32c(bytes(data[1024 : 1024 + 0x3FC]), 0xFFFFFFFF))
    return bytes(data)


def entry_at(raw: bytes, name: bytes) -> int:
    """Where the directory entry of a name lies."""
    return raw.index(bytes([len(name)]) + b"\x01" + name) - 6


def inode_of(raw: bytes, name: bytes) -> int:
    return int(struct.unpack_from("<I", raw, entry_at(raw, name))[0])


def folder_of(raw: bytes, name: bytes) -> int:
    """Number of a folder."""
    return int(struct.unpack_from("<I", raw, raw.index(bytes([len(name)]) + b"\x02" + name) - 6)[0])


class _Writer:
    def __init__(self, root: Path) -> None:
        self.folder = root / "containers" / "ext"

    def case(self, kind: str, name: str, data: bytes, why: str, **expect: Any) -> None:
        folder = self.folder / kind / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "input").write_bytes(data)
        lines = [f"origin = {json.dumps(ORIGIN)}", f"why = {json.dumps(why)}", "", "[expect]"]
        lines += [f"{key} = {json.dumps(value)}" for key, value in expect.items() if key != "members"]
        if "members" in expect:
            lines += ["", "[expect.members]"]
            lines += [f"{json.dumps(key)} = {json.dumps(value)}" for key, value in expect["members"].items()]
        (folder / "vector.toml").write_text("\n".join(lines) + "\n")


def ext2() -> bytes:
    return mke2fs("ext2", "-O", "^resize_inode")


def ext4(*options: str) -> bytes:
    return mke2fs("ext4", "-O", ",".join(("^has_journal", "^resize_inode", "^flex_bg", *options)))


def make(root: Path) -> None:
    """Write all cases under `root`/containers/ext."""
    case = _Writer(root).case
    old, new = ext2(), ext4()
    case("valid", "ext2", old, "indirect blocks, a hole, links of both kinds", members=members(), anomalies=[])
    case("valid", "ext4", new, "extents and checksums of everything", members=members(), anomalies=[])
    used = len(old.rstrip(b"\0"))
    case(
        "valid",
        "short",
        old[: used + -used % BLOCK],
        "free blocks at the end left out",
        members=members(),
        anomalies=[],
    )
    inline = ext4("inline_data", "^64bit")
    case("valid", "inline", inline, "short files and folders in their inodes", anomalies=[])
    _make_invalid(case, old, new)
    case("truncated", "half", new[: len(new) // 2], "half of it", gap="malformed")
    case("truncated", "superblock", old[:2048], "nothing behind the superblock", gap="malformed")
    _make_hostile(case, old, new)


def _make_invalid(case: Any, old: bytes, new: bytes) -> None:
    app, whole = inode_of(new, b"app"), members()
    wrong = patched(new, inode_at(new, app) + 8, b"\0\0\0\1")
    case("invalid", "inode-sum", wrong, "a time changed", checks_fail=[f"inode {app}"], members=whole, anomalies=[])
    label = patched(new, 1024 + 0x78, b"label")
    case("invalid", "superblock-sum", label, "a label written in", checks_fail=["superblock"], members=whole)
    bitmap = struct.unpack_from("<I", old, 2 * BLOCK)[0] * BLOCK
    used = patched(old, bitmap + 6, b"\xff")
    case("invalid", "bitmap", used, "free blocks called used", anomalies=["headers-disagree"], members=whole)
    case("invalid", "appended", new + b"appended", "bytes behind it", anomalies=["trailing-data"], members=whole)
    features = struct.unpack_from("<I", old, 1024 + 0x60)[0]
    recover = super_patched(old, 0x60, struct.pack("<I", features | 4))
    case("invalid", "needs-recovery", recover, "a journal to replay", gap="not_attempted", members=whole)
    future = super_patched(old, 0x60, struct.pack("<I", features | 1 << 27))
    case("invalid", "feature", future, "a feature nobody knows", gap="unsupported", members={})
    cipher = inode_patched(new, app, 32, struct.pack("<I", 0x80800))
    rest = {name: one for name, one in whole.items() if name != "bin/app"}
    case("invalid", "encrypted", cipher, "the flag of an encrypted file", gap="encrypted", members=rest)


def _make_hostile(case: Any, old: bytes, new: bytes) -> None:
    whole, app = members(), inode_of(old, b"app")
    again = patched(old, entry_at(old, b"version"), struct.pack("<I", 2))
    case("hostile", "folder-loop", again, "a file's name leads to the root", gap="malformed")
    small = inode_at(old, inode_of(old, b"small"))
    crossed = inode_patched(old, app, 40, old[small + 40 : small + 44])
    case("hostile", "crossed", crossed, "two files in one block", anomalies=["headers-disagree", "overlapping-parts"])
    large = inode_patched(old, app, 108, b"\0\1\0\0")
    case("hostile", "large", large, "a file of a terabyte", gap="limit")
    climbing = patched(old, entry_at(old, b"version") + 8, b"../../x")
    case("hostile", "traversal", climbing, "a name with steps upwards", anomalies=["path-traversal"])
    free = BLOCKS - 3
    size = struct.pack("<I", (12 + 256 + 60_000) * BLOCK)
    loop = inode_patched(inode_patched(old, app, 40 + 52, struct.pack("<I", free)), app, 4, size)
    loop = patched(loop, free * BLOCK, struct.pack("<I", free) * 256)
    case("hostile", "pointer-loop", loop, "a list of lists that names nothing but itself", gap="limit")
    deep = struct.pack("<HHHHIIIHH", 0xF30A, 1, 4, 5, 0, 0, 1, 0, 0)
    number = inode_of(new, b"app")
    case("hostile", "extent-depth", inode_patched(new, number, 40, deep), "a tree that leads to no tree",
         gap="malformed")  # fmt: skip
    slack = patched(patched(old, free * BLOCK, ELF), 3, ELF[:400])
    behind = old.index(FILES["bin/small"] + bytes(20)) + 700
    slack = patched(slack, behind, ELF[:300])
    case("hostile", "hidden", slack, "programs in free blocks, boot block and slack", members=whole, anomalies=[])
