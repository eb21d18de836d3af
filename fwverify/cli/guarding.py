"""What a gate asks of the policy it judges by: that it is this very one, and no weaker than a floor."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fwverify.cli import settings
from fwverify.errors import PolicyError, UsageError

if TYPE_CHECKING:
    from fwverify.evaluate.policy import Policy

F = TypeVar("F", bound=Callable[..., Any])
OPTIONS = (
    click.option("--floor", default="", metavar="POLICY", help="Refuse a policy weaker than this one."),
    click.option("--policy-sha256", default="", metavar="HEX", help="Refuse any other policy; policy check prints it."),
)
MAX_TOLD = 20
"""Weaknesses that are listed; more are counted."""


@dataclass(frozen=True, slots=True)
class Guards:
    """Values of --policy-sha256 and --floor."""

    sha256: str = ""
    floor: str = ""

    def policy_of(self, named: str | None, delivery: Sequence[Path] = ()) -> Policy:
        """The policy to judge by, if it is what is asked. Raises PolicyError or UsageError."""
        settings.refuse_inside(delivery, self.floor, None, option="--floor")
        policy = settings.policy_of(named)
        settings.refuse_parents(delivery, policy)
        if self.sha256 and policy.digest != self.sha256:
            raise PolicyError(
                f"its SHA-256 is {policy.digest}, not {self.sha256} (--policy-sha256)", where=policy.source,
                todo="Somebody changed the policy or what it extends: have the change approved, then pin the new one.",
            )  # fmt: skip
        if self.floor:
            floor = settings.policy_of(self.floor)
            settings.refuse_parents(delivery, floor)
            refuse_weak(policy, floor)
        return policy


def refuse_weak(policy: Policy, floor: Policy) -> None:
    """Raise PolicyError where a policy asks for less than the floor, naming each weakness."""
    from fwverify.evaluate.floor import weaknesses

    found = weaknesses(policy, floor)
    if not found:
        return
    told = [f"  {one}" for one in found[:MAX_TOLD]]
    more = [f"  and {len(found) - MAX_TOLD} more"] if len(found) > MAX_TOLD else []
    raise PolicyError(
        "\n".join([f"asks for less than the floor {floor.source}:", *told, *more]),
        where=policy.source,
        todo="Tighten the policy, or have the floor changed by whoever owns it.",
    )


def guard_options(command: F) -> F:
    """Add --policy-sha256 and --floor; the command gets one argument `guards` for both."""

    @functools.wraps(command)
    def wrapped(policy_sha256: str, floor: str, **others: Any) -> Any:
        return command(guards=Guards(_digest(policy_sha256), floor), **others)

    for option in OPTIONS:
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]  # one argument in place of two


def _digest(text: str) -> str:
    digits = re.sub(r"[\s:]", "", text).lower()
    if digits and not re.fullmatch(r"[0-9a-f]{64}", digits):
        todo = f"It has 64 hexadecimal digits; this has {len(digits)} characters."
        raise UsageError("not a SHA-256", where="--policy-sha256", todo=todo)
    return digits
