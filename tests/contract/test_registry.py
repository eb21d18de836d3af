"""Every plug-in of every room: described, with vectors, and vectors with their origin."""

from __future__ import annotations

from typing import Any

import pytest

from fwverify.authenticate.registry import BUILTIN as SCHEMES
from fwverify.compare.registry import BUILTIN as SBOMS
from fwverify.evaluate.registry import BUILTIN as RULES
from fwverify.identify.registry import BUILTIN as DETECTORS
from fwverify.report.registry import BUILTIN as RENDERERS
from fwverify.unpack.registry import BUILTIN as CONTAINERS
from tests.contract.vectors import KINDS, Vector, vectors

ROOMS: dict[str, tuple[Any, ...]] = {
    "schemes": SCHEMES,
    "containers": CONTAINERS,
    "detectors": DETECTORS,
    "sboms": SBOMS,
}
PLUGINS = [pytest.param(room, one, id=f"{room}/{one.name}") for room, all_ in ROOMS.items() for one in all_]
ALL = [one for room in ROOMS for one in vectors(room)]


@pytest.mark.parametrize(("room", "plugin"), PLUGINS)
def test_has_vectors(room: str, plugin: Any) -> None:
    """A plug-in is registered together with a valid vector and one that it must not accept."""
    kinds = {one.kind for one in vectors(room) if one.plugin == plugin.name}
    assert "valid" in kinds
    assert kinds & {"invalid", "truncated", "hostile"}


@pytest.mark.parametrize(("room", "plugin"), PLUGINS)
def test_is_described(room: str, plugin: Any) -> None:
    """The description names a source and what is not done."""
    assert plugin.doc.title
    assert plugin.doc.references
    assert plugin.doc.limitations


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_names_are_unique(room: str) -> None:
    """Two plug-ins of a room never share a name."""
    names = [one.name for one in ROOMS[room]]
    assert len(names) == len(set(names))


def test_rules_and_renderers_are_registered_once() -> None:
    """Rule ids and renderer names are unique, and none is missing its words."""
    for names in ([one.id for one in RULES], [one.name for one in RENDERERS]):
        assert len(names) == len(set(names))
        assert names
    assert all(one.measures and one.not_proven for one in RULES)


@pytest.mark.parametrize("vector", ALL, ids=lambda one: f"{one.room}/{one.id}")
def test_vector_has_origin(vector: Vector) -> None:
    """Every vector says where it came from, why it is there, what is expected; and it belongs to a plug-in."""
    assert vector.kind in KINDS
    assert vector.meta["origin"]
    assert vector.meta["why"]
    assert "expect" in vector.meta
    assert vector.plugin in {one.name for one in ROOMS[vector.room]}
