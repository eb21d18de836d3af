"""The file allocation table: entries of 12, 16 or 32 bits, chains of clusters, and what nothing refers to.

Sources: Microsoft FAT32 File System Specification 1.03 (FAT entries), read 2026-11-22. A cluster belongs to one chain:
the first that is followed has it, so that rings and shared clusters end and all chains together are bounded.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fwverify.formats.fat_volume import WHAT, Volume
from fwverify.limits import LimitExceeded
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

MAX_RUNS = 256
"""Runs of unexplained entries told apart; beyond, all between the first and the last count as one."""
NEAR_BYTES = 64
"""Zeros in a program that lies in a FAT look like free clusters."""
COMPARED_BYTES = 1 << 16
MAX_CHAIN_RUNS = 1 << 20
"""Contiguous runs of all chains together: memory, not time. A volume in so many pieces is no delivery."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Clusters of one file or directory."""

    runs: tuple[tuple[int, int], ...]
    """First cluster and number of clusters of each contiguous run."""
    problem: str = ""
    """Why it ends before its end mark."""

    @property
    def clusters(self) -> int:
        return sum(count for _, count in self.runs)


@dataclass(slots=True)
class Table:
    """All entries of the FAT that counts, and which of them chains have reached."""

    volume: Volume
    values: Sequence[int]
    reached: bytearray = field(repr=False)
    shared: bool = False
    """Some chain ran into a cluster that another has."""
    runs: int = 0
    """Of all chains so far."""

    @property
    def last(self) -> int:
        """Number of the last cluster, plus one."""
        return self.volume.clusters + 2

    def chain(self, first: int) -> Chain:
        """Follow a chain to its end mark, or as far as it is sound. Raises LimitExceeded."""
        found = self._chain(first)
        self.runs += len(found.runs)
        self.shared = self.shared or found.problem == SHARED
        return found

    def _chain(self, first: int) -> Chain:
        ended, bad = ending(self.volume.bits)
        runs: list[tuple[int, int]] = []
        start = at = first
        values, reached, last = self.values, self.reached, self.last
        problem = _refused(at, last, reached)
        while not problem:
            reached[at] = 1
            following = values[at]
            if following != at + 1:
                runs.append((start, at + 1 - start))
                if following >= ended:
                    return Chain(tuple(runs))
                problem = _refused(following, last, reached) if following != bad else "it leads to a bad cluster"
                start = following
            elif reached[following] if following < last else True:
                runs.append((start, at + 1 - start))
                problem = _refused(following, last, reached)
            at = following
            if self.runs + len(runs) > MAX_CHAIN_RUNS:
                raise LimitExceeded("FAT runs of clusters", MAX_CHAIN_RUNS)
        return Chain(tuple(runs), problem)

    def lost(self) -> list[int]:
        """Entries that mark a cluster as used which no chain has reached; bad clusters are none."""
        _, bad = ending(self.volume.bits)
        return [
            at for at, value in enumerate(self.values) if value and at >= 2 and value != bad and not self.reached[at]
        ]

    def places(self, entries: Iterable[int]) -> tuple[ByteRange, ...]:
        """Where entries lie in a FAT; those near one another are joined, with what lies between."""
        bits = self.volume.bits
        out: list[ByteRange] = []
        for one in entries:
            start, stop = one * bits // 8, -(-(one + 1) * bits // 8)
            if out and start <= out[-1].end + NEAR_BYTES:
                out[-1] = ByteRange(out[-1].start, stop)
            else:
                out.append(ByteRange(start, stop))
        return tuple(out) if len(out) <= MAX_RUNS else (ByteRange(out[0].start, out[-1].end),)

    @property
    def used_bytes(self) -> int:
        """Bytes of a FAT that stand for clusters; what follows has no meaning."""
        return -(-self.last * self.volume.bits // 8)


SHARED = "it leads to a cluster that another file has, or in a ring"


def _refused(cluster: int, last: int, reached: bytearray) -> str:
    if not 2 <= cluster < last:
        return "it leads to a cluster that does not exist" if cluster else "it leads to a free cluster"
    return SHARED if reached[cluster] else ""


def ending(bits: int) -> tuple[int, int]:
    """The least end mark, and the mark of a bad cluster."""
    top = {12: 0xFFF, 16: 0xFFFF, 32: 0x0FFFFFFF}[bits]
    return top - 7, top - 8


def read(view: memoryview, volume: Volume) -> Table:
    """Read the FAT that counts. Raises Malformed when it is cut off."""
    place = volume.fat(volume.active)
    if place.end > len(view):
        raise Malformed(WHAT, "the FAT is cut off", place.start)
    last = volume.clusters + 2
    values: Sequence[int]
    if volume.bits == 12:
        values = _twelve(bytes(view[place.start : place.start + last * 3 // 2 + 2]), last)
    else:
        width = volume.bits // 8
        words = array("H" if width == 2 else "I", bytes(view[place.start : place.start + last * width]))
        if sys.byteorder == "big":
            words.byteswap()
        values = words
    return Table(volume, values, bytearray(last))


def reserved_bits(table: Table) -> list[int]:
    """Entries of a FAT32 whose upper four bits, which have no meaning, are not zero; they are cleared."""
    values = table.values
    if table.volume.bits != 32 or not isinstance(values, array):
        return []
    found = [at for at, value in enumerate(values) if value > 0x0FFFFFFF]
    for at in found:
        values[at] &= 0x0FFFFFFF
    return [at for at in found if at >= 2]


def _twelve(data: bytes, count: int) -> list[int]:
    data = data.ljust(-(-count * 3 // 2) + 3, b"\0")
    out: list[int] = []
    for low, middle, high in struct.iter_unpack("<3B", data[: len(data) // 3 * 3]):
        out.append(low | (middle & 0x0F) << 8)
        out.append(middle >> 4 | high << 4)
    return out[:count]


def differing(view: memoryview, volume: Volume, index: int) -> list[ByteRange]:
    """Sectors in which a FAT differs from the one that counts, relative to its beginning, joined."""
    one, other = volume.fat(volume.active), volume.fat(index)
    out: list[ByteRange] = []
    for at in range(0, one.size, COMPARED_BYTES):
        size = min(COMPARED_BYTES, one.size - at)
        first = bytes(view[one.start + at : one.start + at + size])
        second = bytes(view[other.start + at : other.start + at + size])
        if first != second:
            _sectors(first, second, at, volume.sector_bytes, out)
    return out if len(out) <= MAX_RUNS else [ByteRange(out[0].start, out[-1].end)]


def _sectors(first: bytes, second: bytes, base: int, step: int, out: list[ByteRange]) -> None:
    for at in range(0, len(first), step):
        if first[at : at + step] == second[at : at + step]:
            continue
        start, stop = base + at, base + min(at + step, len(first))
        if out and out[-1].end == start:
            out[-1] = ByteRange(out[-1].start, stop)
        else:
            out.append(ByteRange(start, stop))
