"""What is said of files that a store knows, and what is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from fwverify.model.component import Clue
from fwverify.reference.matching import name_files
from fwverify.reference.places import Seen
from fwverify.reference.store import Store, load
from fwverify.reference.values import Origin
from fwverify.reference.writing import learn
from tests.unit.reference.known import ROOT, component, origin, page, program, seen

Say = Callable[..., list[tuple[str, str, str, int]]]
NONE = range(0)


@pytest.fixture
def store_of(tmp_path: Path) -> Iterator[Callable[..., Store]]:
    with ExitStack() as stack:

        def make(*origins: Origin) -> Store:
            path = tmp_path / f"{len(list(tmp_path.iterdir()))}.db"
            learn(path, origins)
            store = load(path)
            stack.callback(store.close)
            return store

        yield make


def said(store: Store, *files: Seen, clues: tuple[Clue, ...] = ()) -> list[tuple[str, str, str, int]]:
    """Technique, product, version and confidence of every clue."""
    found = name_files([store], files, clues)
    assert all(one.quote.isascii() and one.quote.isprintable() and len(one.quote) <= 200 for one in found)
    return [(one.how, one.product, one.version, one.confidence) for one in found]


CURL = component("curl", "7.88.1-10+deb12u5", program("usr/bin/curl", "curl"), source="curl")
LIBCURL = component("libcurl4", "7.88.1-10+deb12u5", program("usr/lib/libcurl.so.4", "libcurl"), source="curl")


def test_same_bytes(store_of: Callable[..., Store]) -> None:
    """An unmodified executable has its package's release; a lone package's own URL, of several their source's."""
    store = store_of(origin(CURL), origin(LIBCURL))
    assert said(store, seen("usr/bin/curl", "curl", NONE)) == [("known-file", "curl", "7.88.1", 97)]
    alone = name_files([store], [seen("usr/bin/curl", "curl", NONE)])
    assert alone[0].purl == "pkg:deb/debian/curl@7.88.1-10+deb12u5?arch=armhf"
    assert "usr/bin/curl in curl_7.88.1-10+deb12u5_armhf.deb" in alone[0].quote
    both = name_files([store], [seen("usr/bin/curl", "curl", NONE), seen("lib/libcurl.so.4", "libcurl", NONE)])
    assert {one.purl for one in both} == {"pkg:deb/debian/curl@7.88.1-10%2Bdeb12u5?arch=source"}


def test_nothing_known(store_of: Callable[..., Store]) -> None:
    """Other bytes at the same path are nothing."""
    assert said(store_of(origin(CURL)), seen("usr/bin/curl", "another curl", NONE)) == []


def test_stripped_and_patched(store_of: Callable[..., Store]) -> None:
    """What loads the same bytes is the same build; the same build id over other code names the product alone."""
    store = store_of(origin(CURL))
    assert said(store, seen("usr/bin/curl", "curl", NONE, known_build=True)) == [("known-build", "curl", "7.88.1", 96)]
    own = seen("usr/bin/curl", "patched", NONE)
    own = replace(own, traits=(replace(own.traits[0], build_id=CURL.files[0].traits.build_id),))  # type: ignore[union-attr]
    assert said(store, own) == [("known-build", "curl", "", 75)]


def test_neighbour_by_its_own_files(store_of: Callable[..., Store]) -> None:
    """Executables that lie where the release would put its own, and are others, take revision, then version away."""
    tools = [program(f"usr/bin/tool{one}", f"tool {one}") for one in range(5)]
    store = store_of(origin(component("tools", "2.4-3", *tools)))

    def found(same: int) -> set[tuple[str, str, str, int]]:
        files = [seen(f"bin/tool{one}", f"tool {one}" if one < same else f"new {one}", NONE) for one in range(5)]
        return set(said(store, *files))

    assert found(5) == {("known-file", "tools", "2.4", 97)}
    assert found(3) == {("known-file", "tools", "2.4", 90)}
    assert found(2) == {("known-file", "tools", "", 75)}
    revised = [seen(f"bin/tool{one}", f"tool {one}" if one < 4 else "new", NONE) for one in range(5)]
    assert all(not one.purl for one in name_files([store], revised))


def test_neighbour_across_packages(store_of: Callable[..., Store]) -> None:
    """Another package of the same source speaks against a release, too, if it was learned."""
    store = store_of(origin(CURL), origin(LIBCURL))
    files = seen("usr/bin/curl", "curl", NONE), seen("usr/lib/libcurl.so.4", "fixed libcurl", NONE)
    assert said(store, *files) == [("known-file", "curl", "", 75)]


def test_neighbour_by_unknown_libraries(store_of: Callable[..., Store]) -> None:
    """A library of the product that nobody learned speaks against the release."""
    library = component("libldap2", "2.6.9-1", program("usr/lib/libldap.so.2", "ldap"), source="openldap")
    store = store_of(origin(library))
    ldap, lber = seen("usr/lib/libldap.so.2", "ldap", NONE), seen("usr/lib/liblber.so.2", "lber", NONE)
    clue = Clue("openldap", "", lber.locator, "elf-soname", 75, "liblber.so.2")
    assert said(store, ldap) == [("known-file", "openldap", "2.6.9", 97)]
    assert said(store, ldap, lber, clues=(clue,)) == [("known-file", "openldap", "", 75)]


def test_library_on_the_side(store_of: Callable[..., Store]) -> None:
    """One that is not named like its source names no release, unless it states it or is one of three."""
    files = [program(f"usr/lib/libcom_err{one}.so", f"comerr {one}") for one in range(3)]
    store = store_of(origin(component("libcom-err2", "1.47.2-3", *files, source="e2fsprogs")))
    found = [seen(f"usr/lib/libcom_err{one}.so", f"comerr {one}", NONE) for one in range(3)]
    stated = Clue("e2fsprogs", "1.47.2", found[0].locator, "version-string", 85, "1.47.2")
    assert said(store, found[0]) == [("known-file", "e2fsprogs", "", 75)]
    assert said(store, found[0], clues=(stated,)) == [("known-file", "e2fsprogs", "1.47.2", 97)]
    telling = [replace(one, states=True) for one in files]
    knows = store_of(origin(component("libcom-err2", "1.47.2-3", *telling, source="e2fsprogs")))
    assert said(knows, found[0]) == [("known-file", "e2fsprogs", "1.47.2", 97)]
    assert set(said(store, *found)) == {("known-file", "e2fsprogs", "1.47.2", 97)}


def test_familiar_place(store_of: Callable[..., Store]) -> None:
    """Where half of all executables are known, a library on the side names its release, too."""
    side = component("libcom-err2", "1.47.2-3", program("usr/lib/libcom_err.so", "comerr"), source="e2fsprogs")
    rest = [component(f"own{one}", "1-1", program(f"usr/bin/own{one}", f"own {one}")) for one in range(12)]
    store = store_of(origin(side), *(origin(one) for one in rest))

    def found(known: int) -> tuple[str, str, str, int]:
        others = [seen(f"usr/bin/own{one}", f"own {one}" if one < known else f"new {one}", NONE) for one in range(23)]
        return next(
            one for one in said(store, seen("usr/lib/libcom_err.so", "comerr", NONE), *others) if "e2" in one[1]
        )

    assert found(12) == ("known-file", "e2fsprogs", "1.47.2", 97)
    assert found(10) == ("known-file", "e2fsprogs", "", 75)


def test_another_place_says_nothing(store_of: Callable[..., Store]) -> None:
    """What lies in another root file system is no neighbour."""
    store = store_of(origin(CURL), origin(LIBCURL))
    other = replace(
        seen("usr/lib/libcurl.so.4", "new", NONE), locator=ROOT.into("fit", "b").into("ext4", "usr/lib/libcurl.so.4")
    )
    assert said(store, seen("usr/bin/curl", "curl", NONE), other) == [("known-file", "curl", "7.88.1", 97)]


def test_several_releases(store_of: Callable[..., Store]) -> None:
    """The same bytes in two revisions: the upstream release they share; in two releases: the product alone."""
    first = component("foo", "1.0-1", program("usr/bin/foo", "foo"))
    again = component("foo", "1.0-2", program("usr/bin/foo", "foo"))
    later = component("foo", "1.1-1", program("usr/bin/foo", "foo"))
    found = seen("usr/bin/foo", "foo", NONE)
    assert said(store_of(origin(first), origin(again)), found) == [("known-file", "foo", "1.0", 90)]
    assert said(store_of(origin(first), origin(later)), found) == [("known-file", "foo", "", 75)]
    clue = name_files([store_of(origin(first), origin(later))], [found])[0]
    assert "releases 1.0-1, 1.1-1" in clue.quote


def test_the_release_that_agrees_is_taken(store_of: Callable[..., Store]) -> None:
    """Of two releases that share a file, the one whose other files are there."""
    old = component("foo", "1.0-1", program("usr/bin/foo", "foo"), program("usr/lib/libfoo.so", "old"))
    new = component("foo", "1.1-1", program("usr/bin/foo", "foo"), program("usr/lib/libfoo.so", "new"))
    files = seen("usr/bin/foo", "foo", NONE), seen("usr/lib/libfoo.so", "new", NONE)
    assert set(said(store_of(origin(old), origin(new)), *files)) == {("known-file", "foo", "1.1", 97)}


def test_several_products(store_of: Callable[..., Store]) -> None:
    """What two products carry names neither."""
    one, other = component("foo", "1.0", page("usr/share/x", "x")), component("bar", "1.0", page("usr/share/y", "x"))
    same = component("foo", "1", program("a", "a")), component("bar", "1", program("b", "a"))
    assert said(store_of(origin(one), origin(other)), seen("usr/share/x", "x")) == []
    assert said(store_of(origin(same[0]), origin(same[1])), seen("a", "a", NONE)) == []


def test_pages_alone(store_of: Callable[..., Store]) -> None:
    """Files that are no executables name a product when they are many and half of its own, never a version."""
    files = [page(f"usr/share/certs/{one}", f"cert {one}") for one in range(6)]
    store = store_of(origin(component("certs", "2024", *files)))

    def found(count: int) -> set[tuple[str, str, str, int]]:
        return set(said(store, *(seen(f"usr/share/certs/{one}", f"cert {one}") for one in range(count))))

    assert found(2) == set()
    assert found(3) == {("known-file", "certs", "", 60)}
    assert found(6) == {("known-file", "certs", "", 60)}


def test_pages_beside_executables(store_of: Callable[..., Store]) -> None:
    """They share the release of their package's executables, where that is believed."""
    store = store_of(origin(component("web", "3.1-1", program("usr/bin/web", "web"), page("srv/index", "page"))))
    page_, own = seen("srv/index", "page"), seen("usr/bin/web", "web", NONE)
    assert said(store, own, page_) == [("known-file", "web", "3.1", 97), ("known-file", "web", "3.1", 97)]
    assert said(store, page_) == []


def test_relatives(store_of: Callable[..., Store]) -> None:
    """A library that exports nearly the same names is a relative: the product, no version, and it says how near."""
    store = store_of(
        origin(component("libfoo1", "1.0-1", program("usr/lib/libfoo.so.1", "foo", range(40)), source="foo"))
    )
    assert said(store, seen("usr/lib/libfoo.so.1", "next", range(44))) == [("known-symbols", "foo", "", 70)]
    clue = name_files([store], [seen("usr/lib/libfoo.so.1", "next", range(44))])[0]
    assert clue.quote == "exports 90 % the same names as usr/lib/libfoo.so.1 in libfoo1_1.0-1_armhf.deb (44 names)"
    assert said(store, seen("usr/lib/libbar.so.1", "bar", range(30, 70))) == []
    assert said(store, seen("usr/lib/libbar.so.1", "small", range(10))) == []


def test_relatives_of_two_products(store_of: Callable[..., Store]) -> None:
    """Where relatives of two products are equally near, nothing is said."""
    ssl = component("openssl", "1", program("usr/lib/a", "a", range(40)))
    fork = component("libressl", "1", program("usr/lib/b", "b", range(1, 41)))
    assert said(store_of(origin(ssl), origin(fork)), seen("usr/lib/c", "c", range(42))) == []


def test_listed_packages_keep_their_names(store_of: Callable[..., Store]) -> None:
    """Where a package database lists the package, the clue joins its row."""
    status = Clue("curl", LIBCURL.version, ROOT.into("squashfs", "var/lib/dpkg/status"), "package-database", 95, "", -1,
                  "", "libcurl4")  # fmt: skip
    found = name_files([store_of(origin(LIBCURL))], [seen("usr/lib/libcurl.so.4", "libcurl", NONE)], [status])
    assert [(one.unit, one.version, one.purl) for one in found] == [("libcurl4", LIBCURL.version, LIBCURL.purl)]


@pytest.mark.parametrize(
    ("version", "shown"),
    [
        ("1:1.2.13.dfsg-1+b1", "1.2.13"), ("3.0.15-1~deb12u1", "3.0.15"), ("3.1-20221030-2", "3.1-20221030"),
        ("0~20171227-0.3+deb12u1", "0~20171227"), ("2.4.0+samba4.17.12+dfsg-0+deb12u1", "2.4.0+samba4.17.12"),
        ("1.35.0-4", "1.35.0"), ("1.0+really0.9-2", "0.9"), ("20230311", "20230311"),
    ],
)  # fmt: skip
def test_shown_release(store_of: Callable[..., Store], version: str, shown: str) -> None:
    """The upstream release is shown as it is written: without epoch, revision and repacking."""
    store = store_of(origin(component("foo", version, program("usr/bin/foo", "foo"))))
    assert said(store, seen("usr/bin/foo", "foo", NONE)) == [("known-file", "foo", shown, 97)]
