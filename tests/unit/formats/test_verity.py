"""Hash trees: recomputed against an independent maker, and what a superblock may not be."""

from __future__ import annotations

import hashlib
import struct

import pytest

from fwverify.formats import verity
from fwverify.model.examining import Malformed, Unsupported
from tests.vectors.makers.verity_images import DATA, SALT, superblock, tree

BLOCK = 512


@pytest.mark.parametrize("blocks", [1, 2, 16, 17, 257, 300])
def test_recompute(blocks: int) -> None:
    """One block, a full hash block, one more than that, three levels: root and every byte of the tree agree."""
    data = bytes(range(256)) * 2 * blocks
    root, levels = tree(data, SALT, BLOCK)
    made = verity.made("sha256", BLOCK, BLOCK, blocks, SALT)
    assert verity.tree_bytes(made) == len(levels)
    assert verity.recompute(memoryview(data), memoryview(levels), made) == verity.Recomputed(root, "")
    assert verity.recompute(memoryview(data), None, made).root == root


def test_hash_type_0() -> None:
    """Chrome OS: the salt follows the block, digests lie one behind the other; veritysetup 2.6.1 --format=0 agrees."""
    data = bytes(range(256)) * 2 * 17
    made = verity.made("sha384", BLOCK, BLOCK, 17, SALT, 0)

    def level(blocks: bytes) -> bytes:
        found = [hashlib.sha384(blocks[at : at + BLOCK] + SALT).digest() for at in range(0, len(blocks), BLOCK)]
        return b"".join(b"".join(found[at : at + 8]).ljust(BLOCK, b"\0") for at in range(0, len(found), 8))

    low = level(data)
    high = level(low)
    root = hashlib.sha384(high + SALT).digest()
    assert verity.recompute(memoryview(data), memoryview(high + low), made) == verity.Recomputed(root, "")
    area = bytearray(superblock(data, SALT, BLOCK))
    area[12] = 0
    assert verity.superblock(memoryview(area)).tree.hash_type == 0


def test_every_bit_of_data_and_tree_counts() -> None:
    """One flipped bit of the data gives another root; one of the tree, padding included, is named."""
    root, levels = tree(DATA, SALT, BLOCK)
    made = verity.made("sha256", BLOCK, BLOCK, len(DATA) // BLOCK, SALT)
    for at in range(0, len(DATA), 97):
        changed = bytearray(DATA)
        changed[at] ^= 1
        got = verity.recompute(memoryview(changed), memoryview(levels), made)
        assert got.root != root and got.wrong == f"data block {at // BLOCK} has another digest than the hash tree says"
    for at in range(0, len(levels), 31):
        changed = bytearray(levels)
        changed[at] ^= 1
        got = verity.recompute(memoryview(DATA), memoryview(changed), made)
        assert got.root == root and got.wrong


def test_superblock() -> None:
    """Fields of the superblock are read; the area ends with the lowest level."""
    area = superblock(DATA, SALT, BLOCK) + tree(DATA, SALT, BLOCK)[1]
    found, place = verity.stored(memoryview(area + bytes(100)))
    assert found.tree == verity.Tree("sha256", BLOCK, BLOCK, len(DATA) // BLOCK, SALT)
    assert (place.start, place.end, found.uuid[-1]) == (0, len(area), "7")


@pytest.mark.parametrize(
    ("at", "value", "error"),
    [
        (8, 2, Unsupported), (12, 2, Unsupported), (64, 513, Malformed), (68, 256, Malformed), (64, 1 << 20, Malformed),
        (72, 0, Malformed), (76, 1 << 31, Malformed), (80, 257, Malformed), (82, 1, Malformed), (300, 1, Malformed),
        (400, 1, Malformed), (60, 1, Malformed), (36, 0x61616161, Unsupported), (72, 1 << 30, Malformed),
    ],
)  # fmt: skip
def test_refused(at: int, value: int, error: type[Exception]) -> None:
    """Other versions and hashes are unsupported; impossible sizes, and bytes where zeros belong, are malformed."""
    area = bytearray(superblock(DATA, SALT, BLOCK) + tree(DATA, SALT, BLOCK)[1])
    struct.pack_into("<I", area, at, value)
    with pytest.raises(error):
        verity.stored(memoryview(area))
