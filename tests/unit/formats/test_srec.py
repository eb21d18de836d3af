"""Motorola S-records."""

from __future__ import annotations

import pytest

from fwverify.formats.srec import looks_like, read_srec
from fwverify.model.examining import Malformed, Unsupported
from tests.vectors.makers.firmware import s_record, srec_text

END = s_record(9, b"\0\0", b"")


def test_regions() -> None:
    """S1, S2 and S3 carry 16, 24 and 32 bits of address; S0 a text; S7 the entry."""
    text = srec_text({0x08000000: bytes(range(40)), 0x20000000: b"x"})
    file = read_srec(text.encode())
    assert [(one.address, len(one.data)) for one in file.regions] == [(0x08000000, 40), (0x20000000, 1)]
    assert (file.header, file.entry, file.counted, file.data_records) == ("vectors", 0x08000100, 4, 4)
    assert file.ended and file.problem is None and file.end == len(text)
    short = s_record(1, b"\x10\0", b"ab") + s_record(2, b"\0\x10\2", b"cd") + END
    assert [(one.address, one.data) for one in read_srec(short.encode()).regions] == [(0x1000, b"abcd")]


@pytest.mark.parametrize("position", range(2, 20))
def test_each_changed_digit_is_noticed(position: int) -> None:
    """A checksum protects every record."""
    text = bytearray((s_record(1, b"\0\0", b"abcdef") + END).encode())
    text[position] = ord("0") if text[position] != ord("0") else ord("1")
    assert isinstance(read_srec(bytes(text)).problem, Malformed)


@pytest.mark.parametrize(
    "line, problem",
    [
        ("S\n", Malformed),
        ("SX030000FC\n", Malformed),
        ("S4030000FC\n", Unsupported),
        ("S1020000\n", Malformed),
        ("S102FD\n", Malformed),
        (s_record(3, b"\xff\xff\xff\xff", b"ab"), Malformed),
        (":00000001FF\n", Malformed),
    ],
)
def test_refused_lines(line: str, problem: type[Exception]) -> None:
    """Whatever is no record ends reading with a reason."""
    file = read_srec((s_record(1, b"\0\0", b"good") + line + END).encode())
    assert isinstance(file.problem, problem) and [one.data for one in file.regions] == [b"good"]


def test_detection() -> None:
    """The first line must be a record of its own length."""
    assert looks_like(END.encode())
    for text in (b"", b"S", b"S0", b"S003000", b"S4030000FC\n", b"Some text\n", b"S1050000\n"):
        assert not looks_like(text)
