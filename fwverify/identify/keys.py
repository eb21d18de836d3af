"""Keys met in images: their fingerprint, without ever keeping a secret.

A fingerprint is the SHA-256 of the public half's SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), which is also how
the key registry and published lists of leaked test keys name a key; read 2026-11-22. Total: what cannot be read
gives an empty fingerprint. Does NOT judge strength.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def _quiet() -> Iterator[None]:
    """cryptography warns about odd certificates it still reads; to us they are data."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@_quiet()
def private_fingerprint(data: bytes, *, openssh: bool = False) -> tuple[str, str]:
    """Fingerprint and kind of an unencrypted private key (DER, or a PEM block for OpenSSH); empty when it is none."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization as form

    try:
        key: Any = (
            form.load_ssh_private_key(data, None, unsafe_skip_rsa_key_validation=True)
            if openssh
            else form.load_der_private_key(data, None, unsafe_skip_rsa_key_validation=True)
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return "", ""
    return _fingerprint(key.public_key()) if _holds_together(key) else ("", "")


def _holds_together(key: Any) -> bool:
    """Of an RSA key: its primes make its modulus. Whether they are prime takes 12 ms, and is no question here: nobody
    signs with this key."""
    numbers: Any = key.private_numbers() if hasattr(key, "private_numbers") else None
    primes = getattr(numbers, "p", 0), getattr(numbers, "q", 0)
    return not any(primes) or primes[0] * primes[1] == numbers.public_numbers.n


@_quiet()
def public_fingerprint(data: bytes) -> tuple[str, str]:
    """Fingerprint and kind of a DER public key (SubjectPublicKeyInfo or PKCS #1)."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization as form

    try:
        return _fingerprint(form.load_der_public_key(data))
    except (ValueError, UnsupportedAlgorithm):
        return "", ""


@_quiet()
def ssh_fingerprint(line: bytes) -> tuple[str, str]:
    """Fingerprint and kind of an OpenSSH public key line."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization as form

    try:
        return _fingerprint(form.load_ssh_public_key(line))
    except (ValueError, UnsupportedAlgorithm):
        return "", ""


@_quiet()
def certificate_fingerprint(data: bytes) -> tuple[str, str]:
    """Fingerprint of the key in a DER certificate, and its subject."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        certificate = x509.load_der_x509_certificate(data)
        fingerprint, _ = _fingerprint(certificate.public_key())
        return fingerprint, certificate.subject.rfc4514_string()
    except (ValueError, UnsupportedAlgorithm):
        return "", ""


def _fingerprint(public: Any) -> tuple[str, str]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization as form

    try:
        spki = public.public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm):
        return "", ""
    return hashlib.sha256(spki).hexdigest(), _kind(public)


def _kind(public: object) -> str:
    """`RSA 2048`, `ECDSA P-256`..., from the class cryptography made."""
    name = type(public).__name__.removesuffix("PublicKey").lstrip("_")
    curve = getattr(getattr(public, "curve", None), "name", "")
    bits = getattr(public, "key_size", "")
    return " ".join(str(one) for one in (name, curve or bits) if one)
