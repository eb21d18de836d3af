"""What to know beside the decision: failed advice, waivers, gaps, an overdue policy, what nobody stated. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fwverify.evaluate.claims import covered_claims
from fwverify.evaluate.interface import Case
from fwverify.evaluate.judging import counted, named
from fwverify.evaluate.policy import Policy
from fwverify.model.component import DiscrepancyKind
from fwverify.model.evidence import GapReason, SignatureStatus
from fwverify.model.finding import Finding, Level, Outcome, Waiver
from fwverify.model.verdict import Condition
from fwverify.model.waiver import SOON_DAYS, WaiverUse

GAP_WORDS = {
    GapReason.UNSUPPORTED: "in a form fwverify does not read",
    GapReason.ENCRYPTED: "encrypted",
    GapReason.MALFORMED: "malformed",
    GapReason.LIMIT: "past a limit",
    GapReason.CRASHED: "a reader died on it",
    GapReason.UNEXPLAINED: "unexplained",
    GapReason.MISSING: "missing",
    GapReason.NOT_ATTEMPTED: "not attempted",
}

MAX_WAIVED = 8
"""Rules under one waiver that are named; the others stand in the table of rules."""
MAX_IDLE = 3
"""Waivers of no use here that are named; more are only counted."""
MAX_PLACES = 3
"""Files of the delivery left aside (links, pipes) that are named; more are only counted."""


def conditions(
    policy: Policy, case: Case, findings: Sequence[Finding], waivers: Sequence[WaiverUse] = ()
) -> tuple[Condition, ...]:
    """Everything worth knowing, in a stable order. What was waived comes first: somebody answers for it."""
    judged = (*_waived(findings), *_waivers(waivers), *_advice(findings), *_policy(policy, case))
    return (
        *judged,
        *_other_product(case),
        *_unchecked(case),
        *_unstated(case, findings),
        *_gaps(case),
        *_idle(waivers),
    )


def _advice(findings: Sequence[Finding]) -> list[Condition]:
    should = [one for one in findings if one.level is Level.SHOULD and not one.waived]
    failed = [Condition(one.message, one.rule) for one in should if one.outcome is Outcome.FAIL]
    missing = [
        Condition(f"Not judged: {one.message}", one.rule) for one in should if one.outcome is Outcome.NOT_EVALUATED
    ]
    return failed + missing


def _waived(findings: Sequence[Finding]) -> list[Condition]:
    """One condition for each waiver and outcome, naming the rules, however many items."""
    groups: dict[tuple[Waiver, str], list[str]] = {}
    for finding in findings:
        marks = [one.waiver for one in finding.items if one.waiver is not None]
        state = "failed" if finding.outcome is Outcome.FAIL else "open"
        for mark in sorted(set(marks)):
            part = "" if len(marks) == len(finding.items) else f" ({marks.count(mark)} of {len(finding.items)} items)"
            groups.setdefault((mark, state), []).append(f"{finding.rule}{part}")
    return [
        Condition(
            f"Waived by {mark.id} until {mark.expires} ({mark.approved_by}), and still {state}: "
            f"{named(rules, MAX_WAIVED)}."
        )
        for (mark, state), rules in groups.items()
    ]


def _waivers(waivers: Sequence[WaiverUse]) -> list[Condition]:
    """Those that end soon, and those that name something of this verdict and do not count for it, with the reason."""
    out = []
    for one in waivers:
        if one.covered and one.days_left <= SOON_DAYS:
            out.append(Condition(f"The waiver {one.id} ends in {counted(one.days_left, 'day')}, on {one.expires}."))
        if one.covered and one.why:
            out.append(Condition(f"The waiver {one.id} does not count for all it names: {one.why}."))
        if one.met and not one.covered:
            out.append(Condition(f"The waiver {one.id} does not count: {one.why}."))
    return out


def _idle(waivers: Sequence[WaiverUse]) -> list[Condition]:
    """In one line: those that name nothing of this verdict."""
    told = [f"{one.id} ({one.why})" for one in waivers if not one.met]
    return [Condition(f"{counted(len(told), 'waiver')} not used here: {named(told, MAX_IDLE)}.")] if told else []


def _policy(policy: Policy, case: Case) -> list[Condition]:
    if policy.review_by and case.at[:10] > policy.review_by:
        owner = f" by {policy.owner}" if policy.owner else ""
        return [Condition(f"The policy {policy.id} was to be reviewed{owner} by {policy.review_by}: it is overdue.")]
    return []


def _other_product(case: Case) -> list[Condition]:
    """A vendor's key may be pinned for all his products, so that a sound release for another device passes."""
    wanted = _plain(case.expectation.product)
    names = sorted({one.product for one in covered_claims(case.evidence, case.covered, case.accepted) if one.product})
    if not wanted or not names or any(wanted in _plain(one) or _plain(one) in wanted for one in names):
        return []
    return [
        Condition(f"The signed bytes say they are {named(names)}, not {case.expectation.product}: is it the right one?")
    ]


def _plain(name: str) -> str:
    return "".join(one for one in name.casefold() if one.isalnum())


def _unchecked(case: Case) -> list[Condition]:
    """Signatures that show nothing, beside those that the decision rests on."""
    open_ = (SignatureStatus.UNVERIFIABLE, SignatureStatus.UNKNOWN_KEY)
    found = [one for one in case.evidence.signatures if one.status in open_]
    if not found or not case.accepted:
        return []
    names = sorted({one.source.name for one in found})
    return [
        Condition(
            f"{named(names, 3)}: no key on record checks {'it' if len(names) == 1 else 'them'}; it shows nothing."
        )
    ]


def _unstated(case: Case, findings: Sequence[Finding]) -> list[Condition]:
    out: list[Condition] = []
    said = any(one.rule == "version.no-downgrade" and one.level is Level.SHOULD for one in findings)
    if not case.expectation.installed and not said:
        out.append(
            Condition(
                "No installed version was stated, so a downgrade would not be noticed. Add it:  --installed VERSION"
            )
        )
    return [*out, *_versionless(case, findings)]


def _versionless(case: Case, findings: Sequence[Finding]) -> list[Condition]:
    """Components whose version is the SBOM's word alone."""
    stated = {
        one.observed.name: one.declared.version if one.declared is not None else ""
        for one in case.evidence.discrepancies
        if one.kind is DiscrepancyKind.MATCHED and one.observed is not None and not one.observed.version
    }
    if not stated:
        return []
    authentic = any(one.rule == "sbom.authentic" and one.outcome is Outcome.PASS for one in findings)
    who = "the vendor" if authentic else "the SBOM"
    if len(stated) > 1:
        names = [f"{name} {version}".strip() for name, version in sorted(stated.items())]
        return [Condition(f"{named(names)}: their bytes show no version; these are what {who} says.")]
    ((name, version),) = stated.items()
    said = f"; {version} is what {who} says" if version else ", and the SBOM states none"
    return [Condition(f"{name}: its bytes show no version{said}.")]


def _gaps(case: Case) -> list[Condition]:
    reasons = Counter(one.reason for one in case.evidence.gaps)
    if not reasons:
        return []
    told = ", ".join(f"{reasons[one]} {GAP_WORDS[one]}" for one in GapReason if reasons[one])
    left = sorted({one.locator.name for one in case.evidence.gaps if one.reason is GapReason.NOT_ATTEMPTED})
    where = f" ({named(left, MAX_PLACES)})" if left else ""
    return [Condition(f"{counted(reasons.total(), 'place')} not examined: {told}{where}.")]
