"""FAT12, FAT16 and FAT32 volumes as containers; boot sector, FAT and directories are read by formats/fat_*.py.

Claimed are entries of directories that are in use and of the FAT that chains explain. Deleted entries, free clusters,
what follows the end of a file in its last cluster, boot code other than that of the usual tools, and sectors in which
a second FAT differs are nobody's: they are searched again.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.content import held
from fwverify.formats import fat_table, fat_volume
from fwverify.formats.entries import EntryKind
from fwverify.formats.fat_volume import CODE_END, SIGNATURE_AT, WHAT, Volume
from fwverify.formats.names import decoded, fill_byte
from fwverify.limits import MIB, Budget
from fwverify.model.artifact import Artifact, ByteRange, merged
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.unpack.fat_tree import Leaf, Walk, byte_runs, tables, walked
from fwverify.unpack.file_tree import MAX_NOTES, bare, verdicts
from fwverify.unpack.interface import (
    Carve,
    Container,
    Event,
    Fact,
    Member,
    MemberKind,
    Oddity,
    Part,
    PartUse,
    Unread,
)

MAX_TRACK_SECTORS = 64
"""Writers leave what does not fill a track of the disk they imagine."""
RESERVED = ByteRange(52, 64)
"""Of a FAT32 boot sector."""


def _detect(artifact: Artifact) -> bool:
    return fat_volume.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    volume = fat_volume.read(view)
    yield Fact("type", f"FAT{volume.bits}")
    yield Fact("formatted-by", decoded(volume.oem.rstrip(b" \0")))
    yield Fact("serial", f"{volume.serial:08X}")
    yield from _boot_sector(view, volume, 0)
    yield from _reserved(view, volume)
    yield from _end(view, volume)
    table = fat_table.read(view, volume)
    high = fat_table.reserved_bits(table)
    walk = walked(view, volume, table, budget)
    yield from walk.events
    yield from _counted(walk)
    yield from (Part(one, PartUse.INDEX) for one in merged(walk.index))
    claimed, odd = tables(walk, high)
    yield from (Part(one, PartUse.INDEX) for one in claimed)
    yield from odd
    yield from verdicts([one.node for one in walk.leaves], whole_system=False, fold_case=True)
    yield from _members(walk, budget)


def _boot_sector(view: memoryview, volume: Volume, at: int) -> Iterator[Event]:
    """What is known of a boot sector, or of its copy."""
    start = 90 if volume.bits == 32 else 62
    parameters = [(0, volume.parameters_end)]
    if volume.bits == 32:
        parameters = [(0, RESERVED.start), (RESERVED.end, volume.parameters_end)]
        yield Part(RESERVED.shifted(at), PartUse.PADDING)
    if fat_volume.known_boot_code(view[at:], start):
        parameters.append((start, CODE_END))
    yield from (Part(ByteRange(at + first, at + stop), PartUse.HEADER) for first, stop in parameters)
    yield Part(ByteRange(at + SIGNATURE_AT, at + SIGNATURE_AT + 2), PartUse.CHECK)


def _reserved(view: memoryview, volume: Volume) -> Iterator[Event]:
    """FSInfo and the copies of FAT32, where the boot sector says."""
    if volume.bits != 32:
        return
    if volume.info:
        try:
            stated = fat_volume.info(view, volume.info)
        except Malformed as problem:
            yield Oddity(AnomalyKind.HEADER_DISAGREES, str(problem))
        else:
            yield from _info(volume.info)
            if volume.clusters < stated.free != fat_volume.UNKNOWN:
                yield Oddity(AnomalyKind.HEADER_DISAGREES, f"FSInfo states {stated.free} free clusters")
    yield from _backup(view, volume)


def _info(at: int) -> Iterator[Event]:
    for start, stop, use in (
        (0, 4, PartUse.HEADER), (4, 484, PartUse.PADDING), (484, 496, PartUse.HEADER), (496, 508, PartUse.PADDING),
        (508, 512, PartUse.HEADER),
    ):  # fmt: skip
        yield Part(ByteRange(at + start, at + stop), use)


def _backup(view: memoryview, volume: Volume) -> Iterator[Event]:
    at = volume.backup
    if not at or at + fat_volume.MIN_BYTES > len(view):
        return
    if bytes(view[at : at + volume.parameters_end]) != bytes(view[: volume.parameters_end]):
        detail = "the copy of the boot sector differs from it"
        yield Oddity(AnomalyKind.HEADER_DISAGREES, detail, ByteRange(at, at + fat_volume.MIN_BYTES))
        return
    if bytes(view[at + SIGNATURE_AT : at + SIGNATURE_AT + 2]) == b"\x55\xaa":
        yield from _boot_sector(view, volume, at)
    copy = at + volume.info
    if volume.info and copy + fat_volume.MIN_BYTES <= volume.reserved_bytes:
        try:
            fat_volume.info(view, copy)
        except Malformed:  # not every tool copies it
            return
        yield from _info(copy)


def _end(view: memoryview, volume: Volume) -> Iterator[Event]:
    if len(view) < volume.size:
        yield Unread(GapReason.MALFORMED, f"{WHAT}: it declares {volume.size} bytes, {len(view)} are there")
    elif len(view) > volume.size:
        rest = ByteRange(volume.size, len(view))
        if rest.size < MAX_TRACK_SECTORS * volume.sector_bytes and fill_byte(view, rest):
            yield Part(rest, PartUse.PADDING)
        else:
            yield Oddity(AnomalyKind.TRAILING_DATA, "bytes after the file system", rest)


def _counted(walk: Walk) -> Iterator[Event]:
    """What was only counted while walking."""
    if walk.deleted:
        yield Fact("deleted-entries", str(walk.deleted))
    if walk.orphans:
        detail = f"{walk.orphans} pieces of long names belong to no file"
        yield Oddity(AnomalyKind.HEADER_DISAGREES, detail)
    if walk.odd:
        detail = f"{walk.odd} entries of directories have values that do not belong there"
        yield Oddity(AnomalyKind.HEADER_DISAGREES, detail)


def _members(walk: Walk, budget: Budget) -> Iterator[Event]:
    told = 0
    for leaf in walk.leaves:
        if leaf.node.kind is not EntryKind.FILE:
            yield bare(leaf.node)
            continue
        needed = -(-leaf.size // walk.volume.cluster_bytes)
        if leaf.chain.clusters > needed and told < MAX_NOTES:
            told += 1
            detail = f"{leaf.chain.clusters - needed} clusters behind the end of {leaf.node.path} belong to it"
            yield Oddity(AnomalyKind.TRAILING_DATA, detail)
        yield _file(walk, leaf, needed, budget)


def _file(walk: Walk, leaf: Leaf, needed: int, budget: Budget) -> Event:
    path = leaf.node.path
    if leaf.chain.clusters < needed:
        detail = leaf.chain.problem or f"it needs {needed} clusters and has {leaf.chain.clusters}"
        return Unread(GapReason.MALFORMED, f"{WHAT}: its clusters: {detail}", member=path)
    ranges = _ranges(walk, leaf)
    if any(one.end > len(walk.view) for one in ranges):
        return Unread(GapReason.MALFORMED, f"{WHAT}: the file ends behind the image", member=path)
    budget.size(leaf.size)
    if len(ranges) == 1:
        budget.output(leaf.size)
        return Member(path, MemberKind.FILE, walk.view[ranges[0].start : ranges[0].end], ranges, stored=True)
    return Member(path, MemberKind.FILE, held(_chunks(walk.view, ranges), budget), ranges)


def _ranges(walk: Walk, leaf: Leaf) -> tuple[ByteRange, ...]:
    """The bytes of a file, without what follows its end in the last cluster."""
    left, out = leaf.size, []
    for one in byte_runs(walk.volume, leaf.chain):
        if left <= 0:
            break
        out.append(ByteRange(one.start, one.start + min(one.size, left)))
        left -= one.size
    return tuple(out)


def _chunks(view: memoryview, ranges: tuple[ByteRange, ...]) -> Iterator[memoryview]:
    for one in ranges:
        for at in range(one.start, one.end, MIB):
            yield view[at : min(at + MIB, one.end)]


CONTAINER = Container(
    name="fat",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((b"FAT12   ", 54), (b"FAT16   ", 54), (b"FAT32   ", 82)), fat_volume.end),
    doc=Doc(
        title="FAT12, FAT16 and FAT32 file systems with long names",
        vendor="Microsoft",
        references=(
            "Microsoft Extensible Firmware Initiative FAT32 File System Specification 1.03, read 2026-11-22",
            "ECMA-107, read 2026-11-22",
            "Linux Documentation/filesystems/vfat.rst and fs/fat, read 2026-11-22",
        ),
        limitations=(
            "short names outside ASCII are escaped: their code page is stated nowhere",
            "volumes without the signature 55 AA are not recognised",
            "times and attributes are not looked at; deleted files are searched, not restored",
        ),
        makers=("mkfs.vfat (dosfstools) with mcopy (mtools)", "mformat (mtools)"),
    ),
)
