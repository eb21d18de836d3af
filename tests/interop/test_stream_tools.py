"""Streams by the official compressors come out as they went in, every byte claimed, and are found in a dump."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from fwverify.unpack.interface import Member
from tests.interop import trees
from tests.interop.tools import need

pytestmark = pytest.mark.interop

CONTENT = trees.NOISE[:200_000] + b"the same line again and again\n" * 40_000
COMMANDS = {
    "lzma": ["lzma -c x", "lzma -c < x", "lzma -9 -c x", "xz --format=lzma --lzma1=lc=1,lp=2,pb=2,dict=1MiB -c x"],
    "bzip2": ["bzip2 -c x", "bzip2 -1 -c < x"],
    "lz4": ["lz4 -c x", "lz4 -9 -BX -BD --content-size -c x", "lz4 -B4 --no-frame-crc -c x", "lz4 -l -c x",
            "lz4 -l -9 -c < x"],
    "lzop": ["lzop -c x", "lzop -9 --crc32 -c x", "lzop -F -c < x"],
    "zstd": ["zstd -q -c x", "zstd -q --no-check -19 -c < x"],
    "xz": ["xz -c x", "xz --check=sha256 --block-size=100000 -c x"],
    "gzip": ["gzip -c x", "gzip -n -1 -c < x"],
}  # fmt: skip
CASES = [(name, command) for name, commands in COMMANDS.items() for command in commands]


def made(folder: Path, command: str, content: bytes = CONTENT) -> bytes:
    need(command.split()[0])
    (folder / "x").write_bytes(content)
    return subprocess.run(["bash", "-ec", command], cwd=folder, check=True, capture_output=True).stdout


@pytest.mark.parametrize(("name", "command"), CASES)
def test_stream(tmp_path: Path, name: str, command: str) -> None:
    """Content, and no complaint; carved from between other bytes the stream has the same end."""
    data = made(tmp_path, command)
    _, events = trees.held(data, name)
    (member,) = [one for one in events if isinstance(one, Member)]
    assert member.content == CONTENT
    assert trees.complaints(events) == []
    assert trees.unclaimed(data, events) == ()
    carve = trees.container(name).carve
    assert carve is not None
    assert carve.end(memoryview(b"\xff" * 64 + data + b"\xff" * 64), 64, lambda _: None) == 64 + len(data)


@pytest.mark.parametrize(
    ("name", "command"),
    [("bzip2", "bzip2 -c x; bzip2 -c x"), ("lz4", "lz4 -c x; lz4 -l -c x; lz4 -c x"), ("zstd", "zstd -q -c x x")],
)
def test_streams_in_a_row(tmp_path: Path, name: str, command: str) -> None:
    """Streams one behind another are one content."""
    data = made(tmp_path, command)
    _, events = trees.held(data, name)
    (member,) = [one for one in events if isinstance(one, Member)]
    assert member.content == CONTENT * command.count(" x")
    assert trees.complaints(events) == []


def test_lzop_of_two_files(tmp_path: Path) -> None:
    """Two files in one archive are two members."""
    data = made(tmp_path, "cp x y; lzop -c x y")
    held, events = trees.held(data, "lzop")
    assert set(held.files) == {"x", "y"}
    assert trees.complaints(events) == []


@pytest.mark.parametrize(("command", "name"), [("lz4 -l -9 -c x", "lz4"), ("lzop -9 -c x", "lzop")])
def test_kernel_payloads(tmp_path: Path, command: str, name: str) -> None:
    """Linux appends the unpacked size (scripts/Makefile.lib, size_append): accounted for."""
    content = CONTENT * 12  # more than one legacy block of 8 MiB
    data = made(tmp_path, command, content) + struct.pack("<I", len(content))
    _, events = trees.held(data, name)
    assert trees.complaints(events) == []
    assert trees.unclaimed(data, events) == ()
