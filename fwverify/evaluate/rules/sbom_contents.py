"""Rules on what an SBOM says of its entries: minimum elements, identifiers, relationships, consistency."""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import (
    IF_ABSENT,
    Values,
    absent,
    at_least,
    counted,
    failed,
    item,
    named,
    number,
    passed,
    percent,
    text,
    unjudged,
)
from fwverify.evaluate.values import WHOLE
from fwverify.formats.sbom_profiles import NAMES, Profile, profiles
from fwverify.model.evidence import ElementCount, FaultKind, SbomObservation
from fwverify.model.finding import Item, Level
from fwverify.model.versions import compare

ASK = "Tell the vendor which entries these are; 'fwverify sbom check' lists all of them."


def _nothing(case: Case, values: Values) -> Judged | None:
    """Not evaluated where there is no SBOM, or evidence that does not say."""
    if not case.evidence.sboms:
        return absent(values, "No SBOM came with it that could be read.", remedy="Ask the vendor for the SBOM.")
    if not any(one.elements for one in case.evidence.sboms):
        return unjudged("The evidence is from before this was looked at.", remedy="Verify the delivery again.")
    return None


def minimum_elements(case: Case, values: Values) -> Judged:
    """Elements that are there, by elements that the profile asks for; what is missing, element by element."""
    nothing = _nothing(case, values)
    if nothing is not None:
        return nothing
    profile = profiles().profiles[text(values, "profile")]
    wanted = [(one, count) for one in case.evidence.sboms for count in _asked(one, profile)]
    total = sum(count.of for _, count in wanted)
    there = total - sum(count.lacking for _, count in wanted)
    old = [one for one in case.evidence.sboms if not _new_enough(one, profile)]
    ratio = f"{there} of {total} elements that {profile.name} asks for are there"
    if not total:
        return unjudged("The SBOM has no entry that could have elements.", remedy=ASK)
    if at_least(there, total, number(values, "min")) and not old:
        return passed(f"{ratio} ({profile.edition}).", denominator=ratio)
    return failed(
        f"Only {ratio}; missing: {named([_told(count) for _, count in wanted if count.lacking], 3)}."
        if there < total
        else f"{profile.name} asks for a newer format than {old[0].format} {old[0].spec_version}.",
        _lacking(wanted, old),
        remedy=ASK,
        denominator=ratio,
        expected=f"at least {percent(number(values, 'min'), WHOLE)} of {profile.name}, {profile.edition}",
        observed=percent(there, total),
    )


def _asked(sbom: SbomObservation, profile: Profile) -> list[ElementCount]:
    return [one for one in sbom.elements if one.element in (*profile.document, *profile.component)]


def _new_enough(sbom: SbomObservation, profile: Profile) -> bool:
    least = dict(profile.formats).get(sbom.format)
    if not profile.formats:
        return True
    return least is not None and compare(sbom.spec_version, least) in (0, 1)


def _told(count: ElementCount) -> str:
    return f"{count.element} in {count.lacking} of {count.of}" if count.of > 1 else count.element


def _lacking(wanted: list[tuple[SbomObservation, ElementCount]], old: list[SbomObservation]) -> Iterator[Item]:
    said = profiles().elements
    for sbom, count in wanted:
        if count.lacking:
            examples = f": {named(count.examples, 5)}" if count.examples else ""
            yield item(sbom.locator, f"lacks {said[count.element]}, {count.lacking} of {count.of}{examples}", count)
    for sbom in old:
        yield item(sbom.locator, f"{sbom.format} {sbom.spec_version} is older than the profile allows", sbom)


def identifiers(case: Case, values: Values) -> Judged:
    """Every package URL, CPE name, hash and serial number is one; entries without any identifier are counted."""
    nothing = _nothing(case, values)
    if nothing is not None:
        return nothing
    total, having = _having(case, "identifier")
    ratio = f"{having} of {total} entries have an identifier"
    wrong = list(_faults(case, FaultKind.IDENTIFIER))
    if wrong:
        return _failed("identifiers that are none", wrong, ratio)
    if not having:
        return unjudged("No entry has an identifier that could be wrong.", remedy=ASK)
    return passed("Every identifier in the SBOM is well formed.", denominator=ratio)


def graph(case: Case, values: Values) -> Judged:
    """Relationships lead somewhere, everything is reached from the subject, nothing contains itself."""
    nothing = _nothing(case, values)
    if nothing is not None:
        return nothing
    total, having = _having(case, "completeness")
    ratio = f"completeness stated for {having} of {total} entries"
    wrong = list(_faults(case, FaultKind.GRAPH))
    if wrong:
        return _failed("relationships that do not hold together", wrong, ratio)
    if not any(one.relations for one in case.evidence.sboms):
        return unjudged("The SBOM states no relationships.", remedy=ASK)
    return passed("The relationships in the SBOM hold together.", denominator=ratio)


def consistent(case: Case, values: Values) -> Judged:
    """Nothing is there twice, and every entry could be read as it should."""
    nothing = _nothing(case, values)
    if nothing is not None:
        return nothing
    wrong = [*_faults(case, FaultKind.DUPLICATE), *_faults(case, FaultKind.ENTRY)]
    if wrong:
        return _failed("entries that are there twice or not as they should be", wrong, "")
    total = sum(one.components for one in case.evidence.sboms)
    return passed(f"All {counted(total, 'entry', 'entries')} are there once and could be read.")


def _having(case: Case, element: str) -> tuple[int, int]:
    """Entries that should have the element, and those that do."""
    counts = [count for one in case.evidence.sboms for count in one.elements if count.element == element]
    total = sum(one.of for one in counts)
    return total, total - sum(one.lacking for one in counts)


def _faults(case: Case, kind: FaultKind) -> Iterator[Item]:
    for sbom in case.evidence.sboms:
        for one in sbom.faults:
            if one.kind is kind:
                yield item(sbom.locator, f"{one.place}: {one.text}", one)


def _failed(what: str, wrong: list[Item], ratio: str) -> Judged:
    told = named([one.detail for one in wrong], 2)
    return failed(f"The SBOM has {what}: {told}.", wrong, remedy=ASK, denominator=ratio)


RULES = (
    Rule(
        id="sbom.minimum-elements",
        default=Level.SHOULD,
        measures="Elements of the SBOM and of each entry that are there, by those a published profile asks for.",
        judge=minimum_elements,
        params=(
            Param(
                "profile", ParamKind.CHOICE, NAMES[0], "Which publication asks for what.", choices=NAMES, tighter="kept"
            ),
            Param(
                "min", ParamKind.RATIO, WHOLE, "Least share of what is asked for that must be there.", tighter="higher"
            ),
            IF_ABSENT,
        ),
        not_proven="That an element is there does not make it true, and says nothing about compliance.",
        requirements=("NTIA", "CISA", "B"),
    ),
    Rule(
        id="sbom.identifiers",
        default=Level.SHOULD,
        measures="Package URLs, CPE names, hashes and serial numbers of the SBOM are well formed.",
        judge=identifiers,
        params=(IF_ABSENT,),
        not_proven="A well formed identifier may name something else.",
    ),
    Rule(
        id="sbom.graph",
        default=Level.SHOULD,
        measures="References of the SBOM lead somewhere, entries are reached from the subject, nothing holds itself.",
        judge=graph,
        params=(IF_ABSENT,),
        not_proven="A connected graph need not be complete or true.",
    ),
    Rule(
        id="sbom.consistent",
        default=Level.SHOULD,
        measures="No entry, reference or identity is given twice, and every entry could be read as it should.",
        judge=consistent,
        params=(IF_ABSENT,),
        not_proven="Consistent is not true.",
    ),
)
