"""Every parameter of every rule has a direction, and the direction is the right one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from fwverify.cli.policies_io import load_policy
from fwverify.errors import PolicyError
from fwverify.evaluate.floor import weaknesses
from fwverify.evaluate.interface import TIGHTER, Param, ParamKind, Rule, Value
from fwverify.evaluate.policy import Policy, RuleSetting, Setting
from fwverify.evaluate.policy_text import parse_policy
from fwverify.evaluate.registry import BUILTIN
from fwverify.evaluate.values import WHOLE, looser, shown

FITTING = {
    ParamKind.INTEGER: {"higher", "lower", "below"},
    ParamKind.RATIO: {"higher", "lower"},
    ParamKind.FLAG: {"true", "false"},
    ParamKind.CHOICE: {"higher", "lower", "kept"},
    ParamKind.LIST: {"fewer", "more", "among"},
    ParamKind.TEXT: {"later", "kept"},
}
PARAMS = [pytest.param(rule, one, id=f"{rule.id}-{one.name}") for rule in BUILTIN for one in rule.params]
LISTED = {
    "want": "KGDB=n",
    "fields": "ticket",
    "path": "3.0",
    "list": "3.0",
    "devices-in": "tar",
    "deny": "telnetd",
    "tolerate": "*",
    "extra": "a" * 64,
    "allow": "*",
}
"""An entry that a list takes, where not every text is one."""


def steps(param: Param) -> list[Value]:
    """Three values from the loosest to the strictest."""
    entry = param.choices[0] if param.choices else LISTED.get(param.name, "x")
    match param.tighter:
        case "higher":
            values: list[Value] = list(_scale(param))
        case "lower":
            values = list(reversed(list(_scale(param))))
        case "below":
            values = [0, 30, 7]
        case "later":
            values = ["", "1.9", "1.10"]
        case "true":
            values = [False, True]
        case "false":
            values = [True, False]
        case "fewer":
            values = [(entry, f"{entry}2"), (entry,), ()]
        case "more":
            values = [(), (entry,), (entry, f"{entry}2")]
        case "among":
            values = [(), (entry, f"{entry}2"), (entry,)]
        case _:
            other = param.choices[1] if param.choices else "set"
            values = [param.default, other]
    return values


def _scale(param: Param) -> Iterator[Value]:
    if param.kind is ParamKind.RATIO:
        yield from (0, 5000, WHOLE)
    elif param.kind is ParamKind.CHOICE:
        yield from param.choices
    elif param.choices:
        yield from (int(one) for one in param.choices)
    else:
        yield from (1, 10, 100)


@pytest.mark.parametrize(("rule", "param"), PARAMS)
def test_every_parameter_has_a_direction(rule: Rule, param: Param) -> None:
    """Of its kind; and of any two values on the way to the strict end exactly the one nearer to it is no looser."""
    assert param.tighter in TIGHTER
    assert param.tighter in FITTING[param.kind], (rule.id, param.name)
    values = steps(param)
    assert len(values) >= 2
    for at, one in enumerate(values):
        assert not looser(param, one, one)
        for later in values[at + 1 :]:
            assert looser(param, one, later), f"{one!r} asks for less than {later!r}"
            assert not looser(param, later, one), f"{later!r} asks for no less than {one!r}"


@pytest.mark.parametrize(("rule", "param"), PARAMS)
def test_what_stands_for_any_is_the_loosest(rule: Rule, param: Param) -> None:
    """A parameter whose words say that 0 or nothing asks for nothing has a direction that knows it."""
    if "; 0: " in param.meaning:
        assert param.tighter == "below", (rule.id, param.name)
    if "empty: any" in param.meaning:
        assert param.tighter in ("among", "later"), (rule.id, param.name)


@pytest.mark.parametrize(("rule", "param"), PARAMS)
def test_children_and_floors_agree(rule: Rule, param: Param) -> None:
    """What a child may not say without `loosen`, a floor refuses, and nothing else."""
    values = steps(param)
    parent = with_value(rule, param, values[-1])
    child = with_value(rule, param, values[0])
    (found,) = weaknesses(child, parent)
    assert (found.subject, found.asked, found.floor) == (
        f"{rule.id} {param.name}", shown(param, values[0]), shown(param, values[-1]),
    )  # fmt: skip
    assert weaknesses(parent, child) == ()


def with_value(rule: Rule, param: Param, value: Value) -> Policy:
    """A policy that asks this one rule with this one value."""
    plain = parse_policy(
        f'fwverify: policy/1\nid: p\nversion: "1"\ntitle: T\nrules:\n  {rule.id}: must\n', "p.yaml", load_policy
    )
    settings = tuple(_changed(one, param, value) if one.rule == rule.id else one for one in plain.rules)
    return replace(plain, rules=settings)


def _changed(setting: RuleSetting, param: Param, value: Value) -> RuleSetting:
    params = tuple(
        Setting(one.name, value, "line 1", shown(param, value)) if one.name == param.name else one
        for one in setting.params
    )
    return replace(setting, params=params)


HEADS = [
    ("on-missing: fail", "on-missing: inconclusive", "on-missing"),
    ("content-only: false", "content-only: true", "content-only"),
    ("allow-sample-keys: false", "allow-sample-keys: true", "allow-sample-keys"),
    ("unwaivable: [signature.valid, sbom.present]", "unwaivable: [sbom.present]", "unwaivable"),
    ("unwaivable-failures: [sbom.present]", "unwaivable-failures: []", "unwaivable-failures"),
    ("rules: {sbom.present: must}", "rules: {sbom.present: should}", "sbom.present"),
    ("rules: {sbom.present: must}", "rules: {}", "sbom.present"),
    ("expect: {product: acme-ups}", "expect: {product: acme-pdu}", "expect product"),
    (
        "rules: {}",
        "rules: {signature.signer-pinned: {level: 'off', allow-tofu: true}}",
        "signature.signer-pinned allow-tofu",
    ),
    (
        "rules: {signature.coverage: {level: 'off', ignore: []}}",
        "rules: {signature.coverage: {level: 'off', ignore: [padding]}}",
        "signature.coverage ignore",
    ),
]


@pytest.mark.parametrize(("strict", "loose", "subject"), HEADS)
def test_heads_and_levels(strict: str, loose: str, subject: str) -> None:
    """What stands beside the rules counts too, and so do levels; a rule the floor does not ask counts for nothing."""

    def policy(line: str) -> Policy:
        rules = "" if line.startswith("rules") else "\nrules: {}"
        return parse_policy(f'fwverify: policy/1\nid: p\nversion: "1"\ntitle: T\n{line}{rules}\n', "p", load_policy)

    assert [one.subject for one in weaknesses(policy(loose), policy(strict))] == [subject]
    backwards = [one.subject for one in weaknesses(policy(strict), policy(loose))]
    assert backwards == ([subject] if subject.startswith("expect") else [])


@pytest.mark.parametrize(("strict", "loose", "subject"), HEADS)
def test_children_need_leave(strict: str, loose: str, subject: str) -> None:
    """What a floor refuses, a child of the strict policy may not say; what it leaves out is the parent's."""

    def text(line: str, extends: str = "") -> str:
        rules = "" if line.startswith("rules") or extends else "\nrules: {}"
        return f'fwverify: policy/1\nid: p\nversion: "1"\ntitle: T\n{line}{rules}\n{extends}'

    def parent(_: str) -> Policy:
        return parse_policy(text(strict), "parent", load_policy)

    child = text(loose, "extends: parent.yaml\n")
    if loose == "rules: {}":
        assert weaknesses(parse_policy(child, "p", parent), parent("")) == ()
        return
    with pytest.raises(PolicyError, match=re.escape(subject.split()[0])):
        parse_policy(child, "p", parent)


@pytest.mark.parametrize("name", ["production", "lab"])
def test_floors_of_the_shipped(name: str) -> None:
    """production is no weaker than baseline; lab is, in what it says it loosens."""
    found = weaknesses(load_policy(f"builtin:{name}"), load_policy("builtin:baseline"))
    subjects = {one.subject.split()[0] for one in found}
    assert subjects == set(load_policy(f"builtin:{name}").loosened)
