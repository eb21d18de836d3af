"""What a container plug-in is: one module with one constant CONTAINER."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from fwverify.formats.entries import EntryKind
from fwverify.formats.extents import Tick
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, Buffer, ByteRange, Digest
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.plugin import Doc

MemberKind = EntryKind
"""What a member is: the same kinds as an archive's entries have."""


@dataclass(frozen=True, slots=True)
class Member:
    """One thing a container holds. Links, devices and owners are metadata; nothing is ever created on disk."""

    name: str
    """As the container writes it; undecodable bytes percent-escaped (`formats.names.decoded`)."""
    kind: MemberKind = MemberKind.FILE
    content: Buffer | None = field(default=None, repr=False, compare=False)
    """Unpacked bytes of a file; None for everything else."""
    ranges: tuple[ByteRange, ...] = ()
    """Bytes of the container that hold this content. Several members may share a range (SquashFS fragments)."""
    stored: bool = False
    """The content is exactly the bytes of its single range, neither packed nor translated."""
    target: str = ""
    """Of a link."""
    mode: int = 0
    """POSIX mode bits; 0 when the container has none."""
    recognised: tuple[str, ...] | None = None
    """Not for readers: containers that read the content, the one to use first, when a worker has looked already."""


class PartUse(StrEnum):
    HEADER = "header"
    INDEX = "index"
    CHECK = "check"
    """CRCs and digests, parsed exactly."""
    PADDING = "padding"
    """Nothing but 00 or FF, where the format allows padding (checked byte by byte by the stage)."""


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of the container that are its own structure."""

    range: ByteRange
    use: PartUse


@dataclass(frozen=True, slots=True)
class Check:
    """An inner checksum, declared and computed (uImage CRC, FIT hash node, gzip CRC...)."""

    name: str
    """What it is over, in plain words or as the member name: `rootfs`, `header`."""
    declared: Digest
    computed: Digest
    member: str = ""
    """When it is over a member's content: that member's name (the digest then binds the member)."""


@dataclass(frozen=True, slots=True)
class Oddity:
    """An anomaly; the stage adds the locator."""

    kind: AnomalyKind
    detail: str
    range: ByteRange | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """Part of the container that could not be read while the rest could; the stage makes it a gap.
    (What stops the whole reader is raised instead: Malformed, Unsupported, Encrypted, LimitExceeded.)"""

    reason: GapReason
    detail: str
    range: ByteRange | None = None
    member: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something the headers state that other stages want: (`load-address`, `08000000`), (`version`, `1.2`)."""

    name: str
    value: str


Event = Member | Part | Check | Oddity | Unread | Fact


@dataclass(frozen=True, slots=True)
class Carve:
    """How a format is found inside other bytes (flash dumps, gaps, slack)."""

    magics: tuple[tuple[bytes, int], ...]
    """Bytes to search for (at least 2, better 4), and how far behind the beginning of the format they lie."""
    end: Callable[[memoryview, int, Tick], int]
    """View, offset, tick -> where what begins at that offset ends; 0: nothing sound begins there.

    Checks are strong enough that random bytes and strings in programs do not pass (a CRC, several fields that must
    agree, a stream that decodes): one false find in 1 GiB of code is too many. Total: raises nothing but what `tick`
    raises; calls `tick` with the bytes it looks at, before it looks; never reads more than it must."""
    step: int = 1
    """Only offsets that are a multiple of this are looked at (a sector, an erase block)."""
    begin: Callable[[memoryview, int, int, Tick], int] | None = None
    """For a magic that has no fixed place in the format: view, where the magic stands, the lowest offset that may be
    answered, tick -> where the format begins; -1: not here. Total, as `end`, which is asked next."""


@dataclass(frozen=True, slots=True)
class Container:
    """A format that holds artifacts."""

    name: str
    detect: Callable[[Artifact], bool]
    """Cheap and total: looks at a few bytes, never raises, never reads far."""
    unpack: Callable[[Artifact, Budget], Iterator[Event]]
    """Yields what is found, members one at a time, as it is found; raises Malformed, Unsupported, Encrypted or
    LimitExceeded for what it cannot go on with. Bytes no event claims are unexplained. Sizes and counts are checked
    against the budget before anything is allocated. Content comes from `fwverify.content.held` or as a slice of
    `artifact.content`."""
    doc: Doc
    carve: Carve | None = None
    """How it is found inside other bytes; None: only where an artifact begins with it."""
    weak: bool = False
    """Found by searching, not by a magic at the start: another reader that also fits is no second format."""
    partial: bool = False
    """The content is only partly understood even when nothing is wrong (raw microcontroller code)."""
    wrapper: bool = False
    """A frame around an image of any format, which begins where the image begins: what else fits is no second format,
    for the image comes out as a member."""
