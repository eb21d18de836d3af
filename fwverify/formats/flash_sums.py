"""Checksums of the many nodes of a flash file system, counted: those that hold together, those that fail one by one.

CRC-32 as JFFS2, UBI and UBIFS use it: the polynomial of zlib, without the last inversion; JFFS2 begins with 0, the
other two with all ones. CRC-16 as the tree of LEB properties of UBIFS uses it: polynomial 8005 reflected, which begins
with all ones and is not inverted. Sources: Linux fs/jffs2/nodelist.h, drivers/mtd/ubi/ubi-media.h, fs/ubifs/lpt.c,
lib/crc16.c, read 2026-11-22.

Does NOT do: finding nodes, judging what a failure means.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

MAX_FAILED = 16
"""Failures kept one by one."""
ONES = 0xFFFFFFFF


def crc32_from_zero(data: bytes | memoryview) -> int:
    """The register after `data` when it was 0 before."""
    return zlib.crc32(data, ONES) ^ ONES


def crc32_from_ones(data: bytes | memoryview) -> int:
    """The register after `data` when it was all ones before."""
    return zlib.crc32(data) ^ ONES


def _entry(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value


_CRC16 = tuple(_entry(one) for one in range(256))


def crc16(data: bytes | memoryview) -> int:
    """For a few hundred bytes: one step for each."""
    value = 0xFFFF
    for one in bytes(data):
        value = value >> 8 ^ _CRC16[(value ^ one) & 0xFF]
    return value


@dataclass(frozen=True, slots=True)
class Failed:
    """A sum that does not hold."""

    name: str
    """Of what, with its place."""
    declared: int
    computed: int


@dataclass(slots=True)
class Tally:
    """What the sums of one sort of structure gave."""

    name: str
    """In the plural."""
    size: int = 4
    """Of a sum, in bytes."""
    value: int = 0
    """All that hold, exclusive-or: what one line can say of thousands."""
    holding: int = 0
    failures: int = 0
    failed: list[Failed] = field(default_factory=list)
    """The first of them."""

    def take(self, name: str, at: int, declared: int, computed: int) -> bool:
        """Count one, `name` at offset `at`; True when it holds."""
        if declared == computed:
            self.holding += 1
            self.value ^= declared
            return True
        self.failures += 1
        if len(self.failed) < MAX_FAILED:
            self.failed.append(Failed(f"{name} at 0x{at:x}", declared, computed))
        return False
