"""Order of versions."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwverify.model.versions import MAX_TEXT, SCHEMES, compare

LADDERS = [
    ("1.9", "1.10", "1.10.1", "2.0-rc1", "2.0", "2.0.0.1", "2.1"),
    ("1.4.0.3", "1.4.0.23", "1.4.1"),
    ("1.0-dev", "1.0-alpha1", "1.0-beta2", "1.0-rc1", "1.0-rc2", "1.0", "1.0-p1", "1.0-1"),
    ("1.1.1", "1.1.1a", "1.1.1w"),
    ("v3.20~36", "v3.20~37", "v3.20", "v3.21~1"),
    ("2.0", "1:1.0"),
    ("20251231", "20260101", "20260102"),
    ("2025.12", "2026.01", "2026.1.1"),
    ("1.2.3", "1.2.3-5-gabcdef0", "1.2.3-6-g0123456"),
]


@pytest.mark.parametrize("ladder", LADDERS)
def test_order(ladder: tuple[str, ...]) -> None:
    """Each version of a ladder is later than the one before it, from both sides."""
    for older, newer in pairwise(ladder):
        assert compare(older, newer) == -1, (older, newer)
        assert compare(newer, older) == 1, (older, newer)


@pytest.mark.parametrize(
    ("one", "other"), [("1.0", "1.0.0"), ("v1.2", "1.2"), ("V1.2", "1.2.0"), ("2.0-final", "2.0"), ("1.02", "1.2")]
)
def test_same(one: str, other: str) -> None:
    """Different texts of one version are the same version."""
    assert compare(one, other) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("", "1.0"), ("main", "1.0"), ("1.0", "latest"), ("1.0-acme", "1.0"), ("1.0-acme", "1.0-volta"),
        ("20260101", "3.0.2"), ("1.0", "1" * (MAX_TEXT + 1)), ("1.0", "١.٢"), ("1.0", "1.0/../2"), ("1.0\n", "1.0\x1b"),
    ],
)  # fmt: skip
def test_no_order(one: str, other: str) -> None:
    """What cannot be put in an order is not guessed."""
    assert compare(one, other) is None


def test_schemes() -> None:
    """A named scheme is followed: semver reads a bare number behind a dash as a pre-release."""
    assert compare("1.0.0-2", "1.0.0") == 1
    assert compare("1.0.0-2", "1.0.0", "semver") == -1
    assert compare("1.0.0-alpha.1", "1.0.0-alpha.beta", "semver") == -1
    assert compare("1.0.0-alpha", "1.0.0-alpha.1", "semver") == -1
    assert compare("1.0.0+a", "1.0.0+b", "semver") == 0
    assert compare("1.0", "1.0.0", "semver") is None
    assert compare("3.0.2", "20260101", "date") is None
    assert compare("1.0~rc1-1", "1.0-1", "deb") == -1
    assert compare("1.0-1+b1", "1.0-1", "deb") == 1


@given(st.text(max_size=20), st.text(max_size=20), st.sampled_from(SCHEMES))
def test_total(one: str, other: str, scheme: str) -> None:
    """Any two texts get an answer, and it is the opposite the other way round."""
    first, second = compare(one, other, scheme), compare(other, one, scheme)
    assert (first is None) == (second is None)
    assert first is None or second is None or first == -second


@given(st.lists(st.integers(0, 40), min_size=1, max_size=5), st.lists(st.integers(0, 40), min_size=1, max_size=5))
def test_numbers(one: list[int], other: list[int]) -> None:
    """Dotted numbers are ordered as lists of numbers, trailing zeros aside."""
    width = max(len(one), len(other))
    left, right = (numbers + [0] * (width - len(numbers)) for numbers in (one, other))
    expected = (left > right) - (left < right)
    assert compare(".".join(map(str, one)), ".".join(map(str, other))) == expected
