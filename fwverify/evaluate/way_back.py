"""The image to go back to, judged by the same policy, and whether signed counters would let a device take it. Pure.

A counter (security counter, rollback index, sequence) under both signatures decides: a device that keeps it refuses
what has a lower one. Where no signed bytes carry one, nothing in the images tells, and that is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fwverify.evaluate.interface import Rule
from fwverify.model.approving import counters, stated_versions
from fwverify.model.evidence import Evidence
from fwverify.model.finding import Level, Outcome
from fwverify.model.verdict import Acceptance, Decision, Verdict, WayBack

ASIDE = ("version.", "change.", "record.", "safety.", "endpoint.new")
"""Rules about the change itself, which the image to go back to is not."""
KEPT = ("version.minimum", "version.withdrawn")
"""Those of them that it must meet all the same: what must not run is no way back."""


def rules_for(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Those that an image to go back to must meet too."""
    return tuple(one for one in rules if one.id in KEPT or not one.id.startswith(ASIDE))


def way_back(evidence: Evidence, judge: Callable[[Evidence], Verdict]) -> WayBack | None:
    """The way back; None where no image to go back to was given.

    Args:
        evidence: of the delivery, with that of the image to go back to in it.
        judge: the same policy over other evidence.
    """
    if evidence.rollback is None:
        return None
    verdict = judge(evidence.rollback)
    bad = [
        one for one in verdict.findings
        if one.level is Level.MUST and one.outcome in (Outcome.FAIL, Outcome.NOT_EVALUATED) and not one.waived
    ]  # fmt: skip
    bad.sort(key=lambda one: one.outcome is not Outcome.FAIL)
    acceptance, why = _acceptance(evidence, evidence.rollback)
    if verdict.decision is not Decision.PASS:
        why = bad[0].message if bad else "no required rule shows whose it is."
    return WayBack(
        name=evidence.rollback.delivery,
        version=verdict.version or " / ".join(stated_versions(evidence.rollback)),
        decision=verdict.decision,
        acceptance=acceptance,
        why=why,
        rules=tuple(one.rule for one in bad),
    )


def _bytes(evidence: Evidence) -> set[str]:
    return {digest.hex for one in evidence.images() for digest in one.digests if digest.algorithm == "sha256"}


def _acceptance(new: Evidence, old: Evidence) -> tuple[Acceptance, str]:
    if _bytes(old) and _bytes(old) <= _bytes(new):
        return Acceptance.REFUSED, "it is the very image that is to be installed."
    after, before = dict(counters(new)), dict(counters(old))
    both = sorted(after.keys() & before.keys())
    higher = [one for one in both if after[one] > before[one]]
    if higher:
        name = higher[0]
        words = name.replace("-", " ")
        return Acceptance.REFUSED, (
            f"the new release raises its {words} from {before[name]} to {after[name]}, so a device that keeps it "
            "refuses the old one."
        )
    if both:
        return Acceptance.ALLOWED, f"Its {both[0].replace('-', ' ')} is no lower than the new one's."
    return Acceptance.UNKNOWN, "Nothing in the images tells whether the device takes it back."
