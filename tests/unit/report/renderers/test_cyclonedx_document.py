"""The bill of materials we write: valid, deterministic, and read back by our own reader without loss."""

from __future__ import annotations

import json
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
from fwverify.report.renderers.cyclonedx_document import document

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
    assert json.loads(one)["metadata"]["timestamp"] == "2026-10-03T12:00:05+00:00"


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
