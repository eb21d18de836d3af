"""What exported names say about a library's release: identify/exports.txt, read once.

Its lines are told in its head. A name bounds from below when it is there, and from above when the names that came with
a later release are not. Distributions repair bugs of old releases but do not carry new interfaces back, so these
bounds hold across builds; a release is never concluded from them. Does NOT look at executables.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from fwverify.model.versions import compare

NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Library:
    """One SONAME."""

    product: str
    since: str
    """Bound of the SONAME itself; empty: none."""
    before: str
    releases: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    """In order: a release and names that came with it."""


@dataclass(frozen=True, slots=True)
class Range:
    """Not earlier than `since`, earlier than `before`; empty: no bound on that side."""

    product: str
    since: str
    before: str
    shown_by: str
    """Plain words."""
    exports: bool
    """It has names of the product; else it is known by the SONAME and by names that it lacks."""


@cache
def libraries() -> dict[str, Library]:
    """By SONAME. A slip in the data is a bug and raises ValueError."""
    found: dict[str, Library] = {}
    current = Library("", "", "")
    for line in resources.files("fwverify.identify").joinpath("exports.txt").read_text("ascii").splitlines():
        first, *rest = line.split()
        if first == "library":
            product, soname, since, before = (one.removeprefix(NOTHING) if one == NOTHING else one for one in rest)
            current = found[soname] = Library(product, since, before)
        elif not first.startswith("#"):
            current.releases.append((first, tuple(rest)))
    return found


def bounds(soname: str, exported: Set[str], defined: Set[str]) -> Range | None:
    """The release of a library by what it exports; None when nothing is known of it or it says nothing.

    1. The SONAME's own bounds.
    2. The latest release of which a name is there is the lower bound.
    3. The first later one of which no name is there is the upper bound.
    4. Bounds that leave nothing are no bounds.
    """
    library = libraries().get(soname)
    if library is None:
        return None
    there = [any(_has(one, exported, defined) for one in names) for _, names in library.releases]
    latest = max((at for at, one in enumerate(there) if one), default=-1)
    since, before, words = library.since, library.before, [soname]
    if latest >= 0 and (not since or compare(library.releases[latest][0], since) == 1):
        since = library.releases[latest][0]
        words.append(f"exports {_first(library, latest, exported, defined)} ({since})")
    if latest + 1 < len(library.releases):
        release, names = library.releases[latest + 1]
        if not before or compare(release, before) == -1:
            before = release
            words.append(f"lacks {names[0].removeprefix('@')} ({before})")
    if (since and before and compare(since, before) != -1) or not (since or before):
        return None
    return Range(library.product, since, before, ", ".join(words), latest >= 0)


def _has(name: str, exported: Set[str], defined: Set[str]) -> bool:
    return name[1:] in defined if name.startswith("@") else name in exported


def _first(library: Library, at: int, exported: Set[str], defined: Set[str]) -> str:
    return next(one for one in library.releases[at][1] if _has(one, exported, defined)).removeprefix("@")
