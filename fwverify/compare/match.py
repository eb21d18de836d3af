"""What "the same component" means: declared entries against observed components, by identity and version.

1. Candidates share a package URL (type, namespace, name), or a product name: that of the entry, of its package URLs
   and the source they name, of its CPE names or of what it was derived from, folded by the alias table. Only where
   nothing else fits, `foo` and `libfoo` count as one, then a file that the entry speaks of and that is named like the
   component. Packages of a programming language's own ecosystem meet those of the same namespace alone, never a C
   library of the same name; what a distribution made of them is met by its name (see `packaged`). Services are nothing
   that lies in bytes, and a file without version declares no product.
2. A candidate whose version agrees is the match. A side without version agrees with nothing and contradicts nothing,
   but a release outside the bounds that were seen is contradicted.
3. What has candidates, none of which agrees, is a version that differs, unless each candidate was found elsewhere in
   the version it states: then this is one more, undeclared copy.
4. Undecidable stays ambiguous. Every observed component gets exactly one row.

Pure. Does NOT look at files (see `files`) and does not say why something is absent (see `stage`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from fwverify.compare.agreement import agrees, bounds_told, in_full, stated_version
from fwverify.compare.identifiers import Cpe, Purl, parsed_cpe, parsed_purl
from fwverify.compare.packaged import DISTRIBUTIONS, PROGRAMS, distribution_keys, language_keys, runtime_of, whole_names
from fwverify.compare.versions import difference, same_version
from fwverify.formats.ecosystems import LANGUAGES as LANGUAGES
from fwverify.formats.ecosystems import ecosystem
from fwverify.formats.products import canonical_product, known_products
from fwverify.model.artifact import Locator
from fwverify.model.component import Component, DeclaredComponent, Discrepancy, DiscrepancyKind

MAX_CANDIDATES = 200
"""Entries with the same name that are looked at. A real document has one or two; comparing is quadratic."""

FAMILIES = {"wpa_supplicant": "hostap", "hostapd": "hostap"}
"""Products that one project releases together under one version: an entry for one may mean the other too."""
SERVICE = "service"
"""Kind of an entry that is run somewhere (`cyclonedx_component.SERVICE`)."""
_MAX_FILES = 200
_MAX_WHOLES = 20
"""Components looked at for one package that may be split off one of them."""

_Key = tuple[str, ...]


@dataclass(slots=True)
class Products:
    """The result, by product: rows, and what they leave to say about each declared entry."""

    rows: list[Discrepancy] = field(default_factory=list)
    same_as: dict[DeclaredComponent, Component] = field(default_factory=dict)
    """Entries that speak of an observed component another entry was matched to (`libssl3` beside `openssl`)."""
    undecided: dict[DeclaredComponent, Component] = field(default_factory=dict)
    """Entries one of which is meant, and nothing tells which."""
    other_version: dict[DeclaredComponent, Component] = field(default_factory=dict)
    """Entries whose product was seen in a version that another entry states."""
    part_of: dict[DeclaredComponent, Component] = field(default_factory=dict)
    """Entries of a distribution's packages that may be split off this one, whose version does not tell."""
    skipped: tuple[DeclaredComponent, ...] = ()
    """Entries beyond `MAX_CANDIDATES` of one name, not looked at."""

    def settled(self, stands_for: Mapping[DeclaredComponent, DeclaredComponent]) -> Products:
        """The same, said of the entries themselves where an ancestor was looked up in their place."""
        if not stands_for:
            return self

        def own(one: DeclaredComponent) -> DeclaredComponent:
            return stands_for.get(one, one)

        rows = []
        for row in self.rows:
            if row.declared in stands_for and row.declared is not None:
                origin = f"{row.declared.name} {row.declared.version}".strip()
                row = replace(row, declared=own(row.declared), reason=f"{row.reason} (derived from {origin})")
            rows.append(row)
        return Products(
            rows,
            {own(one): seen for one, seen in self.same_as.items()},
            {own(one): seen for one, seen in self.undecided.items()},
            {own(one): seen for one, seen in self.other_version.items()},
            {own(one): seen for one, seen in self.part_of.items()},
            tuple(sorted({own(one) for one in self.skipped})),
        )


def match_products(
    observed: Iterable[Component],
    declared: Iterable[DeclaredComponent],
    located: Mapping[DeclaredComponent, Locator] = MappingProxyType({}),
) -> Products:
    """Match by identity and version. See the module's steps 1 to 4.

    Args:
        observed: what was seen.
        declared: what the documents say, each entry once, in order.
        located: files that entries were found to speak of, by hash or path.
    """
    entries, seen = list(declared), list(observed)
    index = _index(entries, located)
    found = _matched(seen, index)
    _parts_of(found, seen, entries)
    return found.settled(index.stands_for)


def _parts_of(found: Products, observed: Iterable[Component], declared: Iterable[DeclaredComponent]) -> None:
    """Entries of a distribution's packages that nothing was matched to: split off a product that was seen, or called
    like one of its programs (`gpgconf`)."""
    told = {row.declared for row in found.rows} | found.same_as.keys() | found.other_version.keys()
    by_name: dict[str, list[Component]] = {}
    for component in sorted(one for one in observed if not ecosystem(one.purl)):
        name = canonical_product(component.name)
        files = {place.name.rsplit("/", 1)[-1].lower() for place in component.locators[:_MAX_FILES]}
        for one in {name, _loose(name), *files}:
            by_name.setdefault(one, []).append(component)
    for entry in declared:
        url = parsed_purl(entry.purl)
        if entry in told or url is None or url.type not in DISTRIBUTIONS:
            continue
        own = canonical_product(entry.name)
        names = dict.fromkeys((entry.name.lower(), own, _loose(own), *whole_names(entry.name, url)))
        pool = [each for name in names for each in by_name.get(name, ())[:_MAX_WHOLES]]
        answers = [(each, agrees(each, entry)) for each in pool[:_MAX_WHOLES]]
        same = next((each for each, answer in answers if answer is True), None)
        perhaps = next((each for each, answer in answers if answer is None), None)
        if same is not None:
            found.same_as[entry] = same
        elif perhaps is not None:
            found.part_of[entry] = perhaps


def _matched(observed: Iterable[Component], index: _Index) -> Products:
    found = Products(skipped=tuple(sorted(index.skipped)))
    waiting: list[tuple[bool, Component, list[DeclaredComponent]]] = []
    claimed: set[DeclaredComponent] = set()
    for component in sorted(set(observed)):
        candidates, guessed = index.candidates(component)  # 1
        answers = [(one, agrees(component, one)) for one in candidates]
        agreeing = [one for one, answer in answers if answer is True]
        if agreeing:  # 2
            _take(found, component, [*agreeing, *(one for one, answer in answers if answer is None)], True)
            claimed.update(agreeing)
            found.other_version.update((one, component) for one, answer in answers if answer is False)
        else:
            waiting.append((guessed, component, candidates))
    matched = [row.observed for row in found.rows if row.observed is not None]
    taken: set[DeclaredComponent | None] = set()
    for guessed, component, candidates in sorted(waiting, key=lambda one: one[0]):  # guesses take what is left
        if guessed:
            taken = taken or {row.declared for row in found.rows}
            candidates = [one for one in candidates if one not in taken and one not in found.same_as]
        runtime = index.runtime(component) if not candidates else None
        if runtime is not None:
            reason = f"comes with {runtime.name}, which is declared; its own version is not compared"
            found.rows.append(_row(DiscrepancyKind.MATCHED, runtime, component, reason))
            continue
        _settle(found, component, candidates, claimed, matched)
    return found


def _settle(
    found: Products,
    component: Component,
    candidates: list[DeclaredComponent],
    claimed: set[DeclaredComponent],
    matched: Sequence[Component],
) -> None:
    """A component that no entry's version agrees with."""
    unstated = [one for one in candidates if agrees(component, one) is None]
    if not candidates:
        found.rows.append(_row(DiscrepancyKind.UNDECLARED, None, component, "no entry of the SBOM fits it"))
    elif component.version and unstated:  # 2
        _take(found, component, unstated, None)
    elif unstated:
        _settle_unversioned(found, component, unstated)
    else:
        _settle_different(found, component, candidates, claimed, matched)


def _settle_unversioned(found: Products, component: Component, candidates: list[DeclaredComponent]) -> None:
    first, kind = in_full(candidates[0])
    others = map(in_full, candidates[1:])
    if all(same_version(first, one, kind, other_kind) is not False for one, other_kind in others):
        _take(found, component, candidates, None)
        return
    versions = ", ".join(sorted({stated_version(one) or "no version" for one in candidates})[:5])
    reason = f"seen without a version, and the SBOM declares {versions}"  # 4
    found.rows.append(_row(DiscrepancyKind.AMBIGUOUS, candidates[0], component, reason))
    for one in candidates[1:]:
        found.undecided.setdefault(one, component)


def _settle_different(
    found: Products,
    component: Component,
    candidates: list[DeclaredComponent],
    claimed: set[DeclaredComponent],
    matched: Sequence[Component],
) -> None:
    free = [one for one in candidates if one not in claimed]
    for one in free[1:]:
        found.other_version.setdefault(one, component)
    if free:  # 3
        (stated, kind), (seen, seen_kind) = in_full(free[0]), in_full(component)
        reason = f"declared {stated or bounds_told(free[0])}, seen {seen or component.stated}"
        row = _row(DiscrepancyKind.VERSION_DIFFERS, free[0], component, reason)
        found.rows.append(replace(row, differs_in=difference(stated, seen, kind, seen_kind)))
        return
    declared = candidates[0]
    twin = _twin(component, matched)
    if twin is not None:  # 4
        reason = f"two versions were concluded at one place: {twin.version}, which is declared, and {component.version}"
        found.rows.append(_row(DiscrepancyKind.AMBIGUOUS, declared, component, reason))
        return
    reason = (
        f"the SBOM declares {stated_version(declared)}, which is there too; this is one more copy in another version"
    )
    found.rows.append(_row(DiscrepancyKind.UNDECLARED, None, component, reason))


def _twin(component: Component, matched: Sequence[Component]) -> Component | None:
    """The matched component of the same product at the same place, where the conclusions contradict each other."""
    if not component.contradicted:
        return None
    places = set(component.locators)
    product = canonical_product(component.name)
    return next(
        (one for one in matched if canonical_product(one.name) == product and places.intersection(one.locators)), None
    )


def _take(found: Products, component: Component, entries: list[DeclaredComponent], same: bool | None) -> None:
    stated, seen = stated_version(entries[0]), component.stated
    if stated and stated == in_full(component)[0]:
        reason = f"declared and seen as {stated}"
    else:
        told = f"as {seen}" if component.version else seen or ("without a version" if stated else "without one")
        reason = f"declared {stated or 'without a version'}, seen {told}"
    found.rows.append(_row(DiscrepancyKind.MATCHED, entries[0], component, reason, same))
    for one in entries[1:]:
        found.same_as.setdefault(one, component)


def _row(
    kind: DiscrepancyKind,
    declared: DeclaredComponent | None,
    observed: Component | None,
    reason: str,
    same: bool | None = None,
) -> Discrepancy:
    return Discrepancy(kind, declared, observed, reason, same)


@dataclass(slots=True)
class _Index:
    """Declared entries by every key they can be found under."""

    entries: dict[_Key, list[DeclaredComponent]] = field(default_factory=dict)
    skipped: set[DeclaredComponent] = field(default_factory=set)
    stands_for: dict[DeclaredComponent, DeclaredComponent] = field(default_factory=dict)
    """An ancestor, looked up in place of the entry that was derived from it."""

    def add(self, one: DeclaredComponent, keys: Iterable[_Key]) -> None:
        for key in set(keys):  # each has a list of its own: their order does not matter
            listed = self.entries.setdefault(key, [])
            if len(listed) < MAX_CANDIDATES:
                listed.append(one)
            elif key[0] != "part":  # many packages begin alike
                self.skipped.add(one)

    def candidates(self, component: Component) -> tuple[list[DeclaredComponent], bool]:
        """Entries that may mean this component: same package URL first, then same name, then by order; and whether
        neither is the same."""
        url = parsed_purl(component.purl)
        names = _names(component.name, [url] if url else [], [])
        keys = [*_url_key(url), *_cpe_keys(parsed_cpe(component.cpe)), *(("name", one) for one in names)]
        same = self._at(keys, url)
        pool = (
            same
            or self._at([("loose", _loose(one)) for one in names], url)
            or self._at([("family", FAMILIES[one]) for one in names if one in FAMILIES], url)
            or self._at([("file", one) for one in names], url)
            or self._packaged(component, url, names)
            or self._split_off(component, url, names)
        )
        if len(pool) < 2:
            return list(pool), not same
        return sorted(pool, key=lambda one: (*_rank(one, component, url), one)), not same

    def runtime(self, component: Component) -> DeclaredComponent | None:
        """The entry of the language's own distribution, where the component is a part of it."""
        name = runtime_of(parsed_purl(component.purl), (f"/{one.name}" for one in component.locators))
        return min(self.entries.get(("name", name), ()), default=None) if name else None

    def _at(self, keys: Iterable[_Key], url: Purl | None) -> set[DeclaredComponent]:
        pool = {one for key in keys for one in self.entries.get(key, ())}
        return {one for one in pool if _comparable(parsed_purl(one.purl), url)}

    def _split_off(self, component: Component, url: Purl | None, names: list[str]) -> set[DeclaredComponent]:
        """Packages that a distribution split off the product, where their release does not differ."""
        pool = self._at([("part", one) for one in names], url)
        return {one for one in pool if agrees(component, one) is not False}

    def _packaged(self, component: Component, url: Purl | None, names: list[str]) -> set[DeclaredComponent]:
        """A distribution's package of a language's package, or of a program that is built as one of its own modules.

        A program is called like many things; so its release must agree, and no product of that name may be known.
        """
        pool = {one for key in language_keys(url) for one in self.entries.get(key, ())}
        if not pool and url is not None and url.type in PROGRAMS and "/" not in component.name:
            unknown = [("name", one) for one in names if one not in known_products()]
            named = {one for key in unknown for one in self.entries.get(key, ())}
            pool = {one for one in named if not component.version or agrees(component, one)}
        return pool


def _rank(one: DeclaredComponent, component: Component, url: Purl | None) -> tuple[bool, bool, bool]:
    """What makes one entry the more likely of several: its package URL, its name, its architecture and distribution."""
    own = parsed_purl(one.purl)
    stated = dict(own.qualifiers) if own else {}
    seen = dict(url.qualifiers) if url else {}
    contrary = any(stated[key] != seen[key] for key in ("arch", "distro") if key in stated and key in seen)
    return _identity(one) != _url_key(url), one.name.lower() != component.name, contrary


def _index(declared: Iterable[DeclaredComponent], located: Mapping[DeclaredComponent, Locator]) -> _Index:
    index = _Index()
    for one in declared:
        if one.kind == SERVICE or (one.kind == "file" and not (one.version or one.purl or one.cpe)):
            continue
        index.add(one, _keys(one, located.get(one)))
        for ancestor in one.derived_from:
            name = ancestor.name or one.name
            shadow = replace(one, name=name, version=ancestor.version, purl=ancestor.purl, cpe="", aliases=())
            shadow = replace(shadow, since="", before="", paths=(), derived_from=())
            if shadow != one:
                index.stands_for.setdefault(shadow, one)
                index.add(shadow, _keys(shadow, None))
    return index


def _keys(one: DeclaredComponent, place: Locator | None) -> list[_Key]:
    urls = [url for url in map(parsed_purl, (one.purl, *one.aliases)) if url is not None]
    cpes = [name for name in map(parsed_cpe, (one.cpe, *one.aliases)) if name is not None and name.product]
    names = _names(one.name, urls, [name.product for name in cpes])
    files = [canonical_product(path) for path in (*one.paths, *([place.name] if place else [])) if path]
    return [
        *(key for url in urls for key in _url_key(url)),
        *distribution_keys(one.name, parsed_purl(one.purl)),
        *(("part", name) for name in whole_names(one.name, parsed_purl(one.purl))),
        *(("cpe", name.vendor, name.product) for name in cpes),
        *(("name", name) for name in names),
        *(("called", name) for name in names if not any(one.vendor for one in cpes)),
        *(("loose", _loose(name)) for name in names),
        *(("family", FAMILIES[name]) for name in names if name in FAMILIES),
        *(("file", name) for name in files[:_MAX_FILES]),
    ]


def _comparable(declared: Purl | None, observed: Purl | None) -> bool:
    """Language packages only meet their own kind and namespace, or an entry that has no package URL."""
    if declared is None:
        return True
    kinds = {declared.type, observed.type if observed else ""}
    if not kinds & LANGUAGES:
        return True
    return len(kinds) == 1 and observed is not None and declared.namespace == observed.namespace


def _identity(declared: DeclaredComponent) -> list[_Key]:
    return _url_key(parsed_purl(declared.purl))


def _cpe_keys(name: Cpe | None) -> list[_Key]:
    """The same vendor's product; any vendor's where none is stated. A product of that name of another vendor is not it:
    `apache:http_server` and `ibm:http_server`."""
    if name is None or not name.product:
        return []
    return [("cpe", name.vendor, name.product), ("cpe", "", name.product), ("called", canonical_product(name.product))]


def _url_key(url: Purl | None) -> list[_Key]:
    return [("purl", url.type, url.namespace, url.name)] if url else []


def _names(name: str, urls: Iterable[Purl], cpes: Iterable[str]) -> list[str]:
    """Products that an entry or a component may be called; a language's package has the name of its own alone."""
    listed = [name, *cpes]
    for url in urls:
        listed += [url.name, url.source]
    return sorted({canonical_product(one) for one in listed if one} - {""})


def _loose(name: str) -> str:
    """`libfoo`, `foo` and `foo_` alike."""
    bare = "".join(one for one in name if one.isalnum() or one == "+")
    return bare.removeprefix("lib") or bare
