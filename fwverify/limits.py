"""Every bound fwverify keeps: its name, unit, default and the reason for that number.

Limits are run settings. They are recorded in the evidence, so that a policy can only ask about a recorded value
and two policies never see different facts. Count and byte limits come before the wall clock, because only they
repeat exactly.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

COLLECT_AFTER = 50_000, 20, 100
"""Objects made before the collector looks for cycles. Nearly all that a run makes lives until its end, or is freed
without it; looking after every 700, as Python does, takes a tenth of the processor time."""
MIB = 1 << 20
EMPTY_MEMBER = 0.25
"""What a member without content weighs among `max_members_per_kib`: nothing in it can be looked at."""


class LimitExceeded(Exception):
    """A bound was reached while examining hostile input. The stage turns it into a gap."""

    def __init__(self, limit: str, value: int) -> None:
        self.limit, self.value = limit, value
        super().__init__(f"{limit} exceeded: {value}")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one run."""

    max_depth: int = 16
    """Containers inside containers. Real images nest up to 7 (zip, swu, gz, FIT, cpio, xz, ELF); quines never end."""
    max_delivery_files: int = 10_000
    """Files in one delivery folder or archive. A release has tens; a wrongly named home folder has more."""
    max_file_bytes: int = 8192 * MIB
    """One file of the delivery. Larger than any eMMC image seen in this field (4 GiB)."""
    max_member_bytes: int = 2048 * MIB
    """One unpacked member."""
    max_total_bytes: int = 16384 * MIB
    """All members of one run together; bounds scratch space and time."""
    max_ratio: int = 2000
    """Unpacked bytes for each packed byte of one container, once more than `ratio_floor_bytes` came out. zlib
    cannot exceed 1032 by construction; xz reaches 7000 on zeros, which real payloads are not."""
    ratio_floor_bytes: int = 64 * MIB
    """Below this much output the ratio is not looked at: small runs of zeros are normal."""
    max_expansion: int = 250
    """Bytes that came out of all containers of one image together, for each byte of that image, once more than
    `expansion_floor_bytes` came out. A root file system gives 3 to 8, counted once for each level it lies in; a card
    image that is mostly empty 100. Without it zips inside zips stay below every other bound for minutes."""
    expansion_floor_bytes: int = 256 * MIB
    """Below this much output the expansion of an image is not looked at."""
    max_repeats: int = 8
    """Bytes of members that lie unpacked in their containers, for each byte of the image and of all that was unpacked
    from it, once more than `ratio_floor_bytes` came out. Each level counts once and real images have up to 7; images
    that overlap count as often as they are given out."""
    max_members_per_kib: int = 9
    """Members of one image for each KiB of it, once there are more than `members_floor`. An empty file takes 8 bytes
    in SquashFS, so an image of nothing else is refused; a container that holds itself twice doubles its members with
    every level."""
    members_floor: int = 2560
    """Up to this many members are not measured against the image. An empty one counts for a quarter."""
    max_members: int = 200_000
    """Members of one run. The largest Linux root file system measured here has 40,000."""
    max_name_bytes: int = 4096
    """Length of a member name (PATH_MAX)."""
    max_window_bytes: int = 128 * MIB
    """Window or dictionary a compressed stream may ask for. xz -9 needs 64 MiB; 128 MiB is zstd's own default limit."""
    max_seconds: int = 900
    """Wall clock for one delivery, from reading it to the last answer about its contents (`--timeout`): then what was
    not examined is a gap, and the decision is made. What one run reaches another may not."""
    max_text_bytes: int = 64 * MIB
    """A companion document (SBOM, checksum list, signature). A 10,000-component CycloneDX file has 8 MiB."""
    max_scan_events: int = 20_000
    """Version-string hits taken from one artifact before the rest is a gap."""
    worker_memory_bytes: int = 4096 * MIB
    """Address space of an examination worker: LIEF maps an executable and its own tables, about 6 times its size."""
    worker_seconds: int = 60
    """Wall clock for one artifact in a worker. The slowest real executable measured (110 MB) took 0.5 s."""
    worker_cpu_seconds: int = 600
    """CPU time of one worker before it is replaced."""
    unpack_memory_bytes: int = 1024 * MIB
    """Memory of the process that opens containers. A 64 MiB xz dictionary and a whole executable fit ten times."""
    unpack_seconds: int = 120
    """Wall clock between two answers of that process. The slowest real answer measured (a 70 MiB xz root file system
    inside gzip) took 4 s."""
    max_lost_workers: int = 32
    """Opening processes lost in one run before the rest is a gap: each costs a start and a second reading."""
    max_last_resort: int = 1000
    """Artifacts of one run that the last resort is asked about. Each costs a process and 0.2 s or more."""
    last_resort_seconds: int = 120
    """Wall clock of the last resort for one artifact, and processor time of each program it starts."""
    workers: int = 0
    """Examination workers; 0 means one for each core. Not recorded: the facts are the same."""


DEFAULT_LIMITS = Limits()


@dataclass(slots=True)
class Budget:
    """What one run has used up so far of its `Limits`. The one mutable value the unpackers share."""

    limits: Limits = DEFAULT_LIMITS
    clock: Callable[[], float] = time.monotonic
    total_bytes: int = 0
    members: int = 0
    deadline: float = field(default=0.0)
    image_bytes: int = 0
    """Of the image that is being opened; 0: not known here, so nothing is measured against it."""
    image_members: float = 0
    """Members it gave so far, an empty one as EMPTY_MEMBER."""
    unpacked_bytes: int = 0
    """Bytes it gave so far that did not lie in it as they are."""
    stored_bytes: int = 0
    """Bytes it gave so far that lay in their container as they are, each time they were given."""

    def __post_init__(self) -> None:
        self.deadline = self.deadline or self.clock() + self.limits.max_seconds

    def member(self, count: int = 1) -> None:
        """Count members found. Raises LimitExceeded."""
        self.members += count
        if self.members > self.limits.max_members:
            raise LimitExceeded("max_members", self.members)
        self.check_time()

    def check_time(self) -> None:
        """Raise LimitExceeded when the run's wall clock is over. Cheap; call it in every long loop."""
        if self.clock() > self.deadline:
            raise LimitExceeded("max_seconds", self.limits.max_seconds)

    def size(self, size_bytes: int) -> None:
        """Refuse a *declared* size before anything of that size is allocated. Raises LimitExceeded."""
        if size_bytes > self.limits.max_member_bytes:
            raise LimitExceeded("max_member_bytes", size_bytes)
        if self.total_bytes + size_bytes > self.limits.max_total_bytes:
            raise LimitExceeded("max_total_bytes", self.total_bytes + size_bytes)

    def output(self, produced_bytes: int) -> None:
        """Count bytes that came out of a container. Raises LimitExceeded."""
        self.total_bytes += produced_bytes
        if self.total_bytes > self.limits.max_total_bytes:
            raise LimitExceeded("max_total_bytes", self.total_bytes)
        self.check_time()

    def ratio(self, packed_bytes: int, unpacked_bytes: int) -> None:
        """Refuse an expansion no real payload has. Raises LimitExceeded."""
        if unpacked_bytes > self.limits.ratio_floor_bytes and unpacked_bytes > packed_bytes * self.limits.max_ratio:
            raise LimitExceeded("max_ratio", unpacked_bytes // max(packed_bytes, 1))

    def image(self, size_bytes: int) -> None:
        """An image is opened: what comes out of it is measured against its size."""
        self.image_bytes, self.image_members, self.unpacked_bytes, self.stored_bytes = size_bytes, 0, 0, 0

    def gave(self, size_bytes: int, *, stored: bool) -> None:
        """Count one member with content, before it is looked at. Raises LimitExceeded."""
        self.image_members += 1 if size_bytes else EMPTY_MEMBER
        if stored:
            self.stored_bytes += size_bytes
        else:
            self.unpacked_bytes += size_bytes
        if not self.image_bytes:
            return
        limits, every = self.limits, self.unpacked_bytes + self.stored_bytes
        if self.image_members > max(limits.members_floor, self.image_bytes * limits.max_members_per_kib // 1024):
            raise LimitExceeded("max_members_per_kib", int(self.image_members))
        if every > max(limits.expansion_floor_bytes, self.image_bytes * limits.max_expansion):
            raise LimitExceeded("max_expansion", every // self.image_bytes)
        whole = self.image_bytes + self.unpacked_bytes
        if self.stored_bytes > max(limits.ratio_floor_bytes, whole * limits.max_repeats):
            raise LimitExceeded("max_repeats", self.stored_bytes // whole)
