"""Sigstore bundles and trust roots as JSON: read as far as needs no trust and no library.

Sources, read 2026-11-22: sigstore protobuf-specs `sigstore_bundle.proto` (v0.1 to v0.3) and `sigstore_common.proto`;
DSSE v1 `envelope.md`; in-toto Statement v1; Protobuf JSON mapping.

Stricter than the mapping: a key is spelled in lowerCamelCase only, so that no second reader can see another value.
Nothing read here is believed before `authenticate` has verified it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from fwverify.formats import strict_json
from fwverify.model.examining import Malformed

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle"
VERSIONS = {
    "application/vnd.dev.sigstore.bundle+json;version=0.1": "0.1",
    "application/vnd.dev.sigstore.bundle+json;version=0.2": "0.2",
    "application/vnd.dev.sigstore.bundle+json;version=0.3": "0.3",
    "application/vnd.dev.sigstore.bundle.v0.3+json": "0.3",
}
QUOTED = 80
"""Characters of a name of theirs that are repeated in a sentence of ours."""
DIGESTS = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}
LOG_ENTRIES = frozenset({("hashedrekord", "0.0.1"), ("hashedrekord", "0.0.2"), ("dsse", "0.0.1")})
LAST_SECOND = 253_402_300_799
"""9999-12-31T23:59:59Z, the last second a time can have."""

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class SigstoreBundle:
    """A bundle, read as far as needs no trust."""

    raw: bytes
    version: str
    """Of the bundle format: `0.3`."""
    unsupported: str
    """Why it cannot be checked here, in plain words; empty when it can."""
    signature: bytes
    payload: bytes | None
    """Of a DSSE envelope; None when the artifact's digest is signed directly."""
    payload_type: str
    names: tuple[str, ...]
    """SHA-256 values it claims to be about, hexadecimal. Used only to find the file, never believed."""
    integrated: int | None
    """Seconds since 1970 that the log promised; None without a promise. Believed only after verification."""
    log_entry: str
    """Kind and version of the log entry: `hashedrekord 0.0.1`."""
    managed: bool = False
    """It names a key by a hint, where others carry a certificate."""
    own: bool = False
    """The library cannot check it (its kind of log entry, or several of them); `authenticate.own_bundles` does."""
    certificates: tuple[bytes, ...] = ()
    """DER, the signer's first."""
    entries: tuple[object, ...] = ()
    """Log entries, not read yet (`formats.rekor`)."""
    timestamps: tuple[bytes, ...] = ()
    """RFC 3161 responses, DER."""
    declared: tuple[str, bytes] = ("", b"")
    """(algorithm, digest) that it says the artifact has; empty where it says none."""


def load(data: bytes, what: str) -> Fields:
    """A JSON object in the one spelling. Raises Malformed."""
    value = strict_json.load(data, what)
    if not isinstance(value, dict):
        raise Malformed(what, "not a JSON object")
    if not _spelled(value):
        raise Malformed(what, "a key is spelled with an underscore")
    return value


def statement(payload: bytes) -> Fields:
    """An in-toto statement. Raises Malformed."""
    return fields(strict_json.load(payload, "in-toto statement"))


def _spelled(value: object) -> bool:
    """The library also takes `integrated_time` for `integratedTime`; what is read here must be what it reads."""
    if isinstance(value, dict):
        return all("_" not in key and _spelled(one) for key, one in value.items())
    return not isinstance(value, list) or all(map(_spelled, value))


def fields(value: object) -> Fields:
    """The value where it is an object; an empty one where it is anything else."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    """The value where it is a list; an empty one where it is anything else."""
    return value if isinstance(value, list) else []


def text(value: object) -> str:
    """The value where it is text; empty where it is anything else."""
    return value if isinstance(value, str) else ""


def decoded(value: object, what: str) -> bytes:
    """Bytes of a base64 text. Raises Malformed."""
    try:
        return base64.b64decode(text(value), validate=True)
    except ValueError:
        raise Malformed("sigstore bundle", f"{what} is not base64") from None


def read(raw: bytes) -> SigstoreBundle:
    """Read a bundle. Raises Malformed."""
    document = load(raw, "sigstore bundle")
    media_type = text(document.get("mediaType"))
    if not media_type.startswith(MEDIA_TYPE):
        raise Malformed("sigstore bundle", "mediaType is not that of a bundle")
    material = fields(document.get("verificationMaterial"))
    entries = [fields(one) for one in items(material.get("tlogEntries"))]
    entry = entries[0] if entries else {}
    kind = fields(entry.get("kindVersion"))
    envelope, message = document.get("dsseEnvelope"), fields(document.get("messageSignature"))
    if (envelope is None) == (not message):
        raise Malformed("sigstore bundle", "it has no signature, or two kinds of one")
    payload, payload_type = _payload(fields(envelope)) if envelope is not None else (None, "")
    return SigstoreBundle(
        raw=raw,
        version=VERSIONS.get(media_type, ""),
        unsupported=_unsupported(media_type, material, entries),
        signature=_signature(fields(envelope), message),
        payload=payload,
        payload_type=payload_type,
        names=_names(payload, message),
        integrated=_promised(entry),
        log_entry=f"{text(kind.get('kind'))[:QUOTED]} {text(kind.get('version'))[:QUOTED]}",
        managed=material.get("publicKey") is not None,
        own=len(entries) > 1 or _kind(entry) not in LOG_ENTRIES,
        certificates=_certificates(material),
        entries=tuple(entries),
        timestamps=_timestamps(material),
        declared=_declared(message),
    )


def _kind(entry: Fields) -> tuple[str, str]:
    kind = fields(entry.get("kindVersion"))
    return text(kind.get("kind")), text(kind.get("version"))


def _certificates(material: Fields) -> tuple[bytes, ...]:
    chain = items(fields(material.get("x509CertificateChain")).get("certificates"))
    single = material.get("certificate")
    given = chain if single is None else [single]
    return tuple(decoded(fields(one).get("rawBytes"), "a certificate") for one in given)


def _timestamps(material: Fields) -> tuple[bytes, ...]:
    given = items(fields(material.get("timestampVerificationData")).get("rfc3161Timestamps"))
    return tuple(decoded(fields(one).get("signedTimestamp"), "a timestamp") for one in given)


def _declared(message: Fields) -> tuple[str, bytes]:
    given = fields(message.get("messageDigest"))
    if not given:
        return "", b""
    algorithm = text(given.get("algorithm"))
    if algorithm not in DIGESTS:
        raise Malformed("sigstore bundle", "its digest is of no known kind")
    return DIGESTS[algorithm], decoded(given.get("digest"), "the digest")


def _payload(envelope: Fields) -> tuple[bytes, str]:
    return decoded(envelope.get("payload"), "the payload"), text(envelope.get("payloadType"))


def _signature(envelope: Fields, message: Fields) -> bytes:
    if not envelope:
        return decoded(message.get("signature"), "the signature")
    signatures = items(envelope.get("signatures"))
    if len(signatures) != 1:
        raise Malformed("sigstore bundle", f"an envelope has one signature, this one {len(signatures)}")
    return decoded(fields(signatures[0]).get("sig"), "the signature")


def _names(payload: bytes | None, message: Fields) -> tuple[str, ...]:
    if payload is None:
        algorithm, digest = _declared(message)
        return (digest.hex(),) if algorithm == "sha256" else ()
    try:
        return subjects(statement(payload))
    except Malformed:  # another payload type; said after verification
        return ()


def subjects(document: Fields) -> tuple[str, ...]:
    """SHA-256 values of an in-toto statement's subjects, as written."""
    digests = (fields(fields(one).get("digest")).get("sha256") for one in items(document.get("subject")))
    return tuple(one for one in map(text, digests) if one)


def enveloped(payload_type: str, payload: bytes) -> bytes:
    """What the signature of a DSSE envelope is over (DSSE v1, "Signature Definition")."""
    kind = payload_type.encode(errors="replace")
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def _promised(entry: Fields) -> int | None:
    """The log's time, when a signed promise goes with it (client specification: without one it proves nothing)."""
    seconds = text(entry.get("integratedTime"))
    if not entry.get("inclusionPromise") or not seconds:
        return None
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= len(str(LAST_SECOND))):
        raise Malformed("sigstore bundle", "integratedTime is not a time")
    if int(seconds) > LAST_SECOND:
        raise Malformed("sigstore bundle", "integratedTime is not a time")
    return int(seconds) or None


def _unsupported(media_type: str, material: Fields, entries: list[Fields]) -> str:
    """Why a well-formed bundle cannot be checked here; empty when it can."""
    if media_type not in VERSIONS:
        return f"bundles of type {media_type[:QUOTED]} are not supported yet"
    if material.get("publicKey") is not None:
        if material.get("certificate") is not None or material.get("x509CertificateChain") is not None:
            raise Malformed("sigstore bundle", "it has a key and a certificate")
        return ""
    if not entries:
        return "bundles with 0 log entries are not supported yet"
    if VERSIONS[media_type] == "0.1" and not fields(entries[0].get("inclusionProof")).get("checkpoint"):
        return "too old for a check without network: this first form of bundle (v0.1) has no inclusion proof"
    return ""


ALWAYS = {"start": "1970-01-01T00:00:00Z"}
NEEDED = ("tlogs", "certificateAuthorities", "ctlogs")
"""Parts of a trust root without which nothing verifies."""


def _trust_root(raw: bytes) -> Fields:
    document = load(raw, "trust root")
    for name in NEEDED:
        if not items(document.get(name)):
            raise Malformed("trust root", f"it names no {name}")
    return document


def in_force(raw: bytes, signed: Iterable[datetime], issued: Iterable[datetime]) -> Fields:
    """A trust root reduced to what was in force at every one of these times, its windows then taken off.

    Args:
        raw: the trust root, JSON.
        signed: times of signing, for logs and authorities.
        issued: times the certificate was issued at, for certificate transparency logs.

    Raises:
        Malformed: it cannot be read, or a part without which nothing verifies is not there at all.
    """
    document = _trust_root(raw)
    try:
        return {
            **document,
            "tlogs": _logs(document, "tlogs", signed),
            "certificateAuthorities": _authorities(document, "certificateAuthorities", signed),
            "ctlogs": _logs(document, "ctlogs", issued),
            "timestampAuthorities": _authorities(document, "timestampAuthorities", signed),
        }
    except (ValueError, TypeError) as problem:  # TypeError: a time without zone compared with one
        raise Malformed("trust root", str(problem)) from None


def _in_force(window: object, times: Iterable[datetime]) -> bool:
    """True when the window, both ends included, holds every time. No window at all means always."""
    if window is None:
        return True
    start, end = (fields(window).get(name) for name in ("start", "end"))
    if not start:
        raise ValueError("a window without start")
    opened = datetime.fromisoformat(text(start))
    closed = datetime.fromisoformat(text(end)) if end is not None else None
    return all(opened <= one and (closed is None or one <= closed) for one in times)


def _logs(document: Fields, name: str, times: Iterable[datetime]) -> list[object]:
    logs = [fields(one) for one in items(document.get(name))]
    return [
        {**one, "publicKey": {**fields(one.get("publicKey")), "validFor": ALWAYS}}
        for one in logs
        if _in_force(fields(one.get("publicKey")).get("validFor"), times)
    ]


def _authorities(document: Fields, name: str, times: Iterable[datetime]) -> list[object]:
    authorities = [fields(one) for one in items(document.get(name))]
    return [{**one, "validFor": ALWAYS} for one in authorities if _in_force(one.get("validFor", {}), times)]


def authorities(raw: bytes) -> tuple[bytes, ...]:
    """Every certificate of every certificate authority of a trust root, DER. Raises Malformed."""
    chains = (fields(one).get("certChain") for one in items(_trust_root(raw)["certificateAuthorities"]))
    certificates = (items(fields(one).get("certificates")) for one in chains)
    return tuple(decoded(fields(one).get("rawBytes"), "a certificate") for chain in certificates for one in chain)
