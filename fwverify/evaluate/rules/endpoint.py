"""Rules on where a device would connect to, as far as addresses stand in its files."""

from __future__ import annotations

from fnmatch import fnmatchcase

from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import (
    IF_ABSENT,
    MAX_UNEXAMINED,
    Values,
    absent,
    counted,
    failed,
    item,
    listed,
    named,
    passed,
    unearned,
    unjudged,
)
from fwverify.model.evidence import NOT_ENCRYPTED, TOO_MANY, ContentKind, ContentObservation
from fwverify.model.finding import Level

DECLARED = Param(
    "declared",
    ParamKind.LIST,
    (),
    "Globs over addresses (`mqtts://*.vendor.example`, `10.1.2.3:502`) that the vendor declares, or over places.",
    tighter="among",
)
ALLOW = Param(
    "allow", ParamKind.LIST, (), "Globs over places and addresses that are known and accepted.", tighter="fewer"
)
NOT_PROVEN = "Addresses put together when the program runs, or set up on the device, are not in the image."
REQUIREMENTS = ("CIP-005 R2", "N13")


def _found(case: Case, kind: ContentKind, globs: tuple[str, ...]) -> list[ContentObservation]:
    def accepted(one: ContentObservation) -> bool:
        host = one.fingerprint.partition("://")[2]
        names = (str(one.locator), one.locator.name, one.fingerprint, host)
        return any(name and fnmatchcase(name, glob) for name in names for glob in globs)

    return [one for one in case.evidence.contents if one.kind is kind and not accepted(one)]


def undeclared(case: Case, values: Values) -> Judged:
    """Every address in the image is one the vendor declares."""
    every = _found(case, ContentKind.ENDPOINT, ())
    rest = _found(case, ContentKind.ENDPOINT, listed(values, "declared"))
    ask = "Ask the vendor which addresses the device connects to, and name them under 'declared'."
    if rest and not listed(values, "declared"):
        return absent(values, f"{counted(len(_names(rest)), 'address', 'addresses')} found, none declared.", remedy=ask)
    if rest:
        return failed(
            f"Not declared: {named(_names(rest))}.",
            [item(one.locator, one.fingerprint, one) for one in rest],
            remedy=ask,
            denominator=f"{len(_names(every)) - len(_names(rest))} of {len(_names(every))} addresses are declared",
        )
    return unearned(case, values, "address") or passed("Every address found is declared.")


def cleartext(case: Case, values: Values) -> Judged:
    """Addresses whose protocol does not encrypt."""
    every = _found(case, ContentKind.ENDPOINT, listed(values, "allow"))
    found = [one for one in every if one.detail == NOT_ENCRYPTED]
    if found:
        return failed(
            f"{counted(len(_names(found)), 'address', 'addresses')} without encryption: {named(_names(found))}.",
            [item(one.locator, one.fingerprint, one) for one in found],
            remedy="Ask the vendor for the encrypted form, or block them.",
        )
    lists = [one for one in every if one.detail == TOO_MANY]
    if lists:
        return unjudged(
            f"{named([one.locator.name for one in lists])}: {lists[0].fingerprint}, {TOO_MANY}.",
            items=[item(one.locator, one.fingerprint, one) for one in lists],
            remedy="Look at the file; where it is a list of addresses that the device does not use, allow its place.",
        )
    return unearned(case, values, "address without encryption") or passed("No address without encryption was found.")


def unattended_update(case: Case, values: Values) -> Judged:
    """Nothing in the start-up files fetches and installs software by itself."""
    found = _found(case, ContentKind.UPDATER, listed(values, "allow"))
    if found:
        return failed(
            f"The device updates itself: {found[0].detail} ({found[0].locator.name}).",
            [item(one.locator, one.detail, one) for one in found],
            remedy="Switch it off, so that what runs is what was verified.",
        )
    return unearned(case, values, "updater that runs by itself") or passed("No updater that runs by itself was found.")


def _names(found: list[ContentObservation]) -> list[str]:
    return sorted({one.fingerprint for one in found})


RULES = (
    Rule(
        id="endpoint.undeclared", default=Level.SHOULD, judge=undeclared, requirements=REQUIREMENTS,
        measures="Addresses in the image that the vendor does not declare.",
        params=(DECLARED, IF_ABSENT, MAX_UNEXAMINED), not_proven=NOT_PROVEN,
    ),
    Rule(
        id="endpoint.cleartext", default=Level.SHOULD, judge=cleartext, requirements=REQUIREMENTS,
        measures="Addresses in the image whose protocol does not encrypt.",
        params=(ALLOW, MAX_UNEXAMINED), not_proven=NOT_PROVEN,
    ),
    Rule(
        id="endpoint.unattended-update", default=Level.SHOULD, judge=unattended_update, requirements=REQUIREMENTS,
        measures="Programs that fetch and install software by themselves.",
        params=(ALLOW, MAX_UNEXAMINED), not_proven="Updaters that programs contain are not found this way.",
    ),
)  # fmt: skip
