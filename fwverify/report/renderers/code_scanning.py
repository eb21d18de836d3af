"""SARIF 2.1.0 for GitHub's code scanning: what needs somebody's attention, nothing else.

GitHub Docs, "SARIF support for code scanning", read 2026-11-23: only some properties are read. `kind` and
`suppressions` are not, so passed rules and waived items would be open alerts: they are left out. A required rule that
failed is an error, one that could not be judged a warning; every result has one location, as the upload wants it. An
upload without results closes earlier alerts and is no pass: the gate is the exit status. Does NOT hold everything:
`sarif` does.
"""

from __future__ import annotations

from fwverify.model.canonical import Json
from fwverify.model.plugin import Doc
from fwverify.model.verdict import Assessment
from fwverify.report import sarif_log
from fwverify.report.interface import Context, Renderer
from fwverify.report.problems import problems

SHOWN = 5_000
"""Results of a run that GitHub keeps; the heaviest come first."""


def render(assessment: Assessment, context: Context) -> str:
    """The document, ending with a newline."""
    index = sarif_log.order(assessment)
    found = [one for one in problems(assessment, context) if not one.waived]
    results: list[dict[str, Json]] = [
        sarif_log.of_problem(one, index[one.finding.rule], lines=True) for one in found[:SHOWN]
    ]
    return sarif_log.log(assessment, context, results)


RENDERER = Renderer(
    name="code-scanning",
    render=render,
    suffix=".code-scanning.sarif",
    doc=Doc(
        title="SARIF for GitHub code scanning",
        vendor="GitHub",
        references=("GitHub Docs, SARIF support for code scanning, read 2026-11-23", "SARIF 2.1.0 errata 01"),
        limitations=("Passed rules and waived items are left out: GitHub would show them as alerts.",),
    ),
)
