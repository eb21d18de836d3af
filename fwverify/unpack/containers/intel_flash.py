"""Flash images of Intel platforms: the regions a flash descriptor names; the layout is read by formats/intel_flash.py.

Every region comes out as it is stored. The management engine's firmware is named as not read. Straps and vendor data
in the descriptor, and bytes that no region has, are nobody's.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import intel_flash
from fwverify.formats.extents import Tick
from fwverify.formats.intel_flash import MANAGEMENT_ENGINE, SIGNATURE, SIGNATURE_AT, Region
from fwverify.formats.names import fill_byte
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.evidence import GapReason
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Container, Event, Member, Part, PartUse, Unread


def _detect(artifact: Artifact) -> bool:
    return intel_flash.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    layout = intel_flash.read_layout(view)
    for one in layout.header:
        yield Part(one, PartUse.HEADER)
    for region in layout.regions:
        yield from _region(view, region, budget)


def _region(view: memoryview, region: Region, budget: Budget) -> Iterator[Event]:
    stated = region.range
    if stated.start >= len(view):
        yield Unread(GapReason.MISSING, f"the image ends before the region at 0x{stated.start:x}", member=region.name)
        return
    place = ByteRange(stated.start, min(stated.end, len(view)))
    if place.end < stated.end:
        detail = f"{place.size} of {stated.size} bytes of the region are there"
        yield Unread(GapReason.MISSING, detail, member=region.name)
    if fill_byte(view, place):
        return
    budget.member()
    yield Member(region.name, content=view[place.start : place.end], ranges=(place,), stored=True)
    if region.index == MANAGEMENT_ENGINE:
        yield Unread(GapReason.UNSUPPORTED, "Intel management engine firmware", member=region.name)


def _end(view: memoryview, at: int, tick: Tick) -> int:
    tick(intel_flash.MAX_REGIONS * intel_flash.ENTRY_BYTES)
    return intel_flash.end(view, at)


CONTAINER = Container(
    name="intel_flash",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((SIGNATURE, SIGNATURE_AT),), _end, step=16),
    doc=Doc(
        title="Intel flash image (flash descriptor and regions)",
        vendor="Intel",
        references=("Intel 100 Series PCH datasheet, volume 2, SPI flash descriptor, read 2026-11-22",),
        limitations=(
            "The management engine's firmware is named, not read.",
            "Straps, access rights and vendor data in the descriptor are left unexplained.",
        ),
        makers=("coreboot ifdtool (second reader)",),
    ),
)
