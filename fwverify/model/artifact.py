"""Identified, immutable bytes and where they lie."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import quote

Buffer = memoryview
"""Read-only content. Every reader takes a memoryview, whether memory or an unlinked file lies behind it."""


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """An algorithm and the value it gave, computed by us. Never a bare hexadecimal string."""

    algorithm: str
    """Lower-case name without dash, as in hashlib: `sha256`, `sha512`, `sha1`, `md5`, `crc32`."""
    value: bytes

    @property
    def hex(self) -> str:
        return self.value.hex()


@dataclass(frozen=True, slots=True, order=True)
class ByteRange:
    """Bytes `start` up to, not including, `end`. Never empty."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"not a byte range: {self.start}-{self.end}")

    @property
    def size(self) -> int:
        return self.end - self.start

    def intersects(self, other: ByteRange) -> bool:
        return self.start < other.end and other.start < self.end

    def shifted(self, offset: int) -> ByteRange:
        return ByteRange(self.start + offset, self.end + offset)


def merged(ranges: Iterable[ByteRange]) -> tuple[ByteRange, ...]:
    """The same bytes as disjoint, sorted, maximal ranges."""
    out: list[ByteRange] = []
    for one in sorted(ranges):
        if out and one.start <= out[-1].end:
            out[-1] = ByteRange(out[-1].start, max(out[-1].end, one.end))
        else:
            out.append(one)
    return tuple(out)


def subtracted(whole: Iterable[ByteRange], taken: Iterable[ByteRange]) -> tuple[ByteRange, ...]:
    """The bytes of `whole` that are not in `taken`."""
    holes = merged(taken)
    out: list[ByteRange] = []
    for one in merged(whole):
        at = one.start
        for hole in holes:
            if hole.end <= at or hole.start >= one.end:
                continue
            if hole.start > at:
                out.append(ByteRange(at, hole.start))
            at = max(at, hole.end)
        if at < one.end:
            out.append(ByteRange(at, one.end))
    return tuple(out)


def total(ranges: Iterable[ByteRange]) -> int:
    """How many distinct bytes lie in the ranges."""
    return sum(one.size for one in merged(ranges))


class Step(NamedTuple):
    """One step into a container. A tuple, as `Locator`: a run compares and looks up hundreds of thousands."""

    member: str
    """Member name as the container writes it (undecodable bytes percent-escaped by the reader), or the file name."""
    container: str = ""
    """Name of the container plug-in that reached it; empty for a file of the delivery."""
    ordinal: int = 0
    """0 for the first member of that name, 1 for the second...: duplicate names stay two artifacts."""


class Locator(NamedTuple):
    """Where an artifact lies: the human name of an artifact. A JSON list in evidence."""

    steps: tuple[Step, ...]

    def into(self, container: str, member: str, ordinal: int = 0) -> Locator:
        return Locator((*self.steps, Step(member, container, ordinal)))

    @property
    def name(self) -> str:
        """Name of the last step alone."""
        return self.steps[-1].member if self.steps else ""

    def within(self, outer: Locator) -> bool:
        """True for `outer` itself and everything inside it."""
        return self.steps[: len(outer.steps)] == outer.steps

    def __str__(self) -> str:
        """`delivery.zip!fw/app.fit!rootfs!/bin/sh`, with hostile characters percent-escaped."""
        return "!".join(
            quote(step.member, safe="/ ._-+@=,~()[]{}#&$:;", errors="surrogatepass")
            + (f"#{step.ordinal}" if step.ordinal else "")
            for step in self.steps
        )


@dataclass(frozen=True, slots=True)
class Artifact:
    """Identified, immutable bytes. Equality is by locator, size and digests; the content handle takes no part."""

    locator: Locator
    size: int
    """bytes"""
    digests: tuple[Digest, ...]
    """Always has sha256."""
    content: Buffer = field(compare=False, repr=False)

    @property
    def name(self) -> str:
        return self.locator.name

    @property
    def sha256(self) -> Digest:
        return next(one for one in self.digests if one.algorithm == "sha256")

    @property
    def whole(self) -> tuple[ByteRange, ...]:
        """The range of all bytes; none for an empty artifact."""
        return (ByteRange(0, self.size),) if self.size else ()


class Role(StrEnum):
    """What a file of the delivery is. Whatever is not positively a companion is an image."""

    IMAGE = "image"
    SIGNATURE = "signature"
    """A detached signature of any scheme, Sigstore bundles included."""
    CHECKSUMS = "checksums"
    SBOM = "sbom"
    KEY = "key"
    """A public key or certificate carried in the delivery: compared with the registry, never trusted."""
    IGNORED = "ignored"
    """Configuration, policy, keys registry, notes: positively recognised, used for nothing, and said so."""


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """One file of the delivery and what it was taken for."""

    role: Role
    artifact: Artifact
    why: str = ""
    """Plain words: what made it this role."""
    about: Locator | None = None
    """For a signature: the file it is for, where name or content tells."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the vendor handed over."""

    name: str
    """Base name of what the operator pointed at."""
    files: tuple[DeliveredFile, ...]
    archive: Artifact | None = None
    """The outer zip or tar, when the delivery is one file that was opened to find the others."""

    def of(self, role: Role) -> tuple[Artifact, ...]:
        return tuple(one.artifact for one in self.files if one.role is role)
