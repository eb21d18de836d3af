"""Noise with the frame of a known format, and noise without."""

from __future__ import annotations

import random

import pytest

from fwverify.formats.noisy_formats import is_framed

NOISE = random.Random(11).randbytes(3000)
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + NOISE + b"\0\0\0\0IEND\xaeB`\x82"
FONT = b"wOFF\0\1\0\0" + (12 + len(NOISE)).to_bytes(4, "big") + NOISE
SOUND = b"RIFF" + (4 + len(NOISE)).to_bytes(4, "little") + b"WAVE" + NOISE
DER = b"\x30\x82" + len(NOISE).to_bytes(2, "big") + NOISE
KEYRING = b"\x99\x0b\xb8" + NOISE + b"\xb4\x04name" + b"\x89\x01\x00" + NOISE[:256]

BITCODE = b"BC\xc0\xde" + 2 * (b"\x21\x0c\0\0" + (750).to_bytes(4, "little") + NOISE)
"""Two blocks of 750 words, as LLVM lays them out."""


@pytest.mark.parametrize("data", [PNG, FONT, SOUND, DER, KEYRING, BITCODE, b"\xff\xd8\xff" + NOISE + b"\xff\xd9"])
def test_frames(data: bytes) -> None:
    """The whole frame counts; cut off, or with more behind it, it is none."""
    assert is_framed(memoryview(data))
    assert not is_framed(memoryview(data[:-1]))
    assert not is_framed(memoryview(data + NOISE[:100]))


@pytest.mark.parametrize("data", [b"", b"\x99", b"\x30\x82", NOISE, b"\x99\x0b\xb8" + NOISE[:100], b"\xcb\xff" + NOISE])
def test_no_frames(data: bytes) -> None:
    """Nothing, noise, a magic alone, packets that a key does not consist of."""
    assert not is_framed(memoryview(data))


def test_large_packets() -> None:
    """A packet larger than any part of a key may hold anything."""
    body = NOISE * 6
    assert not is_framed(memoryview(b"\x99" + len(body).to_bytes(2, "big") + body))
