"""What must hold, as values. The text of a policy file becomes one in `policy_text`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fwverify.evaluate.interface import Value
from fwverify.model.expectation import Expectation
from fwverify.model.finding import Level

DEFAULT = "default"
"""Origin of a value nobody wrote."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One value of a policy and where it came from."""

    name: str
    value: Value
    origin: str
    """`default`, `line 12`, or `builtin:baseline line 30`."""
    text: str
    """As a policy file writes it."""


@dataclass(frozen=True, slots=True)
class RuleSetting:
    """What a policy asks of one rule. A rule no policy names is `off`."""

    rule: str
    level: Level
    origin: str
    """Where the level came from."""
    params: tuple[Setting, ...]

    def values(self) -> dict[str, Value]:
        return {one.name: one.value for one in self.params}


@dataclass(frozen=True, slots=True)
class Policy:
    """What must hold; judged by its digest."""

    id: str
    version: str
    title: str
    owner: str
    review_by: str
    """ISO date, or empty."""
    source: str
    """As the operator named it."""
    digest: str
    """SHA-256 of the text, hexadecimal; with a parent, of the text and the parent's digest."""
    extends: str
    """Its parent, as found; empty: none."""
    parents: tuple[str, ...]
    """Every policy above it, the nearest first."""
    unwaivable: tuple[str, ...]
    """Rules of which no waiver counts."""
    unwaivable_failures: tuple[str, ...]
    """Rules of which no waiver counts where they failed; one that had nothing to check may be waived."""
    on_missing: str
    content_only: bool
    valid_days: int
    """For how many days an answer stands."""
    allow_sample_keys: bool
    action: str
    expect: Expectation
    loosened: tuple[str, ...]
    loosen_reason: str
    rules: tuple[RuleSetting, ...]
    """One entry for every rule there is, in the registry's order."""
    heads: tuple[Setting, ...]
    """The values above that are not rules, with where they came from."""

    def rule(self, name: str) -> RuleSetting | None:
        return next((one for one in self.rules if one.rule == name), None)

    def value(self, rule: str, param: str) -> Value | None:
        """The value of a parameter, whatever the rule's level; None for a rule this policy was not loaded with."""
        found = self.rule(rule)
        return found.values().get(param) if found else None

    def explain(self) -> tuple[tuple[Setting, ...], tuple[RuleSetting, ...]]:
        """The fully expanded policy: head values and rules, each value with where it came from."""
        return self.heads, self.rules


SHAPING = ("signature.signer-pinned", "signature.coverage")
"""Rules whose parameters shape what several rules share (which keys are accepted, which bytes need no signature), at
whatever level the policy has them, off too."""

Loader = Callable[[str], Policy]
"""Finds the policy that `extends` names (`builtin:NAME`, or a file beside the child). Raises PolicyError."""
