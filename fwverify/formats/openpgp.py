"""OpenPGP certificates (transferable public keys) and signature files, taken apart.

Layout: RFC 9580 sections 10.1 (transferable public key), 10.3 (detached signatures), 6 (armor). Read 2026-11-22.
A certificate is a primary key with signatures over itself, user ids with certifications, and subkeys with bindings.
Signatures by others are kept only as far as they can be read: they decide nothing. Which key is usable when is judged
by `authenticate.openpgp`; nothing is verified here.

A key file holds exactly one certificate; a secret key is refused. A signature file holds signature packets alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from fwverify.formats import openpgp_armor, openpgp_key, openpgp_signature
from fwverify.formats import openpgp_packets as p
from fwverify.formats.openpgp_key import Key
from fwverify.formats.openpgp_signature import Signature
from fwverify.formats.public_key import PrivateKey, PublicKey
from fwverify.model.examining import Malformed, Unsupported

WHAT = "OpenPGP certificate"
SIGNATURE_FILE = "OpenPGP signature file"
NOTE = "OpenPGP certificate"
MAX_SIGNATURES = 32
"""In one file: each costs a pass over the signed file."""
MAX_SUBKEYS = 64
_CLOSED = frozenset({openpgp_signature.KEY_REVOCATION, openpgp_signature.SUBKEY_REVOCATION})


@dataclass(frozen=True, slots=True)
class User:
    """A user id or attribute with the signatures over it."""

    name: bytes
    attribute: bool
    signatures: tuple[Signature, ...] = ()


@dataclass(frozen=True, slots=True)
class Subkey:
    """A subkey with the signatures over it."""

    key: Key
    signatures: tuple[Signature, ...] = ()


@dataclass(frozen=True, slots=True)
class Certificate:
    """A transferable public key."""

    primary: Key
    direct: tuple[Signature, ...]
    """Over the primary key itself: direct signatures and revocations."""
    users: tuple[User, ...]
    subkeys: tuple[Subkey, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """A signature that was recognised and is not read."""

    why: str


def parse_key(content: memoryview | bytes) -> PublicKey:
    """Read a key file for the registry. `material` is the whole certificate, binary.

    Raises:
        PrivateKey: it holds a secret key.
        Malformed: it is not exactly one certificate whose primary key fwverify verifies with.
        Unsupported: a version or algorithm that is not read.
    """
    raw = bytes(content)
    odd: tuple[str, ...] = ()
    if openpgp_armor.looks_armored(raw[:512]):
        found = openpgp_armor.blocks(raw)
        if len(found) != 1 or found[0].label != "PUBLIC KEY BLOCK":
            raise Malformed(WHAT, "not one armored public key block alone")
        raw, odd = found[0].content, found[0].oddities
    if odd and "checksum" in odd[-1]:
        raise Malformed(WHAT, odd[-1])
    primary = parse_certificate(raw).primary
    if primary.public is None:
        raise Unsupported(f"an OpenPGP certificate with a primary key for {primary.kind}: fwverify verifies none")
    return replace(primary.public, key_id=primary.fingerprint, note=NOTE, material=raw)


def parse_certificate(raw: bytes) -> Certificate:
    """Take one binary certificate apart. Raises Malformed, Unsupported, PrivateKey."""
    stream = [one for one in p.packets(raw, WHAT) if not _passed_over(one)]
    if not stream or stream[0].type != p.PUBLIC_KEY:
        raise Malformed(WHAT, "it does not begin with a public key")
    primary = openpgp_key.parse(stream[0].body)
    direct: list[Signature] = []
    users: list[User] = []
    subkeys: list[Subkey] = []
    for packet, signatures in _groups(stream):
        match packet.type:
            case p.PUBLIC_KEY:
                direct.extend(signatures)
            case p.USER_ID | p.USER_ATTRIBUTE:
                users.append(User(packet.body, packet.type == p.USER_ATTRIBUTE, signatures))
            case _:
                subkeys.extend(_subkey(packet.body, primary, signatures))
    if len(subkeys) > MAX_SUBKEYS:
        raise Malformed(WHAT, f"more than {MAX_SUBKEYS} subkeys")
    return Certificate(primary, tuple(direct), tuple(users), tuple(subkeys))


def _passed_over(packet: p.Packet) -> bool:
    """Packets that mean nothing in a certificate. Raises Malformed, PrivateKey."""
    if packet.type in (p.SECRET_KEY, p.SECRET_SUBKEY):
        raise PrivateKey
    if packet.type in (p.MARKER, p.TRUST, p.PADDING) or packet.type >= p.FIRST_IGNORABLE:
        return True
    if packet.type not in (p.PUBLIC_KEY, p.PUBLIC_SUBKEY, p.USER_ID, p.USER_ATTRIBUTE, p.SIGNATURE):
        raise Malformed(WHAT, f"a packet of type {packet.type} belongs to no certificate", packet.offset)
    return False


def _groups(stream: list[p.Packet]) -> Iterator[tuple[p.Packet, tuple[Signature, ...]]]:
    """Each key or user with the signatures that follow it."""
    at = 0
    while at < len(stream):
        head = stream[at]
        if at and head.type == p.PUBLIC_KEY:
            raise Malformed(WHAT, "a second certificate in the same file", head.offset)
        end = at + 1
        while end < len(stream) and stream[end].type == p.SIGNATURE:
            end += 1
        yield head, tuple(_readable(stream[at + 1 : end]))
        at = end


def _readable(found: list[p.Packet]) -> Iterator[Signature]:
    """Signatures that can be read. One that cannot earns nothing, so it is left out, unless it may be a revocation."""
    for packet in found:
        try:
            yield openpgp_signature.parse(packet.body)
        except (Malformed, Unsupported):
            if len(packet.body) > 1 and packet.body[1] in _CLOSED:
                raise Malformed(WHAT, "a revocation in it cannot be read", packet.offset) from None


def _subkey(body: bytes, primary: Key, signatures: tuple[Signature, ...]) -> Iterator[Subkey]:
    """Subkeys of the primary key's version; others can sign nothing for it (section 10.1.1)."""
    try:
        key = openpgp_key.parse(body)
    except (Malformed, Unsupported):
        return
    if key.version == primary.version:
        yield Subkey(key, signatures)


def parse_signatures(raw: bytes) -> tuple[Signature | Unread, ...]:
    """Every signature of a binary signature file that holds nothing else. Raises Malformed."""
    found: list[Signature | Unread] = []
    for packet in p.packets(raw, SIGNATURE_FILE):
        if packet.type in (p.ONE_PASS, p.LITERAL, p.COMPRESSED):
            what = "a signed message that brings its own content, not a signature about a file"
            raise Malformed(SIGNATURE_FILE, what, packet.offset)
        if packet.type != p.SIGNATURE:
            raise Malformed(SIGNATURE_FILE, f"a packet of type {packet.type}, which is no signature", packet.offset)
        if len(found) == MAX_SIGNATURES:
            raise Malformed(SIGNATURE_FILE, f"more than {MAX_SIGNATURES} signatures", packet.offset)
        found.append(_signature(packet.body))
    return tuple(found)


def _signature(body: bytes) -> Signature | Unread:
    try:
        return openpgp_signature.parse(body)
    except Unsupported as problem:
        return Unread(str(problem))
