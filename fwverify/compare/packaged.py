"""What distributions call the packages they make: of a programming language's package, and of the parts of a product.

Debian Python Policy 4.3, Debian's JavaScript, Ruby, Java, CLI, Lua, Rust and PHP packaging policies, Fedora's
packaging guidelines for the same languages, Alpine's and OpenWrt's names; read 2026-11-22: `python3-requests`,
`py3-requests`, `node-semver`, `rubygem-rack`, `libcommons-lang3-java`, `php-monolog`. Does NOT know packages that a
distribution renamed altogether.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from fwverify.compare.identifiers import Purl
from fwverify.formats.ecosystems import LANGUAGES
from fwverify.formats.products import canonical_product

_PREFIXES = (
    (re.compile(r"(?:python|py)(?:\d(?:\.?\d+)?)?-(.+)"), "pypi"),
    (re.compile(r"(?:node|nodejs|npm)-(.+)"), "npm"),
    (re.compile(r"(?:ruby|rubygem)(?:\d(?:\.\d+)?)?-(?:rubygem-)?(.+)"), "gem"),
    (re.compile(r"lib(.+)-java"), "maven"),
    (re.compile(r"lib(.+?)(?:\d[\d.]*)?-cil"), "nuget"),
    (re.compile(r"lua(?:\d\.?\d)?-(.+)"), "luarocks"),
    (re.compile(r"(?:librust|rust)-(.+?)(?:-dev|\+.*)?"), "cargo"),
    (re.compile(r"php(?:\d(?:\.\d+)?)?-(.+)"), "composer"),
)
"""How a distribution's name is made of the language's."""
_OWN = re.compile(r"^(?:python-?|py-?|lua-?|node-|php-)(?=[a-z]{2})")
"""What the language's name begins with and distributions do not repeat: PyYAML, LuaSocket."""
DISTRIBUTIONS = frozenset({"deb", "rpm", "apk", "opkg", "alpm"})
"""Package URL types of distributions, which split what they build into several packages."""
PROGRAMS = frozenset({"cargo", "golang"})
"""Languages whose programs state themselves as one of their own modules."""

_DEFAULT_GEM = "/specifications/default/"
"""Where Ruby keeps what belongs to itself: its default gems are released with it (Ruby documentation, Default gems)."""

Key = tuple[str, ...]


def distribution_keys(name: str, url: Purl | None) -> list[Key]:
    """Keys of a declared entry that a distribution's package is meant by."""
    if url is not None and url.type in LANGUAGES:
        return []
    found: list[Key] = []
    for text in {name.lower(), url.name.lower() if url else ""} - {""}:
        for pattern, kind in _PREFIXES:
            if hit := pattern.fullmatch(text):
                found.append(("packaged", kind, _folded(hit[1])))
    return found


def language_of(name: str, url: Purl | None) -> str:
    """The language whose package a distribution's package is made of; empty: none that its name tells."""
    found = distribution_keys(name, url) if url is not None and url.type in DISTRIBUTIONS else []
    return found[0][1] if found else ""


def language_keys(url: Purl | None) -> list[Key]:
    """Keys a language's package is looked up by; none for anything else."""
    if url is None or url.type not in LANGUAGES:
        return []
    name = url.name.lower()
    names = {name, _OWN.sub("", name)}
    if url.namespace:
        names.add(f"{url.namespace.lower().lstrip('@')}-{name}")
    return [("packaged", url.type, _folded(one)) for one in sorted(names)]


def runtime_of(url: Purl | None, paths: Iterable[str]) -> str:
    """The language's own distribution that a package came with, where its places say so; else empty."""
    listed = list(paths)
    default = url is not None and url.type == "gem" and bool(listed) and all(_DEFAULT_GEM in one for one in listed)
    return "ruby" if default else ""


def whole_names(name: str, url: Purl | None) -> list[str]:
    """Products that a distribution's package may be split off: `strongswan-charon` from strongswan. The longest first,
    the package's own name left out."""
    if url is None or url.type not in DISTRIBUTIONS:
        return []
    words, own = name.lower().split("-"), canonical_product(name)
    shorter = [canonical_product("-".join(words[:size])) for size in range(len(words) - 1, 0, -1)]
    return [one for one in dict.fromkeys(shorter) if one and one != own]


def _folded(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name)
