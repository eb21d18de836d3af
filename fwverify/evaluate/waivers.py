"""Which items a waiver covers. Pure; a waiver changes what an item bears on, never an outcome.

An item is covered when all of this holds:

1. The waiver names the item's rule and the item's fingerprint: a new item under the same rule is not covered.
2. Its scope is this delivery: every image is among its digests; or the expected product and every version that signed
   bytes claim are what it says, and a second person approved it.
3. It is in force, and made as the rules want: at most 180 days, approved by others than who asked for it, and by two
   where the policy says `must`.
4. The policy does not call the rule unwaivable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from fwverify.evaluate.policy import Policy
from fwverify.model.evidence import Evidence
from fwverify.model.finding import Finding, Item, Level, Outcome, Waiver
from fwverify.model.people import person
from fwverify.model.versions import compare
from fwverify.model.waiver import WaiverStatus, WaiverUse

MAX_DAYS = 180
"""Longest life of a waiver."""
POOR = (Outcome.FAIL, Outcome.NOT_EVALUATED)
HOLDS = {">=": (0, 1), "<=": (0, -1), ">": (1,), "<": (-1,), "==": (0,)}
"""Bound -> what comparing a version with it must give."""

Span = tuple[str, str]
"""(`>=`, `3.0`): one bound of a range of versions."""


@dataclass(frozen=True, slots=True)
class GivenWaiver:
    """A waiver as somebody wrote it, before anybody asked whether it counts."""

    id: str
    digest: str
    """SHA-256 of the file, hexadecimal."""
    source: str
    rules: tuple[str, ...]
    items: tuple[str, ...]
    """Fingerprints of the items it is for."""
    images: tuple[str, ...]
    """SHA-256 of the images it is for; empty where product and versions say it."""
    product: str
    versions: tuple[Span, ...]
    reason: str
    controls: tuple[str, ...]
    risk_owner: str
    requested_by: str
    approved_by: tuple[str, ...]
    valid_from: str
    expires: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a waiver's scope is compared with."""

    images: frozenset[str]
    """SHA-256 of every image."""
    product: str
    """As the operator expects it."""
    versions: tuple[str, ...]
    """That signed bytes claim."""
    at: str


def delivered(evidence: Evidence, product: str, versions: Sequence[str], at: str) -> Delivered:
    images = {digest.hex for one in evidence.images() for digest in one.digests if digest.algorithm == "sha256"}
    return Delivered(frozenset(images), product, tuple(versions), at)


def apply(
    waivers: Sequence[GivenWaiver], findings: Sequence[Finding], policy: Policy, here: Delivered
) -> tuple[tuple[Finding, ...], tuple[WaiverUse, ...]]:
    """The findings with what is waived marked so, and what became of each waiver."""
    ordered = sorted(waivers, key=lambda one: (one.id, one.digest))
    refusals = {one.digest: standing(one, here.at) or _scope(one, here) for one in ordered}
    found = tuple(_finding(one, ordered, refusals, policy) for one in findings)
    return found, tuple(_use(one, refusals[one.digest], findings, found, policy, here.at) for one in ordered)


def standing(waiver: GivenWaiver, at: str) -> str:
    """Why a waiver can cover nothing at this time, whatever is delivered; empty when it can."""
    return ill_made(waiver) or (
        f"it expired on {waiver.expires}"
        if at[:10] > waiver.expires
        else f"it counts only from {waiver.valid_from}"
        if at[:10] < waiver.valid_from
        else ""
    )


def ill_made(waiver: GivenWaiver) -> str:
    """What in the waiver itself breaks the rules, at any time; empty when nothing does."""
    days = (date.fromisoformat(waiver.expires) - date.fromisoformat(waiver.valid_from)).days
    if days < 0:
        return "it expires before it begins"
    if days > MAX_DAYS:
        return f"it would last {days} days; the most is {MAX_DAYS}"
    people = approvers(waiver)
    if person(waiver.requested_by) in people:
        return f"{waiver.requested_by} asked for it and approved it: that must be two people"
    if waiver.product and len(people) < 2:
        return "for a product instead of image digests two people must approve"
    return ""


def approvers(waiver: GivenWaiver) -> frozenset[str]:
    """Different people who approved."""
    return frozenset(person(one) for one in waiver.approved_by)


def _scope(waiver: GivenWaiver, here: Delivered) -> str:
    """Why the waiver is not for this delivery; empty when it is."""
    if waiver.images:
        if here.images and here.images <= frozenset(waiver.images):
            return ""
        return "it is for other image bytes" if here.images else "there is no image here"
    if waiver.product != here.product:
        return f"it is for {waiver.product}, not for {here.product or 'a product nobody stated'}"
    if not here.versions:
        return "no signed bytes say which version this is, so its range of versions cannot be compared"
    outside = [one for one in here.versions if not all(_within(one, bound) for bound in waiver.versions)]
    return f"it is not for version {outside[0]}" if outside else ""


def _within(version: str, bound: Span) -> bool:
    order = compare(version, bound[1])
    return order is not None and order in HOLDS[bound[0]]


def refusal(waiver: GivenWaiver, finding: Finding, policy: Policy) -> str:
    """Why a waiver in order may not cover this rule under this policy; empty when it may."""
    if finding.rule in policy.unwaivable:
        return f"the policy {policy.id} lets nobody waive {finding.rule}"
    if finding.rule in policy.unwaivable_failures and finding.outcome is Outcome.FAIL:
        return f"the policy {policy.id} lets nobody waive {finding.rule} where it failed"
    if finding.level is Level.MUST and len(approvers(waiver)) < 2:
        return f"{finding.rule} is required, so two people must approve"
    return ""


def _names(waiver: GivenWaiver, finding: Finding, item: Item) -> bool:
    return finding.outcome in POOR and finding.rule in waiver.rules and item.fingerprint in waiver.items


def _finding(finding: Finding, waivers: Sequence[GivenWaiver], refusals: dict[str, str], policy: Policy) -> Finding:
    usable = [one for one in waivers if not refusals[one.digest] and not refusal(one, finding, policy)]
    items = tuple(
        replace(item, waiver=next((_mark(one) for one in usable if _names(one, finding, item)), None))
        for item in finding.items
    )
    return replace(finding, items=items)


def _mark(waiver: GivenWaiver) -> Waiver:
    return Waiver(waiver.id, waiver.reason, ", ".join(waiver.approved_by), waiver.expires)


def _use(
    waiver: GivenWaiver,
    refused: str,
    before: Sequence[Finding],
    after: Sequence[Finding],
    policy: Policy,
    at: str,
) -> WaiverUse:
    met = [one for one in before if any(_names(waiver, one, item) for item in one.items)]
    covered = sum(
        refused == "" and not refusal(waiver, one, policy) and _names(waiver, one, item)
        for one in after
        for item in one.items
    )
    against = sorted({why for one in met if (why := refusal(waiver, one, policy))})
    why = refused or "; ".join(against) or ("" if met else _missed(waiver, before))
    return WaiverUse(
        id=waiver.id,
        digest=waiver.digest,
        source=waiver.source,
        status=_status(waiver, at, covered=covered > 0, met=bool(met)),
        why=why,
        rules=waiver.rules,
        covered=covered,
        met=sum(_names(waiver, one, item) for one in met for item in one.items),
        expires=waiver.expires,
        days_left=(date.fromisoformat(waiver.expires) - date.fromisoformat(at[:10])).days,
        reason=waiver.reason,
        approved_by=waiver.approved_by,
    )


def _missed(waiver: GivenWaiver, findings: Sequence[Finding]) -> str:
    """Why a waiver for this delivery covers nothing of it."""
    poor = sorted({one.rule for one in findings if one.outcome in POOR and one.rule in waiver.rules})
    if poor:
        return f"it was written for other items of {', '.join(poor)} than those here"
    return "nothing here is what it was written for"


def _status(waiver: GivenWaiver, at: str, *, covered: bool, met: bool) -> WaiverStatus:
    if covered:
        return WaiverStatus.USED
    if ill_made(waiver):
        return WaiverStatus.REFUSED
    if at[:10] > waiver.expires:
        return WaiverStatus.EXPIRED
    if at[:10] < waiver.valid_from:
        return WaiverStatus.NOT_YET
    return WaiverStatus.REFUSED if met else WaiverStatus.UNUSED
