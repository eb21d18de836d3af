"""Components of two evidences: which is which, and which of two releases is the later one.

Names come from detectors and package databases; a product that was named otherwise on one side is a component gone and
another one come. Versions are ordered by `model.versions`, which says None where it cannot; a version that is only
bounded is ordered where its bounds allow it. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fwverify.model.artifact import Locator
from fwverify.model.beside import Beside, Half
from fwverify.model.component import Component
from fwverify.model.difference import ComponentChange, ComponentStep, Doubt, Sighting, Unseen, UnseenKind
from fwverify.model.versions import compare

SYSTEM = frozenset({"", "deb", "rpm", "apk", "opkg", "alpm", "generic", "github"})
"""Package URL types under which a product has its common name. Those of programming languages are worlds of their own:
`openssl` of Rust is not OpenSSL."""
MAX_PAIRS = 250_000
"""Of one name, that are weighed against one another; where there are more, they are paired in order."""
KNOWN_FILE = "known-file"
"""The technique that looks files up in the operator's store."""


def components(both: Beside) -> Iterator[ComponentChange | Unseen]:
    """Every component that is not the same on both sides."""
    groups: dict[tuple[str, str], tuple[list[Component], list[Component]]] = defaultdict(lambda: ([], []))
    for half in both.halves():
        for one in half.evidence.components:
            groups[_world(one), one.name][half.new].append(one)
    for name in sorted(groups):
        olds, news = _seats(both, both.old, groups[name][0]), _seats(both, both.new, groups[name][1])
        matched = _matched(olds, news)
        taken = {id(seat) for pair in matched for seat in pair}
        for before, after in matched:
            yield from _changed(both, before.component, after.component)
        for half, side, others in ((both.old, olds, news), (both.new, news, olds)):
            rest = [one.component for one in others]
            yield from (_one_sided(both, half, seat.component, rest) for seat in side if id(seat) not in taken)


def _world(one: Component) -> str:
    kind = one.purl.removeprefix("pkg:").partition("/")[0].lower()
    return "" if kind in SYSTEM else kind


@dataclass(frozen=True)
class _Seat:
    """A component and where it was seen, in words that both sides share."""

    component: Component
    files: frozenset[tuple[str, Locator]]
    around: frozenset[tuple[str, Locator]]


def _seats(both: Beside, half: Half, components: Iterable[Component]) -> list[_Seat]:
    def places(one: Component, up: int) -> frozenset[tuple[str, Locator]]:
        return frozenset(both.place(half, Locator(place.steps[: len(place.steps) - up])) for place in one.locators)

    return [_Seat(one, places(one, 0), places(one, 1)) for one in sorted(set(components))]


def _matched(olds: Sequence[_Seat], news: Sequence[_Seat]) -> list[tuple[_Seat, _Seat]]:
    """Components of one name: the same version in the same files; then the surest pair first."""
    by_seat = {(one.component.stated, one.files): one for one in news}
    out = [(one, by_seat[key]) for one in olds if (key := (one.component.stated, one.files)) in by_seat]
    out = list({id(other): (one, other) for one, other in out}.values())
    taken = {id(one) for both in out for one in both}
    olds, news = [one for one in olds if id(one) not in taken], [one for one in news if id(one) not in taken]
    if len(olds) * len(news) > MAX_PAIRS:
        return out + list(zip(olds, news, strict=False))
    scored = sorted(
        (-_alike(one, other), at + by, at, by) for at, one in enumerate(olds) for by, other in enumerate(news)
    )
    done: set[tuple[int, int]] = set()
    for _, _, at, by in scored:
        if (0, at) not in done and (1, by) not in done:
            done |= {(0, at), (1, by)}
            out.append((olds[at], news[by]))
    return out


def _alike(one: _Seat, other: _Seat) -> int:
    """Seen in the same file, of the same version, in one container."""
    same = one.component.stated == other.component.stated
    return 4 * (not one.files.isdisjoint(other.files)) + 2 * same + (not one.around.isdisjoint(other.around))


def _changed(both: Beside, one: Component, other: Component) -> Iterator[ComponentChange | Unseen]:
    order = later(one, other)
    if one.stated == other.stated or order == 0:
        return
    old, new = _seen(one), _seen(other)
    alike = [both.unchanged(both.old, place) for place in one.locators]
    if alike and all(alike) and all(both.unchanged(both.new, place) for place in other.locators):
        yield Unseen(UnseenKind.SAME_BYTES, f"component: {one.name}", old, new)
        return
    step = {1: ComponentStep.DOWNGRADED, -1: ComponentStep.UPGRADED, None: ComponentStep.CHANGED}[order]
    yield ComponentChange(step, one.name, old, new)


def _one_sided(both: Beside, half: Half, one: Component, others: Sequence[Component]) -> ComponentChange | Unseen:
    seen = _seen(one)
    old, new = (None, seen) if half.new else (seen, None)
    places = [place for place in one.locators if not both.unchanged(half, place)]
    if one.locators and not places:
        return Unseen(UnseenKind.SAME_BYTES, f"component: {one.name}", old, new)
    doubt = both.doubt(half, places, *(f"detectors/{how}" for how in one.how))
    references = [side.evidence.settings.references for side in both.halves()]
    if one.how == (KNOWN_FILE,) and references[0] != references[1]:
        doubt = Doubt.NOT_LOOKED_FOR
    older = bool(others) and all(later(other, one) == 1 for other in others)
    return ComponentChange(ComponentStep.ADDED if half.new else ComponentStep.REMOVED, one.name, old, new, doubt, older)


def _seen(one: Component) -> Sighting:
    return Sighting(one.stated, one.purl, one.locators)


def later(one: Component, other: Component) -> int | None:
    """-1, 0 or 1: the first is the earlier, the same, the later release; None where nobody can tell."""
    scheme = "deb" if all(side.purl.startswith("pkg:deb/") for side in (one, other)) else "auto"
    if one.version and other.version:
        return compare(one.version, other.version, scheme)
    if _above(one, other, scheme):
        return 1
    return -1 if _above(other, one, scheme) else None


def _above(one: Component, other: Component, scheme: str) -> bool:
    """Whatever the versions are within their bounds, the first is the later release."""
    low = one.version or one.since
    if not low:
        return False
    if other.version:
        return compare(low, other.version, scheme) == 1
    return bool(other.before) and compare(low, other.before, scheme) in (0, 1)
