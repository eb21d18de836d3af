"""Signatures, signers, the signed share, stated versions and counters of two evidences.

A signature counts here when it is intact, whoever made it: whether a key is believed is a rule's question, and two
evidences may have been made with different key registries. A signer is the identity of a Sigstore certificate, else the
key. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from fwverify.model.artifact import Locator
from fwverify.model.beside import Beside, Half
from fwverify.model.canonical import identify
from fwverify.model.difference import Doubt, Effect, SecurityChange, Sighting, Topic
from fwverify.model.evidence import Opened, SignatureObservation, SignatureStatus
from fwverify.model.versions import compare

INTACT = frozenset({SignatureStatus.VALID, SignatureStatus.UNKNOWN_KEY})
WEAK_HASHES = frozenset({"md5", "sha1"})
COUNTERS = frozenset({"security-counter", "rollback-index"})
"""Numbers that a device compares, so that nobody installs an older release."""
MAX_DIGITS = 20
WHOLE = 100

_Key = tuple[str, tuple[str, Locator] | None]
"""Scheme, and what is signed."""


def signers(both: Beside) -> Iterator[SecurityChange]:
    """Everything about who vouches for what."""
    yield from signatures(both)
    yield from _signed_share(both)
    yield from _documents(both)
    yield from _versions(both)
    yield from _counters(both)


def signatures(both: Beside) -> Iterator[SecurityChange]:
    """1. Lost and won signatures, by scheme and subject. 2. Of those on both sides: signers, and how strong they are.
    3. Signatures that do not hold on one side only.
    """
    old, new = _by_subject(both, both.old), _by_subject(both, both.new)
    for key in sorted({*old, *new}, key=repr):
        before, after = _intact(old.get(key, [])), _intact(new.get(key, []))
        if before and after:
            yield from _signer(before, after)
            yield from _strength(before, after)
        elif before or after:
            half, seen, rest = (both.new, after, old.get(key, [])) if after else (both.old, before, new.get(key, []))
            yield _one_sided(half, seen, rest)
        elif bool(old.get(key)) != bool(new.get(key)):
            broken = [one for one in (*old.get(key, []), *new.get(key, [])) if one.status is SignatureStatus.INVALID]
            if broken:
                side = _told(broken)
                effect = Effect.BETTER if old.get(key) else Effect.WORSE
                yield _change(effect, Topic.SIGNATURE, key[0], (side, None) if old.get(key) else (None, side))


def _change(effect: Effect, topic: Topic, name: str, sides: tuple[Sighting | None, Sighting | None]) -> SecurityChange:
    return SecurityChange(effect, topic, name, *sides)


def _by_subject(both: Beside, half: Half) -> dict[_Key, list[SignatureObservation]]:
    out: dict[_Key, list[SignatureObservation]] = defaultdict(list)
    for one in half.evidence.signatures:
        out[one.scheme, both.place(half, one.subject) if one.subject else None].append(one)
    return out


def _intact(seen: list[SignatureObservation]) -> list[SignatureObservation]:
    return [one for one in seen if one.status in INTACT]


def who(one: SignatureObservation) -> str:
    """The identity and who vouches for it, else the key."""
    return f"{one.identity} ({one.issuer})" if one.identity else one.fingerprint


def _told(seen: list[SignatureObservation], value: str = "") -> Sighting:
    first = min(seen, key=repr)
    return Sighting(value or first.status.value, first.detail, tuple(sorted({one.source for one in seen})))


def _one_sided(half: Half, seen: list[SignatureObservation], rest: list[SignatureObservation]) -> SecurityChange:
    """An intact signature on one side. On the other there is none, or one that does not hold or was not checked."""
    found = _told(seen, ", ".join(sorted({who(one) for one in seen})))
    other = _told(rest) if rest else None
    unread = any(one.status is SignatureStatus.UNVERIFIABLE for one in rest)
    effect = Effect.BETTER if half.new else Effect.WORSE
    sides = (other, found) if half.new else (found, other)
    doubt = Doubt.UNEXAMINED if unread else Doubt.NONE
    return SecurityChange(effect, Topic.SIGNATURE, seen[0].scheme, sides[0], sides[1], doubt)


def _signer(old: list[SignatureObservation], new: list[SignatureObservation]) -> Iterator[SecurityChange]:
    before, after = {who(one) for one in old}, {who(one) for one in new}
    if before != after:
        sides = _told(old, ", ".join(sorted(before))), _told(new, ", ".join(sorted(after)))
        yield SecurityChange(Effect.CHANGED, Topic.SIGNER, old[0].scheme, *sides)


def _strength(old: list[SignatureObservation], new: list[SignatureObservation]) -> Iterator[SecurityChange]:
    """The weakest of each side: of the hash, and of keys of one algorithm the bits."""
    hashes = [{dict(one.parameters).get("hash", "") for one in side} for side in (old, new)]
    weak = [not side.isdisjoint(WEAK_HASHES) for side in hashes]
    if weak[0] != weak[1]:
        sides = _told(old, ", ".join(sorted(hashes[0]))), _told(new, ", ".join(sorted(hashes[1])))
        yield SecurityChange(Effect.WORSE if weak[1] else Effect.BETTER, Topic.SIGNATURE, "hash", *sides)
    before, after = _least_bits(old), _least_bits(new)
    if before and after and before != after:
        effect = Effect.WORSE if after < before else Effect.BETTER
        yield SecurityChange(effect, Topic.SIGNATURE, "bits", _told(old, str(before)), _told(new, str(after)))


def _least_bits(seen: list[SignatureObservation]) -> int:
    """Of the smallest RSA key; 0 where none is stated."""
    return min(filter(None, (_number(dict(one.parameters).get("bits", "")) for one in seen)), default=0)


def signed_bytes(half: Half) -> tuple[int, int]:
    """Bytes of the images that intact signatures cover, and how many there are, padding aside that nobody signed."""
    ids = {identify(one) for one in half.evidence.signatures if one.status in INTACT}
    signed = whole = 0
    for _, spans in half.evidence.ledger.spans:
        for one in spans:
            covered = not ids.isdisjoint(one.signed_by)
            signed += one.range.size if covered else 0
            left_out = one.opened is Opened.EMPTY or not ids.isdisjoint(one.frame_of)
            whole += one.range.size if covered or not left_out else 0
    return signed, whole


def signer_names(half: Half) -> tuple[str, ...]:
    """Of intact signatures: the registry entries, and an empty one for keys that have none."""
    return tuple(sorted({name for one in _intact(list(half.evidence.signatures)) for name in one.keys or ("",)}))


def _signed_share(both: Beside) -> Iterator[SecurityChange]:
    (old, old_whole), (new, new_whole) = signed_bytes(both.old), signed_bytes(both.new)
    before, after = _percent(old, old_whole), _percent(new, new_whole)
    if before != after:
        effect = Effect.WORSE if after < before else Effect.BETTER
        sides = Sighting(str(before), "", (), old), Sighting(str(after), "", (), new)
        yield SecurityChange(effect, Topic.SIGNED_SHARE, Topic.SIGNED_SHARE.value, *sides)


def _percent(part: int, whole: int) -> int:
    """Rounded down, so that 100 means all."""
    return WHOLE * part // whole if whole else 0


def _documents(both: Beside) -> Iterator[SecurityChange]:
    """A parts list that came with one side only."""
    old, new = (sorted(one.locator for one in half.evidence.sboms) for half in both.halves())
    if bool(old) != bool(new):
        seen = Sighting("", "", tuple(old or new))
        sides = (seen, None) if old else (None, seen)
        yield _change(Effect.WORSE if old else Effect.BETTER, Topic.SBOM, Topic.SBOM.value, sides)


def stated_versions(half: Half) -> dict[str, tuple[str, str, Locator]]:
    """Source of a claim -> version, its scheme and place, where the source claims exactly one."""
    claims: dict[str, set[tuple[str, str]]] = defaultdict(set)
    places: dict[str, Locator] = {}
    for one in sorted(half.evidence.claims):
        claims[one.source].add((one.value, one.scheme))
        places.setdefault(one.source, one.locator)
    return {source: (*next(iter(found)), places[source]) for source, found in claims.items() if len(found) == 1}


def _versions(both: Beside) -> Iterator[SecurityChange]:
    """What the delivery states of itself. An older one is what an attacker wants installed again."""
    old, new = stated_versions(both.old), stated_versions(both.new)
    for source in sorted(old.keys() & new.keys()):
        (before, scheme, place), (after, other, there) = old[source], new[source]
        order = compare(before, after, scheme if scheme and scheme == other else "auto")
        if before == after or order == 0:
            continue
        effect = {1: Effect.WORSE, -1: Effect.BETTER, None: Effect.CHANGED}[order]
        sides = Sighting(before, "", (place,)), Sighting(after, "", (there,))
        yield SecurityChange(effect, Topic.RELEASE, source, *sides)


def _counters(both: Beside) -> Iterator[SecurityChange]:
    """Counters against rollback: in headers, and in what signatures sign."""
    stated: list[dict[tuple[str, tuple[str, Locator]], Sighting]] = [{}, {}]
    for half, out in zip(both.halves(), stated, strict=True):
        for place, name, value in _stated(half):
            if name in COUNTERS and _number(value) is not None:
                out.setdefault((name, both.place(half, place)), Sighting(value, "", (place,)))
    old, new = stated
    for key in sorted(old.keys() & new.keys(), key=repr):
        before, after = _number(old[key].value) or 0, _number(new[key].value) or 0
        if before != after:
            effect = Effect.WORSE if after < before else Effect.BETTER
            yield SecurityChange(effect, Topic.RELEASE, key[0], old[key], new[key])


def _stated(half: Half) -> Iterator[tuple[Locator, str, str]]:
    for record in half.evidence.artifacts:
        yield from ((record.locator, name, value) for name, value in record.facts)
    for one in half.evidence.signatures:
        yield from ((one.subject or one.source, name, value) for name, value in one.states)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None
