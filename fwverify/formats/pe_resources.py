"""The version resource of a PE image: product, versions and names as its maker wrote them.

Sources, read 2026-11-22: Microsoft "PE Format" (the .rsrc section: directory tables, data entries), Win32
"VS_VERSIONINFO", "VS_FIXEDFILEINFO", "StringFileInfo", "String" structures. The first version resource counts, in the
first language it is given in. Does NOT read any other resource.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice

from fwverify.formats.cursor import Cursor
from fwverify.formats.pe_tables import RESOURCE, Tables
from fwverify.model.examining import Malformed

WHAT = "version resource"
RT_VERSION = 16
SUBDIRECTORY = 0x80000000
MAX_ENTRIES = 4096
"""Of one resource directory. Programs with thousands of icons exist; versions there is one."""
MAX_BYTES = 1 << 16
MAX_STRINGS = 256
FIXED_SIGNATURE = 0xFEEF04BD
FIXED_BYTES = 52
LEVELS = 3
"""Below the type: name, language, data."""


def version_strings(tables: Tables) -> tuple[tuple[str, str], ...]:
    """Name and value of every string of the version resource, as written, with `FileVersion` and `ProductVersion` from
    its numbers where no string says them; empty where there is no such resource.

    Raises:
        Malformed: the resource is damaged.
    """
    span = tables.span(RESOURCE)
    entry = _entry(Cursor(tables.view, WHAT, span.start, span.end)) if span else None
    if entry is None:
        return ()
    address, size = entry
    at = tables.offset(address)
    if at < 0 or not 0 < size <= MAX_BYTES or at + size > len(tables.view):
        raise Malformed(WHAT, f"its {size} bytes are not in the file", at)
    return tuple(_strings(bytes(tables.view[at : at + size])).items())


def _entry(root: Cursor) -> tuple[int, int] | None:
    """Address and size of the version resource; None: there is none."""
    start, end = root.at, root.end
    at = _child(root, RT_VERSION)
    for _ in range(LEVELS - 1):
        if at is None:
            return None
        if not at & SUBDIRECTORY:
            break
        inner = start + (at & ~SUBDIRECTORY)
        if inner > end:
            raise Malformed(WHAT, "a resource directory lies outside the resources", inner)
        at = _child(Cursor(root.view, WHAT, inner, end), None)
    if at is None or at & SUBDIRECTORY or start + at > end:
        return None
    address, size = Cursor(root.view, WHAT, start + at, end).unpack("<II8x", "resource data entry")
    return address, size


def _child(directory: Cursor, number: int | None) -> int | None:
    """Where an entry of a directory points: that number's, or the first."""
    named, numbered = directory.unpack("<12xHH", "resource directory")
    if named + numbered > MAX_ENTRIES:
        raise Malformed(WHAT, f"a resource directory of {named + numbered} entries", directory.at)
    for _ in range(named + numbered):
        name, at = directory.unpack("<II", "resource directory entry")
        if number is None or name == number:
            return at
    return None


def _strings(data: bytes) -> dict[str, str]:
    key, value, children = _block(data, 0, len(data))
    if key != "VS_VERSION_INFO":
        raise Malformed(WHAT, f"it begins with {key[:20]!r}")
    found: dict[str, str] = {}
    for label, text in islice(_texts(data, children), MAX_STRINGS):
        found.setdefault(label, text)
    if value[1] - value[0] >= FIXED_BYTES:
        signature, _, *numbers = struct.unpack_from("<6I", data, value[0])
        if signature == FIXED_SIGNATURE:
            for label, high, low in (("FileVersion", *numbers[:2]), ("ProductVersion", *numbers[2:])):
                found.setdefault(label, f"{high >> 16}.{high & 0xFFFF}.{low >> 16}.{low & 0xFFFF}")
    return found


def _texts(data: bytes, children: tuple[int, int]) -> Iterator[tuple[str, str]]:
    """Name and value of every string, of all languages in a row."""
    for name, _, inside in _blocks(data, *children):
        if name == "StringFileInfo":
            for _, _, strings in _blocks(data, *inside):
                for label, text, _ in _blocks(data, *strings):
                    yield label, _utf16(data[slice(*text)])


def _blocks(data: bytes, at: int, end: int) -> Iterator[tuple[str, tuple[int, int], tuple[int, int]]]:
    """Structures in a row: key, where the value lies, where the children lie."""
    while at + 6 <= end:
        size = int.from_bytes(data[at : at + 2], "little")
        if size < 6:
            return
        yield _block(data, at, end)
        at += size + (-size % 4)


def _block(data: bytes, at: int, end: int) -> tuple[str, tuple[int, int], tuple[int, int]]:
    if at + 6 > end:
        raise Malformed(WHAT, "it is cut off", at)
    size, value_size, kind = struct.unpack_from("<HHH", data, at)
    stop = min(at + size, end)
    close = at + 6
    while close + 2 <= stop and data[close : close + 2] != b"\0\0":
        close += 2
    key = data[at + 6 : close].decode("utf-16-le", "replace")
    value = close + 2 + (-(close + 2) % 4)
    bytes_ = 2 * value_size if kind == 1 else value_size
    value_end = min(value + bytes_, stop)
    return key, (min(value, stop), max(value_end, min(value, stop))), (value_end + (-value_end % 4), stop)


def _utf16(raw: bytes) -> str:
    return raw.decode("utf-16-le", "replace").split("\0")[0].strip()
