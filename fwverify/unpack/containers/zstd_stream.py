"""Zstandard frames as containers of one member.

Source: RFC 8878, section 3.1, read 2026-11-22. Decoded by libzstd, which verifies a frame's checksum where there is
one (one that fails makes the frame malformed). Frames in a row are one content. Of a skippable frame the header is
structure; its content is free, so it is told as a fact and claimed by nobody.
Not read: frames that need a dictionary, formats before 0.8.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fwverify.content import Holder
from fwverify.formats import codecs, extents
from fwverify.formats.cursor import Cursor
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Container, Event, Fact, Member, Part, PartUse
from fwverify.unpack.stream_names import without_suffix
from fwverify.unpack.tail import tail

WHAT = "Zstandard stream"
MAGIC = b"\x28\xb5\x2f\xfd"
SKIPPABLE = b"\x2a\x4d\x18"
"""After a first byte of 50 to 5F."""
MAX_FACTS = 32
"""Skippable frames told one by one."""
HAS_CHECKSUM, CHECKSUM_BYTES = 1 << 2, 4
"""Of the frame header descriptor; the low half of xxh64 over the content."""


def _detect(artifact: Artifact) -> bool:
    view = artifact.content
    return len(view) >= 9 and (view[:4] == MAGIC or (_is_skippable(view, 0) and _first_frame_follows(view)))


def _is_skippable(view: memoryview, at: int) -> bool:
    return view[at + 1 : at + 4] == SKIPPABLE and view[at] & 0xF0 == 0x50


def _first_frame_follows(view: memoryview) -> bool:
    after = 8 + int.from_bytes(view[4:8], "little")
    return view[after : after + 4] == MAGIC


@dataclass(slots=True)
class _Read:
    """What came out so far."""

    holder: Holder
    ranges: list[ByteRange] = field(default_factory=list)
    checks: set[str] = field(default_factory=set)
    skipped: int = 0


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view, at = artifact.content, 0
    read = _Read(Holder(budget, digest=False))
    while at < len(view):
        budget.member()  # each frame counts: empty ones would go on for ever
        if _is_skippable(view, at):
            end = _skippable_end(view, at)
            yield from _skipped(read, at, end)
        elif view[at : at + 4] == MAGIC:
            end = _frame(view, at, read, budget)
            if view[at + 4] & HAS_CHECKSUM:
                yield Part(ByteRange(end - CHECKSUM_BYTES, end), PartUse.CHECK)
        else:
            break
        at = end
    if not read.ranges:
        raise Malformed(WHAT, "it has no frame", 0)
    yield from (Fact("check", one) for one in sorted(read.checks))
    name = without_suffix(artifact.name, (".zst", ".zstd"), ((".tzst", ".tar"),))
    yield Member(name, content=read.holder.view(), ranges=tuple(read.ranges))
    yield from tail(view, at, "after the last frame")


def _frame(view: memoryview, at: int, read: _Read, budget: Budget) -> int:
    """One frame into the holder; where it ends. Raises Malformed, Unsupported, LimitExceeded."""
    progress = codecs.Progress(at)
    for chunk in codecs.unzstd(view, ByteRange(at, len(view)), budget, progress):
        read.holder.add(chunk)
    checked = bool(view[at + 4] & HAS_CHECKSUM)
    read.checks.add("xxh64" if checked else "none")
    read.ranges.append(ByteRange(at, progress.end - (CHECKSUM_BYTES if checked else 0)))
    return progress.end


def _skipped(read: _Read, at: int, end: int) -> Iterator[Event]:
    read.skipped += 1
    if read.skipped <= MAX_FACTS:
        yield Fact("skippable-frame", f"{end - at - 8} bytes at 0x{at:x}")
    yield Part(ByteRange(at, at + 8), PartUse.HEADER)  # its content is nobody's: left unclaimed


def _skippable_end(view: memoryview, at: int) -> int:
    cursor = Cursor(view, WHAT, at + 4)
    cursor.skip(cursor.le32("size of skippable frame"), "skippable frame")
    return cursor.at


def _end(view: memoryview, at: int, tick: extents.Tick) -> int:
    """A frame whose blocks follow one another and whose first bytes decode."""
    return extents.zstd_end(view, at, tick)


CONTAINER = Container(
    name="zstd",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((MAGIC, 0),), _end),
    doc=Doc(
        title="Zstandard stream",
        vendor="IETF",
        references=("RFC 8878, section 3.1, read 2026-11-22",),
        makers=("zstd",),
        limitations=("frames that need a dictionary are told, not read", "formats before 0.8 are not recognised"),
    ),
)
