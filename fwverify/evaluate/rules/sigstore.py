"""The rule on Sigstore bundles: the right person at the right identity provider."""

from __future__ import annotations

from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import IF_ABSENT, Values, absent, failed, item, named, passed, text, unjudged
from fwverify.model.canonical import identify
from fwverify.model.evidence import SignatureObservation, SignatureStatus
from fwverify.model.finding import Level

SCHEME = "sigstore"
"""Schemes whose name begins so are Sigstore's."""


def identity(case: Case, values: Values) -> Judged:
    """A bundle that holds under the pinned trust root names the identity and the issuer on record.

    1. No bundle with a certificate: the policy's `if-absent`.
    2. One that is accepted and, where the policy names identity or issuer, has exactly those: pass.
    3. None, although one could be checked: fail. None could be checked: not evaluated.
    """
    bundles = [one for one in case.evidence.signatures if one.scheme.startswith(SCHEME)]
    if not bundles:
        return absent(values, "No Sigstore bundle came with it.", remedy="Ask the vendor for the bundle.")
    good = [one for one in bundles if identify(one) in case.accepted_keys and _wanted(one, values)]
    if good:
        told = sorted({f"{one.identity} ({one.issuer})" for one in good})
        return passed(f"Signed by {named(told)}, as on record.", observed=named(told))
    if all(one.status is SignatureStatus.UNVERIFIABLE for one in bundles) or not case.trust.keys:
        return unjudged(
            f"The bundle could not be checked: {bundles[0].detail}.",
            remedy="Pin the vendor's identity, issuer and trust root (fwverify keys add).",
            items=[item(one.source, one.detail, one) for one in bundles],
        )
    return failed(
        f"No bundle is by an identity and issuer on record: {named(sorted({_why(case, one) for one in bundles}), 3)}.",
        [item(one.source, _why(case, one), one) for one in bundles],
        remedy="Ask the vendor which identity signs releases; compare it letter by letter.",
        expected=" ".join(part for part in (text(values, "identity"), text(values, "issuer")) if part),
        observed=named(sorted({f"{one.identity} ({one.issuer})" for one in bundles if one.identity})),
    )


def _wanted(one: SignatureObservation, values: Values) -> bool:
    stated = ((text(values, "identity"), one.identity), (text(values, "issuer"), one.issuer))
    return bool(one.identity and one.issuer) and all(not wanted or wanted == seen for wanted, seen in stated)


def _why(case: Case, one: SignatureObservation) -> str:
    if identify(one) in case.accepted_keys:
        return f"{one.identity or 'nobody'} ({one.issuer or 'no issuer'}) is not whom the policy names"
    return case.refused.get(identify(one)) or one.detail


RULES = (
    Rule(
        id="sigstore.identity",
        default=Level.MUST,
        measures="A bundle holds offline under the pinned trust root, and identity and issuer are those on record.",
        judge=identity,
        params=(
            Param(
                "identity",
                ParamKind.TEXT,
                "",
                "Exact identity of the certificate; empty: as on record.",
                tighter="kept",
            ),
            Param("issuer", ParamKind.TEXT, "", "Exact issuer of that identity; empty: as on record.", tighter="kept"),
            IF_ABSENT,
        ),
        not_proven="It rests on the identity provider and on who can sign in as that identity.",
    ),
)
