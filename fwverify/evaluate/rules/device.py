"""Rules on the device the signed bytes are for: what identifies it, and the counter that forbids going back.

What counts is stated by bytes under an accepted signature (`SignatureObservation.states`); what an unsigned header says
is anybody's. What to expect comes from the operator alone.
"""

from __future__ import annotations

from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import IF_ABSENT, Values, absent, failed, item, listed, named, passed, unjudged
from fwverify.model.canonical import identify
from fwverify.model.evidence import SignatureObservation
from fwverify.model.finding import Level

COUNTERS = ("security-counter", "rollback-index", "sequence")
"""Names under which schemes record a number that only grows."""
UNSIGNED = "unsigned-"
"""Prefix of statements that lie beside the signed bytes."""


def product_match(case: Case, values: Values) -> Judged:
    """Every identifier the operator states is among those the signed bytes name.

    1. Signed statements must agree; where they are silent, so must what an unsigned header says.
    2. An unsigned header that agrees counts only where the policy says so: anybody could have written it.
    3. Every image is spoken of: by a statement in it, or by a signature or catalogue over it and the statement.
    """
    wanted = case.expectation.device
    if not wanted:
        return absent(values, "Nobody stated what identifies the device.", remedy="Say it: --device NAME=VALUE.")
    aliases = set(listed(values, "aliases"))
    wrong, silent = [], []
    speaking: list[SignatureObservation] = []
    for name, value in wanted:
        stated = [(one, said) for one in case.accepted if (said := _said(one, name))]
        beside = [(one, said) for one in case.accepted if (said := _said(one, UNSIGNED + name))]
        if not stated and not (beside and values["accept-unsigned"]):  # 2
            silent.append(name)
        told_so = stated or beside  # 1
        speaking += [one for one, _ in told_so]
        wrong += [(one, name, value, "/".join(said)) for one, said in told_so if _other(name, said, {value, *aliases})]
    if wrong:
        told = sorted({f"{name} is {said}, not {value}" for _, name, value, said in wrong})
        return failed(
            f"It is for another device: {named(told, 3)}.",
            [item(one.source, f"{name} {said}, expected {value}", one) for one, name, value, said in wrong],
            remedy="Do not install it on this device. Ask the vendor for the image of this model.",
            expected=", ".join(f"{name}={value}" for name, value in wanted),
            observed=named(told, 3),
        )
    images = [] if silent else _unspoken(case, speaking)  # 3
    if images:
        return unjudged(
            f"No signed bytes say for which device {named(images)} is; what others say is not about it.",
            remedy="Compare the model with the vendor's release notes.",
        )
    if silent:
        return unjudged(
            f"No signed bytes say for which device this is ({named(silent)}).{_aside(case, silent)}",
            remedy="Compare the model with the vendor's release notes.",
        )
    who = "The image names" if values["accept-unsigned"] else "The signed bytes name"
    return passed(f"{who} this device: {named([f'{name}={value}' for name, value in wanted])}.")


def _unspoken(case: Case, speaking: list[SignatureObservation]) -> list[str]:
    """Images that none of these observations, nor another from the same place, is about."""
    ids, sources = {identify(one) for one in speaking}, {one.source for one in speaking}
    subjects = [one.subject for one in speaking if one.subject is not None]
    subjects += [one.subject for one in case.accepted if one.subject is not None and one.source in sources]
    return [
        image.locator.name
        for image in case.evidence.images()
        if image.size
        and not any(one.within(image.locator) for one in subjects)
        and ids.isdisjoint(case.covered(image.locator, "firmware"))
    ]


def _other(name: str, said: list[str], wanted: set[str]) -> bool:
    """None of what is said is wanted. The digits of a GUID are the same in either case."""
    if name == "guid":
        return {text.lower() for text in said}.isdisjoint(text.lower() for text in wanted)
    return wanted.isdisjoint(said)


def _said(one: SignatureObservation, name: str) -> list[str]:
    return [said for key, said in one.states if key == name]


def _aside(case: Case, silent: list[str]) -> str:
    beside = sorted(
        f"{key.removeprefix(UNSIGNED)} {said}"
        for one in case.accepted
        for key, said in one.states
        if key.removeprefix(UNSIGNED) in silent and key.startswith(UNSIGNED)
    )
    return f" A header that nobody signed says {named(beside, 3)}." if beside else ""


def security_counter(case: Case, values: Values) -> Judged:
    """The counter under the signature is below neither the one stated nor those of the approved release.

    A declared way back (--going-back) is held against the stated one alone.
    """
    least = case.expectation.minimum_counter
    release = case.evidence.approved
    approved = release.counters if release and not case.expectation.change.going_back else ()
    if least < 0 and not approved:
        return absent(
            values,
            "Nobody stated a lowest security counter, and no approved release has one.",
            remedy="Say it: --min-counter N, or --baseline FILE.",
        )
    found = [
        (one, key, int(said)) for one in case.accepted for key, said in one.states if key in COUNTERS and said.isdigit()
    ]
    if not found:
        return unjudged(
            "No signed bytes carry a security counter.",
            remedy="Ask the vendor to sign the counter with the image; one beside the signature proves nothing.",
        )
    low = [(one, said, bound) for one, key, said in found if said < (bound := _least(least, approved, key))]
    if low:
        said, bound = min((said, bound) for _, said, bound in low)
        return failed(
            f"Its security counter is {said}, below {bound}{'' if bound == least else ' of the approved release'}.",
            [item(one.source, f"counter {said}, at least {bound} expected", one) for one, said, bound in low],
            remedy="Install a later release: this one was withdrawn by raising the counter.",
            expected=f"at least {bound}",
            observed=str(said),
        )
    images = _unspoken(case, [one for one, _, _ in found])
    gone = sorted({name for name, _ in approved} - {key for _, key, _ in found})
    if images or gone:
        what = f"for {named(images)}" if images else f"named {named(gone)}, as those of the approved release do"
        return unjudged(
            f"No signed bytes carry a security counter {what}.",
            remedy="Ask the vendor to sign the counter with each image.",
        )
    bound = max(_least(least, approved, key) for _, key, _ in found)
    return passed(f"Its security counter is {min(said for _, _, said in found)}, not below {bound}.")


def _least(stated: int, approved: tuple[tuple[str, int], ...], name: str) -> int:
    """Lowest acceptable value of this counter. Of several of one name in the approved release, the lowest counts: which
    image carried which is not known."""
    return max(stated, min((value for key, value in approved if key == name), default=stated))


RULES = (
    Rule(
        id="package.product-match",
        default=Level.MUST,
        measures="What signed bytes say of the device (compatible, machine, device type, GUID) is what you stated.",
        judge=product_match,
        params=(
            Param("aliases", ParamKind.LIST, (), "Other names of the same device.", tighter="fewer"),
            Param(
                "accept-unsigned",
                ParamKind.FLAG,
                False,
                "What only an unsigned header says counts too (the image type of a UEFI capsule stands nowhere else).",
                tighter="false",
            ),
            IF_ABSENT,
        ),
        not_proven="It does not show that the device refuses images for others.",
    ),
    Rule(
        id="version.security-counter",
        default=Level.SHOULD,
        measures="The signed anti-rollback counter (MCUboot, AVB, FIT, ESP32...) is not below the one you stated, nor "
        "below that of the approved release.",
        judge=security_counter,
        params=(IF_ABSENT,),
        not_proven="It does not show which counter the device holds.",
        requirements=("N193",),
    ),
)
