"""Two evidences -> what differs between them, and what could not be compared.

Pure arithmetic over facts, here and not in `compare`, because rules on change ask for it and judgement imports `model`
alone. The order of every list is that of the canonical form, so the same two evidences give the same bytes; two equal
evidences give nothing, and the difference seen from the other end is this one mirrored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeVar

from fwverify.model.artifact import Locator, merged
from fwverify.model.beside import Beside, Half, beside, opaque
from fwverify.model.canonical import canonical
from fwverify.model.difference import (
    ComponentChange,
    Difference,
    FactChange,
    FileChange,
    FileSide,
    FileStep,
    SecurityChange,
    Side,
    Sighting,
    Unseen,
    UnseenKind,
)
from fwverify.model.differing_components import components
from fwverify.model.differing_security import security
from fwverify.model.differing_signers import COUNTERS, signed_bytes, signer_names, signers, stated_versions
from fwverify.model.evidence import ArtifactRecord, Evidence, Gap, TrustSnapshot
from fwverify.model.pairing import path, same_bytes, sha256

T = TypeVar("T")


def difference(old: Evidence, new: Evidence) -> Difference:
    """Compare two evidences.

    1. Pair their artifacts (`model.pairing`).
    2. Security topics, signers, components: what one side has and the other has not, or has otherwise.
    3. Files and what headers state.
    4. What could not be compared: bytes nobody examined, formats nobody knows, runs that did not look for the same.
    """
    both = beside(old, new)
    files = _sorted(_files(both))
    found = [*security(both), *signers(both), *components(both), *_gaps(both), *_contents(both, files), *_runs(both)]
    return Difference(
        old=_side(both.old),
        new=_side(both.new),
        security=_sorted(one for one in found if isinstance(one, SecurityChange)),
        components=_sorted(one for one in found if isinstance(one, ComponentChange)),
        files=files,
        facts=_sorted(_facts(both)),
        unseen=_sorted(one for one in found if isinstance(one, Unseen)),
    )


def _sorted(values: Iterable[T]) -> tuple[T, ...]:
    keyed = {canonical(one): one for one in values}
    return tuple(keyed[one] for one in sorted(keyed))


def _side(half: Half) -> Side:
    evidence, tree = half.evidence, half.tree
    images = [tree.records[one] for one in tree.images]
    total = sum(one.size for one in images)
    opened = sum(one.opened_bytes for _, spans in evidence.ledger.spans for one in spans)
    leaves = [place for place in tree.records if tree.inside(place) and place not in tree.members]
    versions = sorted((source, found[0]) for source, found in stated_versions(half).items())
    return Side(
        evidence.delivery, evidence.at, tuple(_file(one) for one in images), len(leaves), total, min(opened, total),
        signed_bytes(half)[0], signer_names(half), tuple(versions),
    )  # fmt: skip


def _file(one: ArtifactRecord) -> FileSide:
    return FileSide(one.locator, one.size, sha256(one))


# --- files -----------------------------------------------------------------------------------------------------------


def _files(both: Beside) -> Iterator[FileChange]:
    """Files inside the images that hold no others, and containers that hold the same in other bytes."""
    differing: set[Locator] = set()
    containers: list[tuple[ArtifactRecord, ArtifactRecord]] = []
    for one, other in both.pairs:
        if one.locator in both.old.tree.members and other.locator in both.new.tree.members:
            containers.append((one, other))
        elif both.old.mine(one.locator) and both.new.mine(other.locator):
            found = _leaf(both, one, other)
            if found is not None:
                yield found
                differing |= _around(one.locator)
    for half in both.halves():
        for one in both.alone(half):
            differing |= _around(_nearest(half, one.locator) if half.new else one.locator)
            if one.locator not in half.tree.members:
                yield _alone(half, one)
    yield from _repacked(both, containers, differing)


def _nearest(half: Half, place: Locator) -> Locator | None:
    """Where the innermost container around it that is on both sides lies on the other one."""
    around = sorted(_around(place), key=lambda one: -len(one.steps))
    return next((half.partner[one] for one in around if one in half.partner), None)


def _repacked(
    both: Beside, containers: list[tuple[ArtifactRecord, ArtifactRecord]], differing: set[Locator]
) -> Iterator[FileChange]:
    """The innermost ones: what lies around them differs for that reason."""
    for one, other in sorted(containers, key=lambda pair: -len(pair[0].locator.steps)):
        inside = both.old.mine(one.locator) and both.new.mine(other.locator)
        if inside and one.locator not in differing and not same_bytes(one, other):
            yield FileChange(FileStep.REPACKED, _file(one), _file(other))
            differing |= _around(one.locator)


def _around(place: Locator | None) -> set[Locator]:
    """The place and every container it lies in."""
    steps = place.steps if place is not None else ()
    return {Locator(steps[:end]) for end in range(1, len(steps) + 1)}


def _leaf(both: Beside, one: ArtifactRecord, other: ArtifactRecord) -> FileChange | None:
    if not same_bytes(one, other):
        return FileChange(FileStep.CHANGED, _file(one), _file(other), opaque=opaque(one) or opaque(other))
    renamed = path(one.locator) != path(other.locator) and both.old.tree.inside(one.locator)
    offset = one.locator.name.startswith("@0x") and other.locator.name.startswith("@0x")
    if one.locator in both.pairing.moved or (renamed and not offset):
        return FileChange(FileStep.MOVED, _file(one), _file(other))
    return None


def _alone(half: Half, one: ArtifactRecord) -> FileChange:
    if half.new:
        return FileChange(FileStep.ADDED, None, _file(one), opaque=opaque(one))
    return FileChange(FileStep.REMOVED, _file(one), None, opaque=opaque(one))


# --- what headers state ----------------------------------------------------------------------------------------------


def _facts(both: Beside) -> Iterator[FactChange]:
    """Of paired artifacts whose bytes differ; what programs do against attacks and modes are security topics."""
    for one, other in both.differing:
        old, new = _stated(one), _stated(other)
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name):
                yield FactChange(name, _fact(one, old.get(name)), _fact(other, new.get(name)))


def _fact(one: ArtifactRecord, values: list[str] | None) -> Sighting | None:
    return Sighting(", ".join(values), one.format, (one.locator,)) if values is not None else None


def _stated(one: ArtifactRecord) -> dict[str, list[str]]:
    out: dict[str, list[str]] = defaultdict(list)
    for name, value in one.facts:
        if not name.startswith("hardening.") and name != "mode" and name not in COUNTERS:
            out[name].append(value)
    return out


# --- what could not be compared --------------------------------------------------------------------------------------


def _gaps(both: Beside) -> Iterator[Unseen]:
    """Bytes nobody examined, by place."""
    open_: dict[tuple[str, Locator], list[list[Gap]]] = defaultdict(lambda: [[], []])
    for half in both.halves():
        for one in half.evidence.gaps:
            open_[both.place(half, one.locator)][half.new].append(one)
    for (where, place), (old, new) in open_.items():
        same = where == "both" and both.pairing.identical(place)
        yield Unseen(UnseenKind.GAP, "", _open(both.old, old), _open(both.new, new), same=same)


def _open(half: Half, gaps: list[Gap]) -> Sighting | None:
    if not gaps:
        return None
    gaps = sorted(gaps, key=lambda one: (one.reason, one.detail, repr(one.range)))
    record = half.tree.records.get(gaps[0].locator)
    size = record.size if record is not None else -1
    if all(one.range is not None for one in gaps):
        size = sum(one.size for one in merged(one.range for one in gaps if one.range is not None))
    reasons = ", ".join(sorted({one.reason.value for one in gaps}))
    return Sighting(reasons, gaps[0].detail, (gaps[0].locator,), size)


def _contents(both: Beside, files: Iterable[FileChange]) -> Iterator[Unseen]:
    """Files that differ and whose format nobody knows, gaps aside."""
    for one in files:
        places = (one.old, both.old), (one.new, both.new)
        if one.opaque and not any(side is not None and side.locator in half.gaps for side, half in places):
            yield Unseen(UnseenKind.CONTENT, one.step.value, _content(one.old), _content(one.new))


def _content(one: FileSide | None) -> Sighting | None:
    return Sighting("", "", (one.locator,), one.size) if one is not None else None


def _runs(both: Beside) -> Iterator[Unseen]:
    """What the two runs did not have in common."""
    old, new = (half.evidence for half in both.halves())
    for kind, before, after in (
        (UnseenKind.PLUGINS, set(old.settings.plugins), set(new.settings.plugins)),
        (UnseenKind.TOOLS, {f"{a} {b}" for a, b in old.settings.tools}, {f"{a} {b}" for a, b in new.settings.tools}),
        (UnseenKind.LIMITS, {f"{a} {b}" for a, b in old.settings.limits}, {f"{a} {b}" for a, b in new.settings.limits}),
        (UnseenKind.REFERENCES, set(old.settings.references), set(new.settings.references)),
    ):
        if before != after:
            yield Unseen(kind, "", _only(before - after), _only(after - before))
    if old.trust.digest != new.trust.digest and (old.signatures or new.signatures):
        yield Unseen(UnseenKind.KEYS, "", _registry(old.trust), _registry(new.trust))


def _only(names: set[str]) -> Sighting | None:
    return Sighting(", ".join(sorted(names)), "", ()) if names else None


def _registry(one: TrustSnapshot) -> Sighting:
    return Sighting(one.digest, one.source, ())
