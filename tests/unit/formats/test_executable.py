"""The door to LIEF: sound files are read, everything else is a named problem, never an empty answer."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from fwverify.formats import elf_tables, executable
from fwverify.model.examining import Unsupported

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "detectors"


def vector(case: str) -> bytes:
    """A small real ELF file."""
    return (VECTORS / case / "input").read_bytes()


LIBRARY = vector("elf-soname/valid/known")
USER = vector("elf-needed/valid/one")
MODULE = vector("kernel-banner/valid/module-release")


def parse(data: bytes) -> executable.Executable:
    return executable.parse(memoryview(data))


def test_library() -> None:
    """Names, versions and notes of a shared library are read."""
    seen = parse(LIBRARY)
    assert not seen.problems
    assert (seen.format, seen.machine, seen.kind, seen.bits) == ("ELF", "x86_64", "library", 64)
    assert seen.soname == "libcrypto.so.3"
    assert seen.defined_versions == ("OPENSSL_3.0.0", "OPENSSL_3.0.9")
    assert seen.build_id == "00112233445566778899aabbccddeeff00112233"
    assert seen.exported == ("answer", "other")


def test_user_of_a_library() -> None:
    """What is required is told apart from what is defined."""
    seen = parse(USER)
    assert seen.needed == ("libcrypto.so.3",)
    assert seen.symbol_versions == (("libcrypto.so.3", "OPENSSL_3.0.0"),)
    assert (seen.defined_versions, seen.imported) == ((), ("answer",))


def test_kernel_module() -> None:
    """A relocatable file without program headers is sound; .modinfo makes it a kernel module."""
    seen = parse(MODULE)
    assert (seen.kind, seen.problems) == ("kernel-module", ())
    assert "license=GPL" in seen.module_info


@pytest.mark.parametrize("data", [LIBRARY, USER, MODULE], ids=["library", "user", "module"])
def test_every_truncation_is_a_problem(data: bytes) -> None:
    """No proper prefix of a sound file is sound: LIEF alone answers most of them with an empty Binary."""
    sound = [size for size in range(4, len(data)) if not parse(data[:size]).problems]
    assert sound == []


@pytest.mark.parametrize("data", [LIBRARY, MODULE], ids=["library", "module"])
def test_damage_never_escapes(data: bytes) -> None:
    """Any flipped bit gives an answer, with the structure or with problems."""
    for at in range(0, min(len(data), 2048) * 8, 5):
        damaged = bytearray(data)
        damaged[at // 8] ^= 1 << (at % 8)
        seen = parse(bytes(damaged)) if damaged[:4] == b"\x7fELF" else None
        assert seen is None or seen.format == "ELF"


def without_sections(data: bytes) -> bytes:
    """The file as sstrip leaves it: segments alone, the section table gone."""
    tables = elf_tables.read(memoryview(data))
    end = max(one.offset + one.file_bytes for one in tables.segments)
    cut = bytearray(data[:end])
    struct.pack_into("<Q", cut, 40, 0)
    struct.pack_into("<HHH", cut, 58, 0, 0, 0)
    return bytes(cut)


def test_segments_without_sections() -> None:
    """A file stripped of its section table is sound and its dynamic names are read."""
    seen = parse(without_sections(LIBRARY))
    assert (seen.problems, seen.soname) == ((), "libcrypto.so.3")
    assert seen.defined_versions == ("OPENSSL_3.0.0", "OPENSSL_3.0.9")


def patched(data: bytes, layout: str, at: int, *values: int) -> bytes:
    changed = bytearray(data)
    struct.pack_into(layout, changed, at, *values)
    return bytes(changed)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x7fELF", "truncated"),
        (b"\x7fELF" + bytes(60), "identification"),
        (b"\x7fELF\x02\x01\x01" + b"\nlibcrypto.so.3" * 20, "hollow"),
        (patched(LIBRARY, "<Q", 32, 1 << 40), "program header table"),
        (patched(LIBRARY, "<Q", 40, len(LIBRARY) - 8), "section table"),
        (patched(LIBRARY, "<H", 56, 0xFF00), "program header table"),
        (patched(LIBRARY, "<H", 18, 0), "machine"),
        (patched(LIBRARY, "<Q", 24, 0xDEAD0000), "entry point"),
        (patched(without_sections(LIBRARY), "<H", 56, 0), "neither"),
    ],
    ids=["magic", "zeros", "text", "phoff", "shoff", "phnum", "machine", "entry", "nothing"],
)
def test_named_problems(data: bytes, words: str) -> None:
    """Each way to be hollow or cut is told in words."""
    assert words in " ".join(parse(data).problems)


def test_code_for_no_machine() -> None:
    """Byte code of a virtual machine says that no system loads it; without that the header is hollow."""
    bytecode = patched(LIBRARY, "<H", 18, 0)
    assert parse(patched(bytecode, "B", 7, 255)).problems == ()
    assert "machine 0" in " ".join(parse(bytecode).problems)


def test_segments_without_bytes() -> None:
    """Program headers that load nothing from the file are hollow."""
    tables = elf_tables.read(memoryview(LIBRARY))
    data = bytearray(without_sections(LIBRARY))
    for at in range(len(tables.segments)):
        struct.pack_into("<Q", data, 64 + at * 56 + 32, 0)
    assert "no segment or section has content" in " ".join(parse(bytes(data)).problems)


def test_code_of_mere_text() -> None:
    """Headers around strings are not a program."""
    header = (
        b"\x7fELF\x02\x01\x01"
        + bytes(9)
        + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0x400078, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    )
    text = b"OpenSSL 3.0.2 15 Mar 2022\n" * 40
    segment = struct.pack("<2I6Q", 1, 5, 0, 0x400000, 0x400000, 120 + len(text), 120 + len(text), 4096)
    assert parse(header + segment + text).problems == ("hollow: its code is nothing but text or zeros",)
    assert parse(header + segment + text[:-1] + b"\xc3").problems == ()


def test_appended_data_is_unexplained() -> None:
    """Bytes behind the last piece are told with their range; fill is not."""
    seen = parse(LIBRARY + b"payload!")
    assert [(one.start, one.end) for one in seen.unexplained] == [(len(LIBRARY), len(LIBRARY) + 8)]
    assert parse(LIBRARY + bytes(64)).unexplained == ()


def test_module_signature_is_explained() -> None:
    """The signature behind a kernel module is structure, a payload hidden in front of it is not."""
    signature = b"\x30\x82signature"
    tail = signature + struct.pack(">5B3xI", 0, 4, 2, 0, 0, len(signature)) + elf_tables.MODULE_SIGNATURE
    assert parse(MODULE + tail).unexplained == ()
    assert sum(one.size for one in parse(MODULE + b"payload!" + tail).unexplained) == 8


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0", "PE"),
        (b"MZ" + bytes(80), ""),
        (bytes.fromhex("cffaedfe0c000001") + bytes(24), "Mach-O"),
        (bytes.fromhex("cafebabe00000002010000070000") + bytes(40), "Mach-O"),
        (bytes.fromhex("cafebabe00000034001d0a00"), ""),
        (b"\x7fELF", "ELF"),
        (b"", ""),
    ],
    ids=["pe", "dos", "mach-o", "fat", "java-class", "elf", "empty"],
)
def test_detect(data: bytes, kind: str) -> None:
    """Formats are told by their first bytes; what is recognised and not read says so."""
    assert executable.detect(memoryview(data)) == kind
    if kind == "Mach-O":
        with pytest.raises(Unsupported):
            parse(data)
