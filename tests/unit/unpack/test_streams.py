"""What the stream plug-ins do with names, several streams, bombs and cut streams."""

from __future__ import annotations

import gzip
import lzma
import time
from collections.abc import Callable

import pytest
import zstandard

from fwverify.content import identified
from fwverify.limits import MIB, Budget, LimitExceeded, Limits
from fwverify.model.artifact import Artifact, Locator, Step
from fwverify.model.examining import Encrypted, Malformed, Unsupported
from fwverify.unpack.containers import gzip_stream, xz_stream, zstd_stream
from fwverify.unpack.interface import Check, Container, Fact, Member
from fwverify.unpack.registry import BUILTIN
from fwverify.unpack.stream_names import without_suffix
from tests.vectors.makers.archives import OTHER, TEXT, cpio_cases, squashfs_cases, stream_cases, tar_cases, zip_cases

STREAMS: dict[str, tuple[Container, Callable[[bytes], bytes]]] = {
    "gzip": (gzip_stream.CONTAINER, lambda data: gzip.compress(data, mtime=0)),
    "xz": (xz_stream.CONTAINER, lzma.compress),
    "zstd": (zstd_stream.CONTAINER, zstandard.ZstdCompressor(write_checksum=True).compress),
}


def artifact(data: bytes, name: str = "input") -> Artifact:
    return identified(Locator((Step(name),)), data)


def member(container: Container, data: bytes, name: str = "input") -> Member:
    (found,) = [one for one in container.unpack(artifact(data, name), Budget()) if isinstance(one, Member)]
    return found


@pytest.mark.parametrize("name", STREAMS)
def test_content(name: str) -> None:
    """Nothing, a little, and more than one chunk come back whole."""
    container, pack = STREAMS[name]
    for data in (b"", TEXT, OTHER * 30_000):
        assert member(container, pack(data)).content == data


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rootfs.cpio.gz", "rootfs.cpio"),
        ("a.TGZ", "a.tar"),
        ("b/initrd.GZ", "initrd"),
        (".gz", "content"),
        ("x", "content"),
    ],
)
def test_names(name: str, expected: str) -> None:
    """A stream without a name of its own takes it from the artifact."""
    assert without_suffix(name, (".gz",), ((".tgz", ".tar"),)) == expected


@pytest.mark.parametrize("name", STREAMS)
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


@pytest.mark.parametrize("name", STREAMS)
def test_endless_empty_streams_stop(name: str) -> None:
    """Streams in a row count as members, so that a million empty ones end."""
    container, pack = STREAMS[name]
    with pytest.raises(LimitExceeded, match="max_members"):
        list(container.unpack(artifact(pack(b"") * 60), Budget(Limits(max_members=50))))


def test_gzip_checks() -> None:
    """CRC-32 and length of each stream are checks; a damaged length alone is seen."""
    packed = gzip.compress(TEXT, mtime=0)
    damaged = packed[:-4] + bytes(4)
    checks = [one for one in gzip_stream.CONTAINER.unpack(artifact(damaged), Budget()) if isinstance(one, Check)]
    assert [(one.declared.algorithm, one.declared == one.computed) for one in checks] == [
        ("crc32", True),
        ("size32", False),
    ]


def test_gzip_failing_checks_are_always_told() -> None:
    """Among many streams the one whose CRC fails is told by its number."""
    good = gzip.compress(TEXT, mtime=0)
    bad = good[:-8] + bytes(4) + good[-4:]
    checks = [
        one for one in gzip_stream.CONTAINER.unpack(artifact(good * 40 + bad), Budget()) if isinstance(one, Check)
    ]
    assert [one.name for one in checks if one.declared != one.computed] == ["content: crc32 of stream 41"]
    assert len(checks) == gzip_stream.MAX_CHECKS + 1


def test_xz_window_is_bounded() -> None:
    """A stream that asks for a larger dictionary than allowed is a limit."""
    packed = lzma.compress(TEXT, filters=[{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 64 * MIB}])
    with pytest.raises(LimitExceeded, match="max_window_bytes"):
        list(xz_stream.CONTAINER.unpack(artifact(packed), Budget(Limits(max_window_bytes=MIB))))


def test_zstd_window_is_bounded() -> None:
    """The same for the window of a Zstandard frame."""
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=24)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    packed = packer.compress(TEXT) + packer.flush()
    with pytest.raises(LimitExceeded, match="max_window_bytes"):
        list(zstd_stream.CONTAINER.unpack(artifact(packed), Budget(Limits(max_window_bytes=MIB))))


def test_xz_says_which_check() -> None:
    """A stream without a check is said to have none."""
    packed = lzma.compress(TEXT, check=lzma.CHECK_NONE)
    assert Fact("check", "none") in list(xz_stream.CONTAINER.unpack(artifact(packed), Budget()))


CASES = [one for maker in (zip_cases, tar_cases, cpio_cases, stream_cases) for one in maker()]


def prefixes_end_in_values(plugin: str, data: bytes) -> None:
    """Every prefix ends in events or in one of the four conditions of the input."""
    container = next(one for one in BUILTIN if one.name == plugin)
    limits = Limits(max_member_bytes=1 << 22, max_total_bytes=1 << 23, max_ratio=100, ratio_floor_bytes=1 << 18)
    for size in range(0, len(data), max(1, len(data) // 400)):
        cut = artifact(data[:size])
        container.detect(cut)
        try:
            list(container.unpack(cut, Budget(limits)))
        except (Malformed, Unsupported, Encrypted, LimitExceeded):
            continue


@pytest.mark.parametrize("case", CASES, ids=lambda one: f"{one.plugin}-{one.kind}-{one.name}")
def test_prefixes_of_every_case(case: object) -> None:
    """No prefix of any archive, sound or hostile, raises anything else."""
    prefixes_end_in_values(case.plugin, case.data)  # type: ignore[attr-defined]


@pytest.mark.interop
def test_prefixes_of_file_systems() -> None:
    """The same for SquashFS images, which mksquashfs makes."""
    import shutil

    if shutil.which("mksquashfs") is None:
        pytest.skip("mksquashfs is not installed")
    for case in squashfs_cases():
        prefixes_end_in_values(case.plugin, case.data)
