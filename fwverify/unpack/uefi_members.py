"""From UEFI sections to the events of the unpack room: what volumes and unpacked streams of sections share.

Leaf sections are members; sections that hold sections as they are (disposable, checked, signed) are walked in place;
packed ones become one member, a stream of sections of its own. What a name, version or dependency section says is read
whole and claimed; anything in them that is not such text is a member like any other.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from fwverify.content import held
from fwverify.formats import tiano, uefi_sections
from fwverify.formats.codecs import Progress
from fwverify.formats.names import fill_byte
from fwverify.formats.uefi_packed import METHODS, Unpack, untiano
from fwverify.formats.uefi_sections import (
    COMPRESSION,
    DISPOSABLE,
    DXE_DEPEX,
    FREEFORM,
    GUID_DEFINED,
    MM_DEPEX,
    PEI_DEPEX,
    PROCESSING_REQUIRED,
    RAW,
    USER_INTERFACE,
    VERSION,
    Section,
)
from fwverify.limits import Budget, LimitExceeded
from fwverify.model.artifact import ByteRange, Digest
from fwverify.model.evidence import GapReason
from fwverify.model.examining import Malformed, Unsupported
from fwverify.unpack.interface import Check, Event, Member, Part, PartUse, Unread

MAX_NESTING = 12
"""Sections inside sections of one artifact; real files have up to three."""
TITLE_NESTING = 2
"""How deep a name is looked for."""
CRC32 = "fc1bcdb0-7d31-49aa-936a-a4600d9dd083"
SIGNED = "0f9d89e8-9259-4f76-a5af-0c89e34023df"
GZIP = "1d301fe9-be79-4353-91c2-d23bc959ae0c"
KNOWN = {
    "ce3233f5-2cd6-4d87-9152-4a238bb6d1c4": "AMD's zlib form",
    "991efac0-e260-416b-a4b8-3b153072b804": "AMD's second zlib form",
}
"""Methods with a name that are not read."""
METHOD_NONE, METHOD_STANDARD = 0, 1
FINAL_LIMITS = frozenset({"max_seconds", "max_total_bytes", "max_members"})
"""Limits of the run: nothing can be read on once they are reached."""


@dataclass(slots=True)
class Walk:
    """State of walking one file's sections, or one unpacked stream."""

    view: memoryview
    budget: Budget
    prefix: str
    """In front of every member's name."""
    names: Counter[str] = field(default_factory=Counter)

    def name(self, kind: str) -> str:
        """A name no other member of this walk has."""
        self.names[kind] += 1
        return f"{self.prefix}{kind}" if self.names[kind] == 1 else f"{self.prefix}{kind}-{self.names[kind]}"


def title(view: memoryview, span: ByteRange, depth: int = 0) -> str:
    """The user interface name among the sections of a range and those that lie in them as they are; or empty."""
    found = ""
    try:
        for one in uefi_sections.sections(view, span):
            if one.kind == USER_INTERFACE:
                found = uefi_sections.text(view, one)
            elif one.data is not None and depth < TITLE_NESTING and _is_plain(one):
                found = title(view, one.data, depth + 1)
            if found:
                return found
    except Malformed:
        pass
    return found


def _is_plain(one: Section) -> bool:
    if one.kind == GUID_DEFINED:
        return one.guid in (CRC32, SIGNED)
    return one.kind == DISPOSABLE or (one.kind == COMPRESSION and one.method == METHOD_NONE)


def events(walk: Walk, span: ByteRange, depth: int = 0) -> Iterator[Event]:
    """Everything the sections of a range hold; what is no section is told and left unclaimed."""
    if depth > MAX_NESTING:
        yield Unread(GapReason.LIMIT, f"sections inside {depth} sections", span)
        return
    at = span.start
    try:
        for one in uefi_sections.sections(walk.view, span):
            walk.budget.check_time()
            if one.whole.start > at:
                yield Part(ByteRange(at, one.whole.start), PartUse.PADDING)
            at = one.whole.end
            yield Part(one.header, PartUse.HEADER)
            yield from _section(walk, one, depth)
    except Malformed as problem:
        # Fill behind the last section is how some makers round up.
        aligned = at + (span.start - at) % 4
        if aligned < span.end and not fill_byte(walk.view, ByteRange(aligned, span.end)):
            yield Unread(GapReason.MALFORMED, f"{problem} at byte {problem.offset}", ByteRange(aligned, span.end))


def _section(walk: Walk, one: Section, depth: int) -> Iterator[Event]:
    if one.data is None:
        return
    if one.kind == COMPRESSION:
        yield from _compressed(walk, one, one.data, depth)
    elif one.kind == GUID_DEFINED:
        yield from _guided(walk, one, one.data, depth)
    elif one.kind == DISPOSABLE:
        yield from events(walk, one.data, depth + 1)
    elif _is_read_whole(walk.view, one):
        yield Part(one.data, PartUse.INDEX)
    elif one.kind != RAW or not fill_byte(walk.view, one.data):  # raw sections of fill align what follows
        kind = f"{one.name}-{one.guid}" if one.kind == FREEFORM else one.name
        yield stored(walk, one.data, walk.name(kind))


def _is_read_whole(view: memoryview, one: Section) -> bool:
    if one.kind in (USER_INTERFACE, VERSION):
        return uefi_sections.text(view, one) != ""
    return one.kind in (DXE_DEPEX, PEI_DEPEX, MM_DEPEX) and uefi_sections.is_expression(view, one)


def stored(walk: Walk, place: ByteRange, name: str) -> Member:
    """Bytes that lie in the view as they are, as a member."""
    walk.budget.member()
    walk.budget.size(place.size)
    return Member(name, content=walk.view[place.start : place.end], ranges=(place,), stored=True)


def _compressed(walk: Walk, one: Section, data: ByteRange, depth: int) -> Iterator[Event]:
    """A compression section: not packed at all, or packed in one of two forms that only trying tells apart."""
    if one.method == METHOD_NONE:
        yield from events(walk, data, depth + 1)
    elif one.method == METHOD_STANDARD:
        yield from _unpacked(walk, data, "efi", untiano(tiano.EFI), untiano(tiano.TIANO), size=one.unpacked)
    else:
        detail = f"compression section of type {one.method}"
        yield Unread(GapReason.UNSUPPORTED, detail, data, walk.name("compressed"))


def _guided(walk: Walk, one: Section, data: ByteRange, depth: int) -> Iterator[Event]:
    """A GUID-defined section, by its GUID; one that needs no processing can be read whatever its GUID is."""
    if one.guid in METHODS:
        kind, method = METHODS[one.guid]
        yield from _unpacked(walk, data, kind, method)
    elif one.guid == GZIP:
        yield stored(walk, data, walk.name("gzip"))
    elif one.guid == CRC32:
        yield from _checked(walk, one, data, depth)
    elif one.guid == SIGNED:
        yield from _signed(walk, one, data, depth)
    elif one.attributes & PROCESSING_REQUIRED:
        known = KNOWN.get(one.guid, "an unknown method")
        detail = f"GUID-defined section {one.guid} ({known})"
        yield Unread(GapReason.UNSUPPORTED, detail, one.whole, walk.name(f"guided-{one.guid}"))
    else:
        yield from events(walk, data, depth + 1)


def _checked(walk: Walk, one: Section, data: ByteRange, depth: int) -> Iterator[Event]:
    if one.extra is not None and one.extra.size >= 4:
        place = ByteRange(one.extra.start, one.extra.start + 4)
        declared, computed = bytes(walk.view[place.start : place.end]), zlib.crc32(walk.view[data.start : data.end])
        yield Part(place, PartUse.CHECK)
        name = walk.name("crc32")
        yield Check(name, Digest("crc32", declared), Digest("crc32", computed.to_bytes(4, "little")))
    else:
        yield Unread(GapReason.MALFORMED, "a section with a CRC that has none", one.header)
    yield from events(walk, data, depth + 1)


def _signed(walk: Walk, one: Section, data: ByteRange, depth: int) -> Iterator[Event]:
    """The certificate is a member, so that it is looked at; whether it signs the data is not checked here."""
    if one.extra is not None:
        yield stored(walk, one.extra, walk.name("certificate"))
    yield Unread(GapReason.UNSUPPORTED, "the signature of a signed section is not verified", one.whole)
    yield from events(walk, data, depth + 1)


def _unpacked(walk: Walk, data: ByteRange, kind: str, *methods: Unpack, size: int = -1) -> Iterator[Event]:
    """What a packed section unpacks to, as one member: by the first method whose output is a stream of sections.

    Args:
        walk: the walk.
        data: where the packed bytes lie.
        kind: name of the member.
        methods: tried in order.
        size: that must come out; -1 for any.
    """
    walk.budget.member()
    name, found, problem = walk.name(kind), None, None
    for method in methods:
        progress = Progress(data.start)
        try:
            content = held(method(walk.view, data, walk.budget, progress), walk.budget)
        except (Malformed, Unsupported, LimitExceeded) as raised:
            if isinstance(raised, LimitExceeded) and raised.limit in FINAL_LIMITS:
                raise
            problem = problem or raised
            continue
        sound = uefi_sections.looks_like(content) and size in (-1, len(content))
        if found is None or sound:
            found = content, progress.end, sound
        if sound:
            break
    if found is None:
        yield _unread(problem, data, name)
        return
    content, end, sound = found
    yield Member(name, content=content, ranges=(ByteRange(data.start, end),))
    if not sound:
        detail = f"what it unpacks to ({len(content)} bytes) is no sequence of sections"
        yield Unread(GapReason.MALFORMED, detail, data, name)


def _unread(problem: Exception | None, data: ByteRange, name: str) -> Unread:
    if isinstance(problem, LimitExceeded):
        return Unread(GapReason.LIMIT, f"limit {problem.limit} reached ({problem.value})", data, name)
    reason = GapReason.UNSUPPORTED if isinstance(problem, Unsupported) else GapReason.MALFORMED
    return Unread(reason, str(problem), data, name)
