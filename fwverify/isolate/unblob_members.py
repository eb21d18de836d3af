"""What unblob left in its folder, as events of its pseudo-container.

Names are the paths below the folder of a chunk; with several chunks each one's place stands before them. What comes out
accounts for no bytes: they stay what they were, searched.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fwverify.content import held, in_steps
from fwverify.formats.entries import EntryKind, link_climbs
from fwverify.formats.names import decoded
from fwverify.isolate import output_tree
from fwverify.isolate.output_tree import Left
from fwverify.isolate.unblob_report import Report, Told, Trouble
from fwverify.limits import Budget, LimitExceeded
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.unpack.interface import Event, Fact, Member, Oddity, Unread

READ_BYTES = 1 << 20
GAPS = {
    Trouble.MISSING: GapReason.MISSING,
    Trouble.FAILED: GapReason.UNSUPPORTED,
    Trouble.CRASHED: GapReason.CRASHED,
}
ODDITIES = {
    Trouble.PATH: AnomalyKind.TRAVERSAL,
    Trouble.LINK: AnomalyKind.LINK_ESCAPE,
    Trouble.DEVICE: AnomalyKind.DEVICE_NODE,
}
WORDS = {
    Trouble.MISSING: "not installed: {}",
    Trouble.FAILED: "{}",
    Trouble.CRASHED: "an exception it did not expect: {}",
}


@dataclass(slots=True)
class _Reading:
    """One artifact's output being read."""

    artifact: Artifact
    budget: Budget
    unpacked_bytes: int = 0
    first: dict[tuple[int, int], str] = field(default_factory=dict)
    """First name of a file that has several, by inode."""


def found(out: Path, report: Report, artifact: Artifact, budget: Budget) -> Iterator[Event]:
    """Everything that came out of one artifact.

    Raises:
        LimitExceeded: more than one run may hold.
    """
    reading = _Reading(artifact, budget)
    yield from (_trouble(one, "", None) for one in report.troubles)
    for chunk in report.chunks:
        yield from (_trouble(one, f"{chunk.handler}: ", chunk.range) for one in chunk.troubles)
        if chunk.encrypted:
            yield Unread(GapReason.ENCRYPTED, f"unblob: {chunk.handler}: encrypted", chunk.range)
        with output_tree.opened(os.fsencode(out), chunk.folder(carved=report.carved)) as folder:
            if folder is None:
                continue
            yield Fact("chunk", chunk.place())
            prefix = f"{chunk.place()}/" if report.carved else ""
            for left in output_tree.walk(folder, budget.limits.max_members):
                yield from _events(left, prefix, reading)


def _trouble(one: Told, before: str, place: ByteRange | None) -> Event:
    if one.kind in ODDITIES:
        return Oddity(ODDITIES[one.kind], f"unblob: {before}{one.detail}", place)
    return Unread(GAPS[one.kind], f"unblob: {before}{WORDS[one.kind].format(one.detail)}", place)


def _events(left: Left, prefix: str, reading: _Reading) -> Iterator[Event]:
    budget = reading.budget
    budget.member()
    if len(left.path) > budget.limits.max_name_bytes:
        yield Unread(GapReason.LIMIT, f"limit max_name_bytes reached ({len(left.path)})")
        return
    name = prefix + decoded(left.path)
    if left.problem:
        yield Unread(GapReason.UNSUPPORTED, f"unblob: what came out cannot be read: {left.problem}", member=name)
    elif left.kind is EntryKind.SYMLINK:
        target = decoded(left.target)
        if link_climbs(decoded(left.path), target):
            yield Oddity(AnomalyKind.LINK_ESCAPE, f"the link {name} leads to {target}")
        yield Member(name, left.kind, target=target)
    elif left.kind is EntryKind.DEVICE:
        yield Oddity(AnomalyKind.DEVICE_NODE, f"{name} is a device file")
        yield Member(name, left.kind)
    elif left.kind is not EntryKind.FILE:
        yield Member(name, left.kind)
    elif left.inode in reading.first:
        yield Member(name, EntryKind.HARDLINK, target=reading.first[left.inode])
    else:
        yield from _file(left, name, reading)


def _file(left: Left, name: str, reading: _Reading) -> Iterator[Event]:
    if left.inode != (0, 0):
        reading.first[left.inode] = name
    budget = reading.budget
    try:
        budget.size(left.size)
    except LimitExceeded as problem:
        yield Unread(GapReason.LIMIT, f"limit {problem.limit} reached ({problem.value})", member=name)
        return
    content = held(_read(left.descriptor), budget)
    reading.unpacked_bytes += len(content)
    budget.ratio(reading.artifact.size, reading.unpacked_bytes)
    if not _same(content, reading.artifact.content):  # unwrapped nothing: it would be asked about for ever
        yield Member(name, content=content)


def _read(descriptor: int) -> Iterator[bytes]:
    while piece := os.read(descriptor, READ_BYTES):
        yield piece


def _same(one: memoryview, other: memoryview) -> bool:
    if len(one) != len(other):
        return False
    return _digest(one) == _digest(other)


def _digest(view: memoryview) -> bytes:
    digest = hashlib.sha256()
    for piece in in_steps(view):
        digest.update(piece)
    return digest.digest()
