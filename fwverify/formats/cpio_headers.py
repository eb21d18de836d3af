"""Headers of cpio entries in all forms: new ASCII with and without sums, old octal, old binary of both byte orders.

Source: cpio(5) of libarchive, "Old Binary Format", "Portable ASCII Format", "New ASCII Format" and "New CRC Format";
read 2026-11-23. Values of 32 bits in the binary form have their higher half first, whatever the order of its bytes.

Not done: the forms of HP/UX and AFIO (their large fields), and PWB (it differs from the binary form in device numbers).
"""

from __future__ import annotations

import re
import stat
import struct
from dataclasses import dataclass
from itertools import pairwise

NEW, NEW_SUM, OLD = b"070701", b"070702", b"070707"
BINARY_LITTLE, BINARY_BIG = b"\xc7\x71", b"\x71\xc7"
TRAILER = b"TRAILER!!!"
NEW_BYTES, OLD_BYTES, BINARY_BYTES = 110, 76, 26
LARGEST_BYTES = NEW_BYTES
FIELD_BYTES = 8
MAX_NAME_BYTES = 4096
KNOWN_KINDS = frozenset(
    {stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK, stat.S_IFBLK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK}
)
_HEXADECIMAL = re.compile(rb"[0-9A-Fa-f]{104}")
_OCTAL = re.compile(rb"[0-7]{70}")
_OLD_FIELDS = (6, 12, 18, 24, 30, 36, 42, 48, 59, 65, 76)
"""Where the fields of the octal form end: device, inode, mode, owner, group, links, device, time, name, content."""


@dataclass(frozen=True, slots=True)
class Header:
    """One header, as written."""

    form: bytes
    """Its magic."""
    size: int
    """Bytes of the header itself."""
    align: int
    """What name and content are filled up to, counted from the header's beginning."""
    inode: int
    device: tuple[int, int]
    mode: int
    links: int
    name_size: int
    """With the zero behind it."""
    content_size: int
    checksum: int | None = None

    @property
    def family(self) -> bytes:
        """Headers of one archive have all the same one: the two new forms may be mixed."""
        return NEW if self.form == NEW_SUM else self.form


def magic_at(view: memoryview, at: int) -> bytes:
    """The magic of one of the forms, or nothing."""
    six = bytes(view[at : at + 6])
    if six in (NEW, NEW_SUM, OLD):
        return six
    return six[:2] if six[:2] in (BINARY_LITTLE, BINARY_BIG) else b""


def header_at(view: memoryview, at: int) -> Header | None:
    """The header at this place; None where none is."""
    match magic_at(view, at):
        case b"070701" | b"070702" as form:
            return _new(bytes(view[at : at + NEW_BYTES]), form)
        case b"070707":
            return _old(bytes(view[at : at + OLD_BYTES]))
        case b"\xc7\x71" | b"\x71\xc7" as form:
            return _binary(bytes(view[at : at + BINARY_BYTES]), form)
        case _:
            return None


def plausible(view: memoryview, at: int) -> bool:
    """A header of the binary form whose two bytes of magic are no chance: name, type and what follows it fit."""
    head = header_at(view, at)
    if head is None or not 2 <= head.name_size <= MAX_NAME_BYTES:
        return False
    name = bytes(view[at + head.size : at + head.size + head.name_size])
    if len(name) < head.name_size or name[-1] or 0 in name[:-1]:
        return False
    if name[:-1] == TRAILER:
        return True
    data = head.size + head.name_size
    after = data + -data % head.align + head.content_size
    behind = header_at(view, at + after + -after % head.align)
    return stat.S_IFMT(head.mode) in KNOWN_KINDS and behind is not None and behind.form == head.form


def _new(raw: bytes, form: bytes) -> Header | None:
    if not _HEXADECIMAL.fullmatch(raw, 6):
        return None
    fields = [int(raw[at : at + FIELD_BYTES], 16) for at in range(6, NEW_BYTES, FIELD_BYTES)]
    inode, mode, _, _, links, _, size, major, minor = fields[:9]
    checksum = fields[12] if form == NEW_SUM else None
    return Header(form, NEW_BYTES, 4, inode, (major, minor), mode, links, fields[11], size, checksum)


def _old(raw: bytes) -> Header | None:
    if not _OCTAL.fullmatch(raw, 6):
        return None
    values = [int(raw[start:end], 8) for start, end in pairwise(_OLD_FIELDS)]
    device, inode, mode, _, _, links, _, _, name, size = values
    return Header(OLD, OLD_BYTES, 1, inode, (device, 0), mode, links, name, size)


def _binary(raw: bytes, form: bytes) -> Header | None:
    if len(raw) < BINARY_BYTES:
        return None
    order = "<" if form == BINARY_LITTLE else ">"
    _, device, inode, mode, _, _, links, _, _, _, name, high, low = struct.unpack(f"{order}13H", raw)
    return Header(form, BINARY_BYTES, 2, inode, (device, 0), mode, links, name, high << 16 | low)
