"""Rules on lists of what is in a delivery: the package's own inner manifest, and whose the checksum list is."""

from __future__ import annotations

from fwverify.evaluate.interface import Case, Judged, Rule
from fwverify.evaluate.judging import IF_ABSENT, Values, absent, counted, failed, item, named, passed, unjudged
from fwverify.evaluate.strength import is_independent
from fwverify.model.artifact import Locator
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.finding import Item, Level

CONTRADICTIONS = (AnomalyKind.HEADER_DISAGREES, AnomalyKind.OVERLAP)
BROKEN_OFF = (GapReason.MALFORMED, GapReason.LIMIT, GapReason.CRASHED)


def consistent(case: Case, values: Values) -> Judged:
    """What an image says of its parts (list, sizes, places, digests) is what is there.

    1. An entry whose part is not there, is another, or lies in another's place: fail.
    2. An image that could not be read to its end: not evaluated.
    3. No image that says anything of its parts: the policy's `if-absent`.
    """
    images = {one.locator for one in case.evidence.images()}

    def inside(place: Locator) -> bool:
        return any(Locator(place.steps[:depth]) in images for depth in range(1, len(place.steps) + 1))

    stated = [one for one in case.evidence.bindings if one.source != one.subject and inside(one.source)]
    wrong = [item(one.subject, f"is not what {one.source.name} says of it", one) for one in stated if not one.holds]
    wrong += [_odd(one.locator, one.detail, one) for one in case.evidence.anomalies
              if one.kind in CONTRADICTIONS and inside(one.locator)]  # fmt: skip
    wrong += [_odd(one.locator, one.detail, one) for one in case.evidence.gaps
              if one.reason is GapReason.MISSING and inside(one.locator)]  # fmt: skip
    if wrong:
        return failed(
            f"{counted(len(wrong), 'entry', 'entries')} of a package's own list {'does' if len(wrong) == 1 else 'do'} "
            f"not fit what is there: {named(sorted({one.subject for one in wrong}), 3)}.",
            wrong,
            remedy="The file was changed, cut or badly built. Get it again from the vendor; keep this one.",
            denominator=f"{len(stated) - sum(not one.holds for one in stated)} of {len(stated)} entries fit",
        )
    broken = [one for one in case.evidence.gaps if one.locator in images and one.reason in BROKEN_OFF]
    if broken:
        return unjudged(
            f"{named(sorted({one.locator.name for one in broken}))} could not be read to the end, so its list is not "
            "known.",
            remedy="Compare size and digest with what the vendor states; ask for the file again.",
            items=[item(one.locator, one.detail, one) for one in broken],
        )
    if not stated:
        return absent(
            values,
            "No image here carries a list of its parts.",
            remedy="Nothing to do; other rules judge what is inside.",
        )
    return passed(
        f"All {counted(len(stated), 'part')} are what the package's own list says.",
        denominator=f"{len(stated)} of {len(stated)} entries fit",
    )


def _odd(where: Locator, detail: str, seen: object) -> Item:
    return item(where, detail, seen)


def authentic(case: Case, values: Values) -> Judged:
    """Every checksum list that speaks of an image is signed by an accepted key, or was itself confirmed."""
    images = {one.locator for one in case.evidence.images()}
    lists = sorted({
        one.declared_in for one in case.evidence.checksums
        if not one.inner and one.declared_in is not None and one.subject in images
    })  # fmt: skip
    if not lists:
        return absent(
            values, "No checksum list speaks of an image here.", remedy="Ask the vendor for a list with a signature."
        )
    confirmed = {one.subject for one in case.evidence.checksums if is_independent(one) and one.holds}
    loose = [one for one in lists if one not in confirmed and not case.covered(one, "firmware")]
    ratio = f"{len(lists) - len(loose)} of {counted(len(lists), 'list')}"
    if loose:
        return failed(
            f"{named([one.name for one in loose], 3)}: signed by no key on record, so anybody could have written it.",
            [item(one, "a checksum list nobody vouches for") for one in loose],
            remedy="Ask the vendor to sign the list, or have the SHA-256 of the image read to you another way.",
            denominator=ratio,
        )
    return passed(f"{named([one.name for one in lists], 3)}: signed by a key on record.", denominator=ratio)


RULES = (
    Rule(
        id="package.manifest-consistent",
        default=Level.MUST,
        measures="What an image says of its own parts (list, sizes, places, digests) is what is there.",
        judge=consistent,
        params=(IF_ABSENT,),
        not_proven="Whoever changes the parts can change the list with them, unless the list is signed.",
        requirements=("N2",),
    ),
    Rule(
        id="checksum.manifest-authentic",
        default=Level.SHOULD,
        measures="Every checksum list that speaks of an image is signed by an accepted key or was itself confirmed.",
        judge=authentic,
        params=(IF_ABSENT,),
        not_proven="A signed list may be an old one: it says nothing about versions.",
        requirements=("N1",),
    ),
)
