"""Cabinet files as containers; the layout is read by formats/cabinet.py.

Every block's checksum is a check. A folder packed by a method that is not read is told and the others go on. Reserved
areas and bytes behind the cabinet are not claimed.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import archive_extents, cabinet
from fwverify.formats.cabinet import Cabinet, CabinetFile
from fwverify.formats.entries import leaves_root
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, Digest
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.examining import Malformed, Unsupported
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Check, Container, Event, Member, Oddity, Part, PartUse, Unread

MAX_CHECKS = 32
"""Checks that hold are told up to this many; those that fail always."""


def _detect(artifact: Artifact) -> bool:
    return cabinet.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    read = cabinet.parse(artifact.content, budget)
    for one in read.structure:
        yield Part(one, PartUse.HEADER)
    yield from _checks(read)
    yield from _names(read)
    for index in range(len(read.folders)):
        yield from _folder(artifact.content, read, index, budget)
    if read.size < artifact.size:
        rest = ByteRange(read.size, artifact.size)
        yield Oddity(AnomalyKind.TRAILING_DATA, "bytes after the end of the cabinet", rest)


def _checks(read: Cabinet) -> Iterator[Event]:
    blocks = [one for folder in read.folders for one in folder.blocks if one.declared]
    for ordinal, one in enumerate(blocks, 1):
        if ordinal <= MAX_CHECKS or one.declared != one.computed:
            declared, computed = (value.to_bytes(4, "big") for value in (one.declared, one.computed))
            yield Check(f"block {ordinal}", Digest("xor32", declared), Digest("xor32", computed))


def _names(read: Cabinet) -> Iterator[Event]:
    seen: set[str] = set()
    for one in read.files:
        name = one.name.replace("\\", "/")
        if leaves_root(name):
            yield Oddity(AnomalyKind.TRAVERSAL, f"the name {one.name} leads outside the cabinet")
        if name.casefold() in seen:
            yield Oddity(AnomalyKind.DUPLICATE_MEMBER, f"{one.name} occurs more than once")
        seen.add(name.casefold())


def _folder(view: memoryview, read: Cabinet, index: int, budget: Budget) -> Iterator[Event]:
    files = [one for one in read.files if one.folder == index]
    folder = read.folders[index]
    try:
        stream = cabinet.content(view, folder, budget)
    except (Malformed, Unsupported) as problem:
        reason = GapReason.MALFORMED if isinstance(problem, Malformed) else GapReason.UNSUPPORTED
        for block in folder.blocks:
            yield Unread(reason, str(problem), block.data)
        return
    for one in files:
        yield _member(read, one, stream[one.offset : one.offset + one.size])
    if folder.method != cabinet.STORED and cabinet.unclaimed(folder, read.files, index):
        yield Unread(GapReason.UNEXPLAINED, f"folder {index + 1} holds packed bytes that belong to no file")


def _member(read: Cabinet, file: CabinetFile, content: memoryview) -> Member:
    ranges = read.within(file)
    stored = read.folders[file.folder].method == cabinet.STORED and len(ranges) == 1
    return Member(file.name, content=content, ranges=ranges, stored=stored)


CONTAINER = Container(
    name="cabinet",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((cabinet.MAGIC, 0),), archive_extents.cabinet_end),
    doc=Doc(
        title="Cabinet file",
        vendor="Microsoft",
        references=("MS-CAB 2018-09-12, sections 2.1 to 2.5, read 2026-11-22",),
        limitations=(
            "LZX and Quantum are told, not read",
            "cabinets split over several files are not read",
            "a signature in the reserved area is not looked at",
        ),
    ),
)
