"""OpenPGP armor and the cleartext signature framework: text around packets, and text that is signed as it stands.

Layout: RFC 9580 sections 6 (ASCII armor) and 7 (cleartext signature framework). Read 2026-11-22.

Strict where two readers could see two texts: nothing but blank space around a block, one empty line after the
headers, `Hash` alone as header of a cleartext, every line that begins with a dash escaped, no lone carriage return.
The checksum after the base64 is optional; a wrong one is told, not refused (section 6.1). Verifies nothing.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from fwverify.model.artifact import ByteRange, merged, subtracted
from fwverify.model.examining import Malformed

WHAT = "OpenPGP armor"
CLEARTEXT = "OpenPGP cleartext signature"
MAX_BYTES = 1 << 20
MAX_BLOCKS = 32
"""Armored signatures one after another in one file: releases signed by several people have ten."""
MESSAGE_START = b"-----BEGIN PGP SIGNED MESSAGE-----"
SIGNATURE_START = b"-----BEGIN PGP SIGNATURE-----"
_KNOWN_HEADERS = frozenset({b"Version", b"Comment", b"MessageID", b"Hash", b"Charset"})
_HEADER = re.compile(rb"(?P<key>[A-Za-z0-9-]{1,64}): ?(?P<value>[^\0-\x08\x0a-\x1f]*)")
_HASH = re.compile(rb"Hash: (?:[A-Z0-9-]{3,10})(?:, ?[A-Z0-9-]{3,10})*")
_BEGIN = re.compile(rb"-----BEGIN PGP (?P<label>[A-Z ]{3,24})-----")
_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
_BLANKS = b" \t"


@dataclass(frozen=True, slots=True)
class Block:
    """One armored block."""

    label: str
    """`SIGNATURE`, `PUBLIC KEY BLOCK`..."""
    content: bytes
    oddities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cleartext:
    """A cleartext with its signature, taken apart."""

    text: bytes
    """The signed text as people read it: unescaped, without blanks at line ends, lines ended by LF."""
    signed: bytes
    """What is hashed: the same with CRLF between lines and no line end after the last."""
    covers: tuple[ByteRange, ...]
    """Bytes of the file that are signed text; escapes, blanks at line ends and CR are not among them."""
    envelope: tuple[ByteRange, ...]
    """All other bytes of the file."""
    signature: Block
    oddities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    content: bytes
    """Without LF or CRLF."""
    end: int
    """Behind the LF."""


def looks_armored(head: bytes) -> bool:
    """Cheap: begins as any armored block does."""
    return head.lstrip().startswith(b"-----BEGIN PGP ")


def blocks(raw: bytes) -> tuple[Block, ...]:
    """The armored blocks of a file that holds nothing else. Raises Malformed."""
    lines = _lines(raw, WHAT)
    found: list[Block] = []
    at = _skip_blank(lines, 0)
    while at < len(lines):
        if len(found) == MAX_BLOCKS:
            raise Malformed(WHAT, f"more than {MAX_BLOCKS} blocks in one file", lines[at].start)
        block, at = _block(lines, at)
        found.append(block)
        at = _skip_blank(lines, at)
    if not found:
        raise Malformed(WHAT, "there is no block", 0)
    return tuple(found)


def cleartext(raw: bytes) -> Cleartext:
    """Take a clear-signed file apart. Raises Malformed.

    1. Nothing but blank lines before the first and after the last line of the framework.
    2. Headers are `Hash` alone; then comes exactly one empty line.
    3. Text up to the signature: escapes are taken off, a dash that is not escaped is refused, blanks at line ends
       (which nobody signed) are left out.
    4. One armored signature.
    """
    lines = _lines(raw, CLEARTEXT)
    at = _skip_blank(lines, 0)
    if at == len(lines) or lines[at].content != MESSAGE_START:  # 1
        raise Malformed(CLEARTEXT, "something stands before the signed message, and nobody signed that", 0)
    at = _text_start(lines, at + 1)
    begin = next((spot for spot in range(at, len(lines)) if lines[spot].content == SIGNATURE_START), -1)
    if begin < 0:
        raise Malformed(CLEARTEXT, "there is no signature after the text")
    if begin == at:
        raise Malformed(CLEARTEXT, "it signs no text", lines[at].start)
    pieces = [_piece(one) for one in lines[at:begin]]  # 3
    block, after = _block(lines, begin)  # 4
    after = _skip_blank(lines, after)
    if after < len(lines):  # 1
        raise Malformed(CLEARTEXT, "something stands after the signature, and nobody signed that", lines[after].start)
    covers = _covered(lines[at:begin], pieces)
    content = [piece for _, piece in pieces]
    return Cleartext(
        b"".join(one + b"\n" for one in content),
        b"\r\n".join(content),
        covers,
        subtracted((ByteRange(0, len(raw)),), covers),
        block,
        block.oddities,
    )


def _text_start(lines: list[_Line], at: int) -> int:
    """Index of the first line of text."""
    while at < len(lines) and lines[at].content:
        if _HASH.fullmatch(lines[at].content) is None:
            raise Malformed(CLEARTEXT, "a header other than Hash: nobody signed it", lines[at].start)
        at += 1
    if at == len(lines):
        raise Malformed(CLEARTEXT, "no empty line ends its headers")
    return at + 1


def _piece(line: _Line) -> tuple[int, bytes]:
    """(where the text of a line begins in the file, the text)."""
    content, start = line.content, line.start
    if content.startswith(b"- "):
        content, start = content[2:], start + 2
    elif content.startswith(b"-"):
        raise Malformed(CLEARTEXT, "a line of the text begins with a dash that is not escaped", line.start)
    return start, content.rstrip(_BLANKS)


def _covered(lines: list[_Line], pieces: list[tuple[int, bytes]]) -> tuple[ByteRange, ...]:
    """The text of every line, and every LF but that before the signature."""
    found = [ByteRange(start, start + len(text)) for start, text in pieces if text]
    found += [ByteRange(one.end - 1, one.end) for one in lines[:-1]]
    return merged(found)


def _lines(raw: bytes, what: str) -> list[_Line]:
    if len(raw) > MAX_BYTES:
        raise Malformed(what, f"{len(raw)} bytes, more than {MAX_BYTES}")
    found, at = [], 0
    for part in raw.split(b"\n"):
        content = part.removesuffix(b"\r")
        if b"\r" in content or b"\0" in content:
            raise Malformed(what, "a lone carriage return or a NUL: readers differ on what the lines are", at)
        end = min(at + len(part) + 1, len(raw))
        found.append(_Line(at, content, end))
        at = end
    return found if found[-1].content else found[:-1]


def _skip_blank(lines: list[_Line], at: int) -> int:
    while at < len(lines) and not lines[at].content.strip(_BLANKS):
        at += 1
    return at


def _block(lines: list[_Line], at: int) -> tuple[Block, int]:
    """(the block that begins in line `at`, index of the line behind it)."""
    begin = _BEGIN.fullmatch(lines[at].content)
    if begin is None:
        raise Malformed(WHAT, "text that belongs to no block", lines[at].start)
    odd, body = _headers(lines, at + 1)
    ending = b"-----END PGP " + begin["label"] + b"-----"
    end = next((spot for spot in range(body, len(lines)) if lines[spot].content.startswith(b"-")), -1)
    if end < 0 or lines[end].content != ending:
        raise Malformed(WHAT, "the block is not ended as it was begun", lines[at].start)
    content, wrong = _decoded([one.content.rstrip(_BLANKS) for one in lines[body:end]], lines[at].start)
    return Block(begin["label"].decode(), content, (*odd, *wrong)), end + 1


def _headers(lines: list[_Line], at: int) -> tuple[tuple[str, ...], int]:
    """(what is odd about the headers, index of the first line of base64)."""
    odd = []
    while at < len(lines) and lines[at].content.strip(_BLANKS):
        header = _HEADER.fullmatch(lines[at].content)
        if header is None:
            raise Malformed(WHAT, "no empty line between the headers and the base64", lines[at].start)
        if header["key"] not in _KNOWN_HEADERS:
            odd.append(f"an armor header {header['key'].decode()!r} that OpenPGP does not know; nobody signed it")
        at += 1
    return tuple(odd), at + 1


def _decoded(lines: list[bytes], place: int) -> tuple[bytes, tuple[str, ...]]:
    """(the content, what is odd about the checksum)."""
    checksum = lines.pop()[1:] if lines and lines[-1].startswith(b"=") and len(lines[-1]) == 5 else b""
    text = b"".join(lines)
    if not all(_BASE64_LINE.fullmatch(one) for one in lines) or b"=" in text.rstrip(b"="):
        raise Malformed(WHAT, "a line that should be base64 is not", place)
    try:
        content, declared = base64.b64decode(text, validate=True), base64.b64decode(checksum, validate=True)
    except binascii.Error:
        raise Malformed(WHAT, "the base64 is damaged", place) from None
    if not content or base64.b64encode(content) != text:
        raise Malformed(WHAT, "the base64 is empty or not canonical", place)
    if checksum and declared != _crc24(content):
        return content, ("the checksum of the armor is wrong",)
    return content, ()


def _crc24(content: bytes) -> bytes:
    """Section 6.1.1."""
    crc = 0xB704CE
    for byte in content:
        crc ^= byte << 16
        for _ in range(8):
            crc = (crc << 1) ^ (0x1864CFB if crc & 0x800000 else 0)
    return (crc & 0xFFFFFF).to_bytes(3, "big")
