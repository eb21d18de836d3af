"""What kind of content an artifact has, before any detector looks: fill, text, or something else.

Text is UTF-8 without control characters (The Unicode Standard, chapter 23.1 "Control Codes"; read 2026-11-22).
Text that merely encodes other bytes (Base64, hex records) is not read content, and `encodes_data` says so. Does NOT
know markup or programming languages.
"""

from __future__ import annotations

import re
import string

MAX_TEXT_BYTES = 8 << 20
"""Longer content is searched as bytes only. The longest text of a root file system, a package database, has 2 MiB."""
SNIFF_BYTES = 4096
ENCODED_RUN_CHARACTERS = 8192
"""Encoded data in one piece. A certificate takes 3 KiB; a packed program more than this."""

_CONTROLS = bytes([*range(0x08), *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F])
_NOT_TEXT_CHARACTER = re.compile("[\x80-\x84\x86-\x9f]")
_ENCODED = string.ascii_letters + string.digits + "+/_-=:"
_ENCODED_WORD = re.compile(r"[:S]?[A-Za-z0-9+/_-]{40,}={0,3}")
_ENCODED_PIECE = re.compile(rf"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{{{ENCODED_RUN_CHARACTERS}}}")
_BLANKS = re.compile(r"\s*")
_WORD_CHARACTERS = 40
"""Shorter words are words. A line of Intel HEX or Base64 has more than this."""


def as_text(view: memoryview) -> str | None:
    """The whole content when it is text; None otherwise."""
    if not 0 < len(view) <= MAX_TEXT_BYTES or _has_controls(view[:SNIFF_BYTES]) or _has_controls(view):
        return None
    try:
        text = str(view, "utf-8")
    except UnicodeDecodeError:
        return None
    return None if not text.isascii() and _NOT_TEXT_CHARACTER.search(text) else text


def _has_controls(view: memoryview) -> bool:
    """By taking them out, which is three times faster than searching for any of them."""
    return len(bytes(view).translate(None, _CONTROLS)) != len(view)


def encodes_data(text: str) -> bool:
    """True when a long stretch of the text is an encoding of something else, which nobody has read.

    Such a stretch is a part of one word, or words in a row each of which is long and encoded. It reaches over three
    neighbours of the places looked at first, so that ordinary text costs a look at a few words only.
    """
    probes = [_in_word(text, at) for at in range(0, len(text), ENCODED_RUN_CHARACTERS // 4)]
    return any(map(all, zip(probes, probes[1:], probes[2:], strict=False))) and _encoded_run(text)


def _in_word(text: str, at: int) -> bool:
    """Whether the word there, or the next one behind blanks, is a long encoded one."""
    at = _BLANKS.match(text, at).end()  # type: ignore[union-attr]  # matches everywhere
    left, right = text[max(0, at - _WORD_CHARACTERS) : at], text[at : at + _WORD_CHARACTERS]
    return len(left.rstrip(_ENCODED)) + len(right.lstrip(_ENCODED)) <= len(left) + len(right) - _WORD_CHARACTERS


def _encoded_run(text: str) -> bool:
    if _ENCODED_PIECE.search(text):
        return True
    run = 0
    for word in text.split():
        run = run + len(word) if len(word) >= _WORD_CHARACTERS and _ENCODED_WORD.fullmatch(word) else 0
        if run >= ENCODED_RUN_CHARACTERS:
            return True
    return False
