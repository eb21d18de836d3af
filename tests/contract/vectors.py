"""The vectors on disk: tests/vectors/<room>/<plug-in>/{valid,invalid,truncated,hostile}/<case>/ with vector.toml."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fwverify.model.artifact import ByteRange

ROOT = Path(__file__).resolve().parents[1] / "vectors"
KINDS = ("valid", "invalid", "truncated", "hostile")


@dataclass(frozen=True)
class Vector:
    """One case."""

    room: str
    plugin: str
    kind: str
    folder: Path

    @property
    def id(self) -> str:
        return f"{self.plugin}/{self.kind}/{self.folder.name}"

    @property
    def meta(self) -> dict[str, Any]:
        return tomllib.loads((self.folder / "vector.toml").read_text())

    @property
    def expect(self) -> dict[str, Any]:
        return dict(self.meta.get("expect", {}))

    @property
    def data(self) -> bytes:
        return (self.folder / "input").read_bytes()


def vectors(room: str) -> list[Vector]:
    """All cases of a room, sorted."""
    return sorted(_vectors(room), key=lambda one: one.id)


def _vectors(room: str) -> Iterator[Vector]:
    for meta in (ROOT / room).glob("*/*/*/vector.toml"):
        folder = meta.parent
        yield Vector(room, folder.parents[1].name, folder.parent.name, folder)


def prefixes(size: int, count: int) -> list[int]:
    """Lengths to cut at: every one for small inputs, else `count` spread evenly and all near both ends."""
    if size <= count:
        return list(range(size))
    step = max(1, size // count)
    return sorted({*range(0, size, step), *range(64), *range(max(0, size - 64), size)})


def flips(data: bytes, count: int) -> Iterator[bytes]:
    """The input with one bit flipped, at `count` places spread evenly (all bits of small inputs)."""
    bits = len(data) * 8
    for at in range(0, bits, max(1, bits // count)):
        changed = bytearray(data)
        changed[at // 8] ^= 1 << (at % 8)
        yield bytes(changed)


def _every_bit(data: bytes, covers: Sequence[ByteRange]) -> Iterator[bytes]:
    for one in covers:
        for at in range(8 * one.start, 8 * one.end):
            changed = bytearray(data)
            changed[at // 8] ^= 1 << (at % 8)
            yield bytes(changed)


def covered_flips(data: bytes, covers: Sequence[ByteRange], count: int) -> Iterator[bytes]:
    """One bit flipped at `count` places spread evenly over the covered bytes, the first and last of each range too.

    With FWVERIFY_EVERY_BIT set: every bit of every covered byte, which takes hours over all vectors.
    """
    if os.environ.get("FWVERIFY_EVERY_BIT"):
        yield from _every_bit(data, covers)
        return
    places = [at for one in covers for at in range(one.start, one.end)]
    chosen = {
        *places[:: max(1, len(places) // count)],
        *(one.start for one in covers),
        *(one.end - 1 for one in covers),
    }
    for at in sorted(chosen)[: 4 * count]:
        changed = bytearray(data)
        changed[at] ^= 1 << (at % 8)
        yield bytes(changed)
