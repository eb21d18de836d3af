"""Whose machine code bytes look like, by cheap statistics over a sample: a look, not a proof.

Where all instructions have four bytes, the share of words with a common opcode byte tells, and how often functions
begin and end; elsewhere how often and how varied the sequences are that begin and end functions, call and move.
Sources: opcode maps in the manuals of Arm (A32, T32, A64), MIPS32, Power ISA, RISC-V, SPARC V8, x86-64 and Xtensa, read
2026-11-22; thresholds were set by 70 pieces of code and 570 files of other kinds (tables, pictures), none of which
they take for code. Not known: AVR, MSP430, Hexagon, System/390 and others; code mixed finely with data.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

MIN_BYTES = 256
UNIT_BYTES = 16 << 10
"""Densities count in so many bytes."""
MIN_WORDS = 0.25
"""Share of words that are neither 00000000 nor FFFFFFFF."""
MAX_ONE_KIND = 0.9
"""Of the sequences found: more of one kind is a table, not code."""


@dataclass(frozen=True, slots=True)
class _Words:
    """An architecture with instructions of four bytes."""

    name: str
    column: int
    """Which byte of a word holds most of the opcode."""
    common: bytes
    """Values of it that compiled code mostly has."""
    share: float
    """Of the words that are not fill: how many have one of these, at least."""
    marks: tuple[bytes, ...]
    """Expressions over words that code has many of: returns, stack frames."""
    density: int


@dataclass(frozen=True, slots=True)
class _Sequences:
    """An architecture with instructions of several lengths."""

    name: str
    marks: tuple[bytes, ...]
    """Expressions over what functions begin with, end with, do and call."""
    density: int
    kinds: int
    """So many of the expressions must match somewhere."""
    step: int
    """Instructions begin at multiples of this."""


def _bytes(*spans: tuple[int, int] | int) -> bytes:
    out: set[int] = set()
    for one in spans:
        out.update(range(one[0], one[1] + 1) if isinstance(one, tuple) else (one,))
    return bytes(sorted(out))


A32 = _bytes((0xE0, 0xEB))
A64 = _bytes(
    0x0A, 0x0B, (0x11, 0x14), 0x17, 0x1A, 0x1B, 0x2A, 0x31, 0x32, (0x34, 0x39), 0x4A, 0x4B, (0x51, 0x54), 0x6B, 0x71,
    0x72, 0x78, 0x79, 0x8A, 0x8B, (0x90, 0x94), 0x97, 0x9A, 0x9B, (0xA8, 0xAA), 0xB0, 0xB4, 0xB5, 0xB8, 0xB9, 0xCB,
    (0xD0, 0xD3), 0xD5, 0xD6, 0xEB, 0xF0, 0xF1, 0xF8, 0xF9,
)  # fmt: skip
MIPS = _bytes(
    (0x0C, 0x17), (0x24, 0x36), 0x38, 0x3C, (0x70, 0x73), 0x7C, (0x80, 0x87), (0x8C, 0x97), (0xA0, 0xA7), (0xAC, 0xAF),
    (0xDC, 0xDF),
)  # fmt: skip
POWER = _bytes(
    0x20, 0x28, (0x2C, 0x2F), 0x34, (0x38, 0x3D), (0x3F, 0x42), 0x48, 0x4B, 0x4C, 0x4E, 0x50, 0x54, 0x55, 0x57,
    (0x60, 0x65), 0x70, 0x71, (0x7C, 0x83), (0x88, 0x8B), (0x90, 0x99), 0xA0, 0xA1, 0xB0, (0xE8, 0xEB), (0xF8, 0xFB),
)  # fmt: skip
SPARC = _bytes(0x01, (0x10, 0x13), 0x40, (0x7F, 0x86), (0x90, 0xA8), (0xAA, 0xB8), 0xBA, (0xC0, 0xD6), 0xE0, 0xF0, 0xF2)
_WORDS = (
    _Words("ARM", 3, A32, 0.75, (rb"..[\x2d\xbd]\xe9", rb"\x1e\xff\x2f\xe1", rb"\x0e\xf0\xa0\xe1"), 20),
    _Words("ARM, big-endian", 0, A32, 0.75, (rb"\xe9[\x2d\xbd]..", rb"\xe1\x2f\xff\x1e", rb"\xe1\xa0\xf0\x0e"), 20),
    _Words(
        "AArch64", 3, A64, 0.8,
        (rb"\xc0\x03\x5f\xd6", rb"\xfd..[\xa8\xa9]", rb"[\xe0-\xff][\x03-\x0f][\x00-\x1f][\x2a\xaa]"), 30,
    ),
    _Words(
        "MIPS", 0, MIPS, 0.65,
        (rb"\x27\xbd[\x00\x01\xfe\xff].", rb"[\x8f\xaf][\x80-\xbf]..", rb"\x03\xe0\x00\x08"), 60,
    ),
    _Words(
        "MIPS, little-endian", 3, MIPS, 0.65,
        (rb".[\x00\x01\xfe\xff]\xbd\x27", rb"..[\x80-\xbf][\x8f\xaf]", rb"\x08\x00\xe0\x03"), 60,
    ),
    _Words("PowerPC", 0, POWER, 0.8, (rb"\x94\x21\xff.", rb"\x4e\x80\x00\x20", rb"\x7c[\x08\x09][\x02\x03]\xa6"), 20),
    _Words(
        "PowerPC, little-endian", 3, POWER, 0.8,
        (rb".\xff\x21[\x94\xf8]", rb"\x20\x00\x80\x4e", rb"\xa6[\x02\x03][\x08\x09]\x7c"), 20,
    ),
    _Words(
        "SPARC", 0, SPARC, 0.75,
        (rb"\x9d\xe3\xbf.", rb"\x81\xc7\xe0\x08", rb"\x81\xe8\x00\x00", rb"\x01\x00\x00\x00"), 40,
    ),
)  # fmt: skip
_SEQUENCES = (
    _Sequences(
        "Thumb",
        (rb".\xb5|\x2d\xe9", rb"\x70\x47|.\xbd|\xbd\xe8", rb".[\xf0-\xf7].[\xf8-\xff]", rb".[\x46\x68\xd0\xd1\xe7]"),
        700, 3, 2,
    ),
    _Sequences(
        "x86",
        (
            rb"\x55\x48\x89\xe5|\x55\x89\xe5|\x53\x48|\x41[\x54-\x57]",
            rb"\xe8..(?:\x00\x00|\xff\xff)",
            rb"[\x48\x4c][\x89\x8b\x8d\x83\x85]|\x8b[\x44-\x4f\x50-\x5f]|\x83[\xc4\xec]",
            rb"\x85\xc0|\x84\xc0|\x31\xc0|\x0f[\x84\x85\xb6]",
        ),
        250, 3, 1,
    ),
    _Sequences(
        "RISC-V",
        (
            rb"\x82\x80|\x67\x80\x00\x00",
            rb"\x01\x11|.\x71|\x13\x01..",
            rb"\x06[\xc0-\xff]|\x23..[\x00-\x1f]|.[\xc0-\xcf]",
            rb"[\xef\x97\xe7]\x00..|\x97...|[\x03\x83]\x32..",
        ),
        300, 4, 2,
    ),
    _Sequences(
        "Xtensa",
        (
            rb"\x36[\x41\x61\x81\xa1\xc1\xe1][\x00-\x02]",
            rb"\x1d\xf0|\x90\x00\x00",
            rb"[\x25\x65\xa5\xe5]..",
            rb"[\x21\x31\x41\x51\x61\x71\x81\x91].[\xe0-\xff]",
        ),
        250, 4, 1,
    ),
)  # fmt: skip


def architecture(sample: bytes) -> str:
    """Whose machine code a sample looks like, which begins where an instruction may; empty: nobody's known here."""
    if len(sample) < MIN_BYTES:
        return ""
    words = _without_fill(sample)
    if len(words) >= MIN_WORDS * len(sample):
        for one in _WORDS:
            common = _share(words[one.column :: 4], one.common) >= one.share
            if common and _dense(sample, _compiled(one.marks), one.density, 1, 4):
                return one.name
    for many in _SEQUENCES:
        if _dense(sample, _compiled(many.marks), many.density, many.kinds, many.step):
            return many.name
    return ""


def _without_fill(sample: bytes) -> bytes:
    words = (sample[at : at + 4] for at in range(0, len(sample) - 3, 4))
    return b"".join(one for one in words if one not in (b"\0\0\0\0", b"\xff\xff\xff\xff"))


def _share(column: bytes, common: bytes) -> float:
    return 1 - len(column.translate(None, common)) / len(column)


def _dense(sample: bytes, marks: re.Pattern[bytes], density: int, kinds: int, step: int) -> bool:
    found = [hit.lastindex for hit in marks.finditer(sample) if hit.start() % step == 0]
    enough = len(found) * UNIT_BYTES >= density * len(sample)
    most = max((found.count(one) for one in set(found)), default=0)
    return enough and len(set(found)) >= kinds and (kinds == 1 or most <= MAX_ONE_KIND * len(found))


@cache
def _compiled(marks: tuple[bytes, ...]) -> re.Pattern[bytes]:
    return re.compile(b"|".join(b"(%s)" % one for one in marks), re.DOTALL)
