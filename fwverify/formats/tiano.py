"""UEFI compression ("EFI 1.1" and its "Tiano" variant): LZ77 with Huffman codes sent block by block.

Sources: UEFI Specification 2.10 section 19 (compression algorithm), read 2026-11-22; the Tiano variant differs in the
width of the count of the position code alone (5 bits in place of 4), which allows a window of 512 KiB.

    packed size (4) | unpacked size (4) | block...      each block: symbols (16), three codes, symbols

Bits are taken from the highest down. Which of the two a stream is, nothing in it says: the caller tries both.
Not done: packing.
"""

from __future__ import annotations

from dataclasses import dataclass

from fwverify.limits import Budget
from fwverify.model.examining import Malformed

WHAT = "UEFI-compressed stream"
HEADER_BYTES = 8
EFI, TIANO = 4, 5
"""Width of the count of the position code, which is what tells the variants apart."""
LITERALS, SYMBOLS = 256, 510
LENGTH_BIAS = 253
"""Symbol 256 is a match of 3 bytes."""
EXTRA_SYMBOLS, EXTRA_COUNT_BITS, EXTRA_PAUSE = 19, 5, 3
"""The code that packs the code lengths: its size, the width of its count, and after how many lengths zeros may come."""
SYMBOL_COUNT_BITS = 9
MAX_CODE_BITS = 16
MAX_LENGTH_CODE = 31
SPARE_BYTES = 4
"""That packers put behind the last bit."""
TIME_STEP = 64
"""Blocks between two looks at the clock."""


class _Bits:
    """Takes bits from the highest down. Bits behind the end are zeros, and taking many of them is Malformed."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        """of the next byte to load"""
        self.hold = 0
        self.held = 0

    def fill(self) -> None:
        """Hold at least 32 bits."""
        if self.at > len(self.data) + 16:
            raise Malformed(WHAT, "it ends before its last block", len(self.data))
        piece = self.data[self.at : self.at + 32]
        if len(piece) < 32:
            piece = piece.ljust(32, b"\0")
        self.hold = (self.hold & ((1 << self.held) - 1)) << 256 | int.from_bytes(piece, "big")
        self.held += 256
        self.at += 32

    def take(self, count: int) -> int:
        if self.held < count:
            self.fill()
        self.held -= count
        return self.hold >> self.held & ((1 << count) - 1)

    @property
    def used(self) -> int:
        """bytes begun"""
        return self.at - self.held // 8


@dataclass(frozen=True, slots=True)
class _Code:
    """A Huffman code as a table over the next `bits` bits: symbol * 32 + length."""

    bits: int
    table: list[int]

    def take(self, bits: _Bits) -> int:
        if bits.held < self.bits:
            bits.fill()
        entry = self.table[bits.hold >> (bits.held - self.bits) & ((1 << self.bits) - 1)]
        bits.held -= entry & 31
        return entry >> 5


def sizes(view: memoryview) -> tuple[int, int]:
    """Packed bytes behind the header, and unpacked bytes. Raises Malformed."""
    if len(view) < HEADER_BYTES:
        raise Malformed(WHAT, "it is shorter than its header", 0)
    packed, unpacked = (int.from_bytes(view[at : at + 4], "little") for at in (0, 4))
    if not 0 < packed <= len(view) - HEADER_BYTES:
        raise Malformed(WHAT, f"it declares {packed} packed bytes, {len(view) - HEADER_BYTES} are there", 0)
    return packed, unpacked


def unpacked(view: memoryview, variant: int, budget: Budget) -> tuple[bytes, int]:
    """What a stream unpacks to, and where it ends: packers round up by a few bytes, what lies further is not its.

    Args:
        view: the stream from its header on; bytes behind its packed size are not looked at.
        variant: `EFI` or `TIANO`.
        budget: of the run.

    Raises:
        Malformed: damaged, or of the other variant.
        LimitExceeded: larger than allowed.
    """
    packed, size = sizes(view)
    budget.size(size)
    budget.ratio(packed, size)
    bits = _Bits(bytes(view[HEADER_BYTES : HEADER_BYTES + packed]))
    out = bytearray()
    blocks = 0
    while len(out) < size:
        blocks += 1
        if blocks % TIME_STEP == 0:
            budget.check_time()
        count = bits.take(16)
        if count == 0:
            raise Malformed(WHAT, "a block without symbols", bits.used)
        extra = _lengths(bits, EXTRA_SYMBOLS, EXTRA_COUNT_BITS, EXTRA_PAUSE)
        symbols = _symbol_code(bits, extra)
        positions = _lengths(bits, MAX_LENGTH_CODE, variant, -1)
        _block(bits, out, size, count, symbols, positions)
    if bits.used > packed:
        raise Malformed(WHAT, "it ends before its last symbol", packed)
    end = packed if packed - bits.used <= SPARE_BYTES else bits.used
    return bytes(out), HEADER_BYTES + end


def _block(bits: _Bits, out: bytearray, size: int, count: int, symbols: _Code, positions: _Code) -> None:
    """Decode the symbols of one block. The code's lookup is written out: this loop is all the time there is."""
    table, width = symbols.table, symbols.bits
    if width == 0 and (table[0] >> 5 < LITERALS or positions.table in ([0], [1 << 5])):
        _constant_block(out, size - len(out), count, table[0] >> 5, positions.table[0] >> 5)
        return
    mask = (1 << width) - 1
    append = out.append
    while count and len(out) < size:
        count -= 1
        if bits.held < MAX_CODE_BITS:
            bits.fill()
        entry = table[bits.hold >> (bits.held - width) & mask]
        bits.held -= entry & 31
        symbol = entry >> 5
        if symbol < LITERALS:
            append(symbol)
            continue
        slot = positions.take(bits)
        distance = (1 << slot - 1) + bits.take(slot - 1) + 1 if slot > 1 else slot + 1
        _copy(out, distance, min(symbol - LENGTH_BIAS, size - len(out)))


def _constant_block(out: bytearray, most: int, count: int, symbol: int, slot: int) -> None:
    """A block whose symbols take no bits: all at once, for it would be the cheapest way to keep a reader busy."""
    if symbol < LITERALS:
        out += bytes([symbol]) * min(count, most)
    else:
        _copy(out, slot + 1, min(count * (symbol - LENGTH_BIAS), most))


def _copy(out: bytearray, distance: int, length: int) -> None:
    start = len(out) - distance
    if start < 0:
        raise Malformed(WHAT, "a match before the beginning", len(out))
    if distance >= length:
        out += out[start : start + length]
    else:
        out += (out[start:] * (length // distance + 1))[:length]


def _lengths(bits: _Bits, most: int, count_bits: int, pause: int) -> _Code:
    """A code whose lengths are sent in 3 bits, or in 3 bits and a run of ones."""
    count = bits.take(count_bits)
    if count == 0:
        return _constant(bits.take(count_bits))
    if count > most:
        raise Malformed(WHAT, f"a code of {count} symbols", bits.used)
    found: list[int] = []
    while len(found) < count:
        length = bits.take(3)
        while length >= 7 and bits.take(1):
            length += 1
            if length > MAX_CODE_BITS:
                raise Malformed(WHAT, "a code word that is too long", bits.used)
        found.append(length)
        if len(found) == pause:
            found.extend([0] * bits.take(2))
    return _code(found, bits)


def _symbol_code(bits: _Bits, extra: _Code) -> _Code:
    """The code of literals and match lengths; runs of unused symbols are sent as such."""
    count = bits.take(SYMBOL_COUNT_BITS)
    if count == 0:
        return _constant(bits.take(SYMBOL_COUNT_BITS))
    if count > SYMBOLS:
        raise Malformed(WHAT, f"a code of {count} symbols", bits.used)
    found: list[int] = []
    while len(found) < count:
        length = extra.take(bits)
        if length == 0:
            found.append(0)
        elif length == 1:
            found.extend([0] * (bits.take(4) + 3))
        elif length == 2:
            found.extend([0] * (bits.take(9) + 20))
        else:
            found.append(length - 2)
    return _code(found[:SYMBOLS], bits)


def _constant(symbol: int) -> _Code:
    """A code of one symbol, which takes no bits."""
    return _Code(0, [symbol << 5])


def _code(lengths: list[int], bits: _Bits) -> _Code:
    """Code words in the order of length, then of symbol; together they must use every bit pattern."""
    width = max(lengths)
    if width == 0 or width > MAX_CODE_BITS:
        raise Malformed(WHAT, "a code whose words have impossible lengths", bits.used)
    table: list[int] = []
    by_length: list[list[int]] = [[] for _ in range(width + 1)]
    for symbol, length in enumerate(lengths):
        by_length[length].append(symbol)
    for length in range(1, width + 1):
        repeat = 1 << width - length
        if len(table) + repeat * len(by_length[length]) > 1 << width:
            raise Malformed(WHAT, "a code with too many words", bits.used)
        for symbol in by_length[length]:
            table += [symbol << 5 | length] * repeat
    if len(table) != 1 << width:
        raise Malformed(WHAT, "a code with too few words", bits.used)
    return _Code(width, table)
