"""Fulcio certificates: who signed, and who vouched for that.

Source: Fulcio `docs/oid-info.md` and `docs/certificate-specification.md`, read 2026-11-22. Reads names only; whether
the certificate holds is verified elsewhere.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

ISSUER_V2 = "1.3.6.1.4.1.57264.1.8"
"""Certificate extension with the OpenID Connect issuer as a DER UTF8String."""
ISSUER_V1 = "1.3.6.1.4.1.57264.1.1"
"""The same as bare text (deprecated, still issued)."""


def identity(leaf: Certificate) -> str:
    """The one subject alternative name; empty unless there is exactly one of a kind Fulcio issues."""
    from cryptography import x509

    try:
        names = list(leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return ""
    match names:
        case [x509.RFC822Name(value=text) | x509.UniformResourceIdentifier(value=text)]:
            return str(text)
    return ""


def issuer(leaf: Certificate) -> str:
    """The OpenID Connect issuer; empty when the certificate names none, or two different ones."""
    from cryptography import x509
    from cryptography.hazmat import asn1

    found = set()
    try:
        for extension in leaf.extensions:
            if not isinstance(extension.value, x509.UnrecognizedExtension):
                continue
            if extension.oid.dotted_string == ISSUER_V2:
                found.add(asn1.decode_der(str, extension.value.value))
            elif extension.oid.dotted_string == ISSUER_V1:
                found.add(extension.value.value.decode())
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return ""
    return found.pop() if len(found) == 1 else ""


def logged(leaf: Certificate) -> list[datetime]:
    """When certificate transparency logs saw the certificate; none when it carries no timestamp of one.

    Raises:
        ValueError: the extension is malformed.
    """
    from cryptography import x509

    try:
        stamps = leaf.extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps).value
    except x509.ExtensionNotFound:
        return []
    return [one.timestamp.replace(tzinfo=UTC) for one in stamps]
