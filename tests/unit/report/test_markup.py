"""Foreign text in Markdown."""

from __future__ import annotations

import pytest

from fwverify.report.markup import literal, prose


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("acme-ups-3.1.0.itb: fine", "acme-ups-3.1.0.itb: fine"),
        ("@octocat", "`@`octocat"),
        ("http://evil.example", "http`://`evil.example"),
        ("see WWW.evil.example", "see `WWW.`evil.example"),
        ("[a](b)", r"\[a\](b)"),
        ("a|b", r"a\|b"),
        ("<b>&lt;", r"\<b\>`&`lt;"),
        ("# head", "`#` head"),
        ("- item", r"\- item"),
        ("12. one", r"12\. one"),
        ("    code", "code"),
        ("a\nb", r"a\\x0ab"),
    ],
)
def test_prose(text: str, written: str) -> None:
    """What means something in Markdown is stopped; ordinary names stay readable."""
    assert prose(text) == written


def test_a_fence_is_longer_than_any_in_its_text() -> None:
    """Backticks in the text cannot close the block."""
    assert literal(["a ```` b"])[0] == "`````text"
