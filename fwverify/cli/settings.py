"""Where policy, keys and time come from. Only from options and from the user's own folder, never from a delivery and
never from the working directory: an unpacked delivery can drop a file there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fwverify.errors import UsageError
from fwverify.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from fwverify.evaluate.policy import Policy
    from fwverify.evaluate.waivers import GivenWaiver
    from fwverify.trust.store import TrustStore

DEFAULT_POLICY = "builtin:baseline"
PAGE_WIDTH = 80
MAX_WORDS = 200
"""Of a ticket, a name or a reason."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def user_folder() -> Path:
    """The user's configuration folder: `policy.yaml`, `keys/`, `waivers/` there are used where no option says else."""
    return Path(click.get_app_dir("fwverify"))


def policy_of(named: str | None) -> Policy:
    """The policy of --policy, else of the user's folder, else the shipped baseline. Raises PolicyError."""
    from fwverify.cli.policies_io import load_policy

    return load_policy(policy_name(named))


def policy_name(named: str | None) -> str:
    """What `policy_of` loads."""
    own = user_folder() / "policy.yaml"
    return named or (str(own) if own.is_file() else DEFAULT_POLICY)


def trust_of(folder: Path | None) -> TrustStore:
    """The key registry of --keys, else of the user's folder, else none. Raises TrustStoreError."""
    from fwverify.trust.registry import load
    from fwverify.trust.store import EMPTY

    own = user_folder() / "keys"
    if folder is None:
        return load(own) if own.is_dir() else EMPTY
    return load(folder)


def waivers_of(path: Path | None) -> tuple[GivenWaiver, ...]:
    """The waivers of --waivers, else of the user's folder, else none. Raises WaiverError."""
    from fwverify.cli.waivers_io import load_waivers

    own = user_folder() / "waivers"
    if path is None:
        return load_waivers(own) if own.is_dir() else ()
    return load_waivers(path)


def reference_store(path: Path | None) -> Path:
    """The store of reference packages of an option, else `reference.db` of the user's folder, there or not."""
    return path if path is not None else user_folder() / "reference.db"


def limits_of(bounds: Sequence[str]) -> Limits:
    """The run's limits. Raises UsageError for one that does not exist or is no number."""
    names = [one.name for one in fields(Limits)]
    given: dict[str, int] = {}
    for one in bounds:
        name, _, value = one.partition("=")
        if name not in names:
            raise UsageError(f"there is no limit {name!r}", where="--limit", todo=f"There are: {', '.join(names)}.")
        if not value.isascii() or not value.isdigit() or (int(value) == 0 and name != "workers"):
            raise UsageError(f"{name} takes a whole number above 0, not {value!r}", where="--limit")
        given[name] = int(value)
    return replace(DEFAULT_LIMITS, **given)


def refuse_inside(
    delivery: Sequence[Path],
    policy: str | None,
    keys: Path | None,
    references: Sequence[Path] = (),
    *,
    option: str = "--policy",
    **others: Path | None,
) -> None:
    """Nothing that came with a delivery may judge it. Raises UsageError.

    Args:
        delivery: what is to be judged.
        policy: value of --policy.
        keys: value of --keys.
        references: values of --reference.
        option: under which the policy was named.
        others: further options by name (`waivers` for --waivers, `no_method` for --no-method) with their values.
    """
    from fwverify.cli.policies_io import BUILTIN

    named = [(option, Path(policy))] if policy and not policy.startswith(BUILTIN) else []
    named += [("--keys", keys)] if keys is not None else []
    named += [("--reference", one) for one in references]
    named += [(f"--{name.replace('_', '-')}", path) for name, path in others.items() if path is not None]
    from fwverify.cli.belonging import belongs

    for name, path in named:
        if belongs(path, delivery):
            todo = "Copy what you have checked yourself to a place of your own and name that."
            raise UsageError("lies inside the delivery that it is to judge", where=f"{name} {path}", todo=todo)


def refuse_parents(delivery: Sequence[Path], policy: Policy) -> None:
    """Nor may what a policy extends lie there. Raises UsageError."""
    for one in policy.parents:
        refuse_inside(delivery, one, None, option=f"{policy.source} extends")


def one_line(text: str, option: str) -> str:
    """What somebody is to read later: one line, without characters that nobody sees. Raises UsageError."""
    if len(text) > MAX_WORDS or not text.replace("\u00a0", " ").isprintable():
        raise UsageError(f"takes one line of at most {MAX_WORDS} printable characters", where=option)
    return text.strip()


def now() -> str:
    """This second, RFC 3339 in UTC. The only clock of fwverify."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str | None) -> str:
    """--at as RFC 3339 in UTC; now when not given. Raises UsageError."""
    if not text:
        return now()
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"not a time: {text!r}", where="--at", todo="Write 2026-11-22T00:00:00Z.") from None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    try:
        # isoformat, not strftime: times are compared as texts, and %Y writes the year 1 as "1"
        return when.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
    except OverflowError:
        raise UsageError(f"not a time: {text!r}", where="--at", todo="Write 2026-11-22T00:00:00Z.") from None


def page_width() -> int:
    """Columns of a page: 80, fewer where the terminal has fewer."""
    import shutil
    import sys

    return min(PAGE_WIDTH, shutil.get_terminal_size().columns) if sys.stdout.isatty() else PAGE_WIDTH


def page_color() -> bool:
    """Colour only for a terminal, and not where NO_COLOR (no-color.org) or TERM=dumb says no."""
    import sys

    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
