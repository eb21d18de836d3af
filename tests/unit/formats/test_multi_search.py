"""The door to hyperscan."""

from __future__ import annotations

import mmap
from pathlib import Path

import pytest

from fwverify.formats import multi_search

DATA = b"one two three two one" + bytes(100) + b"two"
EXPRESSIONS = tuple(multi_search.literal(one) for one in (b"one", b"two", b"\0\0\0\0t"))


def found(view: memoryview, most: int = 1000, overlap: int = 8) -> tuple[set[tuple[int, int]], bool]:
    hits: set[tuple[int, int]] = set()

    def take(number: int, end: int) -> bool:
        hits.add((number, end))
        return len(hits) >= most

    return hits, multi_search.search(view, EXPRESSIONS, overlap, take)


def test_every_match_is_told() -> None:
    """Number and end of each."""
    hits, whole = found(memoryview(DATA))
    assert whole and hits == {(0, 3), (1, 7), (1, 17), (0, 21), (1, 124), (2, 122)}


@pytest.mark.parametrize("size", [1, 5, 20, 121])
def test_blocks(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long view is searched block by block, and nothing is lost at the borders."""
    whole = found(memoryview(DATA))[0]
    monkeypatch.setattr(multi_search, "BLOCK_BYTES", size)
    assert found(memoryview(DATA))[0] == whole


def test_enough() -> None:
    """The search ends when it is told to."""
    hits, whole = found(memoryview(DATA), most=2)
    assert not whole and len(hits) == 2


def test_files_and_nothing(tmp_path: Path) -> None:
    """Memory-mapped files are searched where they are; no expressions and no bytes find nothing."""
    (tmp_path / "x").write_bytes(DATA)
    with (tmp_path / "x").open("rb") as file:
        mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    assert found(mapped)[0] == found(memoryview(DATA))[0]
    assert found(memoryview(b"")) == (set(), True)
    assert multi_search.search(memoryview(DATA), (), 0, lambda *_: True)
