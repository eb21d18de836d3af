"""The stage: what the verdict carries beside the findings, and that bad news never helps."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fwverify.cli.policies_io import load_policy
from fwverify.evaluate.stage import evaluate
from fwverify.model.artifact import Role
from fwverify.model.component import Discrepancy, DiscrepancyKind
from fwverify.model.evidence import (
    Anomaly,
    AnomalyKind,
    ContentKind,
    ContentObservation,
    Evidence,
    GapReason,
)
from fwverify.model.expectation import Expectation
from fwverify.model.finding import Level, Outcome
from fwverify.model.verdict import Decision
from tests.unit.evaluate.builders import (
    AT,
    FW,
    OTHER_PRINT,
    PRINT,
    SBOM,
    at,
    bare,
    broken,
    checksum,
    evidence,
    finding,
    gap,
    good,
    judged,
    key,
    record,
    row,
    sbom,
    signature,
    trust,
    unknown,
)
from tests.unit.evaluate.builders import (
    given as operators,
)

BASELINE, PRODUCTION, LAB = (load_policy(f"builtin:{one}") for one in ("baseline", "production", "lab"))
BETTER = {Decision.FAIL: 0, Decision.INCONCLUSIVE: 1, Decision.PASS: 2}


def decision(found: Evidence, policy: object = PRODUCTION) -> Decision:
    return evaluate(policy, found, AT, evidence_digest="").decision  # type: ignore[arg-type]


def test_the_three_pages() -> None:
    """Good passes, re-signed fails, unsigned is inconclusive: under production and under baseline."""
    for policy in (PRODUCTION, BASELINE):
        assert decision(good(), policy) is Decision.PASS
        assert decision(evidence(unknown()), policy) is Decision.FAIL
        assert decision(bare(), policy) is Decision.INCONCLUSIVE


def test_confirmed_checksum() -> None:
    """A checksum over another channel strengthens the record; only the bench takes it for enough."""
    found = bare(checksums=(operators(),))
    verdict = evaluate(BASELINE, found, AT, evidence_digest="")
    assert verdict.decision is Decision.INCONCLUSIVE
    assert verdict.strength.value == 2
    assert decision(found, LAB) is Decision.PASS
    assert decision(bare(checksums=(operators(holds=False),)), LAB) is Decision.FAIL


def test_on_missing_fail() -> None:
    """`on-missing: fail` makes a fail of what was not evaluated."""
    assert judged(bare(), "signature.valid: must").decision is Decision.INCONCLUSIVE
    assert judged(bare(), "signature.valid: must", "on-missing: fail").decision is Decision.FAIL


def test_content_only() -> None:
    """Contents alone earn a pass only where the policy says that it looks at nothing else."""
    rules = "secret.private-key: must"
    assert judged(good(), rules).decision is Decision.INCONCLUSIVE
    verdict = judged(good(), rules, "content-only: true")
    assert verdict.decision is Decision.PASS
    assert verdict.content_only


def test_rules_that_are_off_are_not_asked() -> None:
    """A rule the policy does not name, or switches off, makes no finding."""
    assert judged(good(), "signature.valid: off").findings == ()
    assert judged(good(), "signature.valid: off").decision is Decision.INCONCLUSIVE


def test_what_the_verdict_carries() -> None:
    """Policy, digests, time, vendor in the registry's words, version, installed version with its source."""
    verdict = evaluate(PRODUCTION, good(), AT, evidence_digest="ab" * 32)
    assert (verdict.policy_id, verdict.policy_version) == ("production", "7")
    assert verdict.policy_digest == PRODUCTION.digest
    assert verdict.policy_source == "builtin:production"
    assert (verdict.evidence_digest, verdict.judged_at) == ("ab" * 32, AT)
    assert (verdict.vendor, verdict.product, verdict.version) == ("ACME Power", "acme-ups", "3.1.0")
    assert (verdict.installed, verdict.installed_from) == ("3.0.2", "--installed")
    assert verdict.signed.by == ("acme/fw",)
    assert (verdict.signed.signed_bytes, verdict.signed.total_bytes) == (1000, 1000)
    assert not verdict.sample_keys


def test_expectation_from_the_policy() -> None:
    """The policy's `expect` completes the options; options win; the source is kept."""
    head = "expect: {vendor: volta, product: acme-ups, installed: 9.9}"
    silent = judged(good(expectation=Expectation()), "version.no-downgrade: must", head)
    assert (silent.product, silent.installed, silent.installed_from) == ("acme-ups", "9.9", "policy test")
    assert silent.findings[0].outcome is Outcome.NOT_EVALUATED, "a key of acme, volta expected: nothing is signed"
    spoken = judged(good(), "version.no-downgrade: must", head)
    assert (spoken.vendor, spoken.installed, spoken.installed_from) == ("ACME Power", "3.0.2", "--installed")
    batch = good(expectation=Expectation(installed="3.0.0", source="units.csv row 3"))
    assert judged(batch, "version.no-downgrade: must").installed_from == "units.csv row 3"
    assert judged(good(expectation=Expectation()), "version.no-downgrade: must").installed_from == ""


def test_unpinned_share() -> None:
    """What an unknown key signed is counted apart, with its fingerprint."""
    signed = evaluate(PRODUCTION, evidence(unknown()), AT, evidence_digest="").signed
    assert (signed.signed_bytes, signed.unpinned_bytes, signed.unpinned_by) == (0, 1000, (OTHER_PRINT,))
    assert signed.uncovered == ("fw.bin",)
    both = evaluate(PRODUCTION, evidence(signature(), unknown(source=at("x"))), AT, evidence_digest="").signed
    assert (both.signed_bytes, both.unpinned_bytes) == (1000, 0)


def test_conditions() -> None:
    """Failed advice, an overdue policy, no installed version, nameless versions and gaps are all said."""
    found = good(
        expectation=Expectation("acme", "acme-ups"),
        gaps=(gap(GapReason.ENCRYPTED), gap(GapReason.UNSUPPORTED, at("fw.bin", "x"))),
        discrepancies=(row(DiscrepancyKind.MATCHED, "lwip", seen=""), row(DiscrepancyKind.UNDECLARED, "dropbear")),
    )
    verdict = judged(
        found, "component.undeclared: should\nversion.no-downgrade: info", "review-by: 2026-11-21\nowner: me"
    )
    told = "\n".join(one.text for one in verdict.conditions)
    for words in (
        "dropbear",
        "--installed VERSION",
        "by me by 2026-11-21",
        "lwip: its bytes show no version; 3.0.9 is what the SBOM says.",
        "1 encrypted",
    ):
        assert words in told, words
    assert "2 places not examined: 1 in a form fwverify does not read, 1 encrypted." in told
    asked = judged(found, "version.no-downgrade: should")
    assert sum("installed" in one.text for one in asked.conditions) == 1, "said once"
    clean = judged(good(), "component.undeclared: should", "review-by: 2026-11-22")
    assert clean.conditions == ()


def test_items_are_stable_and_bindable() -> None:
    """Fingerprints depend on rule, subject and detail only; every fail and every missing answer has an item."""
    first = judged(evidence(unknown()), "signature.signer-pinned: must").findings[0]
    again = judged(evidence(unknown(detail="other words")), "signature.signer-pinned: should").findings[0]
    assert [one.fingerprint for one in first.items] == [one.fingerprint for one in again.items]
    assert all(len(one.fingerprint) == 64 for one in first.items)
    for found in (bare(), evidence(unknown()), evidence(broken())):
        for one in evaluate(PRODUCTION, found, AT, evidence_digest="").findings:
            assert bool(one.items) == (one.outcome in (Outcome.FAIL, Outcome.NOT_EVALUATED)), one.rule


def test_findings_carry_the_rule() -> None:
    """Level, default level, what it does not prove, requirements and a sentence stand on every finding."""
    for found in (good(), bare(), evidence(unknown())):
        for one in evaluate(BASELINE, found, AT, evidence_digest="").findings:
            assert one.message.endswith((".", ".)")), one.rule
            assert one.not_proven, one.rule
            assert one.level is not Level.OFF
            if one.outcome in (Outcome.FAIL, Outcome.NOT_EVALUATED):
                assert one.remedy, one.rule


def test_sample_keys_are_said() -> None:
    """A published sample key that took part marks the verdict."""
    found = good(trust=trust(key(sample=True)))
    assert judged(found, "signature.valid: must", "allow-sample-keys: true").sample_keys
    assert not judged(found, "signature.valid: must").sample_keys, "refused, so it took no part"


# --- properties --------------------------------------------------------------------------------------------------

TWO_KEYS = trust(key(), key(id="second", fingerprint=OTHER_PRINT))
VALIDITY = [
    signature(),
    signature(source=at("b.sig"), fingerprint=OTHER_PRINT, keys=("acme/second",)),
    signature(source=at("c.sig"), subject=FW),
    signature(source=at("d.sig"), algorithm="rsa-pss"),
    signature(source=at("e.sig"), signed_at=AT, time_source="rekor"),
]
BAD_NEWS = {
    "invalid signature": lambda one: with_signature(one, broken(source=at("bad.sig"))),
    "wrong checksum": lambda one: replace(one, checksums=(*one.checksums, checksum(holds=False, name="again"))),
    "second image": lambda one: replace(one, artifacts=(*one.artifacts, record(at("x.bin"), 9, Role.IMAGE))),
    "hostile name": lambda one: replace(one, anomalies=(Anomaly(AnomalyKind.TRAVERSAL, FW, "../x"),)),
    "gap": lambda one: replace(one, gaps=(*one.gaps, gap(GapReason.MALFORMED))),
    "crash": lambda one: replace(one, gaps=(*one.gaps, gap(GapReason.CRASHED))),
    "encrypted": lambda one: replace(one, gaps=(*one.gaps, gap(GapReason.ENCRYPTED))),
    "undeclared": lambda one: replace(
        one, discrepancies=(*one.discrepancies, row(DiscrepancyKind.UNDECLARED, "dropbear"))
    ),
    "other version": lambda one: replace(
        one, discrepancies=(*one.discrepancies, row(DiscrepancyKind.VERSION_DIFFERS, "zlib", "1", "2"))
    ),
    "private key": lambda one: replace(
        one, contents=(*one.contents, ContentObservation(ContentKind.PRIVATE_KEY, FW, 0, "ab", "key"))
    ),
    "another SBOM": lambda one: replace(one, sboms=(*one.sboms, sbom(locator=at("more.json")))),
    "broken SBOM": lambda one: replace(one, sboms=(sbom(schema_valid=False), *one.sboms[1:])),
}


def with_signature(found: Evidence, *more: object) -> Evidence:
    return replace(found, signatures=(*found.signatures, *more))  # type: ignore[arg-type]


def signed(signatures: list[object]) -> Evidence:
    return evidence(*signatures, trust=TWO_KEYS)  # type: ignore[arg-type]


@settings(deadline=None, max_examples=60)
@given(
    st.sets(st.integers(0, len(VALIDITY) - 1)),
    st.integers(0, len(VALIDITY) - 1),
    st.sampled_from([BASELINE, PRODUCTION]),
)
def test_losing_validity_never_helps(chosen: set[int], lost: int, policy: object) -> None:
    """Taking away a valid signature never makes a pass, and never helps as long as one is left.

    (Taking away the only one may turn a fail into inconclusive: present but too weak fails, nothing is not evaluated.)
    """
    before = [VALIDITY[one] for one in sorted(chosen | {lost})]
    after = [VALIDITY[one] for one in sorted(chosen - {lost})]
    less, more = decision(signed(after), policy), decision(signed(before), policy)
    assert less is not Decision.PASS or more is Decision.PASS
    assert not after or BETTER[less] <= BETTER[more]


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from([good(), evidence(unknown()), evidence(), bare(), good(expectation=Expectation())]),
    st.lists(st.sampled_from(sorted(BAD_NEWS)), max_size=3),
    st.sampled_from(sorted(BAD_NEWS)),
    st.sampled_from([BASELINE, PRODUCTION, LAB]),
)
def test_bad_news_never_helps(start: Evidence, some: list[str], more: str, policy: object) -> None:
    """Adding bad news to any evidence never makes the decision better."""
    before = start
    for one in some:
        before = BAD_NEWS[one](before)
    assert BETTER[decision(BAD_NEWS[more](before), policy)] <= BETTER[decision(before, policy)]


@pytest.mark.parametrize("news", sorted(set(BAD_NEWS)))
def test_bad_news_ends_a_pass(news: str) -> None:
    """Each piece of bad news alone ends the pass that the good delivery has under production."""
    assert decision(BAD_NEWS[news](good())) is not Decision.PASS


def test_fingerprint_names_the_signer() -> None:
    """The good delivery says who signed it, in blocks people can read out."""
    verdict = evaluate(PRODUCTION, good(), AT, evidence_digest="")
    pinned = next(one for one in verdict.findings if one.rule == "signature.signer-pinned")
    assert " ".join(PRINT[place : place + 4] for place in range(0, 16, 4)) in pinned.message
    assert SBOM.name


def test_versions_that_only_the_sbom_states() -> None:
    """Each with its version, in the singular or plural; `the vendor says` only where the SBOM is authentic."""
    lwip = row(DiscrepancyKind.MATCHED, "lwip", "2.1.3", seen="")
    cjson = row(DiscrepancyKind.MATCHED, "cjson", "1.7.15", seen="")
    bare = row(DiscrepancyKind.MATCHED, "lwip", "", seen="")

    def told(*rows: Discrepancy, rules: str = "sbom.authentic: must") -> str:
        return judged(good(discrepancies=rows), rules).conditions[-1].text

    assert told(lwip) == "lwip: its bytes show no version; 2.1.3 is what the vendor says."
    assert told(lwip, rules="sbom.present: must") == "lwip: its bytes show no version; 2.1.3 is what the SBOM says."
    assert told(lwip, cjson) == (
        "cjson 1.7.15, lwip 2.1.3: their bytes show no version; these are what the vendor says."
    )
    assert told(bare) == "lwip: its bytes show no version, and the SBOM states none."


def test_what_a_policy_says_of_a_unit_is_about_its_own_product() -> None:
    """The version installed of one product is not held against a release of another that was asked for."""
    head = "expect: {product: acme-ups, installed: 9.9}"
    rule = "version.no-downgrade"
    stated = replace(good().expectation, installed="")
    own = replace(good(), expectation=replace(stated, product="acme-ups"))
    assert finding(own, rule, head=head).outcome is Outcome.FAIL
    other = replace(good(), expectation=replace(stated, product="acme-pdu"))
    assert finding(other, rule, head=head).outcome is Outcome.NOT_EVALUATED
