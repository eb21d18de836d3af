"""Gzip streams as containers of one member.

Source: RFC 1952, sections 2.2 and 2.3, read 2026-11-22. Members in a row are one content, as gunzip has it; each
one's CRC-32 and length are checks. Bytes after the last are told and not claimed.
Not believed: the stored name decides nothing but the member's name; the stored time is not looked at.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.content import Holder
from fwverify.formats import codecs, extents
from fwverify.formats.cursor import Cursor
from fwverify.formats.entries import leaves_root
from fwverify.formats.names import decoded, fill_byte
from fwverify.limits import Budget, LimitExceeded
from fwverify.model.artifact import Artifact, ByteRange, Digest, subtracted
from fwverify.model.evidence import AnomalyKind
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Check, Container, Event, Member, Oddity, Part, PartUse
from fwverify.unpack.stream_names import without_suffix

WHAT = "gzip stream"
MAGIC = b"\x1f\x8b\x08"
HEADER_BYTES, TRAILER_BYTES = 10, 8
HEADER_CRC, EXTRA, NAME, COMMENT, RESERVED = 1 << 1, 1 << 2, 1 << 3, 1 << 4, 0xE0
MAX_CHECKS = 32
"""Checks that hold are told up to this many; those that fail always (bgzip starts a stream every 64 KiB)."""
MAX_TEXT_BYTES = 64 << 10
"""Of a stored name or comment."""


@dataclass(frozen=True, slots=True)
class _Header:
    name: bytes
    end: int
    unread: tuple[ByteRange, ...]
    """Extra field and comment: their bytes mean nothing here, so nobody claims them."""


def _detect(artifact: Artifact) -> bool:
    view = artifact.content
    return len(view) >= HEADER_BYTES + TRAILER_BYTES and view[:3] == MAGIC and not view[3] & RESERVED


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    holder = Holder(budget, digest=False)
    at, ranges, name = 0, [], b""
    checks: list[tuple[Digest, Digest]] = []
    while at == 0 or view[at : at + 3] == MAGIC:
        budget.member()  # each stream counts: empty ones would go on for ever
        header = _header(view, at)
        name = name if at else header.name
        for one in subtracted((ByteRange(at, header.end),), header.unread):
            yield Part(one, PartUse.HEADER)
        at = _member(view, header.end, holder, budget, checks)
        ranges.append(ByteRange(header.end, at - TRAILER_BYTES))
        yield Part(ByteRange(at - TRAILER_BYTES, at), PartUse.CHECK)
    if leaves_root(decoded(name)):
        yield Oddity(AnomalyKind.TRAVERSAL, f"the stored name {decoded(name)} leads outside")
    known = decoded(name) or without_suffix(artifact.name, (".gz", ".gzip", ".z"), ((".tgz", ".tar"),))
    yield Member(known, content=holder.view(), ranges=tuple(ranges))
    for ordinal, (declared, computed) in enumerate(checks):
        if ordinal >= MAX_CHECKS and declared == computed:
            continue
        which = declared.algorithm + (f" of stream {ordinal // 2 + 1}" if len(checks) > 2 else "")
        yield Check(f"{known}: {which}", declared, computed, known if len(checks) == 2 else "")
    yield from _after(view, at)


def _header(view: memoryview, start: int) -> _Header:
    cursor = Cursor(view, WHAT, start)
    head = cursor.take(HEADER_BYTES, "header")
    flags = head[3]
    if head[:3] != MAGIC or flags & RESERVED:
        raise Malformed(WHAT, "a header with reserved flags", start)
    unread: list[ByteRange] = []
    if flags & EXTRA:
        size, at = cursor.le16("size of extra field"), cursor.at
        cursor.skip(size, "extra field")
        unread += [ByteRange(at, at + size)] if size else []
    name = _text(cursor, "stored name") if flags & NAME else b""
    if flags & COMMENT:
        comment = len(_text(cursor, "comment"))
        unread += [ByteRange(cursor.at - 1 - comment, cursor.at - 1)] if comment else []
    if flags & HEADER_CRC:
        computed = zlib.crc32(view[start : cursor.at]) & 0xFFFF
        if cursor.le16("header CRC") != computed:
            raise Malformed(WHAT, "the CRC of its header does not hold", start)
    return _Header(name, cursor.at, tuple(unread))


def _text(cursor: Cursor, what: str) -> bytes:
    piece = bytes(cursor.view[cursor.at : min(cursor.at + MAX_TEXT_BYTES, cursor.end)])
    text, end, _ = piece.partition(b"\0")
    if not end:
        raise Malformed(WHAT, f"its {what} does not end", cursor.at)
    cursor.skip(len(text) + 1, what)
    return text


def _member(view: memoryview, start: int, holder: Holder, budget: Budget, checks: list[tuple[Digest, Digest]]) -> int:
    """One member's content into the holder; returns where its trailer ends."""
    progress = codecs.Progress(start)
    if start >= len(view):
        raise Malformed(WHAT, "it ends after its header", start)
    crc = 0
    for chunk in codecs.inflate(view, ByteRange(start, len(view)), budget, progress):
        crc = zlib.crc32(chunk, crc)
        holder.add(chunk)
    trailer = Cursor(view, WHAT, progress.end)
    declared = trailer.le32("CRC-32")
    size = trailer.le32("length")
    checks.append((_digest("crc32", declared), _digest("crc32", crc)))
    checks.append((_digest("size32", size), _digest("size32", progress.produced & 0xFFFFFFFF)))
    if holder.size > budget.limits.max_member_bytes:
        raise LimitExceeded("max_member_bytes", holder.size)
    return trailer.at


def _digest(algorithm: str, value: int) -> Digest:
    return Digest(algorithm, value.to_bytes(4, "big"))


def _after(view: memoryview, at: int) -> Iterator[Event]:
    """gunzip passes over zeros after the last member, and warns of anything else."""
    if at >= len(view):
        return
    rest = ByteRange(at, len(view))
    what = "padding" if fill_byte(view, rest) else "bytes"
    yield Oddity(AnomalyKind.TRAILING_DATA, f"{what} after the end of the stream", rest)


def _end(view: memoryview, at: int, tick: extents.Tick) -> int:
    """A stream that decodes to its end with the right CRC, or a long way."""
    return extents.gzip_end(view, at, tick, quick=False)


CONTAINER = Container(
    name="gzip",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((MAGIC, 0),), _end),
    doc=Doc(
        title="Gzip stream",
        vendor="IETF",
        references=("RFC 1952, sections 2.2 and 2.3, read 2026-11-22", "RFC 1951, read 2026-11-22"),
        makers=("gzip",),
        limitations=("stored times, comments and extra fields are passed over",),
    ),
)
