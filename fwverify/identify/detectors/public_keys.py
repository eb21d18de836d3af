"""Public keys and certificates lying in an image: whom it would believe.

PEM: RFC 7468; certificates and keys: RFC 5280; OpenSSH `authorized_keys`: sshd(8); AVB, U-Boot, names of published
keys: see `formats.key_search` and `trust.key_names`; read 2026-11-22.
Found in texts and programs alike: PEM where it decodes, DER certificates and keys, AVB key blobs, keys in U-Boot's own
device tree, authorized_keys by its lines. A published test key is also found by what a device keeps of it (digests
burnt into fuses or trailers, the first bytes of the bare number). Does NOT judge or trust any of them, and does NOT
find other keys that are kept as bare numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from fwverify.formats import key_search
from fwverify.formats.names import quoted
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.keys import certificate_fingerprint, public_fingerprint, ssh_fingerprint
from fwverify.identify.pem import blocks, looks_der
from fwverify.identify.places import lies_at
from fwverify.identify.scan import places
from fwverify.model.evidence import ContentKind, ContentObservation
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.trust.known_test_keys import by_bytes

CERTIFICATE_LABELS = frozenset({"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"})
KEY_LABELS = frozenset({"PUBLIC KEY", "RSA PUBLIC KEY", "DSA PUBLIC KEY"})
MAX_DER_FILE_BYTES = 32 * 1024
KINDS = {
    "avb-sha1": "SHA-1 of its AVB form",
    "avb-sha256": "SHA-256 of its AVB form",
    "esp-efuse": "ESP secure boot digest",
    "mcuboot": "MCUboot key hash",
    "modulus-sha256": "SHA-256 of its modulus",
    "pkcs1-sha1": "SHA-1 of the key",
    "raw": "the number itself",
    "spki-sha1": "SHA-1 of the key",
    "spki-sha256": "SHA-256 of the key",
    "ssh-sha256": "SSH fingerprint",
    "x509-sha1": "SHA-1 of its certificate",
    "x509-sha256": "SHA-256 of its certificate",
}
"""What of a published key was found, in plain words."""
AUTHORIZED_KEYS = (".ssh/authorized_keys", ".ssh/authorized_keys2", "etc/dropbear/authorized_keys")
_SSH_LINE = re.compile(r"(?:^|\s)((?:ssh-rsa|ssh-ed25519|ecdsa-sha2-nistp\d{3}) [A-Za-z0-9+/]{40,}={0,3})")


def find(subject: Subject) -> Iterator[Found]:
    seen: set[str] = set()
    for one in _in_clear(subject):
        seen.add(one.fingerprint)
        yield one
    for found in _binary(subject, seen):
        seen.add(found.fingerprint)
        yield found


def _in_clear(subject: Subject) -> Iterator[ContentObservation]:
    """PEM blocks, a whole DER file, lines of authorized_keys."""
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


@cache
def _searched() -> tuple[tuple[bytes, ...], tuple[int, ...]]:
    """(expressions, bytes each matches): the anchors of keys, then what published keys are known by."""
    names = tuple(b"".join(b"\\x%02x" % byte for byte in name) for name in by_bytes())
    sizes = (6, 16, 10, 12, 12, 5, 9)
    return (*key_search.ANCHORS[: len(sizes)], *names), (*sizes, *(len(one) for one in by_bytes()))


def _binary(subject: Subject, seen: set[str]) -> Iterator[ContentObservation]:
    """Keys as bytes. One that was told already is left out: its PEM block or certificate says more."""
    content = subject.artifact.content
    expressions, sizes = _searched()
    anchors = len(sizes) - len(by_bytes())
    hits = [(end - sizes[kind], kind) for end, kind in places(content, expressions, key_search.MAX_HITS)]
    told = set(seen)
    for one in key_search.read(content, sorted(hit for hit in hits if hit[1] < anchors)):
        if one.key.fingerprint not in told:
            told.add(one.key.fingerprint)
            yield _seen(subject, one.offset, one.key.fingerprint, f"{one.what}, {one.key.algorithm}")
    names = tuple(by_bytes().values())
    for offset, kind in sorted(hit for hit in hits if hit[1] >= anchors):
        how, known = names[kind - anchors]
        if known.fingerprint not in told:
            told.add(known.fingerprint)
            yield _seen(subject, offset, known.fingerprint, f"{KINDS[how]}: {known.label}")


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
        limitations=(
            "Keys kept as bare numbers are found only where the key is a published one.",
            "A key that lies in an image is not thereby one that the device believes.",
        ),
    ),
)
