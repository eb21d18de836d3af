"""Firmware layouts as official tools make them: img2simg, mkbootimg, abootimg, dfu-util, esptool, imgtool.

Debian: android-sdk-libsparse-utils, mkbootimg, abootimg, dfu-util, e2fsprogs; esptool and imgtool from PyPI.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from fwverify.unpack.interface import Fact
from tests.interop import trees
from tests.interop.tools import need, need_module, run
from tests.vectors.makers.firmware import esp_app, fdt
from tests.vectors.makers.layout_writers import esp_entry, esp_table

pytestmark = pytest.mark.interop
KERNEL, RAMDISK, SECOND = trees.NOISE[:50_001], trees.NOISE[1000:21_000], trees.NOISE[5:700]


def sound(data: bytes, name: str) -> dict[str, tuple[int, str]]:
    """Members of a sound image: nothing to complain of, nothing left but fill."""
    out, events = trees.held(data, name)
    assert trees.complaints(events) == []
    for one in trees.unclaimed(data, events):
        assert set(data[one.start : one.end]) in ({0}, {255}), one
    return out.files


def holds(**named: bytes) -> dict[str, tuple[int, str]]:
    return {name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in named.items()}


@pytest.mark.parametrize("block", [1024, 4096])
def test_img2simg(tmp_path: Path, block: int) -> None:
    """Raw, filled and skipped blocks of a file system come out as simg2img writes them."""
    need("img2simg", "simg2img", "mke2fs")
    trees.source_tree(tmp_path / "tree", many=50)
    run("mke2fs", "-q", "-t", "ext4", "-d", tmp_path / "tree", tmp_path / "raw", "16M")
    run("img2simg", tmp_path / "raw", tmp_path / "sparse", block)
    run("simg2img", tmp_path / "sparse", tmp_path / "again")
    data, raw = (tmp_path / "sparse").read_bytes(), (tmp_path / "again").read_bytes()
    assert len(data) < len(raw) == 16 << 20
    assert sound(data, "android_sparse") == {"image.bin": (len(raw), hashlib.sha256(raw).hexdigest())}


def test_append2simg(tmp_path: Path) -> None:
    """An image that was made longer."""
    need("img2simg", "append2simg")
    (tmp_path / "raw").write_bytes(KERNEL[:40960] + bytes(40960))
    (tmp_path / "more").write_bytes(RAMDISK[:8192])
    run("img2simg", tmp_path / "raw", tmp_path / "sparse")
    run("append2simg", tmp_path / "sparse", tmp_path / "more")
    both = KERNEL[:40960] + bytes(40960) + RAMDISK[:8192]
    assert sound((tmp_path / "sparse").read_bytes(), "android_sparse") == holds(**{"image.bin": both})


@pytest.mark.parametrize("version", ["0", "1", "2", "3"])
@pytest.mark.parametrize("page", ["2048", "16384"])
def test_mkbootimg(tmp_path: Path, version: str, page: str) -> None:
    """Every version that Debian's mkbootimg makes; the id holds."""
    need("mkbootimg")
    parts = {"kernel": KERNEL, "ramdisk": RAMDISK, "second": SECOND, "dtb": fdt({"model": "board"})}
    for name, data in parts.items():
        (tmp_path / name).write_bytes(data)
    early = ["--second", "second", "--board", "board", "--pagesize", page] if version != "3" else []
    run("mkbootimg", "--kernel", "kernel", "--ramdisk", "ramdisk", "--header_version", version, "--dtb", "dtb",
        "--os_version", "14.0.0", "--os_patch_level", "2026-11", "--cmdline", "x=" + 700 * "y", *early, "-o", "image",
        cwd=tmp_path)  # fmt: skip
    wanted = {"0": 3, "1": 3, "2": 4, "3": 2}[version]
    data = (tmp_path / "image").read_bytes()
    assert sound(data, "android_boot") == dict(list(holds(**parts).items())[:wanted])
    facts = {one.name: one.value for one in trees.held(data, "android_boot")[1] if isinstance(one, Fact)}
    assert (facts["os-version"], facts["security-patch"]) == ("14.0.0", "2026-11")


def test_mkbootimg_vendor(tmp_path: Path) -> None:
    """The vendor's half."""
    need("mkbootimg")
    tree = fdt({"model": "board"})
    for name, data in {"ramdisk": RAMDISK, "dtb": tree}.items():
        (tmp_path / name).write_bytes(data)
    run("mkbootimg", "--header_version", "3", "--vendor_ramdisk", "ramdisk", "--dtb", "dtb", "--vendor_boot", "image",
        "--vendor_cmdline", "a=b", cwd=tmp_path)  # fmt: skip
    data = (tmp_path / "image").read_bytes()
    assert sound(data, "android_boot") == holds(vendor_ramdisk=RAMDISK, dtb=tree)


def test_abootimg(tmp_path: Path) -> None:
    """An image without an id."""
    need("abootimg")
    for name, data in {"k": KERNEL, "r": RAMDISK, "s": SECOND}.items():
        (tmp_path / name).write_bytes(data)
    run("abootimg", "--create", "image", "-k", "k", "-r", "r", "-s", "s", cwd=tmp_path)
    data = (tmp_path / "image").read_bytes()
    assert sound(data, "android_boot") == holds(kernel=KERNEL, ramdisk=RAMDISK, second=SECOND)


def test_dfu_util(tmp_path: Path) -> None:
    """A DfuSe file of several elements, and a suffix behind any file."""
    need("dfuse-pack", "dfu-suffix")
    (tmp_path / "one").write_bytes(KERNEL)
    (tmp_path / "two").write_bytes(SECOND)
    run("dfuse-pack", "-b", "0x08000000:one", "-b", "0x08020000:two", "-D", "0x1209:0x0001", "file.dfu", cwd=tmp_path)
    data = (tmp_path / "file.dfu").read_bytes()
    assert sound(data, "dfuse_image") == holds(**{"08000000": KERNEL, "08020000": SECOND})
    run("dfu-suffix", "-v", "1209", "-p", "0001", "-d", "0200", "-a", tmp_path / "one")
    assert sound((tmp_path / "one").read_bytes(), "dfu_suffix") == holds(image=KERNEL)


def test_esptool(tmp_path: Path) -> None:
    """A whole flash, merged by esptool; the table is laid out by its documentation."""
    need_module("esptool")
    need("esptool")
    rows = (esp_entry(b"nvs", 1, 2, 0x9000, 0x6000), esp_entry(b"factory", 0, 0, 0x10000, 0x100000))
    (tmp_path / "app").write_bytes(esp_app())
    (tmp_path / "table").write_bytes(esp_table(*rows))
    run("esptool", "--chip", "esp32c3", "merge-bin", "-o", "flash", "0x0", "app", "0x8000", "table", "0x10000", "app",
        cwd=tmp_path)  # fmt: skip
    data = (tmp_path / "flash").read_bytes()
    loader = esp_app().ljust(0x8000, b"\xff")
    assert sound(data, "esp_flash_image") == holds(bootloader=loader, nvs=b"\xff" * 0x6000, factory=esp_app())


def test_esptool_later_loader(tmp_path: Path) -> None:
    """The first chips start at 0x1000; the space before is erased, the flash filled to its size."""
    need_module("esptool")
    need("esptool")
    rows = (esp_entry(b"app", 0, 0, 0x10000, 0x100000), esp_entry(b"data", 1, 0x82, 0x110000, 0xF0000))
    (tmp_path / "app").write_bytes(esp_app(chip=0))
    (tmp_path / "table").write_bytes(esp_table(*rows))
    run("esptool", "--chip", "esp32", "merge-bin", "-o", "flash", "--pad-to-size", "2MB", "0x1000", "app", "0x8000",
        "table", "0x10000", "app", cwd=tmp_path)  # fmt: skip
    files = sound((tmp_path / "flash").read_bytes(), "esp_flash_image")
    assert {name: size for name, (size, _) in files.items()} == {"bootloader": 0x7000, "app": 0x100000, "data": 0xF0000}


def test_imgtool_trailer(tmp_path: Path) -> None:
    """A signed, padded and confirmed slot with a boot record leaves nothing over."""
    need("imgtool")
    (tmp_path / "app").write_bytes(KERNEL)
    run("imgtool", "keygen", "-k", "key", "-t", "ecdsa-p256", cwd=tmp_path)
    run("imgtool", "sign", "-k", "key", "--header-size", "0x200", "--pad-header", "--align", "8", "--version", "1.2.3",
        "--slot-size", "0x20000", "--boot-record", "app", "-d", "(0,1.0.0)", "--security-counter", "3", "--confirm",
        "app", "slot", cwd=tmp_path)  # fmt: skip
    data = (tmp_path / "slot").read_bytes()
    assert len(data) == 0x20000 and sound(data, "mcuboot_image") == holds(payload=KERNEL)
