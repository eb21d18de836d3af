"""Intel flash descriptors: which regions a flash device of an Intel platform has.

Sources: Intel 100 Series Chipset Family PCH datasheet volume 2 and Intel I/O Controller Hub 9 datasheet, sections on
the SPI flash descriptor (signature, FLMAP0, FLMAP1, FLREG); coreboot Documentation/util/ifdtool (region names); read
2026-11-22.

    reserved vector (16) | signature | FLMAP0 | FLMAP1 | ... | region table: base and limit in 4 KiB

Not done: soft straps, master access, components, vendor data in the descriptor; what a region holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

WHAT = "Intel flash descriptor"
SIGNATURE, SIGNATURE_AT = bytes.fromhex("5aa5f00f"), 16
DESCRIPTOR_BYTES = 4096
BLOCK_BITS = 12
ENTRY_BYTES = 4
OLD_REGIONS, MAX_REGIONS = 5, 16
"""Regions of the first generation, and the most that any has."""
NAMES = (
    "descriptor", "bios", "management-engine", "gigabit-ethernet", "platform-data", "device-expansion-1", "bios-2",
    "microcode", "embedded-controller", "device-expansion-2", "innovation-engine", "ethernet-10g-a",
    "ethernet-10g-b", "region-13", "region-14", "platform-trust",
)  # fmt: skip
MANAGEMENT_ENGINE = 2


@dataclass(frozen=True, slots=True)
class Region:
    index: int
    range: ByteRange
    """As stated; may end behind the image."""

    @property
    def name(self) -> str:
        return NAMES[self.index]


@dataclass(frozen=True, slots=True)
class FlashLayout:
    """Ranges are in the view, which begins where the descriptor begins."""

    header: tuple[ByteRange, ...]
    """Signature, the two map words, the entries of regions that are in use or marked as unused."""
    regions: tuple[Region, ...]
    """In the order of the table, without the descriptor itself."""

    @property
    def end(self) -> int:
        return max(one.range.end for one in self.regions)


def looks_like(view: memoryview, at: int = 0) -> bool:
    """The signature and a region table of which something can be true."""
    if bytes(view[at + SIGNATURE_AT : at + SIGNATURE_AT + 4]) != SIGNATURE or len(view) - at <= DESCRIPTOR_BYTES:
        return False
    try:
        layout = read_layout(view[at:])
    except Malformed:
        return False
    return any(one.range.start < len(view) - at for one in layout.regions)


def end(view: memoryview, at: int) -> int:
    """Where the image that the descriptor at an offset describes ends, as far as the view goes; 0: it is none."""
    return min(at + read_layout(view[at:]).end, len(view)) if looks_like(view, at) else 0


def read_layout(view: memoryview) -> FlashLayout:
    """Read the map and the regions.

    1. The map words place region table and master table inside the descriptor.
    2. Each entry: base and limit; a limit below its base marks an unused one.
    3. The descriptor's own region, if stated, is the first block; no other region begins before it ends.

    Raises:
        Malformed: one of these does not hold, regions overlap, or there is none.
    """
    if len(view) < DESCRIPTOR_BYTES or bytes(view[SIGNATURE_AT : SIGNATURE_AT + 4]) != SIGNATURE:
        raise Malformed(WHAT, "no signature, or cut off", 0)
    first, second = (int.from_bytes(view[at : at + 4], "little") for at in (20, 24))  # 1
    table, masters = (first >> 16 & 0xFF) << 4, (second & 0xFF) << 4
    count = (masters - table) // ENTRY_BYTES if masters > table else OLD_REGIONS
    count = min(max(count, OLD_REGIONS), MAX_REGIONS)
    if not SIGNATURE_AT + 16 <= table <= DESCRIPTOR_BYTES - count * ENTRY_BYTES or masters < SIGNATURE_AT + 16:
        raise Malformed(WHAT, f"its region table would lie at {table}", 20)
    regions, known = [], [ByteRange(SIGNATURE_AT, SIGNATURE_AT + 12)]
    for index in range(count):  # 2
        at = table + index * ENTRY_BYTES
        word = int.from_bytes(view[at : at + ENTRY_BYTES], "little")
        base, limit = (word & 0x7FFF) << BLOCK_BITS, (((word >> 16 & 0x7FFF) + 1) << BLOCK_BITS)
        known.append(ByteRange(at, at + ENTRY_BYTES))
        if limit <= base or word in (0, 0xFFFFFFFF):
            continue
        regions.append(Region(index, ByteRange(base, limit)))
    return FlashLayout(tuple(known), _checked(regions))


def _checked(regions: list[Region]) -> tuple[Region, ...]:
    others = tuple(one for one in regions if one.index)
    starts = sorted(one.range for one in others)
    own = next((one.range for one in regions if one.index == 0), ByteRange(0, DESCRIPTOR_BYTES))  # 3
    if own.start or not others or starts[0].start < own.end:
        raise Malformed(WHAT, "no region, or one that begins inside the descriptor", 0)
    if any(one.end > two.start for one, two in pairwise(starts)):
        raise Malformed(WHAT, "regions that overlap", 0)
    return others
