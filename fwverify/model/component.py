"""What was seen in the image, what the vendor declared, and how the two differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from operator import attrgetter

from fwverify.model.artifact import Digest, Locator


@dataclass(frozen=True, slots=True, order=True)
class Clue:
    """One piece of evidence that a product is in the image, with the bytes that showed it."""

    product: str
    """Lower-case product name as the detector knows it: `openssl`, `busybox`, `linux`."""
    version: str
    """Point version as written in the bytes; empty when the bytes carry none."""
    locator: Locator
    how: str
    """Name of the detector."""
    confidence: int
    """Percent. 95 and more: the maker wrote it there for this purpose (package database, note). 80 and more: a
    version string anchored on the product's own words. Below 80: names only (SONAME, symbol)."""
    quote: str
    """The bytes that showed it, printable, escapes as backslash sequences; at most 200 characters."""
    offset: int = -1
    """Where the quote lies in the artifact, in bytes; -1 when it has no single place."""
    purl: str = ""
    """Package URL, when the detector knows the ecosystem (`pkg:deb/debian/zlib1g@1.2.13-1`)."""
    unit: str = ""
    """The package or file the clue speaks of, when not the artifact itself (a row of a package database)."""
    since: str = ""
    """Without a version: the release is not earlier than this one (what it holds came with it); empty: not bounded."""
    before: str = ""
    """Without a version: the release is earlier than this one; empty: not bounded."""
    part: bool = False
    """It was compiled into the artifact, which is a program or library of another name."""


@dataclass(frozen=True, slots=True, order=True)
class Component:
    """A product concluded from one or many clues."""

    name: str
    version: str
    """Empty: present, version not established."""
    purl: str
    confidence: int
    """Percent; that of the best clue, raised by independent ones."""
    how: tuple[str, ...]
    """Techniques (detectors), sorted."""
    locators: tuple[Locator, ...]
    """Where it was seen, sorted."""
    quotes: tuple[str, ...]
    """The bytes that showed it; one for each technique, at most five."""
    contradicted: bool = False
    """Another version of the same product was concluded at the same place, or its clues exclude one another."""
    since: str = ""
    """Version bounded: not earlier than this release. Empty where the version is established or nothing bounds it."""
    before: str = ""
    """Version bounded: earlier than this release."""
    cpe: str = ""
    """CPE 2.3 name, with the version where it is established; empty: the dictionary's name is not known."""
    inside: str = ""
    """The product whose own files hold this as a copy, and nothing else does (a zlib built into a server)."""

    @property
    def stated(self) -> str:
        """The version in words: established, bounded, or empty."""
        if self.version:
            return self.version
        bounds = (f"{self.since} or later" if self.since else "", f"before {self.before}" if self.before else "")
        return ", ".join(one for one in bounds if one)


@dataclass(frozen=True, slots=True, order=True)
class Ancestor:
    """What a declared component was made from (CycloneDX `pedigree.ancestors`)."""

    name: str
    version: str = ""
    purl: str = ""


@dataclass(frozen=True, slots=True, order=True)
class DeclaredComponent:
    """One component as the vendor's SBOM declares it."""

    name: str
    version: str
    purl: str = ""
    cpe: str = ""
    kind: str = ""
    """CycloneDX `type`: library, application, firmware, file..."""
    bom_ref: str = ""
    hashes: tuple[Digest, ...] = ()
    paths: tuple[str, ...] = ()
    """File names the entry speaks of: a `file` component's name, `evidence.occurrences[].location`."""
    problem: str = ""
    """What is wrong with this entry (bad purl, unknown type...). The rest of the document still counts."""
    scope: str = ""
    """CycloneDX `scope`: required, optional or excluded (used to build or to test, not shipped); empty: not said."""
    since: str = ""
    """Without a version: not earlier than this release, as a version range says; empty: not bounded."""
    before: str = ""
    """Without a version: earlier than this release; empty: not bounded."""
    supplier: str = ""
    """Who supplies or made it, as stated."""
    licences: tuple[str, ...] = ()
    """SPDX identifiers, expressions or names, sorted."""
    derived_from: tuple[Ancestor, ...] = ()
    external: bool = False
    """Declared as provided by the environment, not shipped (CycloneDX 1.7 `isExternal`)."""
    aliases: tuple[str, ...] = ()
    """Other package URLs and CPE names that the document itself gives it, sorted."""
    confidence: int = 0
    """Percent, as the document's own `evidence.identity` states it for the name; 0: not stated."""


def in_order(entries: Iterable[DeclaredComponent]) -> list[DeclaredComponent]:
    """Each entry once, in the order that comparing them gives; ten times faster than comparing them in pairs."""
    return sorted(set(entries), key=_ALL_FIELDS)


_ALL_FIELDS = attrgetter(*(one.name for one in fields(DeclaredComponent)))


class DiscrepancyKind(StrEnum):
    """Declared against observed (design.md section 3)."""

    MATCHED = "matched"
    UNDECLARED = "undeclared"
    ABSENT_VISIBLE = "absent_visible"
    """Declared, not seen, although it should have been visible in what was examined."""
    ABSENT_UNSEEN = "absent_unseen"
    """Declared, not seen, and could not have been seen: its kind leaves no trace, or bytes were not examined."""
    VERSION_DIFFERS = "version_differs"
    HASH_DIFFERS = "hash_differs"
    AMBIGUOUS = "ambiguous"
    COPY = "copy"
    """No entry fits it, and it is a copy of a library inside the files of a component that is declared."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One row of the comparison; `matched` rows give the denominators."""

    kind: DiscrepancyKind
    declared: DeclaredComponent | None
    observed: Component | None
    reason: str
    """Plain words."""
    version_agrees: bool | None = None
    """For `matched`: True when both sides state a version and they agree, None when one side states none."""
    locator: Locator | None = None
    """For `hash_differs` and file matches: the file in the image."""
    differs_in: str = ""
    """For `version_differs`: the smallest part in which the two differ (`VERSION_PARTS`), or empty: not comparable."""


VERSION_PARTS = ("revision", "build", "patch", "minor", "major")
"""What two versions of one product may differ in, from least to most: the distribution's revision alone, what stands
behind `+`, the third number or one further on, the second, the first (or the epoch)."""
