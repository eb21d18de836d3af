"""The one place that makes text of unknown origin harmless on a screen.

Names, versions, quotes and identities come from firmware and from deliveries: they are hostile. `visible` turns every
character that does not simply print into a visible escape: control characters and ANSI escapes, C1, bidirectional and
zero-width marks, combining marks, blanks that look like nothing, lone surrogates, private use and unassigned ones.
Character classes: Unicode Character Database, general category (UAX #44, table 12), read 2026-11-22.

Brackets stay: no page is ever read as Rich markup (a test prints some). It does not judge spelling: a Cyrillic letter
that looks like a Latin one prints as it is. HTML and CSV need escaping of their own. Escapes are for eyes: a backslash
stays a backslash, so `visible` changes nothing twice.
"""

from __future__ import annotations

import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Mn", "Me"})
"""Controls, formats (bidi, zero width), surrogates, private use, unassigned, line separators, marks that combine."""

_BLANK = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and symbols that print as nothing: fillers and the empty Braille cell."""

CUT = "..."
"""Stands for what was left out of a long name."""


def visible(text: str) -> str:
    """The text with every character that is not plainly printable written as `\\xNN`, `\\uNNNN` or `\\UNNNNNNNN`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(one) if _hides(one) else one for one in text)


def shortened(text: str, limit: int) -> str:
    """Visible text of at most `limit` characters; of a longer one head and tail, since a path's end tells most."""
    shown = visible(text)
    if len(shown) <= limit:
        return shown
    room = max(limit - len(CUT), 0)
    head = room // 2
    tail = room - head
    return (shown[:head] + CUT + shown[len(shown) - tail :])[: max(limit, 0)]


def _hides(one: str) -> bool:
    if one == " ":
        return False
    return unicodedata.category(one) in _HIDDEN or unicodedata.category(one) == "Zs" or one in _BLANK


def _escape(one: str) -> str:
    code = ord(one)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
