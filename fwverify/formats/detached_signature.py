"""Raw detached signatures: the bare value in a file of its own, binary or written as text.

Lengths and encodings: RFC 8017 section 8 (RSA: the length of the modulus), RFC 3279 section 2.2.3 (ECDSA as DER),
IEEE 1363 / RFC 7518 section 3.4 (ECDSA as r || s), RFC 8032 section 5.1.6 (Ed25519), FIPS 204 table 2 (ML-DSA).
RFC 8554 section 5.4 and 6.2 (LMS, HSS: type codes say the length). Read 2026-11-22.

A raw signature has no magic. A value is only plausible when its *whole* length is exactly that of a signature: bytes
after an RSA or DER value are refused here, because verifiers that read only the front of the file accept them.
Does not read: XMSS, OpenPGP, CMS, SSH and JSON signatures.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from fwverify.formats import lms
from fwverify.model.examining import Malformed

MAX_BYTES = 64 * 1024
"""More than the longest value (ML-DSA-87, 4627 bytes) in hexadecimal with line breaks."""
ML_DSA_BYTES = {2420: "ml-dsa-44", 3309: "ml-dsa-65", 4627: "ml-dsa-87"}
P1363_BYTES = frozenset({64, 96, 128, 132})
"""P-256, P-384, brainpoolP512, P-521."""
ED25519_BYTES, ED448_BYTES = 64, 114
_ARMOR = re.compile(
    rb"\s*-----BEGIN (?P<label>(?:[A-Z0-9]+ )?SIGNATURE)-----\r?\n(?P<body>[A-Za-z0-9+/=\s]+)"
    rb"-----END (?P=label)-----\s*"
)
_FOREIGN_ARMORS = (b"PGP SIGNATURE", b"SSH SIGNATURE")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to read the file."""

    encoding: str
    """`binary`, `hex`, `base64`, `pem-ish` (base64 between BEGIN SIGNATURE and END SIGNATURE)"""
    value: bytes


@dataclass(frozen=True, slots=True)
class Integers:
    """An ECDSA signature."""

    r: int
    s: int


def candidates(raw: bytes) -> tuple[Candidate, ...]:
    """The ways this file may be read; none for an empty or too large one.

    Text is text: what reads whole as hexadecimal or base64 is not also tried as binary, and hexadecimal comes before
    base64, so that no file has two meanings. (A binary signature that is text by chance: less than one in 2^100.)
    """
    if not 0 < len(raw) <= MAX_BYTES:
        return ()
    armored = _ARMOR.fullmatch(raw)
    if armored is not None and armored["label"] not in _FOREIGN_ARMORS:
        value = _base64(b"".join(armored["body"].split()))
        return (Candidate("pem-ish", value),) if value else ()
    text = b"".join(raw.split())
    if len(text) >= 2 * ED25519_BYTES and len(text) % 2 == 0 and re.fullmatch(rb"[0-9a-fA-F]+", text):
        return (Candidate("hex", bytes.fromhex(text.decode())),)
    value = _base64(text)
    return (Candidate("base64", value),) if value else (Candidate("binary", raw),)


def plausible(raw: bytes) -> bool:
    """True when the file, in some encoding, has exactly the length or structure of a signature."""
    return any(kinds(one.value) for one in candidates(raw))


def kinds(value: bytes) -> tuple[str, ...]:
    """Families this value can belong to by its length and structure alone: `rsa`, `ecdsa-der`, `ecdsa-p1363`,
    `ed25519`, `ed448`, `ml-dsa-44`, `ml-dsa-65`, `ml-dsa-87`, `lms`, `hss`."""
    size = len(value)
    found = []
    if 128 <= size <= 2048 and size % 32 == 0:
        found.append("rsa")
    if ecdsa_der(value) is not None:
        found.append("ecdsa-der")
    if size in P1363_BYTES:
        found.append("ecdsa-p1363")
    if size == ED25519_BYTES:
        found.append("ed25519")
    if size == ED448_BYTES:
        found.append("ed448")
    if size in ML_DSA_BYTES:
        found.append(ML_DSA_BYTES[size])
    return (*found, *_hash_based(value))


def _hash_based(value: bytes) -> tuple[str, ...]:
    """By the type codes of LMS or HSS, which say the length."""
    if len(value) < lms.LEAST_SIGNATURE_BYTES:
        return ()
    for name, reader in (("hss", lms.parse_hss_signature), ("lms", lms.parse_signature)):
        try:
            reader(value)
        except Malformed:
            continue
        return (name,)
    return ()


def ecdsa_der(value: bytes) -> Integers | None:
    """r and s of a canonical DER Dss-Sig-Value that fills `value` exactly, else None."""
    if not 8 <= len(value) <= 141 or value[0] != 0x30:  # 141: two 66-byte integers and their headers (P-521)
        return None
    body = _contents(value, 0x30)
    if body is None:
        return None
    split = 2 + body[1] if len(body) > 1 else 0
    r, s = _integer(body[:split]), _integer(body[split:])
    return Integers(r, s) if r is not None and s is not None else None


def ecdsa_p1363(value: bytes) -> Integers:
    """r and s of two integers of equal length, big-endian."""
    half = len(value) // 2
    return Integers(int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big"))


def _contents(value: bytes, tag: int) -> bytes | None:
    """The contents of one definite, minimally encoded element that fills `value` exactly."""
    if len(value) < 2 or value[0] != tag:
        return None
    if value[1] < 0x80:
        start, size = 2, value[1]
    elif value[1] == 0x81 and len(value) > 2 and value[2] >= 0x80:
        start, size = 3, value[2]
    else:
        return None
    return value[start:] if len(value) == start + size else None


def _integer(value: bytes) -> int | None:
    """A non-negative DER integer without a superfluous leading zero."""
    body = _contents(value, 0x02)
    if not body or body[0] >= 0x80 or (len(body) > 1 and body[0] == 0 and body[1] < 0x80):
        return None
    return int.from_bytes(body, "big")


def _base64(text: bytes) -> bytes:
    """Canonical base64 of at least an Ed25519 signature, or nothing."""
    if len(text) < 84:
        return b""
    try:
        value = base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""
    return value if base64.b64encode(value) == text else b""
