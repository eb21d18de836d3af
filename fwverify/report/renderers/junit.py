"""JUnit XML: one test case for each rule, and one for the decision.

There is no standard; this is the common part that Jenkins (junit-10.xsd of its xUnit plug-in), GitLab ("Unit test
reports") and Azure DevOps read, 2026-11-23. Required: failed is `failure`, not judged is `error`. Everything else that
is no pass (advisory, waived, not applicable, not judged though only advised) is `skipped` with the reason: a pipeline
would otherwise stop for it, and passed it is not. The case `decision` is there because a run can be inconclusive
although no rule failed. It does NOT carry times: rules take none.
"""

from __future__ import annotations

from html import escape

from fwverify.model.finding import Finding, Level, Outcome
from fwverify.model.plugin import Doc
from fwverify.model.verdict import Assessment, Decision
from fwverify.report.headline import action, word
from fwverify.report.interface import Context, Renderer
from fwverify.report.neutral import shortened, visible
from fwverify.report.problems import MESSAGE_LIMIT, open_counts, text, told

MAX_ITEMS = 50
"""Items printed of one finding; the count says how many there are."""
FAILURE, ERROR, SKIPPED = "failure", "error", "skipped"


def render(assessment: Assessment, context: Context) -> str:
    """The document, ending with a newline."""
    verdict = assessment.verdict
    strict = open_counts(assessment)
    cases = [_decision(assessment), *(_case(one, strict) for one in told(assessment))]
    kinds = [kind for kind, _ in cases]
    counts = f'tests="{len(cases)}" failures="{kinds.count(FAILURE)}" errors="{kinds.count(ERROR)}"'
    suite = (
        f'<testsuite name="{_attribute("fwverify " + assessment.evidence.delivery)}" {counts} '
        f'skipped="{kinds.count(SKIPPED)}" time="0" timestamp="{_attribute(verdict.judged_at.removesuffix("Z"))}">'
    )
    facts = {
        "decision": verdict.decision.value,
        "policy": f"{verdict.policy_id} {verdict.policy_version}",
        "policy-sha256": verdict.policy_digest,
        "evidence-sha256": verdict.evidence_digest,
        "origin-strength": f"{verdict.strength.value} of 5",
        "sample-keys": "yes" if verdict.sample_keys else "no",
    }
    properties = [f'<property name="{name}" value="{_attribute(value)}"/>' for name, value in facts.items()]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {counts}>", suite,
        "<properties>", *properties, "</properties>", *(body for _, body in cases), "</testsuite>", "</testsuites>",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _attribute(value: str) -> str:
    """Text that is harmless in an attribute and in an element, and that XML 1.0 allows."""
    return escape(visible(value), quote=True)


def _decision(assessment: Assessment) -> tuple[str, str]:
    verdict = assessment.verdict
    kind = {Decision.FAIL: FAILURE, Decision.INCONCLUSIVE: ERROR, Decision.PASS: ""}[verdict.decision]
    said = f"{word(verdict)}: {action(verdict)}"
    sample = "SAMPLE KEYS in use: this proves nothing about any real vendor." if verdict.sample_keys else ""
    return kind, _testcase("decision", "fwverify", kind, said, sample)


def _case(finding: Finding, strict: bool) -> tuple[str, str]:
    kind, reason = _kind(finding, strict)
    message = f"{reason}: {finding.message}" if reason else text(finding)
    family = finding.rule.partition(".")[0]
    return kind, _testcase(finding.rule, f"fwverify.{family}", kind, shortened(message, MESSAGE_LIMIT), _body(finding))


def _kind(finding: Finding, strict: bool) -> tuple[str, str]:
    """Which element, and for a skipped one the reason in a word or two."""
    if finding.outcome is Outcome.PASS:
        return "", ""
    if finding.outcome is Outcome.NOT_APPLICABLE:
        return SKIPPED, "not applicable"
    if finding.waived:
        return SKIPPED, "waived"
    if finding.level is not Level.MUST:
        word_ = "advisory" if finding.level is Level.SHOULD else "noted"
        return SKIPPED, word_ if finding.outcome is Outcome.FAIL else f"{word_}, not judged"
    if finding.outcome is Outcome.FAIL:
        return FAILURE, ""
    return (FAILURE if strict else ERROR), ""


def _body(finding: Finding) -> str:
    lines = [f"level {finding.level.value}, {finding.outcome.value}"]
    for label, value in (
        ("expected", finding.expected), ("observed", finding.observed), ("of", finding.denominator),
        ("do", finding.remedy), ("does not prove", finding.not_proven),
        ("requirements", ", ".join(finding.requirements)),
    ):  # fmt: skip
        lines += [f"{label}: {shortened(value, MESSAGE_LIMIT)}"] if value else []
    for one in finding.items[:MAX_ITEMS]:
        waived = f" (waived by {one.waiver.id} until {one.waiver.expires})" if one.waiver else ""
        detail = "" if one.detail in ("", finding.outcome.value) else f": {one.detail}"
        lines.append(shortened(f"- {one.subject}{detail}{waived}", MESSAGE_LIMIT))
    if len(finding.items) > MAX_ITEMS:
        lines.append(f"and {len(finding.items) - MAX_ITEMS} more")
    return "\n".join(lines)


def _testcase(name: str, family: str, kind: str, message: str, body: str) -> str:
    inside = "\n".join(_attribute(line) for line in body.split("\n"))
    if kind:
        inner = f'<{kind} type="{kind}" message="{_attribute(message)}">{inside}</{kind}>'
    else:
        inner = f"<system-out>{_attribute(message)}{chr(10) if inside else ''}{inside}</system-out>"
    return f'<testcase name="{_attribute(name)}" classname="{_attribute(family)}" time="0">{inner}</testcase>'


RENDERER = Renderer(
    name="junit",
    render=render,
    suffix=".junit.xml",
    doc=Doc(
        title="JUnit XML",
        vendor="fwverify",
        references=(
            "Jenkins xUnit plug-in, junit-10.xsd, read 2026-11-23",
            "GitLab, Unit test reports, read 2026-11-23",
        ),
        limitations=("Advisory rules that failed are skipped, with the reason: a pipeline would stop for them.",),
    ),
)
