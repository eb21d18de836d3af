"""GitLab's code quality report, for `artifacts: reports: codequality`.

GitLab Docs, "Code Quality", section on custom tools, read 2026-11-23: a JSON list of objects with `description`,
`check_name`, `fingerprint`, `severity` and `location` (`path` relative, without `./`; `lines.begin`). Fingerprints are
unique in the list: GitLab drops the second of two. What blocks is `blocker`, what warns `major`, the rest `info`; a
decision that is not PASS is an entry of its own. Waived items are left out: the form has no word for them.
"""

from __future__ import annotations

import hashlib
import json

from fwverify.model.plugin import Doc
from fwverify.model.verdict import Assessment, Decision
from fwverify.report.headline import action, word
from fwverify.report.interface import Context, Renderer
from fwverify.report.neutral import visible
from fwverify.report.problems import Places, Weight, headline, problems

SEVERITIES = {Weight.ERROR: "blocker", Weight.WARNING: "major", Weight.NOTE: "info"}


def render(assessment: Assessment, context: Context) -> str:
    """The list, ending with a newline."""
    entries: list[dict[str, object]] = []
    if assessment.verdict.decision is not Decision.PASS:
        weight, said = headline(assessment)
        text = f"{word(assessment.verdict)}: {action(assessment.verdict)}. {said}"
        entries.append(_entry("decision", text, weight, Places(assessment, context).of(""), "decision"))
    for one in problems(assessment, context):
        if not one.waived:
            print_ = one.item.fingerprint if one.item else ""
            entries.append(_entry(one.finding.rule, one.text, one.weight, one.path, print_))
    _make_unique(entries)
    return json.dumps(entries, indent=1, ensure_ascii=True) + "\n"


def _entry(check: str, text: str, weight: Weight, path: str, print_: str) -> dict[str, object]:
    digest = hashlib.sha256("\0".join((check, path, print_ or text)).encode("utf-8", "backslashreplace"))
    return {
        "description": visible(text),
        "check_name": check,
        "fingerprint": digest.hexdigest(),
        "severity": SEVERITIES[weight],
        "location": {"path": visible(path), "lines": {"begin": 1}},
    }


def _make_unique(entries: list[dict[str, object]]) -> None:
    seen: dict[object, int] = {}
    for one in entries:
        count = seen[one["fingerprint"]] = seen.get(one["fingerprint"], 0) + 1
        if count > 1:
            one["fingerprint"] = hashlib.sha256(f"{one['fingerprint']} {count}".encode()).hexdigest()


RENDERER = Renderer(
    name="gitlab",
    render=render,
    suffix=".codequality.json",
    doc=Doc(
        title="GitLab code quality report",
        vendor="GitLab",
        references=("GitLab Docs, Code Quality, read 2026-11-23",),
        limitations=("Waived items are left out; firmware has no lines, so every entry is on line 1.",),
    ),
)
