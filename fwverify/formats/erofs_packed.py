"""Compressed files of EROFS: the index of logical clusters, and the physical clusters it leads to.

Sources: Linux fs/erofs/erofs_fs.h (map header, index), fs/erofs/zmap.c (compact index), fs/erofs/decompressor.c (LZ4,
zero padding), read 2026-11-22. A file is cut into logical clusters of one size; each says where a packed extent begins
in it, or how far back the last one began. Three forms of index: 8 bytes for each cluster; packs of 2 in 8 bytes; packs
of 16 in 32 bytes.

Read: LZ4, whole and partly used clusters, clusters of several blocks, tails behind the index. Named, not read:
MicroLZMA, deflate, zstd, fragments, interlaced clusters.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.formats import lz4_sequences
from fwverify.formats.blocks import block_lz4
from fwverify.formats.erofs import CONFIGS as BIG_CLUSTERS
from fwverify.formats.erofs import FRAGMENTS as FRAGMENTS_FEATURE
from fwverify.formats.erofs import PACKED_FULL, TAIL_PACKING, WHAT, ZERO_PADDING, Inode, Superblock
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed, Unsupported

SHORT_PACKS, BIG_1, BIG_2, TAIL, INTERLACED, FRAGMENT = 1, 2, 4, 8, 16, 32
"""Advice of the map header."""
STORED, HEAD_1, NO_HEAD, HEAD_2 = range(4)
"""Types of a logical cluster."""
PARTIAL = 0x8000
BLOCK_COUNT = 0x800
"""A distance with this bit is a number of blocks."""
ALGORITHMS = ("LZ4", "MicroLZMA", "deflate", "zstd")
MAX_LZ4_RATIO = 255
MAX_INDEX = 1 << 20
"""Logical clusters of one file: memory. 4 GiB in blocks of 4 KiB."""


@dataclass(frozen=True, slots=True)
class _Map:
    """The map header of a file."""

    advice: int
    algorithms: int
    bits: int
    """Of a logical cluster."""
    tail_bytes: int
    index: int
    """Where the index begins."""
    read: bool
    """False in the oldest images, which have none."""


@dataclass(frozen=True, slots=True)
class _Cluster:
    """One logical cluster of the index."""

    kind: int
    offset: int = 0
    """Of a head: where its extent begins in the cluster."""
    block: int = 0
    """Of a head."""
    count: int = 0
    """Behind a head: blocks of its physical cluster, if stated."""
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Extent:
    """Packed bytes and what they give."""

    logical: int
    length: int
    """Unpacked bytes."""
    start: int
    size: int
    """Packed bytes at most."""
    stored: bool
    partial: bool
    """The packed bytes may give more."""


@dataclass(frozen=True, slots=True)
class Packed:
    """All extents of a file."""

    extents: list[Extent]
    header: ByteRange
    index: ByteRange
    has_header: bool


def extents(view: memoryview, head: Superblock, node: Inode, end: int) -> Packed:
    """Read the index of a compressed file.

    Raises:
        Malformed: an index or extents that cannot be.
        Unsupported: an algorithm or a form that is not read.
    """
    found = _map(view, head, node, end)
    count = -(-node.size >> found.bits)
    if count > MAX_INDEX:
        raise Unsupported(f"EROFS file in {count} clusters")
    if found.index + 2 * (count // 16) * 16 > end:
        raise Malformed(WHAT, "the index of a file leaves the image", node.body)
    if node.layout == PACKED_FULL:
        clusters, stop = _full(view, found, count, end)
    else:
        clusters, stop = _compact(view, found, count, end)
    out = _joined(head, node, found, clusters)
    if out and found.advice & TAIL and found.tail_bytes:
        last = out[-1]
        out[-1] = Extent(last.logical, last.length, stop, found.tail_bytes, last.stored, last.partial)
    _checked(out, head, found, end)
    map_at = node.body + -node.body % 8
    return Packed(out, ByteRange(map_at, map_at + 8), ByteRange(found.index, max(stop, found.index + 1)), found.read)


def unpacked(view: memoryview, head: Superblock, one: Extent) -> tuple[bytes | memoryview, ByteRange]:
    """The content of an extent, and the packed bytes it took. Raises Malformed."""
    whole = ByteRange(one.start, one.start + one.size)
    if one.stored:
        place = ByteRange(one.start, one.start + one.length)
        return view[place.start : place.end], place
    packed = bytes(view[whole.start : whole.end])
    if not head.features & ZERO_PADDING:
        data, used = lz4_sequences.beginning(packed, one.length)
        return data, ByteRange(one.start, one.start + used)
    packed = packed.lstrip(b"\0")
    if one.partial:
        data, used = lz4_sequences.beginning(packed, one.length)
        return data, ByteRange(one.start, whole.end - len(packed) + used)
    data = block_lz4(memoryview(packed), one.length)
    if len(data) != one.length:
        raise Malformed(WHAT, f"an extent unpacks to {len(data)} bytes where it must have {one.length}", one.start)
    return data, whole


def _map(view: memoryview, head: Superblock, node: Inode, end: int) -> _Map:
    at = node.body + -node.body % 8
    if at + 8 > end:
        raise Malformed(WHAT, "the map header of a file leaves the image", node.body)
    index = at + (16 if node.layout == PACKED_FULL else 8)
    if node.layout == PACKED_FULL and not head.features & (BIG_CLUSTERS | TAIL_PACKING | FRAGMENTS_FEATURE):
        return _Map(0, 0, head.block_bits, 0, index, read=False)
    _, tail, advice, algorithms, bits = struct.unpack_from("<HHHBB", view, at)
    if bits >> 7 or advice & FRAGMENT:
        raise Unsupported("EROFS file with fragments")
    if advice & INTERLACED:
        raise Unsupported("EROFS file with interlaced clusters")
    if advice & ~0x3F:
        raise Unsupported(f"EROFS file with advice 0x{advice & ~0x3F:x}")
    return _Map(advice, algorithms, head.block_bits + (bits & 7), tail, index, read=True)


def _full(view: memoryview, found: _Map, count: int, end: int) -> tuple[list[_Cluster], int]:
    stop = found.index + 8 * count
    if stop > end:
        raise Malformed(WHAT, "the index of a file leaves the image", found.index)
    out: list[_Cluster] = []
    for advice, offset, word in struct.iter_unpack("<HHI", view[found.index : stop]):
        kind = advice & 3
        if kind != NO_HEAD:
            out.append(_Cluster(kind, offset, word, partial=bool(advice & PARTIAL)))
        else:
            distance = word & 0xFFFF
            out.append(_Cluster(NO_HEAD, count=distance & ~BLOCK_COUNT if distance & BLOCK_COUNT else 0))
    return out, stop


def _packs(found: _Map, count: int) -> Iterator[tuple[int, int, int]]:
    """Offset, bytes and clusters of each pack of a compact index.

    Packs of 16 lie on borders of 32 bytes, so that up to 3 packs of 2 come first; what is left at the end has packs of
    2 again.
    """
    first = (32 - found.index % 32) // 4 & 7
    short = (count - first) // 16 * 16 if found.advice & SHORT_PACKS and first < count else 0
    at, done = found.index, 0
    while done < count:
        if first <= done < first + short:
            size, clusters = 32, 16
        else:
            size, clusters = 8, 2
        yield at, size, min(clusters, count - done)
        at, done = at + size, done + clusters


def _compact(view: memoryview, found: _Map, count: int, end: int) -> tuple[list[_Cluster], int]:
    if found.index % 4 or found.bits > 14 or (found.advice & SHORT_PACKS and found.bits > 12):
        raise Malformed(WHAT, "a compact index cannot have clusters of that size", found.index)
    out: list[_Cluster] = []
    stop = found.index
    for at, size, clusters in _packs(found, count):
        stop = at + size
        if stop > end:
            raise Malformed(WHAT, "the index of a file leaves the image", at)
        out += _pack(bytes(view[at:stop]), clusters, found)
    return out, stop


def _pack(data: bytes, clusters: int, found: _Map) -> list[_Cluster]:
    """One pack: a few bits for each cluster, and at its end the block before those of its heads."""
    low = max(found.bits, 12)
    width = (len(data) - 4) * 8 // (16 if len(data) == 32 else 2)
    base = int.from_bytes(data[-4:], "little")
    bits = int.from_bytes(data[:-4], "little")
    big = bool(found.advice & BIG_1)
    block = base if big else base + 1
    out: list[_Cluster] = []
    for index in range(clusters):
        value = bits >> (index * width)
        kind, rest = value >> low & 3, value & ((1 << low) - 1)
        if kind != NO_HEAD:
            out.append(_Cluster(kind, rest, block & 0xFFFFFFFF))
            block += 1
        elif rest & BLOCK_COUNT:
            if not big:
                raise Malformed(WHAT, "an index counts blocks where clusters have one")
            count = rest & ~BLOCK_COUNT
            # the head before it has counted as one block
            block += count - (bool(out) and out[-1].kind != NO_HEAD)
            out.append(_Cluster(NO_HEAD, count=count))
        else:
            out.append(_Cluster(NO_HEAD))
    return out


def _joined(head: Superblock, node: Inode, found: _Map, clusters: list[_Cluster]) -> list[Extent]:
    """Extents from heads: each reaches to the next, the last to the end of the file."""
    size = 1 << found.bits
    heads = [at for at, one in enumerate(clusters) if one.kind != NO_HEAD]
    starts = [at * size + clusters[at].offset for at in heads]
    if starts and starts[-1] == node.size:  # a mark of the end, without packed bytes
        heads.pop()
    else:
        starts.append(node.size)
    if starts[0] or any(clusters[at].offset >= size for at in heads):
        raise Malformed(WHAT, "the index of a file begins behind its beginning", node.body)
    out: list[Extent] = []
    for order, at in enumerate(heads):
        one, length = clusters[at], starts[order + 1] - starts[order]
        if length <= 0:
            raise Malformed(WHAT, "the index of a file goes back", node.body)
        stated = clusters[at + 1].count if at + 1 < len(clusters) else 0
        blocks = stated or 1 << (found.bits - head.block_bits)
        start = one.block << head.block_bits
        stored = one.kind == STORED
        out.append(Extent(starts[order], length, start, blocks << head.block_bits, stored, one.partial))
        if not stored:
            _known(found.algorithms >> 4 if one.kind == HEAD_2 else found.algorithms & 15)
    return out


def _known(algorithm: int) -> None:
    if algorithm:
        name = ALGORITHMS[algorithm] if algorithm < len(ALGORITHMS) else f"compression {algorithm}"
        raise Unsupported(f"EROFS file packed with {name}")


def _checked(found: list[Extent], head: Superblock, header: _Map, end: int) -> None:
    for one in found:
        if one.start + one.size > end:
            raise Malformed(WHAT, "an extent leaves the image", one.start)
        most = one.size if one.stored else one.size * MAX_LZ4_RATIO
        if one.length > most:
            raise Malformed(WHAT, f"{one.size} bytes cannot give {one.length}", one.start)
