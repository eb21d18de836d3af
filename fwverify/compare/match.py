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
from fwverify.compare.identifiers import parsed_purl
from fwverify.compare.index import MAX_FILES, Index, index_of, loose
from fwverify.compare.packaged import DISTRIBUTIONS, whole_names
from fwverify.compare.versions import difference, same_version
from fwverify.formats.ecosystems import ecosystem
from fwverify.formats.products import canonical_product
from fwverify.model.artifact import Locator
from fwverify.model.component import Component, DeclaredComponent, Discrepancy, DiscrepancyKind

_MAX_WHOLES = 20
"""Components looked at for one package that may be split off one of them."""


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
    index = index_of(entries, located)
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
        files = {place.name.rsplit("/", 1)[-1].lower() for place in component.locators[:MAX_FILES]}
        for one in {name, loose(name), *files}:
            by_name.setdefault(one, []).append(component)
    for entry in declared:
        url = parsed_purl(entry.purl)
        if entry in told or url is None or url.type not in DISTRIBUTIONS:
            continue
        own = canonical_product(entry.name)
        names = dict.fromkeys((entry.name.lower(), own, loose(own), *whole_names(entry.name, url)))
        pool = [each for name in names for each in by_name.get(name, ())[:_MAX_WHOLES]]
        answers = [(each, agrees(each, entry)) for each in pool[:_MAX_WHOLES]]
        same = next((each for each, answer in answers if answer is True), None)
        perhaps = next((each for each, answer in answers if answer is None), None)
        if same is not None:
            found.same_as[entry] = same
        elif perhaps is not None:
            found.part_of[entry] = perhaps


def _matched(observed: Iterable[Component], index: Index) -> Products:
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
    by_itself = {canonical_product(one.name) for one in observed if not one.inside and not ecosystem(one.purl)}
    waiting.sort(key=lambda one: (bool(one[1].inside), one[0]))  # holders before copies
    taken: set[DeclaredComponent | None] = set()
    for guessed, component, candidates in waiting:  # guesses take what is left
        holder = _holder(component, found.rows)
        if holder and not ecosystem(component.purl) and (guessed or canonical_product(component.name) in by_itself):
            reason = f"a copy inside of {holder.name}, which is declared; no entry of the SBOM fits the copy itself"
            found.rows.append(_row(DiscrepancyKind.COPY, None, component, reason))
            continue
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


def _holder(component: Component, rows: Sequence[Discrepancy]) -> DeclaredComponent | None:
    """The entry whose component holds all of this copy."""
    if not component.inside:
        return None
    for row in rows:
        other = row.observed
        if row.declared and other and not other.inside and all(one in other.locators for one in component.locators):
            return row.declared
    return None


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
