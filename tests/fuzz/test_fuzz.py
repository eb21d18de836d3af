"""A short, repeatable run over every scheme and container: mutations of its vectors give answers, never exceptions."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fwverify.authenticate.registry import BUILTIN
from fwverify.unpack.registry import BUILTIN as CONTAINERS
from tests.fuzz.targets import Target, container_targets, targets

TARGETS = targets()
CONTAINER_TARGETS = container_targets()
EXAMPLES = int(os.environ.get("FWVERIFY_FUZZ_EXAMPLES", "60"))
"""For each scheme; more by hand."""
INTERESTING = (0x00, 0x01, 0x7F, 0x80, 0xFF)

Edit = tuple[int, int, bytes]


@st.composite
def edits(draw: st.DrawFn) -> list[Edit]:
    """Up to four places (in thousandths of the length), how many bytes go, and what comes."""
    place = st.integers(0, 1000)
    byte = st.one_of(st.sampled_from(INTERESTING), st.integers(0, 255))
    return draw(
        st.lists(st.tuples(place, st.integers(0, 9), st.lists(byte, max_size=9).map(bytes)), min_size=1, max_size=4)
    )


def changed(seed: bytes, wanted: list[Edit]) -> bytes:
    data = bytearray(seed)
    for place, gone, comes in wanted:
        start = len(data) * place // 1000
        data[start : start + gone] = comes
    return bytes(data)


@pytest.mark.parametrize("target", [*TARGETS, *CONTAINER_TARGETS], ids=lambda one: one.name)
def test_mutations_never_crash(target: Target) -> None:
    """Whatever a few changed, inserted or removed bytes make of it, there is an answer."""

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
              suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
    @given(wanted=edits(), which=st.integers(0, 99))
    @example(wanted=[(0, 9, b"")], which=0)
    @example(wanted=[(1000, 0, b"\0" * 9)], which=0)
    def check(wanted: list[Edit], which: int) -> None:
        target.run(changed(target.seeds[which % len(target.seeds)], wanted))

    if not target.seeds:
        pytest.skip("its vector is larger than a seed may be")
    check()


def test_every_plug_in_is_fuzzed() -> None:
    """A new scheme or container is fuzzed from the day it has a vector."""
    assert {one.name for one in TARGETS} == {one.name for one in BUILTIN}
    assert {one.name for one in CONTAINER_TARGETS if one.seeds} == {one.name for one in CONTAINERS}
