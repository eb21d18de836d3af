"""Text of unknown origin on a screen."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from fwverify.report.neutral import shortened, visible

ANYTHING = st.text(st.characters(codec=None), max_size=60)
"""Lone surrogates included."""
HOSTILE = "\x1b]0;owned\x07\x1b[31m\x9b2J\u202e\u2066\u200b\ufeff\ud800\x00\r\n\t\x7f\u115f\u3164\u0301"


@given(ANYTHING)
def test_output_is_plainly_printable(text: str) -> None:
    """Whatever comes in, only characters that print as themselves come out, and the rest of Unicode stays out."""
    shown = visible(text)
    assert shown.isprintable()
    assert not {unicodedata.category(one) for one in shown} & {"Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me", "Zl", "Zp"}
    shown.encode("utf-8")


@given(ANYTHING)
def test_bidirectional_classes_are_gone(text: str) -> None:
    """No embedding, override or isolate survives."""
    marks = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "BN"}
    assert not {unicodedata.bidirectional(one) for one in visible(text)} & marks


@given(ANYTHING)
def test_twice_is_once(text: str) -> None:
    """Making text visible changes nothing in visible text, so it may pass the same place again."""
    assert visible(visible(text)) == visible(text)


@given(ANYTHING, st.integers(0, 40))
def test_shortened_keeps_its_promise(text: str, limit: int) -> None:
    """Never longer than asked for."""
    assert len(shortened(text, limit)) <= limit


def test_each_known_trick_is_spelled_out() -> None:
    """Escapes, C1, bidi, zero width, surrogates, fillers and combining marks are written as escapes."""
    assert visible(HOSTILE) == (
        "\\x1b]0;owned\\x07\\x1b[31m\\x9b2J\\u202e\\u2066\\u200b\\ufeff\\ud800\\x00\\x0d\\x0a\\x09\\x7f"
        "\\u115f\\u3164\\u0301"
    )


def test_ordinary_text_stays() -> None:
    """Letters of any script and spaces are not touched."""
    assert visible("Müller 電源 [bold] v1.2") == "Müller 電源 [bold] v1.2"


def test_both_ends_of_a_long_name_stay() -> None:
    """The head and the tail of a path are kept."""
    assert shortened("a" * 50 + "/evil.so", 20) == "aaaaaaaa...a/evil.so"
