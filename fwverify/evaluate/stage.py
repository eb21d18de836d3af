"""Evidence and policy -> Verdict. The only thing `pipeline` calls of this room; pure.

1. Complete what the operator expects: options first, then the policy's `expect`. Never from the delivery.
2. Judge the key of every valid signature (keys), sum what accepted ones cover (coverage), find the rung of the ladder
   (strength); judge the image to go back to alike (way_back).
3. Ask every rule the policy names; make a Finding of each answer.
4. Mark the items that a waiver covers (waivers); find the last day of the answer (validity).
5. Fold the findings into a decision (`model.verdict.decide`) and list what to know beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from fwverify.evaluate.claims import covered_claims
from fwverify.evaluate.conditions import conditions
from fwverify.evaluate.coverage import covering, share, uncovered_ranges
from fwverify.evaluate.interface import Case, Judged, Rule
from fwverify.evaluate.keys import Accepted, Demands, accept
from fwverify.evaluate.policy import Policy, RuleSetting
from fwverify.evaluate.registry import BUILTIN
from fwverify.evaluate.strength import strength
from fwverify.evaluate.validity import last_day
from fwverify.evaluate.waivers import GivenWaiver, apply, delivered
from fwverify.evaluate.way_back import rules_for, way_back
from fwverify.model.canonical import canonical, identify
from fwverify.model.evidence import Evidence, SignatureObservation, SignatureStatus, TrustSnapshot
from fwverify.model.expectation import Expectation
from fwverify.model.finding import Finding, Item, Level, Outcome
from fwverify.model.verdict import Verdict, decide

COMPONENT_SCHEMES = frozenset({"kmod", "authenticode"})
"""Schemes whose signatures belong to single programs of an image."""
PINNED = "signature.signer-pinned"
COVERAGE = "signature.coverage"
"""Rules whose parameters shape the shared judgements, at whatever level the policy has them."""


def evaluate(
    policy: Policy,
    evidence: Evidence,
    at: str,
    *,
    trust: TrustSnapshot | None = None,
    evidence_digest: str,
    rules: Sequence[Rule] = BUILTIN,
    waivers: Sequence[GivenWaiver] = (),
) -> Verdict:
    """Judge evidence by a policy.

    Args:
        policy: loaded with the same rules.
        evidence: fresh or stored.
        at: the time to judge by, RFC 3339 in UTC.
        trust: another key registry than the evidence's (`reassess --keys`).
        evidence_digest: recorded in the verdict.
        rules: the rules that exist.
        waivers: that the operator gave. They change what an item bears on, never an outcome.
    """
    evidence = replace(evidence, signatures=speaking(evidence))
    expectation, installed_from = _expectation(policy, evidence)
    snapshot = trust or evidence.trust
    judge = _Keys(policy, evidence, snapshot, expectation, at)
    back = way_back(evidence, lambda old: _judged_alike(policy, old, at, trust, rules))
    case = replace(judge.case(), way_back=back)
    findings = tuple(
        _finding(one, setting, case)
        for one in rules
        if (setting := policy.rule(one.id)) is not None and setting.level is not Level.OFF
    )
    versions = sorted({one.value for one in covered_claims(evidence, case.covered, case.accepted)})
    findings, uses = apply(waivers, findings, policy, delivered(evidence, expectation.product, versions, at))
    last = last_day(policy, case, uses)
    return Verdict(
        decision=decide(findings, on_missing_fail=policy.on_missing == "fail", content_only=policy.content_only),
        content_only=policy.content_only,
        action=policy.action,
        policy_id=policy.id,
        policy_version=policy.version,
        policy_digest=policy.digest,
        policy_source=policy.source,
        evidence_digest=evidence_digest,
        judged_at=at,
        vendor=_vendor(expectation, snapshot, judge.firmware),
        product=expectation.product,
        version=" / ".join(versions),
        installed=expectation.installed,
        installed_from=installed_from,
        strength=case.strength,
        signed=case.signed,
        findings=findings,
        conditions=conditions(policy, case, findings, uses),
        sample_keys=any(one.sample for one in (*judge.firmware.keys.values(), *judge.sbom.keys.values())),
        waivers=uses,
        valid_until=last.day,
        valid_why=last.why,
        way_back=back,
    )


def _judged_alike(
    policy: Policy, evidence: Evidence, at: str, trust: TrustSnapshot | None, rules: Sequence[Rule]
) -> Verdict:
    """The image to go back to, by the same policy but for the rules on the change itself."""
    digest = identify(evidence)
    return evaluate(policy, evidence, at, trust=trust, evidence_digest=digest, rules=rules_for(rules))


def speaking(evidence: Evidence) -> tuple[SignatureObservation, ...]:
    """The signatures that say something about the delivery.

    A kernel module or a Windows program deep inside an image is often signed by a key nobody delivered or pinned. That
    says nothing about where the image comes from, and nothing is wrong with it; it stays in the evidence.
    """
    delivered = {one.locator for one in evidence.artifacts if one.role is not None}
    return tuple(
        one
        for one in evidence.signatures
        if one.scheme not in COMPONENT_SCHEMES
        or one.source in delivered
        or one.status is SignatureStatus.VALID
        or (one.status is SignatureStatus.INVALID and (one.keys or one.fingerprint))
    )


class _Keys:
    """The judgements that several rules share."""

    def __init__(
        self, policy: Policy, evidence: Evidence, trust: TrustSnapshot, expectation: Expectation, at: str
    ) -> None:
        self.policy, self.evidence, self.trust, self.at = policy, evidence, trust, at
        self.expectation = expectation
        least = policy.value(PINNED, "min-confirmations")
        self.demands = Demands(
            at=at,
            vendor=expectation.vendor,
            product=expectation.product,
            purpose="firmware",
            sample_keys=policy.allow_sample_keys,
            tofu=policy.value(PINNED, "allow-tofu") is True,
            confirmations=least if isinstance(least, int) else 2,
        )
        self.firmware = accept(evidence.signatures, trust, self.demands, evidence.trust)
        self.sbom = accept(evidence.signatures, trust, replace(self.demands, purpose="sbom"), evidence.trust)
        self.provenance = accept(
            evidence.signatures, trust, replace(self.demands, purpose="provenance"), evidence.trust
        )

    def case(self) -> Case:
        evidence, firmware = self.evidence, self.firmware
        ignore = self.policy.value(COVERAGE, "ignore")
        padding = isinstance(ignore, tuple) and "padding" in ignore
        wide = replace(self.demands, tofu=True, confirmations=0)
        ladder = accept(evidence.signatures, self.trust, wide, evidence.trust)
        return Case(
            evidence=evidence,
            trust=self.trust,
            expectation=self.expectation,
            at=self.at,
            allow_sample_keys=self.policy.allow_sample_keys,
            accepted=tuple(one for one in evidence.signatures if identify(one) in firmware.keys),
            accepted_keys=firmware.keys,
            refused=firmware.refused,
            provenance=tuple(
                one
                for one in evidence.signatures
                if identify(one) in firmware.keys or identify(one) in self.provenance.keys
            ),
            signed=share(evidence, firmware.keys, firmware.refused, ignore_padding=padding),
            strength=strength(evidence, ladder.keys, ignore_padding=padding),
            covered=covering(
                evidence,
                [one for one in evidence.signatures if identify(one) in firmware.keys],
                [one for one in evidence.signatures if identify(one) in self.sbom.keys],
            ),
            uncovered=uncovered_ranges(evidence, firmware.keys.keys()),
        )


def _expectation(policy: Policy, evidence: Evidence) -> tuple[Expectation, str]:
    """The operator's options completed by the policy's `expect`, and who stated the installed version.

    What a policy says of a unit (version installed, device) is about its own product, not about another one asked for.
    """
    options, defaults = evidence.expectation, policy.expect
    if options.product and defaults.product and options.product != defaults.product:
        defaults = replace(defaults, installed="", device=())
    merged = replace(
        options,
        vendor=options.vendor or defaults.vendor,
        product=options.product or defaults.product,
        installed=options.installed or defaults.installed,
        device=options.device or defaults.device,
        minimum=options.minimum or defaults.minimum,
        minimum_counter=options.minimum_counter if options.minimum_counter >= 0 else defaults.minimum_counter,
    )
    if options.installed:
        return merged, "--installed" if options.source == "options" else options.source
    return merged, f"policy {policy.id}" if merged.installed else ""


def _vendor(expectation: Expectation, trust: TrustSnapshot, accepted: Accepted) -> str:
    """The vendor in the registry's words; where none is expected, that of the accepted keys if they agree."""
    wanted = expectation.vendor.casefold() or (accepted.vendors()[0] if len(accepted.vendors()) == 1 else "")
    names = [one.legal_name for one in trust.keys if one.vendor.casefold() == wanted.casefold() and one.legal_name]
    return names[0] if names and wanted else expectation.vendor or wanted


def _finding(rule: Rule, setting: RuleSetting, case: Case) -> Finding:
    judged = rule.judge(case, setting.values())
    return Finding(
        rule=rule.id,
        level=setting.level,
        default_level=rule.default,
        outcome=judged.outcome,
        message=judged.message,
        items=tuple(_identified(rule.id, one) for one in _items(judged, case)),
        expected=judged.expected,
        observed=judged.observed,
        denominator=judged.denominator,
        remedy=judged.remedy,
        not_proven=rule.not_proven,
        requirements=rule.requirements,
    )


def _items(judged: Judged, case: Case) -> tuple[Item, ...]:
    """What a waiver could bind to: a fail or a missing answer always has one thing it is about."""
    if judged.outcome not in (Outcome.FAIL, Outcome.NOT_EVALUATED):
        return ()
    return judged.items or (Item(case.evidence.delivery, judged.outcome.value),)


def _identified(rule: str, item: Item) -> Item:
    """With its fingerprint: rule, subject and detail in lower case with single blanks, stable across runs."""
    detail = " ".join(item.detail.casefold().split())
    return replace(item, fingerprint=hashlib.sha256(canonical([rule, item.subject, detail])).hexdigest())
