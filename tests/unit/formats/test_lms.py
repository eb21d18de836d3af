"""LMS and HSS: keys, exact lengths, every parameter set against a second implementation's rules."""

from __future__ import annotations

import base64
import contextlib

import pytest

from fwverify.formats import key_file, lms
from fwverify.model.examining import Malformed
from tests.vectors.makers.attestations import LmsSigner

TOP, BELOW = LmsSigner("unit-top"), LmsSigner("unit-below")
MESSAGE = b"firmware"
SINGLE = TOP.sign(MESSAGE)
HSS_KEY = (2).to_bytes(4, "big") + TOP.public
DOUBLE = (1).to_bytes(4, "big") + TOP.sign(BELOW.public) + BELOW.public + BELOW.sign(MESSAGE)


def holds(signature: bytes, message: bytes = MESSAGE) -> bool:
    return lms.lms_holds(lms.key_of(lms.parse_key(TOP.public)).top, lms.parse_signature(signature), message)


def test_single_level() -> None:
    """A signature holds for its message and no other, at every leaf."""
    assert holds(SINGLE)
    assert not holds(SINGLE, MESSAGE + b"x")
    assert all(holds(TOP.sign(MESSAGE, leaf)) for leaf in (0, 1, 30, 31))


@pytest.mark.parametrize("at", [0, 3, 8, 40, 200, 1127, 1131, 1200, 1291])
def test_every_part_counts(at: int) -> None:
    """A flipped bit anywhere, leaf number and type codes included, makes it fail or be no signature."""
    changed = bytearray(SINGLE)
    changed[at] ^= 1
    with contextlib.suppress(Malformed):
        assert not holds(bytes(changed))


def test_two_levels() -> None:
    """Each level must sign the next, and the number of levels is that of the key."""
    key = lms.key_of(lms.parse_key(HSS_KEY))
    assert lms.hss_holds(key, lms.parse_hss_signature(DOUBLE), MESSAGE)
    assert not lms.hss_holds(key, lms.parse_hss_signature(DOUBLE), b"other")
    assert not lms.hss_holds(key, lms.parse_hss_signature(bytes(4) + SINGLE), MESSAGE)
    stranger = (1).to_bytes(4, "big") + BELOW.sign(BELOW.public) + BELOW.public + BELOW.sign(MESSAGE)
    assert not lms.hss_holds(key, lms.parse_hss_signature(stranger), MESSAGE)


@pytest.mark.parametrize("value", [SINGLE + b"\0", SINGLE[:-1], b"", SINGLE[:4]])
def test_length_is_exact(value: bytes) -> None:
    """A byte too many or too few is no LMS signature."""
    with pytest.raises(Malformed):
        lms.parse_signature(value)


@pytest.mark.parametrize("value", [DOUBLE + b"\0", DOUBLE[:-1], b"\0\0\0\x08" + DOUBLE[4:], b"\xff" * 4 + DOUBLE[4:]])
def test_length_of_levels_is_exact(value: bytes) -> None:
    """A byte too many or too few, or more than eight levels, is no HSS signature."""
    with pytest.raises(Malformed):
        lms.parse_hss_signature(value)


def test_key_files() -> None:
    """Raw, DER and PEM give one fingerprint, and so does the older wrapped form; a bare key is one of one level."""
    key = lms.parse_key(HSS_KEY)
    pem = b"-----BEGIN PUBLIC KEY-----\n" + base64.encodebytes(key.spki) + b"-----END PUBLIC KEY-----\n"
    wrapped = lms._spki(b"\x04\x3c", HSS_KEY)
    for content in (key.spki, pem, wrapped):
        assert lms.parse_key(content) == key
    assert key_file.parse(pem) == key
    assert (key.algorithm, key.note, key.key_id) == ("hss", "HSS public key", TOP.identifier.hex())
    bare = lms.parse_key(TOP.public)
    assert (bare.algorithm, bare.note) == ("lms", "LMS public key")
    assert bare.fingerprint == lms.parse_key((1).to_bytes(4, "big") + TOP.public).fingerprint != key.fingerprint


@pytest.mark.parametrize(
    "content",
    [
        b"", TOP.public[:-1], TOP.public + b"\0", bytes(4) + TOP.public, (9).to_bytes(4, "big") + TOP.public,
        b"\0\0\0\x63" + TOP.public[4:], TOP.public[:4] + (8).to_bytes(4, "big") + TOP.public[8:],
        lms.parse_key(HSS_KEY).spki + b"\0", b"0" * 60,
    ],
)  # fmt: skip
def test_what_is_no_key(content: bytes) -> None:
    """Wrong lengths, levels, type codes, mixed hashes and trailing bytes are refused."""
    with pytest.raises(Malformed):
        lms.parse_key(content)


def test_lengths_of_all_sets() -> None:
    """The table of RFC 8554 section 4.1 and SP 800-208: type codes, chains and shifts."""
    assert [(one.n, one.w, one.chains, one.shift) for code, one in lms.ONE_TIMES.items() if code <= 8] == [
        (32, 1, 265, 7), (32, 2, 133, 6), (32, 4, 67, 4), (32, 8, 34, 0),
        (24, 1, 200, 8), (24, 2, 101, 6), (24, 4, 51, 4), (24, 8, 26, 0),
    ]  # fmt: skip
    assert lms.TREES[5].name == "sha256-m32-h5" and lms.TREES[24].name == "shake256-m24-h25"
    assert (min(lms.ONE_TIMES), max(lms.ONE_TIMES), min(lms.TREES), max(lms.TREES)) == (1, 16, 5, 24)
