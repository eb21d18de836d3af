"""Rules on secrets that lie in the image for everybody who has it. The secret itself is never recorded."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase

from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import MAX_UNEXAMINED, Values, counted, failed, item, listed, named, passed, unearned
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


def authorized_keys(case: Case, values: Values) -> Judged:
    """An SSH key that comes with the image lets whoever has its other half into every device."""
    found = _found(case, values, ContentKind.AUTHORIZED_KEY)
    if found:
        return failed(
            f"{counted(len(found), 'SSH key')} in the image may log in on every device: {found[0].locator.name}.",
            [item(one.locator, f"{one.detail}, SHA-256 {one.fingerprint[:16]}", one) for one in found],
            remedy="Ask the vendor whose they are; remove them before the device is connected.",
            observed=counted(len(found), "key"),
        )
    return unearned(case, values, "authorized SSH key") or passed("No SSH key that may log in was found in the image.")


def token(case: Case, values: Values) -> Judged:
    """Whoever has the image has the token, and what it opens."""
    found = _found(case, values, ContentKind.TOKEN)
    if found:
        return failed(
            f"{counted(len(found), 'access token')} in the image: {named(sorted({one.detail for one in found}))}.",
            [item(one.locator, f"{one.detail}, SHA-256 {one.fingerprint[:16]}", one) for one in found],
            remedy="Ask the vendor to withdraw it and to give each device its own.",
            observed=counted(len(found), "token"),
        )
    return unearned(case, values, "access token") or passed("No access token was found in the image.")


def debug_shell(case: Case, values: Values) -> Judged:
    """A shell without login, on a console or over the network."""
    found = _found(case, values, ContentKind.DEBUG_SHELL)
    if found:
        return failed(
            f"Whoever reaches the device gets a shell: {found[0].detail} ({found[0].locator.name}).",
            [item(one.locator, one.detail, one) for one in found],
            remedy="Ask the vendor for a release without it; until then keep the console and the port locked.",
            observed=counted(len(found), "place"),
        )
    return unearned(case, values, "shell without login") or passed(
        "No shell without login was found in start-up files."
    )


def cleartext_service(case: Case, values: Values) -> Judged:
    """Passwords and commands cross the network readable."""
    found = _found(case, values, ContentKind.SERVICE)
    if found:
        names = sorted({one.fingerprint for one in found})
        return failed(
            f"Start-up files name {counted(len(names), 'service')} that do not encrypt: {named(names)}.",
            [item(one.locator, one.detail, one) for one in found],
            remedy="Switch it off or block its port; ask the vendor for an encrypted one.",
            observed=counted(len(names), "service"),
        )
    return unearned(case, values, "service without encryption") or passed(
        "No service that does not encrypt was found in start-up files."
    )


def _secret(name: str, measures: str, judge: Callable[[Case, Values], Judged], not_proven: str) -> Rule:
    return Rule(
        id=f"secret.{name}", default=Level.SHOULD, measures=measures, judge=judge, params=(ALLOW, MAX_UNEXAMINED),
        not_proven=not_proven, requirements=("E42 CR 7.7", "A CM-7"),
    )  # fmt: skip


RULES = (
    _secret(
        "authorized-keys",
        "No SSH key that may log in lies in the image.",
        authorized_keys,
        "Keys put there when the device is set up are not in the image.",
    ),
    _secret(
        "token",
        "No access token of a known service lies in the image.",
        token,
        "Passwords and secrets without a shape of their own are not found this way.",
    ),
    _secret(
        "debug-shell",
        "No shell without login is started.",
        debug_shell,
        "Shells that programs open by themselves are not found this way.",
    ),
    _secret(
        "cleartext-service",
        "No service that does not encrypt is started.",
        cleartext_service,
        "Services that programs offer by themselves, and those of unknown names, are not found this way.",
    ),
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
