"""Artifacts -> clues -> components: `observe` looks at one artifact, `conclude` at all clues of a run.

`observe` is a function of the bytes, the name and the limits alone, so it may run in another process (isolate) and
its answer may be kept. It parses an executable once and decodes text once, for all detectors. What a reader cannot
do is a gap in the answer; anything else it raises is a bug and is not caught here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from fwverify.content import STEP_BYTES, forget
from fwverify.formats import executable as executables
from fwverify.formats.classify import Kind, classify
from fwverify.formats.entropy import sampled
from fwverify.formats.executable import Executable
from fwverify.formats.executable_extents import SPLIT_BY
from fwverify.formats.names import fill_byte
from fwverify.formats.noisy_formats import is_framed
from fwverify.identify.conclude import conclude
from fwverify.identify.interface import Detector, Found, Observed, Subject
from fwverify.identify.reading import as_text, encodes_data
from fwverify.identify.registry import BUILTIN
from fwverify.identify.traits import traits_of
from fwverify.limits import DEFAULT_LIMITS, Budget, LimitExceeded, Limits
from fwverify.model.artifact import Artifact, Locator
from fwverify.model.component import Clue
from fwverify.model.evidence import ContentObservation, Gap, GapReason, Opened
from fwverify.model.examining import examining
from fwverify.model.expectation import VersionClaim

__all__ = ["InProcess", "conclude", "observe"]

READERS = {"ELF": "elf", "PE": "pe", "TE": "pe", "Mach-O": "mach-o"}
"""What the evidence calls the reader of each kind of executable."""


def observe(artifact: Artifact, limits: Limits = DEFAULT_LIMITS, detectors: tuple[Detector, ...] = BUILTIN) -> Observed:
    """Look at one artifact.

    1. Nothing but 00 or FF (or nothing at all): there is nothing to look for.
    2. An executable is parsed; text is decoded.
    3. Every detector looks; each one's failure is its own gap.
    4. How far the bytes were read: whole (sound executable, text), searched only, or not (a gap says why).
    5. Whether what was searched only looks packed or encrypted.
    """
    content = artifact.content
    if artifact.size == 0 or fill_byte(content):
        return Observed(Opened.EMPTY, "")
    kind = executables.detect(content)
    gaps: list[Gap] = []
    executable = _parsed(artifact, kind, gaps) if kind else None
    text = None if kind else as_text(content)
    opened, reader = _how_far(kind, text, gaps)
    found = _detect(Subject(artifact, executable, text, limits), detectors, gaps)
    return Observed(
        opened=opened,
        reader=reader,
        clues=tuple(sorted({one for one in found if isinstance(one, Clue)})),
        contents=tuple(sorted({one for one in found if isinstance(one, ContentObservation)})),
        claims=tuple(sorted({one for one in found if isinstance(one, VersionClaim)})),
        gaps=tuple(sorted(set(gaps), key=_gap_order)),
        facts=tuple((f"hardening.{name}", value) for name, value in executable.hardening) if executable else (),
        opaque_entropy=_opaque_entropy(artifact) if opened is Opened.SCANNED and text is None else -1,
        traits=traits_of(artifact, executable),
    )


def _opaque_entropy(artifact: Artifact) -> int:
    kind, entropy = classify(artifact.content, artifact.whole[0])
    return entropy if kind is Kind.NOISE and not is_framed(artifact.content) else -1


def _gap_order(gap: Gap) -> tuple[str, str, str, int]:
    """Gaps of one artifact; a range may be None, which does not compare."""
    return gap.reason, gap.by, gap.detail, gap.range.start if gap.range else -1


def _parsed(artifact: Artifact, kind: str, gaps: list[Gap]) -> Executable | None:
    with examining(artifact.locator, gaps, READERS[kind]):
        executable = executables.parse(artifact.content)
        by = READERS[kind]
        gaps += [
            Gap(GapReason.MALFORMED, artifact.locator, f"{kind}: {one}", by)
            for one in (*executable.problems, *executable.unread)
        ]
        for hole in () if _split(artifact) else executable.unexplained:
            detail = f"{kind}: {hole.size} bytes belong to no header, segment or section"
            entropy = sampled(artifact.content, hole.start, hole.end)
            gaps.append(Gap(GapReason.UNEXPLAINED, artifact.locator, detail, by, hole, entropy))
        return None if executable.problems else executable
    return None


def _split(artifact: Artifact) -> bool:
    """Bytes that belong to no part of the executable lie beside it as artifacts of their own."""
    return artifact.locator.steps[-1].container == SPLIT_BY


def _how_far(kind: str, text: str | None, gaps: list[Gap]) -> tuple[Opened, str]:
    """Before any detector ran: `gaps` are those of the executable's reader."""
    if kind:
        return Opened.GAP if gaps else Opened.EXAMINED, READERS[kind]
    if text is None:
        return Opened.SCANNED, "scan"
    return Opened.SCANNED if encodes_data(text) else Opened.EXAMINED, "text"


def _detect(subject: Subject, detectors: Iterable[Detector], gaps: list[Gap]) -> list[Found]:
    found: list[Found] = []
    for detector in detectors:
        with examining(subject.artifact.locator, gaps, detector.name):
            for count, one in enumerate(detector.find(subject)):
                if count >= subject.limits.max_scan_events:
                    raise LimitExceeded("max_scan_events", subject.limits.max_scan_events)
                if isinstance(one, Gap):
                    gaps.append(one)
                else:
                    found.append(one)
        if subject.artifact.size > STEP_BYTES:
            forget(subject.artifact.content)
    return found


@dataclass(slots=True)
class InProcess:
    """The examiner that looks in this process: simplest, and a crash of a parser is a crash of the run."""

    limits: Limits = DEFAULT_LIMITS
    detectors: tuple[Detector, ...] = BUILTIN
    mode: str = "in-process"
    _done: list[tuple[Locator, Observed]] = field(default_factory=list)

    def until(self, budget: Budget) -> None:
        """Whoever submits looks at the clock: one artifact is looked at whole."""

    def submit(self, artifact: Artifact) -> None:
        """Look at once, so that the artifact's content can be let go."""
        self._done.append((artifact.locator, observe(artifact, self.limits, self.detectors)))

    def results(self) -> Iterator[tuple[Locator, Observed]]:
        """Hand over what was observed since the last time."""
        done, self._done = self._done, []
        yield from done
