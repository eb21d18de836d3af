"""Content of JFFS2 files: the pieces of its nodes laid over one another by version, and how a piece is unpacked.

Source: Linux fs/jffs2/readinode.c and build.c (a later version hides what it covers, the last one states the size),
compr_rtime.c, compr_zlib.c, compr_lzo.c; include/uapi/linux/jffs2.h (numbers), read 2026-11-22.

Does NOT do: the Rubin compressions, which nobody writes any more, and LZMA, of which vendors have several: both are
refused by name.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fwverify.formats.blocks import block_lzo, block_zlib
from fwverify.formats.jffs2 import WHAT, Inode
from fwverify.model.examining import Malformed, Unsupported

NONE, ZERO, RTIME, COPY, ZLIB, LZO = 0, 1, 2, 4, 6, 7
NAMED = {3: "Rubin (MIPS)", 5: "dynamic Rubin", 8: "LZMA"}
MAX_PIECE_BYTES = 1 << 18
"""Unpacked: a piece has at most one page of the machine, and none is larger than 64 KiB."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a file and the node that has it."""

    start: int
    end: int
    node: Inode | None
    """None: no node has it."""


def pieces(nodes: Iterable[Inode], size: int) -> list[Piece]:
    """The file from 0 to its size, each stretch with the node of the highest version over it, without gaps."""
    over = sorted((one for one in nodes if one.unpacked), key=lambda one: (one.offset, one.version, one.at))
    out: list[Piece] = []
    for start, end, node in _alone(over) if _apart(over) else _layered(over):
        at = out[-1].end if out else 0
        end = min(end, size)
        if start >= end:
            continue
        if start > at:
            out.append(Piece(at, start, None))
        out.append(Piece(start, end, node))
    at = out[-1].end if out else 0
    return [*out, Piece(at, size, None)] if at < size else out


def _apart(over: Sequence[Inode]) -> bool:
    """No piece covers another, as in every image straight from its maker."""
    return all(one.offset + one.unpacked <= other.offset for one, other in pairwise(over))


def _alone(over: Sequence[Inode]) -> list[tuple[int, int, Inode]]:
    return [(one.offset, one.offset + one.unpacked, one) for one in over]


def _layered(over: Sequence[Inode]) -> list[tuple[int, int, Inode]]:
    """Stretches of pieces that cover one another: from border to border, the highest version over it."""
    borders = sorted({border for one in over for border in (one.offset, one.offset + one.unpacked)})
    active: list[tuple[int, int, int]] = []
    out: list[tuple[int, int, Inode]] = []
    waiting = 0
    for start, end in pairwise(borders):
        while waiting < len(over) and over[waiting].offset <= start:
            heapq.heappush(active, (-over[waiting].version, -over[waiting].at, waiting))
            waiting += 1
        while active and over[active[0][2]].offset + over[active[0][2]].unpacked <= start:
            heapq.heappop(active)
        if not active:
            continue
        node = over[active[0][2]]
        if out and out[-1][2] is node and out[-1][1] == start:
            out[-1] = (out[-1][0], end, node)
        else:
            out.append((start, end, node))
    return out


def hidden(nodes: Iterable[Inode], shown: Iterable[Piece]) -> list[Inode]:
    """Nodes of which something is not to be seen in the file, in the order they were written."""
    seen: dict[int, int] = {}
    for piece in shown:
        if piece.node is not None:
            seen[piece.node.at] = seen.get(piece.node.at, 0) + piece.end - piece.start
    out = [one for one in nodes if (one.unpacked or one.packed) and seen.get(one.at, 0) < max(one.unpacked, 1)]
    return sorted(out, key=lambda one: (one.version, one.at))


def unpacked(view: memoryview, node: Inode) -> bytes | memoryview:
    """The bytes of a node that is not `ZERO`.

    Raises:
        Malformed: its sum does not hold, or it does not unpack to what it declares.
        Unsupported: a compression that is not read.
    """
    if not node.sound:
        raise Malformed(WHAT, "the checksum of a node's data does not hold", node.at)
    if node.compression in NAMED:
        raise Unsupported(f"JFFS2 with {NAMED[node.compression]} compression")
    if node.unpacked > MAX_PIECE_BYTES:
        raise Malformed(WHAT, f"a node of {node.unpacked} bytes", node.at)
    place = node.data
    data = _block(node.compression, view[place.start : place.end] if place else view[:0], node.unpacked)
    if len(data) != node.unpacked:
        raise Malformed(WHAT, f"a node unpacks to {len(data)} bytes where it has {node.unpacked}", node.at)
    return data


def _block(compression: int, packed: memoryview, size: int) -> bytes | memoryview:
    if compression in (NONE, COPY):
        return packed
    if compression == ZLIB:
        return block_zlib(packed, size)
    if compression == LZO:
        return block_lzo(packed, size)
    if compression == RTIME:
        return rtime(bytes(packed), size)
    raise Unsupported(f"JFFS2 with compression {compression}")


def rtime(packed: bytes, size: int) -> bytes:
    """Pairs of a byte and how many bytes follow from behind where that byte occurred last. Raises Malformed."""
    out, last = bytearray(), [0] * 256
    for at in range(0, len(packed) - 1, 2):
        value, count = packed[at], packed[at + 1]
        out.append(value)
        start, last[value] = last[value], len(out)
        if count:
            run = out[start : start + count]
            out += run if len(run) == count else (run * (count // len(run) + 1))[:count]
        if len(out) > size:
            break
    if len(out) != size or len(packed) % 2 or len(packed) > 2 * size:
        raise Malformed(WHAT, f"a node packed with rtime does not give {size} bytes")
    return bytes(out)
