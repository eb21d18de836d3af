"""U-Boot's environment as it lies in flash: CRC-32, perhaps a flag, variables as text, free space.

Source: U-Boot include/env_internal.h (struct environment_s), env/common.c, read 2026-11-22. The CRC is over all bytes
behind it (and behind the flag of redundant environments) up to the size that a board configures, which is stated
nowhere. So it is found by trying: sizes of 1 and 2 KiB and whole 4 KiB up to 256 KiB, and the end of the bytes.
Does NOT read environments in text form (uboot.env.txt) or those built into a boot loader, which have no CRC.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from fwverify.formats.extents import Tick
from fwverify.model.artifact import ByteRange

CRC_BYTES = 4
STEP_BYTES, MAX_BYTES = 4096, 256 << 10
SIZES = (1024, 2048, *range(STEP_BYTES, MAX_BYTES + 1, STEP_BYTES))
"""Sizes boards configure, the CRC included."""
MAX_PAGES_BEFORE = 15
"""4 KiB pages that may lie between the beginning and a variable that is looked for."""
CRC_COST = MAX_BYTES >> 3
"""A CRC is cheap beside a parser."""
COMMON_VARIABLES = (b"bootcmd=", b"bootdelay=", b"baudrate=", b"bootargs=", b"ethaddr=")
"""An environment has one of these."""
_FIRST = re.compile(rb"[A-Za-z_.][\x21-\x3c\x3e-\x7e]{0,255}=")
_ENTRY = re.compile(rb"(?:[A-Za-z_.][\x21-\x3c\x3e-\x7e]{0,255}=[\t\n\r\x20-\x7e]*\x00)+\x00")


@dataclass(frozen=True, slots=True)
class Environment:
    """Where the parts of one lie."""

    start: int
    variables: ByteRange
    """With the NUL that ends them."""
    end: int
    big_endian: bool
    """Byte order of the CRC."""

    @property
    def first(self) -> int:
        """Where the bytes begin that the CRC is over: 4 or, with a flag, 5 bytes behind the start."""
        return self.variables.start


def read(view: memoryview, at: int = 0) -> Environment | None:
    """The environment that begins at `at`; None when no CRC fits."""
    for first in (at + CRC_BYTES, at + CRC_BYTES + 1):
        if not _FIRST.match(view, first, first + 258):
            continue
        for end, big_endian in _ends(view, at, first):
            listed = _ENTRY.match(view, first, end)
            if listed is not None:
                return Environment(at, ByteRange(first, listed.end()), end, big_endian)
    return None


def _ends(view: memoryview, at: int, first: int) -> list[tuple[int, bool]]:
    """The size at which the CRC fits (at most one), and the CRC's byte order."""
    declared = bytes(view[at : at + CRC_BYTES])
    crc, done = 0, first
    for size in (*SIZES, min(len(view) - at, MAX_BYTES)):
        end = at + size
        if not done < end <= len(view):
            continue
        crc, done = zlib.crc32(view[done:end], crc), end
        if declared == crc.to_bytes(CRC_BYTES, "little"):
            return [(end, False)]
        if declared == crc.to_bytes(CRC_BYTES, "big"):
            return [(end, True)]
    return []


def begin(view: memoryview, hit: int, low: int, tick: Tick) -> int:
    """Where the environment around a variable found at `hit` begins, at or after `low`; -1: nowhere."""
    candidates = {hit - back & ~(step - 1) for step in (0x100, 0x1000) for back in (CRC_BYTES, CRC_BYTES + 1)}
    candidates |= {(hit & ~0xFFF) - 0x1000 * back for back in range(1, MAX_PAGES_BEFORE + 1)}
    for start in sorted(candidates, reverse=True):
        if start < low:
            break
        tick(64)
        if not any(_FIRST.match(view, start + CRC_BYTES + flag, start + 262) for flag in (0, 1)):
            continue
        tick(CRC_COST)
        found = read(view, start)
        if found is not None and found.variables.start <= hit < found.variables.end:
            return start
    return -1


def end(view: memoryview, at: int, tick: Tick) -> int:
    """Where the environment that begins at `at` ends; 0 when none does."""
    tick(CRC_COST)
    found = read(view, at) if at >= 0 else None
    return found.end if found else 0
