"""Declared against observed: every kind of row, and the counting that rules rely on."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwverify.compare.index import MAX_CANDIDATES
from fwverify.compare.interface import Document, Inventory
from fwverify.compare.stage import compare, read_sboms
from fwverify.content import identified
from fwverify.model.artifact import Digest, Locator, Step
from fwverify.model.component import Component, DeclaredComponent, Discrepancy
from fwverify.model.evidence import GapReason
from tests.unit.compare.building import ROOT, SBOM, declared, document, file, inventory, seen, sha256


def rows(observed: Inventory, *entries: DeclaredComponent) -> list[Discrepancy]:
    """The rows, after checking what holds for every comparison."""
    found, _ = compare(observed, [document(*entries)])
    assert Counter(row.observed for row in found if row.observed) == Counter(observed.components)
    assert {row.declared for row in found if row.declared} == set(entries)
    return list(found)


def told(found: list[Discrepancy]) -> list[tuple[str, str, str, bool | None]]:
    """Kind, declared version, observed version, agreement."""
    return [
        (
            row.kind.value,
            row.declared.version if row.declared else "-",
            row.observed.version if row.observed else "-",
            row.version_agrees,
        )
        for row in found
    ]


def test_without_documents_there_is_nothing_to_compare() -> None:
    """No SBOM: no rows, not a thousand undeclared components."""
    assert compare(inventory(seen("openssl", "3.0.11")), []) == ((), ())


def test_matched() -> None:
    """The same name and version on both sides agree."""
    assert told(rows(inventory(seen("openssl", "3.0.11")), declared("openssl", "3.0.11"))) == [
        ("matched", "3.0.11", "3.0.11", True)
    ]


@pytest.mark.parametrize(
    "entry",
    [
        declared("libssl3", "3.0.11-1~deb12u2"),
        declared("OpenSSL", "v3.0.11"),
        declared("crypto things", "3.0.11", cpe="cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*"),
        declared("crypto things", "", purl="pkg:deb/debian/libssl3@3.0.11-1~deb12u2"),
        declared("openssl", "3.0.11", purl="pkg:github/openssl/openssl@3.0.11"),
        declared("openssl", "3.0.11", problem="bad purl", kind=""),
    ],
    ids=lambda one: one.name + one.purl[:8],
)
def test_matched_by_other_names(entry: DeclaredComponent) -> None:
    """Package name, spelling, CPE product, package URL or a flawed entry: the same product."""
    assert told(rows(inventory(seen("openssl", "3.0.11")), entry))[0][0] == "matched"


def test_matched_by_loose_name() -> None:
    """Where nothing else fits, libfoo is foo."""
    assert told(rows(inventory(seen("libfoo", "1.0")), declared("foo", "1.0"))) == [("matched", "1.0", "1.0", True)]


@pytest.mark.parametrize(
    ("entry", "observed"),
    [
        ("pkg:cargo/openssl@0.10.57", ""),
        ("pkg:npm/zlib@1.0.5", "pkg:deb/debian/zlib@1.2.13"),
        ("pkg:deb/debian/requests@1", "pkg:pypi/requests@2.31"),
    ],
)
def test_language_packages_are_no_c_libraries(entry: str, observed: str) -> None:
    """A binding that is called like the library it binds is not that library."""
    name = entry.split("/")[-1].split("@")[0]
    found = rows(inventory(seen(name, "3.0", purl=observed)), declared(name, "0.1", purl=entry))
    assert sorted(kind for kind, *_ in told(found))[-1] == "undeclared"


def test_language_package_meets_its_own_kind() -> None:
    """The same ecosystem on both sides is compared by that ecosystem's rules."""
    found = rows(
        inventory(seen("requests", "2.31.0.0.0", purl="pkg:pypi/requests@2.31.0.0.0")),
        declared("requests", "2.31", purl="pkg:pypi/requests@2.31"),
    )
    assert told(found) == [("matched", "2.31", "2.31.0.0.0", True)]


def test_version_differs() -> None:
    """The same product in another version."""
    found = rows(inventory(seen("openssl", "3.0.11")), declared("openssl", "3.0.13"))
    assert told(found) == [("version_differs", "3.0.13", "3.0.11", None)]
    assert "3.0.13" in found[0].reason


def test_distribution_revisions_on_both_sides_differ() -> None:
    """An older revision of the same upstream version lacks its fixes: that is a difference."""
    found = rows(inventory(seen("zlib", "1.2.13-1+deb12u1")), declared("zlib", "1.2.13-1"))
    assert told(found)[0][0] == "version_differs"


def test_undeclared() -> None:
    """Seen and not declared."""
    assert told(rows(inventory(seen("telnetd", "1.9")))) == [("undeclared", "-", "1.9", None)]


def test_versions_not_stated() -> None:
    """A side without version matches and agrees with nothing."""
    assert told(rows(inventory(seen("curl")), declared("curl", "8.5.0"))) == [("matched", "8.5.0", "", None)]
    assert told(rows(inventory(seen("curl", "8.5.0")), declared("curl"))) == [("matched", "", "8.5.0", None)]


def test_one_declared_many_observed() -> None:
    """Two copies of the declared version are both declared."""
    observed = inventory(seen("curl", "8.5.0", path="bin/curl"), seen("libcurl4", "8.5.0", path="lib/libcurl.so"))
    assert [one[0] for one in told(rows(observed, declared("curl", "8.5.0")))] == ["matched", "matched"]


def test_many_declared_one_observed() -> None:
    """Packages of one source are declared one by one; the product is seen once."""
    found = rows(inventory(seen("openssl", "3.0.11")), declared("libssl3", "3.0.11-1"), declared("openssl", "3.0.11-1"))
    assert sorted(told(found)) == [("matched", "3.0.11-1", "-", True), ("matched", "3.0.11-1", "3.0.11", True)]


def test_two_declared_versions_one_seen() -> None:
    """The version that is there matches; the other one is absent, and the reason says what was seen."""
    found = rows(inventory(seen("lua", "5.4.6")), declared("lua", "5.1.5"), declared("lua", "5.4.6"))
    assert sorted(told(found)) == [("absent_visible", "5.1.5", "-", None), ("matched", "5.4.6", "5.4.6", True)]
    assert "lua 5.4.6" in next(row.reason for row in found if row.kind == "absent_visible")


def test_second_copy_in_another_version() -> None:
    """One declared version is there; an old second copy is undeclared, not a wrong version of the first."""
    observed = inventory(seen("openssl", "3.0.11"), seen("openssl", "1.0.2k", path="opt/libssl.so"))
    found = rows(observed, declared("openssl", "3.0.11"))
    assert sorted(told(found)) == [("matched", "3.0.11", "3.0.11", True), ("undeclared", "-", "1.0.2k", None)]


def test_both_declared_versions_differ() -> None:
    """Two copies, two declared versions, one pair agrees: the other pair differs."""
    observed = inventory(seen("openssl", "3.0.11"), seen("openssl", "1.0.2k", path="opt/libssl.so"))
    found = rows(observed, declared("openssl", "3.0.11"), declared("openssl", "1.0.2zg"))
    assert sorted(told(found)) == [
        ("matched", "3.0.11", "3.0.11", True),
        ("version_differs", "1.0.2zg", "1.0.2k", None),
    ]


def test_contradicting_conclusions_are_ambiguous() -> None:
    """Two versions concluded at one place, one of them declared: nothing tells which is true."""
    observed = inventory(seen("curl", "8.5.0", contradicted=True), seen("curl", "4.8.0", contradicted=True))
    found = rows(observed, declared("curl", "8.5.0"))
    assert sorted(told(found)) == [("ambiguous", "8.5.0", "4.8.0", None), ("matched", "8.5.0", "8.5.0", True)]


def test_unversioned_against_two_versions_is_ambiguous() -> None:
    """Seen without a version while two versions are declared."""
    found = rows(inventory(seen("lua")), declared("lua", "5.1.5"), declared("lua", "5.4.6"))
    assert [row.kind.value for row in found] == ["ambiguous", "ambiguous"]


@pytest.mark.parametrize(
    ("entry", "gaps", "kind", "words"),
    [
        (declared("libqux", "1"), 0, "absent_visible", "all of the image was examined"),
        (declared("libqux", "1"), 2, "absent_unseen", "2 parts"),
        (declared("libqux", "1", kind="data"), 0, "absent_unseen", "type data"),
        (declared("libqux", "1", kind=""), 0, "absent_unseen", "type unknown"),
        (declared("libqux", "1", scope="excluded"), 0, "absent_unseen", "not shipped"),
        (declared("qux", "1", purl="pkg:golang/example.com/qux@1"), 0, "absent_unseen", "golang"),
        (declared("", "1"), 0, "absent_unseen", "no name"),
        (declared("radio", "1", kind="firmware"), 0, "absent_unseen", "firmware"),
        (declared("/etc/agent.conf", kind="file", paths=("/etc/agent.conf",)), 0, "absent_visible", "not found"),
    ],
)
def test_absent(entry: DeclaredComponent, gaps: int, kind: str, words: str) -> None:
    """An absence is certain only where the thing would have been visible and everything was examined."""
    found = rows(inventory(gaps=gaps), entry)
    assert [row.kind.value for row in found] == [kind]
    assert words in found[0].reason


def test_excluded_but_there() -> None:
    """What the vendor says he does not ship and does ship is matched like anything else."""
    assert told(rows(inventory(seen("gdb", "13.1")), declared("gdb", "13.1", scope="excluded")))[0][0] == "matched"


AGENT = file("usr/sbin/agent", "agent 1")


@pytest.mark.parametrize(
    "path", ["/usr/sbin/agent", "./usr/sbin/agent", "usr/sbin/agent", "agent", f"{ROOT}!usr/sbin/agent"]
)
def test_file_with_its_hash(path: str) -> None:
    """A declared file is found by path or only name, and its hash is compared."""
    entry = declared(path, kind="file", paths=(path,), hashes=(sha256("agent 1"),))
    found = rows(inventory(files=(AGENT,)), entry)
    assert [(row.kind.value, row.locator) for row in found] == [("matched", AGENT.locator)]


def test_file_with_another_hash() -> None:
    """The image holds that path with other content."""
    entry = declared("agent", kind="file", paths=("/usr/sbin/agent",), hashes=(sha256("agent 2"),))
    found = rows(inventory(files=(AGENT,)), entry)
    assert [(row.kind.value, row.locator) for row in found] == [("hash_differs", AGENT.locator)]
    assert sha256("agent 1").hex in found[0].reason and sha256("agent 2").hex in found[0].reason


def test_same_path_twice() -> None:
    """Two file systems hold the path; one of them holds the declared content."""
    other = file("usr/sbin/agent", "agent 2")
    entry = declared("agent", kind="file", paths=("/usr/sbin/agent",), hashes=(sha256("agent 2"),))
    assert [row.kind.value for row in rows(inventory(files=(AGENT, other)), entry)] == ["matched"]


def test_hash_that_was_not_computed() -> None:
    """Only SHA-1 is declared: a gap, and nothing is claimed about the content."""
    entry = declared("agent", kind="file", paths=("/usr/sbin/agent",), hashes=(Digest("sha1", bytes(20)),))
    found, gaps = compare(inventory(files=(AGENT,)), [document(entry)])
    assert [(row.kind.value, row.version_agrees) for row in found] == [("matched", None)]
    assert [(gap.reason, gap.locator) for gap in gaps] == [(GapReason.NOT_ATTEMPTED, AGENT.locator)]
    assert "not compared" in found[0].reason


def test_one_wrong_hash_of_two() -> None:
    """A second algorithm cannot outvote a difference."""
    hashes = tuple(sorted((sha256("agent 2"), Digest("sha1", bytes(20)))))
    entry = declared("agent", kind="file", paths=("/usr/sbin/agent",), hashes=hashes)
    assert [row.kind.value for row in rows(inventory(files=(AGENT,)), entry)] == ["hash_differs"]


def test_library_by_hash() -> None:
    """A library whose name nobody sees is found by the hash of its file."""
    found = rows(inventory(files=(AGENT,)), declared("Field Agent", "1.0", hashes=(sha256("agent 1"),)))
    assert [(row.kind.value, row.locator) for row in found] == [("matched", AGENT.locator)]


def test_image_by_hash() -> None:
    """The hash of a whole image counts as well."""
    found = rows(inventory(), declared("image", "1.0", kind="firmware", hashes=(sha256("image"),)))
    assert [row.kind.value for row in found] == ["matched"]


def test_hash_of_a_package_archive() -> None:
    """A hash that no file has says nothing about a package: most are over the archive it came in."""
    entry = declared(
        "openssl",
        "3.0.11",
        purl="pkg:deb/debian/openssl@3.0.11",
        hashes=(sha256("archive"),),
        paths=("usr/sbin/agent",),
    )
    observed = inventory(seen("openssl", "3.0.11"), files=(AGENT,))
    assert [row.kind.value for row in rows(observed, entry)] == ["matched"]


def test_place_is_told_in_the_components_own_row() -> None:
    """A component found by name and by hash is one row, with the file."""
    observed = inventory(seen("agent", "1.0", path="usr/sbin/agent"), files=(AGENT,))
    found = rows(observed, declared("agent", "1.0", hashes=(sha256("agent 1"),)))
    assert [(row.kind.value, row.version_agrees, row.locator) for row in found] == [("matched", True, AGENT.locator)]


def test_name_agrees_and_hash_differs() -> None:
    """The right version with other content: both rows are there."""
    observed = inventory(seen("agent", "1.0", path="usr/sbin/agent"), files=(AGENT,))
    entry = declared("agent", "1.0", hashes=(sha256("agent 2"),), paths=("/usr/sbin/agent",))
    assert sorted(row.kind.value for row in rows(observed, entry)) == ["hash_differs", "matched"]


def test_too_many_of_one_name() -> None:
    """Entries beyond the limit are ambiguous and a gap, never silently absent or matched."""
    entries = [declared("lua", f"5.{number}") for number in range(MAX_CANDIDATES + 3)]
    found, gaps = compare(inventory(seen("lua", "9.9")), [document(*entries)])
    assert Counter(row.kind.value for row in found)["ambiguous"] == 3
    assert [gap.reason for gap in gaps] == [GapReason.LIMIT]


def test_several_documents_are_one_declaration() -> None:
    """What either SBOM declares is declared."""
    observed = inventory(seen("curl", "8.5.0"), seen("lua", "5.4.6"))
    found, _ = compare(observed, [document(declared("curl", "8.5.0")), document(declared("lua", "5.4.6"))])
    assert [row.kind.value for row in found] == ["matched", "matched"]


names = st.sampled_from(["openssl", "libssl3", "zlib", "foo", "libfoo", ""])
versions = st.sampled_from(["", "1.0", "1.0-1", "1.0-2", "2.0", "1:1.0"])
purls = st.sampled_from(["", "pkg:deb/debian/foo@1.0", "pkg:cargo/openssl@2.0", "pkg:generic/zlib"])
contents = st.lists(st.sampled_from(["a", "b"]).map(sha256), max_size=2, unique=True).map(
    lambda all_: tuple(sorted(all_))
)
entries = st.builds(
    DeclaredComponent, names, versions, purls, kind=st.sampled_from(["library", "file", "data", ""]), hashes=contents,
    paths=st.sampled_from([(), ("usr/sbin/agent",), ("agent", "x")]), scope=st.sampled_from(["", "excluded"]),
)  # fmt: skip
components = st.builds(
    Component, names, versions, purls, st.just(85), st.just(("elf-soname",)),
    st.sampled_from([(ROOT.into("squashfs", "a"),), (ROOT.into("squashfs", "b"),)]), st.just(()), st.booleans(),
)  # fmt: skip


@given(st.lists(components, unique=True, max_size=5), st.lists(entries, unique=True, max_size=5), st.integers(0, 1))
def test_every_side_is_accounted_for(observed: list[Component], wanted: list[DeclaredComponent], gaps: int) -> None:
    """One row for each observed component, at least one for each declared; order of input does not matter."""
    held = inventory(*observed, files=(AGENT, file("agent", "a")), gaps=gaps)
    found = rows(held, *wanted)
    turned = inventory(*observed[::-1], files=held.files[::-1], gaps=gaps)
    assert rows(turned, *wanted[::-1]) == found


def test_documents_that_cannot_be_read_are_gaps() -> None:
    """Good documents of every kind are read; broken ones and nonsense are gaps, not taken for an empty SBOM."""
    contents = {
        "a.json": b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}',
        "b.xml": b'<bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>',
        "c.spdx.json": b'{"spdxVersion": "SPDX-2.3"}',
        "d.spdx": b"SPDXVersion: SPDX-2.3\n",
        "e.json": b'{"bomFormat": "CycloneDX", "bomFormat": "CycloneDX"}',
        "f.txt": b"nothing",
    }
    documents, gaps = read_sboms(identified(Locator((Step(name),)), data) for name, data in contents.items())
    assert [one.observation.locator.name for one in documents] == ["a.json", "b.xml", "c.spdx.json", "d.spdx"]
    assert [(gap.locator.name, gap.reason) for gap in gaps] == [
        ("e.json", GapReason.MALFORMED),
        ("f.txt", GapReason.UNSUPPORTED),
    ]
    assert "no SBOM" in gaps[1].detail


def test_reading_needs_no_particular_locator() -> None:
    """The locator of the document is that of the artifact."""
    documents, _ = read_sboms([identified(SBOM, b'{"bomFormat": "CycloneDX"}')])
    assert isinstance(documents[0], Document)
    assert documents[0].observation.locator == SBOM


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("7.88.1", "matched"),
        ("7.88.1-10+deb12u5", "matched"),
        ("7.88.1-10+deb12u6", "version_differs"),
        ("7.88.0", "version_differs"),
    ],
)
def test_revision_of_the_package_url(version: str, kind: str) -> None:
    """Where the package URL says which revision was seen, another revision differs; the bare release agrees."""
    component = seen("curl", "7.88.1", "pkg:deb/debian/curl@7.88.1-10+deb12u5?arch=source")
    ((found, *_),) = told(rows(inventory(component), declared("curl", version)))
    assert found == kind
    elsewhere = seen("curl", "7.88.1", "pkg:deb/debian/curl@7.74.0?arch=source")
    ((found, *_),) = told(rows(inventory(elsewhere), declared("curl", "7.88.1")))
    assert found == "matched"


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("1.2.13", "matched"),
        ("1:1.2.13.dfsg-1", "matched"),
        ("1.2.12", "matched"),
        ("1.2.11", "version_differs"),
        ("1.3", "version_differs"),
        ("1:1.2.11.dfsg-2", "version_differs"),
        ("unknown", "matched"),
        ("banana", "matched"),
    ],
)
def test_bounded(version: str, kind: str) -> None:
    """A release outside what the bytes allow is contradicted; one inside is neither agreed to nor contradicted."""
    ((found, _, _, agrees),) = told(
        rows(inventory(seen("zlib", since="1.2.12", before="1.3")), declared("zlib", version))
    )
    assert (found, agrees) == (kind, None)


# --- copies inside of other products -----------------------------------------------------------------------------

SERVER = seen("redis", "7.0.15", path="bin/redis-server")
COPY = seen("lua", "5.1.5", path="bin/redis-server", inside="redis")
MODULE = seen("log", "0.4.17", "pkg:cargo/log@0.4.17", path="bin/redis-server", inside="redis")


def kinds(observed: Inventory, *entries: DeclaredComponent) -> dict[str, str]:
    """Kind of the row of each observed component."""
    return {row.observed.stated: row.kind.value for row in rows(observed, *entries) if row.observed}


def test_copy_inside_a_declared_component() -> None:
    """It is told as such; declared by itself it matches; where its holder is not declared, neither is the copy."""
    both = inventory(SERVER, COPY)
    assert kinds(both, declared("redis", "7.0.15")) == {"7.0.15": "matched", "5.1.5": "copy"}
    assert kinds(both, declared("redis", "7.0.15"), declared("lua", "5.1.5")) == {
        "7.0.15": "matched",
        "5.1.5": "matched",
    }
    assert kinds(both, declared("zlib", "1.3")) == {"7.0.15": "undeclared", "5.1.5": "undeclared"}


def test_copy_beside_the_library_itself() -> None:
    """An entry of another release is about the library that is there by itself; without one, it is about the copy."""
    entries = declared("redis", "7.0.15"), declared("lua", "5.4.6")
    library = seen("lua", "", path="lib/liblua5.4.so.0")
    assert kinds(inventory(SERVER, COPY, library), *entries) == {"7.0.15": "matched", "5.1.5": "copy", "": "matched"}
    assert kinds(inventory(SERVER, COPY), *entries) == {"7.0.15": "matched", "5.1.5": "version_differs"}


def test_modules_are_declared_by_themselves() -> None:
    """What a program was compiled from states its name and release; an SBOM that leaves it out leaves something out."""
    assert kinds(inventory(SERVER, MODULE), declared("redis", "7.0.15")) == {
        "7.0.15": "matched",
        "0.4.17": "undeclared",
    }
