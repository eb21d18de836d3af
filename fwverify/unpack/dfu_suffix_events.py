"""The suffix of device firmware upgrade as events: what the two readers of such files share."""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import dfu
from fwverify.unpack.interface import Check, Event, Fact, Part, PartUse


def suffix(view: memoryview) -> Iterator[Event]:
    """The suffix as structure, check and facts."""
    found = dfu.read_suffix(view)
    yield Part(found.known, PartUse.CHECK)
    yield Check("file", found.crc, found.computed)
    yield Fact("usb-id", f"{found.vendor:04x}:{found.product:04x}")
    if found.device != 0xFFFF:
        yield Fact("device-release", f"{found.device:04x}")
