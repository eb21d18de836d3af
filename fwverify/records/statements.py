"""In-toto statements about a judged delivery: what a pack says in words that other tools read.

Sources, read 2026-11-23: in-toto attestation `spec/v1/statement.md`; SLSA `verification_summary/v1`; in-toto predicate
`test-result/v0.1`. Four statements:

1. SLSA verification summary over the images: PASSED, or FAILED for everything else. It knows nothing between, so an
   inconclusive verdict is FAILED there; ours says which.
2. test-result over the images: rules by outcome. Waived and advisory failures are warnings.
3. Our own (REPORT_PREDICATE) over the images: the verdict whole, and report.json by digest. The facts stay in
   report.json: an envelope of 60 MiB would be read by nobody.
4. Our own (layout.PACK_SCHEMA) over SHA256SUMS and report.json: this pack and no other file.

Payloads are canonical JSON, so the same report gives the same bytes. They hold no time but that of the verdict.
"""

from __future__ import annotations

from collections.abc import Mapping

from fwverify.formats import strict_json
from fwverify.formats.in_toto import PAYLOAD_TYPE
from fwverify.model.artifact import Role
from fwverify.model.canonical import Json, canonical, to_json
from fwverify.model.evidence import ArtifactRecord, Evidence
from fwverify.model.examining import Malformed
from fwverify.model.finding import Finding, Level, Outcome
from fwverify.model.verdict import Assessment, Decision
from fwverify.records.layout import PACK_SCHEMA, REPORT, SUMS

__all__ = ["PAYLOAD_TYPE", "about", "payloads", "predicate_type", "wrong"]

STATEMENT = "https://in-toto.io/Statement/v1"
SUMMARY = "https://slsa.dev/verification_summary/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
REPORT_PREDICATE = "https://fwverify.example/verdict/1"
VERIFIER = "https://fwverify.example/fwverify"
RESOURCE = "https://fwverify.example/delivery/"
"""What was verified has no address of its own: this, and the SHA-256 of the evidence."""


def payloads(
    assessment: Assessment, verdict: Json, report_sha256: str, sums_sha256: str, tool: str
) -> tuple[bytes, ...]:
    """The statements of a pack, in their order.

    Args:
        assessment: what was judged.
        verdict: its verdict as report.json has it.
        report_sha256: of report.json, hexadecimal.
        sums_sha256: of SHA256SUMS.
        tool: version of fwverify.
    """
    images = about(assessment.evidence)
    pack: list[Json] = [_subject(SUMS, sums_sha256), _subject(REPORT, report_sha256)]
    return tuple(
        canonical({"_type": STATEMENT, "subject": subject, "predicateType": kind, "predicate": predicate})
        for kind, subject, predicate in (
            (SUMMARY, images, _summary(assessment, report_sha256, tool)),
            (TEST_RESULT, images, _test_result(assessment)),
            (REPORT_PREDICATE, images, _verdict(assessment, verdict, report_sha256)),
            (PACK_SCHEMA, pack, {"tool": tool, "delivery": assessment.evidence.delivery}),
        )
    )


def wrong(payload: bytes, expected: bytes) -> str:
    """Why a signed payload is not the statement that this report and pack give; empty when it is.

    Other versions of fwverify may word a predicate otherwise, so what binds is compared: type, subjects, and in the
    predicate everything that both have. Raises Malformed.
    """
    found, wanted = _fields(payload), _fields(expected)
    if found.get("subject") != wanted["subject"]:
        return "is about other files"
    mine, theirs = wanted["predicate"], found.get("predicate")
    if not isinstance(theirs, dict) or not isinstance(mine, dict):
        return "says nothing"
    changed = [name for name in mine if name in theirs and name != "tool" and theirs[name] != mine[name]]
    missing = [name for name in mine if name not in theirs]
    return f"says something else than the report: {', '.join((*changed, *missing))}" if changed or missing else ""


def predicate_type(payload: bytes) -> str:
    """What kind of statement it is. Raises Malformed."""
    kind = _fields(payload).get("predicateType")
    return kind if isinstance(kind, str) else ""


def about(evidence: Evidence) -> list[Json]:
    """The images as subjects, in the order of the evidence; every delivered file where there is no image."""
    delivered = [one for one in evidence.artifacts if one.role is not None]
    images = [one for one in delivered if one.role is Role.IMAGE] or delivered
    return [_of(one) for one in images]


def _of(one: ArtifactRecord) -> Json:
    digests: dict[str, Json] = {digest.algorithm: digest.value.hex() for digest in one.digests}
    return {"name": str(one.locator), "digest": digests}


def _subject(name: str, sha256: str) -> Json:
    return {"name": name, "digest": {"sha256": sha256}}


def _summary(assessment: Assessment, report_sha256: str, tool: str) -> Json:
    verdict = assessment.verdict
    return {
        "verifier": {"id": VERIFIER, "version": {"fwverify": tool}},
        "timeVerified": verdict.judged_at,
        "resourceUri": f"{RESOURCE}{verdict.evidence_digest}",
        "policy": {"uri": verdict.policy_source, "digest": {"sha256": verdict.policy_digest}},
        "inputAttestations": [{"uri": REPORT, "digest": {"sha256": report_sha256}}],
        "verificationResult": "PASSED" if verdict.decision is Decision.PASS else "FAILED",
        "verifiedLevels": ["SLSA_BUILD_LEVEL_UNEVALUATED"],  # how it was built is another question
        "slsaVersion": "1.0",
    }


def _test_result(assessment: Assessment) -> Json:
    verdict = assessment.verdict
    names: dict[str, list[Json]] = {"passedTests": [], "warnedTests": [], "failedTests": []}
    for one in verdict.findings:
        if (where := _counted(one)) is not None:
            names[where].append(one.rule)
    result = "WARNED" if names["warnedTests"] else "PASSED"
    policy = {"name": verdict.policy_source, "digest": {"sha256": verdict.policy_digest}}
    return {
        "result": result if verdict.decision is Decision.PASS else "FAILED",
        "configuration": [to_json(policy)],
        **names,
    }


def _counted(finding: Finding) -> str | None:
    """Which list of a test-result a rule is in: what a required rule could not judge has failed there."""
    if finding.outcome is Outcome.PASS:
        return "passedTests"
    if finding.outcome is Outcome.NOT_APPLICABLE:
        return None
    required = finding.level is Level.MUST and not finding.waived
    return "failedTests" if required else "warnedTests"


def _verdict(assessment: Assessment, verdict: Json, report_sha256: str) -> Json:
    return {
        "verdict": verdict,
        "report": {"sha256": report_sha256},
        "evidence": {"sha256": assessment.verdict.evidence_digest},
    }


def _fields(payload: bytes) -> Mapping[str, object]:
    found = strict_json.load(payload, "statement")
    if not isinstance(found, dict):
        raise Malformed("statement", "not a JSON object")
    return found
