"""What a check says: equal, differs, or could not be checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

MAX_TOLD = 20
"""Lines that differ are told one by one up to here; then counted."""


class Result(StrEnum):
    EQUAL = "equal"
    DIFFERS = "differs"
    UNCHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was checked, or could not be."""

    name: str
    result: Result
    text: str
    details: tuple[str, ...] = ()
    """What differs, one by one."""
    needed: bool = True
    """Where it could not be checked, the whole pack counts as not checked."""


def compared(name: str, text: str, details: Sequence[str] = ()) -> Line:
    """Equal where there are no details of what differs."""
    told = tuple(details[:MAX_TOLD]) + ((f"and {len(details) - MAX_TOLD} more",) if len(details) > MAX_TOLD else ())
    return Line(name, Result.DIFFERS if details else Result.EQUAL, text, told)
