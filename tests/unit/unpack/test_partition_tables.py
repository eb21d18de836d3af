"""GPT and MBR as containers: places where things could hide, chains, and boot sectors that are something else."""

from __future__ import annotations

import random
import struct

import pytest

from fwverify.formats import gpt as layout
from fwverify.formats.partitions import Partition, overlaps
from fwverify.limits import LimitExceeded, Limits
from fwverify.unpack.containers.gpt import CONTAINER as GPT
from fwverify.unpack.containers.mbr import CONTAINER as MBR
from fwverify.unpack.interface import Container, Member, Part, Unread
from tests.unit.unpack.opened import Seen, artifact, opened
from tests.vectors.makers import partition_tables as maker
from tests.vectors.makers.partition_tables import BOOT, ELF, ROOT, SECTOR, Piece


def is_free(found: Seen, start: int, size: int) -> bool:
    """Nothing accounts for any of these bytes."""
    return any(one.start <= start and start + size <= one.end for one in found.unclaimed)


def with_hidden(container: Container, disk: bytes, at: int, hidden: bytes) -> bool:
    """Bytes written there are nobody's."""
    data = disk[:at] + hidden + disk[at + len(hidden) :]
    return is_free(opened(container, data), at, len(hidden))


def test_gpt_members_are_slices() -> None:
    """A partition is a stored member with its number and label."""
    found = opened(GPT, maker.gpt_disk())
    assert found.members == {"1-boot": BOOT, "2-root fs": ROOT}
    assert all(one.stored for one in found.of(Member))
    assert not found.oddities and not found.unread and not found.failed
    assert found.facts["sector-size"] == "512"


@pytest.mark.parametrize(
    "at",
    [0, SECTOR + 100, 2 * SECTOR + 3 * 128, 22 * SECTOR, 40 * SECTOR, 47 * SECTOR + 92],
    ids=["boot code", "behind the header", "free entries", "gap", "second gap", "behind the last header"],
)
def test_gpt_hiding_places(at: int) -> None:
    """What neither table nor partitions need is left to those who look for content."""
    assert with_hidden(GPT, maker.gpt_disk(), at, ELF[:400])


def test_gpt_hidden_behind_a_label() -> None:
    """The room behind the end of a label is nobody's."""
    disk = maker.gpt_disk()
    assert with_hidden(GPT, disk, 2 * SECTOR + 56 + 12, ELF[:60])


def test_gpt_hidden_as_entries() -> None:
    """Entries of no place on the disk are told and not understood, even where all sums hold."""
    raw = maker.table(maker.STANDARD)
    disk = bytearray(maker.gpt_disk())
    planted = raw[: 3 * 128] + ELF[:400] + raw[3 * 128 + 400 :]
    for at, own, other, place in ((SECTOR, 1, maker.SECTORS - 1, 2), (47 * SECTOR, maker.SECTORS - 1, 1, 43)):
        disk[place * SECTOR : place * SECTOR + len(planted)] = planted
        disk[at : at + SECTOR] = maker.header(own, other, place, planted, maker.SECTORS, SECTOR)
    found = opened(GPT, bytes(disk))
    assert not found.failed and found.unread
    assert is_free(found, 2 * SECTOR + 3 * 128, 400)


def test_gpt_falls_back() -> None:
    """A broken table in front is told, and the one at the end is used."""
    good = maker.gpt_disk()
    broken = good[: 2 * SECTOR + 32] + b"\x19" + good[2 * SECTOR + 33 :]
    found = opened(GPT, broken)
    assert found.members == {"1-boot": BOOT, "2-root fs": ROOT}
    assert found.failed == ["front entries"]
    assert found.oddities == ["headers-disagree"]


def test_gpt_without_boot_record() -> None:
    """A table that no boot record protects is told."""
    found = opened(GPT, maker.gpt_disk(record=bytes(512)))
    assert found.oddities == ["headers-disagree"]
    assert found.members


def test_gpt_carving() -> None:
    """Inside other bytes the whole disk is found; a table that does not hold is not."""

    def end(data: bytes, at: int) -> int:
        return layout.end(memoryview(data), at, lambda size: None)

    for disk in (maker.gpt_disk(), maker.gpt_disk((Piece(4, 4),), sectors=8, sector=4096)):
        assert end(b"x" * 1024 + disk + b"y" * 999, 1024) == 1024 + len(disk)
        assert end(disk[:-1], 0) == 0
    flipped = bytearray(maker.gpt_disk())
    flipped[2 * SECTOR + 40] ^= 1
    assert end(bytes(flipped), 0) == 0


def test_partition_that_is_the_disk_is_not_entered() -> None:
    """A partition over the table itself would be opened for ever."""
    found = opened(GPT, maker.gpt_disk((Piece(0, maker.SECTORS - 1, "all"),)))
    assert found.members == {}
    assert "overlapping-parts" in found.oddities and found.unread == ["limit"]


def test_partitions_over_one_another_are_bounded() -> None:
    """Sixteen partitions over the same bytes are told and not all read."""
    found = opened(GPT, maker.gpt_disk(tuple(Piece(8, 40, str(one)) for one in range(16))))
    assert "limit" in found.unread
    assert sum(map(len, found.members.values())) <= 4 * maker.SECTORS * SECTOR
    assert found.oddities.count("overlapping-parts") == 15


def test_members_are_counted() -> None:
    """Partitions count as members and bytes."""
    with pytest.raises(LimitExceeded, match="max_members"):
        opened(GPT, maker.gpt_disk(), Limits(max_members=1))
    with pytest.raises(LimitExceeded, match="max_total_bytes"):
        opened(MBR, maker.logical_disk(), Limits(max_total_bytes=2000))


def test_mbr_numbers() -> None:
    """Primary partitions have the number of their entry, logical ones count from 5."""
    found = opened(MBR, maker.logical_disk())
    assert found.members == {"1-fat32": BOOT, "5-linux": BOOT, "6-linux-swap": ROOT}
    assert not found.oddities and not found.unread
    assert found.facts["disk"] == "44332211"


@pytest.mark.parametrize(
    "at",
    [0, SECTOR, 7 * SECTOR, 10 * SECTOR, 10 * SECTOR + 478, 11 * SECTOR, 31 * SECTOR],
    ids=["boot code", "behind the record", "gap", "link's code", "link's free entries", "gap in the chain", "end"],
)
def test_mbr_hiding_places(at: int) -> None:
    """What neither records nor partitions need is left to those who look for content."""
    assert with_hidden(MBR, maker.logical_disk(), at, ELF[:32] if at % SECTOR else ELF[:400])


def test_chain_ends() -> None:
    """A chain that comes back is told once, and what was found until then stays."""
    records = {10: [(0x83, 2, 2), (5, 10, 10)], 20: [(0x83, 1, 2), (5, 0, 10)]}
    found = opened(MBR, maker.mbr_disk([(5, 10, 20)], records=records))
    assert set(found.members) == {"5-linux", "6-linux"}
    assert len(found.of(Unread)) == 1


def is_mbr(data: bytes) -> bool:
    return MBR.detect(artifact(data))


def test_other_boot_sectors() -> None:
    """FAT, NTFS, a kernel's old boot sector, code and random bytes end alike and are none."""
    disk = maker.mbr_disk([(0x83, 4, 4)])
    assert is_mbr(disk)
    assert not is_mbr(maker.fat_boot_sector() + bytes(4096))
    assert not is_mbr(disk[:3] + b"NTFS    " + disk[11:])
    both = maker.fat_boot_sector()[:440] + disk[440:]
    assert not is_mbr(both)
    assert not is_mbr(disk[:514] + b"HdrS" + disk[518:])
    assert not is_mbr(maker.gpt_disk())
    assert not is_mbr(disk[:446] + bytes(64) + disk[510:])
    for changed in (b"\x7f", b"\x01"):
        assert not is_mbr(disk[:446] + changed + disk[447:])
    assert not is_mbr(disk[:470] + b"\1" + disk[471:])  # something in a free entry
    assert not is_mbr(disk[:448] + b"\x40" + disk[449:])  # sector 0 of a track
    assert not is_mbr(disk[:454] + struct.pack("<I", 1 << 20) + disk[458:])  # nothing of it in the image
    assert not is_mbr(disk[:454] + bytes(4) + disk[458:])  # a partition that begins with the record
    chance = random.Random(3)
    for _ in range(3000):
        assert not is_mbr(chance.randbytes(510) + b"\x55\xaa" + bytes(600))


def test_known_boot_code_only() -> None:
    """Boot code is understood by digest alone."""
    data = maker.boot_record([(0x83, 4, 4)], code=b"\xfa\xb8\x00\x10" + ELF) + bytes(8192)
    assert is_free(opened(MBR, data), 0, 440)
    assert all(one.range.start >= 440 for one in opened(MBR, data).of(Part))


def test_overlaps() -> None:
    """Each overlap is found once, also under a long one; neighbours do not overlap."""
    pieces = [Partition(1, "", 0, 100), Partition(2, "", 10, 20), Partition(3, "", 30, 40), Partition(4, "", 100, 110)]
    assert [(one.number, other.number) for one, other in overlaps(pieces)] == [(1, 2), (1, 3)]
