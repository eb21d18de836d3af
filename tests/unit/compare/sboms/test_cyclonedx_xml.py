"""CycloneDX in XML: the same document as in JSON, by an independent writer and by hand."""

from __future__ import annotations

import warnings
from dataclasses import replace

import pytest
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion

from fwverify.compare.interface import Document
from fwverify.compare.sboms import cyclonedx_json, cyclonedx_xml
from fwverify.content import identified
from fwverify.model.artifact import Artifact, Locator, Step
from fwverify.model.examining import Malformed
from tests.unit.compare.sboms.test_cyclonedx_oracle import bom
from tests.vectors.makers.sboms import document, text, xml_document, xml_library


def artifact(data: bytes) -> Artifact:
    return identified(Locator((Step("bom.xml"),)), data)


def reading(data: bytes) -> Document:
    return cyclonedx_xml.read(artifact(data))


@pytest.mark.parametrize(
    "version", [one for one in SchemaVersion if one >= SchemaVersion.V1_2], ids=lambda one: one.name
)
def test_same_as_json(version: SchemaVersion) -> None:
    """What the project's own library writes in both forms is read as one document."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # old versions leave things out, which the library says
        forms = [
            make_outputter(bom(), form, version).output_as_string().encode()
            for form in (OutputFormat.XML, OutputFormat.JSON)
        ]
    seen, other = reading(forms[0]), cyclonedx_json.read(artifact(forms[1]))
    assert seen.observation.schema_valid is True, seen.observation.schema_errors
    assert sorted(seen.components) == sorted(other.components)
    assert replace(seen.observation, faults=(), elements=()) == replace(other.observation, faults=(), elements=())
    counts = [{one.element: one.lacking for one in each.observation.elements} for each in (seen, other)]
    assert counts[0] == counts[1]


def test_same_as_the_vector_in_json() -> None:
    """The small document, written by hand in both forms."""
    seen, other = reading(xml_document()), cyclonedx_json.read(artifact(text(document())))
    assert list(seen.components) == [replace(one, cpe="") for one in other.components]
    assert seen.observation.subject_hashes == other.observation.subject_hashes
    assert seen.observation.subject_vendor == "Vendor of the vectors"


def test_what_stands_in_attributes() -> None:
    """Licences with attributes, external components, properties, several contacts and identities."""
    more = (
        '<licenses><expression bom-ref="l">MIT OR Apache-2.0</expression></licenses>'
        "<evidence><identity><field>name</field><confidence>0.7</confidence></identity>"
        "<identity><field>purl</field><concludedValue>pkg:generic/b@1</concludedValue></identity>"
        "<occurrences><occurrence><location>/usr/lib/a</location></occurrence></occurrences></evidence>"
    )
    part = xml_library("a", "1", more).replace("<name>a</name><version>1</version>", "<name>a</name>", 1)
    part = part.replace('type="library"', 'type="library" isExternal="true"').replace("@1</purl>", "</purl>", 1)
    seen = reading(xml_document("1.7", part)).components[0]
    assert (seen.licences, seen.external, seen.confidence) == (("MIT OR Apache-2.0",), True, 70)
    assert (seen.aliases, seen.paths) == (("pkg:generic/b@1",), ("/usr/lib/a",))


def test_unknown_namespace_is_not_valid() -> None:
    """A namespace of CycloneDX that does not exist is an invalid document, not an unknown version."""
    seen = reading(xml_document("12"))
    assert seen.observation.schema_valid is False
    assert len(seen.components) == 4


@pytest.mark.parametrize("data", [b"", b"<bom/>", b'<x xmlns="http://cyclonedx.org/schema/bom/1.6"/>', b"{}"])
def test_not_a_document(data: bytes) -> None:
    """What is no CycloneDX document at all is malformed."""
    with pytest.raises(Malformed):
        reading(data)
