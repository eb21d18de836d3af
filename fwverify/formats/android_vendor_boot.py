"""The vendor's half of an Android boot image (vendor_boot), versions 3 and 4: ramdisks, device trees, configuration.

Sources: AOSP system/tools/mkbootimg include/bootimg/bootimg.h (vendor_boot_img_hdr_v3 and _v4,
vendor_ramdisk_table_entry_v4), read 2026-11-22. All numbers are little-endian.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from fwverify.formats import text_field
from fwverify.formats.android_boot import PAGES, Section, aligned
from fwverify.formats.text_field import TextField
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed, Unsupported

WHAT = "Android vendor boot image"
MAGIC = b"VNDRBOOT"
SIZES = {3: 2112, 4: 2128}
"""Of the header, by version."""
EARLY_SIZE = 2108
"""What first makers of version 3 stated."""
ARGUMENTS, ARGUMENTS_BYTES, NAME, NAME_BYTES = 28, 2048, 2080, 16
ENTRY_BYTES, ENTRY_NAME_BYTES, BOARD_BYTES = 108, 32, 64
MAX_RAMDISKS = 256
TYPES = {0: "", 1: "platform", 2: "recovery", 3: "dlkm"}


@dataclass(frozen=True, slots=True)
class Ramdisk:
    """An entry of the table of ramdisks."""

    name: TextField
    kind: int
    place: ByteRange | None
    """In the file; None when it is empty."""
    entry: ByteRange
    """Numbers of the entry."""
    board: ByteRange
    """What boards it is for: 64 bytes, not read."""


@dataclass(frozen=True, slots=True)
class VendorBoot:
    version: int
    page: int
    header: tuple[ByteRange, ...]
    texts: tuple[tuple[str, TextField], ...]
    ramdisk: Section
    """All ramdisks together."""
    others: tuple[Section, ...]
    """Device tree, table of ramdisks, boot configuration."""
    ramdisks: tuple[Ramdisk, ...]
    addresses: tuple[tuple[str, int], ...]
    disagreements: tuple[str, ...]

    @property
    def end(self) -> int:
        return max(aligned(one.end, self.page) for one in (self.ramdisk, *self.others))


def looks_like(view: memoryview) -> bool:
    """The magic and a page size that can be. Never raises."""
    return len(view) >= SIZES[3] and view[: len(MAGIC)] == MAGIC and _le32(view, 12) in PAGES


def read(view: memoryview) -> VendorBoot:
    """Header and table of ramdisks.

    Raises:
        Malformed: cut off, or sizes that cannot be.
        Unsupported: a later version.
    """
    if not looks_like(view):
        raise Malformed(WHAT, "no header", 0)
    version, page, kernel_at, ramdisk_at, ramdisk_bytes = struct.unpack_from("<5I", view, 8)
    if version not in SIZES:
        raise Unsupported(f"Android vendor boot image of header version {version}")
    size = SIZES[version]
    if len(view) < max(size, page):
        raise Malformed(WHAT, "cut off in its header", len(view))
    tags_at = _le32(view, 2076)
    stated, tree_bytes, tree_at = struct.unpack_from("<IIQ", view, 2096)
    sizes = [("dtb", tree_bytes)]
    if version == 4:
        sizes += [("ramdisk table", _le32(view, 2112)), ("bootconfig", _le32(view, 2124))]
    start = aligned(size, page)
    ramdisk = Section("vendor_ramdisk", ramdisk_bytes, start)
    others = []
    start = aligned(ramdisk.end, page)
    for name, one in sizes:
        others.append(Section(name, one, start))
        start = aligned(start + one, page)
    for part in (ramdisk, *others):
        if part.end > len(view):
            raise Malformed(WHAT, f"{part.name} ends at byte {part.end} of {len(view)}", part.start)
    return VendorBoot(
        version, page, (ByteRange(0, ARGUMENTS), ByteRange(2076, NAME), ByteRange(2096, size)),
        (("arguments", text_field.read(view, ARGUMENTS, ARGUMENTS_BYTES)),
         ("board", text_field.read(view, NAME, NAME_BYTES))),
        ramdisk, tuple(others), _ramdisks(view, ramdisk, others[1]) if version == 4 else (),
        (("kernel", kernel_at), ("ramdisk", ramdisk_at), ("tags", tags_at), ("dtb", tree_at)),
        () if stated in (size, EARLY_SIZE) else (f"a header of {stated} bytes; version {version} has {size}",),
    )  # fmt: skip


def _ramdisks(view: memoryview, ramdisk: Section, table: Section) -> tuple[Ramdisk, ...]:
    count, size = struct.unpack_from("<II", view, 2116)
    if count > MAX_RAMDISKS or (count and size < ENTRY_BYTES) or count * size > table.size:
        raise Malformed(WHAT, f"{count} ramdisks of {size} bytes in a table of {table.size}", 2116)
    out = []
    for at in range(table.start, table.start + count * size, size or 1):
        length, offset, kind = struct.unpack_from("<3I", view, at)
        if offset + length > ramdisk.size:
            raise Malformed(WHAT, f"a ramdisk of {length} bytes at {offset} of {ramdisk.size}", at)
        begin = ramdisk.start + offset
        board = at + 12 + ENTRY_NAME_BYTES
        out.append(
            Ramdisk(
                text_field.read(view, at + 12, ENTRY_NAME_BYTES), kind,
                ByteRange(begin, begin + length) if length else None,
                ByteRange(at, at + 12), ByteRange(board, board + BOARD_BYTES),
            )
        )  # fmt: skip
    return tuple(out)


def _le32(view: memoryview, at: int) -> int:
    return int.from_bytes(view[at : at + 4], "little")
