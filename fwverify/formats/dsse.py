"""DSSE envelopes: a payload with its type and one or more signatures, as JSON or JSON lines.

Sources: DSSE v1.0 `protocol.md` (signature definition: PAE) and `envelope.md` (JSON form), secure-systems-lab/dsse,
read 2026-11-22. An attestation file holds one envelope, or one in each line (in-toto bundle).

The payload's type is signed with it; key ids are not. A key given twice is refused, so that no second reader sees
another envelope; other fields than the three are ignored, as the specification asks. Base64 may be in the standard or
the URL alphabet, not both at once. Reads nothing of the payload.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from fwverify.formats import strict_json
from fwverify.model.examining import Malformed

WHAT = "DSSE envelope"
MAX_BYTES = 16 << 20
"""An attestation may carry a whole SBOM; provenance has 4 to 100 kB."""
MAX_ENVELOPES = 1024
"""In one file. A release has tens of files."""
MAX_SIGNATURES = 64
"""In one envelope."""
_FIELDS = (b'"payload"', b'"payloadType"', b'"signatures"')


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature of an envelope."""

    key_id: str
    """A hint that is not signed; empty when there is none."""
    value: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """One envelope."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]
    """At least one."""

    @property
    def signed(self) -> bytes:
        """The bytes that are signed: type and payload with their lengths."""
        return encoded(self.payload_type, self.payload)


def encoded(payload_type: str, payload: bytes) -> bytes:
    """PAE, the pre-authentication encoding (protocol.md, "Signature Definition")."""
    kind = payload_type.encode(errors="replace")
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def looks_like(view: memoryview) -> bool:
    """Begins like a JSON object and has the fields of an envelope. Cheap and total."""
    if len(view) > MAX_BYTES or bytes(view[:64]).lstrip()[:1] != b"{":
        return False
    raw = bytes(view)
    return all(one in raw for one in _FIELDS)


def stands_alone(view: memoryview) -> bool:
    """True when the file is envelopes from its first to its last byte, as far as text and brackets tell."""
    return looks_like(view) and in_documents(view)


def in_documents(view: memoryview) -> bool:
    """True when the file is one JSON object, or one in each line, and nothing else."""
    return all(strict_json.stands_alone(memoryview(one)) for one in documents(bytes(view)))


def documents(raw: bytes) -> list[bytes]:
    """The JSON documents of a file: each line where every line is an object of its own, else the whole."""
    lines = [one for one in raw.splitlines() if one.strip()]
    in_lines = len(lines) > 1 and all(one.strip()[:1] == b"{" and one.strip()[-1:] == b"}" for one in lines)
    return lines if in_lines else [raw]


def parse(content: memoryview | bytes) -> tuple[Envelope, ...]:
    """The envelopes of a file, at least one. Raises Malformed and LimitExceeded."""
    if len(content) > MAX_BYTES:
        raise Malformed(WHAT, f"{len(content)} bytes, at most {MAX_BYTES} are read")
    parts = documents(bytes(content))
    if len(parts) > MAX_ENVELOPES:
        raise Malformed(WHAT, f"{len(parts)} envelopes, at most {MAX_ENVELOPES} are read")
    return tuple(envelope(strict_json.load(one, WHAT, max_bytes=MAX_BYTES)) for one in parts)


def envelope(value: object) -> Envelope:
    """One envelope from its JSON value. Raises Malformed."""
    if not isinstance(value, dict):
        raise Malformed(WHAT, "not a JSON object")
    kind, payload, signatures = (value.get(name) for name in ("payloadType", "payload", "signatures"))
    if not isinstance(kind, str) or not kind or not isinstance(payload, str):
        raise Malformed(WHAT, "it has no payload, or no type of it")
    if not isinstance(signatures, list) or not signatures:
        raise Malformed(WHAT, "it has no signatures")
    if len(signatures) > MAX_SIGNATURES:
        raise Malformed(WHAT, f"{len(signatures)} signatures, at most {MAX_SIGNATURES} are read")
    return Envelope(kind, decoded(payload, "payload"), tuple(map(_signature, signatures)))


def _signature(value: object) -> Signature:
    if not isinstance(value, dict) or not isinstance(value.get("sig"), str):
        raise Malformed(WHAT, "a signature without value")
    key_id = value.get("keyid")
    if key_id is not None and not isinstance(key_id, str):
        raise Malformed(WHAT, "a key id that is no text")
    return Signature(key_id or "", decoded(value["sig"], "signature"))


def decoded(text: str, what: str) -> bytes:
    """Bytes of base64 in the standard or the URL alphabet, with or without padding. Raises Malformed."""
    url = "-" in text or "_" in text
    if url and ("+" in text or "/" in text):
        raise Malformed(WHAT, f"the {what} mixes two alphabets of base64")
    plain = text.rstrip("=")
    if len(text) - len(plain) not in (0, -len(plain) % 4):
        raise Malformed(WHAT, f"the {what} is not base64")
    try:
        raw = plain.encode("ascii") + b"=" * (-len(plain) % 4)
        return base64.b64decode(raw, altchars=b"-_" if url else None, validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Malformed(WHAT, f"the {what} is not base64") from None
