"""Entries of a deny list: `name`, `name@<1.2`, `name@>=1.30,<1.36`, or a glob over purls. Pure."""

from __future__ import annotations

import re
from enum import Enum
from fnmatch import fnmatchcase

from fwverify.model.versions import compare

_BOUND = r"(?:<=|>=|<|>|=)[0-9A-Za-z][0-9A-Za-z.+~:_-]*"
DENY_PATTERN = rf"pkg:[!-~]+|[^@\s:]+(?:@{_BOUND}(?:,{_BOUND})*)?"
_ALLOWED = {"<": (-1,), "<=": (-1, 0), "=": (0,), ">=": (0, 1), ">": (1,)}


class Denied(Enum):
    YES = 1
    NO = 2
    UNSURE = 3
    """The name is on the list, but the version cannot be compared."""


def denied(entry: str, name: str, version: str, purl: str) -> Denied:
    """Whether a deny list's entry names this component."""
    if entry.startswith("pkg:"):
        return Denied.YES if purl and fnmatchcase(purl, entry) else Denied.NO
    wanted, _, bounds = entry.partition("@")
    if not fnmatchcase(name.casefold(), wanted.casefold()):
        return Denied.NO
    answers = [_within(version, one) for one in bounds.split(",")] if bounds else []
    if any(one is False for one in answers):
        return Denied.NO
    return Denied.UNSURE if None in answers else Denied.YES


def _within(version: str, bound: str) -> bool | None:
    parts = re.match(r"(<=|>=|<|>|=)(.*)", bound)
    order = compare(version, parts[2]) if parts and version else None
    return None if parts is None or order is None else order in _ALLOWED[parts[1]]
