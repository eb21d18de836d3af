"""What an entry means: services, assemblies, ancestors, source trees, packages of languages, files, traces of names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwverify.compare.interface import Details, Document
from fwverify.compare.source_tree import describes_source
from fwverify.compare.stage import compare
from fwverify.compare.versions import apart, difference, ordered
from fwverify.model.component import Ancestor, DeclaredComponent, Discrepancy
from tests.unit.compare.building import ROOT, declared, document, file, inventory, seen, sha256


def only(*entries: DeclaredComponent, **more: object) -> list[Discrepancy]:
    found, _ = compare(inventory(**more), [document(*entries)])  # type: ignore[arg-type]
    return list(found)


def kinds(found: list[Discrepancy]) -> list[tuple[str, str]]:
    return [
        (one.kind.value, one.declared.name if one.declared else one.observed.name if one.observed else "")
        for one in found
    ]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (declared("cloud", kind="service"), "a service"),
        (declared("libssl", "3.0", external=True), "the device's surroundings"),
        (declared("gcc", "12", scope="excluded"), "not shipped"),
        (declared("linux", "6.1"), "delivered apart"),
    ],
)
def test_nothing_to_see(entry: DeclaredComponent, words: str) -> None:
    """What need not lie in the image is not missing, and the reason is said."""
    (row,) = only(entry)
    assert (row.kind, words in row.reason) == ("absent_unseen", True)


def test_a_service_declares_no_component() -> None:
    """A cloud service that is called like a program does not declare the program."""
    found, _ = compare(inventory(seen("mosquitto", "2.0")), [document(declared("mosquitto", "2.0", kind="service"))])
    assert kinds(list(found)) == [("absent_unseen", "mosquitto"), ("undeclared", "mosquitto")]


def test_a_file_entry_declares_no_product() -> None:
    """Listing a library's file does not declare the product in it; with a version or package URL it does."""
    entry = declared("/usr/lib/libssl.so.3", kind="file", paths=("/usr/lib/libssl.so.3",))
    observed = seen("openssl", "3.0.11", path="usr/lib/libssl.so.3")
    held = inventory(observed, files=(file("usr/lib/libssl.so.3", "x"),))
    found, _ = compare(held, [document(entry)])
    assert ("undeclared", "openssl") in kinds(list(found))
    found, _ = compare(held, [document(replace(entry, purl="pkg:generic/openssl@3.0.11"))])
    assert kinds(list(found)) == [("matched", "/usr/lib/libssl.so.3")]


def test_assembly() -> None:
    """An entry that only holds others is there when they are."""
    parts = (declared("Our stack", "1", bom_ref="s"), declared("openssl", "3.0.11"), declared("zlib", "1.2.13"))
    details = (Details("/0", -1, ()), Details("/0/0", 0, ()), Details("/0/1", 0, ()))
    found, _ = compare(inventory(seen("openssl", "3.0.11")), [replace(document(*parts), details=details)])
    stack = next(one for one in found if one.declared == parts[0])
    assert (stack.kind, "1 of the 2 parts" in stack.reason) == ("absent_unseen", True)


def test_ancestors() -> None:
    """A vendor's own name for what it derived is met by the ancestor, whose version decides."""
    entry = declared("acme-tls", "7.1", derived_from=(Ancestor("openssl", "3.0.11"),))
    (row,) = compare(inventory(seen("openssl", "3.0.11")), [document(entry)])[0]
    assert (row.kind, row.declared, row.version_agrees) == ("matched", entry, True)
    assert "derived from openssl 3.0.11" in row.reason
    (row,) = compare(inventory(seen("openssl", "3.0.9")), [document(entry)])[0]
    assert (row.kind, row.declared) == ("version_differs", entry)
    (row,) = compare(inventory(seen("acme-tls", "7.1")), [document(entry)])[0]
    assert (row.kind, row.declared) == ("matched", entry)


@pytest.mark.parametrize(
    ("purl", "kind"),
    [
        ("pkg:golang/github.com/other/yaml@1.0", "undeclared"),
        ("pkg:golang/github.com/own/yaml@1.0", "matched"),
        ("pkg:generic/yaml@1.0", "undeclared"),
        ("", "matched"),
    ],
)
def test_languages(purl: str, kind: str) -> None:
    """Two modules of one name in two namespaces are two; without a package URL the name counts."""
    observed = seen("github.com/own/yaml", "1.0", "pkg:golang/github.com/own/yaml@1.0", path="usr/bin/tool")
    found, _ = compare(inventory(observed), [document(declared("yaml", "1.0", purl=purl))])
    assert next(one.kind.value for one in found if one.observed) == kind


def test_source_package_named_by_a_qualifier() -> None:
    """A binary package meets the product its source package is called."""
    purl = "pkg:deb/debian/libfoo-ssl9@3.0.11-1?upstream=openssl%403.0.11"
    (row,) = compare(inventory(seen("openssl", "3.0.11")), [document(declared("libfoo-ssl9", "3.0.11-1", purl=purl))])[
        0
    ]
    assert (row.kind, row.version_agrees) == ("matched", True)


def test_aliases_of_the_document() -> None:
    """Names that the entry's own evidence concludes count like its own."""
    entry = declared("our crypto", "3.0.11", aliases=("pkg:generic/openssl@3.0.11",))
    assert kinds(list(compare(inventory(seen("openssl", "3.0.11")), [document(entry)])[0])) == [
        ("matched", "our crypto")
    ]


def test_file_of_the_entry() -> None:
    """Under a name of the vendor's own, the file that its hash or path tells is called like the component."""
    held = inventory(seen("openssl", "3.0.11", path="usr/lib/libssl.so.3"), files=(file("usr/lib/libssl.so.3", "x"),))
    for entry in (
        declared("Secure Channel", "3.0.11", hashes=(sha256("x"),)),
        declared("Secure Channel", "3.0.11", paths=("usr/lib/libssl.so.3",)),
    ):
        found, _ = compare(held, [document(entry)])
        assert [(one.kind.value, one.version_agrees) for one in found if one.observed] == [("matched", True)]


def test_source_tree() -> None:
    """In a document about a source tree an absence means less; a contradiction still is one."""
    entries = (declared("gone", "1"), declared("openssl", "3.0.9"))
    made = document(*entries)
    made = replace(made, observation=replace(made.observation, source_tree="it says so"))
    found, _ = compare(inventory(seen("openssl", "3.0.11")), [made])
    assert kinds(list(found)) == [("absent_unseen", "gone"), ("version_differs", "openssl")]


@pytest.mark.parametrize(
    ("phases", "entries", "is_source"),
    [
        (["pre-build"], [], True),
        (["build", "pre-build"], [declared("a", purl="pkg:github/x/a@1")] * 5, False),
        ([], [declared("a", purl="pkg:github/x/a@1")] * 3, True),
        ([], [declared("a", purl="pkg:deb/debian/a@1?arch=source")] * 3 + [declared("b")] * 3, True),
        ([], [declared("a", paths=("src/a.c", "go.sum"))] * 3 + [declared("b")] * 4, False),
        ([], [declared("a", paths=("src/a.c",))] * 2, False),
    ],
)
def test_signs_of_a_source_tree(phases: list[str], entries: list[DeclaredComponent], is_source: bool) -> None:
    """Phases decide; else at least three entries and half of them must point into one."""
    assert bool(describes_source(phases, entries)) is is_source


def traced(name: str, *paths: str, observed: tuple[str, ...] = ()) -> Discrepancy:
    parts = [seen(f"product{number}", "1", path=path) for number, path in enumerate(observed)]
    held = inventory(*parts, files=tuple(file(path, path) for path in (*paths, *observed)))
    found, _ = compare(held, [document(declared(name, "1.0"))])
    return next(one for one in found if one.declared)


def test_a_file_of_that_name() -> None:
    """A program that nothing identified and that is called like the entry is it; its version is not known."""
    for name, path in (
        ("mawk", "usr/bin/mawk"), ("sysvinit", "usr/sbin/killall5"), ("vim", "usr/bin/vim.tiny"),
        ("lcms2", "usr/lib/liblcms2.so.2.0.19"), ("snowball", "usr/lib/libstemmer.so.0d.0.0"),
    ):  # fmt: skip
        row = traced(name, path)
        assert (row.kind, row.locator, row.version_agrees) == ("matched", ROOT.into("squashfs", path), None)


@pytest.mark.parametrize(
    ("name", "paths"),
    [("can-utils-x", ["usr/bin/canone", "usr/bin/cantwo", "usr/bin/canthree"]),
     ("libnginx-mod-echo", ["usr/lib/ngx_echo.so"]), ("protobuf-x", ["usr/bin/protoc-gen"]),
     ("jimulus", ["usr/lib/libjim.so.0.79"]), ("game-music-box", ["usr/lib/libgmb.so.0"])],
)  # fmt: skip
def test_it_may_be_that_one(name: str, paths: list[str]) -> None:
    """Unidentified files with a word of the name, or several with its beginning, keep the absence open."""
    assert traced(name, *paths).kind == "absent_unseen"


@pytest.mark.parametrize(
    "paths", [[], ["usr/share/expat/readme"], ["usr/lib/python3/expat.py"], ["usr/bin/can", "usr/bin/cans"]]
)
def test_no_trace(paths: list[str]) -> None:
    """Data, modules of an interpreter and a single similar beginning are no trace: the entry is missing."""
    assert traced("expat-ng", *paths).kind == "absent_visible"
    assert traced("canx", *paths).kind == "absent_visible"
    assert traced("open62541", *paths, "usr/bin/openl2tp", "usr/bin/openct", "usr/bin/openvt").kind == (
        "absent_visible"
    )


def test_a_name_alone_accounts_for_nothing() -> None:
    """A library that is only known by its own name, and not declared, may be the one that is."""
    path = "usr/lib/liblcms2.so.2"
    named = replace(seen("liblcms", path=path), confidence=60)
    held = inventory(named, files=(file(path, path),))
    found, _ = compare(held, [document(declared("lcms2", "2.19"))])
    assert {one.kind.value for one in found} <= {"matched", "undeclared", "absent_unseen"}
    sure = replace(named, name="other", confidence=90)
    found, _ = compare(inventory(sure, files=(file(path, path),)), [document(declared("lcms2", "2.19"))])
    assert "absent_visible" in {one.kind.value for one in found}


def test_packages_of_languages_leave_no_trace() -> None:
    """A distribution's package of a language's package need not be visible, nor that of the language itself."""
    for name in ("python3-ldb", "rust-rav1e", "node-semver"):
        entry = declared(name, "1.0", purl=f"pkg:deb/debian/{name}@1.0-1")
        found, _ = compare(inventory(), [document(entry)])
        assert [one.kind.value for one in found] == ["absent_unseen"]
    found, _ = compare(inventory(), [document(declared("python3-ldb", "1.0"))])
    assert [one.kind.value for one in found] == ["absent_visible"]


def test_identified_files_are_no_trace() -> None:
    """A file that another component accounts for cannot be the missing one."""
    assert traced("expat-ng", observed=("usr/lib/libexpat.so.1",)).kind == "absent_visible"


@pytest.mark.parametrize(
    ("one", "other", "part"),
    [
        ("1.2.3", "1.2.4", "patch"), ("1.2.3", "1.3.3", "minor"), ("1.2.3", "2.2.3", "major"),
        ("1.2.3", "1.2.3.1", "patch"), ("1.1.1k", "1.1.1l", "patch"), ("1.2-1", "1.2-2", "revision"),
        ("1:1.2", "2:1.2", "major"),
        ("1.2+a", "1.2+b", "build"),
        ("1.2", "", ""), ("x", "1", "major"),
    ],
)  # fmt: skip
def test_difference(one: str, other: str, part: str) -> None:
    """The smallest part in which two versions differ, whichever is first."""
    assert difference(one, other) == difference(other, one) == part


def test_differs_in() -> None:
    """A row tells how far the versions are apart; a bounded version tells nothing of the kind."""
    (row,) = compare(inventory(seen("zlib", "1.2.13")), [document(declared("zlib", "1.2.12"))])[0]
    assert (row.kind, row.differs_in) == ("version_differs", "patch")
    (row,) = compare(inventory(seen("zlib", since="1.2.5")), [document(declared("zlib", "1.2.0"))])[0]
    assert (row.kind, row.differs_in) == ("version_differs", "")


def test_ranges_of_entries() -> None:
    """An entry with a range contradicts a version outside of it and bounds apart from it, and agrees with nothing."""
    entry = declared("zlib", since="1.2.5", before="1.3")
    outside = (seen("zlib", "1.3.1"), seen("zlib", since="1.3"))
    for observed in (*outside, seen("zlib", "1.2.13"), seen("zlib", since="1.2")):
        kind = "version_differs" if observed in outside else "matched"
        (row,) = compare(inventory(observed), [document(entry)])[0]
        assert (row.kind, row.version_agrees) == (kind, None)
    assert apart(("2", ""), ("", "2")) and not apart(("1", ""), ("", "2"))


@pytest.mark.parametrize(
    ("one", "other", "kind", "order"),
    [("1.0", "1.1", "", -1), ("1:1.0", "2.0", "deb", 1), ("1.0~rc1", "1.0", "deb", -1), ("1.0", "", "", None),
     ("a", "b", "", None), ("1.10", "1.9", "npm", 1)],
)  # fmt: skip
def test_ordered(one: str, other: str, kind: str, order: int | None) -> None:
    """By the ecosystem's rules, else by ours; what cannot be ordered is not."""
    assert ordered(one, other, kind) == order


def test_document_without_details() -> None:
    """Documents made elsewhere have no details, and compare all the same."""
    assert isinstance(document(), Document)
    assert only(declared("a", "1"))[0].kind == "absent_visible"
