"""The rarer forms of cpio, tar and zip, as the official tools write them, come out as they went in.

Needs cpio, tar, zip, p7zip-full, libarchive-tools, gzip, xz-utils, zstd, lz4.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from fwverify.model.examining import Malformed, Unsupported
from fwverify.unpack.interface import Event, Member, Unread
from tests.interop import tools, trees
from tests.unit.unpack.opened import opened

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trees.source_tree(tmp_path_factory.mktemp("work") / "tree", many=120)


def names(tree: Path) -> str:
    """All paths below the tree, a folder before what it holds."""
    return "\n".join(sorted(str(path.relative_to(tree)) for path in tree.rglob("*")))


def tops(tree: Path) -> list[str]:
    """What lies in the tree itself."""
    return sorted(one.name for one in tree.iterdir())


def same(data: bytes, container: str, tree: Path) -> list[Event]:
    """Names, sizes, digests and links are the tree's; nothing is told, nothing left over but fill."""
    held, events = trees.held(data, container)
    went = trees.source(tree)
    assert held.files == went.files
    assert held.symlinks == went.symlinks
    assert trees.complaints(events) == []
    left = trees.unclaimed(data, events)
    assert all(data[one.start : one.end].strip(b"\0") == b"" for one in left)
    return events


@pytest.mark.parametrize("form", ["odc", "bin", "newc", "crc"])
def test_gnu_cpio(tree: Path, form: str) -> None:
    """All forms of GNU cpio that firmware has."""
    tools.need("cpio")
    same(tools.run("cpio", "-o", "-H", form, cwd=tree, text=names(tree)), "cpio", tree)


@pytest.mark.parametrize("form", ["odc", "newc", "bin"])
def test_bsdcpio(tree: Path, form: str) -> None:
    """All forms of bsdcpio that firmware has."""
    tools.need("bsdcpio")
    same(tools.run("bsdcpio", "-o", "-H", form, cwd=tree, text=names(tree)), "cpio", tree)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """10,000 small files."""
    root = tmp_path_factory.mktemp("work") / "crowd"
    for folder in range(100):
        (root / f"folder-{folder}").mkdir(parents=True)
        for one in range(100):
            (root / f"folder-{folder}" / f"file-{one:03}").write_bytes(trees.NOISE[one : one + folder * one % 900])
    return root


def test_cpio_of_many_files(crowd: Path) -> None:
    """10,000 files."""
    tools.need("cpio")
    same(tools.run("cpio", "-o", "-H", "odc", cwd=crowd, text=names(crowd)), "cpio", crowd)


@pytest.mark.parametrize("pack", ["gzip -n", "xz --check=crc32", "zstd -q", "bzip2", "lz4 -l -q"])
def test_initrd(tree: Path, pack: str) -> None:
    """Microcode in a plain archive, then the packed root, as Linux boots them: the root is a member that opens."""
    command, *options = pack.split()
    tools.need("cpio", command)
    first = tools.run("cpio", "-o", "-H", "newc", cwd=tree, text="etc/one\n")
    packed = tools.run(command, *options, "-c", text=tools.run("cpio", "-o", "-H", "newc", cwd=tree, text=names(tree)))
    held, events = trees.held(first + packed, "cpio")
    assert trees.complaints(events) == []
    (root,) = [one for one in events if isinstance(one, Member) and one.name.startswith("initramfs@")]
    assert hashlib.sha256(packed).hexdigest() == held.files[root.name][1]


def holed(root: Path) -> Path:
    """A tree with files of many holes, of one at the end, and of nothing else."""
    tree = trees.source_tree(root, many=20)
    with (tree / "comb").open("wb") as file:
        for one in range(80):
            file.seek(one * 200_000)
            file.write(trees.NOISE[one : one + 5000])
    with (tree / "end").open("wb") as file:
        file.write(b"begin")
        file.truncate(900_000)
    with (tree / "nothing").open("wb") as file:
        file.truncate(4_000_000)
    return tree


SPARSE = {
    "gnu": ["--format=gnu"], "oldgnu": ["--format=oldgnu"],
    **{one: ["--format=posix", f"--sparse-version={one}"] for one in ("0.0", "0.1", "1.0")},
}  # fmt: skip


@pytest.mark.parametrize("form", SPARSE)
def test_sparse_tar(tmp_path: Path, form: str) -> None:
    """GNU tar with every form of sparse files it has."""
    tools.need("tar")
    tree = holed(tmp_path / "tree")
    tools.run("tar", *SPARSE[form], "-S", "-cf", tmp_path / "x.tar", *tops(tree), cwd=tree)
    data = (tmp_path / "x.tar").read_bytes()
    assert len(data) < 6_000_000
    same(data, "tar", tree)


@pytest.mark.parametrize("form", ["gnu", "oldgnu", "posix", "ustar", "v7"])
def test_gnu_tar(tmp_path: Path, form: str) -> None:
    """All forms of GNU tar; the two old ones without the names they cannot write."""
    tools.need("tar")
    old = form in ("ustar", "v7")
    tree = trees.source_tree(tmp_path / "tree", many=120, long_names=not old, links=not old)
    options = ["--numeric-owner", "--owner=3000000", "--group=3000000"] if "gnu" in form else []
    tools.run("tar", f"--format={form}", *options, "-cf", tmp_path / "x.tar", *tops(tree), cwd=tree)
    same((tmp_path / "x.tar").read_bytes(), "tar", tree)


@pytest.mark.parametrize("form", ["pax", "ustar", "gnutar", "v7"])
def test_bsdtar(tmp_path: Path, form: str) -> None:
    """All forms of bsdtar."""
    tools.need("bsdtar")
    old = form in ("ustar", "v7")
    tree = trees.source_tree(tmp_path / "tree", many=120, long_names=not old, links=not old)
    tools.run("bsdtar", "--format", form, "-cf", tmp_path / "x.tar", *tops(tree), cwd=tree)
    same((tmp_path / "x.tar").read_bytes(), "tar", tree)


def test_tar_of_many_files(crowd: Path, tmp_path: Path) -> None:
    """10,000 files."""
    tools.need("tar")
    tools.run("tar", "-cf", tmp_path / "x.tar", *tops(crowd), cwd=crowd)
    same((tmp_path / "x.tar").read_bytes(), "tar", crowd)


@pytest.mark.parametrize("form", ["gnu", "posix"])
def test_incremental_tar(tmp_path: Path, form: str) -> None:
    """Lists of folders are no content, in both forms."""
    tools.need("tar")
    tree = trees.source_tree(tmp_path / "tree", many=20)
    options = [f"--format={form}", f"--listed-incremental={tmp_path / 'state'}", "--label=monday"]
    tools.run("tar", *options, "-cf", tmp_path / "x.tar", *tops(tree), cwd=tree)
    same((tmp_path / "x.tar").read_bytes(), "tar", tree)


@pytest.mark.parametrize("form", ["gnu", "posix"])
def test_volumes(tmp_path: Path, form: str) -> None:
    """The first volume of two ends within a file, the second begins with the rest of it: gaps, and the rest is read."""
    tools.need("tar")
    tree = tmp_path / "tree"
    tree.mkdir()
    for one in range(4):
        (tree / f"file-{one}").write_bytes(trees.NOISE[one * 9 :][:60_000])
    paths = [tmp_path / name for name in ("one.tar", "two.tar")]
    files = [f"--file={one}" for one in paths]
    tools.run("tar", f"--format={form}", "-c", "-M", "-L", "150", *files, *sorted(one.name for one in tree.iterdir()),
              cwd=tree)  # fmt: skip
    went = trees.source(tree).files
    seen = [opened(trees.container("tar"), path.read_bytes()) for path in paths]
    came = {name: hashlib.sha256(content).hexdigest() for one in seen for name, content in one.members.items()}
    assert len(came) == 3
    assert all(went[name][1] == digest for name, digest in came.items())
    assert isinstance(seen[0].problem, Malformed)
    assert (seen[1].unread, seen[1].problem) == (["unsupported"], None)


SEVEN = {"copy": "Copy", "deflate": "Deflate", "bzip2": "BZip2", "lzma": "LZMA"}


@pytest.mark.parametrize("method", SEVEN)
def test_zip_of_7z(tree: Path, tmp_path: Path, method: str) -> None:
    """7-Zip by every method it shares with us."""
    tools.need("7z")
    tools.run("7z", "a", "-tzip", f"-mm={SEVEN[method]}", "-snl", "-bso0", tmp_path / "x.zip", *tops(tree), cwd=tree)
    same((tmp_path / "x.zip").read_bytes(), "zip", tree)


@pytest.mark.parametrize("method", ["Deflate64", "PPMd"])
def test_methods_that_are_not_read(tmp_path: Path, method: str) -> None:
    """Named, member by member; what 7-Zip stored beside them is read."""
    tools.need("7z")
    (tmp_path / "long.txt").write_bytes(b"the same line again and again\n" * 3000)
    (tmp_path / "empty").write_bytes(b"")
    tools.run("7z", "a", "-tzip", f"-mm={method}", "-bso0", "x.zip", "long.txt", "empty", cwd=tmp_path)
    seen = opened(trees.container("zip"), (tmp_path / "x.zip").read_bytes())
    assert (seen.unread, list(seen.members)) == (["unsupported"], ["empty"])
    assert method in seen.of(Unread)[0].detail


@pytest.mark.parametrize("way", ["zip", "7z-zipcrypto", "7z-aes"])
def test_encrypted_zip(tmp_path: Path, way: str) -> None:
    """Encrypted members are told one by one; those added without a password are read."""
    program = way.split("-")[0]
    tools.need(program, "zip")
    (tmp_path / "secret.txt").write_bytes(b"a secret\n" * 30)
    (tmp_path / "plain.txt").write_bytes(b"no secret\n" * 30)
    if program == "zip":
        tools.run("zip", "-q", "-P", "password", "x.zip", "secret.txt", cwd=tmp_path)
    else:
        how = "AES256" if way.endswith("aes") else "ZipCrypto"
        tools.run("7z", "a", "-tzip", "-ppassword", f"-mem={how}", "-bso0", "x.zip", "secret.txt", cwd=tmp_path)
    tools.run("zip", "-q", "x.zip", "plain.txt", cwd=tmp_path)
    seen = opened(trees.container("zip"), (tmp_path / "x.zip").read_bytes())
    assert (seen.unread, seen.members) == (["encrypted"], {"plain.txt": b"no secret\n" * 30})
    assert ("AES" if way.endswith("aes") else "ZipCrypto") in seen.of(Unread)[0].detail


@pytest.mark.parametrize("options", [["-fz"], ["-fz-"], ["-fd"], ["-z"], ["-X"]], ids=lambda one: one[0])
def test_zip_options(tree: Path, tmp_path: Path, options: list[str]) -> None:
    """Zip64 records asked for, data descriptors asked for, a comment, no extra fields."""
    tools.need("zip")
    tools.run("zip", "-qry", *options, tmp_path / "x.zip", *tops(tree), cwd=tree, text="a short note\n.\n")
    same((tmp_path / "x.zip").read_bytes(), "zip", tree)


def test_zip_of_bsdtar(tree: Path, tmp_path: Path) -> None:
    """bsdtar writes descriptors and times of its own."""
    tools.need("bsdtar")
    tools.run("bsdtar", "--format", "zip", "-cf", tmp_path / "x.zip", *tops(tree), cwd=tree)
    same((tmp_path / "x.zip").read_bytes(), "zip", tree)


def test_zip_of_many_files(crowd: Path, tmp_path: Path) -> None:
    """10,000 files."""
    tools.need("zip")
    tools.run("zip", "-qr", tmp_path / "x.zip", *tops(crowd), cwd=crowd)
    same((tmp_path / "x.zip").read_bytes(), "zip", crowd)


def test_split_zip(tmp_path: Path) -> None:
    """Each file of a split archive is a named gap."""
    tools.need("zip")
    (tmp_path / "noise").write_bytes(trees.NOISE)
    tools.run("zip", "-q", "-s", "128k", "x.zip", "noise", cwd=tmp_path)
    parts = sorted(tmp_path.glob("x.z*"))
    assert len(parts) > 2
    for path in (parts[0], parts[-1]):
        seen = opened(trees.container("zip"), path.read_bytes())
        assert isinstance(seen.problem, Unsupported)
        assert "split" in str(seen.problem)


def test_self_extracting_zip(tree: Path, tmp_path: Path) -> None:
    """A program in front, with offsets mended and not: it is told and left over, the members are the tree's."""
    tools.need("zip")
    tools.run("zip", "-qry", tmp_path / "x.zip", *tops(tree), cwd=tree)
    stub = Path("/bin/true").read_bytes()
    (tmp_path / "sfx").write_bytes(stub + (tmp_path / "x.zip").read_bytes())
    raw = (tmp_path / "sfx").read_bytes()
    tools.run("zip", "-q", "-A", "sfx", cwd=tmp_path)
    for data in (raw, (tmp_path / "sfx").read_bytes()):
        seen = opened(trees.container("zip"), data)
        assert seen.oddities == ["trailing-data"]
        assert [(one.start, one.end) for one in seen.unclaimed] == [(0, len(stub))]
        came = {name: hashlib.sha256(content).hexdigest() for name, content in seen.members.items()}
        assert all(came[name] == digest for name, (_, digest) in trees.source(tree).files.items())
