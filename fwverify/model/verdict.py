"""The answer, and the one fold that makes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from fwverify.model.evidence import Evidence
from fwverify.model.finding import Finding, Level, Outcome
from fwverify.model.waiver import WaiverUse

EARNING_FAMILIES = frozenset({"signature", "sigstore", "checksum", "origin"})
"""A pass needs a required rule of one of these that passed (rules.md): contents alone say nothing about origin."""


NOT_EARNING = frozenset({
    "signature.known-test-key",  # passes by what was not found
    "signature.test-like-name",
    "origin.encrypted-not-signed",
    "checksum.inner",  # damage, not origin
})  # fmt: skip
"""Rules of those families that pass without anything that speaks of origin."""


class Decision(StrEnum):
    PASS = "pass"  # noqa: S105 - a decision, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Condition:
    """Something to know beside a pass: a failed `should`, a gap, a waiver, an overdue policy."""

    text: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Strength:
    """The origin ladder of rules.md, 0 to 5, with the words for the screen."""

    value: int
    words: str
    detail: str


@dataclass(frozen=True, slots=True)
class SignedShare:
    """The Signed line of the byte ledger, judged."""

    signed_bytes: int
    """covered by accepted signatures (or operator-confirmed checksums, see `by`)"""
    total_bytes: int
    """bytes to be installed: all images less ignored padding and the accepted signatures themselves"""
    by: tuple[str, ...]
    """Names of accepted keys (`vendor/id`)."""
    unpinned_bytes: int
    """covered by intact signatures of keys that are not accepted"""
    unpinned_by: tuple[str, ...]
    """Their fingerprints."""
    uncovered: tuple[str, ...]
    """Parts no accepted signature covers, named, at most ten; executable ones first."""
    envelope_bytes: int = 0
    """Bytes of the images that are the accepted signatures themselves; not among `total_bytes`."""


class Acceptance(StrEnum):
    """Whether a device would take the older image back, by what signed bytes say."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class WayBack:
    """The image to go back to, judged by the same policy."""

    name: str
    version: str
    """What it states; empty when nothing does."""
    decision: Decision
    acceptance: Acceptance
    why: str
    """One plain sentence."""
    rules: tuple[str, ...] = ()
    """Required rules that it does not meet."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer."""

    decision: Decision
    content_only: bool
    action: str
    """What the policy decides about: install, accept, merge."""
    policy_id: str
    policy_version: str
    policy_digest: str
    policy_source: str
    """Where it came from, as the operator named it."""
    evidence_digest: str
    judged_at: str
    vendor: str
    """Words for the page: who the operator expects it from, in the registry's words."""
    product: str
    version: str
    """Claimed version from covered bytes; empty when none."""
    installed: str
    installed_from: str
    """Which operator source stated the installed version."""
    strength: Strength
    signed: SignedShare
    findings: tuple[Finding, ...]
    conditions: tuple[Condition, ...]
    sample_keys: bool
    """A published sample key took part: this proves nothing about any real vendor."""
    waivers: tuple[WaiverUse, ...] = ()
    """Every waiver that was given, by id, and what became of it."""
    valid_until: str = ""
    """ISO date of the last day on which this answer may be acted on."""
    valid_why: str = ""
    """What ends it: the policy's days, a waiver, a key, the policy's review, the window."""
    way_back: WayBack | None = None
    """None: no image to go back to was given."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """Evidence and verdict: what `verify()` returns and what renderers get."""

    evidence: Evidence
    verdict: Verdict


def _earns(rule: str) -> bool:
    return rule.partition(".")[0] in EARNING_FAMILIES and rule not in NOT_EARNING


def decide(findings: Iterable[Finding], *, on_missing_fail: bool = False, content_only: bool = False) -> Decision:
    """Fold findings into a decision (rules.md, "Outcomes, levels, decision").

    1. A required fail that is not waived: fail.
    2. Else a required rule that was not evaluated and is not waived: inconclusive (fail where the policy says so).
    3. Else no required rule of an earning family passed: inconclusive (with `content_only`: no required rule at all).
    4. Only then pass. Findings are a set: order cannot matter, and the empty set is inconclusive.
    """
    failed = missing = earned = False
    for finding in findings:
        if finding.level is not Level.MUST:
            continue
        match finding.outcome:
            case Outcome.FAIL:
                failed |= not finding.waived
            case Outcome.NOT_EVALUATED:
                missing |= not finding.waived
            case Outcome.PASS:
                earned |= content_only or _earns(finding.rule)
            case Outcome.NOT_APPLICABLE:
                pass
            case _:
                assert_never(finding.outcome)
    if failed or (missing and on_missing_fail):
        return Decision.FAIL
    return Decision.PASS if earned and not missing else Decision.INCONCLUSIVE
