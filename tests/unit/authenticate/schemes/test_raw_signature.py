"""Raw detached signatures: status discipline, how each was made, and the known traps."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from fwverify.authenticate.proofs import ED25519_ORDER, Message, ed25519_holds, proof
from fwverify.formats.public_key import PublicKey
from fwverify.model.artifact import ByteRange
from fwverify.model.evidence import SignatureStatus

from .conftest import Verify, pin, public

PAYLOAD = b"firmware " * 50
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
EC521 = ec.generate_private_key(ec.SECP521R1())
ED = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_ED = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
SHA256 = hashes.SHA256()
VALID, INVALID = SignatureStatus.VALID, SignatureStatus.INVALID
UNKNOWN, UNVERIFIABLE = SignatureStatus.UNKNOWN_KEY, SignatureStatus.UNVERIFIABLE


def p1363(der: bytes, size: int) -> bytes:
    r, s = decode_dss_signature(der)
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


ML44, ML65, ML87 = (
    kind.generate() for kind in (mldsa.MLDSA44PrivateKey, mldsa.MLDSA65PrivateKey, mldsa.MLDSA87PrivateKey)
)
ED448 = ed448.Ed448PrivateKey.generate()
ROWS = [
    (
        RSA,
        lambda data: RSA.sign(data, padding.PKCS1v15(), hashes.SHA384()),
        "rsa-pkcs1v15",
        {"hash": "sha384", "bits": "2048"},
    ),
    (RSA, lambda data: RSA.sign(data, padding.PKCS1v15(), hashes.SHA1()), "rsa-pkcs1v15", {"hash": "sha1"}),
    (RSA, lambda data: RSA.sign(data, padding.PSS(padding.MGF1(SHA256), 32), SHA256), "rsa-pss", {"salt": "32"}),
    (RSA, lambda data: RSA.sign(data, padding.PSS(padding.MGF1(SHA256), 222), SHA256), "rsa-pss", {"salt": "222"}),
    (RSA, lambda data: RSA.sign(data, padding.PSS(padding.MGF1(SHA256), 17), SHA256), "rsa-pss", {"salt": "17"}),
    (RSA, lambda data: RSA.sign(data, padding.PSS(padding.MGF1(SHA256), 0), SHA256), "rsa-pss", {"salt": "0"}),
    (EC, lambda data: EC.sign(data, ec.ECDSA(SHA256)), "ecdsa", {"encoding": "der", "curve": "secp256r1"}),
    (EC, lambda data: p1363(EC.sign(data, ec.ECDSA(SHA256)), 32), "ecdsa", {"encoding": "p1363", "hash": "sha256"}),
    (EC521, lambda data: p1363(EC521.sign(data, ec.ECDSA(hashes.SHA512())), 66), "ecdsa", {"hash": "sha512"}),
    (ED, ED.sign, "ed25519", {}),
    (ED448, ED448.sign, "ed448", {}),
    (ML44, ML44.sign, "ml-dsa-44", {}),
    (ML65, ML65.sign, "ml-dsa-65", {}),
    (ML87, ML87.sign, "ml-dsa-87", {}),
]


@pytest.mark.parametrize(("key", "sign", "algorithm", "parameters"), ROWS)
def test_pairs(key: object, sign: object, algorithm: str, parameters: dict[str, str], check: Verify) -> None:
    """Valid and recorded as made; with one bit of the payload or of the signature changed, invalid."""
    signature = sign(PAYLOAD)  # type: ignore[operator]
    entry = pin(public(key))
    good = check(PAYLOAD, signature, entry)
    assert (good.status, good.keys, good.fingerprint) == (VALID, ("acme/key",), entry.record.fingerprint)
    assert good.algorithm == algorithm and parameters.items() <= dict(good.parameters).items()
    assert good.covers == (ByteRange(0, len(PAYLOAD)),)
    for payload, changed in ((PAYLOAD + b"\0", signature), (PAYLOAD[:-1], signature), (PAYLOAD, _flip(signature))):
        bad = check(payload, changed, entry)
        assert (bad.status, bad.covers, bad.keys) == (INVALID, (), ())


def _flip(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def test_every_single_bit_of_the_payload_counts(check: Verify) -> None:
    """No bit of the covered bytes may change."""
    payload = b"small firmware"
    for key, signature in (
        (ED, ED.sign(payload)),
        (EC, EC.sign(payload, ec.ECDSA(SHA256))),
        (RSA, RSA.sign(payload, padding.PKCS1v15(), SHA256)),
    ):
        entry = pin(public(key))
        assert check(payload, signature, entry).status is VALID
        for bit in range(len(payload) * 8):
            changed = bytearray(payload)
            changed[bit // 8] ^= 1 << bit % 8
            assert check(bytes(changed), signature, entry).status is INVALID


@pytest.mark.parametrize("form", ["hex", "base64", "lines"])
def test_text_encodings_are_recorded(form: str, check: Verify) -> None:
    """A signature written as text verifies and says how it was written."""
    value = RSA.sign(PAYLOAD, padding.PKCS1v15(), SHA256)
    text = {"hex": value.hex().encode(), "base64": base64.b64encode(value), "lines": base64.encodebytes(value)}[form]
    found = check(PAYLOAD, text, pin(public(RSA)))
    assert (found.status, dict(found.parameters)["file-encoding"]) == (VALID, form.replace("lines", "base64"))


def test_status_ladder(check: Verify) -> None:
    """Which keys are on record and which came along decide the status, and a carried key never makes it valid."""
    signature = ED.sign(PAYLOAD)
    mine, other, foreign = pin(public(ED)), pin(public(OTHER_ED), "other"), pin(public(RSA), "rsa")
    assert check(PAYLOAD, signature, other, mine, foreign).keys == ("acme/key",)
    assert check(PAYLOAD, signature, other, foreign).status is INVALID
    assert check(PAYLOAD, signature, foreign).status is UNVERIFIABLE
    assert check(PAYLOAD, signature).status is UNVERIFIABLE
    for pins in ((), (foreign,), (other,)):
        found = check(PAYLOAD, signature, *pins, carried=(public(ED),))
        assert (found.status, found.carried, found.keys) == (UNKNOWN, True, ())
        assert found.fingerprint == public(ED).fingerprint
    assert check(PAYLOAD + b"x", signature, other, carried=(public(ED),)).status is INVALID
    found = check(PAYLOAD, signature, mine, carried=(public(ED),))
    assert (found.status, found.carried) == (VALID, False)
    assert check(None, signature, mine).status is UNVERIFIABLE


def test_all_entries_of_one_key_are_named(check: Verify) -> None:
    """One key under two entries: both are named."""
    found = check(PAYLOAD, ED.sign(PAYLOAD), pin(public(ED), "b"), pin(public(ED), "a"))
    assert found.keys == ("acme/a", "acme/b")


def test_constraints_are_part_of_the_mathematics(check: Verify) -> None:
    """A signature made otherwise than its entry asks does not hold under that entry."""
    pkcs1 = RSA.sign(PAYLOAD, padding.PKCS1v15(), SHA256)
    pss = RSA.sign(PAYLOAD, padding.PSS(padding.MGF1(SHA256), 32), SHA256)
    short = RSA.sign(PAYLOAD, padding.PSS(padding.MGF1(SHA256), 0), SHA256)
    asks = (("algorithm", "rsa-pss"), ("hash", "sha256"), ("salt", "32"))
    entry = pin(public(RSA), constraints=asks)
    assert check(PAYLOAD, pss, entry).status is VALID
    for other in (pkcs1, short):
        found = check(PAYLOAD, other, entry)
        assert (found.status, found.covers) == (INVALID, ()) and "not as its entry asks" in found.detail
    both = check(PAYLOAD, pkcs1, entry, pin(public(RSA), "any"))
    assert both.keys == ("acme/any",)


@pytest.mark.parametrize("name", ["sha256", "sha512"])
def test_ed25519_over_a_digest_only_when_asked_for(name: str, check: Verify) -> None:
    """The vendor's own scheme holds only under an entry that says so, and then nothing else does."""
    over_digest = ED.sign(hashlib.new(name, PAYLOAD).digest())
    asks = pin(public(ED), constraints=(("prehash", name),))
    assert check(PAYLOAD, over_digest, pin(public(ED))).status is INVALID
    found = check(PAYLOAD, over_digest, asks)
    assert (found.status, dict(found.parameters)["prehash"]) == (VALID, name)
    assert check(PAYLOAD, ED.sign(PAYLOAD), asks).status is INVALID


def test_trailing_and_missing_bytes(check: Verify) -> None:
    """A byte after or before the end of any signature is malformed, never read over."""
    der = EC.sign(PAYLOAD, ec.ECDSA(SHA256))
    while len(der) != 72:  # the length at which verifiers that read a maximal signature accept a byte more
        der = EC.sign(PAYLOAD, ec.ECDSA(SHA256))
    pkcs1 = RSA.sign(PAYLOAD, padding.PKCS1v15(), SHA256)
    for key, signature in ((EC, der), (RSA, pkcs1), (ED, ED.sign(PAYLOAD)), (ML65, ML65.sign(PAYLOAD))):
        entry = pin(public(key))
        assert check(PAYLOAD, signature, entry).status is VALID
        for changed in (signature + b"\0", signature + b"\n", signature[:-1], signature + b"\0" * 500, b""):
            assert check(PAYLOAD, changed, entry).status is INVALID


def test_ecdsa_ranges_and_twin(check: Verify) -> None:
    """r and s of 0, n and above never hold (CVE-2022-21449); the twin (r, n - s) does, by mathematics."""
    n = ec.SECP256R1().group_order
    r, s = decode_dss_signature(EC.sign(PAYLOAD, ec.ECDSA(SHA256)))
    entry = pin(public(EC))
    assert check(PAYLOAD, encode_dss_signature(r, n - s), entry).status is VALID
    for pair in ((0, 0), (n, n), (r, 0), (0, s), (r + n, s), (r, s + n), (1, n)):
        assert check(PAYLOAD, encode_dss_signature(*pair), entry).status is INVALID
    assert check(PAYLOAD, bytes(64), entry).status is INVALID


def test_ed25519_traps(check: Verify) -> None:
    """S of L and above, and a public key of small order, never hold."""
    signature = ED.sign(PAYLOAD)
    higher = (int.from_bytes(signature[32:], "little") + ED25519_ORDER).to_bytes(32, "little")
    assert check(PAYLOAD, signature[:32] + higher, pin(public(ED))).status is INVALID
    spki = bytes.fromhex("302a300506032b6570032100") + bytes([1]) + bytes(31)
    small = PublicKey("ed25519", spki, hashlib.sha256(spki).hexdigest(), 256)
    anything = bytes([1]) + bytes(63)
    assert not ed25519_holds(small, anything, PAYLOAD)
    assert check(PAYLOAD, anything, pin(small)).status is INVALID


def test_pkcs1_forgeries_against_exponent_three() -> None:
    """A block with garbage after the digest, or without the digest's identifier, does not hold (CVE-2006-4339)."""
    key = rsa.generate_private_key(3, 2048)
    numbers = key.private_numbers()
    digest = hashlib.sha256(PAYLOAD).digest()
    info = bytes.fromhex("3031300d060960864801650304020105000420") + digest
    blocks = {
        "right": b"\x00\x01" + b"\xff" * (253 - len(info)) + b"\x00" + info,
        "garbage after": b"\x00\x01" + b"\xff" * 8 + b"\x00" + info + bytes(245 - len(info)),
        "no identifier": b"\x00\x01" + b"\xff" * (253 - 32) + b"\x00" + digest,
        "other padding": b"\x00\x01" + b"\xfe" * (253 - len(info)) + b"\x00" + info,
        "block type 2": b"\x00\x02" + b"\xff" * (253 - len(info)) + b"\x00" + info,
    }
    for name, block in blocks.items():
        signature = pow(int.from_bytes(block, "big"), numbers.d, numbers.public_numbers.n).to_bytes(256, "big")
        assert (proof(public(key), signature, Message(memoryview(PAYLOAD))) is not None) is (name == "right"), name


def test_ml_dsa_with_a_context_does_not_hold(check: Verify) -> None:
    """Only the empty context is what a raw signature over a file has."""
    entry = pin(public(ML65))
    assert check(PAYLOAD, ML65.sign(PAYLOAD, b"firmware"), entry).status is INVALID
    assert check(PAYLOAD, ML65.sign(PAYLOAD), entry).status is VALID


@pytest.mark.parametrize(
    "content",
    [
        b"\x89\x01\x33\x04" + bytes(200),
        b'{"mediaType": "x"}',
        b"untrusted comment: signify\nRWQ=\n",
    ],
)
def test_signatures_of_other_formats_are_not_called_broken(content: bytes, check: Verify) -> None:
    """What another format made is unverifiable here, not invalid."""
    assert check(PAYLOAD, content, pin(public(ED))).status is UNVERIFIABLE


def test_a_digest_in_its_own_file_is_no_signature() -> None:
    """128 hexadecimal digits in fw.bin.sha512 are a checksum, though an Ed25519 signature has that length."""
    from fwverify.authenticate.schemes.raw_signature import SCHEME

    from .conftest import artifact

    digits = hashlib.sha512(PAYLOAD).hexdigest().encode()
    assert not SCHEME.detect(artifact("fw.bin.sha512", digits))
    assert SCHEME.detect(artifact("fw.bin.sig", digits))
