"""CRC-32C: the published check value, and many records at once against one by one."""

from __future__ import annotations

import random

import pytest

from fwverify.formats.crc32c import crc32c, over_records


def test_check_value() -> None:
    """The digits 1 to 9 give E3069283 once the register is inverted."""
    assert crc32c(b"123456789") ^ 0xFFFFFFFF == 0xE3069283


def test_goes_on_from_a_register() -> None:
    """Two parts give what the whole gives."""
    assert crc32c(b"6789", crc32c(b"12345")) == crc32c(b"123456789")


@pytest.mark.parametrize("count", [0, 1, 11, 12, 13, 40])
def test_records(count: int) -> None:
    """All records of a table have the values they have alone, also where only their beginning counts."""
    chance = random.Random(17)
    table, starts = chance.randbytes(48 * count), [chance.getrandbits(32) for _ in range(count)]
    alone = [crc32c(table[48 * one : 48 * one + 37], starts[one]) for one in range(count)]
    assert over_records(table, 48, 37, starts) == alone
