"""Ext2, ext3 and ext4 as mke2fs, debugfs and e2fsck make them.

Debian: e2fsprogs.
"""

from __future__ import annotations

import struct
import subprocess
import time
from pathlib import Path

import pytest

from fwverify.formats.names import fill_byte
from fwverify.model.artifact import ByteRange
from fwverify.unpack.interface import Check, Event, Fact, Unread
from tests.interop import trees
from tests.interop.tools import found as tool
from tests.interop.tools import need, run

pytestmark = pytest.mark.interop
VARIANTS = [
    "ext2", "ext2 -b 4096", "ext2 -r 0", "ext2 -O ^filetype", "ext2 -O ^sparse_super,^resize_inode", "ext2 -I 128",
    "ext3 -b 1024", "ext3 -b 4096 -J size=4",
    "ext4", "ext4 -b 2048 -I 512", "ext4 -b 4096", "ext4 -b 65536", "ext4 -I 128", "ext4 -g 1024 -b 1024",
    "ext4 -O ^has_journal", "ext4 -O ^64bit", "ext4 -O ^metadata_csum", "ext4 -O ^metadata_csum,uninit_bg",
    "ext4 -O ^flex_bg", "ext4 -O meta_bg,^resize_inode", "ext4 -O sparse_super2", "ext4 -O ^sparse_super,^resize_inode",
    "ext4 -O bigalloc -C 16384", "ext4 -O bigalloc -C 65536 -b 4096", "ext4 -O inline_data -I 256",
    "ext4 -O inline_data -I 1024 -b 4096", "ext4 -O mmp", "ext4 -O orphan_file", "ext4 -O metadata_csum_seed",
    "ext4 -O casefold,ea_inode,large_dir", "ext4 -E lazy_itable_init=1", "ext4 -E resize=1G",
]  # fmt: skip


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trees.source_tree(tmp_path_factory.mktemp("source") / "tree")


def made(folder: Path, kind: str, *options: object, source: Path | None = None, size: str = "48M") -> Path:
    """An image by mke2fs."""
    need("mke2fs")
    image = folder / "image"
    more = ("-d", source) if source else ()
    run("mke2fs", "-q", "-F", "-t", kind, "-U", "00000000-0000-0000-0000-000000000017", *options, *more, image, size)
    return image


def equal(image: Path, source: Path, *, but: str = "") -> list[Event]:
    """The image holds what the folder holds, nothing is wrong with it, and all else in it is fill."""
    data = image.read_bytes()
    found, events = trees.held(data, "ext")
    wanted = trees.source(source)
    if but:
        del found.files[but], wanted.files[but]
    assert found.files == wanted.files
    assert found.symlinks == wanted.symlinks
    assert found.folders - {"lost+found"} == wanted.folders
    assert trees.complaints(events) == []
    assert left(data, events) == []
    return events


def left(data: bytes, events: list[Event]) -> list[ByteRange]:
    """Bytes that nothing accounts for and that are not fill."""
    view = memoryview(data)
    return [one for one in trees.unclaimed(data, events) if not fill_byte(view, one)]


@pytest.mark.parametrize("variant", VARIANTS)
def test_variants(variant: str, tree: Path, tmp_path: Path) -> None:
    """Names, sizes, contents and link targets are those of the source, in every form the maker has."""
    kind, *options = variant.split()
    size = "128M" if "65536" in options else "48M"
    image = made(tmp_path, kind, *options, source=tree, size=size)
    # mke2fs 1.47.0 loses the hole at the end of a file when it may store files in inodes (debugfs sees the same size)
    events = equal(image, tree, but="hole" if "inline_data" in variant else "")
    checks = [one for one in events if isinstance(one, Check)]
    assert bool(checks) == (kind == "ext4" and "^metadata_csum" not in options)


def test_many_files_and_hash_trees(tmp_path: Path) -> None:
    """Ten thousand files, then the same with directories rebuilt as hash trees; a few seconds at most."""
    source = trees.source_tree(tmp_path / "tree", many=10_000)
    image = made(tmp_path, "ext4", "-b", 1024, "-N", 12_000, source=source, size="400M")
    started = time.process_time()
    equal(image, source)
    assert time.process_time() - started < 8
    need("e2fsck")
    command = [tool("e2fsck"), "-f", "-y", "-D", image]
    assert subprocess.run(command, capture_output=True, timeout=120).returncode in (0, 1)  # 1: something was changed
    data = image.read_bytes()
    found, events = trees.held(data, "ext")
    assert found.files == trees.source(source).files
    assert trees.complaints(events) == []
    assert any(isinstance(one, Check) and one.name.startswith("hash tree") for one in events)


def test_extended_attributes(tmp_path: Path) -> None:
    """Attributes in inodes and in blocks of their own do not disturb, and text values are understood."""
    try:
        source = trees.source_tree(tmp_path / "tree", xattrs=True)
    except OSError as problem:
        pytest.skip(f"no extended attributes here: {problem}")
    equal(made(tmp_path, "ext4", source=source), source)
    equal(made(tmp_path, "ext4", "-I", 128, source=source), source)
    equal(made(tmp_path, "ext4", "-O", "inline_data", source=source), source, but="hole")


def test_deep_extents(tmp_path: Path) -> None:
    """A file of two thousand pieces needs a tree of extents; in ext2 three levels of pointers."""
    source = tmp_path / "tree"
    source.mkdir()
    with (source / "pieces").open("wb") as file:
        for index in range(2000):
            file.seek(index * 32_768)
            file.write(trees.NOISE[index : index + 300])
    equal(made(tmp_path, "ext4", "-b", 1024, source=source), source)
    equal(made(tmp_path, "ext2", "-b", 1024, source=source), source)
    events = equal(made(tmp_path, "ext4", "-b", 4096, "-O", "^64bit", source=source), source)
    assert any(isinstance(one, Check) and one.name.startswith("extent block") for one in events)


def test_unwritten_extents_are_zeros(tmp_path: Path) -> None:
    """Blocks reserved by fallocate and never written read as zeros, whatever lies in them."""
    need("debugfs")
    image = made(tmp_path, "ext4", "-b", 1024, "-O", "^has_journal", size="4M")
    (tmp_path / "hello").write_bytes(b"hello")
    run("debugfs", "-w", "-R", f"write {tmp_path}/hello hello", image)
    run("debugfs", "-w", "-R", "fallocate hello 1 10", image)
    run("debugfs", "-w", "-R", "set_inode_field hello size 8192", image)
    found, events = trees.held(image.read_bytes(), "ext")
    assert found.files["hello"][0] == 8192
    assert trees.complaints(events) == []


def test_deleted_files_stay_unexplained(tmp_path: Path) -> None:
    """What a deleted file leaves behind is nobody's: name, inode and content."""
    need("debugfs")
    secret = b"\x7fELF" + trees.NOISE[:3000]
    (tmp_path / "secret").write_bytes(secret)
    image = made(tmp_path, "ext4", "-b", 1024, size="4M")
    run("debugfs", "-w", "-R", f"write {tmp_path}/secret secret", image)
    run("debugfs", "-w", "-R", "rm secret", image)
    data = image.read_bytes()
    found, events = trees.held(data, "ext")
    assert "secret" not in found.files
    assert trees.complaints(events) == []
    at = data.index(secret)
    assert any(one.start <= at and at + len(secret) <= one.end for one in left(data, events))


def test_encrypted_and_verity_by_name(tmp_path: Path) -> None:
    """An encrypted file is a gap with its name; a verity file is read, and told because its tree was not."""
    need("debugfs")
    source = tmp_path / "tree"
    source.mkdir()
    for name in ("cipher", "tree-file", "plain"):
        (source / name).write_bytes(trees.NOISE[:5000])
    image = made(tmp_path, "ext4", "-b", 1024, "-O", "encrypt,^metadata_csum", source=source, size="4M")
    run("debugfs", "-w", "-R", "set_inode_field cipher flags 0x80800", image)
    run("debugfs", "-w", "-R", "set_inode_field tree-file flags 0x180000", image)
    found, events = trees.held(image.read_bytes(), "ext")
    assert set(found.files) == {"tree-file", "plain"}
    told = {one.member: one.reason.value for one in events if isinstance(one, Unread)}
    assert told == {"cipher": "encrypted", "tree-file": "not_attempted"}


def test_facts(tmp_path: Path) -> None:
    """Label and features are stated."""
    data = made(tmp_path, "ext4", "-L", "rootfs", size="4M").read_bytes()
    facts = {one.name: one.value for one in trees.held(data, "ext")[1] if isinstance(one, Fact)}
    assert facts["label"] == "rootfs"
    assert "extents" in facts["features"]


def test_journal(tmp_path: Path) -> None:
    """A journal with changes to carry out is told; what lies in a journal is never structure."""
    need("debugfs")
    image = made(tmp_path, "ext4", "-b", 1024, "-J", "size=1", size="4M")
    data = bytearray(image.read_bytes())
    first = data.index(b"\xc0\x3b\x39\x98")
    hidden = b"\x7fELF" + trees.NOISE[:600]
    data[first + 50 * 1024 : first + 50 * 1024 + len(hidden)] = hidden
    _, events = trees.held(bytes(data), "ext")
    assert trees.complaints(events) == []
    assert any(one.start <= first + 50 * 1024 < one.end for one in left(bytes(data), events))
    (tmp_path / "block").write_bytes(bytes(1024))
    run("debugfs", "-w", "-f", "/dev/stdin", image, text=f"jo\njw -b 333 {tmp_path}/block\njc\n")
    _, events = trees.held(image.read_bytes(), "ext")
    assert [one.reason.value for one in events if isinstance(one, Unread)] == ["not_attempted"]


@pytest.mark.parametrize("place", ["superblock", "descriptors", "reserved", "unused inodes"])
def test_hidden_in_copies(place: str, tmp_path: Path) -> None:
    """A program in a copy of the superblock or the descriptors, or in blocks kept for longer ones, is nobody's."""
    image = made(tmp_path, "ext4", "-b", 1024, size="24M")
    data = bytearray(image.read_bytes())
    copy = 8193 * 1024
    at = {
        "superblock": copy + 0x290, "descriptors": copy + 1024 + 300, "reserved": copy + 10 * 1024,
        "unused inodes": struct.unpack_from("<I", data, 2 * 1024 + 8)[0] * 1024 + 100 * 256,
    }[place]  # fmt: skip
    hidden = b"\x7fELF" + trees.NOISE[:300]
    data[at : at + len(hidden)] = hidden
    _, events = trees.held(bytes(data), "ext")
    assert any(one.start <= at and at + len(hidden) <= one.end for one in left(bytes(data), events))


def test_other_superblock_in_a_copy_is_told(tmp_path: Path) -> None:
    """A copy that names other sizes or places than the first is told: tools fall back to it."""
    data = bytearray(made(tmp_path, "ext2", "-b", 1024, size="24M").read_bytes())
    data[8193 * 1024 + 0x18] ^= 1
    data[8194 * 1024 + 8] ^= 1
    _, events = trees.held(bytes(data), "ext")
    assert [type(one).__name__ for one in trees.complaints(events)] == ["Oddity", "Oddity"]
