"""What kind of content an artifact has, before any detector looks: fill, text, or something else.

Text is UTF-8 without control characters (The Unicode Standard, chapter 23.1 "Control Codes"; read 2026-11-22).
Text that merely encodes other bytes (Base64, hex records) is not read content, and `encodes_data` says so. Does NOT
know markup or programming languages.
"""

from __future__ import annotations

import re

MAX_TEXT_BYTES = 8 << 20
"""Longer content is searched as bytes only. The longest text of a root file system, a package database, has 2 MiB."""
SNIFF_BYTES = 4096
ENCODED_RUN_CHARACTERS = 8192
"""Encoded data in one piece. A certificate takes 3 KiB; a packed program more than this."""

_NOT_TEXT = re.compile(rb"[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f]")
_NOT_TEXT_CHARACTER = re.compile("[\x80-\x84\x86-\x9f]")
_ENCODED_LINE = re.compile(r"[:S]?[A-Za-z0-9+/_-]{40,}={0,3}")
_ENCODED_PIECE = re.compile(rf"[A-Za-z0-9+/_-]{{{ENCODED_RUN_CHARACTERS},}}")


def as_text(view: memoryview) -> str | None:
    """The whole content when it is text; None otherwise."""
    if not 0 < len(view) <= MAX_TEXT_BYTES or _NOT_TEXT.search(view, 0, SNIFF_BYTES) or _NOT_TEXT.search(view):
        return None
    try:
        text = str(view, "utf-8")
    except UnicodeDecodeError:
        return None
    return None if _NOT_TEXT_CHARACTER.search(text) else text


def encodes_data(text: str) -> bool:
    """True when a long stretch of the text is an encoding of something else, which nobody has read."""
    if len(text) < ENCODED_RUN_CHARACTERS:
        return False
    if _ENCODED_PIECE.search(text):
        return True
    run = 0
    for line in text.splitlines():
        run = run + len(line) if _ENCODED_LINE.fullmatch(line.strip()) else 0
        if run >= ENCODED_RUN_CHARACTERS:
            return True
    return False
