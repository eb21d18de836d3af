"""SPDX licence expressions (SPDX 2.3, annex D, read 2026-11-22): which sets of licences satisfy one. Pure.

`MIT OR (GPL-2.0-only WITH Classpath-exception-2.0 AND BSD-3-Clause)`. A text that is no expression counts as the name
of one licence, as SBOMs write them. Does not know which identifiers exist.
"""

from __future__ import annotations

import re
from itertools import product

MAX_CHOICES = 64
"""Ways to satisfy one expression that are looked at; real ones have under five."""
MAX_TEXT = 2000
MAX_DEPTH = 20
_TOKEN = re.compile(r"\(|\)|[A-Za-z0-9.:+_-]+")

Choice = frozenset[str]
"""Licences that together satisfy an expression."""


class NoExpression(ValueError):
    """Not an SPDX licence expression."""


def choices(text: str) -> tuple[Choice, ...]:
    """Every way to satisfy a licence text; one with the text itself where it is no expression."""
    try:
        return _parsed(text)
    except NoExpression:
        return (frozenset({text.strip()}),)


def _parsed(text: str) -> tuple[Choice, ...]:
    if len(text) > MAX_TEXT:
        raise NoExpression(text[:40])
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != "".join(text.split()):
        raise NoExpression(text)
    found, at = _either(tokens, 0, 0)
    if at != len(tokens):
        raise NoExpression(text)
    return found


def _either(tokens: list[str], at: int, depth: int) -> tuple[tuple[Choice, ...], int]:
    """Parts with OR between them."""
    found, at = _both(tokens, at, depth)
    while at < len(tokens) and tokens[at].upper() == "OR":
        more, at = _both(tokens, at + 1, depth)
        found = _bounded((*found, *more))
    return found, at


def _both(tokens: list[str], at: int, depth: int) -> tuple[tuple[Choice, ...], int]:
    """Parts with AND between them."""
    found, at = _one(tokens, at, depth)
    while at < len(tokens) and tokens[at].upper() == "AND":
        more, at = _one(tokens, at + 1, depth)
        found = _bounded(tuple(one | other for one, other in product(found, more)))
    return found, at


def _one(tokens: list[str], at: int, depth: int) -> tuple[tuple[Choice, ...], int]:
    """A licence, one with an exception, or something in parentheses."""
    if at >= len(tokens) or depth > MAX_DEPTH:
        raise NoExpression("cut off")
    if tokens[at] == "(":
        found, at = _either(tokens, at + 1, depth + 1)
        if at >= len(tokens) or tokens[at] != ")":
            raise NoExpression("no closing parenthesis")
        return found, at + 1
    if tokens[at] == ")" or tokens[at].upper() in ("AND", "OR", "WITH"):
        raise NoExpression(tokens[at])
    if at + 2 < len(tokens) and tokens[at + 1].upper() == "WITH":
        return (frozenset({f"{tokens[at]} WITH {tokens[at + 2]}"}),), at + 3
    return (frozenset({tokens[at]}),), at + 1


def _bounded(found: tuple[Choice, ...]) -> tuple[Choice, ...]:
    if len(found) > MAX_CHOICES:
        raise NoExpression("too many ways to satisfy it")
    return found
