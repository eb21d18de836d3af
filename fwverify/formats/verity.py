"""dm-verity: the superblock of a hash tree, and the tree recomputed from the data.

Sources: Linux Documentation/admin-guide/device-mapper/verity.rst (hash tree, on-disk format), cryptsetup wiki
"DMVerity" (superblock, version 1), read 2026-11-22. Shared by delivered hash trees, RAUC bundles and Android AVB,
which use the same tree (hash type 1: salt before the block, digests padded to a power of two, highest level first;
hash type 0, Chrome OS: salt behind the block, digests one behind the other).

What a root hash authenticates is the data and, through the recomputed tree, every byte of the tree. The superblock
is authenticated only in so far as another value in it gives another root; its UUID is a free field, which is
why its other unused bytes must be zero here.

Does not do: forward error correction.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from fwverify.formats.names import fill_byte
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed, Unsupported

WHAT = "dm-verity"
ALGORITHM = "dm-verity"
"""Name of a root hash as a digest: what the operator states and what the evidence keeps."""
MAGIC = b"verity\0\0"
LAYOUT = struct.Struct("<8sII16s32sIIQH6s256s168s")
SUPERBLOCK_BYTES = LAYOUT.size
MIN_BLOCK_BYTES, MAX_BLOCK_BYTES = 512, 512 * 1024
"""What cryptsetup takes."""
MAX_SALT_BYTES = 256
STRONG = frozenset({"sha256", "sha384", "sha512", "sha3-256", "sha3-384", "sha3-512"})
HASHES = {one: one.replace("sha3-", "sha3_") for one in (*STRONG, "sha224", "sha1")}
"""Kernel name -> hashlib name. The others are weak; they are recomputed all the same and bind nothing."""


@dataclass(frozen=True, slots=True)
class Tree:
    """How a hash tree is made."""

    algorithm: str
    """Kernel name: `sha256`."""
    data_block: int
    """bytes"""
    hash_block: int
    """bytes"""
    data_blocks: int
    salt: bytes
    hash_type: int = 1
    """0 or 1."""

    @property
    def data_bytes(self) -> int:
        return self.data_blocks * self.data_block

    @property
    def strong(self) -> bool:
        return self.algorithm in STRONG


@dataclass(frozen=True, slots=True)
class Superblock:
    """The first block of a hash area."""

    tree: Tree
    uuid: str


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What the data give."""

    root: bytes
    wrong: str
    """How the stored tree differs from the data's own, in plain words; empty when it is the same in every byte."""


def made(algorithm: str, data_block: int, hash_block: int, data_blocks: int, salt: bytes, hash_type: int = 1) -> Tree:
    """Check the parameters of a tree.

    Raises:
        Malformed: sizes that cannot be.
        Unsupported: a hash that is not known here.
    """
    for name, size in (("data", data_block), ("hash", hash_block)):
        if not MIN_BLOCK_BYTES <= size <= MAX_BLOCK_BYTES or size & (size - 1):
            raise Malformed(WHAT, f"{name} blocks of {size} bytes")
    if algorithm not in HASHES:
        raise Unsupported(f"dm-verity with the hash {algorithm!r}")
    if not 0 < data_blocks < 1 << 55:
        raise Malformed(WHAT, f"{data_blocks} data blocks")
    if len(salt) > MAX_SALT_BYTES:
        raise Malformed(WHAT, f"a salt of {len(salt)} bytes")
    return Tree(algorithm, data_block, hash_block, data_blocks, salt, hash_type)


def looks_like(view: memoryview, at: int = 0) -> bool:
    return bytes(view[at : at + 8]) == MAGIC and len(view) - at >= SUPERBLOCK_BYTES


def superblock(view: memoryview, at: int = 0) -> Superblock:
    """Read the superblock at `at`.

    Raises:
        Malformed: it is none, or holds bytes where the format wants zeros.
        Unsupported: another version, hash type or hash.
    """
    if not looks_like(view, at):
        raise Malformed(WHAT, "it has no superblock", at)
    _, version, kind, uuid, name, data, block, count, salt_size, pad, salt, rest = LAYOUT.unpack_from(view, at)
    if version != 1 or kind not in (0, 1):
        raise Unsupported(f"dm-verity version {version}, hash type {kind}")
    if salt_size > MAX_SALT_BYTES or any(pad) or any(rest) or any(salt[salt_size:]):
        raise Malformed(WHAT, "unused bytes of the superblock are not zero", at)
    algorithm, _, filler = name.partition(b"\0")
    if any(filler):
        raise Malformed(WHAT, "bytes behind the name of the hash", at + 32)
    tree = made(algorithm.decode("ascii", "backslashreplace"), data, block, count, salt[:salt_size], kind)
    return Superblock(tree, str(UUID(bytes=uuid)))


def stored(view: memoryview, at: int = 0) -> tuple[Superblock, ByteRange]:
    """A superblock and the whole area it heads: its own block, zero-filled, and the levels behind it.

    Raises:
        Malformed: it is cut short, or its own block is not empty behind the superblock.
        Unsupported: see `superblock`.
    """
    found = superblock(view, at)
    start = levels_start(found.tree, at)
    end = start + tree_bytes(found.tree)
    if end > len(view):
        raise Malformed(WHAT, f"the hash tree ends at {end}, the file at {len(view)}", at)
    filler = ByteRange(at + SUPERBLOCK_BYTES, start) if start > at + SUPERBLOCK_BYTES else None
    if filler is not None and fill_byte(view, filler) != "00":
        raise Malformed(WHAT, "bytes between the superblock and the tree", at + SUPERBLOCK_BYTES)
    return found, ByteRange(at, end)


def levels_start(tree: Tree, at: int) -> int:
    """Where the levels begin behind a superblock at `at`: on a whole hash block."""
    end = at + SUPERBLOCK_BYTES
    return end + -end % tree.hash_block


def levels(tree: Tree) -> tuple[int, ...]:
    """Hash blocks of each level, the lowest first. None when there is one data block: its digest is the root."""
    fan = _fan(tree)
    out: list[int] = []
    count = tree.data_blocks
    while count > 1:
        count = -(-count // fan)
        out.append(count)
    return tuple(out)


def tree_bytes(tree: Tree) -> int:
    return sum(levels(tree)) * tree.hash_block


def _digest_bytes(tree: Tree) -> int:
    return hashlib.new(HASHES[tree.algorithm], usedforsecurity=False).digest_size


def _fan(tree: Tree) -> int:
    """Digests in a hash block: a power of two, for hash type 0 too."""
    return 1 << (tree.hash_block // _slot(tree)).bit_length() - 1


def _slot(tree: Tree) -> int:
    """Bytes a digest takes: a power of two, for hash type 0 its own size."""
    size = _digest_bytes(tree)
    return 1 << (size - 1).bit_length() if tree.hash_type else size


def recompute(data: memoryview, stored_tree: memoryview | None, tree: Tree) -> Recomputed:
    """Compute the tree over the data, level by level, and compare it with the stored one.

    Args:
        data: exactly the data area.
        stored_tree: exactly the levels, highest first; None where the tree is not kept.
        tree: how it is made.

    Raises:
        Malformed: one of the two has another size.
    """
    if len(data) != tree.data_bytes:
        raise Malformed(WHAT, f"the data have {len(data)} bytes, the tree is over {tree.data_bytes}")
    if stored_tree is not None and len(stored_tree) != tree_bytes(tree):
        raise Malformed(WHAT, f"the hash tree has {len(stored_tree)} bytes, {tree_bytes(tree)} belong to these data")
    digests = _digests(data, tree.data_block, tree)
    end, wrong = tree_bytes(tree), ""
    for number, blocks in enumerate(levels(tree)):
        level = b"".join(_blocks(digests, tree))
        start = end - blocks * tree.hash_block
        if stored_tree is not None and not wrong and bytes(stored_tree[start:end]) != level:
            wrong = _difference(bytes(stored_tree[start:end]), level, number, tree)
        end = start
        digests = _digests(memoryview(level), tree.hash_block, tree)
    return Recomputed(digests[0], wrong)


def top(stored_tree: memoryview, tree: Tree) -> bytes:
    """The root hash that the stored tree alone claims, without looking at the data; empty without levels."""
    return _digests(stored_tree[: tree.hash_block], tree.hash_block, tree)[0] if levels(tree) else b""


def _digests(view: memoryview, size: int, tree: Tree) -> list[bytes]:
    before, behind = (tree.salt, b"") if tree.hash_type else (b"", tree.salt)
    base = hashlib.new(HASHES[tree.algorithm], before, usedforsecurity=False)
    out = []
    for at in range(0, len(view), size):
        one = base.copy()
        one.update(view[at : at + size])
        one.update(behind)
        out.append(one.digest())
    return out


def _blocks(digests: list[bytes], tree: Tree) -> Iterator[bytes]:
    """Digests packed into hash blocks, the last one filled up with zeros."""
    fan, filler = _fan(tree), bytes(_slot(tree) - _digest_bytes(tree))
    for at in range(0, len(digests), fan):
        yield b"".join(one + filler for one in digests[at : at + fan]).ljust(tree.hash_block, b"\0")


def _difference(was: bytes, wanted: bytes, level: int, tree: Tree) -> str:
    """Where the lowest differing level differs first: for level 0 that names the data block."""
    slot = _slot(tree)
    first = next(at for at in range(0, len(wanted), slot) if was[at : at + slot] != wanted[at : at + slot]) // slot
    if level == 0:
        return f"data block {first} has another digest than the hash tree says"
    return f"level {level} of the hash tree differs from the data in entry {first}"
