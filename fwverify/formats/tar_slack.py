"""Bytes of tar headers that say nothing a reader uses, where something else could be kept.

Sources: POSIX.1-2017 pax, "ustar Interchange Format" and "pax Extended Header"; GNU tar manual 1.35, "Basic Tar
Format"; read 2026-11-22. A name ends with its first NUL, the rest of its field is free; blocks are filled up; pax
records have any name and any value. Only what is not zero is told. Numbers are not judged: they are too short.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fwverify.formats import tar_archive, tar_extensions
from fwverify.formats.names import fill_byte
from fwverify.formats.tar_extensions import BLOCK
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

TEXTS = ((0, 100), (157, 257), (265, 297), (297, 329))
"""Name, link target, user, group."""
PREFIX, END = (345, 500), (500, 512)
"""Of a ustar header."""
READ_KEYS = re.compile(
    rb"path|linkpath|size|[mac]time|[ug]id|[ug]name|charset|hdrcharset|GNU\.(?:sparse|volume)\..*|LIBARCHIVE\.creationtime"
)
MAX_NAME_BYTES = 4096
"""A longer one is no name (PATH_MAX)."""
SHORT_BYTES = 16
"""Printable values up to this length hold nothing worth looking into."""
_NUMBERS = re.compile(rb"[0-7 \0]*")
_BLOCKS = re.compile(rb"(?:[0-7 \0]{504}[\0\x01]\0{7})*")
"""Of an old sparse map: numbers, and whether another block follows."""
_LINES = re.compile(rb"[0-9\n]*\0*")
_MAP = re.compile(rb"[0-9,]*")
_PRINTABLE = re.compile(rb"[\x20-\x7e]*")


def slack(view: memoryview, header: ByteRange) -> Iterator[ByteRange]:
    """The free bytes of an entry's header blocks, extended headers and sparse maps included."""
    at, seen = header.start, b""
    while at + BLOCK <= header.end:
        block = bytes(view[at : at + BLOCK])
        yield from _block(block, at)
        if block[156:157] not in tar_archive.EXTENDING:
            yield from _maps(view, at + BLOCK, header.end)
            return
        try:
            size = tar_extensions.number(view[at + 124 : at + 136], "size")
        except Malformed:
            return
        body = ByteRange(at + BLOCK, min(at + BLOCK + size, header.end)) if size else None
        if body is not None:
            overridden = block[156:157] in seen and block[156:157] != tar_archive.PAX_GLOBAL
            yield from (body,) if overridden else _body(view, body, block[156:157])
            seen += block[156:157]
            yield from _unless_zero(view, body.end, min(body.end + -size % BLOCK, header.end))
        at += BLOCK + size + -size % BLOCK


def _block(block: bytes, at: int) -> Iterator[ByteRange]:
    magic = block[257:263]
    fields = TEXTS if magic.startswith(b"ustar") else TEXTS[:2]
    for start, end in (*fields, *((PREFIX,) if magic == b"ustar\0" else ())):
        yield from _behind_text(block[start:end], at + start)
    rest = END if magic == b"ustar\0" else PREFIX[:1] + END[1:] if magic == b"ustar " else (257, BLOCK)
    free = block[rest[0] : rest[1]] if block[156:157] != tar_archive.SPARSE else block[495:]
    if not _NUMBERS.fullmatch(free):
        yield ByteRange(at + BLOCK - len(free), at + BLOCK)


def _behind_text(field: bytes, at: int) -> Iterator[ByteRange]:
    text, _, free = field.partition(b"\0")
    if len(text) > MAX_NAME_BYTES:
        yield ByteRange(at, at + len(field))
        return
    if free.strip(b"\0"):
        yield ByteRange(at + len(text) + 1, at + len(field))


def _body(view: memoryview, body: ByteRange, flag: bytes) -> Iterator[ByteRange]:
    raw = bytes(view[body.start : body.end])
    if flag in (tar_archive.LONG_NAME, tar_archive.LONG_LINK):
        yield from _behind_text(raw, body.start)
        return
    at = 0
    while at < len(raw):
        blank = raw.find(b" ", at)
        length = raw[at:blank] if blank > at else b""
        if not length.isdigit() or len(length) > tar_extensions.MAX_DIGITS or int(length) <= blank - at:
            yield ByteRange(body.start + at, body.end)
            return
        end = min(at + int(length), len(raw))
        key, _, value = raw[blank + 1 : end - 1].partition(b"=")
        if value and not _read(key, value) and (len(value) > SHORT_BYTES or not _PRINTABLE.fullmatch(value)):
            yield ByteRange(body.start + end - 1 - len(value), body.start + end - 1)
        at = end


def _read(key: bytes, value: bytes) -> bool:
    """True for a record whose value a reader uses, and which can be one."""
    if key == b"GNU.dumpdir":
        return tar_extensions.is_dump(memoryview(value))
    long = len(value) > MAX_NAME_BYTES and not _MAP.fullmatch(value)
    return READ_KEYS.fullmatch(key) is not None and b"\0" not in value and not long


def _maps(view: memoryview, start: int, end: int) -> Iterator[ByteRange]:
    """Sparse maps: octal numbers in blocks, or decimal lines."""
    if start < end and not (_BLOCKS.fullmatch(view[start:end]) or _LINES.fullmatch(view[start:end])):
        yield ByteRange(start, end)


def _unless_zero(view: memoryview, start: int, end: int) -> Iterator[ByteRange]:
    if start < end and fill_byte(view, ByteRange(start, end)) != "00":
        yield ByteRange(start, end)
