"""Vectors of the firmware layouts: TRX, Android sparse, boot and device tree tables, UF2, DfuSe and DFU, ESP32 flash,
unpacked kernels. Official makers: img2simg (libsparse), mkbootimg, dfuse-pack and dfu-suffix (dfu-util), esptool; the
others and all wrong ones are written by layout_writers.
"""

from __future__ import annotations

import hashlib
import struct
import subprocess
import tempfile
import zlib
from pathlib import Path
from typing import Any

from tests.vectors.makers.firmware import Writer, esp_app, fdt, members, sha
from tests.vectors.makers.layout_writers import (
    ESP_ROWS,
    arm64_image,
    boot,
    boot4,
    dfu_suffix,
    dfuse,
    dtbo,
    esp_entry,
    esp_flash,
    esp_table,
    noise,
    riscv_image,
    sparse,
    trx,
    uf2,
    uf2_block,
    vendor_boot4,
)

OWN = "layout_writers.py of these vectors"
RAW, FILL, SKIP, CRC32 = 0xCAC1, 0xCAC2, 0xCAC3, 0xCAC4
KERNEL, RAMDISK, SECOND = noise(1500, b"kernel"), noise(900, b"ramdisk"), noise(300, b"second")
TREE = fdt({"model": "Vector board", "compatible": "vectors,board"})
LARGE_TREE = fdt({"model": "Vector board"}, pad=900)
PLANT = b"\x7fELF\x02\x01\x01" + bytes(9) + noise(200, b"plant")


def made(*command: str, out: str, **files: bytes) -> bytes:
    """What a tool makes of some files."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, data in files.items():
            Path(scratch, name).write_bytes(data)
        subprocess.run(command, cwd=scratch, check=True, capture_output=True)
        return Path(scratch, out).read_bytes()


def make_trx(root: Path) -> None:
    case = Writer(root, "trx", OWN).case
    parts = {"partition-1": sha(KERNEL), "partition-2": sha(RAMDISK)}
    good = trx(KERNEL, RAMDISK)
    case("valid", "version-1", good, "two partitions", members=parts, anomalies=[])
    case("valid", "version-2", trx(KERNEL, RAMDISK, version=2), "four offsets", members=parts, anomalies=[])
    case("valid", "erased", good + b"\xff" * 500, "erased flash behind it", members=parts, anomalies=[])
    case("invalid", "crc", good[:-1] + b"X", "the last byte changed", checks_fail=["image"])
    case("invalid", "appended", good + b"a signature or so", "bytes behind it", anomalies=["trailing-data"])
    case("invalid", "version-3", trx(KERNEL, version=3), "a later version", gap="unsupported", members={})
    case("invalid", "no-partitions", trx(gap=KERNEL), "nothing but a header", members={}, anomalies=[])
    order = trx(KERNEL, RAMDISK, offsets=(28 + len(KERNEL), 28, 0))
    swapped = {"partition-2": sha(KERNEL), "partition-1": sha(RAMDISK)}
    case("hostile", "order", order, "offsets out of order", members=swapped, anomalies=["headers-disagree"])
    twice = trx(KERNEL, offsets=(28, 28, 28))
    one = members(**{"partition-1": KERNEL})
    case("hostile", "one-place", twice, "three offsets, one place", members=one, anomalies=["headers-disagree"])
    case("hostile", "gap", trx(KERNEL, gap=PLANT), "a program before the first partition", members=members(
        **{"partition-1": KERNEL}), anomalies=[])  # fmt: skip
    case("hostile", "outside", trx(KERNEL, offsets=(28, 0xFFFFFFF0, 0)), "an offset outside", gap="malformed")
    case("truncated", "half", good[: len(good) // 2], "half of it", gap="malformed", members={})


def make_sparse(root: Path) -> None:
    case = Writer(root, "android_sparse", "img2simg of Debian 12 (libsparse 34)").case
    raw = noise(2048) + bytes(4096) + b"\xaa\xbb\xcc\xdd" * 512 + noise(1024, b"more")
    tool = made("img2simg", "image", "out", "1024", out="out", image=raw)
    case("valid", "img2simg", tool, "raw, fill and skipped blocks", members={"input": sha(raw)}, anomalies=[])
    case = Writer(root, "android_sparse", OWN).case
    crc = struct.pack("<I", zlib.crc32(raw[:2048]))
    checked = sparse((RAW, 2, raw[:2048]), (CRC32, 0, crc), (SKIP, 4, b""), checksum=zlib.crc32(
        raw[:2048] + bytes(4096)))  # fmt: skip
    whole = {"input": sha(raw[:2048] + bytes(4096))}
    case("valid", "checksums", checked, "a CRC chunk and one over all", members=whole, anomalies=[])
    plain = sparse((RAW, 2, raw[:2048]))
    case("valid", "one-raw", plain, "one raw chunk: stored as it is", members={"input": sha(raw[:2048])}, anomalies=[])
    wrong = checked.replace(crc, b"\1\2\3\4")
    case("invalid", "crc", wrong, "a CRC chunk that does not hold", checks_fail=["image up to CRC chunk 0"])
    case("invalid", "appended", plain + b"appended", "bytes behind it", anomalies=["trailing-data"])
    short = sparse((RAW, 2, raw[:2048]), blocks=3)
    padded = {"input": sha(raw[:2048] + bytes(1024))}
    case("invalid", "short", short, "fewer blocks than declared", members=padded, anomalies=["headers-disagree"])
    case("invalid", "version-2", plain[:4] + b"\2" + plain[5:], "a later version", gap="unsupported", members={})
    case("truncated", "half", tool[: len(tool) // 2], "half of it", gap="malformed", members={})
    huge = sparse((FILL, 0xFFFFF, b"\x90" * 4), block=1 << 20)
    case("hostile", "huge", huge, "a terabyte declared", gap="limit", members={})
    bomb = sparse(*[(FILL, 1 << 14, b"\x90" * 4)] * 15, block=4096)
    case("hostile", "fill-bomb", bomb, "one word, again and again", gap="limit", members={})
    case("hostile", "chunks", plain[:20] + b"\xff" * 4 + plain[24:], "4 thousand million chunks", gap="malformed")
    more = sparse((RAW, 2, raw[:2048]), (SKIP, 0xFFFFFFFF, b""), blocks=3)
    case("hostile", "more-blocks", more, "more blocks than declared", gap="malformed", members={})
    reserved = plain[:30] + b"xy" + plain[32:]
    case("hostile", "reserved", reserved, "bytes in a chunk's reserved field", members={"input": sha(raw[:2048])})


def make_boot(root: Path) -> None:
    case = Writer(root, "android_boot", "mkbootimg of Debian 12 (1:29.0.6)").case
    files = {"kernel": KERNEL, "ramdisk": RAMDISK, "second": SECOND, "dtb": TREE}
    common = ["mkbootimg", "--kernel", "kernel", "--ramdisk", "ramdisk", "--os_version", "12.1.3",
              "--os_patch_level", "2026-10", "--cmdline", "console=ttyS0", "-o", "out"]  # fmt: skip
    named = members(kernel=KERNEL, ramdisk=RAMDISK, second=SECOND)
    for version in ("0", "1", "2"):
        more = ["--second", "second", "--board", "acme", "--dtb", "dtb", "--header_version", version]
        data = made(*common, *more, out="out", **files)
        want = named | (members(dtb=TREE) if version == "2" else {})
        case("valid", f"version-{version}", data, f"header version {version}", members=want, anomalies=[])
    case("valid", "version-3", made(*common, "--header_version", "3", out="out", **files), "no addresses, no id",
         members=members(kernel=KERNEL, ramdisk=RAMDISK), anomalies=[])  # fmt: skip
    vendor = made("mkbootimg", "--header_version", "3", "--vendor_ramdisk", "ramdisk", "--dtb", "dtb", "--vendor_boot",
                  "out", "--vendor_cmdline", "a=b", out="out", **files)  # fmt: skip
    case("valid", "vendor-3", vendor, "the vendor's half", members=members(vendor_ramdisk=RAMDISK, dtb=TREE))
    make_own_boot(root)


def make_own_boot(root: Path) -> None:
    case = Writer(root, "android_boot", OWN).case
    good = boot(1, kernel=KERNEL, ramdisk=RAMDISK, overlay=dtbo(TREE))
    parts = members(kernel=KERNEL, ramdisk=RAMDISK)
    over = parts | members(recovery_dtbo=dtbo(TREE))
    case("valid", "recovery-dtbo", good, "an overlay for recovery", members=over, anomalies=[])
    case("valid", "version-4", boot4(KERNEL, RAMDISK), "the newest header", members=parts, anomalies=[])
    ramdisks = [(b"", 1, RAMDISK), (b"modules", 3, SECOND)]
    named = {"vendor_ramdisk00-platform": sha(RAMDISK), "vendor_ramdisk01-dlkm-modules": sha(SECOND), "dtb": sha(TREE),
             "bootconfig": sha(b"androidboot.x=1\n")}  # fmt: skip
    vendor = vendor_boot4(ramdisks, TREE, b"androidboot.x=1\n")
    case("valid", "vendor-4", vendor, "two ramdisks and a configuration", members=named, anomalies=[])
    old = boot(0, kernel=KERNEL, ramdisk=RAMDISK)
    old = old[:40] + struct.pack("<I", len(LARGE_TREE)) + old[44:] + LARGE_TREE.ljust(2048, b"\0")
    case("invalid", "size-in-place-of-version", old, "a device tree's size where versions stand; the id leaves it out",
         members=parts | members(dt=LARGE_TREE), checks_fail=["image"])  # fmt: skip
    flip = bytearray(good)
    flip[2050] ^= 1
    case("invalid", "id", bytes(flip), "a byte of the kernel changed", checks_fail=["image"])
    case("invalid", "appended", good + b"SEANDROIDENFORCE", "a vendor's mark behind it", anomalies=["trailing-data"])
    case("invalid", "version-5", good[:40] + b"\5" + good[41:], "a later version", gap="unsupported", members={})
    place = good[:1636] + struct.pack("<Q", 4096) + good[1644:]
    case("invalid", "overlay-place", place, "another place stated", members=over, anomalies=["headers-disagree"])
    size = good[:8] + b"\xf0\xff\xff\xff" + good[12:]
    case("hostile", "kernel-size", size, "a kernel of 4 GiB", gap="malformed", members={})
    hidden = bytearray(good)
    hidden[200:420] = PLANT[:216].ljust(220, b"\1")
    case("hostile", "behind-arguments", bytes(hidden), "a program behind the arguments", members=over, anomalies=[])
    wild = bytearray(vendor)
    at = vendor.index(struct.pack("<III", len(SECOND), len(RAMDISK), 3))
    wild[at + 4 : at + 8] = struct.pack("<I", 0xFFFFFF00)
    case("hostile", "ramdisk-outside", bytes(wild), "a ramdisk outside all ramdisks", gap="malformed", members={})
    wild[at + 4 : at + 8] = struct.pack("<I", 100)
    case("hostile", "ramdisk-overlap", bytes(wild), "ramdisks over one another", anomalies=["overlapping-parts"])
    many = bytearray(vendor)
    many[2116:2120] = b"\xff\xff\xff\xff"
    case("hostile", "many-ramdisks", bytes(many), "more ramdisks than the table has", gap="malformed", members={})
    case("truncated", "half", good[: len(good) // 2], "half of it", gap="malformed", members={})


def make_dtbo(root: Path) -> None:
    case = Writer(root, "dtbo_table", OWN).case
    other = fdt({"compatible": "vectors,other"})
    both = {"dtb-0": sha(TREE), "dtb-1": sha(other)}
    good = dtbo(TREE, other)
    case("valid", "two", good, "two trees", members=both, anomalies=[])
    case("valid", "same", dtbo(TREE, other, same=True), "three entries, two trees", members=both, anomalies=[])
    case("valid", "custom", dtbo(TREE, custom=(1, 2, 3, 4)), "a board's own words", members={"dtb-0": sha(TREE)})
    case("invalid", "appended", good + b"appended", "bytes behind it", members=both, anomalies=["trailing-data"])
    case("invalid", "version-2", dtbo(TREE, version=2), "a later version", gap="unsupported", members={})
    far = good[:36] + b"\xff\xff\xff\0" + good[40:]
    case("hostile", "outside", far, "a tree outside the table", gap="malformed", members={})
    over = good[:36] + struct.pack(">I", 40) + good[40:]
    case("hostile", "over-the-table", over, "a tree over the entries", anomalies=["overlapping-parts"])
    case("truncated", "half", good[:-50], "the last tree cut off", gap="malformed", members={})


def make_uf2(root: Path) -> None:
    case = Writer(root, "uf2_image", OWN).case
    data = noise(1000)
    good, named = uf2(data), {"10000000": sha(data)}
    blocks = [good[at : at + 512] for at in range(0, len(good), 512)]
    case("valid", "plain", good, "four blocks in order", members=named, anomalies=[])
    case("valid", "out-of-order", b"".join(reversed(blocks)), "the same backwards", members=named, anomalies=[])
    case("valid", "erased", uf2(data, fill=b"\xff"), "filled as the specification says", members=named, anomalies=[])
    gap = uf2_block(0x1000, data[:256], 0, 2) + uf2_block(0x2000, data[256:512], 1, 2)
    case("valid", "two-regions", gap, "a gap in the addresses", members={"00001000": sha(data[:256]), "00002000": sha(
        data[256:512])}, anomalies=[])  # fmt: skip
    two = uf2(data[:512]) + uf2(data[512:], 0x2000, family=0x12345678)
    families = {"rp2040-10000000": sha(data[:512]), "12345678-00002000": sha(data[512:])}
    case("valid", "two-families", two, "files of two families", members=families, anomalies=[])
    sum_over = struct.pack("<II", 0x10000000, 1000) + hashlib.md5(data, usedforsecurity=False).digest()
    case("valid", "md5", uf2(data, flags=0x6000, last=sum_over), "an MD5 over the region", members=named, anomalies=[])
    tags = b"\x09\xbc\xc7\x9f0.1.2\0\0\0" + b"\x14\x9d\x0d\x65ACME Toaster mk3" + b"\x08\xf7\xe9\x0b\0\1\0\0"
    case("valid", "tags", uf2(data, flags=0xA000, behind=tags), "version, device, page", members=named, anomalies=[])
    note = uf2_block(0, b"the program's source", 0, 1, flags=0x2001)
    case("valid", "not-flash", note, "a comment", members={"not-flash-00000000": sha(b"the program's source")})
    ignored = uf2_block(0x10FFFF00, b"\xef" * 256, 0, 2, flags=0xA000, family=0xE48BFF57, behind=b"\4\xe3\x57\x99")
    absolute = {"rp2xxx-absolute-10ffff00": sha(b"\xef" * 256), "rp2040-10000000": sha(data)}
    case("valid", "ignored-block", ignored + good, "a block that chips ignore", members=absolute, anomalies=[])
    held = uf2_block(0, data[:200], 0, 1, flags=0x1000, family=200, behind=b"main.py\0")
    case("valid", "file", held, "a file", members={"main.py": sha(data[:200])}, anomalies=[])
    make_bad_uf2(root, data, good, blocks, sum_over)


def make_bad_uf2(root: Path, data: bytes, good: bytes, blocks: list[bytes], sum_over: bytes) -> None:
    case = Writer(root, "uf2_image", OWN).case
    named = {"10000000": sha(data)}
    wrong = uf2(data, flags=0x6000, last=sum_over[:-1] + bytes([sum_over[-1] ^ 1]))
    case("invalid", "md5", wrong, "the MD5 does not hold", members=named, checks_fail=["10000000+3e8"])
    case("invalid", "appended", good + b"tail", "less than a block behind", members=named, anomalies=["trailing-data"])
    foreign = good + bytes(512) + good[:512]
    both = ["headers-disagree", "trailing-data"]
    case("invalid", "foreign", foreign, "512 bytes that are no block, and one twice", members=named, anomalies=both)
    clash = good + uf2_block(0x10000010, b"other bytes", 4, 5)
    changed = data[:16] + b"other bytes" + data[27:]
    both = ["headers-disagree", "overlapping-parts"]
    case("hostile", "two-for-one-address", clash, "the later wins", members={"10000000": sha(changed)}, anomalies=both)
    hidden = uf2(data[:512], behind=PLANT)
    case("hostile", "behind-payload", hidden, "a program in the filling of each block", members={"10000000": sha(
        data[:512])}, anomalies=["trailing-data"])  # fmt: skip
    size = good[:16] + b"\xff\xff\xff\xff" + good[20:]
    case("hostile", "payload-size", size, "a payload of 4 GiB: no block", members={}, gap="malformed")
    case("hostile", "address", uf2_block(0xFFFFFFF0, data[:256], 0, 1), "beyond 4 GiB", members={}, gap="malformed")
    short = uf2_block(0, data[:200], 0, 1, flags=0x1000, family=2000, behind=b"main.py\0")
    case(
        "invalid", "file-size", short, "a file with less than it says", gap="malformed", anomalies=["headers-disagree"]
    )
    case("truncated", "blocks", b"".join(blocks[:-1]), "the last block is missing", gap="malformed")
    case("truncated", "in-a-block", good[:-100], "cut off in the last block", gap="malformed")


def make_dfu(root: Path) -> None:
    files = {"one": KERNEL, "two": SECOND}
    tool = made("dfuse-pack", "-b", "0x08000000:one", "-b", "0x08010000:two", "out", out="out", **files)
    named = {"08000000": sha(KERNEL), "08010000": sha(SECOND)}
    case = Writer(root, "dfuse_image", "dfuse-pack of Debian 12 (dfu-util 0.11)").case
    case("valid", "dfuse-pack", tool, "two elements", members=named, anomalies=[])
    case = Writer(root, "dfuse_image", OWN).case
    two = dfuse((0, b"Flash", {0x08000000: KERNEL}), (1, b"", {0x08000000: SECOND}))
    settings = {"0-08000000": sha(KERNEL), "1-08000000": sha(SECOND)}
    case("valid", "two-targets", two, "one address in two settings", members=settings, anomalies=[])
    case("invalid", "crc", tool[:300] + b"X" + tool[301:], "a byte changed", checks_fail=["file"])
    bare = dfuse((0, b"Flash", {0x08000000: KERNEL}), suffix=False)
    case("invalid", "no-suffix", bare, "no suffix", members={"08000000": sha(KERNEL)}, gap="malformed")
    slack = dfuse((0, b"Flash", {0x08000000: KERNEL}), slack=PLANT)
    case("hostile", "slack", slack, "a program behind the elements of a target", members={"08000000": sha(KERNEL)},
         anomalies=["trailing-data"])  # fmt: skip
    name = dfuse((0, b"Flash\0" + PLANT[:200], {0x08000000: KERNEL}))
    case("hostile", "behind-name", name, "a program behind a target's name", members={"08000000": sha(KERNEL)})
    over = dfuse((0, b"", {0x08000000: KERNEL, 0x08000100: SECOND}))
    case("hostile", "overlap", over, "elements over one another", anomalies=["overlapping-parts"])
    size = bytearray(bare)
    size[11 + 266 : 11 + 270] = b"\xff\xff\xff\xff"
    case("hostile", "target-size", bytes(size), "a target of 4 GiB", members={}, gap="malformed")
    count = bytearray(bare)
    count[11 + 270 : 11 + 274] = b"\xff\xff\xff\xff"
    case("hostile", "elements", bytes(count), "4 thousand million elements", members={}, gap="limit")
    case("truncated", "element", tool[:1000], "cut off in an element", members={}, gap="malformed")
    suffixed = made("dfu-suffix", "-v", "1209", "-p", "4242", "-a", "one", out="one", **files)
    case = Writer(root, "dfu_suffix", "dfu-suffix of Debian 12 (dfu-util 0.11)").case
    case("valid", "dfu-suffix", suffixed, "a suffix behind a file", members={"image": sha(KERNEL)}, anomalies=[])
    case("invalid", "crc", b"X" + suffixed[1:], "a byte changed", checks_fail=["file"])
    case("truncated", "suffix", suffixed[:-1], "cut off: no suffix any more", members={}, gap="malformed")
    case = Writer(root, "dfu_suffix", OWN).case
    longer = dfu_suffix(KERNEL, 0x0100, 40)
    case("hostile", "longer", longer, "a suffix longer than known", members={"image": sha(KERNEL)}, anomalies=[])


def make_esp_flash(root: Path) -> None:
    table, app = esp_table(*ESP_ROWS), esp_app()
    tool = made("esptool", "--chip", "esp32c3", "merge-bin", "-o", "out", "0x0", "app", "0x2000", "table", "0x4000",
                "app", out="out", app=app, table=table)  # fmt: skip
    named = {"bootloader": sha(app.ljust(0x2000, b"\xff")), "nvs": sha(b"\xff" * 0x1000), "factory": sha(tool[0x4000:])}
    case = Writer(root, "esp_flash_image", "esptool 5.6.0 merge-bin; the table by layout_writers.py").case
    case("valid", "merge-bin", tool, "boot loader, table, application", members=named, anomalies=[])
    case = Writer(root, "esp_flash_image", OWN).case
    case("valid", "table", table, "a table alone", members={}, anomalies=[])
    old = esp_flash(esp_table(*ESP_ROWS, md5=False))
    case(
        "valid",
        "no-md5",
        old,
        "a table of before 3.1",
        members=named | {"nvs": sha(b"nvs page".ljust(0x1000, b"\xff"))},
    )
    over = esp_flash(esp_table(*ESP_ROWS, esp_entry(b"evil", 1, 6, 0x2000, 0x2000)))
    case("hostile", "over-the-table", over, "a partition over the table and another", anomalies=["overlapping-parts"])
    rows = [esp_entry(b"p%d" % one, 1, 6, 0x3000, 0x1000 + one) for one in range(60)]
    case("hostile", "many-overlaps", esp_flash(esp_table(*rows)), "sixty at one place", gap="limit",
         anomalies=["overlapping-parts"])  # fmt: skip
    wrong = esp_table(*ESP_ROWS).replace(b"storage", b"storagf")
    case("invalid", "md5", esp_flash(wrong), "an MD5 that does not hold: no table", members={}, gap="malformed")
    gap = esp_flash(gap=PLANT)
    case("hostile", "behind-the-table", gap, "a program behind the table", anomalies=[])
    case("truncated", "app", esp_flash()[:-400], "the application cut off", anomalies=[])
    case("truncated", "table", table[:100], "cut off before its end", members={}, gap="malformed")


def make_kernel(root: Path) -> None:
    case = Writer(root, "kernel_image", OWN).case
    code = noise(600)
    case("valid", "arm64", arm64_image(code), "64-bit Arm", members={}, anomalies=[])
    case("valid", "riscv", riscv_image(code + TREE), "RISC-V, a device tree behind it", members={}, anomalies=[])
    hidden = arm64_image(code, reserved=PLANT[:24])
    case("hostile", "reserved", hidden, "something in reserved words", members={}, anomalies=[])
    case("invalid", "size", arm64_image(code, size=1 << 40), "a terabyte in memory", members={}, gap="malformed")
    case("truncated", "header", arm64_image(b"")[:60], "cut off in the header", members={}, gap="malformed")


def make(root: Path) -> None:
    """Write all cases under `root`/containers."""
    makers: Any = (make_trx, make_sparse, make_boot, make_dtbo, make_uf2, make_dfu, make_esp_flash, make_kernel)
    for one in makers:
        one(root)
