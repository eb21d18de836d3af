"""`fwverify policy`: check and try policies, print one fully expanded or as it is written, list the shipped ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from fwverify.cli import options, output, status
from fwverify.cli.policy_cases import test
from fwverify.errors import PolicyError

if TYPE_CHECKING:
    from fwverify.evaluate.policy import Policy, RuleSetting, Setting


VALUE_COLUMNS = 20


@click.group()
def policy() -> None:
    """Check, explain and try policies.

    \b
    Example: fwverify policy explain builtin:production
    """


policy.add_command(test)


@policy.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--floor", metavar="POLICY", help="Also refuse what asks for less than this policy.")
def check(files: tuple[str, ...], floor: str | None) -> int:
    """Read policies and say whether they are; mistakes come with line and column.

    \b
    Example: fwverify policy check site-a.yaml --floor builtin:baseline

    Exit status: 0 all are policies (and none is weaker than the floor), 2 one is not.
    """
    from fwverify.cli.guarding import refuse_weak
    from fwverify.cli.policies_io import load_policy

    least = load_policy(floor) if floor else None
    bad = 0
    for file in files:
        try:
            found = load_policy(file)
            if least is not None:
                refuse_weak(found, least)
        except PolicyError as mistake:
            bad += 1
            click.echo(_plain(f"error: {mistake}"), err=True)
            continue
        output.emit(_plain(_summary(found)))
    return status.USAGE if bad else status.PASS


def _summary(found: Policy) -> str:
    asked = [one for one in found.rules if one.level != "off"]
    must = sum(one.level == "must" for one in asked)
    parent = f", extends {', '.join(found.parents)}" if found.parents else ""
    return (
        f"{found.source}: {found.id} {found.version}{parent}\n"
        f"{len(asked)} of {len(found.rules)} rules, {must} of them required\nsha256 {found.digest}\n"
    )


@policy.command()
@click.argument("name", metavar="FILE|builtin:NAME")
def show(name: str) -> int:
    """Print a policy as it is written, comments and all: a start for your own.

    \b
    Example: fwverify policy show builtin:production > site-a.yaml
    """
    from fwverify.cli.policies_io import policy_text, shipped

    output.emit(_plain(policy_text(f"builtin:{name}" if name in shipped() else name)))
    return status.PASS


@policy.command()
@click.argument("name", metavar="FILE|builtin:NAME")
@options.json_option
def explain(name: str, as_json: bool) -> int:
    """Print the fully expanded policy, each value with where it came from.

    \b
    Example: fwverify policy explain builtin:production
    """
    from fwverify.cli.policies_io import load_policy

    found = load_policy(name)
    output.emit(_json(found) if as_json else _plain("\n".join(_lines(found)) + "\n"))
    return status.PASS


@policy.command("list")
def list_() -> int:
    """List the shipped policies.

    \b
    Example: fwverify policy list
    """
    from fwverify.cli.policies_io import load_policy, shipped

    for one in shipped():
        name = f"builtin:{one}"
        found = load_policy(name)
        output.emit(f"{name:<22} {found.version:>3}  {found.title}\n")
    return status.PASS


def _plain(text: str) -> str:
    """What stands in a policy file is printed without control characters."""
    from fwverify.report.neutral import visible

    return "\n".join(visible(one) for one in text.split("\n"))


def _lines(found: Policy) -> Iterator[str]:
    yield f"{found.source}  sha256 {found.digest}"
    if found.extends:
        yield f"extends {found.extends}"
    if found.loosened:
        yield from wrap("asks for less than its parent in: " + ", ".join(found.loosened), 80, subsequent_indent="  ")
        yield from wrap(f"because: {found.loosen_reason}", 80, initial_indent="  ", subsequent_indent="  ")
    for head in found.heads:
        yield _line(head, "")
    expect = found.expect
    stated = (("vendor", expect.vendor), ("product", expect.product), ("installed", expect.installed))
    for name, value in stated:
        yield _columns(f"expect.{name}", value or "''", "options on the command line win")
    yield ""
    for rule in found.rules:
        yield from _rule(rule)


def _rule(rule: RuleSetting) -> Iterator[str]:
    yield _columns(rule.rule, rule.level.value, rule.origin)
    if rule.level != "off":
        for one in rule.params:
            yield _line(one, "  ")


def _line(one: Setting, indent: str) -> str:
    return _columns(f"{indent}{one.name}", one.text, one.origin)


def _columns(name: str, value: str, origin: str) -> str:
    """Name, value, origin; a value that does not fit on lines of its own below the other two."""
    if len(value) <= VALUE_COLUMNS:
        return f"{name:<28} {value:<{VALUE_COLUMNS}} {origin}"
    below = wrap(value, 80, initial_indent="      ", subsequent_indent="      ", break_on_hyphens=False)
    return "\n".join([f"{name:<28} {'':<{VALUE_COLUMNS}} {origin}", *below])


def _json(found: Policy) -> str:
    from fwverify.model.canonical import to_json

    return json.dumps(to_json(found), indent=1, ensure_ascii=False) + "\n"
