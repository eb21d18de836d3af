"""Merkle tree over the entries of a log: roots, proofs that an entry is there, proofs that a log only grew.

Source: RFC 9162 section 2.1 (the same tree as RFC 6962 section 2.1), read 2026-11-23. SHA-256. Hashes of leaves and of
nodes begin with different bytes, so that neither can be taken for the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()
HASH_BYTES = 32


def leaf(entry: bytes) -> bytes:
    """Hash of one entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Hash of two hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf hashes (section 2.1.1): whole subtrees are folded as soon as they are whole."""
    stack: list[tuple[int, bytes]] = []
    for one in leaves:
        height, value = 0, one
        while stack and stack[-1][0] == height:
            value = node(stack.pop()[1], value)
            height += 1
        stack.append((height, value))
    if not stack:
        return EMPTY_ROOT
    value = stack.pop()[1]
    while stack:
        value = node(stack.pop()[1], value)
    return value


def _split(size: int) -> int:
    """The largest power of two below a size above 1."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion(index: int, leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    """Hashes that lead from a leaf to the root (section 2.1.3.1), from the leaf's sibling upwards."""
    if not 0 <= index < len(leaves):
        raise ValueError("there is no such leaf")
    path: list[bytes] = []
    while len(leaves) > 1:
        middle = _split(len(leaves))
        if index < middle:
            path.append(root(leaves[middle:]))
            leaves = leaves[:middle]
        else:
            path.append(root(leaves[:middle]))
            leaves, index = leaves[middle:], index - middle
    return tuple(reversed(path))


def root_from(entry: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to (section 2.1.3.2); None for a proof that fits no such tree."""
    if not 0 <= index < size:
        return None
    at, last, value = index, size - 1, leaf(entry)
    for sibling in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            value = node(sibling, value)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            value = node(value, sibling)
        at, last = at >> 1, last >> 1
    return value if last == 0 else None


def consistency(old_size: int, leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    """Hashes that show that the tree of the first `old_size` leaves became this one (section 2.1.4.1)."""
    if not 0 < old_size <= len(leaves):
        raise ValueError("there is no such older tree")
    path: list[bytes] = []
    whole = True
    while old_size != len(leaves):
        middle = _split(len(leaves))
        if old_size <= middle:
            path.append(root(leaves[middle:]))
            leaves = leaves[:middle]
        else:
            path.append(root(leaves[:middle]))
            leaves, old_size, whole = leaves[middle:], old_size - middle, False
    if not whole:
        path.append(root(leaves))
    return tuple(reversed(path))


def grew(old_size: int, old_root: bytes, size: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """True when a consistency proof holds (section 2.1.4.2)."""
    if not 0 < old_size <= size:
        return False
    if old_size == size:
        return not path and old_root == new_root
    hashes = [old_root, *path] if old_size & (old_size - 1) == 0 else list(path)
    return bool(hashes) and _folded(old_size - 1, size - 1, hashes) == (old_root, new_root)


def _folded(at: int, last: int, hashes: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """(old root, new root) that the hashes lead to; None when they are too many or too few."""
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = hashes[0]
    for one in hashes[1:]:
        if last == 0:
            return None
        if at & 1 or at == last:
            old, new = node(one, old), node(one, new)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new = node(new, one)
        at, last = at >> 1, last >> 1
    return (old, new) if last == 0 else None
