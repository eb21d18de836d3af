"""What a worker and its parent say to each other, byte for byte.

To the worker: `>IQ` (bytes of header, bytes of content), the header as JSON, the content. From the worker: `>BI` (what
it is, bytes), then canonical JSON, then, after events, the contents of members (event_frames). Both ends are of one
release, so there is no version and no negotiation. Never pickle: the answer comes from a process that hostile bytes
may own.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass
from enum import IntEnum, StrEnum
from pathlib import Path

from fwverify.identify.interface import Observed
from fwverify.isolate.sandbox import Confinement
from fwverify.limits import Budget, Limits
from fwverify.model.artifact import Artifact, Digest, Locator, Step
from fwverify.model.canonical import NotEvidence, canonical, from_json

REQUEST = struct.Struct(">IQ")
ANSWER = struct.Struct(">BI")
MAX_ANSWER_BYTES = 64 << 20
"""Observations of one artifact. The largest seen, a package database with 4,000 rows, has 2 MiB."""


class Role(StrEnum):
    """What a worker is for: no process that runs our own container readers ever loads LIEF."""

    EXAMINE = "examine"
    OPEN = "open"
    LAST_RESORT = "last-resort"
    """unblob, for what nobody else opens (unblob_worker)."""


class Answer(IntEnum):
    """First byte of an answer."""

    READY = 1
    """Everything is imported and given up; the body lists the protections that hold."""
    OBSERVED = 2
    MEMORY = 3
    """The artifact needs more memory than the worker may have."""
    EVENTS = 4
    REPORT = 5
    """Of the last resort."""


@dataclass(frozen=True, slots=True)
class Settings:
    """A worker's one argument."""

    role: Role
    confinement: Confinement
    limits: Limits

    def text(self) -> str:
        return json.dumps(asdict(self))


def settings(text: str) -> Settings:
    """The worker's argument read. The parent is believed."""
    stated = json.loads(text)
    return Settings(Role(stated["role"]), Confinement(**stated["confinement"]), Limits(**stated["limits"]))


def examine_header(artifact: Artifact) -> bytes:
    """Everything of an artifact but its content."""
    return canonical({"locator": artifact.locator, "digests": artifact.digests})


def open_header(artifact: Artifact, session: int, container: str | None, skip: int, budget: Budget) -> bytes:
    """Begin to open an artifact.

    Args:
        session: number by which more of its events are asked for.
        container: what reads it; None: find out.
        skip: events that are known already.
        budget: what the run has used.
    """
    left = max(1, int(budget.deadline - budget.clock()))
    return canonical(
        {
            "do": "open", "session": session, "container": container, "skip": skip, "locator": artifact.locator,
            "digests": artifact.digests, "members": budget.members, "total_bytes": budget.total_bytes, "seconds": left,
        }
    )  # fmt: skip


def more_header(session: int, *, close: bool = False) -> bytes:
    """Ask for more events of a session, or end it (no answer)."""
    return canonical({"do": "close" if close else "next", "session": session})


def job_header(folder: Path, seconds: int, members: int, most_bytes: int, bytes_limit: str) -> bytes:
    """Ask the last resort about the artifact that lies in a folder, and what it may take.

    Args:
        folder: see unblob_worker.Job, as for the others.
        seconds: wall clock.
        members: files and folders that may come out.
        most_bytes: that may come out.
        bytes_limit: name of the limit which that comes from.
    """
    stated = {"folder": str(folder), "seconds": seconds, "members": members}
    return canonical({"do": "job", **stated, "most_bytes": most_bytes, "bytes_limit": bytes_limit})


def programs_header() -> bytes:
    """Ask the last resort which programs it would start."""
    return canonical({"do": "programs"})


def requested(header: bytes, content: memoryview) -> Artifact:
    """The artifact as the worker sees it. The parent is believed."""
    stated = json.loads(header)
    digests = tuple(from_json(Digest, one) for one in stated["digests"])
    return Artifact(_locator(stated["locator"]), len(content), digests, content)


def _locator(stated: list[tuple[str, str, int]]) -> Locator:
    return Locator(tuple(Step(*one) for one in stated))


def protections(body: bytes) -> tuple[str, ...]:
    """What a worker says it gave up; it has read no hostile byte yet.

    Raises:
        NotEvidence: it is not a list of names.
    """
    try:
        stated = json.loads(body)
    except ValueError as problem:
        raise NotEvidence(str(problem)) from None
    if not isinstance(stated, list) or not all(isinstance(one, str) for one in stated):
        raise NotEvidence("not a list of protections")
    return tuple(stated)


def observed(answer: bytes, locator: Locator) -> Observed:
    """What a worker observed; the worker is not believed.

    Raises:
        NotEvidence: it is not the JSON of an Observed, or speaks of another artifact than the one it was given.
    """
    try:
        found = from_json(Observed, json.loads(answer))
    except (ValueError, RecursionError) as problem:
        raise NotEvidence(str(problem)) from None
    spoken_of = {one.locator for one in found.clues} | {one.locator for one in found.contents}
    spoken_of |= {one.locator for one in found.claims} | {one.locator for one in found.gaps}
    if spoken_of - {locator}:
        raise NotEvidence("the answer speaks of another artifact")
    return found
