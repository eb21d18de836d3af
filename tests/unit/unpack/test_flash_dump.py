"""Carving: what has no header of its own."""

from __future__ import annotations

import gzip
import lzma
import random
import time
from pathlib import Path

import pytest

from fwverify.formats import archive_extents, extents
from fwverify.limits import Budget, LimitExceeded, Limits
from fwverify.model.artifact import ByteRange
from fwverify.unpack.registry import BUILTIN
from tests.unit.unpack.opened import artifact, opened
from tests.vectors.makers.firmware import (
    PAYLOAD,
    elf,
    environment,
    esp_app,
    fdt,
    fit,
    flash,
    image,
    squashfs,
    tiny_pe,
    uimage,
)

CONTAINER = next(one for one in BUILTIN if one.name == "flash_dump")
CODE = bytes((7 * one + one // 3) % 251 for one in range(512))
BIG = random.Random(3).randbytes(200_000)


def newc(*files: tuple[str, bytes]) -> bytes:
    out = b""
    for name, data in (*files, ("TRAILER!!!", b"")):
        numbers = (1, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        out += b"070701" + b"".join(b"%08X" % one for one in numbers) + name.encode() + b"\0"
        out += bytes(-len(out) % 4) + data
        out += bytes(-len(out) % 4)
    return out


def zstd(data: bytes) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


PARTS = {
    "fit": fit({"kernel": image(PAYLOAD, "sha256")}),
    "dtb": fdt({"model": "board"}),
    "uimage": uimage(PAYLOAD),
    "squashfs": squashfs(),
    "gzip": gzip.compress(PAYLOAD),
    "big gzip": gzip.compress(BIG),
    "xz": lzma.compress(PAYLOAD),
    "xz of two blocks": lzma.compress(BIG, preset=0),
    "zstd": zstd(PAYLOAD),
    "big zstd": zstd(BIG),
    "cpio": newc(("init", b"#!/bin/sh\n"), ("etc/passwd", PAYLOAD)),
}


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("behind", [CODE, b"\xff" * 300, bytes(3)])
def test_each_part_is_found_whole(name: str, behind: bytes) -> None:
    """Its extent is exactly its own, whatever follows."""
    part = PARTS[name]
    data = CODE + part + behind
    assert CONTAINER.detect(artifact(data))
    seen = opened(CONTAINER, data)
    assert list(seen.members) == ["@0x200"]
    found = seen.members["@0x200"]
    assert found == part or (name == "squashfs" and found.rstrip(b"\0") == part)


@pytest.mark.parametrize("name", PARTS)
def test_damage_is_survived(name: str) -> None:
    """Every prefix and some flips: values, never an exception; never more than the bytes there are."""
    part = PARTS[name][:4096]
    for size in range(0, len(part), max(1, len(part) // 60)):
        opened(CONTAINER, CODE + part[:size])
        flipped = bytearray(CODE + part)
        flipped[len(CODE) + size] ^= 0x41
        seen = opened(CONTAINER, bytes(flipped))
        assert all(one.end <= len(flipped) for one in seen.unclaimed)


def test_wrong_checks_are_not_carved() -> None:
    """A uImage with a wrong header CRC, an environment with a wrong CRC, an ESP32 image with a wrong checksum."""
    wrong_env = bytearray(environment())
    wrong_env[40] ^= 1
    wrong_esp = bytearray(esp_app())
    wrong_esp[300] ^= 1
    for part in (uimage(PAYLOAD)[:8] + b"\0" + uimage(PAYLOAD)[9:], bytes(wrong_env)):
        assert not CONTAINER.detect(artifact(CODE + part + CODE))
    assert not CONTAINER.detect(artifact(CODE.ljust(4096, b"\1") + bytes(wrong_esp)))


@pytest.mark.parametrize("size", [0x400, 0x2000, 0x3000, 0x10000])
@pytest.mark.parametrize("flags", [b"", b"\1"])
@pytest.mark.parametrize("fill", [b"\0", b"\xff"])
def test_environment(size: int, flags: bytes, fill: bytes) -> None:
    """Plain and redundant environments of several sizes come out whole."""
    data = CODE.ljust(0x1000, b"\xff") + environment(size, flags, fill) + CODE
    seen = opened(CONTAINER, data)
    assert seen.members == {"@0x1000": environment(size, flags, fill)}
    assert seen.failed == [] and seen.unclaimed == (ByteRange(0, 512), ByteRange(0x1000 + size, len(data)))


def test_default_environment_in_code_is_no_environment() -> None:
    """The built-in variables of a boot loader have no CRC and are not carved; the search does not give up either."""
    listed = environment()[4:300]
    data = CODE + listed * 20 + CODE + PARTS["xz"] + CODE
    seen = opened(CONTAINER, data)
    assert len(seen.members) == 1 and seen.unread == []


def test_parts_inside_parts_stay_inside() -> None:
    """What begins within something found belongs to it."""
    nested = uimage(fit({"kernel": image(PARTS["xz"])}))
    assert list(opened(CONTAINER, CODE + nested + CODE).members) == ["@0x200"]


def test_an_artifact_that_is_the_part_itself_is_not_carved() -> None:
    """Else the same bytes would be opened again and again."""
    assert opened(CONTAINER, PARTS["dtb"]).members == {} and not CONTAINER.detect(artifact(PARTS["dtb"]))


def test_fill_between_parts() -> None:
    """Runs at the edges are padding; short ones and those inside unexplained bytes are not."""
    data = CODE + bytes(100) + CODE + b"\xff" * 64 + PARTS["dtb"] + bytes(60) + CODE
    seen = opened(CONTAINER, data)
    assert seen.padding == [ByteRange(1124, 1188)]
    seen = opened(CONTAINER, CODE + bytes(200_000) + CODE + PARTS["dtb"])
    assert sum(one.size for one in seen.padding) >= 2 * 65536


def test_a_sound_executable_is_not_searched() -> None:
    """What its sections hold is its own; one whose tables do not hold is searched like any bytes."""
    assert not CONTAINER.detect(artifact(elf(CODE + PARTS["xz"] + CODE)))
    assert not CONTAINER.detect(artifact(tiny_pe() + PARTS["xz"]))
    assert CONTAINER.detect(artifact(elf()[:64] + b"\xff" * 56 + PARTS["xz"] + CODE))


def test_text_is_searched() -> None:
    """What follows a script is found."""
    data = b"#!/bin/sh\nexit 0\n" * 100 + PARTS["xz"] + CODE
    assert list(opened(CONTAINER, data).members) == ["@0x6a4"] and CONTAINER.detect(artifact(data))


@pytest.mark.parametrize("program", [elf(), elf(CODE), tiny_pe()], ids=["elf", "big-elf", "pe"])
def test_executables_are_found(program: bytes) -> None:
    """Whole, wherever they lie; not when a byte of them is missing."""
    for before in (CODE, CODE[:301], b"\xff" * 400 + b"\1"):
        assert opened(CONTAINER, before + program + CODE).members == {f"@0x{len(before):x}": program}
        assert opened(CONTAINER, before + program[:-1]).members == {}


def test_search_ends() -> None:
    """Millions of magics do not keep it busy, and giving up is said."""
    data = b"\0" + (b"\x1f\x8b\x08\0\0\0\0\0\0\3" + b"\x27\x05\x19\x56" + b"\xfd7zXZ\0") * 100_000
    began = time.process_time()
    assert CONTAINER.detect(artifact(data))
    seen = opened(CONTAINER, data)
    assert time.process_time() - began < 10 and seen.members == {} and set(seen.unread) == {"limit"}


def test_clock() -> None:
    """The run's wall clock ends the search."""
    budget = Budget(Limits(), clock=iter([0.0, *[10**6] * 10_000]).__next__)
    with pytest.raises(LimitExceeded):
        list(CONTAINER.unpack(artifact(flash()), budget))


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"hsqs", b"\x1f\x8b\x08", b"\xfd7zXZ\0\0\4", b"\x28\xb5\x2f\xfd", b"070701"]
)
def test_extents_are_total(data: bytes) -> None:
    """Too little data is no format and no exception."""

    def tick(_: int) -> None:
        return

    assert extents.squashfs_end(memoryview(data), 0) == 0
    assert extents.gzip_end(memoryview(data), 0, tick, quick=False) == 0
    assert extents.xz_end(memoryview(data), 0, tick, quick=False) == 0
    assert extents.zstd_end(memoryview(data), 0, tick) == 0
    assert archive_extents.cpio_end(memoryview(data), 0, tick) == 0


@pytest.mark.corpus
def test_real_dump(cases: Path) -> None:
    """The gateway's dump gives its environment, its FIT and its JFFS2; the boot loader in front stays unexplained."""
    data = (cases / "images/gateway-mipsel/flash.bin").read_bytes()
    seen = opened(CONTAINER, data)
    assert {name: len(content) for name, content in seen.members.items()} == {
        "@0x40000": 0x10000,
        "@0x80000": 16599058,
        "@0x1060000": 0x10000,
    }
    assert [one.start for one in seen.unclaimed] == [0] and seen.unclaimed[0].end < 0x40000


@pytest.mark.corpus
def test_real_boot_loader(cases: Path) -> None:
    """U-Boot with its SPL: the uImage is found behind it."""
    data = (cases / "images/u-boot/cubieboard2-u-boot-sunxi-with-spl.bin").read_bytes()
    assert list(opened(CONTAINER, data).members) == ["@0x8000"]
