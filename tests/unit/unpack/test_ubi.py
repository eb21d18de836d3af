"""UBI: what is read, what is told, and every place in which something could hide."""

from __future__ import annotations

from typing import Any

import pytest

from fwverify.formats import ubi
from fwverify.unpack.containers.flash_dump import searching
from fwverify.unpack.containers.ubi import CONTAINER
from tests.unit.unpack.hiding import PLANT, planted, searched
from tests.unit.unpack.opened import opened
from tests.vectors.makers.read_only_systems import NOISE, TEXT
from tests.vectors.makers.ubi_images import (
    DATA_AT,
    FASTMAP,
    LAYOUT,
    LEB,
    PEB,
    STATIC,
    VOLUME_AT,
    counter,
    crc,
    dynamic,
    erase_block,
    filled,
    identifier,
    record,
    static,
    table,
)

TABLE = table(record(b"one"), record(b"two", 2, kind=STATIC))
GOOD = TABLE + dynamic(0, 0, b"x") + static(1, 0, TEXT[:400], 1)
COPIED = identifier(0, 0, copied=1, size=9, sum=crc(b"the later"), sequence=5)
PLACES: dict[str, Any] = {
    "between the headers": lambda: planted(
        b"".join(erase_block(first=counter(volume_at=1024, data_at=2048), size=8192) for _ in range(3)), 8192 + 128
    ),
    "behind the identifier": lambda: planted(GOOD, 2 * PEB + VOLUME_AT + 64, DATA_AT - VOLUME_AT - 64),
    "in a dynamic block": lambda: planted(GOOD, 3 * PEB - 700),
    "behind the data of a static block": lambda: planted(GOOD, 3 * PEB + DATA_AT + 400),
    "in a free block": lambda: planted(GOOD + erase_block(), 4 * PEB + 2000),
    "in an erased block": lambda: planted(GOOD + b"\xff" * PEB + erase_block(), 4 * PEB + 2000),
    "in a block without header": lambda: planted(GOOD + NOISE[:PEB] + erase_block(), 4 * PEB + 2000),
    "in a replaced block": lambda: TABLE + dynamic(0, 0, PLANT, 3) + dynamic(0, 0, b"new", 9),
    "in a copy that does not hold": lambda: TABLE + dynamic(0, 0, b"x", 3) + erase_block(COPIED, PLANT),
    "behind the table": lambda: planted(TABLE, PEB + DATA_AT + 17 * 172, 100),
    "in unused records": lambda: planted(TABLE, DATA_AT + 5 * 172),
    "in an unnamed volume": lambda: GOOD + dynamic(9, 0, PLANT),
    "behind the end of a volume": lambda: GOOD + dynamic(0, 4, PLANT),
    "behind the end of a static volume": lambda: GOOD + static(1, 1, PLANT, 1),
    "in bytes that are left unused": lambda: planted(
        table(record(b"one", unused=1024)) + erase_block(identifier(0, 0, unused=1024)), 3 * PEB - 1000
    ),
    "in a fastmap": lambda: GOOD + erase_block(identifier(FASTMAP, 0, compatibility=1), PLANT),
    "in a layout block too many": lambda: GOOD + erase_block(identifier(LAYOUT, 2, compatibility=5), PLANT),
    "behind the device": lambda: GOOD + NOISE[:100] + PLANT,
}


@pytest.mark.parametrize("place", PLACES)
def test_hiding_places(place: str) -> None:
    """A program in any of these places comes out: as a member, or as bytes that nobody claimed."""
    size = {"behind the identifier": DATA_AT - VOLUME_AT - 64, "behind the table": 100}.get(place, len(PLANT))
    data = PLACES[place]()
    assert PLANT[:size] in data
    assert searched(CONTAINER, data, size)


def test_copies() -> None:
    """A block that was moved counts only when its data is whole: else the one it was moved from does."""
    later = erase_block(COPIED, b"the later")
    assert opened(CONTAINER, TABLE + dynamic(0, 0, b"x", 3) + later).members["one"] == filled(b"the later")
    torn = erase_block(COPIED, b"the latex")
    assert opened(CONTAINER, TABLE + dynamic(0, 0, b"x", 3) + torn).members["one"] == filled(b"x")


def test_reserved_fields() -> None:
    """Something in a reserved field is told and not claimed."""
    data = TABLE + erase_block(identifier(0, 0), b"x", counter(reserved=b"\x7fELF" + bytes(20)))
    seen = opened(CONTAINER, data)
    assert seen.oddities == ["headers-disagree"]
    assert any(b"\x7fELF" in data[one.start : one.end] for one in seen.unclaimed)
    named = table(record(b"one", tail=b"\0" + PLANT[:100])) + dynamic(0, 0, b"x")
    assert opened(CONTAINER, named).oddities == ["headers-disagree"] and searched(CONTAINER, named, 100)


@pytest.mark.parametrize("damaged", [1, 2, 3, 5])
def test_size_of_an_erase_block_with_damage(damaged: int) -> None:
    """One damaged header does not make the erase blocks look larger."""
    data = bytearray(GOOD + dynamic(0, 1, b"y") + dynamic(0, 2, b"z") + erase_block())
    data[damaged * PEB + 8] ^= 1
    seen = opened(CONTAINER, bytes(data))
    assert seen.facts["erase-block-size"] == str(PEB) and seen.failed == [f"erase counter at 0x{damaged * PEB:x}"]


def test_a_device_in_a_device() -> None:
    """Headers of an image within an image are not taken for the outer one's."""
    blocks = [GOOD[at : at + LEB] for at in range(0, len(GOOD), LEB)]
    data = table(record(b"inner", 9)) + b"".join(dynamic(0, at, one) for at, one in enumerate(blocks))
    seen = opened(CONTAINER, data)
    assert seen.facts["erase-block-size"] == str(PEB) and seen.members["inner"].startswith(GOOD)
    assert (seen.oddities, seen.unread, seen.failed) == ([], [], [])


def test_static_volumes_need_all_blocks() -> None:
    """A static volume of which nothing is there is empty, unless blocks are damaged."""
    empty = opened(CONTAINER, TABLE + dynamic(0, 0, b"x"))
    assert empty.members["two"] == b"" and (empty.oddities, empty.unread) == ([], [])
    lost = bytearray(GOOD)
    lost[3 * PEB + VOLUME_AT + 40] ^= 1
    seen = opened(CONTAINER, bytes(lost))
    assert "two" not in seen.members and seen.unread == ["malformed", "malformed"]


def test_end_of_a_device_in_a_dump() -> None:
    """A device ends behind its last header; one of another image begins a new one."""
    other = GOOD.replace(counter(), counter(image=8))
    dump = NOISE[:999] + GOOD + other + b"\xff" * PEB * 2 + NOISE
    seen = opened(searching((("ubi", CONTAINER.carve),)), dump)  # type: ignore[arg-type]
    assert list(seen.members.values()) == [GOOD, other]
    magics = opened(searching((("ubi", CONTAINER.carve),)), ubi.COUNTER_MAGIC * 5000)  # type: ignore[arg-type]
    assert magics.members == {}
