"""Romfs: what is read, what is told, and every place in which something could hide."""

from __future__ import annotations

import pytest

from fwverify.formats import romfs
from fwverify.unpack.containers.romfs import CONTAINER
from fwverify.unpack.interface import Check, Member, MemberKind
from tests.unit.unpack.hiding import PLANT, planted, searched
from tests.unit.unpack.opened import opened
from tests.vectors.makers.read_only_systems import TEXT, padded, romfs_files, romfs_header, romfs_image

FILES = ((2, 0, b"file", TEXT), (10, 0, b"program", b"x" * 100), (3, 0, b"link", b"file"), (0, 96, b"again", b""))


def test_kinds() -> None:
    """Files, programs, links of both kinds and devices are members of their kind."""
    data = romfs_image(romfs_files(*FILES, (5, 0x00050001, b"console", b"")))
    seen = opened(CONTAINER, data)
    kinds = {one.name: one.kind for one in seen.of(Member)}
    assert kinds == {
        "file": MemberKind.FILE, "program": MemberKind.FILE, "link": MemberKind.SYMLINK,
        "again": MemberKind.HARDLINK, "console": MemberKind.DEVICE,
    }  # fmt: skip
    assert {one.name: one.target for one in seen.of(Member) if one.target} == {"link": "file", "again": "file"}
    assert seen.members["file"] == TEXT and all(one.stored for one in seen.of(Member) if one.content)
    assert seen.oddities == ["device-node"] and seen.failed == [] and seen.unread == []


def test_folders() -> None:
    """Folders are walked; . and .. are not members."""
    folder_at, dots_at = 96, 128
    inner = romfs_header(dots_at + 32, 0, folder_at, 0, b".") + romfs_header(dots_at + 64, 0, 32, 0, b"..")
    inner += romfs_header(0, 2, 0, 3, b"inner") + padded(b"123")
    body = romfs_files((1, dots_at, b"folder", b"")) + inner
    seen = opened(CONTAINER, romfs_image(body))
    assert set(seen.members) == {"folder", "folder/inner"} and seen.members["folder/inner"] == b"123"
    assert (seen.oddities, seen.unread, seen.failed) == ([], [], [])


def test_ranges_are_exact() -> None:
    """Headers end where content begins, and content where it ends: what follows in its last 16 bytes is nobody's."""
    seen = opened(CONTAINER, romfs_image(romfs_files((2, 0, b"file", b"12345"))))
    assert [(one.start, one.end) for one in seen.unclaimed] == [(128 + 5, 128 + 16)]


def test_a_parent_that_is_none() -> None:
    """An entry .. that leads elsewhere is a name like any other, and odd."""
    body = romfs_header(64, 9, 32, 0, b".") + romfs_header(0, 2, 0, 3, b"..") + padded(b"123")
    assert "path-traversal" in opened(CONTAINER, romfs_image(body)).oddities


@pytest.mark.parametrize("place", ["behind a file", "content of a folder", "behind the last", "behind it", "no name"])
def test_hiding_places(place: str) -> None:
    """What is planted where no file lies is claimed by nobody, so it is searched."""
    size = 32 + 64 + 32
    if place == "content of a folder":
        data = romfs_image(romfs_files((1, 0, b"folder", PLANT)))
    elif place == "behind it":
        data = romfs_image(romfs_files(FILES[0])) + bytes(2000) + PLANT
    else:
        files = romfs_files(FILES[0])
        data = romfs_image(files + bytes(2000))
        data = planted(data, {"behind a file": size + len(TEXT) + 1, "behind the last": 2400, "no name": 3000}[place])
    assert searched(CONTAINER, data)


def test_a_program_in_a_link() -> None:
    """A target longer than a path may be is not claimed."""
    data = romfs_image(romfs_files((3, 0, b"link", bytes(4000) + PLANT)))
    seen = opened(CONTAINER, data)
    assert seen.unread == ["malformed"] and searched(CONTAINER, data)


def test_values_where_none_belong() -> None:
    """A number in a field that its type does not use is told."""
    assert opened(CONTAINER, romfs_image(romfs_files((2, 0x1230, b"file", b"1")))).oddities == ["headers-disagree"]


def test_files_that_overlap() -> None:
    """A header that lies in the content of another file: both come out, and it is told."""
    inner = romfs_header(0, 2, 0, 4, b"inner") + b"1234"
    at = 32 + 64 + 32
    body = romfs_files((2, 0, b"outer", inner))
    first = romfs_header(at, 2, 0, len(inner), b"outer")
    seen = opened(CONTAINER, romfs_image(body[:64] + first + body[64 + len(first) :]))
    assert set(seen.members) == {"outer", "inner"} and "overlapping-parts" in seen.oddities


def test_sums_that_do_not_hold() -> None:
    """Each header whose sum is wrong is named; nothing then says that all hold."""
    data = bytearray(romfs_image(romfs_files(*FILES)))
    data[96 + 12] ^= 1
    checks = opened(CONTAINER, bytes(data)).of(Check)
    assert [(one.name, one.declared == one.computed) for one in checks[1:]] == [("header at 0x60", False)]


def test_carving() -> None:
    """An image inside other bytes is found to its end; a wrong sum is none."""
    data = romfs_image(romfs_files(*FILES))
    view = memoryview(b"x" * 64 + data + bytes(100))
    assert romfs.end(view, 64, lambda _: None) >= 64 + len(data)
    wrong = bytearray(data)
    wrong[300] ^= 1
    assert romfs.end(memoryview(bytes(wrong)), 0, lambda _: None) == 0
    assert romfs.end(memoryview(data[:-1]), 0, lambda _: None) == 0
