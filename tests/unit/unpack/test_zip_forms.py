"""Zip: methods, encryption told per member, split archives, and every place where a program can be hidden."""

from __future__ import annotations

import struct

import pytest

from fwverify.formats import zip_archive
from fwverify.unpack.containers.zip_archive import CONTAINER
from fwverify.unpack.interface import Member, Unread
from tests.unit.unpack.hiding import PLANT, searched
from tests.unit.unpack.opened import opened
from tests.vectors.makers.archive_forms import ENCRYPTED, PACKERS, described, zip_field, zip_part
from tests.vectors.makers.archives import OTHER, TEXT, ZipPart, zip_bytes

NOTE = ZipPart(b"notes.txt", OTHER, 0)


@pytest.mark.parametrize("method", PACKERS)
def test_methods(method: int) -> None:
    """Each method that is read gives the content back; damage in it is that member's alone."""
    data = zip_bytes([zip_part(b"x", method), NOTE])
    seen = opened(CONTAINER, data)
    assert seen.members == {"x": TEXT, "notes.txt": OTHER}
    assert (seen.unclaimed, seen.oddities, seen.failed, seen.unread) == ((), [], [], [])
    broken = bytearray(data)
    broken[31 + len(PACKERS[method](TEXT)) // 2] ^= 0xFF
    seen = opened(CONTAINER, bytes(broken))
    assert seen.members["notes.txt"] == OTHER
    assert seen.unread or seen.failed


@pytest.mark.parametrize("how", ENCRYPTED)
def test_encrypted_members(how: str) -> None:
    """Which encryption is said, the bytes are left over, the rest goes on."""
    seen = opened(CONTAINER, zip_bytes([ENCRYPTED[how], NOTE]))
    (unread,) = seen.of(Unread)
    assert (unread.reason.value, unread.member) == ("encrypted", "secret")
    assert how in unread.detail
    assert seen.members == {"notes.txt": OTHER}
    assert seen.unclaimed[0].size in (40, 60)


@pytest.mark.parametrize("layout", ["<III", "<IQQ"])
@pytest.mark.parametrize("mark", [False, True])
def test_data_descriptors(layout: str, mark: bool) -> None:
    """All four shapes are claimed; one that says otherwise is told."""
    data = zip_bytes([described(b"x", layout, mark), NOTE])
    assert opened(CONTAINER, data).unclaimed == ()
    wrong = described(b"x", layout, mark)
    wrong.behind = wrong.behind[:-1] + b"\x77"
    assert "headers-disagree" in opened(CONTAINER, zip_bytes([wrong, NOTE])).oddities


def test_how_an_archive_is_known() -> None:
    """By its first bytes, or by an end record that ends with the bytes and has its directory before it."""
    for whole in (zip_bytes([NOTE]), zip_bytes([NOTE], before=TEXT, comment=b"PK\5\6 in a comment"), zip_bytes([])):
        assert zip_archive.looks_like(memoryview(whole))
    for other in (TEXT + b"PK\5\6" + bytes(18), zip_bytes([NOTE], before=TEXT) + b"behind", TEXT + b"PK\5\6"):
        assert not zip_archive.looks_like(memoryview(other))


def with_zip64(between: bytes, size: int | None = None) -> bytes:
    """An archive with Zip64 records and bytes between them."""
    plain = zip_bytes([NOTE])
    at = plain.index(b"PK\5\6")
    amount, offset = struct.unpack_from("<II", plain, at + 12)
    wide = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44 if size is None else size, 45, 45, 0, 0, 1, 1, amount, offset)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return plain[:at] + wide + between + struct.pack("<4sIQI", b"PK\6\7", 0, at, 1) + end


def test_zip64_records_end_where_they_say() -> None:
    """Bytes between the end record and its locator belong to the record or to nobody."""
    assert opened(CONTAINER, with_zip64(b"")).members == {"notes.txt": OTHER}
    assert searched(CONTAINER, with_zip64(PLANT))
    assert searched(CONTAINER, with_zip64(PLANT, 44 + len(PLANT)))


FOLDER, LINK, DEVICE = 0o40755 << 16, 0o120777 << 16, 0o60644 << 16
HIDING = {
    "in front": zip_bytes([NOTE], before=PLANT),
    "behind": zip_bytes([NOTE]) + PLANT,
    "between members": zip_bytes([NOTE, ZipPart(b"b")], between=PLANT),
    "in the comment": zip_bytes([NOTE], comment=PLANT),
    "in a member's comment": zip_bytes([ZipPart(b"a", note=PLANT)]),
    "in an extra field": zip_bytes([ZipPart(b"a", extra=zip_field(0x4242, PLANT))]),
    "in a local extra field": zip_bytes([ZipPart(b"a", local_extra=zip_field(0x4242, PLANT))]),
    "in a field of times": zip_bytes([ZipPart(b"a", local_extra=zip_field(0x5455, PLANT))]),
    "in a second name": zip_bytes([ZipPart(b"a", extra=zip_field(0x7075, b"\1\0\0\0\0" + PLANT))]),
    "behind the extra fields": zip_bytes([ZipPart(b"a", local_extra=b"\xff\xff\xff\xff" + PLANT)]),
    "in a local name": zip_bytes([ZipPart(b"a", local={"name": PLANT})]),
    "in a folder": zip_bytes([ZipPart(b"a/", b"", 0, attributes=FOLDER, packed=PLANT)]),
    "in a folder with a size": zip_bytes([ZipPart(b"a/", PLANT, 0, attributes=FOLDER)]),
    "as the target of a link": zip_bytes([ZipPart(b"a", PLANT, 0, attributes=LINK)]),
    "in a device": zip_bytes([ZipPart(b"a", b"", 0, attributes=DEVICE, packed=PLANT)]),
    "in an encrypted member": zip_bytes([ZipPart(b"a", PLANT, 0, flags=1)]),
    "in a method nobody reads": zip_bytes([ZipPart(b"a", PLANT, 98, packed=PLANT)]),
    "behind a stream": zip_bytes([ZipPart(b"a", TEXT, 93, packed=PACKERS[93](TEXT) + PLANT)]),
    "longer than declared": zip_bytes([ZipPart(b"a", TEXT, 0, packed=TEXT + PLANT)]),
    "where a descriptor should be": zip_bytes([ZipPart(b"a", TEXT, 0, flags=8, behind=PLANT)]),
    "in a member that overlaps": zip_bytes([ZipPart(b"a", PLANT, 0), ZipPart(b"b", TEXT, 0, same_place_as=0)]),
    "in a member without an entry": zip_bytes([ZipPart(b"a", PLANT, 0)])[: 31 + len(PLANT)] + zip_bytes([NOTE]),
    "in a directory's signature": zip_bytes([NOTE]).replace(
        b"PK\5\6", b"PK\5\5" + struct.pack("<H", len(PLANT)) + PLANT + b"PK\5\6"
    ),
}  # fmt: skip


@pytest.mark.parametrize("place", HIDING)
def test_program_in_every_free_place(place: str) -> None:
    """A program where nobody reads comes out to be looked into."""
    assert searched(CONTAINER, HIDING[place])


def test_fields_that_are_known() -> None:
    """A second name that is the first one again, times and owners are structure: nothing is left over."""
    fields = zip_field(0x5455, b"\1" + bytes(4)) + zip_field(0x7875, b"\1\4" + bytes(4) + b"\4" + bytes(4))
    same = zip_field(0x7075, b"\1" + bytes(4) + b"a-long-name-of-a-file.bin")
    data = zip_bytes([ZipPart(b"a-long-name-of-a-file.bin", extra=fields + same, local_extra=same)])
    seen = opened(CONTAINER, data)
    assert (seen.unclaimed, seen.oddities) == ((), [])
    assert [one.name for one in seen.of(Member)] == ["a-long-name-of-a-file.bin"]
