"""Extended attributes of an ext file system: in the inode, in a block of their own, and what their values are.

Source: Linux Documentation/filesystems/ext4/attributes.rst and eainode.rst, include/uapi/linux/capability.h (file
capabilities), Documentation/security/IMA-templates.rst (digests); read 2026-11-22.
A value is understood when it is short text, an access control list, a capability set or an IMA digest; any other value
may be anything, so its bytes are left to those who look for content.

Does NOT do: hashes of entries; values in inodes of their own (their bytes stay unexplained); judge permissions.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from fwverify.formats.crc32c import crc32c
from fwverify.formats.ext_inodes import BASE_BYTES, Inode
from fwverify.formats.ext_superblock import WHAT
from fwverify.formats.ext_volume import Volume
from fwverify.formats.names import decoded
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

MAGIC = 0xEA020000
ENTRY_BYTES, BLOCK_HEADER_BYTES = 16, 32
PREFIXES = {1: "user.", 2: "system.posix_acl_access", 3: "system.posix_acl_default", 4: "trusted.", 6: "security.",
            7: "system.", 8: "system.richacl"}  # fmt: skip
INLINE_NAME = "system.data"
"""Its value is the rest of a short file."""
MAX_TEXT_BYTES = 1024
ACL_TAGS = {0x01: 4, 0x02: 8, 0x04: 4, 0x08: 8, 0x10: 4, 0x20: 4}
"""Tag of an access control entry and its size."""
CAPABILITY_BYTES = {0x01: 12, 0x02: 20, 0x03: 24}
"""Revision and size."""
IMA_DIGEST, IMA_DIGEST_NAMED = 0x01, 0x04
DIGEST_BYTES = (16, 20, 28, 32, 48, 64)


@dataclass(frozen=True, slots=True)
class Attribute:
    """One extended attribute."""

    name: str
    start: int
    """Of the value, in the image; 0 when it lies in an inode of its own."""
    size: int
    """bytes"""
    inode: int
    """That holds the value; 0: none."""


def in_inode(volume: Volume, node: Inode) -> list[Attribute]:
    """Attributes between the fields of an inode and its end; their own bytes are claimed. Raises Malformed."""
    start = node.at + BASE_BYTES + node.extra
    end = node.at + volume.head.inode_size
    if end - start < 8 or int.from_bytes(volume.view[start : start + 4], "little") != MAGIC:
        return []
    found, claims = _entries(volume.view, ByteRange(start + 4, end), start + 4)
    _claim(volume, [(start, 4), *claims], found)
    return found


def in_block(volume: Volume, number: int) -> list[Attribute]:
    """Attributes in a block of their own; its bytes are claimed and its checksum noted. Raises Malformed."""
    at = volume.block(number)
    size = volume.head.block_size
    magic, _, blocks, _, declared = struct.unpack_from("<5I", volume.view, at)
    if magic != MAGIC or blocks != 1:
        raise Malformed(WHAT, "a block of attributes that is none", at)
    found, claims = _entries(volume.view, ByteRange(at + BLOCK_HEADER_BYTES, at + size), at)
    _claim(volume, [(at, 20), *claims], found)
    if volume.head.sums:
        computed = _block_sum(volume, number, at, size)
        volume.sums.tally("attribute blocks").take(f"attribute block {number}", declared, computed)
    return found


def _block_sum(volume: Volume, number: int, at: int, size: int) -> int:
    raw = bytearray(volume.view[at : at + size])
    raw[16:20] = bytes(4)
    return crc32c(raw, crc32c(number.to_bytes(8, "little"), volume.head.seed))


def _claim(volume: Volume, claims: list[tuple[int, int]], found: list[Attribute]) -> None:
    for start, size in claims:
        volume.claim(start, size)
    for one in found:
        if one.start and _is_understood(one.name, bytes(volume.view[one.start : one.start + one.size])):
            volume.claim(one.start, one.size)


def _entries(view: memoryview, room: ByteRange, base: int) -> tuple[list[Attribute], list[tuple[int, int]]]:
    """Entries from the start of `room`, whose values count from `base`; and the bytes of the entries."""
    at, found, claims = room.start, list[Attribute](), list[tuple[int, int]]()
    while at + 4 <= room.end and bytes(view[at : at + 4]) != bytes(4):
        if at + ENTRY_BYTES > room.end:
            raise Malformed(WHAT, "an attribute ends behind its place", at)
        length, prefix, offset, inode, size, _ = struct.unpack_from("<BBHIII", view, at)
        after = at + ENTRY_BYTES + (length + 3 & ~3)
        start = 0 if inode or not size else base + offset
        if after > room.end or (start and not (room.start <= start and start + size <= room.end)):
            raise Malformed(WHAT, "an attribute lies outside its place", at)
        raw = bytes(view[at + ENTRY_BYTES : at + ENTRY_BYTES + length])
        found.append(Attribute(PREFIXES.get(prefix, f"{prefix}.") + decoded(raw), start, size, inode))
        claims.append((at, ENTRY_BYTES + length))
        at = after
    claims.append((at, min(4, room.end - at)))
    return found, claims


def _is_understood(name: str, value: bytes) -> bool:
    if name.startswith("system.posix_acl_"):
        return _is_acl(value)
    if name == "security.capability":
        return len(value) >= 4 and CAPABILITY_BYTES.get(value[3]) == len(value)
    if name == "security.ima":
        return _is_digest(value)
    text = value.removesuffix(b"\0")
    return len(value) <= MAX_TEXT_BYTES and all(0x20 <= one < 0x7F or one in (9, 10, 13) for one in text)


def _is_digest(value: bytes) -> bool:
    if value[:1] == bytes([IMA_DIGEST]):
        return len(value) - 1 in DIGEST_BYTES[:2]
    return value[:1] == bytes([IMA_DIGEST_NAMED]) and len(value) - 2 in DIGEST_BYTES


def _is_acl(value: bytes) -> bool:
    at = 4
    while at + 4 <= len(value):
        size = ACL_TAGS.get(int.from_bytes(value[at : at + 2], "little"), 0)
        if not size or value[at + 2] > 7 or value[at + 3]:
            return False
        at += size
    return value[:4] == b"\x01\0\0\0" and at == len(value)
