"""Cpio archives (initramfs, SWUpdate) as containers; the layout is read by formats/cpio.py.

Device files below dev/ are what a root file system has; elsewhere they are told. Packed archives that follow a plain
one, as Linux boots them, are members of their own, named by where they begin.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import archive_extents, cpio, cpio_headers
from fwverify.formats.cpio import CpioArchive, CpioEntry
from fwverify.formats.entries import EntryKind
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, Digest, subtracted
from fwverify.model.plugin import Doc
from fwverify.unpack import archive_members
from fwverify.unpack.interface import Carve, Check, Container, Event, Member, PartUse


def _detect(artifact: Artifact) -> bool:
    return cpio.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    archive = cpio.read(view, budget)
    free = [free for one in archive.structure for free in cpio.slack(view, one)]
    yield from archive_members.parts(subtracted(archive.structure, free), PartUse.HEADER)
    yield from archive_members.parts(archive.padding, PartUse.PADDING)
    yield from archive_members.oddities(archive.irregularities)
    for entry in archive.entries:
        yield from archive_members.frame(entry, [free for one in entry.structure for free in cpio.slack(view, one)])
        if entry.kind is EntryKind.FILE:
            yield from _file(view, entry, budget)
    yield from _packed(view, archive, budget)
    if archive.problem is not None:
        raise archive.problem


def _file(view: memoryview, entry: CpioEntry, budget: Budget) -> Iterator[Event]:
    content = cpio.content(view, entry, budget)
    yield archive_members.file(entry, content, stored=True)
    if entry.checksum is not None:
        declared, computed = (one.to_bytes(4, "big") for one in (entry.checksum, cpio.sum32(content)))
        yield Check(entry.name, Digest("sum32", declared), Digest("sum32", computed), entry.name)


def _packed(view: memoryview, archive: CpioArchive, budget: Budget) -> Iterator[Event]:
    for span in archive.packed:
        budget.member()
        budget.output(span.size)
        yield Member(f"initramfs@0x{span.start:x}", content=view[span.start : span.end], ranges=(span,), stored=True)


CONTAINER = Container(
    name="cpio",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((cpio_headers.NEW, 0), (cpio_headers.NEW_SUM, 0), (cpio_headers.OLD, 0)), archive_extents.cpio_end),
    doc=Doc(
        title="Cpio archive (new ASCII with and without sums, old octal, old binary), initramfs",
        vendor="AT&T; Linux initramfs",
        references=(
            "cpio(5) of libarchive, read 2026-11-22",
            "Linux Documentation/driver-api/early-userspace/buffer-format.rst, read 2026-11-22",
        ),
        makers=("GNU cpio", "bsdcpio (libarchive)"),
        limitations=(
            "binary forms are found only where an artifact begins with them",
            "the forms of HP/UX, AFIO and PWB are not told from the octal and the binary form",
        ),
    ),
)
