"""MCUboot images: nothing hides in records, header, slot or trailer; the trailer's fields are read."""

from __future__ import annotations

import struct

import pytest

from fwverify.model.artifact import ByteRange
from fwverify.unpack.containers.mcuboot_image import CONTAINER
from tests.unit.unpack.hiding import PLANT, planted, searched
from tests.unit.unpack.opened import opened
from tests.vectors.makers.embedded_signatures import plain_mcuboot

MAGIC = bytes.fromhex("77c295f360d2ef7f3552500f2cb67980")


def record(kind: int, value: bytes) -> bytes:
    return struct.pack("<HH", kind, len(value)) + value


def slot(fields: dict[int, bytes], align: int = 8) -> bytes:
    """A slot of 4 KiB with fields of its trailer, by unit before the magic."""
    out = bytearray(plain_mcuboot().ljust(4096 - 16, b"\xff") + MAGIC)
    for unit, value in fields.items():
        at = len(out) - 16 - unit * align
        out[at : at + len(value)] = value
    return bytes(out)


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (plain_mcuboot(records=record(0x01, PLANT)), 592),
        (plain_mcuboot(records=record(0xA0, PLANT)), 592),
        (plain_mcuboot(records=record(0x60, PLANT)), 592),
        (plain_mcuboot(records=b"".join(record(0x01, PLANT[:64]) for _ in range(9))), 64),
        (planted(plain_mcuboot(), 32, 32), 32),
        (planted(slot({}), 2000), 592),
        (slot({}) + PLANT, 592),
    ],
    ids=["long value", "a vendor's record", "no boot record", "many of a type", "header", "slot", "behind"],
)
def test_planted(data: bytes, size: int) -> None:
    """Bytes that no reader has a meaning for are looked into."""
    assert searched(CONTAINER, data, size)


def test_known_records_are_structure() -> None:
    """Records with values as they can be leave nothing over, a boot record of imgtool's among them."""
    boot_record = bytes.fromhex("a2") + b"\1\x63app" + b"\2\x58\x20" + bytes(range(32))
    image = plain_mcuboot(records=record(0x01, bytes(range(32))) + record(0x60, boot_record) + record(0x24, b"s" * 64))
    assert opened(CONTAINER, image).unclaimed == ()
    longer = plain_mcuboot(records=record(0x60, boot_record + b"x"))
    assert len(opened(CONTAINER, longer).unclaimed) == 1


def test_trailer() -> None:
    """Confirmed, copied, the kind of update and its size are facts; what else is set is told."""
    seen = opened(CONTAINER, slot({1: b"\1", 2: b"\1", 3: b"\3", 4: struct.pack("<I", 1200)}))
    assert (seen.oddities, seen.unclaimed) == ([], ())
    facts = {name: seen.facts[name] for name in ("confirmed", "copied", "update", "swap-size")}
    assert facts == {"confirmed": "yes", "copied": "yes", "update": "permanent", "swap-size": "1200"}
    seen = opened(CONTAINER, slot({1: b"\1", 20: b"\2"}))
    assert seen.facts["confirmed"] == "yes" and seen.oddities == ["trailing-data"]
    assert opened(CONTAINER, slot({1: b"\7"})).oddities == ["trailing-data"]
    assert ByteRange(4096 - 24, 4096 - 23) not in seen.unclaimed
