"""What counts as a strong enough signature, as data with dates. Pure.

Sources, read 2026-11-22: NIST SP 800-57 part 1 rev. 5, tables 2 and 4 (112-bit strength acceptable through 2030);
NIST SP 800-131A rev. 2, section 3 (SHA-1 and RSA under 2048 bits disallowed for signatures); FIPS 186-5 (public
exponent above 65536, curves); CNSA 2.0 advisory (LMS, XMSS or ML-DSA-87 for firmware signing).
"""

from __future__ import annotations

from fwverify.model.evidence import SignatureObservation

PROFILES = ("default", "nist-131a", "cnsa-2.0")
"""From the looser to the stricter: what holds against anybody today; what NIST approves (SP 800-131A, SP 800-186); what
CNSA 2.0 allows for signing firmware."""
NIST_CURVES = frozenset({"secp256r1", "secp384r1", "secp521r1", "prime256v1", "p-256", "p-384", "p-521"})
UNAPPROVED_PREHASHES = frozenset({"blake2b-512"})
"""Digests before the signature that are in no FIPS (minisign)."""
WEAK_HASHES = frozenset({"md2", "md4", "md5", "sha1", "ripemd160", "crc32"})
STRONG_HASHES = frozenset(
    {"sha224", "sha256", "sha384", "sha512", "sha512_256", "sha3_256", "sha3_384", "sha3_512", "blake2b", "shake256"}
)
STRONG_CURVES = frozenset(
    {"secp256r1", "secp384r1", "secp521r1", "prime256v1", "p-256", "p-384", "p-521", "secp256k1"}
    | {f"brainpoolp{bits}{kind}1" for bits in (256, 320, 384, 512) for kind in "rt"}
)
MIN_RSA_BITS = 2048
SUNSET_RSA_BITS = 3072
"""RSA below this has 112 bits of strength,"""
SUNSET = "2031-01-01"
"""which is acceptable only before this day."""
MIN_EXPONENT = 65537
WITHOUT_HASH = frozenset({"ed25519", "ed448", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87", "lms", "hss", "xmss"})
"""Algorithms whose hash is part of their name."""
CNSA = frozenset({"ml-dsa-87", "lms", "hss", "xmss"})


def weakness(one: SignatureObservation, profile: str, at: str) -> str:
    """Why this signature is too weak; empty when it is not. What was not recorded counts as weak."""
    facts = dict(one.parameters)
    if profile == "cnsa-2.0" and one.algorithm not in CNSA:
        return f"{one.algorithm or 'an unnamed algorithm'} is not post-quantum (CNSA 2.0)"
    return (
        _made(one.algorithm, facts, at)
        or (_unapproved(one.algorithm, facts) if profile == "nist-131a" else "")
        or _of_path(one, at)
    )


def _made(algorithm: str, facts: dict[str, str], at: str) -> str:
    if algorithm in WITHOUT_HASH:
        return f"hash {facts['prehash']}" if facts.get("prehash", "none") in WEAK_HASHES else ""
    return _hash(facts.get("hash", "")) or _kind(algorithm, facts, at)


def _unapproved(algorithm: str, facts: dict[str, str]) -> str:
    """What NIST does not approve although nobody breaks it."""
    curve = facts.get("curve", "")
    if algorithm == "ecdsa" and curve.casefold() not in NIST_CURVES:
        return f"curve {curve} is not approved (SP 800-186)"
    if facts.get("prehash", "") in UNAPPROVED_PREHASHES:
        return f"digest {facts['prehash']} is not approved (FIPS 180-4, 202)"
    return ""


def _of_path(one: SignatureObservation, at: str) -> str:
    """The weakest link counts: each certificate's key, and how its issuer signed it (the pinned one as it is)."""
    for link in one.path:
        kind, _, size = link.key.partition(" ")
        if kind == "rsa" and _number(size) < MIN_RSA_BITS:
            return f"RSA with {size} bits in the certificate {link.subject}"
        if kind == "rsa" and _number(size) < SUNSET_RSA_BITS and at >= SUNSET:
            return f"RSA with {size} bits after {SUNSET[:4]} in the certificate {link.subject}"
        used = link.signed_with.casefold().split()
        if any(name in WEAK_HASHES for name in used):
            return f"hash {used[-1]} under the certificate {link.subject}"
    return ""


def _hash(name: str) -> str:
    plain = name.casefold().replace("-", "").replace("/", "_")
    if plain in {one.replace("_", "") for one in STRONG_HASHES} | STRONG_HASHES:
        return ""
    return f"hash {name}" if plain in WEAK_HASHES else f"hash {name or 'not recorded'}"


def _kind(algorithm: str, facts: dict[str, str], at: str) -> str:
    match algorithm:
        case "rsa-pkcs1v15" | "rsa-pss":
            return _rsa(facts, at)
        case "ecdsa":
            curve = facts.get("curve", "")
            return "" if curve.casefold() in STRONG_CURVES else f"curve {curve or 'not recorded'}"
    return f"algorithm {algorithm or 'not recorded'}"


def _rsa(facts: dict[str, str], at: str) -> str:
    bits, exponent = _number(facts.get("bits", "")), _number(facts.get("exponent", ""))
    if bits < MIN_RSA_BITS:
        return f"RSA with {bits} bits" if bits else "RSA key size not recorded"
    if exponent < MIN_EXPONENT:
        return f"RSA with exponent {exponent}" if exponent else "RSA exponent not recorded"
    if bits < SUNSET_RSA_BITS and at >= SUNSET:
        return f"RSA with {bits} bits after {SUNSET[:4]}"
    return ""


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 400 else 0
