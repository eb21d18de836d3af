"""Sums over the byte ledger: which bytes accepted signatures cover, which they do not, how much was opened. Pure.

Denominator (design.md, "Coverage"): the bytes of all images, less padding that the policy ignores and nobody signed.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import wraps
from typing import TypeVar

from fwverify.model.artifact import ByteRange, Locator, merged
from fwverify.model.canonical import identify
from fwverify.model.evidence import (
    ContentKind,
    Evidence,
    KeyRecord,
    LedgerSpan,
    Opened,
    SignatureObservation,
    SignatureStatus,
)
from fwverify.model.ledger import reach
from fwverify.model.verdict import SignedShare

EXECUTABLE_FORMATS = frozenset({"elf", "pe", "macho", "mach-o"})
MAX_NAMED = 10
"""Uncovered parts that the page names."""

ImageSpans = tuple[tuple[Locator, tuple[LedgerSpan, ...]], ...]
T = TypeVar("T")


def _once(work: Callable[[Evidence], T]) -> Callable[[Evidence], T]:
    """Found out once for each evidence, though a dozen rules ask. Keeps the last two: a delivery and the way back."""
    known: deque[tuple[Evidence, T]] = deque(maxlen=2)

    @wraps(work)
    def asked(evidence: Evidence) -> T:
        for one, answer in tuple(known):
            if one is evidence:
                return answer
        answer = work(evidence)
        known.append((evidence, answer))
        return answer

    return asked


WRAPPERS = frozenset({"gzip", "xz", "zstd", "zip", "tar", "intel_hex_image", "srec_image"})
"""Formats in which one file travels; nothing of them is installed."""


TEXT_WRAPPERS = frozenset({"intel_hex_image", "srec_image"})
"""Of those the ones whose frame grows with what they hold: addresses and sums on every line."""
MAX_PACKING_BYTES = 4096
"""Headers, names and comments around one file in the others; more is a hiding place."""


def wrapper_frames(evidence: Evidence) -> dict[Locator, int]:
    """Containers that hold exactly one file and are no more than its packing (`fw.itb.gz`, `app.hex`), and how many
    bytes of their own they may have.

    What is signed is what comes out of them. With two files inside, names and order would say something.
    """
    wrappers = [one for one in evidence.artifacts if one.format in WRAPPERS]
    inside = Counter(one.locator.steps[:-1] for one in evidence.artifacts) if wrappers else Counter()
    return {
        one.locator: one.size if one.format in TEXT_WRAPPERS else MAX_PACKING_BYTES
        for one in wrappers
        if inside[one.locator.steps] == 1
    }


@_once
def image_spans(evidence: Evidence) -> ImageSpans:
    """The ledger's spans of every image. An image whose spans are not there or incomplete counts as one unread span."""
    kept = dict(evidence.ledger.spans)
    frames = wrapper_frames(evidence)
    out: list[tuple[Locator, tuple[LedgerSpan, ...]]] = []
    for image in evidence.images():
        spans = kept.get(image.locator, ())
        if image.size and sum(one.range.size for one in spans) != image.size:
            spans = (LedgerSpan(ByteRange(0, image.size), image.locator, Opened.GAP, "", 0, (), False),)
        out.append((image.locator, _framed(spans, frames)))
    return tuple(out)


def _framed(spans: tuple[LedgerSpan, ...], frames: Mapping[Locator, int]) -> tuple[LedgerSpan, ...]:
    """The packing's own bytes as the envelope of whatever signs the one file inside."""
    own: Counter[Locator] = Counter()
    for one in spans if frames else ():
        if one.owner in frames and one.opened is Opened.STRUCTURE:
            own[one.owner] += one.range.size
    thin = {place for place, size in own.items() if size <= frames[place]}
    if not thin:
        return spans
    inside = tuple(sorted({name for one in spans for name in one.signed_by}))
    return tuple(
        replace(one, frame_of=tuple(sorted({*one.frame_of, *inside})))
        if one.owner in thin and one.opened is Opened.STRUCTURE
        else one
        for one in spans
    )


def covered_by(span: LedgerSpan, ids: AbstractSet[str]) -> bool:
    return not ids.isdisjoint(span.signed_by)


def counts(span: LedgerSpan, ids: AbstractSet[str], *, ignore_padding: bool) -> bool:
    """False for what is left out where it is not signed: padding, and the envelope of a signature that counts.

    No signature covers itself; bytes parsed exactly as its own field are no bytes somebody else could have put there.
    """
    if covered_by(span, ids):
        return True
    return ids.isdisjoint(span.frame_of) and not (ignore_padding and span.opened is Opened.EMPTY)


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of one owner in one image that no accepted observation covers."""

    image: Locator
    owner: Locator
    size: int
    executable: bool


def uncovered_parts(evidence: Evidence, ids: AbstractSet[str], *, ignore_padding: bool) -> tuple[Part, ...]:
    """What nothing accepted covers, by owner; executable parts first, then larger ones."""
    executable = executables(evidence)
    sizes: dict[tuple[Locator, Locator], int] = {}
    for image, spans in image_spans(evidence):
        for span in spans:
            if not covered_by(span, ids) and counts(span, ids, ignore_padding=ignore_padding):
                sizes[image, span.owner] = sizes.get((image, span.owner), 0) + span.range.size
    parts = [Part(image, owner, size, owner in executable) for (image, owner), size in sizes.items()]
    return tuple(sorted(parts, key=lambda one: (not one.executable, -one.size, one.owner)))


@_once
def executables(evidence: Evidence) -> frozenset[Locator]:
    """Artifacts known to hold program code."""
    kinds = (ContentKind.EXECUTABLE, ContentKind.MACHINE_CODE)
    found = {one.locator for one in evidence.contents if one.kind in kinds}
    return frozenset(found | {one.locator for one in evidence.artifacts if one.format in EXECUTABLE_FORMATS})


def share(
    evidence: Evidence, accepted: Mapping[str, KeyRecord], refused: Iterable[str], *, ignore_padding: bool
) -> SignedShare:
    """The Signed line.

    Args:
        evidence: with its ledger.
        accepted: observation ids that count, with their keys.
        refused: ids of valid signatures that do not count.
        ignore_padding: leave out empty bytes that nobody signed.
    """
    ids = frozenset(accepted)
    unknown = {identify(one): one for one in evidence.signatures if one.status is SignatureStatus.UNKNOWN_KEY}
    others = frozenset(refused) | frozenset(unknown)
    spans_of = image_spans(evidence)
    # Where nothing is accepted, padding that others signed is counted too, so that their share is of the same whole.
    any_signed = any(covered_by(span, ids) for _, spans in spans_of for span in spans)
    kept = ids if any_signed else others
    signed = whole = unpinned = envelope = 0
    by_others: set[str] = set()
    for _, spans in spans_of:
        for span in spans:
            if not counts(span, kept, ignore_padding=ignore_padding):
                envelope += 0 if kept.isdisjoint(span.frame_of) else span.range.size
                continue
            whole += span.range.size
            if covered_by(span, ids):
                signed += span.range.size
            elif covered_by(span, others):
                unpinned += span.range.size
                by_others |= others.intersection(span.signed_by)
    parts = uncovered_parts(evidence, ids, ignore_padding=ignore_padding)
    prints = {identify(one): one.fingerprint or one.identity for one in evidence.signatures}
    return SignedShare(
        signed_bytes=signed,
        total_bytes=whole,
        by=tuple(sorted({one.name for one in accepted.values()})),
        unpinned_bytes=unpinned,
        unpinned_by=tuple(sorted({prints[one] for one in by_others if prints.get(one)})),
        uncovered=tuple(str(one.owner) for one in parts[:MAX_NAMED]),
        envelope_bytes=envelope,
    )


def full(evidence: Evidence, ids: AbstractSet[str], *, ignore_padding: bool) -> bool:
    """True when these observations cover every byte that counts, and there is one."""
    spans = [one for _, image in image_spans(evidence) for one in image]
    counted = [one for one in spans if counts(one, ids, ignore_padding=ignore_padding)]
    return any(covered_by(one, ids) for one in counted) and all(covered_by(one, ids) for one in counted)


def touches_every_image(evidence: Evidence, ids: AbstractSet[str], *, ignore_padding: bool) -> bool:
    """True when these observations cover something of every image that has more than ignored padding."""
    images = [
        [one for one in spans if counts(one, ids, ignore_padding=ignore_padding)] for _, spans in image_spans(evidence)
    ]
    bare = [spans for spans in images if spans and not any(covered_by(one, ids) for one in spans)]
    return any(images) and not bare


def uncovered_ranges(evidence: Evidence, ids: AbstractSet[str]) -> tuple[tuple[Locator, tuple[ByteRange, ...]], ...]:
    """For each image the ranges nothing accepted covers, padding included."""
    return tuple(
        (image, merged(one.range for one in spans if not covered_by(one, ids)))
        for image, spans in image_spans(evidence)
    )


@_once
def opened_sums(evidence: Evidence) -> tuple[int, int]:
    """(bytes looked at, bytes of all images). Empty bytes count as looked at."""
    opened = whole = 0
    for _, spans in image_spans(evidence):
        for span in spans:
            whole += span.range.size
            opened += span.range.size if span.opened is Opened.EMPTY else span.opened_bytes
    return opened, whole


def covering(
    evidence: Evidence, firmware: Iterable[SignatureObservation], sbom: Iterable[SignatureObservation]
) -> Callable[[Locator, str], tuple[str, ...]]:
    """Make `Case.covered`.

    1. What a firmware key covers wholly, it covers with everything inside, and on through bindings that hold and are
       strong (`model.ledger.reach`).
    2. For the purpose `sbom` keys with that purpose count the same way; and an SBOM that lies inside a covered image
       is covered with it.
    """
    sizes = {one.locator: one.size for one in evidence.artifacts}
    by_firmware = reach(firmware, (), evidence.bindings, sizes)
    by_sbom = reach(sbom, (), evidence.bindings, sizes)
    images = {one.locator for one in evidence.images()}

    def covered(locator: Locator, purpose: str) -> tuple[str, ...]:
        around = [Locator(locator.steps[:depth]) for depth in range(1, len(locator.steps) + 1)]
        inside = any(one in images for one in around[:-1])
        ids: set[str] = set()
        for place in around:
            if purpose == "firmware" or inside:
                ids |= by_firmware.get(place, frozenset())
            if purpose == "sbom":
                ids |= by_sbom.get(place, frozenset())
        return tuple(sorted(ids))

    return covered
