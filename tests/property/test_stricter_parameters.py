"""What a parameter's direction says is what the rule does: a stricter value never lets more through.

For every parameter of every rule, on small evidence of many kinds and on real samples: where the stricter value does
not object, the looser one does not either. `if-absent` is not_applicable throughout, since a list nobody filled in asks
for nothing.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwverify.evaluate.interface import Param, Rule, Value
from fwverify.evaluate.policy import Policy, Setting
from fwverify.evaluate.stage import evaluate
from fwverify.evaluate.values import shown
from fwverify.model.artifact import ByteRange
from fwverify.model.component import DiscrepancyKind
from fwverify.model.evidence import Anomaly, AnomalyKind, ContentKind, ContentObservation, Evidence, GapReason, Opened
from fwverify.model.finding import Outcome
from tests import policy_table
from tests.unit.evaluate import builders as b
from tests.unit.evaluate.test_tightening import PARAMS, steps, with_value

CONTENTS = tuple(
    ContentObservation(kind, b.FW, 0, mark, "seen")
    for kind, mark in (
        (ContentKind.PRIVATE_KEY, "a" * 64), (ContentKind.PASSWORD, "empty"), (ContentKind.TOKEN, "b" * 64),
        (ContentKind.AUTHORIZED_KEY, "c" * 64), (ContentKind.DEBUG_SHELL, "shell"), (ContentKind.SERVICE, "telnetd"),
        (ContentKind.UPDATER, "opkg"), (ContentKind.ENDPOINT, "mqtt://x.example"),
        (ContentKind.KERNEL_CONFIG, "CONFIG_KGDB"),
    )
)  # fmt: skip
SMALL = {
    "good": b.good(),
    "bare": b.bare(),
    "no signature": b.evidence(),
    "unknown key": b.evidence(b.unknown()),
    "broken": b.evidence(b.broken()),
    "weak": b.evidence(b.signature(algorithm="rsa-pkcs1v15", parameters=(("bits", "1024"), ("hash", "sha1")))),
    "timed": b.evidence(b.signature(signed_at="2020-01-01T00:00:00Z", time_source="rfc3161")),
    "half signed": b.evidence(b.signature(), ledger=b.ledger(b.span(0, 500, "x"), b.span(500, b.SIZE))),
    "tofu": b.good(trust=b.trust(b.key(status="tofu", sources=()))),
    "confirmed": b.bare(checksums=(b.given(),)),
    "unexamined": b.good(ledger=b.ledger(b.span(0, b.SIZE, opened=Opened.GAP, opened_bytes=300))),
    "dark": b.good(gaps=(b.gap(GapReason.ENCRYPTED, range=ByteRange(0, 300)),)),
    "odd": b.good(anomalies=(Anomaly(AnomalyKind.TRAILING_DATA, b.FW, "5 bytes", ByteRange(995, 1000), "FF"),)),
    "device node": b.good(anomalies=(Anomaly(AnomalyKind.DEVICE_NODE, b.FW, "dev/null"),)),
    "undeclared": b.good(discrepancies=(b.row(DiscrepancyKind.UNDECLARED, "x"),), components=(b.component("x"),)),
    "differs": b.good(discrepancies=(b.row(DiscrepancyKind.VERSION_DIFFERS, "x", "1.2", "1.3"),)),
    "contents": b.good(contents=CONTENTS),
    "old spec": b.good(sboms=(b.sbom(spec_version="1.2"),)),
}
SAMPLES = ("acme-ups-3.1.0", "acme-gw-1.4.0", "norra-gw-2.1.0-timestamped")


@pytest.fixture(scope="module")
def pool() -> dict[str, Evidence]:
    """Evidence of many kinds."""
    return {**SMALL, **{one: policy_table.facts(one) for one in SAMPLES}}


def asked(rule: Rule, param: Param, value: Value) -> Policy:
    """A policy of one rule with one value, which asks for nothing where nothing is stated."""
    plain = with_value(rule, param, value)
    if param.name == "if-absent" or "if-absent" not in {one.name for one in rule.params}:
        return plain
    (absent,) = [one for one in rule.params if one.name == "if-absent"]
    quiet = Setting("if-absent", absent.choices[0], "line 1", shown(absent, absent.choices[0]))
    rules = tuple(
        replace(one, params=tuple(quiet if p.name == "if-absent" else p for p in one.params))
        if one.rule == rule.id
        else one
        for one in plain.rules
    )
    return replace(plain, rules=rules)


def objects(rule: Rule, policy: Policy, found: Evidence) -> bool:
    """True where the rule fails or leaves it open."""
    (finding,) = evaluate(
        replace(policy, allow_sample_keys=True), found, b.AT, evidence_digest="e" * 64, rules=(rule,)
    ).findings
    return finding.outcome in (Outcome.FAIL, Outcome.NOT_EVALUATED)


@pytest.mark.parametrize(("rule", "param"), [one for one in PARAMS if one.values[1].tighter != "kept"])
def test_stricter_lets_no_more_through(rule: Rule, param: Param, pool: dict[str, Evidence]) -> None:
    """From the loosest value to the strictest, objections only appear and never go away."""
    policies = [asked(rule, param, one) for one in steps(param)]
    for name, found in pool.items():
        said = [objects(rule, one, found) for one in policies]
        assert said == sorted(said), (name, list(zip(steps(param), said, strict=True)))
