"""FAT volumes: what is read, what is told, and every place in which something could hide."""

from __future__ import annotations

import struct

import pytest

from fwverify.formats import fat_directory, fat_table, fat_volume
from fwverify.model.examining import Malformed
from fwverify.unpack.containers.fat import CONTAINER
from fwverify.unpack.interface import Member, MemberKind, Oddity
from tests.unit.unpack.hiding import PLANT, planted, searched
from tests.unit.unpack.opened import artifact, opened
from tests.vectors.makers.fat_images import LONG, TEXT, TREE, Volume, patch

BIG = {"ONE.BIN": b"1" * 5000, "TWO.BIN": b"2" * 700}


def test_folders_files_and_names() -> None:
    """Long names, short names and folders come out as members of their kind, with what they hold."""
    seen = opened(CONTAINER, bytes(Volume().image()))
    assert seen.members[f"boot/{LONG}"] == TEXT
    assert seen.members["KERNEL.IMG"] == TREE["KERNEL.IMG"]
    kinds = {one.name: one.kind for one in seen.of(Member)}
    assert kinds["boot"] is MemberKind.DIRECTORY and kinds["boot/EMPTY.TXT"] is MemberKind.FILE
    assert (seen.oddities, seen.unread, seen.problem) == ([], [], None)
    assert seen.facts["type"] == "FAT12" and seen.facts["label"] == "VECTORS"


@pytest.mark.parametrize(("bits", "clusters"), [(12, 60), (16, 4200), (32, 60), (32, 70_000)])
def test_types(bits: int, clusters: int) -> None:
    """The width of entries follows the number of clusters, FAT32 the missing 16 bit size."""
    seen = opened(CONTAINER, bytes(Volume(bits=bits, clusters=clusters, skip=1).image()))
    assert seen.facts["type"] == f"FAT{bits}"
    assert seen.members["KERNEL.IMG"] == TREE["KERNEL.IMG"] and seen.oddities == []


def test_contiguous_files_are_slices() -> None:
    """A file in one run is stored; one in pieces is not, and its ranges are its clusters without the slack."""
    (one,) = [m for m in opened(CONTAINER, bytes(Volume().image(BIG))).of(Member) if m.name == "TWO.BIN"]
    assert one.stored and [r.size for r in one.ranges] == [700]
    (one,) = [m for m in opened(CONTAINER, bytes(Volume(skip=1).image(BIG))).of(Member) if m.name == "TWO.BIN"]
    assert not one.stored and [r.size for r in one.ranges] == [512, 188]


def places() -> dict[str, tuple[bytes, int, int]]:
    """Place -> volume, offset, bytes that fit there."""
    volume = Volume(clusters=60, per_cluster=4)
    data = volume.image(BIG)
    wide = Volume(bits=32, clusters=600, root_entries=32)
    other = wide.image(BIG)
    size = len(PLANT)
    behind = volume.cluster_at(volume.places["TWO.BIN"][0]) + 700
    root_end = volume.root_at + 32 * 10
    table = 512 * wide.reserved + 4 * 300
    return {
        "boot code": (bytes(data), 62, 400),
        "boot code of FAT32": (bytes(other), 90, 400),
        "reserved sectors": (bytes(other), 512 * 3, size),
        "FSInfo": (bytes(other), 512 + 4, 480),
        "copy of FSInfo": (bytes(other), 512 * 7 + 4, 480),
        "entries of the FAT": (bytes(other), table, size),
        "second FAT": (bytes(other), wide.fat_at(1) + 4 * 300, size),
        "behind the entries of the root": (bytes(data), root_end, size),
        "free cluster": (bytes(data), volume.cluster_at(40), size),
        "slack behind a file": (bytes(data), behind, size),
        "behind the volume": (bytes(data) + bytes(70_000), len(data) + 66_000, size),
    }


@pytest.mark.parametrize("place", list(places()))
def test_hiding_places(place: str) -> None:
    """What is planted in a place that no file has is claimed by nobody, so it is searched."""
    data, at, size = places()[place]
    assert searched(CONTAINER, planted(data, at, size), size), place


def test_bad_clusters_hide_nothing() -> None:
    """A cluster that is marked as bad belongs to nobody."""
    volume = Volume(clusters=60, per_cluster=4)
    data = planted(volume.image(BIG), volume.cluster_at(50))
    out = bytearray(data)
    patch(volume, out, 50, 0xFF7)
    assert searched(CONTAINER, bytes(out)) and opened(CONTAINER, bytes(out)).oddities == []


def test_deleted_files() -> None:
    """A deleted entry and its clusters are nobody's; how many there are is stated."""
    volume = Volume(per_cluster=4)
    data = volume.image({"ONE.BIN": b"1" * 500, "GONE.ELF": PLANT})
    data[data.index(b"GONE    ELF")] = 0xE5
    patch(volume, data, volume.places["GONE.ELF"][0], 0)
    seen = opened(CONTAINER, bytes(data))
    assert seen.facts["deleted-entries"] == "1" and set(seen.members) == {"ONE.BIN"}
    assert searched(CONTAINER, bytes(data)) and seen.oddities == []


def test_clusters_behind_the_end() -> None:
    """A chain longer than its file is told, and what lies there is nobody's."""
    volume = Volume(per_cluster=4)
    data = volume.image({"ONE.BIN": b"1" * 2000 + bytes(100) + PLANT})
    at = data.index(b"ONE     BIN")
    data[at + 28 : at + 32] = struct.pack("<I", 1000)
    seen = opened(CONTAINER, bytes(data))
    assert seen.members["ONE.BIN"] == b"1" * 1000
    assert seen.oddities == ["trailing-data"] and searched(CONTAINER, bytes(data))


def test_the_copy_of_the_boot_sector() -> None:
    """A copy that differs is told and not claimed."""
    volume = Volume(bits=32)
    data = volume.image()
    data[6 * 512 + 40] ^= 1
    seen = opened(CONTAINER, bytes(data))
    assert [one.detail for one in seen.of(Oddity)] == ["the copy of the boot sector differs from it"]


def test_bits_without_meaning() -> None:
    """The upper four bits of a FAT32 entry could carry something: told."""
    volume = Volume(bits=32)
    data = volume.image()
    for index in (0, 1):
        data[volume.fat_at(index) + 4 * 20 + 3] = 0xA0
    seen = opened(CONTAINER, bytes(data))
    assert seen.oddities == ["headers-disagree"] and "KERNEL.IMG" in seen.members


@pytest.mark.parametrize(
    ("at", "value"),
    [(11, b"\0\3"), (13, b"\3"), (14, b"\0\0"), (16, b"\0"), (16, b"\3"), (17, b"\0\0"), (19, b"\2\0"), (21, b"\xf1"),
     (510, b"\0\0"), (0, b"\0")],
)  # fmt: skip
def test_strict_boot_sector(at: int, value: bytes) -> None:
    """Values of the boot sector that cannot be are not taken for FAT."""
    data = Volume().image()
    data[at : at + len(value)] = value
    assert not CONTAINER.detect(artifact(bytes(data)))
    with pytest.raises(Malformed):
        fat_volume.read(memoryview(bytes(data)))


@pytest.mark.parametrize("bits", [12, 32])
def test_boot_sectors_without_a_label(bits: int) -> None:
    """Old boot sectors end before serial number and label: those bytes are boot code then."""
    data = Volume(bits=bits).image()
    for at in (38, 66, 6 * 512 + 66):
        data[at] = 0
    seen = opened(CONTAINER, bytes(data))
    assert seen.facts["serial"] == "00000000" and seen.oddities == [] and "KERNEL.IMG" in seen.members
    assert searched(CONTAINER, planted(data, 90, 300), 300)


def test_folder_entries_that_mislead() -> None:
    """A folder's own entries that lead elsewhere are told; the folder is not walked through them."""
    volume = Volume()
    data = volume.image({"FOLDER": {"A.BIN": b"1"}})
    at = data.index(b"..         ")
    data[at + 26] = 9
    seen = opened(CONTAINER, bytes(data))
    assert seen.oddities == ["headers-disagree"] and seen.members["FOLDER/A.BIN"] == b"1"


def test_short_names() -> None:
    """Lower case flags, a first byte that stands for E5, bytes outside ASCII."""
    assert fat_directory.short_name(b"README  TXT", 0x18) == b"readme.txt"
    assert fat_directory.short_name(b"README  TXT", 0x10) == b"README.txt"
    assert fat_directory.short_name(b"\x05BC        ") == b"\xe5BC"
    data = Volume().image({"AXC.BIN": b"1"})
    data[data.index(b"AXC     BIN") + 1] = 0x84
    assert "A%84C.BIN" in opened(CONTAINER, bytes(data)).members


@pytest.mark.parametrize(("piece", "at", "value"), [(0, 13, 0), (1, 12, 1), (1, 26, 1), (0, 0, 0x45), (1, 0, 9)])
def test_long_names_that_are_not_believed(piece: int, at: int, value: int) -> None:
    """A wrong sum, type, cluster or number: the short name counts, the pieces are told and claimed by nobody."""
    data = Volume().image({"a long name of two pieces": b"1"})
    first = data.index(b"N~0     EXT") - 64
    data[first + 32 * piece + at] = value
    seen = opened(CONTAINER, bytes(data))
    assert seen.members == {"N~0.EXT": b"1"} and seen.oddities == ["headers-disagree"]
    assert any(one.start <= first and first + 64 <= one.end for one in seen.unclaimed)


def test_a_long_name_of_twenty_pieces() -> None:
    """255 characters, a surrogate pair, and one that has no partner."""
    long = "n" * 255
    assert long in opened(CONTAINER, bytes(Volume().image({long: b"1"}))).members
    assert "\U0001f600 x" in opened(CONTAINER, bytes(Volume().image({"\U0001f600 x": b"1"}))).members
    data = Volume().image({"\U0001f600 x": b"1"})
    text = "\U0001f600 x".encode("utf-16-le")
    at = data.index(text)
    data[at : at + 2] = b"a\0"
    assert "a%ED%B8%80 x" in opened(CONTAINER, bytes(data)).members


def test_chains_end() -> None:
    """A ring, a chain into a free cluster, one that leaves the volume: each says why."""
    volume = Volume(clusters=60, used={10: 11, 11: 10, 20: 0, 30: 0x0EEE, 40: 0xFF7})
    table = fat_table.read(memoryview(bytes(volume.image({}))), fat_volume.read(memoryview(bytes(volume.image({})))))
    assert "ring" in table.chain(10).problem and table.shared
    assert "free" in table.chain(20).problem
    assert "does not exist" in table.chain(30).problem
    assert "bad" in table.chain(40).problem


def test_ten_thousand_files() -> None:
    """A folder of 10,000 long names, in many clusters."""
    many = {f"a file with number {one:05}.config": b"%d" % one for one in range(10_000)}
    seen = opened(CONTAINER, bytes(Volume(bits=32, clusters=15_000).image({"folder": many})))
    assert {name: data for name, data in seen.members.items() if data} == {
        f"folder/{name}": data for name, data in many.items()
    }
    assert (seen.oddities, seen.unread) == ([], [])


def test_carving() -> None:
    """A volume inside other bytes is found to its end; a boot sector without FATs that fit is none."""
    carve = CONTAINER.carve
    assert carve is not None
    data = bytes(Volume().image())
    assert carve.end(memoryview(b"x" * 100 + data + b"y" * 100), 100, lambda _: None) == 100 + len(data)
    wrong = bytearray(data)
    wrong[512] ^= 0xFF
    assert carve.end(memoryview(bytes(wrong)), 0, lambda _: None) == 0
    assert carve.end(memoryview(data[:-1]), 0, lambda _: None) == 0


@pytest.mark.parametrize(("at", "value"), [(0, 0x20), (1, 0x01), (4, 0x2A), (9, 0x2E), (11, 0x40)])
def test_entries_that_no_writer_makes(at: int, value: int) -> None:
    """A control character or delimiter in a name, an unknown attribute: read, told, and claimed by nobody."""
    data = Volume().image({"AXC.BIN": b"1"})
    place = data.index(b"AXC     BIN")
    data[place + at] = value
    seen = opened(CONTAINER, bytes(data))
    assert list(seen.members.values()) == [b"1"] and seen.oddities == ["headers-disagree"]
    assert any(one.start <= place and place + 32 <= one.end for one in seen.unclaimed)
