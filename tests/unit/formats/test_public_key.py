"""Public key files: every supported kind, and what must be refused."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa, x25519

from fwverify.formats.key_file import parse, parse_raw_ed25519
from fwverify.formats.public_key import PrivateKey, ed25519_unfit
from fwverify.model.examining import Malformed

DER, PEM = s.Encoding.DER, s.Encoding.PEM
SPKI = s.PublicFormat.SubjectPublicKeyInfo
RSA = rsa.generate_private_key(65537, 2048)
ED = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEYS = {
    "rsa": RSA,
    "ecdsa": ec.generate_private_key(ec.SECP384R1()),
    "ed25519": ED,
    "ed448": ed448.Ed448PrivateKey.generate(),
    "ml-dsa-44": mldsa.MLDSA44PrivateKey.generate(),
    "ml-dsa-65": mldsa.MLDSA65PrivateKey.generate(),
    "ml-dsa-87": mldsa.MLDSA87PrivateKey.generate(),
}
PRIME = 2**255 - 19
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("encoding", [DER, PEM])
def test_every_kind_in_both_encodings(name: str, encoding: s.Encoding) -> None:
    """Algorithm and fingerprint are those of the key, whatever the encoding."""
    public = KEYS[name].public_key()
    key = parse(public.public_bytes(encoding, SPKI))
    assert key.algorithm == name
    assert key.fingerprint == hashlib.sha256(public.public_bytes(DER, SPKI)).hexdigest()


def test_rsa_facts_and_pkcs1() -> None:
    """Modulus size and exponent are kept; the PKCS#1 form of the same key has the same fingerprint."""
    key = parse(RSA.public_key().public_bytes(PEM, s.PublicFormat.PKCS1))
    assert (key.bits, key.detail) == (2048, "65537")
    assert key.fingerprint == parse(RSA.public_key().public_bytes(PEM, SPKI)).fingerprint


def test_compressed_point_is_the_same_key() -> None:
    """One key has one fingerprint, however its point is written."""
    public = KEYS["ecdsa"].public_key()
    numbers = public.public_numbers()
    raw = bytes([2 + numbers.y % 2]) + numbers.x.to_bytes(48, "big")
    head = bytes.fromhex("3046301006072a8648ce3d020106052b81040022033200")
    assert parse(head + raw).fingerprint == parse(public.public_bytes(DER, SPKI)).fingerprint


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("encoding", [DER, PEM])
def test_private_keys_are_refused(name: str, encoding: s.Encoding) -> None:
    """A private key is refused with words that say so."""
    raw = KEYS[name].private_bytes(encoding, s.PrivateFormat.PKCS8, s.NoEncryption())
    with pytest.raises(PrivateKey, match="this is a private key"):
        parse(raw)


def test_traditional_private_keys_are_refused() -> None:
    """PKCS#1, SEC 1 and OpenSSH private keys are refused too."""
    for key in (RSA, KEYS["ecdsa"]):
        for encoding in (DER, PEM):
            with pytest.raises(PrivateKey):
                parse(key.private_bytes(encoding, s.PrivateFormat.TraditionalOpenSSL, s.NoEncryption()))
    with pytest.raises(PrivateKey):
        parse(ED.private_bytes(PEM, s.PrivateFormat.OpenSSH, s.NoEncryption()))


def test_minisign_secret_key_is_refused() -> None:
    """A minisign secret key file is refused, with or without its comment."""
    line = base64.b64encode(b"EdScB2" + bytes(152)) + b"\n"
    for raw in (line, b"untrusted comment: minisign encrypted secret key\n" + line):
        with pytest.raises(PrivateKey):
            parse(raw)


@pytest.mark.parametrize("encoded", SMALL_ORDER)
def test_small_order_points_are_refused(encoded: str) -> None:
    """All spellings of the eight small-order points are refused, in every kind of file."""
    raw = bytes.fromhex(encoded)
    assert "small order" in ed25519_unfit(raw)
    for content in (
        bytes.fromhex("302a300506032b6570032100") + raw,
        base64.b64encode(b"Ed" + bytes(8) + raw) + b"\n",
    ):
        with pytest.raises(Malformed, match="small order"):
            parse(content)


def test_non_canonical_point_is_refused() -> None:
    """A y coordinate of p or more is a second spelling."""
    assert "canonical" in ed25519_unfit((PRIME + 3).to_bytes(32, "little"))
    assert ed25519_unfit(ED.public_key().public_bytes(s.Encoding.Raw, s.PublicFormat.Raw)) == ""


def test_bare_ed25519_only_when_asked() -> None:
    """32 bytes as hexadecimal or base64 are a key only through the function that is asked for it."""
    raw = ED.public_key().public_bytes(s.Encoding.Raw, s.PublicFormat.Raw)
    for text in (raw.hex(), base64.b64encode(raw).decode() + "\n"):
        assert parse_raw_ed25519(text).fingerprint == parse(ED.public_key().public_bytes(DER, SPKI)).fingerprint
        with pytest.raises(Malformed):
            parse(text.encode())
    for wrong in ("", "00" * 31, "zz" * 32, "é" * 64):
        with pytest.raises(Malformed):
            parse_raw_ed25519(wrong)


PEM_TEXT = ED.public_key().public_bytes(PEM, SPKI)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 100,
        b"text\n",
        b"x" * 70_000,
        b"note\n" + PEM_TEXT,
        PEM_TEXT + PEM_TEXT,
        PEM_TEXT + b"note\n",
        PEM_TEXT.replace(b"PUBLIC KEY", b"CERTIFICATE"),
        PEM_TEXT.replace(b"PUBLIC KEY", b"PGP PUBLIC KEY BLOCK"),
        PEM_TEXT.replace(b"MCow", b"MC*w"),
        ED.public_key().public_bytes(DER, SPKI) + b"\0",
        x25519.X25519PrivateKey.generate().public_key().public_bytes(PEM, SPKI),
        RSA.public_key().public_bytes(DER, s.PublicFormat.PKCS1),
    ],
)
def test_what_is_not_exactly_one_key(content: bytes) -> None:
    """Everything else is malformed: empty, text around, two keys, wrong labels, trailing bytes, encryption keys."""
    with pytest.raises(Malformed):
        parse(content)


def test_rsa_with_exponent_one_is_refused() -> None:
    """Under e = 1 every signature verifies."""
    der = RSA.public_key().public_bytes(DER, SPKI)
    assert der.endswith(bytes.fromhex("0203010001"))
    with pytest.raises(Malformed):
        parse(der[:-3] + bytes.fromhex("000001"))


@pytest.mark.parametrize("name", KEYS)
def test_every_prefix_and_flip_is_a_key_or_malformed(name: str) -> None:
    """Cut and damaged files never raise anything else."""
    whole = KEYS[name].public_key().public_bytes(DER, SPKI)
    damaged = [whole[:at] for at in range(0, len(whole), 7)]
    damaged += [whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1 :] for at in range(min(len(whole), 80))]
    for raw in damaged:
        try:
            parse(raw)
        except Malformed:
            continue
