"""The contract of every SBOM reader: vectors, prefixes, flips."""

from __future__ import annotations

from contextlib import suppress

import pytest

from fwverify.compare.registry import BUILTIN
from fwverify.content import identified
from fwverify.limits import LimitExceeded
from fwverify.model.artifact import Artifact, Locator, Step
from fwverify.model.examining import Malformed, Unsupported
from tests.contract.vectors import Vector, flips, prefixes, vectors

VECTORS = vectors("sboms")
BY_NAME = {one.name: one for one in BUILTIN}


def artifact(data: bytes) -> Artifact:
    return identified(Locator((Step("sbom.json"),)), data)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.id)
def test_vector(vector: Vector) -> None:
    """Number of components, validity and problems are the expected ones."""
    expect = vector.expect
    if expect.get("malformed"):
        with pytest.raises((Malformed, Unsupported)):
            BY_NAME[vector.plugin].read(artifact(vector.data))
        return
    document = BY_NAME[vector.plugin].read(artifact(vector.data))
    if "components" in expect:
        assert len(document.components) == expect["components"]
    if "schema_valid" in expect:
        assert document.observation.schema_valid is expect["schema_valid"]
    if "problems" in expect:
        assert len(document.observation.problems) == expect["problems"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.id)
def test_prefixes_and_flips(vector: Vector) -> None:
    """Cut or damaged documents are read as far as they go or refused as malformed, nothing else."""
    reader = BY_NAME[vector.plugin]
    damaged = [vector.data[:size] for size in prefixes(len(vector.data), 25)] + list(flips(vector.data, 60))
    for data in damaged:
        reader.detect(artifact(data))
        with suppress(Malformed, Unsupported, LimitExceeded):
            reader.read(artifact(data))
