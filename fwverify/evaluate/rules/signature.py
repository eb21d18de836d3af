"""Rules on signatures: there, sound, by a key on record, over all bytes, strong, not withdrawn, not a test key."""

from __future__ import annotations

from fwverify.evaluate.coverage import image_spans, uncovered_parts
from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import (
    Values,
    at_least,
    counted,
    failed,
    incomparable,
    item,
    listed,
    named,
    no_signature,
    number,
    passed,
    percent,
    unjudged,
)
from fwverify.evaluate.keys import blocks, confirmations
from fwverify.evaluate.values import WHOLE
from fwverify.model.canonical import identify
from fwverify.model.evidence import KeyRecord, SignatureObservation, SignatureStatus
from fwverify.model.finding import Item, Level

CALL = "Call the vendor on the number in your contract, not one from this delivery, and compare the key."
STATUS_WORDS = {
    SignatureStatus.VALID: "valid",
    SignatureStatus.INVALID: "does not hold",
    SignatureStatus.UNKNOWN_KEY: "intact, by a key that is not on record",
    SignatureStatus.UNVERIFIABLE: "could not be checked",
}


def _of(case: Case, *statuses: SignatureStatus) -> list[SignatureObservation]:
    return [one for one in case.evidence.signatures if one.status in statuses]


def _about(one: SignatureObservation, detail: str) -> Item:
    return item(one.source, f"{one.scheme}: {detail}", one)


def present(case: Case, values: Values) -> Judged:
    """Some signature is over an image or over a list that names images."""
    nothing = no_signature(case)
    if nothing is not None:
        return nothing
    checked = [one for one in case.evidence.signatures if one.status is not SignatureStatus.UNVERIFIABLE]
    if not checked:
        return unjudged("The signatures that came with it are of no kind fwverify can check.", remedy=CALL)
    delivered = [one for one in checked if one.subject is not None]
    if not delivered:
        return failed(
            "Signatures came with it, but for no file of this delivery.",
            [_about(one, "for no delivered file") for one in checked],
            remedy="Ask the vendor for the signature that belongs to this file.",
        )
    schemes = sorted({one.scheme for one in delivered})
    return passed(f"{counted(len(delivered), 'signature')}: {', '.join(schemes)}.", observed=", ".join(schemes))


def valid(case: Case, values: Values) -> Judged:
    """Any signature that does not hold fails, however many others hold."""
    nothing = no_signature(case)
    if nothing is not None:
        return nothing
    broken = _of(case, SignatureStatus.INVALID)
    good = _of(case, SignatureStatus.VALID)
    if broken:
        return failed(
            f"{counted(len(broken), 'signature does', 'signatures do')} not hold: {broken[0].detail}.",
            [_about(one, one.detail) for one in broken],
            remedy="The file or its signature was changed or damaged. Get it again from the vendor; keep this one.",
            observed=f"{len(broken)} of {len(case.evidence.signatures)} do not hold",
        )
    if not good:
        kinds = sorted({STATUS_WORDS[one.status] for one in case.evidence.signatures})
        return unjudged(
            f"No signature could be checked with a key on record: {named(kinds)}.",
            remedy=CALL,
            items=[_about(one, STATUS_WORDS[one.status]) for one in case.evidence.signatures],
        )
    rest = len(case.evidence.signatures) - len(good)
    more = f"; {counted(rest, 'other')} not checked with a key on record" if rest else ""
    return passed(
        f"{counted(len(good), 'signature holds', 'signatures hold')} under a key on record{more}.",
        denominator=f"{len(good)} of {len(case.evidence.signatures)} signatures",
    )


def signer_pinned(case: Case, values: Values) -> Judged:
    """Somebody signed whose key is on record for this vendor, product and purpose, in force and confirmed."""
    nothing = incomparable(case)
    if nothing is not None:
        return nothing
    if not case.accepted:
        return _not_accepted(case)
    vendors = sorted({one.vendor for one in case.accepted_keys.values()})
    unstated = _unstated(case, values, vendors)
    if unstated is not None:
        return unstated
    names = sorted({_told(one) for one in case.accepted_keys.values()})
    return passed(
        f"Signed by {named(names)}.",
        expected=" ".join(part for part in (case.expectation.vendor or vendors[0], case.expectation.product) if part),
        observed=", ".join(names),
    )


def _told(key: KeyRecord) -> str:
    who = blocks(key.fingerprint) or key.identity
    return f"{key.name} ({who}), {counted(confirmations(key), 'confirmation')}"


def _unstated(case: Case, values: Values, vendors: list[str]) -> Judged | None:
    missing = [
        option
        for option, value in (("--vendor", case.expectation.vendor), ("--product", case.expectation.product))
        if not value
    ]
    several = "--vendor" in missing and len(vendors) > 1
    if not missing or (values["if-unstated"] == "accept-key-vendor" and not several):
        return None
    return unjudged(
        f"Keys of {' and '.join(vendors)} signed this, but nobody stated whom or what to expect.",
        remedy=f"Say it: {' and '.join(missing)}.",
        items=[_about(one, "nobody stated whom or what to expect") for one in case.accepted],
    )


def _not_accepted(case: Case) -> Judged:
    reasons: list[tuple[SignatureObservation, str]] = []
    for one in case.evidence.signatures:
        why = case.refused.get(identify(one)) or STATUS_WORDS[one.status]
        if one.status is SignatureStatus.UNKNOWN_KEY:
            carried = "; the key came inside this delivery" if one.carried else ""
            who = blocks(one.fingerprint) or one.identity
            why = f"intact, but by a key that is not on record{f' ({who})' if who else ''}{carried}"
        reasons.append((one, why))
    told = sorted({why for _, why in reasons})
    return failed(
        f"No signature counts as by {case.expectation.vendor or 'this vendor'}. Reason: {named(told, 3)}.",
        [_about(one, why) for one, why in reasons],
        remedy=CALL,
        expected=" ".join(part for part in (case.expectation.vendor, case.expectation.product) if part),
        observed=named(told, 3),
    )


def coverage(case: Case, values: Values) -> Judged:
    """Bytes that accepted signatures cover, by bytes to be installed."""
    nothing = incomparable(case)
    if nothing is not None:
        return nothing
    signed, whole, least = case.signed.signed_bytes, case.signed.total_bytes, number(values, "min")
    if not whole:
        return unjudged("There are no bytes to be installed.", remedy="Name the file that would be installed.")
    ratio = f"{signed:,} of {whole:,} bytes"
    if at_least(signed, whole, least):
        return passed(
            f"Accepted signatures cover {percent(signed, whole)} of the bytes to be installed.",
            expected=f"at least {percent(least, WHOLE)}",
            observed=percent(signed, whole),
            denominator=ratio,
        )
    return failed(
        f"Accepted signatures cover only {percent(signed, whole)} of the bytes to be installed.",
        _uncovered(case, ignore_padding="padding" in listed(values, "ignore")),
        remedy="Ask the vendor for a signature over everything that is installed; unsigned parts could be anybody's.",
        expected=f"at least {percent(least, WHOLE)}",
        observed=percent(signed, whole),
        denominator=ratio,
    )


def _uncovered(case: Case, *, ignore_padding: bool) -> list[Item]:
    """An image of which nothing is signed is one item; of the others each unsigned part is."""
    ids = frozenset(case.accepted_keys)
    sizes = {one.locator: one.size for one in case.evidence.images()}
    bare = {image for image, spans in image_spans(case.evidence) if all(ids.isdisjoint(one.signed_by) for one in spans)}
    out = [item(one, f"none of its {sizes[one]:,} bytes is signed") for one in sorted(bare) if sizes.get(one)]
    for part in uncovered_parts(case.evidence, ids, ignore_padding=ignore_padding):
        if part.image not in bare:
            what = "executable, " if part.executable else ""
            out.append(item(part.owner, f"{what}{part.size} bytes not signed"))
    return out


RULES = (
    Rule(
        id="signature.present",
        default=Level.SHOULD,
        measures="Some signature of a supported kind is over the delivery's images or their list.",
        judge=present,
        not_proven="A signature that is there may be anybody's.",
        requirements=("N1", "E42 3.10 RE1", "A CM-14"),
    ),
    Rule(
        id="signature.valid",
        default=Level.MUST,
        measures="Signatures hold; any that does not hold fails, however many others do.",
        judge=valid,
        not_proven="It does not say whose key it is, nor that all bytes are signed.",
        requirements=("N1", "N2", "A SI-7(15)"),
    ),
    Rule(
        id="signature.signer-pinned",
        default=Level.MUST,
        measures="The signer is on record for this vendor, product and purpose, in force, confirmed and not withdrawn.",
        judge=signer_pinned,
        params=(
            Param(
                "min-confirmations",
                ParamKind.INTEGER,
                2,
                "How many different people over different channels must have confirmed the key.",
                choices=("1", "2"),
                tighter="higher",
            ),
            Param(
                "allow-tofu",
                ParamKind.FLAG,
                False,
                "Accept a key that was only trusted on first use.",
                tighter="false",
            ),
            Param(
                "if-unstated",
                ParamKind.CHOICE,
                "not_evaluated",
                "Where nobody stated vendor or product: accept those of the key, if all keys are one vendor's, or not.",
                choices=("accept-key-vendor", "not_evaluated"),
                tighter="higher",
            ),
        ),
        not_proven="It does not show that the vendor's own signing was in order that day.",
        requirements=("N1", "A CM-14"),
    ),
    Rule(
        id="signature.coverage",
        default=Level.MUST,
        measures="Bytes covered by accepted signatures, by bytes that would be installed.",
        judge=coverage,
        params=(
            Param("min", ParamKind.RATIO, WHOLE, "Least share of bytes that must be signed.", tighter="higher"),
            Param(
                "ignore",
                ParamKind.LIST,
                ("padding",),
                "What is left out of the sum: padding, that is empty bytes (00 or FF) that nobody signed.",
                choices=("padding",),
                tighter="fewer",
            ),
        ),
        not_proven="It does not show that the device itself checks the same bytes.",
        requirements=("N2", "E42 3.10 RE1"),
    ),
)
