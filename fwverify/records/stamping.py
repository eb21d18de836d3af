"""Trusted time over report.json: asking a timestamping authority, and checking what it answered.

Source: RFC 3161 sections 2.2 to 2.4 and 3.4 (HTTP), read 2026-11-23. The request has a SHA-256 of the report and a
nonce, and asks for the authority's certificates, so that the answer can be checked for years. The authority is believed
by a certificate the operator gives: its own, or the root above it; certificates in the answer only connect the two.
The certificates must have been in force at the time that the answer states, and be for timestamps; whether they have
expired since does not matter. Does not do: revocation of the authority, renewal by a later timestamp.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from fwverify.errors import RecordError
from fwverify.formats import der
from fwverify.model.examining import Malformed, Unsupported
from fwverify.records.attested import Report
from fwverify.records.layout import STAMP
from fwverify.records.lines import Line, Result, compared
from fwverify.records.storing import NotAPack, Stored

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

QUERY_TYPE, ANSWER_TYPE = "application/timestamp-query", "application/timestamp-reply"
_CERTIFICATES = 0xA0
"""Tag of the certificates in SignedData (RFC 5652 section 5.1)."""
MAX_ANSWER_BYTES = 1 << 20
"""An answer with its certificates has 2 to 8 kB."""


class NoTime(Exception):
    """The answer gives no trusted time; says why."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of an authority."""

    der: bytes
    nonce: int


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an authority answered, checked."""

    time: str
    """RFC 3339, UTC."""
    authority: str
    """Subject of the certificate that signed."""


def query(report: bytes) -> Query:
    """A request over a report."""
    from rfc3161_client import TimestampRequestBuilder
    from rfc3161_client.base import HashAlgorithm

    made = TimestampRequestBuilder().data(report).hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=True).build()
    return Query(made.as_bytes(), made.nonce or 0)


def stamped(answer: bytes, report: bytes, certificates: bytes, nonce: int | None = None) -> Stamp:
    """The time of an answer.

    Args:
        answer: DER, as it came.
        report: what it must be about.
        certificates: PEM of the authority or of the root above it, one or several; the operator's.
        nonce: of the request, when the answer has just come.

    Raises:
        NoTime: it gives none that can be trusted.
        RecordError: the operator's certificates cannot be read.
    """
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    if len(answer) > MAX_ANSWER_BYTES:
        raise NoTime(f"it is larger than {MAX_ANSWER_BYTES} bytes")
    builder = VerifierBuilder(nonce=nonce, roots=_certificates(certificates))
    try:
        response = decode_timestamp_response(_orderly(answer))
        if response.status != 0:
            raise NoTime(f"the authority refused: {'; '.join(response.status_string) or response.status}")
        builder.build().verify_message(response, report)
        signer = next(iter(response.signed_data.signer_infos))
        time = response.tst_info.gen_time.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
        return Stamp(time, _subject(response.signed_data.certificates, signer.serial_number))
    except VerificationError as problem:
        raise NoTime(str(problem)) from None
    except (ValueError, StopIteration) as problem:
        raise NoTime(f"it is no timestamp answer: {problem}") from None


def _certificates(pem: bytes) -> list[Certificate]:
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return list(load_pem_x509_certificates(pem))
    except ValueError as problem:
        raise RecordError(f"holds no certificate: {problem}", where="--tsa-cert", todo="Name a PEM file.") from None


def _orderly(answer: bytes) -> bytes:
    """The answer with its certificates in the order that DER wants of a SET.

    Authorities that run openssl write them leaf first; nothing signed covers their order. Another shape is left alone.
    """
    what = "timestamp answer"
    try:
        response = der.element(answer, 0, len(answer), what)
        token = list(der.children(answer, response, what))[1]
        wrapper = list(der.children(answer, token, what))[1]
        (signed,) = der.children(answer, wrapper, what)
        for one in der.children(answer, signed, what):
            if answer[one.start] == _CERTIFICATES:
                inside = sorted(answer[each.start : each.end] for each in der.children(answer, one, what))
                return answer[: one.body] + b"".join(inside) + answer[one.end :]
    except (Malformed, Unsupported, IndexError, ValueError):
        return answer
    return answer


def _subject(ders: set[bytes], serial: int) -> str:
    from cryptography.x509 import load_der_x509_certificate

    for one in sorted(ders):
        found = load_der_x509_certificate(one)
        if found.serial_number == serial:
            return found.subject.rfc4514_string()
    return "an authority whose certificate is not in the answer"


def stamp_line(pack: Stored, report: Report, certificates: bytes) -> Line | None:
    """The line of a pack about its time; None: it has no timestamp and nobody asked."""
    if STAMP not in pack.sizes:
        return Line("Time", Result.DIFFERS, "it has no timestamp, and an authority was named") if certificates else None
    if not certificates:
        return Line("Time", Result.UNCHECKED, "has a timestamp; its authority was not given: --tsa-cert", needed=False)
    digest = hashlib.sha256(report.raw).hexdigest()[:16]
    try:
        found = stamped(pack.read(STAMP), report.raw, certificates)
    except (NoTime, NotAPack) as problem:
        return compared("Time", f"{STAMP} gives no time", [str(problem)])
    return compared("Time", f"report.json ({digest}...) existed at {found.time}, says {found.authority}")
