"""The HTML page: complete, harmless, the same words as on the terminal, the same bytes every time."""

from __future__ import annotations

import dataclasses
import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from html.parser import HTMLParser

import pytest

from fwverify.model.approving import approved_release
from fwverify.model.artifact import ByteRange
from fwverify.model.canonical import to_json
from fwverify.model.change import ChangeRecord, CheckDone, Checklist, CheckResult
from fwverify.model.component import DeclaredComponent, Discrepancy, DiscrepancyKind
from fwverify.model.differing import difference
from fwverify.model.evidence import (
    Anomaly,
    AnomalyKind,
    Certificate,
    ChecksumObservation,
    ContentKind,
    ContentObservation,
    Gap,
    GapReason,
    SignatureStatus,
)
from fwverify.model.finding import Item, Level, Outcome, Waiver
from fwverify.model.verdict import Acceptance, Assessment, Decision, WayBack
from fwverify.report import wording
from fwverify.report.interface import Context
from fwverify.report.reading import read
from fwverify.report.renderers import html_page, json_document
from fwverify.report.rows import rows
from fwverify.report.web.environment import MAX_TEXT
from tests.unit.report.conftest import IMAGE, SBOM, SIGNATURE, finding, good_evidence, good_verdict, record, seen

VOID = frozenset({"meta", "input", "br", "link", "img"})
POISON = (
    "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\" onmouseover=\"alert(1)", "</style>",
    "\u202egpj.exe", "\x1b[31mred\x07", "=HYPERLINK(\"http://evil\")", "&lt;b&gt;", "]]><!--", "x" * 10_000,
)  # fmt: skip


class Page(HTMLParser):
    """A strict reading: every element closed in order, all attributes and texts kept."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.texts.append(data)


def shape(text: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(tag, tuple(sorted(names))) for tag, names in Page(text).elements]


def told(text: str) -> str:
    return " ".join(" ".join(Page(text).texts).split())


def poisoned(value: object, poison: Callable[[], str]) -> object:
    """The same value with every free text replaced; enumerations, bytes and numbers stay."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return poison()
    if isinstance(value, tuple):
        inner = [poisoned(one, poison) for one in value]
        return type(value)(*inner) if hasattr(value, "_fields") else tuple(inner)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {
            one.name: poisoned(getattr(value, one.name), poison) for one in dataclasses.fields(value) if one.init
        }
        return dataclasses.replace(value, **changed)
    return value


def full() -> Assessment:
    """An assessment with something in every section of the page."""
    base, verdict = good_evidence(), good_verdict()
    span, text = ByteRange(0, 9), "text"
    old = replace(base, components=(seen("zlib", "1.3.1"),), delivery="old")
    contents = tuple(ContentObservation(kind, IMAGE, 7, text, text) for kind in ContentKind)
    link = Certificate(text, text, text, text, text, text, text, text, (text,))
    signatures = tuple(
        replace(SIGNATURE, status=status, path=(link,), oddities=(text,), states=((text, text),), identity=text,
                issuer=text, signed_at=text, time_source=text,
                subject=IMAGE if status is SignatureStatus.VALID else None)
        for status in SignatureStatus
    )  # fmt: skip
    sums = tuple(
        ChecksumObservation(IMAGE, text, base.artifacts[0].digests[0], computed, source, holds, text, inner, text)
        for computed, source, holds, inner in (
            (base.artifacts[0].digests[0], None, True, False), (base.artifacts[0].digests[0], SBOM, False, True),
            (None, SBOM, False, False),
        )
    )  # fmt: skip
    pairs = tuple(
        Discrepancy(kind, DeclaredComponent(text, text), replace(seen(text, ""), contradicted=True), text, None, IMAGE)
        for kind in DiscrepancyKind
    )
    new = replace(
        base, contents=contents, signatures=signatures, checksums=sums, discrepancies=pairs,
        components=(seen("zlib", "1.2.13"), seen("other", "")),
        gaps=tuple(Gap(reason, IMAGE, text, text, span) for reason in GapReason),
        anomalies=tuple(Anomaly(kind, IMAGE, text, span) for kind in AnomalyKind),
        artifacts=(replace(base.artifacts[0], facts=(("hardening.pie", "yes"),)), *base.artifacts[1:]),
    )  # fmt: skip
    change = ChangeRecord(
        *(text,) * 9, checklist=Checklist(*(text,) * 4, (CheckDone(text, text, CheckResult.NO, text),), text)
    )
    evidence = replace(new, changes=difference(old, new), approved=approved_release(old),
                       expectation=replace(base.expectation, change=change))  # fmt: skip
    item = Item(text, text, text, (), Waiver(text, text, text, text))
    findings = tuple(
        finding(f"{family}.x", outcome, level, items=(item,), expected=text, observed=text, denominator=text,
                remedy=text, not_proven=text, requirements=(text, "N1"))
        for family, outcome, level in zip(
            ("signature", "secret", "hardening", "endpoint", "package"), (*Outcome, Outcome.FAIL), (*Level, Level.MUST),
            strict=False,
        )
    )  # fmt: skip
    verdict = replace(verdict, findings=(*verdict.findings, *findings), valid_until=text, valid_why=text,
                      way_back=WayBack(text, text, Decision.FAIL, Acceptance.REFUSED, text, (text,)))  # fmt: skip
    return Assessment(evidence, verdict)


@pytest.fixture(params=["good", "stranger", "unknown", "full"])
def assessment(request: pytest.FixtureRequest) -> Assessment:
    """Each of the three pages of the contract."""
    found = full() if request.param == "full" else request.getfixturevalue(request.param)
    assert isinstance(found, Assessment)
    return found


def test_says_what_the_terminal_says(assessment: Assessment) -> None:
    """Decision, reasons, facts, steps and what is not proven are there in the same words; no -v is spoken of."""
    context = Context(command="delivery", exit_status=1)
    text = told(html_page.render(assessment, context))
    said = wording.words(assessment, context)
    for one in (*said.why, *(step.text for step in said.steps), said.not_proven):
        assert " ".join(one.split()) in text
    for row in rows(read(assessment), spelled=True):
        assert row.label in text and row.figure.strip() in text
    assert assessment.verdict.decision.value.upper() in text
    assert " -v" not in text
    for digest in (assessment.verdict.policy_digest, assessment.verdict.evidence_digest):
        assert digest in text


def test_carries_the_report(assessment: Assessment) -> None:
    """The block of data is the JSON report."""
    context = Context(exit_status=0)
    text = html_page.render(assessment, context)
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert json.loads(data) == json.loads(json_document.render(assessment, context))


def test_too_long_a_report_is_not_carried(good: Assessment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit the page says how long the report is and where to find it."""
    monkeypatch.setattr(html_page, "MAX_DATA", 1000)
    text = html_page.render(good, Context())
    assert "application/json" not in text and "too many for a page" in text


def test_hostile_texts_change_nothing_but_texts(assessment: Assessment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stands in any text field: the same elements with the same attributes, and nothing hidden or cut off.

    One poison a run, in every free text of the evidence and the verdict at once, against the same with a tame word.
    """
    monkeypatch.setattr(html_page, "MAX_DATA", 100_000_000)

    def page(word: str) -> str:
        evil = poisoned(assessment, lambda: word)
        assert isinstance(evil, Assessment)
        return html_page.render(evil, Context(command=word, evidence_path=word, keys=word, policy=word, at=word))

    tame = shape(page("tame"))
    for poison in POISON:
        text = page(poison)
        same = shape(text) == tame
        assert same, poison[:80]
        body = text.split("</style>")[1]
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", body)
        assert max(len(one) for one in Page(text).texts) <= 3 * MAX_TEXT  # neighbours in one element


def test_deterministic(assessment: Assessment) -> None:
    """The same assessment gives the same bytes."""
    assert html_page.render(assessment, Context()) == html_page.render(assessment, Context())


def test_identifiers_are_unique_and_named_ones_exist(assessment: Assessment) -> None:
    """No id occurs twice; every reference leads to one."""
    elements = Page(html_page.render(assessment, Context())).elements
    ids = [found["id"] for _, found in elements if "id" in found]
    assert len(ids) == len(set(ids))
    for _, found in elements:
        for one in (found.get("href"), found.get("aria-labelledby"), found.get("data-table")):
            assert one is None or one.removeprefix("#") in ids


def test_fetches_nothing(assessment: Assessment) -> None:
    """No element that could load or send; no attribute that could run."""
    elements = Page(html_page.render(assessment, Context())).elements
    for tag, found in elements:
        assert tag not in ("img", "link", "iframe", "object", "embed", "base", "video", "audio", "use", "form[action]")
        assert not {"src", "srcset", "style", "ping", "action", "background"} & set(found), (tag, found)
        assert not any(name.startswith("on") for name in found)
        assert found.get("href", "#").startswith("#")  # type: ignore[union-attr]


def test_evidence_reads_back(good: Assessment) -> None:
    """What is carried is the evidence itself, so that it can be judged again from the page."""
    text = html_page.render(good, Context())
    (data,) = re.findall(r'id="data">(.*?)</script>', text, re.DOTALL)
    assert json.loads(data)["evidence"] == json.loads(json.dumps(to_json(good.evidence)))


def test_five_thousand_components(good: Assessment) -> None:
    """All of them are in the table, the page stays below ten million bytes, and it takes seconds, not minutes."""
    number = 5000
    places = [IMAGE.into("squashfs", f"usr/lib/python3/dist-packages/package-{at}/METADATA") for at in range(number)]
    parts = tuple(replace(seen(f"package-{at}", f"1.{at}"), locators=(places[at],) * 2) for at in range(number))
    pairs = tuple(
        Discrepancy(DiscrepancyKind.MATCHED, DeclaredComponent(one.name, one.version), one, "the same", True)
        for one in parts
    )
    records = tuple(record(one, 4000, None) for one in places)
    evidence = replace(
        good.evidence, components=parts, discrepancies=pairs, artifacts=(*good.evidence.artifacts, *records)
    )
    began = time.process_time()
    text = html_page.render(Assessment(evidence, good.verdict), Context())
    assert time.process_time() - began < 15
    assert len(text.encode()) < 10_000_000
    assert text.count('data-state="same version"') == number
