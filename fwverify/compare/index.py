"""Declared entries by everything they can be found under: package URL, CPE name, product names, files. Pure.

The keys of an observed component are tried in the order of how surely they mean the same; see `match` for what is made
of the answer. Entries beyond `MAX_CANDIDATES` of one name are not held, and said so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from fwverify.compare.agreement import agrees
from fwverify.compare.identifiers import Cpe, Purl, parsed_cpe, parsed_purl
from fwverify.compare.packaged import PROGRAMS, distribution_keys, language_keys, runtime_of, whole_names
from fwverify.formats.ecosystems import LANGUAGES
from fwverify.formats.products import canonical_product, known_products
from fwverify.model.artifact import Locator
from fwverify.model.component import Component, DeclaredComponent

MAX_CANDIDATES = 200
"""Entries with the same name that are looked at. A real document has one or two; comparing is quadratic."""

FAMILIES = {"wpa_supplicant": "hostap", "hostapd": "hostap", "fuse": "fuse", "fuse3": "fuse"}
"""Products that one project releases together under one version: an entry for one may mean the other too."""
SERVICE = "service"
"""Kind of an entry that is run somewhere (`cyclonedx_component.SERVICE`)."""
MAX_FILES = 200
"""Files of one entry, or of one component, whose names are looked at."""

Key = tuple[str, ...]


@dataclass(slots=True)
class Index:
    """Declared entries by every key they can be found under."""

    entries: dict[Key, list[DeclaredComponent]] = field(default_factory=dict)
    skipped: set[DeclaredComponent] = field(default_factory=set)
    stands_for: dict[DeclaredComponent, DeclaredComponent] = field(default_factory=dict)
    """An ancestor, looked up in place of the entry that was derived from it."""

    def add(self, one: DeclaredComponent, keys: Iterable[Key]) -> None:
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
            or self._at([("loose", loose(one)) for one in names], url)
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

    def _at(self, keys: Iterable[Key], url: Purl | None) -> set[DeclaredComponent]:
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


def index_of(declared: Iterable[DeclaredComponent], located: Mapping[DeclaredComponent, Locator]) -> Index:
    index = Index()
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


def _keys(one: DeclaredComponent, place: Locator | None) -> list[Key]:
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
        *(("loose", loose(name)) for name in names),
        *(("family", FAMILIES[name]) for name in names if name in FAMILIES),
        *(("file", name) for name in files[:MAX_FILES]),
    ]


def _comparable(declared: Purl | None, observed: Purl | None) -> bool:
    """Language packages only meet their own kind and namespace, or an entry that has no package URL."""
    if declared is None:
        return True
    kinds = {declared.type, observed.type if observed else ""}
    if not kinds & LANGUAGES:
        return True
    return len(kinds) == 1 and observed is not None and declared.namespace == observed.namespace


def _identity(declared: DeclaredComponent) -> list[Key]:
    return _url_key(parsed_purl(declared.purl))


def _cpe_keys(name: Cpe | None) -> list[Key]:
    """The same vendor's product; any vendor's where none is stated. A product of that name of another vendor is not it:
    `apache:http_server` and `ibm:http_server`."""
    if name is None or not name.product:
        return []
    return [("cpe", name.vendor, name.product), ("cpe", "", name.product), ("called", canonical_product(name.product))]


def _url_key(url: Purl | None) -> list[Key]:
    return [("purl", url.type, url.namespace, url.name)] if url else []


def _names(name: str, urls: Iterable[Purl], cpes: Iterable[str]) -> list[str]:
    """Products that an entry or a component may be called; a language's package has the name of its own alone."""
    listed = [name, *cpes]
    for url in urls:
        listed += [url.name, url.source]
    return sorted({canonical_product(one) for one in listed if one} - {""})


def loose(name: str) -> str:
    """`libfoo`, `foo` and `foo_` alike."""
    bare = "".join(one for one in name if one.isalnum() or one == "+")
    return bare.removeprefix("lib") or bare
