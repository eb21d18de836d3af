"""A public key as one value: what mathematics needs, with the fingerprint of its SubjectPublicKeyInfo.

SubjectPublicKeyInfo: RFC 5280 section 4.1.2.7; Ed25519: RFC 8410 and RFC 8032 section 5.1.3; read 2026-11-22. The
fingerprint is taken over the key as encoded here, so that one key has one fingerprint however its file was written
(compressed point, RSASSA-PSS identifier). Files are read by formats/key_file.py and the modules of their formats.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fwverify.model.examining import Malformed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

WHAT = "public key"
MAX_RSA_BITS = 16384
"""The largest modulus OpenSSL verifies with; more only costs time."""
_PRIVATE = "this is a private key; give the public key instead, and treat this private key as exposed"
_ED25519_PREFIX = bytes.fromhex("302a300506032b6570032100")
"""DER SubjectPublicKeyInfo of Ed25519 up to the key (RFC 8410 section 10.1)."""
ED25519_PRIME = 2**255 - 19
_ORDER_EIGHT = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)
_SMALL_ORDER_Y = frozenset({0, 1, ED25519_PRIME - 1, _ORDER_EIGHT, ED25519_PRIME - _ORDER_EIGHT})
"""The y coordinates of the eight points of order 1, 2, 4 and 8 on edwards25519."""


class PrivateKey(Malformed):
    """A private key where a public one belongs."""

    def __init__(self) -> None:
        super().__init__(WHAT, _PRIVATE)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Key material of any kind that mathematics needs, without an opinion."""

    algorithm: str
    """`rsa`, `ecdsa`, `ed25519`, `ed448`, `ml-dsa-44`, `ml-dsa-65`, `ml-dsa-87`, `lms`, `hss`."""
    spki: bytes
    """DER SubjectPublicKeyInfo (made from the raw key where the format stores less)."""
    fingerprint: str
    """SHA-256 of `spki`, hexadecimal."""
    bits: int
    """RSA modulus or curve size; 0 where the algorithm's name says it."""
    detail: str = ""
    """Curve name or public exponent: `secp256r1`, `65537`."""
    key_id: str = ""
    """Id used inside the format itself: minisign key id in hexadecimal. Never decides anything."""
    note: str = ""
    """What kind of file it was read from: `certificate`, `public key`, `minisign public key`, `raw key`,
    `OpenPGP certificate`, `SSH public key`, `signify public key`, `LMS public key`, `HSS public key`."""
    material: bytes = b""
    """What the format's own verification needs besides the key: the X.509 certificate (DER), the OpenPGP certificate
    (binary packets), of an RSA key for PSS alone its SubjectPublicKeyInfo as written; empty for other bare keys."""


def ed25519(raw: bytes) -> PublicKey:
    """An Ed25519 key from its 32 bytes. Raises Malformed for a point that nobody's private key belongs to."""
    unfit = ed25519_unfit(raw)
    if unfit:
        raise Malformed(WHAT, unfit)
    spki = _ED25519_PREFIX + raw
    return PublicKey("ed25519", spki, hashlib.sha256(spki).hexdigest(), 256)


def ed25519_unfit(raw: bytes) -> str:
    """Why these 32 bytes are no Ed25519 public key, empty when they may be one.

    Under a point of small order one signature (R the identity, S = 0) verifies for any message, and OpenSSL lets it.
    A y of p or more is a second spelling of a point; RFC 8032 section 5.1.3 refuses it.
    """
    y = int.from_bytes(raw, "little") & ((1 << 255) - 1)
    if y % ED25519_PRIME in _SMALL_ORDER_Y:
        return "an Ed25519 key of small order: anybody can make signatures that fit it"
    return "an Ed25519 key that is not in its canonical encoding" if y >= ED25519_PRIME else ""


def of(key: PublicKeyTypes, note: str = "public key") -> PublicKey:
    """The value of a key that cryptography has loaded. Raises Malformed for one that signs nothing."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    algorithm, bits, detail = _facts(key)
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if algorithm == "ed25519":
        return replace(ed25519(spki[len(_ED25519_PREFIX) :]), note=note)
    return PublicKey(algorithm, spki, hashlib.sha256(spki).hexdigest(), bits, detail, note=note)


def _facts(key: PublicKeyTypes) -> tuple[str, int, str]:
    """(algorithm, bits, detail). Raises Malformed for a key no signature can be checked with."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa

    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size > MAX_RSA_BITS:
            raise Malformed(WHAT, f"an RSA modulus of {key.key_size} bits; at most {MAX_RSA_BITS} are read")
        return "rsa", key.key_size, str(key.public_numbers().e)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "ecdsa", key.curve.key_size, key.curve.name
    whole_message = (
        (ed25519.Ed25519PublicKey, "ed25519", 256),
        (ed448.Ed448PublicKey, "ed448", 456),
        (mldsa.MLDSA44PublicKey, "ml-dsa-44", 0),
        (mldsa.MLDSA65PublicKey, "ml-dsa-65", 0),
        (mldsa.MLDSA87PublicKey, "ml-dsa-87", 0),
    )
    for kind, algorithm, bits in whole_message:
        if isinstance(key, kind):
            return algorithm, bits, ""
    raise Malformed(WHAT, "a key for encryption or key agreement: it signs nothing")
