"""A bidder's security advisories (CSAF 2.0 and 2.1, JSON): how many there are, and how long flaws stayed open.

OASIS CSAF 2.0 sections 3.2.1.12 (tracking) and 3.2.3 (vulnerabilities: discovery_date, release_date, remediations with
date and category `vendor_fix`), read 2026-11-23. Dates are the vendor's own words. Does NOT validate the whole schema,
check signatures, or fetch anything; a file that is none of these is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from statistics import median_low

from fwverify.formats.strict_json import Value, load
from fwverify.limits import LimitExceeded
from fwverify.model.examining import Malformed

MAX_ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class Advisories:
    """What came."""

    read: tuple[str, ...] = ()
    """Ids of the advisories."""
    days: tuple[int, ...] = ()
    """From a flaw's discovery to the vendor's fix, sorted; only where both dates stand there. A flaw (CVE) counts once,
    with the longest time that is stated for it."""
    problems: tuple[str, ...] = ()

    @property
    def median_days(self) -> int | None:
        return median_low(self.days) if self.days else None


def read_advisories(files: Iterable[tuple[str, bytes]]) -> Advisories:
    """Read CSAF documents.

    Args:
        files: name and content of each.
    """
    ids: set[str] = set()
    days: dict[str, int] = {}
    problems = []
    for name, content in files:
        try:
            found = _advisory(content)
        except (Malformed, LimitExceeded) as wrong:
            problems.append(f"{name} is no CSAF document: {wrong}")
            continue
        if found[0] in ids:
            problems.append(f"{name}: the advisory {found[0]} is there twice; counted once")
            continue
        ids.add(found[0])
        for flaw, count in found[1]:
            days[flaw] = max(count, days.get(flaw, 0))
    return Advisories(tuple(sorted(ids)), tuple(sorted(days.values())), tuple(problems))


def _advisory(content: bytes) -> tuple[str, list[tuple[str, int]]]:
    """Its id, and of each flaw that was mended its name and the days that took."""
    data = load(memoryview(content), "CSAF")
    document = data.get("document") if isinstance(data, dict) else None
    tracking = document.get("tracking") if isinstance(document, dict) else None
    if not isinstance(data, dict) or not isinstance(document, dict) or not isinstance(tracking, dict):
        raise Malformed("CSAF", "it has no document.tracking")
    own, version = tracking.get("id"), document.get("csaf_version")
    if not isinstance(own, str) or not own or not isinstance(version, str) or not version.startswith("2."):
        raise Malformed("CSAF", "it states no id or no CSAF version 2")
    flaws = data.get("vulnerabilities")
    listed = flaws[:MAX_ENTRIES] if isinstance(flaws, list) else []
    return own[:200], [(_name(one), days) for one in listed if (days := _days(one)) is not None]


def _name(flaw: Value) -> str:
    """Its CVE number; without one it is told apart from others by its own words and dates alone."""
    number = flaw.get("cve") if isinstance(flaw, dict) else None
    return number.strip().upper() if isinstance(number, str) and number.strip() else json.dumps(flaw, sort_keys=True)


def _days(flaw: Value) -> int | None:
    if not isinstance(flaw, dict):
        return None
    known = _date(flaw.get("discovery_date")) or _date(flaw.get("release_date"))
    remedies = flaw.get("remediations")
    fixes = [
        when for one in (remedies if isinstance(remedies, list) else [])
        if isinstance(one, dict) and one.get("category") == "vendor_fix" and (when := _date(one.get("date")))
    ]  # fmt: skip
    days = (min(fixes) - known).days if known and fixes else -1
    return days if days >= 0 else None  # mended before it was known: one of the dates is wrong


def _date(value: Value) -> date | None:
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None
