"""The mathematics of single signatures: does this value hold for these bytes under this key, and how was it made.

Shared by several schemes; knows no files, no trust and no encodings of files.
Sources: RFC 8017 (RSA), FIPS 186-5 and SEC 1 (ECDSA), RFC 8032 (Ed25519, Ed448), FIPS 204 (ML-DSA, pure, empty
context). Read 2026-11-22.

RSA with PKCS#1 v1.5 is left to the library's strict check (the padded block is rebuilt and compared, never parsed).
Hashes are tried in order of strength expected, SHA-1 last, and the one that held is recorded: weak is judged by a
rule, not hidden here. PSS is tried with MGF1 over the same hash only. Does not do: LMS/HSS, XMSS, SLH-DSA.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fwverify.formats import detached_signature
from fwverify.formats.public_key import PublicKey, ed25519_unfit
from fwverify.model.artifact import Artifact

if TYPE_CHECKING:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

HASHES = ("sha256", "sha384", "sha512", "sha1")
PREHASHES = ("sha512", "sha256")
"""Digests that some vendors sign with plain Ed25519 in place of the file."""
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
"""L of RFC 8032 section 5.1."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A signature that holds, and how it was made."""

    algorithm: str
    parameters: tuple[tuple[str, str], ...]
    """Sorted."""


@dataclass(slots=True)
class Message:
    """The signed bytes; each digest of them is computed at most once."""

    content: memoryview
    hashes: tuple[str, ...] = HASHES
    """Digests the format allows, tried in this order."""
    _digests: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, artifact: Artifact) -> Message:
        """The whole artifact; digests that ingest computed are taken over."""
        return cls(artifact.content, _digests={one.algorithm: one.value for one in artifact.digests})

    def digest(self, algorithm: str) -> bytes:
        if algorithm not in self._digests:
            self._digests[algorithm] = hashlib.new(algorithm, self.content, usedforsecurity=False).digest()
        return self._digests[algorithm]


def fits(key: PublicKey, value: bytes) -> bool:
    """True when a signature by this key could have this length and structure."""
    if key.algorithm == "rsa":
        return len(value) == (key.bits + 7) // 8
    families = detached_signature.kinds(value)
    if key.algorithm == "ecdsa":
        return "ecdsa-der" in families or len(value) == 2 * ((key.bits + 7) // 8)
    return key.algorithm in families


def proof(key: PublicKey, value: bytes, message: Message) -> Proof | None:
    """How `value` signs the message under `key`, or None when it does not."""
    if not fits(key, value):
        return None
    match key.algorithm:
        case "rsa":
            return _rsa(key, value, message)
        case "ecdsa":
            return _ecdsa(key, value, message)
        case "ed25519":
            return _ed25519(key, value, message)
    parameters = (("bits", str(key.bits)),) if key.bits else ()
    return Proof(key.algorithm, parameters) if _pure(key, value, message.content) else None


def ed25519_holds(key: PublicKey, value: bytes, signed: memoryview | bytes) -> bool:
    """Plain Ed25519 over these bytes.

    1. The key is no point of small order and canonical (OpenSSL lets such keys verify anything).
    2. S is below the group order (RFC 8032 section 5.1.7): no second spelling of a signature.
    3. The equation of RFC 8032 holds.
    """
    if len(value) != detached_signature.ED25519_BYTES or ed25519_unfit(key.spki[-32:]):  # 1
        return False
    if int.from_bytes(value[32:], "little") >= ED25519_ORDER:  # 2
        return False
    return _pure(key, value, signed)  # 3


def _ed25519(key: PublicKey, value: bytes, message: Message) -> Proof | None:
    if ed25519_holds(key, value, message.content):
        return Proof("ed25519", ())
    for name in PREHASHES:
        if ed25519_holds(key, value, message.digest(name)):
            return Proof("ed25519", (("prehash", name),))
    return None


def _pure(key: PublicKey, value: bytes, signed: memoryview | bytes) -> bool:
    """Algorithms that take the whole message: Ed25519, Ed448, ML-DSA with an empty context."""
    from cryptography.hazmat.primitives.asymmetric import ed448, ed25519, mldsa
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    loaded = load_der_public_key(key.spki)
    match loaded:
        case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
            return _holds(lambda: loaded.verify(value, signed))
        case mldsa.MLDSA44PublicKey() | mldsa.MLDSA65PublicKey() | mldsa.MLDSA87PublicKey():
            return _holds(lambda: loaded.verify(value, signed))
    return False


def _holds(check: Callable[[], None]) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        check()
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _rsa(key: PublicKey, value: bytes, message: Message) -> Proof | None:
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    loaded = load_der_public_key(key.spki)
    assert isinstance(loaded, rsa.RSAPublicKey)  # noqa: S101 - the key says so itself
    facts = (("bits", str(key.bits)), ("exponent", key.detail))
    for name, algorithm in _hashes(message.hashes):
        digest = message.digest(name)
        if _holds(lambda: loaded.verify(value, digest, padding.PKCS1v15(), Prehashed(algorithm))):  # noqa: B023
            return Proof("rsa-pkcs1v15", _sorted(*facts, ("hash", name)))
        if _pss(loaded, value, digest, algorithm, padding.PSS.AUTO):
            salt = _salt(loaded, value, digest, algorithm)
            return Proof("rsa-pss", _sorted(*facts, ("hash", name), ("salt", salt)))
    return None


def _pss(key: rsa.RSAPublicKey, value: bytes, digest: bytes, algorithm: hashes.HashAlgorithm, salt: object) -> bool:
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

    scheme = padding.PSS(padding.MGF1(algorithm), salt)  # type: ignore[arg-type]  # an int or the library's AUTO
    return _holds(lambda: key.verify(value, digest, scheme, Prehashed(algorithm)))


def _salt(key: rsa.RSAPublicKey, value: bytes, digest: bytes, algorithm: hashes.HashAlgorithm) -> str:
    """The salt length in bytes of a PSS signature that holds: the common ones first, then all possible ones."""
    longest = (key.key_size + 6) // 8 - algorithm.digest_size - 2  # RFC 8017 section 9.1.1 step 3
    for length in (algorithm.digest_size, longest, *range(longest)):
        if 0 <= length <= longest and _pss(key, value, digest, algorithm, length):
            return str(length)
    return "unknown"


def _ecdsa(key: PublicKey, value: bytes, message: Message) -> Proof | None:
    """ECDSA in either encoding: 1 <= r, s < n, and DER canonical and whole (`detached_signature.ecdsa_der`)."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    loaded = load_der_public_key(key.spki)
    assert isinstance(loaded, ec.EllipticCurvePublicKey)  # noqa: S101 - the key says so itself
    for encoding, numbers in _readings(key, value):
        if not (1 <= numbers.r < loaded.curve.group_order and 1 <= numbers.s < loaded.curve.group_order):
            continue
        name = _ecdsa_hash(loaded, numbers, message)
        if name:
            return Proof("ecdsa", _sorted(("curve", key.detail), ("encoding", encoding), ("hash", name)))
    return None


def _ecdsa_hash(key: ec.EllipticCurvePublicKey, numbers: detached_signature.Integers, message: Message) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

    der = encode_dss_signature(numbers.r, numbers.s)
    for name, algorithm in _hashes(message.hashes):
        digest = message.digest(name)
        if _holds(lambda: key.verify(der, digest, ec.ECDSA(Prehashed(algorithm)))):  # noqa: B023
            return name
    return ""


def _readings(key: PublicKey, value: bytes) -> Iterator[tuple[str, detached_signature.Integers]]:
    der = detached_signature.ecdsa_der(value)
    if der is not None:
        yield "der", der
    if len(value) == 2 * ((key.bits + 7) // 8):
        yield "p1363", detached_signature.ecdsa_p1363(value)


def _hashes(names: tuple[str, ...]) -> tuple[tuple[str, hashes.HashAlgorithm], ...]:
    from cryptography.hazmat.primitives import hashes

    known = {
        "sha256": hashes.SHA256(),
        "sha384": hashes.SHA384(),
        "sha512": hashes.SHA512(),
        "sha1": hashes.SHA1(),  # noqa: S303 - recognised in order to be recorded as weak
    }
    return tuple((name, known[name]) for name in names)


def _sorted(*parameters: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(parameters))
