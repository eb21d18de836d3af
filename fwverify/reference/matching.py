"""Files of an image that a store knows -> clues: the same bytes, the same build, or a near relative.

Technique `known-file`: the digest of the file is a learned one's. `known-build`: what it loads is, so it was stripped
or signed since; or it carries the build id. `known-symbols`: it exports nearly the same names. What a file says
depends on its neighbours:

1. Files of one root file system are looked at together; a compressed file counts as the file in it.
2. Executables and kernels name a release. One that several releases share names what these have in common.
3. A release is believed as far as its other executables agree (`places`): those that lie where the package would put
   them and are others, and libraries of the product that nobody learned, make it a neighbour, whose revision or
   version is not known. So is a release of which only a library on the side is there.
4. Other files (pages, scripts, fonts) follow what executables say; alone, enough of them name the product.

A version is stated only where every step leaves one; nothing is guessed. Does NOT decide between clues: that is
identify.conclude.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from fwverify.formats.names import quoted
from fwverify.identify.conclude import upstream
from fwverify.model.artifact import Locator
from fwverify.model.component import Clue
from fwverify.model.traits import resemblance
from fwverify.reference.packages import release_of
from fwverify.reference.places import Belief, Hit, Place, Release, Seen
from fwverify.reference.store import Store
from fwverify.reference.writing import NEAR_SYMBOLS, near_keys

FILE, BUILD, SYMBOLS = "known-file", "known-build", "known-symbols"
SAME_FILE, SAME_BUILD, SAME_RELEASE, SAME_PRODUCT, ALONE, RELATIVE = 97, 96, 90, 75, 60, 70
"""Percent."""
PACKAGES = tuple(f"pkg:{one}/" for one in ("alpm", "apk", "deb", "opkg", "rpm"))
ALIKE = 70
"""Percent of exported names that relatives have in common. Neighbouring releases of a library keep 85 and more."""
CLOSE = 10
"""Relatives of several products that are this close to one another name none of them."""
ENOUGH_FILES = 3
"""Files other than executables that name a product, when they are half of what the package has of them."""


def name_files(stores: Sequence[Store], files: Iterable[Seen], clues: Iterable[Clue] = ()) -> list[Clue]:
    """What the stores know of the files of an image.

    Args:
        stores: in any order.
        files: of one run.
        clues: what detectors found: packages that a database lists keep their names, and libraries of a product that
            no store knows speak against a release of it.
    """
    told: dict[Locator, list[Clue]] = defaultdict(list)
    for clue in clues:
        told[Locator(clue.locator.steps[:-1])].append(clue)
    by_place: dict[Locator, list[Seen]] = defaultdict(list)
    for one in files:
        by_place[Locator(one.locator.steps[:-1])].append(one)
    found: list[Clue] = []
    for where in sorted(by_place):
        place = Place(stores, by_place[where], told[where])
        found.extend(_in_place(place))
    return found


def _in_place(place: Place) -> Iterator[Clue]:
    alone = _alone(place)
    for seen in place.seen:
        hits = place.hits.get(seen.locator, ())
        if not hits:
            yield from _relative(place, seen)
        elif len({hit.product for hit in hits}) == 1:  # of several products, nobody can tell whose it is
            clue = _known(place, seen, hits, alone)
            if clue is not None:
                yield clue


def _known(place: Place, seen: Seen, hits: Sequence[Hit], alone: frozenset[str]) -> Clue | None:
    """The best that can be said of a file that is known."""
    singular = [hit for hit in hits if hit.found.file.singular]
    if not singular and not any(place.believed(hit.release) for hit in hits):
        return _clue(seen, hits, ALONE) if hits[0].product in alone else None
    candidates = singular or hits
    if any(hit.patched for hit in candidates):
        return _clue(seen, candidates, SAME_PRODUCT, "; its content was changed since")
    best = max(place.belief(hit.release) for hit in candidates)
    candidates = [hit for hit in candidates if place.belief(hit.release) == best]
    releases = {(hit.release.source, hit.release.version) for hit in candidates}
    if best is Belief.WHOLE and len(releases) == 1:
        return _exact(place, seen, candidates)
    versions = {upstream(hit.release.version, packaged=True) for hit in candidates}
    packaged = all(_is_packaged(hit) for hit in candidates)
    if best is Belief.PRODUCT or len(versions) != 1 or not packaged:
        return _clue(seen, candidates, SAME_PRODUCT, _which(releases))
    clue = _clue(seen, candidates, SAME_RELEASE, "; its revision is not established")
    return replace(clue, version=_shown(candidates[0]))


def _exact(place: Place, seen: Seen, hits: Sequence[Hit]) -> Clue:
    """Product, release and package URL: of the package when one alone is there, else of what all were built from."""
    first = hits[0]
    clue = _clue(seen, hits, SAME_FILE if first.how == FILE else SAME_BUILD)
    listed = [one for one in (hit.found.component for hit in hits) if (one.name, one.version) in place.packages]
    if listed:
        return replace(clue, unit=listed[0].name, version=listed[0].version, purl=listed[0].purl)
    own = first.found.component
    single = place.packages_of(first.release) == {own.name} and own.version == own.source_version
    return replace(clue, version=_shown(first), purl=own.purl if single else _source_purl(first))


def _is_packaged(hit: Hit) -> bool:
    """Its version is a distribution's, with a revision behind the upstream release."""
    return hit.found.component.purl.startswith(PACKAGES)


def _clue(seen: Seen, hits: Sequence[Hit], confidence: int, more: str = "") -> Clue:
    """A clue that states no version yet."""
    hit = min(hits, key=lambda one: (one.found.origin, one.found.file.path))
    if hit.how == FILE:
        words = "same bytes as"
    elif hit.patched:
        words = f"build id {hit.found.file.traits.build_id if hit.found.file.traits else ''} of"
    else:
        words = "loads the same bytes as"
    others = len({one.found.origin for one in hits}) - 1
    quote = f"{words} {hit.found.file.path} in {hit.found.origin}{f' and {others} more' if others else ''}{more}"
    return Clue(
        product=quoted(hit.product.encode()),
        version="",
        locator=seen.locator,
        how=hit.how,
        confidence=confidence,
        quote=quoted(quote.encode()),
    )


def _which(releases: set[tuple[str, str]]) -> str:
    if len(releases) == 1:
        return "; its other files differ or are absent"
    return f"; releases {', '.join(sorted(version for _, version in releases))}"


def _shown(hit: Hit) -> str:
    """A distribution's version as its upstream release."""
    version = hit.release.version
    if not _is_packaged(hit):
        return version
    return release_of(version)


def _source_purl(hit: Hit) -> str:
    """Package URL of the source package. Only deb and rpm have a way to say that it is one."""
    from packageurl import PackageURL

    try:
        url = PackageURL.from_string(hit.found.component.purl)
        kind = {"deb": "source", "rpm": "src"}.get(url.type)
        qualifiers = {"arch": kind} if kind else None
        return PackageURL(
            url.type, url.namespace, hit.release.source, hit.release.version or None, qualifiers
        ).to_string()
    except ValueError:
        return ""


def _alone(place: Place) -> frozenset[str]:
    """Products that files other than executables name by their number."""
    found: Counter[tuple[Release, str]] = Counter()
    whole: dict[tuple[Release, str], int] = {}
    for hits in place.hits.values():
        if any(hit.found.file.singular for hit in hits):
            continue
        for hit in {(one.release, one.found.component.name): one for one in hits}.values():
            name = hit.release, hit.found.component.name
            found[name] += 1
            whole[name] = sum(not one.singular for one in hit.found.component.files)
    products = {(hit.release, hit.found.component.name): hit.product for hits in place.hits.values() for hit in hits}
    return frozenset(
        products[name] for name, count in found.items() if count >= ENOUGH_FILES and 2 * count >= whole[name]
    )


def _relative(place: Place, seen: Seen) -> Iterator[Clue]:
    """The product of the nearest relatives, where they are of one product. Their version says nothing about this."""
    for traits in seen.traits:
        if traits.symbols < NEAR_SYMBOLS:
            continue
        keys = set(near_keys(traits.sketch))
        near = [
            (resemblance(traits.sketch, one.file.traits.sketch), one)
            for store in place.stores
            for one in store.relatives(keys, traits.sketch, ALIKE)
            if one.file.traits is not None
        ]
        best = max((percent for percent, _ in near), default=0)
        nearest = [one for percent, one in near if percent >= max(ALIKE, best - CLOSE)]
        if len({one.component.product for one in nearest}) == 1:
            percent, one = min(near, key=lambda pair: (-pair[0], pair[1].origin, pair[1].file.path))
            quote = f"exports {percent} % the same names as {one.file.path} in {one.origin} ({traits.symbols} names)"
            product = quoted(one.component.product.encode())
            yield Clue(product, "", seen.locator, SYMBOLS, RELATIVE, quoted(quote.encode()))
