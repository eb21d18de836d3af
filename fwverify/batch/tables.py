"""The files a batch leaves: units.csv, units.jsonl, errors.csv.

A renderer prints one assessment; these tables hold many rows, also of units that were never judged, so they are no
renderers. Cells are made harmless by `report.sheet`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from fwverify.batch.run import Result, Row
from fwverify.batch.units import BadRow
from fwverify.report.sheet import csv_text

RESULT_COLUMNS = (
    "line", "delivery", "decision", "exit", "strength", "strength-words", "vendor", "product", "version", "failed",
    "not-evaluated", "waived", "conditions", "policy", "evidence", "evidence-sha256", "problem",
)  # fmt: skip
ERROR_COLUMNS = ("line", "delivery", "problem")
NAME_CHARACTERS = 80


def evidence_name(number: int, name: str) -> str:
    """`0003-acme-ups-3.1.0.evidence.json`: unique by its number, harmless as a file name."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._")[-NAME_CHARACTERS:]
    return f"{number:04d}-{stem or 'unit'}.evidence.json"


def _evidence(number: int, row: Row, kept: bool) -> str:
    return evidence_name(number, row.unit.name) if kept and row.evidence_digest else ""


def decision(row: Row) -> str:
    """The row's result in words: a pass on contents alone always says so."""
    return "pass (content only)" if row.result is Result.PASS and row.content_only else row.result.value


def units_csv(rows: Sequence[Row], exits: Mapping[Result, int], *, kept: bool) -> str:
    """One line a unit. `kept`: the evidence of each was written beside the table."""
    return csv_text(
        RESULT_COLUMNS,
        (
            (
                row.unit.line or "", row.unit.name, decision(row), exits[row.result],
                "" if row.strength is None else row.strength, row.strength_words, row.vendor, row.product, row.version,
                " ".join(row.failed), " ".join(row.not_evaluated), " ".join(row.waived), row.conditions,
                row.policy,                _evidence(number, row, kept), row.evidence_digest, row.problem,
            )
            for number, row in enumerate(rows, 1)
        ),
    )  # fmt: skip


def unit_objects(rows: Sequence[Row], exits: Mapping[Result, int], *, kept: bool) -> list[dict[str, object]]:
    """One JSON object a unit."""
    return [
        {
            "delivery": row.unit.name,
            "line": row.unit.line,
            "decision": row.result.value,
            "content_only": row.content_only,
            "exit": exits[row.result],
            "strength": row.strength,
            "vendor": row.vendor,
            "product": row.product,
            "version": row.version,
            "failed": list(row.failed),
            "not_evaluated": list(row.not_evaluated),
            "waived": list(row.waived),
            "conditions": row.conditions,
            "policy": row.policy,
            "policy_digest": row.policy_digest,
            "evidence": _evidence(number, row, kept),
            "evidence_digest": row.evidence_digest,
            "sample_keys": row.sample_keys,
            "problem": row.problem,
        }
        for number, row in enumerate(rows, 1)
    ]


def error_objects(bad: Sequence[BadRow]) -> list[dict[str, object]]:
    return [{"line": one.line, "delivery": one.delivery, "problem": one.problem} for one in bad]


def one_line(value: object) -> str:
    """JSON on one line; ASCII only, so that nothing in it acts on a terminal."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def units_jsonl(rows: Sequence[Row], exits: Mapping[Result, int], *, kept: bool) -> str:
    return "".join(f"{one_line(one)}\n" for one in unit_objects(rows, exits, kept=kept))


def errors_csv(bad: Sequence[BadRow]) -> str:
    return csv_text(ERROR_COLUMNS, ((one.line, one.delivery, one.problem) for one in bad))
