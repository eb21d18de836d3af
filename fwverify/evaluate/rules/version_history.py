"""Rules on versions that look further than this release: what was approved, withdrawn, skipped, and the way back.

Versions count only where signed bytes claim them; digests count always. What was approved and withdrawn comes from the
operator: a baseline, the policy.
"""

from __future__ import annotations

import re

from fwverify.evaluate.claims import covered_claims
from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import (
    IF_ABSENT,
    Values,
    absent,
    counted,
    failed,
    item,
    listed,
    named,
    passed,
    text,
    unjudged,
)
from fwverify.model.artifact import Digest
from fwverify.model.expectation import VersionClaim
from fwverify.model.finding import Level
from fwverify.model.verdict import Acceptance, Decision
from fwverify.model.versions import SCHEMES, compare

SCHEME = Param(
    "scheme",
    ParamKind.CHOICE,
    "auto",
    "How the vendor numbers releases; auto reads dotted numbers, dates and Debian versions.",
    choices=SCHEMES,
)
SHA256 = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")
NO_BASELINE = "Name the evidence of the approved release:  --baseline FILE"


def _claims(case: Case) -> tuple[VersionClaim, ...]:
    return covered_claims(case.evidence, case.covered, case.accepted)


def _versions(claims: tuple[VersionClaim, ...]) -> str:
    return " / ".join(sorted({one.value for one in claims}))


def _sha256(digests: tuple[Digest, ...]) -> set[str]:
    return {one.value.hex() for one in digests if one.algorithm == "sha256"}


def withdrawn(case: Case, values: Values) -> Judged:
    """Neither this version nor these bytes were withdrawn."""
    entries = listed(values, "list")
    if not entries:
        return absent(values, "Nobody names withdrawn releases.", remedy="Put them into 'list' in the policy.")
    digests = {found[1].lower() for one in entries if (found := SHA256.fullmatch(one))}
    versions = [one for one in entries if not SHA256.fullmatch(one)]
    bad = [item(one.locator, "its digest was withdrawn") for one in case.evidence.images() if
           digests & _sha256(one.digests)]  # fmt: skip
    claims = _claims(case)
    scheme = text(values, "scheme")
    bad += [
        item(one.locator, f"version {one.value} was withdrawn", one)
        for one in claims
        if any(one.value == version or compare(one.value, version, scheme) == 0 for version in versions)
    ]
    if bad:
        return failed(
            f"This release was withdrawn: {named([one.detail for one in bad], 2)}.",
            bad,
            remedy="Do not install it. Ask the vendor for the release that replaces it.",
            observed=_versions(claims),
        )
    if versions and not claims:
        return unjudged(
            "No signed bytes say which version this is, so it cannot be looked up among the withdrawn ones.",
            remedy="Ask the vendor for an SBOM that names the release and is signed with it.",
        )
    return passed(f"It is none of {counted(len(entries), 'withdrawn release')}.", observed=_versions(claims))


def same_version(case: Case, values: Values) -> Judged:
    """A release that calls itself what the approved one does has the same bytes."""
    approved = case.evidence.approved
    if approved is None:
        return absent(values, "No approved release was named to compare with.", remedy=NO_BASELINE)
    mine = {digest for one in case.evidence.images() for digest in _sha256(one.digests)}
    theirs = {one.value.hex() for _, one in approved.images}
    if mine == theirs:
        return passed(f"The bytes are those of the approved {approved.name}.")
    claims, scheme = _claims(case), text(values, "scheme")
    if not claims or not approved.versions:
        return unjudged(
            "Which version this is, or which was approved, is not known, though the bytes differ.",
            remedy="Ask the vendor for an SBOM that names the release and is signed with it.",
        )
    same = [
        one for one in claims
        if any(one.value == version or compare(one.value, version, scheme) == 0 for version in approved.versions)
    ]  # fmt: skip
    if same:
        return failed(
            f"It calls itself {_versions(tuple(same))}, as the approved release does, and has other bytes.",
            [item(one.locator, f"version {one.value} with other bytes than {approved.name}", one) for one in same],
            remedy="Ask the vendor why one version has two contents, and which of them he stands for.",
            expected=" ".join(sorted(theirs)),
            observed=" ".join(sorted(mine)),
        )
    return passed(f"It is {_versions(claims)}; approved was {named(approved.versions)}.")


def upgrade_path(case: Case, values: Values) -> Judged:
    """No release that must be installed on the way is skipped."""
    stones, installed = listed(values, "path"), case.expectation.installed
    if not stones:
        remedy = "Where the vendor names releases that must not be skipped, put them into 'path' in the policy."
        return absent(values, "Nobody names releases that must not be skipped.", remedy=remedy)
    if not installed:
        return unjudged("Nobody stated which version is installed.", remedy="Add it:  --installed VERSION")
    claims, scheme = _claims(case), text(values, "scheme")
    if not claims:
        return unjudged("No signed bytes say which version this is.", remedy="Ask the vendor for a signed SBOM.")
    pairs = [(claim, stone) for claim in claims for stone in stones]
    orders = [(compare(installed, stone, scheme), compare(claim.value, stone, scheme)) for claim, stone in pairs]
    skipped = [pair for pair, order in zip(pairs, orders, strict=True) if order == (-1, 1)]
    odd = [pair for pair, order in zip(pairs, orders, strict=True) if None in order]
    if skipped or odd:
        what = "must be installed first" if skipped else "cannot be put in an order with it"
        first = (skipped or odd)[0][1]
        return failed(
            f"{installed} -> {_versions(claims)}: {first} {what}.",
            [item(claim.locator, f"{stone} {what}", claim) for claim, stone in skipped or odd],
            remedy=f"Install {first} before it." if skipped else "Set 'scheme' in the policy.",
            expected=", ".join(stones),
            observed=_versions(claims),
        )
    return passed(f"{installed} -> {_versions(claims)}: no release between must be installed first.")


def rollback_image(case: Case, values: Values) -> Judged:
    """The image to go back to is there, is as good by the same policy, and no counter forbids it."""
    way = case.way_back
    if way is None:
        remedy = "Add the image that you would go back to:  --rollback FILE"
        return absent(values, "No image to go back to was checked.", remedy=remedy)
    if way.decision is not Decision.PASS:
        return failed(
            f"The image to go back to, {way.name}, does not pass the same policy: {way.why}",
            [item(way.name, f"{way.decision.value}: {', '.join(way.rules)}")],
            remedy="Find one that does before you install anything: without it there is no way back.",
            expected="pass",
            observed=way.decision.value,
        )
    if way.acceptance is Acceptance.REFUSED:
        return failed(
            f"NO WAY BACK: {way.why}",
            [item(way.name, way.why)],
            remedy="Ask the vendor how to recover a unit on which the update fails, before you install it.",
            observed=way.why,
        )
    return passed(f"{way.name} {way.version} passes the same policy. {way.why}".replace("  ", " "))


RULES = (
    Rule(
        id="version.withdrawn",
        default=Level.MUST,
        measures="Neither the version nor the bytes are on the list of withdrawn releases.",
        judge=withdrawn,
        params=(
            Param(
                "list",
                ParamKind.LIST,
                (),
                "Versions, or SHA-256 digests of images, that were withdrawn.",
                tighter="more",
            ),
            SCHEME,
            IF_ABSENT,
        ),
        not_proven="The list is yours: what was withdrawn since you wrote it is not on it.",
        requirements=("A SI-2",),
    ),
    Rule(
        id="version.same-version-different-bytes",
        default=Level.MUST,
        measures="A release with the version of the approved one has its bytes.",
        judge=same_version,
        params=(SCHEME, IF_ABSENT),
        not_proven="It does not show why a vendor released one version twice.",
        requirements=("N2", "A SR-4(3)"),
    ),
    Rule(
        id="version.upgrade-path",
        default=Level.SHOULD,
        measures="The installed version may go to this one directly.",
        judge=upgrade_path,
        params=(
            Param(
                "path",
                ParamKind.LIST,
                (),
                "Releases that must not be skipped, as the vendor names them.",
                tighter="more",
            ),
            SCHEME,
            IF_ABSENT,
        ),
        not_proven="The vendor's list is what you wrote down; the device was not asked.",
    ),
    Rule(
        id="version.rollback-image",
        default=Level.SHOULD,
        measures="The image to go back to is there, passes the same policy, and no signed counter forbids it.",
        judge=rollback_image,
        params=(IF_ABSENT,),
        not_proven="Whether the device itself takes it back is known only when it was tried.",
        requirements=("A CM-3",),
    ),
)
