"""Android sparse images as containers: the whole image is the one member; the layout is read by formats/android_sparse.

1. Every chunk's place is checked, and the size of the whole against the limits, before anything is unpacked.
2. The image is made: raw blocks, repeated words, zeros. Repetition counts like any other packing.
3. CRC-32 of the whole and of what precedes each CRC chunk are inner checks.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.content import held
from fwverify.formats import android_sparse as sparse
from fwverify.formats.android_sparse import Chunk, Header
from fwverify.formats.names import decoded
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, merged
from fwverify.model.evidence import AnomalyKind
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Check, Container, Event, Fact, Member, Oddity, Part, PartUse
from fwverify.unpack.tail import tail

MAX_CHECKS = 32
"""CRC chunks that hold are told up to this many; those that fail always."""


def _detect(artifact: Artifact) -> bool:
    return sparse.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    header = sparse.read_header(view)
    yield Part(ByteRange(0, sparse.HEADER.size), PartUse.HEADER)
    yield Fact("block-size", str(header.block_bytes))
    budget.size(header.size)
    pieces = list(sparse.chunks(view, header))  # 1
    yield from _structure(header, pieces)
    end = _end(header, pieces)
    budget.member()
    ranges = merged(one.data for one in pieces if one.data is not None and one.kind != sparse.CRC32)
    sums = sparse.Sums()
    chunks = sparse.unpacked(view, pieces, header.size, sums, lambda done: budget.ratio(end, done))
    content = held(chunks, budget)  # 2
    stored = len(ranges) == 1 and ranges[0].size == len(content) and all(one.kind != sparse.FILL for one in pieces)
    name = decoded(artifact.name.encode("utf-8", "surrogateescape")).rpartition("/")[2].removesuffix(".simg")
    yield Member(name or "image", content=content, ranges=ranges, stored=stored)
    yield from _checks(header, sums)  # 3
    yield from tail(view, end, "after the last chunk")


def _structure(header: Header, pieces: list[Chunk]) -> Iterator[Event]:
    for span in merged(_known(pieces)):
        yield Part(span, PartUse.INDEX)
    for one in pieces:
        if one.kind == sparse.CRC32 and one.data is not None:
            yield Part(one.data, PartUse.CHECK)
    missing = header.size - sum(one.size for one in pieces)
    if missing:
        detail = f"its chunks are {missing} bytes short of the size it declares; zeros were taken"
        yield Oddity(AnomalyKind.HEADER_DISAGREES, detail)


def _known(pieces: list[Chunk]) -> Iterator[ByteRange]:
    """The chunks' headers without what is in a reserved field, which nobody reads."""
    for one in pieces:
        if one.reserved:
            yield ByteRange(one.at, one.at + 2)
            yield ByteRange(one.at + 4, one.at + sparse.CHUNK.size)
        else:
            yield ByteRange(one.at, one.at + sparse.CHUNK.size)


def _end(header: Header, pieces: list[Chunk]) -> int:
    if not pieces:
        return header.header_bytes
    last = pieces[-1]
    return last.data.end if last.data is not None else last.at + header.chunk_header_bytes


def _checks(header: Header, sums: sparse.Sums) -> Iterator[Event]:
    if header.checksum:
        yield Check("image", sparse.digest(header.checksum), sparse.digest(sums.value))
    told = 0
    for number, (declared, computed) in enumerate(sums.pairs):
        told += declared == computed
        if declared != computed or told <= MAX_CHECKS:
            yield Check(f"image up to CRC chunk {number}", declared, computed)


CONTAINER = Container(
    name="android_sparse",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((sparse.MAGIC, 0),), sparse.end),
    doc=Doc(
        title="Android sparse image",
        vendor="Android Open Source Project",
        references=("AOSP system/core/libsparse/sparse_format.h, read 2026-11-22",),
        limitations=(
            "Images split over several files come out in pieces, each padded with zeros.",
            "Blocks nobody cares about count as expansion: an image of little else meets the limit `max_ratio`.",
        ),
        makers=("img2simg", "append2simg", "simg2simg"),
    ),
)
