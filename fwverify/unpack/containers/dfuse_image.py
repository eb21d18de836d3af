"""DfuSe files (ST) as containers: one member for each element, named by its address; read by formats/dfu.py.

1. The suffix's CRC is an inner check; a file without a suffix is told.
2. Elements are members as they are stored; with several targets the alternate setting stands before the address.
3. Elements of one target that write one address are told.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import dfu
from fwverify.formats.dfu import Target
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.plugin import Doc
from fwverify.unpack import dfu_suffix_events
from fwverify.unpack.interface import Carve, Container, Event, Fact, Member, Oddity, Part, PartUse, Unread
from fwverify.unpack.tail import tail


def _detect(artifact: Artifact) -> bool:
    return dfu.is_dfuse(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    suffixed = dfu.has_suffix(view)
    if suffixed:
        yield from dfu_suffix_events.suffix(view)  # 1
    body = view[: dfu.read_suffix(view).place.start] if suffixed else view
    file = dfu.read_dfuse(body)
    yield Part(ByteRange(0, dfu.PREFIX.size), PartUse.HEADER)
    for number, target in enumerate(file.targets):
        yield from _target(view, target, number, budget, several=len(file.targets) > 1)
    if not file.agrees or file.end != len(body):
        detail = f"it states {file.stated} bytes; its targets end at {file.end} of {len(body)}"
        yield Oddity(AnomalyKind.HEADER_DISAGREES, detail)
    if not suffixed:
        yield Unread(GapReason.MALFORMED, "no DFU suffix: it may be cut off")
    yield from tail(body, file.end, "after the last target")


def _target(view: memoryview, target: Target, number: int, budget: Budget, *, several: bool) -> Iterator[Event]:
    for span in target.header:
        yield Part(span, PartUse.HEADER)
    if target.name.text is not None and target.named:
        yield Part(target.name.text, PartUse.HEADER)
        yield Fact(f"target-{number}", target.name.value)
    if target.name.rest is not None:
        yield Part(target.name.rest, PartUse.PADDING)
    names: set[str] = set()
    for one in target.elements:  # 2
        yield Part(one.header, PartUse.INDEX)
        if one.data is None:
            continue
        budget.member()
        name = f"{target.setting}-{one.address:08x}" if several else f"{one.address:08x}"
        if name in names:
            name += f"@0x{one.data.start:x}"
        names.add(name)
        yield Member(name, content=view[one.data.start : one.data.end], ranges=(one.data,), stored=True)
    yield from _overlaps(target)  # 3
    start = target.elements[-1].data or target.elements[-1].header if target.elements else target.header[-1]
    yield from tail(view[: target.end], start.end, "behind the elements of a target")


def _overlaps(target: Target) -> Iterator[Event]:
    reached = 0
    placed = [(one.address, one.data) for one in target.elements if one.data is not None]
    for address, data in sorted(placed, key=lambda one: one[0]):
        if address < reached:
            yield Oddity(AnomalyKind.OVERLAP, f"elements write {address:08x} and following twice", data)
        reached = max(reached, address + data.size)


CONTAINER = Container(
    name="dfuse_image",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((dfu.PREFIX_MAGIC, 0),), dfu.end),
    doc=Doc(
        title="DfuSe file",
        vendor="STMicroelectronics",
        references=(
            "ST UM0391 DfuSe File Format Specification, read 2026-11-22",
            "USB Device Firmware Upgrade Specification 1.1, appendix B, read 2026-11-22",
        ),
        limitations=("Where the vendor encrypts an element, it is searched only.",),
        makers=("dfuse-pack",),
    ),
)
