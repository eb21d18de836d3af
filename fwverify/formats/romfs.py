"""Romfs images: superblock and file headers, with their checksums.

Source: Linux Documentation/filesystems/romfs.rst (layout, types, checksums) and fs/romfs/super.c (what a reader takes),
read 2026-11-22. All numbers are big-endian; everything lies on 16 byte borders. The checksum of the superblock makes
the sum of the first 512 bytes zero, that of a header the sum of the header with its name; content has none.

Does NOT do: the walk through the directories (unpack/containers/romfs.py); times and owners, which romfs has not.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from fwverify.formats.extents import Tick
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

WHAT = "romfs"
MAGIC = b"-rom1fs-"
SUMMED_BYTES = 512
HEADER_BYTES = 16
HARDLINK, DIRECTORY, FILE, SYMLINK, BLOCK, CHARACTER, SOCKET, FIFO = range(8)
MAX_NAME_BYTES = 4096
PADDED_BYTES = 1024
"""Writers fill an image up to whole blocks of its device."""


@dataclass(frozen=True, slots=True)
class Superblock:
    size: int
    """Bytes of the file system as declared."""
    volume: bytes
    first: int
    """Offset of the first header, which is the root directory's."""
    text_end: int
    """Behind the volume's name and its zero; padding follows up to `first`."""
    declared: int
    computed: int
    """Checksum that would make the sum zero."""


@dataclass(frozen=True, slots=True)
class Header:
    at: int
    following: int
    """Offset of the next header in the directory, 0 for the last."""
    kind: int
    executable: bool
    info: int
    size: int
    name: bytes
    data: int
    """Offset of the content."""
    total: int
    """Sum over the header and its name: 0 when its checksum holds."""

    @property
    def text_end(self) -> int:
        """Behind the name and its zero; padding follows up to `data`."""
        return self.at + HEADER_BYTES + len(self.name) + 1


def looks_like(view: memoryview) -> bool:
    return bytes(view[:8]) == MAGIC and len(view) >= 2 * HEADER_BYTES


def read(view: memoryview) -> Superblock:
    """Parse the superblock. Raises Malformed."""
    if not looks_like(view):
        raise Malformed(WHAT, "no superblock", 0)
    size, declared = struct.unpack_from(">II", view, 8)
    volume = _text(view, HEADER_BYTES, len(view), "volume name")
    first = _padded(HEADER_BYTES + len(volume) + 1)
    if size < first + 2 * HEADER_BYTES:
        raise Malformed(WHAT, f"a size of {size} bytes leaves no room for a file", 8)
    total = _sum(view[: min(size, SUMMED_BYTES, len(view))])
    return Superblock(size, volume, first, HEADER_BYTES + len(volume) + 1, declared, (declared - total) & 0xFFFFFFFF)


def header(view: memoryview, at: int, end: int) -> Header:
    """The file header at an offset.

    Args:
        view: the image.
        at: offset.
        end: of the file system.

    Raises:
        Malformed: it lies outside or not on a border.
    """
    if at % HEADER_BYTES or at + HEADER_BYTES > end:
        raise Malformed(WHAT, f"there is no header at {at}", at)
    following, info, size, _ = struct.unpack_from(">4I", view, at)
    name = _text(view, at + HEADER_BYTES, end, "name")
    data = _padded(at + HEADER_BYTES + len(name) + 1)
    if data > end:
        raise Malformed(WHAT, "a header reaches behind the end", at)
    kind, executable = following & 7, bool(following & 8)
    total = _sum(view[at:data])
    return Header(at, following & ~15, kind, executable, info, size, name, data, total)


def end(view: memoryview, at: int, tick: Tick) -> int:
    """A romfs whose checksum holds, with its zero padding; for carving."""
    here = view[at:]
    tick(SUMMED_BYTES)
    try:
        head = read(here[:SUMMED_BYTES])
        root = header(here, head.first, min(len(here), head.size))
    except Malformed:
        return 0
    if head.declared != head.computed or root.total or root.kind not in (HARDLINK, DIRECTORY) or head.size > len(here):
        return 0
    padded = min(at + head.size + -head.size % PADDED_BYTES, len(view))
    return padded if not any(view[at + head.size : padded]) else at + head.size


def _padded(at: int) -> int:
    return at + -at % HEADER_BYTES


def _sum(data: memoryview) -> int:
    count = len(data) // 4
    words: tuple[int, ...] = struct.unpack_from(f">{count}I", data)
    return sum(words) & 0xFFFFFFFF


def _text(view: memoryview, at: int, limit: int, what: str) -> bytes:
    """Bytes up to a zero; short pieces first, for most names are short."""
    for size in (32, 256, MAX_NAME_BYTES + 1):
        piece = bytes(view[at : min(at + size, limit)])
        zero = piece.find(0)
        if zero >= 0:
            return piece[:zero]
    raise Malformed(WHAT, f"a {what} has no end", at)


def cut(start: int, stop: int) -> tuple[ByteRange, ...]:
    """The range, or nothing where it is empty."""
    return (ByteRange(start, stop),) if stop > start else ()
