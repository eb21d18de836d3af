"""What a page can say about why, and what to do next: the shape of one row of the table in `report.wording`."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass

from fwverify.model.artifact import Locator
from fwverify.report import reading as r
from fwverify.report.figures import NAME_LIMIT, of_whom
from fwverify.report.interface import Context
from fwverify.report.layout import cells
from fwverify.report.neutral import shortened
from fwverify.report.reading import Reading

MAX_OPERAND = 56
"""Columns of an operand that a suggested command repeats; a longer one would break the line it is copied from."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: words, then what to type or to read out."""

    text: str
    literal: tuple[str, ...] = ()
    """Printed as it is: a digest to be read out."""
    command: tuple[str, ...] = ()
    """Words of a shell command, quoted."""


Why = Callable[[Reading], str]
Steps = Callable[[Reading, Context], tuple[Step, ...]]


@dataclass(frozen=True, slots=True)
class Situation:
    """One way a delivery can stand."""

    name: str
    explains: frozenset[str]
    """Rules whose failing or missing this situation accounts for."""
    short: str
    """For the page of another situation: `... is also wrong`."""
    applies: Callable[[Reading], bool]
    why: Why
    """Two plain sentences."""
    steps: Steps
    heading: Callable[[Reading], str] = lambda _: "Do next"


def vendor(reading: Reading) -> str:
    """How the page calls them."""
    return shortened(reading.verdict.vendor, NAME_LIMIT) or "the vendor"


def vendors(reading: Reading) -> str:
    """Possessive."""
    return of_whom(shortened(reading.verdict.vendor, NAME_LIMIT))


def place(locator: Locator | None) -> str:
    """The last step of a locator, for a sentence."""
    return shortened(locator.name, NAME_LIMIT) if locator is not None else "a file that is not here"


def operand(reading: Reading, context: Context) -> str:
    """What to type for the delivery, quoted; a placeholder where it would not survive copying."""
    typed = context.command or shlex.quote(reading.evidence.delivery)
    return typed if cells(typed) <= MAX_OPERAND and typed.isprintable() else "DELIVERY"


def again(reading: Reading, context: Context, *extra: str) -> tuple[str, ...]:
    """The command that verifies this delivery again, under the same policy and keys."""
    words = ["fwverify", "verify", operand(reading, context)]
    for option, value in (("--policy", context.policy), ("--keys", context.keys)):
        if value and option not in extra:
            words.append(f"{option} {shlex.quote(value)}")
    return (*words, *extra)


KEEPING = {
    "install": "Keep what is installed.",
    "accept": "Do not accept it.",
    "merge": "Do not merge it.",
}


def keep(reading: Reading) -> str:
    """The first thing to do, in the policy's terms."""
    return KEEPING.get(reading.verdict.action, "Do not use it.")


def keep_as_evidence(reading: Reading) -> Step:
    return Step(f"{keep(reading)} Keep this file as evidence; do not pass it on.")


def call(reading: Reading) -> str:
    """Whom to call, and not on whose number."""
    return f"Call {vendor(reading)} on the number in your contract, not one from this delivery."


def ask(reading: Reading, what: str) -> Step:
    return Step(f"{call(reading)} {what}")


def fetch_again(reading: Reading, context: Context) -> Step:
    return Step(
        f"Fetch it again from {vendors(reading)} own site, not from who sent this, and verify again: a damaged "
        "download looks the same.",
        command=again(reading, context),
    )


def message(reading: Reading, *rules: str) -> str:
    """The rule's own sentence, of the first of these that failed or is missing."""
    for one in (*reading.failed, *reading.missing):
        if one.rule in rules and one.message:
            return one.message.rstrip(".")
    return ""


def failing(*rules: str) -> Callable[[Reading], bool]:
    """True when one of these required rules failed."""
    return lambda reading: any(reading.fails(one) for one in rules)


def missing(*rules: str) -> Callable[[Reading], bool]:
    """True when one of these required rules was not evaluated."""
    return lambda reading: any(reading.lacks(one) for one in rules)


def images_sha256(reading: Reading, limit: int = 3) -> tuple[str, ...]:
    """Digests to read out; with names where there are several images."""
    images = reading.evidence.images()
    out = []
    for one in images[:limit]:
        value = next((digest.hex for digest in one.digests if digest.algorithm == "sha256"), "")
        out.extend([value] if len(images) == 1 else [f"{place(one.locator)}:", value])
    return tuple(out)


def has_signature(reading: Reading) -> bool:
    return bool(reading.evidence.signatures)


def has_nothing(reading: Reading) -> bool:
    """Neither a signature nor a checksum came with it or was given."""
    return not reading.evidence.signatures and not r.outer_checksums(reading)
