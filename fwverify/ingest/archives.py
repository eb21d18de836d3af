"""A delivery that came as one zip or tar file: its files as artifacts, names never used on disk.

Nobody signs the archive around a delivery, so whatever another reader could take out of it must come out here too:
a member that cannot be read comes out as its packed bytes, and bytes that belong to no member come out as a file of
their own. Neither is a companion of anything, so both are images that nothing covers.
"""

from __future__ import annotations

import lzma
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from fwverify.content import SPOOL_BYTES, Holder, held, identified
from fwverify.formats import archive_frames, tar_archive, tar_slack, zip_archive, zip_slack
from fwverify.formats.entries import Entry, EntryKind, Irregularity
from fwverify.formats.names import fill_byte
from fwverify.formats.tar_archive import TarArchive, TarEntry
from fwverify.formats.zip_archive import ZipArchive, ZipEntry
from fwverify.limits import Budget, LimitExceeded
from fwverify.model.artifact import Artifact, ByteRange, Locator, subtracted
from fwverify.model.evidence import Anomaly, AnomalyKind, Gap, GapReason
from fwverify.model.examining import Malformed, examining

GZIP_MAGIC, XZ_MAGIC = b"\x1f\x8b", b"\xfd7zXZ\x00"
GZIP_WBITS = 16 + zlib.MAX_WBITS
"""zlib: expect a gzip header and check its trailer."""
FIRST_MEMBERS = 64
"""Of a tar, looked at to tell what it is."""
TAR_BLOCK_BYTES = 512
INPUT_BYTES = 4 * 1024
"""Packed bytes taken at once: xz makes at most 28 MiB of them (7000 for one, on zeros)."""


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: memoryview, /) -> bytes: ...


@dataclass(slots=True)
class Opened:
    """The files of an archive, and what could not be read of it."""

    members: list[Artifact] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    anomalies: list[Anomaly] = field(default_factory=list)


def open_archive(archive: Artifact, budget: Budget) -> Opened | None:
    """The files of a zip or tar archive; None when it is neither, or a tar that is one image for a device.

    1. What the archive says of itself.
    2. Its files, in its order; links and special files are told, not followed.
    3. Bytes that no entry accounts for.
    """
    if zip_archive.looks_like(archive.content):
        return _opened(archive, "zip", budget)
    plain = archive if tar_archive.looks_like(archive.content) else _unpacked_tar(archive, budget)
    return _opened(plain, "tar", budget) if plain is not None and not _is_image(plain) else None


def _is_image(archive: Artifact) -> bool:
    """A Mender artifact or an OpenBMC tarball: the device takes it whole, and its signature lies in it."""
    names = archive_frames.first_names(archive.content, FIRST_MEMBERS)
    return names[:2] == ["version", "manifest"] or ("MANIFEST" in names and "MANIFEST.sig" in names)


def _unpacked_tar(archive: Artifact, budget: Budget) -> Artifact | None:
    """The tar inside a .tar.gz or .tar.xz that is one stream and nothing else."""
    view = archive.content
    gaps: list[Gap] = []
    with examining(archive.locator, gaps, "ingest"):
        if not _begins_as_tar(view, budget):
            return None
        content = held(_stream(_decoder(view, budget), view, budget), budget)
        if tar_archive.looks_like(content):
            return replace(archive, content=content, size=len(content))
    return None


def _decoder(view: memoryview, budget: Budget) -> _Decoder:
    if view[:2] == GZIP_MAGIC:
        return zlib.decompressobj(wbits=GZIP_WBITS)
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=budget.limits.max_window_bytes)


def _begins_as_tar(view: memoryview, budget: Budget) -> bool:
    """Whether the first bytes that come out can be a tar: a packed image is not unpacked whole to learn it is none."""
    if view[:2] != GZIP_MAGIC and view[:6] != XZ_MAGIC:
        return False
    decoder, first = _decoder(view, budget), b""
    for at in range(0, len(view), INPUT_BYTES):
        try:
            first += decoder.decompress(view[at : at + INPUT_BYTES])
        except (zlib.error, lzma.LZMAError):
            return False
        if len(first) >= TAR_BLOCK_BYTES or decoder.eof:
            break
    return tar_archive.looks_like(memoryview(first))


def _stream(decoder: _Decoder, view: memoryview, budget: Budget) -> Iterator[bytes]:
    """One stream that ends exactly where the file ends: what follows would belong to nobody."""
    produced = 0
    for at in range(0, len(view), INPUT_BYTES):
        try:
            chunk = decoder.decompress(view[at : at + INPUT_BYTES])
        except (zlib.error, lzma.LZMAError) as problem:
            raise Malformed("packed tar", str(problem), at) from None
        produced += len(chunk)
        budget.ratio(at + INPUT_BYTES, produced)
        yield chunk
        if decoder.eof:
            break
    if not decoder.eof or at + INPUT_BYTES < len(view) or decoder.unused_data:
        raise Malformed("packed tar", "it is not one whole stream", len(view))


def _opened(archive: Artifact, container: str, budget: Budget) -> Opened:
    out = Opened()
    budget.image(archive.size)
    with examining(archive.locator, out.gaps, container):
        found = _read(archive.content, container, budget)
        out.anomalies.extend(_told(archive, found.irregularities))  # 1
        names: Counter[str] = Counter()
        settled = settled_bytes = 0
        for entry in found.entries:  # 2
            out.anomalies.extend(_told(archive, entry.irregularities))
            locator = archive.locator.into(container, entry.name, names[entry.name])
            names[entry.name] += 1
            _member(archive, entry, locator, budget, out)
            if budget.unpacked_bytes - settled_bytes > SPOOL_BYTES:  # many small ones are as much as a large one
                out.members[settled:] = _spooled(archive, out.members[settled:])
                settled, settled_bytes = len(out.members), budget.unpacked_bytes
        for run in _unclaimed(archive, found):  # 3
            locator = archive.locator.into("", f"@0x{run.start:x}-0x{run.end:x}")  # no member can have this place
            out.members.append(identified(locator, archive.content[run.start : run.end]))
        if isinstance(found, TarArchive) and found.problem is not None:
            raise found.problem
    return out


def _read(view: memoryview, container: str, budget: Budget) -> ZipArchive | TarArchive:
    """What it says of itself. Raises LimitExceeded: it has more files than a delivery."""
    most = min(budget.limits.max_delivery_files, budget.limits.max_members)
    counted = Budget(replace(budget.limits, max_members=most), budget.clock, deadline=budget.deadline)
    try:
        return zip_archive.read(view, counted) if container == "zip" else tar_archive.read(view, counted)
    except LimitExceeded as problem:
        name = "max_delivery_files" if problem.limit == "max_members" else problem.limit
        raise LimitExceeded(name, problem.value) from None


def _member(archive: Artifact, entry: ZipEntry | TarEntry, locator: Locator, budget: Budget, out: Opened) -> None:
    if entry.kind is EntryKind.FILE:
        before = len(out.gaps)
        with examining(locator, out.gaps, "ingest"):
            content = _content(archive, entry, budget)
            budget.gave(len(content), stored=content.obj is archive.content.obj)
            out.members.append(identified(locator, content))
        if len(out.gaps) > before:
            out.members.append(identified(locator, _as_packed(archive, entry, budget)))
    elif entry.kind is not EntryKind.DIRECTORY:
        detail = f"{entry.kind.value}: not followed, not read"
        out.gaps.append(Gap(GapReason.NOT_ATTEMPTED, locator, detail, "ingest"))


def _as_packed(archive: Artifact, entry: ZipEntry | TarEntry, budget: Budget) -> memoryview:
    """What the archive holds of a member that cannot be read. Raises LimitExceeded: thousands lie in one another."""
    spans = _packed(entry)
    budget.gave(sum(one.size for one in spans), stored=True)
    if len(spans) == 1:
        return archive.content[spans[0].start : spans[0].end]
    return memoryview(b"".join(archive.content[one.start : one.end] for one in spans))


def _spooled(archive: Artifact, members: list[Artifact]) -> list[Artifact]:
    """The same members, those that were unpacked into memory in one file."""
    loose = [isinstance(one.content.obj, bytes) and one.content.obj is not archive.content.obj for one in members]
    holder, start = Holder(digest=False), 0
    for one, moves in zip(members, loose, strict=True):
        if moves:
            holder.add(one.content)
    whole, out = holder.view(), []
    for one, moves in zip(members, loose, strict=True):
        out.append(replace(one, content=whole[start : start + one.size]) if moves else one)
        start += one.size if moves else 0
    return out


def _content(archive: Artifact, entry: ZipEntry | TarEntry, budget: Budget) -> memoryview:
    if isinstance(entry, ZipEntry):
        return zip_archive.content(archive.content, entry, budget)
    return tar_archive.content(archive.content, entry, budget)


def _packed(entry: Entry) -> tuple[ByteRange, ...]:
    """The bytes of a member as the archive holds them, also where they overlap another's."""
    overlapping = (one.range for one in entry.irregularities if one.kind is AnomalyKind.OVERLAP and one.range)
    return entry.ranges or tuple(overlapping)


def _unclaimed(archive: Artifact, found: ZipArchive | TarArchive) -> Iterator[ByteRange]:
    """Runs that belong to nothing and are more than padding."""
    claimed = [*found.structure, *(found.padding if isinstance(found, TarArchive) else ())]
    for entry in found.entries:
        claimed += [*entry.structure, *entry.padding, *_packed(entry)]
    slack = tar_slack.slack if isinstance(found, TarArchive) else zip_slack.slack
    headers = [*found.structure, *(one for entry in found.entries for one in entry.structure)]
    claimed = list(subtracted(claimed, [free for one in headers for free in slack(archive.content, one)]))
    yield from (one for one in subtracted(archive.whole, claimed) if not fill_byte(archive.content, one))


def _told(archive: Artifact, found: Iterable[Irregularity]) -> list[Anomaly]:
    return [Anomaly(one.kind, archive.locator, one.detail, one.range) for one in found]
