"""OpenPGP public key packets of version 4 and 6 -> key material and fingerprint.

Layout: RFC 9580 sections 5.5.2 (packets), 5.5.4 (fingerprints), 5.5.5 (material of each algorithm), 9.1 (algorithms),
9.2 (curves). Read 2026-11-22. Keys that sign nothing fwverify verifies (DSA, Elgamal, ECDH, X25519, X448) are kept
without material, because a certificate may well hold them. Versions 2, 3 and 5 are not read.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fwverify.formats import public_key
from fwverify.formats.cursor import Cursor
from fwverify.formats.openpgp_packets import done, integer
from fwverify.formats.public_key import PublicKey
from fwverify.model.examining import Malformed, Unsupported

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

WHAT = "OpenPGP key"
ED25519_LEGACY = bytes.fromhex("2b06010401da470f01")
"""Object identifier of the curve Ed25519 in version 4 keys."""
ALGORITHMS = {
    1: "RSA", 2: "RSA for encryption", 3: "RSA", 16: "Elgamal", 17: "DSA", 18: "ECDH", 19: "ECDSA", 20: "Elgamal",
    22: "EdDSA", 25: "X25519", 26: "X448", 27: "Ed25519", 28: "Ed448",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Key:
    """A key packet, taken apart."""

    version: int
    created: int
    """Seconds since 1970."""
    algorithm: int
    public: PublicKey | None
    """None where fwverify verifies nothing with this kind of key."""
    fingerprint: str
    """Upper-case hexadecimal: 40 digits of version 4, 64 of version 6."""
    hashed: bytes
    """The key as signatures over it hash it (section 5.2.4)."""

    @property
    def key_id(self) -> str:
        return self.fingerprint[-16:] if self.version == 4 else self.fingerprint[:16]

    @property
    def kind(self) -> str:
        """For a sentence."""
        return ALGORITHMS.get(self.algorithm, f"algorithm {self.algorithm}")


def parse(body: bytes) -> Key:
    """Take the body of a public key or subkey packet apart.

    Raises:
        Unsupported: a version that is not read.
        Malformed: it is not what it says.
    """
    at = Cursor(body, WHAT)
    version = at.u8("version")
    if version not in (4, 6):
        raise Unsupported(f"an OpenPGP key of version {version}")
    created, algorithm = at.be32("creation time"), at.u8("algorithm")
    if version == 6 and at.be32("length of the key material") != at.left:
        raise Malformed(WHAT, "the length of its material is not what is there", at.at)
    if len(body) > 0xFFFF:
        raise Malformed(WHAT, f"{len(body)} bytes, more than any key has")
    public = _material(at, algorithm, version)
    if public is not None:
        done(at)
    size = len(body).to_bytes(2 if version == 4 else 4, "big")
    hashed = (b"\x99" if version == 4 else b"\x9b") + size + body
    digest = hashlib.sha1(hashed, usedforsecurity=False) if version == 4 else hashlib.sha256(hashed)
    return Key(version, created, algorithm, public, digest.hexdigest().upper(), hashed)


def _material(at: Cursor, algorithm: int, version: int) -> PublicKey | None:
    match algorithm:
        case 1 | 3:
            return _rsa(integer(at, "modulus"), integer(at, "exponent"))
        case 19:
            return _ecdsa(_oid(at), integer(at, "point"))
        case 22 if version == 4:
            return _ed25519_legacy(_oid(at), integer(at, "point"))
        case 27:
            return replace(public_key.ed25519(bytes(at.take(32, "Ed25519 key"))), note="public key")
        case 28:
            return _ed448(bytes(at.take(57, "Ed448 key")))
    return None


def _oid(at: Cursor) -> bytes:
    size = at.u8("length of the curve identifier")
    if size in (0, 0xFF):
        raise Malformed(WHAT, "a curve identifier of a reserved length", at.at - 1)
    return bytes(at.take(size, "curve identifier"))


def _rsa(modulus: int, exponent: int) -> PublicKey:
    from cryptography.hazmat.primitives.asymmetric import rsa

    if modulus.bit_length() > public_key.MAX_RSA_BITS:
        raise Malformed(WHAT, f"an RSA modulus of {modulus.bit_length()} bits")
    try:
        key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
        return public_key.of(key)
    except ValueError:
        raise Malformed(WHAT, "no RSA key has these numbers") from None


def _ecdsa(oid: bytes, point: int) -> PublicKey | None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec

    curve = _curves().get(oid.hex())
    if curve is None:
        return None
    encoded = point.to_bytes((point.bit_length() + 7) // 8, "big")
    if encoded[:1] != b"\x04":
        raise Malformed(WHAT, "a point that is not in uncompressed form")
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(curve, encoded)
        return public_key.of(key)
    except (ValueError, UnsupportedAlgorithm):
        raise Malformed(WHAT, f"no point of {curve.name}") from None


def _curves() -> dict[str, ec.EllipticCurve]:
    from cryptography.hazmat.primitives.asymmetric import ec

    return {
        "2a8648ce3d030107": ec.SECP256R1(),
        "2b81040022": ec.SECP384R1(),
        "2b81040023": ec.SECP521R1(),
        "2b2403030208010107": ec.BrainpoolP256R1(),
        "2b240303020801010b": ec.BrainpoolP384R1(),
        "2b240303020801010d": ec.BrainpoolP512R1(),
        "2b8104000a": ec.SECP256K1(),
    }


def _ed25519_legacy(oid: bytes, point: int) -> PublicKey | None:
    if oid != ED25519_LEGACY:
        return None
    encoded = point.to_bytes((point.bit_length() + 7) // 8, "big")
    if len(encoded) != 33 or encoded[0] != 0x40:
        raise Malformed(WHAT, "an Ed25519 point that is not 40 and 32 bytes")
    return replace(public_key.ed25519(encoded[1:]), note="public key")


def _ed448(raw: bytes) -> PublicKey:
    from cryptography.hazmat.primitives.asymmetric import ed448

    try:
        key = ed448.Ed448PublicKey.from_public_bytes(raw)
        return public_key.of(key)
    except ValueError:
        raise Malformed(WHAT, "no Ed448 key has these bytes") from None
