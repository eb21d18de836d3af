"""Whether the key behind a valid signature may speak: for this vendor, product and purpose, now, unrevoked, confirmed.

The mathematics were done before; here only the registry's entry is judged (rules.md, "Key registry"). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from fwverify.model.canonical import identify
from fwverify.model.constraints import unmet
from fwverify.model.evidence import KeyRecord, SignatureObservation, SignatureStatus, TrustSnapshot
from fwverify.model.people import person

TRUSTED_TIMES = ("rekor", "rfc3161")
"""Sources of a signing time that the signer could not write himself."""
MIN_SEEN_DIGITS = 16
"""Hexadecimal digits of a fingerprint that a source must have seen: 64 bits, what people read out by phone."""
ORDERLY = frozenset({"superseded", "cessationOfOperation", "affiliationChanged"})
"""Reasons of a revocation list that say nothing against what was signed before."""
WITHDRAWN = ("revoked", "superseded", "suspended")


@dataclass(frozen=True, slots=True)
class Demands:
    """What a key must meet. Empty vendor or product: not stated, not asked."""

    at: str
    vendor: str
    product: str
    purpose: str
    sample_keys: bool
    tofu: bool
    confirmations: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """The outcome for all valid signatures."""

    keys: Mapping[str, KeyRecord]
    """Observation id -> entry that was accepted."""
    refused: Mapping[str, str]
    """Observation id -> why not, in plain words."""

    def vendors(self) -> tuple[str, ...]:
        return tuple(sorted({one.vendor for one in self.keys.values()}))


def accept(
    signatures: Iterable[SignatureObservation],
    trust: TrustSnapshot,
    demands: Demands,
    asked: TrustSnapshot | None = None,
) -> Accepted:
    """Judge the key of every valid signature. `asked`: the registry it was checked with (see `entries`)."""
    keys: dict[str, KeyRecord] = {}
    refused: dict[str, str] = {}
    for signature in signatures:
        if signature.status is not SignatureStatus.VALID:
            continue
        reasons = [(refusal(one, signature, demands), one) for one in entries(trust, signature, asked)]
        good = next((one for reason, one in reasons if not reason), None)
        if good is not None:
            keys[identify(signature)] = good
        else:
            refused[identify(signature)] = reasons[0][0] if reasons else _unheld(trust, signature, demands)
    return Accepted(keys, refused)


def _unheld(trust: TrustSnapshot, signature: SignatureObservation, demands: Demands) -> str:
    """Why a signature counts for none of the entries it held under: they are gone; others with its key refuse it."""
    others = entries(trust, signature)
    if not others:
        return "its key is not on record"
    return refusal(others[0], signature, demands) or f"it is not made as {others[0].name} asks"


def entries(
    trust: TrustSnapshot, signature: SignatureObservation, asked: TrustSnapshot | None = None
) -> tuple[KeyRecord, ...]:
    """Registry entries that are this signer: by fingerprint (its own, or that of a certificate on its path), or by
    identity and issuer for Sigstore. The signature must be made as the entry asks: it was held under the entry, or
    (another registry, `reassess --keys`) what was recorded of it meets the entry's constraints. An entry that was there
    when it was checked (`asked`) and under which it did not hold stays out: formats ask for more than entries say.

    An identity says something only under the trust root it was verified with, so it counts for the entries it held
    under: otherwise whoever runs one vendor's private root could speak as another vendor.
    """
    if signature.identity:
        who = ("sigstore-identity", signature.identity, signature.issuer)
        found = (one for one in trust.keys if (one.type, one.identity, one.issuer) == who)
        return tuple(one for one in found if one.name in signature.keys)
    prints = {signature.fingerprint, signature.anchor, *(one.fingerprint for one in signature.path)} - {""}
    made = {**dict(signature.parameters), "algorithm": signature.algorithm}
    known = {_asks(one) for one in asked.keys} if asked is not None and signature.keys else frozenset()
    return tuple(
        one
        for one in trust.keys
        if one.fingerprint in prints
        and (one.name in signature.keys or (_asks(one) not in known and not unmet(one.constraints, made)))
    )


def _asks(key: KeyRecord) -> tuple[object, ...]:
    """What decides whether a signature holds under an entry."""
    return key.name, key.type, key.fingerprint, key.constraints


def refusal(key: KeyRecord, signature: SignatureObservation, demands: Demands) -> str:
    """Why this entry may not speak here; empty when it may. The most telling reason comes first."""
    return (
        _scope(key, signature.scheme, demands)
        or status_refusal(key, signature, demands.at)
        or revoked_certificate(signature, demands.at)
        or _dates(key, moment(signature, demands.at))
        or _confirmation(key, demands)
    )


def _scope(key: KeyRecord, scheme: str, demands: Demands) -> str:
    if key.sample and not demands.sample_keys:
        return f"{key.name} is a published sample key, and the policy does not allow sample keys"
    if demands.vendor and key.vendor.casefold() != demands.vendor.casefold():
        return f"{key.name} is pinned for {key.legal_name or key.vendor}, not for {demands.vendor}"
    if demands.product and not any(fnmatchcase(demands.product, one) for one in key.products):
        return f"{key.name} is pinned for {', '.join(key.products) or 'no product'}, not for {demands.product}"
    if demands.purpose not in key.purposes:
        return f"{key.name} is pinned for {', '.join(key.purposes) or 'no purpose'}, not for {demands.purpose}"
    if key.formats and scheme not in key.formats:
        return f"{key.name} is pinned for {', '.join(key.formats)}, not for {scheme}"
    return ""


def status_refusal(key: KeyRecord, signature: SignatureObservation, at: str) -> str:
    """Why the entry's status forbids it; empty when it does not.

    1. Suspended: never.
    2. Revoked or superseded with `distrust: always` (a revocation that says nothing means that): never.
    3. Otherwise only what was signed before its date, by a time the signer could not write himself.
    """
    if key.status not in WITHDRAWN:
        return "" if key.status in ("active", "tofu") else f"{key.name} has the unknown status {key.status!r}"
    since = f" since {key.revocation_date}" if key.revocation_date else ""
    why = f": {key.revocation_reason}" if key.revocation_reason else ""
    withdrawn = f"{key.name} is {key.status}{since}{why}"
    distrust = key.distrust or ("after" if key.status == "superseded" else "always")
    if key.status == "suspended" or distrust != "after" or not key.revocation_date:
        return withdrawn
    return "" if moment(signature, at) < first_second(key.revocation_date) else withdrawn


def revoked_certificate(signature: SignatureObservation, at: str) -> str:
    """Which certificate of the path a revocation list withdraws for this signature's time; empty when none.

    A key that others may have had was never trustworthy; one that went out of use was until its day (RFC 5280,
    section 5.3.1). Without a proven signing time the signature may be from after that day.
    """
    for one in signature.path:
        if not one.revoked_at:
            continue
        orderly = one.revocation_reason in ORDERLY and moment(signature, at) < one.revoked_at
        if not orderly:
            why = f" ({one.revocation_reason})" if one.revocation_reason else ""
            return f"the certificate {one.subject} was revoked on {one.revoked_at[:10]}{why}"
    return ""


def moment(signature: SignatureObservation, at: str) -> str:
    """The time to judge the key by: when it signed if that is proven, else now."""
    return signature.signed_at if signature.time_source in TRUSTED_TIMES and signature.signed_at else at


def first_second(when: str) -> str:
    """A date or a time as a time, the first second of the day."""
    return when if "T" in when else f"{when}T00:00:00Z"


def last_second(when: str) -> str:
    return when if "T" in when else f"{when}T23:59:59Z"


def _dates(key: KeyRecord, when: str) -> str:
    if key.valid_from and when < first_second(key.valid_from):
        return f"{key.name} is valid only from {key.valid_from}"
    if key.valid_to and when > last_second(key.valid_to):
        return f"{key.name} was valid until {key.valid_to}"
    return ""


def _confirmation(key: KeyRecord, demands: Demands) -> str:
    if key.status == "tofu" and not demands.tofu:
        return f"{key.name} was only trusted on first use"
    count = confirmations(key)
    if key.status == "tofu" or count >= demands.confirmations:
        return ""
    return (
        f"{key.name} is not confirmed enough: {count} of {demands.confirmations} confirmations by different people "
        "over different channels"
    )


def confirmations(key: KeyRecord) -> int:
    """How often the pin was learned independently: by different people over different channels.

    A source that saw another fingerprint confirms nothing.
    """
    sources = [one for one in key.sources if _same(one.fingerprint, key.fingerprint) and one.channel and one.who]
    channels = {person(one.channel) for one in sources}
    people = {person(one.who) for one in sources}
    return min(len(channels), len(people))


def _same(seen: str, recorded: str) -> bool:
    """True when what was seen there is the key's fingerprint, or its first digits, or was not written down."""
    plain = "".join(one for one in seen.casefold() if one not in ": -")
    if not plain or not recorded:
        return True
    return len(plain) >= MIN_SEEN_DIGITS and recorded.casefold().startswith(plain)


def blocks(fingerprint: str) -> str:
    """The first 16 digits of a fingerprint as people read them out: `44c1 f0d2 8a7e 19b3`."""
    return " ".join(fingerprint[at : at + 4] for at in range(0, min(len(fingerprint), 16), 4))
