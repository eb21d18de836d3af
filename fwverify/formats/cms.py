"""CMS SignedData (RFC 5652, RFC 2315 for PKCS#7), read with asn1crypto under our own checks of the DER framing.

Sections 3 (ContentInfo), 5.1 to 5.4 (SignedData, SignerInfo), 11.1 to 11.3 (contentType, messageDigest, signingTime);
RFC 5754, 8419 and 8702 (algorithms), RFC 4056 (RSASSA-PSS), RFC 9882 (ML-DSA), RFC 8708 (HSS/LMS). Read 2026-11-22.

Lengths are those of DER, or left open as signers that stream write them (BER, section 5.1): an encoding that two
readers measure differently is refused. What follows the outermost element is left to the caller (`SignedData.size`).
Signed attributes are given as they are signed: a DER SET OF (section 5.4). A signer by an algorithm that is not known
is named so, since another signer beside it may well be readable.
Does not do: EnvelopedData, checking of anything.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from fwverify.formats import der
from fwverify.model.examining import Encrypted, Malformed, Unsupported

WHAT = "CMS"
SIGNED_DATA, ENVELOPED_DATA = "1.2.840.113549.1.7.2", "1.2.840.113549.1.7.3"
DATA = "1.2.840.113549.1.7.1"
CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4", "1.2.840.113549.1.9.5"
ATTRIBUTE_TYPES = (bytes.fromhex("06092a864886f70d010903"), bytes.fromhex("06092a864886f70d010904"))
"""DER of contentType and messageDigest."""
KNOWN_HASHES = frozenset(
    {"md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_224", "sha3_256", "sha3_384", "sha3_512",
     "shake_128", "shake_256"}
)  # fmt: skip
OPEN_HASHES = {"shake_128": 32, "shake_256": 64}
"""Hashes of any length, with the bytes CMS takes of them (RFC 8702 section 3.1)."""
SHAKES = {"2.16.840.1.101.3.4.2.11": "shake_128", "2.16.840.1.101.3.4.2.12": "shake_256"}
"""Dotted -> hashlib name."""
ESS_TYPES = ("1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47")
"""signingCertificate and signingCertificateV2."""
UNSIGNED_TYPES = frozenset({
    "1.2.840.113549.1.9.16.2.14", "1.3.6.1.4.1.311.3.3.1", "1.3.6.1.4.1.311.2.4.1", "1.2.840.113549.1.9.6",
    "1.2.840.113549.1.9.16.2.21", "1.2.840.113549.1.9.16.2.22", "1.2.840.113549.1.9.16.2.23",
    "1.2.840.113549.1.9.16.2.24", "1.2.840.113549.1.9.16.2.48", "0.4.0.1733.2.4", "0.4.0.1733.2.5",
})  # fmt: skip
"""What has a known use unsigned: timestamps (RFC 3161, Microsoft), nested signatures, counter-signatures, and the
evidence of CAdES (ETSI EN 319 122-1 sections 5.5 and A): references, values, archive timestamps."""
MAX_SIGNERS, MAX_CERTIFICATES = 16, 64
MAX_ATTRIBUTES_BYTES = 64 * 1024
"""Signed attributes have 100 bytes to some kilobytes."""
BY_OID = {
    "2.16.840.1.101.3.4.3.17": "ml-dsa-44",
    "2.16.840.1.101.3.4.3.18": "ml-dsa-65",
    "2.16.840.1.101.3.4.3.19": "ml-dsa-87",
    "1.2.840.113549.1.9.16.3.17": "hss",
    "1.3.101.112": "ed25519",
    "1.3.101.113": "ed448",
}
"""Signature algorithms without a hash of their own."""
FAMILIES = {"rsassa_pkcs1v15": "rsa-pkcs1v15", "rsassa_pss": "rsa-pss", "ecdsa": "ecdsa"}
KNOWN_ALGORITHMS = frozenset({*BY_OID.values(), *FAMILIES.values()})
_PEM = re.compile(
    rb"\s*-----BEGIN (PKCS7|PKCS #7 SIGNED DATA|CMS|SIGNED MESSAGE)-----\r?\n([A-Za-z0-9+/=\s]+)-----END \1-----\s*"
)
LAX = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)
"""What asn1crypto raises for hostile input."""


@dataclass(frozen=True, slots=True)
class SignerInfo:
    """One signer, as written."""

    issuer: bytes
    """DER Name; empty when the signer is named by subject key identifier."""
    serial: int
    key_identifier: bytes
    """subjectKeyIdentifier; empty when named by issuer and serial."""
    digest_algorithm: str
    """hashlib name: `sha256`; dotted for one that is not known."""
    signature_algorithm: str
    """`rsa-pkcs1v15`, `rsa-pss`, `ecdsa`, `ed25519`, `ed448`, `ml-dsa-65`...; dotted for one that is not known."""
    signature_hash: str
    """hashlib name; empty where the algorithm has none of its own."""
    pss_salt: int
    """-1 when not PSS."""
    signed_attributes: bytes
    """DER SET OF (tag 31), as it is signed; empty when there are none."""
    content_type: str
    """Dotted, from the signed attributes; empty without."""
    message_digest: bytes
    signing_time: str
    """RFC 3339, UTC; the signer's own claim; empty without."""
    signature: bytes
    unsigned: tuple[tuple[str, bytes], ...]
    """(dotted type, DER of the value) of every unsigned attribute value: timestamp tokens, nested signatures."""
    pss_mask: str = ""
    """hashlib name of the hash of the PSS mask; empty when not PSS."""


@dataclass(frozen=True, slots=True)
class SignedData:
    """One SignedData."""

    content_type: str
    """Dotted eContentType."""
    content: bytes | None
    """The bytes the messageDigest is over (contents octets of the eContent, without tag and length); None: detached."""
    content_der: bytes
    """The whole eContent element as written; for SpcIndirectDataContent and TSTInfo. Empty when detached."""
    certificates: tuple[bytes, ...]
    """DER, in file order. Claims: never trusted."""
    crls: tuple[bytes, ...]
    signers: tuple[SignerInfo, ...]
    size: int
    """Bytes of the DER element in the input, so that a caller sees what follows it."""
    oddities: tuple[str, ...]
    """Lax encodings and other things worth saying."""


def parse(content: memoryview | bytes) -> SignedData:
    """Read a ContentInfo with SignedData from the front of `content` (DER; PEM is undone by `decoded`).

    Raises:
        Malformed: it is none, or breaks RFC 5652.
        Encrypted: an EnvelopedData.
    """
    import asn1crypto.tsp  # noqa: F401 - it teaches cms further attributes: what was read before must not matter
    from asn1crypto import cms

    framed = der.normal(content, WHAT)
    raw = framed.der
    try:
        info = cms.ContentInfo.load(raw, strict=True)
        kind = info["content_type"].dotted
        if kind == ENVELOPED_DATA:
            raise Encrypted("CMS EnvelopedData: its content is encrypted")
        if kind != SIGNED_DATA:
            raise Malformed(WHAT, f"content type {kind} is no SignedData")
        return _signed_data(raw, info["content"], framed.size)
    except LAX as problem:
        raise Malformed(WHAT, f"it does not read as SignedData ({type(problem).__name__})") from None


def decoded(content: memoryview | bytes) -> bytes:
    """DER of a PEM or DER file; a PEM block must be alone in its file. Raises Malformed.

    Labels: `PKCS7` and `CMS` (RFC 7468), `PKCS #7 SIGNED DATA` (openssl reads it), `SIGNED MESSAGE` (gpgsm).
    """
    raw = bytes(content)
    if not raw.lstrip().startswith(b"-----BEGIN"):
        return raw
    block = _PEM.fullmatch(raw)
    if block is None:
        raise Malformed(WHAT, "it is not exactly one PEM block")
    try:
        return base64.b64decode(b"".join(block[2].split()), validate=True)
    except binascii.Error:
        raise Malformed(WHAT, "its base64 is broken") from None


def _signed_data(raw: bytes, data: Any, size: int) -> SignedData:
    content_type, content, content_der = _content(raw)
    certificates = [one.chosen.dump() for one in _set(data, "certificates") if one.name == "certificate"]
    crls = [one.chosen.dump() for one in _set(data, "crls") if one.name != "other"]
    infos = list(data["signer_infos"])
    if len(infos) > MAX_SIGNERS or len(certificates) > MAX_CERTIFICATES:
        raise Malformed(WHAT, f"{len(infos)} signers and {len(certificates)} certificates: more than any real one has")
    oddities: list[str] = []
    signers = tuple(_signer(one, oddities) for one in infos)
    return SignedData(
        content_type, content, content_der, tuple(certificates), tuple(crls), signers, size, tuple(oddities)
    )


def _set(data: Any, name: str) -> list[Any]:
    return list(data[name]) if _there(data[name]) else []


def _there(value: Any) -> bool:
    """True for an optional field that is present. Not by its native value: that would read attributes of any type."""
    from asn1crypto import core

    return not isinstance(value, core.Void)


def _content(raw: bytes) -> tuple[str, bytes | None, bytes]:
    """(eContentType, contents octets, the eContent element), read off the bytes themselves.

    PKCS#7 puts any type there and CMS an OCTET STRING (RFC 5652 section 5.2.1): the octets are those inside it.
    """
    from asn1crypto import core

    outer = der.element(raw, 0, len(raw), WHAT)
    _, wrapped = list(der.children(raw, outer, WHAT))
    (signed,) = der.children(raw, wrapped, WHAT)
    encapsulated = list(der.children(raw, signed, WHAT))[2]
    parts = list(der.children(raw, encapsulated, WHAT))
    kind = core.ObjectIdentifier.load(raw[parts[0].start : parts[0].end]).dotted
    if len(parts) == 1:
        return kind, None, b""
    (inner,) = der.children(raw, parts[1], WHAT)
    if inner.tag == der.PARTED_OCTETS:
        raise Malformed(WHAT, "its content is in parts, though its lengths are not left open")
    if kind == DATA and inner.tag != der.OCTETS:
        raise Malformed(WHAT, "its content is said to be data and is no octet string")
    return kind, raw[inner.body : inner.end], raw[inner.start : inner.end]


def _signer(info: Any, oddities: list[str]) -> SignerInfo:
    sid = info["sid"]
    by_name = sid.name == "issuer_and_serial_number"
    attributes = info["signed_attrs"]
    signed = _as_signed(attributes, oddities)
    values = _single(attributes) if signed else {}
    algorithm, digest, salt = _algorithm(info)
    unsigned = _unsigned(info)
    oddities.extend(
        f"the unsigned attribute {kind} has {len(value)} bytes that nobody signed"
        for kind, value in unsigned
        if kind not in UNSIGNED_TYPES
    )
    return SignerInfo(
        issuer=sid.chosen["issuer"].dump() if by_name else b"",
        serial=sid.chosen["serial_number"].native if by_name else 0,
        key_identifier=b"" if by_name else sid.chosen.native,
        digest_algorithm=_hash(info["digest_algorithm"]),
        signature_algorithm=algorithm,
        signature_hash=digest,
        pss_salt=salt,
        signed_attributes=signed,
        content_type=values[CONTENT_TYPE].dotted if CONTENT_TYPE in values else "",
        message_digest=values[MESSAGE_DIGEST].native if MESSAGE_DIGEST in values else b"",
        signing_time=_time(values.get(SIGNING_TIME)),
        signature=info["signature"].native,
        unsigned=unsigned,
        pss_mask=_hash(info["signature_algorithm"]["parameters"]["mask_gen_algorithm"]["parameters"])
        if salt >= 0
        else "",
    )


def _unsigned(info: Any) -> tuple[tuple[str, bytes], ...]:
    attributes = info["unsigned_attrs"] if _there(info["unsigned_attrs"]) else ()
    return tuple((one["type"].dotted, value.dump()) for one in attributes for value in one["values"])


def _as_signed(attributes: Any, oddities: list[str]) -> bytes:
    """The attributes as a DER SET OF: tag 31 in place of the implicit one, members in DER order (section 5.4)."""
    if not _there(attributes):
        return b""
    written: bytes = attributes.dump()
    outer = der.element(written, 0, len(written), WHAT)
    members = [written[one.start : one.end] for one in der.children(written, outer, WHAT)]
    if members != sorted(members):
        oddities.append("the signed attributes are not in the order DER asks for")
    return bytes(b"\x31" + written[1 : outer.body] + b"".join(sorted(members)))


def _single(attributes: Any) -> dict[str, Any]:
    """The value of each signed attribute that must be there once, with one value (sections 11.1 to 11.3)."""
    found: dict[str, Any] = {}
    for one in attributes:
        kind = one["type"].dotted
        if kind not in (CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME):
            continue
        if kind in found or len(one["values"]) != 1:
            raise Malformed(WHAT, f"signed attribute {kind} is there more than once")
        found[kind] = one["values"][0]
    return found


def _time(value: Any) -> str:
    if value is None:
        return ""
    return utc(value.native)


def utc(when: Any) -> str:
    """A time of asn1crypto as RFC 3339, UTC. Raises ValueError where its zone is not told: it could be any time."""
    if when is None or when.tzinfo is None:
        raise ValueError("a time without a zone")
    return str(when.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat()) + "Z"


def _algorithm(info: Any) -> tuple[str, str, int]:
    """(family, hash, PSS salt) of the signature algorithm."""
    algorithm = info["signature_algorithm"]
    dotted = algorithm["algorithm"].dotted
    if dotted in BY_OID:
        return BY_OID[dotted], "", -1
    try:
        family = algorithm.signature_algo
    except ValueError:
        return dotted, "", -1
    if family not in FAMILIES:
        return dotted, "", -1
    if family == "rsassa_pss":
        return "rsa-pss", _pss(algorithm["parameters"]), algorithm["parameters"]["salt_length"].native
    try:
        digest = algorithm.hash_algo
    except ValueError:  # rsaEncryption: the digest algorithm says it (RFC 3370 section 3.2)
        digest = _hash(info["digest_algorithm"])
    return FAMILIES[family], digest, -1


def _pss(parameters: Any) -> str:
    """The hash of RSASSA-PSS. The trailer is always 0xBC (RFC 4056)."""
    if parameters["mask_gen_algorithm"]["algorithm"].native != "mgf1":
        return str(parameters["mask_gen_algorithm"]["algorithm"].dotted)
    if parameters["trailer_field"].contents != b"\x01":
        raise Malformed(WHAT, "RSASSA-PSS with another trailer than 0xBC")
    return _hash(parameters["hash_algorithm"])


def _hash(algorithm: Any) -> str:
    name, dotted = str(algorithm["algorithm"].native), str(algorithm["algorithm"].dotted)
    return name if name in KNOWN_HASHES else SHAKES.get(dotted, dotted)


def signing_certificate(signed_attributes: bytes) -> tuple[str, bytes]:
    """(hash, digest of the signer's certificate) that the signed attributes bind (RFC 5035); empty without.

    Raises:
        Malformed: there are two that say different things, or one does not read.
    """
    from asn1crypto import cms, tsp

    found = set()
    try:
        for one in cms.CMSAttributes.load(signed_attributes, strict=True) if signed_attributes else ():
            kind = one["type"].dotted
            if kind not in ESS_TYPES:
                continue
            spec = tsp.SigningCertificateV2 if kind == ESS_TYPES[1] else tsp.SigningCertificate
            for value in one["values"]:
                first = spec.load(value.dump())["certs"][0]
                name = first["hash_algorithm"]["algorithm"].native if kind == ESS_TYPES[1] else "sha1"
                found.add((str(name), bytes(first["cert_hash"].native)))
    except LAX:
        raise Malformed(WHAT, "the attribute that names the signer's certificate does not read") from None
    if len({name for name, _ in found}) != len(found):
        raise Malformed(WHAT, "two attributes name different certificates of the signer")
    return max(found, key=lambda one: len(one[1]), default=("", b""))


def is_attributes(content: memoryview | bytes) -> bool:
    """True for a DER SET OF Attribute with one of the types that signed attributes always have.

    Such a content may be the signed attributes of another signature, given out as what was signed.
    """
    if not 2 < len(content) <= MAX_ATTRIBUTES_BYTES or content[0] != 0x31:
        return False
    raw = bytes(content)
    try:
        outer = der.check(raw, WHAT)
        return outer.end == len(raw) and any(
            raw[one.body : one.end].startswith(ATTRIBUTE_TYPES) for one in der.children(raw, outer, WHAT)
        )
    except (Malformed, Unsupported):
        return False
