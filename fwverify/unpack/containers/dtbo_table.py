"""Android's tables of device trees (dtbo, dtb partitions) as containers; read by formats/android_dtbo.py.

Each tree is a member once, even where several entries name it; trees that lie over one another otherwise are told.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import android_dtbo as dtbo
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, subtracted
from fwverify.model.evidence import AnomalyKind
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Container, Event, Fact, Member, Oddity, Part, PartUse
from fwverify.unpack.tail import tail


def _detect(artifact: Artifact) -> bool:
    return dtbo.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    table = dtbo.read(view)
    yield Part(ByteRange(0, dtbo.HEADER.size), PartUse.HEADER)
    yield Fact("version", str(table.version))
    seen: set[ByteRange] = set()
    taken = [ByteRange(0, dtbo.HEADER.size)]
    for one in table.entries:
        used = ByteRange(one.entry.start, one.entry.end if one.custom else one.entry.start + 16)
        yield Part(used, PartUse.INDEX)
        if used != one.entry:
            yield Part(ByteRange(used.end, one.entry.end), PartUse.PADDING)
        taken.append(one.entry)
        own = "".join(f", {word:#x}" for word in one.custom)
        yield Fact(f"tree-{one.number}", f"id {one.id:#x}, revision {one.rev:#x}{own}")
        if one.place in seen:
            continue
        seen.add(one.place)
        budget.member()
        budget.output(one.place.size)
        content = view[one.place.start : one.place.end]
        yield Member(f"dtb-{one.number}", content=content, ranges=(one.place,), stored=True)
    yield from _overlaps([*seen, *taken])
    for hole in subtracted((ByteRange(0, table.size),), (*seen, *taken)):
        yield Part(hole, PartUse.PADDING)
    yield from tail(view, table.size, "after the table")


def _overlaps(spans: list[ByteRange]) -> Iterator[Event]:
    reached = 0
    for one in sorted(spans):
        if one.start < reached:
            yield Oddity(AnomalyKind.OVERLAP, "trees or the table lie over one another", one)
        reached = max(reached, one.end)


CONTAINER = Container(
    name="dtbo_table",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((dtbo.MAGIC, 0),), dtbo.end),
    doc=Doc(
        title="Android device tree table (DTBO)",
        vendor="Android Open Source Project",
        references=("AOSP system/libufdt dt_table.h, read 2026-11-22",),
        limitations=("Tables of ACPI overlays are not read.", "A board's own words are not interpreted."),
    ),
)
