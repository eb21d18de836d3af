"""What an SBOM reader is: one module with one constant SBOM_FORMAT."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fwverify.model.artifact import Artifact, Digest, Locator
from fwverify.model.component import Component, DeclaredComponent
from fwverify.model.evidence import Gap, SbomObservation
from fwverify.model.plugin import Doc


@dataclass(frozen=True, slots=True)
class Details:
    """What is known of one entry beside what it declares; not kept in evidence."""

    place: str
    """JSON pointer, or the line it begins in."""
    parent: int
    """Index of the entry it is declared inside of; -1 when in none."""
    lacks: tuple[str, ...]
    """Minimum elements that are not there (`elements.OF_COMPONENT`)."""


@dataclass(frozen=True, slots=True)
class Document:
    """One SBOM, read tolerantly: a bad entry is reported and the rest still counts."""

    observation: SbomObservation
    components: tuple[DeclaredComponent, ...]
    details: tuple[Details, ...] = ()
    """One for each component in the same order, or none at all."""


@dataclass(frozen=True, slots=True)
class SbomFormat:
    """An inventory format."""

    name: str
    detect: Callable[[Artifact], bool]
    read: Callable[[Artifact], Document]
    """Raises Malformed when the document cannot be read at all."""
    doc: Doc


@dataclass(frozen=True, slots=True)
class InventoryFile:
    """A file found inside an image, for the hashes an SBOM may give."""

    locator: Locator
    size: int
    digests: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """What is really there: the observed side of the comparison."""

    components: tuple[Component, ...]
    files: tuple[InventoryFile, ...]
    gaps: tuple[Gap, ...]
    """Non-empty gaps make an absence uncertain."""
    images: tuple[InventoryFile, ...]
