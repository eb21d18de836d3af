"""What the two readers of text images (Intel HEX, S-record) share: events from the records read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fwverify.content import held
from fwverify.formats.regions import RecordFile
from fwverify.limits import MIB, Budget, LimitExceeded
from fwverify.model.artifact import Artifact, ByteRange, Digest
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.unpack.interface import Check, Event, Fact, Member, Oddity, Part, PartUse, Unread
from fwverify.unpack.tail import tail

MAX_TEXT_BYTES = 256 * MIB
"""A text image: 100 MiB of flash, written as text. Microcontrollers have a few MiB."""
MAX_OVERLAPS = 20
"""Overlaps listed one by one."""

Reader = Callable[[bytes, Callable[[], None]], RecordFile]


def text_image(artifact: Artifact, budget: Budget, what: str, read: Reader) -> Iterator[Event]:
    """Read all records, then one member for each contiguous region.

    1. Check every record: one inner check. After a line that cannot be read nothing more is believed.
    2. Each region is a member, named by its address.
    3. Records that contradict each other, a missing end and text after the end are oddities.
    """
    if artifact.size > MAX_TEXT_BYTES:
        raise LimitExceeded("text image bytes", artifact.size)
    file = read(bytes(artifact.content), budget.check_time)
    yield Check("record checksums", Digest("sum8", bytes([file.good_sum])), Digest("sum8", bytes([file.last_sum])))  # 1
    for line in file.control:
        yield Part(line, PartUse.INDEX)
    yield from _facts(file)
    for region in file.regions:  # 2
        budget.member()
        budget.size(len(region.data))
        yield Member(f"{region.address:08x}", content=held([region.data], budget), ranges=region.ranges)
    yield from _oddities(file, what)  # 3
    if file.problem is not None:
        raise file.problem
    yield from _after(artifact, file, what)


def _facts(file: RecordFile) -> Iterator[Event]:
    if file.header:
        yield Fact("header", file.header)
    if file.regions:
        yield Fact("load-address", f"{file.regions[0].address:08x}")
    if file.entry is not None:
        yield Fact("entry", f"{file.entry:08x}")


def _oddities(file: RecordFile, what: str) -> Iterator[Event]:
    for one in file.overlaps[:MAX_OVERLAPS]:
        detail = f"records write {one.address:08x} and following with different bytes; the later ones were taken"
        yield Oddity(AnomalyKind.OVERLAP, detail, one.range)
    if len(file.overlaps) > MAX_OVERLAPS:
        yield Oddity(AnomalyKind.OVERLAP, f"{len(file.overlaps)} overlaps in all")
    if file.counted is not None and file.counted != file.data_records:
        detail = f"{what} states {file.counted} data records and has {file.data_records}"
        yield Oddity(AnomalyKind.HEADER_DISAGREES, detail)
    if not file.ended and file.problem is None:
        yield Oddity(AnomalyKind.HEADER_DISAGREES, f"{what} has no end record")
        yield Unread(GapReason.MALFORMED, f"{what} has no end record: it may be cut off")


def _after(artifact: Artifact, file: RecordFile, what: str) -> Iterator[Event]:
    if file.end >= artifact.size:
        return
    rest = ByteRange(file.end, artifact.size)
    if rest.size < MIB and not bytes(artifact.content[file.end :]).strip(b"\r\n\t \x1a"):
        yield Part(rest, PartUse.INDEX)
    else:
        yield from tail(artifact.content, file.end, f"after the end record of the {what}")
