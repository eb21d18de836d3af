"""One case of a corpus through the real pipeline.

A case's folder of files becomes a delivery, what it pins a registry and an expectation (`pins`), and `verify` runs over
it under the policy corpus-strict beside this file.

Status of a case, from the observations alone: `invalid` when any signature or checksum on it does not hold; else
`valid` when a valid signature (or a checksum the operator gave) reaches the artefact; else what the best observation
says; `none` when nothing speaks of it.
"""

from __future__ import annotations

import json
import shutil
import traceback
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fwverify.cli.policies_io import load_policy
from fwverify.errors import FwverifyError, IngestError
from fwverify.evaluate.policy import Policy
from fwverify.model.canonical import identify
from fwverify.model.evidence import Evidence, SignatureStatus
from fwverify.model.finding import Outcome
from fwverify.model.verdict import Assessment
from fwverify.pipeline import verify
from fwverify.trust.registry import load
from tests.corpus import pins
from tests.corpus.pinned_constraints import CannotPin

POLICY = Path(__file__).with_name("corpus-strict.yaml")
LEVELS = ("must", "should")
NOT_YET = frozenset({"tuf", "suit", "jws"})
"""Formats that are recognised and not verified: right is whatever accepts none of theirs."""
ASKED = ("package.product-match", "version.minimum", "version.security-counter")
"""Rules on what a case pins beside keys: no verifier that was told may pass what is for another device or too old."""
LISTED = "checksums"
"""The format whose cases have no key: a checksum in the list is all there is."""


@dataclass(frozen=True)
class Result:
    """What became of one case."""

    format: str
    id: str
    level: str
    expected: str
    """`valid`, `invalid`, or empty where the manifest does not say."""
    status: str
    decision: str
    """`pass`, `fail`, `inconclusive`, or `error`: the case could not be run."""
    rules: tuple[str, ...]
    """Rules that failed or were not evaluated, as `rule: outcome`."""
    reason: str
    about: str
    """The manifest's own words on the case."""

    @property
    def accepted(self) -> bool:
        """`must` by the status and what was asked for, `should` by the decision (of lists nobody signs: no failure)."""
        if self.format == LISTED and self.level != "must":
            return self.status == "valid" and self.decision in ("pass", "inconclusive")
        if self.level != "must":
            return self.decision == "pass"
        return self.status == "valid" and not any(f"{one}: fail" in self.rules for one in ASKED)

    @property
    def agrees(self) -> bool | None:
        if self.decision == "error":
            return False
        if self.format in NOT_YET:
            return not self.accepted
        return None if not self.expected else self.accepted == (self.expected == "valid")

    def row(self) -> dict[str, Any]:
        return {
            "format": self.format, "id": self.id, "level": self.level, "expected": self.expected,
            "status": self.status, "decision": self.decision, "rules": list(self.rules), "reason": self.reason,
        }  # fmt: skip


def run(folder: Path, at: str) -> list[Result]:
    """All cases of all manifests below a folder."""
    policy = load_policy(str(POLICY))
    found = []
    for manifest in sorted(folder.rglob("manifest.json")):
        document = json.loads(manifest.read_text())
        name = document.get("format", manifest.parent.name)
        cases = document["cases"]
        found += [_case(manifest.parent, name, one, policy, at or document.get("generated", "")) for one in cases]
    return found


def _case(base: Path, name: str, case: dict[str, Any], policy: Policy, at: str) -> Result:
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        try:
            status, assessment = _verified(base, name, case, policy, _moment(at), folder)
        except (IngestError, CannotPin) as problem:
            return _result(name, case, "none", "inconclusive", (), str(problem))
        except FwverifyError as problem:
            return _result(name, case, "none", "error", (), str(problem))
        except Exception as problem:  # one bug must not hide what becomes of the other cases; it is a disagreement
            where = traceback.extract_tb(problem.__traceback__)[-1]
            told = f"crashed: {type(problem).__name__}: {problem} ({Path(where.filename).name}:{where.lineno})"
            return _result(name, case, "none", "error", (), told)
    verdict = assessment.verdict
    rules = tuple(
        f"{one.rule}: {one.outcome.value}"
        for one in verdict.findings
        if one.outcome in (Outcome.FAIL, Outcome.NOT_EVALUATED)
    )
    return _result(name, case, status, verdict.decision.value, rules, _reason(assessment))


def _result(name: str, case: dict[str, Any], status: str, decision: str, rules: tuple[str, ...], reason: str) -> Result:
    level, expected = case.get("level", "must"), case.get("expected", "")
    return Result(name, case["id"], level, expected, status, decision, rules, reason, case.get("reason", ""))


def _verified(
    base: Path, name: str, case: dict[str, Any], policy: Policy, at: str, scratch: Path
) -> tuple[str, Assessment]:
    delivery = scratch / "delivery"
    delivery.mkdir()
    for relative in case["files"].values():
        shutil.copy(base / relative, delivery / Path(relative).name)
    given = pins.Pins(base, dict(case.get("pinned", {})), scratch / "keys")
    trust = load(pins.registry(given))
    assessment = verify([delivery], policy=policy, at=at, trust=trust, expectation=pins.expectation(given))
    artefact = Path(case["files"]["artifact"]).name if "artifact" in case["files"] else ""
    return _status(assessment.evidence, artefact, listed=name == LISTED), assessment


def _moment(at: str) -> str:
    return at.replace("+00:00", "Z")


def _status(evidence: Evidence, artefact: str, *, listed: bool) -> str:
    """See the module's docstring."""
    outer = [one for one in evidence.checksums if not one.inner and (one.computed is not None or listed)]
    if any(one.status is SignatureStatus.INVALID for one in evidence.signatures) or _broken(evidence, artefact, listed):
        return "invalid"
    good = {identify(one) for one in evidence.signatures if one.status is SignatureStatus.VALID}
    good |= {identify(one) for one in outer if one.holds and (one.declared_in is None or listed)}
    if _reached(evidence, good, artefact) or (listed and _listed(evidence, artefact)):
        return "valid"
    states = {one.status for one in evidence.signatures}
    for state in (SignatureStatus.UNKNOWN_KEY, SignatureStatus.UNVERIFIABLE):
        if state in states:
            return state.value
    return "unreached" if good else "none"


def _broken(evidence: Evidence, artefact: str, listed: bool) -> bool:
    """A checksum about the artefact that does not hold."""
    about = [one for one in evidence.checksums if one.subject is not None and one.subject.name == artefact]
    return any(not one.holds for one in about) or (listed and any(not one.holds for one in evidence.checksums))


def _listed(evidence: Evidence, artefact: str) -> bool:
    about = [one for one in evidence.checksums if one.subject is not None and one.subject.name == artefact]
    return any(one.holds and one.declared.algorithm in ("sha256", "sha512", "sha384", "blake2b") for one in about)


def _reached(evidence: Evidence, good: set[str], artefact: str) -> bool:
    """Something valid speaks of bytes of the artefact (how many of them is a rule's question)."""
    spans = [one for place, image in evidence.ledger.spans if place.name == artefact for one in image]
    return any(not good.isdisjoint(one.signed_by) for one in spans)


def _reason(assessment: Assessment) -> str:
    """What a reader would want to hear first."""
    told = [f"{one.scheme}: {one.status.value}, {one.detail}" for one in assessment.evidence.signatures]
    told += [one.message for one in assessment.verdict.findings if one.outcome is Outcome.FAIL]
    return "; ".join(told) or "no signature and no checksum speaks of it"
