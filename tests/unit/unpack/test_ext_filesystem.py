"""Ext as a container: places where things could hide, links and limits, and images made to exhaust."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import pytest

from fwverify.formats import ext_superblock
from fwverify.limits import Budget, LimitExceeded, Limits
from fwverify.model.artifact import ByteRange
from fwverify.unpack.containers.ext_filesystem import CONTAINER
from fwverify.unpack.interface import Check, Member, MemberKind, Part, PartUse, Unread
from tests.unit.unpack.opened import Seen, artifact, opened
from tests.vectors.makers import ext_images as maker

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "containers" / "ext"
EXT2 = (VECTORS / "valid" / "ext2" / "input").read_bytes()
EXT4 = (VECTORS / "valid" / "ext4" / "input").read_bytes()
INLINE = (VECTORS / "valid" / "inline" / "input").read_bytes()
ELF = maker.ELF
BLOCK = maker.BLOCK


def seen(data: bytes, limits: Limits | None = None) -> Seen:
    return opened(CONTAINER, data, limits or Limits())


def is_free(found: Seen, start: int, size: int) -> bool:
    """Nothing accounts for any of these bytes."""
    return any(one.start <= start and start + size <= one.end for one in found.unclaimed)


def test_tree() -> None:
    """Names, kinds, targets and contents; the second name of a file is a hard link to the first."""
    for data in (EXT2, EXT4, INLINE):
        found = seen(data)
        kinds = {one.name: (one.kind, one.target) for one in found.of(Member)}
        assert kinds["bin/again"] == (MemberKind.HARDLINK, "bin/app")
        assert kinds["bin/sh"] == (MemberKind.SYMLINK, "app")
        assert kinds["bin/far"][1].endswith("/away")
        assert kinds["lost+found"][0] is MemberKind.DIRECTORY
        assert {name: found.members[name] for name in maker.FILES} == maker.FILES
        assert found.members["hole"] == maker.HOLE or data is INLINE  # whose maker loses the hole at the end
        assert not found.oddities and not found.unread and not found.failed


def test_contiguous_files_are_stored() -> None:
    """A file in one run of blocks is a slice of the image."""
    (app,) = [one for one in seen(EXT4).of(Member) if one.name == "bin/app"]
    assert app.stored and len(app.ranges) == 1
    assert EXT4[app.ranges[0].start : app.ranges[0].end] == maker.APP


PLACES = {
    "boot block": 0,
    "reserved fields of the superblock": 1024 + 0x290,
    "behind the group descriptor": 2 * BLOCK + 64,
    "free block": (maker.BLOCKS - 2) * BLOCK,
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("data", [EXT2, EXT4], ids=["ext2", "ext4"])
def test_hidden_in_fixed_places(place: str, data: bytes) -> None:
    """A program in bytes the format does not need is left to those who look for content."""
    hidden = ELF[:300]
    found = seen(maker.super_patched(maker.patched(data, PLACES[place], hidden), 0x2C, bytes(4)))
    assert is_free(found, PLACES[place], len(hidden))


def test_hidden_behind_the_end_of_a_file() -> None:
    """The rest of a file's last block is not the file's."""
    at = EXT4.index(maker.FILES["bin/small"] + bytes(20)) + 700
    assert is_free(seen(maker.patched(EXT4, at, ELF[:300])), at, 300)


def test_hidden_in_unused_inodes() -> None:
    """Inodes that are free hold nothing of the file system, alone or many."""
    at = maker.inode_at(EXT4, maker.INODES - 2)
    assert is_free(seen(maker.patched(EXT4, at, ELF)), at, len(ELF))


def test_hidden_in_the_end_of_an_inode() -> None:
    """Where attributes may be and are not."""
    number = maker.inode_of(EXT4, b"app")
    at = maker.inode_at(EXT4, number) + 160
    found = seen(maker.inode_patched(EXT4, number, 160, ELF[:96]))
    assert is_free(found, at, 96) and not found.failed


def test_hidden_in_a_bitmap() -> None:
    """A bitmap counts as far as it says what was found; the rest is told and left."""
    for offset in (0, 4):
        at = struct.unpack_from("<I", EXT2, 2 * BLOCK + offset)[0] * BLOCK
        found = seen(maker.patched(EXT2, at + 64, ELF[:600]))
        assert is_free(found, at + 64, 600)
    at = struct.unpack_from("<I", EXT2, 2 * BLOCK)[0] * BLOCK
    found = seen(maker.patched(EXT2, at, b"\x7fELF\1\1\1\0"))
    assert is_free(found, at, 8)
    assert found.oddities == ["headers-disagree"]


def test_hidden_in_a_directory() -> None:
    """Behind the last name of a directory, and in an entry that is gone."""
    at = EXT4.index(b"\x07\x01version") + 40
    assert is_free(seen(maker.patched(EXT4, at, ELF[:400])), at, 400)
    entry = maker.entry_at(EXT2, b"version")
    found = seen(maker.patched(EXT2, entry, bytes(4)))
    assert "etc/version" not in found.members
    assert is_free(found, entry, 15)


def test_hidden_in_a_list_of_blocks() -> None:
    """Pointers behind the end of a file are no pointers."""
    number = maker.inode_of(EXT2, b"app")
    block = struct.unpack_from("<I", EXT2, maker.inode_at(EXT2, number) + 40 + 48)[0]
    found = seen(maker.patched(EXT2, block * BLOCK + 100, ELF[:600]))
    assert is_free(found, block * BLOCK + 100, 600)
    assert found.members["bin/app"] == maker.APP


def test_hidden_behind_extents() -> None:
    """Extents behind the last count only where they are copies of others."""
    number = maker.inode_of(EXT4, b"app")
    at = maker.inode_at(EXT4, number) + 40
    assert is_free(seen(maker.inode_patched(EXT4, number, 40 + 24, ELF[:36])), at + 24, 36)
    copy = EXT4[at + 12 : at + 24]
    assert not is_free(seen(maker.inode_patched(EXT4, number, 40 + 24, copy)), at + 24, 12)


def test_hidden_in_a_link() -> None:
    """A link target that is no path is told, and its bytes are left."""
    number = struct.unpack_from("<I", EXT2, EXT2.index(b"\x03\x07far") - 6)[0]
    block = struct.unpack_from("<I", EXT2, maker.inode_at(EXT2, number) + 40)[0]
    found = seen(maker.patched(EXT2, block * BLOCK, ELF[:50]))
    assert is_free(found, block * BLOCK, 50)
    assert "headers-disagree" in found.oddities


def attribute(value: bytes, name: bytes = b"note") -> bytes:
    """The end of an inode with one user attribute."""
    room = 256 - 160 - 4
    entry = struct.pack("<BBHIII", len(name), 1, room - len(value), 0, len(value), 0) + name
    return struct.pack("<I", 0xEA020000) + entry.ljust(room - len(value), b"\0") + value


def test_hidden_in_an_attribute() -> None:
    """The value of an attribute is understood when it is text; any other is left."""
    number = maker.inode_of(EXT4, b"app")
    end = maker.inode_at(EXT4, number) + 256
    assert not is_free(seen(maker.inode_patched(EXT4, number, 160, attribute(b"a text value"))), end - 12, 12)
    assert is_free(seen(maker.inode_patched(EXT4, number, 160, attribute(ELF[:48]))), end - 48, 48)


def test_broken_attributes_are_told() -> None:
    """An attribute outside its inode is told; the file is read."""
    number = maker.inode_of(EXT4, b"app")
    bad = bytearray(attribute(b"text"))
    bad[6:8] = b"\xff\xff"
    found = seen(maker.inode_patched(EXT4, number, 160, bytes(bad)))
    assert found.oddities == ["headers-disagree"]
    assert found.members["bin/app"] == maker.APP


def test_hidden_inode_is_told() -> None:
    """A file that no name leads to: its inode is told, its content left."""
    found = seen(maker.patched(EXT2, maker.entry_at(EXT2, b"small"), bytes(4)))
    assert "headers-disagree" in found.oddities
    at = EXT2.index(maker.FILES["bin/small"] + bytes(20))
    assert is_free(found, at, 700)


def test_checksums_of_everything() -> None:
    """Superblock, descriptors, inodes, directories and bitmaps carry sums that hold, and each notices one byte."""
    names = {one.name.split(" (")[0] for one in seen(EXT4).of(Check)}
    assert names == {
        "superblocks", "group descriptors", "inodes", "directory blocks", "block bitmaps", "inode bitmaps",
    }  # fmt: skip
    for at, name in (
        (1024 + 0x78, "superblock"),
        (2 * BLOCK + 0x0C, "descriptor of group 0"),
        (maker.inode_at(EXT4, 2) + 8, "inode 2"),
        (EXT4.index(b"\x07\x01version") + 40, "directory block"),
    ):
        assert any(one.startswith(name) for one in seen(maker.patched(EXT4, at, b"\x5a")).failed)


def test_padding_of_bitmaps() -> None:
    """Bits behind the last inode are set, and count as padding."""
    assert all(one.use in (PartUse.INDEX, PartUse.PADDING) for one in seen(EXT4).of(Part))
    assert seen(EXT4).padding


def test_two_directories_with_one_inode() -> None:
    """A folder reached by a second name is told and not entered again."""
    etc = maker.folder_of(EXT2, b"etc")
    at = EXT2.index(b"\x03\x02bin") - 6
    found = seen(maker.patched(EXT2, at, struct.pack("<I", etc)))
    assert [one.member for one in found.of(Unread)] == ["bin"]
    assert "etc/version" in found.members


def test_large_file_does_not_stop_the_others() -> None:
    """A file beyond the limit is told by name; its neighbours come out."""
    found = seen(EXT4, Limits(max_member_bytes=10_000))
    assert {one.member for one in found.of(Unread)} == {"bin/app", "hole"}
    assert found.members["bin/small"] == maker.FILES["bin/small"]


def test_limits() -> None:
    """Names and bytes count before files are read."""
    with pytest.raises(LimitExceeded, match="max_members"):
        seen(EXT4, Limits(max_members=5))
    with pytest.raises(LimitExceeded, match="max_total_bytes"):
        seen(EXT4, Limits(max_total_bytes=10_000))


def test_blocks_used_again_and_again_end_the_reading() -> None:
    """Many inodes over the same blocks cannot multiply the work."""
    app = maker.inode_of(EXT2, b"app")
    data = bytearray(EXT2)
    for name in (b"version", b"empty", b"small", b"hole"):
        at = maker.inode_at(EXT2, maker.inode_of(EXT2, name))
        data[at : at + 128] = data[maker.inode_at(EXT2, app) : maker.inode_at(EXT2, app) + 128]
    found = seen(bytes(data))
    assert found.oddities.count("overlapping-parts") == 1
    bomb = (VECTORS / "hostile" / "pointer-loop" / "input").read_bytes()
    started = time.process_time()
    with pytest.raises(LimitExceeded, match="used twice"):
        seen(bomb)
    assert time.process_time() - started < 0.5


def test_free_blocks_may_be_left_out() -> None:
    """An image that ends behind its last used block is whole; one block less is a gap."""
    used = len(EXT2.rstrip(b"\0"))
    used += -used % BLOCK
    assert seen(EXT2[:used]).unread == []
    assert seen(EXT2[:used]).facts["free-bytes-left-out"] == str(len(EXT2) - used)
    assert "malformed" in seen(EXT2[: used - BLOCK]).unread


def test_carving() -> None:
    """Inside other bytes a whole file system is found with its end; a copy of a superblock or a cut one is not."""

    def end(data: bytes, at: int) -> int:
        return ext_superblock.end(memoryview(data), at, lambda size: None)

    for data in (EXT2, EXT4):
        assert end(b"x" * 512 + data + b"y" * 512, 512) == 512 + len(data)
        assert end(data[:-1], 0) == 0
        assert end(maker.super_patched(data, 0x5A, b"\1\0"), 0) == 0
        assert end(maker.super_patched(data, 0x28, b"\x19\0\0\0"), 0) == 0
    assert end(maker.patched(EXT4, 1024 + 0x78, b"label"), 0) == 0


def test_detection_is_total() -> None:
    """Any prefix is answered."""
    for size in (0, 1, 1023, 1024, 1080, 1082, 2047, 2048):
        assert CONTAINER.detect(artifact(EXT2[:size])) == (size >= 2048)


def test_ranges_stay_inside() -> None:
    """No claim leaves the image, also when the image is cut anywhere."""
    for size in range(2048, len(EXT4), 997):
        found = seen(EXT4[:size])
        claims = [one.range for one in found.of(Part)] + [span for one in found.of(Member) for span in one.ranges]
        assert all(isinstance(one, ByteRange) and one.end <= size for one in claims)


def test_budget_counts_files() -> None:
    """What comes out is counted, also where it is a slice."""
    budget = Budget()
    list(CONTAINER.unpack(artifact(EXT4), budget))
    assert budget.total_bytes == sum(map(len, maker.FILES.values())) + len(maker.HOLE)
