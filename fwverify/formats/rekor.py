"""Entries of the transparency log Rekor as bundles carry them: entry, body, inclusion proof, checkpoint.

Sources, read 2026-11-22: sigstore protobuf-specs `sigstore_rekor.proto`; Rekor `pkg/types` schemas hashedrekord
0.0.1, dsse 0.0.1, intoto 0.0.2; Rekor v2 `entry.proto` (hashedrekord and dsse 0.0.2); RFC 9162 section 2.1 (Merkle
tree, inclusion proof); C2SP `tlog-checkpoint` and `signed-note`. Nothing read here is believed before
`authenticate.transparency` has verified it.

Does not do: entries of other kinds (rekord, intoto 0.0.1, cose...), which are told as unsupported; witnesses'
cosignatures, which are passed over.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from fwverify.formats import strict_json
from fwverify.formats.sigstore_json import LAST_SECOND, Fields, fields, items, text
from fwverify.model.examining import Malformed, Unsupported

WHAT = "log entry"
MAX_HASHES = 64
"""Levels of a tree with 2**64 leaves."""
TOO_OLD = frozenset({("intoto", "0.0.1"), ("rekord", "0.0.1")})
DIGESTS = {"sha256": "sha256", "sha384": "sha384", "sha512": "sha512",
           "SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}  # fmt: skip
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_NOTE_SIGNATURE = re.compile("\u2014 (\\S+) ([A-Za-z0-9+/=]+)")
_PEM = re.compile(rb"\s*-----BEGIN (PUBLIC KEY|CERTIFICATE)-----\s+([A-Za-z0-9+/=\s]+)-----END \1-----\s*")


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That an entry lies in a tree."""

    index: int
    size: int
    root: bytes
    hashes: tuple[bytes, ...]
    checkpoint: str
    """The log's signed note; empty when there is none."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry, as the bundle carries it."""

    log_id: bytes
    index: int
    kind: str
    version: str
    integrated: int
    """Seconds since 1970; 0 when the log gives no time."""
    promise: bytes
    """Signed entry timestamp; empty when there is none."""
    proof: InclusionProof | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Logged:
    """What a body says was signed."""

    digests: tuple[tuple[str, bytes], ...]
    """(algorithm, digest) of what the signatures are over, or of the payload (`of_payload`)."""
    of_payload: bool
    """The digest is that of a DSSE payload, not of the bytes under the signature."""
    signatures: tuple[tuple[bytes, bytes], ...]
    """(signature, DER of the SubjectPublicKeyInfo or certificate it is by)"""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's signed statement of its size and root."""

    origin: str
    size: int
    root: bytes
    signed: bytes
    signatures: tuple[tuple[str, bytes, bytes], ...]
    """(name, key hint of 4 bytes, signature)"""


def entry(value: object) -> LogEntry:
    """Read one element of `tlogEntries`. Raises Malformed."""
    given = fields(value)
    kind = fields(given.get("kindVersion"))
    proof = given.get("inclusionProof")
    return LogEntry(
        log_id=_bytes(fields(given.get("logId")).get("keyId"), "log id"),
        index=_number(given.get("logIndex", "0")),
        kind=text(kind.get("kind")),
        version=text(kind.get("version")),
        integrated=_time(given.get("integratedTime", "0")),
        promise=_bytes(fields(given.get("inclusionPromise")).get("signedEntryTimestamp", ""), "promise"),
        proof=_proof(fields(proof)) if proof is not None else None,
        body=_bytes(given.get("canonicalizedBody"), "body"),
    )


def _proof(given: Fields) -> InclusionProof:
    hashes = tuple(_bytes(one, "hash") for one in items(given.get("hashes")))
    if len(hashes) > MAX_HASHES or any(len(one) != 32 for one in hashes):
        raise Malformed(WHAT, "its inclusion proof has hashes that no tree has")
    return InclusionProof(
        _number(given.get("logIndex", "0")),
        _number(given.get("treeSize", "0")),
        _bytes(given.get("rootHash"), "root"),
        hashes,
        text(fields(given.get("checkpoint")).get("envelope")),
    )


def _bytes(value: object, what: str) -> bytes:
    try:
        return base64.b64decode(text(value).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Malformed(WHAT, f"its {what} is not base64") from None


def _number(value: object) -> int:
    """An int64 of the Protobuf JSON mapping (a text, or a number), not negative."""
    written = str(value) if isinstance(value, int) and not isinstance(value, bool) else text(value)
    if not _NUMBER.fullmatch(written):
        raise Malformed(WHAT, "a number is not written as one")
    return int(written)


def _time(value: object) -> int:
    seconds = _number(value)
    if seconds > LAST_SECOND:
        raise Malformed(WHAT, "its time is not a time")
    return seconds


def logged(found: LogEntry) -> Logged:
    """Read the body of an entry.

    Raises:
        Malformed: it does not have the form of its kind.
        Unsupported: a kind that is not read, or too old to be checked.
    """
    body = fields(strict_json.load(found.body, "log entry body"))
    kind = (text(body.get("kind")), text(body.get("apiVersion")))
    if kind != (found.kind, found.version) and (found.kind or found.version):
        raise Malformed(WHAT, "its body is of another kind than it says")
    spec = fields(body.get("spec"))
    match kind:
        case ("hashedrekord", "0.0.1"):
            signature = fields(spec.get("signature"))
            by = _pem(fields(signature.get("publicKey")).get("content"))
            digest = _hash(fields(spec.get("data")).get("hash"))
            return Logged((digest,), False, ((_bytes(signature.get("content"), "signature"), by),))
        case ("dsse", "0.0.1"):
            signers = [fields(one) for one in items(spec.get("signatures"))]
            made = tuple((_bytes(one.get("signature"), "signature"), _pem(one.get("verifier"))) for one in signers)
            return Logged((_hash(spec.get("payloadHash")),), True, made)
        case ("intoto", "0.0.2"):
            content = fields(spec.get("content"))
            signers = [fields(one) for one in items(fields(content.get("envelope")).get("signatures"))]
            made = tuple((_twice(one.get("sig")), _pem(one.get("publicKey"))) for one in signers)
            return Logged((_hash(content.get("payloadHash")),), True, made)
        case ("hashedrekord", "0.0.2"):
            inner = fields(spec.get("hashedRekordV002"))
            return Logged((_digest(inner.get("data")),), False, (_second(inner.get("signature")),))
        case ("dsse", "0.0.2"):
            inner = fields(spec.get("dsseV002"))
            return Logged(
                (_digest(inner.get("payloadHash")),), True, tuple(map(_second, items(inner.get("signatures"))))
            )
    name = f"{kind[0][:40]} {kind[1][:40]}"
    raise Unsupported(
        f"too old for a check: log entries of kind {name} do not hold the signature"
        if kind in TOO_OLD
        else f"log entries of kind {name} are not supported yet"
    )


def _hash(value: object) -> tuple[str, bytes]:
    """`{algorithm: sha256, value: hexadecimal}`"""
    given = fields(value)
    name = DIGESTS.get(text(given.get("algorithm")), "")
    try:
        return _checked(name, bytes.fromhex(text(given.get("value"))))
    except ValueError:
        raise Malformed(WHAT, "its digest is not hexadecimal") from None


def _digest(value: object) -> tuple[str, bytes]:
    """`{algorithm: SHA2_256, digest: base64}`"""
    given = fields(value)
    return _checked(DIGESTS.get(text(given.get("algorithm")), ""), _bytes(given.get("digest"), "digest"))


def _checked(name: str, value: bytes) -> tuple[str, bytes]:
    if not name or len(value) != hashlib.new(name).digest_size:
        raise Malformed(WHAT, "its digest is of no known kind")
    return name, value


def _twice(value: object) -> bytes:
    """Of intoto 0.0.2: base64 of the base64 in the envelope."""
    return _bytes(_bytes(value, "signature").decode("ascii", errors="replace"), "signature")


def _second(value: object) -> tuple[bytes, bytes]:
    """Of version 0.0.2: a signature with its verifier."""
    given = fields(value)
    verifier = fields(given.get("verifier"))
    by = fields(verifier.get("x509Certificate")) or fields(verifier.get("publicKey"))
    return _bytes(given.get("content"), "signature"), _bytes(by.get("rawBytes"), "verifier")


def _pem(value: object) -> bytes:
    """DER of a PEM text in base64."""
    block = _PEM.fullmatch(_bytes(value, "verifier"))
    if block is None:
        raise Malformed(WHAT, "its verifier is no PEM block")
    return _bytes(b"".join(block[2].split()).decode(), "verifier")


def checkpoint(note: str) -> Checkpoint:
    """Read a signed note of a log. Raises Malformed."""
    what = "checkpoint"
    if not note.endswith("\n") or note.count("\n\n") != 1:
        raise Malformed(what, "not a text, a blank line and signatures")
    body, _, tail = note.partition("\n\n")
    lines, signatures = body.split("\n"), []
    if len(lines) < 3 or not lines[0] or not _NUMBER.fullmatch(lines[1]):
        raise Malformed(what, "it does not say origin, size and root")
    for line in tail[:-1].split("\n"):
        found = _NOTE_SIGNATURE.fullmatch(line)
        raw = _bytes(found[2], "checkpoint signature") if found else b""
        if found is None or len(raw) < 5:
            raise Malformed(what, "a signature line is none")
        signatures.append((found[1], raw[:4], raw[4:]))
    return Checkpoint(lines[0], int(lines[1]), _bytes(lines[2], "root"), f"{body}\n".encode(), tuple(signatures))


def root_of(proof: InclusionProof, body: bytes) -> bytes:
    """The root that the proof leads to from the entry (RFC 9162 section 2.1.3.2). Raises Malformed."""
    if proof.index >= proof.size:
        raise Malformed(WHAT, "its inclusion proof is for a leaf outside the tree")
    at, last = proof.index, proof.size - 1
    value = hashlib.sha256(b"\x00" + body).digest()
    for sibling in proof.hashes:
        if last == 0:
            raise Malformed(WHAT, "its inclusion proof has hashes too many")
        if at & 1 or at == last:
            value = hashlib.sha256(b"\x01" + sibling + value).digest()
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            value = hashlib.sha256(b"\x01" + value + sibling).digest()
        at, last = at >> 1, last >> 1
    if last:
        raise Malformed(WHAT, "its inclusion proof has hashes too few")
    return value


def promised(found: LogEntry) -> bytes:
    """What a signed entry timestamp is over: the entry as canonical JSON (RFC 8785; Rekor `openapi.yaml`)."""
    body = base64.b64encode(found.body).decode()
    log_id = found.log_id.hex()
    return (
        f'{{"body":"{body}","integratedTime":{found.integrated},"logID":"{log_id}","logIndex":{found.index}}}'.encode()
    )
