"""What lies between the files of an ext file system: superblocks, descriptors and their copies, bitmaps, the journal.

Source: Linux Documentation/filesystems/ext4/{super,group_descr,bitmaps,special_inodes,journal,mmp,orphan}.rst, read
2026-11-22. A copy counts as understood where it equals the first, a bitmap where it says what was found: bytes that
nobody needs are a place to hide things. The content of the journal, of bad blocks and of the boot loader's inode is
left to those who look for content.

Does NOT do: replay the journal; read quota files.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import replace

from fwverify.formats.crc32c import crc32c
from fwverify.formats.ext_inodes import EXTENTS, MAP_AT, Inode, Map
from fwverify.formats.ext_superblock import (
    AT,
    CHECKSUM_AT,
    RO_GROUP_SUMS,
    SUPERBLOCK_BYTES,
    VOLATILE,
    Superblock,
    is_text,
    understood,
)
from fwverify.formats.ext_volume import (
    BLOCK_UNUSED,
    INODES_UNUSED,
    Group,
    Volume,
    copies,
    descriptor_block,
    group_blocks,
    group_start,
    inode_table_blocks,
    meta_copies,
    seeded,
    superblock_block,
    table_blocks,
)
from fwverify.model.artifact import ByteRange, subtracted
from fwverify.model.evidence import AnomalyKind
from fwverify.model.examining import Malformed

DESCRIPTOR_FIELDS = (ByteRange(0, 0x14), ByteRange(0x18, 0x20))
DESCRIPTOR_FIELDS_HIGH = (ByteRange(0x20, 0x34), ByteRange(0x38, 0x3C))
"""What is defined of a descriptor; the rest belongs to snapshots that never came, or is reserved."""
DESCRIPTOR_FIXED = (ByteRange(0, 0x0C), ByteRange(0x20, 0x2C))
"""Places; counts, flags and sums are older in copies."""
DESCRIPTOR_BYTES = 64
CRC16_POLYNOMIAL = 0xA001
JOURNAL_MAGIC, JOURNAL_KINDS = 0xC03B3998, (3, 4)
JOURNAL_SUMS = 0x10 | 0x8
"""Incompatible features of a journal whose superblock has a checksum."""
MMP_MAGIC, MMP_BYTES = 0x004D4D50, 1024
MMP_TEXTS = ((16, 80), (80, 112))
"""Machine and device."""
ORPHAN_MAGIC, ORPHAN_TAIL_BYTES = 0x0B10CA04, 8


def superblocks(volume: Volume, journal: Inode | None) -> None:
    """The first superblock and its copies. A copy may be older, not other."""
    head = volume.head
    size = struct.pack("<II", journal.size >> 32, journal.size & 0xFFFFFFFF) if journal else b""
    journal_map = (journal.map if journal else b"") + size
    for one in understood(head, journal_map):
        volume.claim(AT + one.start, one.size)
    if head.sums:
        volume.sums.tally("superblocks").take("superblock", head.checksum, crc32c(head.raw[:CHECKSUM_AT]))
    volume.take(superblock_block(head, 0), 1)
    fixed = subtracted((ByteRange(0, SUPERBLOCK_BYTES),), VOLATILE)
    for group in copies(volume):
        number = superblock_block(head, group)
        volume.take(number, 1)
        at = volume.block(number)
        raw = volume.view[at : at + SUPERBLOCK_BYTES]
        if any(raw[one.start : one.end] != head.raw[one.start : one.end] for one in fixed):
            place = ByteRange(at, at + SUPERBLOCK_BYTES)
            volume.note(AnomalyKind.HEADER_DISAGREES, f"the superblock in group {group} differs from the first", place)
            continue
        for one in understood(replace(head, raw=raw), journal_map):
            volume.claim(at + one.start, one.size)
        if head.sums:
            declared = int.from_bytes(raw[CHECKSUM_AT:], "little")
            tally = volume.sums.tally("superblocks")
            tally.take(f"superblock of group {group}", declared, crc32c(raw[:CHECKSUM_AT]))


def _there(volume: Volume, number: int, what: str, count: int = 1) -> bool:
    """Mark blocks as in use. Tell when they are not in the image."""
    try:
        volume.take(number, count)
    except Malformed as problem:
        volume.note(AnomalyKind.HEADER_DISAGREES, f"{what}: {problem.reason}")
        volume.missing = True
        return False
    return True


def descriptors(volume: Volume) -> None:
    """The descriptor table, its checksums and its copies, and the bitmaps' and inode tables' blocks as in use."""
    head = volume.head
    each = head.block_size // head.descriptor_size
    indices = range(-(-head.groups // each))
    for index in indices:
        _there(volume, descriptor_block(head, index), "the group descriptors")
    for group in volume.groups:
        _claim_descriptor(volume, group.at)
        _sum_descriptor(volume, group)
        for what, number, count in (
            ("block bitmap", group.block_bitmap, 1),
            ("inode bitmap", group.inode_bitmap, 1),
            ("inode table", group.inode_table, inode_table_blocks(head)),
        ):
            _there(volume, number, f"the {what} of group {group.number}", count)
    for copied in copies(volume):
        for index in range(table_blocks(head)):
            _copy(volume, index, superblock_block(head, copied) + 1 + index)
    for index, number in meta_copies(head):
        _copy(volume, index, number)


def _claim_descriptor(volume: Volume, at: int) -> None:
    for one in DESCRIPTOR_FIELDS + (DESCRIPTOR_FIELDS_HIGH if volume.head.wide else ()):
        volume.claim(at + one.start, one.size)


def _sum_descriptor(volume: Volume, group: Group) -> None:
    head = volume.head
    raw = bytes(volume.view[group.at : group.at + head.descriptor_size])
    number = group.number.to_bytes(4, "little")
    if head.sums:
        tally = volume.sums.tally("group descriptors", "crc32c", 2)
        computed = crc32c(raw[:0x1E] + bytes(2) + raw[0x20:], crc32c(number, head.seed)) & 0xFFFF
    elif head.ro_compat & RO_GROUP_SUMS:
        tally = volume.sums.tally("group descriptors", "crc16", 2)
        computed = _crc16(head.uuid + number + raw[:0x1E] + raw[0x20:])
    else:
        return
    tally.take(f"descriptor of group {group.number}", group.checksum, computed)


def _crc16(data: bytes) -> int:
    value = 0xFFFF
    for one in data:
        value = CRC16_TABLE[(value ^ one) & 0xFF] ^ value >> 8
    return value


def _crc16_entry(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (CRC16_POLYNOMIAL if value & 1 else 0)
    return value


CRC16_TABLE = tuple(_crc16_entry(one) for one in range(256))


def _copy(volume: Volume, index: int, number: int) -> None:
    """One block of a copy of the descriptor table."""
    head = volume.head
    if not _there(volume, number, "a copy of the group descriptors"):
        return
    each = head.block_size // head.descriptor_size
    at, first = volume.block(number), volume.block(descriptor_block(head, index))
    size = min(each, head.groups - index * each) * head.descriptor_size
    same = volume.view[at : at + size] == volume.view[first : first + size]
    for offset in range(0, size, head.descriptor_size):
        if same or _fixed(head, volume.view, at + offset) == _fixed(head, volume.view, first + offset):
            _claim_descriptor(volume, at + offset)
        else:
            place = ByteRange(at + offset, at + offset + head.descriptor_size)
            group = index * each + offset // head.descriptor_size
            volume.note(AnomalyKind.HEADER_DISAGREES, f"a copy of the descriptor of group {group} differs", place)


def _fixed(head: Superblock, view: memoryview, at: int) -> bytes:
    spans = DESCRIPTOR_FIXED if head.wide else DESCRIPTOR_FIXED[:1]
    return b"".join(bytes(view[at + one.start : at + one.end]) for one in spans)


def reserved_descriptors(volume: Volume) -> None:
    """Blocks kept for a longer descriptor table: in use, and empty but for the resize inode's lists."""
    head = volume.head
    for group in [0, *copies(volume)]:
        if not head.reserved_descriptor_blocks or group_blocks(head, group) < head.reserved_descriptor_blocks + 2:
            continue
        first = superblock_block(head, group) + 1 + table_blocks(head)
        for number in range(first, first + head.reserved_descriptor_blocks):
            if number < volume.blocks:
                volume.used[number] = 1


def resize_inode(volume: Volume, node: Inode) -> None:
    """The inode that owns the reserved blocks: a list of lists, each naming the copies of one reserved block."""
    head = volume.head
    top = struct.unpack_from("<I", node.map, 52)[0]
    if not top or node.flags & EXTENTS:
        return
    if not _there(volume, top, "the list of the resize inode"):
        return
    volume.claim(node.at + MAP_AT + 52, 4)
    each = head.block_size // 4
    at = volume.block(top)
    first = superblock_block(head, 0) + 1 + table_blocks(head)
    groups = copies(volume)
    for number in range(first, min(first + head.reserved_descriptor_blocks, volume.blocks)):
        slot = at + 4 * ((number - superblock_block(head, 0) - 1) % each)
        if int.from_bytes(volume.view[slot : slot + 4], "little") != number:
            continue
        volume.claim(slot, 4)
        spares = [superblock_block(head, one) + number - superblock_block(head, 0) for one in groups][:each]
        wanted = struct.pack(f"<{len(spares)}I", *spares)
        start = volume.block(number)
        if bytes(volume.view[start : start + len(wanted)]) == wanted:
            volume.claim(start, len(wanted))


def bitmaps(volume: Volume, inodes: Iterable[int]) -> None:
    """Compare the bitmaps with what was found.

    Args:
        volume: with every block marked that something lies in.
        inodes: numbers of all that are in use.
    """
    head = volume.head
    by_group: dict[int, list[int]] = {}
    for number in inodes:
        place, index = divmod(number - 1, head.inodes_per_group)
        by_group.setdefault(place, []).append(index)
    wrong: dict[str, list[int]] = {"blocks": [], "inodes": []}
    for group in volume.groups:
        volume.budget.check_time()
        found = bytearray(head.inodes_per_group)
        for index in by_group.get(group.number, ()):
            found[index] = 1
        unused = head.lazy and bool(group.flags & INODES_UNUSED)
        _sum_bitmap(volume, "inode bitmap", group, group.inode_bitmap, head.inodes_per_group // 8, group.inode_sum)
        if not _bitmap(volume, group.inode_bitmap, found, unused):
            wrong["inodes"].append(group.number)
        unused = head.lazy and bool(group.flags & BLOCK_UNUSED)
        size = head.blocks_per_group // head.cluster_blocks // 8
        _sum_bitmap(volume, "block bitmap", group, group.block_bitmap, size, group.block_sum)
        if not _bitmap(volume, group.block_bitmap, _clusters(volume, group.number), unused):
            wrong["blocks"].append(group.number)
            volume.missing |= group_start(head, group.number) + group_blocks(head, group.number) > volume.blocks
    for what, groups in wrong.items():
        if groups:
            listed = ", ".join(map(str, groups[:8])) + (" and more" if len(groups) > 8 else "")
            volume.note(AnomalyKind.HEADER_DISAGREES, f"the bitmap of {what} of group {listed} is not what is in use")


def _clusters(volume: Volume, group: int) -> bytearray:
    """One byte for each cluster of a group, 1 where something lies in it; what is not in the image must be free."""
    head = volume.head
    start, count = group_start(head, group), group_blocks(head, group)
    used = volume.used[start : start + count]
    used += bytes(count - len(used))
    if head.cluster_blocks == 1:
        return used
    used += bytes(-len(used) % head.cluster_blocks)
    step = head.cluster_blocks
    return bytearray(used.find(1, at, at + step) >= 0 for at in range(0, len(used), step))


def _sum_bitmap(volume: Volume, what: str, group: Group, number: int, size: int, declared: int) -> None:
    head = volume.head
    flag = INODES_UNUSED if what.startswith("inode") else BLOCK_UNUSED
    if not head.sums or group.flags & flag or not size or number >= volume.blocks:
        return
    at = volume.block(number)
    volume.sums.add(what, group.number, head.seed, ByteRange(at, at + size), declared, (), 4 if head.wide else 2)


def _bitmap(volume: Volume, number: int, found: bytearray, unused: bool) -> bool:
    """Claim the bytes of one bitmap that are right; whether all of them are (or none count)."""
    if number >= volume.blocks:
        return True  # told already
    at, size = volume.block(number), volume.head.block_size
    raw, wanted = bytes(volume.view[at : at + size]), packed(found)
    if raw[: len(wanted)] == wanted:
        volume.claim(at, len(wanted))
        right = True
    else:
        right = unused
        for start, end in _equal(raw, wanted) if not unused else ():
            volume.claim(at + start, end - start)
    rest = size - len(wanted)
    if rest and raw[len(wanted) :] == b"\xff" * rest:
        volume.padding.append(ByteRange(at + len(wanted), at + size))
    return right


def packed(found: bytearray) -> bytes:
    """Bits, lowest first, from bytes that are 0 or 1; bits behind the last are set."""
    padded = found + b"\1" * (-len(found) % 8)
    size = len(padded) // 8
    total = 0
    for bit in range(8):
        total |= int.from_bytes(padded[bit::8], "little") << bit
    return total.to_bytes(size, "little")


def _equal(one: bytes, other: bytes) -> Iterable[tuple[int, int]]:
    """Where two texts are equal, in words of 16 bytes."""
    for start in range(0, len(other), 16):
        if one[start : start + 16] == other[start : start + 16]:
            yield start, min(start + 16, len(other))


def journal(volume: Volume, where: Map) -> ByteRange | None:
    """The journal's superblock; its range when the journal holds changes that were not carried out.

    Raises:
        Malformed: it has none.
    """
    if not where.runs or where.runs[0].logical:
        raise Malformed("ext journal", "it has no blocks")
    at = volume.block(where.runs[0].physical)
    magic, kind = struct.unpack_from(">II", volume.view, at)
    if magic != JOURNAL_MAGIC or kind not in JOURNAL_KINDS:
        raise Malformed("ext journal", "it has no superblock", at)
    start = int.from_bytes(volume.view[at + 0x1C : at + 0x20], "big")
    volume.claim(at, 0x24)
    if kind == 4:
        features = int.from_bytes(volume.view[at + 0x28 : at + 0x2C], "big")
        users = int.from_bytes(volume.view[at + 0x40 : at + 0x44], "big")
        volume.claim(at + 0x24, 0x51 - 0x24)
        volume.claim(at + 0x54, 8)
        volume.claim(at + 0x100, 16 if users else 0)
        if features & JOURNAL_SUMS:
            raw = bytes(volume.view[at : at + SUPERBLOCK_BYTES])
            volume.claim(at + 0xFC, 4)
            computed = crc32c(raw[:0xFC] + bytes(4) + raw[0x100:])
            volume.sums.tally("journal").take("journal superblock", int.from_bytes(raw[0xFC:0x100], "big"), computed)
    return ByteRange(at, at + volume.head.block_size) if start else None


def mount_protection(volume: Volume) -> None:
    """The block by which machines keep from mounting one file system twice."""
    head = volume.head
    if not head.mmp_block or not _there(volume, head.mmp_block, "the mount protection block"):
        return
    at = volume.block(head.mmp_block)
    raw = volume.view[at : at + MMP_BYTES]
    if int.from_bytes(raw[:4], "little") != MMP_MAGIC:
        place = ByteRange(at, at + head.block_size)
        volume.note(AnomalyKind.HEADER_DISAGREES, "the mount protection block is none", place)
        return
    volume.claim(at, 16)
    for start, end in MMP_TEXTS:
        volume.claim(at + start, end - start if is_text(raw[start:end]) else 0)
    volume.claim(at + 112, 2)
    if head.sums:
        volume.claim(at + CHECKSUM_AT, 4)
        declared = int.from_bytes(raw[CHECKSUM_AT:], "little")
        computed = crc32c(raw[:CHECKSUM_AT], head.seed)
        volume.sums.tally("mount protection").take("mount protection block", declared, computed)


def orphans(volume: Volume, node: Inode, where: Map) -> Sequence[int]:
    """Inodes that the orphan file names; its tails are claimed."""
    size, found = volume.head.block_size, list[int]()
    for run in where.runs:
        for number in range(run.physical, run.physical + run.count):
            at = volume.block(number)
            magic, declared = struct.unpack_from("<II", volume.view, at + size - ORPHAN_TAIL_BYTES)
            if magic != ORPHAN_MAGIC:
                continue
            raw = volume.view[at : at + size - ORPHAN_TAIL_BYTES]
            volume.claim(at + size - ORPHAN_TAIL_BYTES, ORPHAN_TAIL_BYTES)
            found += [one for one in struct.unpack(f"<{len(raw) // 4}I", raw) if one]
            if volume.head.sums:
                begun = crc32c(number.to_bytes(8, "little"), seeded(volume.head, node.number, node.generation))
                volume.sums.tally("orphan blocks").take(f"orphan block {number}", declared, crc32c(raw, begun))
    return found
