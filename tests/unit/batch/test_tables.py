"""The files a batch leaves: readable by spreadsheets and scripts, harmful to neither."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from fwverify.batch import tables
from fwverify.batch.run import Result, Row
from fwverify.batch.units import BadRow, Unit
from fwverify.cli.batch import exits

ROWS = (
    Row(Unit("=cmd|' /C calc'!A0", Path("x"), line=2), Result.PASS, vendor="@sum", version="\x1b[31m", strength=4,
        strength_words="SIGNED, PINNED KEY", evidence_digest="e" * 64, content_only=True),
    Row(Unit("b,\"c\"\n-d", Path("y"), line=3), Result.ERROR, "an error inside fwverify: X: \u202ey"),
)  # fmt: skip


def test_units_csv_reads_back() -> None:
    """The table has one line a unit, every cell printable, no cell a formula, and the evidence file where one is."""
    text = tables.units_csv(ROWS, exits(), kept=True)
    assert text.isprintable() or set(re.findall(r"[^\x20-\x7e]", text)) == {"\r", "\n"}
    first, second = csv.DictReader(io.StringIO(text))
    assert first["delivery"] == "'=cmd|' /C calc'!A0" and first["vendor"] == "'@sum" and "\x1b" not in first["version"]
    assert (first["decision"], first["exit"], first["strength"]) == ("pass (content only)", "0", "4")
    assert (second["decision"], second["exit"], second["strength"], second["evidence"]) == ("error", "70", "", "")
    assert first["evidence"] == tables.evidence_name(1, ROWS[0].unit.name)


def test_units_jsonl() -> None:
    """One object a line, ASCII, with the fields scripts need."""
    lines = tables.units_jsonl(ROWS, exits(), kept=False).splitlines()
    assert len(lines) == 2 and all(line.isascii() for line in lines)
    first = json.loads(lines[0])
    assert {"delivery", "decision", "exit", "strength", "failed", "not_evaluated", "evidence_digest"} <= set(first)
    assert (first["decision"], first["exit"], first["evidence"]) == ("pass", 0, "")


def test_errors_csv() -> None:
    """Unreadable rows with line and problem; the header alone when there were none."""
    assert tables.errors_csv(()) == "line,delivery,problem\r\n"
    (row,) = csv.DictReader(io.StringIO(tables.errors_csv((BadRow(7, "=x", "no"),))))
    assert row == {"line": "7", "delivery": "'=x", "problem": "no"}


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "..", "a b\n", "x" * 300, "\ud800", "CON", "é"])
def test_evidence_names_are_harmless(name: str) -> None:
    """Whatever a delivery is called, its evidence file stays in the folder, and numbers keep names apart."""
    got = tables.evidence_name(7, name)
    assert re.fullmatch(r"0007-[A-Za-z0-9._-]{1,80}\.evidence\.json", got) and Path(got).name == got
    assert tables.evidence_name(8, name) != got
