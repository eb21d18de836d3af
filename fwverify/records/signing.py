"""Site keys: who made a record. Signing and checking of DSSE envelopes through securesystemslib's signer interface.

Sources: DSSE v1.0 `protocol.md` and `envelope.md`, read 2026-11-22; securesystemslib 1.6 `signer`, read 2026-11-23.
A site key is Ed25519, ECDSA on P-256 or P-384, or ML-DSA; private as PEM (PKCS #8, encrypted or not), public as PEM.
Its key id is the SHA-256 of its SubjectPublicKeyInfo, as `fwverify keys` shows fingerprints; key ids are hints and
never decide. Whoever has an HSM passes another `Signer` of securesystemslib to `signed`.
Does not do: keeping of keys, certificates, RSA.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fwverify.errors import RecordError
from fwverify.formats import dsse, key_file
from fwverify.model.examining import Malformed

if TYPE_CHECKING:
    from securesystemslib.signer import Key
    from securesystemslib.signer import Signer as Signer

ALGORITHMS = ("ed25519", "ecdsa-p256", "ml-dsa-65")
"""What `new_key` makes, the first by default: its signatures are short and repeat exactly."""
_ED25519_SPKI = "302a300506032b6570032100"
"""DER before the 32 bytes of the key (RFC 8410 section 4)."""
_FIT = ("Ed25519", "EC", "MLDSA")


@dataclass(frozen=True, slots=True)
class SiteKey:
    """A public site key the operator gave."""

    id: str
    """SHA-256 of the SubjectPublicKeyInfo, hexadecimal."""
    source: str
    """The file, as named."""
    spki: bytes
    key: Key

    def holds(self, signature: bytes, message: bytes) -> bool:
        """True when this key made the signature over the message."""
        from securesystemslib.exceptions import UnverifiedSignatureError
        from securesystemslib.signer import Signature

        try:
            self.key.verify_signature(Signature(self.id, signature.hex()), message)
        except UnverifiedSignatureError:
            return False
        return True


def site_key(raw: bytes, source: str) -> SiteKey:
    """Read a public key or certificate. Raises RecordError."""
    from cryptography.hazmat.primitives.serialization import load_der_public_key
    from securesystemslib.signer import SSlibKey

    try:
        found = key_file.parse(raw)
        key_id = hashlib.sha256(found.spki).hexdigest()
        return SiteKey(key_id, source, found.spki, SSlibKey.from_crypto(load_der_public_key(found.spki), key_id))
    except (Malformed, ValueError) as problem:
        todo = "Name the PEM file of a public Ed25519, ECDSA or ML-DSA key."
        raise RecordError(f"is no site key: {problem}", where=source, todo=todo) from None


def signer(raw: bytes, source: str, passphrase: bytes | None = None) -> Signer:
    """A signer from a private key file. Raises RecordError; `Encrypted` when it needs a passphrase."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from securesystemslib.signer import CryptoSigner, SSlibKey

    todo = "Name the PEM file (PKCS #8) of a private Ed25519, ECDSA or ML-DSA key: fwverify evidence keygen makes one."
    try:
        private = load_pem_private_key(raw, passphrase)
        if not type(private).__name__.startswith(_FIT):
            raise RecordError("is a key of a kind that does not sign records", where=source, todo=todo)
        public = private.public_key()
        return CryptoSigner(private, SSlibKey.from_crypto(public, hashlib.sha256(_spki(public)).hexdigest()))
    except TypeError:  # cryptography: a passphrase is missing, or given for a key that has none
        if passphrase is None:
            raise NeedsPassphrase("is encrypted", where=source, todo="Give its passphrase.") from None
        return signer(raw, source)
    except (ValueError, UnsupportedAlgorithm):
        wrong = "its passphrase is another" if passphrase is not None else "is no private key"
        raise RecordError(wrong, where=source, todo=todo) from None


def public_half(signer: Signer, source: str) -> SiteKey | None:
    """The public key of an Ed25519 signer; None for another kind."""
    key = signer.public_key
    if key.keytype != "ed25519":
        return None
    spki = bytes.fromhex(_ED25519_SPKI + str(key.keyval["public"]))
    return SiteKey(hashlib.sha256(spki).hexdigest(), source, spki, key)


class NeedsPassphrase(RecordError):
    """The private key is encrypted and no passphrase was given."""


def new_key(algorithm: str, passphrase: bytes | None) -> tuple[bytes, bytes]:
    """(private key as PEM PKCS #8, public key as PEM)"""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa

    private: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | mldsa.MLDSA65PrivateKey
    if algorithm == "ecdsa-p256":
        private = ec.generate_private_key(ec.SECP256R1())
    elif algorithm == "ml-dsa-65":
        private = mldsa.MLDSA65PrivateKey.generate()
    else:
        private = ed25519.Ed25519PrivateKey.generate()
    locked = form.BestAvailableEncryption(passphrase) if passphrase else form.NoEncryption()
    secret = private.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, locked)
    public = private.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    return secret, public


def _spki(public: object) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    encoded = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    assert isinstance(encoded, bytes)  # noqa: S101 - narrows the type; every public key encodes so
    return encoded


def signed(payload: bytes, payload_type: str, signers: Sequence[Signer]) -> bytes:
    """One DSSE envelope as one line of JSON, with a signature of every signer."""
    message = dsse.encoded(payload_type, payload)
    made = [one.sign(message) for one in signers]
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": payload_type,
        "signatures": [
            {"keyid": one.keyid, "sig": base64.b64encode(bytes.fromhex(one.signature)).decode()} for one in made
        ],
    }
    return json.dumps(envelope, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def signed_by(envelope: dsse.Envelope, keys: Sequence[SiteKey]) -> tuple[SiteKey, ...]:
    """The keys that made a signature of the envelope; key ids in it are not asked."""
    message = envelope.signed
    return tuple(key for key in keys if any(key.holds(one.value, message) for one in envelope.signatures))
