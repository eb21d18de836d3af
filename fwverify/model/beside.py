"""Two evidences side by side: what each saw where, and what it means that one of them did not.

That something was not seen says nothing about bytes nobody examined, nor about a run that did not look for it. `doubt`
is asked for everything that only one side has. Pure; the changes themselves are `model.differing`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from fwverify.model.artifact import Locator
from fwverify.model.difference import Doubt, Effect, SecurityChange, Sighting, Topic, Unseen, UnseenKind
from fwverify.model.evidence import ArtifactRecord, ContentKind, Evidence, Opened
from fwverify.model.pairing import Pairing, Tree, pair, path, same_bytes

EXECUTABLE = frozenset({"elf", "pe", "mach-o"})
"""Readers of executables, as `ArtifactRecord.format` names them."""
DETECTORS = {
    ContentKind.PRIVATE_KEY: "private-key",
    ContentKind.PUBLIC_KEY: "public-key",
    ContentKind.PASSWORD: "password",
    ContentKind.TOKEN: "token",
    ContentKind.AUTHORIZED_KEY: "token",
    ContentKind.DEBUG_SHELL: "service",
    ContentKind.SERVICE: "service",
    ContentKind.UPDATER: "service",
    ContentKind.ENDPOINT: "endpoint",
}
"""Which detector tells of which content (a test compares with the registry)."""
_BY_WEIGHT = (Doubt.SAME_BYTES, Doubt.NOT_LOOKED_FOR, Doubt.UNEXAMINED, Doubt.OTHER_FORMAT, Doubt.NONE)
REVERSED = {Effect.WORSE: Effect.BETTER, Effect.BETTER: Effect.WORSE, Effect.CHANGED: Effect.CHANGED}


@dataclass(frozen=True)
class Half:
    """One evidence, and where its artifacts are on the other side."""

    evidence: Evidence
    tree: Tree
    partner: dict[Locator, Locator]
    new: bool

    @cached_property
    def plugins(self) -> frozenset[str]:
        return frozenset(self.evidence.settings.plugins)

    @cached_property
    def gaps(self) -> frozenset[Locator]:
        """Places that a gap speaks of."""
        return frozenset(one.locator for one in self.evidence.gaps)

    @cached_property
    def touched(self) -> frozenset[Locator]:
        """Places at which or inside which something was not examined."""
        places = set(self.gaps) | {place for place, one in self.tree.records.items() if one.opened is Opened.GAP}
        return frozenset(Locator(one.steps[:end]) for one in places for end in range(1, len(one.steps) + 1))

    @cached_property
    def whole(self) -> bool:
        """Every byte of the images was read by something that knows its format."""
        return not any(opaque(one) for place, one in self.tree.records.items() if self.mine(place)) and not any(
            self.mine(one) for one in self.gaps
        )

    @cached_property
    def asked(self) -> bool:
        """Its executables were asked what they do against being attacked, or there are none."""
        programs = [one for one in self.evidence.artifacts if one.format in EXECUTABLE]
        return not programs or any(name.startswith("hardening.") for one in programs for name, _ in one.facts)

    def mine(self, place: Locator) -> bool:
        """An image or something inside one."""
        return place in self.tree.images or self.tree.inside(place)

    def hides(self, place: Locator) -> bool:
        """In this container lies something unread, so that a member not seen in it may be there."""
        rest = [one for one in self.tree.members.get(place, ()) if opaque(one) and one.locator.name.startswith("@0x")]
        return place in self.gaps or bool(rest)


def opaque(one: ArtifactRecord) -> bool:
    """Nobody knows its format, or nobody read it: what is in it was searched for at most."""
    return one.size > 0 and one.opened in (Opened.SCANNED, Opened.GAP)


@dataclass(frozen=True)
class Beside:
    """Both."""

    old: Half
    new: Half
    pairing: Pairing

    def halves(self) -> tuple[Half, Half]:
        return self.old, self.new

    def other(self, half: Half) -> Half:
        return self.old if half.new else self.new

    @cached_property
    def pairs(self) -> tuple[tuple[ArtifactRecord, ArtifactRecord], ...]:
        """Records of all paired places."""
        old, new = self.old.tree.records, self.new.tree.records
        return tuple((old[one], new[other]) for one, other in self.pairing.to_new.items())

    @cached_property
    def differing(self) -> tuple[tuple[ArtifactRecord, ArtifactRecord], ...]:
        """Those of them whose bytes differ."""
        return tuple(both for both in self.pairs if not same_bytes(*both))

    def alone(self, half: Half) -> tuple[ArtifactRecord, ...]:
        """Records inside the images of one side that have no partner."""
        return self._alone[half.new]

    @cached_property
    def _alone(self) -> tuple[tuple[ArtifactRecord, ...], ...]:
        return tuple(
            tuple(one for place, one in half.tree.records.items() if place not in half.partner and half.mine(place))
            for half in self.halves()
        )

    def place(self, half: Half, locator: Locator) -> tuple[str, Locator]:
        return self.pairing.place(locator, new=half.new)

    def unchanged(self, half: Half, locator: Locator) -> bool:
        """The same bytes lie at the same place on the other side."""
        partner = half.partner.get(locator)
        if partner is None or path(partner) != path(locator):
            return False
        return self.pairing.identical(partner if half.new else locator)

    def doubt(self, half: Half, locators: Iterable[Locator], *detectors: str, bytes_tell: bool = True) -> Doubt:
        """Why what `half` saw there may be on the other side too, although it was not seen.

        Args:
            half: the side that saw it.
            locators: where.
            detectors: plug-ins that find it; any of them is enough.
            bytes_tell: it is in the bytes of the artifact, not in what its container says of it.
        """
        doubts = {self._doubt(half, one, bytes_tell) for one in locators}
        other = self.other(half)
        if detectors and half.plugins.intersection(detectors) and not other.plugins.intersection(detectors):
            doubts.add(Doubt.NOT_LOOKED_FOR)
        return next((one for one in _BY_WEIGHT if one in doubts), Doubt.NONE)

    def _doubt(self, half: Half, locator: Locator, bytes_tell: bool) -> Doubt:
        other = self.other(half)
        partner = half.partner.get(locator)
        if partner is not None:
            if bytes_tell and self.unchanged(half, locator):
                return Doubt.SAME_BYTES
            return Doubt.UNEXAMINED if bytes_tell and partner in other.touched else Doubt.NONE
        for end in range(len(locator.steps) - 1, 0, -1):
            around = half.partner.get(Locator(locator.steps[:end]))
            if around is not None:
                return Doubt.UNEXAMINED if other.hides(around) else Doubt.NONE
        return Doubt.NONE if other.whole else Doubt.UNEXAMINED

    def one_sided(
        self, half: Half, topic: Topic, name: str, seen: Sighting, effect: Effect, doubt: Doubt
    ) -> SecurityChange | Unseen:
        """What only one side has. `effect` is that of its being on the new one."""
        old, new = (None, seen) if half.new else (seen, None)
        if doubt is Doubt.SAME_BYTES:
            return Unseen(UnseenKind.SAME_BYTES, f"{topic.value}: {name}", old, new)
        return SecurityChange(effect if half.new else REVERSED[effect], topic, name, old, new, doubt)


def beside(old: Evidence, new: Evidence) -> Beside:
    """Put two evidences side by side."""
    pairing = pair(old, new)
    return Beside(
        Half(old, pairing.old, pairing.to_new, new=False), Half(new, pairing.new, pairing.to_old, new=True), pairing
    )
