"""One file of a SquashFS image by its name in the root folder, for readers that want nothing else of it.

Layout: `formats.squashfs` and `formats.squashfs_inodes`. Folders below the root are not entered; links are not
followed.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.content import held
from fwverify.formats import squashfs
from fwverify.formats.squashfs import Image
from fwverify.formats.squashfs_inodes import DIRECTORY, FILE, NO_FRAGMENT, WHAT, Inode, inode, listing
from fwverify.limits import Budget
from fwverify.model.examining import Malformed


def root_files(image: Image, budget: Budget) -> dict[bytes, Inode]:
    """Regular files of the root folder by name. Raises Malformed, also for a name that is there twice."""
    head = image.superblock
    root = inode(image.inodes, head.root_block, head.root_offset, head.block_size)
    if root.kind != DIRECTORY:
        raise Malformed(WHAT, "its root is not a directory", 32)
    found: dict[bytes, Inode] = {}
    names: set[bytes] = set()
    for name in listing(image.directories, root):
        budget.member()
        if name.raw in names:
            raise Malformed(WHAT, "a name is in its root folder twice")
        names.add(name.raw)
        node = inode(image.inodes, name.block, name.offset, head.block_size)
        if node.kind == FILE:
            found[name.raw] = node
    return found


def content(image: Image, node: Inode, budget: Budget) -> memoryview:
    """Unpack one file.

    Raises:
        Malformed: blocks that are damaged or not of the size they must have.
        LimitExceeded: it is too large.
    """
    budget.size(node.size)
    budget.ratio(image.superblock.bytes_used, node.size)
    return held(_pieces(image, node), budget)


def _pieces(image: Image, node: Inode) -> Iterator[bytes | memoryview]:
    at, left = node.start, node.size
    for size in node.blocks:
        expected = min(image.superblock.block_size, left)
        yield squashfs.data_block(image, at, size, expected) if size else bytes(expected)
        at += squashfs.stored_size(size)
        left -= expected
    if node.fragment == NO_FRAGMENT or not left:
        return
    if node.fragment >= len(image.fragments):
        raise Malformed(WHAT, f"there is no fragment block {node.fragment}")
    block = squashfs.fragment(image, node.fragment)
    if node.offset + left > len(block):
        raise Malformed(WHAT, "the tail of a file ends behind its fragment block")
    yield memoryview(block)[node.offset : node.offset + left]
