"""Rules on signatures: there, sound, by a key on record, over all bytes, strong, not withdrawn, not a test key."""

from __future__ import annotations

from fwverify.evaluate.coverage import image_spans, uncovered_parts
from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import (
    MAX_UNEXAMINED,
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
    text,
    unearned,
    unjudged,
)
from fwverify.evaluate.keys import WITHDRAWN, blocks, confirmations, entries, status_refusal
from fwverify.evaluate.profiles import PROFILES, weakness
from fwverify.evaluate.values import WHOLE
from fwverify.model.canonical import identify
from fwverify.model.evidence import ContentKind, KeyRecord, SignatureObservation, SignatureStatus
from fwverify.model.finding import Item, Level
from fwverify.trust.known_test_keys import KNOWN

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
        f"No signature is by a key on record for {case.expectation.vendor or 'this vendor'}: {named(told, 3)}.",
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
    out = [item(one, f"none of its {sizes[one]} bytes is signed") for one in sorted(bare) if sizes.get(one)]
    for part in uncovered_parts(case.evidence, ids, ignore_padding=ignore_padding):
        if part.image not in bare:
            what = "executable, " if part.executable else ""
            out.append(item(part.owner, f"{what}{part.size} bytes not signed"))
    return out


def algorithm(case: Case, values: Values) -> Judged:
    """What counts rests on strong signatures. A weak one beside a strong one over the same bytes does no harm."""
    good = list(case.accepted) or _of(case, SignatureStatus.VALID)
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
        (one, why)
        for one in _of(case, SignatureStatus.VALID)
        if identify(one) not in case.accepted_keys
        for why in _withdrawn(case, one)
    ]
    if case.accepted:
        extra = f" {counted(len(withdrawn), 'withdrawn key')} signed it too." if withdrawn else ""
        return passed(f"The registry knows of no withdrawal that reaches this signature.{extra}")
    if withdrawn:
        return failed(
            f"It was signed by a withdrawn key: {named(sorted({why for _, why in withdrawn}), 2)}.",
            [_about(one, why) for one, why in withdrawn],
            remedy="Do not install it. Ask the vendor for a release signed with the current key.",
        )
    return unjudged("No key on record for this vendor and product signed this, so none can be withdrawn.", remedy=CALL)


def _withdrawn(case: Case, one: SignatureObservation) -> list[str]:
    """Why each of its registry entries is withdrawn, where the entry is. One reason is enough."""
    keys = [key for key in entries(case.trust, one) if key.status in WITHDRAWN]
    return [why for key in keys if (why := status_refusal(key, one, case.at))][:1]


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
    Rule(
        id="signature.algorithm",
        default=Level.MUST,
        measures="Algorithm, hash, key size and exponent of what counts are strong enough at this date.",
        judge=algorithm,
        params=(
            Param(
                "profile",
                ParamKind.CHOICE,
                "standard",
                "Which algorithms are acceptable: standard, or cnsa-2.0 (post-quantum only).",
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
        measures="The key on record is not suspended, revoked or superseded for this signature's time.",
        judge=revocation,
        not_proven="Only the registry's status was asked; no revocation list or online answer was.",
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
