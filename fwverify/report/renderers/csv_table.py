"""One row for each item of each finding, for spreadsheets.

RFC 4180 (CRLF, quotes doubled), read 2026-11-23; formulas neutralised by `report.sheet`. Findings without items have
one row. It does NOT hold the evidence: no artifacts, no components, no signatures.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.model.finding import Finding, Item
from fwverify.model.plugin import Doc
from fwverify.model.verdict import Assessment
from fwverify.report.interface import Context, Renderer
from fwverify.report.problems import Places, told
from fwverify.report.sheet import csv_text

COLUMNS = (
    "delivery", "decision", "rule", "level", "outcome", "message", "subject", "detail", "file", "expected", "observed",
    "denominator", "remedy", "requirements", "waiver", "waiver-until", "fingerprint", "policy", "policy-sha256",
    "evidence-sha256", "judged-at",
)  # fmt: skip


def render(assessment: Assessment, context: Context) -> str:
    """The table with its heading."""
    return csv_text(COLUMNS, _rows(assessment, context))


def _rows(assessment: Assessment, context: Context) -> Iterator[tuple[str, ...]]:
    verdict, places = assessment.verdict, Places(assessment, context)
    decision = f"{verdict.decision.value} (content only)" if verdict.content_only else verdict.decision.value
    run = (
        f"{verdict.policy_id} {verdict.policy_version}", verdict.policy_digest, verdict.evidence_digest,
        verdict.judged_at,
    )  # fmt: skip
    for finding in told(assessment):
        for item in finding.items or (None,):
            yield (assessment.evidence.delivery, decision, *_row(finding, item, places), *run)


def _row(finding: Finding, item: Item | None, places: Places) -> tuple[str, ...]:
    waiver = item.waiver if item else None
    return (
        finding.rule, finding.level.value, finding.outcome.value, finding.message, item.subject if item else "",
        item.detail if item else "", places.of(item.subject) if item else "", finding.expected, finding.observed,
        finding.denominator, finding.remedy, " ".join(finding.requirements), waiver.id if waiver else "",
        waiver.expires if waiver else "", item.fingerprint if item else "",
    )  # fmt: skip


RENDERER = Renderer(
    name="csv",
    render=render,
    suffix=".findings.csv",
    doc=Doc(
        title="CSV table of findings",
        vendor="fwverify",
        references=("RFC 4180, read 2026-11-23", 'OWASP "CSV Injection", read 2026-11-22'),
        limitations=("Findings alone; the evidence is in the JSON report.",),
    ),
)
