"""OpenPGP signature packets of version 4 and 6.

Layout: RFC 9580 section 5.2.3 (packet, subpackets), 5.2.4 (what is hashed), 5.2.3.1 to 5.2.3.35 (subpackets).
Read 2026-11-22. Only the hashed area is believed. Of the unhashed area the issuer is taken as a hint and the embedded
signature as what it proves itself; whatever else lies there is told. Versions 3 (no subpackets: nothing it says of
itself but type and time is signed) and 5 (LibrePGP) are not read. Verifies nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from fwverify.formats import openpgp_packets
from fwverify.formats.cursor import Cursor
from fwverify.formats.openpgp_packets import done, integer
from fwverify.model.examining import Malformed, Unsupported

WHAT = "OpenPGP signature"
BINARY, TEXT = 0x00, 0x01
CERTIFICATIONS = frozenset({0x10, 0x11, 0x12, 0x13})
SUBKEY_BINDING, PRIMARY_BINDING, DIRECT_KEY = 0x18, 0x19, 0x1F
KEY_REVOCATION, SUBKEY_REVOCATION, CERTIFICATION_REVOCATION = 0x20, 0x28, 0x30
RSA, RSA_SIGN_ONLY, DSA, ECDSA, EDDSA_LEGACY, ED25519, ED448 = 1, 3, 17, 19, 22, 27, 28
HASHES = {
    1: "md5", 2: "sha1", 3: "ripemd160", 8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224", 12: "sha3_256",
    14: "sha3_512",
}  # fmt: skip
"""Names as in hashlib by id (section 9.5)."""
SALT_BYTES = {"sha256": 16, "sha384": 24, "sha512": 32, "sha224": 16, "sha3_256": 16, "sha3_512": 32}
"""Of a version 6 signature."""
_CREATION, _EXPIRATION, _KEY_EXPIRATION, _REVOKER, _ISSUER, _PRIMARY_USER, _FLAGS = 2, 3, 9, 12, 16, 25, 27
_REASON, _EMBEDDED, _ISSUER_FINGERPRINT = 29, 32, 33
_UNDERSTOOD = frozenset({2, 3, 4, 5, 7, 9, 11, 12, 16, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 32, 33, 34, 39})
"""Subpackets that may be critical. Not among them: regular expressions, notations, targets, intended recipients."""
_SINGLE = frozenset({_CREATION, _EXPIRATION, _KEY_EXPIRATION, _FLAGS, _REASON})
"""Subpackets that must not stand twice with different values: readers differ on which counts."""
_FOUR_BYTES = frozenset({_CREATION, _EXPIRATION, _KEY_EXPIRATION})
_QUIET_UNHASHED = frozenset({_ISSUER, _EMBEDDED, _ISSUER_FINGERPRINT})
MAX_SUBPACKETS = 200


@dataclass(frozen=True, slots=True)
class Subpacket:
    """One statement of a signature."""

    type: int
    critical: bool
    body: bytes


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature packet, taken apart."""

    version: int
    type: int
    algorithm: int
    hash: str
    """As in hashlib; empty for an id nobody knows."""
    hashed: tuple[Subpacket, ...]
    unhashed: tuple[Subpacket, ...]
    trailer: bytes
    """What is hashed after the signed bytes: the packet up to the end of the hashed area, and its length."""
    salt: bytes
    """Hashed before the signed bytes; empty for version 4."""
    left: bytes
    """First two bytes of the digest."""
    numbers: tuple[int, ...]
    """RSA: one; ECDSA and EdDSA (legacy): r and s; DSA: two."""
    value: bytes
    """Ed25519 and Ed448: the signature as it is."""

    def first(self, kind: int) -> bytes | None:
        """Body of a hashed subpacket."""
        return next((one.body for one in self.hashed if one.type == kind), None)

    def seconds(self, kind: int) -> int:
        """A number of seconds from the hashed area, 0 when it is not there."""
        return int.from_bytes(self.first(kind) or b"", "big")

    @property
    def created(self) -> int:
        """Seconds since 1970."""
        return self.seconds(_CREATION)

    @property
    def expires(self) -> int:
        """Seconds since 1970; 0: never."""
        after = self.seconds(_EXPIRATION)
        return self.created + after if after else 0

    @property
    def key_lasts(self) -> int:
        """Seconds from the creation of the key; 0: for ever."""
        return self.seconds(_KEY_EXPIRATION)

    @property
    def flags(self) -> int | None:
        """First byte of the key flags; None when the signature has none."""
        body = self.first(_FLAGS)
        return None if body is None else (body[0] if body else 0)

    @property
    def primary_user(self) -> bool:
        return bool(self.seconds(_PRIMARY_USER))

    @property
    def names_revoker(self) -> bool:
        return self.first(_REVOKER) is not None

    @property
    def reason(self) -> int:
        """Code of a revocation (section 5.2.3.31); 0 when it gives none."""
        return (self.first(_REASON) or b"\0")[0]

    @property
    def embedded(self) -> tuple[bytes, ...]:
        """Bodies of embedded signatures. They prove themselves, wherever they lie."""
        return tuple(one.body for one in (*self.hashed, *self.unhashed) if one.type == _EMBEDDED)

    def issuers(self) -> frozenset[str]:
        """Fingerprints and key ids it names, upper-case hexadecimal. Hints: not all of them are signed."""
        both = (*self.hashed, *self.unhashed)
        prints = {one.body[1:].hex().upper() for one in both if one.type == _ISSUER_FINGERPRINT}
        return frozenset(prints | {one.body.hex().upper() for one in both if one.type == _ISSUER}) - {"", "0" * 16}

    def unsigned_fields(self) -> tuple[int, ...]:
        """Subpackets of the unhashed area that say more than who signed."""
        return tuple(sorted({one.type for one in self.unhashed} - _QUIET_UNHASHED))

    def not_understood(self) -> tuple[int, ...]:
        """Critical subpackets of the hashed area that fwverify does not act on."""
        return tuple(sorted({one.type for one in self.hashed if one.critical} - _UNDERSTOOD))


def parse(body: bytes) -> Signature:
    """Take the body of a signature packet apart.

    Raises:
        Unsupported: a version or an algorithm that is not read.
        Malformed: it is not what it says.
    """
    at = Cursor(body, WHAT)
    version = at.u8("version")
    if version in (2, 3):
        raise Unsupported(f"an OpenPGP signature of version {version}: too old for fwverify")
    if version not in (4, 6):
        raise Unsupported(f"an OpenPGP signature of version {version}, which RFC 9580 does not define")
    kind, algorithm, digest = at.u8("type"), at.u8("algorithm"), at.u8("hash algorithm")
    hashed = _area(at, version, "hashed area")
    signed = body[: at.at]
    unhashed = _area(at, version, "unhashed area")
    left = bytes(at.take(2, "start of the digest"))
    name = HASHES.get(digest, "")
    salt = _salt(at, name) if version == 6 else b""
    numbers, value = _value(at, algorithm, version)
    done(at)
    trailer = signed + bytes((version, 0xFF)) + len(signed).to_bytes(4, "big")
    found = Signature(version, kind, algorithm, name, hashed, unhashed, trailer, salt, left, numbers, value)
    if found.first(_CREATION) is None:
        raise Malformed(WHAT, "its signed part says no time")
    return found


def _salt(at: Cursor, name: str) -> bytes:
    size = at.u8("length of the salt")
    if size != SALT_BYTES.get(name):
        raise Malformed(WHAT, f"a salt of {size} bytes does not belong to {name or 'its hash'}", at.at - 1)
    return bytes(at.take(size, "salt"))


def _area(at: Cursor, version: int, name: str) -> tuple[Subpacket, ...]:
    size = at.be32(name) if version == 6 else at.be16(name)
    inner = Cursor(at.take(size, name), f"{WHAT}, {name}")
    found: list[Subpacket] = []
    while inner.left:
        if len(found) == MAX_SUBPACKETS:
            raise Malformed(WHAT, f"more than {MAX_SUBPACKETS} subpackets")
        found.append(_subpacket(inner))
    for kind in _SINGLE:
        if len({one.body for one in found if one.type == kind}) > 1:
            raise Malformed(WHAT, f"subpacket {kind} stands twice with different values")
    return tuple(found)


def _subpacket(at: Cursor) -> Subpacket:
    size = openpgp_packets.subpacket_length(at)
    body = bytes(at.take(size, "subpacket"))
    if not body:
        raise Malformed(at.what, "an empty subpacket", at.at)
    kind = body[0] & 0x7F
    if kind in _FOUR_BYTES and len(body) != 5:
        raise Malformed(at.what, f"subpacket {kind} has {len(body) - 1} bytes instead of 4", at.at)
    return Subpacket(kind, bool(body[0] & 0x80), body[1:])


def _value(at: Cursor, algorithm: int, version: int) -> tuple[tuple[int, ...], bytes]:
    match algorithm:
        case 1 | 3:
            return (integer(at, "RSA value"),), b""
        case 17 | 19:
            return (integer(at, "r"), integer(at, "s")), b""
        case 22 if version == 4:
            return (integer(at, "R"), integer(at, "S")), b""
        case 27:
            return (), bytes(at.take(64, "Ed25519 value"))
        case 28:
            return (), bytes(at.take(114, "Ed448 value"))
    raise Unsupported(f"an OpenPGP signature of version {version} with public-key algorithm {algorithm}")
