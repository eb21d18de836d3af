"""A small program to hide, for tests that say who notices."""

from __future__ import annotations

import hashlib

from fwverify.limits import Budget
from fwverify.unpack.interface import Container
from fwverify.unpack.stage import Opening, unpack
from tests.unit.unpack.opened import artifact

PLANT = b"\x7fELF\x02\x01\x01" + bytes(9) + b"".join(hashlib.sha256(b"plant %d" % one).digest() for one in range(18))
"""592 bytes that begin like a program."""


def planted(data: bytes | bytearray, at: int, size: int = len(PLANT)) -> bytes:
    """The bytes with the plant, or as much of it as fits there, written over what was at `at`."""
    out = bytearray(data)
    out[at : at + size] = PLANT[:size]
    return bytes(out)


def searched(container: Container, data: bytes, size: int = len(PLANT)) -> bool:
    """The plant comes out, whole, as bytes that nobody claimed or as a member: both are looked into."""
    opening = Opening(artifact(data), container)
    children = list(unpack(opening, Budget(), 0))
    return any(PLANT[:size] in bytes(one.artifact.content) for one in children)
