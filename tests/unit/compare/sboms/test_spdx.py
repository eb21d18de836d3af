"""SPDX in its three forms: packages, files, relationships and what they mean for the comparison."""

from __future__ import annotations

from typing import Any

import pytest

from fwverify.compare.interface import Document
from fwverify.compare.sboms import spdx3_json, spdx_json, spdx_tag_value
from fwverify.content import identified
from fwverify.model.artifact import Digest, Locator, Step
from fwverify.model.component import Ancestor, DeclaredComponent
from fwverify.model.evidence import FaultKind
from fwverify.model.examining import Malformed
from tests.vectors.makers.sboms import HASH, spdx3_document, spdx_document, spdx_package, spdx_tags, text

ENDS = ("spdxElementId", "relatedSpdxElement", "relationshipType")
PLACE = Locator((Step("bom.spdx"),))


def reading(data: dict[str, Any]) -> Document:
    return spdx_json.read(identified(PLACE, text(data)))


def related(*rows: tuple[str, str, str], **more: Any) -> Document:
    links = [
        {"spdxElementId": f"SPDXRef-{one}", "relationshipType": kind,
         "relatedSpdxElement": other if other in ("NONE", "NOASSERTION") else f"SPDXRef-{other}"}
        for one, kind, other in (("DOCUMENT", "DESCRIBES", "gateway"), *rows)
    ]  # fmt: skip
    return reading(spdx_document(relationships=links, **more))


def by_name(document: Document, name: str) -> DeclaredComponent:
    return next(one for one in document.components if one.name == name)


def test_small() -> None:
    """The described package is the subject; the others and the file are declared, with what they state."""
    seen = reading(spdx_document())
    assert (seen.observation.subject_name, seen.observation.subject_version) == ("gateway", "4.2.0")
    assert seen.observation.subject_hashes == (Digest("sha256", bytes.fromhex(HASH)),)
    assert seen.observation.subject_vendor == "Vendor of the vectors"
    openssl = by_name(seen, "openssl")
    assert (openssl.purl, openssl.supplier, openssl.licences) == (
        "pkg:generic/openssl@3.0.11", "Vendor of the vectors", ("Apache-2.0",),
    )  # fmt: skip
    assert openssl.paths == ("./usr/lib/libssl.so.3",)
    file = by_name(seen, "./usr/lib/libssl.so.3")
    assert (file.kind, {one.algorithm for one in file.hashes}) == ("file", {"sha1", "sha256"})


def test_tag_value_is_the_same_document() -> None:
    """Tags and JSON of one document give the same components, relationships and counts."""
    one, other = reading(spdx_document()), spdx_tag_value.read(identified(PLACE, spdx_tags(spdx_document())))
    assert sorted(one.components) == sorted(other.components)
    assert one.observation.elements == other.observation.elements
    assert one.observation.relations + 1 == other.observation.relations  # a file below a package says it once more
    assert other.observation.schema_valid is True


def test_relationships() -> None:
    """Build tools are not shipped, what the surroundings provide is external, copies have ancestors."""
    rows = (("busybox", "BUILD_TOOL_OF", "gateway"), ("openssl", "PROVIDED_DEPENDENCY_OF", "gateway"))
    seen = related(*rows, ("openssl", "DESCENDANT_OF", "busybox"))
    assert by_name(seen, "busybox").scope == "excluded"
    openssl = by_name(seen, "openssl")
    assert openssl.external
    assert openssl.derived_from == (Ancestor("busybox", "1.36.1", "pkg:generic/busybox@1.36.1"),)


@pytest.mark.parametrize("other", ["NONE", "NOASSERTION"])
def test_no_dependencies_is_a_statement(other: str) -> None:
    """An entry that says that it depends on nothing has its dependencies listed, completely."""
    seen = related(
        ("gateway", "CONTAINS", "openssl"), ("gateway", "CONTAINS", "busybox"), ("openssl", "DEPENDS_ON", other)
    )
    place = next(index for index, one in enumerate(seen.components) if one.name == "openssl")
    assert not {"dependencies", "completeness"} & set(seen.details[place].lacks)


def test_ring_and_dangling() -> None:
    """Parts that contain one another, and references to nothing, are faults of the graph."""
    rows = (("gateway", "CONTAINS", "openssl"), ("openssl", "CONTAINS", "busybox"), ("busybox", "CONTAINS", "openssl"))
    seen = related(*rows, ("openssl", "DEPENDS_ON", "nothing"))
    told = [one.text for one in seen.observation.faults if one.kind is FaultKind.GRAPH]
    assert any("contains itself" in one for one in told)
    assert any("'SPDXRef-nothing' is no SPDXID" in one for one in told)


def test_source_packages() -> None:
    """A document of source packages describes a source tree."""
    packages = [spdx_package(f"p{one}", "1", primaryPackagePurpose="SOURCE") for one in range(4)]
    seen = reading(spdx_document(packages=packages, files=[], relationships=[]))
    assert "source packages" in seen.observation.source_tree


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"creationInfo": {"created": "yesterday", "creators": ["Tool: x"]}}, "/creationInfo/created"),
        ({"creationInfo": {"created": "2026-10-03T12:00:05Z", "creators": []}}, "/creationInfo/creators: empty"),
        ({"packages": [{"SPDXID": "x", "name": "a", "downloadLocation": "NONE"}]}, "/packages/0/SPDXID"),
        ({"packages": {}}, "/packages: not a list"),
        ({"bill": 1}, "unknown field 'bill'"),
        ({"relationships": [dict.fromkeys(ENDS, "NONE")]}, "'NONE' is not one of"),
    ],
)  # fmt: skip
def test_demands(change: dict[str, Any], words: str) -> None:
    """What the specification demands and the document does not have is an error with its place."""
    seen = reading(spdx_document(**change)).observation
    assert seen.schema_valid is False
    assert any(words in one for one in seen.schema_errors), seen.schema_errors


def test_other_versions_are_not_validated() -> None:
    """A version whose demands are not known is read, and its validity stays unknown."""
    assert reading(spdx_document(spdxVersion="SPDX-2.1")).observation.schema_valid is None


def test_spdx3() -> None:
    """The root is the subject; hashes, licences, files and suppliers come by their references."""
    seen = spdx3_json.read(identified(PLACE, text(spdx3_document())))
    assert (seen.observation.subject_name, seen.observation.spec_version) == ("gateway", "3.0.1")
    assert seen.observation.subject_hashes == (Digest("sha256", bytes.fromhex(HASH)),)
    openssl = by_name(seen, "openssl")
    assert (openssl.licences, openssl.supplier) == (("Apache-2.0",), "Vendor of the vectors")
    assert openssl.paths == ("/usr/lib/libssl.so.3",)
    lacking = {one.element for one in seen.observation.elements if one.lacking}
    assert not {"author", "author-contact", "timestamp", "tool", "generation-context", "subject", "name"} & lacking


@pytest.mark.parametrize(
    ("reader", "data"),
    [
        (spdx_json, b"{}"), (spdx_json, b'{"spdxVersion": "SPDX-3.0"}'), (spdx_json, b"[]"),
        (spdx3_json, b"{}"), (spdx3_json, b'{"@context": "https://other.example/"}'),
        (spdx_tag_value, b""), (spdx_tag_value, b"PackageName: x\n"),
        (spdx_tag_value, b"SPDXVersion: SPDX-2.3\nno tag\n"), (spdx_tag_value, b"\xff"),
    ],
)  # fmt: skip
def test_not_a_document(reader: Any, data: bytes) -> None:
    """What is no such document at all is malformed."""
    with pytest.raises(Malformed):
        reader.read(identified(PLACE, data))
