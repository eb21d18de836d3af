"""The image map of the page: for every byte who signed it, was it opened, does something declared lie there.

Three bands over one axis, as SVG; neighbouring bytes with the same answer are one stretch. Where there are more
stretches than can be told apart, the band is divided evenly and every piece shows the worst of what lies in it, so that
nothing unsigned or unread disappears. The same as a table below it. Pure; asks the ledger and the verdict, judges
nothing: which signatures count is the verdict's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from fwverify.model.artifact import ByteRange, Locator
from fwverify.model.canonical import identify
from fwverify.model.evidence import LedgerSpan, Opened, SignatureStatus
from fwverify.report import reading as r
from fwverify.report.figures import NAME_LIMIT, count, percent
from fwverify.report.neutral import shortened
from fwverify.report.reading import Reading
from fwverify.report.web.tables import Cell, Column, Row, Table, left_out, number, text

WIDTH = 1000
"""Of a band, in SVG units."""
MAX_DRAWN = 500
"""Stretches of one band; with more, as many even pieces."""
MAX_LISTED = 300
"""Stretches in the table of one image."""
MAX_IMAGES = 40
"""Images drawn; the others stand in the table of files."""
TICKS = 4


@dataclass(frozen=True, slots=True)
class State:
    """One answer."""

    name: str
    """Class of the drawing: `yes`, `own`, `other`, `void`, `no`."""
    words: str


SIGNED_YES = State("yes", "signed, and the signature counts")
SIGNED_OWN = State("own", "the signature itself, or packing around it")
SIGNED_OTHER = State("other", "signed, but the signature does not count")
SIGNED_EMPTY = State("void", "empty, signed by nobody")
SIGNED_NO = State("no", "signed by nobody")
OPENED_YES = State("yes", "read")
OPENED_EMPTY = State("void", "empty: nothing but 00 or FF")
OPENED_PART = State("other", "only searched for texts and keys")
OPENED_NO = State("no", "not examined")
DECLARED_YES = State("yes", "something that the parts list (SBOM) names lies here")
DECLARED_EMPTY = State("own", "nothing named: structure, or empty")
DECLARED_NO = State("void", "nothing named: other content (by itself no fault)")
DECLARED_NONE = State("void", "no parts list (SBOM) came with it")

LEGENDS = (
    ("Signed", (SIGNED_YES, SIGNED_OWN, SIGNED_OTHER, SIGNED_EMPTY, SIGNED_NO)),
    ("Opened", (OPENED_YES, OPENED_EMPTY, OPENED_PART, OPENED_NO)),
    ("Declared", (DECLARED_YES, DECLARED_EMPTY, DECLARED_NO, DECLARED_NONE)),
)
"""From best to worst, as the bands are ranked where a piece holds several."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One rectangle."""

    x: str
    width: str
    state: str
    words: str


@dataclass(frozen=True, slots=True)
class Band:
    """One of the three questions."""

    label: str
    pieces: tuple[Piece, ...]
    said: str
    """For who cannot see it: `signed, and the signature counts: 100 %`."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One image."""

    id: str
    name: str
    size: int
    bands: tuple[Band, ...]
    ticks: tuple[str, ...]
    """Offsets, evenly apart."""
    crowded: bool
    """Some band has more stretches than can be told apart."""
    stretch_count: int
    sums: Table
    stretches: Table


@dataclass(frozen=True, slots=True)
class Legend:
    """What the fills of one band mean; those that occur."""

    label: str
    states: tuple[State, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes with the same three answers."""

    range: ByteRange
    states: tuple[State, State, State]
    owner: Locator
    """Of the first span."""


def pictures(reading: Reading) -> tuple[Picture, ...]:
    """One for each image that has bytes, in order of place; as many as MAX_IMAGES."""
    answers = _answers(reading)
    out: list[Picture] = []
    for image in r.in_order(one for one in reading.evidence.images() if one.size)[:MAX_IMAGES]:
        spans = dict(reading.evidence.ledger.spans).get(image.locator, ())
        if sum(one.range.size for one in spans) != image.size:
            spans = (LedgerSpan(ByteRange(0, image.size), image.locator, Opened.GAP, "", 0, (), False),)
        found = stretches(spans, answers)
        out.append(_picture(f"map-{len(out) + 1}", image.locator, image.size, found))
    return tuple(out)


def legends(drawn: Iterable[Picture]) -> tuple[Legend, ...]:
    """What the fills mean: only those that were drawn."""
    used = {(band.label, piece.state, piece.words) for one in drawn for band in one.bands for piece in band.pieces}
    said = {(label, state) for label, state, _ in used}
    words = {(label, words.rpartition(": ")[2]) for label, _, words in used}
    out = []
    for label, states in LEGENDS:
        found = [one for one in states if (label, one.name) in said and (label, _tail(one)) in words]
        out.append(Legend(label, tuple(found)))
    return tuple(one for one in out if one.states)


def _tail(state: State) -> str:
    return state.words.rpartition(": ")[2]


Answer = Callable[[LedgerSpan], tuple[State, State, State]]


def _answers(reading: Reading) -> Answer:
    counted = r.counted_ids(reading)
    intact = {
        identify(one)
        for one in reading.evidence.signatures
        if one.status in (SignatureStatus.VALID, SignatureStatus.UNKNOWN_KEY)
    } - counted
    listed = bool(reading.evidence.sboms)

    def answer(one: LedgerSpan) -> tuple[State, State, State]:
        return _signed(one, counted, intact), OPENED[one.opened], _declared(one) if listed else DECLARED_NONE

    return answer


OPENED = {
    Opened.STRUCTURE: OPENED_YES,
    Opened.EXAMINED: OPENED_YES,
    Opened.EMPTY: OPENED_EMPTY,
    Opened.SCANNED: OPENED_PART,
    Opened.GAP: OPENED_NO,
}


def _signed(one: LedgerSpan, counted: frozenset[str], intact: Iterable[str]) -> State:
    if not counted.isdisjoint(one.signed_by):
        return SIGNED_YES
    if not counted.isdisjoint(one.frame_of):
        return SIGNED_OWN
    if not set(intact).isdisjoint((*one.signed_by, *one.frame_of)):
        return SIGNED_OTHER
    return SIGNED_EMPTY if one.opened is Opened.EMPTY else SIGNED_NO


def _declared(one: LedgerSpan) -> State:
    if one.declared:
        return DECLARED_YES
    return DECLARED_EMPTY if one.opened in (Opened.STRUCTURE, Opened.EMPTY) else DECLARED_NO


def stretches(spans: Sequence[LedgerSpan], answer: Answer) -> tuple[Stretch, ...]:
    """Neighbours with the same answers as one."""
    out: list[Stretch] = []
    for one in sorted(spans, key=lambda span: span.range):
        states = answer(one)
        last = out[-1] if out else None
        if last is not None and last.states == states and last.range.end == one.range.start:
            out[-1] = Stretch(ByteRange(last.range.start, one.range.end), states, last.owner)
        else:
            out.append(Stretch(one.range, states, one.owner))
    return tuple(out)


def _picture(id_: str, locator: Locator, size: int, found: tuple[Stretch, ...]) -> Picture:
    bands, crowded = [], False
    for at, (label, ranking) in enumerate(LEGENDS):
        runs = _runs(found, at)
        said = _said(runs, size)
        crowded |= len(runs) > MAX_DRAWN
        drawn = runs if len(runs) <= MAX_DRAWN else _even(runs, size, ranking)
        bands.append(Band(label, tuple(_piece(place, state, size) for place, state in drawn), said))
    name = shortened(str(locator), NAME_LIMIT)
    ticks = [f"{size * at // TICKS:#x}" for at in range(TICKS + 1)]
    return Picture(
        id_, name, size, tuple(bands), tuple(ticks), crowded, len(found),
        _sums(id_, name, size, found), _listed(id_, name, found),
    )  # fmt: skip


Run = tuple[ByteRange, State]


def _runs(found: Iterable[Stretch], at: int) -> list[Run]:
    out: list[Run] = []
    for one in found:
        state = one.states[at]
        if out and out[-1][1] == state:
            out[-1] = (ByteRange(out[-1][0].start, one.range.end), state)
        else:
            out.append((one.range, state))
    return out


def _even(runs: Sequence[Run], size: int, ranking: Sequence[State]) -> list[Run]:
    """As many even pieces as may be drawn, each in the worst state that occurs in it."""
    cells: list[State | None] = [None] * MAX_DRAWN
    for place, state in runs:
        for cell in range(place.start * MAX_DRAWN // size, (place.end - 1) * MAX_DRAWN // size + 1):
            have = cells[cell]
            if have is None or ranking.index(state) > ranking.index(have):
                cells[cell] = state
    out: list[Run] = []
    for cell, worst in enumerate(cells):
        start, end = size * cell // MAX_DRAWN, size * (cell + 1) // MAX_DRAWN
        if worst is None or end <= start:
            continue
        if out and out[-1][1] == worst:
            out[-1] = (ByteRange(out[-1][0].start, end), worst)
        else:
            out.append((ByteRange(start, end), worst))
    return out


def _x(offset: int, size: int) -> str:
    return f"{WIDTH * offset / size:.2f}".rstrip("0").rstrip(".")


def _piece(place: ByteRange, state: State, size: int) -> Piece:
    words = f"{place.start:#x} to {place.end:#x}, {count(place.size)} bytes: {_tail(state)}"
    wide = max(WIDTH * place.size / size, 0.6)
    return Piece(_x(place.start, size), f"{wide:.2f}", state.name, words)


def _said(runs: Iterable[Run], size: int) -> str:
    sums: Counter[str] = Counter()
    for place, state in runs:
        sums[state.words] += place.size
    return "; ".join(f"{words}: {percent(part, size).strip()}" for words, part in sums.most_common())


QUESTIONS = (Column("signed", "name"), Column("opened"), Column("declared"))


def _sums(id_: str, name: str, size: int, found: Iterable[Stretch]) -> Table:
    """How many bytes have which answers: the map as a table."""
    sums: Counter[tuple[State, State, State]] = Counter()
    for one in found:
        sums[one.states] += one.range.size
    rows = [
        Row((*_states(states), number(part), text(percent(part, size).strip()))) for states, part in sums.most_common()
    ]
    columns = (*QUESTIONS, Column("bytes", "n"), Column("share", "n"))
    return Table(f"{id_}-sums", f"The bytes of {name} by the three answers", columns, tuple(rows))


STYLES = {"yes": "", "own": "", "void": "quiet", "other": "open", "no": "bad"}


def _states(states: tuple[State, State, State]) -> tuple[Cell, ...]:
    return tuple(text(one.words, STYLES[one.name]) for one in states)


def _listed(id_: str, name: str, found: Sequence[Stretch]) -> Table:
    """The stretches; where there are too many, those signed by nobody or unread first, then the largest."""

    def rank(one: Stretch) -> tuple[bool, int, int]:
        return all(state.name != "no" for state in one.states), -one.range.size, one.range.start

    shown = sorted(sorted(found, key=rank)[:MAX_LISTED], key=lambda one: one.range)
    rows = [
        Row(
            (
                text(f"{one.range.start:#x}"),
                number(one.range.size),
                *_states(one.states),
                text(str(one.owner), limit=200),
            )
        )
        for one in shown
    ]
    columns = (Column("offset", "name"), Column("bytes", "n"), Column("signed"), *QUESTIONS[1:], Column("begins in"))
    more = left_out(len(found), len(shown), "stretches")
    return Table(f"{id_}-all", f"Every stretch of {name}", columns, tuple(rows), more=more)
