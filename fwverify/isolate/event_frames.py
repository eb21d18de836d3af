"""What an unpacking worker found, as JSON and bytes: events there and back.

One frame is a JSON object {"recognised": [...], "events": [...], "end": [...]} followed by the contents of its
members, one after another, in their order. The worker is not believed: every field is checked for its type, ranges
must lie in the artifact, and the content of a stored member is taken from the parent's own bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fwverify.limits import LimitExceeded
from fwverify.model.artifact import ByteRange, Digest
from fwverify.model.canonical import Json, NotEvidence
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.examining import Encrypted, Malformed, Unsupported
from fwverify.unpack.interface import Check, Event, Fact, Member, MemberKind, Oddity, Part, PartUse, Unread

MAX_NAME_CHARACTERS = 3 * 65536
"""A name of 64 KiB, percent-escaped."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One answer of an unpacking worker."""

    recognised: tuple[str, ...] | None
    """When an artifact was sent without its container's name: what reads it, and what else would."""
    events: tuple[Event, ...]
    """Members that are not stored come without their content."""
    sizes: tuple[int, ...]
    """Of each event: bytes of content that follow for it; -1: none."""
    end: Exception | None
    """What the reader could not go on with."""
    done: bool
    """Nothing more comes."""


def encoded(recognised: Sequence[str] | None, events: Iterable[Event], end: Sequence[object] | None) -> bytes:
    """The JSON part of a frame."""
    frame = {"recognised": recognised, "events": [_event(one) for one in events], "end": end}
    return json.dumps(frame, separators=(",", ":")).encode()


def problem(raised: Exception | None) -> list[object]:
    """How a reader ended, as JSON."""
    match raised:
        case Malformed():
            return ["malformed", raised.what, raised.reason, raised.offset]
        case Unsupported():
            return ["unsupported", str(raised)]
        case Encrypted():
            return ["encrypted", str(raised)]
        case LimitExceeded():
            return ["limit", raised.limit, raised.value]
    return ["done"]


def in_place(member: Member) -> bool:
    """True when the parent finds the content in its own copy of the artifact."""
    size = sum(one.size for one in member.ranges)
    return member.content is not None and member.stored and len(member.ranges) < 2 and size == len(member.content)


def _event(event: Event) -> list[object]:
    match event:
        case Member():
            exact = in_place(event)
            size = -1 if event.content is None else 0 if exact else len(event.content)
            known = None if event.recognised is None else list(event.recognised)
            ranges = [[one.start, one.end] for one in event.ranges]
            return ["m", event.name, event.kind, size, ranges, exact, event.target, event.mode, known]
        case Part():
            return ["p", event.range.start, event.range.end, event.use]
        case Check():
            declared, computed = event.declared, event.computed
            return ["c", event.name, declared.algorithm, declared.value.hex(), computed.algorithm,
                    computed.value.hex(), event.member]  # fmt: skip
        case Oddity():
            return ["o", event.kind, event.detail, _range(event.range)]
        case Unread():
            return ["u", event.reason, event.detail, _range(event.range), event.member]
        case Fact():
            return ["f", event.name, event.value]


def _range(range: ByteRange | None) -> list[int] | None:
    return None if range is None else [range.start, range.end]


def decoded(body: bytes, content: memoryview) -> Frame:
    """A frame as the parent may use it.

    Args:
        body: the JSON part.
        content: the artifact that is being opened; stored members are cut from it.

    Raises:
        NotEvidence: it is not a frame about this artifact.
    """
    try:
        data = json.loads(body)
        recognised, found, end = data["recognised"], data["events"], data["end"]
        pairs = [_read(one, content) for one in found]
        known = None if recognised is None else tuple(_text(one) for one in recognised)
        return Frame(
            known, tuple(one for one, _ in pairs), tuple(size for _, size in pairs), _problem(end), end is not None
        )
    except (ValueError, KeyError, TypeError, RecursionError) as wrong:
        raise NotEvidence(f"not a frame of events: {wrong}") from None


def _problem(end: Json) -> Exception | None:
    match end:
        case None | ["done"]:
            return None
        case ["malformed", str(what), str(reason), int(offset)]:
            return Malformed(what, reason, offset)
        case ["unsupported", str(text)]:
            return Unsupported(text)
        case ["encrypted", str(text)]:
            return Encrypted(text)
        case ["limit", str(limit), int(value)]:
            return LimitExceeded(limit, value)
    raise NotEvidence("an end of no known kind")


def _read(data: Json, content: memoryview) -> tuple[Event, int]:
    match data:
        case ["m", str(name), str(kind), int(size), list(ranges), bool(stored), str(target), int(mode), known]:
            places = tuple(_read_range(one) for one in ranges)
            held = _stored(places, content) if stored and size >= 0 else None
            names = None if known is None else tuple(_text(one) for one in _list(known))
            member = Member(_text(name), MemberKind(kind), held, places, stored, target, mode, names)
            return member, -1 if stored else size
        case ["p", int(start), int(end), str(use)]:
            return Part(_read_range([start, end]), PartUse(use)), -1
        case ["c", str(name), str(algorithm), str(value), str(other), str(computed), str(member)]:
            one, two = Digest(algorithm, bytes.fromhex(value)), Digest(other, bytes.fromhex(computed))
            return Check(name, one, two, member), -1
        case ["o", str(kind), str(detail), range]:
            return Oddity(AnomalyKind(kind), detail, None if range is None else _read_range(range)), -1
        case ["u", str(reason), str(detail), range, str(member)]:
            return Unread(GapReason(reason), detail, None if range is None else _read_range(range), member), -1
        case ["f", str(name), str(value)]:
            return Fact(name, value), -1
    raise NotEvidence("an event of no known kind")


def _list(data: Json) -> list[Json]:
    if not isinstance(data, list):
        raise NotEvidence("expected a list")
    return data


def _text(data: Json) -> str:
    if not isinstance(data, str) or len(data) > MAX_NAME_CHARACTERS:
        raise NotEvidence("expected a text")
    return data


def _read_range(data: Json) -> ByteRange:
    match data:
        case [int(start), int(end)] if 0 <= start < end:
            return ByteRange(start, end)
    raise NotEvidence("not a byte range")


def _stored(places: tuple[ByteRange, ...], content: memoryview) -> memoryview:
    """The bytes a stored member says it consists of. Empty files have no range."""
    if not places:
        return memoryview(b"")
    if len(places) != 1 or places[0].end > len(content):
        raise NotEvidence("a stored member outside the artifact")
    return content[places[0].start : places[0].end]


def sized(frame: Frame) -> Iterator[tuple[Event, int]]:
    """Events with the bytes that follow for each."""
    return zip(frame.events, frame.sizes, strict=True)
