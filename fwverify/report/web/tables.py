"""Tables of HTML pages as values: columns, rows, cells. The templates' macro `table` draws them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from fwverify.report.figures import count
from fwverify.report.neutral import shortened

LONG = 400
"""Characters of one text in a cell; what is longer stands whole in the JSON."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    title: str
    kind: str = ""
    """`n`: numbers, right-aligned; `code`: fixed width; `hex`: digests; `word`: not broken; `name`, `rule`: the row's
    own name, its header; `wide`: long texts; empty: text."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell."""

    text: str
    style: str = ""
    """`good`, `bad`, `open`, `quiet` or empty. Colour only: the text says the same."""
    notes: tuple[str, ...] = ()
    """Smaller lines below."""
    mono: bool = False
    """The smaller lines are digests."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row."""

    cells: tuple[Cell, ...]
    state: str = ""
    """For the filter: rows of one state can be shown alone."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table."""

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    filtered: bool = False
    """With a field that hides the rows a reader does not look for."""
    more: str = ""
    """Said below when rows were left out: how many, and where they are."""
    states: tuple[tuple[str, int], ...] = field(init=False)
    """Every state of the rows and how many have it, in order of first row."""

    def __post_init__(self) -> None:
        seen = Counter(one.state for one in self.rows if one.state)
        object.__setattr__(self, "states", tuple(seen.items()))


def text(value: str, style: str = "", *, limit: int = LONG, notes: tuple[str, ...] = ()) -> Cell:
    """A cell of text from anywhere, not longer than the limit."""
    return Cell(shortened(value, limit), style, tuple(shortened(one, limit) for one in notes if one))


def number(value: int) -> Cell:
    """A count."""
    return Cell(count(value))


def left_out(total: int, shown: int, what: str) -> str:
    """`and 1,200 more parts: all of them are in the JSON`; empty when none is left out."""
    return f"and {count(total - shown)} more {what}: all of them are in the JSON" if total > shown else ""
