"""Flattened image tree (FIT): what a device tree with /images and /configurations says, and where each image lies.

Source: Flat Image Tree specification v0.8 (images, configurations, hash nodes, external data) and U-Boot
doc/usage/fit/source_file_format.rst, read 2026-11-22. External data: `data-position` counts from the start of the
file, `data-offset` from the end of the tree rounded up to 4; both win over an inline `data`, as in U-Boot.
Signatures are not judged here, images are not unpacked, the pre-load header is not read.
"""

from __future__ import annotations

from dataclasses import dataclass

from fwverify.formats.fdt import Node, Tree, read_tree
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

WHAT = "FIT image"
ALGORITHMS = {"crc32": 4, "md5": 16, "sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}
"""Digest algorithms of hash nodes that are computed, with their size in bytes."""
REFERENCES = ("kernel", "firmware", "ramdisk", "fdt", "loadables", "fpga", "script", "standalone", "compatible-image")
"""Properties of a configuration that name images."""


@dataclass(frozen=True, slots=True)
class HashNode:
    """One declared digest over an image's data."""

    name: str
    algorithm: str
    """As written in `algo`; empty when it is missing."""
    value: bytes
    """Empty when it is missing."""
    ignored: bool = False
    """`uboot-ignore`: the boot loader does not look at it."""


@dataclass(frozen=True, slots=True)
class Image:
    """One image node."""

    name: str
    node: Node
    description: str
    type: str
    arch: str
    os: str
    compression: str
    load: str
    """8 or 16 hexadecimal digits; empty when it is not given."""
    entry: str
    data: ByteRange | None
    """Where its bytes lie in the file; None: see `problem`."""
    external: bool
    """The data lies outside the tree."""
    problem: str
    """Why there is no data; empty when there is."""
    hashes: tuple[HashNode, ...]
    encrypted: bool
    """It has a cipher node: the data is encrypted with a key of the device."""
    disagrees: str
    """Statements about the data that contradict each other, in plain words."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """One bootable combination."""

    name: str
    description: str
    images: tuple[str, ...]
    """Names of the images it uses, in order, each once."""


@dataclass(frozen=True, slots=True)
class Fit:
    """The whole."""

    tree: Tree
    description: str
    default: str
    """Name of the default configuration; empty when there is none."""
    images: tuple[Image, ...]
    configurations: tuple[Configuration, ...]

    @property
    def end(self) -> int:
        """End of the tree and of all external data."""
        return max([self.tree.header.total_size, *(one.data.end for one in self.images if one.data)])


def read_fit(view: memoryview) -> Fit:
    """Read a FIT from the start of the view; the view may go on behind it.

    1. Read the device tree.
    2. Every child of /images is an image; find its data, inside the tree or outside, and check that it is there.
    3. Every child of /configurations names images.

    Raises:
        Malformed, Unsupported, LimitExceeded: the tree cannot be read or has no /images. Trouble with one image
        stands in that image.
    """
    tree = read_tree(view)
    images = tree.root.child("images")
    if images is None:
        raise Malformed(WHAT, "no /images node")
    configurations = tree.root.child("configurations")
    return Fit(
        tree,
        tree.text(tree.root, "description"),
        tree.text(configurations, "default") if configurations else "",
        tuple(_image(tree, one, len(view)) for one in images.children),
        tuple(_configuration(tree, one) for one in configurations.children) if configurations else (),
    )


def _configuration(tree: Tree, node: Node) -> Configuration:
    names = [name for reference in REFERENCES for name in tree.texts(node, reference) if name]
    return Configuration(node.name, tree.text(node, "description"), tuple(dict.fromkeys(names)))


def _image(tree: Tree, node: Node, limit: int) -> Image:
    data, external, problem = _data(tree, node, limit)
    return Image(
        name=node.name,
        node=node,
        description=tree.text(node, "description"),
        type=tree.text(node, "type"),
        arch=tree.text(node, "arch"),
        os=tree.text(node, "os"),
        compression=tree.text(node, "compression"),
        load=_address(tree, node, "load"),
        entry=_address(tree, node, "entry"),
        data=data,
        external=external,
        problem=problem,
        hashes=tuple(
            HashNode(one.name, tree.text(one, "algo"), _digest(tree, one), one.prop("uboot-ignore") is not None)
            for one in node.children
            if one.name.startswith("hash")
        ),
        encrypted=any(one.name.startswith("cipher") for one in node.children),
        disagrees=_disagreement(node),
    )


def _digest(tree: Tree, node: Node) -> bytes:
    """The whole value, or nothing where it is longer than any digest."""
    one = node.prop("value")
    return tree.value(one) if one is not None and one.size <= 64 else b""


def _address(tree: Tree, node: Node, name: str) -> str:
    one = node.prop(name)
    return tree.value(one).hex() if one and one.size in (4, 8) else ""


def _data(tree: Tree, node: Node, limit: int) -> tuple[ByteRange | None, bool, str]:
    """Where the data of an image lies, whether outside the tree, and why not."""
    try:
        start = tree.cell(node, "data-position")
        if start is None:
            offset = tree.cell(node, "data-offset")
            start = None if offset is None else ((tree.header.total_size + 3) & ~3) + offset
        size = tree.cell(node, "data-size")
    except Malformed as problem:
        return None, True, problem.reason
    if start is None:
        inline = node.prop("data")
        if inline is None or inline.range is None:
            return None, False, "the image has no data"
        return inline.range, False, ""
    if not size:
        return None, True, "external data without a size"
    if start + size > limit:
        return None, True, f"external data {start}+{size} lies outside the file of {limit} bytes"
    return ByteRange(start, start + size), True, ""


def _disagreement(node: Node) -> str:
    stated = [name for name in ("data", "data-position", "data-offset") if node.prop(name) is not None]
    if len(stated) > 1:
        return f"image {node.name} states its data more than once: {', '.join(stated)}"
    names = [one.name for one in node.properties]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(names) <= 256 else ["over 256 properties"]
    return f"image {node.name} has a property twice: {', '.join(twice)}" if twice else ""
