"""Rules on secrets that lie in the image for everybody who has it. The secret itself is never recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
Found = Sequence[ContentObservation]


@dataclass(frozen=True, slots=True)
class _Secret:
    """One kind of secret, and the words for it."""

    name: str
    """The rule's, in its family."""
    kind: ContentKind
    measures: str
    not_proven: str
    looked_for: str
    """In `No ... was found`."""
    counts: str
    """What is counted."""
    message: Callable[[Found], str]
    row: Callable[[ContentObservation], str]
    """One of those found, without the secret."""
    remedy: str
    requirements: tuple[str, ...] = ("E42 CR 7.7", "A CM-7")
    level: Level = Level.SHOULD
    where: str = "in the image"
    number: Callable[[Found], int] = len

    def judge(self, case: Case, values: Values) -> Judged:
        """Any that the policy does not know fails; none counts only where enough was examined."""
        found = _found(case, values, self.kind)
        if not found:
            known = sum(one.kind is self.kind for one in case.evidence.contents)
            beyond = f" beyond {known} that the policy accepts (allow)" if known else ""
            none = passed(f"No {self.looked_for} was found {self.where}{beyond}.")
            return unearned(case, values, self.looked_for) or none
        return failed(
            self.message(found),
            [item(one.locator, self.row(one), one) for one in found],
            remedy=self.remedy,
            observed=counted(self.number(found), self.counts),
        )

    def rule(self) -> Rule:
        return Rule(
            id=f"secret.{self.name}", default=self.level, measures=self.measures, judge=self.judge,
            params=(ALLOW, MAX_UNEXAMINED), not_proven=self.not_proven, requirements=self.requirements,
        )  # fmt: skip


def _found(case: Case, values: Values, kind: ContentKind) -> list[ContentObservation]:
    globs = listed(values, "allow")

    def allowed(one: ContentObservation) -> bool:
        names = (str(one.locator), one.locator.name, one.fingerprint)
        return any(name and fnmatchcase(name, glob) for name in names for glob in globs)

    return [one for one in case.evidence.contents if one.kind is kind and not allowed(one)]


def _services(found: Found) -> list[str]:
    return sorted({one.fingerprint for one in found})


def _keys_message(found: Found) -> str:
    it = "it" if len(found) == 1 else "them"
    return f"{counted(len(found), 'private key')} in the image: whoever has the image has {it}."


def _logins_message(found: Found) -> str:
    keys = counted(len(found), "SSH key")
    return f"{keys} in the image may log in on every device: {found[0].locator.name}."


def _services_message(found: Found) -> str:
    names = _services(found)
    services = counted(len(names), "service that does", "services that do")
    return f"Start-up files name {services} not encrypt: {named(names)}."


SECRETS = (
    _Secret(
        name="authorized-keys",
        kind=ContentKind.AUTHORIZED_KEY,
        measures="No SSH key that may log in lies in the image.",
        not_proven="Keys put there when the device is set up are not in the image.",
        looked_for="SSH key that may log in",
        counts="key",
        message=_logins_message,
        row=lambda one: f"{one.detail}, SHA-256 {one.fingerprint[:16]}",
        remedy="Ask the vendor whose they are; remove them before the device is connected.",
    ),
    _Secret(
        name="token",
        kind=ContentKind.TOKEN,
        measures="No access token of a known service lies in the image.",
        not_proven="Passwords and secrets without a shape of their own are not found this way.",
        looked_for="access token",
        counts="token",
        message=lambda found: (
            f"{counted(len(found), 'access token')} in the image: {named(sorted({one.detail for one in found}))}."
        ),
        row=lambda one: f"{one.detail}, SHA-256 {one.fingerprint[:16]}",
        remedy="Ask the vendor to withdraw it and to give each device its own.",
    ),
    _Secret(
        name="debug-shell",
        kind=ContentKind.DEBUG_SHELL,
        measures="No shell without login is started.",
        not_proven="Shells that programs open by themselves are not found this way.",
        looked_for="shell without login",
        where="in start-up files",
        counts="place",
        message=lambda found: f"Whoever reaches the device gets a shell: {found[0].detail} ({found[0].locator.name}).",
        row=lambda one: one.detail,
        remedy="Ask the vendor for a release without it; until then keep the console and the port locked.",
    ),
    _Secret(
        name="cleartext-service",
        kind=ContentKind.SERVICE,
        measures="No service that does not encrypt is started.",
        not_proven="Services that programs offer by themselves, and those of unknown names, are not found this way.",
        looked_for="service that does not encrypt",
        where="in start-up files",
        counts="service",
        number=lambda found: len(_services(found)),
        message=_services_message,
        row=lambda one: one.detail,
        remedy="Switch it off or block its port; ask the vendor for an encrypted one.",
    ),
    _Secret(
        name="private-key",
        kind=ContentKind.PRIVATE_KEY,
        level=Level.MUST,
        measures="No private key lies in the image.",
        not_proven="Keys in a form of the vendor's own are not recognised.",
        looked_for="private key",
        counts="private key",
        message=_keys_message,
        row=lambda one: f"private key {one.fingerprint[:16]}: {one.detail}",
        remedy="Ask the vendor what it is for; replace it on every device and revoke what it vouches for.",
        requirements=("E41 SM-8", "E42 CR 1.5"),
    ),
    _Secret(
        name="default-password",
        kind=ContentKind.PASSWORD,
        level=Level.MUST,
        measures="No empty, weakly hashed or known default password, and no further user with uid 0.",
        not_proven="Passwords compared in program code are not found this way.",
        looked_for="default password",
        counts="account",
        message=lambda found: f"{counted(len(found), 'account')} with a weak or known password: {found[0].detail}.",
        row=lambda one: f"{one.fingerprint}: {one.detail}",
        remedy="Change the password on every device before it is connected; ask the vendor for a fix.",
        requirements=("K I(2)(b)",),
    ),
)
RULES = tuple(one.rule() for one in SECRETS)
