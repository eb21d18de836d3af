"""minisign: which key, which bytes, which comment."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from fwverify.formats.public_key import PublicKey
from fwverify.model.evidence import SignatureStatus

from .conftest import Verify, pin, public

PAYLOAD = b"firmware " * 20
KEY = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
ID = b"\x08\x07\x06\x05\x04\x03\x02\x01"
SHOWN = "0102030405060708"
COMMENT = b"timestamp:1790000000\tfile:fw.bin\thashed"
NAME = "fw.bin.minisig"


def made(
    key: ed25519.Ed25519PrivateKey = KEY, legacy: bool = False, comment: bytes = COMMENT, key_id: bytes = ID
) -> bytes:
    signature = key.sign(PAYLOAD if legacy else hashlib.blake2b(PAYLOAD).digest())
    head = (b"Ed" if legacy else b"ED") + key_id
    return b"\n".join(
        (
            b"untrusted comment: x",
            base64.b64encode(head + signature),
            b"trusted comment: " + comment,
            base64.b64encode(key.sign(signature + comment)),
            b"",
        )
    )


def key(private: ed25519.Ed25519PrivateKey = KEY, key_id: str = SHOWN) -> PublicKey:
    return replace(public(private), key_id=key_id)


def test_valid_with_the_claimed_time(check: Verify) -> None:
    """Prehashed: valid, and the time is the signer's claim."""
    found = check(PAYLOAD, made(), pin(key()), name=NAME)
    assert (found.status, found.keys, found.scheme) == (SignatureStatus.VALID, ("acme/key",), "minisign")
    assert (found.signed_at, found.time_source) == ("2026-09-21T14:13:20Z", "claimed")
    assert dict(found.parameters) == {"legacy": "no", "prehash": "blake2b-512"}


def test_legacy_is_recorded_and_can_be_refused(check: Verify) -> None:
    """The older form holds, says so, and does not hold under an entry that asks for the newer."""
    found = check(PAYLOAD, made(legacy=True), pin(key()), name=NAME)
    assert (found.status, dict(found.parameters)["legacy"]) == (SignatureStatus.VALID, "yes")
    refused = check(PAYLOAD, made(legacy=True), pin(key(), constraints=(("legacy", "no"),)), name=NAME)
    assert refused.status is SignatureStatus.INVALID


@pytest.mark.parametrize(
    "signature",
    [
        made().replace(b"file:fw.bin", b"file:ot.bin"),
        made().replace(COMMENT, b""),
        made(STRANGER),
        made()[: made().index(b"trusted comment: t")],
        b"",
        made() + b"approved\n",
    ],
)
def test_changed_comment_forged_id_and_cut_files(signature: bytes, check: Verify) -> None:
    """A comment nobody signed, a stranger under the pinned id, and files that are no signature are invalid."""
    found = check(PAYLOAD, signature, pin(key()), name=NAME)
    assert (found.status, found.covers, found.signed_at) == (SignatureStatus.INVALID, (), "")


def test_relabelled_algorithm(check: Verify) -> None:
    """A prehashed signature called legacy does not hold, nor the other way round."""
    for legacy, right, wrong in ((False, b"ED", b"Ed"), (True, b"Ed", b"ED")):
        raw = made(legacy=legacy)
        line = raw.split(b"\n")[1]
        other = base64.b64encode(base64.b64decode(line).replace(right, wrong, 1))
        assert check(PAYLOAD, raw.replace(line, other), pin(key()), name=NAME).status is SignatureStatus.INVALID


def test_payload_bits(check: Verify) -> None:
    """Every bit of the file counts."""
    raw, entry = made(), pin(key())
    for bit in range(0, len(PAYLOAD) * 8, 11):
        changed = bytearray(PAYLOAD)
        changed[bit // 8] ^= 1 << bit % 8
        assert check(bytes(changed), raw, entry, name=NAME).status is SignatureStatus.INVALID


def test_unknown_id(check: Verify) -> None:
    """An id that is not on record is unverifiable; with the key delivered, intact by an unknown key."""
    other = pin(key(STRANGER, "FFFFFFFFFFFFFFFF"))
    assert check(PAYLOAD, made(), other, name=NAME).status is SignatureStatus.UNVERIFIABLE
    assert SHOWN in check(PAYLOAD, made(), name=NAME).detail
    found = check(PAYLOAD, made(), other, carried=(key(),), name=NAME)
    assert (found.status, found.carried, found.keys) == (SignatureStatus.UNKNOWN_KEY, True, ())
    assert check(PAYLOAD + b"x", made(), carried=(key(),), name=NAME).status is SignatureStatus.UNVERIFIABLE


def test_the_same_key_pinned_without_its_id(check: Verify) -> None:
    """A key pinned from a PEM file has no minisign id; the mathematics finds it."""
    assert check(PAYLOAD, made(), pin(public(KEY)), name=NAME).status is SignatureStatus.VALID
    assert check(PAYLOAD, made(), pin(public(STRANGER)), name=NAME).status is SignatureStatus.UNVERIFIABLE


@pytest.mark.parametrize("comment", [b"", b"timestamp:", b"timestamp:x", b"timestamp:999999999999", b"xtimestamp:1"])
def test_comments_without_a_time(comment: bytes, check: Verify) -> None:
    """A comment without a readable time is no error."""
    found = check(PAYLOAD, made(comment=comment), pin(key()), name=NAME)
    assert (found.status, found.signed_at, found.time_source) == (SignatureStatus.VALID, "", "")
