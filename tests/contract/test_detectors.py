"""The contract of every detector: vectors, prefixes, flips, determinism."""

from __future__ import annotations

import pytest

from fwverify.content import identified
from fwverify.identify.interface import Observed
from fwverify.identify.stage import observe
from fwverify.limits import DEFAULT_LIMITS
from fwverify.model.artifact import Locator, Step
from fwverify.model.canonical import canonical, from_json, to_json
from fwverify.model.evidence import ContentKind
from fwverify.model.traits import HASH_BYTES, SKETCH_HASHES, hashes
from tests.contract.vectors import Vector, flips, prefixes, vectors

VECTORS = vectors("detectors")


def look(vector: Vector, data: bytes) -> Observed:
    name = vector.meta.get("name", "input")
    return observe(identified(Locator((Step("image.bin"), Step(name, "squashfs"))), data), DEFAULT_LIMITS)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.id)
def test_vector(vector: Vector) -> None:
    """Clues, contents and gaps of this detector are the expected ones."""
    seen, expect = look(vector, vector.data), vector.expect
    clues = sorted({f"{one.product} {one.version}".strip() for one in seen.clues if one.how == vector.plugin})
    assert clues == sorted(expect.get("clues", [])), seen
    if "contents" in expect:
        assert sorted(one.kind.value for one in seen.contents) == sorted(expect["contents"])
    for reason in expect.get("gaps", []):
        assert reason in {one.reason.value for one in seen.gaps}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.id)
def test_prefixes_and_flips(vector: Vector) -> None:
    """Cut or damaged content ends in clues or gaps."""
    for size in prefixes(min(len(vector.data), 4096), 12)[:24]:
        look(vector, vector.data[:size])
    for data in flips(vector.data, 24):
        look(vector, data)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.id)
def test_traits(vector: Vector) -> None:
    """Every sound executable has traits, nothing else does; they are well formed and survive their JSON form."""
    seen = look(vector, vector.data)
    described = [one for one in seen.contents if one.kind is ContentKind.EXECUTABLE]
    assert (seen.traits is not None) == bool(described)
    for data in (vector.data, *flips(vector.data, 24)):
        found = look(vector, data)
        assert from_json(Observed, to_json(found)) == found
        if found.traits is not None:
            own = hashes(found.traits.sketch)
            assert list(own) == sorted(set(own))
            assert len(own) == min(found.traits.symbols, SKETCH_HASHES)
            assert len(found.traits.sketch) == len(own) * HASH_BYTES
            assert len(found.traits.loaded) in (0, 32)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.id)
def test_quotes_are_printable(vector: Vector) -> None:
    """What is quoted from content is short, printable ASCII; and two runs agree."""
    seen = look(vector, vector.data)
    assert all(one.quote.isascii() and one.quote.isprintable() and len(one.quote) <= 200 for one in seen.clues)
    assert canonical(seen) == canonical(look(vector, vector.data))
