"""Rules on provenance: who built it, from which source, how well guarded; by statements under a key on record.

Statements are DSSE envelopes (scheme `dsse`, or a Sigstore bundle around one); what they say is in the observation's
`states`: `builder`, `source`, `slsa-level`. Their keys need the purpose `provenance` or `firmware`.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import (
    IF_ABSENT,
    Values,
    absent,
    failed,
    item,
    listed,
    named,
    number,
    passed,
    unjudged,
)
from fwverify.model.evidence import SignatureObservation, SignatureStatus
from fwverify.model.finding import Level

ASK = "Ask the vendor for a signed SLSA provenance of this release."
KINDS = ("builder", "source", "slsa-level", "vsa-result")
"""Statements that make an observation one about provenance."""


def _statements(case: Case) -> list[SignatureObservation]:
    return [one for one in case.provenance if any(name in KINDS for name, _ in one.states)]


def _none(case: Case, values: Values) -> Judged | None:
    """What all rules of the family say where no statement counts."""
    if _statements(case):
        return None
    broken = [one for one in case.evidence.signatures if one.scheme == "dsse" and one.status is SignatureStatus.INVALID]
    if broken:
        return failed(
            f"The statement about its making does not hold: {broken[0].detail}.",
            [item(one.source, one.detail, one) for one in broken],
            remedy=ASK,
        )
    return absent(values, "No statement by a key on record says how it was made.", remedy=ASK)


def present(case: Case, values: Values) -> Judged:
    """A statement about this image's making is signed by a key on record."""
    nothing = _none(case, values)
    if nothing is not None:
        return nothing
    silent = [one for one in _bare(case)]
    if silent:
        return failed(
            f"No statement speaks of {named(silent, 3)}.",
            [item(one, "no statement about its making") for one in silent],
            remedy=ASK,
        )
    return passed(f"{len(_statements(case))} signed statement(s) say how it was made.")


def _bare(case: Case) -> list[str]:
    subjects = {one.subject for one in _statements(case)}
    return [one.locator.name for one in case.evidence.images() if one.size and one.locator not in subjects]


def _said(case: Case, name: str) -> list[tuple[SignatureObservation, str]]:
    return [(one, value) for one in _statements(case) for key, value in one.states if key == name]


def _among(case: Case, values: Values, name: str, param: str, what: str) -> Judged:
    nothing = _none(case, values)
    if nothing is not None:
        return nothing
    wanted, said = listed(values, param), _said(case, name)
    if not said:
        return unjudged(f"The statement names no {what}.", remedy=ASK)
    if not wanted:
        return absent(values, f"The policy names no {what}; the statement says {said[0][1]}.", remedy=f"Set `{param}`.")
    wrong = [(one, value) for one, value in said if not any(fnmatchcase(value, glob) for glob in wanted)]
    if wrong:
        return failed(
            f"The {what} is {named(sorted({value for _, value in wrong}), 2)}, not one the policy names.",
            [item(one.source, f"{what} {value}", one) for one, value in wrong],
            remedy=f"Ask the vendor which {what} makes releases.",
            expected=named(wanted),
            observed=named(sorted({value for _, value in wrong}), 2),
        )
    return passed(f"The {what} is {named(sorted({value for _, value in said}), 2)}, as the policy names it.")


def builder(case: Case, values: Values) -> Judged:
    """The build platform is one the policy names."""
    return _among(case, values, "builder", "builders", "builder")


def source(case: Case, values: Values) -> Judged:
    """The source is one the policy names."""
    return _among(case, values, "source", "sources", "source")


def slsa_level(case: Case, values: Values) -> Judged:
    """The build level stated by a verifier's summary (VSA) is at least the one asked for."""
    nothing = _none(case, values)
    if nothing is not None:
        return nothing
    least, said = number(values, "min-level"), _said(case, "slsa-level")
    levels = [(one, int(value)) for one, value in said if value.isdigit()]
    if not levels:
        return unjudged("No statement gives a SLSA build level; only a verification summary does.", remedy=ASK)
    low = [(one, value) for one, value in levels if value < least]
    if low:
        return failed(
            f"SLSA build level {min(value for _, value in low)}, {least} is asked for.",
            [item(one.source, f"level {value}", one) for one, value in low],
            remedy="Ask the vendor for a build on a better guarded platform.",
        )
    return passed(f"SLSA build level {min(value for _, value in levels)}, at least {least} asked for.")


def binding(case: Case, values: Values) -> Judged:
    """Statement, SBOM and file speak of the same bytes."""
    nothing = _none(case, values)
    if nothing is not None:
        return nothing
    images = {one.locator: {digest.hex for digest in one.digests} for one in case.evidence.images()}
    covered = [one for one in _statements(case) if one.subject in images]
    if not covered:
        return failed(
            "The statement's subject is no image of this delivery.",
            [item(one.source, "subject is not in the delivery", one) for one in _statements(case)],
            remedy=ASK,
        )
    named_by_sbom = {digest.hex for one in case.evidence.sboms for digest in one.subject_hashes}
    digests = set().union(*(images[one.subject] for one in covered if one.subject is not None))
    if named_by_sbom and named_by_sbom.isdisjoint(digests):
        return failed(
            "The SBOM names other bytes than the statement.",
            [item(one.locator, "its subject has another digest") for one in case.evidence.sboms],
            remedy="Ask the vendor for the SBOM of this build.",
        )
    return passed("The statement's subject is the delivered file, and the SBOM says nothing else.")


RULES = (
    Rule(
        id="provenance.present",
        default=Level.SHOULD,
        measures="A statement about the image's making is signed by a key on record.",
        judge=present,
        params=(IF_ABSENT,),
        not_proven="It does not show that what the statement says is true.",
        requirements=("A SR-4",),
    ),
    Rule(
        id="provenance.builder",
        default=Level.SHOULD,
        measures="The build platform is one the policy names.",
        judge=builder,
        params=(
            Param("builders", ParamKind.LIST, (), "Builder ids; * stands for anything.", tighter="among"),
            IF_ABSENT,
        ),
        not_proven="It does not show that the platform was sound that day.",
        requirements=("A SR-4",),
    ),
    Rule(
        id="provenance.source",
        default=Level.SHOULD,
        measures="The source is one the policy names.",
        judge=source,
        params=(
            Param("sources", ParamKind.LIST, (), "Source URIs; * stands for anything.", tighter="among"),
            IF_ABSENT,
        ),
        not_proven="It says nothing about the quality of the source.",
        requirements=("A SR-4",),
    ),
    Rule(
        id="provenance.slsa-level",
        default=Level.SHOULD,
        measures="The SLSA build level that a verification summary states is high enough.",
        judge=slsa_level,
        params=(
            Param("min-level", ParamKind.INTEGER, 1, "Lowest level.", choices=("1", "2", "3"), tighter="higher"),
            IF_ABSENT,
        ),
        not_proven="The level is what the summary's author says.",
        requirements=("A SR-4",),
    ),
    Rule(
        id="provenance.binding",
        default=Level.SHOULD,
        measures="Statement, SBOM and file speak of the same bytes.",
        judge=binding,
        params=(IF_ABSENT,),
        not_proven="It does not show that nothing else went into the build.",
        requirements=("A SR-4",),
    ),
)
