"""Rules on the run: what a policy requires of the isolation, and that it is never worth a pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwverify.cli.policies_io import load_policy
from fwverify.errors import PolicyError
from fwverify.evaluate.policy_text import parse_policy
from fwverify.evaluate.rules.run import RULES
from fwverify.evaluate.stage import evaluate
from fwverify.model.evidence import ISOLATION
from fwverify.model.finding import Level, Outcome
from fwverify.model.verdict import Decision
from tests.unit.evaluate.builders import AT, evidence

HEAD = "fwverify: policy/1\nid: own\nversion: 1\ntitle: own\n"


def parsed(text: str) -> object:
    def none(name: str) -> object:
        raise PolicyError(f"no {name}")

    return parse_policy(HEAD + text, "own.yaml", none)  # type: ignore[arg-type]


@pytest.mark.parametrize("had", ISOLATION)
@pytest.mark.parametrize("wanted", ISOLATION)
def test_isolation(had: str, wanted: str) -> None:
    """Weaker than required is not evaluated, enough says nothing about the firmware."""
    facts = evidence()
    facts = replace(facts, settings=replace(facts.settings, isolation=had))
    policy = parsed(f"requires: {{isolation: {wanted}}}\nrules: {{}}\n")
    verdict = evaluate(policy, facts, AT, evidence_digest="00", rules=RULES)  # type: ignore[arg-type]
    found = next(one for one in verdict.findings if one.rule == "run.settings")
    enough = ISOLATION.index(had) >= ISOLATION.index(wanted)
    assert found.outcome is (Outcome.NOT_APPLICABLE if enough else Outcome.NOT_EVALUATED)
    assert verdict.decision is Decision.INCONCLUSIVE  # a run setting alone never passes anything


@pytest.mark.parametrize("parent", ["baseline", "production"])
def test_requires_is_must_whatever_the_parent_says(parent: str) -> None:
    """Builtin policies are content with less; a child that requires means it."""
    rule = load_policy(f"builtin:{parent}").rule("run.settings")
    assert rule is not None and rule.level is not Level.MUST
    text = HEAD + f"extends: builtin:{parent}\nrequires: {{isolation: full}}\n"
    rule = parse_policy(text, "own.yaml", load_policy).rule("run.settings")
    assert rule is not None
    assert (rule.level, rule.values()) == (Level.MUST, {"isolation": "full"})


@pytest.mark.parametrize(
    "text", ["requires: full\nrules: {}\n", "requires: {isolation: total}\nrules: {}\n",
             "requires: {isolation: full}\nrules: {run.settings: must}\n", "requires: {network: none}\nrules: {}\n"],
)  # fmt: skip
def test_requires_that_cannot_be_read(text: str) -> None:
    """What is required is a known setting with a known value, said once."""
    with pytest.raises(PolicyError) as caught:
        parsed(text)
    assert caught.value.where.startswith("own.yaml:")
