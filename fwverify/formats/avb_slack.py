"""Bytes of a vbmeta that nobody reads, where something else could be kept: they may be signed and still be anything.

Source: AOSP external/avb libavb headers of version 1.3, read 2026-11-22 (formats/avb.py). Free are reserved fields that
are not zero, values of property descriptors, descriptors of unknown kinds, metadata of the key, salts longer than any
digest, keys that are none, and whatever in the auxiliary block nothing points to. Nothing is judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fwverify.formats import avb
from fwverify.formats.avb import VbMeta
from fwverify.formats.cursor import Cursor
from fwverify.formats.names import fill_byte
from fwverify.model.artifact import ByteRange, subtracted
from fwverify.model.examining import Malformed

RELEASE_AT, RESERVED_AT = 128, 176
"""Of the header's text and of its last reserved bytes."""
MAX_SALT_BYTES = 64
SHORT_BYTES = 16
"""Printable values up to this length hold nothing worth looking into."""
FIXED_BYTES = {avb.HASHTREE: 180, avb.HASH: 132, avb.CHAIN: 92}
"""Of a descriptor, its 16 bytes of kind and size included; the last 60 are reserved."""
RESERVED_BYTES = 60
_TEXT = re.compile(rb"[\t\n\r\x20-\x7e]*\0*")


def slack(view: memoryview, meta: VbMeta) -> Iterator[ByteRange]:
    """The free bytes of header and auxiliary block, in the view's coordinates."""
    if not meta.plain:
        text = bytes(view[meta.header.start + RELEASE_AT : meta.header.start + RESERVED_AT]).partition(b"\0")[0]
        yield ByteRange(meta.header.start + RELEASE_AT + len(text), meta.header.end)
    if meta.auxiliary is None:
        return
    fields = avb.HEADER.unpack(view[meta.header.start : meta.header.end])
    base = meta.auxiliary.start
    read = list(_descriptors(view, base + fields[14], fields[15])) if fields[15] else []
    if meta.public_key and _is_key(meta):
        read.append(ByteRange(base + fields[10], base + fields[10] + fields[11]))
    for one in subtracted([meta.auxiliary], read):
        if fill_byte(view, one) != "00":
            yield one


def _is_key(meta: VbMeta) -> bool:
    algorithm = avb.ALGORITHMS.get(meta.algorithm)
    if algorithm is None:
        return False
    try:
        avb.parse_key(meta.public_key, algorithm)
    except Malformed:
        return False
    return True


def _descriptors(view: memoryview, start: int, size: int) -> Iterator[ByteRange]:
    """What is read of each descriptor."""
    at = start
    while at + 16 <= start + size:
        kind, length = (int.from_bytes(view[at + skip : at + skip + 8], "big") for skip in (0, 8))
        whole = ByteRange(at, at + 16 + length)
        yield from subtracted([whole], _free(view, whole, kind))
        at = whole.end


def _free(view: memoryview, whole: ByteRange, kind: int) -> Iterator[ByteRange]:
    body = bytes(view[whole.start : whole.end])
    if kind in FIXED_BYTES and len(body) >= FIXED_BYTES[kind]:
        yield from _of_partition(body, whole, kind)
    elif kind == avb.PROPERTY and len(body) >= 32:
        key = int.from_bytes(body[16:24], "big")
        value = body[32 + key + 1 :].rstrip(b"\0")
        if len(value) > SHORT_BYTES or not _TEXT.fullmatch(value):
            yield ByteRange(min(whole.start + 32 + key, whole.end - 1), whole.end)
    elif not (kind == avb.CMDLINE and _TEXT.fullmatch(body[24:])) and whole.size > 16:
        yield ByteRange(whole.start + 16, whole.end)


def _of_partition(body: bytes, whole: ByteRange, kind: int) -> Iterator[ByteRange]:
    """Hash, hash tree, chain: reserved bytes, long salts, and what is behind the last field."""
    fixed = FIXED_BYTES[kind]
    if body[fixed - RESERVED_BYTES : fixed].strip(b"\0"):
        yield ByteRange(whole.start + fixed - RESERVED_BYTES, whole.start + fixed)
    lengths = Cursor(body, "AVB descriptor", fixed - RESERVED_BYTES - 16)
    numbers = lengths.unpack(">IIII", "lengths")
    used = numbers[1:3] if kind == avb.CHAIN else numbers[:3]
    end = fixed + sum(used)
    if kind != avb.CHAIN and used[1] > MAX_SALT_BYTES:
        yield ByteRange(whole.start + fixed + used[0], min(whole.start + fixed + used[0] + used[1], whole.end))
    if end < len(body) and body[end:].strip(b"\0"):
        yield ByteRange(whole.start + end, whole.end)
