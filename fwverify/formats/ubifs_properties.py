"""The tree of LEB properties of UBIFS: how much of each erase block is free and dirty, and which hold the index.

Source: Linux fs/ubifs/lpt.c (geometry, order of the bit fields) and ubifs-media.h (types), read 2026-11-22. Nodes are
packed by bits, lowest first, behind a CRC-16: inner nodes with the places of four children, outer ones with the
properties of four blocks, the table of the tree's own blocks, and in the big form a list of blocks to keep in mind.

Does NOT do: counting what is free. The values are not needed for reading: they are parsed to account for their bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fwverify.formats.flash_sums import Tally, crc16
from fwverify.formats.ubifs import BIG, WHAT, Master, Superblock
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

FANOUT = 4
OUTER, INNER, TABLE, SAVED = range(4)
CRC_BITS, TYPE_BITS = 16, 4
MAX_NODE_BYTES = 65536
"""The table of 10,000 LEBs of properties, where Linux has some ten. Every field is taken one by one."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """How many bits each field has."""

    height: int
    outer: int
    """Number of outer nodes."""
    space_bits: int
    leb_bits: int
    offset_bits: int
    size_bits: int
    count_bits: int
    number_bits: int
    big: bool


@dataclass(slots=True)
class Properties:
    """What was read."""

    index: list[ByteRange] = field(default_factory=list)
    sums: Tally = field(default_factory=lambda: Tally("nodes of LEB properties", 2))
    problem: Malformed | None = None
    """Why it is not whole."""


@dataclass(slots=True)
class _Bits:
    """Fields of one node, lowest bit first."""

    place: ByteRange
    value: int

    def take(self, bits: int) -> int:
        out = self.value & (1 << bits) - 1
        self.value >>= bits
        return out


def geometry(head: Superblock) -> Geometry:
    """Sizes of the fields, which follow from the superblock."""
    main = head.lebs - head.first_main
    most = main + head.most_lebs - head.lebs
    height, width = 1, FANOUT
    while width < -(-most // FANOUT):
        height, width = height + 1, width * FANOUT
    return Geometry(
        height=height,
        outer=-(-main // FANOUT),
        space_bits=head.leb_bytes.bit_length() - 3,
        leb_bits=head.property_lebs.bit_length(),
        offset_bits=(head.leb_bytes - 1).bit_length(),
        size_bits=head.leb_bytes.bit_length(),
        count_bits=(-(-head.most_lebs // FANOUT) - 1).bit_length(),
        number_bits=(head.most_lebs - 1).bit_length(),
        big=bool(head.flags & BIG),
    )


def read(view: memoryview, head: Superblock, master: Master) -> Properties:
    """All nodes from the root, the table and the list; what cannot be read ends it with a problem."""
    out, form = Properties(), geometry(head)
    try:
        _tree(view, head, form, master.properties, out)
        sizes = CRC_BITS + TYPE_BITS + head.property_lebs * form.size_bits * 2
        _table(_node(view, head, master.property_table, sizes, TABLE, out), head, form, out)
        if form.big:
            sizes = CRC_BITS + TYPE_BITS + head.saved * form.number_bits
            _saved(_node(view, head, master.saved, sizes, SAVED, out), head, form, out)
    except Malformed as problem:
        out.problem = problem
    return out


def _tree(view: memoryview, head: Superblock, form: Geometry, root: tuple[int, int], out: Properties) -> None:
    more = form.count_bits if form.big else 0
    inner_bits = CRC_BITS + TYPE_BITS + more + (form.leb_bits + form.offset_bits) * FANOUT
    outer_bits = CRC_BITS + TYPE_BITS + more + (form.space_bits * 2 + 1) * FANOUT
    waiting, seen = [(root, form.height, 0)], {root}
    while waiting:
        place, level, number = waiting.pop()
        if not level:
            _properties(_node(view, head, place, outer_bits, OUTER, out), head, form, number, out)
            continue
        bits = _node(view, head, place, inner_bits, INNER, out)
        bits.take(more)
        for child in range(FANOUT):
            leb, offset = bits.take(form.leb_bits), bits.take(form.offset_bits)
            first = (number * FANOUT + child) * FANOUT ** (level - 1)
            if leb >= head.property_lebs or first >= form.outer:  # one more than there are: no child
                continue
            below = (head.first_property + leb, offset)
            if below in seen:
                raise Malformed(WHAT, "two nodes of LEB properties lead to one", leb * head.leb_bytes + offset)
            seen.add(below)
            waiting.append((below, level - 1, number * FANOUT + child))
        out.index.append(bits.place)


def _properties(bits: _Bits, head: Superblock, form: Geometry, number: int, out: Properties) -> None:
    bits.take(form.count_bits if form.big else 0)
    for one in range(FANOUT):
        free, dirty, _ = bits.take(form.space_bits), bits.take(form.space_bits), bits.take(1)
        leb = head.first_main + number * FANOUT + one
        if leb < head.lebs and (free + dirty) * 8 > head.leb_bytes:
            raise Malformed(WHAT, f"LEB {leb} has more free and dirty bytes than bytes")
    out.index.append(bits.place)


def _table(bits: _Bits, head: Superblock, form: Geometry, out: Properties) -> None:
    for number in range(head.property_lebs):
        if bits.take(form.size_bits) + bits.take(form.size_bits) > head.leb_bytes:
            raise Malformed(WHAT, f"LEB {head.first_property + number} has more free and dirty bytes than bytes")
    out.index.append(bits.place)


def _saved(bits: _Bits, head: Superblock, form: Geometry, out: Properties) -> None:
    for _ in range(head.saved):
        if not head.first_main <= bits.take(form.number_bits) < head.most_lebs:
            raise Malformed(WHAT, "the list of LEBs worth keeping in mind names one that is not there")
    out.index.append(bits.place)


def _node(
    view: memoryview, head: Superblock, place: tuple[int, int], bits: int, kind: int, out: Properties
) -> _Bits:  # fmt: skip
    """The fields behind sum and type of a node. Raises Malformed."""
    leb, offset = place
    size = (bits + 7) // 8
    start = leb * head.leb_bytes + offset
    inside = head.first_property <= leb < head.first_orphan and offset + size <= head.leb_bytes
    if not inside or size > MAX_NODE_BYTES or start + size > len(view):
        raise Malformed(WHAT, f"a node of LEB properties at {leb}:{offset} lies outside", start)
    raw = bytes(view[start : start + size])
    declared, computed = int.from_bytes(raw[:2], "little"), crc16(raw[2:])
    if not out.sums.take("node of LEB properties", start, declared, computed):
        raise Malformed(WHAT, "the sum of a node of LEB properties does not hold", start)
    fields = _Bits(ByteRange(start, start + size), int.from_bytes(raw, "little") >> CRC_BITS)
    if fields.take(TYPE_BITS) != kind:
        raise Malformed(WHAT, "a node of LEB properties has another type", start)
    return fields
