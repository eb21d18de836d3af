"""A delivery that came as one zip or tar file: its files as artifacts, names never used on disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from fwverify.content import identified
from fwverify.formats import tar_archive, zip_archive
from fwverify.formats.entries import EntryKind, Irregularity
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact
from fwverify.model.evidence import Anomaly, Gap, GapReason
from fwverify.model.examining import examining

READERS = (("zip", zip_archive), ("tar", tar_archive))


@dataclass(slots=True)
class Opened:
    """The files of an archive, and what could not be read of it."""

    members: tuple[Artifact, ...] = ()
    gaps: list[Gap] = field(default_factory=list)
    anomalies: list[Anomaly] = field(default_factory=list)


def open_archive(archive: Artifact, budget: Budget) -> Opened | None:
    """The files of a zip or tar archive; None when it is neither."""
    for container, reader in READERS:
        if not reader.looks_like(archive.content):
            continue
        out = Opened()
        with examining(archive.locator, out.gaps, container):
            found = reader.read(archive.content, budget)
            out.anomalies.extend(_told(archive, found.irregularities))
            names: Counter[str] = Counter()
            members: list[Artifact] = []
            for entry in found.entries:
                out.anomalies.extend(_told(archive, entry.irregularities))
                locator = archive.locator.into(container, entry.name, names[entry.name])
                names[entry.name] += 1
                if entry.kind is EntryKind.FILE:
                    with examining(locator, out.gaps, container):
                        members.append(identified(locator, reader.content(archive.content, entry, budget)))
                elif entry.kind is not EntryKind.DIRECTORY:
                    detail = f"{entry.kind.value}: not followed, not read"
                    out.gaps.append(Gap(GapReason.NOT_ATTEMPTED, locator, detail, "ingest"))
            out.members = tuple(members)
        return out
    return None


def _told(archive: Artifact, found: Iterable[Irregularity]) -> list[Anomaly]:
    return [Anomaly(one.kind, archive.locator, one.detail, one.range) for one in found]
