"""DER framing and what may stand in its place."""

from __future__ import annotations

import pytest

from fwverify.formats import der
from fwverify.model.examining import Malformed, Unsupported


def test_open_lengths_are_closed() -> None:
    """BER as streaming signers write it reads as the DER of the same values."""
    ber = b"\x30\x80\x24\x80\x04\x02ab\x04\x01c\0\0\x02\x01\x05\0\0"
    found = der.normal(ber + b"rest", "test")
    assert found.der == b"\x30\x08\x04\x03abc\x02\x01\x05"
    assert found.size == len(ber)


def test_der_is_left_alone() -> None:
    """A DER element is given back byte for byte, without what follows it."""
    raw = b"\x30\x03\x02\x01\x05"
    assert der.normal(raw + b"\0\0", "test") == der.Normal(raw, 5)


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\x30", b"\x30\x05\x02\x01", b"\x30\x81\x03\x02\x01\x05", b"\x30\x82\x00\x03\x02\x01\x05",
        b"\x30\x80\x02\x01\x05", b"\x30\x80\x04\x80ab\0\0\0\0", b"\x30\x80\x24\x80\x02\x01\x05\0\0\0\0",
        b"\x30\x80\x02\x81\x01\x05\0\0", b"\x1f\x81\x01\x00", b"\x30\x04\x30\x03\x02\x01", b"\x30\x80" * 60,
    ],
)  # fmt: skip
def test_what_two_readers_could_measure_differently(raw: bytes) -> None:
    """Long lengths, missing end marks, values without a length, parts that are none, endless nesting: refused."""
    with pytest.raises((Malformed, Unsupported)):
        der.normal(raw, "test")
