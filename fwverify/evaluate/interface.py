"""What a rule is. One module a family; its constant RULES is a tuple of Rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fwverify.model.artifact import ByteRange, Locator
from fwverify.model.evidence import Evidence, KeyRecord, SignatureObservation, TrustSnapshot
from fwverify.model.expectation import Expectation
from fwverify.model.finding import Item, Level, Outcome
from fwverify.model.verdict import SignedShare, Strength, WayBack


class ParamKind(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    RATIO = "ratio"
    """0 to 1, kept in ten-thousandths as an integer so that judgement never rounds."""
    FLAG = "flag"
    CHOICE = "choice"
    LIST = "list"
    """List of texts."""


Value = str | int | bool | tuple[str, ...]


TIGHTER = {
    "higher": "A higher number, or a later one of the choices.",
    "lower": "A lower number, or an earlier one of the choices.",
    "below": "A lower number; 0 stands for no bound and is the loosest.",
    "later": "A later version; empty stands for any and is the loosest.",
    "true": "true.",
    "false": "false.",
    "fewer": "Fewer entries: each one forgives something.",
    "more": "More entries: each one asks for something.",
    "among": "Fewer entries; none at all stands for any and is the loosest.",
    "kept": "Neither: what somebody set stays; only the default may be replaced.",
}
"""What makes a value stricter than another."""


@dataclass(frozen=True, slots=True)
class Param:
    """One typed parameter of a rule; every one has a default."""

    name: str
    kind: ParamKind
    default: Value
    meaning: str
    """One plain sentence with the unit."""
    choices: tuple[str, ...] = ()
    tighter: str = "kept"
    """Which direction is stricter, for `extends` and floors: one of TIGHTER."""
    pattern: str = ""
    """Regular expression that a text, or every text of a list, must match whole; empty: any."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a rule's function returns; the stage makes the Finding of it."""

    outcome: Outcome
    message: str
    items: tuple[Item, ...] = ()
    expected: str = ""
    observed: str = ""
    denominator: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """Everything a rule may look at. Derived judgements that several rules share are computed once by the stage."""

    evidence: Evidence
    trust: TrustSnapshot
    """That of the evidence, or the one given to `reassess --keys`."""
    expectation: Expectation
    """The operator's options, completed by the policy's `expect`."""
    at: str
    allow_sample_keys: bool
    accepted: tuple[SignatureObservation, ...]
    """Valid signatures whose key is pinned for the expected vendor, product and purpose `firmware`, active at `at`."""
    accepted_keys: Mapping[str, KeyRecord]
    """Observation id -> the registry entry that was accepted for it."""
    refused: Mapping[str, str]
    """Observation id of a valid signature -> why its key was not accepted, in plain words."""
    provenance: tuple[SignatureObservation, ...]
    """Valid signatures whose key may speak for provenance (or firmware) here."""
    signed: SignedShare
    strength: Strength
    covered: Callable[[Locator, str], tuple[str, ...]] = field(repr=False, compare=False)
    """(artifact, purpose) -> ids of accepted observations that cover the whole of it; purpose `firmware` or `sbom`."""
    uncovered: tuple[tuple[Locator, tuple[ByteRange, ...]], ...]
    """For each image the ranges no accepted signature covers, padding not yet ignored."""
    way_back: WayBack | None = None
    """The image to go back to, judged; None: none was given."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One named rule."""

    id: str
    default: Level
    measures: str
    """What it measures, one plain sentence (rules.md catalogue)."""
    judge: Callable[[Case, Mapping[str, Value]], Judged]
    params: tuple[Param, ...] = ()
    not_proven: str = ""
    """One sentence: what a pass does not prove."""
    requirements: tuple[str, ...] = ()
    """Codes of rules.md: N1, N2, E42..."""
