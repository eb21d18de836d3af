"""Raw program image of an Arm Cortex-M microcontroller: its vector table, and where in memory it belongs.

Source: Armv7-M Architecture Reference Manual (DDI 0403E) B1.5.2 and B1.5.3 "The vector table", and Armv8-M (DDI 0553)
B4.1, read 2026-11-22. Memory areas: Arm's default memory map and the flash bases that vendors use.
Recognised by shape, since such an image has no magic. Machine code is not decoded: the load address is the one under
which most pointers hit a function's first instruction.
"""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass

from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

WHAT = "Cortex-M image"
SYSTEM_VECTORS = 16
MAX_VECTORS = 512
"""System vectors and 496 interrupts (Armv8-M)."""
TABLE_BYTES = 4 * SYSTEM_VECTORS
REQUIRED = (2, 3)
"""NMI and HardFault: every core has them."""
HANDLERS = (2, 3, 4, 5, 6, 11, 12, 14, 15)
RESERVED = (7, 8, 9, 10, 13)
"""Zero, FFFFFFFF or a handler. Vector 7 may also make the first eight words sum to zero (NXP boot ROMs)."""
RAM_AREAS = ((0x10000000, 0x10010000), (0x20000000, 0x40000000))
"""Where a stack may lie: core-coupled memory, SRAM and tightly coupled memory."""
FLASH_AREAS = (
    (0x08000000, 0x02000000),  # STM32, GD32, AT32, N32
    (0x00000000, 0x01000000),  # nRF, SAM D, LPC, Kinetis, MSP432, EFM32: flash at zero or mapped there
    (0x00400000, 0x00400000),  # SAM3, SAM4, SAM E70
    (0x0C000000, 0x02000000),  # STM32 with TrustZone, secure alias; XMC4000
    (0x10000000, 0x01000000),  # RP2040 and RP2350, PSoC 6, LPC55 secure
    (0x1A000000, 0x02000000),  # LPC43 and LPC18 flash banks
    (0x30000000, 0x02000000),  # i.MX RT FlexSPI
    (0x60000000, 0x08000000),  # i.MX RT FlexSPI, external memory
    (0x90000000, 0x10000000),  # STM32 memory-mapped QSPI
    (0x20000000, 0x00200000),  # programs loaded into RAM
)
"""Base and size in bytes; the base itself is the likeliest load address."""
STEP = 0x100
"""Boot loaders leave the program at a multiple of the smallest vector table alignment."""
MAX_IMAGE_BYTES = 64 << 20
MAX_POINTERS = 4096
"""Pointers that vote on the load address."""
MAX_VOTE_BYTES = 1 << 20
"""Bytes of the image in which pointers and first instructions are looked for."""
MIN_VOTES = 8
"""Fewer votes than this prove nothing: then the base of the flash area is taken where it fits."""


@dataclass(frozen=True, slots=True)
class CortexM:
    """What the vector table says."""

    load: int
    """Address of the image's first byte."""
    entry: int
    """Address of the reset handler's first instruction (thumb bit cleared)."""
    stack: int
    """Initial stack pointer."""
    table: ByteRange
    """The vector table with its interrupt vectors."""
    load_proven: bool
    """Pointers confirm the load address; else it is the likeliest of those that fit."""


def looks_like(view: memoryview, named_address: int | None = None) -> bool:
    """True when the first 64 bytes are a vector table whose handlers can lie in the image. Never raises."""
    return _areas(view, named_address) != ()


def read_cortex_m(view: memoryview, named_address: int | None = None) -> CortexM:
    """Read the vector table and find the load address.

    1. The first 16 words must be a stack pointer, handlers, and reserved words.
    2. All handlers lie in one flash area, within the size of the image.
    3. The address in the member's name (text images give one) is taken when it fits; else the address under which
       most pointers hit a function's first instruction; else the area's base; else the highest that fits.

    Args:
        view: the whole image.
        named_address: address the image is known to lie at, from outside its own bytes.

    Raises:
        Malformed: not a vector table.
    """
    areas = _areas(view, named_address)
    if not areas:
        raise Malformed(WHAT, "the first words are no vector table", 0)
    words = struct.unpack_from(f"<{SYSTEM_VECTORS}I", view)
    handlers = _handlers(words)
    loads, proven = [_load(view, handlers, *one) for one in areas], False
    load, proven = next((one for one in loads if one[1]), loads[0])
    if named_address is not None and _fits(named_address, handlers, len(view)):
        load, proven = named_address, True
    return CortexM(load, words[1] & ~1, words[0], _table(view, load), proven)


def _areas(view: memoryview, named_address: int | None) -> tuple[tuple[int, int], ...]:
    """Areas in which the handlers can lie; empty when this is no vector table."""
    size = len(view)
    if not TABLE_BYTES < size <= MAX_IMAGE_BYTES:
        return ()
    words = struct.unpack_from(f"<{SYSTEM_VECTORS}I", view)
    if not _is_stack(words[0]) or not _are_vectors(words):
        return ()
    handlers = _handlers(words)
    low, high = min(handlers), max(handlers)
    if high - low >= size - TABLE_BYTES:
        return ()
    fitting = [one for one in FLASH_AREAS if one[0] + TABLE_BYTES <= low and high < one[0] + one[1]]
    if named_address is not None and _fits(named_address, handlers, size):
        fitting.append((named_address, size))
    return tuple(one for one in fitting if _span(handlers, size, one[0]))


def _is_stack(word: int) -> bool:
    return word % 4 == 0 and any(start < word <= end for start, end in RAM_AREAS)


def _are_vectors(words: tuple[int, ...]) -> bool:
    if not words[1] & 1 or any(not words[one] & 1 for one in REQUIRED):
        return False
    if any(words[one] and not words[one] & 1 for one in HANDLERS):
        return False
    boot_sum = sum(words[:8]) & 0xFFFFFFFF == 0
    return all(_is_reserved(words, one) or (one == 7 and boot_sum) for one in RESERVED)


def _is_reserved(words: tuple[int, ...], index: int) -> bool:
    word = words[index]
    return word in (0, 0xFFFFFFFF) or bool(word & 1 and word >> 24 == words[1] >> 24)


def _handlers(words: tuple[int, ...]) -> list[int]:
    """Addresses of the reset handler and the exception handlers that are set."""
    return [words[one] & ~1 for one in (1, *HANDLERS) if words[one]]


def _fits(load: int, handlers: list[int], size: int) -> bool:
    return load + TABLE_BYTES <= min(handlers) and max(handlers) < load + size


def _span(handlers: list[int], size: int, base: int) -> range:
    """Load addresses on the grid at or above `base` with all handlers in the image, behind the vector table."""
    low = max(base, max(handlers) - size + 2)
    first = base + (low - base + STEP - 1) // STEP * STEP
    return range(first, min(handlers) - TABLE_BYTES + 1, STEP)


def _load(view: memoryview, handlers: list[int], base: int, size: int) -> tuple[int, bool]:
    """The load address within one area, and whether pointers confirm it."""
    span = _span(handlers, len(view), base)
    votes = _votes(view, span)
    likeliest = base if base in span else span[-1]
    if not votes:
        return likeliest, False
    # Ties go to the base of the area, then to the roundest address.
    best = max(votes, key=lambda one: (votes[one], one == likeliest, one & -one if one else 1 << 32, -one))
    return (best, True) if votes[best] >= MIN_VOTES else (likeliest, False)


def _votes(view: memoryview, span: range) -> Counter[int]:
    """How many pointers hit a first instruction, for each load address.

    A pointer is an aligned odd word that can lie in the image; a first instruction is `push {.., lr}` in 16 or 32
    bits or a branch to itself (the default handler). Their differences on the grid are the votes.
    """
    part = view[: min(len(view), MAX_VOTE_BYTES) & ~3]
    words, halves = struct.unpack(f"<{len(part) // 4}I", part), struct.unpack(f"<{len(part) // 2}H", part)
    low, high = span[0], span[-1] + len(view)
    pointers = {one - 1 for one in words if one & 1 and low <= one < high}
    starts: dict[int, list[int]] = {}
    for index, half in enumerate(halves):
        if half >> 8 == 0xB5 or half in (0xE7FE, 0xE92D):
            starts.setdefault((2 * index) % STEP, []).append(2 * index)
    votes: Counter[int] = Counter()
    offset = span[0] % STEP
    for one in sorted(pointers)[:MAX_POINTERS]:
        votes.update(one - start for start in starts.get((one - offset) % STEP, ()) if one - start in span)
    return votes


def _table(view: memoryview, load: int) -> ByteRange:
    """The vector table: as far as words are zero or odd addresses inside the image, without zeros at its end."""
    count = min(MAX_VECTORS, len(view) // 4)
    words = struct.unpack_from(f"<{count}I", view)
    last = SYSTEM_VECTORS
    for index in range(SYSTEM_VECTORS, count):
        word = words[index]
        if word and not (word & 1 and load + TABLE_BYTES <= word < load + len(view)):
            break
        if word:
            last = index + 1
    return ByteRange(0, 4 * last)
