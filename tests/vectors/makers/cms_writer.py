"""Writes CMS SignedData and timestamp tokens for tests, the wrong ones too (RFC 5652, RFC 3161), with asn1crypto.

openssl makes the right ones in tests/interop; here every field can be bent.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Sequence

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

WHEN = datetime.datetime(2026, 9, 21, 12, 0, tzinfo=datetime.UTC)
HASHES = {"sha256": hashes.SHA256(), "sha1": hashes.SHA1(), "sha512": hashes.SHA512()}


def attributes(content: bytes, *, kind: str = "data", digest: str = "sha256", drop: Sequence[str] = ()) -> list[object]:
    """contentType, messageDigest and signingTime, some of them left out."""
    found = {
        "content_type": [kind],
        "message_digest": [hashlib.new(digest, content).digest()],
        "signing_time": [cms.Time({"utc_time": WHEN})],
    }
    return [{"type": name, "values": values} for name, values in found.items() if name not in drop]


def as_set(given: Sequence[object]) -> bytes:
    """The attributes as a DER SET OF: what is signed."""
    return cms.CMSAttributes(given).dump()


def signer(
    certificate: x509.Certificate,
    key: rsa.RSAPrivateKey,
    content: bytes,
    *,
    signed: Sequence[object] | None = None,
    digest: str = "sha256",
    value: bytes | None = None,
    named: str = "",
    unsigned: Sequence[object] = (),
) -> cms.SignerInfo:
    """One signer.

    Args:
        certificate: whose issuer and serial name it.
        key: signs.
        content: signed as it is where there are no signed attributes.
        signed: the signed attributes; None: none.
        digest: of content or attributes.
        value: another signature value in place of the right one.
        named: another digest algorithm than the one used, in the signer's own words.
        unsigned: unsigned attributes.
    """
    what = content if signed is None else as_set(signed)
    made = value if value is not None else key.sign(what, padding.PKCS1v15(), HASHES[digest])
    loaded = asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))
    name = {"issuer_and_serial_number": {"issuer": loaded.issuer, "serial_number": loaded.serial_number}}
    fields = {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            name="issuer_and_serial_number", value=cms.IssuerAndSerialNumber(name["issuer_and_serial_number"])
        ),
        "digest_algorithm": algos.DigestAlgorithm({"algorithm": named or digest}),
        "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "rsassa_pkcs1v15"}),
        "signature": made,
    }
    if signed is not None:
        fields["signed_attrs"] = cms.CMSAttributes(signed)
    if unsigned:
        fields["unsigned_attrs"] = cms.CMSAttributes(unsigned)
    return cms.SignerInfo(fields)


def signed_data(
    signers: Sequence[cms.SignerInfo],
    certificates: Sequence[x509.Certificate] = (),
    *,
    content: bytes | None = None,
    kind: str = "data",
    version: str = "v1",
) -> bytes:
    """A ContentInfo with SignedData, DER."""
    inner: dict[str, object] = {"content_type": kind}
    if content is not None:
        inner["content"] = core.ParsableOctetString(content) if version != "v1" else core.OctetString(content)
    encapsulated = cms.EncapsulatedContentInfo(inner) if version != "v1" else cms.ContentInfo(inner)
    loaded = [asn1_x509.Certificate.load(one.public_bytes(serialization.Encoding.DER)) for one in certificates]
    fields = {
        "version": version,
        "digest_algorithms": [{"algorithm": "sha256"}],
        "encap_content_info": encapsulated,
        "signer_infos": list(signers),
    }
    if loaded:
        fields["certificates"] = [cms.CertificateChoices(name="certificate", value=one) for one in loaded]
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(fields)}).dump()


def token(
    over: bytes,
    certificate: x509.Certificate,
    key: rsa.RSAPrivateKey,
    *,
    at: datetime.datetime = WHEN,
    digest: str = "sha256",
    ess: bool = True,
) -> bytes:
    """A timestamp token over these bytes; `ess`: it names its certificate, as RFC 3161 asks."""
    info = tsp.TSTInfo({
        "version": "v1",
        "policy": "1.3.6.1.4.1.99999.1",
        "message_imprint": {
            "hash_algorithm": {"algorithm": digest},
            "hashed_message": hashlib.new(digest, over).digest(),
        },
        "serial_number": 7,
        "gen_time": at,
    }).dump()  # fmt: skip
    named = hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()
    bound = {"type": "signing_certificate_v2", "values": [{"certs": [{"cert_hash": named}]}]}
    given = [*attributes(info, kind="tst_info"), *([bound] if ess else [])]
    return signed_data(
        [signer(certificate, key, info, signed=given)], [certificate], content=info, kind="tst_info", version="v3"
    )


def stamp(value: bytes) -> object:
    """The unsigned attribute that carries a token."""
    return {"type": "signature_time_stamp_token", "values": [cms.ContentInfo.load(value)]}
