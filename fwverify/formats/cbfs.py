"""CBFS, coreboot's file system: entries one after another, each at a multiple of 64 bytes.

Source: coreboot Documentation/lib/cbfs (cbfs_serialized.h: file header, attributes, types), read 2026-11-22.

    LARCHIVE | size | type | attributes | offset of data | name | [attributes] | data      all numbers big-endian

Images for x86 end with the place of a master header, relative to their end.
Not done: stages and payloads (as they are stored).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.formats.names import decoded
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

WHAT = "CBFS"
MAGIC = b"LARCHIVE"
HEADER_BYTES, ALIGNMENT = 24, 64
EMPTY = (0, 0xFFFFFFFF)
"""Types of space that is free: never used, and deleted."""
TYPES = frozenset({
    0x01, 0x02, 0x10, 0x11, 0x20, 0x21, 0x30, 0x40, 0x50, 0x51, 0x52, 0x53, 0x60, 0x61, 0x70, 0x80, 0xAA, 0xAB,
    0x01AA, *EMPTY,
})  # fmt: skip
MAX_NAME_BYTES = 1024
MAX_FILES = 4096
COMPRESSION, HASH = 0x42435A4C, 0x68736148
"""Tags of attributes; others are left alone."""
NONE, LZMA, LZ4 = 0, 1, 2
HASHES = {1: ("sha1", 20), 2: ("sha256", 32), 3: ("sha512", 64)}
MASTER_MAGIC, MASTER_BYTES, MASTER_VERSIONS = b"ORBC", 32, (0x31313131, 0x31313132)
MIN_FILES = 2
"""Entries that must follow one another before bytes in the middle of something are believed to be a CBFS."""


@dataclass(frozen=True, slots=True)
class CbfsFile:
    """One entry; ranges are in the view."""

    name: str
    kind: int
    header: ByteRange
    """Fixed header, and the name up to its NUL."""
    padding: ByteRange | None
    """Behind the name."""
    attributes: tuple[ByteRange, ...]
    """Those that are read."""
    data: ByteRange | None
    compression: int
    unpacked: int
    """Size of what it unpacks to, as stated; 0 when it is not packed."""
    digest: tuple[str, bytes] | None
    """Algorithm and value over the data as stored."""
    end: int

    @property
    def empty(self) -> bool:
        return self.kind in EMPTY


def looks_like(view: memoryview, at: int = 0) -> bool:
    if bytes(view[at : at + 8]) != MAGIC:
        return False
    try:
        return read_file(view, at).kind in TYPES
    except Malformed:
        return False


def files(view: memoryview, start: int = 0) -> Iterator[CbfsFile]:
    """The entries in order; the first place without the magic ends them.

    Raises:
        Malformed: an entry that does not fit; those before it were handed out.
    """
    at = start
    for _ in range(MAX_FILES):
        if bytes(view[at : at + 8]) != MAGIC:
            return
        one = read_file(view, at)
        yield one
        at = start + ((one.end - start + ALIGNMENT - 1) & ~(ALIGNMENT - 1))


def end(view: memoryview, at: int) -> int:
    """Where the entries that begin at an offset end; 0 when too few follow one another."""
    found, kinds, last = 0, True, 0
    try:
        for one in files(view, at):
            found, kinds, last = found + 1, kinds and one.kind in TYPES, one.end
    except Malformed:
        return 0
    return last if found >= MIN_FILES and kinds else 0


def master(view: memoryview) -> tuple[ByteRange, ...]:
    """The master header that the last four bytes lead to, and those bytes; nothing when it does not fit the image."""
    place = len(view) + int.from_bytes(view[-4:], "little", signed=True)
    if not 0 <= place <= len(view) - MASTER_BYTES - 4 or bytes(view[place : place + 4]) != MASTER_MAGIC:
        return ()
    version, size, _, alignment = (int.from_bytes(view[place + n : place + n + 4], "big") for n in (4, 8, 12, 16))
    fits = version in MASTER_VERSIONS and size == len(view) and alignment == ALIGNMENT
    return (ByteRange(place, place + MASTER_BYTES), ByteRange(len(view) - 4, len(view))) if fits else ()


def read_file(view: memoryview, at: int) -> CbfsFile:
    """One entry. Raises Malformed when it does not fit the view."""
    if len(view) - at < HEADER_BYTES:
        raise Malformed(WHAT, "a header that is cut off", at)
    size, kind, attributes, offset = (int.from_bytes(view[at + 8 + 4 * n : at + 12 + 4 * n], "big") for n in range(4))
    head = attributes if attributes not in (0, 0xFFFFFFFF) else offset
    if not HEADER_BYTES < head <= offset <= len(view) - at - size or head > HEADER_BYTES + MAX_NAME_BYTES:
        raise Malformed(WHAT, f"{size} bytes at {offset}, attributes at {attributes}", at)
    name = bytes(view[at + HEADER_BYTES : at + head]).partition(b"\0")[0]
    named = at + min(HEADER_BYTES + len(name) + 1, head)
    known: list[ByteRange] = []
    method, unpacked, digest = NONE, 0, None
    for tag, place in _attributes(view, at + head, at + offset):
        body = bytes(view[place.start + 8 : place.end])
        if tag == COMPRESSION and len(body) == 8:
            method, unpacked = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:], "big")
            known.append(place)
        elif tag == HASH and (digest := _digest(body)) is not None:
            known.append(ByteRange(place.start, place.start + 12 + len(digest[1])))
    start = at + offset
    data = ByteRange(start, start + size) if size else None
    padding = ByteRange(named, at + head) if named < at + head else None
    return CbfsFile(
        decoded(name), kind, ByteRange(at, named), padding, tuple(known), data, method, unpacked, digest, start + size
    )


def _attributes(view: memoryview, at: int, end: int) -> Iterator[tuple[int, ByteRange]]:
    while at + 8 <= end:
        tag, size = (int.from_bytes(view[at + n : at + n + 4], "big") for n in (0, 4))
        if not 8 <= size <= end - at:
            return
        yield tag, ByteRange(at, at + size)
        at += size


def _digest(body: bytes) -> tuple[str, bytes] | None:
    algorithm, size = HASHES.get(int.from_bytes(body[:4], "big"), ("", 0))
    return (algorithm, body[4 : 4 + size]) if algorithm and len(body) >= 4 + size else None
