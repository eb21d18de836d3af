"""Private keys lying in an image.

PEM: RFC 7468; PKCS #8: RFC 5958; PKCS #1: RFC 8017 appendix A; SEC 1: RFC 5915; OpenSSH: PROTOCOL.key;
OpenPGP armour: RFC 9580 section 6.2; read 2026-11-22.
A header line alone is nothing (every program that reads keys contains it): the body must decode, and be a key or
ciphertext of the right shape. What is kept is place, kind and fingerprint, never the key. Keys that libraries carry
for their own self-tests are reported too; the detail says they sit in an executable. Does NOT find keys split up,
obfuscated, or in DER inside larger files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.keys import private_fingerprint
from fwverify.identify.pem import Block, blocks, looks_der
from fwverify.model.evidence import ContentKind, ContentObservation
from fwverify.model.plugin import Doc

DER_LABELS = frozenset({"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY", "ANY PRIVATE KEY"})
MAX_DER_FILE_BYTES = 32 * 1024
"""A DER private key file. RSA with 16384 bits takes 10 KiB."""
OPENSSH_MAGIC = b"openssh-key-v1\0"
MIN_CIPHERTEXT_BYTES = 48
DROPBEAR_PREFIXES = (b"\0\0\0\x07ssh-rsa", b"\0\0\0\x0bssh-ed25519", b"\0\0\0\x13ecdsa-sha2-nistp")


def find(subject: Subject) -> Iterator[Found]:
    for block in blocks(subject.artifact.content):
        yield from _block(subject, block)
    yield from _der_file(subject)
    yield from _dropbear_file(subject)


def _seen(subject: Subject, offset: int, fingerprint: str, what: str) -> ContentObservation:
    where = " in an executable" if subject.executable is not None else ""
    return ContentObservation(ContentKind.PRIVATE_KEY, subject.artifact.locator, offset, fingerprint, what + where)


def _block(subject: Subject, block: Block) -> Iterator[ContentObservation]:
    unnamed = hashlib.sha256(block.raw).hexdigest()
    match block.label:
        case "ENCRYPTED PRIVATE KEY" if looks_der(block.body):
            yield _seen(subject, block.offset, unnamed, "encrypted private key (PKCS #8)")
        case "OPENSSH PRIVATE KEY" if block.body.startswith(OPENSSH_MAGIC):
            fingerprint, kind = private_fingerprint(block.raw, openssh=True)
            text = f"private key, OpenSSH, {kind}" if kind else "private key, OpenSSH, encrypted or unusual"
            yield _seen(subject, block.offset, fingerprint or unnamed, text)
        case "PGP PRIVATE KEY BLOCK" if block.body[0] & 0x80:
            yield _seen(subject, block.offset, unnamed, "private key, OpenPGP")
        case label if label in DER_LABELS and block.encrypted and len(block.body) >= MIN_CIPHERTEXT_BYTES:
            yield _seen(subject, block.offset, unnamed, f"encrypted private key ({label})")
        case label if label in DER_LABELS and looks_der(block.body):
            fingerprint, kind = private_fingerprint(block.body)
            yield _seen(subject, block.offset, fingerprint or unnamed, f"private key, {kind or 'of an unusual kind'}")


def _der_file(subject: Subject) -> Iterator[ContentObservation]:
    """The whole artifact is one DER private key."""
    content = subject.artifact.content
    if not 40 <= len(content) <= MAX_DER_FILE_BYTES or content[0] != 0x30:
        return
    data = bytes(content)
    if looks_der(data) and b"\x02\x01" in data[:8]:  # all three forms begin with a version number
        fingerprint, kind = private_fingerprint(data)
        if fingerprint:
            yield _seen(subject, 0, fingerprint, f"private key, DER, {kind}")


def _dropbear_file(subject: Subject) -> Iterator[ContentObservation]:
    """A Dropbear host key: name, then numbers, and more of them than a public key has."""
    content = subject.artifact.content
    if not 64 <= len(content) <= MAX_DER_FILE_BYTES:
        return
    data = bytes(content)
    if not data.startswith(DROPBEAR_PREFIXES):
        return
    fields = _ssh_fields(data)
    name = fields[0] if fields else b""
    least = {b"ssh-rsa": 4, b"ssh-ed25519": 2}.get(name, 4)  # a public key has 3, 2 (32 bytes) and 3
    private = len(fields) >= least and (name != b"ssh-ed25519" or len(fields[1]) == 64)
    if private:
        kind = name.decode("ascii", "replace")
        yield _seen(subject, 0, hashlib.sha256(data).hexdigest(), f"private key, Dropbear host key, {kind}")


def _ssh_fields(data: bytes) -> list[bytes]:
    """Length-prefixed strings that fill the file exactly; none when they do not."""
    fields, at = [], 0
    while at + 4 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if at + 4 + size > len(data):
            return []
        fields.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return fields if at == len(data) else []


DETECTOR = Detector(
    name="private-key",
    find=find,
    doc=Doc(
        title="Private keys",
        references=("RFC 7468, RFC 5958, RFC 8017, RFC 5915, RFC 9580, OpenSSH PROTOCOL.key, read 2026-11-22",),
        limitations=("DER keys inside larger files, split or obfuscated keys are not found.",),
    ),
)
