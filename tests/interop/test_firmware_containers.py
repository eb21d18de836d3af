"""The firmware containers against the official tools: mkimage, dtc, objcopy, mksquashfs, xz, zstd, cpio.

Debian: u-boot-tools, device-tree-compiler, binutils, squashfs-tools, xz-utils, zstd, cpio.
"""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from fwverify.unpack.containers.device_tree import CONTAINER as TREE
from fwverify.unpack.containers.fit_image import CONTAINER as FIT
from fwverify.unpack.containers.intel_hex_image import CONTAINER as HEX
from fwverify.unpack.containers.srec_image import CONTAINER as SREC
from fwverify.unpack.containers.uboot_environment import CONTAINER as ENVIRONMENT
from fwverify.unpack.containers.uimage import CONTAINER as UIMAGE
from fwverify.unpack.interface import Check
from fwverify.unpack.registry import BUILTIN
from tests.interop.tools import need, need_module
from tests.unit.unpack.opened import artifact, opened

pytestmark = pytest.mark.interop
FLASH = next(one for one in BUILTIN if one.name == "flash_dump")
CHANCE = random.Random(20261122)
KERNEL, ROOTFS = CHANCE.randbytes(5001), CHANCE.randbytes(3000)
ALGORITHMS = ("crc32", "md5", "sha1", "sha256", "sha384", "sha512")
BOARD = '/dts-v1/;\n/ { model = "board"; compatible = "v,b"; memory@0 { reg = <0 0x1000>; }; };\n'


def run(folder: Path, *command: str, stdin: bytes = b"") -> None:
    need(command[0])
    environment = dict(os.environ, SOURCE_DATE_EPOCH="1790000000")
    subprocess.run(command, cwd=folder, check=True, capture_output=True, input=stdin, env=environment)


def source(algorithms: tuple[str, ...]) -> str:
    """An image tree source with two images and a device tree."""
    hashes = "".join(f'hash-{index} {{ algo = "{one}"; }};' for index, one in enumerate(algorithms, 1))

    def part(name: str, kind: str) -> str:
        more = 'os = "linux"; load = <0x80008000>; entry = <0x80008000>;'
        text = f'description = "{name}"; data = /incbin/("{name}"); type = "{kind}"; arch = "arm";'
        return f'{name} {{ {text} compression = "none"; {more} {hashes} }};'

    images = part("kernel", "kernel") + part("rootfs", "ramdisk") + part("board", "flat_dt")
    conf = 'conf-1 { kernel = "kernel"; ramdisk = "rootfs"; fdt = "board"; };'
    tree = f'images {{ {images} }}; configurations {{ default = "conf-1"; {conf} }};'
    return f'/dts-v1/;\n/ {{ description = "interop"; #address-cells = <1>; {tree} }};\n'


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    (tmp_path / "kernel").write_bytes(KERNEL)
    (tmp_path / "rootfs").write_bytes(ROOTFS)
    (tmp_path / "board.dts").write_text(BOARD)
    run(tmp_path, "dtc", "-I", "dts", "-O", "dtb", "-o", "board", "board.dts")
    return tmp_path


@pytest.mark.parametrize("options", [(), ("-E",), ("-E", "-p", "0x2000"), ("-E", "-B", "0x1000")], ids=" ".join)
@pytest.mark.parametrize("algorithms", [ALGORITHMS, ("sha256",)], ids=len)
def test_fit_of_mkimage(parts: Path, options: tuple[str, ...], algorithms: tuple[str, ...]) -> None:
    """Inline and external data, every digest algorithm: all members, every digest holds, no byte unexplained."""
    (parts / "f.its").write_text(source(algorithms))
    run(parts, "mkimage", "-f", "f.its", *options, "f.itb")
    data = (parts / "f.itb").read_bytes()
    assert FIT.detect(artifact(data)) and not TREE.detect(artifact(data))
    seen = opened(FIT, data)
    assert seen.members == {"kernel": KERNEL, "rootfs": ROOTFS, "board": (parts / "board").read_bytes()}
    assert seen.failed == [] and len(seen.of(Check)) == 3 * len(algorithms)
    # With -B mkimage leaves what was in its buffer between the tree and the aligned data: rightly unexplained.
    assert all("-B" in options and one.end == 0x1000 for one in seen.unclaimed)
    assert (seen.oddities, seen.unread) == ([], [])
    assert seen.facts["default-configuration"] == "conf-1"


def test_fit_with_one_changed_byte(parts: Path) -> None:
    """The digests of the image that changed fail, those of the others hold."""
    (parts / "f.its").write_text(source(ALGORITHMS))
    run(parts, "mkimage", "-f", "f.its", "f.itb")
    data = (parts / "f.itb").read_bytes().replace(ROOTFS, ROOTFS[:-1] + bytes([ROOTFS[-1] ^ 1]))
    assert opened(FIT, data).failed == [f"rootfs/hash-{index}" for index in range(1, 7)]


def test_device_tree_of_dtc(parts: Path) -> None:
    """A compiled board tree, plain and with room to grow, is structure from end to end."""
    run(parts, "dtc", "-I", "dts", "-O", "dtb", "-p", "500", "-o", "padded", "board.dts")
    run(parts, "dtc", "-I", "dts", "-O", "dtb", "-V", "16", "-o", "old", "board.dts")
    for name in ("board", "padded", "old"):
        data = (parts / name).read_bytes()
        seen = opened(TREE, data)
        assert TREE.detect(artifact(data)) and seen.unclaimed == () and seen.problem is None
        assert seen.facts == {"model": "board", "compatible": "v,b"}


@pytest.mark.parametrize(
    "kind, members",
    [
        ("kernel", {"interop": KERNEL}),
        ("multi", {"interop-0": KERNEL, "interop-1": ROOTFS}),
        ("script", {"interop": KERNEL}),
    ],
)
def test_uimage_of_mkimage(parts: Path, kind: str, members: dict[str, bytes]) -> None:
    """Kernel, multi-file image and script."""
    files = "kernel:rootfs" if kind == "multi" else "kernel"
    common = ("-A", "arm", "-O", "linux", "-C", "none", "-a", "0x80008000", "-e", "0x80008040", "-n", "interop")
    run(parts, "mkimage", *common, "-T", kind, "-d", files, "u.img")
    data = (parts / "u.img").read_bytes()
    seen = opened(UIMAGE, data)
    assert UIMAGE.detect(artifact(data)) and seen.members == members and seen.failed == []
    assert (seen.unclaimed, seen.oddities, seen.problem) == ((), [], None)
    assert (seen.facts["load-address"], seen.facts["entry"]) == ("80008000", "80008040")
    assert (seen.facts["type"], seen.facts["arch"], seen.facts["os"]) == (kind, "arm", "linux")


@pytest.mark.parametrize("address", [0, 0x08004000, 0x0000FFF3, 0x90FFFFF0])
def test_text_images_of_objcopy(parts: Path, address: int) -> None:
    """Intel HEX and S-record as binutils write them, also across segment borders."""
    for kind, container in (("ihex", HEX), ("srec", SREC)):
        run(parts, "objcopy", "-I", "binary", "-O", kind, f"--change-addresses={address:#x}", "kernel", "k.txt")
        data = (parts / "k.txt").read_bytes()
        seen = opened(container, data)
        assert container.detect(artifact(data))
        assert seen.members == {f"{address:08x}": KERNEL}
        assert (seen.unclaimed, seen.oddities, seen.problem, seen.failed) == ((), [], None, [])


def test_intel_hex_against_another_reader(tmp_path: Path) -> None:
    """Scattered regions in any order, as the package intelhex writes and reads them."""
    need_module("intelhex")
    import intelhex

    image = intelhex.IntelHex()
    for _ in range(40):
        image.puts(CHANCE.randrange(1 << 18), CHANCE.randbytes(CHANCE.randrange(1, 300)))
    image.write_hex_file(str(tmp_path / "i.hex"))
    seen = opened(HEX, (tmp_path / "i.hex").read_bytes())
    expected = {f"{start:08x}": image.tobinstr(start, end - 1) for start, end in image.segments()}
    assert seen.members == expected and seen.unclaimed == () and seen.problem is None


def test_carving_what_tools_make(parts: Path) -> None:
    """A dump assembled from the output of official tools gives back each part, byte for byte."""
    (parts / "root").mkdir()
    (parts / "root" / "hello").write_bytes(KERNEL)
    run(parts, "mksquashfs", "root", "r.sqfs", "-noappend", "-quiet", "-no-progress")
    run(parts, "xz", "-k", "-T2", "--block-size=1024", "kernel")
    run(parts, "zstd", "-q", "-k", "kernel")
    run(parts, "gzip", "-k", "kernel")
    run(parts, "cpio", "-o", "-H", "newc", "-O", "k.cpio", stdin=b"kernel\nrootfs\n")
    run(parts, "mkimage", "-A", "arm", "-T", "kernel", "-C", "none", "-n", "k", "-d", "kernel", "u.img")
    dump, expected = b"\1\2\3boot loader\0\4" * 40, {}
    for name in ("r.sqfs", "kernel.xz", "kernel.zst", "kernel.gz", "k.cpio", "u.img", "board"):
        data = (parts / name).read_bytes()
        dump = dump.ljust(len(dump) + -len(dump) % 4096, b"\xff")
        expected[f"@0x{len(dump):x}"] = data.rstrip(b"\0") if name == "k.cpio" else data
        dump += data
    assert FLASH.detect(artifact(dump))
    found = opened(FLASH, dump).members
    assert {name: one.rstrip(b"\0") for name, one in found.items()} == {
        name: one.rstrip(b"\0") for name, one in expected.items()
    }


def test_environment_of_mkenvimage(tmp_path: Path) -> None:
    """Environments as U-Boot's own tool writes them, little- and big-endian, plain and redundant."""
    for options in ((), ("-b",), ("-r",)):
        run(tmp_path, "mkenvimage", "-s", "0x2000", *options, "-o", "env", "-", stdin=b"bootcmd=run x\nx=y\n")
        dump = b"\1code\2" * 100
        dump = dump.ljust(0x1000, b"\xff") + (tmp_path / "env").read_bytes() + b"\2code"
        assert opened(FLASH, dump).members == {"@0x1000": (tmp_path / "env").read_bytes()}, options
        assert opened(ENVIRONMENT, dump[0x1000:0x3000]).members == {"u-boot-env": b"bootcmd=run x\nx=y\n"}, options
