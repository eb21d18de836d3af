"""Which delivered files a dm-verity root hash speaks of, and whether every byte of them fits it.

Shared by the scheme `dm-verity` (root hash in a file of the delivery) and by the operator's own root hash
(`stage.confirm`). Layout: `formats.verity`.

Procedure:
1. A hash tree is a file with a superblock at its start, or lies behind its data in one file.
2. The tree that claims the root hash counts; where none does, the only one there is, so that it can be said what
   differs.
3. Its data are the file of which the first block fits the tree, else the one of its name, else the only one of its
   size.
4. The whole tree is recomputed. Bytes behind the data of an image break it, padding too, because nothing would check
   them on the device; bytes around a tree must be nothing but padding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from fwverify.formats import verity
from fwverify.formats.names import fill_byte
from fwverify.model.artifact import Artifact, ByteRange, Digest
from fwverify.model.evidence import ChecksumObservation
from fwverify.model.examining import Malformed, Unsupported
from fwverify.model.expectation import ExpectedChecksum

MAX_INSIDE = 16
"""Places in one file where something like a superblock is looked at."""
_SUPERBLOCK = re.compile(re.escape(verity.MAGIC + b"\1\0\0\0"))


@dataclass(frozen=True, slots=True)
class _Found:
    """A readable hash tree."""

    artifact: Artifact
    tree: verity.Tree
    area: ByteRange
    """Superblock and levels."""

    @property
    def stored(self) -> memoryview:
        return self.artifact.content[verity.levels_start(self.tree, self.area.start) : self.area.end]


@dataclass(frozen=True, slots=True)
class Match:
    """What a root hash was compared with."""

    image: Artifact
    tree: Artifact
    """The same as `image` when the tree lies behind its data."""
    hash: str
    strong: bool
    computed: bytes
    """Root hash of the data; empty when they have not even the size."""
    wrong: str
    """Why image or tree do not hold, in plain words; empty when every byte fits."""


def match(root: bytes, files: Iterable[Artifact]) -> Match | None:
    """Find and check what a root hash is for; None when there is no hash tree or no data for it."""
    able = sorted((one for one in files if one.size >= verity.MIN_BLOCK_BYTES), key=lambda one: one.locator)
    trees = [tree for one in able for tree in _trees(one)]  # 1
    claiming = [one for one in trees if verity.top(one.stored, one.tree) in (root, b"")]
    chosen = claiming or (trees if len(trees) == 1 else [])  # 2
    found = [_checked(root, one, image) for one in chosen if (image := _data(one, able)) is not None]
    return next((one for one in found if not one.wrong), found[0] if found else None)


def _trees(artifact: Artifact) -> Iterator[_Found]:
    if verity.looks_like(artifact.content):
        yield from _tree(artifact, 0)
        return
    for number, hit in enumerate(_SUPERBLOCK.finditer(artifact.content)):
        if number >= MAX_INSIDE:
            return
        if hit.start() % verity.MIN_BLOCK_BYTES == 0:
            yield from (one for one in _tree(artifact, hit.start()) if one.tree.data_bytes <= hit.start())


def _tree(artifact: Artifact, at: int) -> Iterator[_Found]:
    try:
        found, area = verity.stored(artifact.content, at)
    except (Malformed, Unsupported):
        return
    yield _Found(artifact, found.tree, area)


def _data(found: _Found, files: Iterable[Artifact]) -> Artifact | None:
    """Step 3."""
    if found.area.start:
        return found.artifact
    rated = [(_rating(found, one), one) for one in files if one.locator != found.artifact.locator]
    best = max((rating for rating, _ in rated), default=(False, False, False))
    chosen = [one for rating, one in rated if rating == best]
    return chosen[0] if any(best) and (best[0] or len(chosen) == 1) else None


def _rating(found: _Found, artifact: Artifact) -> tuple[bool, bool, bool]:
    tree = found.tree
    block = artifact.content[: tree.data_block]
    one = verity.made(tree.algorithm, tree.data_block, tree.hash_block, 1, tree.salt, tree.hash_type)
    leaf = found.stored[-verity.levels(tree)[0] * tree.hash_block :] if verity.levels(tree) else found.stored
    digest = verity.recompute(block, leaf[:0], one).root if len(block) == tree.data_block else b""
    fits = bool(digest) and bytes(leaf[: len(digest)]) == digest
    named = _stem(artifact) == _stem(found.artifact)
    return fits, named, artifact.size == tree.data_bytes


def _stem(artifact: Artifact) -> str:
    return PurePosixPath(artifact.name).name.partition(".")[0].lower()


def _checked(root: bytes, found: _Found, image: Artifact) -> Match:
    """Step 4."""
    tree = found.tree
    if image.size < tree.data_bytes:
        wrong = f"the image has {image.size} bytes, its hash tree is over {tree.data_bytes}"
        return Match(image, found.artifact, tree.algorithm, tree.strong, b"", wrong)
    got = verity.recompute(image.content[: tree.data_bytes], found.stored, tree)
    wrong = got.wrong
    if not wrong and got.root != root:
        wrong = "the image gives another root hash"
    wrong = wrong or _outside(found, image)
    return Match(image, found.artifact, tree.algorithm, tree.strong, got.root, wrong)


def _outside(found: _Found, image: Artifact) -> str:
    """Bytes that the tree says nothing about. Padding is allowed where a frame needs it: around a tree, not behind the
    data of an image of its own, where the device would read it as one more block."""
    between = ByteRange(found.tree.data_bytes, found.area.start) if found.area.start > found.tree.data_bytes else None
    if not found.area.start and image.size > found.tree.data_bytes:
        return f"{image.size - found.tree.data_bytes} bytes behind the data are not checked by the root hash"
    if between is not None and not fill_byte(image.content, between):
        return f"{between.size} bytes between data and hash tree are not checked by the root hash"
    size, end = found.artifact.size, found.area.end
    if end < size and not fill_byte(found.artifact.content, ByteRange(end, size)):
        return f"{size - end} bytes behind the hash tree are not checked by the root hash"
    return ""


def confirmed(expected: ExpectedChecksum, files: Iterable[Artifact]) -> list[ChecksumObservation]:
    """The operator's root hash beside the delivery: one observation on the image, and one on a tree of its own."""
    found = match(expected.digest.value, files)
    if found is None:
        detail = "given by the operator; no delivered file has a hash tree for it"
        return [ChecksumObservation(None, "", expected.digest, None, None, False, expected.channel, detail=detail)]
    wrong = found.wrong or ("" if found.strong else f"a root hash made with {found.hash} binds nothing")
    detail = f"given by the operator; {wrong}" if wrong else "given by the operator; the whole hash tree was recomputed"
    computed = Digest(verity.ALGORITHM, found.computed) if found.computed else None
    subjects = [found.image] if found.tree.locator == found.image.locator else [found.image, found.tree]
    return [
        ChecksumObservation(
            one.locator, "", expected.digest, computed, None, not wrong, expected.channel, detail=detail
        )
        for one in subjects
    ]
