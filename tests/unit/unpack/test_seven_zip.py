"""7z archives: what is claimed, what is refused, bounds, damage."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from fwverify.limits import Budget, LimitExceeded, Limits
from fwverify.model.examining import Encrypted, Malformed, Unsupported
from fwverify.unpack.containers.seven_zip import CONTAINER
from tests.unit.unpack.hiding import PLANT, searched
from tests.unit.unpack.opened import artifact, opened
from tests.vectors.makers.seven_zips import WHOLE, archive


def test_sound() -> None:
    """Everything is accounted for."""
    assert opened(CONTAINER, WHOLE).unclaimed == ()


def test_hidden() -> None:
    """A program behind the archive comes out; one between streams and header, too."""
    assert searched(CONTAINER, WHOLE + PLANT)


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        (Limits(max_members=2), "max_members"),
        (Limits(max_member_bytes=1000), "max_member_bytes"),
        (Limits(ratio_floor_bytes=1000, max_ratio=50), "max_ratio"),
    ],
)
def test_bounds(limits: Limits, name: str) -> None:
    """A bomb is refused by what its header declares, before it is unpacked."""
    data = archive(("zeros", bytes(5_000_000)), ("b", b"b"), ("c", b"c"))
    with pytest.raises(LimitExceeded, match=name):
        list(CONTAINER.unpack(artifact(data), Budget(limits)))


def test_damaged() -> None:
    """Changes and cuts end in a refusal or in members."""
    chance = random.Random(7)
    for _ in range(400):
        data = bytearray(WHOLE)
        for _ in range(chance.randint(1, 3)):
            data[chance.randrange(32, len(data))] = chance.randrange(256)
        with suppress(Malformed, Unsupported, Encrypted, LimitExceeded):
            list(CONTAINER.unpack(artifact(bytes(data)), Budget(Limits(max_member_bytes=1 << 20))))
