"""Open one artifact: find the container that reads it, and fold what the reader yields into values.

No opinion and no recursion here: `pipeline` walks. Members come out one at a time, so that a root file system is
never held whole; what the reader cannot go on with becomes a gap, and everything found until then stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from fwverify.content import STEP_BYTES, forget, identified
from fwverify.formats.names import fill_byte
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, Locator, subtracted
from fwverify.model.evidence import Anomaly, AnomalyKind, Binding, ChecksumObservation, Gap, GapReason, Opened
from fwverify.model.examining import examining
from fwverify.model.ledger import Claim
from fwverify.unpack.interface import (
    Check,
    Container,
    Event,
    Fact,
    Member,
    MemberKind,
    Oddity,
    Part,
    PartUse,
    Unread,
)
from fwverify.unpack.registry import BUILTIN

STRONG = frozenset({"sha256", "sha384", "sha512"})
"""Digests that carry coverage from one artifact to another."""
MIN_REMAINDER_BYTES = 16
"""Unclaimed runs shorter than this are listed but not looked into: no format fits in them."""
MAX_REMAINDERS = 256
"""Unclaimed runs of one container that are looked into; the rest is a gap."""


@dataclass(frozen=True, slots=True)
class Child:
    """A member with content, or an unclaimed run of bytes, as an artifact of its own."""

    artifact: Artifact
    index: int
    """As `Opening.claims` refers to it."""
    stored: bool
    start: int
    """Of a stored child: where it begins in the container."""
    remainder: bool = False
    """Bytes no part of the container accounts for."""
    recognised: tuple[str, ...] | None = None
    """Containers that read it, when a worker has looked already."""
    mode: int = 0
    """POSIX mode bits; 0 when the container has none."""


@dataclass(slots=True)
class Opening:
    """What opening one artifact gave; complete once its children were iterated."""

    artifact: Artifact
    container: Container | None
    claims: list[Claim] = field(default_factory=list)
    names: Counter[str] = field(default_factory=Counter)
    children: int = 0
    checks: list[ChecksumObservation] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    anomalies: list[Anomaly] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)


def recognise(
    artifact: Artifact, containers: Sequence[Container] = BUILTIN
) -> tuple[Container | None, tuple[str, ...]]:
    """The container that reads this artifact, and the names of others that would read it too."""
    if not artifact.size:
        return None, ()
    strong = [one for one in containers if not one.weak and one.detect(artifact)]
    if strong:
        return strong[0], () if strong[0].wrapper else tuple(one.name for one in strong[1:])
    return next((one for one in containers if one.weak and one.detect(artifact)), None), ()


Events = Callable[[Container, Artifact, Budget], Iterator[Event]]
"""Runs a container's reader, here or in another process."""


def read_here(container: Container, artifact: Artifact, budget: Budget) -> Iterator[Event]:
    """Run a container's reader in this process."""
    return container.unpack(artifact, budget)


@dataclass(frozen=True, slots=True)
class Here:
    """Opens containers in this process: simplest, and a crash of a codec is a crash of the run."""

    mode: str = "in-process"

    def recognise(self, artifact: Artifact, budget: Budget) -> tuple[Container | None, tuple[str, ...]]:
        return recognise(artifact)

    def named(self, names: Sequence[str]) -> tuple[Container | None, tuple[str, ...]]:
        raise AssertionError("nobody else has looked")

    def events(self, container: Container, artifact: Artifact, budget: Budget) -> Iterator[Event]:
        return read_here(container, artifact, budget)


def unpack(opening: Opening, budget: Budget, depth: int, events: Events = read_here) -> Iterator[Child]:
    """Yield the children of an artifact that a container was recognised for, filling `opening` as they come."""
    artifact, container = opening.artifact, opening.container
    if container is None:
        return
    if depth >= budget.limits.max_depth:
        opening.gaps.append(
            Gap(GapReason.LIMIT, artifact.locator, f"limit max_depth reached ({depth})", container.name)
        )
        return
    with examining(artifact.locator, opening.gaps, container.name):
        for event in events(container, artifact, budget):
            if isinstance(event, Member) and event.content is not None:
                budget.gave(len(event.content), stored=event.stored)
            child = _take(opening, event)
            if child is not None:
                yield child
    yield from _remainders(opening)


def _take(opening: Opening, event: Event) -> Child | None:
    locator = opening.artifact.locator
    match event:
        case Member():
            return _member(opening, event)
        case Part():
            _part(opening, event)
        case Check():
            _check(opening, event)
        case Oddity():
            opening.anomalies.append(_anomaly(opening.artifact, event))
        case Unread():
            where = locator if not event.member else locator.into(_name(opening), event.member)
            span = None if event.member else event.range
            opening.gaps.append(Gap(event.reason, where, event.detail, _name(opening), span))
        case Fact():
            opening.facts.append((event.name, event.value))
    return None


def _name(opening: Opening) -> str:
    return opening.container.name if opening.container else ""


def _member(opening: Opening, member: Member) -> Child | None:
    ordinal = opening.names[member.name]
    opening.names[member.name] += 1
    if member.kind is not MemberKind.FILE or member.content is None:
        return None
    locator = opening.artifact.locator.into(_name(opening), member.name, ordinal)
    index = opening.children
    opening.children += 1
    opening.claims.extend(Claim(one, Opened.EXAMINED, index) for one in member.ranges)
    start = member.ranges[0].start if member.ranges else 0
    stored = member.stored and len(member.ranges) == 1 and member.ranges[0].size == len(member.content)
    content = identified(locator, member.content)
    return Child(content, index, stored, start, recognised=member.recognised, mode=member.mode)


def _part(opening: Opening, part: Part) -> None:
    if part.use is not PartUse.PADDING:
        opening.claims.append(Claim(part.range, Opened.STRUCTURE))
    elif fill_byte(opening.artifact.content, part.range):
        opening.claims.append(Claim(part.range, Opened.EMPTY))


def _check(opening: Opening, check: Check) -> None:
    locator = opening.artifact.locator
    subject = locator.into(_name(opening), check.member) if check.member else locator
    holds = check.declared == check.computed
    opening.checks.append(
        ChecksumObservation(
            subject, check.name, check.declared, check.computed, locator, holds, inner=True, detail=_name(opening)
        )
    )
    if check.member:
        strong = check.declared.algorithm in STRONG
        opening.bindings.append(Binding(locator, subject, check.declared.algorithm, holds, strong))


def _anomaly(artifact: Artifact, oddity: Oddity) -> Anomaly:
    fill = ""
    if oddity.kind is AnomalyKind.TRAILING_DATA and oddity.range is not None:
        fill = fill_byte(artifact.content, oddity.range)
    return Anomaly(oddity.kind, artifact.locator, oddity.detail, oddity.range, fill)


def _remainders(opening: Opening) -> Iterator[Child]:
    """Bytes that nothing claimed: empty runs are claimed as such, the others come out as children to be looked into."""
    artifact = opening.artifact
    unclaimed = subtracted(artifact.whole, (one.range for one in opening.claims if one.range.end <= artifact.size))
    taken = 0
    for run in unclaimed:
        if run.size > STEP_BYTES:
            forget(artifact.content)
        if fill_byte(artifact.content, run):
            opening.claims.append(Claim(run, Opened.EMPTY))
        elif run.size >= MIN_REMAINDER_BYTES and taken < MAX_REMAINDERS:
            taken += 1
            yield _remainder(opening, run)


def _remainder(opening: Opening, run: ByteRange) -> Child:
    """Bytes of a container as an artifact of their own, named by their place."""
    artifact = opening.artifact
    locator = Locator((*artifact.locator.steps,)).into("", f"@0x{run.start:x}-0x{run.end:x}")
    index = opening.children
    opening.children += 1
    opening.claims.append(Claim(run, Opened.EXAMINED, index))
    return Child(identified(locator, artifact.content[run.start : run.end]), index, True, run.start, remainder=True)
