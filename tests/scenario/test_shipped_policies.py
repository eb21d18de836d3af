"""Every shipped policy judges every sample: exact exit status and rules, compared with the committed table."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from fwverify.cli.policies_io import load_policy, shipped
from fwverify.evaluate.waivers import GivenWaiver
from fwverify.model.expectation import NoMethod
from fwverify.model.finding import Level, Outcome
from fwverify.model.verdict import Decision
from fwverify.pipeline import judge
from tests import policy_table

TABLE = json.loads(policy_table.TABLE.read_text())
ROOT = Path(__file__).resolve().parents[2]
OF_SAMPLES = "made by `python -m tests.policy_table`; look at each change: does it make sense to the policy's users?"


@pytest.mark.parametrize("name", policy_table.samples())
def test_answers(name: str) -> None:
    """The answers are those of the table; and without sample keys allowed no shipped policy passes a sample."""
    evidence = policy_table.facts(name)
    policies = policy_table.policies()
    found = {one: policy_table.answer(judge(evidence, policies[one], policy_table.AT).verdict) for one in policies}
    assert found == TABLE[name], OF_SAMPLES
    sampled = any(one.sample for one in evidence.trust.keys)
    for one in shipped():
        decision = judge(evidence, load_policy(f"builtin:{one}"), policy_table.AT).verdict.decision
        assert decision is not Decision.PASS or one == "lab" or not sampled, one


def test_table_is_whole() -> None:
    """Every sample, every shipped policy."""
    assert set(TABLE) == set(policy_table.samples())
    assert all(set(one) == set(shipped()) for one in TABLE.values())


GOOD = ("acme-ups-3.1.0", "acme-gw-1.4.0", "acme-pdu-2.0.0-sigstore", "norra-gw-2.1.0-rauc", "norra-gw-2.1.0-two")
SIGNED_WRONG = ("acme-ups-3.1.0-resigned", "acme-ups-3.1.0-replaced", "acme-ups-3.1.0-other-vendor",
                "acme-pdu-2.0.0-sigstore-identity", "acme-ups-3.1.0-backdoor-declared")  # fmt: skip


def test_answers_make_sense() -> None:
    """What every policy must get right, whatever it asks: good ones pass, forged and broken ones never do."""
    for policy in shipped():
        assert [TABLE[one][policy]["exit"] for one in GOOD] == [0] * len(GOOD), policy
        assert [TABLE[one][policy]["exit"] for one in SIGNED_WRONG] == [1] * len(SIGNED_WRONG), policy
        assert TABLE["acme-ups-3.1.0-flipped"][policy]["exit"] == 1
        assert TABLE["bms-12s"][policy]["exit"] == 3, "no method is no pass and no failure"
    assert TABLE["acme-ups-3.0.1"]["production"]["failed"] == ["version.no-downgrade"]
    assert TABLE["acme-ups-3.0.1"]["receiving"]["exit"] == 0, "nothing is installed at the dock"


def test_every_shipped_policy_opens_with_plain_words() -> None:
    """Whom it serves and what it refuses, before anything else."""
    for one in shipped():
        head = (ROOT / "policies" / f"{one}.yaml").read_text().split("fwverify: policy/1")[0]
        words = " ".join(line.removeprefix("#").strip() for line in head.strip().splitlines())
        assert head.startswith("# ")
        assert len(words.split()) >= 25, one
        assert f"`builtin:{one}`" in (ROOT / "policies/README.md").read_text()


def test_no_method_and_waivers_under_nerc() -> None:
    """The vendor signs nothing: his answer on record and two approvers lead to a PASS that says so; less does not."""
    stated = tomllib.loads((ROOT / "samples/bms-12s.expected.toml").read_text())
    assert stated["exit"] == 3
    plain = policy_table.facts("bms-12s")
    said = NoMethod("volta", ("bms-12s",), "support", "M. Lee", "phone", "2026-10-02", "none", ("compared",))
    expectation = replace(plain.expectation, vendor="volta", product="bms-12s", installed="3.1.0", no_method=said)
    evidence = replace(plain, expectation=expectation)
    policy = load_policy("builtin:nerc-cip-010")
    first = judge(evidence, policy, policy_table.AT).verdict
    poor = [one for one in first.findings if one.level is Level.MUST and one.outcome is Outcome.NOT_EVALUATED]
    assert first.decision is Decision.INCONCLUSIVE
    assert "origin.no-method" not in {one.rule for one in poor}
    waiver = GivenWaiver(
        id="W-1", digest="a" * 64, source="w", rules=tuple(one.rule for one in poor),
        items=tuple(item.fingerprint for one in poor for item in one.items),
        images=tuple(digest.hex for one in evidence.images() for digest in one.digests if digest.algorithm == "sha256"),
        product="", versions=(), reason="no method", controls=("compared",), risk_owner="head", requested_by="M. Lee",
        approved_by=("D. Kim", "J. Ortiz"), valid_from="2026-11-01", expires="2027-03-01",
    )  # fmt: skip
    second = judge(evidence, policy, policy_table.AT, (waiver,)).verdict
    assert second.decision is Decision.PASS
    assert second.strength.value == 0
    assert any("Waived by W-1" in one.text for one in second.conditions)
    silent = replace(evidence, expectation=replace(expectation, no_method=None))
    assert judge(silent, policy, policy_table.AT, (waiver,)).verdict.decision is Decision.INCONCLUSIVE
