"""Firmware layouts: members, facts, and a program planted wherever a format leaves room."""

from __future__ import annotations

import struct

import pytest

from fwverify.content import identified
from fwverify.limits import Budget, LimitExceeded, Limits
from fwverify.model.artifact import ByteRange, Locator, Step
from fwverify.model.examining import Malformed
from fwverify.unpack.containers import (
    android_boot,
    android_sparse,
    cortex_m_image,
    dfu_suffix,
    dfuse_image,
    dtbo_table,
    esp_app_image,
    esp_flash_image,
    kernel_image,
    packed_kernel,
    trx,
    uf2_image,
    uimage,
)
from fwverify.unpack.interface import Check, Container, Fact, Member, Oddity
from fwverify.unpack.registry import BUILTIN
from fwverify.unpack.stage import recognise
from tests.unit.unpack.hiding import PLANT, planted, searched
from tests.unit.unpack.opened import artifact, opened
from tests.vectors.makers.firmware import cortex_m, esp_app, fdt, multi
from tests.vectors.makers.firmware import uimage as made_uimage
from tests.vectors.makers.layout_writers import (
    ESP_ROWS,
    arm64_image,
    boot,
    boot4,
    dfuse,
    dtbo,
    esp_entry,
    esp_flash,
    esp_table,
    noise,
    riscv_image,
    sparse,
    uf2,
    uf2_block,
    vendor_boot4,
)  # fmt: skip
from tests.vectors.makers.layout_writers import (
    dfu_suffix as suffixed,
)
from tests.vectors.makers.layout_writers import (
    trx as made_trx,
)
from tests.vectors.makers.packed_kernels import bzimage, gzipped, zboot, zimage

KERNEL, RAMDISK = noise(3000, b"k"), noise(1900, b"r")
TREE = fdt({"model": "Unit board"})
RAW, FILL, SKIP = 0xCAC1, 0xCAC2, 0xCAC3
VENDOR = vendor_boot4([(b"", 1, RAMDISK), (b"x", 2, KERNEL)], TREE, b"a=b\n")


def at(data: bytes, place: int, size: int = len(PLANT)) -> bytes:
    return planted(data, place, size)


BOOT, BOOT4 = boot(2, kernel=KERNEL, ramdisk=RAMDISK, dtb=TREE), boot4(KERNEL, RAMDISK)
ESP = esp_flash()
LOADER_LATER = b"\xff" * 0x1000 + ESP[:0x1000] + ESP[0x2000:0x3000] + ESP[0x3000:]
GAP = esp_flash(esp_table(ESP_ROWS[0], esp_entry(b"app", 0, 0, 0x5000, 0x1000))).ljust(0x6000, b"\xff")
LABEL = esp_flash(esp_table(esp_entry(b"a\0" + PLANT[:14], 1, 2, 0x3000, 64)))
UNNAMED = dfuse((0, b"", {1: KERNEL}))
VENDOR_TABLE = VENDOR.index(struct.pack("<3I", len(RAMDISK), 0, 1))
SPARSE = sparse((RAW, 1, KERNEL[:1024]))

PLACES: list[tuple[str, Container, bytes, int]] = [
    ("trx before the first partition", trx.CONTAINER, made_trx(KERNEL, gap=PLANT), 592),
    ("trx behind it", trx.CONTAINER, made_trx(KERNEL) + PLANT, 592),
    ("sparse behind it", android_sparse.CONTAINER, SPARSE + PLANT, 592),
    ("sparse in a longer header", android_sparse.CONTAINER,
     SPARSE[:8] + struct.pack("<H", 28 + 592) + SPARSE[10:28] + PLANT + SPARSE[28:], 592),
    ("boot behind the header", android_boot.CONTAINER, at(BOOT, 1700, 300), 300),
    ("boot behind the arguments", android_boot.CONTAINER, at(BOOT, 90, 480), 480),
    ("boot behind more arguments", android_boot.CONTAINER, at(BOOT, 650), 592),
    ("boot behind the kernel", android_boot.CONTAINER, at(BOOT, 2048 + 3000), 592),
    ("boot behind it", android_boot.CONTAINER, BOOT + PLANT, 592),
    ("boot in an id that is none", android_boot.CONTAINER, at(BOOT, 576, 32), 32),
    ("boot 4 behind the header", android_boot.CONTAINER, at(BOOT4, 1600), 592),
    ("boot 4 in reserved words", android_boot.CONTAINER, at(BOOT4, 24, 16), 16),
    ("boot 4 behind the arguments", android_boot.CONTAINER, at(BOOT4, 60), 592),
    ("vendor behind the header", android_boot.CONTAINER, at(VENDOR, 2130), 592),
    ("vendor behind the board's name", android_boot.CONTAINER, at(VENDOR, 2085, 11) + PLANT, 592),
    ("vendor behind the arguments", android_boot.CONTAINER, at(VENDOR, 40), 592),
    ("vendor in a board id", android_boot.CONTAINER, at(VENDOR, VENDOR_TABLE + 44, 64), 64),
    ("vendor behind the table", android_boot.CONTAINER, at(VENDOR, VENDOR_TABLE + 300), 592),
    ("dtbo between entries and trees", dtbo_table.CONTAINER,
     struct.pack(">8I", 0xD7B7AB1E, 64 + 592 + len(TREE), 32, 32, 1, 32, 2048, 0)
     + struct.pack(">8I", len(TREE), 64 + 592, 1, 1, 0, 0, 0, 0) + PLANT + TREE, 592),
    ("dtbo behind it", dtbo_table.CONTAINER, dtbo(TREE) + PLANT, 592),
    ("uf2 behind a payload", uf2_image.CONTAINER, uf2(KERNEL[:200], behind=PLANT[:270]), 270),
    ("uf2 instead of a block", uf2_image.CONTAINER, uf2(KERNEL) + PLANT[:512] + uf2(KERNEL), 512),
    ("uf2 behind it", uf2_image.CONTAINER, uf2(KERNEL) + PLANT[:500], 500),
    ("uf2 behind a file's name", uf2_image.CONTAINER,
     uf2_block(0, KERNEL[:100], 0, 1, flags=0x1000, family=100, behind=b"a.py\0" + PLANT[:300]), 300),
    ("uf2 in a tag nobody knows", uf2_image.CONTAINER,
     uf2(KERNEL[:100], flags=0xA000, behind=b"\xfc\1\2\3" + PLANT[:248]), 248),
    ("uf2 in a tag's padding", uf2_image.CONTAINER,
     uf2(KERNEL[:100], flags=0xA000, behind=b"\x09\xbc\xc7\x9f1.2.3\0\0\0" + PLANT[:300]), 300),
    ("dfuse behind the elements", dfuse_image.CONTAINER, dfuse((0, b"", {1: KERNEL}), slack=PLANT), 592),
    ("dfuse behind a name", dfuse_image.CONTAINER, dfuse((0, b"F\0" + PLANT[:250], {1: KERNEL})), 250),
    ("dfuse in a name nobody reads", dfuse_image.CONTAINER, at(UNNAMED, 22, 255), 255),
    ("dfu in a longer suffix", dfu_suffix.CONTAINER,
     suffixed(KERNEL + PLANT[:200], size=16)[:-5] + b"\xd8" + bytes(4), 200),
    ("esp behind the table", esp_flash_image.CONTAINER, at(ESP, 0x2400), 592),
    ("esp behind partitions, and a label", esp_flash_image.CONTAINER, LABEL + PLANT, 592),
    ("esp between partitions", esp_flash_image.CONTAINER, at(GAP, 0x4800), 592),
    ("esp before the boot loader", esp_flash_image.CONTAINER, at(LOADER_LATER, 0x400), 592),
    ("kernel in reserved words", kernel_image.CONTAINER, arm64_image(b"", reserved=PLANT[:24]), 24),
    ("kernel behind it", kernel_image.CONTAINER, arm64_image(KERNEL) + PLANT, 592),
    ("zboot behind the payload", packed_kernel.CONTAINER, zboot(gzipped(), b"gzip") + PLANT, 592),
    ("bzimage in the boot sector", packed_kernel.CONTAINER, at(bzimage(gzipped()), 0, 450), 450),
    ("zimage behind the payload", packed_kernel.CONTAINER, zimage(gzipped() + PLANT), 592),
    ("uimage behind the name", uimage.CONTAINER, at(made_uimage(KERNEL), 40, 24), 24),
    ("uimage between files", uimage.CONTAINER, made_uimage(multi(KERNEL) + PLANT, 4), 592),
]  # fmt: skip


@pytest.mark.parametrize(("container", "data", "size"), [one[1:] for one in PLACES], ids=[one[0] for one in PLACES])
def test_planted(container: Container, data: bytes, size: int) -> None:
    """A program in every place that is no part of a member comes out to be looked into."""
    assert container.detect(artifact(data))
    assert searched(container, data, size)


@pytest.mark.parametrize(
    ("container", "data"),
    [
        (trx.CONTAINER, made_trx(KERNEL, RAMDISK, version=2)),
        (android_sparse.CONTAINER, SPARSE),
        (android_boot.CONTAINER, BOOT),
        (android_boot.CONTAINER, BOOT4),
        (android_boot.CONTAINER, VENDOR),
        (dtbo_table.CONTAINER, dtbo(TREE, TREE + bytes(40))),
        (uf2_image.CONTAINER, uf2(KERNEL)),
        (dfuse_image.CONTAINER, dfuse((0, b"Flash", {0: KERNEL}))),
        (dfu_suffix.CONTAINER, suffixed(KERNEL)),
        (esp_flash_image.CONTAINER, esp_flash(esp_table(*ESP_ROWS).ljust(0x1000, b"\xff"))),
    ],
)
def test_nothing_is_left_of_a_sound_image(container: Container, data: bytes) -> None:
    """Every byte is accounted for, or erased flash."""
    seen = opened(container, data)
    assert seen.problem is None and seen.failed == [] and seen.oddities == [] and seen.unread == []
    assert all(set(data[one.start : one.end]) in ({0}, {255}) for one in seen.unclaimed)


@pytest.mark.parametrize(
    ("container", "data"),
    [
        (trx.CONTAINER, made_trx(KERNEL, RAMDISK)),
        (android_sparse.CONTAINER, sparse((RAW, 1, KERNEL[:1024]), (FILL, 3, b"abcd"), (SKIP, 2, b""))),
        (android_boot.CONTAINER, BOOT),
        (android_boot.CONTAINER, BOOT4),
        (android_boot.CONTAINER, VENDOR),
        (dtbo_table.CONTAINER, dtbo(TREE)),
        (uf2_image.CONTAINER, uf2(KERNEL)),
        (dfuse_image.CONTAINER, dfuse((0, b"Flash", {0: KERNEL}))),
        (packed_kernel.CONTAINER, bzimage(gzipped())),
    ],
)
def test_carved(container: Container, data: bytes) -> None:
    """Found inside other bytes at its exact end; cut off, or with nothing behind its magic, it is not."""
    assert container.carve is not None
    around = memoryview(b"\x55" * 4096 + data + b"\xaa" * 700)
    assert container.carve.end(around, 4096, lambda _: None) == 4096 + len(data)
    cut = memoryview(b"\x55" * 4096 + data[: len(data) // 3])
    end = container.carve.end(cut, 4096, lambda _: None)
    assert not end or (container is uf2_image.CONTAINER and end <= len(cut))
    noisy = memoryview(bytes(data[:8]) + noise(5000))
    assert container.carve.end(noisy, 0, lambda _: None) == 0


@pytest.mark.parametrize(
    ("container", "data"),
    [
        (trx.CONTAINER, made_trx(KERNEL)),
        (dfuse_image.CONTAINER, dfuse((0, b"Flash", {0: KERNEL}))),
        (esp_flash_image.CONTAINER, esp_table(*ESP_ROWS)),
    ],
)
def test_damaged_is_not_carved(container: Container, data: bytes) -> None:
    """Where a format has a checksum, nothing is taken that it does not fit."""
    assert container.carve is not None
    assert container.carve.end(memoryview(data), 0, lambda _: None)
    for at in (30, 40):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        assert not container.carve.end(memoryview(changed), 0, lambda _: None)


def test_found_in_a_dump() -> None:
    """The search of a flash dump finds them through the registry."""
    dump = noise(5000, b"dump") + made_trx(KERNEL) + noise(300) + uf2(KERNEL) + noise(99) + BOOT + noise(5)
    flash = next(one for one in BUILTIN if one.name == "flash_dump")
    found = {data[:4] for data in opened(flash, dump).members.values()}
    assert found == {b"HDR0", b"UF2\n", b"ANDR"}


def test_each_is_of_one_format() -> None:
    """None of them is taken for a second format, and a frame leaves what it holds to its reader."""
    for data, name in (
        (made_trx(KERNEL), "trx"), (SPARSE, "android_sparse"), (BOOT, "android_boot"), (VENDOR, "android_boot"),
        (dtbo(TREE), "dtbo_table"), (uf2(KERNEL), "uf2_image"), (dfuse((0, b"", {0: KERNEL})), "dfuse_image"),
        (suffixed(made_uimage(KERNEL)), "dfu_suffix"), (ESP, "esp_flash_image"), (riscv_image(KERNEL), "kernel_image"),
        (zboot(gzipped(), b"gzip"), "packed_kernel"), (esp_app(), "esp_app_image"),
    ):  # fmt: skip
        container, others = recognise(artifact(data))
        assert (container and container.name, others) == (name, ())


def test_repetition_is_stopped() -> None:
    """Words repeated without end meet the limit on expansion, declared sizes the one on members."""
    bomb = sparse((FILL, 1 << 18, b"\x90" * 4), block=4096)
    with pytest.raises(LimitExceeded, match="max_ratio"):
        list(android_sparse.CONTAINER.unpack(artifact(bomb), Budget(Limits(ratio_floor_bytes=1 << 20))))
    budget = Budget(Limits(max_member_bytes=1 << 20))
    with pytest.raises(LimitExceeded, match="max_member_bytes"):
        list(android_sparse.CONTAINER.unpack(artifact(bomb), budget))
    assert budget.total_bytes == 0  # nothing was made before the size was looked at


def test_sparse_chunk_of_another_size() -> None:
    """A chunk whose bytes are not those of its blocks is damage."""
    for wrong in ((RAW, 1, KERNEL[:1020]), (FILL, 1, b"abcdefgh"), (SKIP, 1, b"abcd")):
        assert isinstance(opened(android_sparse.CONTAINER, sparse(wrong)).problem, Malformed)


def test_sparse_without_copy() -> None:
    """One raw chunk is where it says; repeated words never are."""
    (one,) = opened(android_sparse.CONTAINER, SPARSE).of(Member)
    assert one.stored and one.ranges == (ByteRange(40, 40 + 1024),)
    (one,) = opened(android_sparse.CONTAINER, sparse((FILL, 1, b"abcd"), block=4)).of(Member)
    assert not one.stored and bytes(one.content) == b"abcd"


def test_boot_facts() -> None:
    """What a boot loader is told, and the state of security patches."""
    facts = opened(android_boot.CONTAINER, BOOT).facts
    assert facts["os-version"] == "12.1.3" and facts["security-patch"] == "2026-10"
    assert facts["board"] == "acme" and facts["arguments"] == "console=ttyS0" and facts["kernel-address"] == "00008000"
    assert opened(android_boot.CONTAINER, VENDOR).facts["dtb-address"] == "01f00000"


def test_boot_identity() -> None:
    """The id is a digest over contents and sizes: checked where it is SHA-1, never called wrong where it may not be."""
    assert [one.declared.algorithm for one in opened(android_boot.CONTAINER, BOOT).of(Check)] == ["sha1"]
    none = BOOT[:576] + bytes(32) + BOOT[608:]
    assert opened(android_boot.CONTAINER, none).of(Check) == []
    assert opened(android_boot.CONTAINER, BOOT[:576] + noise(32) + BOOT[608:]).failed == []


def test_later_block_wins() -> None:
    """As a boot loader writes them; that two blocks disagree is told once, that they agree is not."""
    twice = uf2_block(0, b"abcd", 0, 2) + uf2_block(0, b"abcd", 1, 2)
    seen = opened(uf2_image.CONTAINER, twice)
    assert seen.members == {"00000000": b"abcd"} and seen.oddities == []
    other = uf2_block(0, b"abcd", 0, 2) + uf2_block(0, b"abXd", 1, 2)
    seen = opened(uf2_image.CONTAINER, other)
    assert seen.members == {"00000000": b"abXd"} and seen.oddities == ["overlapping-parts"]


def test_many_texts_in_tags() -> None:
    """Only some different texts are told; what is not told is not claimed."""
    tags = [bytes([36]) + b"\xbc\xc7\x9f" + noise(32, b"%d" % one) for one in range(20)]
    data = b"".join(
        uf2_block(16 * at, bytes([at]) * 16, at, 20, flags=0xA000, behind=tag) for at, tag in enumerate(tags)
    )
    seen = opened(uf2_image.CONTAINER, data)
    assert len([one for one in seen.unclaimed if not set(data[one.start : one.end]) <= {0}]) == 12
    (told,) = seen.of(Oddity)
    assert "at 12 places" in told.detail and len(seen.of(Fact)) == 9


def test_address_in_the_name() -> None:
    """A microcontroller's program is read at the address its container gives."""
    program = cortex_m(load=0x08004000, pointers=False)
    data = uf2(program, 0x08004000)
    assert list(opened(uf2_image.CONTAINER, data).members) == ["08004000"]
    for container, name in (
        ("uf2_image", "08004000"),
        ("dfuse_image", "0-08004000"),
        ("uf2_image", "stm32f4-08004000"),
    ):
        one = identified(Locator((Step("input"), Step(name, container))), program)
        facts = {
            fact.name: fact.value for fact in cortex_m_image.CONTAINER.unpack(one, Budget()) if isinstance(fact, Fact)
        }
        assert (facts["load-address"], facts["load-address-from"]) == ("08004000", "pointers")


def test_esp_flash() -> None:
    """The boot loader is found where chips start, the application is one whatever stands before it."""
    seen = opened(esp_flash_image.CONTAINER, ESP)
    assert list(seen.members) == ["bootloader", "nvs", "factory"] and seen.facts["not-in-the-image"] == "storage"
    inner = opened(esp_app_image.CONTAINER, seen.members["bootloader"])
    assert inner.problem is None and inner.oddities == [] and inner.unclaimed == ()
    assert next(iter(opened(esp_flash_image.CONTAINER, LOADER_LATER).members)) == "bootloader"
    assert not esp_app_image.CONTAINER.detect(artifact(ESP))
    assert esp_app_image.CONTAINER.detect(artifact(seen.members["bootloader"]))


def test_esp_table_with_its_boot_loader() -> None:
    """A table that names the boot loader itself: it comes out once."""
    rows = (esp_entry(b"boot", 2, 0, 0, 0x2000), esp_entry(b"table", 3, 0, 0x2000, 0x1000), *ESP_ROWS)
    seen = opened(esp_flash_image.CONTAINER, esp_flash(esp_table(*rows)))
    assert list(seen.members) == ["boot", "nvs", "factory"] and seen.oddities == []


def test_signed_esp_table() -> None:
    """The 68 bytes of Secure Boot 1 behind a table alone are its signature; other bytes are nobody's."""
    table = esp_table(*ESP_ROWS)
    left = opened(esp_flash_image.CONTAINER, table + bytes(4) + noise(64)).unclaimed
    assert [(one.start, one.end) for one in left] == [(128, 0xC00)]
    assert opened(esp_flash_image.CONTAINER, table + noise(68)).unclaimed[-1].end == 0xC00 + 68


def test_kernel_facts() -> None:
    """What the header states."""
    assert opened(kernel_image.CONTAINER, arm64_image(KERNEL)).facts == {
        "arch": "arm64", "load-offset": "0", "memory": "131072 bytes", "page-size": "4 KiB",
    }  # fmt: skip
    assert kernel_image.CONTAINER.partial and not kernel_image.CONTAINER.detect(artifact(b"MZ" + arm64_image(b"")[2:]))


def test_trx_needs_all_of_itself() -> None:
    """A size behind the end is damage; other headers with the magic are not taken."""
    data = made_trx(KERNEL)
    assert isinstance(opened(trx.CONTAINER, data[:-1]).problem, Malformed)
    assert opened(trx.CONTAINER, data + b"x").of(Oddity)[0].range == ByteRange(len(data), len(data) + 1)
    assert not trx.CONTAINER.detect(artifact(b"HDR0" + bytes(100)))
