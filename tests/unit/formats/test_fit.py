"""FIT semantics over the device tree reader."""

from __future__ import annotations

import pytest

from fwverify.formats.fit import read_fit
from fwverify.model.examining import Malformed
from tests.vectors.makers.firmware import PAYLOAD, ROOTFS, external, fdt, fit, image


def test_inline_image() -> None:
    """Data, attributes and hash nodes of an image inside the tree."""
    data = fit({"kernel": image(PAYLOAD, "sha256", "crc32"), "rootfs": image(ROOTFS)})
    read = read_fit(memoryview(data))
    kernel = read.images[0]
    assert kernel.data is not None and data[kernel.data.start : kernel.data.end] == PAYLOAD and not kernel.external
    assert (kernel.type, kernel.os, kernel.arch, kernel.load) == ("kernel", "linux", "arm", "80008000")
    assert [one.algorithm for one in kernel.hashes] == ["sha256", "crc32"]
    assert read.default == "conf-1" and read.configurations[0].images == ("kernel", "rootfs")
    assert read.end == len(data)


@pytest.mark.parametrize("position", [False, True])
def test_external_data(position: bool) -> None:
    """data-offset counts from the rounded end of the tree, data-position from the start of the file."""
    data = external([("kernel", PAYLOAD), ("rootfs", ROOTFS)], position=position)
    for one, expected in zip(read_fit(memoryview(data)).images, (PAYLOAD, ROOTFS), strict=True):
        assert one.external and one.data is not None and data[one.data.start : one.data.end] == expected


@pytest.mark.parametrize("pad", range(4))
def test_offsets_count_from_the_rounded_end(pad: int) -> None:
    """A tree whose size is no multiple of four is rounded up first."""
    one = image(PAYLOAD) | {"data-offset": 4, "data-size": len(PAYLOAD)}
    del one["data"]
    tree = fit({"kernel": one}, pad=pad)
    data = tree.ljust((len(tree) + 3) // 4 * 4 + 4, b"\1") + PAYLOAD
    found = read_fit(memoryview(data)).images[0].data
    assert found is not None and data[found.start : found.end] == PAYLOAD


def test_external_data_wins() -> None:
    """As in U-Boot; and the contradiction is stated."""
    data = fit({"kernel": image(PAYLOAD) | {"data-position": 0, "data-size": 4}})
    one = read_fit(memoryview(data)).images[0]
    assert one.external and one.data is not None and one.data.end == 4 and "more than once" in one.disagrees


@pytest.mark.parametrize(
    "given, problem",
    [
        ({}, "no data"),
        ({"data": b""}, "no data"),
        ({"data-offset": 0}, "without a size"),
        ({"data-offset": 0, "data-size": 0}, "without a size"),
        ({"data-offset": 0xFFFFFFFF, "data-size": 1}, "outside the file"),
        ({"data-position": 0, "data-size": 0xFFFFFFFF}, "outside the file"),
        ({"data-position": b"\0" * 8, "data-size": 1}, "instead of 4"),
    ],
)
def test_missing_data(given: dict[str, object], problem: str) -> None:
    """Trouble with one image is stated in that image."""
    one = read_fit(memoryview(fit({"kernel": given}))).images[0]
    assert one.data is None and problem in one.problem


def test_property_twice() -> None:
    """libfdt takes the first; the image says so."""
    data = fdt({"images": {"kernel": {"data": b"abcd", "datb": b"efgh"}}}).replace(b"datb\0", b"data\0")
    one = read_fit(memoryview(data)).images[0]
    assert one.data is not None and data[one.data.start : one.data.end] == b"abcd" and "twice" in one.disagrees


def test_not_a_fit() -> None:
    """A device tree without /images is refused."""
    with pytest.raises(Malformed):
        read_fit(memoryview(fdt({"model": "board"})))
