"""Properties of stores of reference packages: the order of learning and merging changes nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from fwverify.model.traits import SKETCH_HASHES, Traits, hashes, resemblance
from fwverify.reference.store import load
from fwverify.reference.values import KnownComponent, KnownFile, Origin, in_order, parts_in_order
from fwverify.reference.writing import learn, merge

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
DIGEST = st.binary(min_size=32, max_size=32)
SKETCH = st.sets(st.binary(min_size=8, max_size=8), max_size=SKETCH_HASHES).map(lambda one: b"".join(sorted(one)))
TRAITS = st.builds(Traits, TEXT, TEXT, st.just(b"") | DIGEST, st.integers(0, 1000), SKETCH)
FILES = st.lists(st.builds(KnownFile, TEXT, DIGEST, st.none() | TRAITS, st.booleans(), st.booleans()), max_size=4).map(
    in_order
)
COMPONENTS = st.lists(st.builds(KnownComponent, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, FILES), max_size=3)
PACKAGES = st.sampled_from([bytes([one]) * 32 for one in range(4)])
TIMES = st.sampled_from(["2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"])
ORIGINS = st.lists(st.builds(Origin, TEXT, PACKAGES, TIMES, COMPONENTS.map(parts_in_order)), max_size=4)
"""Few packages, so that the same one is often read in two ways."""
FEW = settings(max_examples=30, deadline=None)


def state(path: Path) -> tuple[str, list[Origin]]:
    with closing(load(path)) as store:
        return store.digest, list(store.origins())


def made(folder: Path, name: str, origins: Sequence[Origin]) -> Path:
    learn(folder / name, origins)
    return folder / name


def merged(folder: Path, name: str, one: Path, other: Path) -> Path:
    with closing(load(one)) as first, closing(load(other)) as second:
        merge(first, second, folder / name)
    return folder / name


@FEW
@given(ORIGINS, st.randoms())
def test_order_of_learning(origins: list[Origin], random: object) -> None:
    """The same packages in any order, at once or one by one, make the same store."""
    turned = list(origins)
    random.shuffle(turned)  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for one in turned:
            learn(folder / "slowly", [one])
        learn(folder / "slowly", [])
        assert state(made(folder, "at-once", origins)) == state(folder / "slowly")


@FEW
@given(ORIGINS, ORIGINS, ORIGINS)
def test_merging(one: list[Origin], two: list[Origin], three: list[Origin]) -> None:
    """Merging is commutative, associative and idempotent, and the same as learning everything."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        a, b, c = (made(folder, name, it) for name, it in (("a", one), ("b", two), ("c", three)))
        ab, ba, bc = merged(folder, "ab", a, b), merged(folder, "ba", b, a), merged(folder, "bc", b, c)
        assert state(ab) == state(ba) == state(made(folder, "all", [*one, *two]))
        assert state(merged(folder, "ab-c", ab, c)) == state(merged(folder, "a-bc", a, bc))
        assert state(merged(folder, "aa", a, a)) == state(a)


@given(SKETCH, SKETCH)
def test_resemblance(one: bytes, other: bytes) -> None:
    """It is symmetric, 100 only for the same sketch, and exact while sketches are not full."""
    percent = resemblance(one, other)
    assert percent == resemblance(other, one)
    assert 0 <= percent <= 100
    first, second = set(hashes(one)), set(hashes(other))
    if one and one == other:
        assert percent == 100
    if first | second and len(first | second) <= SKETCH_HASHES:
        assert percent == 100 * len(first & second) // len(first | second)
