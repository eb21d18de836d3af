"""The accuracy measure counts what it says it counts."""

from __future__ import annotations

import pytest

from benchmarks.accuracy import Found, Truth, Used, ceiling, holds, release, score, stated, table, truth

DOCUMENT = {
    "components": [
        {"product": "zlib", "version": "1.2.13", "paths": []}, {"product": "openssl", "version": "3.0.15", "paths": []},
        {"product": "gcc", "version": "12.2.0", "paths": []}, {"product": "linux", "version": "6.1.1", "paths": []},
    ],
    "debs": [{"product": "gcc", "source": "gcc-12"}],
    "elfs": [
        {"path": "libz.so.1", "package": "zlib1g", "product": "zlib", "upstream_version": "1.2.13"},
        {"path": "libssl.so.3", "package": "libssl3", "product": "openssl", "upstream_version": "3.0.15"},
        {"path": "own", "package": None},
    ],
}  # fmt: skip


@pytest.fixture
def known() -> Truth:
    return truth(DOCUMENT, {"zlib": ["libz"]})


def test_right_wrong_and_unknown_are_counted_apart(known: Truth) -> None:
    """One right by an alias, one wrong, one not in the truth: exact a quarter, precision a third."""
    one = score(known, [Found("LibZ", "1:1.2.13.dfsg-1"), Found("openssl", "3.0.14"), Found("acme", "1.0")])
    assert (one.named, one.exact, one.stated, one.wrong, one.unknown) == (
        2, 1, 3, ("openssl 3.0.14",), ("acme 1.0",))  # fmt: skip
    assert one.recall == 0.25
    assert one.precision == pytest.approx(1 / 3)


def test_a_pair_said_twice_counts_once(known: Truth) -> None:
    """Two rows about one product in one version are one pair."""
    assert score(known, [Found("zlib", "1.2.13"), Found("libz", "v1.2.13")]).stated == 1


def test_a_language_package_is_not_held_against_a_program(known: Truth) -> None:
    """A gem called openssl is neither a name found nor a wrong version."""
    one = score(known, [Found("openssl", "2.1", "gem"), Found("linux", "6.1.1", "linux-kernel-module")])
    assert (one.named, one.stated) == (0, 0)


def test_ranges_are_held_against_the_truth(known: Truth) -> None:
    """A range that leaves the truth out is told, and only a range with two ends has a width."""
    one = score(known, [Found("gcc-12", "", bounds="vers:generic/>=6"),
                        Found("openssl", "", bounds="vers:generic/>=3.1|<3.2")])  # fmt: skip
    assert (one.bounded, one.holding, one.closed, one.narrow) == (2, 1, 1, 1)
    assert one.not_holding == ("openssl vers:generic/>=3.1|<3.2",)


@pytest.mark.parametrize(("version", "inside"), [("1.2", True), ("1.9.9", True), ("1.10", False), ("1.1z", False)])
def test_ends_are_compared_as_numbers(version: str, inside: bool) -> None:
    """The lower end belongs to the range, the upper does not, and 9 is before 10."""
    assert holds("vers:generic/>=1.2|<1.10", version) is inside


@pytest.mark.parametrize(("written", "meant"), [("2:9.2_p1", "9.2p1"), ("1.8.0", "1.8"), ("1.0", "1.0"),
                                               ("5.9.3+dfsg-2+deb12u1", "5.9.3"), ("1.2.1-2", "1.2.1")])  # fmt: skip
def test_packaging_is_not_of_the_release(written: str, meant: str) -> None:
    """Epochs, revisions and suffixes of a distribution are dropped."""
    assert release(written) == meant


def test_the_ceiling_wants_the_version_as_a_token(known: Truth) -> None:
    """A version inside a longer one, or in a stranger's file, does not count."""
    held = [("libz.so.1", b" 1.2.13 "), ("libssl.so.3", b"13.0.15 3.0.15.1"), ("own", b"3.0.15")]
    assert ceiling(known, held) == (1, 2)


def test_a_document_is_read_without_its_files() -> None:
    """Files are no components; a range is kept."""
    document = {"components": [
        {"type": "file", "name": "x"},
        {"type": "library", "name": "gcc", "properties": [{"name": "fwverify:version-range", "value": "vers:a/>=6"}]},
    ]}  # fmt: skip
    assert stated(document) == [Found("gcc", "", "generic", "vers:a/>=6")]


def test_the_table_fits_a_terminal(known: Truth) -> None:
    """No line is wider than 80 columns."""
    text = table({"cve-bin-tool": (score(known, [Found("zlib", "1.2.13")]), Used(1234.5, 20480))}, (1, 2))
    assert max(map(len, text.splitlines())) <= 80
