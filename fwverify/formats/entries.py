"""What archive readers agree on: one entry of an archive, and what is wrong with names and links.

Names are judged as a reader would use them that creates files below one folder. Nothing is created here.
Not judged: owners, times, extended attributes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fwverify.model.artifact import ByteRange
from fwverify.model.evidence import AnomalyKind, GapReason

DRIVE = re.compile(r"[A-Za-z]:")
"""A Windows drive: absolute for some readers."""

TARGET = re.compile(rb"[^\x00-\x1f\x7f]{0,4096}\0?")


class EntryKind(StrEnum):
    """What an entry (and a member of any container) is."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    HARDLINK = "hardlink"
    DEVICE = "device"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Irregularity:
    """Structure a sound archive does not have."""

    kind: AnomalyKind
    detail: str
    range: ByteRange | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an archive; every range is in the archive."""

    name: str
    """As the archive writes it; undecodable bytes percent-escaped."""
    kind: EntryKind
    size: int = 0
    """Bytes of content once unpacked, as declared."""
    mode: int = 0
    """POSIX mode bits; 0 when the archive has none."""
    target: str = ""
    """Of a link."""
    ranges: tuple[ByteRange, ...] = ()
    """Content as the archive holds it; empty for an empty file."""
    structure: tuple[ByteRange, ...] = ()
    """Headers of this entry."""
    padding: tuple[ByteRange, ...] = ()
    """Where the format pads after it."""
    unreadable: tuple[GapReason, str] | None = None
    """Why the content cannot be read, when that is known from the headers."""
    irregularities: tuple[Irregularity, ...] = ()


def steps(name: str) -> list[str]:
    """The parts of a path without empty ones and `.`; a backslash separates for some readers, so only next to `..`."""
    if "..\\" in name or "\\.." in name or name.startswith("\\") or DRIVE.match(name):
        name = name.replace("\\", "/")
    return [one for one in name.split("/") if one not in ("", ".")]


def is_absolute(name: str) -> bool:
    return name.startswith(("/", "\\")) or DRIVE.match(name) is not None


def is_target(content: bytes) -> bool:
    """True for bytes that can be the target of a symbolic link: a path on one line, and a zero behind it for some."""
    return TARGET.fullmatch(content) is not None


def leaves_root(name: str) -> bool:
    """True for a name that some reader puts outside the folder it unpacks to."""
    return is_absolute(name) or ".." in steps(name)


def link_climbs(name: str, target: str) -> bool:
    """True when a relative symbolic link leads above the root."""
    depth = len(steps(name)) - 1
    for one in steps(target):
        depth += -1 if one == ".." else 1
        if depth < 0:
            return True
    return False


def judged(entries: Sequence[Entry], whole_system: bool, fold_case: bool) -> list[tuple[Irregularity, ...]]:
    """What is wrong with the names and links of each entry, seen in the order of the archive.

    Args:
        entries: in the order the archive gives them.
        whole_system: a root file system by nature: absolute links and device files below dev/ are normal.
        fold_case: names that differ in case only are told (deliveries are opened on desks, too).
    """
    tops = {parts[0] for one in entries if (parts := steps(one.name)) and one.kind is not EntryKind.SYMLINK}
    links: set[str] = set()
    seen: dict[str, EntryKind] = {}
    folded: dict[str, str] = {}
    out: list[tuple[Irregularity, ...]] = []
    for entry in entries:
        path = "/".join(steps(entry.name))
        folding = path.casefold() if fold_case else path
        found = [*_name(entry, folding, links), *_repeated(entry, path, seen)]
        found += _link(entry, tops, whole_system) + _device(entry, path, whole_system)
        if (other := folded.setdefault(folding, path)) != path:
            found.append(Irregularity(AnomalyKind.NAME_COLLISION, f"{entry.name} and {other} differ in case only"))
        seen[path] = entry.kind
        if entry.kind is EntryKind.SYMLINK:
            links.add(folding)
        out.append(tuple(found))
    return out


def _name(entry: Entry, path: str, links: set[str]) -> Iterable[Irregularity]:
    if leaves_root(entry.name):
        yield Irregularity(AnomalyKind.TRAVERSAL, f"the name {entry.name} leads outside the archive")
    if not links:
        return
    at = path.find("/")
    while at >= 0:
        if path[:at] in links:
            yield Irregularity(AnomalyKind.LINK_ESCAPE, f"{entry.name} goes through the link {path[:at]}")
            return
        at = path.find("/", at + 1)


def _repeated(entry: Entry, path: str, seen: dict[str, EntryKind]) -> list[Irregularity]:
    before = seen.get(path)
    if before is None or (before is EntryKind.DIRECTORY and entry.kind is EntryKind.DIRECTORY):
        return []
    return [Irregularity(AnomalyKind.DUPLICATE_MEMBER, f"{entry.name} occurs more than once")]


def _link(entry: Entry, tops: set[str], whole_system: bool) -> list[Irregularity]:
    escapes = False
    if entry.kind is EntryKind.HARDLINK:
        escapes = leaves_root(entry.target)
    elif entry.kind is EntryKind.SYMLINK and is_absolute(entry.target):
        # an archive of a root file system links to its own top folders; anything else points into the reader's system
        inside = steps(entry.target)[:1]
        escapes = not whole_system and not (inside and inside[0] in tops and entry.target.startswith("/"))
    elif entry.kind is EntryKind.SYMLINK:
        escapes = link_climbs(entry.name, entry.target)
    if not escapes:
        return []
    return [Irregularity(AnomalyKind.LINK_ESCAPE, f"the link {entry.name} leads to {entry.target}")]


def _device(entry: Entry, path: str, whole_system: bool) -> list[Irregularity]:
    if entry.kind is not EntryKind.DEVICE or (whole_system and path.startswith("dev/")):
        return []
    return [Irregularity(AnomalyKind.DEVICE_NODE, f"{entry.name} is a device file")]
