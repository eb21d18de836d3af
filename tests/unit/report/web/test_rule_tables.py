"""Rules on the page: denominators, what is open, requirements, waivers."""

from __future__ import annotations

from dataclasses import replace

from fwverify.model.finding import Finding, Item, Level, Outcome, Waiver
from fwverify.model.verdict import Assessment
from fwverify.report.reading import Reading, read
from fwverify.report.web.rule_tables import all_rules, level_words, open_rules, requirement_table, waiver_table
from tests.unit.report.conftest import finding

WAIVER = Waiver("W-7", "known, replaced in March", "R. Roe", "2027-01-31")


def judged(good: Assessment, *findings: Finding) -> Reading:
    return read(Assessment(good.evidence, replace(good.verdict, findings=findings)))


def test_denominators_leave_out_what_does_not_apply(good: Assessment) -> None:
    """A rule that does not apply is in no denominator and counts for no pass; a waived one is no pass."""
    waived = finding("package.opaque", Outcome.FAIL, items=(Item("part", "unknown", "f" * 64, (), WAIVER),))
    reading = judged(
        good, finding("signature.valid", requirements=("N1",)), waived,
        finding("signature.chain", Outcome.NOT_APPLICABLE, requirements=("N1", "A SC-12")),
        finding("version.minimum", Outcome.NOT_EVALUATED, requirements=("N1",)),
        finding("secret.token", Outcome.FAIL, Level.SHOULD), finding("sbom.graph", level=Level.OFF),
    )  # fmt: skip
    assert level_words(reading) == (
        "1 of 3 required rules passed; 1 not judged, 1 waived (1 rule more did not apply here).",
        "0 of 1 advised rule passed; 1 failed.",
    )
    table = requirement_table(reading, {"N1": "origin"})
    cells = {row.cells[0].text: [cell.text for cell in row.cells[1:]] for row in table.rows}
    assert cells["N1"] == ["1 of 2", "0", "1", "0", "version.minimum: not judged"]
    assert cells["A SC-12"] == ["none applies", "0", "0", "0", "none of them applies here"]
    assert cells["no requirement named"][:4] == ["0 of 2", "1", "0", "1"]
    assert table.rows[1].cells[0].notes == ("origin",)


def test_what_stands_against_the_answer_comes_first(good: Assessment) -> None:
    """Required before advised, failed before not judged; what is told only for information stands in the whole list."""
    reading = judged(
        good, finding("secret.token", Outcome.FAIL, Level.SHOULD), finding("version.minimum", Outcome.NOT_EVALUATED),
        finding("sbom.schema", Outcome.FAIL), finding("hardening.pie", Outcome.FAIL, Level.INFO), finding("origin.x"),
    )  # fmt: skip
    assert [row.cells[0].text for row in open_rules(reading).rows] == ["sbom.schema", "version.minimum", "secret.token"]
    assert len(all_rules(reading).rows) == 5


def test_many_items_are_counted(good: Assessment) -> None:
    """Ten are named, the others counted; a waiver stands beside its item and in its own table."""
    items = tuple(Item(f"part-{at:02}", "unknown", "f" * 64, (), WAIVER if at == 3 else None) for at in range(25))
    reading = judged(good, finding("package.opaque", Outcome.FAIL, items=items))
    notes = open_rules(reading).rows[0].cells[3].notes
    assert "- part-03: unknown (waived: W-7, until 2027-01-31)" in notes and "- and 15 more: in the JSON" in notes
    assert open_rules(reading).rows[0].cells[2].text == "failed"
    (row,) = waiver_table(reading).rows
    assert [cell.text for cell in row.cells] == [
        "W-7", "package.opaque", "part-03", "known, replaced in March", "R. Roe", "2027-01-31",
    ]  # fmt: skip


def test_rules_with_one_reason_share_a_row(good: Assessment) -> None:
    """The same words over the same things once, every rule and requirement named; another thing is another row."""
    same = {"message": "There is no signature.", "items": (Item("fw.bin", "no signature"),)}
    other = replace(finding("signature.time", Outcome.NOT_EVALUATED, **same), items=(Item("b.bin", "no signature"),))
    reading = judged(
        good, finding("signature.valid", Outcome.NOT_EVALUATED, requirements=("N1",), not_proven="a", **same),
        finding("signature.coverage", Outcome.NOT_EVALUATED, requirements=("N1", "N2"), not_proven="b", **same), other,
    )  # fmt: skip
    shared, alone = open_rules(reading).rows
    assert (shared.cells[0].text, shared.cells[0].notes) == ("signature.coverage", ("signature.valid",))
    assert shared.cells[4].text == "N1, N2" and not any("prove" in one for one in shared.cells[3].notes)
    assert alone.cells[0].text == "signature.time"
    assert len(all_rules(reading).rows) == 3
