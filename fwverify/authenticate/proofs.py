"""The mathematics of single signatures: does this value hold for these bytes under this key, and how was it made.

Shared by several schemes; knows no files, no trust and no encodings of files.
Sources: RFC 8017 (RSA; section 9.1 PSS, section 9.2 PKCS#1 v1.5), RFC 4055 section 1.2 and 3.1 (keys for PSS alone),
FIPS 186-5 and SEC 1 (ECDSA), RFC 8032 (Ed25519, Ed448), FIPS 204 (ML-DSA, pure, with context), RFC 8554 and
SP 800-208 (LMS, HSS, in `formats.lms`). Read 2026-11-22.

RSA: the encoded block is opened only to see which hash, mask hash and salt to ask for; whether the signature holds
is then said by the library's strict check with exactly those (a PKCS#1 v1.5 block is rebuilt and compared).
Weak hashes are recognised and recorded: they are judged by a rule, not hidden here.
Does not do: XMSS, SLH-DSA, Ed25519ctx and Ed25519ph, HashML-DSA.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fwverify.formats import detached_signature, lms, pss_key
from fwverify.formats.public_key import PublicKey, ed25519_unfit
from fwverify.model.artifact import Artifact
from fwverify.model.examining import Malformed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

HASHES = ("sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "sha224", "sha1", "md5")
"""Digests a bare signature may be over, the expected ones first, the broken ones last."""
PREHASHES = ("sha512", "sha256")
"""Digests that some vendors sign with plain Ed25519 in place of the file."""
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
"""L of RFC 8032 section 5.1."""
MAX_CONTEXT_BYTES = 255
"""Of an ML-DSA context (FIPS 204 algorithm 3)."""
_LARGE_MODULUS_BITS, _LARGE_EXPONENT_BITS = 3072, 64
"""Above that modulus the library takes no exponent above 64 bits: it would only cost time."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A signature that holds, and how it was made."""

    algorithm: str
    parameters: tuple[tuple[str, str], ...]
    """Sorted."""
    oddities: tuple[str, ...] = ()
    """Plain sentences about an unusual way to make it."""


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


def proof(key: PublicKey, value: bytes, message: Message, contexts: tuple[str, ...] = ("",)) -> Proof | None:
    """How `value` signs the message under `key`, or None when it does not.

    Args:
        key: the public key.
        value: the signature.
        message: the signed bytes.
        contexts: ML-DSA contexts that may have been given; other algorithms have none.
    """
    if not fits(key, value):
        return None
    match key.algorithm:
        case "rsa":
            return _rsa(key, value, message)
        case "ecdsa":
            return _ecdsa(key, value, message)
        case "ed25519":
            return _ed25519(key, value, message)
        case "lms" | "hss":
            return _hash_based(key, value, message)
        case "ed448":
            return Proof("ed448", (("bits", str(key.bits)),)) if _pure(key, value, message.content) else None
    return _ml_dsa(key, value, message, contexts)


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
    """Ed25519 and Ed448, which take the whole message."""
    from cryptography.hazmat.primitives.asymmetric import ed448, ed25519
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    loaded = load_der_public_key(key.spki)
    match loaded:
        case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
            return _holds(lambda: loaded.verify(value, signed))
    return False


def _ml_dsa(key: PublicKey, value: bytes, message: Message, contexts: tuple[str, ...]) -> Proof | None:
    """Pure ML-DSA under each of the contexts; an empty one is not recorded."""
    from cryptography.hazmat.primitives.asymmetric import mldsa
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    loaded = load_der_public_key(key.spki)
    match loaded:
        case mldsa.MLDSA44PublicKey() | mldsa.MLDSA65PublicKey() | mldsa.MLDSA87PublicKey():
            for context in contexts:
                raw = context.encode()
                if len(raw) <= MAX_CONTEXT_BYTES and _holds(
                    lambda: loaded.verify(value, message.content, raw or None)  # noqa: B023
                ):
                    return Proof(key.algorithm, (("context", context),) if context else ())
    return None


def _hash_based(key: PublicKey, value: bytes, message: Message) -> Proof | None:
    try:
        numbers = lms.key_of(key)
        if key.algorithm == "lms":
            signed = lms.parse_signature(value)
            holds = lms.lms_holds(numbers.top, signed, message.content)
        else:
            chain = lms.parse_hss_signature(value)
            signed = chain.signatures[-1]
            holds = lms.hss_holds(numbers, chain, message.content)
    except Malformed:
        return None
    facts = (
        ("hash", signed.tree.hash),
        ("leaf", str(signed.leaf)),
        ("levels", str(numbers.levels)),
        ("lmots", signed.one_time.name),
        ("lms", signed.tree.name),
    )
    return Proof(key.algorithm, facts) if holds else None


def _holds(check: Callable[[], None]) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        check()
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _rsa(key: PublicKey, value: bytes, message: Message) -> Proof | None:
    """PKCS#1 v1.5, then PSS. A key for PSS alone signs nothing else, and not otherwise than its parameters say."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    loaded = load_der_public_key(key.spki)
    assert isinstance(loaded, rsa.RSAPublicKey)  # noqa: S101 - the key says so itself
    facts = (("bits", str(key.bits)), ("exponent", key.detail))
    limits = pss_key.limits(key.material)
    name = "" if limits is not None else _pkcs1_hash(loaded, value, message)
    if name:
        return Proof("rsa-pkcs1v15", _sorted(*facts, ("hash", name)))
    made = _pss_made(loaded, value, message)
    if made is None or (limits is not None and not limits.allow(made.hash, made.mask_hash, made.salt)):
        return None
    odd = f"MGF1 uses {made.mask_hash} where the digest is {made.hash}"
    return Proof(
        "rsa-pss",
        _sorted(*facts, ("hash", made.hash), ("mgf-hash", made.mask_hash), ("salt", str(made.salt))),
        (odd,) if made.mask_hash != made.hash else (),
    )


def _pkcs1_hash(key: rsa.RSAPublicKey, value: bytes, message: Message) -> str:
    """The hash under which the library says it holds; empty when it does not."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

    try:
        block = key.recover_data_from_signature(value, padding.PKCS1v15(), None)
    except (InvalidSignature, ValueError):
        return ""
    for name, algorithm in _hashes(message.hashes):
        digest = message.digest(name) if len(block) > algorithm.digest_size else b""
        if block[-algorithm.digest_size :] == digest and _holds(
            lambda: key.verify(value, digest, padding.PKCS1v15(), Prehashed(algorithm))  # noqa: B023
        ):
            return name
    return ""


@dataclass(frozen=True, slots=True)
class _Pss:
    """How a PSS signature was made."""

    hash: str
    mask_hash: str
    salt: int
    """bytes"""


def _pss_made(key: rsa.RSAPublicKey, value: bytes, message: Message) -> _Pss | None:
    """The parameters of a PSS signature that holds (RFC 8017 sections 8.1.2 and 9.1.2)."""
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

    numbers, number = key.public_numbers(), int.from_bytes(value, "big")
    if number >= numbers.n or (
        numbers.n.bit_length() > _LARGE_MODULUS_BITS and numbers.e.bit_length() > _LARGE_EXPONENT_BITS
    ):
        return None
    bits = numbers.n.bit_length() - 1
    opened = pow(number, numbers.e, numbers.n)
    if opened.bit_length() > bits or opened & 0xFF != 0xBC:
        return None
    block = opened.to_bytes((bits + 7) // 8, "big")
    known = dict(_hashes(message.hashes))
    masks = _hashes(HASHES)
    for name, algorithm in known.items():
        for mask_name, mask in sorted(masks, key=lambda one: one[0] != name):
            salt = _pss_salt(block, bits, algorithm.digest_size, mask_name)
            scheme = padding.PSS(padding.MGF1(mask), salt) if salt >= 0 else None
            if scheme is not None and _holds(
                lambda: key.verify(value, message.digest(name), scheme, Prehashed(algorithm))  # noqa: B023
            ):
                return _Pss(name, mask_name, salt)
    return None


def _pss_salt(block: bytes, bits: int, digest_bytes: int, mask_hash: str) -> int:
    """Bytes of salt when the block, unmasked so, has the shape of PSS; -1 when it has not."""
    size = len(block) - digest_bytes - 1
    if size < 1:
        return -1
    masked, seed = block[:size], block[size:-1]
    data = bytearray(one ^ other for one, other in zip(masked, _mgf1(seed, size, mask_hash), strict=True))
    data[0] &= 0xFF >> (8 * len(block) - bits)
    rest = bytes(data).lstrip(b"\0")
    return len(rest) - 1 if rest[:1] == b"\x01" else -1


def _mgf1(seed: bytes, size: int, name: str) -> bytes:
    """RFC 8017 appendix B.2.1."""
    out = b""
    for counter in range(size):
        if len(out) >= size:
            break
        out += hashlib.new(name, seed + counter.to_bytes(4, "big"), usedforsecurity=False).digest()
    return out[:size]


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

    known: dict[str, hashes.HashAlgorithm] = {
        "sha224": hashes.SHA224(),
        "sha256": hashes.SHA256(),
        "sha384": hashes.SHA384(),
        "sha512": hashes.SHA512(),
        "sha3_256": hashes.SHA3_256(),
        "sha3_384": hashes.SHA3_384(),
        "sha3_512": hashes.SHA3_512(),
        "sha1": hashes.SHA1(),  # noqa: S303 - recognised in order to be recorded as weak
        "md5": hashes.MD5(),  # noqa: S303 - the same
    }
    return tuple((name, known[name]) for name in names)


def _sorted(*parameters: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(parameters))
