"""FIT image: kernels, device trees, root file systems in one device tree, inline or behind it, with digests.

Source: Flat Image Tree specification v0.8 and U-Boot doc/usage/fit/source_file_format.rst, read 2026-11-22.
Images come out as they are stored; what is packed inside them is opened by other plug-ins. Signatures are the
authenticate stage's. Digest algorithms other than crc32, md5, sha1 and SHA-2 are named as unread.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator

from fwverify.formats import firmware_extents
from fwverify.formats.fdt import MAGIC, has_top_node
from fwverify.formats.fit import ALGORITHMS, Fit, HashNode, Image, read_fit
from fwverify.formats.names import fill_byte
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, Digest, subtracted
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.plugin import Doc
from fwverify.unpack.flat_tree import structure_parts
from fwverify.unpack.interface import Carve, Check, Container, Event, Fact, Member, Oddity, Part, PartUse, Unread
from fwverify.unpack.tail import tail


def detect(artifact: Artifact) -> bool:
    """A device tree with /images below its root, even when it is cut off after that."""
    return artifact.content[:4] == MAGIC and has_top_node(artifact.content, "images")


def unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    """Read the tree, then every image with its digests.

    1. The tree itself is structure, without the image data inside it.
    2. Each image is a member; data that is missing or outside the file is unread.
    3. Each hash node is computed over the data as stored.
    4. Data that two images share, or that lies in the tree's own blocks, is an oddity.
    5. Bytes behind the tree that no image claims are padding or trailing data.
    """
    fit = read_fit(artifact.content)
    inline = tuple(one.data for one in fit.images if one.data and not one.external)
    yield from structure_parts(fit.tree, inline)  # 1
    yield from _facts(fit)
    seen: set[str] = set()
    for image in fit.images:
        budget.member()
        yield from _image(artifact.content, image, budget, first=image.name not in seen)  # 2, 3
        seen.add(image.name)
    yield from _overlaps(fit)  # 4
    yield from _behind(artifact.content, fit)  # 5


def _facts(fit: Fit) -> Iterator[Event]:
    if fit.description:
        yield Fact("description", fit.description)
    if fit.default:
        yield Fact("default-configuration", fit.default)
    names = {one.name for one in fit.images}
    for configuration in fit.configurations:
        missing = [one for one in configuration.images if one not in names]
        if missing:
            detail = f"configuration {configuration.name} names images that are not there: {', '.join(missing[:5])}"
            yield Oddity(AnomalyKind.HEADER_DISAGREES, detail)
    # Some readers find `kernel@1` when asked for `kernel`: then two images answer to one name.
    for name in sorted(names):
        if "@" in name and name.partition("@")[0] in names:
            yield Oddity(AnomalyKind.NAME_COLLISION, f"image {name} also answers to {name.partition('@')[0]}")


def _image(view: memoryview, image: Image, budget: Budget, *, first: bool) -> Iterator[Event]:
    if image.disagrees:
        yield Oddity(AnomalyKind.HEADER_DISAGREES, image.disagrees)
    if image.data is None:
        yield Unread(GapReason.MALFORMED, f"image {image.name}: {image.problem}")
        return
    budget.size(image.data.size)
    content = view[image.data.start : image.data.end]
    yield Member(image.name, content=content, ranges=(image.data,), stored=True)
    if image.encrypted:
        yield Unread(GapReason.ENCRYPTED, f"image {image.name} is encrypted", image.data, image.name)
    stated = (image.type, image.os, image.arch, image.compression, image.load and f"load {image.load}")
    yield Fact(f"image {image.name}", ", ".join(one for one in stated if one))
    computed: dict[str, Digest] = {}
    for node in image.hashes:
        # A digest binds the member of that name; a second image of the same name has none to bind.
        yield _check(image, node, content, computed, image.name if first else "")
        budget.check_time()


def _check(image: Image, node: HashNode, content: memoryview, known: dict[str, Digest], member: str) -> Event:
    name = f"{image.name}/{node.name}"
    if node.algorithm not in ALGORITHMS:
        reason = f"{name}: digest algorithm {node.algorithm or '(none stated)'} is not computed"
        return Unread(GapReason.UNSUPPORTED, reason, member=member)
    if not node.value:
        return Unread(GapReason.MALFORMED, f"{name}: no digest value", member=member)
    if node.algorithm not in known:
        known[node.algorithm] = _digest(node.algorithm, content)
    return Check(name, Digest(node.algorithm, node.value), known[node.algorithm], member)


def _digest(algorithm: str, content: memoryview) -> Digest:
    if algorithm == "crc32":
        return Digest(algorithm, zlib.crc32(content).to_bytes(4, "big"))
    return Digest(algorithm, hashlib.new(algorithm, content, usedforsecurity=False).digest())


def _overlaps(fit: Fit) -> Iterator[Event]:
    placed = sorted((one.data, one.name) for one in fit.images if one.data)
    end, before = 0, ""
    for data, name in placed:
        if data.start < end:
            yield Oddity(AnomalyKind.OVERLAP, f"images {before} and {name} share bytes", data)
        if data.end > end:
            end, before = data.end, name
    tree = ByteRange(0, fit.tree.header.total_size)
    for one in fit.images:
        if one.data and one.external and one.data.intersects(tree):
            yield Oddity(AnomalyKind.OVERLAP, f"external data of image {one.name} lies inside the tree", one.data)


def _behind(view: memoryview, fit: Fit) -> Iterator[Event]:
    start = fit.tree.header.total_size
    if fit.end > start:
        data = [one.data for one in fit.images if one.data and one.external]
        for hole in subtracted((ByteRange(start, fit.end),), data):
            if fill_byte(view, hole):
                yield Part(hole, PartUse.PADDING)
    yield from tail(view, fit.end, "after the FIT image that no image of it claims")


CONTAINER = Container(
    name="fit_image",
    detect=detect,
    unpack=unpack,
    carve=Carve(((MAGIC, 0),), firmware_extents.fit_end),
    doc=Doc(
        title="FIT image (flattened image tree)",
        vendor="U-Boot",
        references=(
            "Flat Image Tree specification v0.8, read 2026-11-22",
            "U-Boot doc/usage/fit/source_file_format.rst, read 2026-11-22",
        ),
        limitations=(
            "Hash algorithms other than crc32, md5, sha1, sha256, sha384 and sha512 are not computed.",
            "Encrypted images are not decrypted; the pre-load header is not read.",
            "Signature nodes are not judged here.",
        ),
    ),
)
