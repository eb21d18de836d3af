"""The page for tickets and merge requests, in Markdown.

CommonMark 0.31.2 and the tables of GitHub Flavored Markdown 0.29, read 2026-11-23. Words and figures are those of the
terminal page; below them every rule that failed or was not judged, with its items. All texts pass `report.markup`: no
HTML, no link, no mention comes out of a delivery. It does NOT hold components and artifacts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from fwverify.model.finding import Finding, Outcome
from fwverify.model.plugin import Doc
from fwverify.model.verdict import Assessment
from fwverify.report.figures import plural
from fwverify.report.headline import SAMPLE_FIRST, SAMPLE_LAST, action, known_heading, word
from fwverify.report.interface import Context, Renderer
from fwverify.report.markup import literal, prose, row
from fwverify.report.neutral import shortened
from fwverify.report.reading import Reading, read
from fwverify.report.rows import rows, whose
from fwverify.report.rule_lists import in_order
from fwverify.report.situation import Step
from fwverify.report.wording import Words, words

MAX_ITEMS = 20
"""Items printed of one rule: a ticket is read by people. The CSV and JSON forms have all."""
DETAIL_LIMIT = 300


def render(assessment: Assessment, context: Context) -> str:
    """The page, ending with a newline."""
    reading, said = read(assessment), words(assessment, context)
    lines = [*_head(assessment, reading, said), *_ledger(reading), *_rules(reading), *_next(assessment, said)]
    lines += [prose(said.not_proven), "", *_end(assessment, context)]
    return "\n".join(lines) + "\n"


def _head(assessment: Assessment, reading: Reading, said: Words) -> Iterator[str]:
    verdict = assessment.verdict
    yield f"# {prose(word(verdict))}: {prose(whose(reading))}"
    yield ""
    yield f"**{prose(action(verdict))}**"
    yield ""
    if verdict.sample_keys:
        yield f"**{prose(SAMPLE_FIRST)}**"
        yield ""
    for one in said.why:
        yield prose(one)
        yield ""


def _ledger(reading: Reading) -> Iterator[str]:
    """What was signed, opened and declared, and the other labelled lines of the page."""
    yield row("What", "How much", "In words")
    yield row("---", "---:", "---")
    for one in rows(reading):
        yield row(prose(one.label), prose(one.figure), prose(_joined(one.texts)))
    yield ""


def _joined(texts: Sequence[str]) -> str:
    """Lines of the page in one cell, each still told from the next; what went to `-v` there stands below here."""
    text = texts[0] if texts else ""
    for one in texts[1:]:
        text += f" {one}" if one.startswith("(") else f"; {one}"
    return text.replace("(names: -v)", "(names: below)")


def _rules(reading: Reading) -> Iterator[str]:
    for title, findings in (
        ("Failed", reading.failed),
        ("Not judged", reading.missing),
        ("Waived", reading.waived),
        ("Advisory, failed", reading.advisory),
    ):
        if findings:
            yield f"## {title} ({len(findings)})"
            yield ""
            for one in in_order(findings):
                yield from _rule(one)
            yield ""


def _rule(finding: Finding) -> Iterator[str]:
    yield f"- **{prose(finding.rule)}**: {prose(shortened(finding.message, DETAIL_LIMIT))}"
    for one in finding.items[:MAX_ITEMS]:
        detail = "" if one.detail in ("", Outcome.NOT_EVALUATED.value) else f": {one.detail}"
        waived = f" (waived by {one.waiver.id} until {one.waiver.expires})" if one.waiver else ""
        yield f"  - {prose(shortened(f'{one.subject}{detail}', DETAIL_LIMIT) + waived)}"
    if len(finding.items) > MAX_ITEMS:
        yield f"  - and {plural(len(finding.items) - MAX_ITEMS, 'more item')}"


def _next(assessment: Assessment, said: Words) -> Iterator[str]:
    if said.know:
        yield f"## {prose(known_heading(assessment.verdict))}"
        yield ""
        yield from (f"- {prose(one)}" for one in said.know)
        yield ""
    if said.steps:
        yield f"## {prose(said.heading)}"
        yield ""
        for number, one in enumerate(said.steps, 1):
            yield from _step(number, one)
        yield ""


def _step(number: int, step: Step) -> Iterable[str]:
    yield f"{number}. {prose(step.text)}"
    if step.literal:
        yield ""
        yield from literal(list(step.literal), "   ")
    if step.command:
        yield ""
        yield from literal([" ".join(step.command)], "   ")
    for one in step.then:
        yield ""
        yield f"   {prose(one)}"


def _end(assessment: Assessment, context: Context) -> Iterator[str]:
    verdict = assessment.verdict
    lines = [
        f"evidence  sha256 {verdict.evidence_digest}",
        f"policy    sha256 {verdict.policy_digest}",
        f"judged    {verdict.judged_at}",
    ]
    lines += [f"file      {context.evidence_path}"] if context.evidence_path else []
    lines += [f"exit      {context.exit_status}"] if context.exit_status >= 0 else []
    yield from literal(lines)
    if verdict.sample_keys:
        yield ""
        yield f"**{prose(SAMPLE_LAST)}**"


RENDERER = Renderer(
    name="markdown",
    render=render,
    suffix=".md",
    doc=Doc(
        title="Markdown for tickets",
        vendor="CommonMark",
        references=("CommonMark 0.31.2, read 2026-11-23", "GitHub Flavored Markdown 0.29, read 2026-11-23"),
        limitations=("Components and artifacts are left out; the HTML page has them.",),
    ),
)
