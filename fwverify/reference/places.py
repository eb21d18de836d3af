"""The files of one root file system beside what stores know: which releases are there, and how far that is believed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from fwverify.identify.conclude import upstream
from fwverify.model.artifact import Locator
from fwverify.model.component import Clue
from fwverify.model.traits import Traits
from fwverify.reference.distinctive import normal
from fwverify.reference.layout import key
from fwverify.reference.store import Found, Store

ENOUGH = 3
"""Executables of a release that name it together, wherever they come from."""
MANY = 20
"""Executables that a place has before the share that is known says anything."""
_END = re.compile(r"[-._]?\d[\d._-]*(?:t64|[a-z])?$")
"""Of a package's name: the version of an interface."""
LIBRARIES = frozenset({"elf-soname", "library-file-name"})
"""Detectors that tell whose library a file is."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One file of an image; a compressed one counts as what is in it, too."""

    locator: Locator
    digests: tuple[bytes, ...]
    """SHA-256 of the file and of what it unpacks to."""
    traits: tuple[Traits, ...] = ()
    """Of executables among these."""


@dataclass(frozen=True, slots=True, order=True)
class Release:
    """One release of one source package, as it was built for one architecture."""

    source: str
    version: str
    arch: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A file that is known."""

    found: Found
    how: str
    patched: bool = False
    """Only its build id is the same: somebody changed what it loads."""

    @property
    def product(self) -> str:
        return self.found.component.product

    @property
    def release(self) -> Release:
        one = self.found.component
        return Release(one.source, one.source_version, one.arch)


class Belief(IntEnum):
    """How far a release that a file belongs to is believed to be there."""

    PRODUCT = 0
    """At least as many executables of its product are others."""
    NEIGHBOUR = 1
    """Some are: the same upstream release, but another revision."""
    WHOLE = 2
    """All executables that lie where its own would, and all libraries of its product, are its own, and they are not
    just a library on the side."""


@dataclass(slots=True)
class Place:
    """One root file system. Everything is looked up when it is made."""

    stores: Sequence[Store]
    seen: Sequence[Seen]
    clues: Sequence[Clue] = ()
    """What detectors found in it."""
    packages: frozenset[tuple[str, str]] = frozenset()
    """Name and version of the packages its database lists."""
    hits: dict[Locator, tuple[Hit, ...]] = field(default_factory=dict)
    _beliefs: dict[Release, Belief] = field(default_factory=dict)
    _names: dict[Release, set[str]] = field(default_factory=lambda: defaultdict(set))
    _prefixes: dict[Release, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Folders of the image that the release's files lie in as in a root."""
    _familiar: bool = False
    """Half of its executables and more are known: what it was made of was learned, not some neighbour."""
    _stated: set[Release] = field(default_factory=set)
    """Releases that a file of theirs states."""
    _strangers: dict[str, set[Locator]] = field(default_factory=lambda: defaultdict(set))
    """Libraries of a product that no store knows."""
    _agreeing: dict[Release, set[Locator]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        for seen in self.seen:
            hits = tuple(self._look_up(seen))
            if hits:
                self.hits[seen.locator] = hits
            for hit in hits:
                self._note(seen, hit)
        self.packages = frozenset((one.unit, one.version) for one in self.clues if one.unit)
        for clue in self.clues:
            if clue.how in LIBRARIES and clue.locator not in self.hits:
                self._strangers[clue.product].add(clue.locator)
        executables = [one.locator for one in self.seen if one.traits]
        own = sum(any(hit.found.file.singular for hit in self.hits.get(one, ())) for one in executables)
        self._familiar = len(executables) >= MANY and 2 * own >= len(executables)
        paths = {normal(one.locator.name): one for one in self.seen}
        self._beliefs = {release: self._judge(release, paths) for release in self._agreeing}

    def believed(self, release: Release) -> bool:
        """An executable of it is there."""
        return release in self._beliefs

    def belief(self, release: Release) -> Belief:
        return self._beliefs.get(release, Belief.PRODUCT)

    def packages_of(self, release: Release) -> set[str]:
        """Names of the packages of a release that have a file here."""
        return self._names[release]

    def _look_up(self, seen: Seen) -> Iterator[Hit]:
        same = [
            Hit(found, "known-file")
            for digest in seen.digests
            for store in self.stores
            for found in store.files(key("sha256", digest))
            if found.file.sha256 == digest
        ]
        yield from same or [hit for traits in seen.traits for store in self.stores for hit in _builds(store, traits)]

    def _note(self, seen: Seen, hit: Hit) -> None:
        self._names[hit.release].add(hit.found.component.name)
        if not hit.found.file.singular or hit.patched:
            return
        self._agreeing[hit.release].add(seen.locator)
        if hit.found.file.states:
            self._stated.add(hit.release)
        mine, its = normal(seen.locator.name), normal(hit.found.file.path)
        if mine.endswith(its):
            self._prefixes[hit.release].add(mine.removesuffix(its))

    def _judge(self, release: Release, paths: dict[str, Seen]) -> Belief:
        agreeing = self._agreeing[release]
        components = [
            one for store in self.stores for one in store.release(release.source, release.version, release.arch)
        ]
        others = {one for product in {part.product for part in components} for one in self._strangers[product]}
        others |= {
            other.locator
            for component in components
            for file in component.files
            for prefix in self._prefixes[release]
            if file.singular
            and (other := paths.get(prefix + normal(file.path))) is not None
            and other.locator not in agreeing
        }
        if not others:
            return Belief.WHOLE if len(agreeing) >= ENOUGH or self._anchored(release) else Belief.PRODUCT
        return Belief.NEIGHBOUR if len(others) < len(agreeing) else Belief.PRODUCT

    def _anchored(self, release: Release) -> bool:
        """A file states the release or is of a package named like its source; or the stores know most of this place.

        A library on the side may stay the same for years: of e2fsprogs 1.47.0 and 1.47.2, libcom_err does.
        """
        if (
            self._familiar
            or release in self._stated
            or any(_related(name, release.source) for name in self._names[release])
        ):
            return True
        mine = upstream(release.version, packaged=True)
        return any(
            clue.version and clue.locator in self._agreeing[release] and upstream(clue.version, packaged=False) == mine
            for clue in self.clues
        )


def _related(package: str, source: str) -> bool:
    """One name is in the other: libldap-2.5-0 and openldap, zlib1g and zlib, libgcc-s1 and gcc-12."""
    one, other = (re.sub(r"[-_+.]", "", _END.sub("", name.lower().removeprefix("lib"))) for name in (package, source))
    return min(len(one), len(other)) > 1 and (one in other or other in one)


def _builds(store: Store, traits: Traits) -> list[Hit]:
    """Files that load the same; else those of the same build id, which somebody changed since."""
    loaded = store.files(key("loaded", traits.loaded)) if traits.loaded else []
    same = [one for one in loaded if one.file.traits is not None and one.file.traits.loaded == traits.loaded]
    if same or not traits.build_id:
        return [Hit(one, "known-build") for one in same]
    named = store.files(key("build-id", traits.build_id.encode("utf-8", "surrogatepass")))
    return [
        Hit(one, "known-build", patched=bool(one.file.traits and one.file.traits.loaded != traits.loaded))
        for one in named
        if one.file.traits is not None and one.file.traits.build_id == traits.build_id
    ]
