"""The containers of text images: Intel HEX and S-record."""

from __future__ import annotations

import pytest

from fwverify.limits import LimitExceeded, Limits
from fwverify.model.examining import Malformed
from fwverify.unpack.containers.cortex_m_image import CONTAINER as CORTEX
from fwverify.unpack.containers.intel_hex_image import CONTAINER as HEX
from fwverify.unpack.containers.srec_image import CONTAINER as SREC
from fwverify.unpack.interface import Container
from tests.unit.unpack.opened import artifact, opened
from tests.vectors.makers.firmware import ROOTFS, cortex_m, hex_record, hex_text, s_record, srec_text

REGIONS = {0x08000000: ROOTFS[:200], 0x0800FFF0: ROOTFS[:64], 0x1FFF0000: b"options"}
BOTH = [(HEX, hex_text(REGIONS)), (SREC, srec_text(REGIONS))]


@pytest.mark.parametrize("container, text", BOTH)
def test_regions(container: Container, text: str) -> None:
    """One member for each contiguous region, named by address; every byte of text accounted for."""
    seen = opened(container, text.encode())
    assert seen.members == {f"{address:08x}": data for address, data in REGIONS.items()}
    assert (seen.unclaimed, seen.oddities, seen.failed, seen.unread, seen.problem) == ((), [], [], [], None)
    assert seen.facts["load-address"] == "08000000"
    assert container.detect(artifact(text.encode()))


@pytest.mark.parametrize("container, text", BOTH)
def test_bad_checksum(container: Container, text: str) -> None:
    """The check fails, reading ends there, and the rest is unexplained."""
    lines = text.splitlines(keepends=True)
    lines[4] = lines[4][:12] + ("0" if lines[4][12] != "0" else "1") + lines[4][13:]
    seen = opened(container, "".join(lines).encode())
    assert seen.failed == ["record checksums"] and isinstance(seen.problem, Malformed)
    assert seen.unclaimed[0].start == sum(len(one) for one in lines[:4])


@pytest.mark.parametrize("container, text", BOTH)
def test_missing_end(container: Container, text: str) -> None:
    """Without an end record the text may be cut off: an oddity and a gap."""
    seen = opened(container, "".join(text.splitlines(keepends=True)[:-1]).encode())
    assert seen.oddities == ["headers-disagree"] and seen.unread == ["malformed"]


@pytest.mark.parametrize("container, text", BOTH)
def test_text_after_the_end(container: Container, text: str) -> None:
    """Blank lines are nothing; anything else is trailing data."""
    assert opened(container, text.encode() + b"\r\n\r\n").unclaimed == ()
    assert opened(container, text.encode() + b"hidden text").oddities == ["trailing-data"]


@pytest.mark.parametrize("container, text", BOTH)
def test_limits(container: Container, text: str) -> None:
    """Regions count as members and as output."""
    with pytest.raises(LimitExceeded):
        opened(container, text.encode(), Limits(max_members=2))
    with pytest.raises(LimitExceeded):
        opened(container, text.encode(), Limits(max_total_bytes=100))


def test_many_overlaps_are_listed_up_to_a_bound() -> None:
    """A file made of contradictions does not fill the evidence."""
    lines = "".join(hex_record(0, 0, bytes([one])) for one in range(200)) + hex_record(1, 0, b"")
    seen = opened(HEX, lines.encode())
    assert len(seen.oddities) == 21 and seen.members == {"00000000": b"\xc7"}


def test_address_reaches_the_program_reader() -> None:
    """A program inside a text image lies where the text says."""
    seen = opened(HEX, hex_text({0x70001000: cortex_m(0x70001000)}).encode())
    inner = artifact(seen.members["70001000"], "70001000", "intel_hex_image")
    assert CORTEX.detect(inner) and not CORTEX.detect(artifact(seen.members["70001000"], "70001000"))


def test_hidden_in_records_without_data() -> None:
    """A second header, data in an end record, a second start address: what is not told is nobody's."""
    text = s_record(0, b"\0\0", b"second header, or anything at all") + srec_text(REGIONS)
    seen = opened(SREC, text.encode())
    first, second = (text.index("S0", at) for at in (0, 1))
    assert [one.start for one in seen.unclaimed] == [second] and seen.facts[
        "header"
    ] == "second header, or anything at all"
    assert first == 0
    end = srec_text(REGIONS, end=False) + s_record(7, bytes(4), b"data of an end record")
    assert len(opened(SREC, end.encode()).unclaimed) == 1
    start = hex_record(5, 0, b"\x08\0\0\1")
    text = hex_text({0x100: b"abc"}, end=False) + start + start + hex_record(1, 0x4142, b"")
    assert [one.size for one in opened(HEX, text.encode()).unclaimed] == [len(start) + len(hex_record(1, 0, b""))]
