"""Access tokens of well-known services, and SSH keys that may log in.

The shapes are the issuers' own: a fixed beginning and a fixed length (GitHub "Behind GitHub's new authentication token
formats", GitLab token overview, Slack token types, AWS IAM identifiers, Google API keys, Stripe API keys, SendGrid API
keys, npm and PyPI token formats; JSON Web Token, RFC 7519); authorized_keys: sshd(8); read 2026-11-23. What is kept is
kind, place and SHA-256, never the token. Does NOT find secrets without a shape of their own.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator

from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.places import lies_at
from fwverify.identify.scan import places
from fwverify.model.evidence import ContentKind, ContentObservation
from fwverify.model.plugin import Doc

SHAPES: tuple[tuple[bytes, bytes, str], ...] = (
    (b"AKIA", rb"AKIA[A-Z2-7]{16}", "AWS access key"),
    (b"ghp_", rb"ghp_[A-Za-z0-9]{36}", "GitHub token"),
    (b"gho_", rb"gho_[A-Za-z0-9]{36}", "GitHub token"),
    (b"ghs_", rb"ghs_[A-Za-z0-9]{36}", "GitHub token"),
    (b"github_pat_", rb"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}", "GitHub token"),
    (b"glpat-", rb"glpat-[A-Za-z0-9_-]{20}", "GitLab token"),
    (b"xoxb-", rb"xoxb-\d{10,13}-\d{10,13}-[A-Za-z0-9]{24}", "Slack token"),
    (b"xoxp-", rb"xoxp-\d{10,13}-\d{10,13}-\d{10,13}-[a-f0-9]{32}", "Slack token"),
    (b"AIza", rb"AIza[A-Za-z0-9_-]{35}", "Google API key"),
    (b"sk_live_", rb"sk_live_[A-Za-z0-9]{24,99}", "Stripe key"),
    (b"SG.", rb"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}", "SendGrid key"),
    (b"npm_", rb"npm_[A-Za-z0-9]{36}", "npm token"),
    (b"pypi-AgEI", rb"pypi-AgEI[A-Za-z0-9_-]{50,250}", "PyPI token"),
    (b"AccountKey=", rb"AccountKey=[A-Za-z0-9+/]{86}==", "Azure storage key"),
    (b"SharedAccessKey=", rb"SharedAccessKey=[A-Za-z0-9+/]{43}=", "Azure shared access key"),
    (b"eyJ", rb"eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{20,1000}", "JSON Web Token"),
)
"""What it begins with, its whole shape, and what it is."""
MIN_DIFFERENT = 8
"""Different characters in a token. Placeholders (`AKIAXXXXXXXXXXXXXXXX`) have fewer."""
AROUND_BYTES = 8192
MAX_SEEN = 100
PLACES = (".ssh/authorized_keys", ".ssh/authorized_keys2", "etc/dropbear/authorized_keys", "etc/ssh/authorized_keys")
_ANCHORS = tuple(b"".join(b"\\x%02x" % byte for byte in one) for one, _, _ in SHAPES)
_KEY_LINE = re.compile(r"(?:^|\s)((?:ssh|ecdsa|sk)-[a-z0-9@.-]+) ([A-Za-z0-9+/]{40,}={0,2})(?:\s|$)")
_WORD = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+/-")


def find(subject: Subject) -> Iterator[Found]:
    yield from _tokens(subject)
    if lies_at(subject.artifact, *PLACES) and subject.text:
        yield from _authorized(subject, subject.text)


def _tokens(subject: Subject) -> Iterator[Found]:
    content = subject.artifact.content
    seen: set[bytes] = set()
    for end, number in places(content, _ANCHORS, subject.limits.max_scan_events):
        anchor, shape, kind = SHAPES[number]
        start = end - len(anchor)
        found = re.compile(shape).match(bytes(content[start : end + AROUND_BYTES]))
        if found is None or found[0] in seen or not _stands_alone(content, start, start + found.end()):
            continue
        if len(set(found[0][len(anchor) :])) < MIN_DIFFERENT or (anchor == b"eyJ" and not _is_jwt(found[0])):
            continue
        seen.add(found[0])
        fingerprint = hashlib.sha256(found[0]).hexdigest()
        yield ContentObservation(ContentKind.TOKEN, subject.artifact.locator, start, fingerprint, kind)
        if len(seen) >= MAX_SEEN:
            return


def _stands_alone(content: memoryview, start: int, end: int) -> bool:
    """Not a piece of a longer run of such characters (Base64 data holds every short text sooner or later)."""
    return (start == 0 or content[start - 1] not in _WORD) and (end == len(content) or content[end] not in _WORD)


def _is_jwt(token: bytes) -> bool:
    head = token.partition(b".")[0]
    try:
        stated = json.loads(base64.urlsafe_b64decode(head + b"=" * (-len(head) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return False
    return isinstance(stated, dict) and "alg" in stated


def _authorized(subject: Subject, text: str) -> Iterator[Found]:
    for number, line in enumerate(text.splitlines()[:1000], 1):
        found = None if line.lstrip().startswith("#") else _KEY_LINE.search(line)
        if found is None:
            continue
        try:
            fingerprint = hashlib.sha256(base64.b64decode(found[2] + "=" * (-len(found[2]) % 4))).hexdigest()
        except (binascii.Error, ValueError):
            continue
        detail = f"{found[1]} key on line {number} may log in"
        yield ContentObservation(ContentKind.AUTHORIZED_KEY, subject.artifact.locator, -1, fingerprint, detail)


DETECTOR = Detector(
    name="token",
    find=find,
    doc=Doc(
        title="Access tokens and SSH keys that may log in",
        references=("token formats of their issuers; RFC 7519; sshd(8), read 2026-11-23",),
        limitations=("Passwords and secrets without a shape of their own are not found.",),
    ),
)
