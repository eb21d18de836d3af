"""How signatures were made: PSS with its three parameters, keys for PSS alone, weak hashes, ML-DSA contexts."""

from __future__ import annotations

import pytest
from asn1crypto import algos
from asn1crypto import keys as asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, mldsa, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fwverify.authenticate import signer
from fwverify.authenticate.interface import Group
from fwverify.authenticate.proofs import HASHES, Message, proof
from fwverify.content import identified
from fwverify.formats import key_file
from fwverify.formats.public_key import PublicKey
from fwverify.model.artifact import Locator, Step
from fwverify.model.evidence import KeyRecord, SignatureStatus
from fwverify.trust.store import PinnedKey, TrustStore
from tests.vectors.makers.keys_and_signatures import rsa_key

MESSAGE = b"firmware"
RSA = rsa_key()
CLASSES = {
    "sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512, "sha3_256": hashes.SHA3_256,
    "sha3_384": hashes.SHA3_384, "sha3_512": hashes.SHA3_512, "sha224": hashes.SHA224, "sha1": hashes.SHA1,
    "md5": hashes.MD5,
}  # fmt: skip


def public(key: object) -> PublicKey:
    return key_file.parse(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def made(key: PublicKey, value: bytes, contexts: tuple[str, ...] = ("",)) -> dict[str, str] | None:
    found = proof(key, value, Message(memoryview(MESSAGE)), contexts)
    return None if found is None else {"algorithm": found.algorithm, **dict(found.parameters)}


def pss_only(**parameters: object) -> PublicKey:
    """RSA under the identifier of keys for PSS alone."""
    info = asn1.PublicKeyInfo.load(public(RSA).spki)
    info["algorithm"] = {"algorithm": "rsassa_pss", **({"parameters": parameters} if parameters else {})}
    return key_file.parse(info.dump(force=True))


@pytest.mark.parametrize("name", HASHES)
def test_hashes_are_recognised(name: str) -> None:
    """Every hash is found and named, the weak ones too, under RSA and ECDSA."""
    algorithm = CLASSES[name]()
    found = made(public(RSA), RSA.sign(MESSAGE, padding.PKCS1v15(), algorithm))
    assert found is not None and (found["algorithm"], found["hash"]) == ("rsa-pkcs1v15", name)
    key = ec.derive_private_key(7, ec.SECP256R1())
    found = made(public(key), key.sign(MESSAGE, ec.ECDSA(algorithm)))
    assert found is not None and found["hash"] == name


@pytest.mark.parametrize(
    ("name", "mask", "salt"),
    [
        ("sha256", "sha256", 32), ("sha256", "sha1", 20), ("sha512", "sha256", 0), ("sha384", "sha384", 100),
        ("sha256", "sha512", 222),
    ],
)  # fmt: skip
def test_pss_parameters(name: str, mask: str, salt: int) -> None:
    """Hash, mask hash and salt are recorded as they were."""
    value = RSA.sign(MESSAGE, padding.PSS(padding.MGF1(CLASSES[mask]()), salt), CLASSES[name]())
    found = made(public(RSA), value)
    assert found is not None
    assert (found["algorithm"], found["hash"], found["mgf-hash"], found["salt"]) == ("rsa-pss", name, mask, str(salt))
    assert made(public(RSA), value[:-1] + bytes([value[-1] ^ 1])) is None


def test_odd_size_of_modulus() -> None:
    """A modulus of one bit more than whole bytes has a PSS block that is a byte shorter."""
    key = rsa.generate_private_key(65537, 2049)
    value = key.sign(MESSAGE, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    assert made(public(key), value) is not None


def test_key_for_pss_alone() -> None:
    """A key that is for PSS alone holds for nothing else, and only as its parameters allow."""
    pkcs1 = RSA.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())
    pss = RSA.sign(MESSAGE, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    short = RSA.sign(MESSAGE, padding.PSS(padding.MGF1(hashes.SHA256()), 31), hashes.SHA256())
    free = pss_only()
    assert free.fingerprint == public(RSA).fingerprint
    assert made(free, pkcs1) is None and made(free, pss) is not None and made(free, short) is not None
    limits = {
        "hash_algorithm": {"algorithm": "sha256"},
        "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": algos.DigestAlgorithm({"algorithm": "sha256"})},
        "salt_length": 32,
    }
    bound = pss_only(**limits)
    assert made(bound, pss) is not None and made(bound, short) is None and made(bound, pkcs1) is None
    assert made(pss_only(**{**limits, "hash_algorithm": {"algorithm": "sha384"}}), pss) is None


def pinned(key: PublicKey, name: str = "key", **constraints: str) -> PinnedKey:
    record = KeyRecord(
        "v", name, "public-key", key.fingerprint, ("firmware",), ("*",), (), "", "", "active", "", "", "", (), False
    )
    return PinnedKey(record, key, constraints=tuple(sorted(constraints.items())))


def signed_by(value: bytes, *entries: PinnedKey) -> signer.Signer:
    artifact = identified(Locator((Step("fw.bin.sig"),)), value)
    return signer.by_key(value, Message(memoryview(MESSAGE)), Group(artifact), TrustStore(entries))


def test_context_only_where_named() -> None:
    """An ML-DSA context holds under the entry that names it, and under no other entry of the same key."""
    key = mldsa.MLDSA44PrivateKey.from_seed_bytes(bytes(32))
    own, value, plain = public(key), key.sign(MESSAGE, b"fw"), key.sign(MESSAGE)
    assert signed_by(value, pinned(own)).status is SignatureStatus.INVALID
    assert signed_by(value, pinned(own, context="fw")).valid
    assert signed_by(value, pinned(own, context="other")).status is SignatureStatus.INVALID
    both = signed_by(value, pinned(own, "plain"), pinned(own, "named", context="fw"))
    assert [one.record.id for one in both.entries] == ["named"]
    assert signed_by(plain, pinned(own)).valid
    assert signed_by(plain, pinned(own, context="fw")).status is SignatureStatus.INVALID


def test_another_mask_hash_is_odd() -> None:
    """Another hash in MGF1 holds and is said, unless the entry asks for it."""
    key, value = public(RSA), RSA.sign(MESSAGE, padding.PSS(padding.MGF1(hashes.SHA1()), 20), hashes.SHA256())
    assert signed_by(value, pinned(key)).oddities == ("MGF1 uses sha1 where the digest is sha256",)
    asked = {"mgf-hash": "sha1"}
    assert signed_by(value, pinned(key, **asked)).oddities == ()
    assert signed_by(value, pinned(key, **{"mgf-hash": "sha256"})).status is SignatureStatus.INVALID
