"""The last day on which an answer may be acted on. Pure.

An answer goes stale: keys are revoked, flaws become known, waivers end. It holds for as many days as the policy says,
and ends earlier where something it rests on does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from fwverify.evaluate.interface import Case
from fwverify.evaluate.policy import Policy
from fwverify.model.waiver import WaiverUse


class LastDay(NamedTuple):
    """ISO date, and what ends it."""

    day: str
    why: str


def last_day(policy: Policy, case: Case, waivers: Sequence[WaiverUse]) -> LastDay:
    """The earliest end of: the policy's days; a waiver in use; an accepted key; the policy's review; the window.

    What had ended already when the answer was given does not end it again.
    """
    today = case.at[:10]
    days = [LastDay(_after(today, policy.valid_days), f"the policy lets answers stand {policy.valid_days} days")]
    days += [LastDay(one.expires, f"the waiver {one.id} ends") for one in waivers if one.covered]
    days += [
        LastDay(one.valid_to[:10], f"the key {one.id} is pinned until then")
        for one in case.accepted_keys.values()
        if one.valid_to
    ]
    days += [LastDay(policy.review_by, "the policy is to be reviewed")] if policy.review_by else []
    end = case.expectation.change.window_end
    days += [LastDay(end[:10], "the maintenance window ends")] if end else []
    return min(one for one in days if one.day >= today)


def _after(today: str, days: int) -> str:
    """So many days later; the last day there is where the calendar ends."""
    try:
        return (date.fromisoformat(today) + timedelta(days=days)).isoformat()
    except OverflowError:
        return date.max.isoformat()
