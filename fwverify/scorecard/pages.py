"""The scorecard as a page for a terminal, a page for a browser, and a table for a spreadsheet.

Texts of bidders are hostile: the terminal page passes `neutral`, the browser page the one environment of `report.web`,
the table `report.sheet`. No score stands without its interval and the worst findings beside it.
"""

from __future__ import annotations

from textwrap import wrap

from fwverify.report.neutral import shortened, visible
from fwverify.report.sheet import csv_text
from fwverify.report.web.environment import html_page
from fwverify.report.web.tables import Cell, Column, Row, Table
from fwverify.scorecard.values import WHOLE, Answered, AnswerState, Band, Bid, GateState, Line, Scorecard

WIDTH = 80
NAME_LIMIT = 40
TEXT_LIMIT = 300
LEGAL = ("Derived from the files supplied, as of {day}; not a statement about any bidder's products generally. Keys "
         "came with the bids, so nobody has confirmed them: origin reaches 3 of 5 at most.")  # fmt: skip
STYLES = {AnswerState.EVIDENCED: "good", AnswerState.CONTRADICTED: "bad", AnswerState.DECLARED: "open",
          AnswerState.UNANSWERED: "quiet"}  # fmt: skip
GATES = {GateState.PASSED: "good", GateState.OUT: "bad", GateState.OPEN: "open"}


def legal(card: Scorecard) -> str:
    return LEGAL.format(day=card.at[:10])


def whole(share: int) -> str:
    """ten-thousandths in whole per cent, never rounded up."""
    return str(share * 100 // WHOLE)


def interval(low: int, high: int) -> str:
    """`62`, or `40 to 71` where not everything was seen."""
    return whole(low) if whole(low) == whole(high) else f"{whole(low)} to {whole(high)}"


def score(bid: Bid) -> str:
    return interval(bid.score(high=False), bid.score(high=True)) if bid.points else "-"


def band_score(band: Band) -> str:
    return interval(band.share(high=False), band.share(high=True)) if band.points else "-"


def standing(bid: Bid) -> str:
    """Out, not shown, or in."""
    return "OUT" if bid.out else "open" if bid.open else "in"


def unexamined(bid: Bid) -> str:
    """Share of the image bytes nobody could examine, and why."""
    if not bid.image_bytes:
        return "no image"
    share = whole(-(-bid.unexamined_bytes * WHOLE // bid.image_bytes))
    why = f": {', '.join(bid.unexamined)}" if bid.unexamined and bid.unexamined_bytes else ""
    return f"{share} %{why}"


# --- terminal ------------------------------------------------------------------------------------------------------


def terminal(card: Scorecard, verbose: int = 0) -> str:
    """The page, 80 columns."""
    bidders = "1 bidder" if len(card.bids) == 1 else f"{len(card.bids)} bidders"
    lines = [f"Scorecard of {bidders}, as of {card.at[:10]}, policy {_policy(card)}", ""]
    lines.append(f"{'':<18} {'gates':<6} {'score of 100':<13} {'not examined':<30}")
    for one in card.bids:
        cells = f"{standing(one):<6} {score(one):<13} {shortened(unexamined(one), 38)}"
        lines.append(f"{shortened(one.name, 18):<18} {cells}".rstrip())
    for one in card.bids:
        lines += ["", *_bid(one, verbose)]
    lines += ["", *_wrapped(legal(card), "")]
    return "".join(f"{visible(one)}\n" for one in lines)


def _policy(card: Scorecard) -> str:
    """Name, version and the first digits of its digest; the whole stands on the browser page."""
    name, _, digest = card.policy.partition(" sha256 ")
    return f"{shortened(name, 30)}" + (f" sha256 {digest[:4]} {digest[4:8]} ..." if digest else "")


def _bid(bid: Bid, verbose: int) -> list[str]:
    out = [f"{shortened(bid.name, NAME_LIMIT)}: {score(bid)} of 100, {standing(bid)}"]
    for gate in bid.gates:
        if gate.state is not GateState.PASSED or verbose:
            out += _wrapped(f"gate {gate.state.value}: {gate.text}. {gate.why}", "  ")
    out += _wrapped(", ".join(f"{one.title} {band_score(one)}" for one in bid.bands), "  ")
    counts = {state: sum(one.state is state for one in bid.answers) for state in AnswerState}
    out += _wrapped("answers: " + ", ".join(f"{count} {state.value}" for state, count in counts.items()), "  ")
    for answer in bid.answers:
        if answer.state is AnswerState.CONTRADICTED or verbose:
            out += _wrapped(_told(answer), "  ")
    for place, text in enumerate(bid.worst, 1):
        out += _wrapped(f"worst {place}: {text}", "  ")
    for text in bid.problems:
        out += _wrapped(f"problem: {text}", "  ")
    if verbose:
        out += [line for band in bid.bands for one in band.lines for line in _wrapped(_line(band, one), "  ")]
    return out


def _told(one: Answered) -> str:
    said = f" Said: {shortened(one.said, 60)}." if one.said else ""
    return f"{one.state.value}: {one.text}{said} {one.found}"


def _line(band: Band, one: Line) -> str:
    points = f"{interval(one.low, one.high)} %, weight {one.points}" if one.measured else "not measured"
    return f"{band.title}, {one.text}: {points}. {one.found}"


def _wrapped(text: str, indent: str) -> list[str]:
    return wrap(shortened(text, TEXT_LIMIT), WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")


# --- browser -------------------------------------------------------------------------------------------------------


def browser(card: Scorecard) -> str:
    """One self-contained page."""
    return html_page(
        "scorecard.html.j2", "Scorecard of bidders",
        {
            "day": card.at[:10], "at": card.at, "judged_by": card.policy, "legal": legal(card),
            "overview": _overview(card), "bids": [_sections(at, one) for at, one in enumerate(card.bids)],
        },
    )  # fmt: skip


def _overview(card: Scorecard) -> Table:
    bands = tuple(one.title for one in max((bid.bands for bid in card.bids), key=len, default=()))
    columns = (Column("bidder", "name"), Column("gates", "word"), Column("score", "n"),
               *(Column(one.lower(), "n") for one in bands), Column("could not examine"),
               Column("gates missed, and three worst findings", "wide"))  # fmt: skip
    rows = []
    for bid in card.bids:
        style = "bad" if bid.out else "open" if bid.open else "good"
        by_title = {one.title: band_score(one) for one in bid.bands}
        told = (*_stopped(bid), *(f"{place}. {text}" for place, text in enumerate(bid.worst, 1)))
        rows.append(
            Row(
                (
                    Cell(bid.name, notes=(bid.origin,) if bid.origin else ()),
                    Cell(standing(bid), style),
                    Cell(score(bid)), *(Cell(by_title.get(one, "-")) for one in bands),
                    Cell(unexamined(bid), "open" if bid.unexamined_bytes else ""),
                    Cell(told[0] if told else "None.", notes=told[1:]),
                )
            )
        )  # fmt: skip
    return Table("overview", "Bidders, best first", columns, tuple(rows))


def _stopped(bid: Bid) -> tuple[str, ...]:
    """The gates that were not passed: why a bidder is out."""
    words = {GateState.OUT: "Gate not met", GateState.OPEN: "Gate not shown"}
    return tuple(f"{words[one.state]}: {one.text}." for one in bid.gates if one.state in words)


def _sections(at: int, bid: Bid) -> dict[str, object]:
    return {
        "name": bid.name,
        "anchor": f"bid-{at}",
        "say": f"{score(bid)} of 100, {standing(bid)}",
        "style": "bad" if bid.out else "open" if bid.open else "good",
        "evidence": bid.evidence,
        "problems": bid.problems,
        "gates": _gates(at, bid),
        "lines": _lines(at, bid),
        "answers": _answers(at, bid),
    }


def _gates(at: int, bid: Bid) -> Table:
    columns = (Column("gate", "name"), Column("state", "word"), Column("why"))
    rows = tuple(Row((Cell(one.text), Cell(one.state.value, GATES[one.state]), Cell(one.why))) for one in bid.gates)
    return Table(f"gates-{at}", f"{bid.name}: gates; who fails one is out", columns, rows)


def _lines(at: int, bid: Bid) -> Table:
    columns = (Column("line", "name"), Column("band"), Column("per cent", "n"), Column("weight", "n"), Column("found"))
    rows = tuple(
        Row((Cell(one.text), Cell(band.title), Cell(interval(one.low, one.high) if one.measured else "not measured"),
             Cell(str(one.points)), Cell(one.found)))
        for band in bid.bands for one in band.lines
    )  # fmt: skip
    return Table(f"lines-{at}", f"{bid.name}: what was measured", columns, rows)


def _answers(at: int, bid: Bid) -> Table:
    columns = (Column("question", "name"), Column("answer"), Column("state", "word"), Column("found in the bytes"))
    rows = tuple(
        Row((Cell(one.text), Cell(one.said or "-"), Cell(one.state.value, STYLES[one.state]), Cell(one.found)),
            one.state.value)
        for one in bid.answers
    )  # fmt: skip
    return Table(f"answers-{at}", f"{bid.name}: answers, held against the bytes", columns, rows, filtered=True)


# --- spreadsheet ---------------------------------------------------------------------------------------------------


def spreadsheet(card: Scorecard) -> str:
    """One row a bidder, CSV."""
    bands = tuple(one.id for one in max((bid.bands for bid in card.bids), key=len, default=()))
    columns = ["bidder", "gates", "score_low", "score_high",
               *(f"{one}_{end}" for one in bands for end in ("low", "high")), "image_bytes", "unexamined_bytes",
               *(state.value.replace(" ", "_") for state in AnswerState), "worst_1", "worst_2", "worst_3", "problems",
               "evidence_sha256", "as_of"]  # fmt: skip
    return csv_text(columns, [_csv_row(card, bid, bands) for bid in card.bids])


def _csv_row(card: Scorecard, bid: Bid, bands: tuple[str, ...]) -> list[object]:
    by_id = {one.id: one for one in bid.bands}
    shares = [
        whole(by_id[one].share(high=high)) if one in by_id and by_id[one].points else ""
        for one in bands for high in (False, True)
    ]  # fmt: skip
    worst = [*bid.worst, "", "", ""][:3]
    counts = [sum(one.state is state for one in bid.answers) for state in AnswerState]
    return [bid.name, standing(bid), whole(bid.score(high=False)), whole(bid.score(high=True)), *shares,
            bid.image_bytes, bid.unexamined_bytes, *counts, *worst, "; ".join(bid.problems), bid.evidence,
            card.at]  # fmt: skip
