"""What OpenWrt's fwtool appends to an image: metadata, a signature, each followed by a trailer; and ucert's attributes.

Sources: OpenWrt fwtool (fwimage.h, fwtool.c), ucert (ucert.c), libubox's attribute headers, read 2026-11-22.
Chunks lie one behind the other at the end of the image and are found from its end. Each ends with 16 bytes,
big-endian: magic `FWx0`, CRC-32 (not inverted at the end) over everything before the trailer, type (0 signature,
1 information), three zero bytes, size of the chunk with its trailer. An information chunk begins with eight bytes of
version and flags, then JSON. A signature chunk holds ucert's attributes: certificates (a signature and what it
signs), then the signature over the image up to this chunk.

Does not verify anything; does not read lists of revoked keys.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.formats import signify, strict_json
from fwverify.formats.cursor import Cursor
from fwverify.formats.public_key import PublicKey
from fwverify.formats.signify import Signature
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

WHAT = "OpenWrt image trailer"
UCERT = "ucert"
MAGIC = b"FWx0"
SIGNATURE, INFORMATION = 0, 1
TRAILER_BYTES, HEADER_BYTES = 16, 8
MAX_INFORMATION_BYTES, MAX_SIGNATURE_BYTES = 64 << 10, 64 << 10
"""fwtool writes at most 30 kB and 1 kB."""
MAX_CHUNKS = 8
MAX_CERTIFICATES = 16
_ATTRIBUTE_SIGNATURE, _ATTRIBUTE_PAYLOAD = 0, 1
_EXTENDED, _ID_MASK, _LENGTH_MASK = 0x80000000, 0x7F000000, 0x00FFFFFF
_TABLE, _STRING, _INT64, _INT32 = 2, 3, 4, 5
AUTHORIZES, REVOKES = 1, 2
"""ucert's certtype."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One appended chunk."""

    kind: int
    whole: ByteRange
    """With its trailer."""
    data: ByteRange | None
    """Without the trailer; None when it is empty."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A key vouched for by another key."""

    signature: Signature
    payload: bytes
    """What is signed."""
    kind: int
    valid_from: int
    """Seconds since 1970."""
    expires_at: int
    """Seconds since 1970; -1 where a revocation has none."""
    key: PublicKey | None
    """None for a revocation."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A signature chunk."""

    certificates: tuple[Certificate, ...]
    signature: Signature
    plain: bool
    """Nothing in it but numbers, keys, signatures and printable comments."""


def looks_like(view: memoryview) -> bool:
    """A trailer at the very end whose chunk fits."""
    if len(view) < TRAILER_BYTES or bytes(view[-TRAILER_BYTES : 4 - TRAILER_BYTES]) != MAGIC:
        return False
    return view[-8] <= INFORMATION and TRAILER_BYTES <= int.from_bytes(view[-4:], "big") <= len(view)


def chunks(view: memoryview) -> list[Chunk]:
    """All chunks, the last one first. Raises Malformed when a trailer's CRC or size does not hold."""
    found: list[Chunk] = []
    end = len(view)
    while len(found) < MAX_CHUNKS and looks_like(view[:end]):
        start = end - TRAILER_BYTES
        cursor = Cursor(view, WHAT, start, end)
        cursor.skip(4, "magic")
        crc, kind, padding, size = cursor.be32("CRC"), cursor.u8("type"), cursor.take(3, "padding"), cursor.be32("size")
        if any(padding):
            raise Malformed(WHAT, "its padding is not empty", start)
        if zlib.crc32(view[:start]) ^ 0xFFFFFFFF != crc:
            raise Malformed(WHAT, "its CRC does not hold: the image was changed or cut", start)
        data = ByteRange(end - size, start) if size > TRAILER_BYTES else None
        found.append(Chunk(kind, ByteRange(end - size, end), data))
        end -= size
    return found


def information(view: memoryview, chunk: Chunk) -> dict[str, strict_json.Value]:
    """The metadata. Raises Malformed, LimitExceeded."""
    data = view[chunk.data.start : chunk.data.end] if chunk.data else memoryview(b"")
    if bytes(data[:HEADER_BYTES]) != bytes(HEADER_BYTES):
        raise Malformed(WHAT, "its metadata has an unknown version", chunk.whole.start)
    raw = bytes(data[HEADER_BYTES : HEADER_BYTES + MAX_INFORMATION_BYTES + 1])
    table = strict_json.load(raw, "OpenWrt metadata", max_bytes=MAX_INFORMATION_BYTES)
    if not isinstance(table, dict):
        raise Malformed(WHAT, "its metadata is no JSON object", chunk.whole.start)
    return table


def chain(data: memoryview) -> Chain:
    """Read a signature chunk: certificates, then one signature. Raises Malformed."""
    if len(data) > MAX_SIGNATURE_BYTES:
        raise Malformed(UCERT, f"{len(data)} bytes, more than {MAX_SIGNATURE_BYTES}")
    certificates: list[Certificate] = []
    last: Signature | None = None
    plain = True
    cursor = Cursor(data, UCERT)
    while cursor.left:
        if last is not None:
            raise Malformed(UCERT, "something follows the signature over the image", cursor.at)
        _, record = _attribute(cursor)
        attributes = list(_attributes(record))
        names = [name for name, _ in attributes]
        if names not in ([_ATTRIBUTE_SIGNATURE], [_ATTRIBUTE_SIGNATURE, _ATTRIBUTE_PAYLOAD]):
            raise Malformed(UCERT, "an attribute is not a signature and what it signs")
        signature, clean = _signature(attributes[0][1])
        plain = plain and clean
        if len(attributes) == 1:
            last = signature
            continue
        certificates.append(_certificate(signature, bytes(attributes[1][1])))
        if len(certificates) > MAX_CERTIFICATES:
            raise Malformed(UCERT, f"more than {MAX_CERTIFICATES} certificates")
    if last is None:
        raise Malformed(UCERT, "it has no signature over the image")
    return Chain(tuple(certificates), last, plain)


def _signature(data: memoryview) -> tuple[Signature, bool]:
    """A signature file inside an attribute, perhaps with the zero of a C string."""
    raw = bytes(data).removesuffix(b"\0")
    found = signify.parse_signature(raw)
    if found.end != len(raw):
        raise Malformed(UCERT, "something follows a signature in its attribute")
    return found, found.plain


def _attribute(cursor: Cursor) -> tuple[int, memoryview]:
    """(id with the extended bit, data) of an attribute; the next begins at a multiple of four."""
    start = cursor.at
    head = cursor.be32("attribute")
    size = head & _LENGTH_MASK
    if size < 4:
        raise Malformed(UCERT, "an attribute is shorter than its header", start)
    data = cursor.take(size - 4, "attribute")
    padding = cursor.take(min(-size % 4, cursor.left), "padding")
    if any(padding):
        raise Malformed(UCERT, "the padding of an attribute is not empty", cursor.at)
    return (head & (_EXTENDED | _ID_MASK)) >> 24, data


def _attributes(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    cursor = Cursor(data, UCERT)
    while cursor.left:
        yield _attribute(cursor)


def _certificate(signature: Signature, payload: bytes) -> Certificate:
    tables = _messages(memoryview(payload))
    if set(tables) != {"ucert"} or tables["ucert"][0] != _TABLE:
        raise Malformed(UCERT, "a certificate holds no table ucert, or more than it")
    fields = _messages(tables["ucert"][1])
    kind, valid_from = _integer(fields, "certtype", _INT32), _integer(fields, "validfrom", _INT64)
    if kind == REVOKES:
        return Certificate(signature, payload, kind, valid_from, -1, None)
    if kind != AUTHORIZES:
        raise Malformed(UCERT, f"a certificate of the unknown type {kind}")
    form, text = fields.get("pubkey", (0, memoryview(b"")))
    if form != _STRING:
        raise Malformed(UCERT, "a certificate has no public key")
    key = signify.parse_key(bytes(text).removesuffix(b"\0"))
    return Certificate(signature, payload, kind, valid_from, _integer(fields, "expiresat", _INT64), key)


def _messages(data: memoryview) -> dict[str, tuple[int, memoryview]]:
    """Named attributes (blobmsg): name -> type and data. A name that is given twice is Malformed."""
    found: dict[str, tuple[int, memoryview]] = {}
    for form, body in _attributes(data):
        cursor = Cursor(body, UCERT)
        size = cursor.be16("length of a name")
        name = bytes(cursor.take(size, "name"))
        cursor.skip(1 + -(2 + size + 1) % 4, "end of a name")
        text = name.decode("ascii", "replace")
        if not form & 0x80 or text in found:
            raise Malformed(UCERT, f"the field {text[:50]!r} is given twice, or has no name")
        found[text] = (form & 0x7F, body[cursor.at :])
    return found


def _integer(fields: dict[str, tuple[int, memoryview]], name: str, form: int) -> int:
    kind, data = fields.get(name, (0, memoryview(b"")))
    if kind != form or len(data) != (8 if form == _INT64 else 4):
        raise Malformed(UCERT, f"a certificate has no {name}")
    return int.from_bytes(data, "big")
