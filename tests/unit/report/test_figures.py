"""Numbers and names as pages write them."""

from __future__ import annotations

import pytest

from fwverify.report.figures import spoken


@pytest.mark.parametrize(
    ("locator", "words"),
    [
        ("bms.bin!@0x730-0x770", "bytes 0x730-0x770 of bms.bin"),
        ("a.zip!bms.bin!@0x0-0x10", "bytes 0x0-0x10 of a.zip!bms.bin"),
        ("a.zip!bin/sh", "a.zip!bin/sh"),
        ("@0x730-0x770", "@0x730-0x770"),
    ],
)
def test_a_range_of_bytes_is_said_in_words(locator: str, words: str) -> None:
    """A range that was carved out of a file is written as bytes of that file; every other locator as it is."""
    assert spoken(locator) == words
