"""RPM packages: digests, what names them, and where a program could hide in headers."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from fwverify.limits import Budget
from fwverify.model.examining import Malformed
from fwverify.unpack.containers.rpm_package import CONTAINER
from fwverify.unpack.interface import Check, Fact
from tests.unit.unpack.hiding import PLANT, planted, searched
from tests.unit.unpack.opened import artifact, opened
from tests.vectors.makers.rpm_packages import PACKED, package, texts

WHOLE = package(PACKED)


def test_sound() -> None:
    """Digests hold, the header names the package, nothing is left but fill."""
    events = list(CONTAINER.unpack(artifact(WHOLE), Budget()))
    checks = [one for one in events if isinstance(one, Check)]
    assert len(checks) == 4
    assert all(one.declared == one.computed for one in checks)
    facts = {one.name: one.value for one in events if isinstance(one, Fact)}
    assert facts == {
        "name": "acme-agent", "version": "1.4.0", "release": "2", "arch": "armv7hl", "vendor": "ACME Power",
        "source-rpm": "acme-agent-1.4.0-2.src.rpm",
    }  # fmt: skip
    assert all(not any(WHOLE[one.start : one.end]) for one in opened(CONTAINER, WHOLE).unclaimed)


@pytest.mark.parametrize(
    "data",
    [
        planted(WHOLE, 10 + 20, 46),
        planted(WHOLE, 80, 16),
        package(PACKED, signed=[(9999, 7, PLANT, len(PLANT))]),
        package(PACKED, signed=[(268, 7, PLANT, len(PLANT))]),
        package(PACKED, more=[(7777, 4, PLANT, len(PLANT) // 4)]),
        package(PACKED, more=[(1028, 4, PLANT, len(PLANT) // 4)]),
        package(PACKED, more=[(1005, 9, PLANT + b"\0", PLANT.count(b"\0") + 1)]),
        package(PACKED, more=[texts(1000, [b"twice"]), (1037, 2, PLANT, len(PLANT))]),
    ],
    ids=["lead name", "lead reserved", "unknown tag", "signature", "numbers", "second numbers", "no text", "flags"],
)
def test_hidden(data: bytes) -> None:
    """A program, or as much of one as fits, is looked into wherever a header would hold it."""
    size = next(size for size in (len(PLANT), 46, 16) if PLANT[:size] in data)
    assert searched(CONTAINER, data, size)


def test_damaged() -> None:
    """Three thousand changes and cuts end in a refusal or in members, quickly."""
    chance = random.Random(5)
    for _ in range(3000):
        data = bytearray(WHOLE)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        end = chance.choice((len(data), chance.randrange(len(data))))
        with suppress(Malformed):
            list(CONTAINER.unpack(artifact(bytes(data[:end])), Budget()))
