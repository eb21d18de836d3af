"""GPT and MBR as sgdisk, sfdisk and parted make them.

Debian: gdisk, fdisk, parted.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fwverify.formats.names import fill_byte
from fwverify.model.artifact import ByteRange
from fwverify.unpack.interface import Event, Member
from tests.interop import trees
from tests.interop.tools import need, run

pytestmark = pytest.mark.interop
MIB = 1 << 20
SIZE = 8 * MIB


def disk(folder: Path) -> Path:
    image = folder / "disk"
    with image.open("wb") as file:
        file.truncate(SIZE)
    return image


def filled(image: Path, places: dict[str, tuple[int, int]]) -> dict[str, bytes]:
    """Write noise into each partition; what was written by member name."""
    data = bytearray(image.read_bytes())
    out = {}
    for index, (name, (start, size)) in enumerate(places.items()):
        content = (trees.NOISE[index * 999 :] * 20)[:size]
        data[start : start + size] = content
        out[name] = content
    image.write_bytes(data)
    return out


def read(image: Path, kind: str) -> tuple[dict[str, bytes], list[Event]]:
    """Members and all events; nothing may be wrong, and what is left must be fill."""
    data = image.read_bytes()
    artifact = trees.image(data)
    container = trees.container(kind)
    assert container.detect(artifact)
    _, events = trees.held(data, kind)
    members = {one.name: bytes(one.content) for one in _members(data, kind)}
    assert trees.complaints(events) == []
    left = [one for one in trees.unclaimed(data, events) if not fill_byte(memoryview(data), one)]
    assert left == list[ByteRange]()
    return members, events


def _members(data: bytes, kind: str) -> list[Member]:
    from fwverify.limits import Budget

    events = trees.container(kind).unpack(trees.image(data), Budget())
    return [one for one in events if isinstance(one, Member) and one.content is not None]


def test_sgdisk(tmp_path: Path) -> None:
    """Labels, a type, an attribute, and the rest of the disk."""
    need("sgdisk")
    image = disk(tmp_path)
    run("sgdisk", "-o", "-n", "1:2048:4095", "-c", "1:boot", "-t", "1:ef00", "-A", "1:set:2",
        "-n", "2:4096:8191", "-c", "2:root fs", "-n", "7:8192:0", "-c", "7:größe", image)  # fmt: skip
    places = {"1-boot": (MIB, MIB), "2-root fs": (2 * MIB, 2 * MIB), "7-größe": (4 * MIB, SIZE - 4 * MIB - 33 * 512)}
    wanted = filled(image, places)
    members, _ = read(image, "gpt")
    assert members == wanted


def test_sgdisk_hybrid(tmp_path: Path) -> None:
    """A boot record that lists partitions of the table is sound."""
    need("sgdisk")
    image = disk(tmp_path)
    run("sgdisk", "-o", "-n", "1:2048:4095", "-n", "2:4096:8191", "-h", "1", image)
    members, _ = read(image, "gpt")
    assert set(members) == {"1", "2"}


@pytest.mark.parametrize("label", ["gpt", "dos"])
def test_sfdisk(label: str, tmp_path: Path) -> None:
    """Both kinds from one script."""
    need("sfdisk")
    image = disk(tmp_path)
    named = ', name="first/one"' if label == "gpt" else ""
    kind = "type=83" if label == "dos" else "type=linux"
    script = f"label: {label}\nstart=2048, size=2048, {kind}{named}\nstart=6144, size=100, {kind}\n"
    run("sfdisk", "-q", image, text=script)
    first = "1-first%2Fone" if label == "gpt" else "1-linux"
    second = "2" if label == "gpt" else "2-linux"
    wanted = filled(image, {first: (MIB, MIB), second: (3 * MIB, 51_200)})
    members, _ = read(image, "gpt" if label == "gpt" else "mbr")
    assert members == wanted


def test_sfdisk_logical(tmp_path: Path) -> None:
    """Three logical partitions between two primary ones."""
    need("sfdisk")
    image = disk(tmp_path)
    lines = ["label: dos", "start=2048, size=2048, type=c, bootable", "start=4096, size=8192, type=f",
             "start=4160, size=1000, type=83", "start=5500, size=1000, type=82", "start=7000, size=100, type=83",
             "start=12288, size=100, type=da"]  # fmt: skip
    run("sfdisk", "-q", image, text="\n".join(lines) + "\n")
    sectors = {"1-fat32": (2048, 2048), "5-linux": (4160, 1000), "6-linux-swap": (5500, 1000), "7-linux": (7000, 100),
               "3-data": (12288, 100)}  # fmt: skip
    wanted = filled(image, {name: (start * 512, size * 512) for name, (start, size) in sectors.items()})
    members, _ = read(image, "mbr")
    assert members == wanted


@pytest.mark.parametrize("label", ["gpt", "msdos"])
def test_parted(label: str, tmp_path: Path) -> None:
    """Both kinds by parted, which writes its own boot code."""
    need("parted")
    image = disk(tmp_path)
    more = ["mkpart", "x", "1MiB", "3MiB", "mkpart", "y", "3MiB", "7MiB"]
    if label == "msdos":
        more = ["mkpart", "primary", "1MiB", "3MiB", "mkpart", "extended", "3MiB", "7MiB",
                "mkpart", "logical", "4MiB", "5MiB"]  # fmt: skip
    run("parted", "-s", image, "mklabel", label, *more)
    places = {"1-x": (MIB, 2 * MIB), "2-y": (3 * MIB, 4 * MIB)}
    if label == "msdos":
        places = {"1-linux": (MIB, 2 * MIB), "5-linux": (4 * MIB, MIB)}
    wanted = filled(image, places)
    members, _ = read(image, "gpt" if label == "gpt" else "mbr")
    assert members == wanted


@pytest.mark.corpus
def test_corpus() -> None:
    """The boot record among the cases holds one partition."""
    folder = os.environ.get("FWVERIFY_CASES")
    if not folder:
        pytest.skip("FWVERIFY_CASES is not set")
    path = Path(folder) / "containers" / "binwalk" / "mbr.bin"
    if not path.exists():
        pytest.skip(f"{path.name} is not among the cases")
    members = {one.name: len(one.content or b"") for one in _members(path.read_bytes(), "mbr")}
    assert members == {"1-linux": 4608}
