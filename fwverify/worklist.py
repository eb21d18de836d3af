"""The work-list of `pipeline`: walk from an image into everything inside it, outer first.

Content is let go as soon as an artifact was opened or handed to the examiner; what stays is the shape of the tree,
from which the byte ledger is computed once all answers are in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from fwverify.compare.interface import Inventory, InventoryFile
from fwverify.content import STEP_BYTES, forget
from fwverify.formats import executable as executables
from fwverify.formats.names import fill_byte
from fwverify.identify.interface import Observed
from fwverify.identify.reading import as_text
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, Digest, Locator
from fwverify.model.component import Clue, Component
from fwverify.model.evidence import (
    ISOLATION,
    Anomaly,
    AnomalyKind,
    Binding,
    ChecksumObservation,
    ContentObservation,
    Gap,
    GapReason,
    Opened,
)
from fwverify.model.examining import examining
from fwverify.model.expectation import VersionClaim
from fwverify.model.ledger import Account, Claim, MemberAccount, account, leaf
from fwverify.unpack.interface import Container, Event
from fwverify.unpack.stage import Child, Opening, unpack

DEVICE_TREE = "device_tree"
"""A container that is content too: its properties may hold public keys (U-Boot's control device tree)."""


OTHERS_RIGHTS = 0o6000
"""Mode bits of a file that runs with its owner's or its group's rights."""
MIN_RESORT_BYTES = 4096
"""Smaller artifacts are not worth the last resort, which takes a process for each."""


class Examiner(Protocol):
    """Looks at the content of artifacts, here or in workers. Every artifact submitted gets exactly one answer."""

    @property
    def mode(self) -> str: ...
    def until(self, budget: Budget) -> None:
        """The run whose time counts; what has no answer when it is over is a gap."""
        ...

    def submit(self, artifact: Artifact) -> None: ...
    def results(self) -> Iterator[tuple[Locator, Observed]]: ...


class Reader(Protocol):
    """Opens containers, here or in a worker."""

    @property
    def mode(self) -> str: ...
    def recognise(self, artifact: Artifact, budget: Budget) -> tuple[Container | None, tuple[str, ...]]:
        """What reads it, and what else would. Raises Crashed, LimitExceeded."""
        ...

    def named(self, names: Sequence[str]) -> tuple[Container | None, tuple[str, ...]]:
        """The same, from the names a worker gave."""
        ...

    def events(self, container: Container, artifact: Artifact, budget: Budget) -> Iterator[Event]:
        """As `Container.unpack`; raises Crashed besides."""
        ...


class LastResort(Protocol):
    """Somebody else's tool, asked about what no reader knows."""

    @property
    def container(self) -> Container:
        """What its members are said to lie in."""
        ...

    @property
    def mode(self) -> str: ...
    @property
    def tools(self) -> tuple[tuple[str, str], ...]:
        """Name and version, for the evidence."""
        ...

    def events(self, container: Container, artifact: Artifact, budget: Budget) -> Iterator[Event]:
        """As `Container.unpack`; raises Crashed besides. Nothing where it knows no better."""
        ...


@dataclass(frozen=True, slots=True)
class Bench:
    """Where hostile bytes are read: in this process, or in workers."""

    examiner: Examiner
    reader: Reader
    last_resort: LastResort | None = None
    prepare: Callable[[], None] = lambda: None
    """There will be work: what takes time to start may start now, and nobody waits for it. More than once does no
    harm."""

    @property
    def mode(self) -> str:
        """For the evidence: the weakest of all, whether it was needed or not."""
        modes = [self.reader.mode, self.examiner.mode]
        if self.last_resort is not None:
            modes.append(self.last_resort.mode)
        return min(modes, key=ISOLATION.index)


@dataclass(slots=True)
class Node:
    """One artifact of the tree, without its content."""

    locator: Locator
    size: int
    digests: tuple[Digest, ...]
    container: Container | None
    claims: list[Claim] = field(default_factory=list)
    facts: tuple[tuple[str, str], ...] = ()
    children: list[tuple[Node, Child]] = field(default_factory=list)
    lost: bool = False
    """Nobody could tell what it is: whoever looked was lost over it."""
    fragment: bool = False
    """What is left of a container whose reader could not go on: text in it was read, not understood."""


@dataclass(slots=True)
class Walk:
    """State of one run's walk."""

    budget: Budget
    bench: Bench
    progress: Callable[[str], None]
    authenticate: Callable[[Artifact], None] = lambda _: None
    """Checks the signatures that lie in an artifact; called before anything nested in it is opened."""
    look: Callable[[Artifact], None] = lambda _: None
    """Sees every artifact while its content is there."""
    mapped: memoryview = field(default=memoryview(b""), repr=False)
    """Content of the image being opened."""
    touched_bytes: int = 0
    """Read since it was last forgotten."""
    images: list[Node] = field(default_factory=list)
    checks: list[ChecksumObservation] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    anomalies: list[Anomaly] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    clues: list[Clue] = field(default_factory=list)
    contents: list[ContentObservation] = field(default_factory=list)
    claims: list[VersionClaim] = field(default_factory=list)
    observed: dict[Locator, Observed] = field(default_factory=dict)
    accounts: dict[Locator, Account] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bench.examiner.until(self.budget)

    def image(self, artifact: Artifact) -> None:
        """Open one image and everything inside it."""
        self.progress(f"opening {artifact.name}")
        self.bench.prepare()
        self.mapped = artifact.content
        self.budget.image(artifact.size)
        self.images.append(self._visit(artifact, depth=0, plain=False))

    def _forget(self, artifact: Artifact) -> None:
        """Whoever looked at an artifact has read it, mostly where it lies in the image: do not keep that resident."""
        self.touched_bytes += artifact.size
        if self.touched_bytes > STEP_BYTES:
            forget(artifact.content)
            forget(self.mapped)
            self.touched_bytes = 0

    def _visit(
        self,
        artifact: Artifact,
        depth: int,
        *,
        plain: bool,
        recognised: tuple[str, ...] | None = None,
        asked: bool = False,
    ) -> Node:
        """One artifact and everything inside it.

        Args:
            artifact: with its content, which is let go afterwards.
            depth: containers around it.
            plain: it was looked at before, as a part of what it lies in: examine it, and no more.
            recognised: what reads it, where that is known.
            asked: the last resort had it before.
        """
        self.look(artifact)
        if not plain:
            self.authenticate(artifact)
        self._forget(artifact)
        container, others, lost = (None, (), False) if plain else self._recognise(artifact, recognised)
        node = Node(artifact.locator, artifact.size, artifact.digests, container, lost=lost)
        if container is None:
            if plain or asked or lost or not self._resort(node, Opening(artifact, None), depth):
                self._examine(artifact)
            return node
        if container.name == DEVICE_TREE:
            self._examine(artifact)
        opening = Opening(artifact, container)
        for child in unpack(opening, self.budget, depth, self.bench.reader.events):
            if child.remainder and not asked and _named_only(opening, node):
                asked = True
                if self._resort(node, opening, depth):
                    self._drop_unsupported(opening)
            # An unclaimed run that is the whole artifact would be recognised as the same container for ever.
            same = child.remainder and child.artifact.size == artifact.size
            again = asked and child.remainder
            inner = self._visit(child.artifact, depth + 1, plain=same, recognised=child.recognised, asked=again)
            self._hold(node, opening, child, inner)
        self._collect(opening, others)
        node.claims += opening.claims
        node.facts = tuple(sorted({*opening.facts, *node.facts}))
        return node

    def _examine(self, artifact: Artifact) -> None:
        """Have its content looked at; a gap where the run's time is over."""
        gaps: list[Gap] = []
        with examining(artifact.locator, gaps, "examine"):
            self.budget.check_time()
            self.bench.examiner.submit(artifact)
            return
        self.take(artifact.locator, Observed(Opened.GAP, "", gaps=tuple(gaps)))

    def _hold(self, node: Node, opening: Opening, child: Child, inner: Node) -> None:
        inner.fragment = child.remainder and bool(opening.gaps)
        if child.mode & OTHERS_RIGHTS:
            inner.facts = (*inner.facts, ("mode", f"{child.mode & 0o7777:04o}"))
        node.children.append((inner, _shape(child)))

    def _resort(self, node: Node, opened: Opening, depth: int) -> bool:
        """Ask the last resort, where there is one and the artifact may be something. True: things came out.

        Nobody knows which bytes they consist of, and whoever made the artifact may have much come out of little. So
        they account for none: the bytes count as what they are themselves, here as a whole, where a reader knew the
        format as it left them.
        """
        artifact, last = opened.artifact, self.bench.last_resort
        if last is None or depth >= self.budget.limits.max_depth or not _may_be_opened(artifact):
            return False
        self.progress(f"last resort: {artifact.name}")
        opening = Opening(artifact, last.container, children=opened.children)
        for child in unpack(opening, self.budget, depth, last.events):
            if child.remainder and (opened.container is not None or not node.children):
                opening.claims.pop()  # looked at in another way
                break
            self._hold(node, opening, child, self._visit(child.artifact, depth + 1, plain=child.remainder))
        self._collect(opening, ())
        if not node.children:
            return False
        node.container, node.claims, node.facts = last.container, opening.claims, tuple(opening.facts)
        opened.children = opening.children
        return True

    def _drop_unsupported(self, opening: Opening) -> None:
        """What a reader only named was opened; the gap stays where something is wrong with that, too."""
        by = self.bench.last_resort.container.name if self.bench.last_resort else ""
        if not any(one.locator == opening.artifact.locator and one.by == by for one in self.gaps):
            opening.gaps = [one for one in opening.gaps if one.reason is not GapReason.UNSUPPORTED]

    def _recognise(
        self, artifact: Artifact, known: tuple[str, ...] | None
    ) -> tuple[Container | None, tuple[str, ...], bool]:
        """What reads an artifact, what else would, and whether whoever looked was lost."""
        before = len(self.gaps)
        with examining(artifact.locator, self.gaps, "isolate"):
            container, others = (
                self.bench.reader.recognise(artifact, self.budget) if known is None else self.bench.reader.named(known)
            )
            return container, others, False
        return None, (), len(self.gaps) > before

    def _collect(self, opening: Opening, others: tuple[str, ...]) -> None:
        self.checks.extend(opening.checks)
        self.bindings.extend(opening.bindings)
        self.anomalies.extend(opening.anomalies)
        self.gaps.extend(opening.gaps)
        name = opening.container.name if opening.container else ""
        if others:
            detail = f"read as {name}; {', '.join(others)} would read it too"
            self.anomalies.append(Anomaly(AnomalyKind.TWO_FORMATS, opening.artifact.locator, detail))
        limits = [one for one in opening.gaps if one.reason is GapReason.LIMIT]
        self.anomalies.extend(Anomaly(AnomalyKind.LIMIT, one.locator, one.detail) for one in limits)
        told = any(one.kind is AnomalyKind.DUPLICATE_MEMBER for one in opening.anomalies)
        for member, count in sorted(opening.names.items()):
            if count > 1 and not told:
                detail = f"{count} members are named {member!r}"
                self.anomalies.append(Anomaly(AnomalyKind.DUPLICATE_MEMBER, opening.artifact.locator, detail))

    def finish(self) -> None:
        """Wait for the examiner's answers."""
        self.progress("examining contents")
        for locator, observed in self.bench.examiner.results():
            self.take(locator, observed)

    def take(self, locator: Locator, observed: Observed) -> None:
        """An answer about one artifact."""
        self.observed[locator] = observed
        self.clues.extend(observed.clues)
        self.contents.extend(observed.contents)
        self.claims.extend(observed.claims)
        self.gaps.extend(observed.gaps)

    def inventory(self, components: tuple[Component, ...]) -> Inventory:
        """The observed side of the comparison."""
        inside = [node for image in self.images for node in descendants(image) if node is not image]
        return Inventory(
            components,
            tuple(InventoryFile(one.locator, one.size, one.digests) for one in inside),
            tuple(self.gaps),
            tuple(InventoryFile(one.locator, one.size, one.digests) for one in self.images),
        )

    def account(self, node: Node) -> Account:
        """How the bytes of a node were looked at, everything inside it counted. Ask only after `finish`."""
        if node.locator not in self.accounts:
            self.accounts[node.locator] = self._account(node)
        return self.accounts[node.locator]

    def _account(self, node: Node) -> Account:
        if node.container is None:
            seen = self.observed.get(node.locator)
            if seen is None or node.lost:
                return leaf(node.locator, node.size, Opened.GAP, "")
            if node.fragment and seen.opened is Opened.EXAMINED and seen.reader == "text":
                return leaf(node.locator, node.size, Opened.SCANNED, seen.reader)
            return leaf(node.locator, node.size, seen.opened, seen.reader)
        members: dict[int, MemberAccount] = {
            child.index: MemberAccount(self.account(sub), child.stored, child.start) for sub, child in node.children
        }
        ordered = [members.get(one) or _absent(node.locator) for one in range(max(members, default=-1) + 1)]
        claims = [one for one in node.claims if one.member < len(ordered)]
        return account(node.locator, node.size, node.container.name, claims, ordered)


def _named_only(opening: Opening, node: Node) -> bool:
    """A reader knew the format, cannot read this variant of it, and gave no member."""
    unsupported = [one for one in opening.gaps if one.reason is GapReason.UNSUPPORTED and one.locator == node.locator]
    return bool(unsupported) and not node.children


def _may_be_opened(artifact: Artifact) -> bool:
    """Neither small nor fill, and not what is examined as it is: an executable or text."""
    content = artifact.content
    return (
        artifact.size >= MIN_RESORT_BYTES
        and not executables.detect(content)
        and not fill_byte(content)
        and as_text(content) is None
    )


def _shape(child: Child) -> Child:
    """The child without its content, so that memory stays bounded."""
    empty = Artifact(child.artifact.locator, child.artifact.size, child.artifact.digests, memoryview(b""))
    return Child(empty, child.index, child.stored, child.start, child.remainder)


def _absent(locator: Locator) -> MemberAccount:
    return MemberAccount(Account(locator, 0, ()), stored=False)


def descendants(node: Node) -> Iterator[Node]:
    """The node and everything below it, outer first."""
    yield node
    for child, _ in node.children:
        yield from descendants(child)


def placed(image: Node) -> dict[Locator, ByteRange]:
    """Where artifacts lie in the image byte for byte: those stored as they are, all the way down."""
    out: dict[Locator, ByteRange] = {}

    def place(node: Node, offset: int) -> None:
        if node.size:
            out[node.locator] = ByteRange(offset, offset + node.size)
        for child, how in node.children:
            if how.stored:
                place(child, offset + how.start)

    place(image, 0)
    return out
