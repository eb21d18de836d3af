"""What the operator should do about his registry: ages, confirmations, ends, weak, published and withdrawn keys.

Pure but for reading revocation lists that are in the store. Does not look at deliveries, and does not change anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fwverify.formats.weak_keys import frailties, shared
from fwverify.trust.adding import confirmations
from fwverify.trust.key_names import names_of
from fwverify.trust.known_test_keys import lookup
from fwverify.trust.store import PinnedKey, TrustStore

CONFIRMATIONS = 2
"""Different people over different channels (rules.md)."""


@dataclass(frozen=True, slots=True, order=True)
class Notice:
    """One thing about one key."""

    key: str
    """`vendor/id`"""
    kind: str
    """`confirmations`, `expiry`, `tofu`, `age`, `weak`, `short`, `test-key`, `sample`, `shared`, `crl`, `revoked`."""
    urgent: bool
    """Something must be done; otherwise it is only said."""
    what: str
    """One plain sentence."""
    todo: str


def audit(store: TrustStore, at: str, *, days: int, max_age: int) -> tuple[Notice, ...]:
    """Look at every key of a registry.

    Args:
        store: the registry.
        at: RFC 3339, UTC.
        days: how long before its end a key is told.
        max_age: days after which a key should be confirmed again.
    """
    when = datetime.fromisoformat(at)
    found = [one for key in store.keys for one in _of(key, when, days, max_age)]
    return tuple(sorted({*found, *_shared(store)}))


def _of(key: PinnedKey, at: datetime, days: int, max_age: int) -> Iterator[Notice]:
    record = key.record
    name = record.name
    if record.status in ("revoked", "suspended", "superseded"):
        since = f" since {record.revocation_date[:10]}" if record.revocation_date else ""
        why = f": {record.revocation_reason}" if record.revocation_reason else ""
        yield Notice(name, "revoked", False, f"{record.status}{since}{why}", "")
        return
    yield from _made(key)
    yield from _known(key, at, max_age)
    yield from _ends(key, at, days)


def _made(key: PinnedKey) -> Iterator[Notice]:
    """What is wrong with the key itself."""
    name = key.record.name
    replace = "Ask the vendor for a new key, and revoke this one."
    for why in key.record.weaknesses:
        yield Notice(name, "weak", True, f"can be broken: {why}", replace)
    if key.public is None:
        return
    for why in frailties(key.public):
        yield Notice(name, "short", True, why, "Ask the vendor when a stronger key follows.")
    if key.record.sample:
        yield Notice(name, "sample", True, "a published sample key: it proves nothing", "Remove it from your registry.")
    published = lookup(names_of(key.public))
    if published is not None:
        yield Notice(name, "test-key", True, f"published for everybody: {published.label}", replace)


def _known(key: PinnedKey, at: datetime, max_age: int) -> Iterator[Notice]:
    """How well and how lately it was confirmed."""
    record = key.record
    have = confirmations(record)
    if have < CONFIRMATIONS:
        todo = f"Have another person confirm it over another channel: fwverify keys confirm {record.name}"
        yield Notice(record.name, "confirmations", True, f"confirmed {have} of {CONFIRMATIONS}", todo)
    last = max(_moment(one.when) for one in record.sources)
    age = (at - last).days
    todo = f"Confirm it again: fwverify keys confirm {record.name}" if age > max_age else ""
    yield Notice(record.name, "age", age > max_age, f"last confirmed {last.date().isoformat()}, {age} days ago", todo)


def _ends(key: PinnedKey, at: datetime, days: int) -> Iterator[Notice]:
    record = key.record
    kind = "tofu" if record.status == "tofu" else "expiry"
    todo = "Confirm it, then set its status and end." if kind == "tofu" else "Ask the vendor which key follows."
    yield from _end(record.name, kind, "", record.valid_to, at, days, todo)
    certificate, lists = _dates(key)
    yield from _end(record.name, "expiry", "its certificate ", certificate, at, days, todo)
    for one in lists:
        yield from _end(record.name, "crl", "its revocation list ", one, at, days, "Fetch the newer list.")


def _end(name: str, kind: str, what: str, end: str, at: datetime, days: int, todo: str) -> Iterator[Notice]:
    if not end:
        return
    last = _moment(end)
    if last < at:
        yield Notice(name, kind, True, f"{what}ended {end[:10]}", todo)
    elif last - at <= timedelta(days=days):
        yield Notice(name, kind, True, f"{what}ends {end[:10]}, in {(last - at).days} days", todo)


def _dates(key: PinnedKey) -> tuple[str, tuple[str, ...]]:
    """(end of the certificate, next updates of its revocation lists), RFC 3339; empty where there is none."""
    from cryptography import x509

    end = ""
    if key.public is not None and key.public.note == "certificate":
        end = _text(x509.load_der_x509_certificate(key.public.material).not_valid_after_utc)
    updates = (x509.load_der_x509_crl(one).next_update_utc for one in key.crls)
    return end, tuple(_text(one) for one in updates if one is not None)


def _text(when: datetime) -> str:
    return when.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _moment(when: str) -> datetime:
    return datetime.fromisoformat(when if "T" in when else f"{when}T00:00:00Z")


def _shared(store: TrustStore) -> Iterator[Notice]:
    """Different keys with a common factor: both can be broken."""
    names: dict[str, list[str]] = {}
    keys = [one.public for one in store.keys if one.public is not None]
    for one in store.keys:
        names.setdefault(one.record.fingerprint, []).append(one.record.name)
    for a, b in shared(keys):
        for mine, other in ((a, b), (b, a)):
            what = f"can be broken: its modulus shares a factor with {names[other][0]}"
            for name in names[mine]:
                yield Notice(name, "shared", True, what, "Tell the vendor, and revoke both.")
