"""What changed, the way back, the change: shown when established, and said when not."""

from __future__ import annotations

from dataclasses import replace

from fwverify.model.approving import approved_release
from fwverify.model.artifact import Role
from fwverify.model.change import ChangeRecord, CheckDone, Checklist, CheckResult
from fwverify.model.differing import difference
from fwverify.model.verdict import Acceptance, Assessment, Decision, WayBack
from fwverify.report.interface import Context
from fwverify.report.reading import read
from fwverify.report.renderers.html_page import render
from fwverify.report.web.changes import changes
from tests.unit.report.conftest import IMAGE, good_evidence, record, seen

DONE = Checklist(
    "M. Lee", "2026-11-23", "CHG-17", "ups-3",
    (CheckDone("alarms", "Do alarms reach the control room?", CheckResult.YES),
     CheckDone("fans", "Do the fans run?", CheckResult.OPEN)), "ab" * 32,
)  # fmt: skip


def test_nothing_is_pretended(good: Assessment) -> None:
    """Without an approved release: one sentence, no table."""
    found = changes(read(good))
    assert found.words == ("No approved release was given to compare with, so nothing is said of what changed.",)
    assert (found.approved, found.lists, found.way_back, found.record, found.checklist) == (None, (), None, None, None)
    assert 'id="approved"' not in render(good, Context())


def test_worse_comes_first(good: Assessment) -> None:
    """An older component and an unsigned image stand first, then what could not be compared; the release is named."""
    old = replace(good_evidence(), components=(seen("zlib", "1.3.1"),), delivery="acme-ups-3.0.2")
    new = replace(
        good.evidence, components=(seen("zlib", "1.2.13"),), signatures=(),
        artifacts=(record(IMAGE, 2_411_520, Role.IMAGE, format="fit"), *good.evidence.artifacts[1:]),
    )  # fmt: skip
    evidence = replace(new, changes=difference(old, new), approved=approved_release(old))
    found = changes(read(Assessment(evidence, good.verdict)))
    assert found.approved is not None and found.approved.rows[0].cells[1].text == "acme-ups-3.0.2"
    assert found.lists[0].id == "changes-security"
    worse = [row.cells[0].text for row in found.lists[0].rows if row.state == "for the worse"]
    assert any("zlib 1.3.1 -> 1.2.13, older" in one for one in worse)
    assert found.lists[0].rows[0].state == "for the worse"
    assert "see the end" not in " ".join(found.words)


def test_way_back_and_record(good: Assessment) -> None:
    """The older image with its verdict, the change as stated, open checks as open, the last day of the answer."""
    change = ChangeRecord(ticket="CHG-17", asset="ups-3", approved_by="R. Roe", checklist=DONE)
    evidence = replace(good.evidence, expectation=replace(good.evidence.expectation, change=change))
    back = WayBack("old.itb", "3.0.2", Decision.FAIL, Acceptance.REFUSED, "Its counter is lower.", ("signature.valid",))
    verdict = replace(good.verdict, way_back=back, valid_until="2026-12-01", valid_why="the policy's review")
    made = Assessment(evidence, verdict)
    found = changes(read(made))
    assert found.way_back is not None and found.record is not None and found.checklist is not None
    assert [row.cells[1].text for row in found.way_back.rows][2:] == ["FAIL", "the device would refuse it"]
    assert [row.cells[0].text for row in found.record.rows] == ["ticket", "asset", "approved by"]
    assert [row.cells[1].text for row in found.checklist.rows] == ["yes", "open"]
    text = render(made, Context())
    assert "2026-12-01" in text and "CHG-17" in text and "not met: signature.valid" in text
