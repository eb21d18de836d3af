"""FAT, cramfs, romfs and EROFS as their official makers write them, and file systems that are named.

Debian: dosfstools, mtools, util-linux (mkfs.cramfs, mkfs.minix, mkswap), genromfs, erofs-utils, genisoimage,
cryptsetup-bin, btrfs-progs, f2fs-tools, xfsprogs, ntfs-3g, exfatprogs, reiserfsprogs, udftools, jfsutils, nilfs-tools,
lvm2 (pvck).
"""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path

import pytest

from fwverify.formats.foreign_filesystems import recognised
from fwverify.formats.names import fill_byte
from fwverify.model.examining import Encrypted, Unsupported
from fwverify.unpack.interface import Event, Fact, Member, Unread
from tests.interop import trees
from tests.interop.tools import found, need, run
from tests.vectors.makers import foreign_systems

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trees.source_tree(tmp_path_factory.mktemp("source") / "tree", xattrs=True)


@pytest.fixture(scope="module")
def flat_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Without links, which FAT has not."""
    return trees.source_tree(tmp_path_factory.mktemp("flat") / "tree", links=False)


@pytest.fixture(scope="module")
def large_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trees.source_tree(tmp_path_factory.mktemp("large") / "tree", many=10_000, holes=False)


def equal(image: Path, source: Path, container: str) -> list[Event]:
    """The image holds what the folder holds, nothing is wrong with it, and all else in it is fill."""
    data = image.read_bytes()
    held, events = trees.held(data, container)
    wanted = trees.source(source)
    assert held.files == wanted.files
    assert held.symlinks == wanted.symlinks
    assert held.folders == wanted.folders
    assert trees.complaints(events) == []
    view = memoryview(data)
    assert [one for one in trees.unclaimed(data, events) if not fill_byte(view, one)] == []
    return events


def facts(events: list[Event]) -> dict[str, str]:
    return {one.name: one.value for one in events if isinstance(one, Fact)}


# --- romfs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", ["", "-a 512", "-A 4096,/*", "-V name"])
def test_romfs(options: str, tree: Path, tmp_path: Path) -> None:
    """genromfs, with every alignment: hard links, links, empty files, long names."""
    need("genromfs")
    run("genromfs", "-d", tree, "-f", tmp_path / "image", *options.split())
    equal(tmp_path / "image", tree, "romfs")


def test_romfs_of_ten_thousand_files(large_tree: Path, tmp_path: Path) -> None:
    """10,000 files in one folder."""
    need("genromfs")
    run("genromfs", "-d", large_tree, "-f", tmp_path / "image")
    equal(tmp_path / "image", large_tree, "romfs")


# --- cramfs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", ["", "-N big", "-N little -p", "-z", "-n name -e 7", "-b 16384", "-b 8192 -N big"])
def test_cramfs(options: str, tree: Path, tmp_path: Path) -> None:
    """mkfs.cramfs in both orders, behind a boot sector, with holes and other blocks."""
    need("mkfs.cramfs")
    run("mkfs.cramfs", *options.split(), tree, tmp_path / "image")
    equal(tmp_path / "image", tree, "cramfs")


def test_cramfs_of_ten_thousand_files(large_tree: Path, tmp_path: Path) -> None:
    """10,000 files in one folder."""
    need("mkfs.cramfs")
    run("mkfs.cramfs", large_tree, tmp_path / "image")
    equal(tmp_path / "image", large_tree, "cramfs")


def test_cramfs_with_something_inserted(tree: Path, tmp_path: Path) -> None:
    """A file that mkfs.cramfs puts in front of the root is nobody's, so it is searched."""
    need("mkfs.cramfs")
    (tmp_path / "inserted").write_bytes(trees.NOISE[:5000])
    run("mkfs.cramfs", "-i", tmp_path / "inserted", tree, tmp_path / "image")
    data = (tmp_path / "image").read_bytes()
    _, events = trees.held(data, "cramfs")
    assert any(trees.NOISE[:5000] in data[one.start : one.end] for one in trees.unclaimed(data, events))


# --- EROFS ----------------------------------------------------------------------------------------------------------

EROFS = [
    "", "-Eforce-inode-compact", "-Eforce-inode-extended", "-Enoinline_data", "-x0", "-x-1", "--chunksize=4096",
    "--chunksize=65536 -Eforce-inode-blockmap", "--chunksize=8192 -Eforce-chunk-indexes", "-zlz4", "-zlz4hc,12",
    "-zlz4hc -C65536", "-zlz4hc -C16384 -Eztailpacking", "-zlz4 -Eztailpacking", "-zlz4 -Elegacy-compress",
    "-zlz4hc -C131072 --max-extent-bytes=32768", "-zlz4 -C8192 -Eforce-inode-extended,ztailpacking",
]  # fmt: skip


@pytest.mark.parametrize("options", EROFS)
def test_erofs(options: str, tree: Path, tmp_path: Path) -> None:
    """mkfs.erofs with every option that changes the layout."""
    need("mkfs.erofs")
    run("mkfs.erofs", "--quiet", *options.split(), tmp_path / "image", tree)
    seen = facts(equal(tmp_path / "image", tree, "erofs"))
    assert ("extended-attributes" in seen) == (options != "-x-1")
    features = struct.unpack_from("<I", (tmp_path / "image").read_bytes(), 1024 + 80)[0]
    assert bool(features & 0x04) == ("chunksize" in options)
    assert bool(features & 0x02) == ("-C" in options)


@pytest.mark.parametrize("options", ["-zlz4", "-zlz4hc -C8192", "-zlz4 -Eforce-inode-extended"])
def test_erofs_tails_behind_the_index(options: str, tmp_path: Path) -> None:
    """Packed tails that fit lie behind the index of their file."""
    need("mkfs.erofs")
    source = tmp_path / "tree"
    source.mkdir()
    for one in range(40):
        (source / f"text-{one}").write_bytes((b"line %d of some text\n" % one) * (one * one * 7 + 100))
        (source / f"noise-{one}").write_bytes(trees.NOISE[one * 999 :][: one * 517])
    run("mkfs.erofs", "--quiet", *options.split(), "-Eztailpacking", tmp_path / "image", source)
    equal(tmp_path / "image", source, "erofs")
    assert struct.unpack_from("<I", (tmp_path / "image").read_bytes(), 1024 + 80)[0] & 0x10


@pytest.mark.parametrize("options", ["", "-zlz4"])
def test_erofs_of_ten_thousand_files(options: str, large_tree: Path, tmp_path: Path) -> None:
    """10,000 files in one folder."""
    need("mkfs.erofs")
    run("mkfs.erofs", "--quiet", *options.split(), tmp_path / "image", large_tree)
    equal(tmp_path / "image", large_tree, "erofs")


def test_erofs_on_two_devices(tree: Path, tmp_path: Path) -> None:
    """Content on a further device is a gap of each file that is there."""
    need("mkfs.erofs")
    options = ("--chunksize=4096", f"--blobdev={tmp_path / 'blob'}")
    run("mkfs.erofs", "--quiet", *options, tmp_path / "image", tree)
    artifact = trees.image((tmp_path / "image").read_bytes())
    events = list(trees.container("erofs").unpack(artifact, trees.Budget()))
    told = [one for one in trees.complaints(events) if isinstance(one, Unread)]
    assert {one.detail for one in told} == {"EROFS file on another device"} and len(told) > 300
    assert "etc/empty" in {one.name for one in events if isinstance(one, Member)}


# --- FAT ------------------------------------------------------------------------------------------------------------

FAT = {
    "FAT12": ("-F 12 -s 16", 24_000), "FAT16": ("-F 16", 20_480), "FAT16, large sectors": ("-F 16 -S 4096", 100_000),
    "FAT32": ("-F 32 -n LABEL", 70_000), "FAT32, one FAT": ("-F 32 -f 1 -s 2", 140_000), "as it likes": ("", 60_000),
}  # fmt: skip


def volume(folder: Path, source: Path, options: str, kilobytes: int) -> Path:
    """A volume by mkfs.vfat, filled by mcopy."""
    need("mkfs.vfat", "mcopy")
    image = folder / "image"
    run("mkfs.vfat", *options.split(), "-C", image, kilobytes)
    fill(image, source)
    return image


def fill(image: Path, source: Path) -> None:
    names = [str(one) for one in sorted(source.iterdir())]
    tool = {**os.environ, "MTOOLS_SKIP_CHECK": "1", "LC_ALL": "C.UTF-8"}
    done = subprocess.run([found("mcopy"), "-s", "-Q", "-i", image, *names, "::"], env=tool, capture_output=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", list(FAT))
def test_fat(kind: str, flat_tree: Path, tmp_path: Path) -> None:
    """mkfs.vfat and mcopy: every width, long names and names outside ASCII."""
    events = equal(volume(tmp_path, flat_tree, *FAT[kind]), flat_tree, "fat")
    if kind.startswith("FAT"):
        assert facts(events)["type"] == kind[:5]


def test_fat_of_many_files(tmp_path: Path) -> None:
    """600 files in one folder (mcopy takes minutes for 10,000, which a unit test lays out itself)."""
    source = trees.source_tree(tmp_path / "tree", many=600, links=False)
    equal(volume(tmp_path, source, "-F 32", 100_000), source, "fat")


def test_fat_after_deleting(flat_tree: Path, tmp_path: Path) -> None:
    """Deleted files are no members; what they held is nobody's, and nothing is wrong with the volume."""
    image = volume(tmp_path, flat_tree, "-F 16", 20_480)
    run("mdel", "-i", image, "::/bin/random")
    data = image.read_bytes()
    held, events = trees.held(data, "fat")
    assert set(trees.source(flat_tree).files) - set(held.files) == {"bin/random"}
    assert trees.complaints(events) == [] and int(facts(events)["deleted-entries"]) >= 1
    left = trees.unclaimed(data, events)
    assert any(trees.NOISE[:4096] in data[one.start : one.end] for one in left)


def test_fat_by_mformat(flat_tree: Path, tmp_path: Path) -> None:
    """mtools formats, too; its partition entry in the boot sector is the only thing nobody claims."""
    need("mformat", "mcopy")
    image = tmp_path / "image"
    run("mformat", "-C", "-i", image, "-T", 60_000, "-h", 2, "-s", 30, "::")
    fill(image, flat_tree)
    data = image.read_bytes()
    held, events = trees.held(data, "fat")
    assert held.files == trees.source(flat_tree).files and trees.complaints(events) == []
    view = memoryview(data)
    left = [one for one in trees.unclaimed(data, events) if not fill_byte(view, one)]
    assert all(446 <= one.start < 510 for one in left)


# --- named, not read ------------------------------------------------------------------------------------------------

NAMED = {
    "btrfs": ("mkfs.btrfs -q IMAGE", 128), "F2FS": ("mkfs.f2fs -q IMAGE", 64), "XFS": ("mkfs.xfs -q IMAGE", 320),
    "NTFS": ("mkfs.ntfs -F -Q -q IMAGE", 16), "exFAT": ("mkfs.exfat IMAGE", 16), "UDF": ("mkudffs IMAGE", 8),
    "ReiserFS": ("mkreiserfs -q -f IMAGE", 64), "Minix 1": ("mkfs.minix -1 -n 14 IMAGE", 2),
    "Minix 2": ("mkfs.minix -2 IMAGE", 16), "Minix 3": ("mkfs.minix -3 IMAGE", 16), "JFS": ("mkfs.jfs -q IMAGE", 32),
    "NILFS2": ("mkfs.nilfs2 -q -f IMAGE", 256), "Linux swap space": ("mkswap IMAGE", 8),
}  # fmt: skip


@pytest.mark.parametrize("name", list(NAMED))
def test_named(name: str, tmp_path: Path) -> None:
    """What the maker of a file system writes is named, and nothing else takes it for its own."""
    command, megabytes = NAMED[name]
    image = tmp_path / "image"
    words = [str(image) if one == "IMAGE" else one for one in command.split()]
    need(words[0])
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    run(*words)
    named(image, name)


def named(image: Path, name: str, kind: type[Exception] = Unsupported) -> None:
    container = trees.container("unsupported_filesystem")
    artifact = trees.image(image.read_bytes())
    assert trees.recognise(artifact) == (container, ())
    with pytest.raises(kind, match=name):
        for _ in container.unpack(artifact, trees.Budget()):
            pass


@pytest.mark.parametrize(("options", "name"), [("-R -J", "ISO 9660"), ("-udf", "ISO 9660 with UDF")])
def test_iso(options: str, name: str, tmp_path: Path, flat_tree: Path) -> None:
    """genisoimage, with and without UDF."""
    need("genisoimage")
    run("genisoimage", "-quiet", *options.split(), "-o", tmp_path / "image", flat_tree / "bin")
    named(tmp_path / "image", name)


@pytest.mark.parametrize("version", ["1", "2"])
def test_luks(version: str, tmp_path: Path) -> None:
    """cryptsetup: an encrypted volume is told as such."""
    need("cryptsetup")
    (tmp_path / "key").write_bytes(b"a key of the tests")
    image = tmp_path / "image"
    with image.open("wb") as file:
        file.truncate(32 << 20)
    options = ("--pbkdf", "pbkdf2") if version == "2" else ()
    run("cryptsetup", "luksFormat", "-q", "--type", f"luks{version}", *options, "--pbkdf-force-iterations", "1000",
        "--key-file", tmp_path / "key", image)  # fmt: skip
    named(image, f"LUKS{version}", Encrypted)


def test_lvm_label(tmp_path: Path) -> None:
    """pvck, LVM's own checker, finds the label of our vector whose CRC we computed."""
    need("pvck")
    image = tmp_path / "image"
    image.write_bytes(foreign_systems.lvm().ljust(1 << 20, b"\0"))
    done = subprocess.run([found("pvck"), "--dump", "headers", image], capture_output=True)
    said = (done.stdout + done.stderr).decode()
    assert "label_header at 512" in said and "CHECK: label_header.crc" not in said, said
    assert recognised(memoryview(image.read_bytes())) is not None


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "container"), [("romfs.bin", "romfs"), ("cramfs.bin", "cramfs"), ("yaffs2.bin", "unsupported_filesystem")]
)
def test_corpus(name: str, container: str) -> None:
    """Images of other people."""
    cases = os.environ.get("FWVERIFY_CASES")
    if not cases:
        pytest.skip("FWVERIFY_CASES is not set")
    data = (Path(cases) / "containers" / "binwalk" / name).read_bytes()
    if container == "unsupported_filesystem":
        assert recognised(memoryview(data)) is not None
        return
    held, events = trees.held(data, container)
    assert list(held.files) == ["lsb-release"] and trees.complaints(events) == []
