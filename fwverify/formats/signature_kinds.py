"""Recognises signature files of formats that are not verified yet, so that they are named.

Recognition only: `recognised` looks at the first bytes, `alone` at where the signature ends, because a file that goes
on behind its signature holds something else too. Nothing is decoded.

Sources: RFC 9580 section 6.2 (OpenPGP armor), RFC 7468 (PEM labels), RFC 5652 section 5.1 (CMS SignedData object
identifier), OpenSSH PROTOCOL.sshsig, signify(1). Read 2026-11-22.
"""

from __future__ import annotations

import re

_ARMORS = (
    (b"-----BEGIN PGP SIGNATURE-----", "OpenPGP"),
    (b"-----BEGIN PGP SIGNED MESSAGE-----", "OpenPGP (clear-signed)"),
    (b"-----BEGIN PKCS7-----", "CMS/PKCS#7"),
    (b"-----BEGIN CMS-----", "CMS/PKCS#7"),
    (b"-----BEGIN SSH SIGNATURE-----", "SSH signature"),
)
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
"""DER of the object identifier id-signedData."""
_BASE64 = rb"(?:[A-Za-z]+: [^\r\n]*\r?\n)*[A-Za-z0-9+/=\s]*"
"""The inside of an armor: header lines of OpenPGP, then base64."""
_ARMORED = re.compile(
    rb"\s*-----BEGIN (?P<label>PGP SIGNATURE|PKCS7|CMS|SSH SIGNATURE)-----\r?\n"
    + _BASE64
    + rb"-----END (?P=label)-----\s*"
)
_CLEAR_SIGNED = re.compile(
    rb"\s*-----BEGIN PGP SIGNED MESSAGE-----\r?\n[^\0]*\n-----BEGIN PGP SIGNATURE-----\r?\n"
    + _BASE64
    + rb"-----END PGP SIGNATURE-----\s*"
)
_SIGNIFY = re.compile(rb"untrusted comment: [^\r\n]*\n[A-Za-z0-9+/=]{100}\n?")
"""A comment and 74 bytes in base64."""


def recognised(view: memoryview) -> str:
    """Name of the signature format, or empty."""
    head = bytes(view[:512])
    stripped = head.lstrip()
    for start, name in _ARMORS:
        if stripped.startswith(start):
            return name
    if head[:1] == b"\x30" and _SIGNED_DATA in head[:24]:
        return "CMS/PKCS#7"
    if head.startswith(b"untrusted comment:") and b"signify" in head[:100] and len(view) < 512:
        return "signify"
    return ""


def alone(view: memoryview) -> str:
    """Name of the signature format when the file is that signature from its first to its last byte; else empty.

    The caller bounds the size.
    """
    kind, raw = recognised(view), bytes(view)
    if kind == "signify":
        return kind if _SIGNIFY.fullmatch(raw) else ""
    if raw[:1] == b"\x30":
        return kind if _der_length(raw) == len(raw) else ""
    whole = _CLEAR_SIGNED if "clear-signed" in kind else _ARMORED
    return kind if kind and whole.fullmatch(raw) else ""


def _der_length(raw: bytes) -> int:
    """Bytes of the outermost element, header included (X.690 section 8.1.3); 0 for the indefinite form."""
    if len(raw) < 2:
        return 0
    if raw[1] < 0x80:
        return 2 + raw[1]
    count = raw[1] & 0x7F
    return 2 + count + int.from_bytes(raw[2 : 2 + count], "big") if 0 < count <= 4 else 0
