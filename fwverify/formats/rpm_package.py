"""RPM packages: lead, signature header, header and payload, with what the digests in them say.

RPM documentation, "RPM v4 package format" (lead, header structure, signature and package tags), read 2026-11-23. What
names the package is read by formats/rpm_header. Does NOT verify OpenPGP signatures and does not compare the file list
with the payload. Values of tags nobody knows, binary values and texts that are none are not accounted for: whoever
opens the package looks into them.

    lead (96) | signature header, padded to 8 | header | payload: a packed cpio archive
    header: 8e ad e8 01 | 0 (4) | entries (4) | store size (4) | entries times (tag, type, offset, count) | store
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from fwverify.formats import rpm_header
from fwverify.formats.cursor import Cursor
from fwverify.formats.rpm_header import RpmHeader
from fwverify.model.artifact import ByteRange, Digest
from fwverify.model.examining import Malformed

WHAT = "RPM package"
MAGIC, HEADER_MAGIC = b"\xed\xab\xee\xdb", b"\x8e\xad\xe8\x01"
LEAD_BYTES, ENTRY_BYTES, INTRO_BYTES = 96, 16, 16
MAX_ENTRIES, MAX_STORE_BYTES = 1 << 16, 256 << 20
NUMBERS = {2: 1, 3: 2, 4: 4, 5: 8}
"""Types of numbers, and their bytes."""
STRING, BINARY, STRINGS, I18N = 6, 7, 8, 9
SIGNATURES = {267: "DSA", 268: "RSA", 278: "OpenPGP", 1002: "PGP", 1005: "GPG", 1006: "PGP 5"}
REGIONS = frozenset({61, 62, 63})
REGION_BYTES = 16
SIG_SHA1, SIG_SHA256, SIG_SIZE, SIG_MD5, SIG_SPACE = 269, 273, 1000, 1004, 1008
PAYLOAD_DIGEST, PAYLOAD_DIGEST_ALGORITHM = 5092, 5093
BASENAMES = 1117
ALGORITHMS = {1: "md5", 2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512"}
"""OpenPGP's numbers (RFC 9580 section 9.5), as the tag takes them."""
SINGLE = frozenset({1000, 1003, 1006, 1007, 1008, 1009, 270, 271, 5009, 5011, 5012, 5093})
PER_FILE = frozenset({1028, 1030, 1033, 1034, 1037, 1045, 1095, 1096, 1116, 1140, 1141, 5008, 5045})
"""Numbers of which there is one for each file."""
RELATIONS = {
    1048: 1049,
    1112: 1047,
    1114: 1054,
    1053: 1054,
    5047: 5046,
    5050: 5049,
    5053: 5052,
    5056: 5055,
    1143: 1142,
    1080: 1081,
}
"""Numbers of which there is one for each text of another tag."""
_NOT_TEXT = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a header."""

    tag: int
    kind: int
    count: int
    range: ByteRange
    """Where its bytes lie in the file."""


@dataclass(frozen=True, slots=True)
class Header:
    """One of the two headers."""

    start: int
    end: int
    tables: tuple[ByteRange, ...]
    """Introduction and entries."""
    entries: dict[int, Entry]
    """By tag; of two with one tag the first, the other's bytes stay unaccounted for."""


@dataclass(slots=True)
class RpmPackage:
    """What a package holds."""

    named: RpmHeader
    payload: int
    """Where it begins; it reaches to the end of the file."""
    structure: list[ByteRange] = field(default_factory=list)
    digests: list[tuple[str, Digest, Digest]] = field(default_factory=list)
    """What over, stated, computed."""
    payload_digest: tuple[Digest, Digest] | None = None
    signatures: tuple[str, ...] = ()
    """Kinds of the signatures it carries, which nobody has verified."""


def looks_like(view: memoryview, at: int = 0) -> bool:
    """A lead of a binary or source package of format 3 or 4, and a header behind it."""
    head = bytes(view[at : at + LEAD_BYTES + 4])
    return head[:4] == MAGIC and head[4:5] in (b"\3", b"\4") and head[6:8] in (b"\0\0", b"\0\1") and (
        head[LEAD_BYTES:] == HEADER_MAGIC
    )  # fmt: skip


def read(view: memoryview) -> RpmPackage:
    """Read a package up to its payload.

    1. The lead; what its name field holds behind the name stays unaccounted for.
    2. The signature header, padded to eight bytes; the header.
    3. The digests that the first states of the second and of everything behind it, and the second of the payload.

    Raises:
        Malformed: the lead or one of the headers does not hold.
    """
    if not looks_like(view):
        raise Malformed(WHAT, "no lead of a package, or no header behind it", 0)
    first = _header(view, LEAD_BYTES)  # 2
    start = first.end + -(first.end - LEAD_BYTES) % 8
    second = _header(view, start)
    named = rpm_header.parse(view[start + 8 : second.end])
    found = RpmPackage(named, second.end)
    found.structure += [*_lead(view), *_claimed(view, first), *_claimed(view, second)]  # 1
    _digests(view, found, first, second)  # 3
    found.signatures = tuple(sorted({SIGNATURES[tag] for tag in first.entries if tag in SIGNATURES}))
    return found


def _lead(view: memoryview) -> Iterator[ByteRange]:
    name = bytes(view[10:76])
    end = name.find(b"\0")
    yield ByteRange(0, 10 + (end + 1 if end >= 0 and name[:end].isascii() and name[:end].decode().isprintable() else 0))
    yield ByteRange(76, 80)  # system and kind of signature; 16 reserved bytes are zero, or nobody knows what


def _header(view: memoryview, start: int) -> Header:
    cursor = Cursor(view, WHAT, start)
    magic, reserved = bytes(cursor.take(4, "header")), cursor.be32("header")
    count, size = cursor.be32("number of entries"), cursor.be32("size of the store")
    if magic != HEADER_MAGIC or reserved or not 0 < count <= MAX_ENTRIES or size > MAX_STORE_BYTES:
        raise Malformed(WHAT, f"header of {count} entries and {size} bytes", start)
    rows = cursor.take(count * ENTRY_BYTES, "entries")
    store = cursor.at
    cursor.skip(size, "store")
    entries: dict[int, Entry] = {}
    kept: list[ByteRange] = [ByteRange(start, start + INTRO_BYTES)]
    for at, (tag, kind, offset, number) in enumerate(struct.iter_unpack(">4I", rows)):
        length = _length(view, kind, store + offset, number, cursor.at) if offset <= size else -1
        if length < 0:
            raise Malformed(WHAT, f"value of tag {tag} lies outside its header", store)
        if tag not in entries and length:
            entries[tag] = Entry(tag, kind, number, ByteRange(store + offset, store + offset + length))
            row = start + INTRO_BYTES + at * ENTRY_BYTES
            kept.append(ByteRange(row, row + ENTRY_BYTES))
    return Header(start, cursor.at, tuple(kept), entries)


def _length(view: memoryview, kind: int, at: int, count: int, end: int) -> int:
    """Bytes of a value; -1 for one that leaves the store or is of no known type."""
    if kind in NUMBERS:
        size = NUMBERS[kind] * count
    elif kind in (BINARY, 1):
        size = count
    elif kind in (STRING, STRINGS, I18N):
        return _texts_length(view, at, 1 if kind == STRING else count, end)
    else:
        return 0 if kind == 0 else -1
    return size if at + size <= end else -1


def _texts_length(view: memoryview, at: int, count: int, end: int) -> int:
    if count > end - at:
        return -1
    raw = bytes(view[at:end])
    place = 0
    for _ in range(count):
        place = raw.find(b"\0", place) + 1
        if place == 0:
            return -1
    return place


def _claimed(view: memoryview, header: Header) -> Iterator[ByteRange]:
    """The tables, and values whose meaning is known and whose bytes are of it."""
    yield from header.tables
    for one in header.entries.values():
        if _understood(view, header, one):
            yield one.range


def _understood(view: memoryview, header: Header, one: Entry) -> bool:
    if one.kind in (STRING, STRINGS, I18N):
        raw = bytes(view[one.range.start : one.range.end])
        return _NOT_TEXT.search(raw) is None and _decodes(raw)
    if one.kind in NUMBERS:
        return one.count == _expected(header, one.tag)
    return (one.tag in REGIONS and one.range.size == REGION_BYTES) or (one.tag == SIG_MD5 and one.range.size == 16)


def _expected(header: Header, tag: int) -> int:
    """How many numbers a known tag has; -1 for others."""
    if tag in SINGLE:
        return 1
    beside = BASENAMES if tag in PER_FILE else RELATIONS.get(tag, -1)
    return header.entries[beside].count if beside in header.entries else -1


def _decodes(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _digests(view: memoryview, found: RpmPackage, first: Header, second: Header) -> None:
    own = view[second.start : second.end]
    for tag, algorithm in ((SIG_SHA1, "sha1"), (SIG_SHA256, "sha256")):
        stated = _hex(view, first.entries.get(tag), algorithm)
        if stated is not None:
            found.digests.append(("header", stated, _computed(algorithm, own)))
    md5 = first.entries.get(SIG_MD5)
    if md5 is not None and md5.range.size == 16:
        stated = Digest("md5", bytes(view[md5.range.start : md5.range.end]))
        found.digests.append(("header and payload", stated, _computed("md5", view[second.start :])))
    algorithm = ALGORITHMS.get(_number(view, second.entries.get(PAYLOAD_DIGEST_ALGORITHM)), "sha256")
    stated = _hex(view, second.entries.get(PAYLOAD_DIGEST), algorithm)
    if stated is not None:
        found.payload_digest = (stated, _computed(algorithm, view[found.payload :]))


def _computed(algorithm: str, content: memoryview) -> Digest:
    return Digest(algorithm, hashlib.new(algorithm, content, usedforsecurity=False).digest())


def _number(view: memoryview, one: Entry | None) -> int:
    return int.from_bytes(view[one.range.start : one.range.start + 4], "big") if one and one.kind == 4 else 0


def _hex(view: memoryview, one: Entry | None, algorithm: str) -> Digest | None:
    """A digest written as text; None where there is none, or it has not the length of this algorithm."""
    if one is None or one.kind not in (STRING, STRINGS):
        return None
    text = bytes(view[one.range.start : one.range.end]).partition(b"\0")[0].decode("ascii", "replace")
    size = hashlib.new(algorithm, usedforsecurity=False).digest_size
    return Digest(algorithm, bytes.fromhex(text)) if re.fullmatch(f"[0-9a-fA-F]{{{2 * size}}}", text) else None
