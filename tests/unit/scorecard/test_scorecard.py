"""Scores of bidders: every point has a reason, bad news never helps, what was not seen is no full mark."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from fwverify.model.artifact import Locator, Step
from fwverify.model.evidence import ContentKind, ContentObservation, Evidence
from fwverify.model.finding import Finding, Level, Outcome
from fwverify.model.verdict import Assessment
from fwverify.scorecard import pages
from fwverify.scorecard.advisories import Advisories, read_advisories
from fwverify.scorecard.folder import read
from fwverify.scorecard.questions import QUESTIONS
from fwverify.scorecard.scoring import scored
from fwverify.scorecard.values import AnswerState, GateState, Scorecard, ranked
from tests.unit.evaluate.builders import SIZE, evidence, good, judged, ledger, span

RULES = """
signature.valid: must
signature.known-test-key: must
secret.private-key: must
secret.default-password: must
component.undeclared: should
endpoint.cleartext: should
hardening.pie: should
signature.algorithm: should
"""
HONEST = {one.id: "yes" for one in QUESTIONS}


def assessed(found: Evidence) -> Assessment:
    return Assessment(found, judged(found, RULES))


def with_outcome(seen: Assessment, rule: str, outcome: Outcome) -> Assessment:
    """The same, with another answer of one rule."""
    findings = tuple(replace(one, outcome=outcome) if one.rule == rule else one for one in seen.verdict.findings)
    return Assessment(seen.evidence, replace(seen.verdict, findings=findings))


@pytest.mark.parametrize("rule", [one.partition(":")[0] for one in RULES.strip().splitlines()])
def test_bad_news_never_helps(rule: str) -> None:
    """A rule that passes gives at least what it gives unjudged, and that at least what it gives failed."""
    seen = assessed(good())
    bids = [
        scored("x", with_outcome(seen, rule, one), HONEST, Advisories())
        for one in (Outcome.PASS, Outcome.NOT_EVALUATED, Outcome.FAIL)
    ]
    for better, worse in pairwise(bids):
        assert better.score(high=False) >= worse.score(high=False)
        assert better.score(high=True) >= worse.score(high=True)


def test_unseen_is_no_full_mark() -> None:
    """What nobody could examine widens the interval downwards and is told."""
    dark = scored("x", assessed(good(ledger=ledger(span(0, SIZE, opened_bytes=0)))), {}, Advisories())
    light = scored("x", assessed(good()), {}, Advisories())
    assert dark.score(high=False) < light.score(high=False)
    assert dark.score(high=False) < dark.score(high=True)
    assert (dark.unexamined_bytes, light.unexamined_bytes) == (SIZE, 0)
    assert pages.unexamined(dark).startswith("100 %")


def test_gates() -> None:
    """Without a signature or an SBOM a bidder is not in, and nothing readable is no pass."""
    states = [one.state for one in scored("x", assessed(good()), {}, Advisories()).gates]
    assert states[0] is GateState.PASSED and states[2] is GateState.PASSED
    bare = scored("x", assessed(evidence(sboms=())), {}, Advisories())
    assert (bare.gates[0].state, bare.gates[2].state, bare.out) == (GateState.OPEN, GateState.OUT, True)
    none = scored("x", None, HONEST, Advisories(), ["firmware/ is missing"])
    assert none.open and not none.out
    assert {one.state for one in none.gates} == {GateState.OPEN}
    assert none.worst == ("firmware/ is missing",)
    assert all(one.state in (AnswerState.DECLARED, AnswerState.CONTRADICTED) for one in none.answers)


@pytest.mark.parametrize(
    ("said", "outcome", "state"),
    [
        ("no", Outcome.PASS, AnswerState.EVIDENCED), ("no", Outcome.FAIL, AnswerState.CONTRADICTED),
        ("yes", Outcome.FAIL, AnswerState.EVIDENCED), ("yes", Outcome.PASS, AnswerState.DECLARED),
        ("no", Outcome.NOT_EVALUATED, AnswerState.DECLARED), ("perhaps", Outcome.PASS, AnswerState.DECLARED),
        ("", Outcome.PASS, AnswerState.UNANSWERED),
    ],
)  # fmt: skip
def test_answers(said: str, outcome: Outcome, state: AnswerState) -> None:
    """An answer is held against the rule that judges it; what no rule could judge is only declared."""
    seen = with_outcome(assessed(good()), "secret.default-password", outcome)
    bid = scored("x", seen, {"default-passwords": said}, Advisories())
    (one,) = (each for each in bid.answers if each.question == "default-passwords")
    assert one.state is state


def test_order_of_bidders_does_not_matter() -> None:
    """Ranked by gates, then by the lowest possible score; those that are out come last."""
    bids = tuple(
        scored(name, seen, {}, Advisories())
        for name, seen in (("a", None), ("b", assessed(good())), ("c", assessed(evidence(sboms=()))))
    )
    names = [one.name for one in ranked(bids)]
    assert names == [one.name for one in ranked(bids[::-1])] == ["b", "a", "c"]


def csaf(own: str, found: str, fixed: str) -> bytes:
    return (
        f'{{"document":{{"csaf_version":"2.0","tracking":{{"id":"{own}"}}}},"vulnerabilities":[{{"discovery_date":'
        f'"{found}T00:00:00Z","remediations":[{{"category":"vendor_fix","date":"{fixed}T00:00:00Z"}}]}}]}}'
    ).encode()


def test_advisories() -> None:
    """Days from discovery to fix, each advisory once, what is none told."""
    found = read_advisories([
        ("a", csaf("A", "2026-01-01", "2026-01-11")), ("b", csaf("B", "2026-01-01", "2026-03-02")),
        ("c", csaf("A", "2026-01-01", "2026-01-02")), ("d", b"{}"), ("e", b"[" * 10_000),
    ])  # fmt: skip
    assert (found.read, found.days, found.median_days) == (("A", "B"), (10, 60), 10)
    assert len(found.problems) == 3


def test_folder(tmp_path: Path) -> None:
    """Links are not followed, unknown questions and broken files are told with their place."""
    folder = tmp_path / "bid"
    (folder / "firmware").mkdir(parents=True)
    (folder / "firmware" / "a.bin").write_bytes(b"a")
    (folder / "firmware" / "b.bin").symlink_to("/etc/passwd")
    (folder / "answers.yaml").write_text("answers: fwverify-answers/1\nsigned: yes\nsinged: yes\nsbom: [yes]\n")
    handed = read(folder)
    assert [one.name for one in handed.delivery] == ["a.bin"]
    assert handed.answers["signed"] == "yes"
    assert any("b.bin is a link" in one for one in handed.problems)
    assert any(one.startswith("answers.yaml:3:1: 'singed' is no question") for one in handed.problems)
    assert any(one.startswith("answers.yaml:4:1: sbom is no text") for one in handed.problems)
    assert read(tmp_path / "nothing").problems[0] == "firmware/ is missing or empty"


EVIL = "</script><img src=x onerror=alert(1)>=cmd|' /C calc'!A0 \x1b[31m \u202e"


def test_hostile_texts() -> None:
    """A bidder's texts are harmless on every page."""
    bid = scored(EVIL, assessed(good()), {one.id: EVIL for one in QUESTIONS}, Advisories(), [f"={EVIL}"])
    card = Scorecard("2026-11-23T00:00:00Z", "p 1", (bid,))
    page, text, table = pages.browser(card), pages.terminal(card, 1), pages.spreadsheet(card)
    assert "policy p 1" in page
    assert "<img" not in page and "\x1b" not in page + text + table and "\u202e" not in page + text + table
    assert all(len(one) <= 80 for one in text.splitlines())
    (row,) = list(csv.DictReader(io.StringIO(table)))
    assert row["problems"].startswith("'=")


def test_finding_levels_do_not_hide() -> None:
    """The worst findings are failed ones, never those that only inform."""
    seen = with_outcome(assessed(good()), "hardening.pie", Outcome.FAIL)
    quiet = Assessment(
        seen.evidence, replace(seen.verdict, findings=tuple(_quiet(one) for one in seen.verdict.findings))
    )
    assert scored("x", seen, {}, Advisories()).worst
    assert scored("x", quiet, {}, Advisories()).worst == ()


def _quiet(one: Finding) -> Finding:
    return replace(one, level=Level.INFO)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("api.acme.example", AnswerState.EVIDENCED),
        ("*.acme.example", AnswerState.EVIDENCED),
        ("https://*.acme.example", AnswerState.EVIDENCED),
        ("other.example", AnswerState.CONTRADICTED),
        ("*", AnswerState.UNANSWERED),
        ("*.*", AnswerState.UNANSWERED),
        ("*.example", AnswerState.UNANSWERED),
        ("?*", AnswerState.UNANSWERED),
        ("*://*", AnswerState.UNANSWERED),
        ("[!x]*", AnswerState.UNANSWERED),
        ("*.*.example", AnswerState.UNANSWERED),
        ("h*", AnswerState.UNANSWERED),
        ("*.a[c]me.example", AnswerState.UNANSWERED),
        ("other.example, *", AnswerState.UNANSWERED),
        ("api.acme.example, *", AnswerState.EVIDENCED),
    ],
)
def test_a_pattern_for_everything_names_nothing(said: str, state: AnswerState) -> None:
    """Only what a bidder writes out is held against the image; `*` is no answer and earns nothing."""
    place = Locator((Step("fw.bin"),))
    found = ContentObservation(ContentKind.ENDPOINT, place, 0, "https://api.acme.example", "in a string")
    bid = scored("x", assessed(good(contents=(found,))), {**HONEST, "addresses": said}, Advisories())
    (one,) = [each for each in bid.answers if each.question == "addresses"]
    assert one.state is state, one.found
    (line,) = [each for band in bid.bands for each in band.lines if each.id == "addresses"]
    assert (line.low == line.high == 0) is (state is not AnswerState.EVIDENCED)


def bulletin(name: str, *flaws: tuple[str, str, str]) -> tuple[str, bytes]:
    """An advisory with (CVE, discovered, mended)."""
    listed = [
        {"cve": cve, "discovery_date": known, "remediations": [{"category": "vendor_fix", "date": mended}]}
        for cve, known, mended in flaws
    ]
    tracking = {"document": {"csaf_version": "2.0", "tracking": {"id": name}}, "vulnerabilities": listed}
    return name, json.dumps(tracking).encode()


def test_days_cannot_be_made_up_by_repeating() -> None:
    """A flaw counts once, with its longest time; one that was mended before it was known counts not at all."""
    slow = ("CVE-2026-1", "2026-01-01T00:00:00Z", "2026-06-30T00:00:00Z")
    quick = [("CVE-2026-2", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")] * 50
    early = ("CVE-2026-3", "2026-06-01T00:00:00Z", "2026-01-01T00:00:00Z")
    again = ("CVE-2026-1", "2026-06-29T00:00:00Z", "2026-06-30T00:00:00Z")
    found = read_advisories([bulletin("a", slow, *quick, early), bulletin("b", *quick, again)])
    assert found.days == (1, 180)


def test_a_sheet_of_answers_is_small(tmp_path: Path) -> None:
    """Megabytes of YAML are told, not read."""
    (tmp_path / "answers.yaml").write_text("a: [" + "a," * 600_000 + "]")
    assert "answers.yaml is larger than 1,048,576 bytes; nothing in it was read" in read(tmp_path).problems
