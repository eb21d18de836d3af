"""Whatever waivers are given: outcomes stay, unwaivable rules stay, and what a waiver does not name stays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fwverify.evaluate.policy_text import parse_policy
from fwverify.evaluate.waivers import Delivered, GivenWaiver, apply, approvers, standing
from fwverify.model.finding import Finding, Item, Level, Outcome
from fwverify.model.verdict import Decision, decide
from fwverify.model.waiver import WaiverUse

RULES = ("signature.valid", "sbom.present", "component.undeclared", "package.limits")
UNWAIVABLE = ("signature.valid", "package.limits")
POLICY = parse_policy(
    f'fwverify: policy/1\nid: p\nversion: "1"\ntitle: T\nunwaivable: [{", ".join(UNWAIVABLE)}]\nrules: {{}}\n',
    "p.yaml",
    lambda name: (_ for _ in ()).throw(AssertionError(name)),
)
AT = "2026-11-22T00:00:00Z"
PRINTS = st.sampled_from([one * 64 for one in "abcdef"])
PEOPLE = st.sampled_from(["A. Ames", "B. Bose", "C. Cruz", " a. ames "])
DAYS = st.sampled_from(["2026-06-01", "2026-10-01", "2026-11-22", "2026-12-01", "2027-03-01"])
IMAGES = ("1" * 64, "2" * 64)
HERE = Delivered(frozenset(IMAGES[:1]), "acme-ups", ("3.1.0",), AT)


@st.composite
def findings(draw: st.DrawFn) -> tuple[Finding, ...]:
    """One finding for each rule, with items where it failed or is open."""
    out = []
    for rule in RULES:
        outcome = draw(st.sampled_from(Outcome))
        poor = outcome in (Outcome.FAIL, Outcome.NOT_EVALUATED)
        prints = draw(st.lists(PRINTS, min_size=1, max_size=3, unique=True)) if poor else []
        items = tuple(Item("s", "d", one) for one in prints)
        level = draw(st.sampled_from([Level.MUST, Level.SHOULD, Level.INFO]))
        out.append(Finding(rule, level, level, outcome, "m", items))
    return tuple(out)


WAIVERS = st.builds(
    GivenWaiver,
    id=st.sampled_from(["W-1", "W-2"]),
    digest=PRINTS,
    source=st.just("w.yaml"),
    rules=st.lists(st.sampled_from(RULES), min_size=1, max_size=3).map(tuple),
    items=st.lists(PRINTS, min_size=1, max_size=4).map(tuple),
    images=st.lists(st.sampled_from(IMAGES), max_size=2).map(tuple),
    product=st.sampled_from(["acme-ups", "acme-pdu"]),
    versions=st.sampled_from([(("==", "3.1.0"),), (("<", "3.1.0"),)]),
    reason=st.just("r"),
    controls=st.just(("c",)),
    risk_owner=st.just("o"),
    requested_by=PEOPLE,
    approved_by=st.lists(PEOPLE, min_size=1, max_size=3).map(tuple),
    valid_from=DAYS,
    expires=DAYS,
)


def applied(found: tuple[Finding, ...], *waivers: GivenWaiver) -> tuple[tuple[Finding, ...], tuple[WaiverUse, ...]]:
    return apply(waivers, found, POLICY, HERE)


@given(findings(), st.lists(WAIVERS, max_size=4, unique_by=lambda one: one.digest))
def test_a_waiver_changes_bearing_and_nothing_else(found: tuple[Finding, ...], waivers: list[GivenWaiver]) -> None:
    """Rule, level, outcome, message and items are what they were; unwaivable rules carry no mark; marks are earned."""
    after, uses = applied(found, *waivers)
    assert len(uses) == len(waivers)
    for old, new in zip(found, after, strict=True):
        assert (new.rule, new.level, new.outcome, new.message) == (old.rule, old.level, old.outcome, old.message)
        assert [one.fingerprint for one in new.items] == [one.fingerprint for one in old.items]
        for item in new.items:
            if item.waiver is None:
                continue
            assert new.rule not in UNWAIVABLE
            assert any(
                new.rule in one.rules and item.fingerprint in one.items and not standing(one, AT)
                and len(approvers(one)) > (new.level is Level.MUST)
                for one in waivers
            )  # fmt: skip


@given(findings(), st.lists(WAIVERS, max_size=4, unique_by=lambda one: one.digest))
def test_nothing_unearned_passes(found: tuple[Finding, ...], waivers: list[GivenWaiver]) -> None:
    """With waivers or without: a pass needs something earned, and no unwaivable rule that failed or is open."""
    after, _ = applied(found, *waivers)
    if decide(after) is Decision.PASS:
        assert any(
            one.outcome is Outcome.PASS and one.level is Level.MUST and one.rule == "signature.valid" for one in found
        )
        assert not any(
            one.rule in UNWAIVABLE and one.level is Level.MUST and one.outcome in (Outcome.FAIL, Outcome.NOT_EVALUATED)
            for one in found
        )


@given(findings(), WAIVERS)
def test_other_fingerprints(found: tuple[Finding, ...], waiver: GivenWaiver) -> None:
    """A waiver that names no item of the findings changes nothing at all."""
    present = {item.fingerprint for one in found for item in one.items}
    after, (use,) = applied(found, waiver)
    if not present.intersection(waiver.items):
        assert after == found
        assert use.covered == 0


@given(findings(), st.lists(WAIVERS, max_size=4, unique_by=lambda one: one.digest))
def test_order_of_files_decides_nothing(found: tuple[Finding, ...], waivers: list[GivenWaiver]) -> None:
    """The same waivers in another order give the same findings and the same account."""
    assert applied(found, *waivers) == applied(found, *reversed(waivers))
