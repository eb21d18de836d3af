"""Workflow commands that GitHub shows as annotations of a run: `::error file=...,title=...::text`.

GitHub Docs, "Workflow commands for GitHub Actions", read 2026-11-23: in values `%`, CR and LF are percent-encoded, in
properties `:` and `,` too. Ten annotations of a kind are shown for a step, so there is one for each rule, the heaviest
first, and the last one says how many more there are. Every line is one command: no text of a delivery ever begins a
line. It does NOT carry everything: the SARIF and JSON forms do.
"""

from __future__ import annotations

from collections.abc import Iterable

from fwverify.model.plugin import Doc
from fwverify.model.verdict import Assessment
from fwverify.report.headline import action, word
from fwverify.report.interface import Context, Renderer
from fwverify.report.neutral import shortened, visible
from fwverify.report.problems import MESSAGE_LIMIT, Places, Problem, Weight, headline, problems
from fwverify.report.reading import read
from fwverify.report.rows import whose

SHOWN = 10
"""Annotations of one kind that GitHub shows for a step."""
NAMED = 3
"""Items named in one annotation."""
COMMANDS = {Weight.ERROR: "error", Weight.WARNING: "warning", Weight.NOTE: "notice"}


def render(assessment: Assessment, context: Context) -> str:
    """The commands, one a line."""
    weight, said = headline(assessment)
    title = f"fwverify {word(assessment.verdict)}: {whose(read(assessment))}"
    sample = " SAMPLE KEYS in use: this proves nothing about any real vendor." if assessment.verdict.sample_keys else ""
    place = Places(assessment, context).of("")
    first = _command(weight, place, title, f"{action(assessment.verdict)}. {said}{sample}")
    found = problems(assessment, context)
    rest = [one for kind in Weight for one in _kind(kind, found, used=int(kind is weight))]
    return "".join(f"{line}\n" for line in (first, *rest))


def _kind(kind: Weight, found: Iterable[Problem], used: int) -> list[str]:
    """Annotations of one kind, one for each rule and state, as many as are shown."""
    groups: dict[str, list[Problem]] = {}
    for one in found:
        if one.weight is kind:
            groups.setdefault(one.finding.rule, []).append(one)
    room = SHOWN - used
    listed = list(groups.values())
    if len(listed) <= room:
        return [_of(kind, one) for one in listed]
    rest = ", ".join(one[0].finding.rule for one in listed[room - 1 :])
    more = _command(kind, "", f"fwverify: {len(listed) - room + 1} more", shortened(rest, MESSAGE_LIMIT))
    return [*(_of(kind, one) for one in listed[: room - 1]), more]


def _of(kind: Weight, group: list[Problem]) -> str:
    first = group[0]
    lines = [first.text]
    also = [one.item for one in group[1:NAMED] if one.item is not None]
    lines += [shortened(f"also {one.subject}: {one.detail}", MESSAGE_LIMIT) for one in also]
    if len(group) > NAMED:
        lines.append(f"and {len(group) - NAMED} more")
    return _command(kind, first.path, f"fwverify {first.finding.rule}", "\n".join(lines))


def _command(kind: Weight, path: str, title: str, text: str) -> str:
    where = f"file={_property(path)}," if path else ""
    body = "%0A".join(_value(line) for line in text.split("\n"))
    return f"::{COMMANDS[kind]} {where}title={_property(title)}::{body}"


def _value(text: str) -> str:
    return visible(text).replace("%", "%25")


def _property(text: str) -> str:
    return _value(text).replace(":", "%3A").replace(",", "%2C")


RENDERER = Renderer(
    name="github",
    render=render,
    suffix=".github.txt",
    doc=Doc(
        title="GitHub annotations",
        vendor="GitHub",
        references=("GitHub Docs, Workflow commands for GitHub Actions, read 2026-11-23",),
        limitations=("At most ten annotations of a kind; the last one names what was left out.",),
    ),
)
