"""The specification's own test documents: valid ones load, invalid ones are not valid; XML and JSON alike."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fwverify.compare.stage import read_sboms
from fwverify.content import identified
from fwverify.ingest.roles import classify
from fwverify.model.artifact import Locator, Role, Step

pytestmark = pytest.mark.corpus

CASES = Path(os.environ["FWVERIFY_CASES"]) / "cyclonedx-spec" if os.environ.get("FWVERIFY_CASES") else None
FILES = sorted(CASES.glob("*/*.*")) if CASES else []


@pytest.mark.skipif(CASES is None, reason="FWVERIFY_CASES is not set")
@pytest.mark.parametrize("path", FILES, ids=lambda one: one.name)
def test_document(path: Path) -> None:
    """Taken for an SBOM, loaded without a gap, and valid exactly where its name says so."""
    artifact = identified(Locator((Step(path.name),)), path.read_bytes())
    assert classify(artifact, {path.name: artifact}).role is Role.SBOM
    documents, gaps = read_sboms([artifact])
    assert gaps == ()
    assert documents[0].observation.schema_valid is path.name.startswith("valid-"), documents[
        0
    ].observation.schema_errors


@pytest.mark.skipif(CASES is None, reason="FWVERIFY_CASES is not set")
def test_there_are_some() -> None:
    """The material is where it is thought to be."""
    assert len(FILES) >= 300
