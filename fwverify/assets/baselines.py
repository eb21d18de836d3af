"""A baseline: the evidence of the release that was approved for a unit or product, who approved it, what came before.

One JSON file, canonical (`model.canonical`): its history, oldest first, and the whole evidence of the newest entry, so
that a later release can be held against it without anything else. Only ever replaced as a whole; nothing is forgotten.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from fwverify.errors import UsageError
from fwverify.model.approving import approved_release, stated_versions
from fwverify.model.canonical import NotEvidence, canonical, from_json, identify
from fwverify.model.change import ApprovedRelease
from fwverify.model.evidence import Evidence
from fwverify.model.versions import compare

SCHEMA = "https://fwverify.example/baseline/1"


@dataclass(frozen=True, slots=True)
class Approval:
    """One release that was approved."""

    evidence: str
    """SHA-256 of its evidence as it was judged, hexadecimal."""
    kept: str
    """SHA-256 of that evidence without what it was itself held against: what a baseline keeps of it."""
    delivery: str
    versions: tuple[str, ...]
    """What it states for itself."""
    observed: str
    """The version that the unit showed afterwards; empty: nobody looked."""
    set_by: str
    set_on: str
    """RFC 3339, UTC."""
    decision: str
    """What the policy said of it."""
    policy: str
    """Id, version and digest of that policy."""
    in_spite: str = ""
    """Why it was approved though the decision was no PASS; empty: it was one."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The approved release of a unit or product."""

    schema: str
    id: str
    history: tuple[Approval, ...]
    """Oldest first; the last one is in force."""
    evidence: Evidence
    """Of the last entry."""

    @property
    def current(self) -> Approval:
        return self.history[-1]

    def release(self) -> ApprovedRelease:
        """What later releases are held against."""
        now = self.current
        known = approved_release(self.evidence, set_by=now.set_by, set_on=now.set_on[:10], observed=now.observed)
        return replace(known, evidence=now.evidence)


def begun(name: str, approval: Approval, evidence: Evidence) -> Baseline:
    """A first baseline."""
    return Baseline(SCHEMA, name, (approval,), plain(evidence))


def followed(baseline: Baseline, approval: Approval, evidence: Evidence) -> Baseline:
    """With one more approval. Raises UsageError where that evidence is in force already."""
    if baseline.current.evidence == approval.evidence and baseline.current.observed == approval.observed:
        raise UsageError(f"{baseline.id} has this very baseline already, since {baseline.current.set_on}")
    return replace(baseline, history=(*baseline.history, approval), evidence=plain(evidence))


def plain(evidence: Evidence) -> Evidence:
    """Without what it was itself held against: baselines do not nest."""
    return replace(evidence, approved=None, changes=None, rollback=None)


def differs(evidence: Evidence, observed: str) -> str:
    """Why a version that a unit shows is not that of the evidence; empty: it is."""
    stated = stated_versions(evidence)
    if not stated:
        return "the evidence does not say which version it is"
    if any(one == observed or compare(one, observed) == 0 for one in stated):
        return ""
    return f"the unit shows {observed}, the evidence is of {' / '.join(stated)}"


def to_bytes(baseline: Baseline) -> bytes:
    """The file."""
    return canonical(baseline) + b"\n"


def is_baseline(data: object) -> bool:
    return isinstance(data, dict) and data.get("schema") == SCHEMA


def from_bytes(raw: bytes, source: str) -> Baseline:
    """Read a baseline and hold its parts against one another. Raises UsageError."""
    todo = "Name a file that 'fwverify baseline' wrote."
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        raise UsageError("is not JSON", where=source, todo=todo) from None
    if not is_baseline(data):
        raise UsageError("is no baseline", where=source, todo=todo)
    try:
        found = from_json(Baseline, data)
        digest = identify(found.evidence)
    except (NotEvidence, UnicodeEncodeError) as problem:
        raise UsageError(f"is not whole: {problem}", where=source, todo=todo) from None
    if not found.history or found.current.kept != digest:
        raise UsageError("its evidence is not the one it says was approved", where=source, todo=todo)
    return found
