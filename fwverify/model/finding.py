"""One rule applied."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What a rule came to. XCCDF: pass, fail, unknown/error/notchecked, notapplicable."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    NOT_EVALUATED = "not_evaluated"
    NOT_APPLICABLE = "not_applicable"


class Level(StrEnum):
    """How much the policy wants it."""

    MUST = "must"
    SHOULD = "should"
    INFO = "info"
    OFF = "off"


@dataclass(frozen=True, slots=True, order=True)
class Waiver:
    """An accepted failing or unevaluated item: who, why, until when. It changes bearing, never outcome."""

    id: str
    reason: str
    approved_by: str
    expires: str


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """One thing a finding is about: a component, a path, a signature."""

    subject: str
    detail: str
    fingerprint: str = ""
    """SHA-256 over rule, subject and normalised detail: stable across runs. Filled in by the stage."""
    observations: tuple[str, ...] = ()
    """Ids of the observations that show it."""
    waiver: Waiver | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's outcome with what it rests on."""

    rule: str
    level: Level
    default_level: Level
    outcome: Outcome
    message: str
    """One plain sentence: what is so (for pass), what is wrong, or why it could not be judged."""
    items: tuple[Item, ...] = ()
    """It fails while any item is unwaived. Empty for a pass."""
    expected: str = ""
    observed: str = ""
    denominator: str = ""
    """Where it is a ratio: "PIE in 41 of 63 executables"."""
    remedy: str = ""
    """One sentence: what to do about it."""
    not_proven: str = ""
    """One "does not prove" sentence."""
    requirements: tuple[str, ...] = ()

    @property
    def waived(self) -> bool:
        """True when every item carries a waiver. A finding without items cannot be waived."""
        return bool(self.items) and all(one.waiver is not None for one in self.items)
