"""Rules on what differs from the approved release (`model.difference`), in security terms.

A baseline comes from the operator (--baseline, an asset's). Where something could not be compared, no change there is
no evidence of none: the share of bytes that were not examined limits what absence is worth, as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import (
    IF_ABSENT,
    MAX_UNEXAMINED,
    Values,
    absent,
    counted,
    failed,
    listed,
    named,
    passed,
    unearned,
)
from fwverify.model.difference import ComponentChange, ComponentStep, Difference, Effect, SecurityChange, Topic
from fwverify.model.finding import Item, Level

REMEDY = "Name the evidence of the approved release:  --baseline FILE"
QUIET = frozenset({Topic.RELEASE, Topic.SIGNED_SHARE, Topic.SBOM})
"""Topics that change with every release, or that rules of their own judge."""
STEPS = frozenset({ComponentStep.ADDED, ComponentStep.REMOVED, ComponentStep.DOWNGRADED})
Change = SecurityChange | ComponentChange


def _changes(case: Case, values: Values) -> Difference | Judged:
    if case.evidence.changes is None:
        return absent(values, "No approved release was named to compare with.", remedy=REMEDY)
    return case.evidence.changes


def _names(one: Change) -> tuple[str, ...]:
    """What a glob of `expected` may name: `endpoint:mqtts://...`, `component:openssl`, or the last part alone."""
    topic = one.topic.value if isinstance(one, SecurityChange) else "component"
    return one.name, f"{topic}:{one.name}"


def _expected(one: Change, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for name in _names(one) for glob in globs)


def _told(one: Change) -> str:
    """`endpoint mqtts://x.example: new`, `component openssl: 3.0.15 -> 3.0.11`."""
    topic = one.topic.value if isinstance(one, SecurityChange) else "component"
    if one.old is None or one.new is None:
        return f"{topic} {one.name}: {'new' if one.old is None else 'gone'}"
    return f"{topic} {one.name}: {one.old.value or 'unknown'} -> {one.new.value or 'unknown'}"


def _items(found: Iterable[Change]) -> list[Item]:
    out = []
    for one in found:
        side = one.new or one.old
        place = str(side.locators[0]) if side is not None and side.locators else one.name
        out.append(Item(place, _told(one)))
    return out


def _fail(found: list[Change], what: str, remedy: str) -> Judged:
    names = [_told(one) for one in found]
    return failed(f"{what}: {named(names, 3)}.", _items(found), remedy=remedy, observed=counted(len(found), "change"))


def _passed(case: Case, values: Values, message: str, found: Difference) -> Judged:
    open_ = f"; {counted(len(found.open), 'thing')} could not be compared" if found.open else ""
    return unearned(case, values, "such change") or passed(f"{message} since {found.old.delivery}{open_}.")


def unexpected(case: Case, values: Values) -> Judged:
    """Nothing that bears on security changed beyond what was said to change."""
    found = _changes(case, values)
    if isinstance(found, Judged):
        return found
    globs = listed(values, "expected")
    rest: list[Change] = [
        one for one in found.security
        if one.topic not in QUIET and one.effect is not Effect.BETTER and not _expected(one, globs)
    ]  # fmt: skip
    rest += [one for one in found.components if one.step in STEPS and not _expected(one, globs)]
    if rest:
        remedy = "Hold it against the release notes; ask the vendor what they do not name, and put it under 'expected'."
        return _fail(rest, f"{counted(len(rest), 'change')} that nobody announced", remedy)
    return _passed(case, values, "Nothing changed that nobody announced", found)


def regression(case: Case, values: Values) -> Judged:
    """Nothing got worse: no signature or mitigation lost, no new secret, no weaker hash, no older component."""
    found = _changes(case, values)
    if isinstance(found, Judged):
        return found
    globs = listed(values, "expected")
    worse = [one for one in found.of_effect(Effect.WORSE) if not _expected(one, globs)]
    if worse:
        return _fail(worse, "Worse than what was approved", "Ask the vendor why, before you install it.")
    return _passed(case, values, "Nothing got worse", found)


def trust_anchor(case: Case, values: Values) -> Judged:
    """The keys and certificates inside the image, by which the device decides whom it believes, are the same."""
    found = _changes(case, values)
    if isinstance(found, Judged):
        return found
    globs = listed(values, "expected")
    rest: list[Change] = [
        one for one in found.security if one.topic is Topic.TRUST_ANCHOR and not _expected(one, globs)
    ]
    if rest:
        remedy = (
            "Have the vendor confirm each on the number in your contract: whoever holds it is believed by the device."
        )
        return _fail(rest, "Keys or certificates inside the image changed", remedy)
    return _passed(case, values, "The keys and certificates inside are the same", found)


def new_endpoint(case: Case, values: Values) -> Judged:
    """No address is in the image that was not in the approved one."""
    found = _changes(case, values)
    if isinstance(found, Judged):
        return found
    globs = listed(values, "declared")
    rest: list[Change] = [
        one for one in found.security
        if one.topic is Topic.ENDPOINT and one.old is None and not _expected(one, globs)
    ]  # fmt: skip
    if rest:
        remedy = "Ask the vendor what they are for, and name those he declares under 'declared'."
        return _fail(
            rest, f"{counted(len(rest), 'address', 'addresses')} that the approved release did not have", remedy
        )
    return _passed(case, values, "No address is new", found)


EXPECTED = Param(
    "expected",
    ParamKind.LIST,
    (),
    "Globs over what was announced: `component:openssl`, `endpoint:mqtts://*.vendor.example`, a name alone.",
    tighter="fewer",
)
DECLARED = Param("declared", ParamKind.LIST, (), "Globs over addresses that the vendor declares.", tighter="fewer")
NOT_PROVEN = "It does not show what the changed programs do."
RULES = (
    Rule(
        id="change.unexpected",
        default=Level.SHOULD,
        measures="Nothing that bears on security differs from the approved release beyond what was announced.",
        judge=unexpected,
        params=(EXPECTED, MAX_UNEXAMINED, IF_ABSENT),
        not_proven=NOT_PROVEN,
        requirements=("A CM-3", "N0"),
    ),
    Rule(
        id="change.security-regression",
        default=Level.SHOULD,
        measures="No signature or mitigation is lost, no secret new, no hash weaker, no component older.",
        judge=regression,
        params=(EXPECTED, MAX_UNEXAMINED, IF_ABSENT),
        not_proven=NOT_PROVEN,
        requirements=("A CM-4",),
    ),
    Rule(
        id="change.trust-anchor",
        default=Level.MUST,
        measures="Keys and certificates inside the image are those of the approved release.",
        judge=trust_anchor,
        params=(EXPECTED, MAX_UNEXAMINED, IF_ABSENT),
        not_proven="Keys that a program holds in a form of its own are not seen.",
        requirements=("E41 SM-8",),
    ),
    Rule(
        id="endpoint.new",
        default=Level.SHOULD,
        measures="No address is in the image that was not in the approved release.",
        judge=new_endpoint,
        params=(DECLARED, MAX_UNEXAMINED, IF_ABSENT),
        not_proven="Addresses put together when the program runs, or set up on the device, are not in the image.",
        requirements=("CIP-005 R2", "N13"),
    ),
)
