"""What OpenPGP material a file holds, told from its first bytes, and whether it is that alone.

Sources: RFC 9580 sections 4.2 (packet headers), 5.2 and 5.4 (first bytes of signatures), 6.2 (armor), 7 (cleartext).
Read 2026-11-22. A binary signature has no magic: version, type and algorithm must all be known ones, so that one raw
value in fifty million is taken for it; what looks like compressed data must unpack to a packet. Verifies nothing.
"""

from __future__ import annotations

import re
import zlib

from fwverify.formats import openpgp, openpgp_armor, strict_json
from fwverify.formats import openpgp_packets as p
from fwverify.formats.openpgp_key import ALGORITHMS
from fwverify.formats.openpgp_signature import HASHES
from fwverify.model.examining import Malformed

ARMORED, CLEAR, BINARY, MESSAGE = "armored", "clear-signed", "binary", "message"
TITLES = {
    ARMORED: "OpenPGP", CLEAR: "OpenPGP (clear-signed)", BINARY: "OpenPGP", MESSAGE: "OpenPGP (signed message)",
}  # fmt: skip
_TEXT = re.compile(rb"^-----BEGIN PGP (?P<label>SIGNED MESSAGE|SIGNATURE|MESSAGE)-----", re.MULTILINE)
_TYPES = frozenset({0x00, 0x01, 0x02, 0x10, 0x11, 0x12, 0x13, 0x18, 0x19, 0x1F, 0x20, 0x28, 0x30, 0x40, 0x50})
_VERSIONS = frozenset({2, 3, 4, 5, 6})
_HEADER_BYTES = {0x88: 2, 0x89: 3, 0x8A: 5}
"""Length of an old header of a signature packet by its first byte."""
_MESSAGE_BYTES = 1024
"""Enough to unpack the first byte of a compressed message."""


def kind(view: memoryview) -> str:
    """What the file holds or begins with; empty when it is nothing of OpenPGP's that signs. Cheap and total."""
    head = bytes(view[:64])
    if _is_signature(head):
        return BINARY
    if _is_message(bytes(view[:_MESSAGE_BYTES])):
        return MESSAGE
    if len(view) > openpgp_armor.MAX_BYTES or b"\0" in head:
        return ""
    found = _TEXT.search(bytes(view))
    if found is None:
        return ""
    return {b"SIGNED MESSAGE": CLEAR, b"SIGNATURE": ARMORED, b"MESSAGE": MESSAGE}[found["label"]]


def alone(view: memoryview) -> str:
    """Title of the format when the file is signatures, or a cleartext with its signature, and nothing else."""
    found, raw = kind(view), bytes(view[: openpgp_armor.MAX_BYTES + 1])
    try:
        match found:
            case "armored":
                whole = all(one.label == "SIGNATURE" for one in openpgp_armor.blocks(raw))
            case "clear-signed":
                whole = bool(openpgp_armor.cleartext(raw).text)
            case "binary":
                whole = bool(openpgp.parse_signatures(raw))
            case _:
                whole = False
    except Malformed:
        whole = False
    return TITLES[found] if whole else ""


def named_so(view: memoryview, about: bool) -> str:
    """Title of the format for a file whose *name* is that of a signature: also a damaged one, one with text around it
    and a message in its place, because these are to be refused as signatures, not taken for something else.

    Args:
        view: the content.
        about: its name is that of another delivered file and a signature suffix.
    """
    whole, found = alone(view), kind(view)
    if whole or not found:
        return whole
    if found in (BINARY, MESSAGE) and not _TEXT.search(bytes(view[:512])):
        return TITLES[found] if about else ""
    return TITLES[found] if strict_json.is_text(bytes(view)) else ""


def _is_signature(head: bytes) -> bool:
    """Begins with a signature packet of known version, type, algorithm and hash."""
    if not head:
        return False
    start = _HEADER_BYTES.get(head[0], 0)
    if head[0] == 0x80 | 0x40 | p.SIGNATURE and len(head) > 1:
        start = _new_header(head)
    fields = head[start : start + 4]
    if not start or len(fields) < 4 or fields[0] not in _VERSIONS:
        return False
    if fields[0] in (2, 3):  # length 5, type, time...
        return fields[1] == 5 and fields[2] in _TYPES
    return fields[1] in _TYPES and fields[2] in ALGORITHMS and fields[3] in HASHES


def _is_message(head: bytes) -> bool:
    """Begins with a one-pass signature or with compressed packets, as signed messages do."""
    if head[:1] == b"\xc8" and len(head) > 1:
        return _is_compressed(head[_new_header(head) :])
    if head[:1] in (b"\xa0", b"\xa1", b"\xa2", b"\xa3"):
        return _is_compressed(head[{0xA0: 2, 0xA1: 3, 0xA2: 5, 0xA3: 1}[head[0]] :])
    if head[:2] in (b"\x90\x0d", b"\xc4\x0d"):
        return head[2:3] == b"\x03" and head[3:4] in (b"\x00", b"\x01")
    return False


def _new_header(head: bytes) -> int:
    """Bytes of a header of the new form (section 4.2.1)."""
    return 3 if 192 <= head[1] < 224 else 6 if head[1] == 0xFF else 2


def _is_compressed(body: bytes) -> bool:
    """The body of a compressed data packet (section 5.6), whose first byte inside begins a packet of a message."""
    if body[:1] == b"\x03":
        return body[1:4] == b"BZh"
    if body[:1] not in (b"\x01", b"\x02"):
        return False
    try:
        first = zlib.decompressobj(-15 if body[0] == 1 else 15).decompress(body[1:], 1)
    except zlib.error:
        return False
    kind = (first[0] & 0x3F if first[0] & 0x40 else (first[0] & 0x3F) >> 2) if first and first[0] & 0x80 else 0
    return kind in (p.SIGNATURE, p.ONE_PASS, p.MARKER, p.LITERAL)
