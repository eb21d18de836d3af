"""What a program left behind in a folder, read as hostile input: nothing is followed, nothing special is opened.

Every step goes through the descriptor of the folder above it, so that no link and no length of a path leads astray.
Only regular files are opened. Names are bytes. Does NOT interpret anything, and writes nothing but removals.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fwverify.formats.entries import EntryKind
from fwverify.limits import LimitExceeded

MAX_LEVELS = 100
"""Folders inside folders: each holds a descriptor while it is read. PATH_MAX allows 2048, real trees have 20."""
FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
FILE = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
)  # fmt: skip
OWNER_ALL = 0o700


@dataclass(frozen=True, slots=True)
class Left:
    """One thing in the folder."""

    path: bytes
    """From the folder on, without a leading slash."""
    kind: EntryKind
    size: int = 0
    """Of a file, as the file system states it."""
    target: bytes = b""
    """Of a link."""
    inode: tuple[int, int] = (0, 0)
    """Of a file that has several names; (0, 0): it has one."""
    descriptor: int = -1
    """Of a file: open for reading until the next thing is asked for."""
    problem: str = ""
    """Why it could not be read."""


@dataclass(slots=True)
class _Level:
    descriptor: int
    names: Iterator[bytes]
    path: bytes


@contextmanager
def opened(top: bytes, parts: Sequence[bytes] = ()) -> Iterator[int | None]:
    """The descriptor of a folder below `top`, no link followed; None: there is no such folder."""
    descriptor = None
    try:
        descriptor = os.open(top, FOLDER)
        for one in parts:
            inner = os.open(one, FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
    except OSError:
        if descriptor is not None:
            os.close(descriptor)
        descriptor = None
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def walk(folder: int, most: int) -> Iterator[Left]:
    """Everything below a folder, in the order of the names' bytes, a folder before what is in it.

    Args:
        folder: its descriptor; stays open.
        most: names that are looked at (max_members).

    Raises:
        LimitExceeded: there are more.
    """
    levels = [_Level(os.dup(folder), iter(_names(folder, most)), b"")]
    seen = 0
    try:
        while levels:
            name = next(levels[-1].names, None)
            if name is None:
                os.close(levels.pop().descriptor)
                continue
            seen += 1
            if seen > most:
                raise LimitExceeded("max_members", seen)
            inside = yield from _look(levels[-1], name)
            if inside is None:
                continue
            path = levels[-1].path + name + b"/"
            if len(levels) >= MAX_LEVELS:
                os.close(inside)
                yield Left(path[:-1], EntryKind.DIRECTORY, problem=f"more than {MAX_LEVELS} folders deep")
                continue
            levels.append(_Level(inside, iter(_names(inside, most)), path))
    finally:
        for level in levels:
            os.close(level.descriptor)


def _names(folder: int, most: int) -> list[bytes]:
    names: list[bytes] = []
    with os.scandir(folder) as found:
        for one in found:
            names.append(os.fsencode(one.name))
            if len(names) > most:
                raise LimitExceeded("max_members", len(names))
    return sorted(names)


def _look(level: _Level, name: bytes) -> Generator[Left, None, int | None]:
    """Yield one thing; the answer is the descriptor of a folder to go on in, or None."""
    path = level.path + name
    try:
        status = os.stat(name, dir_fd=level.descriptor, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            yield Left(path, EntryKind.DIRECTORY)
            return _folder(name, level.descriptor)
        if stat.S_ISREG(status.st_mode):
            yield from _file(path, name, level.descriptor)
        elif stat.S_ISLNK(status.st_mode):
            yield Left(path, EntryKind.SYMLINK, target=os.readlink(name, dir_fd=level.descriptor))
        else:
            device = stat.S_ISBLK(status.st_mode) or stat.S_ISCHR(status.st_mode)
            yield Left(path, EntryKind.DEVICE if device else EntryKind.OTHER)
    except OSError as problem:
        yield Left(path, EntryKind.FILE, problem=problem.strerror or "it cannot be read")
    return None


def _folder(name: bytes, above: int) -> int:
    """A folder's descriptor; its owner's rights are given back where an archive took them."""
    try:
        return os.open(name, FOLDER, dir_fd=above)
    except PermissionError:
        os.chmod(name, OWNER_ALL, dir_fd=above)
        return os.open(name, FOLDER, dir_fd=above)


def _file(path: bytes, name: bytes, above: int) -> Iterator[Left]:
    descriptor = os.open(name, FILE, dir_fd=above)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            yield Left(path, EntryKind.OTHER)
            return
        inode = (status.st_dev, status.st_ino) if status.st_nlink > 1 else (0, 0)
        yield Left(path, EntryKind.FILE, status.st_size, inode=inode, descriptor=descriptor)
    finally:
        os.close(descriptor)


def weighed(folder: Path, most: int, most_bytes: int, bytes_limit: str) -> tuple[str, int] | None:
    """The name and value of the limit that a folder exceeds, while somebody may still be writing to it; else None."""
    total = 0
    with opened(os.fsencode(folder)) as top:
        if top is None:
            return None
        try:
            for one in walk(top, most):
                total += one.size
                if total > most_bytes:
                    return bytes_limit, total
        except LimitExceeded as reached:
            return reached.limit, reached.value
        except OSError:  # a folder that went away while it was looked at
            return None
    return None


def removed(folder: Path) -> bool:
    """Remove a folder and everything below it, however deep; nobody writes to it any more. False: something stays."""
    try:
        with opened(os.fsencode(folder)) as top:
            if top is not None:
                _emptied(top)
        folder.rmdir()
    except OSError:
        return False
    return True


def _emptied(top: int) -> None:
    """One descriptor at a time: down into a folder, and up again when it is empty."""
    here = os.dup(top)
    levels = [_cleared(here)]
    try:
        while levels:
            if levels[-1]:
                below = _folder(levels[-1][-1], here)
                levels.append(_cleared(below))
            else:
                levels.pop()
                if not levels:
                    return
                below = os.open(b"..", FOLDER, dir_fd=here)
                os.rmdir(levels[-1].pop(), dir_fd=below)
            os.close(here)
            here = below
    finally:
        os.close(here)


def _cleared(here: int) -> list[bytes]:
    """Remove what is no folder; answers the folders."""
    folders = []
    with os.scandir(here) as found:
        for one in found:
            if one.is_dir(follow_symlinks=False):
                folders.append(os.fsencode(one.name))
            else:
                os.unlink(one.name, dir_fd=here)
    return folders
