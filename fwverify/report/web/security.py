"""Secrets, programs' defences and addresses: the rules' own figures, and what was seen with its places. Pure.

Every figure stands with what it is out of. A program's defence is counted over the programs that can be asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from fwverify.model.evidence import ContentKind, ContentObservation
from fwverify.report import reading as r
from fwverify.report.figures import count, plural
from fwverify.report.reading import Reading
from fwverify.report.rule_lists import in_order
from fwverify.report.web.rule_tables import LEVELS, outcome
from fwverify.report.web.tables import Cell, Column, Row, Table, left_out, text

MAX_ROWS = 1000
FAMILIES = ("secret", "hardening", "endpoint")
KINDS = {
    ContentKind.PRIVATE_KEY: ("private key", "private keys"),
    ContentKind.PASSWORD: ("password", "passwords"),
    ContentKind.TOKEN: ("access token", "access tokens"),
    ContentKind.AUTHORIZED_KEY: ("key that may log in", "keys that may log in"),
    ContentKind.DEBUG_SHELL: ("shell without login", "shells without login"),
    ContentKind.SERVICE: ("service without encryption", "services without encryption"),
    ContentKind.UPDATER: ("updater", "updaters"),
    ContentKind.PUBLIC_KEY: ("public key", "public keys"),
    ContentKind.ENDPOINT: ("address", "addresses"),
}
"""From the worst on. Programs, texts and kernel settings are in the JSON."""
SHOWN = {kind: words[0] for kind, words in KINDS.items()}
ASKED = "hardening."
"""How the facts begin that programs were asked for."""
PLACELESS = (ContentKind.ENDPOINT, ContentKind.SERVICE)
"""Their fingerprint is the thing itself, not a digest."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Security of the contents."""

    words: tuple[str, ...]
    rules: Table
    seen: Table
    where: str
    """Of what nothing was seen in: empty when every byte was examined."""


def security(reading: Reading) -> Sight:
    """Figures, rules, places."""
    found = [one for one in reading.evidence.contents if one.kind in SHOWN]
    programs = [
        one for one in reading.evidence.artifacts if any(name.startswith("hardening.") for name, _ in one.facts)
    ]
    kinds = Counter(one.kind for one in found)
    told = [plural(kinds[kind], *words) for kind, words in KINDS.items() if kinds[kind]]
    leaves = [one for one in reading.evidence.artifacts if one.opened.value != "structure"]
    words = (
        f"{plural(len(programs), 'program')} could be asked how they defend themselves.",
        f"Seen in {plural(len(leaves), 'file')} that were searched: {', '.join(told) or 'none of what is looked for'}."
        + (" Which of them are acceptable is the policy's to say." if told else ""),
    )
    sums = r.opened(reading)
    part = f" in the {count(sums.counted)} of {count(sums.total)} bytes that were examined"
    return Sight(words, _rules(reading), _seen(found), part if sums.counted < sums.total else "")


def _rules(reading: Reading) -> Table:
    rows = []
    for one in in_order(reading.verdict.findings):
        if one.rule.partition(".")[0] in FAMILIES:
            words, style = outcome(one)
            figure = one.denominator if one.denominator and one.denominator not in one.message else ""
            cells = text(one.rule), text(LEVELS[one.level]), text(words, style), text(one.message, notes=(figure,))
            rows.append(Row(cells, words))
    columns = (Column("rule", "rule"), Column("asked as", "word"), Column("came to", "word"), Column("figure"))
    return Table("security-rules", "What the rules found", columns, tuple(rows))


def _seen(found: Iterable[ContentObservation]) -> Table:
    order = list(SHOWN)
    ranked = sorted(found, key=lambda one: (order.index(one.kind), one.fingerprint, one.locator))
    rows = tuple(Row(_cells(one), SHOWN[one.kind]) for one in ranked[:MAX_ROWS])
    columns = (Column("what", "name"), Column("in words"), Column("fingerprint or name", "code"), Column("where"))
    more = left_out(len(ranked), len(rows), "observations")
    return Table("contents", "Seen in the image (secrets themselves are never kept)", columns, rows, True, more)


def _cells(one: ContentObservation) -> tuple[Cell, ...]:
    where = f"at {one.offset:#x}" if one.offset >= 0 else ""
    name = one.fingerprint if one.kind in PLACELESS else one.fingerprint[:64]
    return text(SHOWN[one.kind]), text(one.detail), text(name, limit=200), text(str(one.locator), notes=(where,))
