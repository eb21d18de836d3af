"""minisign signature and public key files.

Layout: https://jedisct1.github.io/minisign/, "Signature format" and "Public key format", read 2026-11-22.
A signature file is four lines: untrusted comment; base64 of algorithm (2 bytes) | key id (8) | signature (64);
trusted comment; base64 of the global signature (64). A public key file is a comment and base64 of `Ed` | key id |
key (32), or that base64 line alone.

Whatever follows the fourth line is refused (the official tool reads over it: unsigned text that people would see).
Does not verify anything, and never uses the untrusted comment. signify's two-line files are another format.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from fwverify.model.examining import Malformed

SIGNATURE = "minisign signature"
PUBLIC_KEY = "minisign public key"
MAX_BYTES = 64 * 1024
"""The official tool reads comments of at most 8 kB."""
_UNTRUSTED = b"untrusted comment: "
_TRUSTED = b"trusted comment: "
_SECRET_KEY_BYTES = 158
"""Secret key: algorithms (6), salt (32), limits (16), id (8), key pair (64), checksum (32)."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature file, taken apart."""

    prehashed: bool
    """Algorithm `ED` (BLAKE2b-512 of the file is signed); False: legacy `Ed` (the file itself is signed)."""
    key_id: str
    """Sixteen hexadecimal digits as minisign prints them. A hint, never proof."""
    signature: bytes
    trusted_comment: bytes
    """Covered by the global signature only."""
    global_signature: bytes


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A public key file, taken apart."""

    key_id: str
    key: bytes
    """Ed25519, 32 bytes."""


def looks_like_signature(content: memoryview) -> bool:
    """Cheap: begins as a signature file does and has a trusted comment near the start."""
    head = bytes(content[:MAX_BYTES])
    return head.startswith(b"untrusted comment:") and b"\ntrusted comment:" in head


def parse_signature(content: memoryview | bytes) -> Signature:
    """Take a signature file apart. Raises Malformed."""
    if len(content) > MAX_BYTES:
        raise Malformed(SIGNATURE, f"{len(content)} bytes, more than {MAX_BYTES}")
    lines = _lines(bytes(content))
    if len(lines) != 4:
        raise Malformed(SIGNATURE, f"it has {len(lines)} lines instead of 4")
    if not lines[0].startswith(_UNTRUSTED) or not lines[2].startswith(_TRUSTED):
        raise Malformed(SIGNATURE, "the comments are not where they belong")
    blob = _decoded(lines[1], 74, SIGNATURE)
    if blob[:2] not in (b"ED", b"Ed"):
        raise Malformed(SIGNATURE, "its algorithm is neither ED nor Ed")
    comment = lines[2].removeprefix(_TRUSTED)
    return Signature(blob[:2] == b"ED", _shown(blob[2:10]), blob[10:], comment, _decoded(lines[3], 64, SIGNATURE))


def parse_public_key(content: memoryview | bytes) -> KeyFile:
    """Take a public key file apart. Raises Malformed."""
    if len(content) > MAX_BYTES:
        raise Malformed(PUBLIC_KEY, f"{len(content)} bytes, more than {MAX_BYTES}")
    lines = _lines(bytes(content))
    if lines and lines[0].startswith(_UNTRUSTED):
        lines = lines[1:]
    if len(lines) != 1:
        raise Malformed(PUBLIC_KEY, "it is not one line of base64 after an untrusted comment")
    blob = _decoded(lines[0], 42, PUBLIC_KEY)
    if blob[:2] != b"Ed":
        raise Malformed(PUBLIC_KEY, "its algorithm is not Ed")
    return KeyFile(_shown(blob[2:10]), blob[10:])


def is_secret_key(raw: bytes) -> bool:
    """True for a secret key file, encrypted or not."""
    if len(raw) > MAX_BYTES:
        return False
    try:
        blob = base64.b64decode(_lines(raw)[-1:][0] if _lines(raw) else b"", validate=True)
    except binascii.Error:
        return False
    return len(blob) == _SECRET_KEY_BYTES and blob.startswith(b"Ed")


def _lines(raw: bytes) -> list[bytes]:
    """Lines without their LF or CRLF; the last may lack it."""
    lines = raw.removesuffix(b"\n").split(b"\n") if raw else []
    return [one.removesuffix(b"\r") for one in lines]


def _decoded(line: bytes, size: int, what: str) -> bytes:
    try:
        blob = base64.b64decode(line, validate=True)
    except binascii.Error:
        raise Malformed(what, "a line that should be base64 is not") from None
    if len(blob) != size or base64.b64encode(blob) != line:
        raise Malformed(what, f"a base64 line holds {len(blob)} bytes instead of {size}, or is not canonical")
    return blob


def _shown(key_id: bytes) -> str:
    return f"{int.from_bytes(key_id, 'little'):016X}"
