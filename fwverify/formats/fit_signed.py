"""What the signatures in a FIT are made over: signature nodes, the nodes a configuration stands for, their bytes.

Source: U-Boot doc/usage/fit/signature.rst ("Signed Configurations", "Details") and source_file_format.rst, read
2026-11-22. The list of signed nodes is rebuilt from the configuration; `hashed-nodes`, which no signature covers, is
read only to explain a refusal. The strings block counts from its start, whatever `hashed-strings` says first.
Names that two readers may resolve differently (CVE-2021-27097, CVE-2021-27138) are found here. Nothing is verified
here; the pre-load header and signed plain device trees are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from fwverify.formats.fdt import Node, Property, Tree
from fwverify.formats.fit import REFERENCES, WHAT, Configuration, Fit, Image
from fwverify.limits import LimitExceeded
from fwverify.model.artifact import ByteRange, merged, subtracted
from fwverify.model.examining import Malformed

UNSIGNED_PROPERTIES = frozenset({"data", "data-size", "data-position", "data-offset"})
"""Left out of every signed node: where the data lies and how much is bound by the digests."""
METADATA = frozenset({"description", "compatible", "default"})
"""Properties of a configuration that speak of no image, even where their text is an image's name."""
MAX_SIGNATURES = 256
"""Signature nodes in one FIT: one for each of tens of configurations in real ones."""
MAX_NODES = 1000
"""Nodes under one signature; U-Boot stops at 100."""
END_MARK_BYTES = 4
_TEXT = re.compile(rb"[\x20-\x7e]{0,64}\x00")
_TEXTS = re.compile(rb"(?:[\x21-\x7e]{1,200}\x00)+")
_TEXT_PROPERTIES = frozenset({"algo", "padding", "key-name-hint", "signer-name", "signer-version", "comment"})
LATE_NAMES = frozenset({
    *UNSIGNED_PROPERTIES, *_TEXT_PROPERTIES, "value", "timestamp", "hashed-nodes", "hashed-strings", "sign-images",
})  # fmt: skip
"""Property names that signing or moving the data outside adds to the strings block after it was signed."""


@dataclass(frozen=True, slots=True)
class SignatureNode:
    """One signature node, as written."""

    node: Node
    path: str
    algorithm: str
    """`sha256,rsa2048`"""
    padding: str
    """`pkcs-1.5` or `pss`; empty: the former."""
    hint: str
    """The signer's name for the key. A hint."""
    value: bytes = field(repr=False)
    strings_size: int
    """Bytes of the strings block that are signed, from its start; 0 when nothing is said."""
    claimed: tuple[str, ...]
    """`hashed-nodes`: paths the signer says it signed."""


@dataclass(frozen=True, slots=True)
class SignedConfiguration:
    """A configuration with signatures."""

    configuration: Configuration
    node: Node
    signatures: tuple[SignatureNode, ...]
    images: tuple[Image, ...]
    """Every image it refers to, each once."""
    missing: tuple[str, ...]
    """Names that known properties refer to and that no image has."""
    listed: tuple[tuple[str, Node], ...]
    """Path and node of everything that has to be signed."""


@dataclass(frozen=True, slots=True)
class SignedImage:
    """An image with signatures of its own, over its data alone."""

    image: Image
    signatures: tuple[SignatureNode, ...]


@dataclass(frozen=True, slots=True)
class SignedFit:
    """All signatures of a FIT."""

    fit: Fit
    configurations: tuple[SignedConfiguration, ...]
    images: tuple[SignedImage, ...]
    sound: bool
    """The default names a configuration that is there."""

    @property
    def signatures(self) -> tuple[SignatureNode, ...]:
        of_configurations = [one for part in self.configurations for one in part.signatures]
        return (*of_configurations, *(one for part in self.images for one in part.signatures))


def read_signed(fit: Fit) -> SignedFit | None:
    """The signatures of a FIT; None when it has none.

    1. Find signature nodes below configurations and images.
    2. Where there are any, the tree must have one reading: blocks apart, each name once, no unit addresses.
    3. Rebuild what each signed configuration stands for.

    Raises:
        Malformed, LimitExceeded
    """
    found = tuple(_images(fit)), tuple(_signed_nodes(fit))
    if not any(found):
        return None
    if sum(len(signatures) for _, signatures in (*found[0], *found[1])) > MAX_SIGNATURES:
        raise LimitExceeded("FIT signatures", MAX_SIGNATURES + 1)
    _one_reading(fit.tree)
    for _, signatures in (*found[0], *found[1]):
        for one in signatures:
            strings(fit.tree, one.strings_size)
    by_name = {one.name: one for one in fit.configurations}
    return SignedFit(
        fit,
        tuple(_configuration(fit, by_name[node.name], node, signatures) for node, signatures in found[1]),
        tuple(SignedImage(image, signatures) for image, signatures in found[0]),
        fit.default in by_name,
    )


def _images(fit: Fit) -> Iterator[tuple[Image, tuple[SignatureNode, ...]]]:
    for image in fit.images:
        signatures = tuple(_signatures(fit.tree, image.node, f"/images/{image.name}"))
        if signatures:
            yield image, signatures


def _signed_nodes(fit: Fit) -> Iterator[tuple[Node, tuple[SignatureNode, ...]]]:
    parent = fit.tree.root.child("configurations")
    for node in parent.children if parent else ():
        signatures = tuple(_signatures(fit.tree, node, f"/configurations/{node.name}"))
        if signatures:
            yield node, signatures


def _signatures(tree: Tree, parent: Node, path: str) -> Iterator[SignatureNode]:
    for node in parent.children:
        if node.name.startswith("signature"):
            strings = tree.value(node.prop("hashed-strings"))
            yield SignatureNode(
                node,
                f"{path}/{node.name}",
                tree.text(node, "algo"),
                tree.text(node, "padding"),
                tree.text(node, "key-name-hint"),
                _small(tree, node.prop("value")),
                int.from_bytes(strings[4:8], "big") if len(strings) == 8 else 0,
                tree.texts(node, "hashed-nodes"),
            )


def _small(tree: Tree, one: Property | None) -> bytes:
    """A signature's value: nothing that is longer than any RSA key there is."""
    return tree.value(one) if one is not None and one.size <= 2048 else b""


def _one_reading(tree: Tree) -> None:
    """Refuse what readers resolve differently."""
    header = tree.header
    blocks = [ByteRange(0, header.bytes), tree.reservations_range, header.structure]
    blocks += [header.strings] if header.strings else []
    if any(first.end > second.start for first, second in pairwise(sorted(blocks))):
        raise Malformed(WHAT, "blocks of the tree overlap", 0)
    if header.version >= 17 and tree.structure != header.structure:
        raise Malformed(WHAT, "the structure block goes on behind its end mark", tree.structure.end)
    todo = [tree.root]
    while todo:
        node = todo.pop()
        todo.extend(node.children)
        for names in ([one.name for one in node.children], [one.name for one in node.properties]):
            if len(set(names)) != len(names):
                raise Malformed(WHAT, f"node {node.name or '/'} has two entries of one name", node.range.start)
        for child in node.children:
            if not child.name or "@" in child.name or "/" in child.name:
                detail = f"node name {child.name!r} in a signed tree: readers disagree on which node it names"
                raise Malformed(WHAT, detail, child.range.start)


def _configuration(
    fit: Fit, configuration: Configuration, node: Node, signatures: tuple[SignatureNode, ...]
) -> SignedConfiguration:
    by_name = {one.name: one for one in fit.images}
    images: dict[str, Image] = {}
    missing: list[str] = []
    for one in node.properties:
        if one.name in METADATA or one.name in UNSIGNED_PROPERTIES:
            continue
        for name in fit.tree.texts(node, one.name):
            if name in by_name:
                images[name] = by_name[name]
            elif one.name in REFERENCES and name:
                missing.append(name)
    listed: list[tuple[str, Node]] = [("/", fit.tree.root), (f"/configurations/{node.name}", node)]
    for image in images.values():
        path = f"/images/{image.name}"
        listed.append((path, image.node))
        listed += [(f"{path}/{child.name}", child) for child in image.node.children if _binds(child)]
    if len(listed) > MAX_NODES:
        raise LimitExceeded("FIT nodes under one signature", len(listed))
    return SignedConfiguration(configuration, node, signatures, tuple(images.values()), tuple(missing), tuple(listed))


def _binds(child: Node) -> bool:
    return child.name.startswith("hash") or child.name in ("cipher", "dm-verity")


def regions(tree: Tree, nodes: Iterable[Node]) -> tuple[ByteRange, ...]:
    """Bytes of the structure block that a signature over these nodes covers, in file order.

    1. A listed node counts from its begin mark to its end mark, empty marks inside included.
    2. Without the records of UNSIGNED_PROPERTIES.
    3. Of a child that is not listed only begin mark, name and end mark count.
    4. The end mark of the structure counts.
    """
    out: list[ByteRange] = [ByteRange(tree.structure.end - END_MARK_BYTES, tree.structure.end)]  # 4
    for node in nodes:
        holes = [one.record for one in node.properties if one.name in UNSIGNED_PROPERTIES]  # 2
        holes += [inside for child in node.children for inside in interior(child)]  # 3
        out.extend(subtracted((node.range,), holes))  # 1
    return merged(out)


def interior(node: Node) -> tuple[ByteRange, ...]:
    """A node without its begin mark, name and end mark; none when it is empty."""
    end = node.range.end - END_MARK_BYTES
    return (ByteRange(node.head.end, end),) if end > node.head.end else ()


def strings(tree: Tree, size: int) -> tuple[ByteRange, ...]:
    """The first `size` bytes of the strings block. Raises Malformed when it has fewer."""
    block = tree.header.strings
    if not size:
        return ()
    if block is None or size > block.size:
        raise Malformed(WHAT, f"{size} bytes of the strings block are said to be signed, it has fewer", -1)
    return (ByteRange(block.start, block.start + size),)


def unnamed(tree: Tree, nodes: Iterable[Node], size: int) -> str:
    """A signed property whose name lies outside the signed strings, so that anybody could rename it; else empty."""
    start = tree.header.strings.start if tree.header.strings else 0
    known: dict[int, int] = {}
    for node in nodes:
        for one in node.properties:
            if one.name in UNSIGNED_PROPERTIES:
                continue
            if one.name_offset not in known:
                raw = bytes(tree.view[start + one.name_offset : start + one.name_offset + 256])
                known[one.name_offset] = one.name_offset + raw.find(b"\0") + 1
            if known[one.name_offset] > size:
                return one.name
    return ""


def resolve(tree: Tree, paths: Iterable[str]) -> tuple[Node, ...]:
    """Nodes by path; those that are not there are left out."""
    out = []
    for path in list(paths)[:MAX_NODES]:
        node: Node | None = tree.root
        for part in path.strip("/").split("/") if path != "/" else ():
            node = node.child(part) if node else None
        if node is not None:
            out.append(node)
    return tuple(out)


def frame(signed: SignedFit, size: int, listed: Iterable[tuple[str, Node]]) -> Iterator[ByteRange]:
    """Bytes that no signature covers and that can say nothing else than they do: header, empty reservations, names
    that signing adds, where data lies, the default, and signature nodes.

    Args:
        signed: the FIT.
        size: signed bytes of the strings block.
        listed: nodes under the signature.
    """
    tree = signed.fit.tree
    nodes = tuple(listed)
    paths = {path for path, _ in nodes}
    yield from _header(tree)
    yield from _late_names(tree, size)
    for _, node in nodes:
        yield from _data_records(tree, node)
    yield from _default(signed.fit)
    for signature in signed.signatures:
        if signature.path.rpartition("/")[0] in paths:
            yield from _exact(tree, signature, paths)


def _data_records(tree: Tree, node: Node) -> Iterator[ByteRange]:
    """Where the data lies, without the data."""
    for one in node.properties:
        if one.name in UNSIGNED_PROPERTIES and not _fill(tree, one):
            yield from subtracted((one.record,), [one.range] if one.name == "data" and one.range else ())


def _default(fit: Fit) -> Iterator[ByteRange]:
    parent = fit.tree.root.child("configurations")
    one = parent.prop("default") if parent else None
    if one is not None and not _fill(fit.tree, one) and fit.tree.value(one) == fit.default.encode() + b"\0":
        yield one.record


def _header(tree: Tree) -> Iterator[ByteRange]:
    boot_cpu = ByteRange(28, 32)
    header = ByteRange(0, tree.header.bytes)
    yield from (header,) if not any(tree.view[28:32]) else subtracted((header,), (boot_cpu,))
    if not tree.reservations:
        yield tree.reservations_range
    # mkimage leaves the 1 to 3 bytes that round the tree up to 4 as they were in its buffer; nothing points there.
    end = max(tree.structure.end, tree.header.strings.end if tree.header.strings else 0)
    if 0 < tree.header.total_size - end < 4:
        yield ByteRange(end, tree.header.total_size)


def _late_names(tree: Tree, size: int) -> Iterator[ByteRange]:
    block = tree.header.strings
    if block is None or not 0 < size < block.size:
        return
    rest = bytes(tree.view[block.start + size : block.end])
    names = {one.decode("ascii", "replace") for one in rest.split(b"\0") if one}
    if rest.endswith(b"\0") and names <= LATE_NAMES:
        yield ByteRange(block.start + size, block.end)


def _fill(tree: Tree, one: Property) -> bool:
    """The padding after a value is not empty."""
    return any(tree.view[one.start + one.size : one.record.end])


def _exact(tree: Tree, signature: SignatureNode, paths: set[str]) -> Iterator[ByteRange]:
    """Records of a signature node that are what they have to be."""
    for one in signature.node.properties:
        raw = tree.value(one) if one.size <= 65536 else b""
        match one.name:
            case "value":
                good = raw == signature.value
            case "hashed-nodes":
                good = set(signature.claimed) == paths or signature.path.startswith("/images/")
                good = good and _TEXTS.fullmatch(raw) is not None
            case "hashed-strings":
                good = len(raw) == 8 and not any(raw[:4])
            case "timestamp":
                good = len(raw) == 4
            case "sign-images":
                good = _TEXTS.fullmatch(raw) is not None and len(raw) <= 256
            case _:
                good = one.name in _TEXT_PROPERTIES and _TEXT.fullmatch(raw) is not None
        # mkimage leaves up to 3 bytes of its memory between this value and the next property; nobody reads them.
        if good:
            yield one.record
