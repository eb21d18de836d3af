"""UEFI firmware volumes as containers: files (FFS 1 to 3) and their sections, or the variables of a variable store.

Layouts: formats/uefi_volume.py, uefi_files.py, uefi_sections.py, uefi_variables.py. Members are named by the file's
GUID, its name where it has one, and the kind of section. Deleted files, contents of padding files, free space and
bytes behind the volume are nobody's: the stage takes fill as empty and looks into the rest.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import uefi_files, uefi_variables, uefi_volume
from fwverify.formats.extents import Tick
from fwverify.formats.names import fill_byte
from fwverify.formats.uefi_files import FirmwareFile
from fwverify.formats.uefi_volume import FFS1, FFS2, FFS3, VARIABLES, Volume
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, Digest
from fwverify.model.evidence import AnomalyKind
from fwverify.model.examining import Malformed, Unsupported
from fwverify.model.plugin import Doc
from fwverify.unpack import uefi_members
from fwverify.unpack.interface import Carve, Check, Container, Event, Fact, Member, Oddity, Part, PartUse

ZERO_VECTOR = ByteRange(0, 16)


def _detect(artifact: Artifact) -> bool:
    """A volume, unless more follows a sound one: that is a flash image."""
    view = artifact.content
    return uefi_volume.looks_like(view) and uefi_volume.end(view, 0) in (0, len(view))


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    volume = uefi_volume.read_volume(view)
    yield from _header(view, volume, budget)
    if volume.file_system == VARIABLES:
        yield from _variables(view, volume, budget)
    elif volume.file_system in (FFS1, FFS2, FFS3) or uefi_files.begins(view, volume):
        yield from _files(view, volume, budget)
    else:
        raise Unsupported(f"firmware volume with the file system {volume.file_system}")
    if volume.length > len(view):
        raise Malformed(uefi_volume.WHAT, f"it states {volume.length} bytes, {len(view)} are there", 32)


def _header(view: memoryview, volume: Volume, budget: Budget) -> Iterator[Event]:
    for one in (*volume.header, *volume.extended):
        yield Part(one, PartUse.HEADER)
    declared, computed = (one.to_bytes(2, "little") for one in (volume.checksum, volume.expected_checksum))
    yield Check("volume header", Digest("sum16", declared), Digest("sum16", computed))
    for problem in volume.problems:
        yield Oddity(AnomalyKind.HEADER_DISAGREES, f"volume header: {problem}", ByteRange(0, uefi_volume.MIN_BYTES))
    yield Fact("file-system", uefi_volume.FILE_SYSTEMS.get(volume.file_system, volume.file_system))
    if volume.name:
        yield Fact("name", volume.name)
    if not fill_byte(view, ZERO_VECTOR):  # code that some processors begin with
        yield uefi_members.stored(uefi_members.Walk(view, budget, ""), ZERO_VECTOR, "reset-vector")


def _files(view: memoryview, volume: Volume, budget: Budget) -> Iterator[Event]:
    count, at = 0, volume.data
    for file in uefi_files.files(view, volume, budget):
        if file.whole.start > at:
            yield Part(ByteRange(at, file.whole.start), PartUse.PADDING)
        at = file.whole.end
        if not file.valid:
            continue
        count += file.intact
        yield Part(file.header, PartUse.HEADER)
        if file.tail is not None:
            yield from _tail(view, file, file.tail)
        yield from _sums(file)
        yield from _content(view, file, budget)
    if count:
        yield Check(f"headers of {count} files", Digest("sum8", b"\0"), Digest("sum8", b"\0"))


def _sums(file: FirmwareFile) -> Iterator[Event]:
    """Checksums that do not hold; the others are one check of the volume."""
    both = (
        ("header", file.header_sum, file.header_sum_expected),
        ("data", file.data_sum, file.data_sum_expected),
    )
    for what, declared, computed in both:
        if declared != computed:
            digests = (Digest("sum8", bytes([declared])), Digest("sum8", bytes([computed])))
            yield Check(f"{file.guid}: {what}", *digests)


def _tail(view: memoryview, file: FirmwareFile, tail: ByteRange) -> Iterator[Event]:
    inverted = bytes([~file.header_sum & 0xFF, ~file.data_sum & 0xFF])
    yield Part(tail, PartUse.CHECK)
    yield Check(f"{file.guid}: tail", Digest("tail", bytes(view[tail.start : tail.end])), Digest("tail", inverted))


def _content(view: memoryview, file: FirmwareFile, budget: Budget) -> Iterator[Event]:
    if file.body is None or file.kind == uefi_files.PAD:
        return
    if not file.sectioned:
        if not fill_byte(view, file.body):
            kind = uefi_files.KINDS.get(file.kind, f"type-{file.kind:02x}")
            yield uefi_members.stored(uefi_members.Walk(view, budget, ""), file.body, f"{file.guid}/{kind}")
        return
    title = uefi_members.title(view, file.body)
    prefix = f"{file.guid} ({title})/" if title else f"{file.guid}/"
    yield from uefi_members.events(uefi_members.Walk(view, budget, prefix), file.body)


def _variables(view: memoryview, volume: Volume, budget: Budget) -> Iterator[Event]:
    end = min(volume.length, len(view))
    store = uefi_variables.read_store(view, volume.data, end)
    yield Part(store.header, PartUse.HEADER)
    for one in uefi_variables.variables(view, store, budget):
        if one.live:
            yield Part(one.header, PartUse.INDEX)
            if one.padding is not None:
                yield Part(one.padding, PartUse.PADDING)
            if one.data is not None:
                budget.member()
                content = view[one.data.start : one.data.end]
                yield Member(f"{one.name}-{one.vendor}", content=content, ranges=(one.data,), stored=True)
    for block in uefi_variables.working_blocks(view, ByteRange(store.end, end) if store.end < end else None):
        yield Part(block.header, PartUse.HEADER)
        yield Check("working block header", block.declared, block.computed)


def _end(view: memoryview, at: int, tick: Tick) -> int:
    tick(uefi_volume.MAX_HEADER_BYTES if uefi_volume.looks_like(view, at) else uefi_volume.MIN_BYTES)
    return uefi_volume.end(view, at)


CONTAINER = Container(
    name="uefi_volume",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((uefi_volume.SIGNATURE, uefi_volume.SIGNATURE_AT),), _end),
    doc=Doc(
        title="UEFI firmware volume (FFS 1, 2 and 3; variable store)",
        vendor="UEFI Forum",
        references=(
            "UEFI Platform Initialization Specification 1.8, volume 3, sections 2 and 3, read 2026-11-22",
            "edk2 MdeModulePkg/Include/Guid/VariableFormat.h and SystemNvDataGuid.h, read 2026-11-22",
        ),
        limitations=(
            "Sums and CRCs show damage, not origin.",
            "TE images come out as they are, without a reader of their own.",
            "Deleted files and variables are left to be searched; the queue of the fault-tolerant writer is not read.",
            "Variable stores of other makers than edk2 are not read.",
        ),
        makers=("Debian ovmf, qemu-efi-arm, qemu-efi-aarch64", "edk2 GenFv and GenFfs"),
    ),
)
