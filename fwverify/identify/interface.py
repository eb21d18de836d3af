"""What a detector is: one module with one constant DETECTOR."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fwverify.formats.executable import Executable
from fwverify.limits import Limits
from fwverify.model.artifact import Artifact
from fwverify.model.component import Clue
from fwverify.model.evidence import ContentObservation, Gap, Opened
from fwverify.model.expectation import VersionClaim
from fwverify.model.plugin import Doc
from fwverify.model.traits import Traits

TENTATIVE, PLUG_IN = 55, 50
"""Percent: a release alone in a program or library, and in a plug-in, whose product is told by its package alone. It
counts where the other files of its product do not say otherwise (identify/peers.py)."""

Found = Clue | ContentObservation | VersionClaim | Gap


@dataclass(frozen=True, slots=True)
class Subject:
    """What a detector looks at: an artifact and what the stage already parsed of it, once for all detectors."""

    artifact: Artifact
    executable: Executable | None
    """Structure of an ELF (later PE, Mach-O) file, through the one door to LIEF; None for everything else."""
    text: str | None
    """The whole content when it is UTF-8 text of at most a few MiB; None otherwise."""
    limits: Limits


@dataclass(frozen=True, slots=True)
class Detector:
    """Finds one kind of clue."""

    name: str
    find: Callable[[Subject], Iterator[Found]]
    """Yields what it finds; raises Malformed, Unsupported or LimitExceeded (which become gaps)."""
    doc: Doc


@dataclass(frozen=True, slots=True)
class Observed:
    """What looking at one artifact gave. Comes from a worker as canonical JSON."""

    opened: Opened
    """EXAMINED for an executable that parsed whole or for text; SCANNED for other data; GAP when reading failed."""
    reader: str
    """Who read it: `elf`, `text`, `scan`."""
    clues: tuple[Clue, ...] = ()
    contents: tuple[ContentObservation, ...] = ()
    claims: tuple[VersionClaim, ...] = ()
    gaps: tuple[Gap, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    """Of an executable whose structure holds: `hardening.NAME` and value (formats/elf_hardening), sorted."""
    opaque_entropy: int = -1
    """Of content that was searched only, looks random and has not the frame of a format that always does: its entropy
    in hundredths of a bit for each byte; else -1."""
    traits: Traits | None = None
    """Of an executable whose structure holds: what reference packages are searched for."""
