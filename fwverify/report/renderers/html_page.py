"""The HTML page: one self-contained file for a browser, for paper and for programs (the JSON report is inside it).

Sections are made by `report.web`; words and figures are those of the terminal page (pages.md, read 2026-11-23). Opens
from a file, fetches nothing, runs only its own few lines, and reads well without them. Does NOT decide anything.
"""

from __future__ import annotations

import json

from fwverify.model.canonical import Json, to_json
from fwverify.model.evidence import Evidence
from fwverify.model.plugin import Doc
from fwverify.model.verdict import Assessment
from fwverify.report.figures import NAME_LIMIT, count
from fwverify.report.interface import REPORT_SCHEMA, Context, Renderer
from fwverify.report.neutral import shortened
from fwverify.report.reading import Reading, read
from fwverify.report.requirements import titles
from fwverify.report.web import byte_map, changes, checked, components, judged, rule_tables, security, signers
from fwverify.report.web.environment import html_page
from fwverify.report.web.summary import Summary, summary

MAX_DATA = 5_000_000
"""Characters of JSON that a page carries; beyond, it names the evidence file instead."""

LEAST_RECORD, LEAST_CLUE = 240, 150
"""Characters of an artifact and of a clue in JSON, at least: their field names and a digest."""


def render(assessment: Assessment, context: Context) -> str:
    """The page, ending with a newline."""
    reading, verdict = read(assessment), assessment.verdict
    said = summary(assessment, reading, context)
    document = _document(assessment, context) if _least(reading.evidence) <= MAX_DATA else None
    carried = document is not None and len(json.dumps(document, separators=(",", ":"))) <= MAX_DATA
    values: dict[str, object] = {
        "summary": said,
        "verdict": verdict,
        "delivery": reading.evidence.delivery,
        "evidence_path": context.evidence_path,
        "carried": carried,
        "most": count(MAX_DATA),
        "checks": judged.checks(reading, context, inside=carried),
        **_sections(reading, context),
    }
    data = document if carried else None
    return html_page("report.html.j2", _title(said), values, styles=("report.css",), data=data)


def _least(evidence: Evidence) -> int:
    """How long the report is at least, in characters: without writing the long ones only to leave them out."""
    return len(evidence.artifacts) * LEAST_RECORD + len(evidence.clues) * LEAST_CLUE


def _title(said: Summary) -> str:
    return f"{said.word}: {shortened(said.whose, NAME_LIMIT)}"


def _sections(reading: Reading, context: Context) -> dict[str, object]:
    """What the template draws, by the name it has there."""
    drawn = byte_map.pictures(reading)
    found = components.component_table(reading)
    return {
        "judged": judged.judged_table(reading, context),
        "checked": checked.checked_words(reading),
        "unread": checked.unread_table(reading),
        "gaps": checked.gap_table(reading),
        "anomalies": checked.anomaly_table(reading),
        "files": checked.file_table(reading),
        "pictures": drawn,
        "undrawn": max(sum(one.size > 0 for one in reading.evidence.images()) - len(drawn), 0),
        "legends": byte_map.legends(drawn),
        "signatures": signers.signature_table(reading),
        "checksums": signers.checksum_table(reading),
        "keys": signers.key_table(reading),
        "components": found,
        "components_open": len(found.rows) <= components.OPEN_ROWS,
        "component_words": components.component_words(reading),
        "changes": changes.changes(reading),
        "security": security.security(reading),
        "level_words": rule_tables.level_words(reading),
        "open_rules": rule_tables.open_rules(reading),
        "rules": rule_tables.all_rules(reading),
        "requirements": rule_tables.requirement_table(reading, titles(reading.verdict.judged_at)),
        "waivers": rule_tables.waiver_table(reading),
    }


def _document(assessment: Assessment, context: Context) -> Json:
    """The JSON report, as `--format json` writes it."""
    return {
        "$schema": REPORT_SCHEMA,
        "schema": REPORT_SCHEMA,
        "evidence_digest": assessment.verdict.evidence_digest,
        "exit_status": context.exit_status if context.exit_status >= 0 else None,
        "verdict": to_json(assessment.verdict),
        "evidence": to_json(assessment.evidence),
    }


RENDERER = Renderer(
    name="html",
    render=render,
    suffix=".html",
    doc=Doc(
        title="HTML page",
        vendor="fwverify",
        references=("HTML Living Standard, read 2026-11-23", "Content Security Policy Level 3, read 2026-11-23"),
        limitations=(
            f"Carries the JSON report up to {MAX_DATA // 1_000_000} million characters; beyond, it names the evidence.",
        ),
    ),
)
