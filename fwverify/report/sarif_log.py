"""An assessment as a SARIF log: the parts that the complete form and the one for GitHub's code scanning share.

SARIF 2.1.0 (OASIS, errata 01), read 2026-11-23: run 3.14, result 3.27, kind 3.27.9, level 3.27.10, suppressions 3.35,
messages 3.11. GitHub Docs, "SARIF support for code scanning", read 2026-11-23: counts, one location each. Every kind
but `fail` has level `none`, as 3.27.10 wants it. Deterministic: no times but that of judging, no random identifiers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import quote

from fwverify.model.canonical import Json
from fwverify.model.evidence import ArtifactRecord, Gap
from fwverify.model.finding import Finding, Level, Outcome
from fwverify.model.verdict import Assessment
from fwverify.report.interface import Context
from fwverify.report.neutral import shortened, visible
from fwverify.report.problems import MESSAGE_LIMIT, Places, Problem, Weight, text, told, weight

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ABOUT = "https://fwverify.example/"
MAX_RESULTS = 25_000
"""GitHub refuses a file with more."""
MAX_NOTIFICATIONS = 200
MAX_TAGS = 10
"""GitHub shows no more."""
LEVELS = {Weight.ERROR: "error", Weight.WARNING: "warning", Weight.NOTE: "note"}
KINDS = {
    Outcome.PASS: "pass",
    Outcome.FAIL: "fail",
    Outcome.NOT_EVALUATED: "open",
    Outcome.NOT_APPLICABLE: "notApplicable",
}


def log(assessment: Assessment, context: Context, results: Sequence[dict[str, Json]]) -> str:
    """The document, ending with a newline."""
    verdict = assessment.verdict
    listed: list[Json] = list(results[:MAX_RESULTS])
    run: dict[str, Json] = {
        "tool": {"driver": _driver(assessment, context)},
        "automationDetails": {"id": f"fwverify/{_uri(assessment.evidence.delivery)}/"},
        "invocations": [_invocation(assessment, context, len(results) - len(listed))],
        "artifacts": _artifacts(assessment, context),
        "columnKind": "utf16CodeUnits",
        "results": listed,
        "properties": {
            "decision": verdict.decision.value,
            "contentOnly": verdict.content_only,
            "policy": visible(f"{verdict.policy_id} {verdict.policy_version}"),
            "policySha256": verdict.policy_digest,
            "evidenceSha256": verdict.evidence_digest,
            "judgedAt": verdict.judged_at,
            "originStrength": verdict.strength.value,
            "sampleKeys": verdict.sample_keys,
        },
    }
    document: dict[str, Json] = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=1, ensure_ascii=True).replace("\x7f", "\\u007f") + "\n"


def order(assessment: Assessment) -> dict[str, int]:
    """Rule -> its place in the driver's list."""
    return {rule: at for at, rule in enumerate(sorted({one.rule for one in told(assessment)}))}


def result(
    finding: Finding, message: str, *, level: str, kind: str, path: str, subject: str, index: int, lines: bool
) -> dict[str, Json]:
    """One result with exactly one location.

    Args:
        finding: what it is about.
        message: plain text.
        level: one of SARIF's, `none` for every kind but `fail`.
        kind: one of SARIF's; empty: left out, which means `fail`.
        path: the delivered file.
        subject: what in it, in fwverify's words.
        index: of the rule in the driver's list.
        lines: GitHub wants a line; firmware has none, so it gets the first.
    """
    physical: dict[str, Json] = {"artifactLocation": {"uri": _uri(path)}}
    if lines:
        physical["region"] = {"startLine": 1}
    location: dict[str, Json] = {"physicalLocation": physical}
    if subject:
        location["logicalLocations"] = [{"fullyQualifiedName": shortened(subject, MESSAGE_LIMIT)}]
    out: dict[str, Json] = {"ruleId": finding.rule, "ruleIndex": index}
    out |= {"kind": kind} if kind else {}
    return out | {
        "level": level,
        "message": {"text": _message(message)},
        "locations": [location],
        "properties": {"outcome": finding.outcome.value, "required": finding.level is Level.MUST},
    }


def of_problem(one: Problem, index: int, *, lines: bool) -> dict[str, Json]:
    """A result for something that failed or was not judged. With `lines` for a reader that knows no kinds."""
    kind = "" if lines else KINDS[one.finding.outcome]
    level = LEVELS[one.weight] if lines or kind == "fail" else "none"
    subject = one.item.subject if one.item else ""
    made = result(
        one.finding, one.text, level=level, kind=kind, path=one.path, subject=subject, index=index, lines=lines
    )
    if one.item is not None and one.item.fingerprint:
        made["partialFingerprints"] = {"fwverifyItem/v1": one.item.fingerprint}
    if one.item is not None and one.item.waiver is not None and not lines:
        waiver = one.item.waiver
        why = f"{waiver.id}: {waiver.reason}; approved by {waiver.approved_by}, until {waiver.expires}"
        made["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": shortened(why, MESSAGE_LIMIT)}
        ]
    return made


def of_rest(finding: Finding, index: int, path: str) -> dict[str, Json]:
    """A result for a rule that passed or does not apply."""
    return result(
        finding, text(finding), level="none", kind=KINDS[finding.outcome], path=path, subject="", index=index,
        lines=False,
    )  # fmt: skip


def _message(text_: str) -> str:
    """Brackets make links in plain messages (3.11.6): escaped."""
    return visible(text_).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")


def _uri(path: str) -> str:
    return quote(path, safe="/._-~", errors="backslashreplace")


def _driver(assessment: Assessment, context: Context) -> dict[str, Json]:
    versions = dict(assessment.evidence.settings.tools)
    findings = {one.rule: one for one in told(assessment)}
    rules: list[Json] = [_rule(findings[rule], context) for rule in order(assessment)]
    version = versions.get("fwverify", "")
    made: dict[str, Json] = {"name": "fwverify", "informationUri": ABOUT, "rules": rules}
    return made | ({"semanticVersion": visible(version)} if version else {})


def _rule(finding: Finding, context: Context) -> dict[str, Json]:
    measures = context.measures.get(finding.rule, finding.rule)
    parts = [measures]
    parts += [f"Does not prove: {finding.not_proven}"] if finding.not_proven else []
    parts += [f"Requirements: {', '.join(finding.requirements)}."] if finding.requirements else []
    worst = weight(finding, verdict_fails=False) if finding.outcome is Outcome.FAIL else _level(finding)
    tags: list[Json] = ["firmware", *finding.requirements[: MAX_TAGS - 1]]
    return {
        "id": finding.rule,
        "shortDescription": {"text": _message(measures)},
        "fullDescription": {"text": _message(" ".join(parts))},
        "help": {"text": _message("\n".join(parts).replace("\n", " "))},
        "defaultConfiguration": {"level": LEVELS[worst]},
        "properties": {"tags": tags, "required": finding.level is Level.MUST},
    }


def _level(finding: Finding) -> Weight:
    return {Level.MUST: Weight.ERROR, Level.SHOULD: Weight.WARNING}.get(finding.level, Weight.NOTE)


def _invocation(assessment: Assessment, context: Context, left_out: int) -> dict[str, Json]:
    gaps = assessment.evidence.gaps
    notes: list[Json] = [_notification(_gap(one), "warning") for one in gaps[:MAX_NOTIFICATIONS]]
    if len(gaps) > MAX_NOTIFICATIONS:
        notes.append(_notification(f"and {len(gaps) - MAX_NOTIFICATIONS} more parts not examined", "warning"))
    if left_out:
        notes.append(_notification(f"{left_out} results left out here; the JSON report has them", "error"))
    made: dict[str, Json] = {"executionSuccessful": True, "toolExecutionNotifications": notes}
    return made | ({"exitCode": context.exit_status} if context.exit_status >= 0 else {})


def _gap(one: Gap) -> str:
    return f"Not examined ({one.reason.value}): {shortened(str(one.locator), 200)}: {shortened(one.detail, 400)}"


def _notification(text_: str, level: str) -> dict[str, Json]:
    return {"level": level, "message": {"text": _message(text_)}}


def _artifacts(assessment: Assessment, context: Context) -> list[Json]:
    places = Places(assessment, context)
    return [_artifact(one, places) for one in assessment.evidence.artifacts if one.role is not None]


def _artifact(one: ArtifactRecord, places: Places) -> dict[str, Json]:
    sha256 = next((digest.hex for digest in one.digests if digest.algorithm == "sha256"), "")
    uri = _uri(places.file(one.locator.steps[0].member))
    return {"location": {"uri": uri}, "length": one.size, "hashes": {"sha-256": sha256}}
