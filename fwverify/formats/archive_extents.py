"""How far an archive that begins at some offset reaches: strict checks for carving, nothing is unpacked.

Sources: those of the formats (zip_archive, tar_archive, ar_archive, cpio, cabinet), read 2026-11-22.
Each function answers the end of what begins at `at`, or 0 when nothing sound does; none raises but what `tick` raises.
"""

from __future__ import annotations

import struct

from fwverify.formats import ar_archive, cabinet, cpio_headers, tar_archive, zip_archive, zip_end, zip_methods
from fwverify.formats.extents import Tick
from fwverify.formats.tar_extensions import BLOCK, number
from fwverify.limits import DEFAULT_LIMITS, MIB, Budget, LimitExceeded
from fwverify.model.examining import Malformed, Unsupported

LOCAL_HEADER = struct.Struct("<4sHHHHHIIIHH")
MAX_NAME_BYTES = 4096
ZIP64_BYTES = zip_end.LOCATOR64_BYTES + zip_end.END64_BYTES
TAR_MIN_ENTRIES = CPIO_MIN_ENTRIES = 2
"""Entries that must follow one another before an archive without its end marker is believed."""
TAR_RECORD_BYTES = 20 * BLOCK


def zip_reach(view: memoryview, at: int, tick: Tick) -> int:
    """A first local header, and an end record whose directory lies right before it and leads back to that header."""
    tick(LOCAL_HEADER.size)
    here = _local_end(view, at)
    while 0 < here <= len(view) and bytes(view[here : here + 4]) == zip_archive.LOCAL:
        tick(LOCAL_HEADER.size)
        after = _local_end(view, here)
        if after <= here:
            break
        here = after
    base = here
    while 0 < base < len(view):
        chunk = bytes(view[base : base + MIB + 3])
        tick(len(chunk) >> 4)
        hit = chunk.find(zip_end.END)
        while hit >= 0:
            end = _zip_ends(view, at, base + hit)
            if end:
                return end
            hit = chunk.find(zip_end.END, hit + 1)
        base += MIB
    return 0


def _local_end(view: memoryview, at: int) -> int:
    """Where the content behind a local header ends, or begins when its size is not stated; 0: no such header."""
    if at + LOCAL_HEADER.size > len(view):
        return 0
    magic, version, flags, method, _, _, _, packed, _, name, extra = LOCAL_HEADER.unpack_from(view, at)
    known = method in zip_methods.READ or method in zip_methods.METHODS
    if magic != zip_archive.LOCAL or version & 0xFF > 63 or not known or not 0 < name <= MAX_NAME_BYTES:
        return 0
    start = at + LOCAL_HEADER.size + name + extra
    sized = not flags & zip_methods.FLAG_DESCRIPTOR and packed != 0xFFFFFFFF
    end = start + (packed if sized else 0)
    return end if end <= len(view) else 0


def _zip_ends(view: memoryview, start: int, at: int) -> int:
    """Where the archive ends whose end record is at `at`, when it begins at `start`."""
    if at + zip_end.END_BYTES > len(view):
        return 0
    size, offset, comment = struct.unpack_from("<IIH", view, at + 12)
    behind = at
    wide = at - ZIP64_BYTES
    if wide > start and view[wide : wide + 4] == zip_end.END64 and view[at - 20 : at - 16] == zip_end.LOCATOR64:
        size, offset = struct.unpack_from("<QQ", view, wide + 40)
        behind = wide
    directory = behind - size
    if directory < start or directory + zip_end.CENTRAL_BYTES > len(view):
        return 0
    if view[directory : directory + 4] != zip_end.CENTRAL or at + zip_end.END_BYTES + comment > len(view):
        return 0
    first = int.from_bytes(view[directory + 42 : directory + 46], "little")
    return at + zip_end.END_BYTES + comment if start in (directory - offset, directory - offset + first) else 0


def tar_end(view: memoryview, at: int, tick: Tick) -> int:
    """Headers whose checksums hold, up to the end marker and the zeros that fill its record."""
    here, entries = at, 0
    while len(view) - here >= BLOCK:
        tick(BLOCK)
        header = view[here : here + BLOCK]
        if header == tar_archive.ZEROS or not tar_archive.looks_like(header):
            break
        try:
            size = number(header[124:136], "size")
        except Malformed:
            break
        after = here + BLOCK + (size + BLOCK - 1) // BLOCK * BLOCK
        if after > len(view):
            break
        here, entries = after, entries + 1
    marker = bytes(view[here : here + 2 * BLOCK])
    if not entries or marker != bytes(2 * BLOCK):
        return here if entries >= TAR_MIN_ENTRIES else 0
    record = at + (here + 2 * BLOCK - at + TAR_RECORD_BYTES - 1) // TAR_RECORD_BYTES * TAR_RECORD_BYTES
    return record if record <= len(view) and not any(bytes(view[here:record])) else here + 2 * BLOCK


def ar_end(view: memoryview, at: int, tick: Tick) -> int:
    """Headers in a row, each with its mark; an archive that is cut off ends after the last whole member."""
    if bytes(view[at : at + len(ar_archive.MAGIC)]) != ar_archive.MAGIC:
        return 0
    here = first = at + len(ar_archive.MAGIC)
    while (head := ar_archive.header_at(view, here)) is not None:
        tick(ar_archive.HEADER_BYTES)
        end = here + ar_archive.HEADER_BYTES + head[1]
        if end > len(view):
            break
        here = min(end + head[1] % 2, len(view))
    return here if here > first else 0


def cpio_end(view: memoryview, at: int, tick: Tick) -> int:
    """A cpio archive with text headers up to its trailer; one cut off after two entries ends after a whole one."""
    here, entries, form = at, 0, cpio_headers.magic_at(view, at)
    while form and (head := cpio_headers.header_at(view, here)) is not None and head.form == form:
        tick(head.size)
        name = bytes(view[here + head.size : here + head.size + min(head.name_size, MAX_NAME_BYTES)])
        data = _filled(head.size + head.name_size, head.align)
        after = _filled(data + head.content_size, head.align)
        if not 2 <= head.name_size <= MAX_NAME_BYTES or name[-1:] != b"\0" or here + data > len(view):
            break
        if name == cpio_headers.TRAILER + b"\0":
            return min(here + after, len(view))
        if here + data + head.content_size > len(view):
            break
        here, entries = min(here + after, len(view)), entries + 1
    return here if entries >= CPIO_MIN_ENTRIES else 0


def _filled(size: int, align: int) -> int:
    return size + -size % align


def cabinet_end(view: memoryview, at: int, tick: Tick) -> int:
    """A cabinet that reads whole, of which every checksum holds; one with none must hold a file."""
    tick(cabinet.HEADER_BYTES)
    here = view[at:]
    size = int.from_bytes(here[8:12], "little")
    if not cabinet.looks_like(here) or not cabinet.HEADER_BYTES < size <= len(here):
        return 0
    tick(size)
    try:
        read = cabinet.parse(here[:size], Budget(DEFAULT_LIMITS))
    except (Malformed, Unsupported, LimitExceeded):
        return 0
    return at + read.size if read.files and read.sound() else 0
