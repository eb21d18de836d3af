"""uSWID containers and the coSWID tags in them: a firmware volume's embedded inventory.

Sources, read 2026-11-22: uSWID project, README ("Embedding SBOM metadata", header versions 1 to 4); RFC 9393 (Concise
SWID tags) sections 2.2 to 2.3, keys 0 tag-id, 1 software-name, 2 entity, 13 software-version. Integers are
little-endian. Does NOT verify COSE signatures around tags, nor read links, evidence or payload.

    GUID (16) | version (1) | header bytes (2) | payload bytes (4) | flags (1, from 2) | packing (1, from 3) |
    format (1, from 4) | payload
"""

from __future__ import annotations

import lzma
import zlib
from dataclasses import dataclass

from fwverify.formats import cbor
from fwverify.formats.cursor import Cursor
from fwverify.limits import LimitExceeded
from fwverify.model.examining import Malformed, Unsupported

WHAT = "uSWID"
MAGIC = bytes.fromhex("53424f4dd6ba2eaca3e67a52aaee3baf")
NEWEST = 4
HEADER_BYTES = range(23, 65)
"""The first version's header has 23 bytes; one of more than 64 is none."""
COMPRESSED = 1
NOT_PACKED, ZLIB, LZMA = 0, 1, 2
COSWID, CYCLONEDX, SPDX = 0, 1, 2
"""What the payload is; JSON but for the first."""
MAX_BYTES = 16 << 20
"""Unpacked. Inventories of whole firmware images have 100 KiB."""
MAX_TAGS = 10_000
NAME, VERSION = 1, 13


@dataclass(frozen=True, slots=True)
class Tag:
    """What one coSWID tag names."""

    name: str
    version: str


def container(view: memoryview, at: int) -> tuple[int, bytes]:
    """What the container that begins at `at` holds, unpacked: its format and the document.

    Nothing where only the GUID stands (a program that looks for it).

    Raises:
        Malformed, Unsupported, LimitExceeded: it cannot be read.
    """
    cursor = Cursor(view, WHAT, at)
    cursor.skip(len(MAGIC), "GUID")
    version, header, size = cursor.u8("version"), cursor.le16("header size"), cursor.le32("payload size")
    if not version or header not in HEADER_BYTES:
        return COSWID, b""
    if version > NEWEST:
        raise Unsupported(f"uSWID of version {version}")
    flags = cursor.u8("flags") if version >= 2 else 0
    packing = cursor.u8("packing") if version >= 3 else ZLIB if flags & COMPRESSED else NOT_PACKED
    kind = cursor.u8("format") if version >= 4 else COSWID
    if size > MAX_BYTES:
        raise LimitExceeded("max_uswid_bytes", size)
    payload = Cursor(view, WHAT, min(at + header, len(view))).take(size, "payload")
    return kind, _unpacked(bytes(payload), packing if flags & COMPRESSED else NOT_PACKED)


def _unpacked(payload: bytes, packing: int) -> bytes:
    if packing == NOT_PACKED:
        return payload
    if packing not in (ZLIB, LZMA):
        raise Unsupported(f"uSWID packed in way {packing}")
    stream = zlib.decompressobj() if packing == ZLIB else lzma.LZMADecompressor(memlimit=128 << 20)
    try:
        data = stream.decompress(payload, MAX_BYTES)
    except (zlib.error, lzma.LZMAError) as problem:
        raise Malformed(WHAT, f"packed content: {problem}") from None
    if not stream.eof:
        raise Malformed(WHAT, "packed content is cut off or too long")
    return data


def tags(data: bytes) -> tuple[Tag, ...]:
    """coSWID tags, one behind another; zeros behind the last are padding.

    Raises:
        Malformed: not such tags.
    """
    found: list[Tag] = []
    at = 0
    while data[at:].strip(b"\0"):
        value, at = cbor.load(data, "coSWID", at)
        name = value.get(NAME) if isinstance(value, dict) else None
        version = value.get(VERSION, "") if isinstance(value, dict) else None
        if not isinstance(name, str) or not isinstance(version, str):
            raise Malformed("coSWID", "a tag without a name", at)
        found.append(Tag(name, version))
        if len(found) > MAX_TAGS:
            raise LimitExceeded("max_coswid_tags", MAX_TAGS)
    return tuple(found)
