"""ESP32 application or boot loader image: segments, XOR checksum, appended SHA-256, application description.

Source: Espressif, esptool "Firmware Image Format" and ESP-IDF "App Image Format", read 2026-11-22.
Checksum and appended SHA-256 show damage, never origin. Secure boot signatures behind the image are structure here
and verified by the authenticate stage; ESP8266 images and encrypted flash are not read.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import esp_partitions, esp_secure_boot, firmware_extents
from fwverify.formats.esp_image import HEADER_BYTES, MAGIC, EspImage, looks_like, read_esp_image
from fwverify.formats.names import fill_byte
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, subtracted
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Check, Container, Event, Fact, Member, Part, PartUse
from fwverify.unpack.tail import tail

SECTOR_BYTES = esp_secure_boot.SECTOR_BYTES


def detect(artifact: Artifact) -> bool:
    """Header and first segment have values that exist for a known chip; not a whole flash, which may begin so."""
    view = artifact.content
    return looks_like(view[: HEADER_BYTES + 8]) and esp_partitions.find(view) < 0


def unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    """Headers, checks, and one member for each segment, named by its address."""
    view = artifact.content
    image = read_esp_image(view)
    yield Part(ByteRange(0, HEADER_BYTES), PartUse.HEADER)
    yield from _facts(image)
    names: set[str] = set()
    for segment in image.segments:
        yield Part(segment.header, PartUse.HEADER)
        if segment.data is None:
            continue
        budget.member()
        if not segment.address and fill_byte(view, segment.data) == "00":
            yield Part(segment.data, PartUse.PADDING)
            continue
        name = f"{segment.address:08x}"
        if name in names:
            name = f"{name}@0x{segment.data.start:x}"
        names.add(name)
        content = view[segment.data.start : segment.data.end]
        yield Member(name, content=content, ranges=(segment.data,), stored=True)
    yield from _checks(view, image)
    yield from _behind(view, image.end)


def _facts(image: EspImage) -> Iterator[Event]:
    yield Fact("chip", image.chip_name)
    yield Fact("entry", f"{image.entry:08x}")
    if image.description:
        yield Fact("project", image.description.project)
        yield Fact("version", image.description.version)
        yield Fact("idf-version", image.description.idf_version)
        yield Fact("security-counter", str(image.description.secure_version))


def _checks(view: memoryview, image: EspImage) -> Iterator[Event]:
    if image.padding and fill_byte(view, image.padding):
        yield Part(image.padding, PartUse.PADDING)
    yield Part(image.checksum_at, PartUse.CHECK)
    yield Check("checksum", image.checksum, image.checksum_computed)
    if image.hash_at and image.hash and image.hash_computed:
        yield Part(image.hash_at, PartUse.CHECK)
        yield Check("appended SHA-256", image.hash, image.hash_computed)


def _behind(view: memoryview, end: int) -> Iterator[Event]:
    """The signature, where there is one, and what fills the way to it; then whatever follows."""
    start = esp_secure_boot.find_sector(view, end)
    if start:
        yield from _sector(view, end, start)
        return
    version1 = esp_secure_boot.find_version1(view, end)
    if version1 is not None:
        signature = ByteRange(version1.start, version1.start + esp_secure_boot.V1_BYTES)
        yield Part(signature, PartUse.CHECK)
        end = signature.end
    else:
        sector = min((end + SECTOR_BYTES - 1) // SECTOR_BYTES * SECTOR_BYTES, len(view))
        if sector > end and fill_byte(view, ByteRange(end, sector)):
            yield Part(ByteRange(end, sector), PartUse.PADDING)
            end = sector
    yield from tail(view, end, "after the image")


def _sector(view: memoryview, end: int, start: int) -> Iterator[Event]:
    """The signature sector: blocks as they are parsed, what else is in it only where it is erased."""
    while end < start:
        step = ByteRange(end, min(end // SECTOR_BYTES * SECTOR_BYTES + SECTOR_BYTES, start))
        if fill_byte(view, step):
            yield Part(step, PartUse.PADDING)
        end = step.end
    try:
        sector = esp_secure_boot.read_sector(view, start)
    except Malformed as problem:
        yield from tail(
            view, start, f"after the image: secure boot signature (version 2) that is none: {problem.reason}"
        )
        return
    blocks = [one.place for one in sector.blocks]
    for place in blocks:
        yield Part(place, PartUse.CHECK)
    for hole in subtracted(sector.whole, (*blocks, *sector.strange)):
        yield Part(hole, PartUse.PADDING)
    yield from tail(view, start + SECTOR_BYTES, "after the signature sector")


CONTAINER = Container(
    name="esp_app_image",
    detect=detect,
    unpack=unpack,
    carve=Carve(((bytes([MAGIC]), 0),), firmware_extents.esp_end, step=SECTOR_BYTES),
    doc=Doc(
        title="ESP32 application image",
        vendor="Espressif",
        references=(
            "esptool documentation, Firmware Image Format, read 2026-11-22",
            "ESP-IDF Programming Guide, App Image Format, read 2026-11-22",
        ),
        limitations=(
            "Segments are raw machine code and data for Xtensa or RISC-V; the code is not analysed.",
            "ESP8266 images and encrypted flash contents are not read.",
            "Secure boot signatures behind the image are not judged here.",
        ),
    ),
)
