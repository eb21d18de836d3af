"""Zip layouts: what the directory says, and what a reader that believes the local headers would see."""

from __future__ import annotations

import io
import zipfile

import pytest

from fwverify.formats import zip_archive
from fwverify.formats.entries import EntryKind
from fwverify.limits import Budget, LimitExceeded, Limits
from fwverify.model.evidence import AnomalyKind
from fwverify.model.examining import Encrypted, Malformed, Unsupported
from tests.vectors.makers.archives import OTHER, TEXT, ZipPart, zip_bytes


def read(data: bytes) -> zip_archive.ZipArchive:
    return zip_archive.read(memoryview(data), Budget())


def test_entries_and_content() -> None:
    """Every method of Python's writer comes back whole, with its CRC."""
    out = io.BytesIO()
    methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    with zipfile.ZipFile(out, "w") as archive:
        for method in methods:
            archive.writestr(f"{method}.bin", TEXT * 50, method)
    view = memoryview(out.getvalue())
    found = list(zip_archive.entries(view, Budget()))
    assert [one.name for one in found] == [f"{one}.bin" for one in methods]
    for one in found:
        content = zip_archive.content(view, one, Budget())
        assert content == TEXT * 50
        assert zip_archive.crc32(content) == one.crc
    assert [one.stored for one in found] == [True, False, False, False]


def test_a_pipe_with_content_is_a_file() -> None:
    """A mode that says "pipe" or "folder" does not hide content."""
    for mode in (0o10600, 0o40755, 0o60600):
        (entry,) = read(zip_bytes([ZipPart(b"-", attributes=mode << 16)])).entries
        assert entry.kind is EntryKind.FILE


def test_target_of_a_link() -> None:
    """A link's content is its target."""
    (entry,) = read(zip_bytes([ZipPart(b"l", b"app.bin", 8, attributes=0o120777 << 16)])).entries
    assert (entry.kind, entry.target) == (EntryKind.SYMLINK, "app.bin")


@pytest.mark.parametrize(
    "local", [{"name": b"b"}, {"method": 0}, {"crc": 7}, {"size": 1}, {"flags": 1}], ids=lambda one: next(iter(one))
)
def test_local_header_that_differs(local: dict[str, object]) -> None:
    """Each field in which the local header differs from the directory is told."""
    (entry,) = read(zip_bytes([ZipPart(b"a", local=local)])).entries
    assert [one.kind for one in entry.irregularities] == [AnomalyKind.HEADER_DISAGREES]


def test_overlapping_members_are_not_unpacked() -> None:
    """Three hundred names for one packed content give it once: no bomb."""
    bomb = [ZipPart(b"0", bytes(1 << 14))] + [
        ZipPart(b"%d" % one, bytes(1 << 14), same_place_as=0) for one in range(1, 300)
    ]
    archive = read(zip_bytes(bomb))
    assert sum(one.unreadable is None for one in archive.entries) == 1
    assert all(any(i.kind is AnomalyKind.OVERLAP for i in one.irregularities) for one in archive.entries[1:])


def test_limits() -> None:
    """A declared size and a count are refused before anything is unpacked."""
    data = memoryview(zip_bytes([ZipPart(b"a", bytes(100_000)), ZipPart(b"b", OTHER)]))
    small = Budget(Limits(max_member_bytes=99_999))
    with pytest.raises(LimitExceeded, match="max_member_bytes"):
        zip_archive.content(data, next(zip_archive.entries(data, small)), small)
    with pytest.raises(LimitExceeded, match="max_members"):
        zip_archive.read(data, Budget(Limits(max_members=1)))
    steep = Budget(Limits(ratio_floor_bytes=1000, max_ratio=10))
    with pytest.raises(LimitExceeded, match="max_ratio"):
        zip_archive.content(data, next(zip_archive.entries(data, steep)), steep)


def test_unread_members_say_why() -> None:
    """Encryption and rare methods are named."""
    data = memoryview(zip_bytes([ZipPart(b"a", flags=1, method=0), ZipPart(b"b", method=9)]))
    first, second = zip_archive.entries(data, Budget())
    with pytest.raises(Encrypted):
        zip_archive.content(data, first, Budget())
    with pytest.raises(Unsupported, match="Deflate64"):
        zip_archive.content(data, second, Budget())


def test_bytes_behind_compressed_data() -> None:
    """Bytes hidden between the end of the deflate stream and the end of the member are not passed over."""
    data = bytearray(zip_bytes([ZipPart(b"a", TEXT), ZipPart(b"b", OTHER, method=0)]))
    first = read(bytes(data)).entries[0]
    span = first.ranges[0]
    # the same stream, but the member's last bytes belong to nothing: an early final block
    data[span.start : span.end] = (b"\x03\x00" + bytes(span.size))[: span.size]
    with pytest.raises(Malformed):
        zip_archive.content(memoryview(bytes(data)), first, Budget())


def test_two_end_records() -> None:
    """A comment that holds another end record makes readers differ."""
    for comment in (zip_bytes([]) + b"!", zip_bytes([]), b"PK\5\6" + b"\xff" * 18):
        archive = read(zip_bytes([ZipPart(b"a")], comment=comment))
        assert AnomalyKind.HEADER_DISAGREES in {one.kind for one in archive.irregularities}


@pytest.mark.parametrize("data", [b"", b"PK\3\4" + bytes(40), b"PK\5\6" + b"\xff" * 18])
def test_no_archive(data: bytes) -> None:
    """What has no directory is malformed or a part of a split archive."""
    with pytest.raises((Malformed, Unsupported)):
        read(data)


def test_looks_like() -> None:
    """Known by its head, or by an end record at its very tail whose directory is where it says."""
    plain = zip_bytes([ZipPart(b"a")])
    assert zip_archive.looks_like(memoryview(plain))
    assert zip_archive.looks_like(memoryview(b"MZ" + bytes(100) + plain))
    assert not zip_archive.looks_like(memoryview(b"MZ" + bytes(100) + plain[-22:]))
