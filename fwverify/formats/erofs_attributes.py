"""Extended attributes of EROFS: those behind an inode, and those that several inodes share.

Source: Linux fs/erofs/erofs_fs.h and fs/erofs/xattr.c, read 2026-11-22. Behind an inode lie 12 bytes of header, the
numbers of shared attributes, then its own. Names are shortened by a prefix that is a number.

Does NOT do: prefixes that an image defines itself (their names begin with a number here).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.formats.erofs import WHAT, Inode, Superblock
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

HEADER_BYTES = 12
ENTRY_BYTES = 4
PREFIXES = {1: "user.", 2: "system.posix_acl_access", 3: "system.posix_acl_default", 4: "trusted.", 5: "lustre.",
            6: "security."}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attribute:
    name: bytes
    """With its prefix."""
    text: ByteRange
    """Header and name."""
    value: tuple[ByteRange, ...]
    """Nothing when it is empty."""


@dataclass(frozen=True, slots=True)
class Attributes:
    header: ByteRange
    """With the numbers of shared ones."""
    shared: tuple[int, ...]
    """Offsets of shared attributes."""
    own: tuple[Attribute, ...]


def read(view: memoryview, head: Superblock, node: Inode) -> Attributes | None:
    """What lies behind an inode. Raises Malformed."""
    if not node.attribute_bytes:
        return None
    at, stop = node.at + node.header_bytes, node.body
    count = view[at + 4]
    after = at + HEADER_BYTES + 4 * count
    if after > stop:
        raise Malformed(WHAT, "an inode has more shared attributes than room", at)
    numbers = struct.unpack_from(f"<{count}I", view, at + HEADER_BYTES)
    shared = tuple(head.attributes + 4 * one for one in numbers)
    return Attributes(ByteRange(at, after), shared, tuple(_entries(view, after, stop)))


def one(view: memoryview, at: int, end: int) -> Attribute:
    """The attribute at an offset. Raises Malformed."""
    if at + ENTRY_BYTES > end:
        raise Malformed(WHAT, "an extended attribute lies outside", min(at, end))
    name_bytes, prefix, value_bytes = struct.unpack_from("<BBH", view, at)
    text = at + ENTRY_BYTES + name_bytes
    if text + value_bytes > end:
        raise Malformed(WHAT, "an extended attribute is cut off", at)
    name = PREFIXES.get(prefix, f"{prefix}.").encode() + bytes(view[at + ENTRY_BYTES : text])
    value = (ByteRange(text, text + value_bytes),) if value_bytes else ()
    return Attribute(name, ByteRange(at, text), value)


def _entries(view: memoryview, at: int, stop: int) -> Iterator[Attribute]:
    while at + ENTRY_BYTES <= stop and any(view[at : at + ENTRY_BYTES]):
        found = one(view, at, stop)
        yield found
        after = found.value[0].end if found.value else found.text.end
        at = after + -after % 4
