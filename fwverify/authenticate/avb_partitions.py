"""What a signed AVB vbmeta binds: the image it lies in and other partitions of the delivery, recomputed.

Layout: `formats.avb`, `formats.verity`. Knows no registry: that the vbmeta itself is signed is the scheme's question.

Procedure, for each descriptor:
1. Hash: the salted digest over the first bytes of the partition's image. Hash tree: the tree over them is recomputed
   and compared with the stored one in every byte.
2. Chain partition: the other partition's vbmeta must be signed by exactly the key in the descriptor and must not
   switch anything off; then its own descriptors are followed, at most MAX_CHAIN deep.
3. A partition's image is the image itself where it has a footer (its only image descriptor, or that of its name),
   else every delivered file of the partition's name, `boot.img` or `boot_a.bin` for `boot`.
4. What differs is `wrong`; a partition that is not in the delivery is `missing`.

Does not do: sparse images (said as missing), forward error correction data (left uncovered), digests that the device
keeps itself.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from fwverify.authenticate.proofs import Message, proof
from fwverify.formats import avb, key_file, verity
from fwverify.formats.avb import Descriptor, Image, VbMeta
from fwverify.formats.public_key import PublicKey
from fwverify.limits import LimitExceeded
from fwverify.model.artifact import Artifact, ByteRange, Locator
from fwverify.model.examining import Malformed, Unsupported

MAX_CHAIN = 4
MAX_IMAGES = 64
"""Images that are digested for one vbmeta; a phone has about 25 partitions."""
SUFFIXES = ("", ".img", ".bin", ".raw", ".image", ".mbn", ".elf", ".itb", ".fit", ".dtbo", ".squashfs", ".sqfs",
            ".erofs", ".ext4", ".ext2", ".rom", ".fw")  # fmt: skip
STRONG = ("sha256", "sha512")


@dataclass(slots=True)
class Bound:
    """Bytes of one artifact that the vbmeta binds."""

    artifact: Artifact
    covers: list[ByteRange] = field(default_factory=list)
    envelope: list[ByteRange] = field(default_factory=list)


@dataclass(slots=True)
class Walk:
    """Everything that was followed from one vbmeta."""

    siblings: Mapping[str, Artifact]
    bound: dict[Locator, Bound] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    images: int = 0
    """Digested so far."""
    signed: set[bytes] = field(default_factory=set)
    """Every descriptor that was followed."""
    chained: set[Locator] = field(default_factory=set)

    def of(self, artifact: Artifact) -> Bound:
        return self.bound.setdefault(artifact.locator, Bound(artifact))


def follow(image: Image, artifact: Artifact, siblings: Mapping[str, Artifact]) -> Walk:
    """Follow every descriptor of a vbmeta. Raises LimitExceeded."""
    walk = Walk(siblings)
    _vbmeta(walk, image, artifact, 0)
    for one in walk.bound.values():
        if one.artifact.locator not in walk.chained:
            _unsigned_tail(walk, one)
    return walk


def _vbmeta(walk: Walk, image: Image, artifact: Artifact, depth: int) -> None:
    meta, bound = image.vbmeta, walk.of(artifact)
    walk.chained.add(artifact.locator)
    bound.covers += [one for one in (meta.header, meta.auxiliary) if one is not None]
    if meta.authentication is not None and meta.filler:
        bound.envelope.append(meta.authentication)
    if image.footer is not None and image.footer.plain:
        bound.envelope.append(image.footer.place)
    walk.signed.update(one.raw for one in meta.descriptors)
    own = _own(image, artifact)
    for one in meta.descriptors:
        if one.kind == avb.CHAIN:
            _chain(walk, one, depth)
        elif one.kind in (avb.HASH, avb.HASHTREE):
            for target in [artifact] if one is own else _images(walk, one, artifact):
                _content(walk, one, target)


def _own(image: Image, artifact: Artifact) -> Descriptor | None:
    """The descriptor of the image that the vbmeta lies in."""
    if image.footer is None:
        return None
    able = [one for one in image.vbmeta.descriptors if one.kind in (avb.HASH, avb.HASHTREE)]
    named = [one for one in able if _is_named(artifact.name, one.partition)]
    return able[0] if len(able) == 1 else next(iter(named), None)


def _is_named(file: str, partition: str) -> bool:
    base = file.rpartition("/")[2].lower()
    stem = re.escape(partition.lower())
    return any(re.fullmatch(rf"{stem}(_[ab])?{re.escape(suffix)}", base) for suffix in SUFFIXES)


def _images(walk: Walk, one: Descriptor, source: Artifact) -> Iterator[Artifact]:
    """Delivered files of the partition's name."""
    found = [
        file
        for name, file in sorted(walk.siblings.items())
        if _is_named(name, one.partition) and file.locator != source.locator
    ]
    able = [file for file in found if bytes(file.content[:4]) != avb.SPARSE_MAGIC]
    if not able:
        why = "is a sparse image, which is not read" if found else "is not in the delivery"
        walk.missing.append(f"partition {one.partition} {why}")
    yield from able


def _content(walk: Walk, one: Descriptor, target: Artifact) -> None:
    """Step 1."""
    bound = walk.of(target)
    walk.images += 1
    if walk.images > MAX_IMAGES:
        raise LimitExceeded("AVB partitions of one vbmeta", walk.images)
    if not one.digest:
        walk.missing.append(f"the digest of partition {one.partition} is kept on the device")
        return
    try:
        ranges = _hash(one, target) if one.kind == avb.HASH else _hash_tree(one, target)
    except Malformed as problem:
        walk.wrong.append(f"partition {one.partition}, {target.name}: {problem.reason}")
    except Unsupported as problem:
        walk.missing.append(f"partition {one.partition} was not checked: {problem}")
    else:
        bound.covers += ranges


def _hash(one: Descriptor, target: Artifact) -> list[ByteRange]:
    if one.algorithm not in STRONG:
        raise Unsupported(f"a digest made with {one.algorithm!r}")
    if one.image_size > target.size:
        raise Malformed(avb.WHAT, f"{one.image_size} bytes are signed, the image has {target.size}")
    digest = hashlib.new(one.algorithm, one.salt)
    digest.update(target.content[: one.image_size])
    if digest.digest() != one.digest:
        raise Malformed(avb.WHAT, "the image has another digest than the descriptor")
    return [ByteRange(0, one.image_size)] if one.image_size else []


def _hash_tree(one: Descriptor, target: Artifact) -> list[ByteRange]:
    if one.verity_version != 1:
        raise Unsupported(f"dm-verity version {one.verity_version}")
    if one.image_size > target.size or (one.tree is not None and one.tree.end > target.size):
        raise Malformed(avb.WHAT, f"data or hash tree end behind the {target.size} bytes of the image")
    if not one.data_block or one.image_size % one.data_block:
        raise Malformed(avb.WHAT, f"{one.image_size} bytes are no whole blocks of {one.data_block}")
    if one.tree is not None and one.tree.start < one.image_size:
        raise Malformed(avb.WHAT, "the hash tree lies in its own data")
    blocks = one.image_size // one.data_block
    tree = verity.made(one.algorithm, one.data_block, one.hash_block, blocks, one.salt)
    if not tree.strong:
        raise Unsupported(f"a hash tree made with {one.algorithm!r}")
    stored = target.content[one.tree.start : one.tree.end] if one.tree is not None else None
    got = verity.recompute(target.content[: one.image_size], stored, tree)
    if got.wrong or got.root != one.digest:
        raise Malformed(avb.WHAT, got.wrong or "the image gives another root hash than the descriptor")
    return [ByteRange(0, one.image_size), *([one.tree] if one.tree is not None else [])]


def _chain(walk: Walk, one: Descriptor, depth: int) -> None:
    """Step 2."""
    found = [file for name, file in sorted(walk.siblings.items()) if _is_named(name, one.partition)]
    able = [file for file in found if bytes(file.content[:4]) != avb.SPARSE_MAGIC]
    if not able:
        walk.missing.append(f"chained partition {one.partition} is not in the delivery")
    for file in able:
        if file.locator in walk.chained:
            continue
        wrong = _chained(walk, one, file, depth)
        if wrong:
            walk.wrong.append(f"chained partition {one.partition}, {file.name}: {wrong}")


def _chained(walk: Walk, one: Descriptor, file: Artifact, depth: int) -> str:
    if depth >= MAX_CHAIN:
        return f"chains are followed {MAX_CHAIN} deep"
    try:
        image = avb.read(file.content)
        if image.vbmeta.public_key != one.key:
            return "its vbmeta is not signed with the key of the chain descriptor"
        if image.vbmeta.flags:
            return "its vbmeta has flags, which only the first may have"
        signer = key_of(image.vbmeta)
        if signer is None or not signed_by(image.vbmeta, file.content, signer):
            return "the signature of its vbmeta does not hold"
    except (Malformed, Unsupported) as problem:
        return str(problem)
    _vbmeta(walk, image, file, depth + 1)
    return ""


def signed_by(meta: VbMeta, view: memoryview, key: PublicKey) -> bool:
    """The mathematics alone, under one key."""
    algorithm = avb.ALGORITHMS[meta.algorithm]
    content = meta.signed(view)
    if algorithm.hash and hashlib.new(algorithm.hash, content).digest() != meta.hash:
        return False
    held = proof(key, meta.signature, message(meta, view))
    return held is not None and held.algorithm in ("rsa-pkcs1v15", algorithm.family)


def message(meta: VbMeta, view: memoryview) -> Message:
    algorithm = avb.ALGORITHMS[meta.algorithm]
    return Message(memoryview(meta.signed(view)), hashes=(algorithm.hash,) if algorithm.hash else ())


def key_of(meta: VbMeta) -> PublicKey | None:
    """The public key inside a vbmeta: what its device compares, worth nothing here. Raises Malformed."""
    if meta.algorithm == avb.NONE or not meta.public_key:
        return None
    from cryptography.hazmat.primitives.asymmetric import mldsa, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    algorithm = avb.ALGORITHMS[meta.algorithm]
    modulus, raw = avb.parse_key(meta.public_key, algorithm)
    key: rsa.RSAPublicKey | mldsa.MLDSA65PublicKey | mldsa.MLDSA87PublicKey
    try:
        if algorithm.family == "rsa":
            key = rsa.RSAPublicNumbers(65537, modulus).public_key()
        elif algorithm.family == "ml-dsa-65":
            key = mldsa.MLDSA65PublicKey.from_public_bytes(raw)
        else:
            key = mldsa.MLDSA87PublicKey.from_public_bytes(raw)
    except ValueError:
        raise Malformed(avb.WHAT, "its public key is none") from None
    return key_file.parse(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _unsigned_tail(walk: Walk, bound: Bound) -> None:
    """An image whose digest another vbmeta signs may end in a vbmeta that says the same and nothing else, unsigned."""
    try:
        image = avb.read(bound.artifact.content)
    except (Malformed, Unsupported):
        return
    meta, foot = image.vbmeta, image.footer
    bare = meta.algorithm == avb.NONE and not meta.public_key and meta.authentication is None
    if foot is None or not bare or not foot.plain or not meta.plain:
        return
    if {one.raw for one in meta.descriptors} <= walk.signed:
        bound.envelope += [meta.place, foot.place]
