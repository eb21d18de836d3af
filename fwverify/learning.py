"""Packages of the operator's -> origins for a store of reference packages (reference).

A package is opened by the same readers, in the same workers, as an image; nothing is ever extracted. What it says of
itself is taken from its control file or header, what its files are from their bytes. A folder that a CycloneDX file
describes is one origin: a file belongs to the component that states its digest or its path. Does NOT check a
package's signature, nor believe a package whose outer structure could not be read whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fwverify.compare import stage as comparison
from fwverify.formats import executable as executables
from fwverify.formats.sbom_kinds import looks_like_sbom
from fwverify.identify.interface import Observed
from fwverify.identify.stage import InProcess
from fwverify.ingest import files
from fwverify.ingest import stage as ingestion
from fwverify.limits import Budget, Limits
from fwverify.model.artifact import Artifact, Delivery, Locator, Role
from fwverify.model.component import DeclaredComponent
from fwverify.model.evidence import ChecksumObservation
from fwverify.model.traits import Traits
from fwverify.packed_files import sha256, through
from fwverify.reference.distinctive import KERNELS, normal, says_something
from fwverify.reference.packages import MAX_TEXT_BYTES, Named, of_control, of_facts, of_pkginfo, product_of, stated_as
from fwverify.reference.values import KnownComponent, KnownFile, Origin, in_order, parts_in_order
from fwverify.unpack.stage import Here
from fwverify.worklist import Bench, Examiner, Node, Walk, descendants

CONTROL, PKGINFO, RPM = "control", ".PKGINFO", "rpm"
SBOM_SUFFIXES = frozenset({".json", ".xml", ".spdx"})
NOT_A_PACKAGE = "it is no package that is read (deb, ipk, apk, rpm)"


@dataclass(frozen=True, slots=True)
class Unlearned:
    """A package that was not learned, and why."""

    name: str
    reason: str


@dataclass(slots=True)
class _Executables:
    """An examiner that is asked about executables alone: of other files the digest is all that counts."""

    inner: Examiner

    @property
    def mode(self) -> str:
        return self.inner.mode

    def until(self, budget: Budget) -> None:
        self.inner.until(budget)

    def submit(self, artifact: Artifact) -> None:
        if executables.detect(artifact.content):
            self.inner.submit(artifact)

    def results(self) -> Iterator[tuple[Locator, Observed]]:
        return self.inner.results()


def here(limits: Limits) -> Bench:
    """Where to read packages in this process."""
    return Bench(InProcess(limits), Here())


@dataclass(slots=True)
class Learner:
    """Reads packages, one after another."""

    at: str
    """The time to record, RFC 3339 in UTC."""
    limits: Limits
    bench: Bench
    progress: Callable[[str], None] = lambda _: None
    known: Collection[bytes] = frozenset()
    """SHA-256 of packages that need not be read again."""

    def learn(self, path: Path) -> Iterator[Origin | Unlearned]:
        """What a package, a described folder or a folder of packages holds. Nothing for a package that is known.

        Raises:
            IngestError: it is not there or cannot be read.
        """
        if not path.is_dir():
            yield from self._package(files.read(path, path.name, self.limits))
            return
        found = list(files.walk(path, self.limits, [], []))
        if any(_is_sbom(one, self.limits) for one, _ in found):
            yield self._described(ingestion.ingest([path], self.limits).delivery)
            return
        for one, _ in found:
            yield from self._package(files.read(one, one.name, self.limits))

    def _package(self, artifact: Artifact) -> Iterator[Origin | Unlearned]:
        if artifact.sha256.value in self.known:
            return
        notes = _Notes()
        walk = self._walk([artifact], notes.look)
        package = _opened(walk.images[0], notes.texts)
        name = artifact.name
        if package is None:
            yield Unlearned(name, NOT_A_PACKAGE)
            return
        wrong = [f"it could not be read whole: {one.detail}" for one in walk.gaps if one.locator in package.structure]
        wrong += [f"it is damaged: {one.name}" for one in walk.checks if not one.holds and _of(one, package)]
        if wrong:
            yield Unlearned(name, wrong[0])
            return
        known = (one for child in package.payload for one in _files(child, walk, notes.stating))
        component = _component(package.named, known)
        yield Origin(_clean(name), artifact.sha256.value, self.at, (component,))

    def _walk(self, artifacts: Iterable[Artifact], look: Callable[[Artifact], None] = lambda _: None) -> Walk:
        bench = Bench(_Executables(self.bench.examiner), self.bench.reader)
        walk = Walk(Budget(self.limits), bench, self.progress, look=look)
        for one in artifacts:
            walk.image(one)
        walk.finish()
        return walk

    def _described(self, delivery: Delivery) -> Origin | Unlearned:
        """A folder with a CycloneDX file.

        1. Every file of the folder, and every file in it, is digested and looked at.
        2. A file belongs to the one component that states its SHA-256, else to the one that states its path; of a
           document without components, to its subject.
        """
        documents, gaps = comparison.read_sboms(delivery.of(Role.SBOM))
        if gaps:
            return Unlearned(delivery.name, f"its SBOM cannot be read: {gaps[0].detail}")
        walk = self._walk(one.artifact for one in delivery.files if one.role is not Role.SBOM)  # 1
        entries = [one for document in documents for one in document.components if one.name and one.kind != "file"]
        subject = documents[0].observation
        if not entries and subject.subject_name:
            whole = DeclaredComponent(subject.subject_name, subject.subject_version)
            owners = {image.locator: whole for image in walk.images}
        else:
            owners = _owners(walk, entries)  # 2
        found: dict[DeclaredComponent, list[KnownFile]] = {}
        for image in walk.images:
            for node in descendants(image):
                if node.locator in owners:
                    found.setdefault(owners[node.locator], []).extend(_files(node, walk))
        components = [_component(_declared(one), known) for one, known in found.items() if known]
        if not components:
            return Unlearned(delivery.name, "no file of it belongs to a component of its SBOM")
        return Origin(_clean(delivery.name), _folder_digest(delivery), self.at, parts_in_order(components))


@dataclass(frozen=True, slots=True)
class _Package:
    named: Named
    payload: list[Node]
    structure: frozenset[Locator]
    """What must have been read whole."""


def _of(check: ChecksumObservation, package: _Package) -> bool:
    return check.declared_in in package.structure


def _is_sbom(path: Path, limits: Limits) -> bool:
    if path.suffix.lower() not in SBOM_SUFFIXES or path.stat().st_size > limits.max_text_bytes:
        return False
    return bool(looks_like_sbom(files.read(path, path.name, limits).content))


@dataclass(slots=True)
class _Notes:
    """What is kept of contents while a package is walked through; its control file comes before its files."""

    texts: dict[Locator, str] = field(default_factory=dict)
    stating: set[Locator] = field(default_factory=set)
    """Executables that state the package's release."""
    _words: tuple[bytes, ...] = ()

    def look(self, artifact: Artifact) -> None:
        if self._words and executables.detect(artifact.content):
            content = bytes(artifact.content)
            if any(one in content for one in self._words):
                self.stating.add(artifact.locator)
        elif artifact.name.rpartition("/")[2] in (CONTROL, PKGINFO) and artifact.size <= MAX_TEXT_BYTES:
            text = self.texts[artifact.locator] = str(artifact.content, "utf-8", "replace")
            named = of_pkginfo(text) or of_control(text, "deb")
            self._words = self._words or (stated_as(named) if named else ())


def _opened(root: Node, texts: dict[Locator, str]) -> _Package | None:
    """The parts of a package: whose it is and what it installs."""
    outer = list(through(root))
    top = outer[-1]
    members = _members(top)
    data = next((one for name, one in members.items() if name.startswith("data.tar")), None)
    control = next((one for name, one in members.items() if name.startswith("control.tar")), None)
    if data is not None and control is not None:
        inner = [*through(control), *through(data)]
        text = _members(list(through(control))[-1]).get(CONTROL)
        kind = "deb" if top.container and top.container.name == "ar" and not _name(root).endswith(".ipk") else "opkg"
        named = of_control(texts.get(text.locator, ""), kind) if text else None
        payload = list(_members(list(through(data))[-1]).values())
        return _package(named, payload, [*outer, *inner])
    if PKGINFO in members:
        named = of_pkginfo(texts.get(members[PKGINFO].locator, ""))
        return _package(named, [one for name, one in members.items() if not name.startswith(".")], outer)
    if root.container is not None and root.container.name.startswith(RPM):
        inner = [one for child, how in root.children if not how.remainder for one in through(child)]
        payload = list(_members(inner[-1] if inner and inner[-1].container else root).values())
        return _package(of_facts(dict(root.facts)), payload, [root, *inner])
    return None


def _package(named: Named | None, payload: list[Node], structure: list[Node]) -> _Package | None:
    return None if named is None else _Package(named, payload, frozenset(one.locator for one in structure))


def _name(node: Node) -> str:
    return node.locator.name


def _members(node: Node) -> dict[str, Node]:
    """By name without `./`; a name that occurs twice counts once."""
    return {_name(child).removeprefix("./").lstrip("/"): child for child, how in node.children if not how.remainder}


def _files(node: Node, walk: Walk, stating: Collection[Locator] = frozenset()) -> Iterator[KnownFile]:
    """What can be recognised of one file: the file and, of a compressed one, what is in it."""
    chain = list(through(node))
    path = _name(node).removeprefix("./").lstrip("/")
    traits = [_traits(one, walk) for one in chain]
    singular = any(traits) or any(one.container is not None and one.container.name in KERNELS for one in chain)
    states = any(one.locator in stating for one in chain)
    for one, own in zip(chain, traits, strict=True):
        named = path if one is node else f"{path.rpartition('/')[0]}/{_name(one).rpartition('/')[2]}".lstrip("/")
        if says_something(named, one.size, singular=singular):
            yield KnownFile(_clean(named), sha256(one), own, singular, states)


def _traits(node: Node, walk: Walk) -> Traits | None:
    seen = walk.observed.get(node.locator)
    one = seen.traits if seen else None
    return (
        None if one is None else Traits(_clean(one.build_id), _clean(one.soname), one.loaded, one.symbols, one.sketch)
    )


def _component(named: Named, known: Iterable[KnownFile]) -> KnownComponent:
    return KnownComponent(
        name=_clean(named.name),
        version=_clean(named.version),
        purl=_clean(named.purl),
        source=_clean(named.source),
        source_version=_clean(named.source_version),
        product=_clean(named.product),
        arch=_clean(named.arch),
        files=in_order(known),
    )


def _clean(text: str) -> str:
    """Without what cannot be written as UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def _owners(walk: Walk, entries: list[DeclaredComponent]) -> dict[Locator, DeclaredComponent]:
    by_hash: dict[bytes, set[DeclaredComponent]] = {}
    by_path: dict[str, set[DeclaredComponent]] = {}
    for entry in entries:
        for digest in entry.hashes:
            by_hash.setdefault(digest.value, set()).add(entry)
        for path in entry.paths:
            by_path.setdefault(normal(path), set()).add(entry)
    owners: dict[Locator, DeclaredComponent] = {}
    for image in walk.images:
        for node in descendants(image):
            stated = [one for digest in node.digests for one in by_hash.get(digest.value, ())]
            found = set(stated) or by_path.get(normal(_name(node)), set())
            if len(found) == 1:
                owners[node.locator] = next(iter(found))
    return owners


def _declared(entry: DeclaredComponent) -> Named:
    product = product_of(entry.name)
    return Named(entry.name, entry.version, entry.purl, entry.name, entry.version, product, "")


def _folder_digest(delivery: Delivery) -> bytes:
    """Over names and digests of all its files."""
    lines = sorted(f"{one.artifact.sha256.hex} {one.artifact.name}\n" for one in delivery.files)
    return hashlib.sha256("".join(lines).encode("utf-8", "backslashreplace")).digest()
