"""Releases whose own files state another number: identify/misnumbered.txt, read once.

Some projects did not count on before a release, distributions build later sources under an earlier number, and some
files state the number of something else. Such a number is no release: it bounds one. Does NOT look at bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Stating:
    """The releases that state a number."""

    since: str
    """The earliest."""
    before: str
    """The first later one seen that states another number alone; empty where none was seen."""


@cache
def misnumbered() -> dict[tuple[str, str], Stating]:
    """Product and stated number -> which releases state it."""
    text = resources.files("fwverify.identify").joinpath("misnumbered.txt").read_text("ascii")
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    return {(product, stated): Stating(since, before.strip("-")) for product, stated, since, before in lines}
