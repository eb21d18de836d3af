"""The containers of microcontroller programs: Cortex-M and ESP32."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwverify.model.artifact import ByteRange
from fwverify.unpack.containers.cortex_m_image import CONTAINER as CORTEX
from fwverify.unpack.containers.esp_app_image import CONTAINER as ESP
from fwverify.unpack.interface import Oddity
from tests.unit.unpack.opened import artifact, opened
from tests.vectors.makers.firmware import ROOTFS, cortex_m, esp, esp_app


def test_program() -> None:
    """Where it lies and starts; the vector table alone is claimed, and the reader says that it is partial."""
    data = cortex_m()
    seen = opened(CORTEX, data)
    assert CORTEX.partial and seen.members == {} and seen.unclaimed == (ByteRange(144, len(data)),)
    assert seen.facts["load-address"] == "08000000" and seen.facts["entry"] == "08000092"
    assert seen.facts["load-address-from"] == "pointers"


@pytest.mark.corpus
def test_real_program(cases: Path) -> None:
    """The battery management image of the first pages."""
    seen = opened(CORTEX, (cases / "images/bms-unsigned/12s7p.bin").read_bytes())
    assert (seen.facts["load-address"], seen.facts["entry"]) == ("08000000", "080002e0")


def test_esp_application() -> None:
    """Segments by address, facts, checks, and not one byte left over."""
    seen = opened(ESP, esp_app().ljust(4096, b"\xff"))
    assert list(seen.members) == ["3c000020", "40380000"] and seen.members["40380000"] == ROOTFS
    assert (seen.unclaimed, seen.failed, seen.oddities) == ((), [], [])
    assert seen.facts == {
        "chip": "ESP32-C3",
        "entry": "40380000",
        "project": "vectors",
        "version": "1.4.2",
        "idf-version": "v5.3.1",
        "security-counter": "3",
    }


def test_damaged_signature_sectors_are_named() -> None:
    """A sector that begins like a signature and holds none is trailing data, and said to be that."""
    two = opened(ESP, esp_app().ljust(4096, b"\xff") + b"\xe7\2" + b"\1" * 4094).of(Oddity)
    assert [one.range for one in two] == [ByteRange(4096, 8192)] and "version 2" in two[0].detail
    other = opened(ESP, esp_app() + b"appended").of(Oddity)
    assert "secure boot" not in other[0].detail


def test_signature_of_version_1_is_structure() -> None:
    """The 68 bytes right behind the image are accounted for; one byte more that is no filling is not."""
    signature = bytes(4) + b"\1" * 64
    assert opened(ESP, esp_app() + signature).unclaimed == ()
    assert opened(ESP, esp_app() + signature + b"\xff" * 12).unclaimed == ()
    assert len(opened(ESP, esp_app() + signature + b"x").of(Oddity)) == 1


def test_fill_before_the_signature_counts_only_as_fill() -> None:
    """One changed byte in the fill stays unexplained."""
    data = bytearray(esp_app().ljust(8192, b"\xff") + b"\xe7\2" + b"\1" * 4094)
    assert opened(ESP, bytes(data)).unclaimed == (ByteRange(8192, 12288),)
    data[5000] = 0
    assert opened(ESP, bytes(data)).unclaimed[0].start <= 5000


def test_esp_fill_segment() -> None:
    """A segment at address 0 with nothing in it is padding; with content it is a member."""
    seen = opened(ESP, esp([(0x40380000, b"code"), (0, bytes(12)), (0, b"not empty")]))
    assert seen.members == {"40380000": b"code", "00000000": b"not empty"} and seen.unclaimed == ()


def test_esp_detection() -> None:
    """Another chip family's magic byte alone is not enough."""
    assert ESP.detect(artifact(esp_app()))
    assert not ESP.detect(artifact(b"\xe9" + bytes(100)))
    assert not ESP.detect(artifact(esp_app()[:20]))
