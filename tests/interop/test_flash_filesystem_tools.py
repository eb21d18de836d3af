"""JFFS2, UBI and UBIFS as their official makers write them.

Debian: mtd-utils (mkfs.jffs2, sumtool, mkfs.ubifs, ubinize).
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest

from fwverify.formats.names import fill_byte
from fwverify.model.artifact import ByteRange
from fwverify.model.evidence import GapReason
from fwverify.unpack.containers.flash_dump import searching
from fwverify.unpack.interface import Check, Event, Fact, Member
from tests.interop import trees
from tests.interop.tools import need, run
from tests.unit.unpack.opened import opened

pytestmark = pytest.mark.interop
JFFS2 = [
    "-l", "-b", "-l -n", "-b -n -p", "-l -p -e0x2000", "-b -p -e0x20000 -c 64", "-l -e0x40000 -p=0x1000000",
    "-l -s 0x1000 -e0x8000", "-b -s 0x2000", "-l -q -U",
    "-l -m none", "-l -Xlzo -xzlib -xrtime", "-b -Xlzo -xzlib -xrtime", "-l -xzlib -xlzo", "-b -xzlib -xlzo",
    "-l -m size -Xlzo", "-b -m size -Xlzo",
]  # fmt: skip
UBIFS = [
    (compression, unit, leb)
    for compression in ("none", "lzo", "zlib", "zstd")
    for unit, leb in ((2048, 126_976), (512, 15_872))
] + [("favor_lzo", 8, 65_408), ("lzo", 4096, 253_952), ("zlib", 8192, 1_032_192)]  # fmt: skip


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trees.source_tree(tmp_path_factory.mktemp("source") / "tree")


@pytest.fixture(scope="module")
def noted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With extended attributes."""
    try:
        return trees.source_tree(tmp_path_factory.mktemp("noted") / "tree", xattrs=True)
    except OSError as problem:
        pytest.skip(f"no extended attributes here: {problem}")


@pytest.fixture(scope="module")
def large_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trees.source_tree(tmp_path_factory.mktemp("large") / "tree", many=10_000, holes=False)


def left(data: bytes, events: list[Event]) -> list[ByteRange]:
    """Bytes that nothing accounts for and that are not fill."""
    view = memoryview(data)
    return [one for one in trees.unclaimed(data, events) if not fill_byte(view, one)]


def equal(image: Path | bytes, source: Path, container: str) -> list[Event]:
    """The image holds what the folder holds, nothing is wrong with it, and all else in it is fill."""
    data = image if isinstance(image, bytes) else image.read_bytes()
    held, events = trees.held(data, container)
    wanted = trees.source(source)
    assert held.files == wanted.files
    assert held.symlinks == wanted.symlinks
    assert held.folders == wanted.folders
    assert trees.complaints(events) == []
    assert left(data, events) == []
    return events


def facts(events: list[Event]) -> dict[str, str]:
    return {one.name: one.value for one in events if isinstance(one, Fact)}


def jffs2(folder: Path, source: Path, *options: object) -> Path:
    need("mkfs.jffs2")
    image = folder / "image.jffs2"
    run("mkfs.jffs2", "-r", source, "-o", image, *options)
    return image


def ubifs(folder: Path, source: Path, *options: object, unit: int = 2048, leb: int = 126_976, lebs: int = 0) -> Path:
    need("mkfs.ubifs")
    image = folder / "image.ubifs"
    run("mkfs.ubifs", "-r", source, "-o", image, "-m", unit, "-e", leb, "-c", lebs or 60_000_000 // leb, *options)
    return image


def ubi(folder: Path, volumes: str, *options: object) -> Path:
    """A device by ubinize; `volumes` is its configuration without what is the same for all."""
    need("ubinize")
    (folder / "ubi.ini").write_text(volumes.replace("image=", f"mode=ubi\nimage={folder}/"))
    run("ubinize", "-o", folder / "image.ubi", *options, folder / "ubi.ini")
    return folder / "image.ubi"


@pytest.mark.parametrize("options", JFFS2)
def test_jffs2(options: str, tree: Path, tmp_path: Path) -> None:
    """Names, sizes, contents and link targets are those of the source, in every form the maker has."""
    events = equal(jffs2(tmp_path, tree, *options.split()), tree, "jffs2")
    assert facts(events)["byte-order"] == ("big" if "-b" in options else "little")
    checks = [one for one in events if isinstance(one, Check)]
    assert len(checks) == 1


@pytest.mark.parametrize("order", ["-l", "-b"])
@pytest.mark.parametrize("more", ["", "-p", "-n", "-c 64"])
def test_jffs2_with_summaries(order: str, more: str, tree: Path, tmp_path: Path) -> None:
    """Summaries by sumtool say what their erase blocks hold."""
    need("sumtool")
    plain, summed = jffs2(tmp_path, tree, order, "-e0x10000", *more.split()), tmp_path / "summed"
    run("sumtool", order, "-e0x10000", *more.split(), "-i", plain, "-o", summed)
    assert summed.read_bytes() != plain.read_bytes()
    equal(summed, tree, "jffs2")


def test_jffs2_extended_attributes(noted: Path, tmp_path: Path) -> None:
    """Attributes are accounted for, with summaries and without."""
    need("sumtool")
    events = equal(jffs2(tmp_path, noted, "-l", "--with-xattr"), noted, "jffs2")
    assert facts(events)["extended-attributes"] == "2"
    run("sumtool", "-l", "-e0x10000", "-p", "-i", tmp_path / "image.jffs2", "-o", tmp_path / "summed")
    equal(tmp_path / "summed", noted, "jffs2")


def test_jffs2_with_many_files(large_tree: Path, tmp_path: Path) -> None:
    """Ten thousand files in a few seconds."""
    image = jffs2(tmp_path, large_tree, "-l", "-e0x20000", "-m", "none")
    started = time.process_time()
    equal(image, large_tree, "jffs2")
    assert time.process_time() - started < 10


def test_jffs2_written_to_later(tree: Path, tmp_path: Path) -> None:
    """What mkfs.jffs2 appends for a second tree hides the first; what is hidden comes out beside it."""
    first = jffs2(tmp_path, tree, "-l", "-p").read_bytes()
    second = tmp_path / "second"
    (second / "etc").mkdir(parents=True)
    (second / "etc" / "one").write_bytes(b"another")
    run("mkfs.jffs2", "-l", "-r", second, "-o", tmp_path / "more", "-i", tmp_path / "image.jffs2")
    held, events = trees.held(first + (tmp_path / "more").read_bytes(), "jffs2")
    assert trees.source(tree).files.items() - held.files.items() <= {("etc/one", (1, sha(b"1")))}
    assert [one for one in events if isinstance(one, Check) and one.declared != one.computed] == []


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(("compression", "unit", "leb"), UBIFS)
def test_ubifs(compression: str, unit: int, leb: int, tree: Path, tmp_path: Path) -> None:
    """Names, sizes, contents and link targets are those of the source, in every compression and geometry."""
    events = equal(ubifs(tmp_path, tree, "-x", compression, unit=unit, leb=leb), tree, "ubifs")
    assert facts(events)["erase-block-size"] == str(leb)
    assert facts(events)["compression"] == compression.removeprefix("favor_")


@pytest.mark.parametrize("options", ["-F", "-k test", "-f 4", "-f 100", "-p 4", "-l 8", "-j 4MiB", "-R 1MiB", "-U"])
def test_ubifs_options(options: str, tree: Path, tmp_path: Path) -> None:
    """Options of the maker that change how the index, the log and the orphan area lie."""
    equal(ubifs(tmp_path, tree, *options.split()), tree, "ubifs")


@pytest.mark.parametrize("lebs", [470, 2000, 16_000, 100_000])
def test_ubifs_trees_of_properties(lebs: int, tree: Path, tmp_path: Path) -> None:
    """The tree of LEB properties has other field widths, and another form, where a volume may grow."""
    equal(ubifs(tmp_path, tree, lebs=lebs), tree, "ubifs")


def test_ubifs_extended_attributes(tree: Path, tmp_path: Path) -> None:
    """Attributes are accounted for. Debian's maker takes none from the source, only from a list."""
    (tmp_path / "contexts").write_text("/.*  system_u:object_r:lib_t:s0\n/etc(/.*)?  system_u:object_r:etc_t:s0\n")
    events = equal(ubifs(tmp_path, tree, f"--selinux={tmp_path}/contexts"), tree, "ubifs")
    names = {".", *trees.source(tree).folders, *trees.source(tree).files, *trees.source(tree).symlinks}
    assert 300 < int(facts(events)["extended-attributes"]) <= len(names)


def test_ubifs_with_many_files(large_tree: Path, tmp_path: Path) -> None:
    """Ten thousand files in a few seconds."""
    image = ubifs(tmp_path, large_tree, "-x", "none", lebs=4000)
    started = time.process_time()
    equal(image, large_tree, "ubifs")
    assert time.process_time() - started < 10


def test_empty_systems(tmp_path: Path) -> None:
    """A file system without files is sound, too."""
    (tmp_path / "tree").mkdir()
    equal(ubifs(tmp_path, tmp_path / "tree"), tmp_path / "tree", "ubifs")
    (tmp_path / "tree" / "empty").write_bytes(b"")
    equal(jffs2(tmp_path, tmp_path / "tree", "-l"), tmp_path / "tree", "jffs2")


def test_encrypted_files_are_named(tmp_path: Path) -> None:
    """Files that mkfs.ubifs encrypts are gaps, not members with other bytes."""
    source = tmp_path / "tree"
    (source / "inner").mkdir(parents=True)
    (source / "inner" / "secret").write_bytes(trees.NOISE[:9000])
    (tmp_path / "key").write_bytes(trees.NOISE[:64])
    cipher = ("-C", "AES-256-XTS")
    image = ubifs(tmp_path, source, "-K", tmp_path / "key", "-b", "0011223344556677", *cipher)
    found, events = trees.held(image.read_bytes(), "ubifs")
    assert found.files == {}
    assert {one.reason for one in trees.complaints(events) if hasattr(one, "reason")} == {GapReason.ENCRYPTED}


@pytest.mark.parametrize(("peb", "unit", "options"), [
    (131_072, 2048, ""), (131_072, 2048, "-s 512"), (16_384, 512, ""), (262_144, 4096, "-e 7"), (65_536, 1, ""),
    (131_072, 2048, "-O 4096"),
])  # fmt: skip
def test_ubi(peb: int, unit: int, options: str, tree: Path, tmp_path: Path) -> None:
    """Several volumes, of both types, in other geometries; the file system in one of them is whole."""
    offset = {"-s 512": 2048, "-O 4096": 6144}.get(options, max(2 * unit, 128))
    leb = peb - offset
    system = ubifs(tmp_path, tree, unit=max(unit, 8), leb=leb).read_bytes()
    kernel = trees.NOISE[:300_001]
    (tmp_path / "kernel").write_bytes(kernel)
    volumes = (
        "[kernel]\nimage=kernel\nvol_id=0\nvol_type=static\nvol_name=kernel\n"
        "[root]\nimage=image.ubifs\nvol_id=1\nvol_type=dynamic\nvol_name=rootfs\nvol_flags=autoresize\n"
        f"[data]\nimage=kernel\nvol_id=5\nvol_type=dynamic\nvol_name=data\nvol_alignment={max(unit, 8)}\n"
        f"vol_size={leb * (300_001 // leb + 3)}\n"
    )
    data = ubi(tmp_path, volumes, "-p", peb, "-m", unit, "-Q", 77, *options.split()).read_bytes()
    members, events = volumes_of(data)
    assert trees.complaints(events) == [] and left(data, events) == []
    assert facts(events)["erase-block-size"] == str(peb) and facts(events)["image-sequence"] == "77"
    assert members["kernel"] == kernel
    assert members["data"] == kernel + b"\xff" * (-len(kernel) % leb)
    assert members["rootfs"] == system
    equal(members["rootfs"], tree, "ubifs")


def volumes_of(data: bytes) -> tuple[dict[str, bytes], list[Event]]:
    events = list(trees.container("ubi").unpack(trees.image(data), trees.Budget()))
    return {one.name: bytes(one.content or b"") for one in events if isinstance(one, Member)}, events


def test_out_of_a_flash_dump(tree: Path, tmp_path: Path) -> None:
    """A dump with a boot loader, a UBI device, a JFFS2 file system and erased flash gives both, to the byte."""
    ubifs(tmp_path, tree)
    volumes = "[root]\nimage=image.ubifs\nvol_id=0\nvol_type=dynamic\nvol_name=rootfs\nvol_flags=autoresize\n"
    device = ubi(tmp_path, volumes, "-p", 131_072, "-m", 2048).read_bytes()
    flash = jffs2(tmp_path, tree, "-l", "-p", "-e0x20000").read_bytes()
    loader = trees.NOISE[:262_144]
    dump = loader + device + b"\xff" * 262_144 + loader[:131_072] + flash + b"\xff" * 131_072 + loader[:50_000]
    ways = tuple((name, trees.container(name).carve) for name in ("ubi", "ubifs", "jffs2"))
    found = [one for one in opened(searching(ways), dump).of(Member)]  # type: ignore[arg-type]
    assert [one.ranges[0].start for one in found] == [len(loader), dump.index(flash)]
    equal(volumes_of(bytes(found[0].content))[0]["rootfs"], tree, "ubifs")
    equal(bytes(found[1].content), tree, "jffs2")


def test_images_in_a_tree(tree: Path, tmp_path: Path) -> None:
    """File systems and devices that lie as files in a file system do not end or disturb it."""
    source = tmp_path / "outer"
    source.mkdir()
    (source / "inner.jffs2").write_bytes(jffs2(tmp_path, tree, "-l", "-p").read_bytes())
    (source / "inner.ubifs").write_bytes(ubifs(tmp_path, tree).read_bytes())
    volumes = "[root]\nimage=image.ubifs\nvol_id=0\nvol_type=static\nvol_name=rootfs\n"
    (source / "inner.ubi").write_bytes(ubi(tmp_path, volumes, "-p", 131_072, "-m", 2048).read_bytes())
    equal(jffs2(tmp_path, source, "-l", "-m", "none"), source, "jffs2")
    equal(ubifs(tmp_path, source, "-x", "none"), source, "ubifs")
    device = ubi(tmp_path, volumes, "-p", 131_072, "-m", 2048).read_bytes()
    members, events = volumes_of(device)
    assert trees.complaints(events) == [] and left(device, events) == []
    equal(members["rootfs"], source, "ubifs")
