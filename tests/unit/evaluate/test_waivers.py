"""Which items a waiver covers, and what is told of the others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwverify.evaluate.waivers import GivenWaiver
from fwverify.model.component import DiscrepancyKind
from fwverify.model.evidence import Evidence
from fwverify.model.finding import Outcome
from fwverify.model.verdict import Decision, Verdict
from fwverify.model.waiver import WaiverStatus
from tests.unit.evaluate.builders import AT, FW, broken, component, evidence, good, judged, row, sha256, signature

RULES = "signature.valid: must\ncomponent.undeclared: {level: must, min-confidence: 0.5}"
RULE = "component.undeclared"


def planted(*names: str) -> Evidence:
    """Components that the SBOM does not name."""
    rows = [row(DiscrepancyKind.UNDECLARED, one) for one in names]
    return good(discrepancies=tuple(rows), components=tuple(component(one) for one in names))


def fingerprints(found: Evidence, rules: str = RULES, rule: str = RULE) -> tuple[str, ...]:
    (finding,) = [one for one in judged(found, rules).findings if one.rule == rule]
    return tuple(one.fingerprint for one in finding.items)


def waiver(items: tuple[str, ...], **changes: object) -> GivenWaiver:
    plain = GivenWaiver(
        id="W-1", digest="a" * 64, source="W-1.yaml", rules=(RULE,), items=items, images=(sha256(str(FW)).hex,),
        product="", versions=(), reason="it is known", controls=("port closed",), risk_owner="head",
        requested_by="M. Lee", approved_by=("D. Kim", "J. Ortiz"), valid_from="2026-10-01", expires="2027-03-01",
    )  # fmt: skip
    return replace(plain, **changes)


def with_waivers(found: Evidence, *waivers: GivenWaiver, rules: str = RULES, head: str = "") -> Verdict:
    return judged(found, rules, head, waivers=waivers)


def test_covers_what_it_names() -> None:
    """The decision changes, the outcome does not, and the page is told who answers for it."""
    found = planted("telnetd")
    assert judged(found, RULES).decision is Decision.FAIL
    verdict = with_waivers(found, waiver(fingerprints(found)))
    assert verdict.decision is Decision.PASS
    (finding,) = [one for one in verdict.findings if one.rule == RULE]
    assert finding.outcome is Outcome.FAIL
    assert finding.items[0].waiver is not None
    (use,) = verdict.waivers
    assert (use.status, use.covered, use.met, use.why, use.digest) == (WaiverStatus.USED, 1, 1, "", "a" * 64)
    assert (
        "Waived by W-1 until 2027-03-01 (D. Kim, J. Ortiz), and still failed: component.undeclared."
        in verdict.conditions[0].text
    )


def test_a_new_item_is_not_covered() -> None:
    """A waiver for one component says nothing about the next one."""
    given = waiver(fingerprints(planted("telnetd")))
    verdict = with_waivers(planted("telnetd", "nc"), given)
    assert verdict.decision is Decision.FAIL
    (finding,) = [one for one in verdict.findings if one.rule == RULE]
    assert [one.waiver is not None for one in finding.items].count(True) == 1
    assert "component.undeclared (1 of 2 items)" in verdict.conditions[0].text


def test_what_was_not_evaluated_can_be_waived() -> None:
    """It stays open and is counted as waived; the decision still needs something earned."""
    found = evidence(signature())
    rules = "signature.valid: must\nversion.minimum: {level: must, if-absent: not_evaluated}"
    assert judged(found, rules).decision is Decision.INCONCLUSIVE
    items = fingerprints(found, rules, "version.minimum")
    verdict = with_waivers(found, waiver(items, rules=("version.minimum",)), rules=rules)
    assert verdict.decision is Decision.PASS
    assert "still open: version.minimum" in verdict.conditions[0].text


REFUSED = [
    ({"images": ("b" * 64,)}, "for other image bytes", WaiverStatus.REFUSED),
    ({"approved_by": ("m.  LEE",), "requested_by": "M. Lee"}, "M. Lee", WaiverStatus.REFUSED),
    ({"requested_by": " d. kim"}, "asked for it and approved it", WaiverStatus.REFUSED),
    ({"approved_by": ("D. Kim",)}, "component.undeclared is required, so two people", WaiverStatus.REFUSED),
    ({"approved_by": ("D. Kim", "d. kim")}, "two people must approve", WaiverStatus.REFUSED),
    ({"expires": "2026-11-21"}, "it expired on 2026-11-21", WaiverStatus.EXPIRED),
    ({"valid_from": "2026-11-23"}, "it counts only from 2026-11-23", WaiverStatus.NOT_YET),
    ({"expires": "2027-03-31"}, "it would last 181 days; the most is 180", WaiverStatus.REFUSED),
    ({"expires": "2026-09-30"}, "it expires before it begins", WaiverStatus.REFUSED),
    ({"images": (), "product": "acme-pdu", "versions": (("==", "3.1.0"),)}, "not for acme-ups", WaiverStatus.REFUSED),
    ({"images": (), "product": "acme-ups", "versions": (("<", "3.1.0"),)}, "not for version 3.1.0",
     WaiverStatus.REFUSED),
    ({"images": (), "product": "acme-ups", "versions": (("<", "4"),), "approved_by": ("D. Kim",)},
     "for a product instead of image digests two people", WaiverStatus.REFUSED),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "why", "status"), REFUSED)
def test_what_does_not_count_is_told(changes: dict[str, object], why: str, status: WaiverStatus) -> None:
    """It names the failing item; the decision is as without it, and the reason stands in the conditions."""
    found = planted("telnetd")
    verdict = with_waivers(found, waiver(fingerprints(found), **changes))
    assert verdict.decision is Decision.FAIL
    (use,) = verdict.waivers
    assert (use.status, use.covered, use.met) == (status, 0, 1)
    assert why in use.why
    assert any("W-1 does not count" in one.text and why in one.text for one in verdict.conditions)


@pytest.mark.parametrize("last", ["2026-11-22", "2027-03-30"])
def test_the_last_day_counts(last: str) -> None:
    """And 180 days are not too many."""
    found = planted("telnetd")
    assert with_waivers(found, waiver(fingerprints(found), expires=last)).decision is Decision.PASS


def test_product_and_versions() -> None:
    """With two approvers a waiver may be for releases of a product, as signed bytes state their version."""
    found = planted("telnetd")
    given = waiver(fingerprints(found), images=(), product="acme-ups", versions=((">=", "3.0"), ("<", "3.2")))
    assert with_waivers(found, given).decision is Decision.PASS
    unsigned = with_waivers(replace(found, claims=()), given)
    assert "no signed bytes say which version" in unsigned.waivers[0].why


def test_every_image_must_be_named() -> None:
    """A second image beside the waived one is not covered with it."""
    found = planted("telnetd")
    second = replace(found.artifacts[0], digests=(sha256("second"),))
    verdict = with_waivers(replace(found, artifacts=(*found.artifacts, second)), waiver(fingerprints(found)))
    assert "for other image bytes" in verdict.waivers[0].why


def test_unwaivable() -> None:
    """The policy names rules that nobody can sign away."""
    found = planted("telnetd")
    verdict = with_waivers(found, waiver(fingerprints(found)), head=f"unwaivable: [{RULE}]")
    assert verdict.decision is Decision.FAIL
    assert f"the policy test lets nobody waive {RULE}" in verdict.waivers[0].why


def test_unwaivable_where_it_failed() -> None:
    """Nothing to check may be waived; a failure of the same rule may not."""
    head = "unwaivable-failures: [signature.valid]"
    rules = "signature.valid: must\norigin.no-method: must"
    nothing = evidence()
    open_ = waiver(fingerprints(nothing, rules, "signature.valid"), rules=("signature.valid",))
    assert with_waivers(nothing, open_, rules=rules, head=head).waivers[0].status is WaiverStatus.USED
    wrong = evidence(broken())
    failed = waiver(fingerprints(wrong, rules, "signature.valid"), rules=("signature.valid",))
    verdict = with_waivers(wrong, failed, rules=rules, head=head)
    assert verdict.decision is Decision.FAIL
    assert "lets nobody waive signature.valid where it failed" in verdict.waivers[0].why


def test_one_approver_for_advice() -> None:
    """Two people are asked for only where the rule is required."""
    found = planted("telnetd")
    rules = RULES.replace("{level: must", "{level: should")
    verdict = with_waivers(found, waiver(fingerprints(found), approved_by=("D. Kim",)), rules=rules)
    assert verdict.waivers[0].status is WaiverStatus.USED
    assert [one.rule for one in verdict.conditions].count(RULE) == 0, "the failed advice itself is not told again"


def test_others_fingerprints_have_no_effect() -> None:
    """A waiver of something else is of no use here, and is said to be."""
    found = planted("telnetd")
    verdict = with_waivers(found, waiver(("c" * 64,)))
    assert verdict.findings == judged(found, RULES).findings
    assert verdict.waivers[0].status is WaiverStatus.UNUSED
    told = "1 waiver not used here: W-1 (it was written for other items of component.undeclared than those here)"
    assert told in verdict.conditions[-1].text
    sound = with_waivers(good(), waiver(("c" * 64,)))
    assert "W-1 (nothing here is what it was written for)" in sound.conditions[-1].text


def test_ends_soon() -> None:
    """Thirty days ahead every report says so."""
    found = planted("telnetd")
    verdict = with_waivers(found, waiver(fingerprints(found), expires="2026-12-22"))
    assert any("ends in 30 days, on 2026-12-22" in one.text for one in verdict.conditions)
    later = with_waivers(found, waiver(fingerprints(found), expires="2026-12-23"))
    assert not any("ends in" in one.text for one in later.conditions)


def test_judged_at() -> None:
    """The days are counted from the time of judging."""
    found = planted("telnetd")
    assert with_waivers(found, waiver(fingerprints(found))).waivers[0].days_left == 99
    assert AT.startswith("2026-11-22")


@pytest.mark.parametrize("name", ["d kim", "D.\u200b Kim", "\uff24. Kim", "D. \u039aim", "D. K\u00edm"])
def test_one_person_under_two_spellings(name: str) -> None:
    """Other capitals, invisible characters, wide forms, look-alikes of other scripts and accents make no second one."""
    found = planted("telnetd")
    twice = waiver(fingerprints(found), approved_by=("D. Kim", name))
    own = waiver(fingerprints(found), requested_by=name)
    for one in (twice, own):
        assert with_waivers(found, one).decision is Decision.FAIL
