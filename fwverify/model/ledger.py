"""The byte ledger: pure arithmetic over what was claimed, opened and signed.

Every byte of a container is claimed by its structure, by members, or by nobody. A member that is stored as it is
brings its own account; a packed one counts in proportion to how much of its content was opened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from fwverify.model.artifact import ByteRange, Locator, merged
from fwverify.model.canonical import identify
from fwverify.model.evidence import (
    Binding,
    ChecksumObservation,
    LedgerSpan,
    Opened,
    SignatureObservation,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """Bytes of a container that something accounts for."""

    range: ByteRange
    opened: Opened
    """STRUCTURE or EMPTY for the container's own bytes; ignored for a member."""
    member: int = -1
    """Index of the member these bytes hold, -1 for structure."""


@dataclass(frozen=True, slots=True)
class Account:
    """How the bytes of one artifact were looked at: disjoint, sorted, complete spans in its own coordinates."""

    locator: Locator
    size: int
    spans: tuple[LedgerSpan, ...]

    @property
    def opened_bytes(self) -> int:
        return sum(one.opened_bytes for one in self.spans)

    @property
    def empty_bytes(self) -> int:
        return sum(one.range.size for one in self.spans if one.opened is Opened.EMPTY)

    @property
    def worst(self) -> Opened:
        """The poorest state among its spans: what a packed member counts as when not all of it was opened."""
        order = (Opened.GAP, Opened.SCANNED, Opened.EXAMINED, Opened.STRUCTURE, Opened.EMPTY)
        states = {one.opened for one in self.spans}
        return next((one for one in order if one in states), Opened.EMPTY)


def leaf(locator: Locator, size: int, opened: Opened, reader: str) -> Account:
    """Account of an artifact that holds no members."""
    if size == 0:
        return Account(locator, 0, ())
    counted = 0 if opened in (Opened.SCANNED, Opened.GAP) else size
    return Account(locator, size, (LedgerSpan(ByteRange(0, size), locator, opened, reader, counted, (), False),))


@dataclass(frozen=True, slots=True)
class MemberAccount:
    """A member's account and how its bytes lie in the container."""

    account: Account
    stored: bool
    range_start: int = 0
    """Of a stored member: where it begins in the container."""


def account(
    locator: Locator, size: int, reader: str, claims: Sequence[Claim], members: Sequence[MemberAccount]
) -> Account:
    """Account of a container.

    Args:
        locator: the container.
        size: bytes.
        reader: the container plug-in's name.
        claims: what accounts for which bytes; may overlap (members share packed blocks), may leave holes.
        members: by the index that claims use.
    """
    spans: list[LedgerSpan] = []
    for piece, active in _segments(size, claims):
        spans.extend(_account_segment(locator, reader, piece, active, members))
    return Account(locator, size, joined(spans))


def _segments(size: int, claims: Sequence[Claim]) -> Iterable[tuple[ByteRange, list[Claim]]]:
    """Cut 0..size at every claim's border; each piece with the claims over it."""
    events: list[tuple[int, int, int]] = []
    for index, claim in enumerate(claims):
        if claim.range.start < size:
            events.append((claim.range.start, 1, index))
            events.append((min(claim.range.end, size), 0, index))
    events.sort()
    active: dict[int, Claim] = {}
    at = 0
    for place, opens, index in events:
        if place > at:
            yield ByteRange(at, place), list(active.values())
            at = place
        if opens:
            active[index] = claims[index]
        else:
            active.pop(index, None)
    if at < size:
        yield ByteRange(at, size), []


def _account_segment(
    locator: Locator, reader: str, piece: ByteRange, active: Sequence[Claim], members: Sequence[MemberAccount]
) -> Iterable[LedgerSpan]:
    held = [members[one.member] for one in active if one.member >= 0]
    if len(held) == 1 and held[0].stored:
        yield from _shifted(held[0], piece)
        return
    if held:
        yield _packed(locator, reader, piece, held)
        return
    if not active:
        yield LedgerSpan(piece, locator, Opened.GAP, "", 0, (), False)
        return
    opened = Opened.STRUCTURE if any(one.opened is Opened.STRUCTURE for one in active) else active[0].opened
    yield LedgerSpan(piece, locator, opened, reader, piece.size, (), False)


def _shifted(member: MemberAccount, piece: ByteRange) -> Iterable[LedgerSpan]:
    """The member's own spans where they fall into `piece`, in the container's coordinates."""
    for span in member.account.spans:
        place = span.range.shifted(member.range_start)
        if not place.intersects(piece):
            continue
        cut = ByteRange(max(place.start, piece.start), min(place.end, piece.end))
        yield replace(span, range=cut, opened_bytes=span.opened_bytes * cut.size // place.size)


def _packed(locator: Locator, reader: str, piece: ByteRange, held: Sequence[MemberAccount]) -> LedgerSpan:
    accounts = [one.account for one in held]
    size = sum(one.size for one in accounts)
    opened_bytes = sum(one.opened_bytes for one in accounts)
    whole = opened_bytes == size
    worst = min(
        (one.worst for one in accounts),
        key=(Opened.GAP, Opened.SCANNED, Opened.EXAMINED, Opened.STRUCTURE, Opened.EMPTY).index,
    )
    return LedgerSpan(
        range=piece,
        owner=accounts[0].locator if len(accounts) == 1 else locator,
        opened=Opened.EXAMINED if whole else worst,
        reader=reader,
        opened_bytes=piece.size if whole else piece.size * opened_bytes // size,
        signed_by=(),
        declared=False,
    )


def joined(spans: Iterable[LedgerSpan]) -> tuple[LedgerSpan, ...]:
    """Neighbours with the same answers become one span."""
    out: list[LedgerSpan] = []
    for span in spans:
        last = out[-1] if out else None
        if last is not None and last.range.end == span.range.start and _alike(last, span):
            out[-1] = replace(
                last,
                range=ByteRange(last.range.start, span.range.end),
                opened_bytes=last.opened_bytes + span.opened_bytes,
            )
        else:
            out.append(span)
    return tuple(out)


def _alike(one: LedgerSpan, other: LedgerSpan) -> bool:
    partly = [span.opened_bytes not in (0, span.range.size) for span in (one, other)]
    return not any(partly) and (one.owner, one.opened, one.reader, one.signed_by, one.frame_of, one.declared) == (
        other.owner,
        other.opened,
        other.reader,
        other.signed_by,
        other.frame_of,
        other.declared,
    )


def reach(
    signatures: Iterable[SignatureObservation],
    checksums: Iterable[ChecksumObservation],
    bindings: Iterable[Binding],
    sizes: Mapping[Locator, int],
    empty: Mapping[Locator, Sequence[ByteRange]] = MappingProxyType({}),
) -> dict[Locator, frozenset[str]]:
    """For each artifact the ids of observations that cover the *whole* of it, directly or through bindings.

    1. A signature that covers all bytes of its subject reaches the subject (its own envelope and, where `empty` knows
       of it, padding aside: in a packed artifact there is no place to show either); so does an operator's checksum.
    2. A binding that holds and is strong carries what reaches its source on to its subject.
    3. What reaches a container reaches what lies inside it (callers look along the locator: see `reaching`).
    """
    reached = _direct(signatures, checksums, sizes, empty)
    leading: dict[Locator, list[Binding]] = {}
    for link in bindings:
        if link.holds and link.strong:
            for outer in _prefixes(link.source):
                leading.setdefault(outer, []).append(link)
    waiting = list(reached)
    while waiting:
        place = waiting.pop()
        for link in leading.get(place, ()):
            have = reached.setdefault(link.subject, set())
            if not reached[place] <= have:
                have |= reached[place]
                waiting.append(link.subject)
    return {locator: frozenset(ids) for locator, ids in reached.items() if ids}


def _direct(
    signatures: Iterable[SignatureObservation],
    checksums: Iterable[ChecksumObservation],
    sizes: Mapping[Locator, int],
    empty: Mapping[Locator, Sequence[ByteRange]],
) -> dict[Locator, set[str]]:
    reached: dict[Locator, set[str]] = {}
    for signature in signatures:
        subject = signature.subject
        if (
            subject is not None
            and sizes.get(subject)
            and covers_whole(signature, sizes[subject], empty.get(subject, ()))
        ):
            reached.setdefault(subject, set()).add(identify(signature))
    for checksum in checksums:
        if checksum.declared_in is None and checksum.holds and checksum.subject is not None:
            reached.setdefault(checksum.subject, set()).add(identify(checksum))
    return reached


def signed_ranges(signature: SignatureObservation) -> tuple[ByteRange, ...]:
    """Bytes of the subject that count as signed: as they lie there, or by the digest of what they unpack to."""
    return merged((*signature.covers, *signature.carries))


def covers_whole(signature: SignatureObservation, size: int, empty: Sequence[ByteRange] = ()) -> bool:
    """True when every byte of the subject is signed, the signature's own envelope and padding aside."""
    signed = signed_ranges(signature)
    return bool(signed) and merged((*signed, *signature.envelope, *empty)) == (ByteRange(0, size),)


def reaching(reached: Mapping[Locator, frozenset[str]], locator: Locator) -> frozenset[str]:
    """Ids that cover the whole of an artifact: its own and those of every container around it."""
    return frozenset(one for outer in _prefixes(locator) for one in reached.get(outer, ()))


def signed_spans(
    image: Account,
    reached: Mapping[Locator, frozenset[str]],
    signatures: Iterable[SignatureObservation],
    placed: Mapping[Locator, ByteRange],
) -> tuple[LedgerSpan, ...]:
    """The image's spans with the ids of every observation that reaches them.

    Args:
        image: the image's account.
        reached: see `reach`.
        signatures: all; those over a part of the image cut its spans.
        placed: where an artifact inside the image lies in it byte for byte (stored all the way); others are absent.
    """
    own = {identify(one): one for one in signatures if one.subject is not None and one.subject in placed}
    marks: list[tuple[ByteRange, str]] = []
    frames: list[tuple[ByteRange, str]] = []
    for name, signature in own.items():
        start = placed[signature.subject].start if signature.subject is not None else 0
        marks.extend((one.shifted(start), name) for one in signed_ranges(signature))
        frames.extend((one.shifted(start), name) for one in signature.envelope)
    if image.size:
        whole = ByteRange(0, image.size)
        marks.extend((whole, one) for one in reaching(reached, image.locator) if one not in own)
    for locator, place in placed.items():
        if locator != image.locator:
            marks.extend((place, one) for one in _from_outside(reached, own, locator))
    spans = _marked(_by_owner(image, reached, own), marks, frame=False)
    return _marked(spans, frames, frame=True)


def _from_outside(
    reached: Mapping[Locator, frozenset[str]], own: Mapping[str, SignatureObservation], locator: Locator
) -> list[str]:
    """Ids that reach an artifact otherwise than by lying in it: those were placed range by range."""
    inside = set(_prefixes(locator))
    return [one for one in reached.get(locator, ()) if one not in own or own[one].subject not in inside]


def _by_owner(
    image: Account, reached: Mapping[Locator, frozenset[str]], own: Mapping[str, SignatureObservation]
) -> tuple[LedgerSpan, ...]:
    """Packed bytes whose one content is reached as a whole are reached too."""
    if not reached:
        return tuple(image.spans)
    depth = len(image.locator.steps)
    out = []
    for span in image.spans:
        inner = [Locator(span.owner.steps[:end]) for end in range(depth + 1, len(span.owner.steps) + 1)]
        ids = {one for place in inner for one in _from_outside(reached, own, place)}
        out.append(replace(span, signed_by=tuple(sorted(ids.union(span.signed_by)))) if ids else span)
    return tuple(out)


def _marked(
    spans: Sequence[LedgerSpan], marks: Iterable[tuple[ByteRange, str]], *, frame: bool
) -> tuple[LedgerSpan, ...]:
    """Cut the spans (sorted, disjoint) at every mark's border; each piece gets the ids of the marks over it."""
    steps: dict[int, list[tuple[str, int]]] = {}
    for where, one in marks:
        steps.setdefault(where.start, []).append((one, 1))
        steps.setdefault(where.end, []).append((one, -1))
    if not steps:
        return joined(spans)
    borders = sorted(steps, reverse=True)
    active: Counter[str] = Counter()
    out: list[LedgerSpan] = []
    for span in spans:
        at = span.range.start
        while borders and borders[-1] < span.range.end:
            border = borders.pop()
            if border > at:
                out.append(_piece(span, at, border, active, frame=frame))
                at = border
            for one, step in steps[border]:
                active[one] += step
        out.append(_piece(span, at, span.range.end, active, frame=frame))
    return joined(out)


def _piece(span: LedgerSpan, start: int, end: int, active: Counter[str], *, frame: bool) -> LedgerSpan:
    piece = ByteRange(start, end)
    share = span.opened_bytes * piece.size // span.range.size
    ids = {one for one, count in active.items() if count}
    if frame:
        return replace(span, range=piece, opened_bytes=share, frame_of=tuple(sorted(ids)))
    return replace(span, range=piece, opened_bytes=share, signed_by=tuple(sorted(ids.union(span.signed_by))))


def declared_spans(spans: Iterable[LedgerSpan], places: Iterable[Locator]) -> tuple[LedgerSpan, ...]:
    """Mark the spans in which a declared component was seen."""
    seen = {one for place in places for one in _prefixes(place)}
    return tuple(replace(span, declared=span.owner in seen) for span in spans)


def _prefixes(locator: Locator) -> list[Locator]:
    return [Locator(locator.steps[:depth]) for depth in range(1, len(locator.steps) + 1)]
