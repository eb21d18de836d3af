"""TRX images of routers as containers; the layout is read by formats/trx.py.

1. The CRC over flags, offsets and everything behind the header is an inner check.
2. Each partition is a member as it is stored, with whatever pads it; nothing between header and the first is claimed.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import trx
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact
from fwverify.model.evidence import AnomalyKind
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Check, Container, Event, Fact, Member, Oddity, Part, PartUse
from fwverify.unpack.tail import tail


def _detect(artifact: Artifact) -> bool:
    return trx.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    image = trx.read(view)
    yield Part(image.header, PartUse.HEADER)
    yield Check("image", image.crc, trx.crc(view, image))  # 1
    yield Fact("version", str(image.version))
    if image.flags:
        yield Fact("flags", f"{image.flags:04x}")
    used = [one for one in image.offsets if one]
    if used != sorted(set(used)):
        yield Oddity(AnomalyKind.HEADER_DISAGREES, "partitions out of order or at one place", image.header)
    for number, place in trx.partitions(image):  # 2
        budget.member()
        yield Member(f"partition-{number}", content=view[place.start : place.end], ranges=(place,), stored=True)
    yield from tail(view, image.size, "after the TRX image")


CONTAINER = Container(
    name="trx",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((trx.MAGIC, 0),), trx.end),
    doc=Doc(
        title="TRX image",
        vendor="Broadcom; OpenWrt",
        references=("Linux brcm,trx binding and parser_trx.c, OpenWrt otrx, read 2026-11-22",),
        limitations=(
            "Versions 1 and 2; firmware of wireless chips is named, not read.",
            "Magics of single vendors are not known.",
        ),
    ),
)
