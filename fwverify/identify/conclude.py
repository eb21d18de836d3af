"""Clues -> components: many pieces of evidence for one product become one component.

What counts as one place is the container a file came out of (one root file system, one archive): a library seen by
its name and a program seen by its version string are the same product there, and two images never mix. Versions are
merged only where they say the same upstream release; nothing here picks a winner. Bounds narrow one another, what
they exclude is not joined, and a weak release that they exclude is none. Packages of a programming language are a world
of their own for each language: `openssl` of Rust or Ruby is not OpenSSL. A library's release that stands only in files
of other products is a copy inside of those, and says nothing of the library itself; so are modules of Go and Rust that
were compiled into a program. Does NOT know which files a package owns.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import takewhile

from fwverify.formats.ecosystems import ecosystem
from fwverify.identify.misnumbered import misnumbered
from fwverify.identify.peers import confirmed
from fwverify.identify.version_table import identifiers
from fwverify.model.artifact import Locator
from fwverify.model.component import Clue, Component
from fwverify.model.versions import compare

PER_TECHNIQUE, MOST = 2, 99
"""Percent added for each further independent technique, and the ceiling."""
WEAK = 70
"""Percent. Releases seen with no more than this yield to bounds."""
MAX_QUOTES = 5
MIN_ALIKE = 4
"""Letters two names must begin with in common before that means anything (every library begins with `lib`)."""

OWN = frozenset({
    "elf-soname", "library-file-name", "program-name", "own-name", "gstreamer-plugin", "perl-extension",
    "debug-supplement",
})  # fmt: skip
"""Detectors that tell what a file itself is."""
MAIN = frozenset({"go-build-info", "rust-audit"})
"""Detectors that tell what a program was built from, itself among it."""
QUOTED = "version-string"
"""The detector that tells what a file holds, whatever it is."""

_EPOCH = re.compile(r"^\d+:|^v(?=\d)")
_REVISION = re.compile(r"-[^-]*$")
_LETTER = re.compile(r"(?<=\d)\.(?=[a-z]$)")
"""The point before a letter: 1.3.8.c is 1.3.8c."""
_REPACKED = re.compile(
    r"(?:[+.~-](?:dfsg|ds\d|repack|deb\d|debian|nmu|ubuntu|really)|\+(?:git)?(?:19|20)\d{6}(?!\d)|~).*$"
)
"""What a distribution adds to a release: its repacking, a snapshot's date (30+20221128), a backport."""


_Product = tuple[str, str]
"""Ecosystem of a programming language (empty: none) and product."""


@dataclass(slots=True)
class _Group:
    """Clues that speak of one thing."""

    name: str
    product: _Product
    version: str
    clues: list[Clue] = field(default_factory=list)
    inside: str = ""
    """Of a copy: the product that holds it."""


def upstream(version: str, *, packaged: bool) -> str:
    """The release a version text speaks of, for comparing: no epoch, no distribution revision, no repacking."""
    text = _EPOCH.sub("", version.strip().lower())
    if packaged:
        text = _REVISION.sub("", text)
    text = _LETTER.sub("", _REPACKED.sub("", text))
    return text.removesuffix(".0") if text.count(".") >= 2 else text


def conclude(clues: Iterable[Clue]) -> tuple[Component, ...]:
    """Merge clues. The same clues in any order give the same components, sorted.

    1. Rows of package databases and package notes: one component for each package and version in a place; modules that
       were compiled in: one for each product that holds them.
    2. Versions seen in content: joined to the package of that product with the same upstream release (of several, the
       one named like the file); else one component for each product and release in a place. A library's release that
       only files of other products state makes one for each such product. A series beside one of its releases in one
       file is that release. A number that several releases state is a bound (see `misnumbered`).
    3. Clues without version: joined to what 1 and 2 know of the product, first in the same file, then in the place
       when only one release is known there that their bounds allow; else one component without version, bounded by
       all of them together.
    4. Two releases of one product in one file contradict each other; both components say so. So does a release that
       a bound excludes, and bounds that leave nothing.
    """
    by_place: dict[Locator, list[Clue]] = defaultdict(list)
    for clue in sorted(set(clues)):
        by_place[Locator(clue.locator.steps[:-1])].append(clue)
    found: list[Component] = []
    for place in sorted(by_place):
        found.extend(_place(by_place[place]))
    return tuple(sorted(found))


def _product(clue: Clue) -> _Product:
    return ecosystem(clue.purl), clue.product


def _place(clues: list[Clue]) -> list[Component]:
    clues = _possible(clues)
    holders = _holders(clues)
    rows = _packages([one for one in clues if one.unit], holders)
    releases = _releases([one for one in clues if not one.unit and one.version], rows, holders)
    unversioned = _unversioned([one for one in clues if not one.unit and not one.version], rows, releases)
    contradicted = _contradicted(releases)
    groups = [*rows, *releases, *unversioned]
    found = [(one, _component(one)) for one in groups]
    return [replace(what, contradicted=what.contradicted or id(one) in contradicted) for one, what in found]


def _possible(clues: list[Clue]) -> list[Clue]:
    """Weak releases that the interface of the product's own library excludes are none: the product alone is left; so
    are those beside a surer one in their file, and those that need others to agree and have none (peers). A number that
    other releases state, too, is a bound."""
    clues = confirmed([_numbered(clue) for clue in clues], lambda clue: upstream(clue.version, packaged=False))
    sure = _surely_told(clues)
    bounds: dict[_Product, list[Clue]] = defaultdict(list)
    for clue in clues:
        if not clue.version and (clue.since or clue.before):
            bounds[_product(clue)].append(clue)
    kept = []
    for clue in clues:
        weak = clue.version and not clue.unit and clue.confidence <= WEAK
        release = upstream(clue.version, packaged=False) if weak else ""
        excluded = weak and not all(_within(one, release) for one in bounds[_product(clue)])
        outdone = weak and any(not _alike(told, release) for told in sure.get((clue.locator, _product(clue)), ()))
        kept.append(replace(clue, version="") if excluded or outdone else clue)
    return kept


def _alike(one: str, other: str) -> bool:
    """The same release, or one that is a series of the other."""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def _surely_told(clues: list[Clue]) -> dict[tuple[Locator, _Product], set[str]]:
    """The releases of a product that a file tells more surely than by a number alone."""
    found: dict[tuple[Locator, _Product], set[str]] = defaultdict(set)
    for clue in clues:
        if clue.version and not clue.unit and clue.confidence > WEAK:
            found[clue.locator, _product(clue)].add(upstream(clue.version, packaged=False))
    return found


def _numbered(clue: Clue) -> Clue:
    stating = misnumbered().get((clue.product, clue.version)) if clue.version and not clue.unit else None
    return replace(clue, version="", since=stating.since, before=stating.before) if stating else clue


def _within(clue: Clue, version: str) -> bool:
    """Surely inside its bounds: a release that counts otherwise (7.88.1 beside 2021.11) is not."""
    low = not clue.since or compare(version, clue.since) in (0, 1)
    return low and (not clue.before or compare(version, clue.before) == -1)


def _packages(clues: list[Clue], holders: dict[Locator, tuple[str, ...]]) -> list[_Group]:
    groups: dict[tuple[str, str, str, str], _Group] = {}
    inside = {clue: next(iter(holders.get(clue.locator, ())), "") if clue.part else "" for clue in clues}
    for clue in sorted(clues, key=lambda one: (inside[one] != "", one)):
        own = clue.unit, clue.version, ecosystem(clue.purl)
        holder = "" if (*own, "") in groups else inside[clue]
        new = _Group(clue.unit, _product(clue), clue.version, inside=holder)
        groups.setdefault((*own, holder), new).clues.append(clue)
    return list(groups.values())


def _holders(clues: list[Clue]) -> dict[Locator, tuple[str, ...]]:
    """What each file itself is, the surest first."""
    found: dict[Locator, list[Clue]] = defaultdict(list)
    for clue in clues:
        if (clue.how in OWN and not clue.unit) or (clue.how in MAIN and not clue.part):
            found[clue.locator].append(clue)

    def rank(clue: Clue) -> tuple[bool, int, str]:
        return clue.how in MAIN, -clue.confidence, clue.product

    return {
        place: tuple(dict.fromkeys(one.product for one in sorted(listed, key=rank))) for place, listed in found.items()
    }


def _holder(clue: Clue, holders: dict[Locator, tuple[str, ...]]) -> str:
    """The product whose file holds a copy of this library; empty where it is no copy, or the file is not known."""
    known = identifiers().get(clue.product)
    if clue.how != QUOTED or clue.purl or known is None or not known.library:
        return ""
    products = holders.get(clue.locator, ())
    return products[0] if products and clue.product not in products else ""


def _releases(clues: list[Clue], rows: list[_Group], holders: dict[Locator, tuple[str, ...]]) -> list[_Group]:
    packaged: dict[tuple[_Product, str], list[_Group]] = defaultdict(list)
    for row in rows:
        packaged[row.product, upstream(row.version, packaged=not row.product[0])].append(row)
    groups: dict[tuple[_Product, str], _Group] = {}
    copies: list[tuple[str, Clue]] = []
    for clue in clues:
        key = _product(clue), upstream(clue.version, packaged=False)
        holder = _holder(clue, holders)
        if key in packaged:
            _nearest(packaged[key], clue).clues.append(clue)
        elif holder:
            copies.append((holder, clue))
        else:
            groups.setdefault(key, _Group(clue.product, _product(clue), clue.version)).clues.append(clue)
    held: dict[tuple[_Product, str, str], _Group] = {}
    for holder, clue in copies:
        product, release = _product(clue), upstream(clue.version, packaged=False)
        if (product, release) in groups:
            groups[product, release].clues.append(clue)
        else:
            new = _Group(clue.product, product, clue.version, inside=holder)
            held.setdefault((product, release, holder), new).clues.append(clue)
    return [*_in_full(groups), *held.values()]


def _in_full(groups: dict[tuple[_Product, str], _Group]) -> list[_Group]:
    """Where one file states a series and one release of it (1.7 and 1.7.1), the series is that release."""
    places = {key: {clue.locator for clue in group.clues} for key, group in groups.items()}
    by_product: dict[_Product, list[tuple[_Product, str]]] = defaultdict(list)
    for key in groups:
        by_product[key[0]].append(key)
    for series in sorted(groups):
        longer = [
            key
            for key in by_product[series[0]]
            if key[1].startswith(f"{series[1]}.") and not places[key].isdisjoint(places[series])
        ]
        if len(longer) == 1:
            groups[longer[0]].clues.extend(groups[series].clues)
            groups[series].clues.clear()
    return [one for one in groups.values() if one.clues]


def _unversioned(clues: list[Clue], rows: list[_Group], releases: list[_Group]) -> list[_Group]:
    known: dict[_Product, list[_Group]] = defaultdict(list)
    for group in (*rows, *releases):
        known[group.product].append(group)
    # Fixed before anything is joined, so that the order of joining cannot matter.
    places = {id(group): {clue.locator for clue in group.clues} for groups in known.values() for group in groups}
    packaged = {id(row) for row in rows}
    alone: dict[_Product, _Group] = {}
    for clue in clues:
        candidates = known.get(_product(clue), [])
        same_file = [one for one in candidates if clue.locator in places[id(one)]]
        candidates = [
            one
            for one in candidates
            if not one.inside and not _excluded(clue, upstream(one.version, packaged=id(one) in packaged))
        ]
        release = {upstream(one.version, packaged=id(one) in packaged) for one in candidates}
        if same_file or len(release) == 1:
            _nearest(same_file or candidates, clue).clues.append(clue)
        else:
            alone.setdefault(_product(clue), _Group(clue.product, _product(clue), "")).clues.append(clue)
    return list(alone.values())


def _nearest(groups: list[_Group], clue: Clue) -> _Group:
    """Of several packages of one product, the one whose name begins most like the file's (libssl3 for libssl.so.3)."""
    if len(groups) == 1:
        return groups[0]
    file = _letters(clue.locator.name.rpartition("/")[2])

    def rank(group: _Group) -> tuple[int, bool, str]:
        pairs = zip(file, _letters(group.name), strict=False)
        alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        return -alike if alike >= MIN_ALIKE else 0, "image" not in group.name, group.name

    return min(groups, key=rank)


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _contradicted(groups: list[_Group]) -> set[int]:
    seen: dict[tuple[_Product, Locator], set[int]] = defaultdict(set)
    for group in groups:
        for clue in group.clues:
            seen[group.product, clue.locator].add(id(group))
    return {one for ids in seen.values() if len(ids) > 1 for one in ids}


def _excluded(clue: Clue, version: str) -> bool:
    """The clue's bounds leave no room for this release. What cannot be ordered is not excluded."""
    low = bool(clue.since) and compare(version, clue.since) == -1
    return low or (bool(clue.before) and compare(version, clue.before) in (0, 1))


def _bounds(group: _Group) -> tuple[str, str, bool]:
    """The latest lower and the earliest upper bound, and whether they leave anything.

    Bounds that cannot be ordered are left out, all of that side: a range must hold the truth.
    """
    if group.version:
        release = upstream(group.version, packaged=any(one.unit for one in group.clues))
        return "", "", not any(_excluded(one, release) for one in group.clues if not one.version)
    since = _outermost({one.since for one in group.clues} - {""}, 1)
    before = _outermost({one.before for one in group.clues} - {""}, -1)
    if since and before and compare(since, before) != -1:
        return "", "", False
    return since, before, True


def _outermost(bounds: set[str], order: int) -> str:
    best = ""
    for one in sorted(bounds):
        answer = compare(one, best) if best else order
        if answer is None:
            return ""
        if answer == order:
            best = one
    return best


def _component(group: _Group) -> Component:
    best: dict[str, Clue] = {}
    for clue in sorted(group.clues, key=lambda one: (-one.confidence, one)):
        best.setdefault(clue.how, clue)
    ranked = sorted(best.values(), key=lambda one: (-one.confidence, one))
    confidence = ranked[0].confidence
    since, before, possible = _bounds(group)
    return Component(
        name=group.name,
        version=group.version,
        purl=next((one.purl for one in ranked if one.purl), ""),
        confidence=max(confidence, min(MOST, confidence + PER_TECHNIQUE * (len(best) - 1))),
        how=tuple(sorted(best)),
        locators=tuple(sorted({one.locator for one in group.clues})),
        quotes=tuple(one.quote for one in ranked[:MAX_QUOTES]),
        contradicted=not possible,
        since=since,
        before=before,
        cpe=_cpe(group),
        inside=group.inside,
    )


def _cpe(group: _Group) -> str:
    """Naming: NIST IR 7695, 6.2 (formatted string): other signs than letters, digits, `.`, `-` and `_` are quoted."""
    language, product = group.product
    known = identifiers().get(product)
    if language or known is None or not known.cpe:
        return ""
    release = _EPOCH.sub("", group.version)
    if any(one.unit for one in group.clues):
        release = _REPACKED.sub("", _REVISION.sub("", release))
    escaped = re.sub(r"([^\w.-])", r"\\\1", release, flags=re.ASCII) or "*"
    return f"cpe:2.3:a:{known.cpe}:{escaped}:*:*:*:*:*:*:*"
