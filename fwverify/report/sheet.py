"""Tables for spreadsheets: CSV as RFC 4180 has it (CRLF, quotes doubled), read 2026-11-23.

Cells that a spreadsheet would take for a formula get an apostrophe in front (OWASP "CSV Injection", read 2026-11-22);
characters that do not print are escaped. Full-width signs count as the plain ones: some spreadsheets read them alike.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from fwverify.report.neutral import visible

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters that make a spreadsheet calculate, or that it drops before it looks."""


def neutral_cell(value: object) -> str:
    """A cell that is text in every spreadsheet and prints whole."""
    text = str(value)
    return ("'" if text.lstrip(" ").startswith(FORMULA) else "") + visible(text)


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The whole table with its heading."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([neutral_cell(cell) for cell in row] for row in rows)
    return out.getvalue()
