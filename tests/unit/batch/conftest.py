"""Assessments without a delivery, for what only looks at verdicts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fwverify.model.evidence import SCHEMA, ByteLedger, Evidence, RunSettings, TrustSnapshot
from fwverify.model.expectation import Expectation
from fwverify.model.finding import Finding, Level, Outcome
from fwverify.model.verdict import Assessment, Decision, SignedShare, Strength, Verdict

Make = Callable[..., Assessment]


def finding(rule: str, outcome: Outcome, level: Level = Level.MUST) -> Finding:
    return Finding(rule, level, level, outcome, "a sentence")


def assessment(
    decision: Decision = Decision.PASS,
    findings: tuple[Finding, ...] = (),
    version: str = "",
    content_only: bool = False,
) -> Assessment:
    evidence = Evidence(
        SCHEMA, "2026-11-22T00:00:00Z", "x", Expectation(), TrustSnapshot("", "", ()),
        RunSettings((), "in-process", (), ()), (), (), (), (), (), (), (), (), (), (), (), (), ByteLedger(()),
    )  # fmt: skip
    verdict = Verdict(
        decision, content_only, "install", "production", "7", "d" * 64, "builtin:production", "e" * 64,
        "2026-11-22T00:00:00Z", "ACME", "acme-ups", version, "", "", Strength(4, "SIGNED, PINNED KEY", ""),
        SignedShare(0, 0, (), 0, (), ()), findings, (), False,
    )  # fmt: skip
    return Assessment(evidence, verdict)


@pytest.fixture
def make() -> Make:
    return assessment
