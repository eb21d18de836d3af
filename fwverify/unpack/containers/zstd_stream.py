"""Zstandard frames as containers of one member.

Source: RFC 8878, section 3.1, read 2026-11-22. Decoded by libzstd, which verifies a frame's checksum where there is
one (one that fails makes the frame malformed). Frames in a row are one content. Of a skippable frame the header is
structure; its content is free, so it is told as a fact and claimed by nobody.
Not read: frames that need a dictionary, formats before 0.8.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.content import Holder
from fwverify.formats import codecs
from fwverify.formats.cursor import Cursor
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.evidence import AnomalyKind
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Container, Event, Fact, Member, Oddity, Part, PartUse
from fwverify.unpack.stream_names import without_suffix

WHAT = "Zstandard stream"
MAGIC = b"\x28\xb5\x2f\xfd"
SKIPPABLE = b"\x2a\x4d\x18"
"""After a first byte of 50 to 5F."""


def _detect(artifact: Artifact) -> bool:
    view = artifact.content
    return len(view) >= 9 and (view[:4] == MAGIC or (_is_skippable(view, 0) and _first_frame_follows(view)))


def _is_skippable(view: memoryview, at: int) -> bool:
    return view[at + 1 : at + 4] == SKIPPABLE and view[at] & 0xF0 == 0x50


def _first_frame_follows(view: memoryview) -> bool:
    after = 8 + int.from_bytes(view[4:8], "little")
    return view[after : after + 4] == MAGIC


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    holder = Holder(budget)
    ranges: list[ByteRange] = []
    at = 0
    while at < len(view):
        budget.member()  # each frame counts: empty ones would go on for ever
        if _is_skippable(view, at):
            end = _skippable_end(view, at)
            yield Fact("skippable-frame", f"{end - at - 8} bytes at 0x{at:x}")
            yield Part(ByteRange(at, at + 8), PartUse.HEADER)  # its content is nobody's: left unclaimed
        elif view[at : at + 4] == MAGIC:
            progress = codecs.Progress(at)
            for chunk in codecs.unzstd(view, ByteRange(at, len(view)), budget, progress):
                holder.add(chunk)
            end = progress.end
            ranges.append(ByteRange(at, end))
        else:
            break
        at = end
    if not ranges:
        raise Malformed(WHAT, "it has no frame", 0)
    name = without_suffix(artifact.name, (".zst", ".zstd"), ((".tzst", ".tar"),))
    yield Member(name, content=holder.view(), ranges=tuple(ranges))
    if at < len(view):
        yield Oddity(AnomalyKind.TRAILING_DATA, "bytes after the last frame", ByteRange(at, len(view)))


def _skippable_end(view: memoryview, at: int) -> int:
    cursor = Cursor(view, WHAT, at + 4)
    cursor.skip(cursor.le32("size of skippable frame"), "skippable frame")
    return cursor.at


CONTAINER = Container(
    name="zstd",
    detect=_detect,
    unpack=_unpack,
    doc=Doc(
        title="Zstandard stream",
        vendor="IETF",
        references=("RFC 8878, section 3.1, read 2026-11-22",),
        limitations=("frames that need a dictionary are told, not read", "formats before 0.8 are not recognised"),
    ),
)
