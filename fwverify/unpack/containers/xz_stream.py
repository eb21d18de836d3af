"""Xz streams as containers of one member.

Source: The .xz File Format 1.2.1, sections 2 to 5, read 2026-11-22. Decoded by liblzma, which also verifies the check
of every block (a check that fails makes the stream malformed). Streams in a row are one content; zeros between and
after them, in fours, are stream padding.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.content import Holder
from fwverify.formats import codecs, extents
from fwverify.formats.names import fill_byte
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.evidence import AnomalyKind
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Container, Event, Fact, Member, Oddity, Part, PartUse
from fwverify.unpack.stream_names import without_suffix

WHAT = "xz stream"
MAGIC, FOOTER_MAGIC = b"\xfd7zXZ\0", b"YZ"
HEADER_BYTES = FOOTER_BYTES = 12
CHECKS = {0: "none", 1: "crc32", 4: "crc64", 10: "sha256"}


def _detect(artifact: Artifact) -> bool:
    return len(artifact.content) >= HEADER_BYTES + FOOTER_BYTES and artifact.content[:6] == MAGIC


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    holder = Holder(budget, digest=False)
    ranges: list[ByteRange] = []
    checks: set[str] = set()
    at = 0
    while view[at : at + 6] == MAGIC:
        budget.member()
        progress = codecs.Progress(at)
        for chunk in codecs.unxz(view, ByteRange(at, len(view)), budget, progress):
            holder.add(chunk)
        index = _index(view, progress.end)
        yield Part(ByteRange(at, at + HEADER_BYTES), PartUse.HEADER)
        yield Part(ByteRange(index, progress.end), PartUse.INDEX)
        if at + HEADER_BYTES < index:
            ranges.append(ByteRange(at + HEADER_BYTES, index))
        checks.add(CHECKS.get(view[at + 7] & 0x0F, "unknown"))
        at, padding = progress.end, _padding(view, progress.end)
        if padding:
            yield Part(ByteRange(at, at + padding), PartUse.PADDING)
        at += padding
    if at == 0:
        raise Malformed(WHAT, "it has no header", 0)
    yield from (Fact("check", one) for one in sorted(checks))
    name = without_suffix(artifact.name, (".xz",), ((".txz", ".tar"),))
    yield Member(name, content=holder.view(), ranges=tuple(ranges))
    if at < len(view):
        rest = ByteRange(at, len(view))
        yield Oddity(AnomalyKind.TRAILING_DATA, "bytes after the end of the stream", rest)


def _index(view: memoryview, end: int) -> int:
    """Where the index begins: the footer states its size in fours, less one (section 2.1.2.2)."""
    size = (int.from_bytes(view[end - 8 : end - 4], "little") + 1) * 4
    if view[end - 2 : end] != FOOTER_MAGIC or size > end - HEADER_BYTES - FOOTER_BYTES:
        raise Malformed(WHAT, "its footer is damaged", end)
    return end - FOOTER_BYTES - size


def _padding(view: memoryview, at: int) -> int:
    """Zeros that are stream padding: in fours, up to the next stream or the end of the bytes."""
    rest = ByteRange(at, len(view)) if at < len(view) else None
    if rest is None:
        return 0
    if fill_byte(view, rest) == "00":
        return rest.size if rest.size % 4 == 0 else 0
    end = at
    while bytes(view[end : end + 4]) == bytes(4):
        end += 4
    return end - at if view[end : end + 6] == MAGIC else 0


def _end(view: memoryview, at: int, tick: extents.Tick) -> int:
    """A stream whose headers, index and footer agree."""
    return extents.xz_end(view, at, tick, quick=False)


CONTAINER = Container(
    name="xz",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((MAGIC, 0),), _end),
    doc=Doc(
        title="Xz stream",
        vendor="Tukaani",
        references=("The .xz File Format 1.2.1, sections 2 to 5, read 2026-11-22",),
        makers=("xz (XZ Utils)",),
        limitations=("which check a block has is told; its value is verified by liblzma alone",),
    ),
)
