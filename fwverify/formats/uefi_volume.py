"""UEFI firmware volumes: the header with its block map and checksum, and the extended header.

Source: UEFI Platform Initialization Specification 1.8, volume 3, sections 2.1 and 3.2.1 (EFI_FIRMWARE_VOLUME_HEADER,
EFI_FIRMWARE_VOLUME_EXT_HEADER, EFI_FV_BLOCK_MAP), read 2026-11-22.

    zero vector (16) | file system (16) | length (8) | _FVH | attributes | header length, checksum, ext offset | map...

Not done: files (uefi_files), variable stores (uefi_variables).
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from fwverify.formats.cursor import Cursor
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

WHAT = "UEFI firmware volume"
SIGNATURE, SIGNATURE_AT = b"_FVH", 40
FIXED_BYTES, ENTRY_BYTES = 56, 8
MIN_BYTES = FIXED_BYTES + 2 * ENTRY_BYTES
MAX_HEADER_BYTES = 4096
"""Real headers have 72 to 200 bytes."""
MAX_BLOCK_ENTRIES = 32
"""Kinds of erase blocks; real maps have one or two. A longer map is read and not claimed."""
REVISIONS = (1, 2)
ERASE_POLARITY = 0x0800
EXT_BYTES, EXT_ENTRY_BYTES = 20, 4
OEM_TYPES, GUID_TYPE, USED_SIZE = 1, 2, 3
MAX_EXT_ENTRIES = 64

FFS1 = "7a9354d9-0468-444a-81ce-0bf617d890df"
FFS2 = "8c8ce578-8a3d-4f1c-9935-896185c32dd3"
FFS3 = "5473c07a-3dcb-4dca-bd6f-1e9689e7349a"
VARIABLES = "fff12b8d-7696-4c8b-a985-2747075b4f50"
"""EFI_SYSTEM_NV_DATA_FV_GUID: no files, a variable store and what writes it safely."""
FILE_SYSTEMS = {FFS1: "FFS 1", FFS2: "FFS 2", FFS3: "FFS 3", VARIABLES: "non-volatile data"}


def guid(raw: bytes | memoryview) -> str:
    """A GUID as text, its first three fields in little-endian order as UEFI has them. Raises ValueError on length."""
    return str(uuid.UUID(bytes_le=bytes(raw)))


@dataclass(frozen=True, slots=True)
class Volume:
    """One volume; every range is in the view it was read from, which begins where the volume begins."""

    file_system: str
    """GUID"""
    length: int
    """FvLength, bytes; may be more than is there."""
    attributes: int
    revision: int
    header: tuple[ByteRange, ...]
    """Fields and block map; neither the zero vector nor bytes behind the map's end."""
    data: int
    """Where files begin: behind the header and what follows it at once."""
    residue: int
    """Sum of the header's 16-bit words; 0 when the checksum holds."""
    checksum: int
    """As the header has it."""
    problems: tuple[str, ...] = ()
    """Fields that contradict one another."""
    name: str = ""
    """FvName of the extended header."""
    extended: tuple[ByteRange, ...] = ()
    """Bytes of the extended header whose meaning is known."""

    @property
    def erased(self) -> int:
        """The byte that empty flash has."""
        return 0xFF if self.attributes & ERASE_POLARITY else 0

    @property
    def expected_checksum(self) -> int:
        return (self.checksum - self.residue) & 0xFFFF


def looks_like(view: memoryview, at: int = 0) -> bool:
    """The signature, and header fields that can be. The checksum is not looked at."""
    if len(view) - at < MIN_BYTES or bytes(view[at + SIGNATURE_AT : at + SIGNATURE_AT + 4]) != SIGNATURE:
        return False
    length = int.from_bytes(view[at + 32 : at + 40], "little")
    size = int.from_bytes(view[at + 48 : at + 50], "little")
    good = MIN_BYTES <= size <= MAX_HEADER_BYTES and size % 2 == 0 and size < length
    return good and view[at + 55] in REVISIONS


def end(view: memoryview, at: int) -> int:
    """Where the volume at an offset ends, as far as the view goes; 0 when its checksum or its fields do not hold."""
    if not looks_like(view, at):
        return 0
    size = int.from_bytes(view[at + 48 : at + 50], "little")
    if size > len(view) - at or sum16(view[at : at + size]):
        return 0
    length = int.from_bytes(view[at + 32 : at + 40], "little")
    blocks, _ = _block_map(view[at : at + size])
    return min(at + length, len(view)) if blocks is not None and _total(blocks) == length else 0


def sum16(view: memoryview) -> int:
    """Sum of the little-endian 16-bit words; an odd byte at the end is left out."""
    words: tuple[int, ...] = struct.unpack(f"<{len(view) // 2}H", view[: len(view) // 2 * 2])
    return sum(words) & 0xFFFF


def read_volume(view: memoryview) -> Volume:
    """Read the header of the volume that the view begins with.

    1. Fixed fields; the header's size fits the view.
    2. The block map up to its end mark; what it sums up to is the volume's length.
    3. The checksum over the whole header.
    4. The extended header, where one is named.

    Raises:
        Malformed: no header is here, or it is cut off.
    """
    if not looks_like(view):
        raise Malformed(WHAT, "no header with values that can be", 0)
    cursor = Cursor(view, WHAT, 16)  # 1
    system = guid(cursor.take(16, "file system"))
    length, _, attributes, size, checksum, extended, reserved, revision = cursor.unpack("<QIIHHHBB", "header")
    header = Cursor(view, WHAT).take(size, "header")
    problems = [] if reserved == 0 else [f"its reserved byte is {reserved:#x}"]
    blocks, map_end = _block_map(header)  # 2
    if blocks is None:
        problems.append("its block map has no end mark")
    elif _total(blocks) != length:
        problems.append(f"its block map describes {_total(blocks)} bytes, its length is {length}")
    claimed = map_end if blocks is not None and not problems and len(blocks) <= MAX_BLOCK_ENTRIES else FIXED_BYTES
    residue = sum16(header)  # 3
    name, parts, data = _extended(view, extended, size, length, problems)  # 4
    return Volume(
        system, length, attributes, revision, (ByteRange(16, claimed),), data, residue, checksum, tuple(problems),
        name, parts,
    )  # fmt: skip


def _block_map(header: memoryview) -> tuple[list[tuple[int, int]] | None, int]:
    """Entries of the map and where it ends; None without an end mark."""
    blocks: list[tuple[int, int]] = []
    for at in range(FIXED_BYTES, len(header) - ENTRY_BYTES + 1, ENTRY_BYTES):
        count, size = struct.unpack_from("<II", header, at)
        if count == 0 and size == 0:
            return blocks, at + ENTRY_BYTES
        blocks.append((count, size))
    return None, FIXED_BYTES


def _total(blocks: Sequence[tuple[int, int]]) -> int:
    return sum(count * size for count, size in blocks)


def _extended(
    view: memoryview, at: int, header: int, length: int, problems: list[str]
) -> tuple[str, tuple[ByteRange, ...], int]:
    """Name, known bytes, and where files begin: behind an extended header that lies at once behind the header.

    GenFv puts it into a padding file, where the padding file's size counts.
    """
    end = min(length, len(view))
    if at == 0:
        return "", (), header
    if at < header or at + EXT_BYTES > end:
        problems.append(f"its extended header at {at} lies outside")
        return "", (), header
    size = int.from_bytes(view[at + 16 : at + 20], "little")
    if not EXT_BYTES <= size <= end - at:
        problems.append(f"its extended header of {size} bytes does not fit")
        return "", (), header
    known = [ByteRange(at, at + EXT_BYTES)]
    cursor = Cursor(view, WHAT, at + EXT_BYTES, at + size)
    while cursor.left >= EXT_ENTRY_BYTES and len(known) < MAX_EXT_ENTRIES:
        start = cursor.at
        entry, kind = cursor.unpack("<HH", "extended header entry")
        if not EXT_ENTRY_BYTES <= entry <= cursor.left + EXT_ENTRY_BYTES:
            problems.append(f"an entry of {entry} bytes in its extended header")
            break
        known.append(ByteRange(start, start + _known_bytes(view, start, entry, kind)))
        cursor.skip(entry - EXT_ENTRY_BYTES, "extended header entry")
    beside = (at + size + 7) & ~7 if at <= ((header + 7) & ~7) else header
    return guid(view[at : at + 16]), tuple(known), beside


def _known_bytes(view: memoryview, at: int, size: int, kind: int) -> int:
    """How much of an entry has a meaning that was read: not the data behind a vendor's GUID."""
    if kind == USED_SIZE and size >= 8:
        return 8
    if kind == OEM_TYPES and size >= 8:
        types = int.from_bytes(view[at + 4 : at + 8], "little").bit_count()
        return min(size, 8 + 16 * types)
    return 20 if kind == GUID_TYPE and size >= 20 else EXT_ENTRY_BYTES
