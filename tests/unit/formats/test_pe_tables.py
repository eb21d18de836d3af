"""PE and TE images: sound ones are read, every other one is a named problem."""

from __future__ import annotations

import struct

import pytest

from fwverify.formats import executable, pe_tables
from fwverify.formats.clr_metadata import assembly
from fwverify.model.examining import Malformed
from tests.vectors.makers import pe_images
from tests.vectors.makers.pe_images import AMD64, ARM64, EFI_APPLICATION, EFI_DRIVER, I386, Image

LIBRARY = pe_images.library(pe_images.OPENSSL).bytes()
SMALL = pe_images.library(pe_images.OPENSSL, I386).bytes()
DRIVER = Image(ARM64, EFI_DRIVER).te()
NET = pe_images.assembly(b"Acme.Codec", {"ProductVersion": "4.1.2"}, (4, 0, 0, 0)).bytes()


def parse(data: bytes) -> executable.Executable:
    return executable.parse(memoryview(data))


@pytest.mark.parametrize(("data", "machine", "bits"), [(LIBRARY, "x86_64", 64), (SMALL, "i386", 32)])
def test_library(data: bytes, machine: str, bits: int) -> None:
    """Imports and the version resource of a library are read."""
    seen = parse(data)
    assert not seen.problems
    assert (seen.format, seen.kind, seen.machine, seen.bits) == ("PE", "library", machine, bits)
    assert seen.needed == ("KERNEL32.dll",)
    assert seen.imported == ("ExitProcess", "GetLastError")
    assert dict(seen.version_info)["ProductVersion"] == "3.0.2"
    assert seen.address(0x1000 + (0x180000000 if bits == 64 else 0x10000000)) == 0x200


def test_efi() -> None:
    """Programs and drivers of UEFI are told by their subsystem, with PE and TE headers."""
    assert parse(Image(AMD64, EFI_APPLICATION, library=False).bytes()).kind == "efi-application"
    seen = parse(DRIVER)
    assert (seen.format, seen.kind, seen.machine, seen.problems) == ("TE", "efi-driver", "aarch64", ())
    assert executable.detect(memoryview(DRIVER)) == "TE"
    assert executable.detect(memoryview(b"VZ text that begins with two letters" * 4)) == ""


def test_assembly() -> None:
    """Name and version of an assembly come from its tables; the resource's release is another matter."""
    seen = parse(NET)
    assert (seen.assembly, dict(seen.version_info)["ProductVersion"]) == (("Acme.Codec", "4.0.0.0"), "4.1.2")


@pytest.mark.parametrize("data", [LIBRARY, SMALL, DRIVER, NET], ids=["library", "small", "te", "net"])
def test_every_truncation_is_a_problem(data: bytes) -> None:
    """No proper prefix of a sound image is sound, but those that end in the fill behind the last section's content."""
    sound = [size for size in range(68, len(data)) if executable.detect(memoryview(data)[:size])]
    assert [size for size in sound if not parse(data[:size]).problems] == []


@pytest.mark.parametrize("data", [LIBRARY, DRIVER, NET], ids=["library", "te", "net"])
def test_damage_never_escapes(data: bytes) -> None:
    """Any flipped bit gives an answer, with the structure or with problems."""
    for at in range(0, len(data) * 8, 11):
        damaged = bytearray(data)
        damaged[at // 8] ^= 1 << (at % 8)
        if executable.detect(memoryview(damaged)) in ("PE", "TE"):
            assert parse(bytes(damaged)).format in ("PE", "TE")


def patched(data: bytes, at: int, value: bytes) -> bytes:
    changed = bytearray(data)
    changed[at : at + len(value)] = value
    return bytes(changed)


OPTIONAL = 0x80 + 24
SECTIONS = OPTIONAL + 112 + 128


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (patched(LIBRARY, 0x84, b"\xff\xff"), "machine"),
        (patched(LIBRARY, 0x86, b"\0\0"), "sections"),
        (patched(LIBRARY, OPTIONAL, b"\x0c\x01"), "optional header"),
        (patched(LIBRARY, SECTIONS + 20, struct.pack("<I", 1 << 30)), "section 0 ends"),
        (patched(LIBRARY, SECTIONS + 20, struct.pack("<I", 0x10)), "begins in the headers"),
        (patched(LIBRARY, OPTIONAL + 16, struct.pack("<I", 1 << 30)), "entry point"),
        (patched(LIBRARY, OPTIONAL + 112 + 8, struct.pack("<I", 1 << 30)), "import table is not"),
        (patched(LIBRARY, OPTIONAL + 60, struct.pack("<I", 7)), "one file"),
        (patched(Image().bytes(), SECTIONS + 16, struct.pack("<II", 0, 0)), "hollow"),
        (Image(sections=[(".text", b"OpenSSL 3.0.2\n" * 40, pe_images.CODE_FLAGS)]).bytes(), "nothing but text"),
        (patched(LIBRARY, SECTIONS + 40 + 20, struct.pack("<I", 0x200)), "overlap"),
    ],
    ids=["machine", "count", "magic", "end", "headers", "entry", "imports", "size", "hollow", "text", "overlap"],
)
def test_named_problems(data: bytes, words: str) -> None:
    """Each way to be hollow or cut is told in words."""
    assert words in " ".join(parse(data).problems)


def test_appended() -> None:
    """Bytes behind the image are unexplained, with their place."""
    (hole,) = parse(LIBRARY + b"payload").unexplained
    assert (hole.start, hole.size) == (len(LIBRARY), 7)
    (hole,) = parse(DRIVER + b"payload").unexplained
    assert (hole.start, hole.size) == (len(DRIVER), 7)


def test_lost_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    """What LIEF returns is counted against the image's own table."""
    tables = pe_tables.read(memoryview(LIBRARY))
    tables.imports = 5
    monkeypatch.setattr(pe_tables, "read", lambda _: tables)
    assert parse(LIBRARY).problems == ("only 1 of 5 imported libraries could be read",)


def test_metadata_that_does_not_hold() -> None:
    """A .NET image whose metadata is damaged says so."""
    at = NET.index(b"BSJB")
    assert "no signature" in " ".join(parse(patched(NET, at, b"XXXX")).problems)
    assert "no names" in " ".join(parse(patched(NET, at + 48, bytes(4))).problems)  # a stream of no bytes
    with pytest.raises(Malformed):
        assembly(pe_tables.read(memoryview(patched(NET, at + 12, b"\xff\xff\0\0"))))
