"""The JSON document and the published schemas."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from fwverify.model.canonical import canonical, from_json, to_json
from fwverify.model.evidence import Evidence
from fwverify.model.verdict import Assessment, Verdict
from fwverify.report import schema
from fwverify.report.interface import REPORT_SCHEMA, Context
from fwverify.report.renderers.json_document import RENDERER

DOCS = Path(__file__).parents[3] / "docs"
REMAKE = "docs/{0} is not what the dataclasses say; make it anew with fwverify.report.schema"


@pytest.mark.parametrize(
    ("name", "made"),
    [("evidence-schema.json", schema.evidence_schema), ("report-schema.json", schema.report_schema)],
)
def test_committed_schema_is_the_generated_one(name: str, made: object) -> None:
    """The schema in docs/ follows the model."""
    assert callable(made)
    assert (DOCS / name).read_text(encoding="utf-8") == schema.text(made()), REMAKE.format(name)


@pytest.mark.parametrize("which", ["good", "stranger", "unknown"])
def test_documents_are_valid(which: str, request: pytest.FixtureRequest) -> None:
    """Evidence and report satisfy their schemas, read by somebody else's validator."""
    assessment: Assessment = request.getfixturevalue(which)
    report = json.loads(RENDERER.render(assessment, Context(exit_status=3)))
    jsonschema_rs.validator_for(schema.report_schema()).validate(report)
    jsonschema_rs.validator_for(schema.evidence_schema()).validate(json.loads(canonical(assessment.evidence)))


def test_schema_refuses_another_shape(good: Assessment) -> None:
    """A schema that accepts anything would be none."""
    validator = jsonschema_rs.validator_for(schema.evidence_schema())
    data = json.loads(canonical(good.evidence))
    data["artifacts"][0]["size"] = "many"
    assert not validator.is_valid(data)
    assert not validator.is_valid({})


def test_unknown_fields_are_allowed(good: Assessment) -> None:
    """A reader of today survives a writer of tomorrow."""
    data = json.loads(canonical(good.evidence)) | {"tomorrow": 1}
    assert jsonschema_rs.validator_for(schema.evidence_schema()).is_valid(data)


def test_report_holds_evidence_and_verdict_whole(good: Assessment) -> None:
    """Both can be read back as the values they were."""
    report = json.loads(RENDERER.render(good, Context(exit_status=0)))
    assert report["$schema"] == report["schema"] == REPORT_SCHEMA
    assert report["evidence_digest"] == good.verdict.evidence_digest
    assert from_json(Evidence, report["evidence"]) == good.evidence
    assert from_json(Verdict, report["verdict"]) == good.verdict
    assert report["verdict"] == to_json(good.verdict)


def test_report_is_safe_on_a_terminal(good: Assessment) -> None:
    """Nothing but printable ASCII and line ends, whatever names hold."""
    from dataclasses import replace

    evil = replace(good, evidence=replace(good.evidence, delivery="\x1b[2J\x9b\x7f\u202e"))
    text = RENDERER.render(evil, Context())
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert json.loads(text)["evidence"]["delivery"] == "\x1b[2J\x9b\x7f\u202e"


def test_fields_bring_their_docstrings() -> None:
    """The unit under a field stands in the schema."""
    made = schema.evidence_schema()
    assert isinstance(made, dict)
    definitions = made["$defs"]
    assert isinstance(definitions, dict)
    assert "SHA-256 of `spki`" not in json.dumps(made)
    text = json.dumps(definitions["Gap"])
    assert "Shannon entropy of the range" in text
    assert json.dumps(definitions["GapReason"]).count("unexplained") == 1
