"""Recognises signature files of formats that are not verified yet, so that they are named.

Recognition only: `recognised` looks at the first bytes, `alone` at where the signature ends, because a file that goes
on behind its signature holds something else too. Nothing is decoded.

Sources: RFC 9580 section 6.2 (OpenPGP armor), RFC 7468 (PEM labels), RFC 5652 section 5.1 (CMS SignedData object
identifier), OpenSSH PROTOCOL.sshsig, signify(1), The Update Framework 1.0.34 section 4.2, RFC 7515 sections 3.1 and
7.2 (JWS), draft-ietf-suit-manifest-34 section 8.2 (tag 107), RFC 9052 section 2 (COSE_Sign1, tag 18), XML Signature
1.1 section 4, ostree-core (detached metadata keys). Read 2026-11-22.
"""

from __future__ import annotations

import base64
import re

from fwverify.formats import der, openpgp_files, strict_json
from fwverify.model.examining import Malformed, Unsupported

_ARMORS = (
    (b"-----BEGIN PGP SIGNATURE-----", "OpenPGP"),
    (b"-----BEGIN PGP SIGNED MESSAGE-----", "OpenPGP (clear-signed)"),
    (b"-----BEGIN PKCS7-----", "CMS/PKCS#7"),
    (b"-----BEGIN CMS-----", "CMS/PKCS#7"),
    (b"-----BEGIN PKCS #7 SIGNED DATA-----", "CMS/PKCS#7"),
    (b"-----BEGIN SIGNED MESSAGE-----", "CMS/PKCS#7"),
    (b"-----BEGIN SSH SIGNATURE-----", "SSH signature"),
)
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
"""DER of the object identifier id-signedData."""
_BASE64 = rb"(?:[A-Za-z]+: [^\r\n]*\r?\n)*[A-Za-z0-9+/=\s]*"
"""The inside of an armor: header lines of OpenPGP, then base64."""
_ARMORED = re.compile(
    rb"\s*-----BEGIN (?P<label>PGP SIGNATURE|PKCS7|CMS|PKCS #7 SIGNED DATA|SIGNED MESSAGE|SSH SIGNATURE)-----\r?\n"
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


MAX_DOCUMENT_BYTES = 16 << 20
"""Of TUF metadata and other signed documents that are looked at: targets of a large repository have some MiB."""
_JWS = re.compile(rb"\s*(?P<header>e[A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\s*")
_JWS_FIELD = re.compile(rb'"(?:protected|header)"\s*:')
_TUF_ROLE = re.compile(rb'"_type"\s*:\s*"(?:root|targets|snapshot|timestamp|mirrors)"', re.IGNORECASE)
_IN_TOTO_FILE = re.compile(rb'"_type"\s*:\s*"(?:link|layout)"')
_XML_SIGNATURE = b"http://www.w3.org/2000/09/xmldsig#"
_OSTREE = (b"ostree.gpgsigs", b"ostree.sign.")
"""Keys of ostree's detached metadata (`summary.sig`, `*.commitmeta`), which is a GVariant dictionary."""
_SUIT_ENVELOPE = b"\xd8\x6b"
"""CBOR tag 107."""
_COSE_SIGN1 = b"\xd2\x84"
"""CBOR tag 18 and an array of four."""


def document(view: memoryview) -> str:
    """Name of the format of a signed document that is text or metadata of its own and is not verified yet, or empty.

    The file is that document from its first to its last byte, as far as brackets and line ends tell.
    """
    if not 0 < len(view) <= MAX_DOCUMENT_BYTES:
        return ""
    raw = bytes(view)
    if raw.lstrip()[:1] == b"{":
        return _json_document(raw)
    if _is_compact_jws(raw):
        return "JWS"
    if raw.lstrip()[:1] == b"<" and _XML_SIGNATURE in raw and re.search(rb"<(?:\w+:)?Signature[\s>]", raw[:4096]):
        return "XML-DSig" if strict_json.is_text(raw) and raw.rstrip().endswith(b"Signature>") else ""
    if len(raw) < 1 << 20 and raw.startswith(_OSTREE):
        return "ostree"
    return ""


def _json_document(raw: bytes) -> str:
    kind = ""
    if b'"base64Signature"' in raw and b'"rekorBundle"' in raw:
        kind = "older cosign"
    elif b'"signatures"' not in raw and b'"signature"' not in raw:
        return ""
    elif b'"signed"' in raw and _TUF_ROLE.search(raw):
        kind = "TUF"
    elif b'"signed"' in raw and _IN_TOTO_FILE.search(raw):
        kind = "in-toto link"
    elif b'"payload"' in raw and b'"payloadType"' not in raw and _JWS_FIELD.search(raw):
        kind = "JWS"
    return kind if kind and strict_json.stands_alone(memoryview(raw)) else ""


def _is_compact_jws(raw: bytes) -> bool:
    """Three parts of URL base64 with dots between, the first a JSON object with `alg`."""
    found = _JWS.fullmatch(raw)
    if found is None:
        return False
    header = found["header"][:4096]
    decoded = base64.urlsafe_b64decode(header[: len(header) & ~3])
    return decoded[:1] == b"{" and b'"alg"' in decoded


def inside(view: memoryview) -> str:
    """Name of the format of a signed image that is not verified yet, by its first bytes; or empty. Cheap and total."""
    head = bytes(view[:4])
    if head.startswith(_SUIT_ENVELOPE) and len(head) > 2 and 0xA0 <= head[2] <= 0xBF:
        return "SUIT"
    if head.startswith(_COSE_SIGN1):
        return "COSE"
    if len(view) > MAX_DOCUMENT_BYTES:
        return ""
    if head[:1] == b"<" and _XML_SIGNATURE in bytes(view):
        return "XML-DSig"
    return "JWS" if head[:1] == b"e" and _is_compact_jws(bytes(view)) else ""


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
    if openpgp_files.kind(view[:64]) == openpgp_files.BINARY:
        return openpgp_files.TITLES[openpgp_files.BINARY]
    return document(view)


def alone(view: memoryview) -> str:
    """Name of the signature format when the file is that signature from its first to its last byte; else empty.

    The caller bounds the size.
    """
    kind, raw = recognised(view), bytes(view)
    if kind == "signify":
        return kind if _SIGNIFY.fullmatch(raw) else ""
    if raw[:1] == b"\x30":
        return kind if _element_size(raw) == len(raw) else ""
    whole = _CLEAR_SIGNED if "clear-signed" in kind else _ARMORED
    return kind if kind and whole.fullmatch(raw) else ""


def _element_size(raw: bytes) -> int:
    """Bytes of the outermost element, header included (X.690 section 8.1.3); 0 where there is none."""
    if len(raw) < 2:
        return 0
    if raw[1] == 0x80:  # left open, as signers that stream write it
        try:
            return der.normal(raw, "CMS").size
        except (Malformed, Unsupported):
            return 0
    if raw[1] < 0x80:
        return 2 + raw[1]
    count = raw[1] & 0x7F
    return 2 + count + int.from_bytes(raw[2 : 2 + count], "big") if 0 < count <= 4 else 0
