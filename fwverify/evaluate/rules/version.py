"""Rules on versions. Only what signed bytes claim counts; what cannot be put in an order fails."""

from __future__ import annotations

from fwverify.evaluate.claims import covered_claims, silent_images
from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import IF_ABSENT, Values, absent, failed, item, named, passed, text, unjudged
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
        remedy = "Set `min` in the policy, or say --min-version."
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
            remedy="Install a later release." if older else "Set `scheme` in the policy, or ask the vendor.",
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
    if older or odd:
        what = "a downgrade" if older else "versions that cannot be put in an order"
        return failed(
            f"{installed} -> {_told(older or odd)}: {what}.",
            [item(one.locator, f"version {one.value}, installed {installed}", one) for one in older or odd],
            remedy="Old releases bring old flaws back. If you must, record a rollback with your change management."
            if older
            else "Set `scheme` in the policy, or check the installed version you stated.",
            expected=f"not older than {installed}",
            observed=_told(claims),
        )
    return _silent(case) or passed(
        f"{installed} -> {_told(claims)}, {'the same version' if same else 'an upgrade'}.",
        expected=f"not older than {installed}",
        observed=_told(claims),
    )


RULES = (
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
