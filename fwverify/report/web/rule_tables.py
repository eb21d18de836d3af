"""Rules on the page: what failed or could not be judged, every rule, rules by requirement, waivers. Pure.

Counts passes over all that were to be judged; rules that do not apply here are in no denominator and are named as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from fwverify.model.finding import Finding, Item, Level, Outcome
from fwverify.report.figures import count, plural
from fwverify.report.neutral import shortened
from fwverify.report.reading import Reading
from fwverify.report.rule_lists import in_order
from fwverify.report.web.tables import Cell, Column, Row, Table, number, text

MAX_ITEMS = 10
"""Things named below one rule."""
LEVELS = {Level.MUST: "required", Level.SHOULD: "advised", Level.INFO: "for information", Level.OFF: "off"}
RULES = {
    Level.MUST: ("required rule", "required rules"),
    Level.SHOULD: ("advised rule", "advised rules"),
    Level.INFO: ("rule for information", "rules for information"),
}
OUTCOMES = {
    Outcome.FAIL: ("failed", "bad"),
    Outcome.NOT_EVALUATED: ("not judged", "open"),
    Outcome.PASS: ("passed", "good"),
    Outcome.NOT_APPLICABLE: ("does not apply", "quiet"),
}
NOT_PROVEN = "does not prove: "
WAIVED = ("waived", "open")
COLUMNS = (
    Column("rule", "rule"),
    Column("asked as", "word"),
    Column("came to", "word"),
    Column("what was found"),
    Column("asked by"),
)


def outcome(one: Finding) -> tuple[str, str]:
    """In a word, and its style."""
    poor = one.outcome in (Outcome.FAIL, Outcome.NOT_EVALUATED)
    return WAIVED if poor and one.waived else OUTCOMES[one.outcome]


def all_rules(reading: Reading) -> Table:
    """Every rule, in the order people ask."""
    rows = tuple(_rule(one) for one in in_order(one for one in reading.verdict.findings))
    return Table("rules", "Every rule of the policy", COLUMNS, rows, filtered=True)


def open_rules(reading: Reading) -> Table:
    """Those that stand against the answer, or that somebody should look at: required first."""
    poor = (Outcome.FAIL, Outcome.NOT_EVALUATED)
    found = [one for one in reading.verdict.findings if one.outcome in poor and one.level in (Level.MUST, Level.SHOULD)]
    ordered = sorted(in_order(found), key=lambda one: (one.level is not Level.MUST, one.outcome is not Outcome.FAIL))
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for one in ordered:
        items = tuple((item.subject, item.detail) for item in one.items)
        key = one.level, outcome(one), one.message, one.remedy, one.expected, one.observed, one.denominator, items
        groups.setdefault(key, []).append(one)
    rows = tuple(_alike(found) for found in groups.values())
    return Table("open-rules", "Rules that failed, could not be judged or were waived", COLUMNS, rows)


def _alike(found: list[Finding]) -> Row:
    """Rules that came to the same for the same reason, in one row."""
    row = _rule(found[0])
    if len(found) == 1:
        return row
    names = text(found[0].rule, notes=tuple(one.rule for one in found[1:]))
    asked = text(", ".join(dict.fromkeys(code for one in found for code in one.requirements)) or "-")
    what = replace(row.cells[3], notes=tuple(one for one in row.cells[3].notes if not one.startswith(NOT_PROVEN)))
    return Row((names, *row.cells[1:3], what, asked), row.state)


def _rule(one: Finding) -> Row:
    words, style = outcome(one)
    level = LEVELS[one.level]
    notes = [
        one.denominator if one.denominator and one.denominator not in one.message else "",
        f"wanted: {one.expected}" if one.expected else "",
        f"found: {one.observed}" if one.observed and one.observed not in one.message else "",
        *_items(item for item in one.items if item.detail != one.outcome.value or item.waiver),
        f"what to do: {one.remedy}" if one.remedy and one.outcome is not Outcome.PASS else "",
        f"{NOT_PROVEN}{one.not_proven}" if one.not_proven else "",
    ]
    changed = f"fwverify's own level: {LEVELS[one.default_level]}" if one.level is not one.default_level else ""
    return Row((
        text(one.rule), text(level, notes=(changed,)), text(words, style), text(one.message, notes=tuple(notes)),
        text(", ".join(one.requirements) or "-"),
    ), words)  # fmt: skip


def _items(items: Iterable[Item]) -> tuple[str, ...]:
    every = tuple(items)
    said = [f"- {shortened(one.subject, 120)}: {shortened(one.detail, 200)}{_waiver(one)}" for one in every[:MAX_ITEMS]]
    return (*said, f"- and {count(len(every) - MAX_ITEMS)} more: in the JSON") if len(every) > MAX_ITEMS else (*said,)


def _waiver(one: Item) -> str:
    return f" (waived: {one.waiver.id}, until {one.waiver.expires})" if one.waiver else ""


def waiver_table(reading: Reading) -> Table:
    """What somebody accepted although it failed: who, why, until when."""
    rows = tuple(
        Row((
            text(item.waiver.id), text(one.rule), text(item.subject, notes=(item.detail,)), text(item.waiver.reason),
            text(item.waiver.approved_by), text(item.waiver.expires),
        ))
        for one in in_order(reading.verdict.findings)
        for item in one.items
        if item.waiver is not None
    )  # fmt: skip
    columns = (
        Column("waiver", "name"), Column("rule"), Column("about"), Column("reason"), Column("approved by"),
        Column("until"),
    )  # fmt: skip
    return Table("waivers", "Waivers that took part", columns, rows)


@dataclass(frozen=True, slots=True)
class Tally:
    """How the rules of one group came out."""

    passed: int
    failed: int
    missing: int
    waived: int
    aside: int
    """Do not apply."""

    @property
    def judged(self) -> int:
        """The denominator."""
        return self.passed + self.failed + self.missing + self.waived


def tally(findings: Iterable[Finding]) -> Tally:
    """Count them."""
    words = [outcome(one)[0] for one in findings if one.level is not Level.OFF]
    return Tally(
        words.count("passed"), words.count("failed"), words.count("not judged"), words.count("waived"),
        words.count("does not apply"),
    )  # fmt: skip


def level_words(reading: Reading) -> tuple[str, ...]:
    """`23 of 23 required rules passed.`, a sentence for each level."""
    said = []
    for level in (Level.MUST, Level.SHOULD, Level.INFO):
        sums = tally(one for one in reading.verdict.findings if one.level is level)
        if not (sums.judged or sums.aside):
            continue
        rest = [
            f"{number} {words}"
            for number, words in ((sums.failed, "failed"), (sums.missing, "not judged"), (sums.waived, "waived"))
            if number
        ]
        aside = f" ({plural(sums.aside, 'rule')} more did not apply here)" if sums.aside else ""
        told = f"; {', '.join(rest)}" if rest else ""
        said.append(f"{sums.passed} of {plural(sums.judged, *RULES[level])} passed{told}{aside}.")
    return tuple(said)


def requirement_table(reading: Reading, titles: Mapping[str, str]) -> Table:
    """Each requirement that rules refer to: how many of those rules passed, of how many that could be judged."""
    groups: dict[str, list[Finding]] = {}
    for one in in_order(one for one in reading.verdict.findings if one.level is not Level.OFF):
        for code in one.requirements or ("",):
            groups.setdefault(code, []).append(one)
    rows = [_requirement(code, groups[code], titles) for code in sorted(groups, key=lambda one: (not one, one))]
    columns = (
        Column("requirement", "name"), Column("passed", "word"), Column("failed", "n"), Column("not judged", "n"),
        Column("waived", "n"), Column("rules"),
    )  # fmt: skip
    return Table("requirements", "Rules by the requirement they speak to", columns, tuple(rows))


def _requirement(code: str, found: list[Finding], titles: Mapping[str, str]) -> Row:
    sums = tally(found)
    good = sums.judged and sums.passed == sums.judged
    style = "good" if good else "bad" if sums.failed else "open" if sums.judged else "quiet"
    share = f"{sums.passed} of {sums.judged}" if sums.judged else "none applies"
    poor = [f"{one.rule}: {outcome(one)[0]}" for one in found if outcome(one)[0] not in ("passed", "does not apply")]
    names = ", ".join(one.rule for one in found)
    return Row((
        text(code or "no requirement named", notes=(titles.get(code, ""),)), text(share, style), number(sums.failed),
        number(sums.missing), number(sums.waived), _rules(names, poor, sums.judged),
    ))  # fmt: skip


def _rules(names: str, poor: list[str], judged: int) -> Cell:
    return text(
        "; ".join(poor) or ("all that apply passed" if judged else "none of them applies here"),
        notes=(names,),
        limit=700,
    )
