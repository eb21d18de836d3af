"""Recognising bills of materials by their content."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwverify.formats.sbom_kinds import looks_like_sbom

KNOWN = [
    (b'{"bomFormat": "CycloneDX"}', "CycloneDX JSON"),
    (b'\n {"components": [{"a": [1]}], "bomFormat" : "CycloneDX"}', "CycloneDX JSON"),
    (b'\xef\xbb\xbf{"bomFormat":"CycloneDX"', "CycloneDX JSON"),
    (b'<?xml version="1.0"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/1.5" version="1">', "CycloneDX XML"),
    (b"<c:bom version='1' xmlns:c='http://cyclonedx.org/schema/bom/1.4'>", "CycloneDX XML"),
    (b'{"spdxVersion": "SPDX-2.3"}', "SPDX JSON"),
    (b'{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": []}', "SPDX 3 JSON"),
    (b'{"$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "bomFormat": "Other"}', "CycloneDX JSON"),
    (b'{"bomFormat": "Other", "specVersion": "1.4"}', "CycloneDX JSON"),
    (b"# made by hand\n\nSPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n", "SPDX tag-value"),
]
OTHERS = [
    b"",
    b"{}",
    b"\x7fELF",
    b'{"predicate": {"bomFormat": "CycloneDX"}}',
    b'[{"bomFormat": "CycloneDX"}]',
    b'{"text": "\\"bomFormat\\": \\"CycloneDX\\""}',
    b'{"bomFormat": "CycloneDx"}',
    b"<html>cyclonedx.org/schema/bom/1</html>",
    b"Notes\nSPDXVersion: SPDX-2.3\n",
    b'{"comment": {"spdxVersion": "SPDX-2.3"}}',
]


@pytest.mark.parametrize(("data", "kind"), KNOWN)
def test_recognised(data: bytes, kind: str) -> None:
    """Each kind is told by what its own specification puts first or at the top level."""
    assert looks_like_sbom(memoryview(data)) == kind


@pytest.mark.parametrize("data", OTHERS)
def test_not_taken_for_one(data: bytes) -> None:
    """A statement that carries an SBOM, a text that mentions one and everything else are none."""
    assert looks_like_sbom(memoryview(data)) == ""


@given(st.binary(max_size=80) | st.text('{}[]",:bomFratCylneDX\\ ').map(str.encode))
def test_total(data: bytes) -> None:
    """Any bytes give an answer."""
    looks_like_sbom(memoryview(data))


def test_written_by_others() -> None:
    """Key order and indentation do not matter."""
    document = {"version": 1, "components": [{"name": "a{"}], "bomFormat": "CycloneDX", "specVersion": "1.6"}
    assert looks_like_sbom(memoryview(json.dumps(document, indent=3).encode())) == "CycloneDX JSON"
