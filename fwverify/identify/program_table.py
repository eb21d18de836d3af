"""Programs that are not called like their project: identify/program_names.txt, read once.

Its lines are told in its head. Does NOT look at executables.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from fwverify.formats.products import canonical_product


@cache
def programs() -> dict[str, str]:
    """Program -> product."""
    known: dict[str, str] = {}
    text = resources.files("fwverify.identify").joinpath("program_names.txt").read_text("ascii")
    for line in text.splitlines():
        if not line.startswith("#"):
            product, _, names = line.partition(":")
            known.update(dict.fromkeys(names.split(), product))
    return known


def product_of(program: str) -> str:
    """The product whose program is called so."""
    return programs().get(program) or canonical_product(program)
