"""Tar layouts: numbers, extended headers, sparse maps, and where an archive ends."""

from __future__ import annotations

import pytest

from fwverify.formats import tar_archive, tar_extensions
from fwverify.formats.cursor import Cursor
from fwverify.formats.entries import EntryKind
from fwverify.limits import Budget, LimitExceeded, Limits
from fwverify.model.examining import Malformed
from tests.vectors.makers.archives import OTHER, TAR_END, TEXT, tar_entry, tar_header


def read(data: bytes, budget: Budget | None = None) -> tar_archive.TarArchive:
    return tar_archive.read(memoryview(data), budget or Budget())


@pytest.mark.parametrize(
    ("raw", "value"),
    [(b"0000644\0", 0o644), (b"   644 \0", 0o644), (bytes(8), 0), (b"\x80" + bytes(3) + b"\1\0\0\0", 1 << 24)],
)
def test_numbers(raw: bytes, value: int) -> None:
    """Octal with blanks, empty, and base 256."""
    assert tar_extensions.number(memoryview(raw), "size") == value


@pytest.mark.parametrize("raw", [b"12x\0", b"\xff" * 12, b"9\0"])
def test_numbers_that_are_none(raw: bytes) -> None:
    """Digits that are not octal and negative values are malformed."""
    with pytest.raises(Malformed):
        tar_extensions.number(memoryview(raw), "size")


def test_pax_records() -> None:
    """Values may hold anything, line ends included; the length rules."""
    assert tar_extensions.records(b"11 a=x\ny=z\n8 bb=cc\n", 0) == {"a": b"x\ny=z", "bb": b"cc"}


@pytest.mark.parametrize("body", [b"x", b"9 a=b\n", b"3 a", b"0 a=b\n", b"5 ab\n", b"99999999999999999999999 a=b\n"])
def test_damaged_pax_records(body: bytes) -> None:
    """A record that does not end where it says is malformed."""
    with pytest.raises(Malformed):
        tar_extensions.records(body, 0)


def test_sparse_map_must_fit() -> None:
    """Pieces that overlap, leave the file or do not add up are refused."""
    assert tar_extensions.checked([(0, 4), (8, 2)], 10, 6, 0) == ((0, 4), (8, 2))
    for pieces, full, stored in (([(0, 4), (2, 4)], 10, 8), ([(8, 4)], 10, 4), ([(0, 4)], 10, 5)):
        with pytest.raises(Malformed):
            tar_extensions.checked(pieces, full, stored, 0)


def test_sparse_map_count_is_checked_first() -> None:
    """A map that declares more pieces than its bytes can hold is refused before it is read."""
    body = b"99999999999\n" + bytes(500)
    with pytest.raises(Malformed, match="pieces in"):
        tar_extensions.map_in_content(Cursor(body, "tar archive"), len(body))


def test_entries_before_the_damage_are_given() -> None:
    """What stops the reading is raised after the sound entries."""
    found = []
    with pytest.raises(Malformed, match="no end marker"):
        for one in tar_archive.entries(memoryview(tar_entry(b"a", TEXT)), Budget()):
            found.append(one.name)
    assert found == ["a"]


def test_links_have_no_content() -> None:
    """A link that declares a size is told and takes no bytes."""
    head = tar_header(b"l", 600, b"2", b"a")
    archive = read(head + tar_entry(b"a", OTHER) + TAR_END)
    assert [(one.name, one.kind) for one in archive.entries] == [("l", EntryKind.SYMLINK), ("a", EntryKind.FILE)]
    assert [one.kind.value for one in archive.entries[0].irregularities] == ["headers-disagree"]


def test_absolute_links_in_a_root_file_system() -> None:
    """A link to a top folder of the archive is how root file systems are made; one to a folder it lacks leaves it."""
    system = tar_entry(b"bin/", flag=b"5") + tar_entry(b"init", flag=b"2", link=b"/bin/busybox")
    archive = read(system + tar_entry(b"out", flag=b"2", link=b"/etc/passwd") + TAR_END)
    told = {one.name: [i.kind.value for i in one.irregularities] for one in archive.entries}
    assert told == {"bin/": [], "init": [], "out": ["link-escape"]}


def test_limits() -> None:
    """Counts, names, extended headers and sizes have bounds."""
    two = tar_entry(b"a", TEXT) + tar_entry(b"b", TEXT) + TAR_END
    with pytest.raises(LimitExceeded, match="max_members"):
        read(two, Budget(Limits(max_members=1)))  # none of them is opened
    long_name = tar_entry(b"././@LongLink", b"n" * 5000 + b"\0", b"L") + tar_entry(b"a", TEXT) + TAR_END
    assert isinstance(read(long_name).problem, LimitExceeded)
    small = Budget(Limits(max_member_bytes=10))
    with pytest.raises(LimitExceeded):
        tar_archive.content(memoryview(two), read(two).entries[0], small)


@pytest.mark.parametrize("size", [b"-0000001000", b"-0000000777", b"+0000000000", b" 0000000_00", b"\x80" + bytes(10)])
def test_sizes_that_only_look_like_numbers(size: bytes) -> None:
    """No size leads backwards: an extended header in front of itself would be counted for ever."""
    head = bytearray(tar_entry(b"a", b"", b"x")[:512])
    head[124:136] = size + b"\0"
    head[148:156] = b"        "
    head[148:156] = b"%06o\0 " % sum(head)
    archive = read(bytes(head) * 3 + TAR_END)
    assert archive.problem is not None or not archive.entries


def test_zero_blocks_behind_the_marker_are_padding() -> None:
    """However many zeros follow, they belong to the end; the first other byte does not."""
    archive = read(tar_entry(b"a", TEXT) + bytes(3 << 20) + b"x")
    assert archive.problem is None
    (told,) = archive.irregularities
    assert told.range is not None
    assert (told.range.start, told.range.size) == (1024 + (3 << 20), 1)
