"""What file names alone say about a declared component that nothing recognised in the bytes.

Only programs and libraries that no identified component accounts for are looked at. 1 One of them is named like the
product or like a known program or library of it (program_names.txt): it is there, its version not established. 2 One of
them shares a word with the name, begins it or is called by its initials: it may be that one. 3 None of these: nothing
in the image bears the name. Pure. Does NOT look at contents.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from fwverify.compare.identifiers import parsed_purl
from fwverify.compare.interface import Inventory
from fwverify.formats.products import canonical_product
from fwverify.model.artifact import Locator
from fwverify.model.component import DeclaredComponent

_PROGRAM = re.compile(
    r"(?:^|/)(?:s?bin|libexec)/[^/]+$|(?:^|/)lib\w*/(?:[^/]+/)*[^/.]+$|\.(?:so(?:\.[\w.]+)?|ko(?:\.\w+)?|dll|exe)$"
)
"""Paths of programs and libraries; scripts with a suffix below lib are modules of their interpreter."""
_TOKEN = re.compile(r"[a-z][a-z0-9]+")
_NUMBER = re.compile(r"(?<!\d)\d{1,2}$")
"""Behind a word: of an interface or a generation (`lcms2`). Three digits and more are part of a name (`open62541`)."""
_COMMON = frozenset((
    "lib", "libs", "dev", "data", "core", "common", "base", "utils", "util", "tools", "tool", "client", "server",
    "daemon", "module", "modules", "mod", "plugin", "plugins", "the", "and", "for", "python", "perl", "ruby", "java",
    "http", "https", "api", "sdk", "runtime", "main", "new", "all", "ext", "gnu", "linux", "system", "service",
    "default", "embedded", "shared", "static", "binary", "image", "test", "tests",
))  # fmt: skip
"""Words that many names share and that tell nothing."""
_LEAST_WORD = 4
"""Letters of a word that may tell a name; shorter ones only as the beginning of several files."""
_LEAST_PREFIX = 5
"""Letters that the beginnings of a name's word and of a file's must share."""
_SEVERAL = 3
_LEAST_START = 3
"""Letters of a library's whole name that may begin an entry's: `libjim.so` of jimtcl; and of initials."""
BOOT = frozenset({"linux", "u-boot", "barebox", "grub", "coreboot", "edk2", "arm-trusted-firmware", "op-tee"})
"""Products that are often delivered beside the file system rather than in it."""


@dataclass(slots=True)
class Traces:
    """Programs and libraries that nothing identified, by what their names say."""

    products: dict[str, Locator] = field(default_factory=dict)
    words: dict[str, Locator] = field(default_factory=dict)
    beginnings: dict[str, Locator] = field(default_factory=dict)
    stems: dict[str, Locator] = field(default_factory=dict)
    """Names of libraries up to the first dot, without `lib` and number."""
    names: list[tuple[str, Locator]] = field(default_factory=list)
    """Sorted."""

    def named(self, entry: DeclaredComponent) -> Locator | None:
        """A file that is named like the product."""
        return next((self.products[one] for one in _products(entry) if one in self.products), None)

    def perhaps(self, entry: DeclaredComponent) -> Locator | None:
        """A file whose name shares a word with the entry's, begins it, or is made of its initials."""
        words = _words(entry.name)
        for word in words:
            for table, key in ((self.words, word), (self.beginnings, word[:_LEAST_PREFIX])):
                if len(word) >= _LEAST_WORD and key in table and len(key) >= _LEAST_WORD:
                    return table[key]
        tokens = [_NUMBER.sub("", one) for one in _TOKEN.findall(entry.name.lower().removeprefix("lib"))]
        first = tokens[0] if tokens else ""
        short = [first[:size] for size in range(_LEAST_START, len(first))] + ["".join(one[0] for one in tokens)]
        place = next((self.stems[one] for one in short if len(one) >= _LEAST_START and one in self.stems), None)
        return place or self._several(first)

    def _several(self, first: str) -> Locator | None:
        start = bisect_left(self.names, first, key=lambda one: one[0])
        starting = [place for name, place in self.names[start : start + _SEVERAL] if name.startswith(first)]
        return starting[0] if len(first) >= _LEAST_START and len(starting) >= _SEVERAL else None


def traces(inventory: Inventory, explained: frozenset[Locator]) -> Traces:
    """Everything the names of unidentified programs and libraries say.

    Args:
        inventory: all files.
        explained: those of which a component is known that accounts for them.
    """
    found = Traces()
    for file in sorted(inventory.files, key=lambda one: one.locator):
        if file.locator in explained or not _PROGRAM.search(file.locator.name):
            continue
        name = file.locator.name.rsplit("/", 1)[-1].lower()
        stem = _NUMBER.sub("", name.partition(".")[0].removeprefix("lib"))
        found.names.append((name, file.locator))
        if name.startswith("lib"):
            found.stems.setdefault(stem, file.locator)
        product = canonical_product(name)
        for known in (product, stem, *_programs().get(name, ()), *_programs().get(product, ())):
            found.products.setdefault(known, file.locator)
        for word in _words(name):
            found.words.setdefault(word, file.locator)
            if len(word) >= _LEAST_PREFIX:
                found.beginnings.setdefault(word[:_LEAST_PREFIX], file.locator)
    found.names.sort()
    return found


@cache
def _programs() -> dict[str, tuple[str, ...]]:
    """Program -> products it may come from, from program_names.txt."""
    found: dict[str, tuple[str, ...]] = {}
    for line in resources.files("fwverify.compare").joinpath("program_names.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            product, _, programs = line.partition(":")
            for one in programs.split():
                found[one] = (*found.get(one, ()), canonical_product(product))
    return found


def _products(entry: DeclaredComponent) -> Iterable[str]:
    url = parsed_purl(entry.purl)
    names = [entry.name, url.name if url else "", *(one.name for one in entry.derived_from)]
    for one in names:
        if one:
            yield canonical_product(one)
            yield _NUMBER.sub("", one.lower().removeprefix("lib"))


def _words(name: str) -> Sequence[str]:
    tokens = [_NUMBER.sub("", one.removeprefix("lib")) for one in _TOKEN.findall(name.lower())]
    return [one for one in tokens if len(one) >= _LEAST_START and one not in _COMMON]
