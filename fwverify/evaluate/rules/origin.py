"""Rules on origin: the ladder (never a bare "verified"), and what is on record where nothing shows the origin."""

from __future__ import annotations

from datetime import date
from fnmatch import fnmatchcase

from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import (
    Values,
    failed,
    incomparable,
    item,
    named,
    number,
    passed,
    percent,
    unjudged,
)
from fwverify.evaluate.opacity import MORE_TIME, dark_bytes, in_damaged, looks_random, ran_out
from fwverify.evaluate.strength import WORDS
from fwverify.evaluate.values import WHOLE
from fwverify.model.artifact import Locator
from fwverify.model.evidence import Gap, GapReason, SignatureStatus
from fwverify.model.expectation import NoMethod
from fwverify.model.finding import Level, Outcome

REMEDY = (
    "Ask the vendor for a signature and its key, or have the vendor read you the SHA-256 over another way than this "
    "delivery (--sha256 HEX --channel TEXT)."
)

METHOD = 2
"""Rung of the ladder from which there is a method that says something about origin."""
NOISE = 720
"""Hundredths of a bit for each byte from which unexplained bytes count as opaque."""
RECORD = "Ask the vendor in writing, and record the answer:  --no-method FILE (docs/policies.md)."


def strength(case: Case, values: Values) -> Judged:
    """The rung that holds for every image, against the rung the policy asks for.

    Nothing to compare with is not evaluated, and never a pass, even where the policy asks for rung 0; what is there
    and too weak fails.
    """
    rung, least = case.strength, number(values, "min")
    expected, observed = f"{least} of 5 ({WORDS[least]})", f"{rung.value} of 5 ({rung.words})"
    if not any(one.size for one in case.evidence.images()):
        return unjudged("There is no image whose origin could be shown.", remedy="Name the file to be installed.")
    if rung.value >= max(least, 1):
        return passed(f"{rung.words}: {rung.detail}", expected=expected, observed=observed)
    nothing = incomparable(case)
    if nothing is not None or not least:
        why = nothing.message if nothing else "Nothing that holds shows the origin."
        return unjudged(
            f"{why} Origin: {rung.words}.",
            remedy=REMEDY,
            items=(item(case.evidence.delivery, "nothing that shows the origin"),),
            expected=expected,
            observed=observed,
        )
    return failed(
        f"Origin is only {rung.words} ({rung.value} of 5); the policy asks for {least}. {rung.detail}",
        [item(case.evidence.delivery, f"origin strength {rung.value} of 5, {least} wanted")],
        remedy=REMEDY,
        expected=expected,
        observed=observed,
    )


def no_method(case: Case, values: Values) -> Judged:
    """Where nothing shows the origin, a dated statement says that the vendor was asked and offers nothing.

    1. A signature or a published checksum came, or the origin is shown another way: there is a method, and other
       rules judge whether it holds. Does not apply.
    2. No statement: not evaluated.
    3. A statement about somebody else, from the future, or too old: fail.
    """
    came = case.evidence.signatures or any(not one.inner for one in case.evidence.checksums)
    if came or case.strength.value >= METHOD:
        return Judged(Outcome.NOT_APPLICABLE, f"There is a method, and other rules judge it: {case.strength.words}.")
    said = case.expectation.no_method
    if said is None:
        return unjudged(
            "Nothing shows where the file comes from, and no statement says that the vendor offers no method.",
            remedy=RECORD,
            items=(item(case.evidence.delivery, "no statement"),),
        )
    why = _unfit(said, case, number(values, "max-age-days"))
    observed = f"{said.asked}, asked by {said.asked_by} ({said.channel}, {said.on})"
    if why:
        return failed(f"The statement does not count: {why}.", [item(case.evidence.delivery, why)],
                      remedy=RECORD, observed=observed)  # fmt: skip
    return passed(
        f"On record since {said.on}: {said.vendor} offers no method ({said.asked}, asked by {said.asked_by}). "
        f"Instead: {named(said.mitigation, 3)}.",
        observed=observed,
    )


def _unfit(said: NoMethod, case: Case, allowed: int) -> str:
    expected = case.expectation
    try:
        age = (date.fromisoformat(case.at[:10]) - date.fromisoformat(said.on)).days
    except ValueError:
        return f"{said.on!r} is no date"
    if expected.vendor and said.vendor.casefold() != expected.vendor.casefold():
        return f"it is about {said.vendor}, not about {expected.vendor}"
    if said.products and not any(fnmatchcase(expected.product, one) for one in said.products):
        return f"it is about {named(said.products)}, not about {expected.product or 'a product nobody stated'}"
    if age < 0:
        return f"it is dated {said.on}, which has not come yet"
    return f"it is {age} days old, and at most {allowed} count" if allowed and age > allowed else ""


def encrypted_not_signed(case: Case, values: Values) -> Judged:
    """An image nobody can look into carries a signature made with a private key, not only a checksum or shared key."""
    images = [one for one in case.evidence.images() if one.size]
    if not images:
        return unjudged("There is no image in this delivery.", remedy="Name the file that would be installed.")
    least = number(values, "opaque-from")
    dark = []
    for image in images:
        gaps = [one for one in case.evidence.gaps if _hides(one, image.locator)]
        count = dark_bytes(case, gaps)
        if not count or count * WHOLE < least * image.size:
            continue
        if in_damaged(case, gaps):
            late = any(ran_out(one) for one in case.evidence.gaps)
            state = "was not read to the end" if late else "is cut or damaged"
            return unjudged(
                f"{image.locator.name} {state}, so it is not known whether it is encrypted.",
                remedy=MORE_TIME if late else "Download it again, compare its checksum, or ask the vendor.",
            )
        dark.append((image, count))
    if not dark:
        return passed("No image here is encrypted as a whole.", denominator=f"0 of {len(images)} images")
    bare = [(image, count) for image, count in dark if not _signed(case, image.locator)]
    if bare:
        return failed(
            f"{named([image.locator.name for image, _ in bare])}: encrypted, and not signed. Whoever has the key of "
            "one device can make firmware for all.",
            [item(image.locator, f"{percent(count, image.size)} opaque, no signature", image) for image, count in bare],
            remedy="Ask the vendor for a signature over the encrypted file, and what the device checks.",
            denominator=f"{len(dark) - len(bare)} of {len(dark)} encrypted images signed",
        )
    return passed(
        f"{named([image.locator.name for image, _ in dark])}: encrypted, and signed with a private key.",
        denominator=f"{len(dark)} of {len(dark)} encrypted images signed",
    )


def _hides(one: Gap, image: Locator) -> bool:
    inside = one.locator.steps[: len(image.steps)] == image.steps
    return inside and (one.reason is GapReason.ENCRYPTED or looks_random(one, NOISE))


def _signed(case: Case, image: Locator) -> bool:
    """True when a signature that is not broken speaks of it; whose key it is, other rules judge."""
    intact = (SignatureStatus.VALID, SignatureStatus.UNKNOWN_KEY)
    found = [one for one in case.evidence.signatures if one.status in intact]
    bound = {one.source for one in case.evidence.bindings if one.subject == image and one.holds and one.strong}
    return any(one.subject is not None and (one.subject == image or one.subject in bound) for one in found)


RULES = (
    Rule(
        id="origin.strength",
        default=Level.MUST,
        measures="How well it is shown where the images come from, on the ladder from 0 to 5.",
        judge=strength,
        params=(
            Param(
                "min",
                ParamKind.INTEGER,
                4,
                "Least rung: 2 a checksum over another channel, 3 signed, 4 signed by a confirmed key, 5 and timed.",
                choices=("0", "1", "2", "3", "4", "5"),
                tighter="higher",
            ),
        ),
        not_proven="It does not show that what the vendor made is free of flaws.",
        requirements=("N1", "N2"),
    ),
    Rule(
        id="origin.no-method",
        default=Level.SHOULD,
        measures="Where nothing shows the origin, a dated statement says that the vendor was asked and offers nothing.",
        judge=no_method,
        params=(
            Param(
                "max-age-days",
                ParamKind.INTEGER,
                365,
                "Days after which the vendor must be asked again; 0: never.",
                tighter="below",
            ),
        ),
        not_proven="It shows that you asked, and nothing about the file.",
        requirements=("N1", "N2", "N13"),
    ),
    Rule(
        id="origin.encrypted-not-signed",
        default=Level.SHOULD,
        measures="An image that nobody can look into carries a signature made with a private key.",
        judge=encrypted_not_signed,
        params=(
            Param(
                "opaque-from",
                ParamKind.RATIO,
                WHOLE // 2,
                "Share of opaque bytes from which an image counts as encrypted.",
                tighter="lower",
            ),
        ),
        not_proven="A signature may be inside the encryption, where only the device sees it.",
    ),
)
