"""SARIF 2.1.0, complete: every rule with its kind (pass, fail, open, notApplicable), waivers as suppressions.

See `report.sarif_log` for the specification. For archives and SARIF viewers. Do NOT upload it to GitHub: code scanning
reads neither kinds nor suppressions and shows passed rules as alerts; `code-scanning` is made for that.
"""

from __future__ import annotations

from fwverify.model.finding import Outcome
from fwverify.model.plugin import Doc
from fwverify.model.verdict import Assessment
from fwverify.report import sarif_log
from fwverify.report.interface import Context, Renderer
from fwverify.report.problems import Places, problems, told


def render(assessment: Assessment, context: Context) -> str:
    """The document, ending with a newline."""
    index, path = sarif_log.order(assessment), Places(assessment, context).of("")
    poor = [sarif_log.of_problem(one, index[one.finding.rule], lines=False) for one in problems(assessment, context)]
    rest = [
        sarif_log.of_rest(one, index[one.rule], path)
        for one in told(assessment)
        if one.outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE)
    ]
    return sarif_log.log(assessment, context, [*poor, *rest])


RENDERER = Renderer(
    name="sarif",
    render=render,
    suffix=".sarif",
    doc=Doc(
        title="SARIF 2.1.0, every rule",
        vendor="OASIS",
        references=("SARIF 2.1.0 errata 01, sections 3.11, 3.14, 3.27 and 3.35, read 2026-11-23",),
        limitations=("Not for GitHub's code scanning, which shows passed rules as alerts: see code-scanning.",),
    ),
)
