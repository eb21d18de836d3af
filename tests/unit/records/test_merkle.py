"""The tree: published roots, and that proofs hold for what they prove and for nothing else."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fwverify.records import merkle

LEAVES = [
    bytes.fromhex(one)
    for one in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
"""Roots of the first 1 to 8 leaves, as the reference implementations of RFC 6962 are tested with."""


def leaves(count: int) -> list[bytes]:
    return [merkle.leaf(bytes([one])) for one in range(count)]


@pytest.mark.parametrize("size", range(1, 9))
def test_published_roots(size: int) -> None:
    """The roots that every implementation of RFC 6962 agrees on."""
    assert merkle.root([merkle.leaf(one) for one in LEAVES[:size]]).hex() == ROOTS[size - 1]


def test_the_empty_tree() -> None:
    """Its root is the hash of nothing."""
    assert merkle.root([]) == hashlib.sha256(b"").digest()


def test_every_entry_of_every_small_tree_is_proven() -> None:
    """Inclusion holds for the right entry at the right place, and for no other entry, place or size."""
    for size in range(1, 20):
        tree = leaves(size)
        root = merkle.root(tree)
        for index in range(size):
            path = merkle.inclusion(index, tree)
            assert merkle.root_from(bytes([index]), index, size, path) == root
            assert merkle.root_from(bytes([index ^ 64]), index, size, path) != root
            assert merkle.root_from(bytes([index]), size, size, path) is None
            assert merkle.root_from(bytes([index]), index, size, (*path, bytes(32))) is None
            if path:
                assert merkle.root_from(bytes([index]), index, size, path[:-1]) is None
            others = [other for other in range(size) if other != index]
            assert all(merkle.root_from(bytes([index]), other, size, path) != root for other in others)


def test_every_growth_of_every_small_tree_is_proven() -> None:
    """Consistency holds from every older tree, and fails for another root on either side and for changed hashes."""
    for size in range(1, 20):
        tree = leaves(size)
        new = merkle.root(tree)
        for old_size in range(1, size + 1):
            old, path = merkle.root(tree[:old_size]), merkle.consistency(old_size, tree)
            assert merkle.grew(old_size, old, size, new, path)
            assert not merkle.grew(old_size, bytes(32), size, new, path)
            assert not merkle.grew(old_size, old, size, bytes(32), path)
            assert not merkle.grew(old_size, old, size, new, (*path, bytes(32)))
            for at in range(len(path)):
                assert not merkle.grew(old_size, old, size, new, (*path[:at], bytes(32), *path[at + 1 :]))


@given(st.integers(1, 200), st.data())
@settings(max_examples=60, deadline=None)
def test_proofs_of_larger_trees(size: int, data: st.DataObject) -> None:
    """Any entry, any older size: both proofs hold, and are as short as the tree is high."""
    tree = leaves_of(size)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    path = merkle.inclusion(index, tree)
    assert len(path) <= (size - 1).bit_length()
    assert merkle.root_from(index.to_bytes(2), index, size, path) == merkle.root(tree)
    grown = merkle.consistency(old, tree)
    assert merkle.grew(old, merkle.root(tree[:old]), size, merkle.root(tree), grown)


def leaves_of(count: int) -> list[bytes]:
    return [merkle.leaf(one.to_bytes(2)) for one in range(count)]


def test_proofs_of_what_is_not_there() -> None:
    """A proof of a leaf or an older tree that does not exist is refused."""
    for index in (-1, 3):
        with pytest.raises(ValueError, match="no such leaf"):
            merkle.inclusion(index, leaves(3))
    for size in (0, 4):
        with pytest.raises(ValueError, match="no such older tree"):
            merkle.consistency(size, leaves(3))
