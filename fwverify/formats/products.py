"""One upstream product, many names: package, library, binary and SONAME spellings folded to one.

Sources of the spellings: Debian policy 3.1 and 8.1 on package and library package names, the Filesystem Hierarchy's
`libNAME.so.N`, and the products' own project pages; read 2026-11-22. The names are data, product_names.txt. A name that
is not in it keeps its own spelling, less packaging (`-dev`, a SONAME version). Does NOT guess that `foo` and `libfoo`
are one product: whoever compares may do that as a last resort.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib import resources

_PREFIXES = (
    ("linux-image-", "linux"),
    ("linux-modules-", "linux"),
    ("linux-headers-", "linux"),
    ("linux-kbuild-", "linux"),
    ("linux-libc-dev", "linux"),
    ("kernel-image", "linux"),
    ("kernel-module", "linux"),
    ("kernel-devicetree", "linux"),
    ("u-boot-", "u-boot"),
    ("libboost-", "boost"),
    ("python3.", "python"),
    ("libpython3.", "python"),
    ("paho-mqtt3", "paho-mqtt"),
    ("ld-linux", "glibc"),
    ("libnss-files", "glibc"),
    ("libnss-dns", "glibc"),
    ("libnss-compat", "glibc"),
    ("libnss-hesiod", "glibc"),
    ("libnss-db", "glibc"),
    ("ld-musl", "musl"),
    ("ld64-uclibc", "uclibc"),
    ("ld-uclibc", "uclibc"),
)
"""Families whose members carry a version or board in their name."""

_PREFIX_NAMES = tuple(prefix for prefix, _ in _PREFIXES)

_PACKAGING = re.compile(
    r"-(?:dev|devel|dbg|dbgsym|debug|doc|docs|udeb|common|bin|data|locale|lang|static|headers|libs|src|staticdev)$"
)
_VARIANT = re.compile(
    r"-(?:base|core|tools|utils|clients?|server|daemon|minimal|full|modules|runtime|openssl|gnutls|mbedtls|wolfssl)$"
)
"""Taken off only where the table knows the rest: `foo-server` may well be a product of its own."""
_LUA = re.compile(r"^liblua5\.\d-(?=[a-z](?!\+))")
"""Debian's Lua policy 2: one library of the module `foo` for each release of Lua, liblua5.1-foo.so.0."""
_INSTALLER_MODULES = re.compile(r"-modules-\d[\w.+-]*-di$")
_SONAME = re.compile(r"\.(?:so|a|dll|dylib|ko)(?:[.\d].*)?$")
_SONAME_VERSION = re.compile(r"-?\d+(?:[._]\d+)*(?:t64|c2a|v5|[a-z])?$")


@cache
def _aliases() -> dict[str, str]:
    """Spelling -> product, from product_names.txt: a product a line, its other spellings behind a colon."""
    known: dict[str, str] = {}
    for line in resources.files("fwverify.formats").joinpath("product_names.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            product, _, names = line.partition(":")
            for name in (product, *names.split()):  # in lower case, without blanks
                known.setdefault(name.replace("_", "-"), product)
    return known


def _spelled(name: str) -> str:
    """One spelling for case, blanks and underscores."""
    return re.sub(r"[\s_]+", "-", name.strip().lower())


@cache
def known_products() -> frozenset[str]:
    """Every product the table folds names to."""
    return frozenset(_aliases().values())


@cache
def _libraries() -> dict[str, tuple[str, ...]]:
    """Product -> spellings that are names of libraries."""
    found: dict[str, list[str]] = {}
    for name, product in _aliases().items():
        if name.startswith("lib") and not name[-1].isdigit():
            found.setdefault(product, []).append(name)
    return {product: tuple(names) for product, names in found.items()}


def only_library(product: str) -> str:
    """The one library that the table has of a product, as it spells it; empty where it has none or several."""
    names = _libraries().get(product, ())
    return names[0] if len(names) == 1 else ""


@lru_cache(maxsize=65_536)
def canonical_product(name: str) -> str:
    """The upstream product a package, library or binary name speaks of, in lower case.

    `libssl3`, `libssl.so.3`, `OpenSSL`, `libssl-dev:arm64` are all `openssl`. Total: any text gives a text, and the
    result is a fixed point.
    """
    seen, before = _folded(name[:_MAX_NAME]), ""
    while seen != before:  # each round shortens or settles it
        seen, before = _folded(seen), seen
    return seen


def _folded(name: str) -> str:
    """One round: the base name of a path, without an architecture, looked up or stripped of packaging."""
    seen = _LUA.sub("lua-", _spelled(name.rsplit("/", 1)[-1].partition(":")[0]) or _spelled(name))
    return _looked_up(seen) or _bare(seen)


_MAX_NAME = 256
"""Characters looked at: names are hostile too, and no product name has a tenth of it."""


def _looked_up(name: str) -> str:
    """By the table and the families alone; empty when neither knows the name."""
    known = _aliases()
    if name in known:
        return known[name]
    if _INSTALLER_MODULES.search(name):
        return "linux"
    if not name.startswith(_PREFIX_NAMES):
        return ""
    return next(product for prefix, product in _PREFIXES if name.startswith(prefix))


def _bare(name: str) -> str:
    """Strip packaging and SONAME versions until the table knows the rest; else what is left of a library's name."""
    stem = _SONAME.sub("", name)
    while True:
        shorter = _PACKAGING.sub("", stem)
        if not shorter or shorter == stem:
            break
        stem = shorter
        if product := _looked_up(stem):
            return product
    if product := _known_part(stem):
        return product
    trimmed = _trimmed(stem) or _trimmed(_VARIANT.sub("", stem))
    return trimmed or stem or name


def _known_part(stem: str) -> str:
    """By the table, with or without a variant's ending."""
    return _looked_up(stem) or _looked_up(_VARIANT.sub("", stem))


def _trimmed(stem: str) -> str:
    """Take SONAME versions off the end, one at a time: `libldap-2.5-0`, `libtinfo6`, `gcc-12`, `libc6`."""
    rest = stem
    for _ in range(3):
        shorter = _SONAME_VERSION.sub("", rest)
        if not shorter or shorter == rest:
            break
        rest = shorter
        if product := _known_part(rest):
            return product
    return rest if stem.startswith("lib") and rest != stem and len(rest) > len("lib") else ""
