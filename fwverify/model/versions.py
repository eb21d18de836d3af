"""Which of two version texts is the later one. Pure, and honest about what it cannot order.

Sources, read 2026-11-22: Semantic Versioning 2.0.0 section 11 (precedence); Debian Policy 5.6.12 (version order with
epoch and tilde); the rest is how vendors of power equipment number their releases (dotted numbers, dates, a letter or
a patch number behind).

Not done: RPM order, version ranges, guessing what an unknown word in a version means. `compare` then gives None, and
the rules that ask treat it as a failure.
"""

from __future__ import annotations

import re
from itertools import zip_longest

SCHEMES = ("auto", "dotted", "semver", "deb", "date")
"""`auto` takes Debian order where a tilde or an epoch shows, else `dotted`; `date` wants both to start with a year."""
MAX_TEXT = 128
"""Longest version text that is looked at, in characters. Real ones have under 40."""

_EARLIER = {"dev": 0, "snapshot": 0, "nightly": 0, "alpha": 1, "a": 1, "beta": 2, "b": 2, "milestone": 3, "ea": 3,
            "preview": 4, "pre": 4, "rc": 5, "cr": 5}  # fmt: skip
"""Words for what comes before a release, in their order."""
_LATER = frozenset({"p", "pl", "patch", "r", "rev", "hotfix", "hf", "sp", "post", "build", "update", "fix"})
"""Words for what comes after one."""
_SAME = frozenset({"final", "ga", "release", "stable", "dirty"})
"""Words that change nothing."""
_YEAR = re.compile(r"(?:19|20)[0-9]{2}(?:[0-9]{4}|[.-][0-9]|$)")
_GIT = re.compile(r"[-.+]g[0-9a-f]{7,40}(?=$|[-.+])")
_SEMVER = re.compile(r"([0-9]+)\.([0-9]+)\.([0-9]+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")

Token = tuple[int, int, str]
"""(class, number, word): class -1 before a release, 0 the release itself, 1 a word after it, 2 a number."""


def compare(one: str, other: str, scheme: str = "auto") -> int | None:
    """-1, 0 or 1 for earlier, same, later; None when the two cannot be put in an order."""
    first, second = _clean(one), _clean(other)
    if first is None or second is None:
        return None
    match scheme:
        case "semver":
            return _semver(first, second)
        case "deb":
            return _debian(first, second)
        case "date":
            return _dotted(first, second) if _YEAR.match(first) and _YEAR.match(second) else None
    if any("~" in text or re.match(r"[0-9]+:", text) for text in (first, second)):
        return _debian(first, second)
    return _dotted(first, second)


def _clean(text: str) -> str | None:
    text = text.strip()
    if len(text) > 1 and text[0] in "vV" and text[1].isdigit():
        text = text[1:]
    usable = len(text) <= MAX_TEXT and text.isascii() and text[:1].isdigit()
    return text if usable else None


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)


# --- dotted numbers with something behind ------------------------------------------------------------------------


def _dotted(one: str, other: str) -> int | None:
    """Numbers first, then what stands behind them, word by word.

    1. Numbers up to the first other thing; trailing zeros do not count (1.0 = 1.0.0).
    2. Then tokens: a word for "before the release" < nothing < a word for "after it" < a further number.
    3. Words nobody knows can only be equal.
    """
    if bool(_YEAR.match(one)) != bool(_YEAR.match(other)):
        return None  # a date against a number: two schemes, no order
    (numbers, behind), (other_numbers, other_behind) = _split(one), _split(other)
    if behind is None or other_behind is None:
        return None
    if numbers != other_numbers:
        return -1 if numbers < other_numbers else 1
    return _tokens(behind, other_behind)


def _split(text: str) -> tuple[list[int], list[Token] | None]:
    lead = re.match(r"[0-9]+(?:\.[0-9]+)*", text)
    assert lead is not None  # noqa: S101 - _clean let only texts pass that begin with a digit
    numbers = [int(one) for one in lead[0].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return numbers, _behind(_GIT.sub("", text[lead.end() :].lower()))


def _behind(rest: str) -> list[Token] | None:
    if not re.fullmatch(r"[0-9a-z.\-_+ ]*", rest):
        return None
    words: list[str] = re.findall(r"[0-9]+|[a-z]+", rest)
    out: list[Token] = []
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        if word.isdigit():
            out.append((2, int(word), ""))
        elif word in _EARLIER and (len(word) > 1 or following.isdigit()):
            out.append((-1, _EARLIER[word], ""))
        elif word not in _SAME:
            out.append((1, 0, word))
    return out


def _known(word: str) -> bool:
    return len(word) == 1 or word in _LATER


def _tokens(one: list[Token], other: list[Token]) -> int | None:
    for mine, theirs in zip_longest(one, other, fillvalue=(0, 0, "")):
        if mine == theirs:
            continue
        if not all(_known(word) for _, _, word in (mine, theirs) if word):
            return None
        return -1 if mine < theirs else 1
    return 0


# --- semantic versions -------------------------------------------------------------------------------------------


def _semver(one: str, other: str) -> int | None:
    mine, theirs = _SEMVER.fullmatch(one), _SEMVER.fullmatch(other)
    if mine is None or theirs is None:
        return None
    core = [tuple(int(found[place]) for place in (1, 2, 3)) for found in (mine, theirs)]
    if core[0] != core[1]:
        return -1 if core[0] < core[1] else 1
    if not mine[4] or not theirs[4]:
        return _sign(bool(theirs[4]) - bool(mine[4]))
    left, right = (
        [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in found[4].split(".")]
        for found in (mine, theirs)
    )
    return 0 if left == right else -1 if left < right else 1


# --- Debian ------------------------------------------------------------------------------------------------------


def _debian(one: str, other: str) -> int | None:
    if not all(re.fullmatch(r"(?:[0-9]+:)?[0-9A-Za-z.+~:\-_]+", text) for text in (one, other)):
        return None
    (epoch, upstream, revision), (other_epoch, other_upstream, other_revision) = _parts(one), _parts(other)
    if epoch != other_epoch:
        return _sign(epoch - other_epoch)
    return _part(upstream, other_upstream) or _part(revision, other_revision)


def _parts(text: str) -> tuple[int, str, str]:
    epoch, colon, rest = text.partition(":")
    if not (colon and epoch.isdigit()):
        epoch, rest = "0", text
    upstream, dash, revision = rest.rpartition("-")
    return int(epoch), (upstream if dash else rest), (revision if dash else "")


def _part(one: str, other: str) -> int:
    """Debian Policy 5.6.12: runs of non-digits and of digits in turn; tilde before the end, letters before signs."""
    for mine, theirs in zip_longest(_runs(one), _runs(other), fillvalue=("", 0)):
        order = _non_digits(mine[0], theirs[0])
        if order or mine[1] != theirs[1]:
            return order or _sign(mine[1] - theirs[1])
    return 0


def _runs(text: str) -> list[tuple[str, int]]:
    found = re.findall(r"([^0-9]*)([0-9]*)", text)
    return [(letters, int(digits or 0)) for letters, digits in found if letters or digits]


def _non_digits(one: str, other: str) -> int:
    for mine, theirs in zip_longest(one, other):
        if mine != theirs:
            return _sign(_weight(mine) - _weight(theirs))
    return 0


def _weight(letter: str | None) -> int:
    if letter is None:
        return 0
    if letter == "~":
        return -1
    return ord(letter) + (0 if letter.isalpha() else 256)
