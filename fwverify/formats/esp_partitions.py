"""The partition table of the ESP32 family: 32-byte entries, an MD5 over them, erased flash behind.

Sources: ESP-IDF "Partition Tables" (API guide) and components/partition_table/gen_esp32part.py, esp_flash_partitions.h;
read 2026-11-22. The table lies in a sector of its own, usually at 0x8000; offsets in it count from the start of flash.
Tables without MD5 (before ESP-IDF 3.1) are read; the signature that Secure Boot 1 puts behind one is in
esp_secure_boot.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from fwverify.formats import esp_image, text_field
from fwverify.formats.extents import Tick
from fwverify.formats.partitions import Partition
from fwverify.formats.text_field import TextField
from fwverify.model.artifact import ByteRange, Digest
from fwverify.model.examining import Malformed

WHAT = "ESP32 partition table"
MAGIC, MD5_MAGIC = b"\xaa\x50", b"\xeb\xeb" + b"\xff" * 14
ENTRY = struct.Struct("<2sBBII16sI")
LABEL_AT, LABEL_BYTES = 12, 16
SECTOR_BYTES, MAX_BYTES = 0x1000, 0xC00
PLACES = (0x8000, *(one for one in range(0x1000, 0x20001, 0x1000) if one != 0x8000))
"""Where the table of a whole flash may lie: the usual place first."""
APP, DATA, BOOT_LOADER, TABLE = 0, 1, 2, 3
MIN_CUSTOM, MAX_CUSTOM = 0x40, 0xFE
ENCRYPTED = 1
ALIGNMENT = 4
SUBTYPES = {
    (APP, 0x00): "factory", (APP, 0x20): "test", (DATA, 0x00): "otadata", (DATA, 0x01): "phy", (DATA, 0x02): "nvs",
    (DATA, 0x03): "coredump", (DATA, 0x04): "nvs_keys", (DATA, 0x05): "efuse", (DATA, 0x06): "undefined",
    (DATA, 0x80): "esphttpd", (DATA, 0x81): "fat", (DATA, 0x82): "spiffs", (DATA, 0x83): "littlefs",
    **{(APP, 0x10 + one): f"ota_{one}" for one in range(16)},
}  # fmt: skip
TYPES = {APP: "app", DATA: "data", BOOT_LOADER: "bootloader", TABLE: "partition_table"}
LOADER_PLACES = (0x1000, 0x0, 0x2000)
"""Where boot loaders of these chips lie."""


@dataclass(frozen=True, slots=True)
class Entry:
    partition: Partition
    type: int
    subtype: int
    encrypted: bool
    label: TextField
    at: int

    @property
    def kind(self) -> str:
        """As the tools name it: `app/ota_0`."""
        name = TYPES.get(self.type, f"{self.type:#04x}")
        return f"{name}/{SUBTYPES.get((self.type, self.subtype), f'{self.subtype:#04x}')}"


@dataclass(frozen=True, slots=True)
class Table:
    at: int
    entries: tuple[Entry, ...]
    md5_at: ByteRange | None
    md5: Digest | None
    computed: Digest | None

    @property
    def end(self) -> int:
        return self.md5_at.end if self.md5_at else self.at + ENTRY.size * len(self.entries)

    @property
    def sector(self) -> ByteRange:
        return ByteRange(self.at, self.at + SECTOR_BYTES)


def read(view: memoryview, at: int) -> Table:
    """The table at `at`. Raises Malformed when an entry cannot be, or nothing ends the table."""
    entries: list[Entry] = []
    limit = min(at + MAX_BYTES, len(view))
    for here in range(at, limit - ENTRY.size + 1, ENTRY.size):
        raw = bytes(view[here : here + ENTRY.size])
        if raw[:16] == MD5_MAGIC and entries:
            computed = hashlib.md5(view[at:here], usedforsecurity=False).digest()
            place = ByteRange(here, here + ENTRY.size)
            return Table(at, tuple(entries), place, Digest("md5", raw[16:]), Digest("md5", computed))
        if raw == b"\xff" * ENTRY.size and entries:
            return Table(at, tuple(entries), None, None, None)
        entries.append(_entry(view, here, len(entries)))
    raise Malformed(WHAT, "nothing ends it", at)


def _entry(view: memoryview, at: int, number: int) -> Entry:
    magic, kind, subtype, offset, size, _, flags = ENTRY.unpack_from(view, at)
    if magic != MAGIC or (kind > TABLE and not MIN_CUSTOM <= kind <= MAX_CUSTOM):
        raise Malformed(WHAT, "a table entry that is none", at)
    if offset % ALIGNMENT or not size or offset + size > 1 << 32:
        raise Malformed(WHAT, f"a partition of {size} bytes at {offset:#x}", at)
    label = text_field.read(view, at + LABEL_AT, LABEL_BYTES)
    partition = Partition(number, label.value, offset, offset + size)
    return Entry(partition, kind, subtype, bool(flags & ENCRYPTED), label, at)


def _sound(view: memoryview, at: int) -> bool:
    """A table here: its MD5 holds, or erased flash follows entries that can be and do not lie over one another."""
    if view[at : at + len(MAGIC)] != MAGIC:
        return False
    try:
        table = read(view, at)
    except Malformed:
        return False
    if table.md5 is not None:
        return table.md5 == table.computed
    ordered = sorted(one.partition.start for one in table.entries)
    return len(set(ordered)) == len(ordered) and all(one % SECTOR_BYTES == 0 for one in ordered)


def find(view: memoryview) -> int:
    """Where the table of a whole flash, or a table alone, lies; -1 where there is none. Never raises."""
    if _sound(view, 0):
        return 0
    return next((at for at in PLACES if at + ENTRY.size <= len(view) and _sound(view, at)), -1)


def boot_loader(view: memoryview, table_at: int) -> ByteRange | None:
    """From where a boot loader's header stands, up to the table."""
    for at in LOADER_PLACES:
        if at < table_at and esp_image.looks_like(view[at : at + 64]):
            return ByteRange(at, table_at)
    return None


def end(view: memoryview, at: int, tick: Tick) -> int:
    """Where a table that begins at `at` ends: its MD5 holds."""
    tick(ENTRY.size)
    if view[at : at + len(MAGIC)] != MAGIC:
        return 0
    try:
        table = read(view, at)
    except Malformed:
        return 0
    tick(table.end - at)
    return table.end if table.md5 is not None and table.md5 == table.computed else 0
