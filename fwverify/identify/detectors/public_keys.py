"""Public keys and certificates lying in an image: whom it would believe.

PEM: RFC 7468; certificates: RFC 5280; OpenSSH `authorized_keys`: sshd(8); read 2026-11-22.
Found in texts and programs alike where PEM decodes, in DER when it is the whole file, in authorized_keys by its
lines. Does NOT judge or trust any of them, and does NOT find raw moduli in code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fwverify.formats.names import quoted
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.keys import certificate_fingerprint, public_fingerprint, ssh_fingerprint
from fwverify.identify.pem import blocks, looks_der
from fwverify.identify.places import lies_at
from fwverify.model.evidence import ContentKind, ContentObservation
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc

CERTIFICATE_LABELS = frozenset({"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"})
KEY_LABELS = frozenset({"PUBLIC KEY", "RSA PUBLIC KEY", "DSA PUBLIC KEY"})
MAX_DER_FILE_BYTES = 32 * 1024
AUTHORIZED_KEYS = (".ssh/authorized_keys", ".ssh/authorized_keys2", "etc/dropbear/authorized_keys")
_SSH_LINE = re.compile(r"(?:^|\s)((?:ssh-rsa|ssh-ed25519|ecdsa-sha2-nistp\d{3}) [A-Za-z0-9+/]{40,}={0,3})")


def find(subject: Subject) -> Iterator[Found]:
    for block in blocks(subject.artifact.content):
        if block.label in CERTIFICATE_LABELS:
            yield from _certificate(subject, block.offset, _first_sequence(block.body))
        elif block.label in KEY_LABELS:
            yield from _key(subject, block.offset, block.body)
    content = subject.artifact.content
    if 40 <= len(content) <= MAX_DER_FILE_BYTES and content[0] == 0x30 and looks_der(bytes(content)):
        yield from _certificate(subject, 0, bytes(content))
        yield from _key(subject, 0, bytes(content))
    if lies_at(subject.artifact, *AUTHORIZED_KEYS) and subject.artifact.size:
        yield from _authorized(subject)


def _seen(subject: Subject, offset: int, fingerprint: str, what: str) -> ContentObservation:
    return ContentObservation(ContentKind.PUBLIC_KEY, subject.artifact.locator, offset, fingerprint, what)


def _first_sequence(body: bytes) -> bytes:
    """A TRUSTED CERTIFICATE has OpenSSL's notes behind the certificate."""
    if len(body) < 4 or body[:2] != b"\x30\x82":
        return body
    return body[: 4 + int.from_bytes(body[2:4], "big")]


def _certificate(subject: Subject, offset: int, data: bytes) -> Iterator[ContentObservation]:
    fingerprint, name = certificate_fingerprint(data)
    if fingerprint:
        yield _seen(subject, offset, fingerprint, f"certificate of {quoted(name.encode(), 160) or 'nobody'}")


def _key(subject: Subject, offset: int, data: bytes) -> Iterator[ContentObservation]:
    fingerprint, kind = public_fingerprint(data)
    if fingerprint:
        yield _seen(subject, offset, fingerprint, f"public key, {kind}")


def _authorized(subject: Subject) -> Iterator[ContentObservation]:
    if subject.text is None:
        raise Malformed("authorized_keys", "is not text")
    for line in subject.text.splitlines():
        hit = None if line.lstrip().startswith("#") else _SSH_LINE.search(line)
        if hit:
            fingerprint, kind = ssh_fingerprint(hit[1].encode())
            if fingerprint:
                yield _seen(subject, -1, fingerprint, f"may log in by SSH: public key, {kind}")


DETECTOR = Detector(
    name="public-key",
    find=find,
    doc=Doc(
        title="Public keys and certificates",
        references=("RFC 7468, RFC 5280, sshd(8), read 2026-11-22",),
        limitations=("Raw moduli in code and DER inside larger files are not found.",),
    ),
)
