"""Sigstore trust roots: the keys of logs and authorities with the time each was in force.

Source: sigstore protobuf-specs `sigstore_trustroot.proto` (TrustedRoot v0.1), read 2026-11-22. A window without
start is refused; both its ends count (TimeRange is a closed interval). Trust roots come from the key registry only.
Does not do: signing configurations, service URLs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fwverify.formats.sigstore_json import Fields, decoded, fields, items, load, text
from fwverify.model.examining import Malformed

WHAT = "trust root"


@dataclass(frozen=True, slots=True)
class Window:
    """A closed interval of time."""

    start: datetime
    end: datetime | None

    def holds(self, at: datetime) -> bool:
        return self.start <= at and (self.end is None or at <= self.end)


@dataclass(frozen=True, slots=True)
class Log:
    """A transparency or certificate transparency log."""

    id: bytes
    key: bytes
    """DER SubjectPublicKeyInfo."""
    window: Window


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority for certificates or timestamps."""

    chain: tuple[bytes, ...]
    """DER certificates, the issuing or signing one first, the root last."""
    window: Window


@dataclass(frozen=True, slots=True)
class TrustRoot:
    """One trust root."""

    logs: tuple[Log, ...]
    certificate_logs: tuple[Log, ...]
    certificate_authorities: tuple[Authority, ...]
    timestamp_authorities: tuple[Authority, ...]


def read(raw: bytes) -> TrustRoot:
    """Read a trust root. Raises Malformed."""
    document = load(raw, WHAT)
    try:
        return TrustRoot(
            _logs(document, "tlogs"),
            _logs(document, "ctlogs"),
            _authorities(document, "certificateAuthorities"),
            _authorities(document, "timestampAuthorities"),
        )
    except ValueError as problem:
        raise Malformed(WHAT, str(problem)) from None


def _logs(document: Fields, name: str) -> tuple[Log, ...]:
    found = []
    for one in map(fields, items(document.get(name))):
        key = fields(one.get("publicKey"))
        identifier = decoded(fields(one.get("logId")).get("keyId"), "a log id")
        found.append(Log(identifier, decoded(key.get("rawBytes"), "a log's key"), _window(key.get("validFor"))))
    return tuple(found)


def _authorities(document: Fields, name: str) -> tuple[Authority, ...]:
    found = []
    for one in map(fields, items(document.get(name))):
        chain = items(fields(one.get("certChain")).get("certificates"))
        certificates = tuple(decoded(fields(each).get("rawBytes"), "a certificate") for each in chain)
        found.append(Authority(certificates, _window(one.get("validFor"))))
    return tuple(found)


def _window(value: object) -> Window:
    given = fields(value)
    if not given.get("start"):
        raise Malformed(WHAT, "a window without start")
    return Window(_moment(given["start"]), None if given.get("end") is None else _moment(given["end"]))


def _moment(value: object) -> datetime:
    found = datetime.fromisoformat(text(value))
    if found.tzinfo is None:
        raise Malformed(WHAT, "a time without zone")
    return found
