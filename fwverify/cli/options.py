"""Options that several commands share, with the same words everywhere."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from fwverify.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])

LAST_RESORTS = ("unblob",)


REPEATED = (
    "policy_sha256", "floor", "waivers_path", "no_method", "minimum", "counter", "device", "root_hash", "asset",
    "register", "baseline", "rollback", "ticket", "window", "requested_by", "approved_by", "going_back", "checklist",
    "bounds", "references",
)  # fmt: skip
"""Parameters that bear on the answer and that a page cannot tell from the evidence: it repeats them as typed."""


def repeated(context: click.Context) -> tuple[str, ...]:
    """Those of REPEATED that were given, in --help order, without bounds that change nothing."""
    from fwverify.freeze import SPEED

    out = []
    for one in context.command.params:
        value = context.params.get(str(one.name))
        if one.name not in REPEATED or context.get_parameter_source(str(one.name)) is not ParameterSource.COMMANDLINE:
            continue
        values = value if isinstance(value, tuple) else (value,)
        values = tuple(each for each in values if not str(each).startswith(f"{SPEED}="))
        out += [f"{one.opts[0]} {shlex.quote(str(each))}" for each in values]
    return tuple(out)


def policy_option(command: F) -> F:
    help_ = "A policy file or builtin:NAME.  [default: policy.yaml of your configuration folder, else builtin:baseline]"
    return click.option("--policy", "policy_name", metavar="POLICY", help=help_)(command)


def keys_option(command: F) -> F:
    help_ = "Your key registry.  [default: keys/ of your configuration folder, else no keys]"
    return click.option("--keys", "keys_folder", metavar="DIR", type=click.Path(path_type=Path), help=help_)(command)


def waivers_option(command: F) -> F:
    help_ = "Waivers: a file, or a folder of them.  [default: waivers/ of your configuration folder, else none]"
    return click.option("--waivers", "waivers_path", metavar="DIR|FILE", type=click.Path(path_type=Path), help=help_)(
        command
    )


def at_option(command: F) -> F:
    return click.option("--at", "at_time", metavar="TIME", help="Judge as of this time, RFC 3339.  [default: now]")(
        command
    )


def json_option(command: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def isolation_option(command: F) -> F:
    help_ = "Examine content in this process instead of in workers (recorded in the evidence)."
    return click.option("--in-process", is_flag=True, help=help_)(command)


def last_resort_option(command: F) -> F:
    help_ = "Have this tool open what fwverify cannot, with programs of this machine (recorded: isolation is not full)."
    return click.option("--last-resort", type=click.Choice(LAST_RESORTS), help=help_)(command)


def cache_option(command: F) -> F:
    help_ = "Find everything out anew, and remember nothing. The answer is the same."
    return click.option("--no-cache", is_flag=True, help=help_)(command)


def reference_option(command: F) -> F:
    help_ = (
        "Your store of reference packages (fwverify reference learn); may be repeated.  [default: reference.db of your"
        " configuration folder, else none]"
    )
    return click.option(
        "--reference", "references", metavar="FILE", multiple=True, type=click.Path(path_type=Path), help=help_
    )(command)


def store_option(command: F) -> F:
    help_ = "The store.  [default: reference.db of your configuration folder]"
    return click.option("--store", metavar="FILE", type=click.Path(path_type=Path), help=help_)(command)


def limits_option(command: F) -> F:
    help_ = "Set a bound of this run, as max_seconds=1800 (docs/formats.md lists them; recorded). May be repeated."
    time_help = "Stop examining a delivery after so long; what is left is a gap, never a pass."

    @functools.wraps(command)
    def wrapped(bounds: tuple[str, ...], timeout: int | None, **others: Any) -> Any:
        if timeout is not None and any(one.startswith("max_seconds=") for one in bounds):
            raise UsageError("--timeout and --limit max_seconds are the same bound", todo="Give one of them.")
        given = (*bounds, f"max_seconds={timeout}") if timeout is not None else bounds
        return command(bounds=given, **others)

    limit = click.option("--limit", "bounds", metavar="NAME=NUMBER", multiple=True, help=help_)
    timeout = click.option("--timeout", metavar="SECONDS", type=click.IntRange(min=1), help=time_help)
    return timeout(limit(wrapped))  # type: ignore[return-value]  # one argument in place of two


def paths_argument(command: F) -> F:
    return click.argument("paths", metavar="DELIVERY...", nargs=-1, required=True, type=click.Path(path_type=Path))(
        command
    )
