"""Android boot images: header versions 0 to 4, and what lies behind the header page by page.

Sources: AOSP system/tools/mkbootimg include/bootimg/bootimg.h and mkbootimg.py (the id), "Boot image header" in the
AOSP documentation; read 2026-11-22. All numbers are little-endian. Before versions were counted some boards kept the
size of a device tree in that place; such images are read as version 0 with a device tree in a section `dt`.
The vendor's half of a boot image is read by android_vendor_boot. Signatures behind the image are not read here.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from fwverify.formats import text_field
from fwverify.formats.text_field import TextField
from fwverify.model.artifact import ByteRange, Digest
from fwverify.model.examining import Malformed, Unsupported

WHAT = "Android boot image"
MAGIC = b"ANDROID!"
VERSION_AT = 40
LAST_VERSION = 4
FIXED_PAGE_BYTES = 4096
"""Since version 3."""
PAGES = tuple(1 << bits for bits in range(11, 18))
"""Page sizes that mkbootimg takes, and 128 KiB."""
SIZES = {0: 1632, 1: 1648, 2: 1660, 3: 1580, 4: 1584}
"""Of the header, by version."""
EARLY_SIZE = 1596
"""What first makers of version 3 stated."""
NAME, NAME_BYTES = 48, 16
ARGUMENTS, ARGUMENTS_BYTES, MORE_ARGUMENTS, MORE_BYTES = 64, 512, 608, 1024
ID, ID_BYTES, SHA1_BYTES = 576, 32, 20
LATE_ARGUMENTS, LATE_BYTES = 44, 1536
RESERVED = ByteRange(24, 40)
"""Since version 3: four words."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the image."""

    name: str
    size: int
    """bytes; 0 where there is none"""
    start: int

    @property
    def end(self) -> int:
        return self.start + self.size

    @property
    def place(self) -> ByteRange | None:
        return ByteRange(self.start, self.end) if self.size else None


@dataclass(frozen=True, slots=True)
class BootImage:
    version: int
    page: int
    header: tuple[ByteRange, ...]
    """Bytes whose values were read; texts and the id are apart."""
    texts: tuple[tuple[str, TextField], ...]
    os_version: int
    sections: tuple[Section, ...]
    addresses: tuple[tuple[str, int], ...]
    """Where boot loaders put what, by name."""
    disagreements: tuple[str, ...]

    @property
    def end(self) -> int:
        """Behind the last page of the last section."""
        return max((aligned(one.end, self.page) for one in self.sections), default=self.page)

    @property
    def size(self) -> int:
        return SIZES[self.version]


def aligned(value: int, page: int) -> int:
    return (value + page - 1) // page * page


def looks_like(view: memoryview) -> bool:
    """The magic, a version and a page size that can be. Never raises."""
    if len(view) < PAGES[0] or view[: len(MAGIC)] != MAGIC:
        return False
    return _le32(view, VERSION_AT) in (3, 4) or _le32(view, 36) in PAGES


def read(view: memoryview) -> BootImage:
    """The header, and where everything lies.

    Raises:
        Malformed: cut off, or sizes that cannot be.
        Unsupported: a later version.
    """
    if not looks_like(view):
        raise Malformed(WHAT, "no header", 0)
    version = _le32(view, VERSION_AT)
    image = _late(view, version) if version in (3, 4) else _early(view, version)
    for one in image.sections:
        if one.end > len(view):
            raise Malformed(WHAT, f"{one.name} ends at byte {one.end} of {len(view)}", one.start)
    return image


def _early(view: memoryview, stated: int) -> BootImage:
    """Versions 0 to 2: 1 page of header."""
    kernel, kernel_at, ramdisk, ramdisk_at, second, second_at, tags_at, page = struct.unpack_from("<8I", view, 8)
    if page not in PAGES:
        raise Malformed(WHAT, f"pages of {page} bytes", 36)
    if LAST_VERSION < stated < page // 4:
        raise Unsupported(f"Android boot image of header version {stated}")
    version = stated if stated <= 2 else 0  # a greater number is the size of a device tree
    sizes = [("kernel", kernel), ("ramdisk", ramdisk), ("second", second)]
    addresses = [("kernel", kernel_at), ("ramdisk", ramdisk_at), ("second", second_at), ("tags", tags_at)]
    if stated > 2:
        sizes.append(("dt", stated))
    if version >= 1:
        sizes.append(("recovery_dtbo", _le32(view, 1632)))
    if version == 2:
        sizes.append(("dtb", _le32(view, 1648)))
        addresses.append(("dtb", int.from_bytes(view[1652:1660], "little")))
    sections = _laid(sizes, page, page)
    texts = (("board", NAME, NAME_BYTES), ("arguments", ARGUMENTS, ARGUMENTS_BYTES),
             ("more arguments", MORE_ARGUMENTS, MORE_BYTES))  # fmt: skip
    return BootImage(
        version, page, (ByteRange(0, NAME), *((ByteRange(1632, SIZES[version]),) if version else ())),
        tuple((name, text_field.read(view, at, size)) for name, at, size in texts),
        _le32(view, 44), sections, tuple(addresses), _wrong(view, version, sections),
    )  # fmt: skip


def _wrong(view: memoryview, version: int, sections: tuple[Section, ...]) -> tuple[str, ...]:
    """What a header of version 1 or 2 says of itself and of the overlay, where that is not so."""
    out = []
    if version and _le32(view, 1644) != SIZES[version]:
        out.append(f"a header of {_le32(view, 1644)} bytes; version {version} has {SIZES[version]}")
    overlay = next((one for one in sections if one.name == "recovery_dtbo" and one.size), None)
    if overlay is not None and int.from_bytes(view[1636:1644], "little") != overlay.start:
        out.append("the place stated for recovery_dtbo is not the one where it lies")
    return tuple(out)


def _late(view: memoryview, version: int) -> BootImage:
    """Versions 3 and 4: a header of 4096 bytes, no addresses."""
    kernel, ramdisk, os_version, size = struct.unpack_from("<4I", view, 8)
    sizes = [("kernel", kernel), ("ramdisk", ramdisk)]
    header = [ByteRange(0, RESERVED.start), ByteRange(RESERVED.end, LATE_ARGUMENTS)]
    if version == 4:
        sizes.append(("boot_signature", _le32(view, 1580)))
        header.append(ByteRange(1580, 1584))
    said = size == SIZES[version] or (version == 3 and size == EARLY_SIZE)
    wrong = [] if said else [f"a header of {size} bytes; version {version} has {SIZES[version]}"]
    return BootImage(
        version, FIXED_PAGE_BYTES, tuple(header), (("arguments", text_field.read(view, LATE_ARGUMENTS, LATE_BYTES)),),
        os_version, _laid(sizes, FIXED_PAGE_BYTES, FIXED_PAGE_BYTES), (), tuple(wrong),
    )  # fmt: skip


def _laid(sizes: list[tuple[str, int]], start: int, page: int) -> tuple[Section, ...]:
    out = []
    for name, size in sizes:
        out.append(Section(name, size, start))
        start = aligned(start + size, page)
    return tuple(out)


def identity(view: memoryview, image: BootImage) -> tuple[Digest, Digest] | None:
    """The id as stated and as mkbootimg makes it: a digest over each section and its size; None where there is none.

    The header's versions have had SHA-1 always; some makers take SHA-256. An id that is neither is not told as wrong:
    it may be anything, says the header's own comment.
    """
    stated = bytes(view[ID : ID + ID_BYTES])
    if image.version > 2 or not any(stated):
        return None
    short = not any(stated[SHA1_BYTES:])
    digest = hashlib.new("sha1" if short else "sha256", usedforsecurity=False)
    for one in image.sections:
        digest.update(view[one.start : one.end])
        digest.update(struct.pack("<I", one.size))
    computed = Digest(digest.name, digest.digest())
    return Digest(digest.name, stated[: len(computed.value)]), computed


def os_release(value: int) -> tuple[str, str]:
    """Version and month of the last security patches, as text; empty where there is none."""
    major, minor, patch = value >> 25, value >> 18 & 0x7F, value >> 11 & 0x7F
    year, month = (value >> 4 & 0x7F) + 2000, value & 0xF
    return (f"{major}.{minor}.{patch}" if value >> 11 else "", f"{year}-{month:02}" if month else "")


def _le32(view: memoryview, at: int) -> int:
    return int.from_bytes(view[at : at + 4], "little")
