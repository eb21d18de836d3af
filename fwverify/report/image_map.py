"""The map of an image: one HTML page with inline SVG, no script, nothing fetched.

For each image three bands over its bytes: how they were read (the byte ledger), what lies in what, and the entropy
curve; below, every stretch in a table. Colours are Okabe and Ito's (Color Universal Design, 2008), told apart by the
colour-blind; every stretch says in words what it is when pointed at. Text from the firmware is escaped here, after
`neutral.visible` made it harmless.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from fwverify.model.artifact import ByteRange, Locator
from fwverify.model.evidence import Evidence, LedgerSpan, Opened
from fwverify.model.survey import Survey
from fwverify.report.contents import offsets
from fwverify.report.figures import NAME_LIMIT, count
from fwverify.report.neutral import shortened, visible

WIDTH, ROW, CURVE = 1000, 22, 90
"""Of a drawing, in SVG units: all bytes; one level of nesting; the entropy curve."""
MAX_LEVELS = 6
MAX_DRAWN = 4000
"""Stretches drawn and listed for each image; the JSON has all."""
LABEL_UNITS = 7
"""Width of a letter: labels are left out where they would not fit."""
COLOURS = {
    Opened.STRUCTURE: ("#56b4e9", "structure: headers, indexes and checks, read as such"),
    Opened.EXAMINED: ("#009e73", "content: read whole by a reader that knows the format"),
    Opened.EMPTY: ("#dddddd", "empty: nothing but 00 or FF"),
    Opened.SCANNED: ("#e69f00", "searched only: the format is not known"),
    Opened.GAP: ("#d55e00", "not examined"),
}
STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:2em auto;max-width:1080px;padding:0 1em;color:#1a1a1a;background:#fff}
h1{font-size:1.5em;overflow-wrap:anywhere} h2{font-size:1.15em;margin-top:2em;overflow-wrap:anywhere}
svg{width:100%;height:auto;border:1px solid #bbb;background:#fff} svg text{font:11px system-ui,sans-serif}
table{border-collapse:collapse;width:100%;font-size:13px} th,td{text-align:left;padding:.2em .6em;
border-bottom:1px solid #e5e5e5;vertical-align:top;overflow-wrap:anywhere} td.n,th.n{text-align:right;
font-variant-numeric:tabular-nums;white-space:nowrap} .key{display:inline-block;width:.9em;height:.9em;
margin:0 .35em 0 0;border:1px solid #888;vertical-align:-.1em} .keys span{margin-right:1.4em;white-space:nowrap}
.scroll{overflow-x:auto}
"""


def map_page(evidence: Evidence, survey: Survey) -> str:
    """The whole page."""
    title = f"Map of {_text(evidence.delivery)}"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title><style>{STYLE}</style></head><body>",
        f"<h1>{title}</h1>",
        "<p>What every byte is, and whether it was looked at. Nothing here says who made it: that is what "
        "<code>fwverify verify</code> is for.</p>",
        _legend(),
    ]
    for locator, spans in evidence.ledger.spans:
        parts.extend(_image(evidence, locator, spans, survey))
    return "\n".join([*parts, "</body></html>", ""])


def _text(text: str, limit: int = NAME_LIMIT) -> str:
    return escape(shortened(text, limit), quote=True)


def _legend() -> str:
    keys = (
        f'<span><i class="key" style="background:{colour}"></i>{escape(words)}</span>'
        for colour, words in COLOURS.values()
    )
    return f'<p class="keys">{"".join(keys)}</p>'


def _image(evidence: Evidence, locator: Locator, spans: Sequence[LedgerSpan], survey: Survey) -> Iterator[str]:
    size = sum(one.range.size for one in spans)
    yield f"<h2>{_text(str(locator))}: {count(size)} bytes</h2>"
    if not size:
        return
    levels = _levels(evidence, locator, size)
    look = survey.looks.get(locator)
    curve = look.curve if look else ()
    height = ROW * (2 + len(levels)) + (CURVE + 30 if curve else 0) + 24
    yield f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="map of {_text(locator.name)}">'
    yield from _axis(size)
    yield from _ledger(spans, size, ROW)
    for depth, places in enumerate(levels):
        yield from _nested(places, size, ROW * (2 + depth))
    if curve:
        yield from _curve(curve, ROW * (2 + len(levels)) + 18)
    yield "</svg>"
    yield from _table(spans)


def _x(offset: int, size: int) -> str:
    return f"{WIDTH * offset / size:.2f}".rstrip("0").rstrip(".")


def _box(place: ByteRange, size: int, top: int, fill: str, words: str) -> str:
    wide = max(WIDTH * place.size / size, 0.4)
    return (
        f'<rect x="{_x(place.start, size)}" y="{top}" width="{wide:.2f}" height="{ROW - 3}" fill="{fill}" '
        f'stroke="#fff" stroke-width="0.3"><title>{escape(words)}</title></rect>'
    )


def _axis(size: int) -> Iterator[str]:
    for part in range(5):
        offset = size * part // 4
        anchor = ("start", "middle", "middle", "middle", "end")[part]
        yield f'<text x="{_x(offset, size)}" y="14" text-anchor="{anchor}">{offset:#x}</text>'


def _ledger(spans: Iterable[LedgerSpan], size: int, top: int) -> Iterator[str]:
    for one in _largest(spans):
        words = f"{one.range.start:#x} to {one.range.end:#x}, {count(one.range.size)} bytes: {visible(str(one.owner))}"
        yield _box(one.range, size, top, COLOURS[one.opened][0], f"{words}, {one.opened.value}")


def _largest(spans: Iterable[LedgerSpan]) -> list[LedgerSpan]:
    """As many as can be drawn: all that are not examined first, then by size; in order."""
    worst = (Opened.GAP, Opened.SCANNED)
    ranked = sorted(spans, key=lambda one: (one.opened not in worst, -one.range.size, one.range.start))
    return sorted(ranked[:MAX_DRAWN])


def _levels(evidence: Evidence, image: Locator, size: int) -> list[list[tuple[Locator, ByteRange]]]:
    """What lies in the image as it is, by depth."""
    out: list[list[tuple[Locator, ByteRange]]] = []
    for locator, place in sorted(offsets(evidence).items(), key=lambda one: one[1]):
        depth = len(locator.steps) - len(image.steps) - 1
        if locator.within(image) and 0 <= depth < MAX_LEVELS and place.end <= size:
            while len(out) <= depth:
                out.append([])
            if len(out[depth]) < MAX_DRAWN:
                out[depth].append((locator, place))
    return out


def _nested(places: Iterable[tuple[Locator, ByteRange]], size: int, top: int) -> Iterator[str]:
    for number, (locator, place) in enumerate(places):
        words = f"{place.start:#x} to {place.end:#x}, {count(place.size)} bytes: {visible(str(locator))}"
        yield _box(place, size, top, ("#c9d6e8", "#e3ead9")[number % 2], words)
        room = int(WIDTH * place.size / size) // LABEL_UNITS
        if room > 3:
            label = _text(locator.name, room)
            yield f'<text x="{_x(place.start, size)}" dx="3" y="{top + 13}" pointer-events="none">{label}</text>'


def _curve(curve: Sequence[int], top: int) -> Iterator[str]:
    """Entropy, 0 at the bottom, 8 bits for each byte at the top."""
    step = WIDTH / len(curve)
    points = " ".join(f"{step * (at + 0.5):.1f},{top + CURVE * (1 - one / 800):.1f}" for at, one in enumerate(curve))
    for bits in (0, 4, 8):
        at = top + CURVE * (1 - bits / 8)
        yield f'<line x1="0" x2="{WIDTH}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ccc" stroke-width="0.6"/>'
        yield f'<text x="2" y="{at - 2:.1f}" fill="#666">{bits}</text>'
    yield f'<polyline points="{points}" fill="none" stroke="#0072b2" stroke-width="1"/>'
    yield f'<text x="{WIDTH - 2}" y="{top + CURVE + 12}" text-anchor="end" fill="#666">bits for each byte</text>'


def _table(spans: Sequence[LedgerSpan]) -> Iterator[str]:
    head = "".join(f"<th{kind}>{one}</th>" for one, kind in (("offset", ' class="n"'), ("bytes", ' class="n"'),
                   ("how it was read", ""), ("part of", ""), ("reader", "")))  # fmt: skip
    yield f'<details><summary>All stretches ({count(len(spans))})</summary><div class="scroll"><table><tr>{head}</tr>'
    for one in _largest(spans):
        colour = COLOURS[one.opened][0]
        key = f'<i class="key" style="background:{colour}"></i>{one.opened.value}'
        yield (
            f'<tr><td class="n">{one.range.start:#x}</td><td class="n">{count(one.range.size)}</td><td>{key}</td>'
            f"<td>{_text(str(one.owner))}</td><td>{_text(one.reader)}</td></tr>"
        )
    if len(spans) > MAX_DRAWN:
        yield f'<tr><td colspan="5">and {count(len(spans) - MAX_DRAWN)} more: --json</td></tr>'
    yield "</table></div></details>"
