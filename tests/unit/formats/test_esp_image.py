"""ESP32 application images."""

from __future__ import annotations

import random
from functools import reduce
from operator import xor
from pathlib import Path

import pytest

from fwverify.formats.esp_image import _folded, looks_like, read_esp_image
from fwverify.model.examining import Malformed
from tests.vectors.makers.firmware import esp, esp_app


def test_application() -> None:
    """Segments, both checks, and what the project states about itself."""
    data = esp_app()
    image = read_esp_image(memoryview(data + b"more"))
    assert image.end == len(data) and image.chip_name == "ESP32-C3"
    assert [one.address for one in image.segments] == [0x3C000020, 0x40380000]
    assert image.checksum == image.checksum_computed and image.hash == image.hash_computed and image.hash is not None
    about = image.description
    assert about is not None and (about.project, about.version, about.secure_version) == ("vectors", "1.4.2", 3)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 255, 1000])
def test_folded_xor(size: int) -> None:
    """Folding by halves is the XOR of all bytes."""
    data = random.Random(size).randbytes(size)
    assert _folded(memoryview(data)) == reduce(xor, data, 0)


def test_changed_data_breaks_both_checks() -> None:
    """Checksum and digest are computed, not believed."""
    data = bytearray(esp_app())
    data[300] ^= 4
    image = read_esp_image(memoryview(data))
    assert image.checksum != image.checksum_computed and image.hash != image.hash_computed


def test_no_appended_digest() -> None:
    """The header says whether there is one."""
    image = read_esp_image(memoryview(esp_app(appended=False)))
    assert image.hash is None and image.end == image.checksum_at.end


def test_every_prefix_is_refused() -> None:
    """Cut off anywhere is Malformed, never anything else."""
    data = esp_app()
    for size in range(0, len(data), 7):
        with pytest.raises(Malformed):
            read_esp_image(memoryview(data[:size]))


@pytest.mark.parametrize("at, value", [(0, 0xE8), (1, 0), (1, 17), (2, 9), (7, 0x10), (12, 99), (23, 2), (27, 0x10)])
def test_detection_wants_values_that_exist(at: int, value: int) -> None:
    """One impossible field and it is no such image."""
    data = bytearray(esp_app())
    assert looks_like(memoryview(data))
    data[at] = value
    assert not looks_like(memoryview(data))


def test_empty_segment() -> None:
    """A segment may be empty."""
    image = read_esp_image(memoryview(esp([(0x40380000, b"code"), (0x40380100, b"")])))
    assert image.segments[1].data is None


@pytest.mark.corpus
def test_real_images(cases: Path) -> None:
    """Boot loaders and an application made with the vendor's tools: every inner check holds."""
    folder = cases / "images/esp-secure-images"
    for name in ("bootloader", "bootloader_unsigned_v2", "bootloader_signed_v2_rsa", "hello-world-signed"):
        image = read_esp_image(memoryview((folder / f"{name}.bin").read_bytes()))
        assert image.checksum == image.checksum_computed and image.hash == image.hash_computed
    assert image.description is not None and image.description.project == "hello-world"
