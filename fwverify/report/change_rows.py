"""The labelled lines about the change itself: what it is for, what differs from the approved release, the way back, and
until when the answer stands. Pure; each is left out where the operator stated nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from fwverify.model.change import ChangeRecord
from fwverify.model.difference import ComponentChange, Difference, Effect, SecurityChange
from fwverify.model.verdict import Acceptance, Decision
from fwverify.report.difference_wording import component, security
from fwverify.report.figures import NAME_LIMIT, plural
from fwverify.report.neutral import shortened
from fwverify.report.reading import Reading

MAX_TOLD = 3
"""Changes told one by one on the first page; the rest is counted."""
SENTENCE_LIMIT = 200
CHECKS = "alarms, ventilation, emergency stop, telemetry, limits, logins"


@dataclass(frozen=True, slots=True)
class Said:
    """One labelled line, as `rows` prints it."""

    label: str
    texts: tuple[str, ...]
    style: str = ""


def change(reading: Reading) -> Said | None:
    """Ticket, unit, window, people."""
    record = reading.evidence.expectation.change
    if not record.stated:
        return None
    name = shortened(record.ticket or "no ticket", NAME_LIMIT)
    unit = f" on {shortened(record.asset, NAME_LIMIT)}" if record.asset else ""
    words = f" ({shortened(record.asset_words, SENTENCE_LIMIT)})" if record.asset_words else ""
    people = [f"{verb} by {shortened(who, NAME_LIMIT)}" for verb, who in
              (("asked", record.requested_by), ("agreed", record.approved_by)) if who]  # fmt: skip
    texts = [f"{name}{unit}{words}" + (f", {', '.join(people)}" if people else ""), _window(record)]
    return Said("Change", tuple(one for one in texts if one))


def _window(record: ChangeRecord) -> str:
    if not record.window_start:
        return ""
    start, end = record.window_start, record.window_end
    day = "" if start[:10] == end[:10] else f"{end[:10]} "
    return f"window {start[:10]} {start[11:16]} to {day}{end[11:16]} UTC"


def changed(reading: Reading) -> Said | None:
    """What differs from the approved release: the worse first."""
    found, approved = reading.evidence.changes, reading.evidence.approved
    if found is None or approved is None:
        return None
    worse, look = found.of_effect(Effect.WORSE), _to_look_at(found)
    told = [_sentence(one) for one in (*worse, *look)]
    name = shortened(approved.name, NAME_LIMIT)
    counts = f"since {name}: {len(worse)} worse, {len(look)} to look at, {len(found.of_effect(Effect.BETTER))} better"
    if found.nothing:
        return Said("Changed", (f"nothing since {name}, as far as it could be compared",))
    lines = [counts, *told[:MAX_TOLD]]
    if len(told) > MAX_TOLD:
        lines.append(f"and {len(told) - MAX_TOLD} more: fwverify diff OLD NEW")
    if found.open:
        lines.append(f"{plural(len(found.open), 'thing')} could not be compared")
    return Said("Changed", tuple(lines), "bad" if worse else "")


def _to_look_at(found: Difference) -> tuple[SecurityChange | ComponentChange, ...]:
    changed = (Effect.CHANGED,)
    return (
        *(one for one in found.security if one.effect in changed),
        *(one for one in found.components if one.effect in changed),
    )


def _sentence(one: SecurityChange | ComponentChange) -> str:
    return shortened(component(one) if isinstance(one, ComponentChange) else security(one), SENTENCE_LIMIT)


def going_back(reading: Reading) -> Said | None:
    """The image to go back to."""
    way = reading.verdict.way_back
    if way is None:
        return None
    named = " ".join(shortened(one, NAME_LIMIT) for one in (way.name, way.version) if one)
    why = shortened(way.why, SENTENCE_LIMIT)
    if way.decision is not Decision.PASS:
        return Said("Way back", (f"NOT PROVEN: {named} does not pass the same policy. {why}",), "bad")
    if way.acceptance is Acceptance.REFUSED:
        return Said("Way back", (f"NO WAY BACK: {why}",), "bad")
    return Said("Way back", (f"{named} passes the same policy. {why}",))


def valid(reading: Reading) -> Said | None:
    """From the day that it is judged by (--at) until when one may act on this answer."""
    verdict = reading.verdict
    if not verdict.valid_until:
        return None
    why = shortened(verdict.valid_why, NAME_LIMIT)
    return Said("Valid", (f"{verdict.judged_at[:10]} until {verdict.valid_until} ({why})",))


def afterwards(reading: Reading) -> str:
    """What to look at after the update; empty where no change was stated or it was looked at."""
    record = reading.evidence.expectation.change
    if not record.ticket or record.checklist is not None:
        return ""
    return f"After the update look at {CHECKS}:  fwverify checklist new -o FILE"
