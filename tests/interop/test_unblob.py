"""The last resort with the real unblob: what nobody else opens comes out whole, and what it lacks is said.

PyPI: unblob. Debian: genisoimage, p7zip-full, squashfs-tools, libmagic1. `lziprecover` and `sasquatch` may be there or
not: both answers are looked at.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from fwverify.cli import main
from fwverify.cli.doctor import _last_resort
from fwverify.identify.stage import InProcess
from fwverify.isolate.unblob import CONTAINER, Unblob, can_be_confined, version
from fwverify.limits import Budget
from fwverify.model.evidence import GapReason, Opened
from fwverify.unpack.interface import Event, Member, Unread
from fwverify.unpack.stage import Here
from fwverify.worklist import Bench, Walk
from tests.interop.tools import found, need, need_module, run
from tests.interop.trees import NOISE, image, source, source_tree

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(not can_be_confined(), reason="this kernel has no Landlock: unblob is not used on it"),
]
AT = ("--at", "2026-11-23T00:00:00Z")
DISC = "0x0-0x{:x}.iso9660/"


@pytest.fixture(scope="module")
def unblob() -> Iterator[Unblob]:
    need_module("unblob")
    need("genisoimage", "7z")
    one = Unblob()
    yield one
    one.close()


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Without links (7z leaves out those that climb, and says so) and names that ISO 9660 cuts."""
    return source_tree(tmp_path_factory.mktemp("unblob") / "tree", many=50, links=False, long_names=False, holes=False)


@pytest.fixture(scope="module")
def disc(tree: Path) -> bytes:
    """ISO 9660, which fwverify names and does not read."""
    path = tree.parent / "disc.iso"
    run("genisoimage", "-quiet", "-R", "-o", path, tree)
    return path.read_bytes()


def files(events: list[Event], below: str = "") -> dict[str, tuple[int, str]]:
    """Name -> size and SHA-256, as `trees.source` has them."""
    members = [one for one in events if isinstance(one, Member) and one.content is not None]
    return {
        one.name.removeprefix(below): (len(one.content or b""), hashlib.sha256(one.content or b"").hexdigest())
        for one in members if one.name.startswith(below)
    }  # fmt: skip


def gaps(events: list[Event]) -> list[tuple[GapReason, str]]:
    return [(one.reason, one.detail) for one in events if isinstance(one, Unread)]


def asked(unblob: Unblob, data: bytes) -> list[Event]:
    return list(unblob.events(CONTAINER, image(data), Budget()))


def lzip(data: bytes) -> bytes:
    """One member of an lzip file, after the format's manual (a header, LZMA, a trailer of 20 bytes)."""
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 20, "lc": 3, "lp": 0, "pb": 2}]
    packed = b"LZIP\x01\x14" + lzma.compress(data, lzma.FORMAT_RAW, filters=filters)
    return packed + struct.pack("<IQQ", zlib.crc32(data), len(data), len(packed) + 20)


def test_files_come_out(unblob: Unblob, disc: bytes, tree: Path) -> None:
    """Every file of the source is among the members, whole; nothing is complained of."""
    events = asked(unblob, disc)
    assert files(events) == source(tree).files
    assert gaps(events) == []


def test_in_the_walk(unblob: Unblob, disc: bytes) -> None:
    """The format's own gap is answered, what came out is examined, and the image counts as searched all the same."""
    walk = Walk(Budget(), Bench(InProcess(), Here(), unblob), lambda _: None)
    walk.image(image(disc, "disc.iso"))
    walk.finish()
    node = walk.images[0]
    assert node.container is CONTAINER
    assert walk.gaps == []
    at = next(child for child, _ in node.children if str(child.locator) == "disc.iso!bin/text")
    assert walk.account(at).worst is Opened.EXAMINED
    noise = disc.index(NOISE)
    covering = [one for one in walk.account(node).spans if one.range.start <= noise < one.range.end]
    assert [(one.opened, one.opened_bytes) for one in covering] == [(Opened.SCANNED, 0)]


def test_what_it_lacks(unblob: Unblob, disc: bytes, tree: Path) -> None:
    """Two chunks in one image: each in a folder of its own, and the program one of them needs is named if missing."""
    sizes = range(100_000, 100_020)
    content = next(NOISE[:one] for one in sizes if len(lzip(NOISE[:one])) % 2 == 0)  # unblob misses the odd ones
    packed = lzip(content)
    events = asked(unblob, disc + packed)
    assert files(events, DISC.format(len(disc))) == source(tree).files
    if found("lziprecover"):
        assert (len(content), hashlib.sha256(content).hexdigest()) in files(events).values()
    else:
        assert gaps(events) == [(GapReason.MISSING, "unblob: lzip: not installed: lziprecover")]


def test_squashfs(unblob: Unblob, tree: Path) -> None:
    """Without `sasquatch`, which Debian does not have, SquashFS is opened by `unsquashfs`."""
    need("mksquashfs", "unsquashfs")
    path = tree.parent / "tree.squashfs"
    run("mksquashfs", tree, path, "-quiet", "-no-progress", "-noappend", "-all-root")
    events = asked(unblob, path.read_bytes())
    assert files(events) == source(tree).files
    assert gaps(events) == []


def test_nothing_is_skipped(unblob: Unblob, tree: Path, disc: bytes) -> None:
    """An archive behind what libmagic takes for a picture, which unblob by itself would pass over, is opened."""
    picture = b"GIF89a" + struct.pack("<HHBBB", 16, 16, 0, 0, 0) + bytes(range(256)) * 16
    events = asked(unblob, picture + disc)
    assert files(events, f"0x{len(picture):x}-0x{len(picture + disc):x}.iso9660/") == source(tree).files


def test_evidence(
    unblob: Unblob, disc: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run with it is never `full`, names it with its version, is the same twice, and can be judged again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    Path("in").mkdir()
    Path("in/disc.iso").write_bytes(disc)
    asking = ["verify", "in/disc.iso", "--last-resort", "unblob", "--policy", "builtin:baseline", *AT, "--evidence"]
    status = main([*asking, "a.json"])
    assert status in (1, 3)
    assert main([*asking, "b.json"]) == status
    assert Path("a.json").read_bytes() == Path("b.json").read_bytes()
    evidence = json.loads(Path("a.json").read_text())
    assert evidence["settings"]["isolation"] == "worker"
    assert "containers/unblob" in evidence["settings"]["plugins"]
    assert ["unblob", version()] in evidence["settings"]["tools"]
    marked = [one["locator"] for one in evidence["artifacts"] if one["format"] == "unblob"]
    assert marked == [[["disc.iso", "", 0]]]
    first = capsys.readouterr().out
    assert "--last-resort unblob" in first
    assert main(["reassess", "a.json", *AT]) == status
    assert first.splitlines()[0] in capsys.readouterr().out


def test_doctor(unblob: Unblob) -> None:
    """Tells the version, what confines it, and the programs it lacks."""
    said = _last_resort()
    assert said.startswith(f"unblob {version()}, confined by rlimits, landlock")
    assert "never full" in said
    assert ("lziprecover" in said) is not found("lziprecover").startswith("/")
