"""Search bytes of no known format for parts that have one: every registered format at once, the outer part first.

All magics are searched in one pass (formats/multi_search); behind each, the format's own strict check says where the
part ends. Parts come out in order, and whatever begins inside one belongs to it. Two that begin at one offset: the one
registered first. The work is bounded: a format whose magics stand everywhere without anything behind them is given up
and named, the others go on. What a part holds is its reader's affair.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from fwverify.formats import multi_search
from fwverify.limits import MIB, Budget, LimitExceeded
from fwverify.model.artifact import ByteRange
from fwverify.unpack.interface import Carve

WINDOW_BYTES, MIN_WINDOW_BYTES = 4 * MIB, 64 << 10
"""Searched at a time, so that what lies inside a large part is never searched."""
WINDOW_HITS = 100_000
"""Places in one window before it is made smaller, so that little is held."""
WORK_BASE, WORK_FACTOR = MIB, 2
"""Bytes that one format's checks may look at: 1 MiB and twice the size. Real dumps need less than their size."""
ALL_FACTOR = 4
"""The same for all formats together."""
HIT_BYTES = 512
"""What looking at one place costs, in bytes looked at."""
LONG_STEP_BYTES = 512
"""From here on a magic of one byte is looked for at every step instead."""


@dataclass(frozen=True, slots=True)
class Found:
    """A part that passed its checks."""

    name: str
    """Of the format."""
    range: ByteRange


@dataclass(frozen=True, slots=True)
class _Magic:
    """One thing to search for."""

    order: int
    """Of its format."""
    expression: bytes
    back: int
    """From the end of the match to the beginning of the part."""
    step: int


@dataclass(frozen=True, slots=True)
class _Stride:
    """A single byte to look for at every step."""

    order: int
    byte: bytes
    behind: int
    step: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What to search for, prepared once: a root file system has thousands of files to be searched."""

    formats: Sequence[tuple[str, Carve]]
    """Name and `Carve`; the first wins where two begin at one offset."""
    magics: tuple[_Magic, ...]
    strides: tuple[_Stride, ...]
    expressions: tuple[bytes, ...]
    """Of the magics, in their order."""
    reach: int
    """From the beginning of a part to the end of its magic, at most; bytes."""

    def without(self, names: Sequence[str]) -> Plan:
        """The same without some formats, which keep their place in the order."""
        return _planned(self.formats, names)


def plan(formats: Sequence[tuple[str, Carve]]) -> Plan:
    """Prepare the search for these formats."""
    return _planned(formats, ())


def _planned(formats: Sequence[tuple[str, Carve]], without: Sequence[str]) -> Plan:
    magics, strides = [], []
    for order, (name, carve) in enumerate(formats):
        for magic, behind in carve.magics if name not in without else ():
            if len(magic) == 1 and carve.step >= LONG_STEP_BYTES:
                strides.append(_Stride(order, magic, behind, carve.step))
            else:
                magics.append(_Magic(order, multi_search.literal(magic), behind + len(magic), carve.step))
    reach = max((one.back for one in magics), default=0)
    return Plan(formats, tuple(magics), tuple(strides), tuple(one.expression for one in magics), reach)


class _Spent(Exception):
    """One format's share of the work is used up."""


@dataclass(slots=True)
class _Work:
    """Counts bytes looked at while checking."""

    left: int
    each: list[int]
    budget: Budget | None
    order: int = 0

    def tick(self, size: int) -> None:
        self.left -= size
        self.each[self.order] -= size
        if self.budget is not None:
            self.budget.check_time()
        if self.left < 0:
            raise LimitExceeded("search_bytes", -self.left)
        if self.each[self.order] < 0:
            raise _Spent


@dataclass(slots=True)
class Search:
    """One search; iterate `parts` once."""

    view: memoryview
    plan: Plan
    budget: Budget | None = None
    given_up: list[str] = field(default_factory=list)
    """Formats that were searched in part only; `*` for all."""
    _work: _Work = field(init=False)
    _window_bytes: int = WINDOW_BYTES
    _at: int = 0
    """Nothing before this begins a part any more."""

    def __post_init__(self) -> None:
        share = WORK_BASE + WORK_FACTOR * len(self.view)
        everything = WORK_BASE + ALL_FACTOR * len(self.view)
        self._work = _Work(everything, [share] * len(self.plan.formats), self.budget)

    def parts(self) -> Iterator[Found]:
        """Everything that passes its checks, in order. Raises LimitExceeded when the run's time is over."""
        base = 0
        try:
            while base < len(self.view):
                places, base = self._window(base)
                for start, order in places:
                    found = self._checked(start, order)
                    if found is not None:
                        yield found
                        self._at = found.range.end
                base = max(base, self._at)
        except LimitExceeded:
            if self._work.left >= 0:
                raise
            self.given_up.append("*")

    def _window(self, base: int) -> tuple[list[tuple[int, int]], int]:
        """Places where parts may begin in the next window, sorted, and where the window ends."""
        self._window_bytes = min(self._window_bytes * 2, WINDOW_BYTES)
        while True:
            places: list[tuple[int, int]] = []
            limit = min(base + self._window_bytes, len(self.view))
            if self._hits(base, limit, places) or self._window_bytes <= MIN_WINDOW_BYTES:
                break
            self._window_bytes //= 2
        for one in self.plan.strides:
            places.extend((start, one.order) for start in _strided(self.view, one, base, limit))
        return sorted(set(places)), limit

    def _hits(self, base: int, limit: int, places: list[tuple[int, int]]) -> bool:
        """Add the places where a magic says that a part begins; False when there are too many."""
        magics, reach = self.plan.magics, self.plan.reach
        most = WINDOW_HITS if self._window_bytes > MIN_WINDOW_BYTES else 1 << 30

        def take(number: int, end: int) -> bool:
            one = magics[number]
            start = base + end - one.back
            if base <= start < limit and not start % one.step:
                places.append((start, one.order))
            return len(places) > most

        return multi_search.search(self.view[base : limit + reach], self.plan.expressions, reach, take)

    def _checked(self, place: int, order: int) -> Found | None:
        """What begins at a place, by its format's own check. What is the whole view is no part of it."""
        name, carve = self.plan.formats[order]
        if place < self._at or name in self.given_up:
            return None
        self._work.order = order
        try:
            self._work.tick(HIT_BYTES)
            start = place
            if carve.begin is not None:
                start = carve.begin(self.view, place, self._at, self._work.tick)
            end = carve.end(self.view, start, self._work.tick) if start >= self._at else 0
        except _Spent:
            self.given_up.append(name)
            self.plan = self.plan.without(self.given_up)
            return None
        if not self._at <= start < end <= len(self.view) or end - start == len(self.view):
            return None
        return Found(name, ByteRange(start, end))


def _strided(view: memoryview, one: _Stride, base: int, limit: int) -> Iterator[int]:
    """Steps in the window at which the byte stands."""
    first = -(-base // one.step) * one.step
    bytes_there = bytes(view[first + one.behind : limit + one.behind : one.step])
    hit = bytes_there.find(one.byte)
    while hit >= 0:
        yield first + hit * one.step
        hit = bytes_there.find(one.byte, hit + 1)
