"""Bounds by exported names: what is known holds, and what says nothing is no bound."""

from __future__ import annotations

import itertools

import pytest

from fwverify.content import identified
from fwverify.formats.executable import Executable
from fwverify.formats.products import canonical_product
from fwverify.identify import export_table
from fwverify.identify.detectors import elf_exports, elf_symbols
from fwverify.identify.export_table import Library, bounds, libraries
from fwverify.identify.interface import Subject
from fwverify.limits import DEFAULT_LIMITS
from fwverify.model.artifact import Locator, Step
from fwverify.model.component import Clue
from fwverify.model.versions import compare

MNL = "libmnl.so.0"


def test_data() -> None:
    """Every library names a product of the table, its releases are in order and every name is one word."""
    assert len(libraries()) > 300
    for soname, one in libraries().items():
        assert canonical_product(one.product) == one.product, soname
        assert one.releases or one.since or one.before, soname
        order = [release for release, _ in one.releases]
        assert all(compare(first, later) == -1 for first, later in itertools.pairwise(order)), soname
        assert all(names and len(names) <= 3 for _, names in one.releases), soname


def test_lower_bound() -> None:
    """A name that came with a release bounds from below, a symbol version too; nothing bounds what has neither."""
    found = bounds(MNL, {"mnl_socket_open2"}, set())
    assert found is not None
    assert (found.product, found.since, found.before) == ("libmnl", "1.0.4", "")
    assert bounds(MNL, set(), {"LIBMNL_1.2"}) is not None
    assert bounds("libacme.so.1", {"mnl_socket_open2"}, set()) is None


def test_upper_bound() -> None:
    """Without the names of a later release the library is earlier than that."""
    found = bounds("libnettle.so.8", {"nettle_aes128_keywrap"}, set())
    assert found is not None
    assert (found.since, found.before) == ("3.8", "3.9")
    assert "lacks" in found.shown_by


def test_soname_bounds() -> None:
    """The SONAME alone bounds where the project changed it with a known release."""
    found = bounds("libffi.so.7", set(), set())
    assert found is not None
    assert (found.since, found.before) == ("3.3", "3.4")


@pytest.mark.parametrize(
    ("library", "expected"),
    [
        (Library("thing", "2.0", "1.0"), None),
        (Library("thing", "", ""), None),
        (Library("thing", "", "2.0", [("3.0", ("late",))]), None),
        (Library("thing", "1.5", "", [("1.0", ("early",)), ("2.0", ("late",))]), ("1.5", "2.0")),
    ],
)
def test_bounds_that_leave_nothing(
    monkeypatch: pytest.MonkeyPatch, library: Library, expected: tuple[str, str] | None
) -> None:
    """Bounds that contradict one another are none; the narrower one of two counts."""
    monkeypatch.setattr(export_table, "libraries", lambda: {"libthing.so.1": library})
    found = bounds("libthing.so.1", {"early", "late"} if expected is None else {"early"}, set())
    assert (found and (found.since, found.before)) == expected


def clues(soname: str, *defined: str, exported: tuple[str, ...] = ("f",)) -> list[tuple[str, int]]:
    """What a library's tables tell: products, and how surely."""
    library = Executable("ELF", "arm", "library", soname, defined_versions=defined, exported=exported)
    subject = Subject(identified(Locator((Step("lib"),)), memoryview(b"")), library, None, DEFAULT_LIMITS)
    found = [*elf_exports.DETECTOR.find(subject), *elf_symbols.DETECTOR.find(subject)]
    return [(one.product, one.confidence) for one in found if isinstance(one, Clue)]


def test_names_of_the_product_make_it_surer() -> None:
    """A SONAME and names that came with the product: it is there. Either alone tells less."""
    assert clues(MNL, exported=("mnl_socket_open2",)) == [("libmnl", 80)]
    assert clues("libffi.so.7") == [("libffi", 70)]
    assert clues("libffi.so.8", "LIBFFI_BASE_8.0")[-1] == ("libffi", 80)
    assert clues("libown.so.1", "LIBFFI_BASE_8.0") == [("libffi", 75)]


def test_series_that_took_up_the_names() -> None:
    """FUSE 3 is another product than FUSE 2, with the same names of symbol versions."""
    assert clues("libfuse3.so.3", "FUSE_3.0", "FUSE_3.12")[-1] == ("fuse3", 80)
    assert clues("libfuse.so.2", "FUSE_2.4", "FUSE_2.9.1")[-1] == ("fuse", 80)
