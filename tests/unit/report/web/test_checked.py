"""What was not read: every such byte is in the table, the largest part first."""

from __future__ import annotations

from dataclasses import replace

from fwverify.model.artifact import ByteRange
from fwverify.model.evidence import ByteLedger, LedgerSpan, Opened
from fwverify.model.verdict import Assessment
from fwverify.report.reading import opened, read
from fwverify.report.web.checked import checked_words, unread_table
from tests.unit.report.conftest import IMAGE, record

SIZE = 2_411_520


def test_unread_bytes_are_all_there(good: Assessment) -> None:
    """Searched, not looked at and read in part: the table's sum is what the page says was not examined."""
    kernel, rest = IMAGE.into("fit_image", "kernel"), IMAGE.into("fit_image", "rest")
    spans = (
        LedgerSpan(ByteRange(0, 1000), IMAGE, Opened.STRUCTURE, "fit", 1000, (), False),
        LedgerSpan(ByteRange(1000, 5000), rest, Opened.GAP, "", 0, (), False),
        LedgerSpan(ByteRange(5000, 6000), IMAGE, Opened.EMPTY, "", 1000, (), False),
        LedgerSpan(ByteRange(6000, SIZE), kernel, Opened.SCANNED, "", 100_000, (), False),
    )
    records = (
        record(kernel, 9, None, opened=Opened.SCANNED, format_title="Linux"),
        record(rest, 9, None, opened=Opened.GAP),
    )
    evidence = replace(
        good.evidence, ledger=ByteLedger(((IMAGE, spans),)), artifacts=(*good.evidence.artifacts, *records)
    )
    reading = read(Assessment(evidence, good.verdict))
    rows = [[cell.text for cell in row.cells] for row in unread_table(reading).rows]
    assert rows == [
        ["acme-ups.fit!kernel", "2,305,520", "Linux", "only searched for texts and keys"],
        ["acme-ups.fit!rest", "4,000", "format not known", "not looked at"],
    ]
    sums = opened(reading)
    assert sums.scanned + sums.unexplained == 2_305_520 + 4_000
    assert "What was only searched may hold anything." in checked_words(reading)


def test_nothing_unread(good: Assessment) -> None:
    """Where every byte was read the table is empty, and that is said."""
    assert unread_table(read(good)).rows == ()
    assert "No byte was left out." in checked_words(read(good))
