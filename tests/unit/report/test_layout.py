"""Lines that never leave their width."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fwverify.report.figures import blocks, count, percent
from fwverify.report.layout import Span, cells, command, entry, labelled, paragraph, plain, sides, wrapped

TEXT = st.text(st.characters(codec=None), max_size=200)


@given(TEXT, st.integers(2, 90))
def test_wrapped_lines_fit(text: str, width: int) -> None:
    """No line is wider than asked for, wide characters counted as two."""
    assert all(cells(line) <= width for line in wrapped(text, width))


@given(TEXT, st.integers(40, 90))
def test_every_builder_fits(text: str, width: int) -> None:
    """Paragraphs, entries, labelled lines and both-sided lines stay within the page."""
    lines = [
        *paragraph(text, width, indent=2),
        *entry(" 1. ", text, width),
        *labelled("Origin", text, width),
        *sides((Span("PASS"), Span("  " + "x" * 30)), Span("may be installed (production 7)"), width),
    ]
    assert all(cells(plain(line)) <= width for line in lines)


@given(st.text("abc xyz", max_size=120), st.integers(10, 60))
def test_no_word_is_lost(text: str, width: int) -> None:
    """Wrapping drops nothing but spaces."""
    assert "".join(wrapped(text, width)).replace(" ", "") == text.replace(" ", "")


def test_a_command_can_be_copied() -> None:
    """A long command breaks with a backslash between words."""
    lines = [plain(line) for line in command(("fwverify", "verify", "x" * 20, "--sha256 HEX", "--channel TEXT"), 46)]
    assert lines == ["      fwverify verify xxxxxxxxxxxxxxxxxxxx \\", "        --sha256 HEX --channel TEXT"]


def test_percent_never_flatters() -> None:
    """All but one byte is 99 %, one byte is not 0 %."""
    assert (percent(999_999, 1_000_000), percent(1, 1_000_000), percent(5, 5), percent(0, 5), percent(0, 0)) == (
        " 99 %", " <1 %", "100 %", "  0 %", "  -  ",
    )  # fmt: skip


def test_figures() -> None:
    """Thousands are separated, fingerprints stand in blocks of four."""
    assert count(2411520) == "2,411,520"
    assert blocks("44c1f0d28a7e19b3" + "0" * 48) == "44c1 f0d2 8a7e 19b3"


def test_a_number_stays_with_its_word() -> None:
    """Counts are read with what they count, and `4 of 5` in one piece."""
    assert wrapped("12,733 empty, 0 unexplained", 16) == ["12,733 empty,", "0 unexplained"]
    assert wrapped("say (4 of 5, no more)", 9) == ["say", "(4 of 5,", "no more)"]
    assert wrapped("1 2 3 end 4", 5) == ["1 2", "3 end", "4"]
    assert wrapped("3 ending", 6) == ["3", "ending"], "where both do not fit"
    assert wrapped("7  wide", 4) == ["7", "wide"]


@given(st.text("12 of,x", max_size=60), st.integers(2, 30))
def test_numbers_lose_nothing(text: str, width: int) -> None:
    """Keeping numbers with their words drops nothing and fits."""
    found = wrapped(text, width)
    assert "".join(found).replace(" ", "") == text.replace(" ", "")
    assert all(line == line.strip() and cells(line) <= width for line in found)
