"""LZ4 frames, of the frame format and of the legacy kind that Linux kernels have, as containers of one member.

Source: LZ4 Frame Format Description 1.6.3, read 2026-11-22. Frames in a row are one content. Of a frame to be skipped
the header is structure; its content is free, so it is told as a fact and claimed by nobody. Behind a legacy frame the
unpacked size may stand, as kernels have it. Checksums are verified by liblz4: one that fails makes the frame malformed.
Not read: frames that need a dictionary.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fwverify.content import Holder
from fwverify.formats import codecs, lz4_frame
from fwverify.formats.lz4_frame import LEGACY, MAGIC, SKIPPABLE_HEADER_BYTES
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, Digest
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Check, Container, Event, Fact, Member, Part, PartUse
from fwverify.unpack.stream_names import without_suffix
from fwverify.unpack.tail import tail

WHAT = "LZ4 stream"
SIZE_BYTES = 4
MIN_BYTES = 9
MAX_FACTS = 32
"""Skippable frames told one by one."""


@dataclass(slots=True)
class _Read:
    """What came out so far."""

    holder: Holder
    ranges: list[ByteRange] = field(default_factory=list)
    checks: set[str] = field(default_factory=set)
    legacy_bytes: int = 0
    """Of the last frame, when it is a legacy one."""
    skipped: int = 0


def _detect(artifact: Artifact) -> bool:
    view = artifact.content
    if len(view) < MIN_BYTES:
        return False
    return view[:4] in (MAGIC, LEGACY) or (lz4_frame.is_skippable(view, 0) and _frame_follows(view))


def _frame_follows(view: memoryview) -> bool:
    after = SKIPPABLE_HEADER_BYTES + int.from_bytes(view[4:8], "little")
    return view[after : after + 4] in (MAGIC, LEGACY)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view, at = artifact.content, 0
    read = _Read(Holder(budget, digest=False))
    while at + 4 <= len(view):
        budget.member()  # each frame counts: empty ones would go on for ever
        if lz4_frame.is_skippable(view, at):
            end = lz4_frame.skippable_end(view, at)
            yield from _skipped(read, at, end)
            at = end
        elif view[at : at + 4] == MAGIC:
            frame = lz4_frame.read(view, at, lambda _: budget.check_time())
            yield from _frame(view, frame, read, budget)
            at = frame.end
        elif view[at : at + 4] == LEGACY:
            yield Part(ByteRange(at, at + 4), PartUse.HEADER)
            at = _legacy(view, at, read, budget)
        else:
            break
    if not read.ranges and not read.checks:
        raise Malformed(WHAT, "it has no frame", 0)
    yield from (Fact("check", one) for one in sorted(read.checks))
    name = without_suffix(artifact.name, (".lz4",), ((".tlz4", ".tar"),))
    yield Member(name, content=read.holder.view(), ranges=tuple(read.ranges))
    at, events = _size(view, at, read)
    yield from events
    yield from tail(view, at, "after the last frame")


def _skipped(read: _Read, at: int, end: int) -> Iterator[Event]:
    read.skipped += 1
    read.legacy_bytes = 0
    if read.skipped <= MAX_FACTS:
        yield Fact("skippable-frame", f"{end - at - SKIPPABLE_HEADER_BYTES} bytes at 0x{at:x}")
    yield Part(ByteRange(at, at + SKIPPABLE_HEADER_BYTES), PartUse.HEADER)  # its content is nobody's


def _frame(view: memoryview, frame: lz4_frame.Frame, read: _Read, budget: Budget) -> Iterator[Event]:
    """One frame into the holder. Raises Malformed, LimitExceeded."""
    if frame.content_size >= 0:
        budget.size(frame.content_size)
    read.legacy_bytes = 0
    progress = codecs.Progress(frame.start)
    for chunk in codecs.unlz4(view, ByteRange(frame.start, frame.end), budget, progress):
        read.holder.add(chunk)
    if progress.end != frame.end or frame.content_size not in (-1, progress.produced):
        raise Malformed(WHAT, f"{progress.produced} bytes came out of it, its header says otherwise", frame.start)
    read.checks.add("xxh32" if frame.content_checksum else "none")
    yield Part(ByteRange(frame.start, frame.blocks), PartUse.HEADER)
    if frame.mark > frame.blocks:
        read.ranges.append(ByteRange(frame.blocks, frame.mark))
    yield Part(ByteRange(frame.mark, frame.end), PartUse.CHECK)


def _legacy(view: memoryview, at: int, read: _Read, budget: Budget) -> int:
    """One legacy frame into the holder; where it ends. Raises Malformed, LimitExceeded."""
    progress = codecs.Progress(at)
    for chunk in lz4_frame.legacy(view, at, budget, progress):
        read.holder.add(chunk)
    read.checks.add("none")
    read.legacy_bytes = progress.produced
    read.ranges.append(ByteRange(at + 4, progress.end))
    return progress.end


def _size(view: memoryview, at: int, read: _Read) -> tuple[int, list[Event]]:
    """The unpacked size behind a legacy frame, where a kernel's build put it; other bytes stay unclaimed."""
    stated = bytes(view[at : at + SIZE_BYTES])
    computed = (read.legacy_bytes & 0xFFFFFFFF).to_bytes(SIZE_BYTES, "little")
    if not read.legacy_bytes or stated != computed:
        return at, []
    digests = [Digest("size32", one[::-1]) for one in (stated, computed)]
    place = Part(ByteRange(at, at + SIZE_BYTES), PartUse.CHECK)
    return at + SIZE_BYTES, [place, Check("size32", digests[0], digests[1])]


CONTAINER = Container(
    name="lz4",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((MAGIC, 0), (LEGACY, 0)), lz4_frame.end),
    doc=Doc(
        title="LZ4 frames (frame format and legacy)",
        vendor="LZ4",
        references=("LZ4 Frame Format Description 1.6.3, read 2026-11-22",),
        makers=("lz4",),
        limitations=("frames that need a dictionary are told, not read",),
    ),
)
