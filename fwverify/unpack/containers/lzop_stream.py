"""lzop files as containers: one member for each file in a row.

Source: lzop 1.04, read 2026-11-22 (formats/lzop.py). The checksum of each header and those of each block are checks;
those of blocks that hold are told once for each file. Behind the end mark the unpacked size may stand, as kernels have
it. Stored names decide nothing but the members' names; modes and times are not looked at.
Not read: filters, the zlib method, several volumes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fwverify.content import Holder
from fwverify.formats import lzop
from fwverify.formats.blocks import block_lzo
from fwverify.formats.entries import leaves_root
from fwverify.formats.extents import Tick
from fwverify.formats.names import decoded
from fwverify.limits import Budget, LimitExceeded
from fwverify.model.artifact import Artifact, ByteRange, Digest
from fwverify.model.evidence import AnomalyKind
from fwverify.model.examining import Malformed, Unsupported
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Check, Container, Event, Member, Oddity, Part, PartUse
from fwverify.unpack.stream_names import without_suffix
from fwverify.unpack.tail import tail

END_MARK_BYTES = SIZE_BYTES = 4
MAX_BLOCKS = 1 << 18
"""Of one file: 64 GiB in blocks of the one size lzop writes, 256 KiB."""
MAX_FAILING = 64
"""Checksums of blocks that fail, told one by one."""


@dataclass(slots=True)
class _File:
    """One file as it is unpacked."""

    name: str
    holder: Holder
    ranges: tuple[ByteRange, ...] = ()
    blocks: int = 0
    checks: int = 0
    """Checksums over unpacked blocks."""
    last: tuple[Digest, Digest] | None = None
    """The last of them, declared and computed."""
    failing: list[Check] = field(default_factory=list)
    end: int = 0


def _detect(artifact: Artifact) -> bool:
    return artifact.size >= lzop.MIN_BYTES and artifact.content[: len(lzop.MAGIC)] == lzop.MAGIC


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view, at = artifact.content, 0
    while at == 0 or view[at : at + len(lzop.MAGIC)] == lzop.MAGIC:
        budget.member()
        header = lzop.read_header(view, at)
        yield from (Part(one, PartUse.HEADER) for one in header.structure)
        stored = decoded(header.name)
        if leaves_root(stored):
            yield Oddity(AnomalyKind.TRAVERSAL, f"the stored name {stored} leads outside")
        file = _File(stored or _name(artifact), Holder(budget, digest=False))
        yield Check(f"{file.name}: header", header.declared, header.computed)
        _blocks(view, header, file, budget)
        yield Member(file.name, content=file.holder.view(), ranges=file.ranges)
        yield from _checks(file)
        yield Part(ByteRange(file.end - END_MARK_BYTES, file.end), PartUse.INDEX)
        at = file.end
        size = (file.holder.size & 0xFFFFFFFF).to_bytes(SIZE_BYTES, "little")
        if view[at : at + SIZE_BYTES] == size and at + SIZE_BYTES <= len(view) and file.holder.size:
            yield Part(ByteRange(at, at + SIZE_BYTES), PartUse.CHECK)
            yield Check(f"{file.name}: size32", Digest("size32", size[::-1]), Digest("size32", size[::-1]))
            at += SIZE_BYTES
    yield from tail(view, at, "after the end mark")


def _name(artifact: Artifact) -> str:
    return without_suffix(artifact.name, (".lzo", ".lzop"), ((".tzo", ".tar"),))


def _blocks(view: memoryview, header: lzop.Header, file: _File, budget: Budget) -> None:
    """All blocks of one file into its holder.

    Raises:
        Malformed, Unsupported, LimitExceeded: damaged, split, too large, or expanding like a bomb.
    """
    at = header.end
    while (block := lzop.read_block(view, at, header.flags)) is not None:
        budget.size(file.holder.size + block.size)
        packed = view[block.packed.start : block.packed.end]
        out = packed if block.packed.size == block.size else block_lzo(packed, block.size)
        if len(out) != block.size:
            raise Malformed(lzop.WHAT, f"a block of {len(out)} bytes where {block.size} belong", at)
        file.holder.add(out)
        budget.ratio(block.packed.end - header.end, file.holder.size)
        file.blocks += 1
        if file.blocks > MAX_BLOCKS:
            raise LimitExceeded("lzop blocks", file.blocks)
        _compare(file, block, packed, out)
        at = block.packed.end
    file.ranges = (ByteRange(header.end, at),) if at > header.end else ()
    file.end = at + END_MARK_BYTES


def _compare(file: _File, block: lzop.Block, packed: memoryview, out: bytes | memoryview) -> None:
    for declared in block.out_checks:
        file.checks += 1
        file.last = (declared, lzop.digest(declared.algorithm, out))
        _failing(file, "block", block, *file.last)
    for declared in block.packed_checks:
        _failing(file, "packed block", block, declared, lzop.digest(declared.algorithm, packed))


def _failing(file: _File, what: str, block: lzop.Block, declared: Digest, computed: Digest) -> None:
    if declared != computed and len(file.failing) < MAX_FAILING:
        file.failing.append(Check(f"{file.name}: {what} at 0x{block.packed.start:x}", declared, computed))


def _checks(file: _File) -> Iterator[Event]:
    """Every checksum that fails; where all hold, the last one for all."""
    yield from file.failing
    if file.failing or file.last is None:
        return
    declared, computed = file.last
    which = declared.algorithm + ("" if file.checks == 1 else f", the last of {file.checks}")
    yield Check(f"{file.name}: {which}", declared, computed, file.name if file.checks == 1 else "")


def _end(view: memoryview, at: int, tick: Tick) -> int:
    """A file whose header's checksum holds, up to its end mark."""
    try:
        header = lzop.read_header(view, at)
        if header.declared != header.computed:
            return 0
        here = header.end
        while (block := lzop.read_block(view, here, header.flags)) is not None:
            tick(16)
            here = block.packed.end
    except (Malformed, Unsupported):
        return 0
    return here + END_MARK_BYTES


CONTAINER = Container(
    name="lzop",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((lzop.MAGIC, 0),), _end),
    doc=Doc(
        title="lzop file (LZO)",
        vendor="oberhumer.com",
        references=("lzop 1.04: conf.h and lzop.c, read 2026-11-22",),
        makers=("lzop",),
        limitations=("filters, the zlib method and files in several volumes are told, not read",),
    ),
)
