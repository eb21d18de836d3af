"""A CMS that lies in an image: where exactly, and which of its bytes say nothing but the signature.

Shared by the schemes whose signature is a CMS inside a fixed field (PE certificate table, capsule, kernel module).
Source: RFC 5652 sections 5.1 and 5.3, read 2026-11-22. Does not check signatures: `cms.signers` does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fwverify.formats import cms
from fwverify.formats.names import fill_byte
from fwverify.model.artifact import ByteRange

NESTED = "1.3.6.1.4.1.311.2.4.1"
"""Authenticode: a further signature of the same file."""
WITHIN = frozenset({NESTED, "1.3.6.1.4.1.311.3.3.1", "1.2.840.113549.1.9.16.2.14", "1.2.840.113549.1.9.6"})
"""Unsigned attributes that are signatures themselves: nested ones, time-stamp tokens, counter-signatures."""
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")


@dataclass(frozen=True, slots=True)
class PlacedCms:
    """One CMS in the field that an image gives it."""

    data: cms.SignedData
    envelope: tuple[ByteRange, ...]
    """Its own bytes and zero padding behind them; empty when unsigned attributes could hold anything."""
    oddities: tuple[str, ...]


def read(view: memoryview, field: ByteRange, *, padding: int = 0, bare: bool = False) -> PlacedCms:
    """Read the CMS at the start of `field`.

    Args:
        view: the image.
        field: all bytes that the frame gives to the signature.
        padding: zeros that the format allows behind the DER, in bytes; others are left out of the envelope.
        bare: a SignedData without its ContentInfo is read too (UEFI Specification 2.10 section 32.5.3.1).

    Raises:
        Malformed: it is none.
        Unsupported: it uses what is not read.
    """
    raw = bytes(view[field.start : field.end])
    added = 0
    if bare and (wrapped := _wrapped(raw)):
        added = len(wrapped) - len(raw)
        raw = wrapped
    data = cms.parse(raw)
    end = min(field.start + data.size - added, field.end)
    oddities = list(_strange(one for signer in data.signers for one, _ in signer.unsigned))
    envelope = [] if oddities else [ByteRange(field.start, end)]
    if end < field.end:
        rest = ByteRange(end, field.end)
        if fill_byte(view, rest) != "00":
            oddities.append(f"{rest.size} bytes that are not empty follow the signature in its own field")
        elif rest.size <= padding:
            envelope.append(rest)
        else:
            oddities.append(f"{rest.size} zero bytes follow the signature in its own field")
    return PlacedCms(data, tuple(envelope), tuple(oddities))


def _strange(types: Iterable[str]) -> Iterable[str]:
    for one in sorted(set(types) - WITHIN):
        yield f"an unsigned attribute of type {one}, which could hold anything"


def _wrapped(raw: bytes) -> bytes:
    """A bare SignedData in a ContentInfo of its own; empty when it is no bare one."""
    header = _header(raw)
    if header == 0 or raw[header : header + 2] != b"\x02\x01":
        return b""
    size = header + _size(raw)
    inner = b"\xa0" + _length(size) + raw[:size]
    return b"\x30" + _length(len(_SIGNED_DATA) + len(inner)) + _SIGNED_DATA + inner + raw[size:]


def _header(raw: bytes) -> int:
    """Bytes of the tag and length of a DER SEQUENCE; 0 when there is none."""
    if len(raw) < 2 or raw[0] != 0x30 or raw[1] == 0x80 or raw[1] > 0x84:
        return 0
    header = 2 + (raw[1] & 0x7F if raw[1] & 0x80 else 0)
    return header if header + _size(raw) <= len(raw) else 0


def _size(raw: bytes) -> int:
    return int.from_bytes(raw[2 : 2 + (raw[1] & 0x7F)], "big") if raw[1] & 0x80 else raw[1]


def _length(size: int) -> bytes:
    if size < 0x80:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets
