"""What the two readers of flattened device trees share: which bytes of a tree are its own structure.

A large value of an unknown property, a strings block that holds more than names and executables in smaller values are
left unclaimed, so that content cannot hide in a tree as "structure".
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from fwverify.formats import executable_extents
from fwverify.formats.fdt import Node, Tree
from fwverify.formats.names import fill_byte
from fwverify.model.artifact import ByteRange, merged, subtracted
from fwverify.model.evidence import AnomalyKind
from fwverify.unpack.interface import Event, Oddity, Part, PartUse

LARGE_VALUE_BYTES = 4096
"""A property value above this is content, not a statement: the largest in Linux board trees are tables of 2 KiB."""


def structure_parts(tree: Tree, taken: tuple[ByteRange, ...]) -> Iterator[Event]:
    """Parts of the tree itself without `taken` (image data), padding between them, and blocks that overlap."""
    whole = ByteRange(0, tree.header.total_size)
    header = ByteRange(0, tree.header.bytes)
    blocks = [(header, PartUse.HEADER), (tree.reservations_range, PartUse.HEADER), (tree.structure, PartUse.INDEX)]
    if tree.header.strings:
        blocks.append((tree.header.strings, PartUse.INDEX))
    yield from _overlaps([one for one, _ in blocks])
    left = merged((*taken, *_large_values(tree.root)))
    left = merged((*left, *executable_extents.within(tree.view, subtracted((tree.structure,), left))))
    for block, use in blocks:
        if block == tree.header.strings and not tree.strings_are_names():
            continue
        for one in subtracted((block,), left):
            yield Part(one, use)
    for one in subtracted((whole,), (*left, *(block for block, _ in blocks))):
        if fill_byte(tree.view, one):
            yield Part(one, PartUse.PADDING)
        elif one.size < 4 and one.end == whole.end:
            # mkimage leaves the 1 to 3 bytes that round the tree up to 4 as they were in its buffer.
            yield Part(one, PartUse.INDEX)


def _overlaps(blocks: list[ByteRange]) -> Iterator[Event]:
    ordered = sorted(blocks)
    for before, after in pairwise(ordered):
        if before.intersects(after):
            yield Oddity(AnomalyKind.OVERLAP, "blocks of the device tree overlap", after)


def _large_values(root: Node) -> Iterator[ByteRange]:
    todo = [root]
    while todo:
        node = todo.pop()
        todo.extend(node.children)
        for one in node.properties:
            if one.size > LARGE_VALUE_BYTES and one.range:
                yield one.range
