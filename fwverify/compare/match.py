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

from fwverify.compare.identifiers import Purl, cpe_product, parsed_purl
from fwverify.compare.packaged import PROGRAMS, distribution_keys, language_keys
from fwverify.compare.versions import apart, difference, outside, same_version
from fwverify.formats.ecosystems import LANGUAGES as LANGUAGES
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
    index = _index(declared, located)
    found = _matched(observed, index)
    return found.settled(index.stands_for)


def _matched(observed: Iterable[Component], index: _Index) -> Products:
    found = Products(skipped=tuple(sorted(index.skipped)))
    waiting: list[tuple[Component, list[DeclaredComponent]]] = []
    claimed: set[DeclaredComponent] = set()
    for component in sorted(set(observed)):
        candidates = index.candidates(component)  # 1
        answers = [(one, _agrees(component, one)) for one in candidates]
        agreeing = [one for one, answer in answers if answer is True]
        if agreeing:  # 2
            _take(found, component, [*agreeing, *(one for one, answer in answers if answer is None)], True)
            claimed.update(agreeing)
            found.other_version.update((one, component) for one, answer in answers if answer is False)
        else:
            waiting.append((component, candidates))
    matched = [row.observed for row in found.rows if row.observed is not None]
    for component, candidates in waiting:
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
    unstated = [one for one in candidates if _agrees(component, one) is None]
    if not candidates:
        found.rows.append(_row(DiscrepancyKind.UNDECLARED, None, component, "no entry of the SBOM fits it"))
    elif component.version and unstated:  # 2
        _take(found, component, unstated, None)
    elif unstated:
        _settle_unversioned(found, component, unstated)
    else:
        _settle_different(found, component, candidates, claimed, matched)


def _settle_unversioned(found: Products, component: Component, candidates: list[DeclaredComponent]) -> None:
    first, kind = _in_full(candidates[0])
    others = map(_in_full, candidates[1:])
    if all(same_version(first, one, kind, other_kind) is not False for one, other_kind in others):
        _take(found, component, candidates, None)
        return
    versions = ", ".join(sorted({_stated(one) or "no version" for one in candidates})[:5])
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
        (stated, kind), (seen, seen_kind) = _in_full(free[0]), _in_full(component)
        reason = f"declared {stated or _bounds(free[0])}, seen {seen or component.stated}"
        row = _row(DiscrepancyKind.VERSION_DIFFERS, free[0], component, reason)
        found.rows.append(replace(row, differs_in=difference(stated, seen, kind, seen_kind)))
        return
    declared = candidates[0]
    twin = _twin(component, matched)
    if twin is not None:  # 4
        reason = f"two versions were concluded at one place: {twin.version}, which is declared, and {component.version}"
        found.rows.append(_row(DiscrepancyKind.AMBIGUOUS, declared, component, reason))
        return
    reason = f"the SBOM declares {_stated(declared)}, which is there too; this is one more copy in another version"
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


def _take(found: Products, component: Component, entries: list[DeclaredComponent], agrees: bool | None) -> None:
    declared = entries[0]
    if agrees:
        reason = f"declared and seen as {_stated(declared)}"
    elif component.version:
        reason = f"declared without a version, seen as {component.version}"
    else:
        reason = (
            f"declared {_stated(declared)}, seen {component.stated or 'without a version'}"
            if _stated(declared)
            else f"declared without a version, seen {component.stated or 'without one'}"
        )
    found.rows.append(_row(DiscrepancyKind.MATCHED, declared, component, reason, agrees))
    for one in entries[1:]:
        found.same_as.setdefault(one, component)


def _row(
    kind: DiscrepancyKind,
    declared: DeclaredComponent | None,
    observed: Component | None,
    reason: str,
    agrees: bool | None = None,
) -> Discrepancy:
    return Discrepancy(kind, declared, observed, reason, agrees)


def _agrees(component: Component, declared: DeclaredComponent) -> bool | None:
    (stated, kind), (seen, seen_kind) = _in_full(declared), _in_full(component)
    if outside(stated, component.since, component.before):
        return False
    if not stated and outside(seen, declared.since, declared.before):
        return False
    if not stated and apart((declared.since, declared.before), (component.since, component.before)):
        return False
    return same_version(seen, stated, seen_kind, kind)


def _bounds(declared: DeclaredComponent) -> str:
    """The version range of an entry in words."""
    parts = (
        f"{declared.since} or later" if declared.since else "",
        f"before {declared.before}" if declared.before else "",
    )
    return ", ".join(one for one in parts if one)


def _in_full(one: Component | DeclaredComponent) -> tuple[str, str]:
    """The version, and the kind of package it is the version of: empty for a release as such.

    The package URL's version where it is the stated one and what a distribution added. A component seen without a
    version has none, whatever its package URL says.
    """
    url = parsed_purl(one.purl)
    if url is None:
        return one.version, ""
    if one.version in ("", url.version):
        wanted = one.version or isinstance(one, DeclaredComponent)
        return (url.version, url.type) if wanted else ("", "")
    if same_version(url.version, one.version, url.type, ""):
        return url.version, url.type
    return one.version, ""


def _stated(declared: DeclaredComponent) -> str:
    return _in_full(declared)[0]


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
            else:
                self.skipped.add(one)

    def candidates(self, component: Component) -> list[DeclaredComponent]:
        """Entries that may mean this component: same package URL first, then same name, then by order."""
        url = parsed_purl(component.purl)
        names = _names(component.name, [url] if url else [], [cpe_product(component.cpe) or ""])
        pool = (
            self._at([*_url_key(url), *(("name", one) for one in names)], url)
            or self._at([("loose", _loose(one)) for one in names], url)
            or self._at([("family", FAMILIES[one]) for one in names if one in FAMILIES], url)
            or self._at([("file", one) for one in names], url)
            or self._packaged(component, url, names)
        )
        if len(pool) < 2:
            return list(pool)
        return sorted(pool, key=lambda one: (*_rank(one, component, url), one))

    def _at(self, keys: Iterable[_Key], url: Purl | None) -> set[DeclaredComponent]:
        pool = {one for key in keys for one in self.entries.get(key, ())}
        return {one for one in pool if _comparable(parsed_purl(one.purl), url)}

    def _packaged(self, component: Component, url: Purl | None, names: list[str]) -> set[DeclaredComponent]:
        """A distribution's package of a language's package, or of a program that is built as one of its own modules.

        A program is called like many things; so its release must agree, and no product of that name may be known.
        """
        pool = {one for key in language_keys(url) for one in self.entries.get(key, ())}
        if not pool and url is not None and url.type in PROGRAMS and "/" not in component.name:
            unknown = [("name", one) for one in names if one not in known_products()]
            named = {one for key in unknown for one in self.entries.get(key, ())}
            pool = {one for one in named if not component.version or _agrees(component, one)}
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
    cpes = [cpe_product(text) or "" for text in (one.cpe, *one.aliases) if text]
    names = _names(one.name, urls, cpes)
    files = [canonical_product(path) for path in (*one.paths, *([place.name] if place else [])) if path]
    return [
        *(key for url in urls for key in _url_key(url)),
        *distribution_keys(one.name, parsed_purl(one.purl)),
        *(("name", name) for name in names),
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
