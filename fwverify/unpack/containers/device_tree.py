"""Device tree (DTB): the hardware description a boot loader hands to a kernel. Structure only, no members.

Source: Devicetree Specification v0.4, chapter 5, read 2026-11-22.
What the tree says about the hardware is not judged; a tree with /images is read by `fit_image` instead.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import firmware_extents
from fwverify.formats.fdt import MAGIC, has_top_node, read_tree
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact
from fwverify.model.plugin import Doc
from fwverify.unpack.flat_tree import structure_parts
from fwverify.unpack.interface import Carve, Container, Event, Fact
from fwverify.unpack.tail import tail


def detect(artifact: Artifact) -> bool:
    """The magic and a header of version 16 or 17; a cut-off tree still counts, so that it becomes a gap."""
    head = bytes(artifact.content[:40])
    if len(head) < 40 or head[:4] != MAGIC:
        return False
    version, compatible = int.from_bytes(head[20:24], "big"), int.from_bytes(head[24:28], "big")
    return 16 <= version <= 32 and 1 <= compatible <= version and not has_top_node(artifact.content, "images")


def unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    """Read the tree and claim it as structure."""
    tree = read_tree(artifact.content)
    budget.check_time()
    yield from structure_parts(tree, ())
    for name in ("model", "compatible"):
        if value := tree.text(tree.root, name):
            yield Fact(name, value)
    yield from tail(artifact.content, tree.header.total_size, "after the device tree")


CONTAINER = Container(
    name="device_tree",
    detect=detect,
    unpack=unpack,
    carve=Carve(((MAGIC, 0),), firmware_extents.tree_end),
    doc=Doc(
        title="Device tree (DTB)",
        vendor="devicetree.org",
        references=("Devicetree Specification v0.4, chapter 5, read 2026-11-22",),
        limitations=(
            "What the tree describes is not judged.",
            "Values above 4 KiB are not explained; versions before 16 are not read.",
        ),
    ),
)
