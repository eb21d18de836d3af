"""The image map: every byte in one state, nothing unsigned or unread disappears, however many stretches there are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwverify.model.artifact import ByteRange
from fwverify.model.canonical import identify
from fwverify.model.evidence import ByteLedger, LedgerSpan, Opened
from fwverify.model.verdict import Assessment
from fwverify.report.reading import read
from fwverify.report.web.byte_map import MAX_DRAWN, MAX_LISTED, Picture, legends, pictures
from tests.unit.report.conftest import IMAGE, SIGNATURE

SIZE = 2_411_520
ID = identify(SIGNATURE)


def drawn(good: Assessment, spans: tuple[LedgerSpan, ...]) -> Picture:
    evidence = replace(good.evidence, ledger=ByteLedger(((IMAGE, spans),)))
    (picture,) = pictures(read(Assessment(evidence, good.verdict)))
    return picture


def span(start: int, end: int, opened: Opened = Opened.EXAMINED, ids: tuple[str, ...] = (ID,)) -> LedgerSpan:
    return LedgerSpan(ByteRange(start, end), IMAGE, opened, "fit", end - start, ids, True)


def states(picture: Picture, label: str) -> list[str]:
    return [one.state for band in picture.bands if band.label == label for one in band.pieces]


def test_one_unsigned_byte_is_seen(good: Assessment) -> None:
    """A byte in two million stands in the band, in the table and in the words for who cannot see."""
    picture = drawn(good, (span(0, 1000), span(1000, 1001, ids=()), span(1001, SIZE)))
    assert states(picture, "Signed") == ["yes", "no", "yes"]
    assert float(picture.bands[0].pieces[1].width) > 0.5
    assert "signed by nobody: <1 %" in picture.bands[0].said and "100 %" not in picture.bands[0].said
    assert [row.cells[3].text for row in picture.sums.rows] == ["2,411,519", "1"]


def test_crowded_bands_show_the_worst(good: Assessment) -> None:
    """With thousands of stretches a piece is drawn as the worst of it, and that is said; the sums stay exact."""
    step = SIZE // 5000
    spans = tuple(
        span(at * step, (at + 1) * step if at < 4999 else SIZE, ids=() if 2500 <= at < 2510 and at % 2 else (ID,),
             opened=Opened.SCANNED if at % 3 == 0 else Opened.EXAMINED)
        for at in range(5000)
    )  # fmt: skip
    picture = drawn(good, spans)
    assert picture.crowded and len(picture.bands[1].pieces) <= MAX_DRAWN
    assert "no" in states(picture, "Signed") and set(states(picture, "Opened")) == {"other"}
    assert sum(int(row.cells[3].text.replace(",", "")) for row in picture.sums.rows) == SIZE
    assert len(picture.stretches.rows) == MAX_LISTED and "more stretches" in picture.stretches.more
    assert any("signed by nobody" in row.cells[2].text for row in picture.stretches.rows)


@pytest.mark.parametrize("spans", [(), (span(0, 10),)])
def test_bytes_without_account_were_not_examined(good: Assessment, spans: tuple[LedgerSpan, ...]) -> None:
    """An image whose spans are missing or incomplete is drawn as not examined and signed by nobody."""
    picture = drawn(good, spans)
    assert (states(picture, "Signed"), states(picture, "Opened")) == (["no"], ["no"])


def test_another_key_is_told_apart(stranger: Assessment) -> None:
    """Bytes that only a refused signature covers are neither signed nor unsigned."""
    (refused,) = stranger.evidence.signatures
    whole = span(0, SIZE, ids=(identify(refused),))
    evidence = replace(stranger.evidence, ledger=ByteLedger(((IMAGE, (whole,)),)))
    made = pictures(read(Assessment(evidence, stranger.verdict)))
    assert states(made[0], "Signed") == ["other"]
    assert [one.words for legend in legends(made) if legend.label == "Signed" for one in legend.states] == [
        "signed, but the signature does not count"
    ]
