"""Cpio: the old forms, rows of plain and packed archives, and every place where a program can be hidden."""

from __future__ import annotations

import gzip
import lzma

import pytest
import zstandard

from fwverify.formats import archive_extents, cpio
from fwverify.limits import Budget
from fwverify.unpack.containers.cpio_archive import CONTAINER
from fwverify.unpack.interface import Member, MemberKind
from fwverify.unpack.stage import recognise
from tests.unit.unpack.hiding import PLANT, planted, searched
from tests.unit.unpack.opened import artifact, opened
from tests.vectors.makers.archive_forms import (
    BINARY_BIG_END,
    BINARY_END,
    FILES,
    OCTAL_END,
    cpio_binary,
    cpio_binary_archive,
    cpio_octal,
    cpio_octal_archive,
    initrd,
)
from tests.vectors.makers.archives import CPIO_END, OTHER, TEXT, cpio_entry

OLD = {
    "octal": cpio_octal_archive(),
    "binary": cpio_binary_archive("<"),
    "binary, highest byte first": cpio_binary_archive(">"),
}


@pytest.mark.parametrize("form", OLD)
def test_old_forms(form: str) -> None:
    """All files come out, nothing is told and nothing left over; the reader is cpio's."""
    found, _ = recognise(artifact(OLD[form]))
    assert found is CONTAINER
    seen = opened(CONTAINER, OLD[form])
    assert {one.name: bytes(one.content) for one in seen.of(Member) if one.kind is MemberKind.FILE} == FILES
    assert {one.name: one.target for one in seen.of(Member) if one.target} == {"link": "bin/app"}
    assert (seen.oddities, seen.unclaimed, seen.problem) == ([], (), None)


def test_two_bytes_are_no_archive() -> None:
    """The magic of the binary form alone is nothing; name, type and what follows must fit."""
    whole = cpio_binary_archive("<")
    for data in (b"\xc7\x71" + TEXT, b"\x71\xc7" + bytes(600), whole[:40], whole[:20] + b"\xff\xff" + whole[22:]):
        assert not cpio.looks_like(memoryview(data))


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, zstandard.compress], ids=["gzip", "xz", "zstd"])
def test_packed_archive_ends_where_it_ends(pack: object) -> None:
    """Zeros and another archive behind a packed one are no part of it."""
    packed = pack(CPIO_END)  # type: ignore[operator]
    seen = opened(CONTAINER, CPIO_END + packed + bytes(40) + cpio_entry(b"late", OTHER) + CPIO_END)
    assert seen.members == {f"initramfs@0x{len(CPIO_END):x}": packed, "late": OTHER}
    assert (seen.oddities, seen.unclaimed) == ([], ())


def test_initrd() -> None:
    """Microcode, packed and plain archives in a row, zeros between entries: every segment comes out."""
    data, members = initrd()
    seen = opened(CONTAINER, data)
    assert (seen.members, seen.oddities, seen.unclaimed) == (members, [], ())


HIDING = {
    "behind the trailer": OLD["octal"] + PLANT,
    "behind the binary trailer": OLD["binary"] + PLANT,
    "behind the zeros": CPIO_END + bytes(300) + PLANT,
    "behind a packed archive": CPIO_END + gzip.compress(CPIO_END, mtime=0) + bytes(16) + PLANT,
    "in a name": cpio_entry(b"a\0" + PLANT, TEXT) + CPIO_END,
    "in an octal name": cpio_octal(b"a\0" + PLANT, TEXT) + OCTAL_END,
    "in a binary name": cpio_binary(b"a\0" + PLANT + b"x", TEXT) + BINARY_END,
    "as the target of a link": cpio_entry(b"a", PLANT, 0o120777) + CPIO_END,
    "as an octal target": cpio_octal(b"a", PLANT, 0o120777) + OCTAL_END,
    "in a folder": cpio_entry(b"a", PLANT, 0o40755) + CPIO_END,
    "in a device": cpio_binary(b"dev/a", PLANT, 0o20644) + BINARY_END,
    "in the trailer": cpio_entry(b"TRAILER!!!", PLANT, inode=0),
    "in the trailer's name": cpio_entry(b"TRAILER!!!\0" + PLANT, inode=0),
    "in the first of two links": cpio_entry(b"a", PLANT, inode=5, links=2)
    + cpio_entry(b"b", TEXT, inode=5, links=2) + CPIO_END,
    "between entries": cpio_entry(b"a", TEXT) + bytes(4) + PLANT + cpio_entry(b"b", OTHER) + CPIO_END,
    "where it is cut": cpio_entry(b"a", TEXT * 90)[:500] + PLANT,
}  # fmt: skip


@pytest.mark.parametrize("place", HIDING)
def test_program_in_every_free_place(place: str) -> None:
    """A program where nobody reads comes out to be looked into."""
    assert searched(CONTAINER, HIDING[place])


def test_filling_bytes() -> None:
    """What fills entries up is claimed only where it is zero."""
    data = cpio_entry(b"a", b"x") + CPIO_END
    at = data.index(b"x\0\0\0") + 1
    assert opened(CONTAINER, data).unclaimed == ()
    assert PLANT[:3] in planted(data, at, 3)
    assert opened(CONTAINER, planted(data, at, 3)).padding[0].start == at


@pytest.mark.parametrize("end", [OCTAL_END, CPIO_END], ids=["octal", "new"])
def test_carving(end: bytes) -> None:
    """An archive in other bytes is found with its end, a cut one as far as it goes, a lone header not at all."""
    entry = cpio_octal if end is OCTAL_END else cpio_entry
    body = entry(b"a", TEXT) + entry(b"b", OTHER)
    view = memoryview(bytes(64) + body + end + b"\xff" * 200)
    assert archive_extents.cpio_end(view, 64, lambda _: None) == 64 + len(body + end)
    assert archive_extents.cpio_end(memoryview(body + b"\xff" * 200), 0, lambda _: None) == len(body)
    assert archive_extents.cpio_end(memoryview(entry(b"a", TEXT) + b"\xff" * 200), 0, lambda _: None) == 0


def test_trailers_are_known_in_every_form() -> None:
    """An archive of nothing but its trailer is an empty one."""
    for end in (CPIO_END, OCTAL_END, BINARY_END, BINARY_BIG_END):
        archive = cpio.read(memoryview(end), Budget())
        assert (archive.entries, archive.problem) == ((), None)
        assert sum(one.size for one in archive.structure) == len(end)
