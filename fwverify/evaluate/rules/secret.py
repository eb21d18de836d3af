"""Rules on secrets that lie in the image for everybody who has it. The secret itself is never recorded."""

from __future__ import annotations

from fnmatch import fnmatchcase

from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import MAX_UNEXAMINED, Values, counted, failed, item, listed, passed, unearned
from fwverify.model.evidence import ContentKind, ContentObservation
from fwverify.model.finding import Level

ALLOW = Param(
    "allow",
    ParamKind.LIST,
    (),
    "Globs over places (whole, or only the last name) and fingerprints that are known and accepted.",
    tighter="fewer",
)


def _found(case: Case, values: Values, kind: ContentKind) -> list[ContentObservation]:
    globs = listed(values, "allow")

    def allowed(one: ContentObservation) -> bool:
        names = (str(one.locator), one.locator.name, one.fingerprint)
        return any(name and fnmatchcase(name, glob) for name in names for glob in globs)

    return [one for one in case.evidence.contents if one.kind is kind and not allowed(one)]


def private_key(case: Case, values: Values) -> Judged:
    """A private key in an image is known to everybody who has the image."""
    found = _found(case, values, ContentKind.PRIVATE_KEY)
    if found:
        return failed(
            f"{counted(len(found), 'private key')} in the image: whoever has the image has "
            f"{'it' if len(found) == 1 else 'them'}.",
            [item(one.locator, f"private key {one.fingerprint[:16]}: {one.detail}", one) for one in found],
            remedy="Ask the vendor what it is for; replace it on every device and revoke what it vouches for.",
            observed=counted(len(found), "private key"),
        )
    return unearned(case, values, "private key") or passed("No private key was found in the image.")


def default_password(case: Case, values: Values) -> Judged:
    """Empty, weakly hashed or known default passwords, and further users with uid 0."""
    found = _found(case, values, ContentKind.PASSWORD)
    if found:
        return failed(
            f"{counted(len(found), 'account')} with a weak or known password: {found[0].detail}.",
            [item(one.locator, f"{one.fingerprint}: {one.detail}", one) for one in found],
            remedy="Change the password on every device before it is connected; ask the vendor for a fix.",
            observed=counted(len(found), "account"),
        )
    return unearned(case, values, "default password") or passed("No default password was found in the image.")


RULES = (
    Rule(
        id="secret.private-key",
        default=Level.MUST,
        measures="No private key lies in the image.",
        judge=private_key,
        params=(ALLOW, MAX_UNEXAMINED),
        not_proven="Keys in a form of the vendor's own are not recognised.",
        requirements=("E41 SM-8", "E42 CR 1.5"),
    ),
    Rule(
        id="secret.default-password",
        default=Level.MUST,
        measures="No empty, weakly hashed or known default password, and no further user with uid 0.",
        judge=default_password,
        params=(ALLOW, MAX_UNEXAMINED),
        not_proven="Passwords compared in program code are not found this way.",
        requirements=("K I(2)(b)",),
    ),
)
