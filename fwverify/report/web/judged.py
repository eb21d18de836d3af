"""By what it was judged, with digests and where each came from, and how to check the page without trusting it. Pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from fwverify.model.canonical import identify
from fwverify.report.figures import plural
from fwverify.report.interface import Context
from fwverify.report.reading import Reading
from fwverify.report.situation import again
from fwverify.report.web.checked import sha256
from fwverify.report.web.tables import Cell, Column, Row, Table, text

MAX_DIGESTS = 20
EXTRACT = ("sed", "-n", r"""'s/.*id="data">\(.*\)<\/script>/\1/p'""", "PAGE.html")
"""The report out of the page, which has it on one line."""
DIGEST = ("jq", "-jcS", ".evidence", "|", "sha256sum")
CAPTION = "What the answer rests on besides the delivery; none of it came from inside it"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing a doubter can do."""

    words: str
    shown: tuple[str, ...]
    """Lines to compare with."""
    command: tuple[str, ...] = ()
    """Words to type, quoted."""


def judged_table(reading: Reading, context: Context) -> Table:
    """Policy, keys, expectations, time, tools: value, where it came from, digest."""
    verdict, evidence = reading.verdict, reading.evidence
    trust, expected = evidence.trust, evidence.expectation
    keys = f"{plural(len(trust.keys), 'key')} on record" if trust.keys else "none"
    policy = f"{verdict.policy_id} {verdict.policy_version}".strip()
    stated = [
        f"{name} {value}"
        for name, value in (
            ("vendor", verdict.vendor), ("product", verdict.product), ("version", expected.version),
            ("installed", verdict.installed), ("at least", expected.minimum), *expected.device,
        )
        if value
    ]  # fmt: skip
    typed = expected.vendor or expected.product or expected.installed
    source = expected.source if typed else "your policy" if stated else "-"
    tools = ", ".join(f"{name} {number}" for name, number in evidence.settings.tools)
    rows = (
        _row("policy", policy, verdict.policy_source or "not said", verdict.policy_digest),
        _row("keys", keys, trust.source or "no registry was given", trust.digest),
        _row("what you expect", ", ".join(stated) or "nothing stated", source, ""),
        _row("as of", verdict.judged_at, f"facts of {evidence.at}", ""),
        *_until(reading),
        _row("evidence", "all facts of the run", context.evidence_path or "not written to a file",
             verdict.evidence_digest),
        _row("read with", f"isolation: {evidence.settings.isolation}", tools or "versions not recorded", ""),
    )  # fmt: skip
    columns = (Column("what", "name"), Column("value"), Column("from"))
    return Table(
        "judged", "What the answer rests on besides the delivery; none of it came from inside it", columns, rows
    )


def _until(reading: Reading) -> tuple[Row, ...]:
    """The last day of the answer, where it has one."""
    verdict = reading.verdict
    return (_row("stands until", verdict.valid_until, verdict.valid_why, ""),) if verdict.valid_until else ()


def _row(what: str, value: str, source: str, digest: str) -> Row:
    notes = (f"SHA-256 {digest}",) if digest else ()
    return Row((text(what), Cell(text(value).text, "", notes, mono=True), text(source)))


def _carried(reading: Reading) -> tuple[Check, ...]:
    """The facts in the page itself; not where keys were judged anew, since then they are not quite those of then."""
    if identify(reading.evidence) != reading.verdict.evidence_digest:
        return ()
    words = "The same facts are in this page; without fwverify, they have the same digest."
    return (Check(words, (f"{reading.verdict.evidence_digest}  -",), (*EXTRACT, "|", *DIGEST)),)


def checks(reading: Reading, context: Context, *, inside: bool) -> tuple[Check, ...]:
    """How to find out that the page is true, with public tools first.

    Args:
        inside: the page carries the report.
    """
    images = reading.evidence.images()[:MAX_DIGESTS]
    digests = tuple(f"{sha256(one)}  {one.locator}" for one in images)
    path = context.evidence_path
    stored = shlex.quote(path) if path else "EVIDENCE"
    policy = shlex.quote(context.policy) if context.policy else "POLICY"
    kept = "" if path else " This run was told to write no such file (--no-evidence); without that, fwverify writes it."
    return (
        Check("The files judged are these; sha256sum of yours must print the same digits.", digests),
        Check(
            f"The facts are unchanged when the evidence file has this digest.{kept}",
            (f"{reading.verdict.evidence_digest}  {path or 'EVIDENCE'}",), ("sha256sum", stored),
        ),
        *(_carried(reading) if inside else ()),
        Check(
            "The judgement follows from the facts: judged again, without the firmware, it comes out the same.",
            (), ("fwverify", "reassess", stored, "--policy", policy, "--at", reading.verdict.judged_at),
        ),
        Check("The facts follow from the files: verified again, they come out the same.",
              (), again(reading, context)),
    )  # fmt: skip
