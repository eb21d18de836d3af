"""Relationships of an SBOM: references, connection, containment, duplicates."""

from __future__ import annotations

import time
from collections import Counter

from fwverify.compare.entries import Problems
from fwverify.compare.graph import Graph, check, repeated, unreached
from fwverify.model.evidence import FaultKind


def graph(edges: str = "", contains: str = "", nodes: str = "abc", **more: object) -> Graph:
    """Edges as `ab bc`; the subject is `s`."""
    made = Graph(nodes={one: one for one in nodes}, given=Counter(["s", *nodes]), subject="s")
    made.edges = [(one[0], one[1]) for one in edges.split()]
    made.contains = [(one[0], one[1]) for one in contains.split()]
    for key, value in more.items():
        setattr(made, key, value)
    return made


def told(made: Graph) -> list[tuple[FaultKind, str]]:
    problems = Problems()
    check(made, problems)
    return [(one.kind, one.text) for one in problems.faults]


def test_connected() -> None:
    """Dependencies and containment both lead on; cycles of dependencies are not wrong."""
    assert told(graph("sa ab bc ca")) == []
    assert told(graph("sa", "ab bc")) == []


def test_unreached() -> None:
    """What nothing leads to is named; where nothing is stated, connection means nothing."""
    assert unreached(graph("sa bc")) == ["b", "c"]
    assert unreached(graph()) == []
    assert unreached(graph("ab", subject="")) == []


def test_dangling_and_twice() -> None:
    """A reference to nothing once however often it is named; one given twice; other documents are not judged."""
    made = graph("sa sb sc sx ax", foreign=("urn:cdx:",))
    made.edges.append(("s", "urn:cdx:1/1#a"))
    made.given["a"] = 2
    assert told(made) == [
        (FaultKind.DUPLICATE, "bom-ref 'a' is given 2 times"),
        (FaultKind.GRAPH, "'x' is no bom-ref of this document"),
    ]


def test_holding_itself() -> None:
    """Rings of containment are named, what hangs on them is not; a long chain is linear."""
    assert told(graph("sa", "ab ba bc")) == [
        (FaultKind.GRAPH, "a contains itself"),
        (FaultKind.GRAPH, "b contains itself"),
    ]
    chain = graph()
    chain.contains = [(str(one), str(one + 1)) for one in range(100_000)]
    chain.nodes = {str(one): "" for one in range(100_001)}
    start = time.process_time()
    assert told(chain) == []
    assert time.process_time() - start < 5


def test_repeated() -> None:
    """One package URL for two entries is a duplicate, told with the first place."""
    problems = Problems()
    repeated(
        [("pkg:generic/a@1", "/0", "a"), ("", "/1", "b"), ("", "/2", "b"), ("pkg:generic/a@1", "/3", "a")], problems
    )
    assert [(one.place, one.kind) for one in problems.faults] == [("/3", FaultKind.DUPLICATE)]
    assert problems.texts == []
