"""`fwverify rules`: the rules a policy can name. docs/rules.md is printed from here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from fwverify.cli import options, output, status
from fwverify.errors import UsageError

if TYPE_CHECKING:
    from fwverify.evaluate.interface import Param, Rule
    from fwverify.model.canonical import Json

LETTERS = {"must": "M", "should": "S", "info": "I", "off": "-"}


@click.command()
@click.argument("rule_id", metavar="[ID]", required=False)
@options.json_option
def rules(rule_id: str | None, as_json: bool) -> int:
    """List the rules, or explain one: what it measures, its parameters, what a pass does not prove.

    \b
    Example: fwverify rules signature.coverage
    """
    from fwverify.evaluate.registry import BUILTIN

    chosen = BUILTIN if rule_id is None else (_named(rule_id),)
    if as_json:
        output.emit(json.dumps([_as_json(one) for one in chosen], indent=1, ensure_ascii=False) + "\n")
    elif rule_id is None:
        output.emit("".join(f"{line}\n" for line in _listed(BUILTIN)))
    else:
        output.emit("".join(f"{line}\n" for line in _explained(chosen[0])))
    return status.PASS


def _named(rule_id: str) -> Rule:
    from fwverify.evaluate.registry import BUILTIN
    from fwverify.evaluate.values import did_you_mean

    known = {one.id: one for one in BUILTIN}
    if rule_id not in known:
        raise UsageError(
            f"there is no rule {rule_id!r}.{did_you_mean(rule_id, known)}", todo="`fwverify rules` lists them."
        )
    return known[rule_id]


def _listed(chosen: tuple[Rule, ...]) -> Iterator[str]:
    yield "M required, S advisory, I noted: the level where a policy names the rule without one."
    for one in chosen:
        yield f"{one.id:<27} {LETTERS[one.default]}  {one.measures}"


def _explained(rule: Rule) -> Iterator[str]:
    from fwverify.evaluate.values import shown

    yield f"{rule.id}  ({rule.default} where a policy names no level)"
    yield from _wrapped("  ", rule.measures)
    for one in rule.params:
        yield ""
        yield f"  {one.name}: {shown(one, one.default)}  ({_kind(one)})"
        yield from _wrapped("    ", one.meaning)
    yield ""
    if rule.not_proven:
        yield from _wrapped("  Does not prove: ", rule.not_proven)
    if rule.requirements:
        yield from _wrapped("  Requirements: ", ", ".join(rule.requirements))


def _wrapped(head: str, text: str) -> Iterator[str]:
    import textwrap

    yield from textwrap.wrap(text, width=80, initial_indent=head, subsequent_indent=" " * len(head))


def _kind(param: Param) -> str:
    return f"{param.kind}: {', '.join(param.choices)}" if param.choices else param.kind.value


def _as_json(rule: Rule) -> dict[str, Json]:
    from fwverify.evaluate.values import shown

    params: list[Json] = [
        {
            "name": one.name,
            "kind": one.kind.value,
            "default": shown(one, one.default),
            "choices": list(one.choices),
            "meaning": one.meaning,
        }
        for one in rule.params
    ]
    return {
        "id": rule.id,
        "default": rule.default.value,
        "measures": rule.measures,
        "params": params,
        "not_proven": rule.not_proven,
        "requirements": list(rule.requirements),
    }


def rules_markdown() -> str:
    """docs/rules.md."""
    from fwverify.evaluate.registry import BUILTIN
    from fwverify.evaluate.values import shown

    out = [
        "# Rules",
        "",
        "Printed by `fwverify rules` from the rules themselves; do not edit. The level is that of a policy which names",
        "the rule without one: M required, S advisory, I noted. Outcomes: pass, fail, not_evaluated (nothing to check,",
        "or it could not be checked), not_applicable (only where the policy says that it does not ask).",
        "",
    ]
    family = ""
    for one in BUILTIN:
        if one.id.partition(".")[0] != family:
            family = one.id.partition(".")[0]
            out += [f"## {family}", ""]
        out += [f"### {one.id} ({LETTERS[one.default]})", "", one.measures, ""]
        out += [
            f"- `{param.name}` ({_kind(param)}, `{shown(param, param.default)}`): {param.meaning}"
            for param in one.params
        ]
        out += [""] if one.params else []
        out += [f"Does not prove: {one.not_proven}", ""] if one.not_proven else []
        out += [f"Requirements: {', '.join(one.requirements)}", ""] if one.requirements else []
    return "\n".join(out)
