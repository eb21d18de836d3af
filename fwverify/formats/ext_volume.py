"""An ext file system while it is read: its groups, which bytes were understood, which blocks are in use, what sums say.

Source: Linux Documentation/filesystems/ext4/{blockgroup,group_descr,bitmaps,checksums}.rst, read 2026-11-22.
Every reader of a part notes here what it understood (`claim`), which blocks something lies in (`take`) and which
checksums it met (`Sums.add`); so each byte is accounted for once, and work is bounded by the size of the image: blocks
that are used again and again end the reading.

Does NOT do: read anything but group descriptors; judge.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from fwverify.formats.crc32c import crc32c, over_records
from fwverify.formats.entries import Irregularity
from fwverify.formats.ext_superblock import (
    AT,
    COMPAT_SPARSE2,
    INCOMPAT_META_GROUPS,
    RO_SHARED,
    RO_SPARSE,
    WHAT,
    Superblock,
)
from fwverify.limits import Budget, LimitExceeded
from fwverify.model.artifact import ByteRange
from fwverify.model.evidence import AnomalyKind
from fwverify.model.examining import Malformed

BLOCK_UNUSED, INODES_UNUSED = 0x2, 0x1
"""Flags of a group: its bitmap was never written."""
FOLD_BYTES = 1024
"""Zeros between understood bytes that are counted with them: reserved fields, the unused end of an inode or name."""
BATCH_BYTES = 1 << 22
"""Records summed at a time."""
MAX_NOTES = 16
"""Places that do not agree told one by one."""
MAX_FAILED = 16
"""Failed checksums of one sort told one by one."""
MAX_GROUPS = 1 << 17
"""1 TiB in 1 KiB blocks."""
REUSE = 1
"""How often all blocks may be used a second time before reading ends."""
SHARED_REUSE = 16
"""The same where files share blocks by design."""


@dataclass(frozen=True, slots=True)
class Group:
    """One descriptor."""

    number: int
    block_bitmap: int
    inode_bitmap: int
    inode_table: int
    flags: int
    block_sum: int
    inode_sum: int
    checksum: int
    at: int
    """Where the descriptor lies in the image."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A checksum that does not hold."""

    name: str
    declared: int
    computed: int


@dataclass(slots=True)
class Tally:
    """What the checksums of one sort of structure gave."""

    name: str
    """In the plural."""
    algorithm: str
    size: int
    """Of a value, in bytes."""
    declared: int = 0
    computed: int = 0
    """All that hold, exclusive-or: what one line can say of thousands."""
    holding: int = 0
    failures: int = 0
    failed: list[Failed] = field(default_factory=list)
    """The first of them."""

    def take(self, name: str, declared: int, computed: int) -> None:
        if declared == computed:
            self.holding += 1
            self.declared ^= declared
            self.computed ^= computed
            return
        self.failures += 1
        if len(self.failed) < MAX_FAILED:
            self.failed.append(Failed(name, declared, computed))


@dataclass(slots=True)
class _Batch:
    """Structures of one sort and size that wait to be summed together."""

    tally: Tally
    waiting: list[tuple[int, int, int, int]] = field(default_factory=list)
    """Number, start value, place, declared value."""


@dataclass(slots=True)
class Sums:
    """Checksums of many structures; CRC-32C in batches."""

    view: memoryview
    tallies: dict[str, Tally] = field(default_factory=dict)
    batches: dict[tuple[str, int, tuple[ByteRange, ...], int], _Batch] = field(default_factory=dict)

    def tally(self, name: str, algorithm: str = "crc32c", size: int = 4) -> Tally:
        return self.tallies.setdefault(name, Tally(name, algorithm, size))

    def add(
        self, name: str, number: int, start: int, place: ByteRange, declared: int,
        zeroed: tuple[ByteRange, ...] = (), size: int = 4,
    ) -> None:  # fmt: skip
        """Note one structure with a CRC-32C.

        Args:
            name: what it is, in the singular.
            number: which.
            start: the register before it.
            place: where it lies.
            declared: the value it must have.
            zeroed: where the value itself lies, in it.
            size: bytes of the value that are kept, the lower ones.
        """
        key = (name, place.size, zeroed, size)
        batch = self.batches.get(key)
        if batch is None:
            batch = self.batches[key] = _Batch(self.tally(name + "s"))
        batch.waiting.append((number, start, place.start, declared))
        if len(batch.waiting) * place.size >= BATCH_BYTES:
            self._compute(key, batch)

    def _compute(self, key: tuple[str, int, tuple[ByteRange, ...], int], batch: _Batch) -> None:
        name, width, zeroed, size = key
        records = bytearray(b"".join(self.view[at : at + width] for _, _, at, _ in batch.waiting))
        for at in (at for span in zeroed for at in range(span.start, span.end)):
            records[at::width] = bytes(len(batch.waiting))
        values = over_records(records, width, width, [one[1] for one in batch.waiting])
        for (number, _, _, declared), value in zip(batch.waiting, values, strict=True):
            batch.tally.take(f"{name} {number}", declared, value & (1 << 8 * size) - 1)
        batch.waiting.clear()

    def results(self) -> list[Tally]:
        for key, batch in self.batches.items():
            if batch.waiting:
                self._compute(key, batch)
        return list(self.tallies.values())


@dataclass(slots=True)
class Volume:
    """The file system and what is known of it so far."""

    view: memoryview
    head: Superblock
    budget: Budget
    sums: Sums
    groups: tuple[Group, ...] = ()
    used: bytearray = field(default_factory=bytearray)
    """One byte for each block that is there: 1 where something lies in it."""
    again: int = 0
    """Blocks used a second time."""
    missing: bool = False
    """Something lies behind the end of the image."""
    spans: list[tuple[int, int]] = field(default_factory=list)
    """Bytes that were understood."""
    padding: list[ByteRange] = field(default_factory=list)
    notes: list[Irregularity] = field(default_factory=list)
    """The first of them."""
    noted: int = 0

    @property
    def blocks(self) -> int:
        """Blocks that are really there."""
        return len(self.used)

    def claim(self, start: int, size: int) -> None:
        """These bytes were understood."""
        if size:
            self.spans.append((start, start + size))

    def block(self, number: int) -> int:
        """Where a block begins. Raises Malformed when it is not one of the file system's that are there."""
        if not self.head.first_block <= number < self.blocks:
            raise Malformed(WHAT, f"block {number} is not in the image")
        return number * self.head.block_size

    def take(self, first: int, count: int) -> int:
        """Something lies in these blocks; how many of them were in use before.

        Raises:
            Malformed: they are not in the image.
            LimitExceeded: the same blocks are used too often.
        """
        if not self.head.first_block <= first or first + count > self.blocks:
            raise Malformed(WHAT, f"blocks {first} to {first + count - 1} are not in the image")
        before = self.used.count(1, first, first + count)
        self.used[first : first + count] = b"\1" * count
        self.again += before
        most = (SHARED_REUSE if self.head.ro_compat & RO_SHARED else REUSE) * self.blocks
        if self.again > most:
            raise LimitExceeded("ext blocks used twice", self.again)
        return before

    def note(self, kind: AnomalyKind, detail: str, place: ByteRange | None = None) -> None:
        self.noted += 1
        if len(self.notes) < MAX_NOTES:
            self.notes.append(Irregularity(kind, detail, place))

    def understood(self) -> list[ByteRange]:
        """What was claimed, merged; short runs of zeros in between belong to it."""
        out: list[ByteRange] = []
        start, end = -1, -1
        for one, other in sorted(self.spans):
            if start >= 0 and (
                one <= end or (one - end < FOLD_BYTES and bytes(self.view[end:one]).count(0) == one - end)
            ):
                end = max(end, other)
                continue
            if start >= 0:
                out.append(ByteRange(start, end))
            start, end = one, other
        if start >= 0:
            out.append(ByteRange(start, end))
        return out


def opened(view: memoryview, head: Superblock, budget: Budget) -> Volume:
    """A volume with its group descriptors read.

    Raises:
        Malformed: the descriptors are not in the image.
    """
    volume = Volume(view, head, budget, Sums(view))
    volume.used = bytearray(min(head.blocks, len(view) // head.block_size))
    volume.groups = tuple(_groups(volume))
    return volume


def _groups(volume: Volume) -> Iterator[Group]:
    head = volume.head
    each = head.block_size // head.descriptor_size
    if head.groups > MAX_GROUPS:
        raise LimitExceeded("ext groups", head.groups)
    if head.groups * head.descriptor_size > len(volume.view):
        raise Malformed(WHAT, f"descriptors of {head.groups} groups are not in the image", AT)
    for number in range(head.groups):
        if number % each == 0:
            volume.budget.check_time()
            start = volume.block(descriptor_block(head, number // each))
        yield _group(volume, number, start + number % each * head.descriptor_size)


def _group(volume: Volume, number: int, at: int) -> Group:
    blocks, inodes, table, flags = struct.unpack_from("<3I6xH", volume.view, at)
    block_sum, inode_sum, checksum = struct.unpack_from("<2H2xH", volume.view, at + 0x18)
    if volume.head.wide:
        high = struct.unpack_from("<3I", volume.view, at + 0x20)
        blocks, inodes, table = blocks | high[0] << 32, inodes | high[1] << 32, table | high[2] << 32
        above = struct.unpack_from("<2H", volume.view, at + 0x38)
        block_sum, inode_sum = block_sum | above[0] << 16, inode_sum | above[1] << 16
    return Group(number, blocks, inodes, table, flags, block_sum, inode_sum, checksum, at)


def group_start(head: Superblock, number: int) -> int:
    """First block of a group."""
    return head.first_block + number * head.blocks_per_group


def has_copy(head: Superblock, number: int) -> bool:
    """True when the group begins with a copy of the superblock."""
    if number == 0:
        return True
    if head.compat & COMPAT_SPARSE2:
        return number in head.backup_groups
    if number == 1 or not head.ro_compat & RO_SPARSE:
        return True
    return any(_is_power(number, base) for base in (3, 5, 7))


def _is_power(number: int, base: int) -> bool:
    while number % base == 0:
        number //= base
    return number == 1


def superblock_block(head: Superblock, number: int) -> int:
    """The block that holds a group's copy of the superblock."""
    start = group_start(head, number)
    return 1 if start == 0 and head.block_size == AT else start


def table_blocks(head: Superblock) -> int:
    """Blocks of the descriptor table that follow each copy of the superblock."""
    whole = -(-head.groups * head.descriptor_size // head.block_size)
    return min(whole, head.first_meta_group) if head.incompat & INCOMPAT_META_GROUPS else whole


def descriptor_block(head: Superblock, index: int) -> int:
    """Where the block of the descriptor table lies that the reader uses."""
    if not head.incompat & INCOMPAT_META_GROUPS or index < head.first_meta_group:
        return superblock_block(head, 0) + 1 + index
    group = index * (head.block_size // head.descriptor_size)
    return superblock_block(head, group) + 1 if has_copy(head, group) else group_start(head, group)


def copies(volume: Volume) -> list[int]:
    """Groups in the image, but the first, that begin with a copy of the superblock and the descriptor table."""
    head = volume.head
    return [one for one in range(1, head.groups) if group_start(head, one) < volume.blocks and has_copy(head, one)]


def meta_copies(head: Superblock) -> Iterator[tuple[int, int]]:
    """Index of a block of the descriptor table that lies in a meta group, and where a copy of it lies."""
    each = head.block_size // head.descriptor_size
    first = head.first_meta_group if head.incompat & INCOMPAT_META_GROUPS else head.groups
    for index in range(first, -(-head.groups // each)):
        for group in dict.fromkeys((index * each + 1, index * each + each - 1)):
            if index * each < group < head.groups:
                yield index, group_start(head, group) + has_copy(head, group)


def group_blocks(head: Superblock, number: int) -> int:
    """How many blocks a group has: the last may have fewer."""
    return min(head.blocks_per_group, head.blocks - group_start(head, number))


def inode_table_blocks(head: Superblock) -> int:
    return -(-head.inodes_per_group * head.inode_size // head.block_size)


def seeded(head: Superblock, number: int, generation: int) -> int:
    """Start value for what belongs to an inode."""
    return crc32c(struct.pack("<II", number, generation), head.seed)
