"""A programming language's package, and what distributions call the package they make of it.

Debian Python Policy 4.3, Debian's JavaScript, Ruby, Java, CLI, Lua, Rust and PHP packaging policies, Fedora's
packaging guidelines for the same languages, Alpine's and OpenWrt's names; read 2026-11-22: `python3-requests`,
`py3-requests`, `node-semver`, `rubygem-rack`, `libcommons-lang3-java`, `php-monolog`. Does NOT know packages that a
distribution renamed altogether.
"""

from __future__ import annotations

import re

from fwverify.compare.identifiers import Purl
from fwverify.formats.ecosystems import LANGUAGES

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
PROGRAMS = frozenset({"cargo", "golang"})
"""Languages whose programs state themselves as one of their own modules."""

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


def language_keys(url: Purl | None) -> list[Key]:
    """Keys a language's package is looked up by; none for anything else."""
    if url is None or url.type not in LANGUAGES:
        return []
    name = url.name.lower()
    names = {name, _OWN.sub("", name)}
    if url.namespace:
        names.add(f"{url.namespace.lower().lstrip('@')}-{name}")
    return [("packaged", url.type, _folded(one)) for one in sorted(names)]


def _folded(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name)
