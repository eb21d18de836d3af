"""The suffix that USB device firmware upgrade puts behind a file, and ST's DfuSe files with targets and addresses.

Sources: USB Device Firmware Upgrade Specification 1.1, appendix B (suffix; CRC-32 without its last inversion over all
bytes before it), ST UM0391 "DfuSe File Format Specification" (little-endian in fact); read 2026-11-22.
Prefixes of other makers (dfu-prefix: LPC, Stellaris) are not read.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from fwverify.formats import text_field
from fwverify.formats.extents import Tick
from fwverify.formats.text_field import TextField
from fwverify.limits import LimitExceeded
from fwverify.model.artifact import ByteRange, Digest
from fwverify.model.examining import Malformed

WHAT = "DfuSe file"
SUFFIX = struct.Struct("<4H3sBI")
SUFFIX_MAGIC = b"UFD"
VERSIONS = (0x0100, 0x0101, 0x0110, 0x011A)
"""bcdDFU: 1.0, 1.1, and DfuSe's."""
PREFIX_MAGIC, PREFIX = b"DfuSe", struct.Struct("<5sBIB")
TARGET_MAGIC, TARGET = b"Target", struct.Struct("<6sBI255sII")
NAME_AT, NAME_BYTES = 11, 255
ELEMENT = struct.Struct("<II")
MAX_ELEMENTS = 65536


@dataclass(frozen=True, slots=True)
class Suffix:
    place: ByteRange
    """All of it, as long as it says."""
    known: ByteRange
    """The 16 bytes that the specification has."""
    device: int
    product: int
    vendor: int
    version: int
    """Of the specification, as a binary coded decimal."""
    crc: Digest
    computed: Digest


@dataclass(frozen=True, slots=True)
class Element:
    address: int
    header: ByteRange
    data: ByteRange | None


@dataclass(frozen=True, slots=True)
class Target:
    setting: int
    """The alternate setting that it is for."""
    named: bool
    name: TextField
    header: tuple[ByteRange, ...]
    elements: tuple[Element, ...]
    end: int


@dataclass(frozen=True, slots=True)
class DfuSe:
    targets: tuple[Target, ...]
    stated: int
    """bytes; makers disagree whether the suffix counts"""
    end: int
    """Behind the last target."""

    @property
    def agrees(self) -> bool:
        return self.stated in (self.end, self.end + SUFFIX.size)


def _number(value: int) -> Digest:
    return Digest("crc32", value.to_bytes(4, "big"))


def has_suffix(view: memoryview) -> bool:
    """The marks of a suffix at the end. Never raises."""
    if len(view) <= SUFFIX.size:
        return False
    _, _, _, version, magic, size, _ = SUFFIX.unpack_from(view, len(view) - SUFFIX.size)
    return magic == SUFFIX_MAGIC and SUFFIX.size <= size < len(view) and version in VERSIONS


def read_suffix(view: memoryview) -> Suffix:
    """The suffix at the end of the view. Raises Malformed."""
    if not has_suffix(view):
        raise Malformed("DFU file", "no suffix", max(len(view) - SUFFIX.size, 0))
    at = len(view) - SUFFIX.size
    device, product, vendor, version, _, size, crc = SUFFIX.unpack_from(view, at)
    computed = zlib.crc32(view[: len(view) - 4]) ^ 0xFFFFFFFF
    place, known = ByteRange(len(view) - size, len(view)), ByteRange(at, len(view))
    return Suffix(place, known, device, product, vendor, version, _number(crc), _number(computed))


def is_dfuse(view: memoryview) -> bool:
    """A prefix and a first target. Never raises."""
    second = view[PREFIX.size : PREFIX.size + len(TARGET_MAGIC)]
    return view[: len(PREFIX_MAGIC)] == PREFIX_MAGIC and (
        second == TARGET_MAGIC or not view[10:11].tobytes().strip(b"\0")
    )


def read_dfuse(view: memoryview) -> DfuSe:
    """Prefix, targets and elements; nothing is said of what follows them.

    Raises:
        Malformed: cut off, or sizes that do not fit.
        LimitExceeded: too many elements.
    """
    if len(view) < PREFIX.size or view[: len(PREFIX_MAGIC)] != PREFIX_MAGIC:
        raise Malformed(WHAT, "no prefix", 0)
    _, version, stated, count = PREFIX.unpack_from(view)
    if version != 1:
        raise Malformed(WHAT, f"version {version}", 5)
    targets: list[Target] = []
    at = PREFIX.size
    for _ in range(count):
        targets.append(_target(view, at))
        at = targets[-1].end
    return DfuSe(tuple(targets), stated, at)


def _target(view: memoryview, at: int) -> Target:
    if at + TARGET.size > len(view) or view[at : at + len(TARGET_MAGIC)] != TARGET_MAGIC:
        raise Malformed(WHAT, "no target where one belongs", at)
    _, setting, named, _, size, count = TARGET.unpack_from(view, at)
    start = at + TARGET.size
    end = start + size
    if end > len(view):
        raise Malformed(WHAT, f"a target of {size} bytes, {len(view) - start} are left", at)
    if count > MAX_ELEMENTS:
        raise LimitExceeded("DfuSe elements", count)
    elements: list[Element] = []
    here = start
    for _ in range(count):
        if here + ELEMENT.size > end:
            raise Malformed(WHAT, "elements are longer than their target", here)
        address, length = ELEMENT.unpack_from(view, here)
        header = ByteRange(here, here + ELEMENT.size)
        here = header.end + length
        if here > end:
            raise Malformed(WHAT, f"an element of {length} bytes, {end - header.end} are left", header.start)
        elements.append(Element(address, header, ByteRange(header.end, here) if length else None))
    name = text_field.read(view, at + NAME_AT, NAME_BYTES)
    numbers = (ByteRange(at, at + NAME_AT), ByteRange(at + NAME_AT + NAME_BYTES, start))
    return Target(setting, bool(named), name, numbers, tuple(elements), end)


def end(view: memoryview, at: int, tick: Tick) -> int:
    """Where a DfuSe file that begins at `at` ends: its targets fit, its size is right, and the suffix's CRC holds."""
    tick(PREFIX.size + TARGET.size)
    here = view[at:]
    if not is_dfuse(here):
        return 0
    try:
        file = read_dfuse(here)
    except (Malformed, LimitExceeded):
        return 0
    tick(file.end)
    whole = here[: file.end + SUFFIX.size]
    if not file.agrees or not file.targets or not has_suffix(whole):
        return 0
    suffix = read_suffix(whole)
    return at + len(whole) if suffix.crc == suffix.computed else 0
