"""What unexplained bytes look like."""

from __future__ import annotations

import gzip
import lzma
import random
import struct
from pathlib import Path

import pytest

from fwverify.formats.classify import Kind, classify
from fwverify.formats.machine_code import architecture
from fwverify.model.artifact import ByteRange
from tests.interop.tools import found, need, run

CHANCE = random.Random(7)
NOISE = CHANCE.randbytes(50_000)
TABLE = b"".join(struct.pack("<HHI", one, one * one & 0xFFFF, 0x20000000 + 4 * one) for one in range(4000))
SOURCE = "\n".join(
    f"int f{one}(int *p, int a) {{ int i, s = a; for (i = {one}; i < a; i++) {{ s += p[i] * {one + 3}; "
    f"if (s > p[i + 1]) s ^= f{(one * 7 + 1) % 60}(p + i, s - {one}); p[{one % 9}] = s; }} return s + p[a]; }}"
    for one in range(60)
)
DECLARED = "".join(f"int f{one}(int *p, int a);\n" for one in range(60)) + SOURCE


def kind(data: bytes, start: int = 0) -> Kind:
    return classify(memoryview(data), ByteRange(start, len(data)))[0]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (bytes(5000), Kind.FILL),
        (b"\xff", Kind.FILL),
        (b"\xa5" * 200_000, Kind.FILL),
        (b"\xa5" * 200_000 + b"\x5b", Kind.UNKNOWN),
        (b"a plain text, line after line\r\n" * 300, Kind.TEXT),
        (NOISE, Kind.NOISE),
        (NOISE[:300], Kind.NOISE),
        (NOISE[:60], Kind.UNKNOWN),
        (lzma.compress(TABLE + NOISE), Kind.NOISE),
        (gzip.compress(SOURCE.encode() * 3), Kind.NOISE),
        (TABLE, Kind.UNKNOWN),
        (b"\1\2", Kind.UNKNOWN),
        (bytes(range(100)) + bytes(3000), Kind.UNKNOWN),
    ],
)
def test_kinds(data: bytes, expected: Kind) -> None:
    """Fill of any value, text, noise, and what is none of them."""
    assert kind(data) is expected


def test_entropy_comes_along() -> None:
    """In hundredths of a bit."""
    assert classify(memoryview(NOISE), ByteRange(10, 40_000))[1] > 780
    assert classify(memoryview(bytes(100)), ByteRange(0, 100))[1] == 0


@pytest.mark.interop
@pytest.mark.parametrize(
    ("tool", "flags", "expected"),
    [
        ("gcc", (), "x86"),
        ("arm-none-eabi-gcc", ("-marm", "-march=armv5te"), "ARM"),
        ("arm-none-eabi-gcc", ("-marm", "-march=armv5te", "-mbig-endian"), "ARM, big-endian"),
        ("arm-none-eabi-gcc", ("-mthumb", "-mcpu=cortex-m0"), "Thumb"),
        ("arm-none-eabi-gcc", ("-mthumb", "-mcpu=cortex-m4"), "Thumb"),
    ],
)
def test_code_of_compilers(tool: str, flags: tuple[str, ...], expected: str, tmp_path: Path) -> None:
    """What compilers write is machine code of its architecture, also when it does not begin at a word."""
    need(tool, "objcopy")
    (tmp_path / "p.c").write_text(DECLARED)
    run(tool, "-O2", *flags, "-ffreestanding", "-c", "-o", tmp_path / "p.o", tmp_path / "p.c")
    objcopy = found(tool.replace("gcc", "objcopy"))
    run(objcopy, "-O", "binary", "--only-section=.text", tmp_path / "p.o", tmp_path / "p.bin")
    code = (tmp_path / "p.bin").read_bytes()
    assert len(code) > 2000 and kind(code) is Kind.CODE and architecture(code) == expected
    assert kind(b"\1\2" + code[2:], 2) is Kind.CODE


def test_too_little_is_no_code() -> None:
    """Nothing is said of a few bytes."""
    assert architecture(b"\x1e\xff\x2f\xe1" * 20) == "" and architecture(b"") == ""
