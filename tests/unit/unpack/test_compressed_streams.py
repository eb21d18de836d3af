"""Streams of lzma, bzip2, lz4, lzop and zlib: content, ends, plants, bombs, and how they are found in other bytes."""

from __future__ import annotations

import bz2
import io
import lzma
import os
import random
import struct
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import lz4.block
import lz4.frame
import pytest

from fwverify.formats import lz4_frame, lzma_alone
from fwverify.limits import MIB, Budget, LimitExceeded, Limits
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed
from fwverify.unpack.containers import (
    bzip2_stream,
    gzip_stream,
    lz4_stream,
    lzma_stream,
    lzop_stream,
    xz_stream,
    zlib_stream,
    zstd_stream,
)
from fwverify.unpack.interface import Container
from fwverify.unpack.stage import recognise
from tests.unit.unpack.opened import artifact, opened
from tests.vectors.makers.archives import OTHER, TEXT
from tests.vectors.makers.compressed_streams import ELF, lzop_header, skippable


def lzop_plain(data: bytes) -> bytes:
    """An lzop file whose blocks are stored as they are, in blocks of 256 KiB as lzop writes them."""
    blocks = [data[at : at + (256 << 10)] for at in range(0, len(data), 256 << 10)]
    body = b"".join(struct.pack(">III", len(one), len(one), zlib.adler32(one)) + one for one in blocks)
    return lzop_header(b"") + body + bytes(4)


def lz4_legacy(data: bytes) -> bytes:
    pieces = [data[at : at + (8 << 20)] for at in range(0, len(data), 8 << 20)]
    packed = [lz4.block.compress(one, store_size=False) for one in pieces]
    return lz4_frame.LEGACY + b"".join(struct.pack("<I", len(one)) + one for one in packed)


def lzma_packed(data: bytes) -> bytes:
    return lzma.compress(data, format=lzma.FORMAT_ALONE)


Packer = Callable[[bytes], bytes]
STREAMS: dict[str, tuple[Container, Packer]] = {
    "lzma": (lzma_stream.CONTAINER, lzma_packed),
    "bzip2": (bzip2_stream.CONTAINER, bz2.compress),
    "lz4": (lz4_stream.CONTAINER, lambda data: lz4.frame.compress(data, content_checksum=True)),
    "lz4-legacy": (lz4_stream.CONTAINER, lz4_legacy),
    "lzop": (lzop_stream.CONTAINER, lzop_plain),
    "zlib": (zlib_stream.CONTAINER, zlib.compress),
}
PACKED = [one for one in STREAMS if one != "lzop"]
CARVED = {
    **STREAMS,
    "gzip": (gzip_stream.CONTAINER, lambda data: __import__("gzip").compress(data, mtime=0)),
    "xz": (xz_stream.CONTAINER, lzma.compress),
    "zstd": (zstd_stream.CONTAINER, lambda data: __import__("zstandard").ZstdCompressor().compress(data)),
}


def tick(_: int) -> None:
    """Looks at nothing."""


@pytest.mark.parametrize("name", STREAMS)
def test_content(name: str) -> None:
    """A little, more than one chunk, and more than one block come back whole, and the container is recognised."""
    container, pack = STREAMS[name]
    for data in (TEXT, OTHER * 30_000, bytes(9 * MIB)):
        packed = pack(data)
        assert recognise(artifact(packed)) == (container, ())
        seen = opened(container, packed)
        assert seen.members == {"content": data}
        assert (seen.unclaimed, seen.oddities, seen.failed, seen.unread) == ((), [], [], [])


@pytest.mark.parametrize("name", STREAMS)
def test_plant_behind_the_end(name: str) -> None:
    """A program behind the end is told and left to be searched; fill is padding."""
    container, pack = STREAMS[name]
    packed = pack(TEXT)
    seen = opened(container, packed + ELF)
    assert seen.oddities == ["trailing-data"]
    assert seen.unclaimed == (ByteRange(len(packed), len(packed) + len(ELF)),)
    padded = opened(container, packed + b"\xff" * 100)
    assert (padded.oddities, padded.unclaimed) == ([], ())


def test_plant_in_a_skippable_frame() -> None:
    """What stands in a frame to be skipped is nobody's; only its header is structure."""
    first = skippable(ELF)
    for follows in (lz4.frame.compress(TEXT), lz4_legacy(TEXT)):
        seen = opened(lz4_stream.CONTAINER, first + follows)
        assert seen.members == {"content": TEXT}
        assert seen.unclaimed == (ByteRange(8, 8 + len(ELF)),)
        assert recognise(artifact(first + follows))[0] is lz4_stream.CONTAINER
    assert recognise(artifact(first + TEXT))[0] is None


def test_plant_in_a_gzip_header() -> None:
    """Extra field and comment of a gzip header mean nothing here: they are left to be searched."""
    import gzip

    plain = gzip.compress(TEXT, mtime=0)
    extra = plain[:3] + b"\x04" + plain[4:10] + struct.pack("<H", len(ELF)) + ELF + plain[10:]
    assert opened(gzip_stream.CONTAINER, extra).unclaimed == (ByteRange(12, 12 + len(ELF)),)
    comment = plain[:3] + b"\x10" + plain[4:10] + b"a comment of some length\0" + plain[10:]
    assert opened(gzip_stream.CONTAINER, comment).unclaimed == (ByteRange(10, 34),)


@pytest.mark.parametrize("name", ["bzip2", "lz4", "lz4-legacy"])
def test_streams_in_a_row(name: str) -> None:
    """Streams in a row are one content."""
    container, pack = STREAMS[name]
    assert opened(container, pack(TEXT) + pack(OTHER)).members == {"content": TEXT + OTHER}


def test_lzop_files_in_a_row() -> None:
    """Each header begins a member of its own."""
    one, other = lzop_plain(TEXT), lzop_plain(OTHER)
    two = one + lzop_header(b"b") + other[len(lzop_header(b"")) :]
    assert opened(lzop_stream.CONTAINER, two).members == {"content": TEXT, "b": OTHER}


@pytest.mark.parametrize(
    ("name", "stream", "expected"),
    [
        ("lzma", "vmlinux.lzma", "vmlinux"), ("bzip2", "a.tbz2", "a.tar"), ("lz4", "Image.lz4", "Image"),
        ("lzop", "zImage.lzo", "zImage"), ("zlib", "part.zz", "part"),
    ],
)  # fmt: skip
def test_names(name: str, stream: str, expected: str) -> None:
    """The member is named after the stream."""
    container, pack = STREAMS[name]
    assert set(opened(container, pack(TEXT), name=stream).members) == {expected}


@pytest.mark.parametrize("name", PACKED)
def test_bombs_stop_quickly(name: str) -> None:
    """32 MiB of zeros stop at a limit long before they are out: by size, by ratio, by the run's total."""
    container, pack = STREAMS[name]
    bomb = artifact(pack(bytes(32 * MIB)))
    for limits, limit in (
        (Limits(max_member_bytes=MIB), "max_member_bytes"),
        (Limits(max_ratio=100, ratio_floor_bytes=MIB), "max_ratio"),
        (Limits(max_total_bytes=2 * MIB), "max_total_bytes"),
    ):
        started = time.process_time()
        with pytest.raises(LimitExceeded) as reached:
            list(container.unpack(bomb, Budget(limits)))
        assert reached.value.limit == limit
        assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    ("name", "empty"),
    [
        ("bzip2", bz2.compress(b"")),
        ("lz4", lz4.frame.compress(b"")),
        ("lz4", skippable(b"")),
        ("lzop", lzop_plain(b"")),
    ],
    ids=["bzip2", "lz4", "skippable", "lzop"],
)
def test_endless_empty_streams_stop(name: str, empty: bytes) -> None:
    """Streams, frames and files in a row count as members, so that a million empty ones end."""
    with pytest.raises(LimitExceeded, match="max_members"):
        list(STREAMS[name][0].unpack(artifact(empty * 60), Budget(Limits(max_members=50))))


def test_many_small_blocks_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of one byte cannot make the walk over a stream long."""
    monkeypatch.setattr("fwverify.unpack.containers.lzop_stream.MAX_BLOCKS", 10)
    blocks = (struct.pack(">III", 1, 1, zlib.adler32(b"x")) + b"x") * 11
    with pytest.raises(LimitExceeded, match="lzop blocks"):
        list(lzop_stream.CONTAINER.unpack(artifact(lzop_header(b"") + blocks + bytes(4)), Budget()))
    monkeypatch.setattr(lz4_frame, "MAX_BLOCKS", 10)
    frame = lz4.frame.compress(b"")
    small = frame[:-4] + (struct.pack("<I", 1 | 1 << 31) + b"x") * 11 + bytes(4)
    with pytest.raises(Malformed, match="more than 10 blocks"):
        lz4_frame.read(memoryview(small), 0, tick)


def test_window_is_bounded() -> None:
    """An LZMA stream that asks for a larger dictionary than allowed is a limit."""
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 64 * MIB}]
    packed = lzma.compress(TEXT, format=lzma.FORMAT_ALONE, filters=filters)
    with pytest.raises(LimitExceeded, match="max_window_bytes"):
        list(lzma_stream.CONTAINER.unpack(artifact(packed), Budget(Limits(max_window_bytes=MIB))))


def test_kernels_state_their_size_behind() -> None:
    """The unpacked size behind a legacy LZ4 frame and behind an lzop file is a check; another number is not."""
    for container, packed in ((lz4_stream.CONTAINER, lz4_legacy(TEXT)), (lzop_stream.CONTAINER, lzop_plain(TEXT))):
        seen = opened(container, packed + struct.pack("<I", len(TEXT)))
        assert (seen.oddities, seen.unclaimed) == ([], ())
        assert opened(container, packed + struct.pack("<I", len(TEXT) + 1)).oddities == ["trailing-data"]


def test_sums_of_lzop_blocks() -> None:
    """Of many blocks those whose sum fails are told one by one; when all hold, one stands for all."""
    data = random.Random(1).randbytes(3 * (256 << 10))
    packed = bytearray(lzop_plain(data))
    sound = opened(lzop_stream.CONTAINER, bytes(packed))
    assert [one.name for one in sound.events if hasattr(one, "declared")] == [
        "content: header", "content: adler32, the last of 3",
    ]  # fmt: skip
    packed[-1000] ^= 1
    assert len(opened(lzop_stream.CONTAINER, bytes(packed)).failed) == 1


@pytest.mark.parametrize("name", CARVED)
def test_found_inside_other_bytes(name: str) -> None:
    """A stream in the middle of a dump is found at its place, and its end is known."""
    container, pack = CARVED[name]
    packed = pack(random.Random(2).randbytes(3000) + OTHER * 100)
    carve = container.carve
    assert carve is not None
    dump = b"\xff" * 333 + packed + b"\xff" * 100 + random.Random(3).randbytes(500)
    magic, behind = next(one for one in carve.magics if packed[one[1] :].startswith(one[0]))
    places = [at - behind for at in _places(dump, magic)]
    ends = [(at, carve.end(memoryview(dump), at, tick)) for at in places if at >= 0]
    assert [one for one in ends if one[1]] == [(333, 333 + len(packed))]
    cut = memoryview(dump)[: 333 + len(packed) - 8]
    assert carve.end(cut, 333, tick) in (0, len(cut))


def test_pages_of_flash_file_systems_are_not_found_one_by_one() -> None:
    """A zlib stream of one page is left where it lies; a longer one is found."""
    carve = zlib_stream.CONTAINER.carve
    assert carve is not None
    for size, found in ((4096, False), (8192, True)):
        packed = zlib.compress(random.Random(9).randbytes(size))
        assert (carve.end(memoryview(packed), 0, tick) == len(packed)) is found


def _places(data: bytes, text: bytes) -> list[int]:
    found, at = [], data.find(text)
    while at >= 0:
        found.append(at)
        at = data.find(text, at + 1)
    return found


@pytest.mark.parametrize("name", CARVED)
def test_nothing_is_found_in_a_program(name: str) -> None:
    """No stream is found at the bytes of a magic inside this Python's own program, nor in made-up tables."""
    carve = CARVED[name][0].carve
    assert carve is not None
    code = Path(sys.executable).resolve().read_bytes()[: 4 * MIB]
    tables = b"".join(struct.pack("<BIQ", 0x5D, 1 << one % 28, one) for one in range(20_000))
    counted = b"".join(struct.pack("<I", one) for one in range(200_000))
    for data in (code, tables, counted, b"".join(one + bytes(30) for one, _ in carve.magics) * 500):
        view = memoryview(data)
        for magic, behind in carve.magics:
            for at in _places(data, magic):
                assert at < behind or carve.end(view, at - behind, tick) == 0, (name, at)


def test_lzma_has_no_magic() -> None:
    """A header whose values cannot be, a body of zeros, and bytes that do not decode are no LZMA."""
    packed = lzma_packed(TEXT * 40)
    assert lzma_alone.looks_like(memoryview(packed))
    chance = random.Random(4)
    for bad in (
        b"\xff" + packed[1:],
        packed[:1] + struct.pack("<I", 12345) + packed[5:],
        packed[:5] + struct.pack("<Q", 1 << 40) + packed[13:],
        packed[:13] + b"\1" + packed[14:],
        packed[:14] + bytes(500),
        packed[:14] + chance.randbytes(5000),
        packed[:20],
        struct.pack("<BIQ", 0x5D, 1 << 23, 100) + bytes(100),
    ):
        assert not lzma_alone.looks_like(memoryview(bad))
        assert not lzma_alone.end(memoryview(bad), 0, tick)


def test_lzma_cut_off_is_still_known() -> None:
    """A long stream whose end is missing is taken for one, so that the gap says what it is."""
    packed = lzma_packed(random.Random(5).randbytes(40_000))
    cut = packed[:20_000]
    assert recognise(artifact(cut))[0] is lzma_stream.CONTAINER
    assert isinstance(opened(lzma_stream.CONTAINER, cut).problem, Malformed)


def test_lzma_size_without_end_marker() -> None:
    """A stream with a size ends there; one byte less stated leaves bytes that are told."""
    raw = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16}]
    body = lzma.compress(TEXT, format=lzma.FORMAT_RAW, filters=raw)
    stated = struct.pack("<BIQ", 0x5D, 1 << 16, len(TEXT)) + body
    assert opened(lzma_stream.CONTAINER, stated).members == {"content": TEXT}
    short = opened(lzma_stream.CONTAINER, struct.pack("<BIQ", 0x5D, 1 << 16, len(TEXT) - 1) + body)
    assert short.problem is not None or short.oddities == ["trailing-data"]


def test_linked_blocks_and_large_frames() -> None:
    """Blocks that refer to the ones before, in every block size, with checksums on all of them."""
    data = (random.Random(6).randbytes(700) + TEXT) * 3000
    for size in (4, 5, 6, 7):
        packed = lz4.frame.compress(
            data, block_size=size, block_linked=True, content_checksum=True, block_checksum=True
        )
        assert opened(lz4_stream.CONTAINER, packed).members == {"content": data}


def test_short_xxh32() -> None:
    """The reference implementation's values."""
    expected = {b"": 0x02CC5D05, b"a": 0x550D7456, b"abc": 0x32D153FF, b"message digest": 0x7C948494}
    assert {text: lz4_frame.xxh32_short(text) for text in expected} == expected


def test_bunzip2_agrees() -> None:
    """pbzip2's shape, one stream for each block, reads like one file."""
    blocks = [bz2.compress(bytes([one]) * 1000, 1) for one in range(50)]
    whole = io.BytesIO(b"".join(blocks))
    with bz2.open(whole) as file:
        assert opened(bzip2_stream.CONTAINER, b"".join(blocks)).members == {"content": file.read()}


@pytest.mark.corpus
def test_corpus() -> None:
    """A bzip2 stream with the rest of a firmware behind it: the content comes out, the rest is told and left."""
    place = os.environ.get("FWVERIFY_CASES")
    if not place:
        pytest.skip("FWVERIFY_CASES is not set")
    data = (Path(place) / "containers" / "binwalk" / "bzip2.bin").read_bytes()
    seen = opened(bzip2_stream.CONTAINER, data)
    assert seen.members == {"content": bz2.decompress(data[:8125])}
    assert (seen.oddities, seen.unclaimed) == (["trailing-data"], (ByteRange(8125, len(data)),))
