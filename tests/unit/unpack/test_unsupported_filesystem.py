"""File systems that are named and not read."""

from __future__ import annotations

import struct

import pytest

from fwverify.formats import foreign_filesystems
from fwverify.model.examining import Encrypted, Unsupported
from fwverify.unpack.containers.unsupported_filesystem import CONTAINER
from tests.unit.unpack.hiding import planted, searched
from tests.unit.unpack.opened import artifact, opened
from tests.vectors.makers import foreign_systems
from tests.vectors.makers.foreign_systems import LARGE, NAMES, SMALL


@pytest.mark.parametrize("name", [*SMALL, *LARGE])
def test_names(name: str) -> None:
    """Each is named, its header claimed, and the rest left to be searched."""
    data = (SMALL | LARGE)[name]()
    seen = opened(CONTAINER, data)
    assert CONTAINER.detect(artifact(data))
    assert isinstance(seen.problem, Unsupported) and str(seen.problem) == NAMES[name]
    assert seen.facts["file-system"] == NAMES[name] and len(seen.unclaimed) > 0 and seen.oddities == []


@pytest.mark.parametrize("name", ["luks1", "luks2"])
def test_encrypted(name: str) -> None:
    """An encrypted volume is a gap of its own kind."""
    assert isinstance(opened(CONTAINER, getattr(foreign_systems, name)()).problem, Encrypted)


def test_what_is_inside_is_searched() -> None:
    """A program in a file system that nobody reads is among the bytes that are looked into."""
    assert searched(CONTAINER, planted(foreign_systems.minix(), 30_000))


@pytest.mark.parametrize(
    ("name", "at", "value"),
    [
        ("iso", 32768 + 80, b"\x13"), ("xfs", 120, b"\x0b"), ("ntfs", 14, b"\1"), ("exfat", 20, b"\1"),
        ("lvm", 512 + 60, b"x"), ("minix", 1024 + 8, b"\x06"), ("nilfs", 1024 + 40, b"x"), ("hfs", 1024 + 3, b"\7"),
        ("littlefs", 24, b"\1\2"), ("f2fs", 1024 + 16, b"\x0b"), ("yaffs", 268, bytes(4)), ("zfs", 1 << 17, b"\0"),
        ("btrfs", 0x10000 + 99, b"x"), ("swap", 1024, b"\2"), ("jfs", 32768 + 4, b"\3"), ("udf", 34816, b"xxxxx"),
        ("reiserfs", 0x10000 + 44, b"\1"),
    ],
)  # fmt: skip
def test_one_field_that_does_not_fit(name: str, at: int, value: bytes) -> None:
    """A magic whose other fields do not agree is not taken for the system."""
    data = bytearray((SMALL | LARGE)[name]())
    data[at : at + len(value)] = value
    assert not CONTAINER.detect(artifact(bytes(data)))


def test_yaffs_in_both_orders_and_versions() -> None:
    """A big-endian header; one without tags of the second version."""
    head = struct.pack(">IIH", 3, 1, 0xFFFF) + bytes(258) + struct.pack(">I", 0o040755)
    found = foreign_filesystems.recognised(memoryview(head.ljust(2048, b"\xff")))
    assert found is not None and found.name == "YAFFS"
    found = foreign_filesystems.recognised(memoryview(foreign_systems.yaffs(spare=False)))
    assert found is not None and found.name == "YAFFS"


def test_carving_ends() -> None:
    """What states its size ends there, what does not ends with the bytes; what has no magic is not carved."""
    for data, size in ((foreign_systems.xfs(), 16384), (foreign_systems.luks1(), 1024 + 500), (b"x" * 5000, 0)):
        view = memoryview(b"x" * 100 + data + bytes(500))
        wanted = 100 + size if size else 0
        assert foreign_filesystems.end(view, 100, lambda _: None) == wanted
    assert foreign_filesystems.end(memoryview(foreign_systems.yaffs(spare=False)), 0, lambda _: None) == 0


def test_magics_lie_where_they_are_searched() -> None:
    """The table of magics for carving agrees with the headers."""
    images = [one() for one in (SMALL | LARGE).values()] + [foreign_systems.luks1()]
    for magic, at in foreign_filesystems.MAGICS:
        if magic != b"ReIsEr3Fs":
            assert any(one[at : at + len(magic)] == magic for one in images), magic
