"""What a stretch of unexplained bytes looks like: fill, text, noise (packed or encrypted), machine code, or unknown.

From samples, cheaply; a look, not a proof. Machine code is known by the share of common opcode bytes where the
architecture has instructions of four bytes, else by how often the sequences stand that begin and end functions and call
them. Sources: the instruction set manuals of Arm (A32, T32, A64), MIPS32, Power, RISC-V, SPARC, x86-64 and Xtensa,
opcode maps, read 2026-11-22. Not known: other architectures, code mixed finely with data, code that is packed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from fwverify.formats.entropy import sampled
from fwverify.formats.names import fill_byte
from fwverify.model.artifact import ByteRange

PIECES, PIECE_BYTES = 16, 1024
"""Sampled: at most 16 KiB, spread evenly; pieces begin at multiples of four."""
NOISE = 740
"""Hundredths of a bit for each byte; program code stays below 700, packed data above 760."""
MIN_NOISE_BYTES = 256
TEXT_SHARE = 0.95
MIN_CODE_BYTES = 256
NOT_TEXT = bytes(sorted(set(range(256)) - {9, 10, 13, *range(0x20, 0x7F)}))


class Kind(StrEnum):
    FILL = "fill"
    """One byte value over and over."""
    TEXT = "text"
    NOISE = "high entropy"
    """Compressed, encrypted or random."""
    CODE = "machine code"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class _Words:
    """An architecture with instructions of four bytes."""

    name: str
    column: int
    """Which byte of a word holds most of the opcode."""
    common: bytes
    """Values of it that compiled code mostly has; none of them 00 or FF."""
    share: float
    """Of the words that are neither 00000000 nor FFFFFFFF: how many have one."""
    marks: bytes
    """Of words that code has many of (returns, stack frames): an expression over bytes."""
    density: int
    """Marks in a sample of 16 KiB, at least."""


def _bytes(*spans: tuple[int, int] | int) -> bytes:
    out: set[int] = set()
    for one in spans:
        out.update(range(one[0], one[1] + 1) if isinstance(one, tuple) else (one,))
    return bytes(sorted(out))


A32 = _bytes((0xE0, 0xEB))
A64 = _bytes(
    0x0A, 0x0B, 0x11, 0x12, 0x13, 0x14, 0x17, 0x1A, 0x1B, 0x2A, 0x31, 0x32, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x4A,
    0x4B, 0x51, 0x52, 0x53, 0x54, 0x6B, 0x71, 0x72, 0x78, 0x79, 0x8A, 0x8B, 0x90, 0x91, 0x92, 0x93, 0x94, 0x97, 0x9A,
    0x9B, 0xA8, 0xA9, 0xAA, 0xB0, 0xB4, 0xB5, 0xB8, 0xB9, 0xCB, 0xD0, 0xD1, 0xD2, 0xD3, 0xD5, 0xD6, 0xEB, 0xF0, 0xF1,
    0xF8, 0xF9,
)  # fmt: skip
MIPS = _bytes(
    (0x0C, 0x0F), (0x10, 0x17), (0x24, 0x2F), (0x30, 0x33), 0x34, 0x35, 0x36, 0x38, 0x3C, (0x70, 0x73), 0x7C,
    (0x80, 0x83), (0x84, 0x87), (0x8C, 0x93), (0x94, 0x97), (0xA0, 0xA7), (0xAC, 0xAF), (0xDC, 0xDF),
)  # fmt: skip
POWER = _bytes(
    0x20, 0x28, (0x2C, 0x2F), 0x34, (0x38, 0x3D), 0x3F, 0x40, 0x41, 0x42, 0x48, 0x4B, 0x4C, 0x4E, 0x50, 0x54, 0x55,
    0x57, (0x60, 0x65), 0x70, 0x71, (0x7C, 0x7F), (0x80, 0x83), (0x88, 0x8B), (0x90, 0x99), 0xA0, 0xA1, 0xB0,
    (0xE8, 0xEB), (0xF8, 0xFB),
)  # fmt: skip
SPARC = _bytes(0x01, (0x10, 0x13), 0x40, 0x7F, (0x80, 0x86), (0x90, 0xA8), (0xAA, 0xB8), 0xBA, (0xC0, 0xD6), 0xE0, 0xF0, 0xF2)
WORDS = (
    _Words("ARM", 3, A32, 0.75, rb"[\x00-\xff]{2}[\x2d\xbd]\xe9|\x1e\xff\x2f\xe1|\x0e\xf0\xa0\xe1", 20),
    _Words("ARM, big-endian", 0, A32, 0.75, rb"\xe9[\x2d\xbd][\x00-\xff]{2}|\xe1\x2f\xff\x1e|\xe1\xa0\xf0\x0e", 20),
    _Words("AArch64", 3, A64, 0.8, rb"\xc0\x03\x5f\xd6|\xfd[\x00-\xff]{2}[\xa8\xa9]|[\xe0-\xff][\x03-\x0f][\x00-\x1f][\x2a\xaa]", 30),
    _Words("MIPS", 0, MIPS, 0.65, rb"\x27\xbd[\x00-\x01\xfe\xff].|[\x8f\xaf][\x80-\xbf]..|\x03\xe0\x00\x08", 60),
    _Words("MIPS, little-endian", 3, MIPS, 0.65, rb".[\x00-\x01\xfe\xff]\xbd\x27|..[\x80-\xbf][\x8f\xaf]|\x08\x00\xe0\x03", 60),
    _Words("PowerPC", 0, POWER, 0.8, rb"\x94\x21\xff.|\x4e\x80\x00\x20|\x7c[\x08\x09]\x02\xa6|\x7c[\x08\x09]\x03\xa6", 20),
    _Words("PowerPC, little-endian", 3, POWER, 0.8, rb".\xff\x21[\x94\xf8]|\x20\x00\x80\x4e|\xa6[\x02\x03][\x08\x09]\x7c", 20),
    _Words("SPARC", 0, SPARC, 0.75, rb"\x9d\xe3\xbf.|\x81\xc7\xe0\x08|\x81\xe8\x00\x00|\x01\x00\x00\x00", 40),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Sequences:
    """An architecture with instructions of several lengths."""

    name: str
    marks: bytes
    """Expression over what its functions begin and end with and how they call."""
    density: int
    """Matches in a sample of 16 KiB, at least."""
    kinds: int
    """Different alternatives (numbered groups) that must be among them."""
    step: int = 1
    """Instructions begin at multiples of this."""


SEQUENCES = (
    _Sequences("Thumb", rb"([\x00-\xff]\xb5)|(\x70\x47|[\x00-\xff]\xbd)|([\x00-\xff][\xf0-\xf7][\x00-\xff][\xf8-\xff])|([\x00-\xff]\x46)", 500, 4, 2),
    _Sequences("x86", rb"(\x55\x48\x89\xe5|\x55\x89\xe5|\x53\x48|\x41\x5[4-7])|(\xe8[\x00-\xff]{2}(?:\x00\x00|\xff\xff))|"
               rb"([\x48\x4c][\x89\x8b\x8d\x83\x85]|\x8b[\x44-\x4f\x50-\x5f]|\x83[\xc4\xec])|(\x85\xc0|\x84\xc0|\x31\xc0|\x0f[\x84\x85\xb6])", 350, 4),
    _Sequences("RISC-V", rb"(\x82\x80|\x67\x80\x00\x00)|(\x01\x11|[\x00-\xff]\x71|\x13\x01[\x00-\xff]{2})|(\x06[\xc0-\xff]|\x23[\x00-\xff]{2}[\x00-\x1f]|[\x00-\xff][\xc0-\xcf])|"
               rb"([\xef\x97\xe7]\x00[\x00-\xff]{2}|\x97[\x00-\xff]{3}|[\x03\x83]2[\x00-\xff]{2})", 300, 4, 2),
    _Sequences("Xtensa", rb"(\x36[\x41\x61\x81\xa1\xc1\xe1][\x00-\x02])|(\x1d\xf0|\x90\x00\x00)|([\x25\x65\xa5\xe5][\x00-\xff]{2})|([\x21\x31\x41\x51\x61\x71\x81\x91][\x00-\xff]{2})", 700, 4),
)  # fmt: skip


def classify(view: memoryview, span: ByteRange) -> tuple[Kind, int]:
    """What the bytes look like, and their entropy in hundredths of a bit for each byte (0 to 800)."""
    entropy = sampled(view, span.start, span.end)
    if fill_byte(view, span) or _one_value(view, span):
        return Kind.FILL, entropy
    sample = _sample(view, span)
    if len(sample.translate(None, NOT_TEXT)) >= TEXT_SHARE * len(sample):
        return Kind.TEXT, entropy
    if entropy >= NOISE and span.size >= MIN_NOISE_BYTES:
        return Kind.NOISE, entropy
    return (Kind.CODE if architecture(sample) else Kind.UNKNOWN), entropy


def architecture(sample: bytes) -> str:
    """Whose machine code a sample (whole words, from its beginning) looks like; empty: nobody's known here."""
    if len(sample) < MIN_CODE_BYTES:
        return ""
    words = _without_fill(sample)
    if len(words) * 4 >= len(sample):
        for one in WORDS:
            if _share(words[one.column :: 4], one.common) >= one.share and _dense(sample, one.marks, one.density, 1, 4):
                return one.name
    for many in SEQUENCES:
        if _dense(sample, many.marks, many.density, many.kinds, many.step):
            return many.name
    return ""


def _without_fill(sample: bytes) -> bytes:
    """The sample's words that are neither 00000000 nor FFFFFFFF."""
    return b"".join(
        sample[at : at + 4]
        for at in range(0, len(sample) - 3, 4)
        if sample[at : at + 4] not in (b"\0\0\0\0", b"\xff\xff\xff\xff")
    )


def _share(column: bytes, common: bytes) -> float:
    return 1 - len(column.translate(None, common)) / len(column)


def _dense(sample: bytes, marks: bytes, density: int, kinds: int, step: int) -> bool:
    found = [hit.lastindex or 0 for hit in _compiled(marks).finditer(sample) if hit.start() % step == 0]
    enough = len(found) * PIECES * PIECE_BYTES >= density * len(sample)
    most = max((found.count(one) for one in set(found)), default=0)
    return enough and len(set(found)) >= kinds and (kinds == 1 or most <= 0.9 * len(found))


@cache
def _compiled(expression: bytes) -> re.Pattern[bytes]:
    return re.compile(expression, re.DOTALL)


def _one_value(view: memoryview, span: ByteRange) -> bool:
    """All bytes are equal. Looks at all of them only when a sample is."""
    first = view[span.start]
    if set(_sample(view, span)) != {first}:
        return False
    block = bytes([first]) * 65536
    return all(
        bytes(view[at : min(at + 65536, span.end)]) == block[: min(65536, span.end - at)]
        for at in range(span.start, span.end, 65536)
    )


def _sample(view: memoryview, span: ByteRange) -> bytes:
    """Pieces spread evenly, each beginning at a multiple of four of the view."""
    if span.size <= PIECES * PIECE_BYTES:
        start = min(-(-span.start // 4) * 4, span.end)
        return bytes(view[start : span.end]) or bytes(view[span.start : span.end])
    step = (span.size - PIECE_BYTES) // (PIECES - 1)
    starts = (-(-(span.start + step * one) // 4) * 4 for one in range(PIECES))
    return b"".join(bytes(view[one : min(one + PIECE_BYTES, span.end)]) for one in starts)
