"""Public keys in the files people keep them in -> one value with the fingerprint of its SubjectPublicKeyInfo.

Reads: SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) and X.509 certificates (RFC 5280) as PEM (RFC 7468) or DER,
PKCS#1 RSAPublicKey as PEM (RFC 8017 appendix A.1.1), minisign public key files, ML-DSA (RFC 9881), Ed25519 and Ed448
(RFC 8410); a bare 32-byte Ed25519 key in hexadecimal or base64 only through `parse_raw_ed25519`. Read 2026-11-22.
OpenPGP certificates, OpenSSH public keys, signify and LMS/HSS keys are told here by how they begin and read by the
module of their format.

A file holds exactly one key and nothing else: text around a PEM block or a second block would let two readers see
two keys. A private key is refused, whoever brings it. Of a certificate the key alone is used: names, dates and
issuers in it are claims, what counts is what the registry says. The fingerprint is taken over the key as encoded
again, so that one key has one fingerprint however its file was written (compressed point, RSASSA-PSS identifier).

Does not do: chains of certificates; EC keys with explicit parameters; XMSS.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import replace

from fwverify.formats import minisign, pss_key
from fwverify.formats.public_key import WHAT, PrivateKey, PublicKey, ed25519, of
from fwverify.limits import LimitExceeded
from fwverify.model.examining import Encrypted, Malformed, Unsupported

MAX_BYTES = 256 * 1024
"""A certificate with an ML-DSA-87 key and signature has 8 kB, its PEM 11 kB; an OpenPGP certificate with the
signatures of many people has 100 kB."""
_BLOCK = re.compile(
    rb"\s*-----BEGIN (?P<label>[A-Z0-9 ]+)-----\r?\n(?P<body>[A-Za-z0-9+/=\s]+)-----END (?P=label)-----\s*"
)
_SSH_TYPE = re.compile(rb"(?:^|[\s,])(?:sk-)?(?:ssh-(?:rsa|dss|ed25519|ed448)|ecdsa-sha2-nistp\d+)(?:@openssh\.com)?\s")
_OPENPGP_SECRET = frozenset({0x94, 0x95, 0x96, 0xC5})
"""The first byte of a packet with tag 5, secret key (RFC 9580 section 4.2)."""
_SIGNIFY_SECRET = re.compile(rb"(?m)^RWRCS[A-Za-z0-9+/]{134}=\s*$")
"""base64 of `Ed` `BK` and the rest of 104 bytes: signify's secret key file (signify.c, `struct enckey`)."""
_LMS_OID = bytes.fromhex("060b2a864886f70d0109100311")
"""id-alg-hss-lms-hashsig (RFC 9708 section 4), DER."""


def parse(content: memoryview | bytes) -> PublicKey:
    """Read a key file of any supported kind.

    Raises:
        PrivateKey: it is a private key.
        Malformed: it is not exactly one public key.
    """
    if not 0 < len(content) <= MAX_BYTES:
        raise Malformed(WHAT, f"a key file has 1 to {MAX_BYTES} bytes, this has {len(content)}")
    raw = bytes(content)
    _refuse_private(raw)
    other = _other_format(raw)
    if other is not None:
        return _read(other, raw)
    if raw.lstrip().startswith(b"-----BEGIN "):
        return _pem(raw)
    if raw[:1] == b"\x30":
        return _der(raw)
    return _minisign(raw)


def parse_signify(content: memoryview | bytes) -> PublicKey:
    """Read a signify or usign key. minisign's files are laid out alike, so only the comment tells them apart, and
    comments prove nothing: who knows what the file is says so. Raises Malformed.
    """
    from fwverify.formats import signify

    return _read(signify.parse_key, bytes(content))


def parse_minisign(content: memoryview | bytes) -> PublicKey:
    """Read a minisign key, whatever its comment says. Raises Malformed."""
    return _minisign(bytes(content))


def _other_format(raw: bytes) -> Callable[[bytes], PublicKey] | None:
    """The reader of the format with a module of its own that these bytes begin like; None for the rest."""
    start = raw.lstrip()
    line = _first_line(start)
    if start.startswith(b"-----BEGIN PGP ") or _is_openpgp(raw):
        from fwverify.formats import openpgp

        return openpgp.parse_key
    if start.startswith(b"---- BEGIN SSH2 ") or _SSH_TYPE.search(line):
        from fwverify.formats import ssh_key

        return ssh_key.parse_key
    if start.startswith(b"untrusted comment:") and b"minisign" not in line:
        from fwverify.formats import signify

        return signify.parse_key
    if raw[0] == 0:
        from fwverify.formats import lms

        return lms.parse_key
    return None


def _first_line(start: bytes) -> bytes:
    """The first line that is not blank and no comment of an SSH file."""
    return next((one for one in start.split(b"\n") if one.strip() and not one.startswith(b"#")), b"")


def _is_openpgp(raw: bytes) -> bool:
    """A packet with tag 6, public key, old or new format (RFC 9580 section 4.2)."""
    return raw[0] in (0x98, 0x99, 0x9A, 0xC6)


def _read(reader: Callable[[bytes], PublicKey], raw: bytes) -> PublicKey:
    """What another format's reader cannot do is, for a key file, a file that cannot be used."""
    try:
        return reader(raw)
    except (Unsupported, Encrypted, LimitExceeded) as problem:
        raise Malformed(WHAT, str(problem)) from None


def parse_raw_ed25519(text: str) -> PublicKey:
    """Read a bare Ed25519 key, 64 hexadecimal digits or base64 of 32 bytes. Raises Malformed."""
    clean = text.strip()
    try:
        raw = bytes.fromhex(clean) if len(clean) == 64 else base64.b64decode(clean, validate=True)
    except ValueError:
        raise Malformed(WHAT, "neither 64 hexadecimal digits nor base64 of 32 bytes") from None
    if len(raw) != 32:
        raise Malformed(WHAT, f"an Ed25519 key has 32 bytes, this has {len(raw)}")
    return replace(ed25519(raw), note="raw key")


def _refuse_private(raw: bytes) -> None:
    if b"PRIVATE KEY" in raw or raw[0] in _OPENPGP_SECRET:
        raise PrivateKey
    if minisign.is_secret_key(raw) or _SIGNIFY_SECRET.search(raw[:4096]):
        raise PrivateKey
    # PKCS#8 and PKCS#1 (version 0 or 1), SEC 1 (version 1): a DER sequence that begins with a one-byte integer.
    if re.match(rb"\x30(?:[\x00-\x7f]|\x81.|\x82..|\x83...)\x02\x01[\x00\x01]", raw, re.DOTALL):
        raise PrivateKey


def _pem(raw: bytes) -> PublicKey:
    whole = _BLOCK.fullmatch(raw)
    if whole is None:
        raise Malformed(WHAT, "not one PEM block alone: give a file with that single key or certificate in it")
    label = whole["label"].decode()
    try:
        der = base64.b64decode(b"".join(whole["body"].split()), validate=True)
    except binascii.Error:
        raise Malformed(WHAT, f"the base64 of the {label} block is damaged") from None
    match label:
        case "PUBLIC KEY":
            return _subject_public_key_info(der)
        case "CERTIFICATE":
            return _certificate(der)
        case "RSA PUBLIC KEY":
            return _loaded(der, "public key")  # cryptography reads PKCS#1 in the place of SubjectPublicKeyInfo
    raise Malformed(WHAT, f"a PEM block {label!r} is neither a public key nor a certificate")


def _der(raw: bytes) -> PublicKey:
    try:
        return _subject_public_key_info(raw)
    except Malformed as problem:
        try:
            return _certificate(raw)
        except Malformed:
            raise problem from None


def _minisign(raw: bytes) -> PublicKey:
    try:
        found = minisign.parse_public_key(raw)
    except Malformed as problem:
        raise Malformed(WHAT, f"it is no key in PEM or DER form, nor one of minisign ({problem.reason})") from None
    return replace(ed25519(found.key), key_id=found.key_id, note="minisign public key")


def _subject_public_key_info(der: bytes) -> PublicKey:
    if _LMS_OID in der[:32]:
        from fwverify.formats import lms

        return _read(lms.parse_key, der)
    if re.match(rb"\x30(?:[\x00-\x7f]|\x81.|\x82..)\x02", der, re.DOTALL):
        raise Malformed(WHAT, "not a SubjectPublicKeyInfo")
    return _loaded(der, "public key")


def _loaded(der: bytes, note: str) -> PublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        found = of(load_der_public_key(der), note)
        return replace(found, material=der) if pss_key.DER_IDENTIFIER in der[:40] else found
    except (ValueError, UnsupportedAlgorithm) as problem:
        raise Malformed(WHAT, f"not a public key of a kind known here ({_short(problem)})") from None


def _certificate(der: bytes) -> PublicKey:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        found = of(x509.load_der_x509_certificate(der).public_key(), "certificate")
        return replace(found, material=der)
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion) as problem:
        raise Malformed(WHAT, f"not a certificate with a key of a kind known here ({_short(problem)})") from None


def _short(problem: Exception) -> str:
    """The library's words, first sentence only."""
    return str(problem).partition(". ")[0][:120] or type(problem).__name__
