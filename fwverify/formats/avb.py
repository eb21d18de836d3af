"""Android Verified Boot 2.0: the vbmeta structure, its descriptors, and the footer of a partition image.

Sources: AOSP external/avb README and libavb headers (avb_vbmeta_image.h, avb_footer.h, avb_*_descriptor.h,
avb_crypto.h) of version 1.3 and the ML-DSA additions of 2025. Read 2026-11-22. All numbers are big-endian.

    vbmeta  header, 256 bytes | authentication block (hash, signature) | auxiliary block (descriptors, public key)
    footer  last 64 bytes of a partition image; says where the vbmeta lies and how long the image proper is

Every range is checked against its block. Does not do: checking of hashes or signatures; sparse images.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from fwverify.formats.cursor import Cursor
from fwverify.formats.names import decoded
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed, Unsupported

WHAT = "AVB"
MAGIC, FOOTER_MAGIC = b"AVB0", b"AVBf"
SPARSE_MAGIC = bytes.fromhex("3aff26ed")
HEADER = struct.Struct(">4sIIQQIQQQQQQQQQQQII48s80s")
FOOTER = struct.Struct(">4sIIQQQ28s")
HEADER_BYTES, FOOTER_BYTES = HEADER.size, FOOTER.size
FOOTER_RESERVED_BYTES = 28
BLOCK_ALIGNMENT = 64
MAX_BLOCK_BYTES = 1 << 20
"""libavb reads at most 64 KiB of a vbmeta; tools write more."""
MAX_DESCRIPTORS = 1024
MAX_MINOR = 3
HASHTREE_DISABLED, VERIFICATION_DISABLED = 1, 2
NONE = 0
PROPERTY, HASHTREE, HASH, CMDLINE, CHAIN = range(5)


@dataclass(frozen=True, slots=True)
class Algorithm:
    """How a vbmeta is signed."""

    name: str
    family: str
    """As in `PublicKey.algorithm`."""
    hash: str
    """hashlib name; empty where the algorithm takes the message itself."""
    bits: int
    """RSA modulus; 0 otherwise."""


ALGORITHMS = {
    **{
        1 + 3 * row + column: Algorithm(f"{hash_name.upper()}_RSA{bits}", "rsa", hash_name, bits)
        for row, hash_name in enumerate(("sha256", "sha512"))
        for column, bits in enumerate((2048, 4096, 8192))
    },
    7: Algorithm("MLDSA65", "ml-dsa-65", "", 0),
    8: Algorithm("MLDSA87", "ml-dsa-87", "", 0),
}


@dataclass(frozen=True, slots=True)
class Descriptor:
    """One descriptor of a kind that speaks of a partition; fields of other kinds are empty."""

    kind: int
    raw: bytes
    """The whole descriptor."""
    partition: str = ""
    algorithm: str = ""
    image_size: int = 0
    """bytes"""
    salt: bytes = b""
    digest: bytes = b""
    """Of the salted image, or the root of its hash tree."""
    tree: ByteRange | None = None
    data_block: int = 0
    hash_block: int = 0
    verity_version: int = 1
    key: bytes = b""
    """Chain: the public key that must have signed the other partition's vbmeta."""


@dataclass(frozen=True, slots=True)
class VbMeta:
    """A vbmeta structure, places in the coordinates of the file it lies in."""

    place: ByteRange
    header: ByteRange
    authentication: ByteRange | None
    auxiliary: ByteRange | None
    algorithm: int
    hash: bytes
    signature: bytes
    public_key: bytes
    """As it is written: `parse_key` reads it."""
    filler: bool
    """The authentication block holds nothing but hash, signature and zeros."""
    descriptors: tuple[Descriptor, ...]
    rollback_index: int
    flags: int
    plain: bool
    """The header's reserved bytes are zero and its release text is filled up with zeros."""

    def signed(self, view: memoryview) -> bytes:
        """Header and auxiliary block."""
        parts = [self.header, *([self.auxiliary] if self.auxiliary else [])]
        return b"".join(bytes(view[one.start : one.end]) for one in parts)


@dataclass(frozen=True, slots=True)
class Footer:
    place: ByteRange
    original_size: int
    """Bytes of the image proper."""
    vbmeta: ByteRange
    plain: bool
    """Its reserved bytes are zero."""


@dataclass(frozen=True, slots=True)
class Image:
    """A vbmeta partition, or a partition image with a footer."""

    vbmeta: VbMeta
    footer: Footer | None


def looks_like(view: memoryview) -> bool:
    if len(view) < HEADER_BYTES:
        return False
    return bytes(view[:4]) == MAGIC or bytes(view[-FOOTER_BYTES : 4 - FOOTER_BYTES]) == FOOTER_MAGIC


def read(view: memoryview) -> Image:
    """Read a vbmeta partition or an image with a footer.

    Raises:
        Malformed: a place or size that cannot be.
        Unsupported: a later version, or an unknown algorithm.
    """
    if bytes(view[:4]) == MAGIC:
        return Image(vbmeta(view, 0, len(view)), None)
    found = footer(view)
    meta = vbmeta(view, found.vbmeta.start, found.vbmeta.end)
    if meta.place != found.vbmeta:
        raise Malformed(WHAT, "the footer gives the vbmeta another size than its header", found.place.start)
    return Image(meta, found)


def footer(view: memoryview) -> Footer:
    """Read the footer. Raises Malformed or Unsupported."""
    if not looks_like(view):
        raise Malformed(WHAT, "it has no footer", max(len(view) - FOOTER_BYTES, 0))
    at = len(view) - FOOTER_BYTES
    magic, major, minor, original, start, size, reserved = FOOTER.unpack(view[at:])
    if magic != FOOTER_MAGIC:
        raise Malformed(WHAT, "it has no footer", at)
    if major != 1:
        raise Unsupported(f"AVB footer version {major}.{minor}")
    if size < HEADER_BYTES or start + size > at or original > start:
        raise Malformed(WHAT, "the footer points outside the image", at)
    return Footer(ByteRange(at, len(view)), original, ByteRange(start, start + size), not any(reserved))


def vbmeta(view: memoryview, start: int, end: int) -> VbMeta:
    """Read a vbmeta at `start` that ends at `end` or before. Raises Malformed or Unsupported."""
    if start + HEADER_BYTES > end or bytes(view[start : start + 4]) != MAGIC:
        raise Malformed(WHAT, "there is no vbmeta", start)
    fields = HEADER.unpack(view[start : start + HEADER_BYTES])
    _, major, minor, auth_size, aux_size, algorithm = fields[:6]
    if major != 1 or minor > MAX_MINOR:
        raise Unsupported(f"AVB version {major}.{minor}")
    if algorithm not in ALGORITHMS and algorithm != NONE:
        raise Unsupported(f"AVB algorithm number {algorithm}")
    if max(auth_size, aux_size) > MAX_BLOCK_BYTES or auth_size % BLOCK_ALIGNMENT or aux_size % BLOCK_ALIGNMENT:
        raise Malformed(WHAT, f"blocks of {auth_size} and {aux_size} bytes", start + 12)
    auth_at = start + HEADER_BYTES
    aux_at = auth_at + auth_size
    if aux_at + aux_size > end:
        raise Malformed(WHAT, "its blocks end behind the file", start + 12)
    auth, aux = bytes(view[auth_at:aux_at]), bytes(view[aux_at : aux_at + aux_size])
    hash_, signature, key, _, listed = (
        _part(block, fields[6 + 2 * number], fields[7 + 2 * number], name, start)
        for number, (block, name) in enumerate(
            ((auth, "hash"), (auth, "signature"), (aux, "public key"), (aux, "key metadata"), (aux, "descriptors"))
        )
    )
    rest = bytearray(auth)
    for at, size in ((fields[6], fields[7]), (fields[8], fields[9])):
        rest[at : at + size] = bytes(size)
    return VbMeta(
        place=ByteRange(start, aux_at + aux_size),
        header=ByteRange(start, auth_at),
        authentication=ByteRange(auth_at, aux_at) if auth_size else None,
        auxiliary=ByteRange(aux_at, aux_at + aux_size) if aux_size else None,
        algorithm=algorithm,
        hash=hash_,
        signature=signature,
        public_key=key,
        filler=not any(rest),
        descriptors=_descriptors(listed),
        rollback_index=fields[16],
        flags=fields[17],
        plain=not any(fields[20]) and not any(fields[19].partition(b"\0")[2]),
    )


def _part(block: bytes, at: int, size: int, name: str, start: int) -> bytes:
    if size and at + size > len(block):
        raise Malformed(WHAT, f"the {name} lies outside its block", start)
    return block[at : at + size] if size else b""


def _descriptors(raw: bytes) -> tuple[Descriptor, ...]:
    out: list[Descriptor] = []
    cursor = Cursor(raw, WHAT)
    while cursor.left:
        at = cursor.at
        kind, size = cursor.be64("descriptor"), cursor.be64("descriptor")
        if size % 8 or len(out) >= MAX_DESCRIPTORS:
            raise Malformed(WHAT, f"descriptor {len(out)} has {size} bytes", at)
        body = Cursor(cursor.take(size, "descriptor"), f"{WHAT} descriptor {len(out)}")
        out.append(_descriptor(kind, raw[at : cursor.at], body))
    return tuple(out)


def _descriptor(kind: int, raw: bytes, body: Cursor) -> Descriptor:
    match kind:
        case 2:  # HASH
            (size,) = body.unpack(">Q", "image size")
            algorithm = _algorithm(body)
            name, salt, digest, _ = _lengths(body)
            return Descriptor(kind, raw, _name(body, name), algorithm, size, *_bytes(body, salt, digest))
        case 1:  # HASHTREE
            version, size, tree_at, tree_size, data, block, _, _, _ = body.unpack(">IQQQIIIQQ", "hash tree")
            algorithm = _algorithm(body)
            name, salt, digest, _ = _lengths(body)
            tree = ByteRange(tree_at, tree_at + tree_size) if tree_size else None
            partition = _name(body, name)
            return Descriptor(
                kind, raw, partition, algorithm, size, *_bytes(body, salt, digest), tree, data, block, version
            )
        case 4:  # CHAIN
            _, name, key, _ = body.unpack(">IIII", "chain partition")
            body.skip(60, "reserved bytes")
            return Descriptor(kind, raw, _name(body, name), key=bytes(body.take(key, "public key")))
    return Descriptor(kind, raw)


def _algorithm(body: Cursor) -> str:
    return decoded(bytes(body.take(32, "hash algorithm")).rstrip(b"\0")).lower()


def _lengths(body: Cursor) -> tuple[int, ...]:
    """Lengths of name, salt and digest, then the flags."""
    found = body.unpack(">IIII", "lengths")
    body.skip(60, "reserved bytes")
    return found


def _name(body: Cursor, size: int) -> str:
    return decoded(bytes(body.take(size, "partition name")))


def _bytes(body: Cursor, salt: int, digest: int) -> tuple[bytes, bytes]:
    return bytes(body.take(salt, "salt")), bytes(body.take(digest, "digest"))


def parse_key(raw: bytes, algorithm: Algorithm) -> tuple[int, bytes]:
    """The public key of a vbmeta or chain descriptor: (RSA modulus, empty) or (0, raw ML-DSA key). Raises Malformed.

    An RSA key is stored with two numbers computed from it; a key whose -1/n mod 2^32 is not its own is malformed,
    because the device would compute with the wrong one. The exponent is always 65537.
    """
    cursor = Cursor(raw, f"{WHAT} public key")
    if algorithm.family != "rsa":
        size = cursor.be32("key size")
        key = bytes(cursor.take(size, "key"))
        if cursor.left:
            raise Malformed(WHAT, "bytes behind the public key")
        return 0, key
    bits, inverse = cursor.be32("key size"), cursor.be32("n0inv")
    if bits != algorithm.bits:
        raise Malformed(WHAT, f"a public key of {bits} bits for {algorithm.name}")
    modulus = int.from_bytes(cursor.take(bits // 8, "modulus"), "big")
    square = int.from_bytes(cursor.take(bits // 8, "rr"), "big")
    right = modulus % 2 == 1 and (modulus * inverse) % (1 << 32) == (1 << 32) - 1
    if cursor.left or modulus.bit_length() != bits or not right or square != pow(2, 2 * bits, modulus):
        raise Malformed(WHAT, "the numbers of its public key do not belong together")
    return modulus, b""
