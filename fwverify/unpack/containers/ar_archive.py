"""Ar archives (static libraries, Debian packages) as containers; the layout is read by formats/ar_archive.py.

The members of a package are archives of their own and are opened as such. Nothing marks the end of an ar archive:
bytes behind the last member that are no member are damage.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import ar_archive, archive_extents
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact
from fwverify.model.plugin import Doc
from fwverify.unpack import archive_members
from fwverify.unpack.interface import Carve, Container, Event, PartUse


def _detect(artifact: Artifact) -> bool:
    return ar_archive.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    archive = ar_archive.read(view, budget)
    yield from archive_members.parts(archive.structure, PartUse.INDEX)
    yield from archive_members.oddities(archive.irregularities)
    for entry in archive.entries:
        yield from archive_members.frame(entry)
        yield archive_members.file(entry, ar_archive.content(view, entry, budget), stored=True)
    if archive.problem is not None:
        raise archive.problem


CONTAINER = Container(
    name="ar",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((ar_archive.MAGIC, 0),), archive_extents.ar_end),
    doc=Doc(
        title="Ar archive (static library, Debian package)",
        vendor="AT&T; BSD; GNU; Debian",
        references=(
            "ar(5) of FreeBSD and libarchive, read 2026-11-23",
            "deb(5) of dpkg 1.21, FORMAT, read 2026-11-23",
        ),
        makers=("ar (binutils)", "dpkg-deb", "bsdtar (libarchive)"),
        limitations=("thin archives are named and not read: their members are other files",),
    ),
)
