"""The files of a tree, a compressed one together with what is in it: `x.ko.xz` and the module are one file.

Does NOT go into archives: their members are files of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.model.artifact import Artifact
from fwverify.reference.distinctive import MIN_EXECUTABLE_BYTES
from fwverify.reference.places import Seen
from fwverify.worklist import Node, Walk

STREAMS = frozenset({"bzip2", "gzip", "lz4", "lzma", "lzop", "xz", "zlib", "zstd"})
"""Containers that are one compressed file."""


def through(node: Node) -> Iterator[Node]:
    """The node and, as long as it is one compressed file, what is in it."""
    yield node
    while node.container is not None and node.container.name in STREAMS:
        inside = [child for child, how in node.children if not how.remainder]
        if len(inside) != 1:
            return
        node = inside[0]
        yield node


def sha256(node: Node | Artifact) -> bytes:
    """Digest of a node."""
    return next(one.value for one in node.digests if one.algorithm == "sha256")


def seen_files(walk: Walk) -> Iterator[Seen]:
    """Every file of the images that reference packages may know. Ask only after `Walk.finish`."""
    waiting = list(walk.images)
    while waiting:
        chain = list(through(waiting.pop()))
        waiting += [child for child, _ in chain[-1].children]
        if chain[0].size >= MIN_EXECUTABLE_BYTES:
            answers = [walk.observed.get(one.locator) for one in chain]
            traits = tuple(one.traits for one in answers if one is not None and one.traits is not None)
            yield Seen(chain[0].locator, tuple(map(sha256, chain)), traits)
