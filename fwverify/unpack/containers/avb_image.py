"""Android Verified Boot: a partition image with its footer, or a vbmeta alone; the layout is read by formats/avb.py.

The image proper comes out as it is stored. Behind it lie a hash tree, the vbmeta, zeros and the footer; a hash tree
counts as structure only when it is that of the image in every byte. The signature is the authenticate stage's.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import avb, avb_slack, verity
from fwverify.formats.avb import Descriptor, Image
from fwverify.formats.names import fill_byte
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, Digest, subtracted
from fwverify.model.evidence import AnomalyKind
from fwverify.model.examining import Malformed, Unsupported
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Check, Container, Event, Fact, Member, Oddity, Part, PartUse


def _detect(artifact: Artifact) -> bool:
    view = artifact.content
    if not avb.looks_like(view):
        return False
    try:
        if bytes(view[:4]) != avb.MAGIC:
            avb.footer(view)
    except (Malformed, Unsupported):
        return False
    return True


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    image = avb.read(view)
    yield Fact("rollback-index", str(image.vbmeta.rollback_index))
    taken: list[ByteRange] = []
    for event in _structure(image, view):
        if isinstance(event, Part):
            taken.append(event.range)
        yield event
    if image.footer is not None and image.footer.original_size:
        span = ByteRange(0, image.footer.original_size)
        budget.member()
        yield Member("image", content=view[: span.end], ranges=(span,), stored=True)
        taken.append(span)
    for rest in subtracted([ByteRange(0, artifact.size)], taken):
        if fill_byte(view, rest):
            yield Part(rest, PartUse.PADDING)
        else:
            yield Oddity(AnomalyKind.TRAILING_DATA, "bytes that neither the vbmeta nor its footer speaks of", rest)


def _structure(image: Image, view: memoryview) -> Iterator[Event]:
    meta = image.vbmeta
    free = tuple(avb_slack.slack(view, meta))
    for one in subtracted([meta.header], free):
        yield Part(one, PartUse.HEADER)
    if meta.authentication is not None and meta.filler:
        yield Part(meta.authentication, PartUse.CHECK)
    for one in subtracted([meta.auxiliary] if meta.auxiliary is not None else [], free):
        yield Part(one, PartUse.INDEX)
    if image.footer is not None:
        place = image.footer.place
        end = place.end if image.footer.plain else place.end - avb.FOOTER_RESERVED_BYTES
        yield Part(ByteRange(place.start, end), PartUse.HEADER)
        trees = [one for one in meta.descriptors if one.kind == avb.HASHTREE]
        if len(trees) == 1:
            yield from _tree(trees[0], view, image.footer.original_size)


def _tree(one: Descriptor, view: memoryview, original: int) -> Iterator[Event]:
    """The hash tree behind the image, recomputed; nothing when it is another one's or does not read."""
    if one.tree is None or not one.data_block or one.image_size % one.data_block:
        return
    if not original <= one.image_size <= one.tree.start or one.tree.end > len(view):
        return
    try:
        blocks = one.image_size // one.data_block
        made = verity.made(one.algorithm, one.data_block, one.hash_block, blocks, one.salt)
        got = verity.recompute(view[: one.image_size], view[one.tree.start : one.tree.end], made)
    except (Malformed, Unsupported):
        return
    yield Check("hash tree", Digest(verity.ALGORITHM, one.digest), Digest(verity.ALGORITHM, got.root))
    if not got.wrong:
        yield Part(one.tree, PartUse.CHECK)


CONTAINER = Container(
    name="avb_image",
    detect=_detect,
    unpack=_unpack,
    doc=Doc(
        title="Android Verified Boot image (footer, vbmeta)",
        vendor="Android Open Source Project",
        references=("AOSP external/avb libavb headers, read 2026-11-22",),
        limitations=("forward error correction data are not read",),
    ),
    wrapper=True,
)
