"""A program hidden in what official makers leave free: file systems, partition tables, flash layers, images.

Debian: squashfs-tools, e2fsprogs, dosfstools, mtools, util-linux-extra (mkfs.cramfs), genromfs, erofs-utils, mtd-utils,
gdisk, genisoimage, u-boot-tools, xz-utils; imgtool from PyPI.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.adversarial.hiding import PROGRAM, over, seen
from tests.interop.tools import need, run

pytestmark = pytest.mark.interop
MIB = 1 << 20
FREE = re.compile(rb"\x00{%d,}|\xff{%d,}" % (len(PROGRAM) + 24, len(PROGRAM) + 24))
PLACES = 12
"""Of the free runs of one image that are tried; its end besides."""
NOISE = b"".join(hashlib.sha256(b"%d" % one).digest() for one in range(200))


def tree(folder: Path) -> Path:
    """Files that are no multiple of any block, so that every kind of slack is there."""
    root = folder / "tree"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "release").write_text("version 1\n" * 7)
    (root / "app.bin").write_bytes(NOISE[:5001])
    (root / "more.bin").write_bytes(NOISE[300:3777])
    return root


def squashfs(folder: Path) -> bytes:
    run("mksquashfs", tree(folder), folder / "image", "-quiet", "-no-progress", "-noappend", "-comp", "gzip")
    return (folder / "image").read_bytes()


def ext(kind: str) -> Callable[[Path], bytes]:
    def make(folder: Path) -> bytes:
        (folder / "image").write_bytes(bytes(MIB))
        run("mke2fs", "-q", "-F", "-t", kind, "-b", "1024", "-d", tree(folder), folder / "image")
        return (folder / "image").read_bytes()

    return make


def fat(bits: str, size: int) -> Callable[[Path], bytes]:
    def make(folder: Path) -> bytes:
        need("mkfs.vfat", "mcopy")
        (folder / "image").write_bytes(bytes(size))
        run("mkfs.vfat", "-F", bits, folder / "image")
        files = sorted(str(one) for one in tree(folder).iterdir())
        run("mcopy", "-s", "-i", folder / "image", *files, "::/")
        return (folder / "image").read_bytes()

    return make


def cramfs(folder: Path) -> bytes:
    run("mkfs.cramfs", "-p", tree(folder), folder / "image")  # with 512 bytes for a boot loader in front
    return (folder / "image").read_bytes()


def romfs(folder: Path) -> bytes:
    run("genromfs", "-f", folder / "image", "-d", tree(folder))
    return (folder / "image").read_bytes()


def erofs(folder: Path) -> bytes:
    run("mkfs.erofs", "--quiet", folder / "image", tree(folder))
    return (folder / "image").read_bytes()


def jffs2(folder: Path) -> bytes:
    run("mkfs.jffs2", "-r", tree(folder), "-o", folder / "image", "-e", "0x4000", "-p", "0x10000", "-n")
    return (folder / "image").read_bytes()


def ubi(folder: Path) -> bytes:
    """A volume, and spare blocks behind it that have headers and nothing else."""
    (folder / "volume").write_bytes(NOISE)
    (folder / "ubi.ini").write_text(
        f"[v]\nmode=ubi\nimage={folder}/volume\nvol_id=0\nvol_size=16KiB\nvol_type=dynamic\nvol_name=data\n"
    )
    run("ubinize", "-o", folder / "image", "-p", "16KiB", "-m", "512", folder / "ubi.ini")
    data = (folder / "image").read_bytes()
    spare = bytearray(data[:0x4000])
    spare[0x400:] = b"\xff" * (len(spare) - 0x400)
    return data + bytes(spare) + b"\xff" * 0x4000


def partitions(folder: Path) -> bytes:
    """Two partitions, 64 sectors between them."""
    inner = romfs(folder)
    (folder / "disk").write_bytes(bytes(MIB))
    run("sgdisk", "-a", "1", "-n", "1:128:255", "-n", "2:320:447", folder / "disk")
    disk = bytearray((folder / "disk").read_bytes())
    disk[128 * 512 : 128 * 512 + len(inner)] = inner
    disk[320 * 512 : 320 * 512 + len(inner)] = inner
    return bytes(disk)


def iso(folder: Path) -> bytes:
    run("genisoimage", "-quiet", "-R", "-o", folder / "image", tree(folder))
    return (folder / "image").read_bytes()


def fit(folder: Path) -> bytes:
    """External data, each aligned to 4 KiB."""
    need("mkimage")
    (folder / "kernel").write_bytes(NOISE[:3001])
    (folder / "fpga").write_bytes(NOISE[100:2222])
    images = "".join(
        f'{one} {{ data = /incbin/("{one}"); type = "kernel"; arch = "arm"; os = "linux"; compression = "none";'
        ' load = <0x1000>; entry = <0x1000>; hash-1 { algo = "sha256"; }; };'
        for one in ("kernel", "fpga")
    )
    (folder / "fit.its").write_text(
        f'/dts-v1/;\n/ {{ description = "x"; images {{ {images} }};'
        ' configurations { default = "c"; c { kernel = "kernel"; fpga = "fpga"; }; }; };\n'
    )
    run("mkimage", "-E", "-B", "0x1000", "-p", "0x2000", "-f", "fit.its", "image", cwd=folder)
    return (folder / "image").read_bytes()


def mcuboot(folder: Path) -> bytes:
    """Signed, filled up to its slot, with the boot trailer at the end."""
    (folder / "app.bin").write_bytes(NOISE[:3001])
    run(
        "imgtool", "sign", "-v", "1.2.3", "-H", "0x200", "--pad-header", "-S", "0x10000", "--align", "4", "--pad",
        "--confirm", folder / "app.bin", folder / "image",
    )  # fmt: skip
    return (folder / "image").read_bytes()


IMAGES: dict[str, Callable[[Path], bytes]] = {
    "squashfs": squashfs,
    "ext2": ext("ext2"),
    "ext4": ext("ext4"),
    "fat12": fat("12", MIB),
    "fat16": fat("16", 16 * MIB),
    "fat32": fat("32", 34 * MIB),
    "cramfs": cramfs,
    "romfs": romfs,
    "erofs": erofs,
    "jffs2": jffs2,
    "ubi": ubi,
    "partitions": partitions,
    "iso": iso,
    "fit": fit,
    "mcuboot": mcuboot,
}


@pytest.mark.parametrize("kind", IMAGES)
def test_hidden(kind: str, tmp_path: Path) -> None:
    """In free runs spread over the image, and behind it: found, or not called examined; never structure or empty."""
    data = IMAGES[kind](tmp_path)
    free = [at for hit in FREE.finditer(data) for at in (hit.start() + 8, (hit.start() + hit.end()) // 2)]
    wrong, found = [], 0
    for at in (*free[:: max(1, -(-len(free) // PLACES))], len(data)):
        one = seen(tmp_path, over(data, at), at)
        found += one.found or one.clue
        if not one.told:
            wrong.append(f"@{at:#x}: {one.swallowed} bytes swallowed, passed over: {one.passed_over}")
    assert wrong == []
    assert found
