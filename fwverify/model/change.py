"""The change that a verdict is about, as the operator states it, and the approved release it is held against.

Both come from the operator alone: options, asset register, baseline file, a filled-in checklist. Values only.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fwverify.model.artifact import Digest


class CheckResult(StrEnum):
    """What somebody found when he looked, after the update."""

    YES = "yes"
    """As it should be."""
    NO = "no"
    NOT_APPLICABLE = "n/a"
    OPEN = "open"
    """Nobody filled it in."""


@dataclass(frozen=True, slots=True)
class CheckDone:
    """One line of a checklist."""

    id: str
    what: str
    """The question, in plain words."""
    result: CheckResult
    note: str = ""


@dataclass(frozen=True, slots=True)
class Checklist:
    """What was looked at after the update."""

    by: str
    date: str
    """ISO date."""
    change: str
    """The ticket it belongs to."""
    asset: str
    checks: tuple[CheckDone, ...]
    digest: str
    """SHA-256 of the file as it was given, hexadecimal."""


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """The change. Empty texts: not stated."""

    ticket: str = ""
    asset: str = ""
    """Id in the asset register."""
    asset_words: str = ""
    """What the register says it is, and where."""
    requested_by: str = ""
    approved_by: str = ""
    window: str = ""
    """As the operator wrote it."""
    window_start: str = ""
    """RFC 3339, UTC."""
    window_end: str = ""
    going_back: str = ""
    """Why an older release is meant; empty: it is not."""
    checklist: Checklist | None = None

    @property
    def stated(self) -> bool:
        """Whether anything of a change was stated."""
        return self != ChangeRecord()


@dataclass(frozen=True, slots=True)
class ApprovedRelease:
    """What is known of the release that was approved before, out of its evidence."""

    name: str
    """The delivery, as it was called then."""
    evidence: str
    """SHA-256 of its evidence, hexadecimal."""
    at: str
    """The time its facts were judged by."""
    images: tuple[tuple[str, Digest], ...]
    """(name, SHA-256) of each image, sorted."""
    versions: tuple[str, ...]
    """What it stated for itself, the preferred source only, sorted."""
    counters: tuple[tuple[str, int], ...] = ()
    """(name, value) of every anti-rollback counter that signed bytes stated, sorted."""
    set_by: str = ""
    """Who approved it, and when: of a baseline file; empty for bare evidence."""
    set_on: str = ""
    observed: str = ""
    """The version a unit in service reported; empty: nobody looked."""
