"""Findings for pipelines: what blocks, what only warns, and which delivered file each is about. Pure.

A pipeline knows three weights. `error` keeps the decision from PASS, `warning` may or may not, `note` never does.
Nothing that was not judged is ever told as passed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from shlex import split
from urllib.parse import unquote

from fwverify.model.finding import Finding, Item, Level, Outcome
from fwverify.model.verdict import Assessment, Decision
from fwverify.report.interface import Context
from fwverify.report.neutral import shortened
from fwverify.report.rule_lists import in_order

MESSAGE_LIMIT = 1000
NAME_LIMIT = 200


class Weight(StrEnum):
    """What a problem means to a pipeline; heaviest first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


HEAVIEST_FIRST = tuple(Weight)


@dataclass(frozen=True, slots=True)
class Problem:
    """One item of a finding that did not pass, or the finding itself where it has no items."""

    finding: Finding
    item: Item | None
    weight: Weight
    text: str
    """What is wrong or why it was not judged, harmless on a screen."""
    path: str
    """The delivered file it is about, as a relative path from where the tool was started."""

    @property
    def waived(self) -> bool:
        return self.item is not None and self.item.waiver is not None


def weight(finding: Finding, verdict_fails: bool, item: Item | None = None) -> Weight:
    """How much a finding that did not pass weighs.

    Args:
        finding: it failed or was not evaluated.
        verdict_fails: the decision is FAIL although no required rule failed: what is open counts as failed.
        item: one of its items; a waived one is a note.
    """
    if (item is not None and item.waiver is not None) or finding.waived:
        return Weight.NOTE
    failed = finding.outcome is Outcome.FAIL
    match finding.level:
        case Level.MUST:
            return Weight.ERROR if failed or verdict_fails else Weight.WARNING
        case Level.SHOULD if failed:
            return Weight.WARNING
        case _:
            return Weight.NOTE


def told(assessment: Assessment) -> list[Finding]:
    """Findings in the order people ask, without those the policy turned off."""
    return in_order(one for one in assessment.verdict.findings if one.level is not Level.OFF)


def open_counts(assessment: Assessment) -> bool:
    """The decision is FAIL and no required rule failed: the policy counts what is open as failed."""
    failed = any(
        one.level is Level.MUST and one.outcome is Outcome.FAIL and not one.waived
        for one in assessment.verdict.findings
    )
    return assessment.verdict.decision is Decision.FAIL and not failed


def problems(assessment: Assessment, context: Context) -> list[Problem]:
    """Everything that failed or was not judged, the heaviest first."""
    places = Places(assessment, context)
    strict = open_counts(assessment)
    out = [one for finding in told(assessment) for one in _of(finding, places, strict)]
    return sorted(out, key=lambda one: HEAVIEST_FIRST.index(one.weight))


def _of(finding: Finding, places: Places, strict: bool) -> Iterator[Problem]:
    if finding.outcome not in (Outcome.FAIL, Outcome.NOT_EVALUATED):
        return
    for one in finding.items or (None,):
        path = places.of(one.subject if one else "")
        yield Problem(finding, one, weight(finding, strict, one), text(finding, one), path)


def text(finding: Finding, item: Item | None = None) -> str:
    """The finding's sentence, what the item adds, and what to do."""
    said = [finding.message if finding.message.endswith((".", "!", "?")) else f"{finding.message}."]
    if finding.outcome is Outcome.NOT_EVALUATED:
        said.insert(0, "Not judged:")
    if item is not None:
        detail = "" if item.detail in ("", finding.outcome.value) else f": {item.detail}"
        said.append(f"{shortened(item.subject, NAME_LIMIT)}{detail}.")
        if item.waiver is not None:
            said.append(f"Waived by {item.waiver.id} until {item.waiver.expires}.")
    if finding.remedy:
        said.append(finding.remedy)
    return shortened(" ".join(said), MESSAGE_LIMIT)


class Places:
    """Which delivered file a subject is about, as a path that a pipeline can resolve."""

    def __init__(self, assessment: Assessment, context: Context) -> None:
        typed = split(context.command) if context.command else []
        self.names = [one.locator.steps[0].member for one in assessment.evidence.artifacts if one.role is not None]
        self.base = relative(typed[0]) if len(typed) == 1 else ""
        self.base = self.base or assessment.evidence.delivery
        self.named = {relative(one).rpartition("/")[2]: relative(one) for one in typed if relative(one)}

    def of(self, subject: str) -> str:
        """The file of `file.itb!rootfs!bin/sh`; the delivery itself where a subject is no file of it."""
        head = subject.split("!", 1)[0]
        for name in (head, unquote(head)):
            if name in self.names:
                return self.file(name)
        return relative(self.base) or "delivery"

    def file(self, name: str) -> str:
        """Path of a delivered file."""
        if name in self.named:
            return self.named[name]
        return relative(f"{self.base}/{name}") or "delivery"


def relative(path: str) -> str:
    """A relative path without `.` and `..`; empty for one that leads elsewhere."""
    parts = [one for one in path.replace("\\", "/").split("/") if one not in ("", ".")]
    return "" if path.startswith("/") or ".." in parts else "/".join(parts)


def headline(assessment: Assessment) -> tuple[Weight, str]:
    """The decision as a problem of its own, so that no pipeline is green over a decision that is not PASS."""
    match assessment.verdict.decision:
        case Decision.FAIL:
            return Weight.ERROR, "A required rule failed."
        case Decision.INCONCLUSIVE:
            return Weight.ERROR, "Something required could not be judged. That is not a pass."
        case Decision.PASS:
            return Weight.NOTE, "Every required rule passed."
