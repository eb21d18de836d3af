"""Application and boot loader image of the ESP32 family: headers, segments, XOR checksum, appended SHA-256.

Source: Espressif, esptool documentation "Firmware Image Format" and ESP-IDF "App Image Format"
(esp_image_header_t, esp_app_desc_t), read 2026-11-22.
The ESP8266 formats (no extended header) and encrypted flash contents are not read; Secure Boot signatures that
follow the image are the authenticate stage's.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from functools import reduce
from operator import xor

from fwverify.formats.names import quoted
from fwverify.model.artifact import ByteRange, Digest
from fwverify.model.examining import Malformed

MAGIC = 0xE9
WHAT = "ESP image"
HEADER_BYTES = 24
"""Common header (8) and extended header (16)."""
SEGMENT_HEADER_BYTES = 8
MAX_SEGMENTS = 16
CHECKSUM_SEED = 0xEF
DESCRIPTION_MAGIC = b"\x32\x54\xcd\xab"
DESCRIPTION_BYTES = 256
CHIPS = {
    0: "ESP32", 2: "ESP32-S2", 5: "ESP32-C3", 9: "ESP32-S3", 12: "ESP32-C2", 13: "ESP32-C6", 16: "ESP32-H2",
    18: "ESP32-P4", 20: "ESP32-C61", 23: "ESP32-C5", 25: "ESP32-H21", 28: "ESP32-H4", 32: "ESP32-S31",
}  # fmt: skip
"""esp_chip_id_t."""
ADDRESSES = ((0x3C000000, 0x51000000), (0x60000000, 0x60100000))
"""Where code and data of these chips lie: internal memory, mapped flash, RTC memory."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece to be loaded or mapped."""

    address: int
    """0 for a segment that only fills up to an alignment."""
    header: ByteRange
    data: ByteRange | None
    """None when it is empty."""


@dataclass(frozen=True, slots=True)
class Description:
    """esp_app_desc_t: what the project states about itself."""

    version: str
    project: str
    time: str
    date: str
    idf_version: str
    secure_version: int


@dataclass(frozen=True, slots=True)
class EspImage:
    """A whole image without what follows it."""

    chip: int
    entry: int
    segments: tuple[Segment, ...]
    padding: ByteRange | None
    """Between the last segment and the checksum byte."""
    checksum_at: ByteRange
    checksum: Digest
    checksum_computed: Digest
    hash_at: ByteRange | None
    """The appended SHA-256; None when the header says there is none."""
    hash: Digest | None
    hash_computed: Digest | None
    description: Description | None

    @property
    def end(self) -> int:
        return (self.hash_at or self.checksum_at).end

    @property
    def chip_name(self) -> str:
        return CHIPS.get(self.chip, f"chip id {self.chip}")


def is_address(address: int) -> bool:
    """It lies where these chips have memory."""
    return any(start <= address < end for start, end in ADDRESSES)


def looks_like(view: memoryview) -> bool:
    """True when headers and first segment have values that exist. Never raises."""
    if len(view) < HEADER_BYTES + SEGMENT_HEADER_BYTES or view[0] != MAGIC:
        return False
    segments, mode, _, entry = struct.unpack_from("<BBBI", view, 1)
    chip, appended = int.from_bytes(view[12:14], "little"), view[23]
    address, size = struct.unpack_from("<II", view, HEADER_BYTES)
    shape = 1 <= segments <= MAX_SEGMENTS and mode <= 5 and appended <= 1 and chip in CHIPS
    return shape and is_address(entry) and (is_address(address) or not address) and 0 < size <= 0x1000000


def read_esp_image(view: memoryview) -> EspImage:
    """Read an image from the start of the view; the view may go on behind it.

    1. Headers; 2. segments, one behind the other; 3. the checksum byte is the last of the next full 16 bytes: 0xEF
    XOR all data bytes; 4. SHA-256 over everything so far, when the header says that it is appended.

    Raises:
        Malformed: cut off, or values that cannot be.
    """
    if len(view) < HEADER_BYTES or view[0] != MAGIC:
        raise Malformed(WHAT, "no header", 0)
    (entry,) = struct.unpack_from("<I", view, 4)
    segments = _segments(view, view[1])
    at = segments[-1].data.end if segments[-1].data else segments[-1].header.end
    check = at | 15
    if check >= len(view):
        raise Malformed(WHAT, "cut off before its checksum", at)
    data = [view[one.data.start : one.data.end] for one in segments if one.data]
    appended = view[23] == 1
    if appended and check + 33 > len(view):
        raise Malformed(WHAT, "cut off before its appended SHA-256", check)
    return EspImage(
        chip=int.from_bytes(view[12:14], "little"),
        entry=entry,
        segments=segments,
        padding=ByteRange(at, check) if check > at else None,
        checksum_at=ByteRange(check, check + 1),
        checksum=Digest("xor8", bytes(view[check : check + 1])),
        checksum_computed=Digest("xor8", bytes([reduce(xor, (_folded(one) for one in data), CHECKSUM_SEED)])),
        hash_at=ByteRange(check + 1, check + 33) if appended else None,
        hash=Digest("sha256", bytes(view[check + 1 : check + 33])) if appended else None,
        hash_computed=Digest("sha256", hashlib.sha256(view[: check + 1]).digest()) if appended else None,
        description=_description(view, segments[0]),
    )


def _segments(view: memoryview, count: int) -> tuple[Segment, ...]:
    if not 1 <= count <= MAX_SEGMENTS:
        raise Malformed(WHAT, f"{count} segments; 1 to {MAX_SEGMENTS} are possible", 1)
    out, at = [], HEADER_BYTES
    for _ in range(count):
        if at + SEGMENT_HEADER_BYTES > len(view):
            raise Malformed(WHAT, "cut off in a segment header", at)
        address, size = struct.unpack_from("<II", view, at)
        header = ByteRange(at, at + SEGMENT_HEADER_BYTES)
        if size > len(view) - header.end:
            raise Malformed(WHAT, f"segment of {size} bytes, {len(view) - header.end} are left", at)
        out.append(Segment(address, header, ByteRange(header.end, header.end + size) if size else None))
        at = header.end + size
    return tuple(out)


def _folded(data: memoryview) -> int:
    """XOR of all bytes: as one large number, folded by halves."""
    size = 1
    while size < len(data):
        size *= 2
    value = int.from_bytes(data, "little")
    while size > 1:
        size //= 2
        value = (value >> (8 * size)) ^ (value & ((1 << (8 * size)) - 1))
    return value


def _description(view: memoryview, first: Segment) -> Description | None:
    """The application description: at the start of the first segment, when it is there."""
    place = first.data
    if place is None or place.size < DESCRIPTION_BYTES or view[place.start : place.start + 4] != DESCRIPTION_MAGIC:
        return None
    raw = bytes(view[place.start : place.start + DESCRIPTION_BYTES])

    def text(start: int, size: int) -> str:
        return quoted(raw[start : start + size].partition(b"\0")[0])

    return Description(
        version=text(16, 32),
        project=text(48, 32),
        time=text(80, 16),
        date=text(96, 16),
        idf_version=text(112, 32),
        secure_version=int.from_bytes(raw[4:8], "little"),
    )
