"""Whether what an SBOM says about relationships holds together: references, connection, containment, duplicates.

Steps: 1 two entries with one reference; 2 references to nothing; 3 entries that nothing leads to from the subject;
4 parts that contain themselves. Cycles of dependencies are not wrong: packages of real distributions depend on one
another. Pure. Does NOT judge whether a relationship is true.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from fwverify.compare.entries import Problems
from fwverify.model.evidence import FaultKind

MAX_SHOWN = 80
"""Characters shown of a reference."""


@dataclass(slots=True)
class Graph:
    """References and relationships of one document."""

    nodes: dict[str, str] = field(default_factory=dict)
    """Reference -> what it is called; entries without a reference have a key of their own that nothing can name."""
    given: Counter[str] = field(default_factory=Counter)
    """How often each reference is given, that of licences and services included."""
    subject: str = ""
    edges: list[tuple[str, str]] = field(default_factory=list)
    """Depends on."""
    contains: list[tuple[str, str]] = field(default_factory=list)
    listed: set[str] = field(default_factory=set)
    """References whose own dependencies are listed, be it none."""
    foreign: tuple[str, ...] = ()
    """Beginnings of references into other documents."""
    place: str = "/dependencies"
    duplicates: str = "/"
    reference: str = "bom-ref"
    """What the format calls a reference."""

    @property
    def relations(self) -> int:
        return len(self.edges) + len(self.contains)


def check(graph: Graph, problems: Problems) -> None:
    """See the module's steps 1 to 4."""
    for name in sorted(name for name, times in graph.given.items() if times > 1):  # 1
        text = f"{graph.reference} {name[:MAX_SHOWN]!r} is given {graph.given[name]} times"
        problems.add(graph.duplicates, text, FaultKind.DUPLICATE)
    for name in _dangling(graph):  # 2
        problems.add(graph.place, f"{name[:MAX_SHOWN]!r} is no {graph.reference} of this document", FaultKind.GRAPH)
    for name in unreached(graph):  # 3
        problems.note(graph.place, f"nothing leads to {graph.nodes[name]}", FaultKind.GRAPH)
    for name in sorted(_holding_themselves(graph)):  # 4
        problems.note(graph.place, f"{graph.nodes.get(name, name)[:MAX_SHOWN]} contains itself", FaultKind.GRAPH)


def _dangling(graph: Graph) -> list[str]:
    """Named and not there, in the order they are met, each once."""
    named = [*(one for edge in graph.edges for one in edge), *sorted(graph.listed)]
    named += [one for edge in graph.contains for one in edge if one not in graph.nodes]
    missing = [one for one in named if one not in graph.given and one not in graph.nodes]
    return [one for one in dict.fromkeys(missing) if not one.startswith(graph.foreign or "\0")]


def unreached(graph: Graph) -> list[str]:
    """Entries that no relationship leads to from the subject. None where no relationship is stated at all, or where
    there is no subject: then connection means nothing."""
    if not graph.subject or not graph.edges:
        return []
    ways: dict[str, list[str]] = {}
    for one, other in (*graph.edges, *graph.contains):
        ways.setdefault(one, []).append(other)
    seen, waiting = {graph.subject}, [graph.subject]
    while waiting:
        new = [one for one in ways.get(waiting.pop(), ()) if one not in seen]
        seen.update(new)
        waiting.extend(new)
    return [one for one in graph.nodes if one not in seen]


def _holding_themselves(graph: Graph) -> set[str]:
    """Nodes of cycles of containment: what is left when everything that nothing holds is taken away, again and again,
    and then everything that holds nothing. Linear in the number of edges."""
    edges = set(graph.contains)
    forward = _peeled(edges)
    return {one for one, _ in _peeled({(other, one) for one, other in forward})}


def _peeled(edges: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Edges that are left after taking away every node without incoming edge, with its edges, until there is none."""
    ways: dict[str, list[str]] = {}
    incoming: Counter[str] = Counter()
    for one, other in edges:
        ways.setdefault(one, []).append(other)
        incoming[other] += 1
    waiting = [one for one in ways if not incoming[one]]
    gone = set(waiting)
    while waiting:
        for other in ways.get(waiting.pop(), ()):
            incoming[other] -= 1
            if not incoming[other]:
                gone.add(other)
                waiting.append(other)
    return {(one, other) for one, other in edges if one not in gone}


def repeated(identities: Iterable[tuple[str, str, str]], problems: Problems) -> None:
    """Two entries that state one package URL: the same thing twice.

    Args:
        identities: package URL, place and name of each entry.
        problems: told of each one after the first.
    """
    first: dict[str, str] = {}
    for purl, place, name in identities:
        if not purl:
            continue
        before = first.setdefault(purl, place)
        if before != place:
            problems.note(place, f"{name} repeats the purl of {before}: {purl[:MAX_SHOWN]}", FaultKind.DUPLICATE)
