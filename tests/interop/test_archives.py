"""Trees packed by the official tools come out with the names, sizes and digests they went in with."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from fwverify.content import identified
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, Locator, Step, subtracted
from fwverify.unpack.interface import Check, Member, MemberKind, Oddity, Part, Unread
from fwverify.unpack.registry import BUILTIN
from tests.interop.tools import need

pytestmark = pytest.mark.interop


def run(command: str, folder: Path) -> None:
    subprocess.run(["bash", "-c", command], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Links of both kinds, empty file and folder, UTF-8 and long names, a hole, random and equal bytes, 300 files."""
    root = tmp_path_factory.mktemp("work") / "tree"
    (root / "etc" / "empty.d").mkdir(parents=True)
    (root / "etc" / "empty").write_bytes(b"")
    (root / "etc" / "größe \u2713.txt").write_bytes(b"12\n")
    (root / "etc" / ("long" * 40)).write_bytes(b"a long name\n")
    (root / "bin").mkdir()
    noise = b"".join(hashlib.sha256(b"%d" % one).digest() for one in range(20_000))
    (root / "bin" / "random").write_bytes(noise)
    (root / "bin" / "equal").write_bytes(noise)
    (root / "bin" / "text").write_bytes(b"the same line again and again\n" * 30_000)
    (root / "bin" / "again").hardlink_to(root / "bin" / "random")
    (root / "bin" / "sh").symlink_to("text")
    with (root / "hole").open("wb") as file:
        file.seek(3_000_000)
        file.write(b"behind the hole")
        file.truncate(5_000_000)
    many = root / "usr" / "lib" / "many"
    many.mkdir(parents=True)
    for one in range(300):
        (many / f"module-{one:03}.ko").write_bytes(noise[one * 7 : one * 7 + one * 13])
    for path in root.rglob("*"):
        if not path.is_symlink():
            os.utime(path, (1_700_000_000, 1_700_000_000))
    return root


def expected(tree: Path) -> dict[str, str]:
    """Digest of every file by its name; both names of a hard link."""
    return {
        str(path.relative_to(tree)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in tree.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def opened(path: Path, plugin: str) -> tuple[dict[str, str], list[Member]]:
    """Files by name with their digests, hard links followed; all members. Every byte must be claimed, nothing told."""
    content = memoryview(path.read_bytes())
    artifact = identified(Locator((Step(path.name),)), content)
    assert next(one.name for one in BUILTIN if one.detect(artifact)) == plugin
    return events(artifact, plugin)


def events(artifact: Artifact, plugin: str) -> tuple[dict[str, str], list[Member]]:
    container = next(one for one in BUILTIN if one.name == plugin)
    found = list(container.unpack(artifact, Budget()))
    members = [one for one in found if isinstance(one, Member)]
    assert not [one for one in found if isinstance(one, Oddity | Unread)]
    assert all(one.declared == one.computed for one in found if isinstance(one, Check))
    claimed = [one.range for one in found if isinstance(one, Part)]
    claimed += [span for one in members for span in one.ranges]
    assert subtracted([ByteRange(0, artifact.size)], claimed) == ()
    files = {_plain(one.name): hashlib.sha256(one.content).hexdigest() for one in members if one.content is not None}
    files |= {_plain(one.name): files[_plain(one.target)] for one in members if one.kind is MemberKind.HARDLINK}
    return files, members


def _plain(name: str) -> str:
    return name.removeprefix("./")


def links(members: list[Member]) -> dict[str, str]:
    return {_plain(one.name): one.target for one in members if one.kind is MemberKind.SYMLINK}


@pytest.mark.parametrize("form", ["gnu", "posix"])
@pytest.mark.parametrize("options", ["", "-S"], ids=["plain", "sparse"])
def test_tar(tree: Path, tmp_path: Path, form: str, options: str) -> None:
    """GNU tar in its own and in pax form, with and without sparse files."""
    need("tar")
    run(f"tar --format={form} {options} -cf {tmp_path}/x.tar .", tree)
    files, members = opened(tmp_path / "x.tar", "tar")
    assert files == expected(tree)
    assert links(members) == {"bin/sh": "text"}


@pytest.mark.parametrize("form", ["newc", "crc"])
def test_cpio(tree: Path, tmp_path: Path, form: str) -> None:
    """GNU cpio in both new forms; the sums hold."""
    need("cpio")
    run(f"find . | sort | cpio -o -H {form} > {tmp_path}/x.cpio", tree)
    files, members = opened(tmp_path / "x.cpio", "cpio")
    assert files == expected(tree)
    assert links(members) == {"bin/sh": "text"}


@pytest.mark.parametrize("options", ["-9", "-0", "-Z bzip2"], ids=["deflate", "store", "bzip2"])
def test_zip(tree: Path, tmp_path: Path, options: str) -> None:
    """Info-ZIP; every CRC holds. Zip has no hard links: both names are files."""
    need("zip")
    run(f"zip -qry {options} {tmp_path}/x.zip .", tree)
    files, members = opened(tmp_path / "x.zip", "zip")
    assert files == expected(tree)
    assert links(members) == {"bin/sh": "text"}


def test_zip_from_a_pipe(tmp_path: Path) -> None:
    """A member written to a pipe, with Zip64 records and data descriptor."""
    need("zip")
    run("printf 'from a pipe' | zip -q - - > x.zip", tmp_path)
    files, _ = opened(tmp_path / "x.zip", "zip")
    assert files == {"-": hashlib.sha256(b"from a pipe").hexdigest()}


@pytest.mark.parametrize(
    ("tool", "suffix", "plugin"),
    [("gzip -n", ".gz", "gzip"), ("xz", ".xz", "xz"), ("xz --check=none", ".xz", "xz"),
     ("xz --check=sha256", ".xz", "xz"),
     ("xz --block-size=100000", ".xz", "xz"), ("zstd -q", ".zst", "zstd"), ("zstd -q --ultra -22", ".zst", "zstd")],
)  # fmt: skip
def test_streams(tree: Path, tmp_path: Path, tool: str, suffix: str, plugin: str) -> None:
    """Each tool's stream, alone and twice in a row."""
    need(tool.split()[0])
    source = tree / "bin" / "text"
    run(f"{tool} -c {source} > text{suffix}; cat text{suffix} text{suffix} > two{suffix}", tmp_path)
    data = source.read_bytes()
    assert opened(tmp_path / f"text{suffix}", plugin)[0] == {"text": hashlib.sha256(data).hexdigest()}
    assert opened(tmp_path / f"two{suffix}", plugin)[0] == {"two": hashlib.sha256(data * 2).hexdigest()}


SQUASH = {
    "gzip": "-comp gzip", "xz": "-comp xz", "zstd": "-comp zstd", "xz-bcj": "-comp xz -Xbcj x86,arm",
    "small-blocks": "-comp gzip -b 4096", "large-blocks": "-comp zstd -b 1M", "no-fragments": "-no-fragments",
    "always-fragments": "-always-use-fragments", "plain": "-noI -noD -noF -noX", "exports": "-exports -no-duplicates",
    "options": "-comp gzip -Xcompression-level 3 -Xwindow-size 10",
}  # fmt: skip


@pytest.mark.parametrize("options", SQUASH.values(), ids=SQUASH.keys())
def test_squashfs(tree: Path, tmp_path: Path, options: str) -> None:
    """mksquashfs with every compressor read and the options that move things about; every byte is claimed."""
    need("mksquashfs")
    run(f"mksquashfs {tree} x.squashfs -no-progress -quiet {options}", tmp_path)
    files, members = opened(tmp_path / "x.squashfs", "squashfs")
    assert files == expected(tree)
    assert links(members) == {"bin/sh": "text"}
    assert {one.name for one in members if one.kind is MemberKind.HARDLINK} == {"bin/random"}


def test_squashfs_appended(tree: Path, tmp_path: Path) -> None:
    """An image that was appended to: its tables are written anew behind the old data."""
    need("mksquashfs")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "late.bin").write_bytes(b"appended" * 5000)
    run(f"mksquashfs {tree} x.squashfs -no-progress -quiet && mksquashfs more x.squashfs -no-progress -quiet", tmp_path)
    files, _ = opened(tmp_path / "x.squashfs", "squashfs")
    assert files["late.bin"] == hashlib.sha256(b"appended" * 5000).hexdigest()
    assert {name: files[name] for name in expected(tree)} == expected(tree)


def test_squashfs_with_attributes(tree: Path, tmp_path: Path) -> None:
    """Extended attributes are followed as structure, so that no byte is left over."""
    need("mksquashfs")
    (tmp_path / "t").mkdir()
    for one in range(40):
        path = tmp_path / "t" / f"f{one}"
        path.write_bytes(b"x" * one)
        try:
            os.setxattr(path, "user.note", b"note %d " % one * one)
        except OSError:
            pytest.skip("this file system has no extended attributes")
    run("mksquashfs t x.squashfs -no-progress -quiet -xattrs", tmp_path)
    assert opened(tmp_path / "x.squashfs", "squashfs")[0] == expected(tmp_path / "t")


def _cases_file(cases: Path, *parts: str) -> Path:
    path = cases.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{path.name} is not in the test material")
    return path


@pytest.mark.corpus
def test_real_root_file_system(cases: Path, tmp_path: Path) -> None:
    """A real MIPS root file system: every file equal to what unsquashfs writes."""
    need("unsquashfs")
    image = _cases_file(cases, "images", "gateway-mipsel", "rootfs.xz.squashfs")
    run(f"unsquashfs -q -n -d out {image}", tmp_path)
    assert opened(image, "squashfs")[0] == expected(tmp_path / "out")


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["gzip", "gzip-opts", "xz", "zstd"])
def test_other_images(cases: Path, tmp_path: Path, name: str) -> None:
    """Images by other hands, equal to what unsquashfs writes."""
    need("unsquashfs")
    image = _cases_file(cases, "containers", "squashfs", f"{name}.sqfs")
    run(f"unsquashfs -q -n -d out {image}", tmp_path)
    assert opened(image, "squashfs")[0] == expected(tmp_path / "out")


HOSTILE: tuple[tuple[str, Callable[[Path], bool]], ...] = (
    ("zip", lambda path: path.suffix == ".zip"),
    ("tar", lambda path: path.suffix == ".tar"),
)


@pytest.mark.corpus
@pytest.mark.parametrize(("plugin", "fits"), HOSTILE, ids=["zip", "tar"])
def test_hostile_archives(cases: Path, plugin: str, fits: Callable[[Path], bool]) -> None:
    """Published attack archives are read to the end; those that climb or link out are told."""
    container = next(one for one in BUILTIN if one.name == plugin)
    found = [path for path in sorted((cases / "hostile").rglob("*")) if fits(path)]
    if not found:
        pytest.skip("no hostile archives in the test material")
    for path in found:
        events = list(container.unpack(identified(Locator((Step(path.name),)), path.read_bytes()), Budget()))
        told = {one.kind.value for one in events if isinstance(one, Oddity)}
        if "slip" in path.name or "traverse" in path.name:
            assert told & {"path-traversal", "link-escape"}, path.name
        if "symlinks" in path.name:
            assert "link-escape" in told
