"""Bzip2 streams as containers of one member.

Source: bzip2 1.0.8, read 2026-11-22 (formats/bzip2.py). Streams in a row are one content, as bunzip2 has it (pbzip2
writes one for each block). libbz2 verifies all CRCs: one that fails makes the stream malformed. Bytes after the last
stream are told.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.content import Holder
from fwverify.formats import bzip2, codecs
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Container, Event, Member, Part, PartUse
from fwverify.unpack.stream_names import without_suffix
from fwverify.unpack.tail import tail

WHAT = "bzip2 stream"
HEADER_BYTES = 4
SUFFIXES, REPLACED = (".bz2", ".bz", ".bzip2"), ((".tbz2", ".tar"), (".tbz", ".tar"))


def _detect(artifact: Artifact) -> bool:
    return bzip2.begins(artifact.content, 0)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view, at = artifact.content, 0
    holder = Holder(budget, digest=False)
    ranges: list[ByteRange] = []
    while bzip2.begins(view, at):
        budget.member()  # each stream counts: empty ones would go on for ever
        progress = codecs.Progress(at)
        for chunk in codecs.unbz2(view, ByteRange(at, len(view)), budget, progress):
            holder.add(chunk)
        yield Part(ByteRange(at, at + HEADER_BYTES), PartUse.HEADER)
        ranges.append(ByteRange(at + HEADER_BYTES, progress.end))
        at = progress.end
    if not ranges:
        raise Malformed(WHAT, "it has no header", 0)
    yield Member(without_suffix(artifact.name, SUFFIXES, REPLACED), content=holder.view(), ranges=tuple(ranges))
    yield from tail(view, at, "after the last stream")


CONTAINER = Container(
    name="bzip2",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((bzip2.BLOCK_MAGIC, bzip2.BLOCK_MAGIC_AT),), bzip2.end),
    doc=Doc(
        title="Bzip2 stream",
        vendor="sourceware.org",
        references=("bzip2 1.0.8: compress.c and decompress.c, read 2026-11-22",),
        makers=("bzip2",),
        limitations=("a damaged block ends the reading; what bzip2recover saves is not looked for",),
    ),
)
