"""Writes OpenPGP packets for vectors and tests, right and wrong ones. Keys are made from a published sentence.

After RFC 9580 sections 4.2, 5.2, 5.5, 6, 7, read 2026-11-22. Ed25519 alone (legacy form for version 4 on demand),
RSA where a test brings a key: official tools make the other algorithms in tests/interop.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.vectors.makers.keys_and_signatures import ed_key, seed

MADE = 1735689600
"""2025-01-01: when keys of vectors were made."""
SIGNED = 1767225600
"""2026-01-01: when they signed."""
HASHES = {"md5": 1, "sha1": 2, "sha256": 8, "sha384": 9, "sha512": 10}
SALTS = {"sha256": 16, "sha384": 24, "sha512": 32}
OID = bytes.fromhex("092b06010401da470f01")


def packet(kind: int, body: bytes, *, old: bool = False) -> bytes:
    if old:
        return bytes((0x80 | kind << 2 | 1,)) + len(body).to_bytes(2, "big") + body
    head = bytes((0xC0 | kind,))
    if len(body) < 192:
        return head + bytes((len(body),)) + body
    return head + b"\xff" + len(body).to_bytes(4, "big") + body


def mpi(value: int) -> bytes:
    return value.bit_length().to_bytes(2, "big") + value.to_bytes((value.bit_length() + 7) // 8, "big")


def sub(kind: int, body: bytes, *, critical: bool = False) -> bytes:
    return bytes((len(body) + 1, kind | (0x80 if critical else 0))) + body


def seconds(kind: int, value: int) -> bytes:
    return sub(kind, value.to_bytes(4, "big"))


@dataclass(frozen=True)
class Key:
    """A private key with its packet."""

    private: Any
    version: int = 4
    created: int = MADE
    legacy: bool = True

    @property
    def algorithm(self) -> int:
        if isinstance(self.private, rsa.RSAPrivateKey):
            return 1
        return 22 if self.legacy and self.version == 4 else 27

    @property
    def material(self) -> bytes:
        if isinstance(self.private, rsa.RSAPrivateKey):
            numbers = self.private.public_key().public_numbers()
            return mpi(numbers.n) + mpi(numbers.e)
        raw = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return OID + mpi(int.from_bytes(b"\x40" + raw, "big")) if self.algorithm == 22 else raw

    @property
    def body(self) -> bytes:
        head = bytes((self.version,)) + self.created.to_bytes(4, "big") + bytes((self.algorithm,))
        size = len(self.material).to_bytes(4, "big") if self.version == 6 else b""
        return head + size + self.material

    @property
    def hashed(self) -> bytes:
        if self.version == 4:
            return b"\x99" + len(self.body).to_bytes(2, "big") + self.body
        return b"\x9b" + len(self.body).to_bytes(4, "big") + self.body

    @property
    def fingerprint(self) -> bytes:
        return hashlib.sha1(self.hashed).digest() if self.version == 4 else hashlib.sha256(self.hashed).digest()

    @property
    def key_id(self) -> bytes:
        return self.fingerprint[-8:] if self.version == 4 else self.fingerprint[:8]


@dataclass(frozen=True)
class Sign:
    """How to make a signature packet; the defaults make a good one."""

    key: Key
    kind: int = 0
    created: int = SIGNED
    more: bytes = b""
    """Further hashed subpackets."""
    unhashed: bytes | None = None
    """None: the issuer's key id."""
    hash: str = "sha512"
    version: int = 0
    dated: bool = True
    issuer: bytes = b""
    """Fingerprint named in the hashed area; empty: the key's own."""
    name_issuer: bool = True
    extra: dict[str, bytes] = field(default_factory=dict)

    def body(self, *signed: bytes) -> bytes:
        version = self.version or self.key.version
        area = (seconds(2, self.created) if self.dated else b"") + self.more
        if self.name_issuer:
            area += sub(33, bytes((version,)) + (self.issuer or self.key.fingerprint))
        unhashed = sub(16, self.key.key_id) if self.unhashed is None and version == 4 else self.unhashed or b""
        wide = 4 if version == 6 else 2
        head = bytes((version, self.kind, self.key.algorithm, HASHES[self.hash]))
        head += len(area).to_bytes(wide, "big") + area
        salt = seed("openpgp-salt", SALTS[self.hash]) if version == 6 else b""
        trailer = head + bytes((version, 0xFF)) + len(head).to_bytes(4, "big")
        digest = hashlib.new(self.hash, b"".join((salt, *signed, trailer))).digest()
        salted = bytes((len(salt),)) + salt if version == 6 else b""
        return b"".join((head, len(unhashed).to_bytes(wide, "big"), unhashed, digest[:2], salted, self._value(digest)))

    def _value(self, digest: bytes) -> bytes:
        private = self.key.private
        if isinstance(private, rsa.RSAPrivateKey):
            algorithm = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256(), "sha512": hashes.SHA512()}[self.hash]
            return mpi(int.from_bytes(private.sign(digest, padding.PKCS1v15(), Prehashed(algorithm)), "big"))
        raw = private.sign(digest)
        if self.key.algorithm == 27:
            return raw
        return mpi(int.from_bytes(raw[:32], "big")) + mpi(int.from_bytes(raw[32:], "big"))

    def packet(self, *signed: bytes) -> bytes:
        return packet(2, self.body(*signed))


def key(name: str = "openpgp", **more: Any) -> Key:
    return Key(ed_key(name), **more)


def user_part(name: bytes) -> bytes:
    return b"\xb4" + len(name).to_bytes(4, "big") + name


def certificate(
    primary: Key, *, flags: int = 0x03, lasts: int = 0, name: bytes = b"Vendor <fw@vendor.example>"
) -> bytes:
    """Primary key and user id with self-signatures, as the version asks for."""
    more = sub(27, bytes((flags,))) + (seconds(9, lasts) if lasts else b"")
    head = packet(6, primary.body)
    if primary.version == 6:
        head += Sign(primary, 0x1F, MADE, more).packet(primary.hashed)
    own = Sign(primary, 0x13, MADE, more).packet(primary.hashed, user_part(name))
    return head + packet(13, name) + own


def subkey(
    primary: Key, sub_key: Key, *, flags: int = 0x02, back: Key | None = None, lasts: int = 0, bound: bool = True
) -> bytes:
    """A signing subkey with its binding; `back`: who makes the signature in return (the subkey itself, or nobody)."""
    both = (primary.hashed, sub_key.hashed)
    more = sub(27, bytes((flags,))) + (seconds(9, lasts) if lasts else b"")
    embedded = sub(16, primary.key_id) if primary.version == 4 else b""
    embedded += sub(32, Sign(back, 0x19, MADE).body(*both)) if back else b""
    out = packet(14, sub_key.body)
    return out + (Sign(primary, 0x18, MADE, more, unhashed=embedded).packet(*both) if bound else b"")


def armored(label: str, content: bytes, *headers: str, checksum: bool = False) -> bytes:
    text = base64.b64encode(content).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    crc = [f"={base64.b64encode(crc24(content)).decode()}"] if checksum else []
    start, end = f"-----BEGIN PGP {label}-----", f"-----END PGP {label}-----"
    return "\n".join((start, *headers, "", *lines, *crc, end, "")).encode()


def crc24(content: bytes) -> bytes:
    crc = 0xB704CE
    for byte in content:
        crc ^= byte << 16
        for _ in range(8):
            crc = (crc << 1) ^ (0x1864CFB if crc & 0x800000 else 0)
    return (crc & 0xFFFFFF).to_bytes(3, "big")


def clear_signed(text: str, made: Sign) -> bytes:
    """A clear-signed text, its lines ended by LF; the text does not end with one."""
    lines = text.split("\n")
    signed = "\r\n".join(one.rstrip(" \t") for one in lines).encode()
    shown = "".join(("- " if one.startswith("-") else "") + one + "\n" for one in lines)
    head = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n"
    return (head + shown).encode() + armored("SIGNATURE", made.packet(signed))
