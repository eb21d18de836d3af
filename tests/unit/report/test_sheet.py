"""Cells for spreadsheets."""

from __future__ import annotations

import pytest

from fwverify.report.sheet import neutral_cell


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", " ="])
def test_no_cell_is_a_formula(start: str) -> None:
    """A cell that would calculate gets an apostrophe; others stay as they are."""
    assert neutral_cell(f"{start}1+1").startswith("'")
    assert neutral_cell(f"a{start if start.isprintable() else ''}1")[0] == "a"
    assert (neutral_cell(3), neutral_cell("")) == ("3", "")
