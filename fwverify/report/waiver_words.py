"""Waivers in words: what each was worth for this verdict. Pure."""

from __future__ import annotations

from fwverify.model.verdict import Verdict
from fwverify.model.waiver import SOON_DAYS, WaiverUse
from fwverify.report.figures import NAME_LIMIT, listed, plural
from fwverify.report.neutral import shortened


def told(verdict: Verdict) -> tuple[str, ...]:
    """One text for each waiver that names something of this verdict, then one for all the others."""
    met = [_told(one) for one in verdict.waivers if one.met]
    idle = [shortened(f"{one.id} ({one.why})", NAME_LIMIT) for one in verdict.waivers if not one.met]
    return (*met, f"not used here: {listed(idle)}") if idle else tuple(met)


def _told(one: WaiverUse) -> str:
    name = shortened(one.id, NAME_LIMIT)
    if not one.covered:
        return f"{name} does not count: {shortened(one.why, 160)}"
    part = "" if one.covered == one.met else f" of {one.met}; {shortened(one.why, 160)}"
    soon = f" (in {plural(one.days_left, 'day')})" if one.days_left <= SOON_DAYS else ""
    people = shortened(", ".join(one.approved_by), 80)
    return f"{name}, until {one.expires}{soon}, approved by {people}: {plural(one.covered, 'item')}{part}"
