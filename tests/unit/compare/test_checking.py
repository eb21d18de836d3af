"""Profiles of minimum elements entry by entry, their data, and whether a document is about an image."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from fwverify.compare.checking import about, against
from fwverify.compare.elements import OF_COMPONENT, OF_DOCUMENT, is_expression
from fwverify.compare.interface import Document
from fwverify.compare.sboms.cyclonedx_json import read
from fwverify.content import identified
from fwverify.formats.sbom_profiles import NAMES, profiles
from fwverify.model.artifact import Artifact, Locator, Step
from tests.vectors.makers.sboms import HASH, document, library

PERSON = {"name": "A", "email": "a@vendor.example"}
MAKER = {"name": "Maker", "contact": [PERSON]}


def reading(**more: Any) -> Document:
    data = json.dumps(document(**more)).encode()
    return read(identified(Locator((Step("sbom.json"),)), data))


def complete() -> dict[str, Any]:
    """A document with everything that any profile asks for."""
    bsi = [
        {"name": f"bsi:component:{one}", "value": "x"} for one in ("filename", "executable", "archive", "structured")
    ]
    sums = [{"alg": "SHA-512", "content": "00" * 64}]
    part = library("openssl", "3.0.11", supplier=MAKER, manufacturer=MAKER, hashes=sums, properties=bsi,
                   licenses=[{"license": {"id": "Apache-2.0"}}])  # fmt: skip
    metadata = document()["metadata"] | {
        "authors": [PERSON], "manufacturer": MAKER, "lifecycles": [{"phase": "build"}],
        "tools": {"components": [{"type": "application", "name": "maker"}]},
    }  # fmt: skip
    return {
        "metadata": metadata, "components": [part], "compositions": [{"aggregate": "complete"}],
        "dependencies": [{"ref": "image", "dependsOn": ["openssl"]}, {"ref": "openssl"}],
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_complete(name: str) -> None:
    """Where everything is there, every profile is met; the document is valid."""
    seen = reading(**complete())
    assert seen.observation.schema_valid is True, seen.observation.schema_errors
    answer = against(seen, profiles().profiles[name])
    assert (answer.lacking, answer.old, answer.met, answer.there) == ((), "", True, answer.asked)


@pytest.mark.parametrize(
    ("taken", "lacking"),
    [
        ("supplier", {"supplier"}), ("version", {"version"}), ("purl", {"identifier"}),
        ("licenses", {"licence", "spdx-licence"}),
        ("hashes", {"hash", "sha512"}), ("properties", {"filename", "executable", "archive", "structured"}),
    ],
)  # fmt: skip
def test_one_thing_less(taken: str, lacking: set[str]) -> None:
    """What is taken away is what is missing, with the entry's place and name; nothing else is."""
    whole = complete()
    part = dict(whole["components"][0])
    del part[taken]
    if taken == "supplier":
        del part["manufacturer"]
        lacking = lacking | {"creator-contact"}
    seen = reading(**{**whole, "components": [part]})
    assert set(seen.details[0].lacks) == lacking
    for name in NAMES:
        answer = against(seen, profiles().profiles[name])
        assert {one.element for one in answer.lacking} == lacking & set(answer.profile.component)
        assert all(one.entries[0][0] == "/components/0" for one in answer.lacking)
    assert {one.element for one in seen.observation.elements if one.lacking} == lacking


def test_document_elements() -> None:
    """A document without authors, tools and phases lacks them, whatever its entries have."""
    seen = reading(**{**complete(), "metadata": document()["metadata"]})
    absent = {one.element for one in seen.observation.elements if one.lacking}
    assert absent == {"author", "author-contact", "tool", "generation-context"}


def test_older_than_the_profile_allows() -> None:
    """BSI's guideline wants CycloneDX 1.6: an older document does not meet it, others ask for no version."""
    seen = reading(specVersion="1.5", **{**complete(), "metadata": document()["metadata"]})
    assert against(seen, profiles().profiles["bsi-2.1"]).old == "CycloneDX 1.5"
    assert against(seen, profiles().profiles["ntia-2021"]).old == ""


def test_data() -> None:
    """Each profile names elements that are looked at, its edition, source and the day it was read."""
    found = profiles()
    assert set(found.elements) == {*OF_DOCUMENT, *OF_COMPONENT}
    for one in found.profiles.values():
        assert set(one.document) <= set(OF_DOCUMENT)
        assert set(one.component) <= set(OF_COMPONENT)
        assert one.source.startswith("https://") and one.edition and one.checked_on >= "2026-11-22"


@pytest.mark.parametrize(
    ("text", "good"),
    [("MIT", True), ("(MIT OR Apache-2.0) AND LicenseRef-x", True), ("GPL-2.0-only WITH Classpath-exception-2.0", True),
     ("Apache License 2.0", False), ("NOASSERTION", False), ("", False), ("MIT AND", False)],
)  # fmt: skip
def test_expressions(text: str, good: bool) -> None:
    """A licence's name is no identifier, and no statement is none."""
    assert is_expression(text) is good


def image(data: bytes) -> Artifact:
    return identified(Locator((Step("gateway"),)), data)


def test_about() -> None:
    """A hash decides, in any algorithm; a name alone tells nothing."""
    data = b"firmware"
    subject = {"type": "firmware", "bom-ref": "image", "name": "gateway"}
    for algorithm, computed in (
        ("SHA-256", hashlib.sha256(data)),
        ("SHA-512", hashlib.sha512(data)),
        ("MD5", hashlib.md5(data)),
    ):
        sums = [{"alg": algorithm, "content": computed.hexdigest()}]
        seen = reading(metadata={"component": {**subject, "hashes": sums}}).observation
        assert about(seen, image(data))[0] is True
        assert about(seen, image(data + b"x"))[0] is False
    assert about(reading(metadata={"component": subject}).observation, image(data))[0] is None
    assert about(reading(metadata={}).observation, image(data))[0] is None
    both = [{"alg": "SHA-256", "content": hashlib.sha256(data).hexdigest()}, {"alg": "SHA-1", "content": HASH[:40]}]
    assert about(reading(metadata={"component": {**subject, "hashes": both}}).observation, image(data))[0] is False
