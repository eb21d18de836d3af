"""Nodes of JFFS2 in both byte orders: headers and fields, each with its checksums.

Source: Linux include/uapi/linux/jffs2.h (all node types), fs/jffs2/scan.c and readinode.c (what a reader demands of
them), read 2026-11-22. A node is a header of 12 bytes with its own CRC, fields with a CRC, and data with a CRC. A node
that is no longer valid may have one bit of its type cleared, which no sum notices.

Does NOT do: finding nodes (jffs2_scan), summaries (jffs2_summary), unpacking (jffs2_data), what nodes mean together.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from fwverify.formats.flash_sums import crc32_from_zero
from fwverify.model.artifact import ByteRange

WHAT = "JFFS2"
MAGIC = {"<": b"\x85\x19", ">": b"\x19\x85"}
HEADER_BYTES, INODE_BYTES, NAME_BYTES, ATTRIBUTE_BYTES, LINK_BYTES, SUMMARY_BYTES = 12, 68, 40, 32, 28, 32
ACCURATE = 0x2000
"""Cleared where a node was marked as obsolete in place."""
NAME, INODE, CLEAN_MARKER, PADDING, SUMMARY, ATTRIBUTE, LINK = (
    0xE001, 0xE002, 0x2003, 0x2004, 0x2006, 0xE008, 0xE009,
)  # fmt: skip
TYPES = frozenset({NAME, INODE, CLEAN_MARKER, PADDING, SUMMARY, ATTRIBUTE, LINK})
FEWEST = {NAME: NAME_BYTES, INODE: INODE_BYTES, SUMMARY: SUMMARY_BYTES, ATTRIBUTE: ATTRIBUTE_BYTES, LINK: LINK_BYTES}
MUST_KNOW = 0xC000
"""Types with both bits: whoever does not know them must not read the file system."""
PREFIXES = {1: b"user.", 2: b"security.", 3: b"system.posix_acl_access", 4: b"system.posix_acl_default", 5: b"trusted."}


@dataclass(frozen=True, slots=True)
class Header:
    """What every node begins with; its CRC holds."""

    at: int
    kind: int
    """With the bit that marks obsolete nodes set, always."""
    size: int
    """Of the node, without the padding to 4 bytes."""
    accurate: bool
    """False: marked as obsolete."""

    @property
    def end(self) -> int:
        return self.at + (self.size + 3 & ~3)


@dataclass(frozen=True, slots=True)
class Inode:
    """A version of an inode, with a piece of its content or none."""

    at: int
    number: int
    version: int
    mode: int
    size: int
    """Of the file from this version on."""
    offset: int
    """Of the piece in the file."""
    packed: int
    """Bytes of the piece as they lie here."""
    unpacked: int
    compression: int
    accurate: bool
    sound: bool
    """The sum of the data holds."""
    sum: int
    """Over the fields: equal for copies of one node."""

    @property
    def data(self) -> ByteRange | None:
        return ByteRange(self.at + INODE_BYTES, self.at + INODE_BYTES + self.packed) if self.packed else None


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a directory, or that it was removed."""

    at: int
    parent: int
    version: int
    number: int
    """0: removed."""
    kind: int
    raw: bytes
    accurate: bool
    clean: bool
    """Nothing in unused fields."""
    sum: int

    @property
    def range(self) -> ByteRange:
        return ByteRange(self.at, self.at + NAME_BYTES + len(self.raw))


@dataclass(frozen=True, slots=True)
class Attribute:
    """Name and value of an extended attribute."""

    at: int
    number: int
    version: int
    name: bytes
    text_end: int
    """Where the value begins."""
    end: int


@dataclass(frozen=True, slots=True)
class Link:
    """An inode has an attribute, or no longer."""

    at: int
    inode: int
    attribute: int
    sequence: int
    """Odd: removed."""


@dataclass(frozen=True, slots=True)
class Sum:
    """A checksum that was looked at."""

    name: str
    declared: int
    computed: int

    @property
    def holds(self) -> bool:
        return self.declared == self.computed


def header(view: memoryview, at: int, order: str) -> tuple[Header | None, Sum | None]:
    """The header at an offset, or the sum that shows it is none; neither when nothing like a node is there."""
    if at + HEADER_BYTES > len(view):
        return None, None
    raw = bytes(view[at : at + HEADER_BYTES])
    if raw[:2] != MAGIC[order]:
        return None, None
    kind, size, declared = struct.unpack_from(f"{order}HII", raw, 2)
    full = kind | ACCURATE
    known = full in TYPES
    if not known and kind & MUST_KNOW != MUST_KNOW:
        return None, None
    computed = crc32_from_zero(raw[:2] + struct.pack(f"{order}H", full) + raw[4:8])
    fits = FEWEST.get(full, HEADER_BYTES) <= size <= len(view) - at
    if computed != declared:
        return None, Sum("header of a node", declared, computed) if known and fits else None
    return (Header(at, full, size, kind == full), None) if fits else (None, None)


def inode(view: memoryview, head: Header, order: str, *, deep: bool) -> tuple[Inode | None, tuple[Sum, ...]]:
    """The inode node behind a header; None when its fields do not hold or cannot be.

    Args:
        view: the image.
        head: of the node.
        order: as struct has it.
        deep: whether the sum of the data is looked at.
    """
    raw = _fields(view, head, order, INODE_BYTES)
    number, version, mode, _, _, size = struct.unpack_from(f"{order}IIIHHI", raw, 12)
    offset, packed, unpacked, compression, _, _, declared, declared_fields = struct.unpack_from(
        f"{order}IIIBBHII", raw, 44
    )
    fields = Sum("inode node", declared_fields, crc32_from_zero(raw[:60]))
    if not fields.holds:
        return None, (fields,)
    if INODE_BYTES + packed + 3 & ~3 != head.end - head.at or offset > size:
        return None, (fields,)
    start = head.at + INODE_BYTES
    sums: tuple[Sum, ...] = (fields,)
    if deep and packed:
        sums = (fields, Sum("data of a node", declared, crc32_from_zero(view[start : start + packed])))
    found = Inode(
        head.at, number, version, mode, size, offset, packed, unpacked, compression, head.accurate,
        all(one.holds for one in sums), declared_fields,
    )  # fmt: skip
    return found, sums


def name(view: memoryview, head: Header, order: str) -> tuple[Name | None, tuple[Sum, ...]]:
    """The directory entry behind a header; None when a sum does not hold or its length cannot be."""
    raw = _fields(view, head, order, NAME_BYTES)
    parent, version, number, _, size, kind, unused, declared, declared_name = struct.unpack_from(
        f"{order}IIIIBBHII", raw, 12
    )
    fields = Sum("directory entry", declared, crc32_from_zero(raw[:32]))
    if not fields.holds or NAME_BYTES + size + 3 & ~3 != head.end - head.at or not size:
        return None, (fields,)
    text = bytes(view[head.at + NAME_BYTES : head.at + NAME_BYTES + size])
    sums = (fields, Sum("name of a directory entry", declared_name, crc32_from_zero(text)))
    if not sums[1].holds:
        return None, sums
    return Name(head.at, parent, version, number, kind, text, head.accurate, not unused, declared ^ declared_name), sums


def attribute(view: memoryview, head: Header, order: str) -> tuple[Attribute | None, tuple[Sum, ...]]:
    """The extended attribute behind a header; None as for `name`."""
    raw = _fields(view, head, order, ATTRIBUTE_BYTES)
    number, version, prefix, size, value_size, declared_data, declared = struct.unpack_from(f"{order}IIBBHII", raw, 12)
    fields = Sum("extended attribute", declared, crc32_from_zero(raw[:28]))
    start = head.at + ATTRIBUTE_BYTES
    end = start + size + 1 + value_size
    if not fields.holds or end - head.at + 3 & ~3 != head.end - head.at:
        return None, (fields,)
    sums = (fields, Sum("value of an extended attribute", declared_data, crc32_from_zero(view[start:end])))
    if not sums[1].holds or view[start + size]:
        return None, sums
    text = PREFIXES.get(prefix, b"%d." % prefix) + bytes(view[start : start + size])
    return Attribute(head.at, number, version, text, start + size + 1, end), sums


def link(view: memoryview, head: Header, order: str) -> tuple[Link | None, tuple[Sum, ...]]:
    """What says that an inode has an attribute; None as for `name`."""
    raw = _fields(view, head, order, LINK_BYTES)
    number, attribute_number, sequence, declared = struct.unpack_from(f"{order}IIII", raw, 12)
    fields = Sum("link to an extended attribute", declared, crc32_from_zero(raw[:24]))
    if not fields.holds or head.size != LINK_BYTES:
        return None, (fields,)
    return Link(head.at, number, attribute_number, sequence), (fields,)


def _fields(view: memoryview, head: Header, order: str, size: int) -> bytes:
    """The node's fields as they were summed: before it was marked as obsolete."""
    raw = bytes(view[head.at : head.at + size])
    return raw if head.accurate else raw[:2] + struct.pack(f"{order}H", head.kind) + raw[4:]
