"""Cpio layouts: hard links, archives in a row, sums."""

from __future__ import annotations

import random

import pytest

from fwverify.formats import cpio
from fwverify.formats.entries import EntryKind
from fwverify.limits import Budget, LimitExceeded, Limits
from fwverify.model.examining import Malformed
from tests.vectors.makers.archives import CPIO_END, OTHER, TEXT, cpio_entry


def read(data: bytes) -> cpio.CpioArchive:
    return cpio.read(memoryview(data), Budget())


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 70_000])
def test_sum(size: int) -> None:
    """The quick sum is the sum."""
    for data in (random.Random(size).randbytes(size), b"\xff" * size):
        assert cpio.sum32(memoryview(data)) == sum(data) & 0xFFFFFFFF


def test_hard_links() -> None:
    """The name with content is the file, wherever it stands; equal inode numbers of another archive are other files."""
    pair = cpio_entry(b"a", inode=5, links=2) + cpio_entry(b"b", TEXT, inode=5, links=2) + CPIO_END
    other = cpio_entry(b"c", OTHER, inode=5, links=2) + cpio_entry(b"d", inode=5, links=2) + CPIO_END
    found = [(one.name, one.kind, one.target) for one in read(pair + other).entries]
    link, file = EntryKind.HARDLINK, EntryKind.FILE
    assert found == [("a", link, "b"), ("b", file, ""), ("c", file, ""), ("d", link, "c")]


def test_empty_hard_links() -> None:
    """Of names without any content the first is the (empty) file."""
    found = read(cpio_entry(b"a", inode=5, links=2) + cpio_entry(b"b", inode=5, links=2) + CPIO_END).entries
    assert [(one.name, one.kind) for one in found] == [("a", EntryKind.FILE), ("b", EntryKind.HARDLINK)]


def test_device_with_content_is_a_file() -> None:
    """Content is not hidden behind a type that has none."""
    (entry,) = read(cpio_entry(b"dev/x", TEXT, 0o20600) + CPIO_END).entries
    assert entry.kind is EntryKind.FILE
    assert entry.irregularities[0].kind.value == "headers-disagree"


def test_what_stops_the_reading() -> None:
    """Damage, another form within the archive and limits end it; entries before stay."""
    one = cpio_entry(b"a", TEXT)
    octal = b"070707" + b"0" * 200
    for rest, kind in ((b"0" * 110, Malformed), (octal, Malformed), (one[:50], Malformed)):
        archive = read(one + rest)
        assert [entry.name for entry in archive.entries] == ["a"]
        assert isinstance(archive.problem, kind)
    long_name = cpio_entry(b"n" * 5000, TEXT)
    archive = read(one + long_name + CPIO_END)
    assert [entry.name for entry in archive.entries] == ["a"]
    assert isinstance(archive.problem, LimitExceeded)


def test_more_members_than_a_run_may_have() -> None:
    """None of them is opened."""
    with pytest.raises(LimitExceeded, match="max_members"):
        cpio.read(memoryview(cpio_entry(b"a", TEXT) * 3 + CPIO_END), Budget(Limits(max_members=2)))


def test_name_with_a_zero_inside() -> None:
    """Readers that stop at the zero see another name: told."""
    (entry,) = read(cpio_entry(b"a\0b", TEXT) + CPIO_END).entries
    assert entry.irregularities[0].kind.value == "headers-disagree"
