"""What "the same component" means: declared entries against observed components, by identity and version.

1. Candidates share a package URL (type, namespace, name), or a product name: that of the entry, its package URL or
   its CPE name, folded by the alias table. Only where nothing else fits, `foo` and `libfoo` count as one.
   Packages of a programming language's own ecosystem are never taken for a C library of the same name.
2. A candidate whose version agrees is the match. A side without version agrees with nothing and contradicts nothing,
   but a release outside the bounds that were seen is contradicted.
3. What has candidates, none of which agrees, is a version that differs, unless each candidate was found elsewhere in
   the version it states: then this is one more, undeclared copy.
4. Undecidable stays ambiguous. Every observed component gets exactly one row.

Pure. Does NOT look at files (see `files`) and does not say why something is absent (see `stage`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fwverify.compare.identifiers import Purl, cpe_product, parsed_purl
from fwverify.compare.versions import outside, same_version
from fwverify.formats.ecosystems import LANGUAGES as LANGUAGES
from fwverify.formats.products import canonical_product
from fwverify.model.component import Component, DeclaredComponent, Discrepancy, DiscrepancyKind

MAX_CANDIDATES = 200
"""Entries with the same name that are looked at. A real document has one or two; comparing is quadratic."""

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


def match_products(observed: Iterable[Component], declared: Iterable[DeclaredComponent]) -> Products:
    """Match by identity and version. See the module's steps 1 to 4."""
    index = _index(declared)
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
    first = _stated(candidates[0])
    if all(same_version(first, _stated(one), _ecosystem(one)) is not False for one in candidates):
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
        reason = f"declared {_stated(free[0])}, seen {_seen(component) or component.stated}"
        found.rows.append(_row(DiscrepancyKind.VERSION_DIFFERS, free[0], component, reason))
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
    seen = parsed_purl(component.purl)
    kind = _ecosystem(declared) or (seen.type if seen else "")
    if outside(_stated(declared), component.since, component.before):
        return False
    return same_version(_seen(component), _stated(declared), kind)


def _seen(component: Component) -> str:
    """The version in full: that of the package URL, where it is the release that was concluded and its revision."""
    url = parsed_purl(component.purl)
    if url is None or not component.version or not same_version(url.version, component.version, url.type):
        return component.version
    return url.version


def _stated(declared: DeclaredComponent) -> str:
    """The entry's version, or that of its package URL."""
    if declared.version:
        return declared.version
    url = parsed_purl(declared.purl)
    return url.version if url else ""


def _ecosystem(declared: DeclaredComponent) -> str:
    url = parsed_purl(declared.purl)
    return url.type if url else ""


@dataclass(slots=True)
class _Index:
    """Declared entries by every key they can be found under."""

    entries: dict[_Key, list[DeclaredComponent]] = field(default_factory=dict)
    skipped: set[DeclaredComponent] = field(default_factory=set)

    def candidates(self, component: Component) -> list[DeclaredComponent]:
        """Entries that may mean this component: same package URL first, then same name, then by order."""
        url = parsed_purl(component.purl)
        names = _names(component.name, url, "")
        exact = self._at([*_url_key(url), *(("name", one) for one in names)], url)
        pool = exact or self._at([("loose", _loose(one)) for one in names], url)
        if len(pool) < 2:
            return list(pool)
        return sorted(pool, key=lambda one: (_identity(one) != _url_key(url), one.name.lower() != component.name, one))

    def _at(self, keys: Iterable[_Key], url: Purl | None) -> set[DeclaredComponent]:
        pool = {one for key in keys for one in self.entries.get(key, ())}
        return {one for one in pool if _comparable(parsed_purl(one.purl), url)}


def _index(declared: Iterable[DeclaredComponent]) -> _Index:
    index = _Index()
    for one in sorted(set(declared)):
        url = parsed_purl(one.purl)
        names = _names(one.name, url, cpe_product(one.cpe) or "")
        keys = {*_url_key(url), *(("name", name) for name in names), *(("loose", _loose(name)) for name in names)}
        for key in sorted(keys):
            listed = index.entries.setdefault(key, [])
            if len(listed) < MAX_CANDIDATES:
                listed.append(one)
            else:
                index.skipped.add(one)
    return index


def _comparable(declared: Purl | None, observed: Purl | None) -> bool:
    """Language packages only meet their own kind, or an entry that has no package URL."""
    if declared is None:
        return True
    kinds = {declared.type, observed.type if observed else ""}
    return len(kinds) == 1 or not kinds & LANGUAGES


def _identity(declared: DeclaredComponent) -> list[_Key]:
    return _url_key(parsed_purl(declared.purl))


def _url_key(url: Purl | None) -> list[_Key]:
    return [("purl", url.type, url.namespace, url.name)] if url else []


def _names(name: str, url: Purl | None, cpe: str) -> list[str]:
    found = {canonical_product(one) for one in (name, url.name if url else "", cpe) if one}
    return sorted(found - {""})


def _loose(name: str) -> str:
    """`libfoo`, `foo` and `foo_` alike."""
    bare = "".join(one for one in name if one.isalnum() or one == "+")
    return bare.removeprefix("lib") or bare
