"""Lines of a page: spans of text with the name of a style, wrapped to a width, never wider.

Everything printed goes through `span`, which makes hostile text visible; so no renderer can forget it. Knows nothing
of colours or terminals.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fwverify.report.neutral import visible

MIN_WIDTH = 40
"""Below this a page cannot be read, so it is laid out for this width."""

NUMBER = re.compile(r"\(?[0-9][0-9,]{0,25}")
"""A word that is a count."""


@dataclass(frozen=True, slots=True)
class Span:
    """Harmless text in one style."""

    text: str
    style: str = ""


Line = tuple[Span, ...]


def span(text: str, style: str = "") -> Span:
    """A piece of a line. The only way text reaches a page."""
    return Span(visible(text.replace("\n", " ")), style)


def plain(line: Line) -> str:
    return "".join(one.text for one in line).rstrip()


def cells(text: str) -> int:
    """Columns a text takes: East Asian wide and fullwidth characters take two (UAX #11)."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def wrapped(text: str, width: int) -> list[str]:
    """Words in lines of at most `width` columns; a word longer than a line is cut, a number stays with its word."""
    out: list[str] = []
    line = ""
    for group in _together(visible(text.replace("\n", " ")).split(" ")):
        words = (group,) if cells(group) <= width else group.split(" ")
        for piece in (one for word in words for one in _pieces(word, width)):
            joined = f"{line} {piece}" if line else piece
            if line and cells(joined) > width:
                out.append(line)
                line = piece
            else:
                line = joined
    if line:
        out.append(line)
    return out


def _together(words: Iterable[str]) -> Iterable[str]:
    """A number and the word after it as one, and both sides of `of`: `0 unexplained`, `(4 of 5,`."""
    held = ""
    for word in filter(None, words):
        joined = f"{held} {word}"
        if held.endswith(" of"):
            held = ""
            yield joined
        elif held and word == "of":
            held = joined
        elif held and not NUMBER.fullmatch(word):
            held = ""
            yield joined
        else:
            if held:
                yield held
            held = word if NUMBER.fullmatch(word) else ""
            if not held:
                yield word
    if held:
        yield held


def _pieces(word: str, width: int) -> Iterable[str]:
    while cells(word) > width:
        at = _fits(word, width)
        yield word[:at]
        word = word[at:]
    if word:
        yield word


def _fits(text: str, width: int) -> int:
    used = 0
    for at, one in enumerate(text):
        used += cells(one)
        if used > width:
            return max(at, 1)
    return len(text)


def cut(text: str, width: int) -> str:
    """The start of a text, at most `width` columns, with `...` where something was left out."""
    shown = visible(text)
    if cells(shown) <= width:
        return shown
    return shown[: _fits(shown, max(width - 3, 1))] + "..."[: max(width - 1, 0)]


def paragraph(text: str, width: int, *, indent: int = 0, style: str = "") -> list[Line]:
    """Wrapped text, every line indented."""
    lines = wrapped(text, max(width - indent, 1))
    return [(Span(" " * indent), Span(one, style)) for one in lines]


def entry(mark: str, text: str, width: int, *, indent: int = 2, style: str = "") -> list[Line]:
    """A list entry: the mark (` - `, ` 1. `), the text behind it, further lines under the text."""
    start = indent + cells(mark)
    lines = wrapped(text, max(width - start, 1))
    return [(Span(" " * indent + mark if at == 0 else " " * start), Span(one, style)) for at, one in enumerate(lines)]


def labelled(label: str, text: str, width: int, *, style: str = "", columns: tuple[int, int] = (2, 12)) -> list[Line]:
    """A label at one column, the text at another, further lines under the text."""
    at_label, at_text = columns
    head = " " * at_label + label
    gap = max(at_text - cells(head), 1)
    lines = wrapped(text, max(width - at_text, 1)) or [""]
    out: list[Line] = [(Span(head, "label"), Span(" " * gap), Span(lines[0], style))]
    out.extend((Span(" " * at_text), Span(one, style)) for one in lines[1:])
    return out


def sides(left: Sequence[Span], right: Span, width: int) -> list[Line]:
    """One text at the left, one at the right end; the right one on a line of its own where they do not fit."""
    used = sum(cells(one.text) for one in left)
    room = width - used - cells(right.text)
    if room >= 2:
        return [(*left, Span(" " * room), right)]
    shown = Span(cut(right.text, width), right.style)
    return [_cut_line(left, width), (Span(" " * (width - cells(shown.text))), shown)]


def _cut_line(line: Sequence[Span], width: int) -> Line:
    out: list[Span] = []
    for one in line:
        room = width - sum(cells(done.text) for done in out)
        if room > 0:
            out.append(Span(cut(one.text, room), one.style))
    return tuple(out)


def command(words: Sequence[str], width: int, *, indent: int = 6) -> list[Line]:
    """A shell command whose words are quoted already; broken with a backslash so that it can be copied whole."""
    room = max(width - indent - 2, 1)
    out: list[str] = []
    line = ""
    for word in (visible(one) for one in words):
        joined = f"{line} {word}" if line else word
        if line and cells(joined) > room:
            out.append(line + " \\")
            line = "  " + word
        else:
            line = joined
    out.append(line)
    return [(Span(" " * indent), Span(one, "command")) for piece in out for one in _pieces(piece, width - indent)]
