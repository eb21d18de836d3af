"""The contract of every container: vectors, prefixes, flips, random bytes, repeats, nothing outside its root."""

from __future__ import annotations

import hashlib
import random
from typing import Any

import pytest

from fwverify.content import identified
from fwverify.limits import Budget, Limits
from fwverify.model.artifact import Artifact, Locator, Step, merged
from fwverify.unpack.registry import BUILTIN
from fwverify.unpack.stage import Child, Opening, unpack
from tests.contract.vectors import Vector, flips, prefixes, vectors

VECTORS = vectors("containers")
LIMITS = Limits(max_member_bytes=1 << 26, max_total_bytes=1 << 27, max_seconds=20, ratio_floor_bytes=1 << 20)
BY_NAME = {one.name: one for one in BUILTIN}


def artifact(data: bytes) -> Artifact:
    return identified(Locator((Step("input"),)), data)


def opened(plugin: str, data: bytes) -> tuple[Opening, list[Child]]:
    """Everything the plug-in finds in these bytes."""
    opening = Opening(artifact(data), BY_NAME[plugin])
    children = list(unpack(opening, Budget(LIMITS), 0))
    return opening, children


def summary(opening: Opening, children: list[Child]) -> list[Any]:
    return [
        [(str(one.artifact.locator), one.artifact.sha256.hex, one.index, one.stored) for one in children],
        opening.claims, opening.anomalies, opening.gaps, opening.checks, opening.facts,
    ]  # fmt: skip


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.id)
def test_vector(vector: Vector) -> None:
    """Members, anomalies, gaps and inner checks are the expected ones."""
    expect = vector.expect
    assert BY_NAME[vector.plugin].detect(artifact(vector.data)) or vector.kind != "valid"
    opening, children = opened(vector.plugin, vector.data)
    members = {one.artifact.name: one.artifact.sha256.hex for one in children if not one.remainder}
    if "members" in expect:
        assert members == expect["members"]
    if "anomalies" in expect:
        assert sorted({one.kind.value for one in opening.anomalies}) == sorted(set(expect["anomalies"]))
    if "gap" in expect:
        assert expect["gap"] in {one.reason.value for one in opening.gaps}
    elif vector.kind == "valid":
        assert opening.gaps == []
    failing = [one.name for one in opening.checks if not one.holds]
    assert sorted(failing) == sorted(expect.get("checks_fail", [])), opening.checks


@pytest.mark.parametrize("vector", [one for one in VECTORS if one.kind == "valid"], ids=lambda one: one.id)
def test_prefixes(vector: Vector) -> None:
    """Every prefix ends in values: no exception but those that become gaps, and claims stay inside the bytes."""
    for size in prefixes(len(vector.data), 60):
        opening, children = opened(vector.plugin, vector.data[:size])
        assert all(one.range.start < size for one in opening.claims)
        assert all(one.artifact.locator.within(opening.artifact.locator) for one in children)


@pytest.mark.parametrize("vector", [one for one in VECTORS if one.kind == "valid"], ids=lambda one: one.id)
def test_bit_flips(vector: Vector) -> None:
    """A flipped bit anywhere is survived: detection is total and reading ends in values."""
    for data in flips(vector.data, 150):
        BY_NAME[vector.plugin].detect(artifact(data))
        opened(vector.plugin, data)


@pytest.mark.parametrize("container", BUILTIN, ids=lambda one: one.name)
def test_random_bytes(container: Any) -> None:
    """Random bytes are never taken for the format."""
    chance = random.Random(20261122)
    for size in (0, 1, 15, 64, 512, 4096):
        for _ in range(12):
            assert not container.detect(artifact(chance.randbytes(size)))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.id)
def test_repeats_exactly(vector: Vector) -> None:
    """Two runs over the same bytes give the same values in the same order."""
    assert summary(*opened(vector.plugin, vector.data)) == summary(*opened(vector.plugin, vector.data))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.id)
def test_stored_members_are_where_they_say(vector: Vector) -> None:
    """A stored member is exactly the bytes of its range, and claimed ranges never leave the artifact."""
    opening, children = opened(vector.plugin, vector.data)
    for child in children:
        if child.stored:
            lies = vector.data[child.start : child.start + child.artifact.size]
            assert hashlib.sha256(lies).digest() == child.artifact.sha256.value
    assert all(one.end <= len(vector.data) for one in merged(one.range for one in opening.claims))
