"""Rules on published checksums: they fit, they are strong, they came another way, and those inside the image hold."""

from __future__ import annotations

import re

from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import IF_ABSENT, Values, absent, counted, failed, item, named, passed, text, unjudged
from fwverify.evaluate.strength import STRONG_DIGESTS
from fwverify.model.artifact import Locator
from fwverify.model.evidence import ArtifactRecord, ChecksumObservation
from fwverify.model.finding import Item, Level

NOTHING = "No checksum came with it and none was given."
GIVE_ONE = "Have the vendor read you the SHA-256 over another way than this delivery (--sha256 HEX --channel TEXT)."
AGAIN = "The file was changed or damaged. Get it again from the vendor; keep this one."
BITS = {"sha256": 256, "sha384": 384, "sha512": 512}
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _outer(case: Case) -> list[ChecksumObservation]:
    return [one for one in case.evidence.checksums if not one.inner]


def _told(one: ChecksumObservation) -> str:
    where = one.declared_in.name if one.declared_in is not None else "the checksum you gave"
    return (
        f"{one.declared.algorithm} in {where}" if one.declared_in is not None else f"{where} ({one.declared.algorithm})"
    )


def _item(one: ChecksumObservation, detail: str) -> Item:
    return item(one.subject or one.name or _told(one), f"{detail} {_told(one)}", one)


def match(case: Case, values: Values) -> Judged:
    """Every checksum that speaks of a delivered file fits it, and every image is listed where there is a list.

    1. Nothing published or given: the policy's `if-absent`.
    2. A checksum that does not fit, or that the operator gave and no file has: fail.
    3. One name with two different checksums of one kind in one list: fail, since readers differ on which counts.
    4. A list that leaves out an image: fail. Entries for files that were not delivered are counted, no more.
    """
    outer = _outer(case)
    if not outer:
        return absent(values, NOTHING, remedy=GIVE_ONE)
    wrong = [one for one in outer if not one.holds and (one.subject is not None or one.declared_in is None)]
    if wrong:
        return failed(
            f"{counted(len(wrong), 'checksum does', 'checksums do')} not fit: "
            f"{named(sorted({_told(one) for one in wrong}), 3)}.",
            [_item(one, "does not fit") for one in wrong],
            remedy=AGAIN,
            expected=wrong[0].declared.hex,
            observed=wrong[0].computed.hex if wrong[0].computed else "no such file",
        )
    twice = _contradicting(outer)
    if twice:
        return failed(
            f"{named(sorted({one.name for one in twice}))}: two different checksums for one name.",
            [_item(one, f"contradicted {one.declared.hex[:16]}") for one in twice],
            remedy="Ask the vendor for a list without contradictions.",
        )
    return _unlisted(case, outer) or _all_fit(outer)


def _contradicting(outer: list[ChecksumObservation]) -> list[ChecksumObservation]:
    stated: dict[tuple[object, str, str], set[bytes]] = {}
    for one in outer:
        stated.setdefault((one.declared_in, one.name, one.declared.algorithm), set()).add(one.declared.value)
    return [
        one
        for one in outer
        if one.declared_in is not None and len(stated[one.declared_in, one.name, one.declared.algorithm]) > 1
    ]


def _by_subject(outer: list[ChecksumObservation]) -> dict[Locator, list[ChecksumObservation]]:
    """Those that hold, by what they speak of."""
    found: dict[Locator, list[ChecksumObservation]] = {}
    for one in outer:
        if one.holds and one.subject is not None:
            found.setdefault(one.subject, []).append(one)
    return found


def _holding(image: ArtifactRecord, held: dict[Locator, list[ChecksumObservation]]) -> list[ChecksumObservation]:
    """Those that hold for the image or for an archive around it."""
    around = (Locator(image.locator.steps[:depth]) for depth in range(1, len(image.locator.steps) + 1))
    return [one for place in around for one in held.get(place, ())]


def _unlisted(case: Case, outer: list[ChecksumObservation]) -> Judged | None:
    images = [one for one in case.evidence.images() if one.size]
    if not images:
        return unjudged("There is no image that a checksum could fit.", remedy="Name the file to be installed.")
    held = _by_subject(outer)
    # Listed in something that itself has a checksum: a strong binding that holds leads to it.
    bound = {one.subject for one in case.evidence.bindings if one.holds and one.strong}
    bare = [one for one in images if not _holding(one, held) and one.locator not in bound]
    if not bare:
        return None
    names = named([one.locator.name for one in bare])
    items = [item(one.locator, "no checksum speaks of it", one) for one in bare]
    if any(one.declared_in is not None for one in outer):
        return failed(
            f"{names}: in no checksum list, although there is one.",
            items,
            remedy="Ask the vendor why the list leaves it out. Do not install a file nobody listed.",
            observed=f"{len(images) - len(bare)} of {len(images)} images listed",
        )
    return unjudged(f"{names}: no checksum speaks of it.", remedy=GIVE_ONE, items=items)


def _all_fit(outer: list[ChecksumObservation]) -> Judged:
    fit = [one for one in outer if one.holds]
    missing = sum(one.subject is None for one in outer)
    more = f"; {counted(missing, 'listed file')} not delivered" if missing else ""
    return passed(
        f"{counted(len(fit), 'checksum fits', 'checksums fit')}{more}.",
        denominator=f"{len(fit)} of {len(outer)} checksums",
    )


def strength(case: Case, values: Values) -> Judged:
    """For every image a strong checksum is among those that fit."""
    outer = _outer(case)
    fit = [one for one in outer if one.holds and one.subject is not None]
    if not outer:
        return absent(values, NOTHING, remedy=GIVE_ONE)
    held = _by_subject(fit)
    images = [one for one in case.evidence.images() if one.size and _holding(one, held)]
    if not images:
        return unjudged("No checksum fits an image, so there is none whose strength counts.", remedy=GIVE_ONE)
    least = text(values, "min")

    def strong(one: ChecksumObservation) -> bool:
        return one.declared.algorithm in STRONG_DIGESTS and len(one.declared.value) * 8 >= BITS[least]

    weak = [one for one in images if not any(strong(checksum) for checksum in _holding(one, held))]
    used = sorted({one.declared.algorithm for one in fit})
    if weak:
        return failed(
            f"Only weak checksums fit {named([one.locator.name for one in weak])}: {', '.join(used)}.",
            [item(one.locator, "only a weak checksum", one) for one in weak],
            remedy="Ask the vendor for a SHA-256. MD5, SHA-1 and CRC show damage, not tampering.",
            expected=f"{least} or better",
            observed=", ".join(used),
        )
    return passed(f"A strong checksum fits every image: {', '.join(used)}.", observed=", ".join(used))


def channel(case: Case, values: Values) -> Judged:
    """A checksum that fits came another way than the file, and it is recorded from whom and when."""
    outer = _outer(case)
    if not outer:
        return absent(values, NOTHING, remedy=GIVE_ONE)
    given = [one for one in outer if one.declared_in is None and one.holds and one.subject is not None]
    if not given:
        return failed(
            "The checksum came with the file: whoever changes one changes both.",
            [_item(one, "same channel:") for one in outer],
            remedy=GIVE_ONE,
        )
    unsaid = [one for one in given if not _recorded(one.channel)]
    if len(unsaid) == len(given):
        return failed(
            "A checksum was given, but not over which way, from whom and when it came.",
            [_item(one, "channel not recorded:") for one in unsaid],
            remedy='Record it:  --channel "phone, NAME, DATE".',
            observed="; ".join(sorted({one.channel for one in unsaid})),
        )
    told = sorted({one.channel for one in given if _recorded(one.channel)})
    return passed(f"The checksum came another way: {'; '.join(told)}.", observed="; ".join(told))


def _recorded(words: str) -> bool:
    """By which way, from whom, and a date: three parts."""
    parts = [one.strip() for one in words.split(",") if one.strip()]
    return len(parts) >= 3 and DATE.search(words) is not None


def inner(case: Case, values: Values) -> Judged:
    """Checksums that the image carries for its own parts hold: damage, not origin."""
    inside = [one for one in case.evidence.checksums if one.inner]
    if not inside:
        return absent(values, "The image carries no checksum of its parts.", remedy="Nothing to do.")
    wrong = [one for one in inside if not one.holds]
    if wrong:
        return failed(
            f"{counted(len(wrong), 'checksum')} inside the image {'does' if len(wrong) == 1 else 'do'} not hold: "
            f"{named(sorted({one.name or _told(one) for one in wrong}))}.",
            [item(one.subject or one.name, f"{one.detail} {one.name} {one.declared.algorithm}", one) for one in wrong],
            remedy=AGAIN,
            denominator=f"{len(inside) - len(wrong)} of {len(inside)} hold",
        )
    return passed(f"All {len(inside)} checksums inside the image hold.", denominator=f"{len(inside)} of {len(inside)}")


RULES = (
    Rule(
        id="checksum.match",
        default=Level.MUST,
        measures="Published and given checksums fit, and every image is listed where there is a list.",
        judge=match,
        params=(IF_ABSENT,),
        not_proven="A checksum from the same place as the file shows download errors only.",
        requirements=("N2",),
    ),
    Rule(
        id="checksum.strength",
        default=Level.SHOULD,
        measures="SHA-256 or better is among the checksums that fit each image.",
        judge=strength,
        params=(
            Param(
                "min",
                ParamKind.CHOICE,
                "sha256",
                "Weakest checksum that counts.",
                choices=tuple(BITS),
                tighter="higher",
            ),
            IF_ABSENT,
        ),
        not_proven="A strong checksum says nothing about who published it.",
        requirements=("N2",),
    ),
    Rule(
        id="checksum.channel",
        default=Level.SHOULD,
        measures="A checksum that fits came another way than the file, recorded with who and when.",
        judge=channel,
        params=(IF_ABSENT,),
        not_proven="That the person on the other end was the vendor's rests on your record.",
        requirements=("N2",),
    ),
    Rule(
        id="checksum.inner",
        default=Level.MUST,
        measures="Digests and CRCs that the image carries for its own parts hold.",
        judge=inner,
        params=(IF_ABSENT,),
        not_proven="Whoever changes the image can change these too.",
        requirements=("N2",),
    ),
)
