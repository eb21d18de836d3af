"""What SPDX 3.0.1 demands, on one document and many faulty ones, beside the model's own decoder."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from fwverify.compare.spdx3_shape import validated
from tests.vectors.makers.sboms import spdx3_document

Document = dict[str, Any]
PACKAGE = 5
"""Index in the graph of the package that is the root."""


def package(document: Document) -> Document:
    """The package that is the root."""
    found: Document = document["@graph"][PACKAGE]
    assert found["type"] == "software_Package"
    return found


def own_decoder(document: Document) -> bool:
    """Whether the model's own decoder takes the document."""
    from spdx_python_model.bindings import v3_0_1

    try:
        v3_0_1.JSONLDDeserializer().deserialize_data(document, v3_0_1.SHACLObjectSet())
    except (ValueError, TypeError, KeyError, NotImplementedError):
        return False
    return True


FAULTS: dict[str, tuple[Callable[[Document], Any], str]] = {
    "unknown field": (lambda d: package(d).update(version="1"), "/@graph/5: unknown field 'version'"),
    "field of another class": (lambda d: package(d).update(relationshipType="contains"), "unknown field"),
    "unknown class": (lambda d: package(d).update(type="software_Parcel"), "is no class of SPDX 3.0.1"),
    "abstract class": (lambda d: package(d).update(type="software_SoftwareArtifact"), "cannot stand for itself"),
    "kind": (lambda d: package(d).update(name=["gateway"]), "/@graph/5/name"),
    "value list": (lambda d: package(d).update(software_primaryPurpose="firmwares"), "is not one of the list"),
    "time": (lambda d: d["@graph"][0].update(created="yesterday"), "/@graph/0/created: is no time"),
    "form": (lambda d: d["@graph"][0].update(specVersion="three"), "has not the form"),
    "object": (lambda d: package(d).update(verifiedUsing=[7]), "/@graph/5/verifiedUsing/0: not an object"),
    "other object": (
        lambda d: package(d)["verifiedUsing"].append({"type": "ExternalRef"}), "a ExternalRef where a IntegrityMethod",
    ),
    "inner value": (lambda d: package(d)["verifiedUsing"][0].update(algorithm="crc"), "/verifiedUsing/0/algorithm"),
}  # fmt: skip
UNSEEN: dict[str, tuple[Callable[[Document], Any], str]] = {
    "missing": (lambda d: package(d).pop("creationInfo"), "/@graph/5: creationInfo is missing"),
    "missing inside": (lambda d: package(d)["verifiedUsing"][0].pop("hashValue"), "hashValue is missing"),
    "wrong target": (
        lambda d: package(d).update(suppliedBy="https://vendor.example/spdx/tool"), "leads to a Tool, where a Agent",
    ),
    "reference": (lambda d: package(d).update(suppliedBy="vendor"), "'vendor' is no identifier"),
    "beside the graph": (lambda d: d.update(name="x"), "/name: stands beside @graph"),
    "no list": (lambda d: d.update({"@graph": 5}), "/@graph: not a list"),
    "no identifier": (lambda d: package(d).pop("spdxId"), "spdxId is missing"),
}  # fmt: skip
"""Faults that the decoder takes: it links and counts only when it writes."""


def test_sound() -> None:
    """A sound document is valid here and for the model's own decoder."""
    document = spdx3_document()
    assert validated(document) == (True, ())
    assert own_decoder(document)


@pytest.mark.parametrize("fault", [*FAULTS, *UNSEEN])
def test_fault(fault: str) -> None:
    """Each fault is told with its place; those of kind and value are faults for the model's own decoder too."""
    change, told = (FAULTS | UNSEEN)[fault]
    document = copy.deepcopy(spdx3_document())
    change(document)
    valid, problems = validated(document)
    assert valid is False
    assert any(told in one for one in problems), problems
    if fault in FAULTS:
        assert not own_decoder(document)


def test_not_judged() -> None:
    """Another version's documents and those with terms of their own are not validated."""
    old = {**spdx3_document(), "@context": "https://spdx.org/rdf/3.0.0/spdx-context.jsonld"}
    own = {**spdx3_document(), "@context": [spdx3_document()["@context"], "https://vendor.example/terms"]}
    assert validated(old) == validated(own) == (None, ())


def test_bounded() -> None:
    """Deep nesting and a thousand faults end in ten lines."""
    inner: Document = {"type": "CreationInfo"}
    for _ in range(200):
        inner = {"type": "Relationship", "spdxId": "https://vendor.example/x", "from": inner}
    many = {**spdx3_document(), "@graph": [*spdx3_document()["@graph"], inner, *[{"type": "none"}] * 1000]}
    valid, problems = validated(many)
    assert (valid, len(problems)) == (False, 10)
