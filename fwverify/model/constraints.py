"""How signatures under a registry entry must be made: wished against recorded. Pure.

One function for the mathematics (authenticate: a signature made otherwise does not verify under the entry) and for
judgement (evaluate: another registry given to `reassess`), so that both read an entry alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

AT_LEAST = frozenset({"threshold", "min-rsa-bits"})
"""Constraints that give a least number; all others give the values that are allowed."""


def unmet(constraints: Iterable[tuple[str, str]], made: Mapping[str, str]) -> tuple[tuple[str, str, str], ...]:
    """Constraints that a signature does not meet.

    Args:
        constraints: (name, wanted); alternatives are separated by commas.
        made: what was recorded of the signature, by the same names; several values are separated by commas.

    Returns:
        (name, recorded or `none`, wanted) of each that is not met. What was not recorded is not met, unless `none`
        is among the alternatives.
    """
    wrong = []
    for name, wanted in constraints:
        was = made.get(name, "") or _derived(name, made) or "none"
        if not _meets(name, was, wanted):
            wrong.append((name, was, wanted))
    return tuple(wrong)


def _derived(name: str, made: Mapping[str, str]) -> str:
    """What follows from other recorded values: where no RSA key took part, none was too small."""
    if name != "min-rsa-bits" or not made.get("algorithm"):
        return ""
    return made.get("bits", "") if made["algorithm"].startswith("rsa") else "99999"


def _meets(name: str, was: str, wanted: str) -> bool:
    if name in AT_LEAST:
        return was.isascii() and was.isdigit() and int(was) >= int(wanted)
    return not _values(was).isdisjoint(_values(wanted))


def _values(text: str) -> frozenset[str]:
    return frozenset(one.strip() for one in text.split(",") if one.strip())
