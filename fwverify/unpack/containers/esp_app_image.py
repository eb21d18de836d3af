"""ESP32 application or boot loader image: segments, XOR checksum, appended SHA-256, application description.

Source: Espressif, esptool "Firmware Image Format" and ESP-IDF "App Image Format", read 2026-11-22.
Checksum and appended SHA-256 show damage, never origin. A Secure Boot signature block behind the image is left to
the authenticate stage; ESP8266 images and encrypted flash are not read.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats.esp_image import HEADER_BYTES, EspImage, looks_like, read_esp_image
from fwverify.formats.names import fill_byte
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Check, Container, Event, Fact, Member, Part, PartUse
from fwverify.unpack.tail import tail

SECTOR_BYTES = 4096
"""Secure Boot V2 puts its signature blocks at the next flash sector."""
V1_BYTES = 68
"""Secure Boot V1: a version word of zero and an ECDSA signature behind the image, filled up to 16 bytes."""


def detect(artifact: Artifact) -> bool:
    """Header and first segment have values that exist for a known chip."""
    return looks_like(artifact.content[: HEADER_BYTES + 8])


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
    """Fill up to the next sector, then whatever follows: a signature block is named as a possibility."""
    sector = min((end + SECTOR_BYTES - 1) // SECTOR_BYTES * SECTOR_BYTES, len(view))
    if sector > end and fill_byte(view, ByteRange(end, sector)):
        yield Part(ByteRange(end, sector), PartUse.PADDING)
        end = sector
    # An application is filled up to 64 KiB before it is signed, so that it can be mapped.
    while end + SECTOR_BYTES < len(view) and fill_byte(view, ByteRange(end, end + SECTOR_BYTES)):
        yield Part(ByteRange(end, end + SECTOR_BYTES), PartUse.PADDING)
        end += SECTOR_BYTES
    left = len(view) - end
    if bytes(view[end : end + 1]) == b"\xe7" and end % SECTOR_BYTES == 0:
        detail = "after the image: possible secure boot signature block (version 2)"
    elif V1_BYTES <= left < V1_BYTES + 16 and not any(view[end : end + 4]):
        detail = "after the image: possible secure boot signature (version 1)"
    else:
        detail = "after the image"
    yield from tail(view, end, detail)


CONTAINER = Container(
    name="esp_app_image",
    detect=detect,
    unpack=unpack,
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
            "Secure Boot signature blocks behind the image are not judged here.",
        ),
    ),
)
