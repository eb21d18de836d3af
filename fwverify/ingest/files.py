"""Files from disk to held bytes: each read once, digested while reading, links never followed.

A delivery folder is a stranger's: links, pipes, sockets and devices in it are told, not opened.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

from fwverify.content import Holder
from fwverify.errors import IngestError
from fwverify.formats.names import decoded
from fwverify.limits import Limits
from fwverify.model.artifact import Artifact, Locator, Step
from fwverify.model.evidence import Anomaly, AnomalyKind, Gap, GapReason

SNIFF_BYTES = 4096
CHUNK_BYTES = 1 << 18
"""Read into one place again and again: a fresh one for each piece takes longer than reading it."""


def read(path: Path, name: str, limits: Limits) -> Artifact:
    """One regular file as an artifact.

    Raises:
        IngestError: it is not there, not a regular file, unreadable or larger than a file may be.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise IngestError("there is no such file", where=str(path), todo="Check the path you typed.") from None
    except OSError as problem:
        raise IngestError(f"it cannot be read ({problem.strerror})", where=str(path)) from None
    with FileIO(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise IngestError("it is not a regular file", where=str(path))
        if status.st_size > limits.max_file_bytes:
            todo = f"Files of at most {limits.max_file_bytes:,} bytes are read."
            raise IngestError(f"it is too large ({status.st_size:,} bytes)", where=str(path), todo=todo)
        return _hold(file, path, name, limits)


def begins_as_text(path: Path) -> bool:
    """Whether the first bytes of a file are text, in UTF-8 or (by its mark) UTF-16. Raises OSError."""
    with path.open("rb") as file:
        begin = file.read(SNIFF_BYTES)
    return begin[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" not in begin


def _hold(file: FileIO, path: Path, name: str, limits: Limits) -> Artifact:
    holder, room = Holder(), memoryview(bytearray(CHUNK_BYTES))
    try:
        while size := file.readinto(room):
            holder.add(room[:size])
            if holder.size > limits.max_file_bytes:
                raise IngestError("it grew while it was read", where=str(path))
    except OSError as problem:
        raise IngestError(f"reading it failed ({problem.strerror})", where=str(path)) from None
    return holder.artifact(Locator((Step(name),)))


def walk(folder: Path, limits: Limits, gaps: list[Gap], anomalies: list[Anomaly]) -> Iterator[tuple[Path, str]]:
    """Every regular file below a folder, sorted by name, with its name relative to the folder.

    Links and special files become gaps; those that whoever copies the folder should not touch (a link out of it, a
    device) anomalies too. Raises IngestError when there are more files than a delivery has.
    """
    for count, (path, name) in enumerate(_below(folder), start=1):
        if count > limits.max_delivery_files:
            todo = "Point at the release alone, not at a folder of many."
            raise IngestError(f"more than {limits.max_delivery_files:,} files", where=str(folder), todo=todo)
        mode = _mode(path)
        if stat.S_ISREG(mode):
            yield path, name
            continue
        locator, link = Locator((Step(name),)), stat.S_ISLNK(mode)
        kind = "a symbolic link" if link else "a special file"
        gaps.append(Gap(GapReason.NOT_ATTEMPTED, locator, f"{kind}: not followed, not read", "ingest"))
        if not link:
            anomalies.append(Anomaly(AnomalyKind.DEVICE_NODE, locator, f"{name} is no file, folder or link"))
        elif not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
            anomalies.append(Anomaly(AnomalyKind.LINK_ESCAPE, locator, f"the link {name} leads out of the delivery"))


def _below(folder: Path) -> Iterator[tuple[Path, str]]:
    """Everything below a folder that is no folder itself, in the order of names; as deep as paths go."""
    waiting = _entries(folder, "")
    while waiting:
        path, name, is_folder = waiting.pop()
        if is_folder:
            waiting.extend(_entries(path, f"{name}/"))
        else:
            yield path, name


def _entries(folder: Path, prefix: str) -> list[tuple[Path, str, bool]]:
    """What lies in a folder, last name first; a link is no folder."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda one: one.name, reverse=True)
    except OSError as problem:
        raise IngestError(f"the folder cannot be read ({problem.strerror})", where=str(folder)) from None
    return [
        (Path(one.path), prefix + decoded(os.fsencode(one.name)), one.is_dir(follow_symlinks=False)) for one in entries
    ]


def _mode(path: Path) -> int:
    try:
        return path.lstat().st_mode
    except OSError as problem:
        raise IngestError(f"it cannot be looked at ({problem.strerror})", where=str(path)) from None
