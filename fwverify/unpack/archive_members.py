"""From an archive's entries to the events of the unpack room: what zip, tar and cpio share.

Links and folders have no content to open; their bytes are structure of the archive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fwverify.formats.entries import Entry, EntryKind, Irregularity
from fwverify.model.artifact import ByteRange, subtracted
from fwverify.model.evidence import GapReason
from fwverify.unpack.interface import Event, Member, MemberKind, Oddity, Part, PartUse, Unread


def oddities(irregularities: Iterable[Irregularity]) -> Iterator[Event]:
    for one in irregularities:
        yield Oddity(one.kind, one.detail, one.range)


def parts(ranges: Iterable[ByteRange], use: PartUse) -> Iterator[Event]:
    for one in ranges:
        yield Part(one, use)


def frame(entry: Entry, free: Iterable[ByteRange] = ()) -> Iterator[Event]:
    """What is known of an entry before its content is read; whole for everything that is not a file.

    Args:
        free: bytes of its headers that say nothing, which nobody claims.
    """
    yield from oddities(entry.irregularities)
    yield from parts(subtracted(entry.structure, free), PartUse.HEADER)
    yield from parts(entry.padding, PartUse.PADDING)
    if entry.kind is not EntryKind.FILE:
        if not entry.unreadable:
            yield from parts(entry.ranges, PartUse.HEADER)
        yield Member(entry.name, MemberKind(entry.kind.value), target=entry.target, mode=entry.mode)


def file(entry: Entry, content: memoryview, stored: bool) -> Member:
    return Member(entry.name, MemberKind.FILE, content, entry.ranges, stored and bool(entry.ranges), mode=entry.mode)


def unread(entry: Entry, reason: GapReason, detail: str) -> Unread:
    return Unread(reason, detail, entry.ranges[0] if entry.ranges else None, entry.name)
