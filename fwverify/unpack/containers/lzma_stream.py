"""Streams of the older .lzma form as containers of one member.

Sources: LZMA specification, xz doc/lzma-file-format.txt 1.2, read 2026-11-22 (formats/lzma_alone.py). The form has
neither magic nor checksum: it is known by a header whose values can be and a stream that decodes, and what came out is
only as sure as that. Bytes after the end are told.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.content import Holder
from fwverify.formats import codecs, lzma_alone
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Container, Event, Fact, Member, Part, PartUse
from fwverify.unpack.stream_names import without_suffix
from fwverify.unpack.tail import tail

WHAT = "LZMA stream"


def _detect(artifact: Artifact) -> bool:
    return lzma_alone.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    header = lzma_alone.header(view)
    if header is None:
        raise Malformed(WHAT, "a header whose values cannot be", 0)
    budget.member()
    if header.size != lzma_alone.UNKNOWN_SIZE:
        budget.size(header.size)
    holder, progress = Holder(budget, digest=False), codecs.Progress(0)
    for chunk in codecs.unlzma(view, ByteRange(0, len(view)), budget, progress):
        holder.add(chunk)
    yield Part(ByteRange(0, lzma_alone.HEADER.size), PartUse.HEADER)
    yield Fact("dictionary", str(header.dictionary))
    name = without_suffix(artifact.name, (".lzma",), ((".tlz", ".tar"),))
    yield Member(name, content=holder.view(), ranges=(ByteRange(lzma_alone.HEADER.size, progress.end),))
    yield from tail(view, progress.end, "after the end of the stream")


CONTAINER = Container(
    name="lzma",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(tuple((one, 0) for one in lzma_alone.MAGICS), lzma_alone.end),
    doc=Doc(
        title="LZMA stream (.lzma)",
        vendor="7-Zip; LZMA Utils",
        references=(
            "LZMA specification (7-Zip DOC/lzma-specification.txt), read 2026-11-22",
            "xz doc/lzma-file-format.txt 1.2, read 2026-11-22",
        ),
        makers=("lzma and xz --format=lzma (XZ Utils)",),
        limitations=("the form has no checksum: damage that still decodes is not seen",),
    ),
)
