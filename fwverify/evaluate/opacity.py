"""Which bytes nobody can look into: encrypted, or random-looking and of no known format. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from fwverify.evaluate.interface import Case
from fwverify.model.evidence import Gap, GapReason

MIN_NOISE_BYTES = 256
"""Fewer bytes have no entropy to speak of."""
MORE_TIME = "Run it again with more time (--timeout, or --limit with the bound named here) or on a faster machine."


def looks_random(one: Gap, entropy: int) -> bool:
    """Unexplained bytes; those that nobody measured may be anything, unless there are too few to tell."""
    if one.reason is not GapReason.UNEXPLAINED:
        return False
    unmeasured = one.entropy < 0 and one.range is not None and one.range.size >= MIN_NOISE_BYTES
    return unmeasured or one.entropy >= entropy


def dark_bytes(case: Case, gaps: Iterable[Gap]) -> int:
    """How many bytes these gaps hide."""
    sizes = {one.locator: one.size for one in case.evidence.artifacts}
    return sum(one.range.size if one.range else sizes.get(one.locator, 0) for one in gaps)


TIMES = ("max_seconds", "worker_seconds", "worker_cpu_seconds", "unpack_seconds", "last_resort_seconds")
"""Limits that depend on how fast the machine is."""


def ran_out(gap: Gap) -> bool:
    """Not looked at because time was over, which says nothing about the delivery."""
    return gap.reason is GapReason.LIMIT and any(f" {one} " in f" {gap.detail} " for one in TIMES)


def _broke_off(gap: Gap) -> bool:
    return gap.reason in (GapReason.MALFORMED, GapReason.CRASHED) or ran_out(gap)


def in_damaged(case: Case, gaps: Iterable[Gap]) -> list[Gap]:
    """Those that lie directly in a container of a known format that broke while it was read, or whose reader was
    stopped or died: content looks random there because nobody could follow its structure."""
    broken = {one.locator.steps for one in case.evidence.gaps if _broke_off(one)}
    return [
        one
        for one in gaps
        if one.reason is GapReason.UNEXPLAINED and {one.locator.steps, one.locator.steps[:-1]} & broken
    ]
