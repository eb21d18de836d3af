"""Tar archives as containers; the layout is read by formats/tar_archive.py.

Tar has no check over content. An archive without its end marker is cut off: what came before is given, then a gap.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import archive_extents, tar_archive
from fwverify.formats.entries import EntryKind
from fwverify.formats.tar_slack import slack
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, subtracted
from fwverify.model.plugin import Doc
from fwverify.unpack import archive_members
from fwverify.unpack.interface import Carve, Container, Event, PartUse

USTAR, USTAR_AT = b"ustar", 257
"""What both POSIX and GNU archives have in a header; older ones are found only where an artifact begins with them."""


def _detect(artifact: Artifact) -> bool:
    return tar_archive.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    archive = tar_archive.read(view, budget)
    free = [free for one in archive.structure for free in slack(view, one)]
    yield from archive_members.parts(subtracted(archive.structure, free), PartUse.HEADER)
    yield from archive_members.parts(archive.padding, PartUse.PADDING)
    yield from archive_members.oddities(archive.irregularities)
    for entry in archive.entries:
        yield from archive_members.frame(entry, [free for one in entry.structure for free in slack(view, one)])
        if entry.unreadable:
            yield archive_members.unread(entry, *entry.unreadable)
        elif entry.kind is EntryKind.FILE:
            yield archive_members.file(entry, tar_archive.content(view, entry, budget), entry.stored)
    if archive.problem is not None:
        raise archive.problem


CONTAINER = Container(
    name="tar",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((USTAR, USTAR_AT),), archive_extents.tar_end),
    doc=Doc(
        title="Tar archive (ustar, pax, GNU)",
        vendor="IEEE and The Open Group; GNU",
        references=(
            'POSIX.1-2017 pax, "ustar Interchange Format" and "pax Header Block", read 2026-11-22',
            'GNU tar manual 1.35, "GNU Extensions" and "Storing Sparse Files", read 2026-11-22',
        ),
        limitations=(
            "archives of several volumes and sparse files of pax format 0.0 are not read",
            "extended attributes and access control lists are not read: their bytes are looked into on their own",
        ),
    ),
)
