"""Any file with a DFU suffix as a container: what lies before the suffix is the one member; read by formats/dfu.py.

The suffix's CRC is an inner check. What a longer suffix has before the known 16 bytes is nobody's.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import dfu
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.plugin import Doc
from fwverify.unpack import dfu_suffix_events
from fwverify.unpack.interface import Container, Event, Member


def _detect(artifact: Artifact) -> bool:
    return dfu.has_suffix(artifact.content) and not dfu.is_dfuse(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    found = dfu.read_suffix(view)
    yield from dfu_suffix_events.suffix(view)
    budget.member()
    span = ByteRange(0, found.place.start)
    yield Member("image", content=view[: span.end], ranges=(span,), stored=True)


CONTAINER = Container(
    name="dfu_suffix",
    detect=_detect,
    unpack=_unpack,
    wrapper=True,
    doc=Doc(
        title="File with a DFU suffix",
        vendor="USB Implementers Forum",
        references=("USB Device Firmware Upgrade Specification 1.1, appendix B, read 2026-11-22",),
        limitations=("Prefixes of single makers (LPC, Stellaris) are not read.",),
        makers=("dfu-suffix",),
    ),
)
