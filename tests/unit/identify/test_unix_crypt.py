"""crypt(3): answers of the C library."""

from __future__ import annotations

import time

import pytest

from fwverify.identify.unix_crypt import matches

ANSWERS = [
    "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
    "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA",
    "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
    "$1$deadbeef$RAPdHBl6WylRnLu9F0jaM1",
]
"""Of `Hello world!`, as crypt(3) of libxcrypt 4.4.33 answers."""


@pytest.mark.parametrize("stored", ANSWERS)
def test_known_answers(stored: str) -> None:
    """The C library's answers hold, and another password does not."""
    assert matches(stored, "Hello world!") is True
    assert matches(stored, "Hello world") is False


@pytest.mark.parametrize(
    "stored",
    ["", "!", "*", "ab9yVReW51CXE", "$2b$10$abcdefghijklmnopqrstuv", "$y$j9T$salt$hash", "$5$$", "$1$rounds=9$a$b"],
)
def test_other_schemes(stored: str) -> None:
    """What is not computed here says so instead of saying no."""
    assert matches(stored, "root") is None


def test_hostile_rounds() -> None:
    """A hash that asks for a billion rounds is not tried."""
    start = time.process_time()
    assert matches("$6$rounds=999999999$salt$abc", "root") is None
    assert time.process_time() - start < 0.5
