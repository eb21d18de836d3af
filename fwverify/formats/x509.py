"""X.509 certificates and revocation lists (RFC 5280), as small values over the library's parser.

Sections 4.1 and 4.2 (certificate, extensions), 5 (revocation lists); RFC 4514 (names as text). Read 2026-11-22.
A certificate states; nothing here believes or checks it: `authenticate.chains` does. The two places that name the
algorithm of its signature must agree (section 4.1.1.2). Does not do: attribute certificates, delta and indirect
revocation lists, name constraints (told as an extension that is not understood, critical or not).
"""

from __future__ import annotations

import base64
import binascii
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from fwverify.formats import der as framing
from fwverify.formats import key_file
from fwverify.formats.public_key import PublicKey
from fwverify.model.examining import Malformed

if TYPE_CHECKING:
    from cryptography import x509

T = TypeVar("T")
WHAT = "X.509"
MAX_BUNDLE_BYTES = 1 << 20
MAX_IN_BUNDLE = 64
UNDERSTOOD = frozenset({
    "2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.18", "2.5.29.19", "2.5.29.31", "2.5.29.32", "2.5.29.35", "2.5.29.37",
    "1.3.6.1.5.5.7.1.1",
})  # fmt: skip
"""Extensions that may be critical: key identifiers, key usage, alternative names, basic constraints, CRL points,
policies (any will do), extended key usage, authority information."""
USAGES = {
    "1.3.6.1.5.5.7.3.1": "serverAuth", "1.3.6.1.5.5.7.3.2": "clientAuth", "1.3.6.1.5.5.7.3.3": "codeSigning",
    "1.3.6.1.5.5.7.3.4": "emailProtection", "1.3.6.1.5.5.7.3.8": "timeStamping", "1.3.6.1.5.5.7.3.9": "OCSPSigning",
    "2.5.29.37.0": "anyExtendedKeyUsage",
}  # fmt: skip
SIGNED_WITH = {
    "1.2.840.113549.1.1.4": ("rsa-pkcs1v15", "md5"),
    "1.2.840.113549.1.1.5": ("rsa-pkcs1v15", "sha1"),
    "1.2.840.113549.1.1.14": ("rsa-pkcs1v15", "sha224"),
    "1.2.840.113549.1.1.11": ("rsa-pkcs1v15", "sha256"),
    "1.2.840.113549.1.1.12": ("rsa-pkcs1v15", "sha384"),
    "1.2.840.113549.1.1.13": ("rsa-pkcs1v15", "sha512"),
    "1.2.840.113549.1.1.10": ("rsa-pss", ""),
    "1.2.840.10045.4.1": ("ecdsa", "sha1"),
    "1.2.840.10045.4.3.1": ("ecdsa", "sha224"),
    "1.2.840.10045.4.3.2": ("ecdsa", "sha256"),
    "1.2.840.10045.4.3.3": ("ecdsa", "sha384"),
    "1.2.840.10045.4.3.4": ("ecdsa", "sha512"),
    "1.3.101.112": ("ed25519", ""),
    "1.3.101.113": ("ed448", ""),
    "2.16.840.1.101.3.4.3.17": ("ml-dsa-44", ""),
    "2.16.840.1.101.3.4.3.18": ("ml-dsa-65", ""),
    "2.16.840.1.101.3.4.3.19": ("ml-dsa-87", ""),
}
"""Dotted algorithm -> (family, hash)."""
_VERSION = 0xA0
_NAME_CONSTRAINTS = "2.5.29.30"
_BLOCK = re.compile(
    rb"-----BEGIN (?P<label>CERTIFICATE|X509 CRL)-----\r?\n(?P<body>[A-Za-z0-9+/=\s]+)-----END (?P=label)-----"
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What one certificate states."""

    der: bytes
    public: PublicKey
    subject: bytes
    """DER Name."""
    issuer: bytes
    subject_text: str
    issuer_text: str
    serial: int
    key_identifier: bytes
    """subjectKeyIdentifier; empty without."""
    not_before: str
    """RFC 3339, UTC."""
    not_after: str
    ca: bool
    """basicConstraints says CA:TRUE; also a version 1 certificate that names itself as issuer."""
    path_length: int
    """-1: not limited."""
    key_usage: tuple[str, ...] | None
    """`digital_signature`, `content_commitment`, `key_cert_sign`, `crl_sign`; None: the extension is not there."""
    usages: tuple[str, ...] | None
    """Extended key usages by name or dotted; None: not there."""
    usage_critical: bool
    odd_critical: tuple[str, ...]
    """Critical extensions that are not understood, and name constraints, dotted: such a certificate must be refused."""
    tbs: bytes
    signature: bytes
    signature_family: str
    signature_hash: str
    version: int = 3


@dataclass(frozen=True, slots=True)
class Revoked:
    """One entry of a list."""

    when: str
    reason: str
    """RFC 5280 name (`keyCompromise`), empty when not given."""


def certificate(der: bytes) -> Certificate:
    """Read one certificate. Raises Malformed."""
    from cryptography import x509

    with _reading("a certificate"):
        loaded = x509.load_der_x509_certificate(der)
        _refuse_two_algorithms(der)
        family, digest = SIGNED_WITH.get(loaded.signature_algorithm_oid.dotted_string, ("", ""))
        if family == "rsa-pss" and loaded.signature_hash_algorithm is not None:
            digest = loaded.signature_hash_algorithm.name.replace("-", "_")
        return _certificate(der, loaded, family, digest)


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """What the library says of bytes it does not like, as Malformed; its warnings are not for users."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    odd = (x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, UnsupportedAlgorithm)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (ValueError, TypeError, OverflowError, *odd) as problem:
        raise Malformed(WHAT, f"{what} does not read ({type(problem).__name__})") from None


def _refuse_two_algorithms(der: bytes) -> None:
    """The signature algorithm outside must be the one inside, which alone is signed. Raises Malformed."""
    outer = framing.element(der, 0, len(der), WHAT)
    signed, algorithm, _ = framing.children(der, outer, WHAT)
    fields = list(framing.children(der, signed, WHAT))
    inner = fields[2 if fields[0].tag == _VERSION else 1]
    if der[inner.start : inner.end] != der[algorithm.start : algorithm.end]:
        raise Malformed(WHAT, "a certificate names two different algorithms for its signature")


def _certificate(der: bytes, loaded: x509.Certificate, family: str, digest: str) -> Certificate:
    from cryptography import x509

    found = {one.oid.dotted_string: one for one in loaded.extensions}
    constraints = _value(found, "2.5.29.19", x509.BasicConstraints)
    usage = _value(found, "2.5.29.15", x509.KeyUsage)
    extended = _value(found, "2.5.29.37", x509.ExtendedKeyUsage)
    identifier = _value(found, "2.5.29.14", x509.SubjectKeyIdentifier)
    plain_root = loaded.version is x509.Version.v1 and loaded.subject == loaded.issuer
    names = ("digital_signature", "content_commitment", "key_cert_sign", "crl_sign")
    return Certificate(
        der=der,
        public=key_file.parse(der),
        subject=loaded.subject.public_bytes(),
        issuer=loaded.issuer.public_bytes(),
        subject_text=loaded.subject.rfc4514_string(),
        issuer_text=loaded.issuer.rfc4514_string(),
        serial=loaded.serial_number,
        key_identifier=identifier.digest if identifier else b"",
        not_before=_time(loaded.not_valid_before_utc),
        not_after=_time(loaded.not_valid_after_utc),
        ca=constraints.ca if constraints else plain_root,
        path_length=constraints.path_length if constraints is not None and constraints.path_length is not None else -1,
        key_usage=tuple(one for one in names if getattr(usage, one)) if usage else None,
        usages=tuple(USAGES.get(one.dotted_string, one.dotted_string) for one in extended) if extended else None,
        usage_critical="2.5.29.37" in found and found["2.5.29.37"].critical,
        odd_critical=tuple(
            sorted(
                name
                for name, one in found.items()
                if (one.critical and name not in UNDERSTOOD) or name == _NAME_CONSTRAINTS
            )
        ),
        tbs=loaded.tbs_certificate_bytes,
        signature=loaded.signature,
        signature_family=family,
        signature_hash=digest,
        version=1 if loaded.version is x509.Version.v1 else 3,
    )


def _value(found: dict[str, x509.Extension[x509.ExtensionType]], name: str, kind: type[T]) -> T | None:
    extension = found.get(name)
    return extension.value if extension is not None and isinstance(extension.value, kind) else None


def _time(when: datetime) -> str:
    return when.replace(tzinfo=None, microsecond=0).isoformat() + "Z"


def bundle(content: memoryview | bytes, label: str = "CERTIFICATE") -> tuple[bytes, ...]:
    """DER of every PEM block of a file that holds nothing else (blank lines and `#` comments aside), or the DER itself.

    Raises:
        Malformed: something else stands there, or nothing.
    """
    if not 0 < len(content) <= MAX_BUNDLE_BYTES:
        raise Malformed(WHAT, "no file of certificates has this size")
    raw = bytes(content)
    if raw[:1] == b"\x30":
        return (raw,)
    found = tuple(_blocks(raw, label))
    rest = _BLOCK.sub(b"", raw)
    if not found or len(found) > MAX_IN_BUNDLE or re.fullmatch(rb"(\s|#[^\r\n]*(\r?\n|$))*", rest) is None:
        raise Malformed(WHAT, f"it does not hold {label.lower()} blocks alone")
    return found


def _blocks(raw: bytes, label: str) -> Iterator[bytes]:
    for block in _BLOCK.finditer(raw):
        if block["label"] != label.encode():
            raise Malformed(WHAT, f"a block of another kind stands among those of {label}")
        try:
            yield base64.b64decode(b"".join(block["body"].split()), validate=True)
        except binascii.Error:
            raise Malformed(WHAT, "the base64 of a block is broken") from None


@dataclass(frozen=True, slots=True)
class RevocationList:
    """One CRL, read."""

    issuer: bytes
    """DER Name."""
    updated: str
    expires: str
    """RFC 3339, UTC; empty when not given."""
    tbs: bytes
    signature: bytes
    signature_family: str
    signature_hash: str
    revoked: tuple[tuple[int, Revoked], ...]
    """By serial."""


def revocation_list(der: bytes) -> RevocationList:
    """Read a CRL. Raises Malformed; also for delta and indirect lists."""
    from cryptography import x509

    with _reading("a revocation list"):
        loaded = x509.load_der_x509_crl(der)
        odd = [one.oid.dotted_string for one in loaded.extensions if one.critical]
        if odd:
            raise Malformed(WHAT, f"a revocation list with extension {odd[0]} (delta or indirect) is not read")
        family, digest = SIGNED_WITH.get(loaded.signature_algorithm_oid.dotted_string, ("", ""))
        entries = tuple(sorted(_revoked(one) for one in loaded))
        return RevocationList(
            loaded.issuer.public_bytes(),
            _time(loaded.last_update_utc),
            _time(loaded.next_update_utc) if loaded.next_update_utc is not None else "",
            loaded.tbs_certlist_bytes,
            loaded.signature,
            family,
            digest,
            tuple((serial, Revoked(when, reason)) for serial, when, reason in entries),
        )


def _revoked(entry: x509.RevokedCertificate) -> tuple[int, str, str]:
    from cryptography import x509

    odd = [one.oid.dotted_string for one in entry.extensions if one.critical and one.oid != x509.CRLReason.oid]
    if odd:
        raise Malformed(WHAT, f"a revocation list with an entry by extension {odd[0]} (indirect) is not read")
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.value
    except x509.ExtensionNotFound:
        reason = ""
    return entry.serial_number, _time(entry.revocation_date_utc), "" if reason == "unspecified" else str(reason)
