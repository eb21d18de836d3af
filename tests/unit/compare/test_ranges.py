"""Version ranges: written and read back, and nothing but a range is one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from univers.version_range import VersionRange

from fwverify.compare.ranges import bounds, written

versions = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,2}([a-z]|-rc1|\+git1|~beta)?", fullmatch=True)


@given(st.just("") | versions, st.just("") | versions)
def test_round_trip(since: str, before: str) -> None:
    """What is written is read back, unbounded sides too."""
    text = written(since, before)
    assert (bounds(text) if text else ("", "")) == (since, before)


def test_others_read_it() -> None:
    """The univers library understands what is written."""
    found = VersionRange.from_string(written("1.2", "2.0"))
    assert str(found) == "vers:generic/>=1.2.0|<2.0.0"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vers:generic/>=1|<2", ("1", "2")), ("vers:deb/*", ("", "")),
        ("vers:npm/1.2.3|>=2.0.0|<5.0.0", ("1.2.3", "5.0.0")),
        ("vers:generic/<=2", ("", "")), ("vers:generic/!=2", ("", "")),
        ("vers: generic / >= 1 | < 2", ("1", "2")),
        (">=1", None), ("vers:", None),
        ("vers:generic/", None), ("vers:generic/>=", None), ("vers:x/" + "1|" * 500, None),
    ],
)  # fmt: skip
def test_reading(text: str, expected: tuple[str, str] | None) -> None:
    """The hull of what is read; `<=` leaves that side open; what is no range is none."""
    assert bounds(text) == expected
