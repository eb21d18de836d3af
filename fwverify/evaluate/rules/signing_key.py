"""Rules on the keys that signed: strong enough, not withdrawn, not published for everybody."""

from __future__ import annotations

from datetime import datetime, timedelta

from fwverify.evaluate.coverage import image_spans
from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import (
    MAX_UNEXAMINED,
    Values,
    counted,
    failed,
    incomparable,
    item,
    listed,
    named,
    number,
    passed,
    text,
    unearned,
    unjudged,
)
from fwverify.evaluate.keys import WITHDRAWN, entries, revoked_certificate, status_refusal
from fwverify.evaluate.profiles import PROFILES, weakness
from fwverify.model.canonical import identify
from fwverify.model.evidence import ContentKind, SignatureObservation, SignatureStatus
from fwverify.model.finding import Item, Level
from fwverify.trust.known_test_keys import KNOWN

CALL = "Call the vendor on the number in your contract, not one from this delivery, and compare the key."


def _valid(case: Case) -> list[SignatureObservation]:
    return [one for one in case.evidence.signatures if one.status is SignatureStatus.VALID]


def _about(one: SignatureObservation, detail: str) -> Item:
    return item(one.source, f"{one.scheme}: {detail}", one)


def algorithm(case: Case, values: Values) -> Judged:
    """What counts rests on strong signatures. A weak one beside a strong one over the same bytes does no harm."""
    good = list(case.accepted) or _valid(case)
    if not good:
        return incomparable(case) or unjudged(
            "No signature holds under a key on record, so there is no algorithm to judge.", remedy=CALL
        )
    profile = text(values, "profile")
    weak = {identify(one): why for one in good if (why := weakness(one, profile, case.at))}
    strong = {identify(one) for one in good} - weak.keys()
    relied = not strong or any(
        not weak.keys().isdisjoint(span.signed_by) and strong.isdisjoint(span.signed_by)
        for _, spans in image_spans(case.evidence)
        for span in spans
    )
    if weak and relied:
        return failed(
            f"The signature is too weak: {named(sorted(set(weak.values())), 3)}.",
            [_about(one, weak[identify(one)]) for one in good if identify(one) in weak],
            remedy="Ask the vendor for a signature with a current algorithm and key size.",
            expected=f"profile {profile}",
            observed=named(sorted(set(weak.values())), 3),
        )
    used = sorted({one.algorithm for one in good if identify(one) in strong})
    return passed(f"{', '.join(used)}: strong enough for the profile {profile}.", observed=", ".join(used))


def revocation(case: Case, values: Values) -> Judged:
    """No accepted key is withdrawn; where none was accepted, a withdrawn one is the reason."""
    nothing = incomparable(case)
    if nothing is not None:
        return nothing
    withdrawn = [
        (one, why) for one in _valid(case) if identify(one) not in case.accepted_keys for why in _withdrawn(case, one)
    ]
    if case.accepted:
        extra = f" {counted(len(withdrawn), 'withdrawn key')} signed it too." if withdrawn else ""
        lists = len({link.issuer for one in case.accepted for link in one.path if link.crl_updated})
        asked = f"The registry and {counted(lists, 'revocation list')} know" if lists else "The registry knows"
        return _stale(case, values) or passed(f"{asked} of no withdrawal that reaches this signature.{extra}")
    if withdrawn:
        return failed(
            f"It was signed by a withdrawn key: {named(sorted({why for _, why in withdrawn}), 2)}.",
            [_about(one, why) for one, why in withdrawn],
            remedy="Do not install it. Ask the vendor for a release signed with the current key.",
        )
    return unjudged("No key on record for this vendor and product signed this, so none can be withdrawn.", remedy=CALL)


LONG_AGO = 100_000
"""Days; more than any list is old."""


def _withdrawn(case: Case, one: SignatureObservation) -> list[str]:
    """Why each of its registry entries is withdrawn, where the entry is. One reason is enough."""
    keys = [key for key in entries(case.trust, one) if key.status in WITHDRAWN]
    told = [why for key in keys if (why := status_refusal(key, one, case.at))]
    return [why for why in (*told, revoked_certificate(one, case.at)) if why][:1]


def _stale(case: Case, values: Values) -> Judged | None:
    """Not evaluated where a pinned revocation list is older than the policy allows; it may not know the latest."""
    allowed = timedelta(days=min(number(values, "crl-max-age"), LONG_AGO))
    now = datetime.fromisoformat(case.at)
    old = [
        (one, link)
        for one in case.accepted
        for link in one.path
        if link.crl_updated
        and (
            (allowed and now - datetime.fromisoformat(link.crl_updated) > allowed)
            or (link.crl_expires or case.at) < case.at
        )
    ]
    if not old:
        return None
    return unjudged(
        f"The revocation list for {old[0][1].subject} is of {old[0][1].crl_updated[:10]}: too old to be relied on.",
        remedy="Get the issuer's current list and put it beside the pinned certificate ('crl' in the registry).",
        items=[item(one.source, f"revocation list of {link.crl_updated}", one) for one, link in old],
    )


def known_test_key(case: Case, values: Values) -> Judged:
    """No signer and no key in the image is one whose private half everybody can download."""
    known = {**KNOWN, **{one.casefold(): "named by the policy" for one in listed(values, "extra")}}
    signers = [
        _about(one, f"signed with a published test key: {known[one.fingerprint]}")
        for one in case.evidence.signatures
        if one.fingerprint in known
    ]
    inside = [
        item(one.locator, f"{one.kind} is published: {known[one.fingerprint]}", one)
        for one in case.evidence.contents
        if one.kind in (ContentKind.PUBLIC_KEY, ContentKind.PRIVATE_KEY) and one.fingerprint in known
    ]
    if signers or inside:
        return failed(
            f"{counted(len(signers) + len(inside), 'key')} here {'is a' if len(signers + inside) == 1 else 'are'} "
            "published test key: anybody can sign with it.",
            signers + inside,
            remedy="Ask the vendor to build and sign the release with keys of his own.",
        )
    return unearned(case, values, "published test key") or passed(
        f"Neither the signers nor keys in the image are among {len(known)} published test keys."
    )


RULES = (
    Rule(
        id="signature.algorithm",
        default=Level.MUST,
        measures="Algorithm, hash, key size and exponent of what counts are strong enough at this date.",
        judge=algorithm,
        params=(
            Param(
                "profile",
                ParamKind.CHOICE,
                "default",
                "Which algorithms are acceptable: default, nist-131a (approved by NIST) or cnsa-2.0 (post-quantum).",
                choices=PROFILES,
                tighter="higher",
            ),
        ),
        not_proven="Strong algorithms do not help where the private key is known to others.",
        requirements=("A SC-13", "CNSA 2.0"),
    ),
    Rule(
        id="signature.revocation",
        default=Level.MUST,
        measures="Neither the registry nor a pinned revocation list withdraws the key for this signature's time.",
        judge=revocation,
        params=(
            Param(
                "crl-max-age",
                ParamKind.INTEGER,
                0,
                "Days after which a pinned revocation list is too old; 0: only its own date of expiry counts.",
                tighter="below",
            ),
        ),
        not_proven="Only the registry and lists pinned there were asked; nobody was asked online.",
        requirements=("N1",),
    ),
    Rule(
        id="signature.known-test-key",
        default=Level.MUST,
        measures="No signer and no key inside the image is a published test or default key.",
        judge=known_test_key,
        params=(
            Param(
                "extra",
                ParamKind.LIST,
                (),
                "Further keys that must not occur: SHA-256 of the SubjectPublicKeyInfo, hexadecimal.",
                tighter="more",
            ),
            MAX_UNEXAMINED,
        ),
        not_proven="A key that leaked but is on no list is not recognised.",
        requirements=("E41 SM-8",),
    ),
)
