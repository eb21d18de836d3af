"""Zlib streams as containers of one member: known by a header of two bytes and by what it says of itself.

Source: RFC 1950, sections 2.2 and 2.3, read 2026-11-22. Two bytes are no magic: a stream is taken for one when it
decodes to an Adler-32 that holds, or decodes a long way. Bytes after it are told.
Not read: streams that need a dictionary.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from fwverify.content import Holder
from fwverify.formats import codecs
from fwverify.formats.cursor import Cursor
from fwverify.formats.extents import Tick
from fwverify.limits import MIB, Budget
from fwverify.model.artifact import Artifact, ByteRange, Digest
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Check, Container, Event, Member, Part, PartUse
from fwverify.unpack.stream_names import without_suffix
from fwverify.unpack.tail import tail

WHAT = "zlib stream"
HEADERS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
"""Deflate with a window of 32 KiB, no dictionary, by level; smaller windows are rare and looser to know."""
HEADER_BYTES, TRAILER_BYTES = 2, 4
SAMPLE_INPUT_BYTES, SAMPLE_OUTPUT_BYTES = 16 << 10, MIB
MIN_CARVED_BYTES = 8192
"""Unpacked size of a stream that is found inside other bytes. Flash file systems pack pages of 4 KiB each: where their
reader is missing, thousands of them would come out one by one."""
PIECE_BYTES = 64 << 10
FIRST_PIECE_BYTES = 256
"""Most places where the two bytes stand break sooner."""


def _detect(artifact: Artifact) -> bool:
    view = artifact.content
    if len(view) <= HEADER_BYTES + TRAILER_BYTES or bytes(view[:HEADER_BYTES]) not in HEADERS:
        return False
    decoder = zlib.decompressobj()
    sample = view[:SAMPLE_INPUT_BYTES]
    try:
        out = decoder.decompress(sample, SAMPLE_OUTPUT_BYTES)
    except zlib.error:
        return False
    if decoder.eof:
        return bool(out)
    return len(sample) == SAMPLE_INPUT_BYTES or len(out) == SAMPLE_OUTPUT_BYTES


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    if bytes(view[:HEADER_BYTES]) not in HEADERS or len(view) <= HEADER_BYTES:
        raise Malformed(WHAT, "it has no header", 0)
    budget.member()
    holder, progress, computed = Holder(budget, digest=False), codecs.Progress(0), 1
    for chunk in codecs.inflate(view, ByteRange(HEADER_BYTES, len(view)), budget, progress):
        computed = zlib.adler32(chunk, computed)
        holder.add(chunk)
    trailer = Cursor(view, WHAT, progress.end)
    declared = trailer.be32("Adler-32")
    yield Part(ByteRange(0, HEADER_BYTES), PartUse.HEADER)
    name = without_suffix(artifact.name, (".zlib", ".zz"))
    yield Member(name, content=holder.view(), ranges=(ByteRange(HEADER_BYTES, progress.end),))
    yield Part(ByteRange(progress.end, trailer.at), PartUse.CHECK)
    yield Check(f"{name}: adler32", _digest(declared), _digest(computed), name)
    yield from tail(view, trailer.at, "after the end of the stream")


def _digest(value: int) -> Digest:
    return Digest("adler32", value.to_bytes(4, "big"))


def _end(view: memoryview, at: int, tick: Tick) -> int:
    """A stream that decodes to its end, where its Adler-32 holds."""
    decoder, here, out = zlib.decompressobj(), at, 0
    most = FIRST_PIECE_BYTES
    while not decoder.eof:
        waiting = decoder.unconsumed_tail
        piece: memoryview | bytes = waiting or view[here : here + most]
        most = min(most * 4, PIECE_BYTES)
        if not piece:
            return 0
        here += 0 if waiting else len(piece)
        tick(0 if waiting else len(piece))
        try:
            got = len(decoder.decompress(piece, MIB))
        except zlib.error:
            return 0
        tick(got >> 4)  # output costs little next to input
        out += got
    end = here - len(decoder.unused_data)
    return end if out >= MIN_CARVED_BYTES else 0


CONTAINER = Container(
    name="zlib",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(tuple((one, 0) for one in HEADERS), _end),
    weak=True,
    doc=Doc(
        title="Zlib stream",
        vendor="IETF",
        references=("RFC 1950, sections 2.2 and 2.3, read 2026-11-22", "RFC 1951, read 2026-11-22"),
        makers=("zlib (through Python)",),
        limitations=(
            "streams with a dictionary or a window below 32 KiB are not recognised",
            "a short stream whose Adler-32 does not hold is not recognised",
        ),
    ),
)
