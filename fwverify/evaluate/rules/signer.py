"""Rules on the signers: their certificates, the time they signed at, how many they are, and how their keys are made."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from fwverify.evaluate.coverage import full, image_spans
from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import (
    IF_ABSENT,
    Values,
    absent,
    counted,
    failed,
    incomparable,
    item,
    listed,
    named,
    number,
    passed,
    text,
    unjudged,
)
from fwverify.evaluate.keys import TRUSTED_TIMES, moment
from fwverify.model.canonical import identify
from fwverify.model.evidence import KeyRecord, SignatureObservation, SignatureStatus
from fwverify.model.finding import Level
from fwverify.model.people import person

TEST_LIKE = ("do not trust", "do not ship", "test", "example", "snakeoil", "internet widgits", "dummy", "sample")
"""Words in a certificate's name that no release key has; the first two from published platform test keys."""
OTHER_TRADES = frozenset({"serverAuth", "clientAuth", "timeStamping", "OCSPSigning"})
"""Extended key usages that have nothing to do with files: such a certificate's holder was never meant to sign any."""
PIN = "Pin the vendor's key or certificate (fwverify keys add), and verify again."
RENEW = "Ask the vendor for a release signed with a certificate that is in force, or for a trusted timestamp."

MAX_GRACE_DAYS = 36_500
"""A century; more is no other answer."""


def rests_on(case: Case, bad: Iterable[str]) -> bool:
    """True when leaving these observations out would leave bytes unsigned that are signed now."""
    weak = frozenset(bad)
    strong = case.accepted_keys.keys() - weak
    return bool(weak) and (
        not strong
        or any(
            not weak.isdisjoint(span.signed_by) and strong.isdisjoint(span.signed_by)
            for _, spans in image_spans(case.evidence)
            for span in spans
        )
    )


def chain(case: Case, values: Values) -> Judged:
    """The certificates behind what counts lead to a pinned one, are in force and are for this use.

    The path itself was built with the signature (a path that does not hold gives no valid signature); here dates and
    extended key usages are judged.
    """
    with_path = [one for one in case.accepted if one.path]
    if not with_path:
        return absent(values, "No certificate took part in an accepted signature.", remedy=PIN)
    wrong = {identify(one): why for one in with_path if (why := _wrong(one, values, case.at))}
    if rests_on(case, wrong):
        told = sorted(set(wrong.values()))
        return failed(
            f"The signer's certificate does not do: {named(told, 3)}.",
            [item(one.source, wrong[identify(one)], one) for one in with_path if identify(one) in wrong],
            remedy=RENEW,
            observed=named(told, 3),
        )
    anchors = sorted({one.path[-1].subject for one in with_path if identify(one) not in wrong})
    return passed(
        f"The certificates lead to {named(anchors, 3)} on record and are in force.", observed=named(anchors, 3)
    )


def _wrong(one: SignatureObservation, values: Values, at: str) -> str:
    when = moment(one, at)
    proven = one.time_source in TRUSTED_TIMES
    for link in one.path:
        if when > link.not_after and text(values, "expired") == "refuse":
            more = "" if proven else ", and no trusted time shows that it signed before"
            return f"{link.subject} expired on {link.not_after[:10]}{more}"
        if when < link.not_before:
            return f"{link.subject} is valid only from {link.not_before[:10]}"
    if one.path[0].usages and OTHER_TRADES.issuperset(one.path[0].usages):
        return f"{one.path[0].subject} is for {', '.join(one.path[0].usages)} alone, not for signing files"
    wanted = listed(values, "eku")
    if wanted and set(wanted).isdisjoint(one.path[0].usages):
        has = ", ".join(one.path[0].usages) or "no extended key usage"
        return f"{one.path[0].subject} is for {has}, not for {' or '.join(wanted)}"
    return ""


def time(case: Case, values: Values) -> Judged:
    """A time that the signer could not write himself lies inside the validity of the key."""
    nothing = incomparable(case)
    if nothing is not None:
        return nothing
    timed = [one for one in case.accepted if one.time_source in TRUSTED_TIMES and one.signed_at]
    if not timed:
        claimed = sorted({one.signed_at for one in case.accepted if one.signed_at})
        more = f" The signer himself claims {claimed[0]}." if claimed else ""
        return unjudged(
            f"No trusted time says when it was signed.{more}",
            remedy="Ask the vendor to add a timestamp (RFC 3161) or an entry in a transparency log.",
        )
    grace = timedelta(days=min(number(values, "grace"), MAX_GRACE_DAYS))
    late = {identify(one): why for one in timed if (why := _outside(one, case.accepted_keys[identify(one)], grace))}
    if len(late) == len(timed):
        return failed(
            f"It was signed outside the key's validity: {named(sorted(set(late.values())), 2)}.",
            [item(one.source, late[identify(one)], one) for one in timed],
            remedy="Ask the vendor which key was in force that day.",
        )
    good = sorted({f"{one.signed_at} ({one.time_source})" for one in timed if identify(one) not in late})
    return passed(f"Signed at {named(good, 2)}, inside the key's validity.", observed=named(good, 2))


def _outside(one: SignatureObservation, key: KeyRecord, grace: timedelta) -> str:
    when = _parsed(one.signed_at)
    starts = [link.not_before for link in one.path] + ([key.valid_from] if key.valid_from else [])
    ends = [link.not_after for link in one.path] + ([key.valid_to] if key.valid_to else [])
    if any(when + grace < _parsed(start) for start in starts):
        return f"{one.signed_at} is before {max(starts)}"
    if any(when - grace > _parsed(end) for end in ends):
        return f"{one.signed_at} is after {min(ends)}"
    return ""


def _parsed(when: str) -> datetime:
    return datetime.fromisoformat(when if "T" in when else f"{when}T00:00:00Z")


def all_required(case: Case, values: Values) -> Judged:
    """Every scheme the policy names is among the accepted ones; and no signer of the approved baseline is missing."""
    wanted = listed(values, "require")
    against = case.expectation.baseline if values["no-fewer-than-baseline"] is True else ()
    if not wanted and not against:
        remedy = "Name schemes in 'require', or the approved release with --baseline."
        return absent(values, "Neither the policy nor a baseline names signatures that must be there.", remedy=remedy)
    have = {one.scheme for one in case.accepted}
    pairs = {(one.scheme, case.accepted_keys[identify(one)].name) for one in case.accepted}
    missing = [f"{one} (required by the policy)" for one in wanted if one not in have]
    missing += [f"{scheme} by {key} (the baseline had it)" for scheme, key in against if (scheme, key) not in pairs]
    if missing:
        return failed(
            f"Signatures are missing: {named(missing, 3)}.",
            [item(case.evidence.delivery, f"missing: {one}") for one in missing],
            remedy="A signature that was there before may have been stripped. Ask the vendor for the whole set.",
            expected=named([*wanted, *(f"{scheme} by {key}" for scheme, key in against)]),
            observed=", ".join(sorted(have)) or "none",
        )
    return passed(f"All {counted(len(wanted) + len(against), 'signature')} asked for are there.")


def threshold(case: Case, values: Values) -> Judged:
    """Enough different keys of different owners each signed everything."""
    nothing = incomparable(case)
    if nothing is not None:
        return nothing
    least = number(values, "m")
    by_key: dict[str, set[str]] = {}
    owners: dict[str, str] = {}
    for one, key in case.accepted_keys.items():
        name = key.fingerprint or f"{key.identity} {key.issuer}"
        by_key.setdefault(name, set()).add(one)
        owners[name] = person(key.owner or key.vendor)
    whole = [name for name, ids in by_key.items() if full(case.evidence, ids, ignore_padding=True)]
    count = min(len(whole), len({owners[one] for one in whole}))
    ratio = f"{count} of {least} signers"
    if count < least:
        return failed(
            f"Signers, with a key and an owner of their own, of all of it: {count}; asked for: {least}.",
            [item(case.evidence.delivery, ratio)],
            remedy="Ask the vendor for the other signatures; two keys of one owner count once.",
            expected=f"at least {least}",
            observed=str(count),
            denominator=ratio,
        )
    return passed(f"{counted(count, 'signer')} of different owners signed all of it.", denominator=ratio)


def weak_key(case: Case, values: Values) -> Judged:
    """No key that signed is of a kind whose private half can be computed."""
    nothing = incomparable(case)
    if nothing is not None:
        return nothing
    weak = [(one, why) for one in case.evidence.signatures if (why := _weak(case, one))]
    if weak:
        return failed(
            f"A key that signed this can be broken: {named(sorted({why for _, why in weak}), 3)}.",
            [item(one.source, why, one) for one, why in weak],
            remedy="Ask the vendor to replace the key; anybody with patience can sign with it.",
        )
    if not any(one.fingerprint for one in case.evidence.signatures):
        return unjudged("No signer's key is known, so none could be looked at.", remedy="Pin the vendor's key.")
    return passed("None of the signers' keys is of a known weak make.")


def _weak(case: Case, one: SignatureObservation) -> str:
    known = case.accepted_keys.get(identify(one))
    return ", ".join(known.weaknesses if known is not None else ()) or dict(one.parameters).get("weak", "")


def wrapper(case: Case, values: Values) -> Judged:
    """Nothing about the wrapper of an accepted signature is odd."""
    nothing = incomparable(case)
    if nothing is not None:
        return nothing
    good = [one for one in case.evidence.signatures if one.status is SignatureStatus.VALID]
    if not good:
        return unjudged("No signature holds under a key on record, so there is no wrapper to judge.", remedy=PIN)
    odd = [(one, why) for one in good for why in one.oddities]
    if odd:
        return failed(
            f"The signature holds, but its wrapper is odd: {named([why for _, why in odd], 2)}.",
            [item(one.source, why, one) for one, why in odd],
            remedy="Ask the vendor why; what another program reads there is not what was signed.",
        )
    return passed(f"Nothing odd about the wrapper of {counted(len(good), 'signature')}.")


def test_like_name(case: Case, values: Values) -> Judged:
    """No certificate of the signer calls itself a test."""
    nothing = incomparable(case)
    if nothing is not None:
        return nothing
    with_path = [one for one in case.evidence.signatures if one.path]
    if not with_path:
        return absent(values, "No signature came with certificates.", remedy=PIN)
    words = tuple(one.casefold() for one in (*TEST_LIKE, *listed(values, "patterns")))
    found = [
        (one, link.subject)
        for one in with_path
        for link in one.path
        if any(re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", link.subject.casefold()) for word in words)
    ]
    if found:
        return failed(
            f"A certificate's name looks like a test: {named(sorted({name for _, name in found}), 2)}.",
            [item(one.source, f"certificate {name}", one) for one, name in found],
            remedy="Ask the vendor whether this is the release key.",
        )
    return passed("No certificate's name looks like a test.")


RULES = (
    Rule(
        id="signature.all-required",
        default=Level.MUST,
        measures="Every signature the policy requires, and every one the approved baseline had, is there and counts.",
        judge=all_required,
        params=(
            Param("require", ParamKind.LIST, (), "Names of schemes that must all verify.", tighter="more"),
            Param(
                "no-fewer-than-baseline",
                ParamKind.FLAG,
                True,
                "Ask for every signer that the approved release had (--baseline).",
                tighter="true",
            ),
            IF_ABSENT,
        ),
        not_proven="It does not show that the device asks for all of them.",
        requirements=("A SC-13",),
    ),
    Rule(
        id="signature.threshold",
        default=Level.SHOULD,
        measures="Different keys of different owners that each signed everything.",
        judge=threshold,
        params=(
            Param(
                "m",
                ParamKind.INTEGER,
                1,
                "How many are asked for.",
                choices=("1", "2", "3", "4", "5"),
                tighter="higher",
            ),
        ),
        not_proven="It does not show that the owners are independent people.",
        requirements=("S PS.2.1",),
    ),
    Rule(
        id="signature.chain",
        default=Level.MUST,
        measures="Certificates lead to a pinned one, are in force at the time that counts, and are for this use.",
        judge=chain,
        params=(
            Param(
                "eku",
                ParamKind.LIST,
                (),
                "Extended key usages of which the signer needs one; empty: any.",
                tighter="among",
            ),
            Param(
                "expired",
                ParamKind.CHOICE,
                "refuse",
                "A certificate that is past its end and without a trusted time from before it.",
                choices=("accept", "refuse"),
                tighter="higher",
            ),
            IF_ABSENT,
        ),
        not_proven="It does not show that the authority issued the certificate to the right people.",
        requirements=("A SC-12",),
    ),
    Rule(
        id="signature.time",
        default=Level.SHOULD,
        measures="A time from a timestamp authority or a log lies inside the key's validity.",
        judge=time,
        params=(Param("grace", ParamKind.INTEGER, 0, "Days outside the validity that are forgiven.", tighter="lower"),),
        not_proven="It says when it was signed, not when it was made.",
        requirements=("N1",),
    ),
    Rule(
        id="signature.weak-key",
        default=Level.SHOULD,
        measures="No signer's key is of a make whose private half can be computed.",
        judge=weak_key,
        not_proven="Weaknesses nobody has published are not known here either.",
        requirements=("E41 SM-8",),
    ),
    Rule(
        id="signature.wrapper",
        default=Level.SHOULD,
        measures="No trailing bytes, unsigned attributes, lax encodings or filled padding around valid signatures.",
        judge=wrapper,
        not_proven="A neat wrapper says nothing about the content.",
        requirements=("A SI-7",),
    ),
    Rule(
        id="signature.test-like-name",
        default=Level.SHOULD,
        measures="No certificate of the signer names itself a test, an example or a default.",
        judge=test_like_name,
        params=(
            Param("patterns", ParamKind.LIST, (), "Further words that must not occur.", tighter="more"),
            IF_ABSENT,
        ),
        not_proven="A good name can be given to a bad key.",
        requirements=("E41 SM-8",),
    ),
)
