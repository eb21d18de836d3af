"""U-Boot legacy image (uImage): one payload, several files, or a script behind a 64-byte header with two CRCs.

Source: U-Boot include/image.h (struct legacy_img_hdr), read 2026-11-22.
CRCs show damage, never origin. The payload comes out as it is stored, packed or not.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import firmware_extents, text_field
from fwverify.formats.names import fill_byte
from fwverify.formats.uimage import (
    ARCHITECTURES,
    COMPRESSIONS,
    HEADER_BYTES,
    MAGIC,
    MULTI,
    NAME_AT,
    OPERATING_SYSTEMS,
    SCRIPT,
    TYPES,
    UImage,
    check_size,
    crc32,
    read_table,
    read_uimage,
)
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, subtracted
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Check, Container, Event, Fact, Member, Part, PartUse
from fwverify.unpack.tail import tail


def detect(artifact: Artifact) -> bool:
    """The magic, and either the header's CRC holds or its fields have values that exist."""
    if artifact.size < HEADER_BYTES or artifact.content[:4] != MAGIC:
        return False
    header = read_uimage(artifact.content)
    return header.intact or header.plausible


def unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    """Header, CRCs, then the payload or the files the size table names."""
    view = artifact.content
    header = read_uimage(view)
    yield from _header(view)
    yield Check("header", header.header_crc, header.header_crc_computed)
    yield from _facts(header)
    check_size(header, view)
    budget.size(header.size)
    name = header.name or "payload"
    single = header.type not in (MULTI, SCRIPT)
    computed = crc32(view[HEADER_BYTES : header.end])
    yield Check("data", header.data_crc, computed, name if single else "")
    if single:
        budget.member()
        yield _stored(name, view, ByteRange(HEADER_BYTES, header.end))
    else:
        yield from _files(header, view, name, budget)
    yield from tail(view, header.end, "after the uImage")


def _header(view: memoryview) -> Iterator[Event]:
    """The numbers, and the name as far as it goes."""
    name = text_field.read(view, NAME_AT, HEADER_BYTES - NAME_AT)
    yield Part(ByteRange(0, name.text.end if name.text is not None else NAME_AT), PartUse.HEADER)
    if name.rest is not None:
        yield Part(name.rest, PartUse.PADDING)


def _files(header: UImage, view: memoryview, name: str, budget: Budget) -> Iterator[Event]:
    table, files = read_table(header, view)
    yield Part(table, PartUse.INDEX)
    budget.member(len(files))
    for index, one in enumerate(files):
        yield _stored(name if len(files) == 1 else f"{name}-{index}", view, one)
    for hole in subtracted((ByteRange(HEADER_BYTES, header.end),), (table, *files)):
        if fill_byte(view, hole):
            yield Part(hole, PartUse.PADDING)


def _stored(name: str, view: memoryview, place: ByteRange) -> Member:
    return Member(name, content=view[place.start : place.end], ranges=(place,), stored=True)


def _facts(header: UImage) -> Iterator[Event]:
    if header.name:
        yield Fact("name", header.name)
    yield Fact("load-address", f"{header.load:08x}")
    yield Fact("entry", f"{header.entry:08x}")
    yield Fact("type", TYPES.get(header.type, str(header.type)))
    yield Fact("os", OPERATING_SYSTEMS.get(header.os, str(header.os)))
    yield Fact("arch", ARCHITECTURES.get(header.arch, str(header.arch)))
    yield Fact("compression", COMPRESSIONS.get(header.compression, str(header.compression)))


CONTAINER = Container(
    name="uimage",
    detect=detect,
    unpack=unpack,
    carve=Carve(((MAGIC, 0),), firmware_extents.uimage_end),
    doc=Doc(
        title="U-Boot legacy image (uImage)",
        vendor="U-Boot",
        references=("U-Boot include/image.h, struct legacy_img_hdr, read 2026-11-22",),
        limitations=(
            "CRCs show damage, not origin.",
            "Variants with a longer or differently marked header are not read.",
        ),
    ),
)
