"""PEM blocks in any bytes, texts and programs alike: found, and decoded before anyone believes them.

Layout: RFC 7468 sections 2 and 3, with the encapsulated headers of RFC 1421 section 4.4 that OpenSSL still writes;
read 2026-11-22. A header line alone is nothing: programs that read keys contain it. Does NOT decrypt.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_BLOCK_BYTES = 64 * 1024
"""Longest block looked at. An RSA key of 16384 bits takes 13 KiB."""

_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9][A-Z0-9 ]{0,40})-----")
_BOUNDARY = re.compile(rb"-----(?:END ([A-Z0-9][A-Z0-9 ]{0,40})-----|BEGIN )")
_ESCAPED_NEWLINE = re.compile(rb"\\r|\\n")
_HEADER = re.compile(rb"[A-Za-z0-9-]{1,40}: [^\n]{0,200}\n")


@dataclass(frozen=True, slots=True)
class Block:
    """One PEM block whose body is Base64."""

    label: str
    offset: int
    """bytes into the artifact"""
    raw: bytes
    """From the first dash to the last, with ordinary line ends."""
    body: bytes
    """Decoded."""
    encrypted: bool
    """Its headers say so (`Proc-Type: 4,ENCRYPTED`)."""


def blocks(view: memoryview) -> Iterator[Block]:
    """Every decodable block, in order."""
    for hit in _BEGIN.finditer(view):
        start, inner, label = hit.start(), hit.end(), bytes(hit[1])
        after = _BOUNDARY.search(view, inner, min(inner + MAX_BLOCK_BYTES, len(view)))
        if after is None or after[1] is None or bytes(after[1]) != label:
            continue  # the next boundary is not this block's end, so nothing is read twice
        inside = bytes(view[inner : after.start()])
        inside = _ESCAPED_NEWLINE.sub(b"\n", inside).replace(b"\r", b"")  # keys in source and JSON
        body, encrypted = _decoded(inside)
        if body:
            head, tail = b"-----BEGIN " + label + b"-----", b"-----END " + label + b"-----\n"
            raw = head + b"\n" + inside.strip(b"\n \t") + b"\n" + tail
            yield Block(label.decode(), start, raw, body, encrypted)


def _decoded(inside: bytes) -> tuple[bytes, bool]:
    text = inside.lstrip(b"\n \t")
    encrypted = False
    while header := _HEADER.match(text):
        encrypted |= b"ENCRYPTED" in header[0]
        text = text[header.end() :]
    if b"=" in text and b"\n=" in text.rstrip():  # OpenPGP's CRC line
        text = text[: text.rindex(b"\n=")]
    try:
        return binascii.a2b_base64(b"".join(text.split()), strict_mode=True), encrypted
    except binascii.Error:
        return b"", encrypted


def looks_der(body: bytes) -> bool:
    """True when the bytes are exactly one DER SEQUENCE, by its outer length alone."""
    if len(body) < 8 or body[0] != 0x30:
        return False
    if body[1] < 0x80:
        return len(body) == 2 + body[1]
    size = body[1] & 0x7F
    return 1 <= size <= 4 and len(body) == 2 + size + int.from_bytes(body[2 : 2 + size], "big")
