"""When two version texts are the same version."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwverify.compare.versions import same_version

SAME = [
    ("1.2.13", "1:1.2.13.dfsg-1"),
    ("3.0.11", "3.0.11-1~deb12u2"),
    ("3.3.2-1+b1", "3.3.2-1"),
    ("1.35.0", "1:1.35.0-4+deb12u1+b1"),
    ("2.1.28+dfsg-10", "2.1.28"),
    ("2.4", "2.4+20151223.gitfa8646d.1-2+b2"),
    ("1.2+really1.1-3", "1.1"),
    ("3.0.11-r4", "3.0.11"),
    ("1.1.1k-7.el8_6", "1.1.1k"),
    ("5.10.104-tegra", "5.10.104"),
    ("v1.2", "1.2"),
    ("V10.4.3", "10.4.3"),
    ("2.36", "2.36.0"),
    ("9.2p1", "9.2_p1"),
    ("1:9.2p1-2+deb12u10", "9.2p1"),
    ("1.2.3-rc1", "1.2.3~rc1"),
    ("1.2.3+build5", "1.2.3"),
    ("1.1.1K", "1.1.1k"),
    ("1.0-2-3", "1.0-2"),
]
DIFFERENT = [
    ("1.2.3", "1.2.4"),
    ("2.1.28", "2.1.28.1"),
    ("0.16", "0.16.1"),
    ("1.1", "11"),
    ("1", "1.0.0"),
    ("1.10", "1.1"),
    ("1.0.2k", "1.0.2zg"),
    ("1.1.1", "1.1.1k"),
    ("9.2", "9.2p1"),
    ("1:1.2", "2:1.2"),
    ("3.0.11-1", "3.0.11-2"),
    ("3.0.11-1", "3.0.11-1+deb12u2"),
    ("3.0.11-1", "3.0.11-1~deb12u2"),
    ("3.0.15-1~deb12u1", "3.0.15-1~deb12u2"),
    ("1.1.1k-7.el8_6", "1.1.1k-9.el8_7"),
    ("1.2.3", "1.2.3-rc1"),
    ("1.2.3", "1.2.3~rc1"),
    ("1.2.3", "1.2.3.dev1"),
    ("1.2rc", "1.2rc.0"),
    ("+a", "+b"),
    ("(", "["),
]
ECOSYSTEMS = ["", "deb", "rpm", "apk", "pypi", "npm", "cargo", "golang", "gem", "maven", "nuget", "composer", "odd"]
texts = st.text("0123456789.-+~:_abpvrc ", max_size=14) | st.text(max_size=10)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_same(one: str, other: str) -> None:
    """Packaging on one side only does not make another version."""
    assert same_version(one, other) is True
    assert same_version(other, one) is True


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different(one: str, other: str) -> None:
    """Another number, letter, pre-release or distribution revision is another version."""
    assert same_version(one, other) is False
    assert same_version(other, one) is False


@pytest.mark.parametrize("nothing", ["", " ", "unknown", "NOASSERTION", "*", "n/a"])
def test_not_stated(nothing: str) -> None:
    """A side that states no version neither agrees nor differs."""
    assert same_version("1.2", nothing) is None
    assert same_version(nothing, nothing) is None


def test_rules_of_the_ecosystem() -> None:
    """Python knows that 1.0 and 1.0.0.0 are one version; elsewhere they are two."""
    assert same_version("1.0", "1.0.0.0", "pypi") is True
    assert same_version("1.0", "1.0.0.0", "deb") is False


def test_hostile_lengths() -> None:
    """Very long texts are compared as they are, digits beyond any integer included."""
    assert same_version("9" * 5000, "9" * 5000) is True
    assert same_version("9" * 5000, "9" * 4999) is False
    assert same_version("9" * 150, "0" + "9" * 150) is True


@given(texts, texts, st.sampled_from(ECOSYSTEMS))
def test_symmetric(one: str, other: str, ecosystem: str) -> None:
    """Which side is which does not matter, and nothing is raised."""
    assert same_version(one, other, ecosystem) is same_version(other, one, ecosystem)


@given(texts, st.sampled_from(ECOSYSTEMS))
def test_reflexive(text: str, ecosystem: str) -> None:
    """A stated version agrees with itself."""
    assert same_version(text, text, ecosystem) in (True, None)
