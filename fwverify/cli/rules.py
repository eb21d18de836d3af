"""`fwverify rules`: the rules a policy can name. docs/rules.md is printed from here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from fwverify.cli import options, output, settings, status
from fwverify.errors import UsageError

if TYPE_CHECKING:
    from fwverify.evaluate.interface import Param, Rule
    from fwverify.model.canonical import Json

LETTERS = {"must": "M", "should": "S", "info": "I", "off": "-"}


@click.command()
@click.argument("rule_id", metavar="[ID]", required=False)
@options.json_option
@options.at_option
def rules(rule_id: str | None, as_json: bool, at_time: str | None) -> int:
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
        output.emit("".join(f"{line}\n" for line in _explained(chosen[0], settings.moment(at_time))))
    return status.PASS


def _named(rule_id: str) -> Rule:
    from fwverify.evaluate.registry import BUILTIN
    from fwverify.evaluate.values import did_you_mean

    known = {one.id: one for one in BUILTIN}
    if rule_id not in known:
        raise UsageError(
            f"there is no rule {rule_id!r}.{did_you_mean(rule_id, known)}", todo="'fwverify rules' lists them."
        )
    return known[rule_id]


def _listed(chosen: tuple[Rule, ...]) -> Iterator[str]:
    yield "M required, S advisory, I noted: the level where a policy names the rule without one."
    for one in chosen:
        yield f"{one.id:<27} {LETTERS[one.default]}  {one.measures}"


def _explained(rule: Rule, at: str) -> Iterator[str]:
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
    yield from _requirements(rule, at)


def _requirements(rule: Rule, at: str) -> Iterator[str]:
    """Each clause in our words, with how well it is known as of a time."""
    from fwverify.report.requirements import requirements

    if rule.requirements:
        yield ""
        yield "  Speaks to (evidence, not compliance: whoever is responsible judges):"
    for one in (requirements()[code] for code in rule.requirements):
        yield from _wrapped("  - ", f"{one.code}: {one.citation} ({one.edition}): {one.says}.")
        yield from _wrapped("    ", f"Gives: {one.gives}. Outside: {one.outside}.")
        yield from _wrapped("    ", f"Citation {one.state(at)}.")


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
    return "\n".join([*out, *_citations()])


def _citations() -> Iterator[str]:
    """What the codes stand for."""
    from fwverify.report.requirements import SEEN, requirements

    yield "## What the codes stand for"
    yield ""
    yield "A rule's outcome is evidence that somebody may use for a requirement; it is never compliance. Descriptions"
    yield "are ours; the text of each document rules. Citations past their date say so in reports and in `rules ID`."
    yield ""
    yield "| code | clause | asks, in our words | a rule gives | outside | look up again after |"
    yield "|---|---|---|---|---|---|"
    for one in requirements().values():
        clause = f"{one.citation} ({one.edition}; {SEEN[one.seen]})"
        yield f"| {one.code} | {clause} | {one.says} | {one.gives} | {one.outside} | {one.valid_until} |"
    yield ""
