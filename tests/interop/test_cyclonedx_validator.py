"""What `fwverify sbom make` writes: valid to the specification's own validator, and read back without loss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks import planted
from fwverify.cli import main
from fwverify.compare.stage import compare, read_sboms
from fwverify.content import identified
from fwverify.model.artifact import Locator, Step
from tests.scenario.test_planted_faults import image


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image of thirty products."""
    return image(tmp_path_factory.mktemp("made"))[0]


def written(made: Path, folder: Path, spec: str) -> bytes:
    target = folder / f"image-{spec}.cdx.json"
    arguments = ["--spec", spec, "--at", "2026-10-03T12:00:05Z", "--in-process", "--no-cache"]
    assert main(["sbom", "make", str(made), "-o", str(target), *arguments]) == 0
    return target.read_bytes()


@pytest.mark.interop
@pytest.mark.parametrize("spec", ["1.6", "1.7"])
def test_the_official_validator(made: Path, tmp_path: Path, spec: str) -> None:
    """cyclonedx-python-lib's strict validator finds nothing, and finds a fault that is put in."""
    pytest.importorskip("jsonschema", reason="cyclonedx-python-lib[json-validation] is not installed")
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    validator: Any = JsonStrictValidator(SchemaVersion.from_version(spec))
    text = written(made, tmp_path, spec).decode()
    assert validator.validate_str(text) is None
    assert validator.validate_str(text.replace('"type": "library"', '"type": "libary"', 1)) is not None


@pytest.mark.parametrize("spec", ["1.6", "1.7"])
def test_read_back(made: Path, tmp_path: Path, spec: str) -> None:
    """Every component that was seen is declared, under its name and in its version; nothing else is."""
    seen = planted.examine(made, [])
    documents, gaps = read_sboms([identified(Locator((Step("sbom"),)), memoryview(written(made, tmp_path, spec)))])
    assert gaps == () and documents[0].observation.schema_valid is True and documents[0].observation.faults == ()
    rows, _ = compare(seen, documents)
    assert [row.kind.value for row in rows] == ["matched"] * len(seen.components)
    for row in rows:
        assert row.declared is not None and row.observed is not None
        assert (row.declared.name, row.declared.version) == (row.observed.name, row.observed.version)
        assert row.declared.purl.partition("@")[0] == row.observed.purl.partition("@")[0]
        assert row.declared.cpe == row.observed.cpe
        assert row.declared.confidence == row.observed.confidence
