"""OpenSSH public keys: the binary form, and the lines people keep them in.

Layouts: RFC 4253 section 6.6 (ssh-rsa), RFC 5656 section 3.1 (ECDSA), RFC 8709 section 4 (Ed25519), OpenSSH
PROTOCOL.u2f (sk- keys), ssh-keygen(1) "ALLOWED SIGNERS", sshd(8) "AUTHORIZED_KEYS FILE FORMAT", RFC 4716 section 3.3
(SSH2 files). Read 2026-11-22.

A file holds exactly one key; comment lines and blank lines aside. What the line says beside the key (principals,
namespaces, dates, cert-authority) stays in `PublicKey.material`, as the line was written. DSA is not read.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, replace

from fwverify.formats import public_key
from fwverify.formats.cursor import Cursor
from fwverify.formats.public_key import PublicKey
from fwverify.model.examining import Malformed, Unsupported

WHAT = "SSH public key"
NOTE = "SSH public key"
MAX_BYTES = 64 * 1024
CURVES = {"nistp256": "secp256r1", "nistp384": "secp384r1", "nistp521": "secp521r1"}
SK_ED25519, SK_ECDSA = "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"
KEY_TYPES = ("ssh-rsa", "ssh-ed25519", *(f"ecdsa-sha2-{one}" for one in CURVES), SK_ED25519, SK_ECDSA)
_OWN_OPTIONS = frozenset({"cert-authority", "namespaces", "valid-after", "valid-before"})
_LOGIN_OPTIONS = frozenset(
    {"agent-forwarding", "command", "environment", "expiry-time", "from", "no-agent-forwarding", "no-port-forwarding",
     "no-pty", "no-user-rc", "no-X11-forwarding", "no-touch-required", "permitlisten", "permitopen", "port-forwarding",
     "principals", "pty", "restrict", "tunnel", "user-rc", "verify-required", "X11-forwarding"}
)  # fmt: skip
"""Options of authorized_keys. They say nothing on signatures of files, and a line with them is read all the same."""
_FIELD = re.compile(r'(?:[^\s"]|"(?:[^"\\]|\\.)*")+')
_OPTION = re.compile(r'(?P<name>[A-Za-z0-9-]+)(?:="(?P<value>(?:[^"\\]|\\.)*)")?(?:,|$)')
_FIRST_OR_NEXT = re.compile(rf"(?:^|(?<=,)){_OPTION.pattern}")
"""Where an option may begin: tried anywhere, a long word would take the square of its length."""
_SSH2 = re.compile(
    r"\s*---- BEGIN SSH2 PUBLIC KEY ----\r?\n(?P<headers>(?:[A-Za-z0-9-]+: (?:[^\n]*\\\r?\n)*[^\n]*\n)*)"
    r"(?P<body>[A-Za-z0-9+/=\s]+)---- END SSH2 PUBLIC KEY ----\s*"
)


@dataclass(frozen=True, slots=True)
class SshKey:
    """A key in binary form, taken apart."""

    type: str
    public: PublicKey
    application: bytes = b""
    """sk- keys: what the token signs for."""
    binary: bytes = b""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an allowed_signers, authorized_keys or .pub file."""

    key: SshKey
    principals: str = ""
    """A pattern list; empty when the line names nobody."""
    options: tuple[tuple[str, str], ...] = ()

    def option(self, name: str) -> str | None:
        """An option's value, empty for one without; None when it is not given."""
        return dict(self.options).get(name)


def parse_key(content: memoryview | bytes) -> PublicKey:
    """Read a key file for the registry. `material` is the line.

    Raises:
        Malformed: it is not exactly one public key.
        Unsupported: a kind of key that is not read.
    """
    if len(content) > MAX_BYTES:
        raise Malformed(WHAT, f"{len(content)} bytes, more than {MAX_BYTES}")
    try:
        text = bytes(content).decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed(WHAT, "it is not UTF-8 text") from None
    line = _ssh2(text) if text.lstrip().startswith("---- ") else _one_line(text)
    key = parse_line(line).key
    digest = base64.b64encode(_sha256(key.binary)).decode().rstrip("=")
    return replace(key.public, key_id=f"SHA256:{digest}", note=NOTE, material=line.encode())


def _sha256(raw: bytes) -> bytes:
    import hashlib

    return hashlib.sha256(raw).digest()


def _one_line(text: str) -> str:
    lines = [one.strip() for one in text.splitlines()]
    lines = [one for one in lines if one and not one.startswith("#")]
    if len(lines) != 1:
        raise Malformed(WHAT, f"{len(lines)} keys in the file: give one with that single key in it")
    return lines[0]


def _ssh2(text: str) -> str:
    """The key of an RFC 4716 file, as a line."""
    whole = _SSH2.fullmatch(text)
    if whole is None:
        raise Malformed(WHAT, "not one SSH2 public key alone")
    body = "".join(whole["body"].split())
    return f"{parse_binary(_decoded(body)).type} {body}"


def parse_line(text: str) -> Line:
    """Take a line apart: `[principals] [options] type base64 [comment]`. Raises Malformed, Unsupported."""
    fields = _FIELD.findall(text)
    at = next((spot for spot, one in enumerate(fields[:3]) if _is_type(one)), -1)
    if at < 0 or at + 1 >= len(fields):
        raise Malformed(WHAT, "no type of key and base64 in it")
    binary = _decoded(fields[at + 1])
    key = parse_binary(binary)
    if key.type != fields[at]:
        raise Malformed(WHAT, f"the line says {fields[at]}, the key itself {key.type}")
    before = fields[:at]
    if len(before) == 2:
        return Line(key, before[0].strip('"'), _options(before[1], _OWN_OPTIONS))
    if len(before) == 1 and _are_options(before[0]):
        return Line(key, "", _options(before[0], _OWN_OPTIONS | _LOGIN_OPTIONS))
    return Line(key, before[0].strip('"') if before else "")


def _is_type(field: str) -> bool:
    return bool(
        re.fullmatch(r"(?:sk-)?(?:ssh-[a-z0-9]+|ecdsa-sha2-[a-z0-9]+)(?:(?:-cert-v\d\d)?@openssh\.com)?", field)
    )


def _are_options(field: str) -> bool:
    names = [one["name"] for one in _FIRST_OR_NEXT.finditer(field)]
    return bool(names) and {one.casefold() for one in names} <= {
        one.casefold() for one in _OWN_OPTIONS | _LOGIN_OPTIONS
    }


def _options(field: str, known: frozenset[str]) -> tuple[tuple[str, str], ...]:
    found, at = [], 0
    while at < len(field):
        one = _OPTION.match(field, at)
        if one is None or one["name"].casefold() not in {name.casefold() for name in known}:
            raise Malformed(WHAT, f"an option that is not known: {field[at : at + 40]}")
        found.append((one["name"].casefold(), (one["value"] or "").replace('\\"', '"')))
        at = one.end()
    if len({name for name, _ in found if name in _OWN_OPTIONS}) != len(
        [1 for name, _ in found if name in _OWN_OPTIONS]
    ):
        raise Malformed(WHAT, "an option stands twice")
    return tuple(found)


def _decoded(text: str) -> bytes:
    try:
        binary = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed(WHAT, "its base64 is damaged") from None
    if base64.b64encode(binary).decode() != text:
        raise Malformed(WHAT, "its base64 is not canonical")
    return binary


def parse_binary(binary: bytes) -> SshKey:
    """Take the binary form of a key apart. Raises Malformed, Unsupported."""
    at = Cursor(binary, WHAT)
    kind = string(at, "type").decode("ascii", "backslashreplace")
    if kind not in KEY_TYPES:
        raise Unsupported(f"an SSH key of type {kind[:64]}")
    public = material(at, kind)
    application = string(at, "application") if kind.startswith("sk-") else b""
    if at.left:
        raise Malformed(WHAT, f"{at.left} bytes after its end", at.at)
    return SshKey(kind, public, application, binary)


def material(at: Cursor, kind: str) -> PublicKey:
    """The fields of a key of a known type. Raises Malformed."""
    if kind == "ssh-rsa":
        exponent, modulus = integer(at, "exponent"), integer(at, "modulus")
        return _rsa(exponent, modulus)
    if "ed25519" in kind:
        raw = string(at, "Ed25519 key")
        if len(raw) != 32:
            raise Malformed(WHAT, f"an Ed25519 key of {len(raw)} bytes")
        return replace(public_key.ed25519(raw), note="public key")
    curve = string(at, "curve").decode("ascii", "replace")
    if not kind.removesuffix("@openssh.com").endswith(f"-{curve}") or curve not in CURVES:
        raise Malformed(WHAT, "its curve is not that of its type")
    return _ecdsa(curve, string(at, "point"))


def _rsa(exponent: int, modulus: int) -> PublicKey:
    from cryptography.hazmat.primitives.asymmetric import rsa

    if modulus.bit_length() > public_key.MAX_RSA_BITS:
        raise Malformed(WHAT, f"an RSA modulus of {modulus.bit_length()} bits")
    try:
        key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
        return public_key.of(key)
    except ValueError:
        raise Malformed(WHAT, "no RSA key has these numbers") from None


def _ecdsa(curve: str, point: bytes) -> PublicKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    known = {"nistp256": ec.SECP256R1(), "nistp384": ec.SECP384R1(), "nistp521": ec.SECP521R1()}
    if point[:1] != b"\x04":
        raise Malformed(WHAT, "a point that is not in uncompressed form")
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(known[curve], point)
        return public_key.of(key)
    except ValueError:
        raise Malformed(WHAT, "no point of its curve") from None


def string(at: Cursor, name: str) -> bytes:
    """RFC 4251 section 5."""
    return bytes(at.take(at.be32(name), name))


def integer(at: Cursor, name: str) -> int:
    """A multiple precision integer, positive and without needless zeros (RFC 4251 section 5). Raises Malformed."""
    raw = string(at, name)
    if not raw or raw[0] & 0x80 or (raw[0] == 0 and (len(raw) == 1 or not raw[1] & 0x80)):
        raise Malformed(at.what, f"{name} is zero, negative or not in its shortest form", at.at)
    return int.from_bytes(raw, "big")
