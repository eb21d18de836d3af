"""One row each, whatever a unit does; the worst result wins."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from fwverify.batch.run import BY_WEIGHT, Result, Row, run, worst
from fwverify.batch.tables import unit_objects, units_csv
from fwverify.batch.units import Unit
from fwverify.cli.batch import exits, table
from fwverify.errors import IngestError, UsageError
from fwverify.model.finding import Item, Level, Outcome, Waiver
from fwverify.model.verdict import Assessment, Decision
from tests.unit.batch.conftest import Make, finding


def unit(name: str) -> Unit:
    return Unit(name, Path(name))


def test_a_bad_unit_hides_no_other(make: Make) -> None:
    """Crashes, mistakes, recursion and memory errors cost one row each; all others are judged and kept."""
    troubles = {
        "b": ValueError("boom"),
        "d": IngestError("no such file", where="d"),
        "e": RecursionError(),
        "f": MemoryError(),
    }

    def verify_one(one: Unit) -> Assessment:
        if one.name in troubles:
            raise troubles[one.name]
        return make()

    kept: list[tuple[int, str]] = []
    rows = list(run(map(unit, "abcdefg"), verify_one, lambda number, one, _: kept.append((number, one.name))))
    assert [one.unit.name for one in rows] == list("abcdefg")
    assert [one.result for one in rows] == [
        Result.PASS, Result.ERROR, Result.PASS, Result.MISTAKE, Result.ERROR, Result.ERROR, Result.PASS,
    ]  # fmt: skip
    assert kept == [(1, "a"), (3, "c"), (7, "g")]
    assert rows[1].problem == "an error inside fwverify: ValueError: boom" and "no such file" in rows[3].problem
    assert rows[1].strength is None and rows[1].evidence_digest == ""


def test_stop_is_not_a_unit(make: Make) -> None:
    """Ctrl-C ends the batch; it is never recorded as a unit's result."""

    def verify_one(_: Unit) -> Assessment:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(run([unit("a")], verify_one))


def test_keeping_fails_loudly(make: Make) -> None:
    """Evidence that cannot be written ends the batch instead of looking like a result."""

    def keep(*_: object) -> None:
        raise UsageError("disk full")

    with pytest.raises(UsageError):
        list(run([unit("a")], lambda _: make(), keep))


def test_row_names_required_rules_only(make: Make) -> None:
    """Failed and unevaluated rules of level must are in the row, sorted; advisory ones are not."""
    findings = (
        finding("signature.valid", Outcome.FAIL),
        finding("origin.strength", Outcome.FAIL),
        finding("sbom.present", Outcome.FAIL, Level.SHOULD),
        finding("checksum.match", Outcome.NOT_EVALUATED),
        finding("package.limits", Outcome.PASS),
    )
    (row,) = run([unit("a")], lambda _: make(Decision.FAIL, findings))
    assert (row.result, row.failed, row.not_evaluated) == (
        Result.FAIL, ("origin.strength", "signature.valid"), ("checksum.match",),
    )  # fmt: skip
    assert (row.strength, row.policy, row.evidence_digest) == (4, "production 7", "e" * 64)


def test_worst_is_the_heaviest() -> None:
    """70 > 2 > 1 > 3 > 0 for every pair in every order; unreadable rows weigh as inconclusive; nothing is no pass."""
    assert [one.value for one in BY_WEIGHT] == ["pass", "inconclusive", "fail", "mistake", "error"]
    for first, second in product(Result, Result):
        expected = BY_WEIGHT[max(BY_WEIGHT.index(first), BY_WEIGHT.index(second))]
        assert worst([Row(unit("a"), first), Row(unit("b"), second)], 0) is expected
    assert worst([Row(unit("a"), Result.PASS)], 1) is Result.INCONCLUSIVE
    assert worst([Row(unit("a"), Result.FAIL)], 1) is Result.FAIL
    assert worst([], 0) is Result.INCONCLUSIVE


def test_waived_rules_are_told(make: Make) -> None:
    """A pass for which people answer says so in every table."""
    mark = Item("fw", "no signature", waiver=Waiver("W-1", "r", "D. Kim", "2027-01-01"))
    waived = replace(finding("signature.valid", Outcome.NOT_EVALUATED), items=(mark,))
    (row,) = run([unit("fw")], lambda _: make(findings=(waived,)))
    assert (row.waived, row.not_evaluated) == (("signature.valid",), ())
    assert ",signature.valid," in units_csv([row], exits(), kept=False)
    assert unit_objects([row], exits(), kept=False)[0]["waived"] == ["signature.valid"]
    assert "1 waived" in table([row], [])
