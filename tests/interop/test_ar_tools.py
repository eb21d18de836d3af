"""Libraries and packages of ar, bsdtar and dpkg-deb come out with what went in.

Needs binutils, dpkg, libarchive-tools.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from fwverify.limits import Budget
from fwverify.model.examining import Unsupported
from tests.interop import tools, trees
from tests.unit.unpack.test_ar_archive import within

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Object files with symbols, some with long names, some of odd size."""
    root = tmp_path_factory.mktemp("objects")
    for one in range(12):
        name = f"module_{one:02}" if one % 2 else f"a_module_with_a_rather_long_name_{one:02}"
        lines = "".join(f".globl f{one}_{symbol}\nf{one}_{symbol}:\n.byte {symbol}\n" for symbol in range(one))
        (root / f"{name}.s").write_text(f".text\n{lines}")
        tools.need("as")
        tools.run("as", "-o", f"{name}.o", f"{name}.s", cwd=root)
        (root / f"{name}.s").unlink()
    (root / "odd.bin").write_bytes(b"odd")
    (root / "größe ✓.o").write_bytes(b"a name outside ASCII")
    return root


def check(path: Path, source: Path) -> None:
    """Members with their digests, nothing told, nothing left over."""
    data = path.read_bytes()
    held, events = trees.held(data, "ar")
    assert held.files == trees.source(source).files
    assert trees.complaints(events) == []
    assert trees.unclaimed(data, events) == ()


@pytest.mark.parametrize("options", ["rcs", "rcsD", "rcSU", "qc"])
def test_gnu_ar(objects: Path, tmp_path: Path, options: str) -> None:
    """With and without symbol table, with times and owners and without."""
    tools.need("ar")
    tools.run("ar", options, tmp_path / "x.a", *sorted(one.name for one in objects.iterdir()), cwd=objects)
    check(tmp_path / "x.a", objects)


@pytest.mark.parametrize("form", ["arbsd", "argnu"])
def test_bsdtar(objects: Path, tmp_path: Path, form: str) -> None:
    """Both variants that libarchive writes; bsdtar leaves out long names in GNU's."""
    tools.need("bsdtar")
    names = sorted(
        one.name for one in objects.iterdir() if form == "arbsd" or (len(one.name) < 16 and one.name.isascii())
    )
    tools.run("bsdtar", "-cf", tmp_path / "x.a", "--format", form, *names, cwd=objects)
    data = (tmp_path / "x.a").read_bytes()
    held, events = trees.held(data, "ar")
    assert held.files == {name: value for name, value in trees.source(objects).files.items() if name in names}
    assert trees.complaints(events) == []
    assert trees.unclaimed(data, events) == ()


def test_thin(objects: Path, tmp_path: Path) -> None:
    """A thin archive is a named gap."""
    tools.need("ar")
    names = sorted(str(one) for one in objects.iterdir())
    tools.run("ar", "rcsT", tmp_path / "x.a", *names)
    with pytest.raises(Unsupported, match="thin"):
        list(trees.container("ar").unpack(trees.image((tmp_path / "x.a").read_bytes()), Budget()))


def test_many(tmp_path: Path) -> None:
    """10,000 members."""
    tools.need("ar")
    root = tmp_path / "many"
    root.mkdir()
    for one in range(10_000):
        (root / f"a-long-name-{one:05}.o").write_bytes(trees.NOISE[one : one + one % 300])
    (tmp_path / "names").write_text("\n".join(sorted(path.name for path in root.iterdir())))
    tools.run("ar", "qc", tmp_path / "x.a", f"@{tmp_path / 'names'}", cwd=root)
    check(tmp_path / "x.a", root)


@pytest.mark.parametrize("packing", ["gzip", "xz", "zstd", "none"])
def test_dpkg(tmp_path: Path, packing: str) -> None:
    """dpkg-deb packs the tree, with every compression it has; all files come out of the tar inside."""
    tools.need("dpkg-deb")
    tree = trees.source_tree(tmp_path / "tree", many=40)
    (tree / "DEBIAN").mkdir(mode=0o755)
    control = "Package: fw\nVersion: 3.1.0\nArchitecture: all\nMaintainer: N <n@example.org>\nDescription: x\n"
    (tree / "DEBIAN" / "control").write_text(control)
    tools.run("dpkg-deb", "--root-owner-group", f"-Z{packing}", "-b", tree, tmp_path / "x.deb")
    data = (tmp_path / "x.deb").read_bytes()
    held, events = trees.held(data, "ar")
    assert (len(held.files), trees.complaints(events), trees.unclaimed(data, events)) == (3, [], ())
    came = {hashlib.sha256(content).hexdigest() for _, content in within(trees.image(data, "x.deb"))}
    went = {digest for name, (_, digest) in trees.source(tree).files.items() if not name.startswith("DEBIAN")}
    assert went <= came
