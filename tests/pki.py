"""Certificates, revocation lists and registry entries for tests: every field can be bent. Keys are fresh each run."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from fwverify.formats import key_file
from fwverify.model.evidence import KeyRecord
from fwverify.trust.store import PinnedKey

AT = "2026-11-22T00:00:00Z"
SINCE, UNTIL = datetime.datetime(2020, 1, 1), datetime.datetime(2049, 1, 1)
CODE, TLS, TIME = (
    ExtendedKeyUsageOID.CODE_SIGNING,
    ExtendedKeyUsageOID.SERVER_AUTH,
    ExtendedKeyUsageOID.TIME_STAMPING,
)
WHOLE_MESSAGE = (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey, mldsa.MLDSA65PrivateKey)
USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


def key(name: str, kind: str = "p256") -> Any:
    """One key a name and kind."""
    return _key(name, kind)


@functools.cache
def _key(name: str, kind: str) -> Any:
    makers = {
        "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
        "rsa": lambda: rsa.generate_private_key(65537, 2048),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "ed448": ed448.Ed448PrivateKey.generate,
        "ml-dsa-65": mldsa.MLDSA65PrivateKey.generate,
    }
    return makers[kind]()


def certificate(
    name: str,
    issuer: str,
    *,
    kind: str = "p256",
    issuer_kind: str = "p256",
    title: str = "",
    issuer_title: str = "",
    ca: bool | None = None,
    path_length: int | None = None,
    key_usage: Iterable[str] | None = None,
    usages: Iterable[x509.ObjectIdentifier] = (CODE,),
    critical_usage: bool = False,
    since: datetime.datetime = SINCE,
    until: datetime.datetime = UNTIL,
    extra: Iterable[tuple[x509.ExtensionType, bool]] = (),
) -> x509.Certificate:
    """A certificate for `key(name)` signed by `key(issuer)`; an authority where `ca`, else a signer."""
    subject, by = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (title or name, issuer_title or issuer)
    )
    own, signing = key(name, kind), key(issuer, kind if issuer == name else issuer_kind)
    built = x509.CertificateBuilder(by, subject, own.public_key(), x509.random_serial_number(), since, until)
    if ca is not None:
        built = built.add_extension(x509.BasicConstraints(ca, path_length if ca else None), critical=True)
    if key_usage is None:
        key_usage = ("key_cert_sign", "crl_sign") if ca else ("digital_signature",)
    wanted = tuple(key_usage)
    if wanted:
        built = built.add_extension(x509.KeyUsage(**{one: one in wanted for one in USAGES}), critical=True)
    if not ca and tuple(usages):
        built = built.add_extension(x509.ExtendedKeyUsage(usages), critical=critical_usage)
    built = built.add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
    for extension, critical in extra:
        built = built.add_extension(extension, critical=critical)
    return built.sign(signing, None if isinstance(signing, WHOLE_MESSAGE) else hashes.SHA256())


def revocation_list(
    issuer: str,
    serials: Iterable[int],
    *,
    by: str = "",
    reason: x509.ReasonFlags | None = None,
    when: datetime.datetime = datetime.datetime(2026, 1, 1),
    kind: str = "p256",
    extra: Iterable[tuple[x509.ExtensionType, bool]] = (),
) -> bytes:
    """A CRL of `issuer`, signed by `key(by or issuer, kind)`, DER; its entries are revoked `when`."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)])
    built = x509.CertificateRevocationListBuilder(name, SINCE, UNTIL)
    for serial in serials:
        entry = x509.RevokedCertificateBuilder(serial, when)
        if reason is not None:
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        built = built.add_revoked_certificate(entry.build())
    for extension, critical in extra:
        built = built.add_extension(extension, critical=critical)
    return built.sign(key(by or issuer, kind), hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def der(made: x509.Certificate) -> bytes:
    return made.public_bytes(serialization.Encoding.DER)


def pem(made: x509.Certificate) -> bytes:
    return made.public_bytes(serialization.Encoding.PEM)


def private(made: Any) -> bytes:
    """PKCS#8 PEM for the tools."""
    return made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def bare(made: Any) -> bytes:
    """SubjectPublicKeyInfo of a private key, PEM."""
    return made.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def pin(
    material: bytes | x509.Certificate,
    name: str = "root",
    *,
    purposes: tuple[str, ...] = ("firmware",),
    crls: tuple[bytes, ...] = (),
    **constraints: str,
) -> PinnedKey:
    """A registry entry with this certificate or key; `leaf_spki=` for `leaf-spki` and so on."""
    found = key_file.parse(material if isinstance(material, bytes) else der(material))
    kind = "x509" if found.note == "certificate" else "public-key"
    record = KeyRecord(
        "v", name, kind, found.fingerprint, purposes, ("*",), (), "", "", "active", "", "", "", (), False
    )  # fmt: skip
    wanted = tuple(sorted((one.replace("_", "-"), value) for one, value in constraints.items()))
    return PinnedKey(record, found, constraints=wanted, crls=crls)
