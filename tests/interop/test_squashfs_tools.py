"""Trees packed by mksquashfs in every compression and with its options come out as they went in, every byte claimed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from fwverify.formats.names import fill_byte
from fwverify.unpack.interface import Fact
from tests.interop import trees
from tests.interop.tools import need, run

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trees.source_tree(tmp_path_factory.mktemp("work") / "tree")


def packed(tree: Path, place: Path, *options: str) -> bytes:
    need("mksquashfs")
    image = place / "image.squashfs"
    run("mksquashfs", tree, image, "-noappend", "-no-progress", "-quiet", *options)
    return image.read_bytes()


def check(data: bytes, tree: Path) -> list[str]:
    """What comes out is what went in; nothing is odd, nothing unclaimed. The facts come back."""
    held, events = trees.held(data, "squashfs")
    assert held == trees.source(tree)
    assert trees.complaints(events) == []
    assert trees.unclaimed(data, events) == ()
    return [f"{one.name}={one.value}" for one in events if isinstance(one, Fact)]


@pytest.mark.parametrize("compression", ["gzip", "lzma", "lzo", "lz4", "xz", "zstd"])
def test_compressions(tree: Path, tmp_path: Path, compression: str) -> None:
    """All six."""
    assert f"compression={compression}" in check(packed(tree, tmp_path, "-comp", compression), tree)


@pytest.mark.parametrize(
    "options",
    [
        "-no-fragments", "-always-use-fragments", "-no-duplicates", "-no-exports", "-no-sparse", "-no-xattrs",
        "-b 4096", "-b 1M", "-noI -noD -noF -noX", "-noI -comp lzma", "-comp lz4 -Xhc", "-comp lzo -Xalgorithm lzo1x_1",
        "-comp xz -Xbcj x86,arm -Xdict-size 50%", "-comp zstd -Xcompression-level 3", "-nopad", "-all-root",
        "-comp gzip -Xcompression-level 1 -Xwindow-size 8 -Xstrategy filtered",
    ],
)  # fmt: skip
def test_options(tree: Path, tmp_path: Path, options: str) -> None:
    """Block sizes, fragments, tables stored plain, options of compressors."""
    check(packed(tree, tmp_path, *options.split()), tree)


def test_ten_thousand_files(tmp_path: Path) -> None:
    """Tables of many blocks and directories with an index."""
    tree = trees.source_tree(tmp_path / "tree", many=10_000)
    check(packed(tree, tmp_path, "-comp", "lz4"), tree)


def test_extended_attributes(tmp_path: Path) -> None:
    """Attributes on files, equal ones and long ones: all their bytes are accounted for."""
    tree = trees.source_tree(tmp_path / "tree", many=3)
    try:
        for number, path in enumerate(sorted(tree.rglob("*"))):
            if path.is_file() and not path.is_symlink():
                os.setxattr(path, "user.same", b"the same for all" * 30)
                os.setxattr(path, "user.own", b"%d" % number)
    except OSError as problem:
        pytest.skip(f"extended attributes cannot be set here: {problem}")
    facts = check(packed(tree, tmp_path, "-xattrs"), tree)
    assert any(one.startswith("extended-attributes=") for one in facts)


def test_appended(tree: Path, tmp_path: Path) -> None:
    """mksquashfs adds to an image by writing new tables over the old ones: nothing is left odd."""
    image = tmp_path / "image.squashfs"
    data = packed(tree / "etc", tmp_path)
    run("mksquashfs", tree / "usr" / "lib", image, "-no-progress", "-quiet", "-no-recovery")
    data = image.read_bytes()
    held, events = trees.held(data, "squashfs")
    assert len(held.files) > 300
    assert trees.complaints(events) == []
    assert all(fill_byte(memoryview(data), one) for one in trees.unclaimed(data, events))


def test_unsquashfs_lists_the_same(tree: Path, tmp_path: Path) -> None:
    """The official reader sees the same names."""
    need("unsquashfs")
    data = packed(tree, tmp_path, "-comp", "lzma")
    said = subprocess.run(
        ["unsquashfs", "-l", "-d", "", str(tmp_path / "image.squashfs")], capture_output=True, check=True
    ).stdout.decode()  # fmt: skip
    held, _ = trees.held(data, "squashfs")
    names = {one.strip("/") for one in said.splitlines() if one.startswith("/")} - {""}
    assert names == {*held.files, *held.symlinks, *held.folders}
