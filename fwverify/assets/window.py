"""A maintenance window as people write it -> start and end in UTC.

    2026-11-25T02:00/05:00 Europe/Berlin          the end on the same day, or on the next where it is earlier
    2026-11-25T02:00/2026-11-26T05:00 Europe/Berlin
    2026-11-25T01:00Z/2026-11-25T04:00Z           ISO 8601-1 section 5.5.2, two times with their own offsets

A local time that does not exist (clocks go forward), or exists twice (they go back), is refused: name it in UTC.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from fwverify.errors import UsageError

TODO = 'Write it as "2026-11-25T02:00/05:00 Europe/Berlin" or "2026-11-25T01:00Z/2026-11-25T04:00Z".'
MAX_TEXT = 120


class Window(NamedTuple):
    """RFC 3339, UTC, whole seconds."""

    start: str
    end: str


def parse_window(text: str) -> Window:
    """Read a window. Raises UsageError: not a window, in an unknown zone, or ending before it starts."""
    span, _, zone = text.strip().partition(" ")
    first, slash, last = span.partition("/")
    if not slash or len(text) > MAX_TEXT:
        raise _wrong(text)
    where = _zone(zone.strip())
    start = _time(first, where, text)
    if "T" in last:
        end = _time(last, where, text)
    else:
        end = _time(f"{first.partition('T')[0]}T{last}", where, text)
        if end <= start:
            end = _time(f"{_next_day(first.partition('T')[0], text)}T{last}", where, text)
    if end <= start:
        raise UsageError(f"ends before it starts: {text!r}", where="--window", todo=TODO)
    return Window(_utc(start), _utc(end))


def _wrong(text: str) -> UsageError:
    return UsageError(f"not a window: {text[:MAX_TEXT]!r}", where="--window", todo=TODO)


def _zone(name: str) -> tzinfo | None:
    if not name:
        return None
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        raise UsageError(f"there is no time zone {name!r} on this machine", where="--window", todo=TODO) from None


def _time(text: str, zone: tzinfo | None, whole: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise _wrong(whole) from None
    if found.tzinfo is not None:
        return found
    if zone is None or "T" not in text:
        raise UsageError(f"says no time zone: {whole!r}", where="--window", todo=TODO)
    earlier, later = found.replace(tzinfo=zone, fold=0), found.replace(tzinfo=zone, fold=1)
    if earlier.utcoffset() != later.utcoffset():
        what = "does not exist or exists twice, because clocks are changed"
        raise UsageError(f"{text} {what}", where="--window", todo="Name it in UTC.")
    return earlier


def _next_day(text: str, whole: str) -> str:
    try:
        return (date.fromisoformat(text) + timedelta(days=1)).isoformat()
    except (ValueError, OverflowError):
        raise _wrong(whole) from None


def _utc(time: datetime) -> str:
    try:
        return time.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
    except OverflowError:
        raise _wrong(str(time)) from None
