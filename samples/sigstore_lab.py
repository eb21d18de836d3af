"""A private Sigstore in miniature, made of real parts, for samples and tests.

One certificate authority, one certificate transparency log, one Rekor v1 log with two leaves. Every key is derived
from a published seed, so **these keys are public knowledge and prove nothing**; the same arguments give the same
bytes on every machine.

Sources, read 2026-11-22: sigstore protobuf-specs `sigstore_bundle.proto`, `sigstore_trustroot.proto`; Fulcio
`docs/oid-info.md`; Rekor `types/hashedrekord/v0.0.1` and `types/dsse/v0.0.1`; C2SP `tlog-checkpoint`; RFC 6962
sections 2.1 (tree), 3.2 (signed certificate timestamp), 3.3 (list extension).

It does not do: intermediates, RFC 3161 timestamps, Rekor v2, revocation.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

SAMPLE_KEY_SEED = "fwverify sample Sigstore: keys made of this sentence are public and prove nothing"
"""Everybody can make these private keys. They are recognised as sample keys wherever they appear."""

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ORIGIN = "log.sample.invalid"
"""Name of the log in its checkpoints (a reserved domain: it cannot exist)."""
LIFETIME = timedelta(minutes=10)
"""Of a signing certificate, as Fulcio does."""
IN_TOTO = "application/vnd.in-toto+json"
ISSUER_V1 = ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
ISSUER_V2 = ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
SCT_LIST = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
LOG_INDEX = 1
"""The entry is the second of two leaves, so that its inclusion proof is not empty."""

Key = ec.EllipticCurvePrivateKey


def derived_key(seed: str, purpose: str) -> Key:
    """The P-256 key that this seed gives for this purpose."""
    number = int.from_bytes(hashlib.sha512(f"{seed}|{purpose}".encode()).digest()) % (P256_ORDER - 1) + 1
    return ec.derive_private_key(number, ec.SECP256R1())


def _signed(key: Key, data: bytes) -> bytes:
    return key.sign(data, ec.ECDSA(SHA256(), deterministic_signing=True))


def _spki(key: Key) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _id(key: Key) -> bytes:
    return hashlib.sha256(_spki(key)).digest()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _compact(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Lab:
    """One private Sigstore. Two labs with different seeds know nothing of each other.

    Args:
        seed: what all keys are derived from.
        common_name: of the certificate authority.
        log_valid_from / log_valid_to: window of the Rekor key in the trust root; None leaves that side open
            (the start is then ten years before the signature).
    """

    seed: str = SAMPLE_KEY_SEED
    common_name: str = "fwverify sample CA"
    log_valid_from: datetime | None = None
    log_valid_to: datetime | None = None

    def make(self, payload: bytes, identity: str, issuer: str, at: datetime) -> tuple[str, str]:
        """(bundle, trust root) as JSON: `payload` signed by `identity` at `at`."""
        key = derived_key(self.seed, f"leaf {identity} {issuer}")
        certificate = self.certificate(key, identity, issuer, at)
        signature = _signed(key, payload)
        digest = hashlib.sha256(payload).digest()
        body = {
            "apiVersion": "0.0.1",
            "kind": "hashedrekord",
            "spec": {
                "data": {"hash": {"algorithm": "sha256", "value": digest.hex()}},
                "signature": {
                    "content": _b64(signature),
                    "publicKey": {"content": _b64(certificate.public_bytes(Encoding.PEM))},
                },
            },
        }
        content = {
            "messageSignature": {
                "messageDigest": {"algorithm": "SHA2_256", "digest": _b64(digest)},
                "signature": _b64(signature),
            }
        }
        return self._bundle(certificate, body, content, at), self.trusted_root(at)

    def attest(
        self, statement: bytes, identity: str, issuer: str, at: datetime, payload_type: str = IN_TOTO
    ) -> tuple[str, str]:
        """(bundle, trust root): an in-toto statement in a DSSE envelope, signed by `identity` at `at`."""
        key = derived_key(self.seed, f"leaf {identity} {issuer}")
        certificate = self.certificate(key, identity, issuer, at)
        encoded = b"DSSEv1 %d %s %d %s" % (len(payload_type), payload_type.encode(), len(statement), statement)
        signature = _signed(key, encoded)
        envelope = {"payload": _b64(statement), "payloadType": payload_type, "signatures": [{"sig": _b64(signature)}]}
        body = {
            "apiVersion": "0.0.1",
            "kind": "dsse",
            "spec": {
                "envelopeHash": {"algorithm": "sha256", "value": hashlib.sha256(_compact(envelope)).hexdigest()},
                "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(statement).hexdigest()},
                "signatures": [
                    {"signature": _b64(signature), "verifier": _b64(certificate.public_bytes(Encoding.PEM))}
                ],
            },
        }
        return self._bundle(certificate, body, {"dsseEnvelope": envelope}, at), self.trusted_root(at)

    def _authority(self, at: datetime) -> tuple[Key, x509.Certificate]:
        key = derived_key(self.seed, "certificate authority")
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "sample.invalid"),
                x509.NameAttribute(NameOID.COMMON_NAME, self.common_name),
            ]
        )
        start = datetime(at.year - 5, 1, 1, tzinfo=UTC)
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(start)
            .not_valid_after(start.replace(year=start.year + 20))
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        return key, builder.sign(key, SHA256(), ecdsa_deterministic=True)

    def certificate(self, key: Key, identity: str, issuer: str, at: datetime) -> x509.Certificate:
        """A signing certificate as Fulcio issues it, with its certificate transparency timestamp embedded."""
        authority, parent = self._authority(at)
        usage = x509.KeyUsage(
            digital_signature=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=False,
            crl_sign=False,
            encipher_only=False,
            decipher_only=False,
        )
        name: x509.GeneralName = (
            x509.UniformResourceIdentifier(identity) if "://" in identity else x509.RFC822Name(identity)
        )
        text = issuer.encode()
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(parent.subject)
            .public_key(key.public_key())
            .serial_number(int.from_bytes(hashlib.sha256(_spki(key)).digest()[:8]) | 1)
            .not_valid_before(at.replace(microsecond=0))
            .not_valid_after(at.replace(microsecond=0) + LIFETIME)
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()),
                critical=False,
            )
            .add_extension(x509.SubjectAlternativeName([name]), critical=True)
            .add_extension(x509.UnrecognizedExtension(ISSUER_V1, text), critical=False)
            .add_extension(x509.UnrecognizedExtension(ISSUER_V2, _der(0x0C, text)), critical=False)
        )
        before = builder.sign(authority, SHA256(), ecdsa_deterministic=True)
        timestamp = self._certificate_timestamp(before.tbs_certificate_bytes, authority, at)
        builder = builder.add_extension(x509.UnrecognizedExtension(SCT_LIST, timestamp), critical=False)
        return builder.sign(authority, SHA256(), ecdsa_deterministic=True)

    def _certificate_timestamp(self, certificate: bytes, authority: Key, at: datetime) -> bytes:
        log = derived_key(self.seed, "certificate transparency log")
        millis = int(at.timestamp()) * 1000
        entry = _id(authority) + len(certificate).to_bytes(3) + certificate
        signature = _signed(log, struct.pack("!BBQH", 0, 0, millis, 1) + entry + struct.pack("!H", 0))
        timestamp = struct.pack("!B32sQHBBH", 0, _id(log), millis, 0, 4, 3, len(signature)) + signature
        one = struct.pack("!H", len(timestamp)) + timestamp
        return _der(0x04, struct.pack("!H", len(one)) + one)

    def _bundle(self, certificate: x509.Certificate, body: object, content: dict[str, object], at: datetime) -> str:
        document = {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": {"rawBytes": _b64(certificate.public_bytes(Encoding.DER))},
                "tlogEntries": [self._entry(_compact(body), str(body["kind"]), at)],  # type: ignore[index]
            },
            **content,
        }
        return json.dumps(document, indent=1) + "\n"

    def _entry(self, body: bytes, kind: str, at: datetime) -> dict[str, object]:
        log = derived_key(self.seed, "transparency log")
        first = hashlib.sha256(b"\x00" + b"first entry of the sample log").digest()
        leaf = hashlib.sha256(b"\x00" + body).digest()
        root = hashlib.sha256(b"\x01" + first + leaf).digest()
        note = f"{ORIGIN}\n{LOG_INDEX + 1}\n{_b64(root)}\n"
        checkpoint = f"{note}\n\u2014 {ORIGIN} {_b64(_id(log)[:4] + _signed(log, note.encode()))}\n"
        promise = {
            "body": _b64(body),
            "integratedTime": int(at.timestamp()),
            "logID": _id(log).hex(),
            "logIndex": LOG_INDEX,
        }
        return {
            "logIndex": str(LOG_INDEX),
            "logId": {"keyId": _b64(_id(log))},
            "kindVersion": {"kind": kind, "version": "0.0.1"},
            "integratedTime": str(int(at.timestamp())),
            "inclusionPromise": {"signedEntryTimestamp": _b64(_signed(log, _compact(promise)))},
            "inclusionProof": {
                "logIndex": str(LOG_INDEX),
                "rootHash": _b64(root),
                "treeSize": str(LOG_INDEX + 1),
                "hashes": [_b64(first)],
                "checkpoint": {"envelope": checkpoint},
            },
            "canonicalizedBody": _b64(body),
        }

    def trusted_root(self, at: datetime) -> str:
        """The trust root that somebody who trusts this lab pins. Depends on the year of `at` only."""
        _, parent = self._authority(at)
        opened = datetime(at.year - 5, 1, 1, tzinfo=UTC)
        rekor = {"start": _rfc3339(self.log_valid_from or opened)}
        if self.log_valid_to is not None:
            rekor["end"] = _rfc3339(self.log_valid_to)
        document = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [self._log("transparency log", "https://" + ORIGIN, rekor)],
            "certificateAuthorities": [
                {
                    "subject": {"organization": "sample.invalid", "commonName": self.common_name},
                    "uri": "https://ca.sample.invalid",
                    "certChain": {"certificates": [{"rawBytes": _b64(parent.public_bytes(Encoding.DER))}]},
                    "validFor": {"start": _rfc3339(opened)},
                }
            ],
            "ctlogs": [
                self._log("certificate transparency log", "https://ct.sample.invalid", {"start": _rfc3339(opened)})
            ],
            "timestampAuthorities": [],
        }
        return json.dumps(document, indent=1) + "\n"

    def _log(self, purpose: str, url: str, window: dict[str, str]) -> dict[str, object]:
        key = derived_key(self.seed, purpose)
        return {
            "baseUrl": url,
            "hashAlgorithm": "SHA2_256",
            "publicKey": {"rawBytes": _b64(_spki(key)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": window},
            "logId": {"keyId": _b64(_id(key))},
        }


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content


def make(payload: bytes, identity: str, issuer: str, at: datetime) -> tuple[str, str]:
    """(bundle, trust root) of the sample lab as JSON: `payload` signed by `identity`, vouched for by `issuer`."""
    return Lab().make(payload, identity, issuer, at)


def statement(name: str, payload: bytes, predicate_type: str = "https://slsa.dev/provenance/v1") -> bytes:
    """An in-toto statement about one artifact."""
    return _compact(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": name, "digest": {"sha256": hashlib.sha256(payload).hexdigest()}}],
            "predicateType": predicate_type,
            "predicate": {},
        }
    )
