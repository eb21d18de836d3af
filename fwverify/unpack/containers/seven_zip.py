"""7z archives as containers; the frame and py7zr's door are formats/seven_zip.

Entries of a solid archive share their packed stream, so each accounts for the whole of it. A link's target is its
content. Bytes between the streams and the header, and behind the archive, are claimed by nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from fwverify.formats import seven_zip
from fwverify.formats.entries import leaves_root
from fwverify.formats.names import decoded
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Check, Container, Event, Member, MemberKind, Oddity, Part, PartUse, Unread


def _detect(artifact: Artifact) -> bool:
    return seven_zip.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    found = seven_zip.frame(artifact.content)
    yield Part(ByteRange(0, seven_zip.HEADER_BYTES), PartUse.HEADER)
    for name, declared, computed in found.checks:
        yield Check(name, declared, computed)
    if found.header is not None:
        entries, streams = seven_zip.entries(artifact.content, found, budget)
        yield Part(found.header, PartUse.INDEX)
        packed = seven_zip.packed_header(artifact.content, found)
        if packed is not None:
            yield Part(packed, PartUse.INDEX)
        yield from _names(entries)
        for one in entries:
            yield _member(one, streams)
    if found.end < artifact.size:
        yield Oddity(
            AnomalyKind.TRAILING_DATA, "bytes after the end of the archive", ByteRange(found.end, artifact.size)
        )


def _names(entries: seven_zip.Entries) -> Iterator[Event]:
    for name, count in sorted(Counter(one.name for one in entries).items()):
        if leaves_root(name):
            yield Oddity(AnomalyKind.TRAVERSAL, f"the name {name} leads outside the archive")
        if count > 1:
            yield Oddity(AnomalyKind.DUPLICATE_MEMBER, f"{name} occurs {count} times")


def _member(one: seven_zip.SevenZipEntry, streams: tuple[ByteRange, ...]) -> Event:
    name = decoded(one.name.encode("utf-8", "surrogateescape"))
    if one.folder:
        return Member(name, MemberKind.DIRECTORY)
    if one.content is None:
        return Unread(GapReason.UNSUPPORTED, "py7zr gave no content", member=name)
    if one.link:
        return Member(name, MemberKind.SYMLINK, target=decoded(bytes(one.content[:4096])))
    return Member(name, content=one.content, ranges=streams if len(one.content) else ())


CONTAINER = Container(
    name="seven_zip",
    detect=_detect,
    unpack=_unpack,
    doc=Doc(
        title="7z archive",
        vendor="Igor Pavlov; read by py7zr",
        references=("7zFormat.txt of the LZMA SDK 23.01, read 2026-11-23",),
        makers=("7z (p7zip)", "py7zr"),
        limitations=(
            "Encrypted archives are named and not read.",
            "An archive that py7zr refuses (a name that leads outside, a method it has not) is a gap as a whole.",
            "Unpacked as a whole before the first member is looked at.",
        ),
    ),
)
