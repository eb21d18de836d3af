"""What a page can say about why, and what to do next: the shape of one row of the table in `report.wording`."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass

from fwverify.model.artifact import Locator
from fwverify.report import reading as r
from fwverify.report.figures import NAME_LIMIT, count, full_blocks, listed, of_whom, percent
from fwverify.report.interface import Context
from fwverify.report.layout import cells
from fwverify.report.neutral import shortened
from fwverify.report.reading import Reading

MAX_OPERAND = 56
"""Columns of an operand that a suggested command repeats; a longer one would break the line it is copied from."""
LAST_RESORT = "unblob"
"""As the command line and the evidence name it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: words, then what to type or to read out."""

    text: str
    literal: tuple[str, ...] = ()
    """Printed as it is: a digest to be read out."""
    command: tuple[str, ...] = ()
    """Words of a shell command, quoted."""
    then: tuple[str, ...] = ()
    """Printed below the command, each on lines of its own."""


Why = Callable[[Reading], str]
Steps = Callable[[Reading, Context], tuple[Step, ...]]


@dataclass(frozen=True, slots=True)
class Situation:
    """One way a delivery can stand."""

    name: str
    explains: frozenset[str]
    """Rules whose failing or missing this situation accounts for."""
    short: str
    """For the page of another situation: `Besides, ...`."""
    applies: Callable[[Reading], bool]
    why: Why
    """Two plain sentences."""
    steps: Steps
    heading: Callable[[Reading], str] = lambda _: "Do next"
    besides: Why | None = None
    """Where `short` needs figures."""

    def beside(self, reading: Reading) -> str:
        """What the page of another situation says of this one."""
        return self.besides(reading) if self.besides else self.short


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


def again(reading: Reading, context: Context, *extra: str, other: str = "") -> tuple[str, ...]:
    """The command that asks the same question again: every option that bears on the answer.

    Args:
        reading, context: of the page.
        extra: options besides.
        other: what stands for another delivery, which is judged as of then; empty: this one.
    """
    words = ["fwverify", "verify", other or operand(reading, context)]
    expected = reading.evidence.expectation
    options = [
        ("--policy", context.policy),
        ("--keys", context.keys),
        ("--vendor", expected.vendor),
        ("--product", expected.product),
        ("--installed", expected.installed),
        ("--channel", expected.checksums[0].channel if expected.checksums else ""),
        ("--at", "" if other else context.at),
        ("--last-resort", LAST_RESORT if f"containers/{LAST_RESORT}" in reading.evidence.settings.plugins else ""),
    ]
    given = {one.split(" ")[0] for one in extra}
    words.extend(f"{option} {shlex.quote(value)}" for option, value in options if value and option not in given)
    if "--sha256" not in given:
        given_too = [one.digest for one in expected.checksums if one.digest.algorithm == "sha256"]
        words.extend(word for one in given_too for word in ("--sha256", one.hex))
    return (*words, *context.again, *extra)


def list_keys(context: Context) -> tuple[str, ...]:
    """The command that shows the registry in use."""
    return ("fwverify keys list", *([f"--keys {shlex.quote(context.keys)}"] if context.keys else []))


def pin(reading: Reading, context: Context) -> tuple[str, ...]:
    """The command that puts a key on the operator's record."""
    who = shlex.quote(r.expected_vendor(reading) or "V")
    product = shlex.quote(reading.verdict.product or "P")
    keys = f" --keys {shlex.quote(context.keys)}" if context.keys else ""
    return (
        f"fwverify keys add KEYFILE --vendor {who}", f"--product {product}", "--purpose firmware",
        '--channel "phone, NAME, DATE"', f"--by YOU{keys}",
    )  # fmt: skip


def read_out(reading: Reading, context: Context) -> Step:
    """Have the digest confirmed by phone: theirs is typed, ours is kept to ourselves."""
    files = "each file" if len(reading.evidence.images()) > 1 else "this file"
    return Step(
        f"Have them read THEIR SHA-256 of {files} to you, on a number you already had. Do not read out "
        "ours. Type theirs in place of HEX (reaches 2 of 5):",
        command=again(reading, context, "--sha256 HEX", '--channel "phone, NAME, DATE"'),
        then=("Ours, to compare:", *images_sha256(reading), f"If it differs: {refrain(reading)}, report it."),
    )


def owner(reading: Reading) -> str:
    """Who decides what no tool can."""
    source = shortened(reading.verdict.policy_source or reading.verdict.policy_id, NAME_LIMIT)
    own = "fwverify's own " if source.startswith("builtin:") else ""
    return f"whoever owns your policy (here {own}{source})"


def unread_share(reading: Reading) -> str:
    """`788 of 1,172 bytes (67 %) were not examined (machine code)`."""
    sums = r.opened(reading)
    rest = sums.total - sums.counted
    parts = [] if r.programs(reading) else [place(one) for one in r.unread(reading) if not one.name.startswith("@")]
    what = "machine code" if r.programs(reading) else listed(parts, 2)
    which = f" ({what})" if what else ""
    return f"{count(rest)} of {count(sums.total)} bytes ({percent(rest, sums.total).strip()}) were not examined{which}"


KEEPING = {
    "install": "Keep what is installed.",
    "accept": "Do not accept it.",
    "merge": "Do not merge it.",
}


def keep(reading: Reading) -> str:
    """The first thing to do, in the policy's terms."""
    return KEEPING.get(reading.verdict.action, "Do not use it.")


def refrain(reading: Reading) -> str:
    """`do not install it`."""
    action = reading.verdict.action
    return f"do not {action if action in KEEPING else 'use'} it"


def keep_as_evidence(reading: Reading) -> Step:
    return Step(f"{keep(reading)} Keep the firmware file as evidence; do not pass it on.")


def call(reading: Reading) -> str:
    """Whom to call, and not on whose number."""
    return f"Call {vendor(reading)} on the number in your contract, not one from this delivery."


def ask(reading: Reading, what: str) -> Step:
    return Step(f"{call(reading)} {what}")


def fetch_again(reading: Reading, context: Context) -> Step:
    return Step(
        f"Fetch it again from {vendors(reading)} own site, not from who sent this, and verify again: a damaged "
        "download looks the same.",
        command=again(reading, context, other="NEW-DOWNLOAD"),
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
    """Digests to compare; with names where there are several images."""
    images = reading.evidence.images()
    out = []
    for one in images[:limit]:
        value = next((digest.hex for digest in one.digests if digest.algorithm == "sha256"), "")
        out.extend([] if len(images) == 1 else [f"{place(one.locator)}:"])
        out.extend(full_blocks(value))
    return tuple(out)


def has_signature(reading: Reading) -> bool:
    return bool(reading.evidence.signatures)


def has_nothing(reading: Reading) -> bool:
    """Neither a signature nor a checksum came with it or was given."""
    return not reading.evidence.signatures and not r.outer_checksums(reading)
