"""The origin ladder of rules.md, 0 to 5: how well is it shown where the images come from. Pure.

What a policy asks of confirmations plays no part here: the ladder has its own rungs for that.
"""

from __future__ import annotations

from collections.abc import Mapping

from fwverify.evaluate.coverage import covered_by, full, image_spans, touches_every_image
from fwverify.evaluate.judging import named
from fwverify.evaluate.keys import TRUSTED_TIMES, blocks, confirmations
from fwverify.model.artifact import Locator
from fwverify.model.canonical import identify
from fwverify.model.evidence import ChecksumObservation, Evidence, KeyRecord
from fwverify.model.verdict import Strength

STRONG_DIGESTS = frozenset({"sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "blake2b", "blake2s"})
WORDS = (
    "NO METHOD",
    "CHECKSUM, SAME CHANNEL",
    "CHECKSUM, INDEPENDENT CHANNEL",
    "SIGNED, KEY NOT CONFIRMED",
    "SIGNED, PINNED KEY",
    "SIGNED, PINNED AND TIMED",
)
MAX_NAMED = 3
"""Images that an explanation names."""
CONFIRMED = 2
"""Different people over different channels that make a pin a confirmed one."""


def strength(evidence: Evidence, keys: Mapping[str, KeyRecord], *, ignore_padding: bool) -> Strength:
    """Find the highest rung that holds for every image.

    Args:
        evidence: the facts.
        keys: valid signatures whose key is in scope and in force, confirmed or not, by observation id.
        ignore_padding: as the policy counts coverage.

    1. 5: rung 4 by signatures with a proven time, or by two different keys of which each covers everything.
    2. 4: confirmed keys cover everything that counts.
    3. 3: an accepted signature covers something of every image, but a key is not confirmed or bytes are left out.
    4. 2: a strong checksum from a recorded other channel holds for every image.
    5. 1: some checksum holds for every image.
    """
    firm = {one: key for one, key in keys.items() if key.status != "tofu" and confirmations(key) >= CONFIRMED}
    if full(evidence, firm.keys(), ignore_padding=ignore_padding):
        timed = _timed(evidence, firm, ignore_padding=ignore_padding)
        value = 5 if timed or _threshold(evidence, firm, ignore_padding=ignore_padding) else 4
        return Strength(value, WORDS[value], _by(firm))
    if touches_every_image(evidence, keys.keys(), ignore_padding=ignore_padding):
        complete = full(evidence, keys.keys(), ignore_padding=ignore_padding)
        return Strength(3, WORDS[3], _by(keys) + ("" if complete else " It leaves bytes unsigned."))
    return _by_checksum(evidence, keys)


def _timed(evidence: Evidence, firm: Mapping[str, KeyRecord], *, ignore_padding: bool) -> bool:
    proven = {
        identify(one) for one in evidence.signatures if one.time_source in TRUSTED_TIMES and one.signed_at
    }  # fmt: skip
    return full(evidence, firm.keys() & proven, ignore_padding=ignore_padding)


def _threshold(evidence: Evidence, firm: Mapping[str, KeyRecord], *, ignore_padding: bool) -> bool:
    """Two different keys, each of them over everything."""
    by_key: dict[str, set[str]] = {}
    for one, key in firm.items():
        by_key.setdefault(key.fingerprint or f"{key.identity} {key.issuer}", set()).add(one)
    return sum(full(evidence, ids, ignore_padding=ignore_padding) for ids in by_key.values()) > 1


def _by(keys: Mapping[str, KeyRecord]) -> str:
    return " ".join(_told(one) for one in sorted(set(keys.values())))


def _told(key: KeyRecord) -> str:
    what = f"Key {blocks(key.fingerprint)}" if key.fingerprint else f"Identity {key.identity} ({key.issuer})"
    if key.status == "tofu":
        return f"{what}, trusted on first use."
    told = [f"{one.channel} ({', '.join(part for part in (one.who, one.when) if part)})" for one in key.sources]
    if not told:
        return f"{what}, nobody recorded how it was learned."
    return f"{what}, confirmed by {', '.join(told)}."


def _by_checksum(evidence: Evidence, keys: Mapping[str, KeyRecord]) -> Strength:
    outer = [one for one in evidence.checksums if not one.inner and one.subject is not None]
    contradicted = any(one.declared_in is None and not one.holds for one in evidence.checksums)
    good = [one for one in outer if one.holds]
    independent = [one for one in good if is_independent(one) and not contradicted]
    if _reach_all(evidence, independent):
        told = sorted({one.channel for one in independent})
        return Strength(2, WORDS[2], f"Its digest was confirmed: {'; '.join(told)}.")
    if _reach_all(evidence, good):
        lists = sorted({one.declared_in.name for one in good if one.declared_in is not None})
        if lists:
            came = "came" if len(lists) == 1 else "all came"
            matches = "matches" if len(lists) == 1 else "match"
            detail = f"{', '.join(lists)} {matches}, but {came} with the file: whoever changes one changes both."
        else:
            detail = "A checksum matches, but it is weak or nobody recorded over which channel it came."
        return Strength(1, WORDS[1], detail)
    return Strength(0, WORDS[0], _nothing(evidence, keys, good))


def is_independent(one: ChecksumObservation) -> bool:
    """A strong checksum that the operator had over a channel he recorded."""
    return one.declared_in is None and bool(one.channel.strip()) and one.declared.algorithm in STRONG_DIGESTS


def _nothing(evidence: Evidence, keys: Mapping[str, KeyRecord], good: list[ChecksumObservation]) -> str:
    """Why rung 0, naming every image without a method.

    1. Nothing came that speaks of any image.
    2. An image that a list or the operator has other digests of: says whether that list is signed by a key that counts.
    3. The other images that neither an accepted signature nor a checksum that holds reaches.
    """
    outer = [one for one in evidence.checksums if not one.inner]
    if not outer and not evidence.signatures:  # 1
        return "Nothing came to compare it with."
    signed = {locator for locator, spans in image_spans(evidence) if any(covered_by(one, keys.keys()) for one in spans)}
    images = [one for one in evidence.images() if one.size and one.locator not in signed]
    reached = _reached(evidence, good)
    bare = [one for one in images if one.locator not in reached]
    if not bare:
        return "Nothing that holds shows where it comes from."
    wrong = {one.subject: one for one in reversed(outer) if not one.holds and one.computed is not None}
    changed: dict[Locator | None, list[str]] = {}
    alone = []
    for image in bare:
        if image.locator in wrong:
            changed.setdefault(wrong[image.locator].declared_in, []).append(image.locator.name)
        else:
            alone.append(image.locator.name)
    told = [_other_bytes(evidence, keys, source, names) for source, names in changed.items()]  # 2
    if alone:  # 3
        told.append(f"No accepted signature and no checksum that fits speaks of {named(alone, MAX_NAMED)}.")
    return " ".join(told)


def _other_bytes(evidence: Evidence, keys: Mapping[str, KeyRecord], source: Locator | None, names: list[str]) -> str:
    if source is None:
        return f"The checksum you were given is for other bytes than {named(names, MAX_NAMED)}."
    accepted = any(one.subject == source and identify(one) in keys for one in evidence.signatures)
    signed = "is signed by a key on record, but for" if accepted else "is for"
    return f"{source.name} {signed} other bytes than {named(names, MAX_NAMED)}."


def _reach_all(evidence: Evidence, good: list[ChecksumObservation]) -> bool:
    images = {one.locator for one in evidence.images() if one.size}
    return bool(images) and images <= _reached(evidence, good)


def _reached(evidence: Evidence, good: list[ChecksumObservation]) -> frozenset[Locator]:
    """Images for which, or for an archive around which, one of these holds, or of which they cover every byte."""
    subjects, ids = {one.subject for one in good}, {identify(one) for one in good}

    def speaks(image: Locator) -> bool:
        return any(Locator(image.steps[:depth]) in subjects for depth in range(1, len(image.steps) + 1))

    return frozenset(
        image
        for image, spans in image_spans(evidence)
        if speaks(image) or (spans and all(not ids.isdisjoint(one.signed_by) for one in spans))
    )
