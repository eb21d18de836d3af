"""Simple types of XML Schema: what texts they allow.

W3C XML Schema 1.0 part 2 sections 3.2, 3.3 and 4.3, read 2026-11-22. `anyURI` allows any text (section 3.2.17 leaves
checking to the application), dates are checked by form and range. Does NOT compute values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation

Check = Callable[[str], str | None]
"""What is wrong with a text, in words that go on from its name; None when nothing is."""

_BLANKS = re.compile(r"[\t\n\r ]+")
_DATE = r"-?(?:[1-9]\d{4,}|\d{4})-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_ZONE = r"(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))?"
_TIME = r"(?:(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?|24:00:00(?:\.0+)?)"
_MAX_NUMBER = 64
"""Characters of a number. Longer ones are refused: none of these documents needs one."""


def _any(text: str) -> str | None:
    return None


def _formed(pattern: str, what: str) -> Check:
    compiled = re.compile(pattern)

    def check(text: str) -> str | None:
        plain = text.strip("\t\n\r ")
        return None if len(plain) < 1024 and compiled.fullmatch(plain) else f"is no {what}: {plain[:60]!r}"

    return check


BUILTIN: dict[str, Check] = {
    "string": _any,
    "normalizedString": _any,
    "token": _any,
    "anyURI": _any,
    "boolean": _formed(r"true|false|0|1", "boolean"),
    "integer": _formed(rf"[+-]?\d{{1,{_MAX_NUMBER}}}", "integer"),
    "nonNegativeInteger": _formed(rf"\+?\d{{1,{_MAX_NUMBER}}}|-0+", "number from 0"),
    "positiveInteger": _formed(rf"\+?0*[1-9]\d{{0,{_MAX_NUMBER}}}", "number from 1"),
    "decimal": _formed(r"[+-]?(?:\d{1,64}(?:\.\d{0,64})?|\.\d{1,64})", "decimal number"),
    "date": _formed(_DATE + _ZONE, "date"),
    "dateTime": _formed(f"{_DATE}T{_TIME}{_ZONE}", "date and time"),
}
"""By local name."""


def restricted(base: Check, facets: Sequence[tuple[str, str]], *, keep_blanks: bool) -> Check | None:
    """A type with facets; None when one is not known. Enumerations and patterns are alternatives, all others add up.

    Args:
        base: the type it restricts.
        facets: names and values.
        keep_blanks: blanks around the text count, as in `xs:string`.
    """
    plain = str if keep_blanks else _collapsed
    values = frozenset(value for name, value in facets if name == "enumeration")
    patterns = [value for name, value in facets if name == "pattern"]
    checks = [base]
    if values:
        checks.append(lambda text: None if plain(text) in values else f"is {text[:60]!r}, which is not one of the list")
    if patterns:
        allowed = re.compile("|".join(f"(?:{_translated(one)})" for one in patterns))
        checks.append(
            lambda text: None if allowed.fullmatch(plain(text)) else f"is not formed like that: {text[:60]!r}"
        )
    for name, value in facets:
        if name in ("enumeration", "pattern"):
            continue
        one = _bound(name, value)
        if one is None:
            return None
        checks.append(one)
    return lambda text: next((wrong for wrong in (check(text) for check in checks) if wrong), None)


def _collapsed(text: str) -> str:
    return _BLANKS.sub(" ", text).strip(" ")


def _translated(pattern: str) -> str:
    """XML Schema's expressions (part 2, appendix F) are anchored as they are, and `^` and `$` plain characters."""
    out, inside, index = [], False, 0
    while index < len(pattern):
        one = pattern[index]
        if one == "\\":
            out.append(pattern[index : index + 2])
            index += 2
            continue
        if not inside and one in "^$":
            out.append("\\")
        if inside and one == "[":
            out.append("\\")
        inside = (inside or one == "[") and one != "]"
        out.append(one)
        index += 1
    return "".join(out)


def _bound(name: str, value: str) -> Check | None:
    match name:
        case "minLength":
            return lambda text: None if len(text) >= int(value) else f"has fewer than {value} characters"
        case "maxLength":
            return lambda text: None if len(text) <= int(value) else f"has more than {value} characters"
        case "minInclusive":
            return lambda text: None if _number(text) >= Decimal(value) else f"is below {value}"
        case "maxInclusive":
            return lambda text: None if _number(text) <= Decimal(value) else f"is above {value}"
        case "whiteSpace":
            return _any
    return None


def _number(text: str) -> Decimal:
    try:
        return Decimal(text.strip())
    except InvalidOperation:  # the base type has said so already
        return Decimal(0)
