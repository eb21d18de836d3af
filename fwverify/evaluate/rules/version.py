"""Rules on versions. Only what signed bytes claim counts; what cannot be put in an order fails."""

from __future__ import annotations

import re
from datetime import datetime

from fwverify.evaluate.claims import covered_claims, silent_images
from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import (
    IF_ABSENT,
    Values,
    absent,
    counted,
    failed,
    item,
    named,
    number,
    passed,
    text,
    unjudged,
)
from fwverify.model.expectation import VersionClaim
from fwverify.model.finding import Level
from fwverify.model.versions import SCHEMES, compare

SCHEME = Param(
    "scheme",
    ParamKind.CHOICE,
    "auto",
    "How the vendor numbers releases; auto reads dotted numbers, dates and Debian versions.",
    choices=SCHEMES,
    tighter="kept",
)
FILE_VERSION = re.compile(r"(?<![0-9.])[vV]?([0-9]{1,4}(?:\.[0-9]{1,4}){1,3})(?![0-9.]*[0-9])")
"""A dotted number in a file name."""
TRUSTED = ("rekor", "rfc3161")


def _unknown(case: Case) -> Judged:
    seen = sorted({f"{one.value} ({one.source})" for one in case.evidence.claims})
    more = f" Unsigned bytes say {named(seen, 3)}." if seen else ""
    return unjudged(
        f"No signed bytes say which version this is.{more}",
        remedy="Ask the vendor for an SBOM that names the release and is signed with it.",
    )


def _silent(case: Case) -> Judged | None:
    """Not evaluated where an image keeps silent, whatever the others say."""
    images = silent_images(case.evidence, case.covered, case.accepted)
    if not images:
        return None
    return unjudged(
        f"No signed bytes say which version {named([one.name for one in images])} is.",
        remedy="Ask the vendor for an SBOM that names every image and is signed with them.",
        items=[item(one, "version not stated in signed bytes") for one in images],
    )


def _against(
    claims: tuple[VersionClaim, ...], least: str, scheme: str
) -> tuple[list[VersionClaim], list[VersionClaim], bool]:
    """(older than `least`, cannot be compared, all are the same as it)."""
    orders = [(one, compare(one.value, least, scheme)) for one in claims]
    return (
        [one for one, order in orders if order == -1],
        [one for one, order in orders if order is None],
        all(order == 0 for _, order in orders),
    )


def _told(claims: list[VersionClaim] | tuple[VersionClaim, ...]) -> str:
    return " / ".join(sorted({one.value for one in claims}))


def minimum(case: Case, values: Values) -> Judged:
    """Not below the minimum the policy or the operator names."""
    least = text(values, "min")
    stated = case.expectation.minimum
    if stated and (not least or compare(stated, least, text(values, "scheme")) == 1):
        least = stated
    if not least:
        remedy = "Set 'min' in the policy, or say --min-version."
        return absent(values, "Nobody names a minimum version.", remedy=remedy)
    claims = covered_claims(case.evidence, case.covered, case.accepted)
    if not claims:
        return _unknown(case)
    older, odd, _ = _against(claims, least, text(values, "scheme"))
    if older or odd:
        what = f"is below the minimum {least}" if older else f"cannot be compared with the minimum {least}"
        return failed(
            f"Version {_told(older or odd)} {what}.",
            [item(one.locator, f"version {one.value}, minimum {least}", one) for one in older or odd],
            remedy="Install a later release." if older else "Set 'scheme' in the policy, or ask the vendor.",
            expected=f"at least {least}",
            observed=_told(claims),
        )
    return _silent(case) or passed(
        f"Version {_told(claims)} is not below {least}.", expected=f"at least {least}", observed=_told(claims)
    )


def no_downgrade(case: Case, values: Values) -> Judged:
    """Not older than what is installed."""
    installed = case.expectation.installed
    if not installed:
        return unjudged(
            "Nobody stated which version is installed, so a downgrade cannot be told.",
            remedy="Add it:  --installed VERSION",
        )
    claims = covered_claims(case.evidence, case.covered, case.accepted)
    if not claims:
        return _unknown(case)
    older, odd, same = _against(claims, installed, text(values, "scheme"))
    if older and not odd and case.expectation.change.going_back:
        return passed(
            f"{installed} -> {_told(older)}, older, and declared so: {case.expectation.change.going_back}.",
            expected=f"not older than {installed}, or declared",
            observed=_told(claims),
        )
    if older or odd:
        what = "a downgrade" if older else "versions that cannot be put in an order"
        return failed(
            f"{installed} -> {_told(older or odd)}: {what}.",
            [item(one.locator, f"version {one.value}, installed {installed}", one) for one in older or odd],
            remedy='Old releases bring old flaws back. If it is meant, say so:  --going-back "REASON"'
            if older
            else "Set 'scheme' in the policy, or check the installed version you stated.",
            expected=f"not older than {installed}",
            observed=_told(claims),
        )
    return _silent(case) or passed(
        f"{installed} -> {_told(claims)}, {'the same version' if same else 'an upgrade'}.",
        expected=f"not older than {installed}",
        observed=_told(claims),
    )


def agrees(case: Case, values: Values) -> Judged:
    """Whatever names a version of the whole names the same one."""
    said = _said(case)
    if len({place for place, _, _ in said}) < 2:
        return absent(values, "Fewer than two places say which version this is.", remedy="Nothing needs to be done.")
    first, scheme = said[0][1], text(values, "scheme")
    odd = [one for one in said if one[1] != first and compare(one[1], first, scheme) != 0]
    if odd:
        told = [f"{version} in {place}" for place, version, _ in (said[0], *odd)]
        return failed(
            f"Versions that do not agree: {named(told, 4)}.",
            [item(locator, f"{version} in {place}") for place, version, locator in (said[0], *odd)],
            remedy="Ask the vendor which release this is; a name is easily changed, signed bytes are not.",
            observed=", ".join(told),
        )
    return passed(f"{counted(len(said), 'place')} say {first}.", observed=first)


def _said(case: Case) -> list[tuple[str, str, str]]:
    """(where, version, locator) of what speaks of the whole: the best source first, file names last."""
    evidence = case.evidence
    images = {one.locator for one in evidence.images()}
    subjects = {_plain(one.subject_name) for one in evidence.sboms} | {_plain(case.expectation.product)}
    out = [
        (one.source, one.value, str(one.locator))
        for one in sorted(evidence.claims, key=lambda one: one.source != "sbom-subject")
        if one.value and (one.source == "sbom-subject" or _plain(one.product) in subjects - {""})
    ]
    out += [
        ("signed header", value, str(one.source))
        for one in case.accepted
        for name, value in one.states
        if name == "version" and value and one.subject in images
    ]
    names = [(one, FILE_VERSION.findall(one.name.rpartition(".")[0] or one.name)) for one in sorted(images)]
    return out + [("file name", found[0], str(one)) for one, found in names if len(found) == 1]


def _plain(name: str) -> str:
    return "".join(one for one in name.casefold() if one.isalnum())


def age(case: Case, values: Values) -> Judged:
    """By the trusted times of its signatures, the release is neither from the future nor older than allowed."""
    times = sorted(
        (one.signed_at, str(one.source)) for one in case.accepted if one.signed_at and one.time_source in TRUSTED
    )
    if not times:
        return absent(
            values, "No trusted time says when it was signed.", remedy="Ask the vendor to timestamp releases."
        )
    future = [one for one in times if one[0] > case.at]
    if future:
        return failed(
            f"It was signed at {future[0][0]}, after the time it is judged at.",
            [item(place, f"signed at {at}, judged at {case.at}") for at, place in future],
            remedy="Check the clock of this machine, or --at.",
        )
    days = (datetime.fromisoformat(case.at) - datetime.fromisoformat(times[-1][0])).days
    most = number(values, "max-days")
    if most and days > most:
        return failed(
            f"It was signed {days:,} days ago; the policy allows {most:,}.",
            [item(times[-1][1], f"signed at {times[-1][0]}")],
            remedy="Ask the vendor whether a later release exists.",
            expected=f"at most {most} days",
            observed=f"{days} days",
        )
    return passed(f"It was signed {days:,} days before.", observed=times[-1][0])


def support_window(case: Case, values: Values) -> Judged:
    """The vendor still supports the product on the day of judgement."""
    until = text(values, "until")
    if not until:
        return absent(values, "Nobody says how long the vendor supports it.", remedy="Set 'until' in the policy.")
    if case.at[:10] > until:
        return failed(
            f"The vendor's support ended on {until}.",
            [item("support", f"until {until}")],
            remedy="Plan its replacement: flaws found from now on stay.",
            expected=f"until {until}",
            observed=case.at[:10],
        )
    return passed(f"The vendor supports it until {until}.")


RULES = (
    Rule(
        id="version.agrees",
        default=Level.SHOULD,
        measures="File name, manifest, signed header, os-release and SBOM name one version.",
        judge=agrees,
        params=(SCHEME, IF_ABSENT),
        not_proven="Places that agree may all be wrong.",
        requirements=("N0",),
    ),
    Rule(
        id="version.age",
        default=Level.INFO,
        measures="By trusted times, the release is not from the future and no older than allowed.",
        judge=age,
        params=(
            Param("max-days", ParamKind.INTEGER, 0, "Oldest allowed, in days; 0: any age.", tighter="below"),
            IF_ABSENT,
        ),
        not_proven="It does not show that no later release exists.",
        requirements=("K",),
    ),
    Rule(
        id="version.support-window",
        default=Level.INFO,
        measures="The vendor still supports the product.",
        judge=support_window,
        params=(
            Param(
                "until",
                ParamKind.TEXT,
                "",
                "Last day of support, YYYY-MM-DD; empty: not known.",
                pattern=r"([0-9]{4}-[0-9]{2}-[0-9]{2})?",
            ),
            IF_ABSENT,
        ),
        not_proven="It does not show that flaws are mended in that time.",
        requirements=("K",),
    ),
    Rule(
        id="version.minimum",
        default=Level.MUST,
        measures="The version that signed bytes claim is not below the minimum.",
        judge=minimum,
        params=(
            Param(
                "min",
                ParamKind.TEXT,
                "",
                "Lowest acceptable version, beginning with a digit; empty: none.",
                tighter="later",
                pattern=r"([vV]?[0-9][!-~]*)?",
            ),
            SCHEME,
            IF_ABSENT,
        ),
        not_proven="The device may accept older releases all the same.",
        requirements=("N193",),
    ),
    Rule(
        id="version.no-downgrade",
        default=Level.MUST,
        measures="The version that signed bytes claim is not older than the installed one.",
        judge=no_downgrade,
        params=(SCHEME,),
        not_proven="The installed version is what you stated; the device was not asked.",
        requirements=("N193 4.2.1",),
    ),
)
