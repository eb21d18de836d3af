"""Two verdicts and two sets of facts, told line by line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwverify.errors import PolicyError
from fwverify.evaluate.stage import evaluate
from fwverify.model.canonical import Json, identify, to_json
from fwverify.model.verdict import Verdict
from fwverify.records import rejudging
from tests.unit.evaluate.builders import good

TEXT = 'fwverify: policy/1\nid: p\nversion: "1"\ntitle: t\nowner: o\nrules:\n  signature.valid: must\n'
CHILD = 'fwverify: policy/1\nid: c\nversion: "1"\ntitle: t\nowner: o\nextends: above.yaml\n'
AT = "2026-11-22T00:00:00Z"


def verdict() -> Verdict:
    evidence = good()
    return evaluate(rejudging.policy_of([("p.yaml", TEXT)]), evidence, AT, evidence_digest=identify(evidence))


def table(value: Verdict) -> dict[str, Json]:
    found = to_json(value)
    assert isinstance(found, dict)
    return found


def test_a_verdict_equals_itself() -> None:
    """No line differs; fields and rules are both counted."""
    found = rejudging.compare(table(verdict()), verdict())
    assert found.different == () and found.lines > 15


def test_every_field_is_a_line() -> None:
    """A change of any one field is one line, and it names the field."""
    now = verdict()
    before = table(now)
    for name in before:
        if name != "findings":
            found = rejudging.compare({**before, name: "something else"}, now)
            assert len(found.different) == 1 and found.different[0].startswith(name.replace("_", " "))


def test_findings_are_told_by_rule() -> None:
    """Another outcome, another text, a rule that is gone or new: each its own words, the decision first."""
    now = verdict()
    first = now.findings[0]
    for changed, words in (
        (replace(first, message="otherwise"), "not for the same reasons"),
        (replace(first, rule="signature.other"), "is not asked now"),
    ):
        before = table(replace(now, findings=(changed, *now.findings[1:])))
        assert any(words in one for one in rejudging.compare(before, now).different)
    before = {**table(now), "findings": [], "decision": "x"}
    assert rejudging.compare(before, now).different[0].startswith("decision:")
    assert any("was not asked then" in one for one in rejudging.compare(before, now).different)


def test_what_an_older_version_did_not_have_is_no_line() -> None:
    """A verdict without a field that exists today, and findings without one, are compared in what they have."""
    now = verdict()
    before = table(now)
    findings = before["findings"]
    assert isinstance(findings, list)
    del before["conditions"]
    for one in findings:
        assert isinstance(one, dict)
        del one["requirements"]
    assert rejudging.compare(before, now).different == ()


def test_facts_are_told_by_what_they_are_about() -> None:
    """A changed, a missing and a new fact are named; where the registry lay is no fact."""
    then = good()
    assert rejudging.compare_facts(then, then).different == ()
    elsewhere = replace(then, trust=replace(then.trust, source="/other"), delivery="other")
    assert rejudging.compare_facts(then, elsewhere).different == ()
    other = replace(then.artifacts[0], size=then.artifacts[0].size + 1)
    now = replace(then, artifacts=(other, *then.artifacts[1:]), signatures=())
    told = rejudging.compare_facts(then, now).different
    assert f"artifacts: {other.locator} is otherwise now" in told
    assert any(one.startswith("signatures: ") and one.endswith("is gone") for one in told)
    assert any(one.endswith("is new") for one in rejudging.compare_facts(now, then).different)


def test_circumstances_are_told() -> None:
    """Another isolation, other versions, other readers: each in words."""
    then = good()
    tools, plugins = (("fwverify", "9"), ("lief", "1")), ("containers/new",)
    now = replace(then, settings=replace(then.settings, isolation="full", tools=tools, plugins=plugins))
    told = rejudging.circumstances(then, now)
    assert any("isolation was" in one for one in told) and any("lief was not there" in one for one in told)
    assert "readers that are new: containers/new" in told
    assert rejudging.circumstances(then, then) == ()


def test_a_chain_of_policies_is_whole() -> None:
    """A missing parent, a policy too many and none at all are refused."""
    assert rejudging.policy_of([("c.yaml", CHILD), ("above.yaml", TEXT)]).id == "c"
    for texts in ([("c.yaml", CHILD)], [("p.yaml", TEXT), ("above.yaml", TEXT)], []):
        with pytest.raises(PolicyError):
            rejudging.policy_of(texts)
