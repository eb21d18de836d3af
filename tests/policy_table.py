"""What every shipped policy answers to every sample: docs/policy-answers.json. `python -m tests.policy_table` makes it.

Sample keys are published, so every shipped policy refuses them; the table is of the same policies with sample keys
allowed. What an operator would say (vendor, product, installed version) is that of the sample's own command line and
the `expect` of its policy.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from fwverify import pipeline
from fwverify.cli import status
from fwverify.cli.expecting import checksums
from fwverify.cli.policies_io import load_policy, shipped
from fwverify.evaluate.policy import Policy
from fwverify.model.evidence import Evidence, SignatureStatus
from fwverify.model.expectation import Expectation
from fwverify.model.finding import Level, Outcome
from fwverify.model.verdict import Verdict
from fwverify.trust.registry import load

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs" / "policy-answers.json"
AT = "2026-11-22T00:00:00Z"


def samples() -> tuple[str, ...]:
    """Every sample, by name."""
    found = (ROOT / "samples").glob("*.expected.toml")
    return tuple(sorted(one.name.removesuffix(".expected.toml") for one in found))


def facts(name: str) -> Evidence:
    """The evidence of a sample, with what an operator would say."""
    stated = tomllib.loads((ROOT / f"samples/{name}.expected.toml").read_text())
    given = dict(_options(stated["command"][2:]))
    policy = load_policy(str(ROOT / given["--policy"])) if "--policy" in given else None
    expect = policy.expect if policy else Expectation()
    expectation = Expectation(
        vendor=given.get("--vendor", expect.vendor),
        product=given.get("--product", expect.product),
        installed=given.get("--installed", expect.installed),
        checksums=checksums((given["--sha256"],), (), given["--channel"]) if "--sha256" in given else (),
        baseline=_signers(facts(stated["baseline"])) if "baseline" in stated else (),
    )
    trust = load(ROOT / given["--keys"]) if "--keys" in given else pipeline.EMPTY
    return pipeline.facts((ROOT / stated["command"][1],), at=AT, trust=trust, expectation=expectation)


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    yield from zip(words[::2], words[1::2], strict=True)


def _signers(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    held = [one for one in evidence.signatures if one.status is SignatureStatus.VALID]
    return tuple(sorted({(one.scheme, key) for one in held for key in one.keys}))


def policies() -> dict[str, Policy]:
    """The shipped policies by name, sample keys allowed."""
    return {one: replace(load_policy(f"builtin:{one}"), allow_sample_keys=True) for one in shipped()}


def answer(verdict: Verdict) -> dict[str, Any]:
    """Exit status, and the required rules that failed or were not evaluated."""
    must = [one for one in verdict.findings if one.level is Level.MUST]
    return {
        "exit": status.OF_DECISION[verdict.decision],
        "failed": sorted(one.rule for one in must if one.outcome is Outcome.FAIL),
        "not_evaluated": sorted(one.rule for one in must if one.outcome is Outcome.NOT_EVALUATED),
    }


def answers(name: str) -> dict[str, Any]:
    """What every shipped policy answers to one sample."""
    evidence = facts(name)
    return {one: answer(pipeline.judge(evidence, policy, AT).verdict) for one, policy in policies().items()}


def main() -> int:
    """Make the table anew."""
    table = {name: answers(name) for name in samples()}
    TABLE.write_text(json.dumps(table, indent=1) + "\n")
    for name, by_policy in table.items():
        sys.stdout.write(f"{name:<36}" + "  ".join(f"{p}={one['exit']}" for p, one in by_policy.items()) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
