"""The legacy U-Boot image header."""

from __future__ import annotations

import struct

import pytest

from fwverify.formats.uimage import check_size, read_table, read_uimage
from fwverify.model.examining import Malformed
from tests.vectors.makers.firmware import PAYLOAD, multi, uimage


def test_header() -> None:
    """Every field, and both CRCs."""
    one = read_uimage(memoryview(uimage(PAYLOAD)))
    assert (one.name, one.load, one.entry, one.size) == ("vectors", 0x80008000, 0x80008040, len(PAYLOAD))
    assert (one.os, one.arch, one.type, one.compression) == (5, 2, 2, 0)
    assert one.intact and one.plausible


@pytest.mark.parametrize("at", range(8, 64))
def test_every_header_byte_counts(at: int) -> None:
    """One changed byte behind the CRC, and it does not hold."""
    data = bytearray(uimage(PAYLOAD))
    data[at] ^= 1
    assert not read_uimage(memoryview(data)).intact


def test_sizes() -> None:
    """No data and too little data are refused."""
    for data in (uimage(b""), uimage(PAYLOAD)[:-1]):
        with pytest.raises(Malformed):
            check_size(read_uimage(memoryview(data)), memoryview(data))
    with pytest.raises(Malformed):
        read_uimage(memoryview(uimage(PAYLOAD)[:63]))


def test_size_table() -> None:
    """Files lie behind the table, each rounded up to 4."""
    data = uimage(multi(b"abc", b"defgh", b"ij"), 4)
    table, files = read_table(read_uimage(memoryview(data)), memoryview(data))
    assert table.size == 16 and [data[one.start : one.end] for one in files] == [b"abc", b"defgh", b"ij"]


@pytest.mark.parametrize("payload", [bytes(4), struct.pack(">II", 9, 0), struct.pack(">I", 1), b"\0\0\0\1" * 300])
def test_broken_tables(payload: bytes) -> None:
    """Empty, too large, without end, too long."""
    data = uimage(payload, 4)
    with pytest.raises(Malformed):
        read_table(read_uimage(memoryview(data)), memoryview(data))
