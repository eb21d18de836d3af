"""Version ranges as SBOMs write them, for versions that are bounded and not established.

Package URL version ranges (`vers:`, package-url/vers-spec, read 2026-11-22): comparators joined by `|`. One interval is
read: `>=` or `>`, and `<` or `<=`, one version, or `*`. Ranges with holes or several intervals count as their hull.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

_RANGE = re.compile(r"vers:([a-z0-9.+-]+)/(.+)")
_CONSTRAINT = re.compile(r"(>=|<=|!=|<|>|=)?([^<>=!|]+)")
_MAX_CONSTRAINTS = 200


def written(since: str, before: str, scheme: str = "generic") -> str:
    """A range in `vers` notation; empty where nothing bounds it."""
    parts = (f">={_quoted(since)}" if since else "", f"<{_quoted(before)}" if before else "")
    text = "|".join(one for one in parts if one)
    return f"vers:{scheme}/{text}" if text else ""


def bounds(text: str) -> tuple[str, str] | None:
    """The first lower and the last upper bound of a range; None when it is none. Empty: not bounded on that side.

    `<=` has no place in "earlier than": the bound is left out rather than taken for `<`, and a single version is
    no range: it bounds from below alone.
    """
    found = _RANGE.fullmatch("".join(text.split()))
    if found is None:
        return None
    if found[2] == "*":
        return "", ""
    parts = found[2].strip("|").split("|")
    if len(parts) > _MAX_CONSTRAINTS:
        return None
    hits = [_CONSTRAINT.fullmatch(one) for one in parts]
    if not all(hits):
        return None
    pairs = [(hit[1] or "=", unquote(hit[2])) for hit in hits if hit is not None and hit[1] != "!="]
    if not pairs:
        return "", ""
    first, last = pairs[0], pairs[-1]
    return first[1] if first[0] in (">=", ">", "=") else "", last[1] if last[0] == "<" else ""


def _quoted(version: str) -> str:
    return quote(version, safe=".-+~:_")
