"""Statements about how an image was made: what counts, what contradicts, what is silent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwverify.model.artifact import ByteRange
from fwverify.model.evidence import Evidence, SignatureStatus
from fwverify.model.finding import Outcome
from tests.unit.evaluate.builders import FW, LIST, SIZE, evidence, finding, sbom, sha256, signature

STATES = {"builder": "https://ci.example/b@1", "slsa-level": "2", "source": "git+https://src.example/fw"}


def statement(subject: object = FW, **states: str) -> Evidence:
    """One statement by a key on record."""
    told = tuple(sorted((name.replace("_", "-"), value) for name, value in states.items()))
    return evidence(signature(scheme="dsse", subject=subject, covers=(ByteRange(0, SIZE),), states=told))


CASES = [
    ("provenance.present", statement(builder="b"), "", Outcome.PASS),
    ("provenance.present", statement(LIST, builder="b"), "", Outcome.FAIL),
    ("provenance.builder", statement(source="s"), "builders: ['*']", Outcome.NOT_EVALUATED),
    ("provenance.builder", statement(builder="b"), "", Outcome.NOT_EVALUATED),
    ("provenance.source", statement(source="git+https://other.example/x"), "sources: ['git+https://src.example/*']",
     Outcome.FAIL),
    ("provenance.source", statement(builder="b"), "sources: ['*']", Outcome.NOT_EVALUATED),
    ("provenance.slsa-level", statement(builder="b"), "", Outcome.NOT_EVALUATED),
    ("provenance.slsa-level", statement(slsa_level="high"), "", Outcome.NOT_EVALUATED),
    ("provenance.binding", statement(builder="b"), "", Outcome.PASS),
    ("provenance.binding", statement(LIST, builder="b"), "", Outcome.FAIL),
    ("provenance.binding", replace(statement(builder="b"), sboms=(sbom(subject_hashes=(sha256("other"),)),)), "",
     Outcome.FAIL),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "found", "params", "outcome"), CASES)
def test_statements(rule: str, found: Evidence, params: str, outcome: Outcome) -> None:
    """About other bytes, by another builder, silent: each is what it is."""
    assert finding(found, rule, params).outcome is outcome


def test_a_broken_statement_fails() -> None:
    """One that does not hold is no missing one."""
    wrong = signature(scheme="dsse", status=SignatureStatus.INVALID, keys=(), covers=(), subject=FW)
    for rule in ("present", "builder", "source", "slsa-level", "binding"):
        assert finding(evidence(wrong), f"provenance.{rule}", "if-absent: not_applicable").outcome is Outcome.FAIL
        assert finding(evidence(), f"provenance.{rule}", "if-absent: not_applicable").outcome is Outcome.NOT_APPLICABLE


def test_no_signatures_are_named() -> None:
    """signature.all-required with nothing asked for has nothing to judge."""
    assert finding(evidence(signature()), "signature.all-required").outcome is Outcome.NOT_EVALUATED
