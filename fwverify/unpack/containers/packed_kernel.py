"""Linux kernels that unpack themselves: an ELF stub (MIPS vmlinuz), ARM zImage, x86 bzImage, EFI zboot.

The layout is read by formats/packed_kernel.py. Without this the stub is all that is seen, and the kernel inside passes
for examined. The stub's code is claimed by nobody, so the stage looks into it as a remainder. Device trees right behind
a zImage are members, one behind the other. Not read: other programs that unpack themselves.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from fwverify.content import Holder
from fwverify.formats import codecs, firmware_extents, packed_kernel
from fwverify.formats.cursor import Cursor
from fwverify.formats.packed_kernel import GZIP_HEADER_BYTES, WHAT
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, Digest
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Check, Container, Event, Fact, Member, Part, PartUse

KERNEL = "kernel"
"""Name of the first member."""
SIZE_BYTES = 4
MAX_TREES = 256
"""Device trees behind one kernel; boards with many variants have some dozens."""


def _detect(artifact: Artifact) -> bool:
    return packed_kernel.find(artifact.content) is not None


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    found = packed_kernel.find(view)
    if found is None:
        raise Malformed(WHAT, "it has no header", 0)
    yield from (Part(one, PartUse.HEADER) for one in found.structure)
    yield Fact("stub", found.kind)
    if found.version:
        yield Fact("version", found.version)
    start = packed_kernel.start(view, found.payload)
    packing = packed_kernel.packing(view, start)
    yield Fact("packed-with", packing)
    budget.member()
    span = ByteRange(start, found.payload.end)
    yield from _gzip(view, span, budget) if packing == "gzip" else _plain(view, span, budget)
    yield from _trees(view, found.end, budget)


def _plain(view: memoryview, span: ByteRange, budget: Budget) -> Iterator[Event]:
    holder, progress = Holder(budget), codecs.Progress(span.start)
    for chunk in packed_kernel.unpacked(view, span, budget, progress):
        holder.add(chunk)
    yield Member(KERNEL, content=holder.view(), ranges=(ByteRange(span.start, progress.end),))
    rest = view[progress.end : progress.end + SIZE_BYTES]
    size = holder.size & 0xFFFFFFFF
    # The packer leaves the unpacked size behind the stream, whose length may count it or not; the rest is nobody's.
    if len(rest) == SIZE_BYTES and size in (int.from_bytes(rest, "little"), int.from_bytes(rest, "big")):
        yield Part(ByteRange(progress.end, progress.end + SIZE_BYTES), PartUse.CHECK)


def _gzip(view: memoryview, span: ByteRange, budget: Budget) -> Iterator[Event]:
    holder, progress, crc = Holder(budget), codecs.Progress(span.start), 0
    start = span.start + GZIP_HEADER_BYTES
    for chunk in packed_kernel.unpacked(view, span, budget, progress):
        crc = zlib.crc32(chunk, crc)
        holder.add(chunk)
    trailer = Cursor(view, WHAT, progress.end, span.end)
    declared, size = trailer.le32("CRC-32"), trailer.le32("length")
    yield Part(ByteRange(span.start, start), PartUse.HEADER)
    yield Member(KERNEL, content=holder.view(), ranges=(ByteRange(start, progress.end),))
    yield Part(ByteRange(progress.end, trailer.at), PartUse.CHECK)
    yield Check(f"{KERNEL}: crc32", _number("crc32", declared), _number("crc32", crc), KERNEL)
    yield Check(f"{KERNEL}: size32", _number("size32", size), _number("size32", holder.size & 0xFFFFFFFF), KERNEL)


def _trees(view: memoryview, at: int, budget: Budget) -> Iterator[Event]:
    """Device trees that follow one another where the kernel ends."""
    for number in range(MAX_TREES):
        end = firmware_extents.tree_end(view, at, lambda _: budget.check_time()) if at < len(view) else 0
        if not end:
            return
        budget.member()
        yield Member(f"dtb-{number}", content=view[at:end], ranges=(ByteRange(at, end),), stored=True)
        at = end


def _number(algorithm: str, value: int) -> Digest:
    return Digest(algorithm, value.to_bytes(4, "big"))


CONTAINER = Container(
    name="packed_kernel",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(
        (
            (packed_kernel.ZIMAGE_MAGIC.to_bytes(4, "little"), packed_kernel.ZIMAGE_AT),
            (packed_kernel.ZIMAGE_MAGIC.to_bytes(4, "big"), packed_kernel.ZIMAGE_AT),
            (packed_kernel.BZIMAGE_MAGIC, packed_kernel.BZIMAGE_AT),
            (packed_kernel.ZBOOT_MAGIC, packed_kernel.ZBOOT_AT),
        ),
        packed_kernel.end,
    ),
    doc=Doc(
        title="Linux kernel that unpacks itself",
        vendor="Linux kernel",
        references=(
            "Linux arch/mips/boot/compressed, arch/arm/boot/compressed/head.S, Documentation/arch/x86/boot.rst and "
            "drivers/firmware/efi/libstub/zboot-header.S, read 2026-11-22",
        ),
        limitations=(
            "The stub's own code is looked into as bytes of no format.",
            "A kernel packed with LZ4 in a whole multiple of 8 MiB is not told from what follows it.",
        ),
        makers=("Debian's kernels for amd64, armhf",),
    ),
)
