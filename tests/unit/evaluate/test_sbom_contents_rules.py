"""Rules on what an SBOM says of its entries, and what of a contradicting version is tolerated."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwverify.model.component import VERSION_PARTS, DiscrepancyKind
from fwverify.model.evidence import DocumentFault, ElementCount, FaultKind
from fwverify.model.finding import Outcome
from tests.unit.evaluate.builders import evidence, finding, good, row, sbom

RULES = ("sbom.minimum-elements", "sbom.identifiers", "sbom.graph", "sbom.consistent")
COUNTS = tuple(
    ElementCount(name, of, 0)
    for name, of in (("author", 1), ("timestamp", 1), ("supplier", 4), ("name", 4), ("version", 4), ("identifier", 4),
                     ("relationship", 4), ("completeness", 4), ("sha512", 4))
)  # fmt: skip


def counts(**lacking: int) -> tuple[ElementCount, ...]:
    return tuple(
        replace(one, lacking=lacking.get(one.element, 0), examples=("a 1",) * lacking.get(one.element, 0))
        for one in COUNTS
    )


def outcome(rule: str, params: str = "", **sbom_has: object) -> Outcome:
    made = sbom(**{"elements": COUNTS, "relations": 4, **sbom_has})
    return finding(good(sboms=(made,)), rule, params).outcome


@pytest.mark.parametrize("rule", RULES)
def test_nothing_to_look_at(rule: str) -> None:
    """Without an SBOM, or with evidence that does not say, nothing is judged; a policy may say that it does not ask."""
    assert finding(good(sboms=()), rule).outcome is Outcome.NOT_EVALUATED
    assert finding(good(sboms=()), rule, "if-absent: not_applicable").outcome is Outcome.NOT_APPLICABLE
    assert outcome(rule, elements=()) is Outcome.NOT_EVALUATED
    assert outcome(rule) is Outcome.PASS
    assert finding(evidence(), rule).outcome in (Outcome.NOT_EVALUATED, Outcome.FAIL)


def test_minimum_elements() -> None:
    """One missing element of one entry is missing; what the profile does not ask for is not; a share may do."""
    rule = "sbom.minimum-elements"
    assert outcome(rule, elements=counts(sha512=4)) is Outcome.PASS
    assert outcome(rule, elements=counts(version=1)) is Outcome.FAIL
    assert outcome(rule, "min: 0.96", elements=counts(version=1)) is Outcome.FAIL
    assert outcome(rule, "min: 0.95", elements=counts(version=1)) is Outcome.PASS
    assert outcome(rule, "min: 0.9", elements=counts(version=1)) is Outcome.PASS
    told = finding(good(sboms=(sbom(elements=counts(version=1, author=1)),)), rule)
    assert told.denominator == "20 of 22 elements that ntia-2021 asks for are there"
    assert len(told.items) == 2


def test_profile_and_format() -> None:
    """BSI's guideline asks for other elements, and for a newer format than 1.5."""
    rule, params = "sbom.minimum-elements", "profile: bsi-2.1"
    assert outcome(rule, params, elements=counts(sha512=1)) is Outcome.FAIL
    assert outcome(rule, params, elements=counts(supplier=4)) is Outcome.PASS
    assert outcome(rule, params, spec_version="1.5") is Outcome.FAIL
    assert outcome(rule, params, spec_version="1.10") is Outcome.PASS


@pytest.mark.parametrize(
    ("kind", "rule"),
    [(FaultKind.IDENTIFIER, "sbom.identifiers"), (FaultKind.GRAPH, "sbom.graph"),
     (FaultKind.DUPLICATE, "sbom.consistent"), (FaultKind.ENTRY, "sbom.consistent")],
)  # fmt: skip
def test_faults(kind: FaultKind, rule: str) -> None:
    """Each kind of fault fails its own rule and no other, and is an item with its place."""
    fault = DocumentFault(kind, "/components/3", "is wrong")
    assert [one for one in RULES if outcome(one, faults=(fault,)) is Outcome.FAIL] == [rule]
    (item,) = finding(good(sboms=(sbom(elements=COUNTS, relations=1, faults=(fault,)),)), rule).items
    assert item.detail == "/components/3: is wrong"


def test_nothing_stated() -> None:
    """No identifier at all and no relationship at all cannot be wrong, and earn nothing."""
    assert outcome("sbom.identifiers", elements=counts(identifier=4)) is Outcome.NOT_EVALUATED
    assert outcome("sbom.graph", relations=0) is Outcome.NOT_EVALUATED


DIFFERS = replace(row(DiscrepancyKind.VERSION_DIFFERS, "zlib", "1.2.12", "1.2.13"), differs_in="patch")


@pytest.mark.parametrize(
    ("entry", "tolerated"),
    [("revision", False), ("build", False), ("patch", True), ("minor", True), ("zlib", True), ("openssl", False),
     ("zlib~patch", True), ("zlib~revision", False), ("z*~minor", True), ("openssl~major", False), ("patch*", False)],
)  # fmt: skip
def test_tolerate(entry: str, tolerated: bool) -> None:
    """By the part that differs, by a glob, or by both; what is tolerated is counted."""
    found = finding(
        good(discrepancies=(row(DiscrepancyKind.MATCHED), DIFFERS)),
        "component.version-mismatch",
        f"tolerate: ['{entry}']",
    )
    assert found.outcome is (Outcome.PASS if tolerated else Outcome.FAIL)
    assert found.observed == ("1 difference tolerated" if tolerated else "")


@pytest.mark.parametrize("part", VERSION_PARTS)
def test_what_cannot_be_compared_is_not_tolerated(part: str) -> None:
    """A bounded version that contradicts has no part that could be small enough."""
    unknown = replace(DIFFERS, differs_in="")
    found = finding(
        good(discrepancies=(row(DiscrepancyKind.MATCHED), unknown)), "component.version-mismatch", f"tolerate: [{part}]"
    )
    assert found.outcome is Outcome.FAIL
