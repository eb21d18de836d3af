"""When two version texts are the same version."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwverify.compare.versions import difference, same_version

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
    ("openssl-3.0.15", "3.0.15"),
    ("OpenSSL 3.0.15", "3.0.15"),
    ("curl-7_88_1", "7.88.1"),
    ("R_2_5_0", "2.5.0"),
    ("VER-2-13-2", "2.13.2"),
    ("release-2.1.12-stable", "2.1.12"),
    ("json-c-0.16-20220414", "0.16"),
    ("libxml2-v2.9.14", "2.9.14"),
    ("dropbear_2022.83", "2022.83"),
    ("n4.4.1", "4.4.1"),
]
DIFFERENT = [
    ("1.2.3", "1.2.4"),
    ("openssl-3.0.15", "3.0.14"),
    ("curl-7_88_1", "7.88"),
    ("alpha1", "beta1"),
    ("rc1", "2"),
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


def test_a_commit_states_no_release() -> None:
    """A commit of the source repository is no release: it agrees with nothing else and contradicts nothing."""
    commit = "0123456789abcdef0123456789abcdef01234567"
    assert same_version(commit, "3.0.15") is None
    assert same_version("3.0.15", commit) is None
    assert same_version(commit, commit.upper()) is True
    assert same_version(commit, commit[::-1]) is False


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


FULL = [
    ("3.0.15-1~deb12u1", "3.0.15-1~deb12u2", "deb", False),
    ("3.0.15-1+deb12u1", "3.0.15-1", "deb", False),
    ("3.0.15-1~bpo12+1", "3.0.15-1", "deb", False),
    ("1:1.2.13.dfsg-1", "1:1.2.13.dfsg-1+b1", "deb", True),
    ("1:1.2.13.dfsg-1", "1.2.13.dfsg-1", "deb", True),
    ("1:1.2.13.dfsg-1", "2:1.2.13.dfsg-1", "deb", False),
    ("2.1.28+dfsg-10", "2.1.28+dfsg-11", "deb", False),
    ("2.1.28+dfsg-10", "2.1.28+dfsg1-10", "deb", False),
    ("3.4-1+b6", "3.4-1", "deb", True),
    ("3.4-1+b6", "3.4-1+b2", "deb", True),
    ("3.4-1+b6", "3.4-2+b6", "deb", False),
    ("12.4+deb12u5", "12.4+deb12u6", "deb", False),
    ("12.4~deb12u5", "12.4~deb12u6", "deb", False),
    ("12.4+deb12u5+b1", "12.4+deb12u5", "deb", True),
    ("3.0.15-1", "3.0.15-1.1", "deb", False),
    ("3.0.15-01", "3.0.15-1", "deb", True),
    ("3.0.11-r4", "3.0.11-r5", "apk", False),
    ("3.0.11-r4", "3.0.11-r4", "apk", True),
    ("3.0.11_p1-r4", "3.0.11_p2-r4", "apk", False),
    ("1.1.1k-7.el8_6", "1.1.1k-9.el8_7", "rpm", False),
    ("1:1.1.1k-7.el8_6", "1.1.1k-7.el8_6", "rpm", True),
    ("1:1.1.1k-7.el8_6", "2:1.1.1k-7.el8_6", "rpm", False),
    ("1.1.1k-7.el8", "1.1.1k-7.fc38", "rpm", False),
    ("2.90-4", "2.90-5", "opkg", False),
    ("2.90-r4", "2.90-4", "opkg", True),
    ("2023.09.1-r0", "2023.09.1-r1", "opkg", False),
]


@pytest.mark.parametrize(("one", "other", "kind", "same"), FULL)
def test_two_packages_of_one_kind(one: str, other: str, kind: str, same: bool) -> None:
    """Both sides state the distribution's whole version: a revision counts, a rebuild of one source does not."""
    assert same_version(one, other, kind) is same
    assert same_version(other, one, kind) is same
    if not same:
        assert difference(one, other, kind) != ""


BYTES = [
    ("3.0.15", "3.0.15-1~deb12u2", "deb", True),
    ("3.0.14", "3.0.15-1~deb12u2", "deb", False),
    ("1.2.13", "1:1.2.13.dfsg-1", "deb", True),
    ("2.1.28", "2.1.28+dfsg-10", "deb", True),
    ("3.4", "3.4-1+b6", "deb", True),
    ("3.0.11", "3.0.11-r4", "apk", True),
    ("1.1.1k", "1:1.1.1k-7.el8_6", "rpm", True),
    ("2.90", "2.90-5", "opkg", True),
    ("2.1.12", "2.1.12-stable-8", "deb", True),
    ("2.1.11", "2.1.12-stable-8", "deb", False),
    ("6.9.11-60", "8:6.9.11.60+dfsg-1.6", "deb", True),
    ("2.42.4.1", "2.42.4-1", "deb", False),
    ("128.1", "128-1", "deb", False),
]


@pytest.mark.parametrize(("seen", "packaged", "kind", "same"), BYTES)
def test_bytes_against_a_package(seen: str, packaged: str, kind: str, same: bool) -> None:
    """What bytes state is a release: only that is compared, and a revision is no part of it."""
    for plain in ("", "generic"):
        assert same_version(seen, packaged, plain, kind) is same
        assert same_version(packaged, seen, kind, plain) is same


@pytest.mark.parametrize("kinds", [("deb", "rpm"), ("opkg", "apk"), ("alpm", "deb")])
def test_two_distributions(kinds: tuple[str, str]) -> None:
    """Revisions and epochs of two distributions have nothing to do with one another; releases have."""
    behind = {"apk": "-r3"}
    one, other = (f"3.0.15{behind.get(kind, f'-{number}')}" for number, kind in enumerate(kinds, 1))
    assert same_version(one, other, *kinds) is True
    assert same_version(f"1:{one}", other, *kinds) is True
    assert same_version(one.replace("15", "14"), other, *kinds) is False
