"""Which artifact of one evidence is which of another: by place where names are the same, else by what it is.

Releases rename their outer files, move partitions and pack the same tree in another way, so a place is not compared as
a whole: containers are paired from the outside in, and the members of two paired containers among themselves. Every
step treats both sides alike, so pairing from the other end gives the same pairs. Pure; does NOT look into content and
does not decide what a difference means.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fwverify.model.artifact import Digest, Locator, Role
from fwverify.model.evidence import ArtifactRecord, Evidence

MIN_MEMBERS = 3
"""Containers with fewer members are not recognised by their members' names."""
MIN_ALIKE = 30
"""Percent of member names that two containers at different places must share to be the same one."""
MAX_CANDIDATES = 200
"""Containers on each side that are tried so, those with most members first."""
_OFFSET = re.compile(r"@0x[0-9a-f]+")
"""In the names of members that are known by where they lie."""
_ROOT = re.compile(r"^(?:\.?/)+")
_NUMBER = re.compile(r"[0-9]+")

Key = Callable[[ArtifactRecord], Hashable | None]
"""What two records must have in common; None: not to be paired this way."""


@dataclass(frozen=True, slots=True)
class Tree:
    """One evidence's artifacts by place."""

    records: Mapping[Locator, ArtifactRecord]
    members: Mapping[Locator, Sequence[ArtifactRecord]]
    """Of containers, sorted by place."""
    images: tuple[Locator, ...]

    def inside(self, locator: Locator) -> bool:
        """Inside an image, not the image itself."""
        return any(locator != one and locator.within(one) for one in self.images)


def tree(evidence: Evidence) -> Tree:
    """Artifacts by place and by container."""
    records = {one.locator: one for one in evidence.artifacts}
    members: dict[Locator, list[ArtifactRecord]] = defaultdict(list)
    for place in sorted(records, key=rank):
        if len(place.steps) > 1:
            members[Locator(place.steps[:-1])].append(records[place])
    return Tree(records, dict(members), tuple(sorted(one.locator for one in evidence.images())))


def sha256(record: ArtifactRecord) -> Digest | None:
    return next((one for one in record.digests if one.algorithm == "sha256"), None)


def rank(locator: Locator) -> tuple[tuple[str, str, int], ...]:
    """The order of locators, as a key: sorting a hundred thousand by their own comparison takes seconds."""
    return tuple((one.member, one.container, one.ordinal) for one in locator.steps)


def path(locator: Locator) -> str:
    """The member's name without a leading `/` or `./`, which some containers write and others do not."""
    return _ROOT.sub("", locator.name) or locator.name


def same_bytes(one: ArtifactRecord, other: ArtifactRecord) -> bool:
    """The same digest. Without one nobody knows."""
    digest = sha256(one)
    return digest is not None and digest == sha256(other)


@dataclass(slots=True)
class Pairing:
    """The pairs, from both sides."""

    old: Tree
    new: Tree
    to_new: dict[Locator, Locator] = field(default_factory=dict)
    to_old: dict[Locator, Locator] = field(default_factory=dict)
    moved: set[Locator] = field(default_factory=set)
    """Places on the old side whose partner was found by its bytes alone."""

    def add(self, old: Locator, new: Locator) -> None:
        self.to_new[old], self.to_old[new] = new, old

    def identical(self, old: Locator) -> bool:
        """The place has a partner, and that has the same bytes."""
        new = self.to_new.get(old)
        one, other = self.old.records.get(old), self.new.records.get(new) if new is not None else None
        return one is not None and other is not None and same_bytes(one, other)

    def place(self, locator: Locator, *, new: bool) -> tuple[str, Locator]:
        """One name for both places of a pair, and one of its own for a place that has no partner."""
        partner = (self.to_old if new else self.to_new).get(locator)
        if partner is None:
            return "new" if new else "old", locator
        return "both", partner if new else locator


def pair(old: Evidence, new: Evidence) -> Pairing:
    """Pair all artifacts.

    1. Files of the delivery: images, then companions of one role, each by `_outer`. Two images of different formats
       that share no member are left for step 3.
    2. Members of paired containers: by name; those named by their offset by digest, then by name and format, then in
       order among those of the same format; the rest by name without its numbers where that is unique.
    3. Containers left over on both sides, anywhere: by the names of their members (`_alike`), then step 2.
    4. What holds no members and is left over: by digest. That is a move.
    """
    found = Pairing(tree(old), tree(new))
    images = _outer(*([side.records[one] for one in side.images] for side in (found.old, found.new)))
    _descend(found, [one for one in images if _kin(found, *one)])
    for role in Role:
        if role is not Role.IMAGE:
            for one, other in _outer(*([one for one in side.artifacts if one.role is role] for side in (old, new))):
                found.add(one.locator, other.locator)
    _descend(found, _alike(found))
    for one, other in images:  # an image is one however little of it is left
        if one.locator not in found.to_new and other.locator not in found.to_old:
            found.add(one.locator, other.locator)
    _move(found)
    return found


_Pair = tuple[ArtifactRecord, ArtifactRecord]


def _descend(found: Pairing, pairs: Iterable[_Pair]) -> None:
    waiting = list(pairs)
    while waiting:
        one, other = waiting.pop()
        if one.locator in found.to_new or other.locator in found.to_old:
            continue
        found.add(one.locator, other.locator)
        waiting += _members(found.old.members.get(one.locator, ()), found.new.members.get(other.locator, ()))


def _members(old: Sequence[ArtifactRecord], new: Sequence[ArtifactRecord]) -> list[_Pair]:
    return _matched(
        old,
        new,
        (lambda one: None if _by_offset(one) else path(one.locator), False),
        (lambda one: sha256(one) if _by_offset(one) and one.size else None, False),
        (lambda one: (one.locator.name, one.format) if _by_offset(one) and one.format else None, False),
        (lambda one: one.format if _by_offset(one) and one.format else None, False),
        (lambda one: one.locator.name, False),
        (lambda one: (_folded(one), one.format) if not _by_offset(one) and one.format else None, True),
    )


def _outer(old: Sequence[ArtifactRecord], new: Sequence[ArtifactRecord]) -> list[_Pair]:
    """By name, by digest, by name without its numbers, by format; and the one that is left on each side."""
    return _matched(
        old,
        new,
        (lambda one: one.locator.name, False),
        (sha256, False),
        (_folded, True),
        (lambda one: one.format or None, True),
        (lambda _: "", True),
    )


def _matched(old: Sequence[ArtifactRecord], new: Sequence[ArtifactRecord], *passes: tuple[Key, bool]) -> list[_Pair]:
    """Pair by one key after the other, in order of place; with `unique` only where both sides have exactly one."""
    out: list[_Pair] = []
    for key, unique in passes:
        if not (old and new):
            break
        left, right = _by_key(old, key), _by_key(new, key)
        for value in left:
            ones, others = left[value], right.get(value, [])
            if value is not None and others and not (unique and (len(ones), len(others)) != (1, 1)):
                out += zip(ones, others, strict=False)
        taken = {id(one) for both in out for one in both}
        old, new = [one for one in old if id(one) not in taken], [one for one in new if id(one) not in taken]
    return out


def _by_key(records: Sequence[ArtifactRecord], key: Key) -> dict[Hashable | None, list[ArtifactRecord]]:
    out: dict[Hashable | None, list[ArtifactRecord]] = defaultdict(list)
    for one in sorted(records, key=_order):
        out[key(one)].append(one)
    return out


def _order(one: ArtifactRecord) -> tuple[int, tuple[tuple[str, str, int], ...]]:
    """By offset where the name has one (@0x900 before @0x1000), else by place."""
    found = _OFFSET.search(one.locator.name)
    return int(found[0][3:], 16) if found else -1, rank(one.locator)


def _by_offset(one: ArtifactRecord) -> bool:
    return bool(_OFFSET.search(one.locator.name))


def _folded(one: ArtifactRecord) -> str | None:
    """The name with its numbers left out; None where nothing else would be left of it."""
    folded = _NUMBER.sub("#", path(one.locator))
    return folded if folded.strip("#./-_") else None


def _kin(found: Pairing, one: ArtifactRecord, other: ArtifactRecord) -> bool:
    """The same format, or at least one member in common."""
    names = [
        {path(member.locator) for member in side.members.get(record.locator, ())}
        for side, record in ((found.old, one), (found.new, other))
    ]
    return one.format == other.format or not names[0].isdisjoint(names[1])


def _alike(found: Pairing) -> list[_Pair]:
    """Containers that nothing was paired with yet, by the names of their members; the most alike first."""
    old, new = _left(found.old, found.to_new), _left(found.new, found.to_old)
    scored: list[tuple[int, int, int, int]] = []
    for at, (_, names) in enumerate(old):
        for other, (_, theirs) in enumerate(new):
            alike = 100 * len(names & theirs) // len(names | theirs)
            if alike >= MIN_ALIKE:
                scored.append((-alike, at + other, at, other))
    out: list[_Pair] = []
    taken: set[tuple[int, int]] = set()
    for _, _, at, other in sorted(scored):
        if (0, at) not in taken and (1, other) not in taken:
            taken |= {(0, at), (1, other)}
            out.append((old[at][0], new[other][0]))
    return out


def _left(side: Tree, paired: Mapping[Locator, Locator]) -> list[tuple[ArtifactRecord, frozenset[str]]]:
    places = [one for one, members in side.members.items() if len(members) >= MIN_MEMBERS]
    places = [one for one in places if one not in paired and (one in side.images or side.inside(one))]
    places = [one for one in places if one in side.records]  # stored evidence may have lost a record
    places.sort(key=lambda one: (-len(side.members[one]), one))
    return [
        (side.records[one], frozenset(path(member.locator) for member in side.members[one]))
        for one in places[:MAX_CANDIDATES]
    ]


def _move(found: Pairing) -> None:
    old = [one for place, one in found.old.records.items() if _movable(found.old, place, found.to_new)]
    new = [one for place, one in found.new.records.items() if _movable(found.new, place, found.to_old)]
    for one, other in _matched(old, new, (lambda one: _content(one, _base(one)), False), (_content, False)):
        found.add(one.locator, other.locator)
        found.moved.add(one.locator)


def _movable(side: Tree, place: Locator, paired: Mapping[Locator, Locator]) -> bool:
    return place not in paired and place not in side.members and side.inside(place)


def _content(one: ArtifactRecord, name: str = "") -> Hashable | None:
    digest = sha256(one)
    return (digest, name) if one.size and digest is not None else None


def _base(one: ArtifactRecord) -> str:
    return one.locator.name.rpartition("/")[2]
