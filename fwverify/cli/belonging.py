"""Whether a file that is to judge a delivery came with it: by its place, by a link, or under another name."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

MAX_LISTED = 4096
"""Files of one folder of keys or waivers that are looked at, and of a delivery for a file with several names."""


def belongs(path: Path, delivery: Sequence[Path]) -> bool:
    """True when the file or folder lies in a delivery, is one, or is a link (symbolic or hard) to a file of one.

    Of a folder the files in it are looked at, too. A path that is not there belongs to nothing but its place.

    Args:
        path: as the operator named it.
        delivery: what is to be judged.
    """
    real = [one.resolve() for one in delivery]
    return any(_one(each, real) for each in (path, *_files(path)))


def _one(path: Path, delivery: Sequence[Path]) -> bool:
    place = path.resolve()
    if any(place.is_relative_to(one) for one in delivery):  # a file lies in itself
        return True
    try:
        status = place.stat()
    except OSError:
        return False
    if status.st_nlink < 2 or not stat.S_ISREG(status.st_mode):
        return False
    return any(one == (status.st_dev, status.st_ino) for folder in delivery for one in _inodes(folder))


def _files(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as found:
            for count, one in enumerate(found):
                if count >= MAX_LISTED:
                    return
                if not one.is_dir():
                    yield Path(one.path)
    except OSError:
        return  # no folder, or one that nobody can read: whoever reads it says so


def _inodes(delivery: Path) -> Iterator[tuple[int, int]]:
    """(device, inode) of every file of a delivery, as far as deliveries go."""
    paths = (Path(folder, name) for folder, _, names in os.walk(delivery) for name in names)
    for count, one in enumerate(paths if delivery.is_dir() else (delivery,)):
        if count >= MAX_LISTED * 16:
            return
        try:
            status = one.lstat()
        except OSError:
            continue
        yield status.st_dev, status.st_ino
