"""What became of the waivers an operator gave: which counted, which did not and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

SOON_DAYS = 30
"""A waiver that ends within as many days is told in every report."""


class WaiverStatus(StrEnum):
    """What a waiver was worth at the time of judging."""

    USED = "used"
    """It covers at least one item of this verdict."""
    UNUSED = "unused"
    """It is in order, and nothing here is what it was written for."""
    EXPIRED = "expired"
    NOT_YET = "not-yet"
    """Its first day has not come."""
    REFUSED = "refused"
    """It names something of this verdict and may not cover it, or is not made as the rules want; `why` says which."""


@dataclass(frozen=True, slots=True, order=True)
class WaiverUse:
    """One waiver as the verdict records it, whatever became of it."""

    id: str
    digest: str
    """SHA-256 of its file, hexadecimal."""
    source: str
    """The file, as the operator named it."""
    status: WaiverStatus
    why: str
    """Plain words: why it did not count; empty where it counted wholly."""
    rules: tuple[str, ...]
    """Rules it names."""
    covered: int
    """How many items of this verdict it covers."""
    met: int
    """How many failed or open items of this verdict it names, covered or not."""
    expires: str
    """Last day it counts, ISO date."""
    days_left: int
    """Days from the time of judging to that day; negative when past."""
    reason: str = ""
    approved_by: tuple[str, ...] = ()
