"""Tar: all forms of sparse files, volumes, incremental lists, odd numbers, and where a program can be hidden."""

from __future__ import annotations

import pytest

from fwverify.formats import tar_archive
from fwverify.limits import Budget
from fwverify.model.examining import Malformed
from fwverify.unpack.containers.tar_archive import CONTAINER
from fwverify.unpack.interface import Member, MemberKind
from tests.unit.unpack.hiding import PLANT, searched
from tests.unit.unpack.opened import opened
from tests.vectors.makers.archive_forms import (
    DUMP,
    EXPANDED,
    FULL,
    PIECES,
    STORED,
    filled,
    pax,
    pax_record,
    sparse_old,
    sparse_pax,
    tar_block,
)
from tests.vectors.makers.archives import OTHER, TAR_END, TEXT, tar_entry

SPARSE = {
    "GNU": sparse_old(), "GNU with blocks": sparse_old(60), "pax 0.0": sparse_pax("0.0"), "pax 0.1": sparse_pax("0.1"),
    "pax 1.0": sparse_pax("1.0"),
}  # fmt: skip


@pytest.mark.parametrize("form", SPARSE)
def test_sparse_files(form: str) -> None:
    """Holes are zeros; every byte of the archive is claimed; the file behind comes out, too."""
    seen = opened(CONTAINER, SPARSE[form] + tar_entry(b"b", OTHER) + TAR_END)
    assert seen.members == {"hole.bin": EXPANDED, "b": OTHER}
    assert (seen.unclaimed, seen.oddities, seen.problem) == ((), [], None)
    assert [one.stored for one in seen.of(Member)] == [False, True]


@pytest.mark.parametrize(
    "records",
    [
        pax_record("GNU.sparse.numbytes", "4"),
        pax_record("GNU.sparse.offset", "9") + pax_record("GNU.sparse.numbytes", str(len(STORED))),
        pax_record("GNU.sparse.offset", "0") + pax_record("GNU.sparse.numbytes", "x"),
        b"",
    ],
    ids=["length alone", "behind the end", "no number", "no map"],
)
def test_sparse_maps_that_do_not_fit(records: bytes) -> None:
    """A map of pax 0.0 that cannot be is damage."""
    head = pax_record("GNU.sparse.size", str(len(STORED))) + pax_record("GNU.sparse.numblocks", str(len(PIECES)))
    data = pax(head + records) + tar_block(b"h", len(STORED), magic=b"ustar\x0000") + filled(STORED) + TAR_END
    seen = opened(CONTAINER, data)
    assert isinstance(seen.problem, Malformed)
    assert seen.members == {}


def test_other_volumes() -> None:
    """What began in another volume is a gap of its own, in both forms; its bytes are left over, the rest is read."""
    gnu = tar_block(b"x", len(OTHER), b"M", tail=bytes(24) + b"%011o\0" % 4096) + filled(OTHER)
    records = pax_record("GNU.volume.filename", "x") + pax_record("GNU.volume.offset", "4096")
    posix = pax(records) + tar_block(b"GNUFileParts/x.1", len(OTHER), magic=b"ustar\x0000") + filled(OTHER)
    for part in (gnu, posix):
        seen = opened(CONTAINER, part + tar_entry(b"b", TEXT) + TAR_END)
        assert (seen.unread, seen.members, seen.problem) == (["unsupported"], {"b": TEXT}, None)
        assert [one.size for one in seen.unclaimed] == [len(OTHER)]


def test_list_of_a_folder() -> None:
    """It is structure where it is a list, in a header of its own or in a record; otherwise content."""
    record = pax(pax_record("GNU.dumpdir", DUMP)) + tar_block(b"fw/", 0, b"5", b"ustar\x0000")
    for data in (tar_block(b"fw/", len(DUMP), b"D") + filled(DUMP), record, tar_block(b"fw/", 1, b"D") + bytes(512)):
        seen = opened(CONTAINER, data + TAR_END)
        assert [one.kind for one in seen.of(Member)] == [MemberKind.DIRECTORY]
        assert seen.unclaimed == ()
    (member,) = opened(CONTAINER, tar_block(b"fw/", 5, b"D") + filled(b"\x7fELF\0") + TAR_END).of(Member)
    assert member.kind is MemberKind.FILE


@pytest.mark.parametrize(
    ("size", "is_read"),
    [(b"\x80" + len(TEXT).to_bytes(11, "big"), True), (b"\x80" + (1 << 80).to_bytes(11, "big"), False),
     (b"\xff" * 12, False), (b"%12o" % len(TEXT), True), (b"%o \0" % len(TEXT), True), (b"00000000009\0", False)],
    ids=["base 256", "huge", "negative", "blanks in front", "short", "no octal"],
)  # fmt: skip
def test_numbers(size: bytes, is_read: bool) -> None:
    """Numbers as the many tars have written them."""
    archive = tar_archive.read(memoryview(tar_block(b"a", size) + filled(TEXT) + TAR_END), Budget())
    assert (archive.problem is None, [one.size for one in archive.entries]) == (is_read, [len(TEXT)] * is_read)


PLANTED = filled(PLANT)
TEXTLIKE = bytes(1 + (7 * one) % 250 for one in range(9000))
"""Bytes without a zero: what a packed program can look like."""
HIDING = {
    "behind the end": tar_entry(b"a", TEXT) + TAR_END + PLANT,
    "behind one block of zeros": tar_entry(b"a", TEXT) + bytes(512) + PLANTED + TAR_END,
    "in a folder": tar_block(b"fw/", len(PLANT), b"5") + PLANTED + TAR_END,
    "in a folder's list": tar_block(b"fw/", len(PLANT), b"D") + PLANTED + TAR_END,
    "in a volume label": tar_block(b"label", len(PLANT), b"V") + PLANTED + tar_entry(b"a", TEXT) + TAR_END,
    "in part of another volume": tar_block(b"x", len(PLANT), b"M") + PLANTED + TAR_END,
    "behind a symbolic link": tar_block(b"x", len(PLANT), b"2", link=b"a") + PLANTED + TAR_END,
    "as another type": tar_block(b"x", len(PLANT), b"Z") + PLANTED + TAR_END,
    "behind a long name": tar_block(b"././@LongLink", 5 + len(PLANT), b"L") + filled(b"name\0" + PLANT)
    + tar_entry(b"a", TEXT) + TAR_END,
    "in a global header": pax(pax_record("comment", PLANT), b"g") + tar_entry(b"a", TEXT) + TAR_END,
    "in a list in a record": pax(pax_record("GNU.dumpdir", PLANT)) + tar_block(b"fw/", 0, b"5") + TAR_END,
    "in a sparse map": sparse_old(60)[:1024] + PLANT[:512] + sparse_old(60)[1536:] + TAR_END,
}  # fmt: skip


@pytest.mark.parametrize("place", HIDING)
def test_program_in_every_free_place(place: str) -> None:
    """A program where nobody reads comes out to be looked into."""
    assert searched(CONTAINER, HIDING[place], 500)


@pytest.mark.parametrize(
    "data",
    [
        tar_block(b"././@LongLink", len(TEXTLIKE), b"L") + filled(TEXTLIKE)
        + tar_block(b"././@LongLink", 5, b"L") + filled(b"name\0") + tar_entry(b"a", TEXT) + TAR_END,
        pax(pax_record("path", TEXTLIKE)) + pax(pax_record("path", b"name")) + tar_entry(b"a", TEXT) + TAR_END,
        pax(pax_record("path", TEXTLIKE) + pax_record("GNU.sparse.name", b"name")) + tar_entry(b"a", TEXT) + TAR_END,
    ],
    ids=["two long names", "two headers", "two names in one"],
)  # fmt: skip
def test_names_that_are_overridden(data: bytes) -> None:
    """What a later header replaces is read by nobody, so nobody claims it."""
    seen = opened(CONTAINER, data)
    assert seen.problem is None
    assert sum(one.size for one in seen.unclaimed) >= len(TEXTLIKE)


def test_size_of_a_sparse_file_is_bounded() -> None:
    """A file that is all hole does not fill the memory."""
    record = pax_record("GNU.sparse.map", "0,1") + pax_record("GNU.sparse.size", str(FULL * 1000_000))
    data = pax(record) + tar_block(b"h", 1, magic=b"ustar\x0000") + filled(b"x") + TAR_END
    archive = tar_archive.read(memoryview(data), Budget())
    assert archive.entries[0].size == FULL * 1000_000
    with pytest.raises(Exception, match="exceeded"):
        tar_archive.content(memoryview(data), archive.entries[0], Budget())
