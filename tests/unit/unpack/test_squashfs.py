"""SquashFS as a container: names, links, order, and images made to mislead or to exhaust."""

from __future__ import annotations

import time

import pytest

from fwverify.content import identified
from fwverify.limits import Budget, LimitExceeded, Limits
from fwverify.model.artifact import Artifact, ByteRange, Locator, Step, subtracted
from fwverify.unpack import squashfs_tree
from fwverify.unpack.containers import squashfs
from fwverify.unpack.interface import Event, Member, MemberKind, Oddity, Part, PartUse, Unread
from tests.vectors.makers.archives import OTHER, TEXT, SquashNode, squash_tree, squashfs_bytes

APP = SquashNode(TEXT)


def artifact(data: bytes) -> Artifact:
    return identified(Locator((Step("rootfs"),)), data)


def events(data: bytes, budget: Budget | None = None) -> list[Event]:
    return list(squashfs.CONTAINER.unpack(artifact(data), budget or Budget()))


def of(found: list[Event], kind: type) -> list[Event]:
    return [one for one in found if isinstance(one, kind)]


def members(found: list[Event]) -> dict[str, Member]:
    return {one.name: one for one in found if isinstance(one, Member)}


def test_tree() -> None:
    """Folders, links, devices and files come with names relative to the root and their modes."""
    tree = squash_tree(
        (b"bin", squash_tree((b"app", APP))), (b"dev", squash_tree((b"null", SquashNode(device=True)))),
        (b"init", SquashNode(target=b"/bin/app")),
    )  # fmt: skip
    found = members(events(squashfs_bytes(tree)))
    assert {name: one.kind.value for name, one in found.items()} == {
        "bin": "directory", "bin/app": "file", "dev": "directory", "dev/null": "device", "init": "symlink",
    }  # fmt: skip
    assert found["bin/app"].content == TEXT
    assert found["bin/app"].mode == 0o100755
    assert found["init"].target == "/bin/app"


def test_every_byte_is_claimed() -> None:
    """Superblock, tables and blocks add up to the image."""
    data = squashfs_bytes(squash_tree((b"app", APP), (b"b", SquashNode(OTHER * 100))))
    found = events(data)
    claimed = [one.range for one in found if isinstance(one, Part)]
    claimed += [span for one in members(found).values() for span in one.ranges]
    assert subtracted([ByteRange(0, len(data))], claimed) == ()


def test_what_follows_the_image() -> None:
    """Zeros up to a whole block are padding; from the first other byte or the next block on it is trailing data."""
    data = squashfs_bytes(squash_tree((b"app", APP)))
    padded = data + bytes(-len(data) % 4096)
    assert not of(events(padded), Oddity)
    assert [one.range for one in of(events(padded), Part) if one.use is PartUse.PADDING] == [ByteRange(len(data), 4096)]
    (flash,) = of(events(padded + b"\xff" * 100), Oddity)
    assert flash.range == ByteRange(4096, 4196)
    (hidden,) = of(events(data + b"x" * 10), Oddity)
    assert hidden.range == ByteRange(len(data), len(data) + 10)


def test_one_bad_inode_does_not_hide_the_others() -> None:
    """A file whose inode lies is told with its name; its neighbours are read."""
    data = squashfs_bytes(squash_tree((b"a", APP), (b"b", SquashNode(OTHER, size=1 << 31)), (b"c", SquashNode(OTHER))))
    found = events(data)
    assert {name for name in members(found) if name[0] != "@"} == {"a", "c"}
    assert [one.member for one in of(found, Unread)] == ["b"]


def test_directory_loop_ends() -> None:
    """A directory that holds the root is told once and not entered."""
    found = events(squashfs_bytes(squash_tree((b"app", APP), (b"loop", squash_tree((b"up", SquashNode(loop=True)))))))
    assert [one.member for one in of(found, Unread)] == ["loop/up"]
    assert set(members(found)) == {"app", "loop"}


def test_deep_folders() -> None:
    """Folders nest without recursion; beyond the longest path the rest is told."""
    tree = squash_tree((b"x", APP))
    for _ in range(150):
        tree = squash_tree((b"d" * 20, tree))
    image = squashfs_bytes(tree)
    assert len(members(events(image))) == 151
    found = events(image, Budget(Limits(max_name_bytes=1000)))
    assert [one.reason.value for one in of(found, Unread)] == ["limit"]


def test_holes_are_bounded() -> None:
    """A small image whose files are nothing but holes stops at the ratio or the size."""
    hole = SquashNode(b"", size=0)
    data = bytearray(squashfs_bytes(squash_tree((b"hole", hole))))
    image = bytes(data)
    assert members(events(image))["hole"].content == b""
    big = squashfs_bytes(squash_tree((b"a", SquashNode(bytes(3 << 20)))))
    started = time.process_time()
    (unread,) = of(events(big, Budget(Limits(max_member_bytes=1 << 20))), Unread)
    assert (unread.member, unread.reason.value) == ("a", "limit")
    with pytest.raises(LimitExceeded):
        events(big, Budget(Limits(max_total_bytes=1 << 20)))
    assert time.process_time() - started < 0.5


def test_member_limit() -> None:
    """Names count before their files are read."""
    tree = squash_tree(*((b"%03d" % one, SquashNode(b"")) for one in range(100)))
    with pytest.raises(LimitExceeded, match="max_members"):
        events(squashfs_bytes(tree), Budget(Limits(max_members=99)))


def test_path_characters_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many files below one long name cannot fill the memory."""
    monkeypatch.setattr(squashfs_tree, "MAX_PATH_CHARACTERS", 100)
    with pytest.raises(LimitExceeded, match="path characters"):
        events(squashfs_bytes(squash_tree((b"d" * 90, squash_tree((b"a", APP), (b"b", APP))))))


def test_device_outside_dev() -> None:
    """A device file is normal below dev/ and told elsewhere."""
    node = SquashNode(device=True)
    tree = squash_tree((b"dev", squash_tree((b"console", node))), (b"tmp", squash_tree((b"sda", node))))
    found = events(squashfs_bytes(tree))
    assert [one.detail for one in of(found, Oddity)] == ["tmp/sda is a device file"]
    assert members(found)["tmp/sda"].kind is MemberKind.DEVICE
