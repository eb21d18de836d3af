"""What the archive plug-ins claim: every byte of a sound archive, and nothing that belongs to nobody."""

from __future__ import annotations

import tarfile

import pytest

from fwverify.content import identified
from fwverify.limits import Budget, Limits
from fwverify.model.artifact import Artifact, ByteRange, Locator, Step, subtracted, total
from fwverify.unpack.containers import cpio_archive, tar_archive, zip_archive
from fwverify.unpack.interface import Container, Event, Member, MemberKind, Oddity, Part, PartUse, Unread
from tests.vectors.makers.archives import (
    CPIO_END,
    OTHER,
    TAR_END,
    TEXT,
    ZipPart,
    cpio_entry,
    tar_entry,
    tar_written,
    zip_bytes,
)


def artifact(data: bytes) -> Artifact:
    return identified(Locator((Step("input"),)), data)


def events(container: Container, data: bytes, budget: Budget | None = None) -> list[Event]:
    return list(container.unpack(artifact(data), budget or Budget()))


def unclaimed(found: list[Event], size: int) -> tuple[ByteRange, ...]:
    claimed = [one.range for one in found if isinstance(one, Part)]
    claimed += [span for one in found if isinstance(one, Member) for span in one.ranges]
    return subtracted([ByteRange(0, size)], claimed)


SOUND = {
    "zip": (zip_archive.CONTAINER, zip_bytes([ZipPart(b"a"), ZipPart(b"b", OTHER, 0), ZipPart(b"l", b"a", 0,
            attributes=0o120777 << 16)], comment=b"note")),
    "tar": (tar_archive.CONTAINER, tar_written(tarfile.PAX_FORMAT)),
    "cpio": (cpio_archive.CONTAINER, cpio_entry(b"a", TEXT) + cpio_entry(b"l", b"a", 0o120777) + CPIO_END + bytes(40)),
}  # fmt: skip


@pytest.mark.parametrize("name", SOUND)
def test_every_byte_is_claimed(name: str) -> None:
    """Headers, indexes, padding and contents of a sound archive add up to all of it."""
    container, data = SOUND[name]
    found = events(container, data)
    assert unclaimed(found, len(data)) == ()
    assert not [one for one in found if isinstance(one, Oddity | Unread)]


@pytest.mark.parametrize("name", SOUND)
def test_appended_bytes_are_nobodys(name: str) -> None:
    """Bytes behind the archive are told, with their place, and claimed by nothing."""
    container, data = SOUND[name]
    found = events(container, data + b"appended")
    (oddity,) = [one for one in found if isinstance(one, Oddity)]
    assert oddity.kind.value == "trailing-data"
    assert oddity.range == ByteRange(len(data), len(data) + 8)
    assert unclaimed(found, len(data) + 8) == (oddity.range,)


@pytest.mark.parametrize("name", SOUND)
def test_padding_is_declared_as_such(name: str) -> None:
    """What is claimed as padding is nothing but zeros."""
    container, data = SOUND[name]
    for one in events(container, data):
        if isinstance(one, Part) and one.use is PartUse.PADDING:
            assert not any(data[one.range.start : one.range.end])


def test_content_of_an_unread_member_is_not_claimed() -> None:
    """An encrypted member's header is structure; its bytes stay unexplained."""
    data = zip_bytes([ZipPart(b"secret", TEXT, 0, flags=1), ZipPart(b"b", OTHER, 0)])
    found = events(zip_archive.CONTAINER, data)
    (unread,) = [one for one in found if isinstance(one, Unread)]
    assert (unread.reason.value, unread.member) == ("encrypted", "secret")
    assert total(unclaimed(found, len(data))) == len(TEXT)


def test_members_of_every_kind() -> None:
    """Links and folders are members without content."""
    found = [one for one in events(tar_archive.CONTAINER, tar_written(tarfile.GNU_FORMAT)) if isinstance(one, Member)]
    kinds = {one.name: one.kind for one in found}
    assert kinds["fw/"] is MemberKind.DIRECTORY
    assert kinds["fw/again"] is MemberKind.HARDLINK
    assert {one.name: one.target for one in found if one.target} == {"fw/again": "fw/app.bin", "fw/link": "app.bin"}
    assert all((one.content is not None) == (one.kind is MemberKind.FILE) for one in found)


def test_stored_content_is_no_copy() -> None:
    """What lies plain in the archive is a view of it."""
    whole = artifact(tar_entry(b"a", TEXT) + TAR_END)
    (member,) = [one for one in tar_archive.CONTAINER.unpack(whole, Budget()) if isinstance(one, Member)]
    assert member.stored
    assert member.content is not None
    assert member.content.obj is whole.content.obj


def test_budget_counts_stored_content_too() -> None:
    """Views cost nothing to make and still count: what follows reads every byte."""
    budget = Budget(Limits())
    events(tar_archive.CONTAINER, tar_entry(b"a", TEXT) + TAR_END, budget)
    assert (budget.total_bytes, budget.members) == (len(TEXT), 1)
