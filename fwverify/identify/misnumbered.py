"""Releases whose own files state another number: identify/misnumbered.txt, read once.

Some projects did not count on before a release, distributions build later sources under an earlier number, and some
files state the number of something else. Such a number is no release: it bounds one from below. Does NOT look at bytes.
"""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def misnumbered() -> dict[tuple[str, str], str]:
    """Product and stated number -> the earliest release that states it."""
    text = resources.files("fwverify.identify").joinpath("misnumbered.txt").read_text("ascii")
    lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
    return {(product, stated): since for product, stated, since in lines}
