"""Zip archives as containers; the layout is read by formats/zip_archive.py.

Every member's CRC-32 is a check. A member that is encrypted, damaged or packed by a method not read is told and the
others go on. Bytes that belong to no member are told as trailing data and not claimed.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import archive_extents, zip_archive
from fwverify.formats.entries import EntryKind
from fwverify.formats.zip_archive import ZipEntry
from fwverify.formats.zip_slack import slack
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, Digest, subtracted
from fwverify.model.evidence import GapReason
from fwverify.model.examining import Malformed, Unsupported
from fwverify.model.plugin import Doc
from fwverify.unpack import archive_members
from fwverify.unpack.interface import Carve, Check, Container, Event, PartUse


def _detect(artifact: Artifact) -> bool:
    return zip_archive.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    archive = zip_archive.read(artifact.content, budget)
    free = [free for one in archive.structure for free in slack(artifact.content, one)]
    yield from archive_members.parts(subtracted(archive.structure, free), PartUse.INDEX)
    yield from archive_members.oddities(archive.irregularities)
    for entry in archive.entries:
        yield from _member(artifact.content, entry, budget)


def _member(view: memoryview, entry: ZipEntry, budget: Budget) -> Iterator[Event]:
    yield from archive_members.frame(entry, [free for one in entry.structure for free in slack(view, one)])
    if entry.unreadable:
        yield archive_members.unread(entry, *entry.unreadable)
    if entry.unreadable or entry.kind is not EntryKind.FILE:
        return
    try:
        content = zip_archive.content(view, entry, budget)
    except (Malformed, Unsupported) as problem:
        reason = GapReason.MALFORMED if isinstance(problem, Malformed) else GapReason.UNSUPPORTED
        yield archive_members.unread(entry, reason, str(problem))
        return
    yield archive_members.file(entry, content, entry.stored)
    declared, computed = (one.to_bytes(4, "big") for one in (entry.crc, zip_archive.crc32(content)))
    yield Check(entry.name, Digest("crc32", declared), Digest("crc32", computed), entry.name)


CONTAINER = Container(
    name="zip",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((zip_archive.LOCAL, 0),), archive_extents.zip_reach),
    doc=Doc(
        title="Zip archive",
        vendor="PKWARE",
        references=("APPNOTE.TXT 6.3.10, sections 4.3 to 4.6 and 5.8, read 2026-11-22",),
        makers=("Info-ZIP zip", "7-Zip", "bsdtar (libarchive)"),
        limitations=(
            "encrypted members are told, not read",
            "Deflate64, PPMd, WavPack and the methods before Deflate are told, not read",
            "archives split over several files are not read",
        ),
    ),
)
