"""The bill of materials we write: valid, deterministic, and read back by our own reader without loss."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fwverify.compare.interface import Document, Inventory
from fwverify.compare.sboms.cyclonedx_json import read
from fwverify.compare.stage import compare
from fwverify.content import identified
from fwverify.model.artifact import Digest, Locator, Role, Step
from fwverify.model.component import Clue, Component
from fwverify.model.evidence import (
    SCHEMA,
    ArtifactRecord,
    ByteLedger,
    Evidence,
    Gap,
    GapReason,
    Opened,
    RunSettings,
    TrustSnapshot,
)
from fwverify.model.expectation import Expectation
from fwverify.report.renderers.cyclonedx_document import SPECS, document

IMAGE = Locator((Step("image.bin"),))
LIBRARY = IMAGE.into("squashfs", "usr/lib/libssl.so.3")
TOOL = IMAGE.into("squashfs", "usr/bin/openssl")
SHA256 = Digest("sha256", b"\x17" * 32)
OPENSSL = Component(
    "openssl",
    "3.0.11",
    "pkg:generic/openssl@3.0.11",
    90,
    ("elf-soname", "version-string"),
    (LIBRARY, TOOL),
    ("OpenSSL",),
)
LINUX = Component("linux", "", "", 60, ("kernel-banner",), (IMAGE,), ())
CLUES = (
    Clue("openssl", "3.0.11", LIBRARY, "version-string", 85, "OpenSSL 3.0.11", 4096),
    Clue("openssl", "3.0.11", TOOL, "version-string", 80, "OpenSSL 3.0.11 19 Sep", 512),
    Clue("libssl", "", LIBRARY, "elf-soname", 60, "libssl.so.3"),
    Clue("openssl", "1.0.2", IMAGE, "version-string", 85, "another copy", 7),
    Clue("openssl", "3.0.11", IMAGE, "version-string", 99, "another place", 8),
)


def evidence(*components: Component, images: tuple[Locator, ...] = (IMAGE,), clues: tuple[Clue, ...] = ()) -> Evidence:
    records = tuple(
        ArtifactRecord(one, 9, (SHA256,), Role.IMAGE, "", "", Opened.EXAMINED, 9, 0, "named") for one in images
    )
    return Evidence(
        schema=SCHEMA, at="2026-10-03T12:00:05Z", delivery="delivery", expectation=Expectation(),
        trust=TrustSnapshot("", "", ()), settings=RunSettings((), "in-process", (), (("fwverify", "0.1.0"),)),
        artifacts=records, signatures=(), checksums=(), bindings=(), anomalies=(), contents=(), claims=(),
        clues=clues, components=components, sboms=(), discrepancies=(),
        gaps=(Gap(GapReason.ENCRYPTED, IMAGE, "part"),), ledger=ByteLedger(()),
    )  # fmt: skip


def read_back(text: str) -> Document:
    return read(identified(Locator((Step("made.cdx.json"),)), text.encode()))


def entry(text: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in json.loads(text)["components"] if one["name"] == name)
    return found


def test_read_back() -> None:
    """Valid by the schema, no problem, the same components and the image's digest."""
    seen = read_back(document(evidence(OPENSSL, LINUX, clues=CLUES)))
    assert (seen.observation.schema_valid, seen.observation.problems) == (True, ())
    assert (seen.observation.subject_name, seen.observation.subject_hashes) == ("image.bin", (SHA256,))
    found = {(one.name, one.version, one.purl, one.kind, one.paths) for one in seen.components}
    assert found == {
        ("openssl", "3.0.11", OPENSSL.purl, "library", (str(TOOL), str(LIBRARY))),
        ("linux", "", "", "operating-system", (str(IMAGE),)),
    }


def test_how_and_where() -> None:
    """Each technique with its best clue and confidence; each place with its offset, other copies left out."""
    shown = entry(document(evidence(OPENSSL, clues=CLUES)), "openssl")["evidence"]
    name, version = sorted(shown["identity"], key=lambda one: one["field"])
    assert (name["field"], name["concludedValue"], name["confidence"]) == ("name", "openssl", 0.9)
    methods = {(one["technique"], one["confidence"], one["value"]) for one in name["methods"]}
    assert methods == {
        ("binary-analysis", 0.6, "elf-soname: libssl.so.3"),
        ("binary-analysis", 0.85, "version-string: OpenSSL 3.0.11"),
    }
    assert [one["value"] for one in version["methods"]] == ["version-string: OpenSSL 3.0.11"]
    assert {(one["location"], one["offset"]) for one in shown["occurrences"]} == {
        (str(LIBRARY), 4096),
        (str(TOOL), 512),
    }


def test_package_database_is_a_manifest() -> None:
    """A row of a package database is not binary analysis."""
    packaged = replace(LINUX, how=("package-database",))
    method = entry(document(evidence(packaged)), "linux")["evidence"]["identity"][0]["methods"][0]
    assert method["technique"] == "manifest-analysis"


def test_deterministic() -> None:
    """The same evidence gives the same bytes, other evidence another serial number; time is the evidence's."""
    one, again = document(evidence(OPENSSL, LINUX)), document(evidence(LINUX, OPENSSL))
    assert document(evidence(OPENSSL, LINUX)) == one
    assert json.loads(one)["serialNumber"] != json.loads(again)["serialNumber"]
    assert json.loads(one)["components"] == json.loads(again)["components"]
    assert json.loads(one)["metadata"]["timestamp"] == "2026-10-03T12:00:05Z"


def test_nothing_seen_and_gaps() -> None:
    """An image in which nothing was seen gives a valid, empty list that tells its gaps."""
    text = document(evidence())
    assert read_back(text).observation.schema_valid is True
    assert {"name": "fwverify:gaps", "value": "1"} in json.loads(text)["metadata"]["properties"]


def test_several_images() -> None:
    """A delivery of two images is the subject; the images are its parts, with their digests."""
    second = Locator((Step("second.bin"),))
    seen = read_back(document(evidence(OPENSSL, images=(IMAGE, second))))
    assert seen.observation.subject_name == "delivery"
    assert [one.name for one in seen.components if one.kind == "firmware"] == ["image.bin", "second.bin"]
    assert seen.observation.problems == ()


def test_own_document_fits_the_image() -> None:
    """What we write of an image, compared with that image, matches everywhere."""
    made = read_back(document(evidence(OPENSSL, LINUX, clues=CLUES)))
    rows, gaps = compare(Inventory((OPENSSL, LINUX), (), (), ()), [made])
    assert {row.kind.value for row in rows} == {"matched"}
    assert gaps == ()


def test_copies_are_parts_of_what_holds_them() -> None:
    """Nested in the entry of the component whose file it is, and read back as seen; without one it stands alone."""
    server = replace(OPENSSL, name="redis", version="7.0.15", purl="", locators=(TOOL,))
    copy = replace(OPENSSL, name="lua", version="5.1.5", purl="", locators=(TOOL,), inside="redis")
    text = document(evidence(copy, server))
    held = entry(text, "redis")
    assert [one["name"] for one in held["components"]] == ["lua"]
    graph = {one["ref"]: one["dependsOn"] for one in json.loads(text)["dependencies"]}
    assert graph[held["bom-ref"]] == [held["components"][0]["bom-ref"]]
    made = read_back(text)
    assert made.observation.schema_valid is True
    assert made.observation.problems == ()
    rows, _ = compare(Inventory((copy, server), (), (), ()), [made])
    assert {row.kind.value for row in rows} == {"matched"}
    assert entry(document(evidence(copy)), "lua")["version"] == "5.1.5"


@pytest.mark.parametrize("purl", ["pkg:/@", "nonsense", "pkg:generic/%00"])
def test_bad_purl_is_left_out(purl: str) -> None:
    """A package URL that is none does not stop the document."""
    assert "openssl" in document(evidence(replace(OPENSSL, purl=purl)))


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=1, max_size=20), st.text(max_size=10), st.text(max_size=20), st.integers(0, 100))
def test_hostile_names(name: str, version: str, quote: str, confidence: int) -> None:
    """Names, versions and quotes from hostile bytes: still valid, still read back."""
    odd = Component(name, version, "", confidence, ("version-string",), (LIBRARY,), ())
    clue = Clue(name, version, LIBRARY, "version-string", confidence, quote, 0)
    seen = read_back(document(evidence(odd, clues=(clue,))))
    assert seen.observation.schema_valid is True
    assert [(one.name, one.version) for one in seen.components] == [(name, version)]


@pytest.mark.parametrize("spec", SPECS)
def test_versions(spec: str) -> None:
    """Each version that can be written is valid by its own schema."""
    seen = read_back(document(evidence(OPENSSL, LINUX, clues=CLUES), spec))
    assert (seen.observation.spec_version, seen.observation.schema_valid) == (spec, True)
    assert seen.observation.problems == ()


def test_bounded() -> None:
    """A bounded version is a range that others can read, and is read back as the same bounds."""
    bounded = replace(LINUX, since="5.10", before="5.11-rc1")
    text = document(evidence(bounded))
    assert {"name": "fwverify:version-range", "value": "vers:generic/>=5.10|<5.11-rc1"} in entry(text, "linux")[
        "properties"
    ]
    (seen,) = read_back(text).components
    assert (seen.version, seen.since, seen.before) == ("", "5.10", "5.11-rc1")
    assert "properties" not in entry(document(evidence(replace(bounded, version="5.10.7"))), "linux")


def test_cpe() -> None:
    """The CPE name goes along and is read back."""
    cpe = "cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*"
    (seen,) = read_back(document(evidence(replace(OPENSSL, cpe=cpe)))).components
    assert seen.cpe == cpe


_names = st.from_regex(r"[a-z][a-z0-9-]{0,10}", fullmatch=True)
_versions = st.just("") | st.from_regex(r"[0-9]{1,2}(\.[0-9]{1,2}){0,2}", fullmatch=True)
_since = st.just("") | st.from_regex(r"[1-4](\.[0-9])?", fullmatch=True)
_before = st.just("") | st.from_regex(r"[5-9](\.[0-9])?", fullmatch=True)
_places = st.lists(
    st.text(min_size=1, max_size=8).map(lambda one: IMAGE.into("squashfs", one)), min_size=1, max_size=3, unique=True
)
_seen = st.builds(
    lambda name, version, since, before, places, percent: Component(
        name, version, f"pkg:generic/{name}@{version}" if version else "", percent, ("version-string",),
        tuple(sorted(places)), (), since="" if version else since, before="" if version else before,
    ),
    _names, _versions, _since, _before, _places, st.integers(1, 100),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(_seen, max_size=6, unique_by=lambda one: (one.name, one.version)), st.sampled_from(SPECS))
def test_round_trip(components: list[Component], spec: str) -> None:
    """Names, versions, bounds, package URLs, places and confidences come back; compared with the image, all match."""
    made = read_back(document(evidence(*components), spec))
    assert made.observation.schema_valid is True
    back = {
        (one.name, one.version, one.since, one.before, one.purl, one.paths, one.confidence) for one in made.components
    }
    assert back == {
        (
            one.name,
            one.version,
            one.since,
            one.before,
            one.purl,
            tuple(sorted(str(place) for place in one.locators)),
            one.confidence,
        )
        for one in components
    }
    rows, _ = compare(Inventory(tuple(components), (), (), ()), [made])
    assert {row.kind.value for row in rows if row.observed} <= {"matched", "ambiguous"}


def test_linear() -> None:
    """Ten thousand components are written in seconds."""
    many = [replace(OPENSSL, name=f"package-{one}", locators=(IMAGE,)) for one in range(10_000)]
    start = time.process_time()
    assert len(document(evidence(*many))) > 1_000_000
    assert time.process_time() - start < 20
