"""Properties of the one fold that makes a decision."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from fwverify.model.finding import Finding, Item, Level, Outcome, Waiver
from fwverify.model.verdict import EARNING_FAMILIES, Decision, decide

RULES = [*(f"{one}.x" for one in sorted(EARNING_FAMILIES)), "package.x", "sbom.x", "component.x"]
RANK = {Decision.FAIL: 0, Decision.INCONCLUSIVE: 1, Decision.PASS: 2}
WAIVER = Waiver("w", "r", "a", "2027-01-01")


def make(rule: str, level: Level, outcome: Outcome, waived: bool) -> Finding:
    items = (Item("s", "d", waiver=WAIVER if waived else None),)
    return Finding(rule, level, level, outcome, "m.", items if outcome in (Outcome.FAIL, Outcome.NOT_EVALUATED) else ())


finding = st.builds(
    make, st.sampled_from(RULES), st.sampled_from(list(Level)), st.sampled_from(list(Outcome)), st.booleans()
)
findings = st.lists(finding, max_size=8)
bad = st.builds(
    make,
    st.sampled_from(RULES),
    st.sampled_from(list(Level)),
    st.sampled_from([Outcome.FAIL, Outcome.NOT_EVALUATED, Outcome.NOT_APPLICABLE]),
    st.booleans(),
)
flags = st.fixed_dictionaries({"on_missing_fail": st.booleans(), "content_only": st.booleans()})


@given(findings, bad, flags)
def test_bad_news_never_improves(some: list[Finding], more: Finding, how: dict[str, bool]) -> None:
    """Adding a finding that did not pass never makes the decision better."""
    assert RANK[decide([*some, more], **how)] <= RANK[decide(some, **how)]


@given(findings, st.sampled_from(RULES), st.sampled_from([Outcome.FAIL, Outcome.NOT_EVALUATED]), flags)
def test_bad_required_news_never_leaves_a_pass(
    some: list[Finding], rule: str, outcome: Outcome, how: dict[str, bool]
) -> None:
    """One required rule that failed or was not evaluated, unwaived, and there is no pass."""
    assert decide([*some, make(rule, Level.MUST, outcome, False)], **how) is not Decision.PASS


@given(findings, finding, flags)
def test_advice_never_matters(some: list[Finding], more: Finding, how: dict[str, bool]) -> None:
    """Findings that are not required change nothing."""
    if more.level is not Level.MUST:
        assert decide([*some, more], **how) is decide(some, **how)


@given(findings, st.randoms(use_true_random=False), flags)
def test_order_never_matters(some: list[Finding], dice: random.Random, how: dict[str, bool]) -> None:
    """Findings are a set."""
    mixed = list(some)
    dice.shuffle(mixed)
    assert decide(mixed, **how) is decide(some, **how)


@given(flags)
def test_nothing_is_inconclusive(how: dict[str, bool]) -> None:
    """No findings, no answer."""
    assert decide([], **how) is Decision.INCONCLUSIVE


@given(findings, flags)
def test_a_pass_is_earned(some: list[Finding], how: dict[str, bool]) -> None:
    """Every pass rests on a required rule that passed, of a family that says something about origin."""
    if decide(some, **how) is Decision.PASS:
        earned = [one for one in some if one.level is Level.MUST and one.outcome is Outcome.PASS]
        assert any(how["content_only"] or one.rule.partition(".")[0] in EARNING_FAMILIES for one in earned)


def test_waiver_changes_bearing_not_outcome() -> None:
    """A waived fail does not fail, and earns nothing either."""
    waived = make("signature.x", Level.MUST, Outcome.FAIL, True)
    assert decide([waived]) is Decision.INCONCLUSIVE
    assert decide([waived, make("origin.x", Level.MUST, Outcome.PASS, False)]) is Decision.PASS
    half = Finding("signature.x", Level.MUST, Level.MUST, Outcome.FAIL, "m.", (*waived.items, Item("new", "d")))
    assert decide([half, make("origin.x", Level.MUST, Outcome.PASS, False)]) is Decision.FAIL


def test_the_fold_by_example() -> None:
    """The table of rules.md, without chance: one unevaluated or failed required rule beside an earned pass decides."""
    earned = make("signature.x", Level.MUST, Outcome.PASS, waived=False)
    missing = make("component.x", Level.MUST, Outcome.NOT_EVALUATED, waived=False)
    failed = make("component.x", Level.MUST, Outcome.FAIL, waived=False)
    assert decide([earned]) is Decision.PASS
    assert decide([earned, missing]) is Decision.INCONCLUSIVE
    assert decide([earned, missing], on_missing_fail=True) is Decision.FAIL
    assert decide([earned, failed]) is Decision.FAIL
    assert decide([make("sbom.x", Level.MUST, Outcome.PASS, waived=False)]) is Decision.INCONCLUSIVE
    assert decide([make("signature.x", Level.SHOULD, Outcome.PASS, waived=False)]) is Decision.INCONCLUSIVE
