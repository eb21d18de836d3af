"""Whole flash images of the ESP32 family, and their partition tables alone; read by formats/esp_partitions.py.

1. The table's entries, and its MD5 as an inner check.
2. The boot loader, where one begins at a place that these chips start from: up to the table.
3. Partitions as members by label. Images end behind the last byte that is used: partitions behind that are facts.

What no partition has is claimed by nobody.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import esp_partitions, esp_secure_boot, partitions
from fwverify.formats.esp_partitions import Entry, Table
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Check, Container, Event, Fact, Member, Oddity, Part, PartUse, Unread

MAX_SHARE = 4
"""All partitions together may be this often as large as the image."""
BOOT_LOADER = "bootloader"


def _detect(artifact: Artifact) -> bool:
    return esp_partitions.find(artifact.content) >= 0


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    at = esp_partitions.find(view)
    if at < 0:
        raise Malformed(esp_partitions.WHAT, "there is none", 0)
    table = esp_partitions.read(view, at)
    yield from _table(table)  # 1
    if at:
        yield from _boot_loader(view, table, budget)  # 2
        yield from _partitions(view, table, budget)  # 3
    elif (signature := esp_secure_boot.find_version1(view)) is not None:
        yield Part(ByteRange(signature.start, signature.start + esp_secure_boot.V1_BYTES), PartUse.CHECK)


def _table(table: Table) -> Iterator[Event]:
    yield Fact("partition-table", f"{table.at:08x}")
    for one in table.entries:
        yield Part(ByteRange(one.at, one.at + esp_partitions.LABEL_AT), PartUse.INDEX)
        if one.label.text is not None:
            yield Part(one.label.text, PartUse.INDEX)
        if one.label.rest is not None:
            yield Part(one.label.rest, PartUse.PADDING)
        yield Part(ByteRange(one.at + esp_partitions.ENTRY.size - 4, one.at + esp_partitions.ENTRY.size), PartUse.INDEX)
        secret = ", to be encrypted" if one.encrypted else ""
        where = f"{one.kind} at {one.partition.start:#x}, {one.partition.end - one.partition.start} bytes{secret}"
        yield Fact(f"partition-{one.partition.number}", f"{one.label.value}: {where}")
    if table.md5_at is not None and table.md5 is not None and table.computed is not None:
        yield Part(table.md5_at, PartUse.CHECK)
        yield Check("partition table", table.md5, table.computed)


def _boot_loader(view: memoryview, table: Table, budget: Budget) -> Iterator[Event]:
    """Unless the table has an entry for it."""
    place = esp_partitions.boot_loader(view, table.at)
    if place is None or any(one.type == esp_partitions.BOOT_LOADER for one in table.entries):
        return
    budget.member()
    yield Member(BOOT_LOADER, content=view[place.start : place.end], ranges=(place,), stored=True)


def _partitions(view: memoryview, table: Table, budget: Budget) -> Iterator[Event]:
    members = [one for one in table.entries if one.type != esp_partitions.TABLE]
    for one, other in partitions.overlaps([entry.partition for entry in members]):
        detail = f"partitions {one.label} and {other.label} overlap"
        yield Oddity(AnomalyKind.OVERLAP, detail, other.inside(len(view)))
    given = 0
    for entry in members:
        there = entry.partition.inside(len(view))
        if entry.partition.start < table.sector.end and table.at < entry.partition.end:
            detail = f"partition {entry.partition.label} lies over the partition table"
            yield Oddity(AnomalyKind.OVERLAP, detail, ByteRange(table.at, table.end))
        if there is None:
            yield Fact("not-in-the-image", entry.label.value)
            continue
        given += there.size
        if there.size == len(view) or given > MAX_SHARE * len(view):
            detail = "partitions lie over one another too often"
            yield Unread(GapReason.LIMIT, detail, member=_name(entry))
            continue
        budget.member()
        budget.output(there.size)
        yield Member(_name(entry), content=view[there.start : there.end], ranges=(there,), stored=True)


def _name(entry: Entry) -> str:
    return entry.label.name or f"partition-{entry.partition.number}"


CONTAINER = Container(
    name="esp_flash_image",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((esp_partitions.MAGIC, 0),), esp_partitions.end, step=esp_partitions.SECTOR_BYTES),
    doc=Doc(
        title="ESP32 flash image with a partition table",
        vendor="Espressif",
        references=("ESP-IDF API guide, Partition Tables, and gen_esp32part.py, read 2026-11-22",),
        limitations=(
            "Images that do not begin with the first byte of flash are searched, not read by their table.",
            "Encrypted flash is not read.",
            "The signature of Secure Boot 1 behind a table in a whole flash is not read.",
        ),
        makers=("esptool merge-bin",),
    ),
)
