"""Intel HEX records."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from fwverify.formats.intel_hex import looks_like, read_intel_hex
from fwverify.limits import LimitExceeded
from fwverify.model.examining import Malformed, Unsupported
from tests.vectors.makers.firmware import hex_record, hex_text

END = hex_record(1, 0, b"")


def test_regions_and_their_text() -> None:
    """Contiguous records are one region; every byte of text belongs to something."""
    text = hex_text({0x08000000: bytes(range(64)), 0x0800FFF0: bytes(40), 0x20000000: b"x"}, entry=0x08000101).encode()
    file = read_intel_hex(text)
    assert [(one.address, len(one.data)) for one in file.regions] == [
        (0x08000000, 64),
        (0x0800FFF0, 40),
        (0x20000000, 1),
    ]
    assert file.regions[0].data == bytes(range(64))
    assert (file.entry, file.ended, file.problem, file.end) == (0x08000101, True, None, len(text))
    spans = sorted([*file.control, *(span for one in file.regions for span in one.ranges)])
    assert spans[0].start == 0 and spans[-1].end == len(text)
    assert all(a.end == b.start for a, b in pairwise(spans))


def test_segments() -> None:
    """Type 02 shifts by four, type 03 is a segment and an offset."""
    text = hex_record(2, 0, b"\x12\x34") + hex_record(0, 0x10, b"a") + hex_record(3, 0, b"\x10\0\0\x20") + END
    file = read_intel_hex(text.encode())
    assert file.regions[0].address == 0x12350 and file.entry == 0x10020


@pytest.mark.parametrize("position", range(9, 25))
def test_each_changed_digit_is_noticed(position: int) -> None:
    """A checksum protects every record."""
    text = bytearray((hex_record(0, 0, b"abcdefgh") + END).encode())
    text[position] = ord("0") if text[position] != ord("0") else ord("1")
    assert isinstance(read_intel_hex(bytes(text)).problem, Malformed)


def test_what_was_read_before_trouble_stands() -> None:
    """A bad record ends reading; the good ones before it are kept, and nothing after."""
    text = hex_record(0, 0, b"good") + ":0400040078797A000D\n" + hex_record(0, 8, b"late") + END
    file = read_intel_hex(text.encode())
    assert [one.data for one in file.regions] == [b"good"] and file.problem is not None and not file.ended
    assert file.last_sum != file.good_sum and file.end == len(hex_record(0, 0, b"good"))


@pytest.mark.parametrize(
    "line, problem",
    [
        ("text\n", Malformed),
        (":00\n", Malformed),
        (":0G000000\n", Malformed),
        (":00 000001FF\n", Malformed),
        (hex_record(10, 0, b""), Unsupported),
        (hex_record(4, 0, b"\0"), Malformed),
        (hex_record(1, 0, b"\0"), Malformed),
        (hex_record(4, 0, b"\xff\xff") + hex_record(0, 0xFFFF, b"ab"), Malformed),
        (hex_record(2, 0, b"\0\0") + hex_record(0, 0xFFFF, b"ab"), Malformed),
    ],
)
def test_refused_lines(line: str, problem: type[Exception]) -> None:
    """Whatever is no record of types 00 to 05 ends reading with a reason."""
    assert isinstance(read_intel_hex((line + END).encode()).problem, problem)


def test_overlaps() -> None:
    """The later record wins; it counts as an overlap only when the bytes differ."""
    same = hex_record(0, 0, b"abcd") + hex_record(0, 2, b"cdef") + END
    assert read_intel_hex(same.encode()).overlaps == ()
    differs = read_intel_hex((hex_record(0, 2, b"abcd") + hex_record(0, 0, b"1234") + END).encode())
    assert [one.address for one in differs.overlaps] == [0] and differs.regions[0].data == b"1234cd"


def test_out_of_order_records_are_joined() -> None:
    """Order in the file does not matter for contiguous bytes."""
    file = read_intel_hex((hex_record(0, 4, b"efgh") + hex_record(0, 0, b"abcd") + END).encode())
    assert [(one.address, one.data) for one in file.regions] == [(0, b"abcdefgh")] and file.overlaps == ()


def test_detection() -> None:
    """The first line must be a record of its own length."""
    assert looks_like(END.encode()) and looks_like(b"\r\n" + hex_record(0, 0, b"ab").encode())
    for text in (b"", b":", b":0000000", b":10000000AB\n", b"x" + END.encode(), b":00000001FF and more\n"):
        assert not looks_like(text)


def test_clock_is_asked() -> None:
    """A long file can be stopped by the run's budget."""

    def over() -> None:
        raise LimitExceeded("max_seconds", 1)

    with pytest.raises(LimitExceeded):
        read_intel_hex(END.encode(), over)


def test_one_megabyte_is_quick() -> None:
    """Some 1.2 MB of text in well under two seconds, contiguous or in 30,000 regions."""
    began = time.process_time()
    assert len(read_intel_hex(hex_text({0: bytes(400_000)}).encode()).regions) == 1
    scattered = "".join(hex_record(0, 2 * one, b"x") for one in range(30_000)) + END
    assert len(read_intel_hex(scattered.encode()).regions) == 30_000
    assert time.process_time() - began < 5
