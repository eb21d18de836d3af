"""Archives of 7z, and self-extracting scripts of makeself, come out with what went in. Needs p7zip-full, makeself."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from tests.interop import tools, trees
from tests.unit.unpack.hiding import PLANT
from tests.unit.unpack.opened import artifact
from tests.unit.unpack.test_ar_archive import within

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("source")
    (root / "deep/er").mkdir(parents=True)
    for one in range(60):
        (root / f"deep/file-{one}").write_bytes(hashlib.sha256(b"%d" % one).digest() * one)
    (root / "deep/er/größe ✓").write_bytes(b"a name outside ASCII")
    (root / "empty").touch()
    return root


@pytest.mark.parametrize(
    "method",
    ["-m0=LZMA2", "-m0=LZMA", "-m0=PPMd", "-m0=BZip2", "-m0=Deflate", "-m0=Copy", "-ms=off", "-mf=BCJ", "-mhc=off"],
)
def test_7z(source: Path, tmp_path: Path, method: str) -> None:
    """Every method 7z has by itself, solid or not."""
    tools.need("7z")
    tools.run("7z", "a", "-bd", method, tmp_path / "x.7z", ".", cwd=source)
    data = (tmp_path / "x.7z").read_bytes()
    held, events = trees.held(data, "seven_zip")
    assert held.files == trees.source(source).files
    assert trees.complaints(events) == []
    assert trees.unclaimed(data, events) == ()


@pytest.mark.parametrize("options", [("-pacme",), ("-pacme", "-mhe=on")])
def test_encrypted(source: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    """Said as such, with the header readable and without."""
    tools.need("7z")
    tools.run("7z", "a", "-bd", *options, tmp_path / "x.7z", ".", cwd=source)
    from fwverify.limits import Budget
    from fwverify.model.examining import Encrypted
    from fwverify.unpack.containers.seven_zip import CONTAINER

    with pytest.raises(Encrypted):
        list(CONTAINER.unpack(artifact((tmp_path / "x.7z").read_bytes()), Budget()))


@pytest.mark.parametrize("packing", ["gzip", "bzip2", "xz", "zstd", "lz4", "nocomp"])
@pytest.mark.parametrize("hidden", [False, True], ids=["sound", "hidden"])
def test_makeself(source: Path, tmp_path: Path, packing: str, hidden: bool) -> None:
    """The payload behind the script is opened, the script is never run; a program between the two is found."""
    tools.need("makeself")
    command = ["makeself", f"--{packing}", "--nox11", str(source), "x.run", "label", "./start"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    data = (tmp_path / "x.run").read_bytes()
    if hidden and packing == "nocomp":
        pytest.skip("there is no place between the script and an archive that is text, too")
    if hidden:
        at = next(at for at in range(len(data)) if data[at] > 0x7F)
        at = data.rfind(b"\n", 0, at) + 1
        data = data[:at] + PLANT + data[at:]
    found = [content for _, content in within(artifact(data))]
    digests = {hashlib.sha256(one).hexdigest() for one in found}
    names = [one for one in source.rglob("*") if one.is_file() and one.stat().st_size]
    assert {hashlib.sha256(one.read_bytes()).hexdigest() for one in names} <= digests
    assert any(one.startswith(b"#!") for one in found)
    assert not hidden or any(PLANT in one for one in found)
