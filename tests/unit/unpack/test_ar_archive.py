"""Ar archives: what is claimed of names, tables and headers, packages opened down to their files, carving."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest

from fwverify.formats import archive_extents
from fwverify.limits import Budget, LimitExceeded, Limits
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.unpack.containers.ar_archive import CONTAINER
from fwverify.unpack.interface import Member
from fwverify.unpack.stage import Opening, recognise, unpack
from tests.unit.unpack.hiding import PLANT, planted, searched
from tests.unit.unpack.opened import artifact, opened
from tests.vectors.makers.ar_archives import (
    AR,
    LONG,
    PARTS,
    ar_header,
    ar_member,
    bsd_library,
    bsd_member,
    gnu_library,
    opkg,
    package,
    tarball,
    windows_library,
)
from tests.vectors.makers.archives import TEXT

SOUND = {
    "package": package(PARTS),
    "gnu": gnu_library([(b"app.o", TEXT), (LONG, TEXT)], [(b"main", 0), (b"x", 1)]),
    "bsd": bsd_library([(b"app.o", TEXT), (LONG, b"odd")]),
    "windows": windows_library(LONG, TEXT),
}


def within(whole: Artifact, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """Everything that comes out, container by container: place and content."""
    container, _ = recognise(whole)
    opening = Opening(whole, container)
    for child in unpack(opening, Budget(), depth):
        yield str(child.artifact.locator), bytes(child.artifact.content)
        yield from within(child.artifact, depth + 1)
    assert not opening.gaps, opening.gaps


@pytest.mark.parametrize("name", SOUND)
def test_every_byte_is_claimed(name: str) -> None:
    """A sound archive of each family has no complaint and no byte left over."""
    seen = opened(CONTAINER, SOUND[name])
    assert (seen.unclaimed, seen.oddities, seen.problem) == ((), [], None)
    assert all(one.stored for one in seen.of(Member))


@pytest.mark.parametrize("whole", [package(PARTS), opkg(PARTS)], ids=["deb", "ipk"])
def test_package_is_opened_to_its_files(whole: bytes) -> None:
    """A .deb (ar) and an .ipk (packed tar) come open down to the program in data.tar."""
    found = dict(within(artifact(whole, "fw.deb")))
    assert any(place.endswith("app.bin") and content == TEXT for place, content in found.items())
    assert any(place.endswith("control") and b"Version: 3.1.0" in content for place, content in found.items())


def test_package_with_other_compressions() -> None:
    """Zstandard and bare payloads, as newer and older packages have them."""
    import zstandard

    payload = tarball({"bin/app": TEXT})
    for name, content in (("data.tar.zst", zstandard.compress(payload)), ("data.tar", payload)):
        parts = {**{key: value for key, value in PARTS.items() if key != "data.tar.xz"}, name: content}
        assert TEXT in [content for _, content in within(artifact(package(parts), "fw.deb"))]


HIDING = {
    "behind": package(PARTS) + PLANT,
    "in a name": AR + ar_member(b"#1/%d" % (8 + len(PLANT)), b"a.o\0" + PLANT + bytes(4) + TEXT),
    "unused names": AR + ar_member(b"//", PLANT) + ar_member(b"a/", TEXT),
    "behind the used names": AR + ar_member(b"//", LONG + b"/\n" + PLANT) + ar_member(b"/0", TEXT),
    "symbol table": AR + ar_member(b"/", bytes(4) + PLANT) + ar_member(b"a/", TEXT),
    "symbol table of 64 bits": AR + ar_member(b"/SYM64/", bytes(8) + PLANT) + ar_member(b"a/", TEXT),
    "behind the symbols": planted(
        gnu_library([(b"a.o", TEXT)], [(b"main", 0)] + [(b"s" * 40, 0)] * 16), 8 + 60 + 4 + 17 * 4 + 5
    ),
    "BSD symbol table": AR + bsd_member(b"__.SYMDEF", bytes(8) + PLANT) + ar_member(b"a/", TEXT),
    "BSD pairs": AR + bsd_member(b"__.SYMDEF", len(PLANT).to_bytes(4, "little") + PLANT + bytes(4)),
    "a member": AR + ar_member(b"_ignored", PLANT),
    "a cut member": AR + ar_header(b"a/", 5000) + PLANT,
    "a thin archive": b"!<thin>\n" + ar_header(b"a/", len(PLANT)) + PLANT,
}


@pytest.mark.parametrize("place", HIDING)
def test_program_in_every_free_place(place: str) -> None:
    """A program where nobody reads comes out to be looked into."""
    assert searched(CONTAINER, HIDING[place])


def test_numbers_that_are_none() -> None:
    """Bytes in the place of time, owner and mode are claimed by nobody."""
    hidden = bytes(range(128, 160))
    seen = opened(CONTAINER, AR + ar_header(b"a/", len(TEXT), hidden) + TEXT)
    assert seen.unclaimed == (ByteRange(24, 56),)
    assert seen.members == {"a": TEXT}


def test_filling_byte() -> None:
    """What fills an odd member up is claimed when it is the line feed it should be."""
    data = AR + ar_member(b"a/", b"odd") + ar_member(b"b/", TEXT)
    assert opened(CONTAINER, data).unclaimed == ()
    assert opened(CONTAINER, data.replace(b"odd\n", b"odd!")).unclaimed == (ByteRange(71, 72),)


def test_zeros_behind() -> None:
    """Fill behind the last member is told and ends the archive."""
    seen = opened(CONTAINER, package(PARTS) + bytes(600))
    assert (seen.oddities, seen.problem) == (["trailing-data"], None)
    assert seen.unclaimed == (ByteRange(len(package(PARTS)), len(package(PARTS)) + 600),)


def test_carving() -> None:
    """An archive in other bytes is found with its end; the magic in a program is none."""
    view = memoryview(bytes(100) + package(PARTS) + b"\xff" * 100)
    assert archive_extents.ar_end(view, 100, lambda _: None) == 100 + len(package(PARTS))
    for text in (
        AR,
        AR + ar_header(b"a/", 99999)[:53] + b"`\n",
        AR + b"%s: not an archive\n" * 9,
        AR + ar_header(b"a/", 5000) + TEXT,
    ):
        assert archive_extents.ar_end(memoryview(text), 0, lambda _: None) == 0


def test_limits() -> None:
    """Members and names are counted before they are taken."""
    many = AR + ar_member(b"a/") * 50
    with pytest.raises(LimitExceeded):
        opened(CONTAINER, many, Limits(max_members=20))
    with pytest.raises(LimitExceeded):
        opened(CONTAINER, AR + ar_member(b"#1/5000", bytes(6000)))


def test_packed_package_of_opkg_is_no_ar() -> None:
    """An .ipk begins as gzip; its reader is gzip's."""
    found, others = recognise(artifact(opkg(PARTS), "fw.ipk"))
    assert found is not None
    assert (found.name, others, gzip.decompress(opkg(PARTS))[:2]) == ("gzip", (), b"./")
