"""A small program that is hidden somewhere, and whether the evidence tells of it."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fwverify.model.evidence import Evidence, LedgerSpan, Opened
from fwverify.model.signature import SignatureStatus
from fwverify.pipeline import facts
from fwverify.trust.store import EMPTY, TrustStore

AT = "2026-11-22T00:00:00Z"
PRODUCT = "expat"
ELF_HEADER_BYTES = 52


def program() -> bytes:
    """A 32-bit ARM program of one segment, 105 bytes, with a version string in it."""
    code = bytes((37 * one + one // 7) % 251 + 1 for one in range(8)) + b"\0expat_2.5.0\0"
    at = 52 + 32
    fields = (2, 40, 1, 0x10000 + at, 52, 0, 0x5000400, 52, 32, 1, 0, 0, 0)
    head = b"\x7fELF\1\1\1" + bytes(9) + struct.pack("<HHIIIIIHHHHHH", *fields)
    return head + struct.pack("<8I", 1, at, 0x10000 + at, 0x10000 + at, len(code), len(code), 5, 4096) + code


PROGRAM = program()
SHA256 = hashlib.sha256(PROGRAM).hexdigest()


def over(data: bytes, at: int) -> bytes:
    """The data with the program at a place in it, instead of what was there."""
    return data[:at] + PROGRAM + data[at + len(PROGRAM) :]


@dataclass(frozen=True)
class Seen:
    """What the evidence has of the program."""

    evidence: Evidence
    at: int
    """Where it lies in the image; -1 where it lies in packed bytes."""

    @property
    def found(self) -> bool:
        """It came out as an artifact of its own."""
        return any(digest.hex == SHA256 for one in self.evidence.artifacts for digest in one.digests)

    @property
    def clue(self) -> bool:
        """What it is made of was seen."""
        return any(one.product == PRODUCT for one in self.evidence.clues)

    @property
    def read(self) -> bool:
        """All of its bytes were read as a program (`clue` tells that they were looked at)."""
        spans = list(self.spans())
        return bool(spans) and all(one.reader == "elf" and one.opened is Opened.EXAMINED for _, one in spans)

    @property
    def doubted(self) -> bool:
        """A signature is told that does not hold: its bytes were what was overwritten."""
        return any(one.status is not SignatureStatus.VALID for one in self.evidence.signatures)

    def spans(self) -> Iterator[tuple[int, LedgerSpan]]:
        """The ledger over its bytes: how many, and the span."""
        for _, spans in self.evidence.ledger.spans:
            for one in spans:
                size = min(one.range.end, self.at + len(PROGRAM)) - max(one.range.start, self.at)
                if size > 0 and self.at >= 0:
                    yield size, one

    @property
    def swallowed(self) -> int:
        """Longest run of its bytes that counts as structure or as empty; a signature's own bytes aside."""
        longest = run = 0
        for size, one in self.spans():
            claimed = one.opened in (Opened.STRUCTURE, Opened.EMPTY) and not one.frame_of
            run = run + size if claimed else 0
            longest = max(longest, run)
        return longest

    @property
    def passed_over(self) -> bool:
        """Its bytes count as read, and nothing was seen."""
        read = any(one.opened is Opened.EXAMINED and one.opened_bytes for _, one in self.spans())
        return read and not self.found and not self.clue

    @property
    def told(self) -> bool:
        """Found, seen, or not counted as examined; never counted as structure or empty.

        Fields of a header that happens to be overwritten may be read as numbers: less than a program's header counts.
        """
        swallowed = self.swallowed >= ELF_HEADER_BYTES and not (self.doubted or self.found)
        return not swallowed and not self.passed_over


def seen(folder: Path, data: bytes, at: int, name: str = "image.bin", trust: TrustStore = EMPTY) -> Seen:
    """Open an image as the pipeline does."""
    path = folder / name
    path.write_bytes(data)
    return Seen(facts([path], at=AT, trust=trust), at)
