"""SSH signatures of files (SSHSIG).

Layout: OpenSSH PROTOCOL.sshsig; signature values: RFC 4253 section 6.6 and RFC 8332 section 3 (RSA), RFC 5656 section
3.1.2 (ECDSA), RFC 8709 section 6 (Ed25519), OpenSSH PROTOCOL.u2f "SSH U2F Signatures" (sk-). Read 2026-11-22.
A file is one armored value and nothing else; it is read to its last byte. Verifies nothing, and never trusts the
public key inside. OpenSSH certificates in the place of the key are told by their type and not read.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from fwverify.formats import ssh_key
from fwverify.formats.cursor import Cursor
from fwverify.formats.ssh_key import SshKey, integer, string
from fwverify.model.examining import Malformed, Unsupported

WHAT = "SSH signature"
MAX_BYTES = 64 * 1024
MAGIC = b"SSHSIG"
START = b"-----BEGIN SSH SIGNATURE-----"
HASHES = ("sha256", "sha512")
_ARMOR = re.compile(
    rb"\s*-----BEGIN SSH SIGNATURE-----\r?\n(?P<body>[A-Za-z0-9+/=\r\n]+)\n-----END SSH SIGNATURE-----\s*"
)


@dataclass(frozen=True, slots=True)
class Value:
    """The innermost signature, taken apart."""

    type: str
    """`ssh-ed25519`, `rsa-sha2-512`, `ecdsa-sha2-nistp256`, sk- types."""
    raw: bytes
    """RSA and Ed25519."""
    r: int = 0
    s: int = 0
    """ECDSA."""
    flags: int = 0
    counter: int = 0
    """sk- types: what the token adds."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature file, taken apart."""

    key: SshKey
    """As it lies in the file. Compared with the registry, never believed."""
    namespace: str
    reserved: bytes
    hash: str
    value: Value

    def signed(self, digest: bytes) -> bytes:
        """The bytes that are signed, for a digest of the file by `hash`."""
        parts = (self.namespace.encode("utf-8"), self.reserved, self.hash.encode(), digest)
        return MAGIC + b"".join(len(one).to_bytes(4, "big") + one for one in parts)


def looks_like_signature(content: memoryview) -> bool:
    """Cheap: an armor begins somewhere in a small text."""
    return len(content) <= MAX_BYTES and bool(re.search(rb"(?m)^-----BEGIN SSH SIGNATURE-----", bytes(content)))


def parse(content: memoryview | bytes) -> Signature:
    """Take a signature file apart. Raises Malformed, Unsupported."""
    if len(content) > MAX_BYTES:
        raise Malformed(WHAT, f"{len(content)} bytes, more than {MAX_BYTES}")
    whole = _ARMOR.fullmatch(bytes(content))
    if whole is None:
        raise Malformed(WHAT, "not one armored signature alone")
    text = b"".join(whole["body"].split())
    try:
        binary = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise Malformed(WHAT, "its base64 is damaged") from None
    if base64.b64encode(binary) != text:
        raise Malformed(WHAT, "its base64 is not canonical")
    return _binary(binary)


def _binary(binary: bytes) -> Signature:
    at = Cursor(binary, WHAT)
    if bytes(at.take(len(MAGIC), "magic")) != MAGIC:
        raise Malformed(WHAT, "it does not begin with SSHSIG", 0)
    version = at.be32("version")
    if version != 1:
        raise Unsupported(f"an SSH signature of version {version}")
    raw_key = string(at, "public key")
    try:
        namespace = string(at, "namespace").decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed(WHAT, "its namespace is no UTF-8 text") from None
    if not namespace:
        raise Malformed(WHAT, "its namespace is empty")
    reserved = string(at, "reserved field")
    name = string(at, "hash algorithm").decode("ascii", "backslashreplace")
    if name not in HASHES:
        raise Malformed(WHAT, f"its hash algorithm is {name[:32]}, neither sha256 nor sha512")
    value = string(at, "signature")
    if at.left:
        raise Malformed(WHAT, f"{at.left} bytes after its end", at.at)
    return Signature(ssh_key.parse_binary(raw_key), namespace, reserved, name, parse_value(value))


def parse_value(raw: bytes) -> Value:
    """Take the innermost signature apart. Raises Malformed, Unsupported."""
    at = Cursor(raw, f"{WHAT}, value")
    kind = string(at, "type").decode("ascii", "backslashreplace")
    if kind == "ssh-rsa":
        raise Unsupported("an RSA signature with SHA-1: too old for fwverify")
    inner = string(at, "value")
    flags, counter = (at.u8("flags"), at.be32("counter")) if kind.startswith("sk-") else (0, 0)
    if at.left:
        raise Malformed(WHAT, f"{at.left} bytes after its value", at.at)
    if kind in ("rsa-sha2-256", "rsa-sha2-512", "ssh-ed25519", ssh_key.SK_ED25519):
        return Value(kind, inner, flags=flags, counter=counter)
    if "ecdsa-sha2-" not in kind or kind not in ssh_key.KEY_TYPES:
        raise Unsupported(f"an SSH signature by {kind[:64]}")
    numbers = Cursor(inner, f"{WHAT}, ECDSA value")
    r, s = integer(numbers, "r"), integer(numbers, "s")
    if numbers.left:
        raise Malformed(WHAT, f"{numbers.left} bytes after s", numbers.at)
    return Value(kind, b"", r, s, flags, counter)
