"""Member names and printable quotes from hostile bytes."""

from __future__ import annotations

import re

from fwverify.model.artifact import ByteRange


def decoded(raw: bytes) -> str:
    """UTF-8 where it is UTF-8; every other byte as %XX (so that two different names never become one)."""
    try:
        return raw.decode("utf-8").replace("%", "%25") if b"%" in raw else raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.replace(b"%", b"%25").decode("utf-8", "surrogateescape")
        return re.sub("[\udc80-\udcff]", lambda hit: f"%{ord(hit[0]) - 0xDC00:02X}", text)


def quoted(raw: bytes, limit: int = 200) -> str:
    """Bytes as printable ASCII with backslash escapes, cut to `limit` characters: a quote for evidence."""
    text = "".join(chr(one) if 0x20 <= one < 0x7F and one != 0x5C else f"\\x{one:02x}" for one in raw[:limit])
    return text[:limit]


def fill_byte(view: memoryview, span: ByteRange | None = None) -> str:
    """`00` or `FF` when the bytes are nothing but that, else empty. Compares in blocks, without copying the whole.

    Blocks are copied, because views are compared item by item, ten times slower.
    """
    start, end = (span.start, span.end) if span else (0, len(view))
    if start >= end or view[start] not in (0x00, 0xFF):
        return ""
    block = bytes([view[start]]) * 65536
    for at in range(start, end, 65536):
        piece = bytes(view[at : min(at + 65536, end)])
        if piece != block[: len(piece)]:
            return ""
    return "00" if view[start] == 0 else "FF"
