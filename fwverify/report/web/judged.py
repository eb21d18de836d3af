"""By what it was judged, with digests and where each came from, and how to check the page without trusting it. Pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from fwverify.report.figures import plural
from fwverify.report.interface import Context
from fwverify.report.reading import Reading
from fwverify.report.situation import again
from fwverify.report.web.checked import sha256
from fwverify.report.web.tables import Cell, Column, Row, Table, text

MAX_DIGESTS = 20
CAPTION = "What the answer rests on besides the delivery; none of it came from inside it"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing a doubter can do."""

    words: str
    command: tuple[str, ...]
    """Lines."""


def judged_table(reading: Reading) -> Table:
    """Policy, keys, expectations, time, tools: value, where it came from, digest."""
    verdict, evidence = reading.verdict, reading.evidence
    trust, expected = evidence.trust, evidence.expectation
    keys = f"{plural(len(trust.keys), 'key')} on record" if trust.keys else "none"
    policy = f"{verdict.policy_id} {verdict.policy_version}".strip()
    stated = [
        f"{name} {value}"
        for name, value in (
            ("vendor", expected.vendor), ("product", expected.product), ("version", expected.version),
            ("installed", expected.installed), ("at least", expected.minimum), *expected.device,
        )
        if value
    ]  # fmt: skip
    tools = ", ".join(f"{name} {number}" for name, number in evidence.settings.tools)
    rows = (
        _row("policy", policy, verdict.policy_source or "not said", verdict.policy_digest),
        _row("keys", keys, trust.source or "no registry was given", trust.digest or "-"),
        _row("what you expect", ", ".join(stated) or "nothing stated", expected.source, "-"),
        _row("as of", verdict.judged_at, f"facts of {evidence.at}", "-"),
        _row("evidence", "all facts of the run", "made by this run, or stored by an earlier one",
             verdict.evidence_digest),
        _row("read with", f"isolation: {evidence.settings.isolation}", tools or "versions not recorded", "-"),
    )  # fmt: skip
    columns = (Column("what", "name"), Column("value"), Column("from"), Column("SHA-256", "code"))
    return Table(
        "judged", "What the answer rests on besides the delivery; none of it came from inside it", columns, rows
    )


def _row(what: str, value: str, source: str, digest: str) -> Row:
    cells: tuple[Cell, ...] = text(what), text(value), text(source), text(digest)
    return Row(cells)


def checks(reading: Reading, context: Context) -> tuple[Check, ...]:
    """How to find out that the page is true, with public tools first."""
    images = reading.evidence.images()[:MAX_DIGESTS]
    digests = tuple(f"{sha256(one)}  {one.locator}" for one in images)
    path = context.evidence_path
    stored = shlex.quote(path) if path else "EVIDENCE"
    policy = shlex.quote(context.policy) if context.policy else "POLICY"
    kept = "" if path else " The evidence was not kept; fwverify keeps it unless told not to."
    return (
        Check("The files judged are these; sha256sum of yours must print the same digits.", digests),
        Check(
            f"The facts are unchanged when the evidence file has this digest.{kept}",
            (f"sha256sum {stored}", reading.verdict.evidence_digest),
        ),
        Check(
            "The judgement follows from the facts: judged again, without the firmware, it comes out the same.",
            (f"fwverify reassess {stored} --policy {policy} --at {reading.verdict.judged_at}",),
        ),
        Check("The facts follow from the files: verified again, they come out the same.",
              (" ".join(again(reading, context)),)),
    )  # fmt: skip
