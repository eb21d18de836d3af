"""LMS and HSS, the stateful hash-based signatures: keys, layout of signatures, and their verification.

Sources: RFC 8554 (LM-OTS section 4, LMS section 5, HSS section 6, layouts section 3.3), SP 800-208 sections 4 and 5
(SHA-256/192, SHAKE256/256, SHAKE256/192), RFC 9858 (their type codes), RFC 9708 and RFC 9802 (object identifier and
SubjectPublicKeyInfo). Read 2026-11-22.

Every length follows from the type codes, so a signature is read to its last byte: bytes after it, which the usual
implementation ignores, make it no signature. Key files: the bare LMS key (24 + n bytes), the HSS key (levels in
front), or SubjectPublicKeyInfo as DER or PEM. The fingerprint of a bare LMS key is that of the HSS key of one level.

Does not do: XMSS, signing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from fwverify.formats.cursor import Cursor
from fwverify.formats.public_key import PublicKey
from fwverify.model.examining import Malformed

WHAT = "LMS key"
MAX_LEVELS = 8
"""RFC 8554 section 6."""
MAX_SIGNATURE_BYTES = 96 * 1024
"""Eight levels of the longest LM-OTS signature (8516 bytes) with their paths and keys have 76 kB."""
LEAST_SIGNATURE_BYTES = 4 + 4 + 24 * 27 + 4 + 24 * 5
"""LM-OTS with n = 24 and w = 8 in a tree of height 5."""
D_PBLC, D_MESG, D_LEAF, D_INTR = b"\x80\x80", b"\x81\x81", b"\x82\x82", b"\x83\x83"
"""Domain separators, RFC 8554 section 7.1: public key, message, leaf, interior node."""
_IDENTIFIER_BYTES = 16
_SPKI_ALGORITHM = bytes.fromhex("300d060b2a864886f70d0109100311")
"""DER AlgorithmIdentifier id-alg-hss-lms-hashsig (1.2.840.113549.1.9.16.3.17) without parameters."""
_PEM = re.compile(
    rb"\s*-----BEGIN PUBLIC KEY-----\r?\n(?P<body>[A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*",
)


@dataclass(frozen=True, slots=True)
class OneTime:
    """An LM-OTS parameter set (RFC 8554 section 4.1)."""

    name: str
    hash: str
    """`sha256` or `shake256`."""
    n: int
    """Bytes of a hash value."""
    w: int
    """Bits of a coefficient."""
    chains: int
    """p: hash values in a signature."""
    shift: int
    """ls: left shift of the checksum."""


@dataclass(frozen=True, slots=True)
class Tree:
    """An LMS parameter set (RFC 8554 section 5.1)."""

    name: str
    hash: str
    m: int
    """Bytes of a hash value."""
    height: int


def _one_times() -> dict[int, OneTime]:
    chains = {
        32: {1: (265, 7), 2: (133, 6), 4: (67, 4), 8: (34, 0)},
        24: {1: (200, 8), 2: (101, 6), 4: (51, 4), 8: (26, 0)},
    }
    found, code = {}, 1
    for family in ("sha256", "shake256"):
        for n in (32, 24):
            for w, (p, shift) in chains[n].items():
                found[code] = OneTime(f"{family}-n{n}-w{w}", family, n, w, p, shift)
                code += 1
    return found


def _trees() -> dict[int, Tree]:
    found, code = {}, 5
    for family in ("sha256", "shake256"):
        for m in (32, 24):
            for height in (5, 10, 15, 20, 25):
                found[code] = Tree(f"{family}-m{m}-h{height}", family, m, height)
                code += 1
    return found


ONE_TIMES: dict[int, OneTime] = _one_times()
"""LM-OTS by type code, 1 to 16."""
TREES: dict[int, Tree] = _trees()
"""LMS by type code, 5 to 24."""


@dataclass(frozen=True, slots=True)
class LmsKey:
    """One LMS public key."""

    tree: Tree
    one_time: OneTime
    identifier: bytes
    """I, 16 bytes."""
    root: bytes
    """T[1]."""
    raw: bytes


@dataclass(frozen=True, slots=True)
class HssKey:
    """An HSS public key; a bare LMS key is one with one level."""

    levels: int
    top: LmsKey


@dataclass(frozen=True, slots=True)
class LmsSignature:
    """One LMS signature (RFC 8554 section 5.4), of the length its type codes say."""

    leaf: int
    """q"""
    one_time: OneTime
    randomizer: bytes
    """C"""
    chains: tuple[bytes, ...]
    tree: Tree
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class HssSignature:
    """An HSS signature (RFC 8554 section 6.2): each level's key signed by the level above, the message by the last."""

    keys: tuple[LmsKey, ...]
    """Public keys of level 1 and below; none where there is one level."""
    signatures: tuple[LmsSignature, ...]
    """One more than keys."""


def parse_key(content: memoryview | bytes) -> PublicKey:
    """Read a key file: HSS or bare LMS key as bytes, or SubjectPublicKeyInfo as DER or PEM. Raises Malformed."""
    if not 0 < len(content) <= 4096:
        raise Malformed(WHAT, f"{len(content)} bytes")
    raw = bytes(content)
    block = _PEM.fullmatch(raw)
    if block is not None:
        try:
            raw = base64.b64decode(b"".join(block["body"].split()), validate=True)
        except binascii.Error:
            raise Malformed(WHAT, "the base64 of the PEM block is damaged") from None
    if raw[:1] == b"\x30":
        return _public("hss", _hss_key(_of_spki(raw)))
    if len(raw) in (48, 56):
        cursor = Cursor(raw, WHAT)
        return _public("lms", HssKey(1, _lms_key(cursor)))
    return _public("hss", _hss_key(raw))


def is_spki(der: bytes) -> bool:
    """True when a DER SubjectPublicKeyInfo names HSS/LMS."""
    return _SPKI_ALGORITHM in der[:24]


def _of_spki(der: bytes) -> bytes:
    """The HSS key of a SubjectPublicKeyInfo. Its BIT STRING holds the key itself (RFC 9802); the OCTET STRING around
    it that RFC 8708 let people read is taken off."""
    for octets in (b"", b"\x04\x3c", b"\x04\x34"):
        for size in (60, 52):
            if der == _spki(octets, der[-size:]) and (not octets or octets[1] == size):
                return der[-size:]
    raise Malformed(WHAT, "not a SubjectPublicKeyInfo of an HSS key")


def _spki(octets: bytes, raw: bytes) -> bytes:
    bits = b"\x00" + octets + raw
    body = _SPKI_ALGORITHM + b"\x03" + bytes([len(bits)]) + bits
    return b"\x30" + bytes([len(body)]) + body


def _public(algorithm: str, key: HssKey) -> PublicKey:
    spki = _spki(b"", key.levels.to_bytes(4, "big") + key.top.raw)
    return PublicKey(
        algorithm,
        spki,
        hashlib.sha256(spki).hexdigest(),
        0,
        f"{key.levels} x {key.top.tree.name} {key.top.one_time.name}" if algorithm == "hss" else key.top.tree.name,
        key_id=key.top.identifier.hex(),
        note="HSS public key" if algorithm == "hss" else "LMS public key",
    )


def key_of(key: PublicKey) -> HssKey:
    """The numbers of a key that `parse_key` made. Raises Malformed."""
    return _hss_key(_of_spki(key.spki))


def _hss_key(raw: bytes) -> HssKey:
    cursor = Cursor(raw, WHAT)
    levels = cursor.be32("levels")
    if not 1 <= levels <= MAX_LEVELS:
        raise Malformed(WHAT, f"{levels} levels, 1 to {MAX_LEVELS} are possible")
    key = _lms_key(cursor)
    if cursor.left:
        raise Malformed(WHAT, f"{cursor.left} bytes follow the key", cursor.at)
    return HssKey(levels, key)


def _lms_key(cursor: Cursor) -> LmsKey:
    start = cursor.at
    tree, one_time = TREES.get(cursor.be32("LMS type")), ONE_TIMES.get(cursor.be32("LM-OTS type"))
    if tree is None or one_time is None:
        raise Malformed(cursor.what, "a type code that no parameter set has", start)
    if (tree.hash, tree.m) != (one_time.hash, one_time.n):
        raise Malformed(cursor.what, "LMS and LM-OTS type are over different hashes (SP 800-208 section 4)", start)
    identifier = bytes(cursor.take(_IDENTIFIER_BYTES, "identifier"))
    root = bytes(cursor.take(tree.m, "root"))
    return LmsKey(tree, one_time, identifier, root, bytes(cursor.view[start : cursor.at]))


def parse_signature(value: bytes) -> LmsSignature:
    """A bare LMS signature, to its last byte. Raises Malformed."""
    cursor = _cursor(value, "LMS signature")
    found = _lms_signature(cursor)
    _at_end(cursor)
    return found


def parse_hss_signature(value: bytes) -> HssSignature:
    """An HSS signature, to its last byte. Raises Malformed."""
    cursor = _cursor(value, "HSS signature")
    below = cursor.be32("signed keys")
    if below >= MAX_LEVELS:
        raise Malformed(cursor.what, f"{below + 1} levels, 1 to {MAX_LEVELS} are possible", 0)
    keys, signatures = [], []
    for _ in range(below):
        signatures.append(_lms_signature(cursor))
        keys.append(_lms_key(cursor))
    signatures.append(_lms_signature(cursor))
    _at_end(cursor)
    return HssSignature(tuple(keys), tuple(signatures))


def _cursor(value: bytes, what: str) -> Cursor:
    if len(value) > MAX_SIGNATURE_BYTES:
        raise Malformed(what, f"{len(value)} bytes, no parameter set has so many")
    return Cursor(value, what)


def _at_end(cursor: Cursor) -> None:
    if cursor.left:
        raise Malformed(cursor.what, f"{cursor.left} bytes follow it", cursor.at)


def _lms_signature(cursor: Cursor) -> LmsSignature:
    leaf = cursor.be32("leaf number")
    one_time = ONE_TIMES.get(cursor.be32("LM-OTS type"))
    if one_time is None:
        raise Malformed(cursor.what, "an LM-OTS type code that no parameter set has", cursor.at - 4)
    randomizer = bytes(cursor.take(one_time.n, "randomizer"))
    chains = tuple(bytes(cursor.take(one_time.n, "chain value")) for _ in range(one_time.chains))
    tree = TREES.get(cursor.be32("LMS type"))
    if tree is None or leaf >= 1 << tree.height:
        raise Malformed(
            cursor.what, "an LMS type code that no parameter set has, or no leaf of its tree", cursor.at - 4
        )
    path = tuple(bytes(cursor.take(tree.m, "path")) for _ in range(tree.height))
    return LmsSignature(leaf, one_time, randomizer, chains, tree, path)


def lms_holds(key: LmsKey, signature: LmsSignature, message: memoryview | bytes) -> bool:
    """RFC 8554 section 5.4.2, algorithm 6a.

    1. The signature's type codes are those of the key.
    2. The LM-OTS public key is computed from message and signature (section 4.6, algorithm 4b).
    3. The path from its leaf leads to the root in the key.
    """
    if (signature.tree, signature.one_time) != (key.tree, key.one_time):  # 1
        return False
    tree, node = key.tree, (1 << key.tree.height) + signature.leaf
    candidate = _candidate(key, signature, message)  # 2
    value = _hash(tree.hash, tree.m, key.identifier, node.to_bytes(4, "big"), D_LEAF, candidate)  # 3
    for sibling in signature.path:
        pair = (sibling, value) if node & 1 else (value, sibling)
        node >>= 1
        value = _hash(tree.hash, tree.m, key.identifier, node.to_bytes(4, "big"), D_INTR, *pair)
    return value == key.root


def hss_holds(key: HssKey, signature: HssSignature, message: memoryview | bytes) -> bool:
    """RFC 8554 section 6.3: the number of levels is that of the key, and each level signs the key below it."""
    if len(signature.signatures) != key.levels:
        return False
    signer = key.top
    for below, signed in zip(signature.keys, signature.signatures[:-1], strict=True):
        if below.tree.hash != signer.tree.hash or below.tree.m != signer.tree.m:
            return False  # SP 800-208 section 4: one hash function for all levels
        if not lms_holds(signer, signed, below.raw):
            return False
        signer = below
    return lms_holds(signer, signature.signatures[-1], message)


def _candidate(key: LmsKey, signature: LmsSignature, message: memoryview | bytes) -> bytes:
    """The LM-OTS public key that this signature would be by."""
    ots, prefix = signature.one_time, key.identifier + signature.leaf.to_bytes(4, "big")
    digest = _hash(ots.hash, ots.n, prefix, D_MESG, signature.randomizer, message)
    coefficients = _coefficients(ots, digest)
    last = (1 << ots.w) - 1
    ends = []
    for chain, (value, start) in enumerate(zip(signature.chains, coefficients, strict=True)):
        place = prefix + chain.to_bytes(2, "big")
        for step in range(start, last):
            value = _hash(ots.hash, ots.n, place, bytes([step]), value)
        ends.append(value)
    return _hash(ots.hash, ots.n, prefix, D_PBLC, *ends)


def _coefficients(ots: OneTime, digest: bytes) -> list[int]:
    """Digest and checksum in pieces of w bits, from the front (RFC 8554 sections 3.1.3 and 4.4)."""
    last = (1 << ots.w) - 1
    pieces = _pieces(digest, ots.w)
    checksum = sum(last - one for one in pieces) << ots.shift
    return (pieces + _pieces(checksum.to_bytes(2, "big"), ots.w))[: ots.chains]


def _pieces(data: bytes, w: int) -> list[int]:
    return [one >> shift & ((1 << w) - 1) for one in data for shift in range(8 - w, -1, -w)]


def _hash(name: str, size: int, *parts: bytes | memoryview) -> bytes:
    if name == "sha256":
        sha = hashlib.sha256()
        for part in parts:
            sha.update(part)
        return sha.digest()[:size]
    shake = hashlib.shake_256()
    for part in parts:
        shake.update(part)
    return shake.digest(size)
