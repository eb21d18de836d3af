"""A pack at rest: a zip (stored, sorted, without times: same content, same bytes) or a folder.

Reading never extracts. Names that leave the pack, names given twice, links, compressed or encrypted members and
members that overlap are faults of the pack and are told; a pack with such a fault is not read further.
Format: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.4, read 2026-11-23. Does not read packs inside packs.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from fwverify.errors import RecordError
from fwverify.records.layout import MAX_DOCUMENT_BYTES, MAX_FILES, is_plain

Contents = Mapping[str, bytes | Path]
"""Name in the pack -> its bytes, or the file to copy them from."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
_CHUNK = 1 << 20
_ENCRYPTED = 0x1


class NotAPack(Exception):
    """It cannot be read as an evidence pack at all; says why."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A pack, open for reading."""

    name: str
    sizes: Mapping[str, int]
    """Name -> bytes."""
    faults: tuple[str, ...]
    """What makes it unsafe or ambiguous to read, in plain words; empty: nothing."""
    open: Callable[[str], IO[bytes]]

    def read(self, name: str, limit: int = MAX_DOCUMENT_BYTES) -> bytes:
        """A whole file. Raises NotAPack when it is missing, too large or damaged."""
        if name not in self.sizes:
            raise NotAPack(f"{name} is missing")
        if self.sizes[name] > limit:
            raise NotAPack(f"{name} is larger than any such file ({self.sizes[name]:,} bytes)")
        try:
            with self.open(name) as file:
                return file.read(limit)
        except (OSError, zipfile.BadZipFile, EOFError) as problem:
            raise NotAPack(f"{name} cannot be read: {problem}") from None

    def holds(self, name: str, content: bytes) -> bool:
        """True when the file is there, can be read and is just this."""
        try:
            return self.read(name) == content
        except NotAPack:
            return False

    def digest(self, name: str) -> str:
        """SHA-256 of a file, hexadecimal. Raises NotAPack."""
        value = hashlib.sha256()
        try:
            with self.open(name) as file:
                while chunk := file.read(_CHUNK):
                    value.update(chunk)
        except (OSError, zipfile.BadZipFile, EOFError) as problem:
            raise NotAPack(f"{name} cannot be read: {problem}") from None
        return value.hexdigest()


def write_zip(target: BinaryIO, contents: Contents) -> None:
    """Write a pack. Raises RecordError when a file to copy cannot be read."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name in sorted(contents):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system, info.external_attr = 3, (stat.S_IFREG | 0o644) << 16
            value = contents[name]
            if isinstance(value, bytes):
                archive.writestr(info, value)
                continue
            try:
                info.file_size = value.stat().st_size
                with value.open("rb") as source, archive.open(info, "w") as member:
                    shutil.copyfileobj(source, member, _CHUNK)
            except OSError as problem:
                raise RecordError(f"cannot be read: {problem.strerror}", where=str(value)) from None


def write_folder(target: Path, contents: Contents) -> None:
    """Write a pack into an empty folder. Raises RecordError."""
    try:
        for name in sorted(contents):
            path = target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            value = contents[name]
            if isinstance(value, bytes):
                path.write_bytes(value)
            else:
                shutil.copyfile(value, path)
    except OSError as problem:
        raise RecordError(f"cannot be written: {problem.strerror}", where=str(problem.filename or target)) from None


def open_pack(path: Path) -> Stored:
    """Open a pack for reading. Raises NotAPack, RecordError when there is none."""
    if path.is_dir():
        return _folder(path)
    if not path.is_file():
        raise RecordError("there is no such file or folder", where=str(path), todo="Name an evidence pack.")
    return _zip(path)


def _folder(root: Path) -> Stored:
    sizes: dict[str, int] = {}
    faults: list[str] = []
    for folder, folders, files in os.walk(root):
        for one in sorted((*folders, *files)):
            path = Path(folder, one)
            name = path.relative_to(root).as_posix()
            mode = path.lstat().st_mode
            if stat.S_ISDIR(mode):
                continue
            if not stat.S_ISREG(mode):
                faults.append(f"{name!r} is a link or a device, not a file")
            elif not is_plain(name):
                faults.append(f"{name!r} is no name that a pack has")
            else:
                sizes[name] = path.stat().st_size
        if len(sizes) + len(faults) > MAX_FILES:
            raise NotAPack(f"it has more than {MAX_FILES:,} files")
    return Stored(str(root), sizes, tuple(faults), lambda name: (root / name).open("rb"))


def _zip(path: Path) -> Stored:
    try:
        archive = zipfile.ZipFile(path)
    except OSError as problem:
        raise NotAPack(f"it cannot be read: {problem.strerror or problem}") from None
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError):
        raise NotAPack("neither a folder nor a zip file") from None
    members = archive.infolist()
    if len(members) > MAX_FILES:
        raise NotAPack(f"it has more than {MAX_FILES:,} files")
    sizes: dict[str, int] = {}
    faults: list[str] = []
    for one in members:
        fault = f"{one.filename!r} is there twice" if one.filename in sizes else _fault(one)
        if fault:
            faults.append(fault)
        else:
            sizes[one.filename] = one.file_size
    if sum(one.file_size for one in members) > path.stat().st_size:
        faults.append("its files together are larger than the pack: parts of it are used twice")
    return Stored(str(path), sizes, tuple(faults), archive.open)


def _fault(one: zipfile.ZipInfo) -> str:
    """Why a member of a zip is not one that a pack has; empty: it is."""
    kind = stat.S_IFMT(one.external_attr >> 16)
    if not is_plain(one.filename) or one.orig_filename != one.filename:
        return f"{one.orig_filename!r} is no name that a pack has"
    if kind not in (0, stat.S_IFREG):
        return f"{one.filename!r} is a link, a folder or a device, not a file"
    if one.flag_bits & _ENCRYPTED:
        return f"{one.filename!r} is encrypted"
    if one.compress_type != zipfile.ZIP_STORED or one.compress_size != one.file_size:
        return f"{one.filename!r} is compressed; files of a pack are stored as they are"
    return ""
