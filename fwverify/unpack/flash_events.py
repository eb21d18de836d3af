"""What the readers of flash file systems (JFFS2, UBI, UBIFS) share: sums as checks, fill, counted oddities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fwverify.formats.flash_sums import Tally
from fwverify.limits import MIB
from fwverify.model.artifact import Digest
from fwverify.model.evidence import AnomalyKind
from fwverify.unpack.interface import Check, Event, Oddity

ZEROS, ONES = bytes(MIB), b"\xff" * MIB


def checks(tally: Tally) -> Iterator[Event]:
    """One check for all sums that hold, one for each that does not."""
    algorithm = f"crc{tally.size * 8}"

    def digest(value: int) -> Digest:
        return Digest(algorithm, value.to_bytes(tally.size, "big"))

    if tally.holding:
        yield Check(f"{tally.name} ({tally.holding})", digest(tally.value), digest(tally.value))
    for one in tally.failed:
        yield Check(one.name, digest(one.declared), digest(one.computed))
    if tally.failures > len(tally.failed):
        more = f"{tally.failures - len(tally.failed)} more {tally.name} whose checksums do not hold"
        yield Oddity(AnomalyKind.HEADER_DISAGREES, more)


def fill(count: int, block: bytes = ZEROS) -> Iterator[memoryview]:
    """As many bytes of a hole, without making them at once."""
    for at in range(0, count, len(block)):
        yield memoryview(block)[: min(len(block), count - at)]


def told(counts: Iterable[tuple[int, str]]) -> Iterator[Event]:
    """One oddity for each sort that occurred: how often, and what."""
    for count, what in counts:
        if count:
            yield Oddity(AnomalyKind.HEADER_DISAGREES, f"{count} {what}")
