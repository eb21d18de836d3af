"""Coreboot's file system as a container; the layout is read by formats/cbfs.py.

Files come out by their names, unpacked where LZMA packed them; other packing comes out as it is stored. Free and
deleted space is nobody's: the stage takes fill as empty and looks into the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from fwverify.content import held
from fwverify.formats import cbfs, uefi_packed
from fwverify.formats.cbfs import LZMA, MAGIC, NONE, CbfsFile
from fwverify.formats.codecs import Progress
from fwverify.formats.extents import Tick
from fwverify.formats.names import fill_byte
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, Digest
from fwverify.model.evidence import GapReason
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Check, Container, Event, Member, Part, PartUse, Unread


def _detect(artifact: Artifact) -> bool:
    return cbfs.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    for place in cbfs.master(view):
        yield Part(place, PartUse.HEADER)
    for one in cbfs.files(view):
        budget.member()
        yield Part(one.header, PartUse.HEADER)
        for place in one.attributes:
            yield Part(place, PartUse.HEADER)
        if one.padding is not None and fill_byte(view, one.padding):
            yield Part(one.padding, PartUse.PADDING)
        if not one.empty and one.data is not None:
            yield from _file(view, one, one.data, budget)


def _file(view: memoryview, one: CbfsFile, data: ByteRange, budget: Budget) -> Iterator[Event]:
    name = one.name or f"file@0x{one.header.start:x}"
    stored = view[data.start : data.end]
    if one.digest is not None:
        algorithm, value = one.digest
        computed = Digest(algorithm, hashlib.new(algorithm, stored).digest())
        yield Check(name, Digest(algorithm, value), computed, name if one.compression != LZMA else "")
    if one.compression != LZMA:
        budget.size(data.size)
        yield Member(name, content=stored, ranges=(data,), stored=True)
        if one.compression not in (NONE, cbfs.LZ4):
            yield Unread(GapReason.UNSUPPORTED, f"CBFS compression {one.compression}", data, name)
        return
    progress = Progress(data.start)
    try:
        content = held(uefi_packed.unlzma(view, data, budget, progress), budget)
    except Malformed as problem:
        yield Unread(GapReason.MALFORMED, str(problem), data, name)
        return
    yield Member(name, content=content, ranges=(ByteRange(data.start, progress.end),))


def _end(view: memoryview, at: int, tick: Tick) -> int:
    tick(cbfs.MAX_NAME_BYTES)
    return cbfs.end(view, at)


CONTAINER = Container(
    name="coreboot_cbfs",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((MAGIC, 0),), _end, step=cbfs.ALIGNMENT),
    doc=Doc(
        title="Coreboot file system (CBFS)",
        vendor="coreboot",
        references=("coreboot cbfs_serialized.h, read 2026-11-22",),
        limitations=(
            "The flash map (FMAP) around it is not read; stages and payloads come out as they are stored.",
            "Files packed with LZ4 come out packed.",
        ),
        makers=("coreboot cbfstool",),
    ),
)
