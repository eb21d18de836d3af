"""Package URL types that belong to a programming language, and package URLs for what its package managers install.

purl-spec (ECMA-427) and its type definitions: golang, cargo, pypi, npm, maven, gem, luarocks, composer, nuget; PyPA
name normalisation (PEP 503); read 2026-11-22. `pkg:cargo/openssl` is a binding, not OpenSSL: whoever merges or compares
asks `ecosystem` first. Does NOT know what a registry holds.
"""

from __future__ import annotations

import re

LANGUAGES = frozenset(
    {
        "bower", "cargo", "clojars", "cocoapods", "composer", "cpan", "cran", "gem", "golang", "hackage", "hex",
        "julia", "luarocks", "maven", "npm", "nuget", "opam", "pub", "pypi", "swift",
    }
)  # fmt: skip
"""Package URL types of a programming language: `pkg:cargo/openssl` is a binding, not OpenSSL."""
_TYPE = re.compile(r"pkg:/{0,2}([a-z][a-z0-9.+-]*)/")
_SEPARATORS = re.compile(r"[-_.]+")
MAX_NAME, MAX_VERSION = 214, 128
"""Characters: npm's own bound on names, which the others stay below, and more than any version has."""
_NAME = re.compile(r"[A-Za-z0-9@_~][A-Za-z0-9@._~+/-]*")
_VERSION = re.compile(r"v?[0-9][0-9A-Za-z.+_~!:-]*")


def ecosystem(purl: str) -> str:
    """The programming language's package URL type; empty for everything else."""
    hit = _TYPE.match(purl)
    return hit[1] if hit and hit[1] in LANGUAGES else ""


def plausible(name: str, version: str) -> bool:
    """A name and a version as package managers take them. A template's `${version}` is none."""
    return (
        len(name) <= MAX_NAME
        and len(version) <= MAX_VERSION
        and _NAME.fullmatch(name) is not None
        and (not version or _VERSION.fullmatch(version) is not None)
    )


def package_url(kind: str, name: str, version: str) -> str:
    """The package URL of a language's package; empty when there is none for such a name.

    Args:
        kind: a package URL type.
        name: as the package manager writes it, with its namespace: `@scope/name`, `group/artifact`, a module's path.
        version: may be empty.
    """
    from packageurl import PackageURL

    namespace, _, last = name.rpartition("/")
    if kind == "pypi":
        last = _SEPARATORS.sub("-", last).lower()
    try:
        return PackageURL(kind, namespace or None, last, version or None).to_string()
    except ValueError:
        return ""
