"""signify and usign: signature files, public keys, and messages that carry their signature in front.

Layout: OpenBSD signify(1) and signify.c, "reqmsg" and "siginfo"; OpenWrt usign, which writes the same; read 2026-11-22.
A signature is two lines: `untrusted comment: ` and free text of at most 1023 bytes; base64 of `Ed` | key number (8) |
Ed25519 signature (64). A public key is the same with 32 bytes. With -e, and for checksum lists (-C), the signed message
follows the second line in the same file.

The official tools read over whatever follows the second line of a detached signature; here it is kept and told.
Does not verify anything, never uses the comment, does not read secret keys or signatures inside gzip headers (-z).
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, replace

from fwverify.formats import public_key
from fwverify.formats.public_key import PublicKey
from fwverify.model.examining import Malformed

SIGNATURE = "signify signature"
PUBLIC_KEY = "signify public key"
MAX_COMMENT_BYTES = 1024
"""signify's COMMENTHDRLEN and COMMENTMAXLEN."""
KEY_BYTES, SIGNATURE_BYTES = 2 + 8 + 32, 2 + 8 + 64
_COMMENT = b"untrusted comment: "
_START = re.compile(rb"untrusted comment: [^\r\n\0]{0,1024}\r?\n[A-Za-z0-9+/]{98}[A-Za-z0-9+/=]{2}(?:\r?\n|\Z)")
"""A comment and the base64 of 74 bytes."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature file, taken apart."""

    key_number: str
    """Sixteen hexadecimal digits, as usign names key files. A hint, never proof."""
    signature: bytes
    end: int
    """Where the signature's lines end in the file: a message or stray bytes may follow."""
    plain: bool
    """The comment is printable ASCII and the lines end as signify ends them: nothing hides in the frame."""


def looks_like_signature(content: memoryview | bytes) -> bool:
    """Cheap: a comment and one line of the right length, and no second comment as minisign has."""
    head = bytes(content[: 2 * MAX_COMMENT_BYTES])
    found = _START.match(head)
    return found is not None and not head[found.end() :].startswith(b"trusted comment:")


def parse_signature(content: memoryview | bytes) -> Signature:
    """Take the signature at the front of a file apart. Raises Malformed."""
    head = bytes(content[: 2 * MAX_COMMENT_BYTES])
    comment, line, end = _two_lines(head, SIGNATURE)
    blob = _decoded(line, SIGNATURE_BYTES, SIGNATURE)
    plain = all(0x20 <= one < 0x7F for one in comment) and head[:end].removesuffix(b"\n") == comment + b"\n" + line
    return Signature(blob[2:10].hex(), blob[10:], end, plain)


def parse_key(content: memoryview | bytes) -> PublicKey:
    """Read a public key file of signify or usign; the comment may be missing, as usign allows. Raises Malformed."""
    raw = bytes(content)
    if len(raw) > 2 * MAX_COMMENT_BYTES:
        raise Malformed(PUBLIC_KEY, f"{len(raw)} bytes, more than {2 * MAX_COMMENT_BYTES}")
    if raw.startswith(_COMMENT):
        _, line, end = _two_lines(raw, PUBLIC_KEY)
    else:
        line, end = _line(raw, 0)
    if raw[end:].strip(b"\r\n"):
        raise Malformed(PUBLIC_KEY, "something follows the key", end)
    blob = _decoded(line, KEY_BYTES, PUBLIC_KEY)
    return replace(public_key.ed25519(blob[10:]), key_id=blob[2:10].hex(), note=PUBLIC_KEY)


def _two_lines(raw: bytes, what: str) -> tuple[bytes, bytes, int]:
    """(comment line, base64 line, where it ends)."""
    comment, at = _line(raw, 0)
    if not comment.startswith(_COMMENT) or len(comment) > len(_COMMENT) + MAX_COMMENT_BYTES:
        raise Malformed(what, "it does not begin with an untrusted comment", 0)
    line, end = _line(raw, at)
    return comment, line, end


def _line(raw: bytes, at: int) -> tuple[bytes, int]:
    """A line without its LF or CRLF, and where the next begins; the last line may lack its end."""
    end = raw.find(b"\n", at)
    line = raw[at:] if end < 0 else raw[at:end]
    return line.removesuffix(b"\r"), len(raw) if end < 0 else end + 1


def _decoded(line: bytes, size: int, what: str) -> bytes:
    try:
        blob = base64.b64decode(line, validate=True)
    except binascii.Error:
        raise Malformed(what, "its second line is not base64") from None
    if len(blob) != size or base64.b64encode(blob) != line:
        raise Malformed(what, f"its second line holds {len(blob)} bytes instead of {size}, or is not canonical")
    if blob[:2] != b"Ed":
        raise Malformed(what, "its algorithm is not Ed")
    return blob
