"""The project's own library writes, we read: an independent writer as oracle."""

from __future__ import annotations

import warnings

import pytest
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.component_evidence import ComponentEvidence, Occurrence
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from fwverify.compare.sboms.cyclonedx_json import read
from fwverify.content import identified
from fwverify.formats.sbom_kinds import looks_like_sbom
from fwverify.model.artifact import Digest, Locator, Step

WRITTEN = [one for one in SchemaVersion if one >= SchemaVersion.V1_2]


def bom() -> Bom:
    """Ten components, one inside another, one a file."""
    written = Bom()
    written.metadata.component = Component(
        name="gateway", version="4.2.0", type=ComponentType.FIRMWARE, bom_ref="image"
    )
    for number in range(8):
        name = f"library-{number}"
        written.components.add(
            Component(
                name=name,
                version=f"1.{number}",
                type=ComponentType.LIBRARY,
                bom_ref=name,
                scope=ComponentScope.REQUIRED,
                purl=PackageURL("deb", "debian", name, f"1.{number}"),
                cpe=f"cpe:2.3:a:vendor:{name}:1.{number}:*:*:*:*:*:*:*",
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=f"{number:064x}")],
            )
        )
    outer = Component(name="outer", version="1", type=ComponentType.APPLICATION, bom_ref="outer")
    outer.evidence = ComponentEvidence(occurrences=[Occurrence(location="/usr/bin/outer")])
    inner = Component(name="/usr/bin/inner", version="1", type=ComponentType.FILE, bom_ref="inner")
    outer.components.add(inner)
    written.components.add(outer)
    written.register_dependency(written.metadata.component, written.components)
    return written


@pytest.mark.parametrize("version", WRITTEN, ids=lambda one: one.name)
def test_reads_what_the_library_writes(version: SchemaVersion) -> None:
    """In every version with JSON: all components, and a verdict on validity where we give one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # old versions leave things out, which the library says
        raw = make_outputter(bom(), OutputFormat.JSON, version).output_as_string().encode()
    seen = read(identified(Locator((Step("x.json"),)), raw))
    assert seen.observation.schema_valid is True, seen.observation.schema_errors
    assert seen.observation.problems == ()
    assert (seen.observation.subject_name, seen.observation.subject_version) == ("gateway", "4.2.0")
    libraries = [f"library-{number}" for number in range(8)]
    assert [one.name for one in seen.components] == ["outer", "/usr/bin/inner", *libraries]
    first = seen.components[2]
    assert (first.purl, first.cpe) == ("pkg:deb/debian/library-0@1.0", "cpe:2.3:a:vendor:library-0:1.0:*:*:*:*:*:*:*")
    assert first.hashes == (Digest("sha256", bytes(32)),)
    assert seen.components[1].paths == ("/usr/bin/inner",)


@pytest.mark.parametrize("version", [SchemaVersion.V1_4, SchemaVersion.V1_6], ids=lambda one: one.name)
def test_recognises_what_the_library_writes_in_xml(version: SchemaVersion) -> None:
    """XML is told apart, so that it can be called an SBOM that is not read yet."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        raw = make_outputter(bom(), OutputFormat.XML, version).output_as_string().encode()
    assert looks_like_sbom(memoryview(raw)) == "CycloneDX XML"
