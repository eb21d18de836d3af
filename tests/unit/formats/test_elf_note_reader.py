"""Notes are read as the file lays them out, in both byte orders."""

from __future__ import annotations

import struct

import pytest

from fwverify.formats.elf_note_reader import MAX_NOTES, PT_NOTE, SHT_NOTE, notes
from fwverify.formats.elf_tables import Section, Segment, Tables

BUILD_ID = bytes(range(20))


def note(order: str, owner: bytes, type_: int, description: bytes) -> bytes:
    """One note, padded as the ABI says."""
    padded = (one + b"\0" * (-len(one) % 4) for one in (owner, description))
    return struct.pack(f"{order}III", len(owner), len(description), type_) + b"".join(padded)


def tables(data: bytes, order: str = "<", sections: int = 0, segments: int = 1) -> Tables:
    """Tables whose note sections and segments are all of the data."""
    return Tables(
        memoryview(data),
        order=order,
        segments=(Segment(PT_NOTE, 4, 0, 0, 0, len(data), len(data)),) * segments,
        sections=(Section(SHT_NOTE, 2, 0, len(data), 0, 0),) * sections,
    )


@pytest.mark.parametrize("order", "<>")
def test_both_byte_orders(order: str) -> None:
    """Lengths and types are in the file's order; what is described stays as it lies there, of any length."""
    data = note(order, b"GNU\0", 3, BUILD_ID) + note(order, b"FDO\0", 0xCAFE1A7E, b'{"a":1}')
    assert list(notes(tables(data, order))[0]) == [(b"GNU", 3, BUILD_ID), (b"FDO", 0xCAFE1A7E, b'{"a":1}')]


def test_section_and_segment_are_one() -> None:
    """What both tables speak of is one note; sections alone count, as in a kernel module."""
    data = note("<", b"GNU\0", 3, BUILD_ID)
    assert len(notes(tables(data, sections=1))[0]) == 1
    assert len(notes(tables(data, sections=1, segments=0))[0]) == 1
    assert not notes(tables(data, segments=0))[0]


def test_lengths_that_do_not_fit() -> None:
    """A note that claims more than there is ends the reading and is told; those before it count."""
    whole = note("<", b"GNU\0", 3, BUILD_ID)
    for cut in (whole[:-1], whole + whole[:16], whole + struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, 1), whole + b"x"):
        read, unread = notes(tables(cut))
        assert len(read) == cut.count(BUILD_ID)
        assert len(unread) == 1
        assert f"until byte {len(cut)}" in unread[0]


def test_padding_is_no_note() -> None:
    """Zeros behind the last note, however many, are nothing that was not read."""
    whole = note("<", b"GNU\0", 3, BUILD_ID)
    for padded in (whole + bytes(4), whole + bytes(11)):
        assert [len(one) for one in notes(tables(padded))] == [1, 0]


def test_more_notes_than_are_read() -> None:
    """Those beyond the limit are told, once."""
    many = note("<", b"X\0", 1, b"") * (MAX_NOTES + 2)
    read, unread = notes(tables(many, sections=1))
    assert len(read) == MAX_NOTES
    assert unread == ("more than 10,000 notes",)
