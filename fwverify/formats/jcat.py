"""Jcat catalogues: signatures and checksums of the files in a firmware archive.

Source: libjcat README, jcat-item.c and jcat-file.c (0.2), read 2026-11-22: gzip around one JSON object
{JcatVersionMajor, JcatVersionMinor, Items: [{Id, AliasIds, Blobs: [{Kind, Flags, Target, AppstreamId, Timestamp,
Data}]}]}.

An entry of Blobs is called a voucher here. Its Data is text, or base64 where Flags says that it is binary. Target names
the kind of checksum whose hexadecimal text was signed in place of the file. Does not do: what a transparency log says
(named), version 1 and later.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass
from enum import IntEnum

from fwverify.formats import strict_json
from fwverify.limits import LimitExceeded
from fwverify.model.examining import Malformed, Unsupported

WHAT = "Jcat file"
MAX_PACKED_BYTES = 1 << 20
MAX_BYTES = 8 << 20
"""Unpacked. The catalogue of all of LVFS's metadata stays below 100 kB."""
MAX_ITEMS, MAX_VOUCHERS = 1024, 64
_FILE_KEYS = frozenset({"JcatVersionMajor", "JcatVersionMinor", "Items"})
_ITEM_KEYS = frozenset({"Id", "AliasIds", "Blobs"})
_VOUCHER_KEYS = frozenset({"Kind", "Flags", "Target", "AppstreamId", "Timestamp", "Data"})
_UTF8 = 1
_GZIP = b"\x1f\x8b\x08"


class Kind(IntEnum):
    """JcatBlobKind."""

    SHA256 = 1
    GPG = 2
    PKCS7 = 3
    SHA1 = 4
    BT_MANIFEST = 5
    BT_CHECKPOINT = 6
    BT_INCLUSION_PROOF = 7
    BT_VERIFIER = 8
    ED25519 = 9
    SHA512 = 10


DIGESTS = {Kind.SHA256: "sha256", Kind.SHA1: "sha1", Kind.SHA512: "sha512"}
SIGNATURES = frozenset({Kind.GPG, Kind.PKCS7, Kind.ED25519})


@dataclass(frozen=True, slots=True)
class Voucher:
    """One signature or checksum."""

    kind: int
    """A `Kind`, or a number nobody knows."""
    data: bytes
    target: int = 0
    """Kind of the checksum that was signed; 0: the file itself."""


@dataclass(frozen=True, slots=True)
class Item:
    """What is said of one file."""

    names: tuple[str, ...]
    """Id first, then its aliases."""
    vouchers: tuple[Voucher, ...]


@dataclass(frozen=True, slots=True)
class Jcat:
    """One catalogue."""

    items: tuple[Item, ...]
    oddities: tuple[str, ...]


def looks_like(view: memoryview) -> bool:
    """Gzip around an object that begins as a catalogue. Cheap and total."""
    if bytes(view[:3]) != _GZIP:
        return False
    try:
        head = zlib.decompressobj(31).decompress(bytes(view[:4096]), 256)
    except zlib.error:
        return False
    return head.lstrip()[:1] == b"{" and b'"JcatVersionMajor"' in head


def parse(view: memoryview | bytes) -> Jcat:
    """Read a catalogue that fills its file.

    Raises:
        Malformed: it is none, or something follows it.
        Unsupported: another version.
        LimitExceeded: too long, or too many items.
    """
    raw, oddities = _unpacked(view)
    table = strict_json.load(raw, WHAT, max_bytes=MAX_BYTES)
    if not isinstance(table, dict) or not isinstance(table.get("JcatVersionMajor"), int):
        raise Malformed(WHAT, "no object with a JcatVersionMajor")
    if table["JcatVersionMajor"] != 0:
        raise Unsupported(f"{WHAT} of version {table['JcatVersionMajor']}")
    rows = table.get("Items", [])
    if not isinstance(rows, list) or not rows:
        raise Malformed(WHAT, "it lists nothing")
    if len(rows) > MAX_ITEMS:
        raise LimitExceeded("max_jcat_items", len(rows))
    unknown = set(table) - _FILE_KEYS
    items = tuple(_item(one, unknown) for one in rows)
    if unknown:
        oddities.append(f"the catalogue has fields that nobody reads: {', '.join(sorted(unknown))[:100]}")
    return Jcat(items, tuple(oddities))


def _unpacked(view: memoryview | bytes) -> tuple[bytes, list[str]]:
    if len(view) > MAX_PACKED_BYTES:
        raise LimitExceeded("max_text_bytes", len(view))
    packed = bytes(view)
    if packed[:3] != _GZIP:
        raise Malformed(WHAT, "it is not packed with gzip", 0)
    decoder = zlib.decompressobj(31)
    try:
        raw = decoder.decompress(packed, MAX_BYTES + 1)
    except zlib.error as problem:
        raise Malformed(WHAT, f"its gzip stream is damaged ({problem})") from None
    if len(raw) > MAX_BYTES:
        raise LimitExceeded("max_text_bytes", len(raw))
    if not decoder.eof or decoder.unused_data:
        raise Malformed(WHAT, "it is cut off, or something follows it")
    return raw, ["its gzip header has fields of its own"] if packed[3] else []


def _item(row: strict_json.Value, unknown: set[str]) -> Item:
    if not isinstance(row, dict) or not isinstance(row.get("Id"), str) or not row["Id"]:
        raise Malformed(WHAT, "an item without an Id")
    aliases, vouchers = row.get("AliasIds", []), row.get("Blobs", [])
    if not isinstance(aliases, list) or not isinstance(vouchers, list) or len(vouchers) > MAX_VOUCHERS:
        raise Malformed(WHAT, f"aliases or vouchers of {row['Id']!r:.100} are no lists, or too long")
    names = [one for one in (row["Id"], *aliases) if isinstance(one, str)]
    if len(names) != 1 + len(aliases):
        raise Malformed(WHAT, f"an alias of {row['Id']!r:.100} that is no text")
    unknown |= set(row) - _ITEM_KEYS
    return Item(tuple(names), tuple(_voucher(one, unknown) for one in vouchers))


def _voucher(row: strict_json.Value, unknown: set[str]) -> Voucher:
    if not isinstance(row, dict):
        raise Malformed(WHAT, "a voucher that is no object")
    kind, flags, target, data = row.get("Kind"), row.get("Flags", 0), row.get("Target", 0), row.get("Data")
    numbers = all(isinstance(one, int) and not isinstance(one, bool) for one in (kind, flags, target))
    if not numbers or not isinstance(data, str):
        raise Malformed(WHAT, "a voucher without kind or data")
    assert isinstance(kind, int) and isinstance(flags, int) and isinstance(target, int)  # noqa: S101 - for types
    unknown |= set(row) - _VOUCHER_KEYS
    return Voucher(kind, data.encode() if flags & _UTF8 else _binary(data), target)


def _binary(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed(WHAT, "a binary voucher that is no base64") from None
