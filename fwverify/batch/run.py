"""Verify one unit after another: one row each, and no unit ever hides another.

How a unit is verified is an argument (`verify_one`), so that this knows nothing about policies, keys or workers. It
does not spread units over processes or machines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from fwverify.batch.units import Unit
from fwverify.errors import FwverifyError
from fwverify.model.finding import Finding, Level, Outcome
from fwverify.model.verdict import Assessment


class Result(StrEnum):
    """What became of one unit."""

    PASS = "pass"  # noqa: S105 - a decision, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    MISTAKE = "mistake"
    """The operator's: its policy or its delivery cannot be read. Nothing was judged."""
    ERROR = "error"
    """An error inside fwverify. Nothing was judged, and nothing is said about the delivery."""


BY_WEIGHT = (Result.PASS, Result.INCONCLUSIVE, Result.FAIL, Result.MISTAKE, Result.ERROR)
"""Lightest first (rules.md: 70 > 2 > 1 > 3 > 0)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One unit's line in every table."""

    unit: Unit
    result: Result
    problem: str = ""
    """For a mistake or an error: what happened."""
    content_only: bool = False
    """The policy looks at contents alone: a pass says nothing about origin."""
    vendor: str = ""
    product: str = ""
    version: str = ""
    strength: int | None = None
    """The origin ladder, 0 to 5; None: not judged."""
    strength_words: str = ""
    failed: tuple[str, ...] = ()
    """Required rules that failed."""
    not_evaluated: tuple[str, ...] = ()
    """Required rules that could not be judged."""
    waived: tuple[str, ...] = ()
    """Required rules that failed or are open, and for which people answer."""
    conditions: int = 0
    """Things to know beside a pass."""
    policy: str = ""
    """`id version`"""
    policy_digest: str = ""
    evidence_digest: str = ""
    sample_keys: bool = False


def run(
    units: Iterable[Unit],
    verify_one: Callable[[Unit], Assessment],
    keep: Callable[[int, Unit, Assessment], None] = lambda *_: None,
) -> Iterator[Row]:
    """Verify each unit and yield its row as soon as it is done.

    Args:
        units: in order.
        verify_one: verifies one delivery; whatever it raises becomes that unit's row.
        keep: given number (from 1), unit and assessment of each that was judged, for writing evidence. What *it*
            raises ends the batch: a full disk is nothing about a unit.
    """
    for number, unit in enumerate(units, 1):
        try:
            assessment = verify_one(unit)
        except FwverifyError as mistake:
            yield Row(unit, Result.MISTAKE, " ".join(str(mistake).split()))
            continue
        except Exception as bug:  # the one place: a bug must cost one row, not the batch
            yield Row(unit, Result.ERROR, f"an error inside fwverify: {type(bug).__name__}: {bug}")
            continue
        keep(number, unit, assessment)
        yield _row(unit, assessment)


def _row(unit: Unit, assessment: Assessment) -> Row:
    verdict = assessment.verdict
    return Row(
        unit,
        Result(verdict.decision.value),
        content_only=verdict.content_only,
        vendor=verdict.vendor,
        product=verdict.product,
        version=verdict.version,
        strength=verdict.strength.value,
        strength_words=verdict.strength.words,
        failed=_rules(verdict.findings, Outcome.FAIL),
        not_evaluated=_rules(verdict.findings, Outcome.NOT_EVALUATED),
        waived=tuple(sorted(one.rule for one in verdict.findings if one.level is Level.MUST and one.waived)),
        conditions=len(verdict.conditions),
        policy=f"{verdict.policy_id} {verdict.policy_version}",
        policy_digest=verdict.policy_digest,
        evidence_digest=verdict.evidence_digest,
        sample_keys=verdict.sample_keys,
    )


def _rules(findings: Iterable[Finding], outcome: Outcome) -> tuple[str, ...]:
    return tuple(
        sorted(one.rule for one in findings if one.level is Level.MUST and one.outcome is outcome and not one.waived)
    )


def worst(rows: Iterable[Row], unreadable: int) -> Result:
    """The batch's result: the heaviest of its units; rows that could not be read make it inconclusive at least."""
    results = [one.result for one in rows] + [Result.INCONCLUSIVE] * bool(unreadable)
    return max(results, key=BY_WEIGHT.index, default=Result.INCONCLUSIVE)
