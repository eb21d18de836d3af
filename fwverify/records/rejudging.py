"""Judging packed evidence again, by the packed texts alone, and telling line by line what is equal.

Pure: texts and values in, values out. Rules may have changed since; then the lines that differ say so, and the old
verdict stands as what was decided then.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fwverify.errors import PolicyError
from fwverify.evaluate.policy import Policy
from fwverify.evaluate.policy_text import parse_policy
from fwverify.evaluate.stage import evaluate
from fwverify.evaluate.waiver_text import parse_waiver
from fwverify.evaluate.waivers import GivenWaiver
from fwverify.model.canonical import Json, canonical, identify, to_json
from fwverify.model.evidence import Evidence
from fwverify.model.verdict import Assessment, Verdict

SAME = "as before, but not for the same reasons or in the same words"
LABELS = ("name", "subject", "locator", "observed", "declared", "source", "value")
"""Fields of facts that say what they are about, the best first."""
CIRCUMSTANCES_OF_FACTS = ("schema", "delivery", "settings", "at")
"""Fields of evidence that say how and where, not what."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Two values, line by line."""

    lines: int
    different: tuple[str, ...]
    """One text a line that is not equal: which, what it was, what it is now."""


def policy_of(texts: Sequence[tuple[str, str]]) -> Policy:
    """The policy from (name, text) of itself and of each one above it, in this order. Raises PolicyError."""
    rest = iter(texts)

    def following(_: str) -> Policy:
        name, text = next(rest, ("", ""))
        if not name:
            raise PolicyError("the policy it extends is not there")
        return parse_policy(text, name, following)

    found = following("")
    if next(rest, None) is not None:
        raise PolicyError("there are more policies than extend one another")
    return found


def waivers_of(texts: Sequence[tuple[str, str]]) -> tuple[GivenWaiver, ...]:
    """The waivers from (name, text), sorted by id. Raises WaiverError."""
    return tuple(sorted((parse_waiver(text, name) for name, text in texts), key=lambda one: one.id))


def judge(evidence: Evidence, policy: Policy, at: str, waivers: Sequence[GivenWaiver] = ()) -> Assessment:
    """The assessment of stored evidence; the verdict names the digest of the evidence as it was stored."""
    verdict = evaluate(policy, evidence, at, evidence_digest=identify(evidence), waivers=waivers)
    return Assessment(evidence, verdict)


def compare(then: Mapping[str, Json], now: Verdict, *, skip: Sequence[str] = ()) -> Compared:
    """Every line of two verdicts: the fields, and each rule's finding. What the older one does not have is no line.

    Args:
        then: the verdict as a report has it.
        now: the new one.
        skip: fields that are not compared.
    """
    after = _table(to_json(now))
    names = [one for one in then if one != "findings" and one not in skip]
    different = [
        f"{name.replace('_', ' ')}: was {_short(then[name])}, is now {_short(after.get(name))}"
        for name in names
        if canonical(then[name]) != canonical(after.get(name))
    ]
    old, new = _findings(then), _findings(after)
    rules = sorted({*old, *new})
    different.extend(text for rule in rules if (text := _finding(rule, old.get(rule), new.get(rule))))
    return Compared(len(names) + len(rules), tuple(sorted(different, key=_weight)))


def _weight(text: str) -> int:
    """The decision first, then rules that came out otherwise, then the rest."""
    return 0 if text.startswith("decision:") else 1 if text.startswith("rule ") and SAME not in text else 2


def _findings(verdict: Mapping[str, Json]) -> dict[str, Mapping[str, Json]]:
    listed = verdict.get("findings")
    tables = [_table(one) for one in listed] if isinstance(listed, list) else []
    return {str(one.get("rule")): one for one in tables}


def _finding(rule: str, before: Mapping[str, Json] | None, after: Mapping[str, Json] | None) -> str:
    """How a rule's finding differs; empty: not at all."""
    if before is None or after is None:
        return f"rule {rule}: {'was not asked then' if before is None else 'is not asked now'}"
    if all(canonical(before[name]) == canonical(after.get(name)) for name in before):
        return ""
    was, now = (f"{one.get('level')} {one.get('outcome')}" for one in (before, after))
    if was != now:
        return f"rule {rule}: was {was}, is now {now}"
    return f"rule {rule}: {was} {SAME}"


def _table(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def completed(then: Evidence, now: Evidence) -> tuple[Evidence, str]:
    """New facts with what only the first run could know, and what that is in words; empty: nothing.

    The approved release and the image to go back to were given to the first run beside the delivery.
    """
    taken = [
        words
        for value, words in (
            (then.approved, "the approved release"),
            (then.changes, "what changed since"),
            (then.rollback, "the image to go back to"),
        )
        if value is not None
    ]
    text = f"{', '.join(taken)}: as the pack has it, not established again" if taken else ""
    return replace(now, approved=then.approved, changes=then.changes, rollback=then.rollback), text


def compare_facts(then: Evidence, now: Evidence) -> Compared:
    """Every fact of two runs over the same files: a line for each that is equal and each thing that is not.

    Where and how they ran is in `circumstances`.
    """
    before = _table(to_json(replace(then, trust=replace(then.trust, source=""))))
    after = _table(to_json(replace(now, trust=replace(now.trust, source=""))))
    lines, different = 0, []
    for name in before:
        if name in CIRCUMSTANCES_OF_FACTS:
            continue
        rows, others = _rows(before[name]), _rows(after[name])
        told = _told(name, rows - others, others - rows)
        lines += len(rows & others) + len(told)
        different += told
    return Compared(lines, tuple(different))


def _told(name: str, gone: set[str], new: set[str]) -> list[str]:
    """One text for each thing whose facts differ, by the thing's own name."""
    old, now = (Counter(_label(json.loads(one)) for one in rows) for rows in (gone, new))
    out = []
    for label in sorted({*old, *now}):
        what = "is otherwise now" if label in old and label in now else "is new" if label in now else "is gone"
        out.append(f"{name.replace('_', ' ')}: {_short(label) or 'the whole'} {what}")
    return out


def _label(row: Json) -> str:
    """What a fact is about, for people."""
    if isinstance(row, list) and row and isinstance(row[0], list):
        row = {"locator": row[0]}  # a row of the ledger
    if not isinstance(row, dict):
        return _short(row)
    for name in LABELS:
        value = row.get(name)
        if isinstance(value, dict):
            return _label(value)
        if isinstance(value, list) and value:
            return "!".join(str(step[0]) for step in value if isinstance(step, list) and step)
        if isinstance(value, str) and value:
            return value
    return ""


def _rows(value: Json) -> set[str]:
    """What is compared one by one: the entries of a list, else the value."""
    inner = value.get("spans") if isinstance(value, dict) and set(value) == {"spans"} else value
    return {canonical(one).decode() for one in (inner if isinstance(inner, list) else [inner])}


def circumstances(then: Evidence, now: Evidence) -> tuple[str, ...]:
    """What was otherwise about the two runs themselves; told, and no difference of facts."""
    told = []
    if then.settings.isolation != now.settings.isolation:
        told.append(f"isolation was {then.settings.isolation}, is now {now.settings.isolation}")
    tools, others = dict(then.settings.tools), dict(now.settings.tools)
    told += [
        f"{name} was {tools.get(name, 'not there')}, is now {others.get(name, 'not there')}"
        for name in sorted({*tools, *others})
        if tools.get(name) != others.get(name)
    ]
    gone = sorted({*then.settings.plugins} - {*now.settings.plugins})
    new = sorted({*now.settings.plugins} - {*then.settings.plugins})
    told += [f"readers no longer there: {', '.join(gone)}"] if gone else []
    told += [f"readers that are new: {', '.join(new)}"] if new else []
    return tuple(told)


def _short(value: object) -> str:
    text = value if isinstance(value, str) else canonical(value).decode()
    return text if len(text) <= 120 else f"{text[:117]}..."
