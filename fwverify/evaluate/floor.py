"""Whether a policy asks for at least what another asks for: the organisation's floor under every gate. Pure.

Compared after both are fully expanded, rule by rule and parameter by parameter, and what stands beside the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fwverify.evaluate.interface import Rule
from fwverify.evaluate.policy import SHAPING, Policy, RuleSetting
from fwverify.evaluate.policy_text import EXPECTED, ON_MISSING, STRICTNESS
from fwverify.evaluate.registry import BUILTIN
from fwverify.evaluate.values import looser
from fwverify.model.finding import Level


@dataclass(frozen=True, slots=True)
class Weakness:
    """One thing in which a policy asks for less."""

    subject: str
    """`signature.coverage min`, `on-missing`."""
    asked: str
    """What the policy says, as a policy file writes it."""
    floor: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.asked}; the floor is {self.floor}"


def weaknesses(policy: Policy, floor: Policy, rules: Sequence[Rule] = BUILTIN) -> tuple[Weakness, ...]:
    """Everything in which the policy asks for less than the floor, in the order of the rules; empty: nothing."""
    return (*_heads(policy, floor), *(one for rule in rules for one in _rule(rule, policy, floor)))


def _heads(policy: Policy, floor: Policy) -> Iterator[Weakness]:
    if ON_MISSING.index(policy.on_missing) < ON_MISSING.index(floor.on_missing):
        yield Weakness("on-missing", policy.on_missing, floor.on_missing)
    for name, mine, least in (
        ("content-only", policy.content_only, floor.content_only),
        ("allow-sample-keys", policy.allow_sample_keys, floor.allow_sample_keys),
    ):
        if mine and not least:
            yield Weakness(name, "true", "false")
    if policy.valid_days > floor.valid_days:
        yield Weakness("valid-days", str(policy.valid_days), str(floor.valid_days))
    yield from _expected(policy, floor)
    for name, own, wanted in (
        ("unwaivable", policy.unwaivable, floor.unwaivable),
        ("unwaivable-failures", (*policy.unwaivable, *policy.unwaivable_failures), floor.unwaivable_failures),
    ):
        lacking = sorted(set(wanted) - set(own))
        if lacking:
            yield Weakness(name, f"without {', '.join(lacking)}", f"[{', '.join(wanted)}]")


def _expected(policy: Policy, floor: Policy) -> Iterator[Weakness]:
    for name in EXPECTED:
        said, needed = getattr(policy.expect, name), getattr(floor.expect, name)
        if needed and said != needed:
            yield Weakness(f"expect {name}", said or "not stated", needed)


def _rule(rule: Rule, policy: Policy, floor: Policy) -> Iterator[Weakness]:
    mine, least = policy.rule(rule.id), floor.rule(rule.id)
    if mine is None or least is None:
        return
    if STRICTNESS[mine.level] < STRICTNESS[least.level]:
        yield Weakness(rule.id, mine.level.value, least.level.value)
    if rule.id in SHAPING or Level.OFF not in (mine.level, least.level):
        yield from _params(rule, mine, least)


def _params(rule: Rule, mine: RuleSetting, least: RuleSetting) -> Iterator[Weakness]:
    for param, own, wanted in zip(rule.params, mine.params, least.params, strict=True):
        if looser(param, own.value, wanted.value):
            yield Weakness(f"{rule.id} {param.name}", own.text, wanted.text)
