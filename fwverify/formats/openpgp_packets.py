"""OpenPGP packets: how a stream is cut into packets, and how numbers are written in them.

Layout: RFC 9580 sections 3.2 (multiprecision integers), 4.2 (packet headers, both formats), 5 (packet types).
Read 2026-11-22. Partial and indeterminate lengths are refused: keys and signatures never need them, and a reader
that joins pieces can be made to see another packet than one that does not. Interprets no packet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.formats.cursor import Cursor
from fwverify.model.examining import Malformed

SIGNATURE, ONE_PASS, SECRET_KEY, PUBLIC_KEY, SECRET_SUBKEY, COMPRESSED = 2, 4, 5, 6, 7, 8
MARKER, LITERAL, TRUST, USER_ID, PUBLIC_SUBKEY, USER_ATTRIBUTE, PADDING = 10, 11, 12, 13, 14, 17, 21
FIRST_IGNORABLE = 40
"""Unknown packets from this type on may be passed over (section 4.3)."""
MAX_PACKETS = 2000
"""In one key or signature file. A key with 500 foreign certifications has as many."""
MAX_MPI_BITS = 16384


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet."""

    type: int
    body: bytes
    offset: int
    """Of its header, bytes into the stream."""


def packets(content: memoryview | bytes, what: str) -> Iterator[Packet]:
    """All packets of a stream, to its last byte. Raises Malformed."""
    at = Cursor(content, what)
    if not at.left:
        raise Malformed(what, "it is empty", 0)
    for _ in range(MAX_PACKETS):
        if not at.left:
            return
        start = at.at
        kind, size = _header(at)
        yield Packet(kind, bytes(at.take(size, f"packet of type {kind}")), start)
    if at.left:
        raise Malformed(what, f"more than {MAX_PACKETS} packets", at.at)


def _header(at: Cursor) -> tuple[int, int]:
    """(type, bytes of the body)."""
    first = at.u8("packet header")
    if not first & 0x80:
        raise Malformed(at.what, "no OpenPGP packet begins here", at.at - 1)
    if first & 0x40:
        return _known(at, first & 0x3F), length(at)
    match first & 3:
        case 0:
            size = at.u8("packet length")
        case 1:
            size = at.be16("packet length")
        case 2:
            size = at.be32("packet length")
        case _:
            raise Malformed(at.what, "a packet of indeterminate length", at.at - 1)
    return _known(at, first >> 2 & 0x0F), size


def _known(at: Cursor, kind: int) -> int:
    if kind == 0:
        raise Malformed(at.what, "packet type 0 is never used", at.at - 1)
    return kind


def length(at: Cursor) -> int:
    """A length in the current format (section 4.2.1). Raises Malformed for a partial one."""
    first = at.u8("packet length")
    if first < 192:
        return first
    if first < 224:
        return ((first - 192) << 8) + at.u8("packet length") + 192
    if first < 255:
        raise Malformed(at.what, "a partial length, which keys and signatures never need", at.at - 1)
    return at.be32("packet length")


def subpacket_length(at: Cursor) -> int:
    """A length of a signature subpacket (section 5.2.3.7): as `length`, but two bytes reach up to 254."""
    first = at.u8("subpacket length")
    if first < 192:
        return first
    if first < 255:
        return ((first - 192) << 8) + at.u8("subpacket length") + 192
    return at.be32("subpacket length")


def integer(at: Cursor, name: str) -> int:
    """A multiprecision integer whose bit count is exactly that of its value (section 3.2). Raises Malformed."""
    bits = at.be16(name)
    if bits > MAX_MPI_BITS:
        raise Malformed(at.what, f"{name} has {bits} bits, at most {MAX_MPI_BITS} are read", at.at - 2)
    value = int.from_bytes(at.take((bits + 7) // 8, name), "big")
    if value.bit_length() != bits:
        raise Malformed(at.what, f"{name} says it has {bits} bits and has {value.bit_length()}", at.at)
    return value


def done(at: Cursor) -> None:
    """Nothing may be left. Raises Malformed."""
    if at.left:
        raise Malformed(at.what, f"{at.left} bytes after its end", at.at)
