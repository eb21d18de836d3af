"""The scorecard as values. Shares are in ten-thousandths, so that nothing is ever rounded up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

WHOLE = 10_000


class AnswerState(StrEnum):
    """What the bytes say to what a bidder says."""

    EVIDENCED = "evidenced"
    CONTRADICTED = "contradicted"
    DECLARED = "only declared"
    """Nothing here shows it, and nothing speaks against it."""
    UNANSWERED = "not answered"


class GateState(StrEnum):
    PASSED = "passed"
    OUT = "out"
    OPEN = "not shown"
    """It could not be established. Whoever buys decides; it is no pass."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One question, what the bidder said, and what was found."""

    question: str
    """Id."""
    text: str
    said: str
    state: AnswerState
    found: str
    """One plain sentence."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Who fails one is out."""

    id: str
    text: str
    state: GateState
    why: str


@dataclass(frozen=True, slots=True)
class Line:
    """One measured line of a band. `low` where everything open were bad, `high` where it were good."""

    id: str
    text: str
    points: int
    """Most it can give."""
    low: int
    """ten-thousandths of the points"""
    high: int
    found: str
    """One plain sentence."""
    measured: bool = True
    """False: nothing to measure it by; it counts neither for nor against."""


@dataclass(frozen=True, slots=True)
class Band:
    """Lines about one thing."""

    id: str
    title: str
    lines: tuple[Line, ...]

    @property
    def points(self) -> int:
        """Of the lines that were measured."""
        return sum(one.points for one in self.lines if one.measured)

    def share(self, *, high: bool) -> int:
        """ten-thousandths of the measured points"""
        got = sum(one.points * (one.high if high else one.low) for one in self.lines if one.measured)
        return got // self.points if self.points else 0


@dataclass(frozen=True, slots=True)
class Bid:
    """One bidder."""

    name: str
    gates: tuple[Gate, ...]
    bands: tuple[Band, ...]
    answers: tuple[Answered, ...]
    worst: tuple[str, ...]
    """The worst findings, at most three, plain sentences."""
    image_bytes: int
    unexamined_bytes: int
    unexamined: tuple[str, ...]
    """What could not be examined, and why."""
    decision: str
    """The policy's; empty where nothing could be judged."""
    origin: str
    """Words of the ladder."""
    evidence: str
    """SHA-256 of its evidence; empty where there is none."""
    problems: tuple[str, ...] = ()
    """What was wrong with the bidder's folder itself."""

    @property
    def out(self) -> bool:
        return any(one.state is GateState.OUT for one in self.gates)

    @property
    def open(self) -> bool:
        return any(one.state is GateState.OPEN for one in self.gates)

    @property
    def points(self) -> int:
        return sum(one.points for one in self.bands)

    def score(self, *, high: bool) -> int:
        """ten-thousandths of what could be measured of this bidder"""
        got = sum(one.points * one.share(high=high) for one in self.bands)
        return got // self.points if self.points else 0


@dataclass(frozen=True, slots=True)
class Scorecard:
    """All bidders, best first; those that are out last."""

    at: str
    policy: str
    """Id, version and digest."""
    bids: tuple[Bid, ...]


def ranked(bids: tuple[Bid, ...]) -> tuple[Bid, ...]:
    """By gates, then by the lowest the score can be, then the highest, then the name: the order given never matters."""
    return tuple(
        sorted(bids, key=lambda one: (one.out, one.open, -one.score(high=False), -one.score(high=True), one.name))
    )
