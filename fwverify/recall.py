"""What an earlier run found out about the same bytes, so that it need not be found out again.

Two things are remembered, each under the digest of the bytes, of everything that may change the answer (this
release's code and data, the libraries that read content, the limits, how content was isolated) and of the name:

1. what looking at one artifact gave: a new release of an image costs what changed in it;
2. what a whole image gave: the same image costs reading and digesting it.

Signatures are never remembered: they are checked anew each time, against the keys and the time of the run. What carries
one and does not lie in the image byte for byte (a kernel module in a compressed file system) is remembered with its
bytes for that, up to MAX_SIGNED_BYTES; an image with more is not remembered whole. Nothing that a limit or a lost
worker cut short is remembered. Does NOT appear in the evidence: with and without it, evidence is the same.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import astuple, dataclass, field, replace
from importlib import metadata, resources
from importlib.resources.abc import Traversable

from fwverify.cache.store import Store
from fwverify.content import Holder
from fwverify.identify.interface import Observed
from fwverify.limits import Budget, LimitExceeded, Limits
from fwverify.model.artifact import Artifact, Digest, Locator, Step
from fwverify.model.canonical import NotEvidence, canonical, from_json
from fwverify.model.evidence import Anomaly, Binding, ChecksumObservation, Gap, GapReason
from fwverify.model.ledger import Claim
from fwverify.unpack.interface import Container
from fwverify.unpack.registry import BUILTIN
from fwverify.unpack.stage import Child
from fwverify.worklist import Bench, Examiner, Node, Walk, descendants, placed

PASSING = frozenset({GapReason.LIMIT, GapReason.CRASHED})
"""Gaps that another run need not have."""
MAX_SIGNED_BYTES = 512 << 20
"""Of the signed artifacts of one image, unpacked, which are remembered with it. The 3,700 kernel modules of a
distribution have 285 MiB, and take 100 in the store."""
EMPTY = memoryview(b"")
ANYWHERE = canonical(Locator((Step("\0"),)))[:-1]
"""Stands for the image's own locator in what is remembered: the same bytes in another delivery are the same image."""
_MADE = ("__pycache__", ".pyc", ".pyo")
"""Python writes these itself; every other file of the release may change an answer."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A node of the tree and where it lies in the one above."""

    locator: Locator
    size: int
    digests: tuple[Digest, ...]
    container: str
    claims: tuple[Claim, ...]
    facts: tuple[tuple[str, str], ...]
    lost: bool
    fragment: bool
    index: int
    stored: bool
    start: int
    remainder: bool
    children: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Remembered:
    """Everything a walk through one image gave, except what its signatures are worth."""

    tree: Branch
    signed: tuple[Locator, ...]
    """Artifacts that carry a signature, or something like it. Each lies in the image byte for byte, or its bytes are
    remembered beside this."""
    checks: tuple[ChecksumObservation, ...]
    bindings: tuple[Binding, ...]
    anomalies: tuple[Anomaly, ...]
    gaps: tuple[Gap, ...]
    """Of opening; those of looking are with what was observed."""
    observed: tuple[tuple[Locator, Observed], ...]
    members: int
    total_bytes: int
    """What it used of the run's budget."""


def release(limits: Limits, libraries: Sequence[str]) -> bytes:
    """Digest of everything besides the bytes that an answer depends on.

    Args:
        limits: of the run.
        libraries: distributions that read content.
    """
    digest = hashlib.sha256(canonical([list(astuple(limits)), sys.version, sys.platform]))
    for name in libraries:
        digest.update(canonical([name, metadata.version(name)]))
    for path, content in sorted(_files(resources.files("fwverify"), "")):
        digest.update(canonical([path, len(content)]) + content)
    return digest.digest()


def _files(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for one in folder.iterdir():
        if one.name.endswith(_MADE):
            continue
        if one.is_dir():
            yield from _files(one, f"{path}/{one.name}")
        else:
            yield f"{path}/{one.name}", one.read_bytes()


@dataclass(slots=True)
class _Looker:
    """An examiner that is not asked what is known."""

    inner: Examiner
    memory: Memory
    promised: str
    """How it says, before it begins, that content is read."""
    _known: list[tuple[Locator, Observed]] = field(default_factory=list)
    _keys: dict[Locator, bytes] = field(default_factory=dict)

    @property
    def mode(self) -> str:
        return self.inner.mode

    def until(self, budget: Budget) -> None:
        self.inner.until(budget)

    def submit(self, artifact: Artifact) -> None:
        key = self.memory.artifact_key(artifact)
        known = self.memory.observed(key, artifact.locator)
        if known is not None:
            self._known.append((artifact.locator, known))
            return
        self._keys[artifact.locator] = key
        self.inner.submit(artifact)

    def results(self) -> Iterator[tuple[Locator, Observed]]:
        known, self._known = self._known, []
        yield from known
        for locator, observed in self.inner.results():
            key = self._keys.pop(locator)
            if self.mode == self.promised:  # else a worker had less than was promised: not what the key says
                self.memory.remember(key, observed)
            yield locator, observed


@dataclass(slots=True)
class Memory:
    """One run's use of the store."""

    store: Store
    release: bytes
    mode: str = ""
    """How content is read in this run. What was found under a weaker isolation is not taken for what was found under
    a stronger one, so a run that recalls everything may state its own."""
    containers: Sequence[Container] = BUILTIN
    whole: bool = True
    """Whether whole images are remembered. Not with a last resort: its answer depends on programs nobody digests."""
    _walked: dict[Locator, tuple[bytes, int, int]] = field(default_factory=dict)
    _held: set[Locator] = field(default_factory=set)
    """Signed artifacts whose bytes are in the store."""
    _spoiled: set[bytes] = field(default_factory=set)
    """Keys of such bytes that were not there, or were not what they should be."""

    def bench(self, bench: Bench) -> Bench:
        """The bench whose examiner is asked only what is not known."""
        self.mode, self.whole = bench.mode, bench.last_resort is None
        return replace(bench, examiner=_Looker(bench.examiner, self, bench.examiner.mode))

    def image(self, walk: Walk, signed: Collection[Locator], artifact: Artifact) -> None:
        """Walk through an image, or take what is known of it.

        Args:
            walk: of the run.
            signed: artifacts that a signature scheme recognised so far; it grows.
            artifact: the image.
        """
        if not self.whole:
            walk.image(artifact)
            return
        key = self._key("image", artifact)
        if self._recalled(walk, artifact, self.store.get(key)):
            return
        members, total_bytes = walk.budget.members, walk.budget.total_bytes
        authenticate = walk.authenticate
        walk.authenticate = self._holding(authenticate, signed, artifact)
        walk.image(artifact)
        walk.authenticate = authenticate
        used = walk.budget.members - members, walk.budget.total_bytes - total_bytes
        self._walked[artifact.locator] = (key, *used)

    def _holding(
        self, authenticate: Callable[[Artifact], None], signed: Collection[Locator], image: Artifact
    ) -> Callable[[Artifact], None]:
        """The check, which then keeps the bytes of what carries a signature and is no part of the image's."""
        left = MAX_SIGNED_BYTES

        def check(one: Artifact) -> None:
            nonlocal left
            authenticate(one)
            if one.locator in signed and one.content.obj is not image.content.obj and one.size <= left:
                left -= one.size
                key = self._key("content", one)
                if key in self._spoiled or not self.store.holds(key):
                    self.store.put(key, bytes(one.content))
                self._held.add(one.locator)

        return check

    def keep(self, walk: Walk, signed: Collection[Locator]) -> None:
        """Remember what was walked through, once all answers are in.

        Args:
            walk: finished.
            signed: artifacts that a signature scheme recognised.
        """
        if walk.bench.mode != self.mode:  # a worker had less than was promised: not what the key says
            return
        for image in walk.images:
            if image.locator in self._walked:
                key, members, total_bytes = self._walked.pop(image.locator)
                found = _remembered(walk, image, signed, self._held, (members, total_bytes))
                if found is not None:
                    self.store.put(key, canonical(found).replace(_start(image.locator), ANYWHERE))

    def artifact_key(self, artifact: Artifact) -> bytes:
        """Under which an answer about one artifact lies."""
        return self._key("artifact", artifact)

    def observed(self, key: bytes, locator: Locator) -> Observed | None:
        """What was seen in the same bytes under the same name, at another place or at this one."""
        value = self.store.get(key)
        try:
            return None if value is None else _placed_at(from_json(Observed, json.loads(value)), locator)
        except (NotEvidence, ValueError):
            return None

    def remember(self, key: bytes, observed: Observed) -> None:
        """Keep an answer, unless another run could get more."""
        if not any(one.reason in PASSING for one in observed.gaps):
            self.store.put(key, canonical(_placed_at(observed, Locator(()))))

    def _key(self, kind: str, artifact: Artifact) -> bytes:
        """Whoever looks sees an artifact's name and what it came out of, not where that lies."""
        step = artifact.locator.steps[-1]
        stated = canonical([kind, self.mode, list(artifact.digests), artifact.size, step.member, step.container])
        return hashlib.sha256(self.release + stated).digest()

    def _recalled(self, walk: Walk, artifact: Artifact, value: bytes | None) -> bool:
        if value is None:
            return False
        try:
            known = from_json(Remembered, json.loads(value.replace(ANYWHERE, _start(artifact.locator))))
            image = self._node(known.tree)
        except (NotEvidence, ValueError, KeyError):  # of another shape: a digest that fits does not make it ours
            return False
        carrying = self._carrying(image, known.signed, artifact)
        if carrying is None or not _fits(walk.budget, known):
            return False
        walk.progress(f"{artifact.name} is known")
        for signed in carrying:
            walk.authenticate(signed)
        walk.images.append(image)
        walk.checks.extend(known.checks)
        walk.bindings.extend(known.bindings)
        walk.anomalies.extend(known.anomalies)
        walk.gaps.extend(known.gaps)
        for one, observed in known.observed:
            walk.take(one, observed)
        return True

    def _carrying(self, image: Node, signed: Sequence[Locator], artifact: Artifact) -> list[Artifact] | None:
        """What carries a signature, with its bytes; None where some are not there any more."""
        places, wanted = placed(image), set(signed)
        carrying = [one for one in descendants(image) if one.locator in wanted]
        beside = Holder(digest=False)
        for node in carrying:
            if node.locator not in places:
                key = self._key("content", _bare(node))
                content = self.store.get(key)
                if content is None or hashlib.sha256(content).digest() != _bare(node).sha256.value:
                    self._spoiled.add(key)
                    return None
                beside.add(content)
        held, start, found = beside.view(), 0, []
        for node in carrying:
            at = places.get(node.locator)
            if at is None:
                found.append(replace(_bare(node), content=held[start : start + node.size]))
                start += node.size
            else:
                found.append(replace(_bare(node), content=artifact.content[at.start : at.end]))
        return found

    def _node(self, branch: Branch) -> Node:
        named = {one.name: one for one in self.containers}
        return _grown(branch, named)[0]


def _start(locator: Locator) -> bytes:
    """How the JSON of every locator inside this one begins. No text in JSON holds it: its quotes would be escaped."""
    return canonical(locator)[:-1]


def _fits(budget: Budget, known: Remembered) -> bool:
    """Count what the walk would use; where that is too much, the walk itself tells which part is left out."""
    before = budget.members, budget.total_bytes
    try:
        budget.member(known.members)
        budget.output(known.total_bytes)
    except LimitExceeded:
        budget.members, budget.total_bytes = before
        return False
    return True


def _bare(node: Node) -> Artifact:
    """What a node is, without its bytes."""
    return Artifact(node.locator, node.size, node.digests, EMPTY)


def _grown(branch: Branch, named: dict[str, Container]) -> tuple[Node, Child]:
    """The tree again. Raises KeyError for a container there is not."""
    node = Node(
        branch.locator, branch.size, branch.digests, named[branch.container] if branch.container else None,
        list(branch.claims), branch.facts, [_grown(one, named) for one in branch.children], branch.lost,
        branch.fragment,
    )  # fmt: skip
    empty = Artifact(branch.locator, branch.size, branch.digests, memoryview(b""))
    return node, Child(empty, branch.index, branch.stored, branch.start, branch.remainder)


def _remembered(
    walk: Walk, image: Node, signed: Collection[Locator], held: Collection[Locator], used: tuple[int, int]
) -> Remembered | None:
    """What to keep of an image; None where another run could see more, or a signature could not be checked again.

    Args:
        walk: finished.
        image: of it.
        signed: artifacts that carry a signature.
        held: those whose bytes are in the store.
        used: members and bytes of the run's budget.
    """
    inside = {one.locator for one in descendants(image)}
    own = tuple(one for one in signed if one in inside)
    observed = tuple((one, walk.observed[one]) for one in sorted(inside) if one in walk.observed)
    looked = {gap for _, one in observed for gap in one.gaps}
    depth = len(image.locator.steps)
    gaps = tuple(one for one in walk.gaps if one.locator.steps[:depth] == image.locator.steps)
    if any(one.reason in PASSING for one in gaps) or not placed(image).keys() | held >= set(own):
        return None
    return Remembered(
        _branch(image, None), own,
        tuple(one for one in walk.checks if one.declared_in in inside),
        tuple(one for one in walk.bindings if one.source in inside),
        tuple(one for one in walk.anomalies if one.locator in inside),
        tuple(one for one in gaps if one not in looked),
        observed, *used,
    )  # fmt: skip


def _branch(node: Node, child: Child | None) -> Branch:
    return Branch(
        node.locator, node.size, node.digests, node.container.name if node.container else "", tuple(node.claims),
        node.facts, node.lost, node.fragment, child.index if child else -1, bool(child and child.stored),
        child.start if child else 0, bool(child and child.remainder),
        tuple(_branch(inner, how) for inner, how in node.children),
    )  # fmt: skip


def _placed_at(observed: Observed, locator: Locator) -> Observed:
    """The same, seen at another place: everything a detector says is about the artifact it looked at."""
    return replace(
        observed,
        clues=tuple(replace(one, locator=locator) for one in observed.clues),
        contents=tuple(replace(one, locator=locator) for one in observed.contents),
        claims=tuple(replace(one, locator=locator) for one in observed.claims),
        gaps=tuple(replace(one, locator=locator) for one in observed.gaps),
    )
