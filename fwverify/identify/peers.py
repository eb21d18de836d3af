"""Releases that single files of a product cannot establish, and several can.

A number that stands alone in a program, library or plug-in that only its package gives a product (identify/supplement)
may be the file's own, or that of what it plugs in. In order:
1. Where anything surer states a release of the product, those that are like it count, and no other.
2. Where programs and libraries say one release, or nearly all the same, that one; plug-ins do not count then.
3. Else plug-ins the same way, where several agree.
Does NOT look at the bytes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace

from fwverify.identify.interface import PLUG_IN, TENTATIVE
from fwverify.model.component import Clue

OWN_NAME = "own-name"
MOST = 3
"""So many files for each that says otherwise; two plug-ins have to agree in any case."""


def confirmed(clues: list[Clue], release: Callable[[Clue], str]) -> list[Clue]:
    """The clues of one place; those that nothing confirms lose their version.

    Args:
        clues: of one place.
        release: what a clue's version counts as.
    """
    doubtful: dict[str, list[Clue]] = defaultdict(list)
    for clue in clues:
        if is_tentative(clue):
            doubtful[clue.product].append(clue)
    if not doubtful:
        return clues
    sure: dict[str, set[str]] = defaultdict(set)
    for clue in clues:
        if clue.version and not clue.purl and not is_tentative(clue):
            sure[clue.product].add(release(clue))
    kept = {product: _counting(listed, sure[product], release) for product, listed in doubtful.items()}
    return [
        replace(clue, version="") if is_tentative(clue) and release(clue) not in kept[clue.product] else clue
        for clue in clues
    ]


def is_tentative(clue: Clue) -> bool:
    """Whether the release needs others."""
    return clue.how == OWN_NAME and clue.version != "" and clue.confidence <= TENTATIVE


def _counting(listed: Iterable[Clue], sure: set[str], release: Callable[[Clue], str]) -> set[str]:
    """The releases that count."""
    if sure:
        return sure
    files: dict[bool, dict[str, int]] = {False: defaultdict(int), True: defaultdict(int)}
    for clue in listed:
        files[clue.confidence <= PLUG_IN][release(clue)] += 1
    plug_in = not files[False]
    counts = files[plug_in]
    best = max(sorted(counts), key=counts.__getitem__)
    others = sum(counts.values()) - counts[best]
    enough = counts[best] > 1 or not plug_in
    return {best} if enough and counts[best] >= MOST * others else set()
