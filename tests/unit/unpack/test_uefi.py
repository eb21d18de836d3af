"""UEFI volumes, sections, flash images, capsules: names, claims, and what is hidden in them."""

from __future__ import annotations

import contextlib
import random
import struct

import pytest

from fwverify.formats import tiano, uefi_packed, uefi_volume
from fwverify.formats.codecs import Progress
from fwverify.limits import Budget, LimitExceeded, Limits
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed
from fwverify.unpack.containers.intel_flash import CONTAINER as INTEL
from fwverify.unpack.containers.uefi_capsule import CONTAINER as CAPSULE
from fwverify.unpack.containers.uefi_flash import CONTAINER as FLASH
from fwverify.unpack.containers.uefi_sections import CONTAINER as SECTIONS
from fwverify.unpack.containers.uefi_volume import CONTAINER as VOLUME
from fwverify.unpack.interface import Check, Container, Part, PartUse
from tests.unit.unpack.opened import Seen, artifact, opened
from tests.vectors.build import ROOT
from tests.vectors.makers import uefi as made
from tests.vectors.makers.uefi import CODE, ELF, FILE, NOISE, OTHER, PE, ffs, pad, section, sections, ui, volume

CUT = 24
"""Bytes of a planted program that may be taken for the format's own fields (a file header, say)."""


def hides(seen: Seen, data: bytes) -> bool:
    """Some structure claims the middle of the planted program."""
    start = data.index(ELF)
    middle = ByteRange(start + CUT, start + len(ELF) - CUT)
    return any(one.range.intersects(middle) for one in seen.of(Part) if one.use is not PartUse.PADDING)


def test_a_sound_volume_is_accounted_for() -> None:
    """Names from GUID and name section; nothing unclaimed but fill; every sum holds."""
    data = volume(ffs(made.driver(), attributes=0x40), pad(b"\xff" * 100), ffs(NOISE[:50], 1, OTHER))
    seen = opened(VOLUME, data)
    assert seen.members == {f"{FILE} (Vectors)/pe32": PE, f"{OTHER}/raw": NOISE[:50]}
    assert seen.failed == [] and seen.oddities == [] and seen.unread == [] and seen.problem is None
    assert all(set(data[one.start : one.end]) <= {0, 255} for one in seen.unclaimed)
    assert seen.facts == {"file-system": "FFS 2"}
    assert [one.name for one in seen.of(Check)] == ["volume header", "headers of 3 files"]


@pytest.mark.parametrize(
    "data",
    [
        volume(ffs(made.driver()), pad(b"\xff" * 8 + ELF)),
        volume(ffs(made.driver()), ffs(ELF, 1, OTHER, state=0x17)),
        volume(ffs(made.driver()), ffs(ELF, 1, OTHER, state=0x03)),
        volume(ffs(made.driver()), size=4096)[:-700] + ELF + b"\xff" * 100,
        volume(ffs(made.driver()), extended=made.extended_header((2, made.guid(FILE) + ELF))),
        volume(ffs(made.driver()), extended=made.extended_header((77, ELF))),
        volume(ffs(made.driver()), blocks=ELF),
        volume(ffs(section(0x15, made.text("Name") + ELF))),
        volume(ffs(section(0x14, b"\1\0" + made.text("1.0") + ELF))),
        volume(ffs(section(0x13, made.DEPEX + ELF))),
        volume(ffs(made.guided(made.CRC32, made.driver(), b"\0\0\0\0" + ELF, 2))),
        volume(ffs(sections(made.driver(), ELF))),
        volume(ffs(b"", 0x77, OTHER), ffs(ELF, 0x77)),
        volume(made.store(made.variable("Gone", ELF, 0x3D)), system=made.NVRAM),
        volume(made.store(made.variable("X", b"1"), size=2048)[:-700] + ELF + b"\xff" * 100, system=made.NVRAM),
        volume(made.store(behind=made.working_block() + ELF), system=made.NVRAM),
        volume(made.store(behind=b"\xff" * 100 + ELF), system=made.NVRAM),
    ],
    ids=[
        "padding file", "deleted file", "unfinished file", "free space", "extended header", "unknown entry",
        "behind the block map", "behind a name", "behind a version", "behind a dependency", "beside a CRC",
        "behind the last section", "file of an unknown type", "deleted variable", "store's free space", "write queue",
        "behind the store",
    ],
)  # fmt: skip
def test_planted_in_a_volume(data: bytes) -> None:
    """No structure swallows a program: it is a member, or nobody's."""
    seen = opened(VOLUME, data)
    assert not hides(seen, data)
    inside = any(ELF in one for one in seen.members.values())
    where = data.index(ELF)
    whole = ByteRange(where + CUT, where + len(ELF) - CUT)
    assert inside or any(one.start <= whole.start and whole.end <= one.end for one in seen.unclaimed)


@pytest.mark.parametrize(
    ("method", "kind"), [("efi", "efi"), ("tiano", "tiano"), ("lzma", "lzma"), ("lzma-x86", "lzma-x86")]
)
def test_planted_behind_a_packed_stream(method: str, kind: str) -> None:
    """Bytes behind the end of a packed stream are nobody's, even where its header says that they belong to it."""
    data = (ROOT / "containers" / "uefi_volume" / "valid" / method / "input").read_bytes()
    seen = opened(VOLUME, data)
    stream = seen.members[f"{FILE}/{kind}"]
    (place,) = next(one.ranges for one in seen.of(object) if getattr(one, "name", "") == f"{FILE}/{kind}")
    packed = data[place.start : place.end]
    if kind in ("efi", "tiano"):  # the header lies
        packed = struct.pack("<I", len(packed) - 8 + len(ELF)) + packed[4:]
    if kind == "efi":
        body = made.compression(1, len(stream), packed + ELF)
    else:
        body = made.guided({"tiano": made.TIANO, "lzma": made.LZMA, "lzma-x86": made.F86}[kind], packed + ELF)
    data = volume(ffs(body))
    seen = opened(VOLUME, data)
    assert seen.members == {f"{FILE}/{kind}": stream}
    claimed = [one for member in seen.of(object) if hasattr(member, "ranges") for one in member.ranges]
    where = data.index(ELF)
    assert not any(one.intersects(ByteRange(where + 8, where + len(ELF))) for one in claimed)


@pytest.mark.parametrize(
    ("container", "data"),
    [
        (FLASH, volume(ffs(made.driver())) + ELF + volume(ffs(made.driver()))),
        (FLASH, volume(ffs(made.driver())) + b"\xff" * 600 + ELF),
        (INTEL, made.descriptor((0, 0), (1, 1), straps=ELF) + NOISE[:600].ljust(4096, b"\xff")),
        (INTEL, made.descriptor((0, 0), (2, 2)) + ELF.ljust(4096, b"\xff") + NOISE[:600].ljust(4096, b"\xff")),
        (CAPSULE, made.capsule("14eebb90-890a-43db-aed1-5d3c4588a418", NOISE, 2000, between=ELF)),
        (CAPSULE, made.capsule("14eebb90-890a-43db-aed1-5d3c4588a418", NOISE) + ELF),
        (SECTIONS, sections(section(0x10, PE), section(3, section(0x15, made.text("Name") + ELF)))),
    ],
    ids=["between", "behind", "straps", "between regions", "capsule header", "behind a capsule", "disposable"],
)
def test_planted_elsewhere(container: Container, data: bytes) -> None:
    """The same for flash images, descriptors, capsules and streams."""
    assert container.detect(artifact(data))
    seen = opened(container, data)
    assert not hides(seen, data)
    inside = any(ELF in one for one in seen.members.values())
    where = data.index(ELF)
    assert inside or any(one.start <= where and where + len(ELF) <= one.end for one in seen.unclaimed)


def test_text_that_is_none_becomes_a_member() -> None:
    """A name with a control character, an unpaired surrogate or without an end is data; a slash is escaped."""
    for raw in ("a\nb".encode("utf-16-le") + b"\0\0", b"\x00\xd8\0\0", "ab".encode("utf-16-le")):
        assert opened(SECTIONS, sections(section(0x10, PE), section(0x15, raw))).members == {"pe32": PE, "ui": raw}
    assert set(opened(SECTIONS, sections(section(0x10, PE), ui("a/b %"))).members) == {"a%2Fb %25/pe32"}


def test_repeated_sections_are_numbered() -> None:
    """Names within a file are unique."""
    body = sections(section(0x10, PE), section(0x10, PE + b"2"), section(0x19, NOISE[:9]))
    assert set(opened(VOLUME, volume(ffs(body))).members) == {f"{FILE}/pe32", f"{FILE}/pe32-2", f"{FILE}/raw"}


def test_one_bad_file_leaves_the_others() -> None:
    """A checksum that fails does not end the reading when a sound header follows."""
    data = volume(ffs(made.driver(), header_off=1), ffs(made.driver(), name=OTHER))
    seen = opened(VOLUME, data)
    assert seen.failed == [f"{FILE}: header"] and len(seen.members) == 2 and seen.problem is None


def test_headers_that_contradict_themselves() -> None:
    """A block map of another length, a reserved byte: told, and read on."""
    data = bytearray(volume(ffs(made.driver())))
    data[56] += 1
    seen = opened(VOLUME, bytes(data))
    assert seen.oddities == ["headers-disagree"] and seen.failed == ["volume header"] and seen.members
    assert opened(VOLUME, volume(ffs(made.driver()), reserved=1)).oddities == ["headers-disagree"]


def test_reset_vector() -> None:
    """Code in the first 16 bytes is a member."""
    seen = opened(VOLUME, volume(ffs(made.driver()), vector=NOISE[:16]))
    assert seen.members["reset-vector"] == NOISE[:16]


def test_detection_tells_a_volume_from_a_flash_image() -> None:
    """Exactly one of the two takes what begins with a volume."""
    alone = volume(ffs(made.driver()))
    for data, flash in ((alone, False), (alone + b"\xff" * 512, True), (alone + alone, True), (alone[:-1], False)):
        assert FLASH.detect(artifact(data)) is flash and VOLUME.detect(artifact(data)) is not flash


def test_carving() -> None:
    """Only a volume whose checksum and block map hold is found; its end is where it says, or where the bytes end."""
    assert VOLUME.carve is not None and INTEL.carve is not None
    data = NOISE[:333] + volume(ffs(made.driver())) + NOISE[:99]
    looked: list[int] = []
    assert VOLUME.carve.end(memoryview(data), 333, looked.append) == len(data) - 99 and sum(looked) > 0
    assert VOLUME.carve.end(memoryview(data), 332, looked.append) == 0
    broken = data.replace(b"_FVH\xff", b"_FVH\xfe")
    assert VOLUME.carve.end(memoryview(broken), 333, looked.append) == 0
    assert VOLUME.carve.end(memoryview(data[:800]), 333, looked.append) == 800
    image = NOISE[:32] + made.descriptor((0, 0), (1, 1)) + NOISE.ljust(5000, b"\0")
    assert INTEL.carve.end(memoryview(image), 32, looked.append) == 32 + 8192


def test_false_finds() -> None:
    """Signatures in code and text begin nothing."""
    chance = random.Random(1)
    view = memoryview(b"".join(chance.randbytes(40) + b"_FVH" + chance.randbytes(60) for _ in range(20_000)))
    assert not any(uefi_volume.end(view, at) for at in range(0, len(view), 104))


def test_first_generation_descriptor() -> None:
    """A table of eight entries: what lies behind it is no region."""
    data = made.descriptor((0, 0), (1, 1), masters=0x60) + NOISE.ljust(4096, b"\xff")
    data = data[:0x60] + b"\x01\x00\x01\x00" * 8 + data[0x80:]
    assert set(opened(INTEL, data).members) == {"bios"}


def test_x86_filter() -> None:
    """What liblzma's encoder makes of code comes back, in one piece or many."""
    code = CODE * 900 + b"\xe8"
    coded = made.x86_encoded(code)
    assert coded != code
    for step in (1 << 20, 70_000, 65_536, 1000):
        chunks = (coded[at : at + step] for at in range(0, len(coded), step))
        assert b"".join(uefi_packed.x86_decoded(chunks)) == code


def stream(variant: str) -> bytes:
    data = (ROOT / "containers" / "uefi_volume" / "valid" / variant / "input").read_bytes()
    seen = opened(VOLUME, data)
    (place,) = next(one.ranges for one in seen.of(object) if getattr(one, "name", "") == f"{FILE}/{variant}")
    return data[place.start : place.end]


@pytest.mark.parametrize(("name", "variant"), [("efi", tiano.EFI), ("tiano", tiano.TIANO)])
def test_damaged_tiano(name: str, variant: int) -> None:
    """Cut or damaged streams are Malformed, or give bytes; never another exception."""
    good, chance = stream(name), random.Random(2)
    for size in range(len(good)):
        with pytest.raises(Malformed):
            tiano.unpacked(memoryview(good[:size]), variant, Budget())
    for _ in range(500):
        data = bytearray(good)
        for _ in range(3):
            data[chance.randrange(8, len(data))] ^= 1 << chance.randrange(8)
        with contextlib.suppress(Malformed):
            tiano.unpacked(memoryview(bytes(data)), variant, Budget())


def test_blocks_whose_symbols_take_no_bits() -> None:
    """One literal, then one match for ever: 8 bytes that make megabytes are made at once, and right."""

    def block(symbol: int, count: int) -> str:
        fields = ((count, 16), (0, 5), (0, 5), (0, 9), (symbol, 9), (0, 4), (1, 4))
        return "".join(format(value, f"0{width}b") for value, width in fields)

    text = block(65, 1) + block(66, 3) + block(256 + 40, 50_000)
    packed = int(text.ljust(-(-len(text) // 8) * 8, "0"), 2).to_bytes(-(-len(text) // 8), "big")
    stream = struct.pack("<II", len(packed), 1_000_001) + packed
    out, end = tiano.unpacked(memoryview(stream), tiano.EFI, Budget())
    assert out == b"ABBB" + b"B" * 999_997 and end == len(stream)


def test_tiano_limits() -> None:
    """A declared size beyond the limits is refused before anything is unpacked."""
    head = struct.pack("<II", 30, 1 << 31) + NOISE[:30]
    with pytest.raises(LimitExceeded):
        tiano.unpacked(memoryview(head), tiano.EFI, Budget(Limits(max_member_bytes=1 << 20)))


def test_brotli_bounds() -> None:
    """Bytes behind the stream, a wrong size and a cut stream are Malformed; a wrong one never gives content."""
    good = made.brotli_packed(NOISE + bytes(100_000))
    bad = (good + ELF, good[:-1], struct.pack("<Q", 5) + good[8:], good[:30] + b"\xff" * 9 + good[39:])
    for data in (good, *bad):
        span, progress = ByteRange(0, len(data)), Progress(0)
        if data is good:
            got = b"".join(uefi_packed.unbrotli(memoryview(data), span, Budget(), progress))
            assert got == NOISE + bytes(100_000) and progress.end == len(data)
        else:
            with pytest.raises(Malformed):
                list(uefi_packed.unbrotli(memoryview(data), span, Budget(), progress))
