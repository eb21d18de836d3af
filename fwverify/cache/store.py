"""Key -> value on disk, for answers that can always be found out again.

One SQLite file (file format and locking: sqlite.org/fileformat.html and /wal.html; read 2026-11-23). A value that is
damaged, a file that is no database, a disk that is full or a folder that cannot be written costs the cache, never the
run: whoever asks gets nothing and finds out anew. Values are checked against a digest of their own, which finds damage
and not a forger: the folder belongs to the operator, and whoever may write there may write the policy as well.

Old entries go first when the file grows too large; "old" is counted in runs, so that no clock is read.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

SCHEMA = 1
DEFAULT_BYTES = 1 << 30
"""Of all values. An image of 5,000 files takes 3 MiB."""
MAX_VALUE_BYTES = 256 << 20
"""Unpacked; a damaged or forged value asks for no more."""
WRITE_EVERY = 500
"""Values that wait to be written together: a run that is killed loses no more, and others wait for one write only."""
BUSY_SECONDS = 5
_TABLES = """
CREATE TABLE IF NOT EXISTS entries (key PRIMARY KEY, run INTEGER NOT NULL, value NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs (run INTEGER PRIMARY KEY AUTOINCREMENT);
"""
_THERE = "SELECT 1 FROM entries WHERE key = ?"

T = TypeVar("T")


class Store:
    """A cache in one file. Used by one thread; several processes may share the file."""

    def __init__(self, file: Path, max_bytes: int = DEFAULT_BYTES) -> None:
        """Open or make it. Never raises: what cannot be opened stays empty, and `trouble` says why."""
        self.file, self.max_bytes = file, max_bytes
        self.trouble = ""
        """Why nothing is remembered, in plain words; empty when all is well."""
        self.hits = self.misses = 0
        self._run = 0
        self._waiting: dict[bytes, bytes] = {}
        self._used: set[bytes] = set()
        self._base: sqlite3.Connection | None = None
        self._try(self._open, None)

    def get(self, key: bytes) -> bytes | None:
        """The value, or None when there is none that is sound."""
        value = _unwrapped(self._waiting.get(key) or self._read(key))
        if value is None:
            self.misses += 1
            return None
        self.hits += 1
        self._used.add(key)
        return value

    def holds(self, key: bytes) -> bool:
        """Whether there is a value, sound or not; it then counts as used."""
        if key not in self._waiting and self._try(lambda base: base.execute(_THERE, (key,)).fetchone(), None) is None:
            return False
        self._used.add(key)
        return True

    def put(self, key: bytes, value: bytes) -> None:
        """Remember a value under a key, in place of one that is there."""
        if not self.trouble:
            self._waiting[key] = _wrapped(value)
        if len(self._waiting) >= WRITE_EVERY:
            self._try(self._write, None)

    def close(self) -> None:
        """Keep what was written, drop the oldest beyond the size, and let the file go."""
        self._try(self._keep, None)
        if self._base is not None:
            self._base.close()
            self._base = None

    def size(self) -> tuple[int, int]:
        """Entries and their bytes on disk."""
        count = "SELECT count(*), coalesce(sum(length(value)), 0) FROM entries"
        entries, total = self._try(lambda base: base.execute(count).fetchone(), (0, 0))
        return int(entries), int(total)

    def _read(self, key: bytes) -> object:
        row = self._try(lambda base: base.execute("SELECT value FROM entries WHERE key = ?", (key,)).fetchone(), None)
        return row[0] if row else None

    def _write(self, base: sqlite3.Connection) -> None:
        rows = [(key, self._run, value) for key, value in self._waiting.items()]
        base.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", rows)
        base.commit()
        self._waiting.clear()

    def _try(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Do something with the file; when that fails once, nothing more is tried."""
        if self.trouble:
            return otherwise
        try:
            if self._base is None:
                self._base = self._connected()
            return work(self._base)
        except (sqlite3.Error, OSError) as problem:
            self.trouble = f"{self.file}: {problem}"
            return otherwise

    def _connected(self) -> sqlite3.Connection:
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return _usable(self.file)
        except sqlite3.DatabaseError as problem:
            if isinstance(problem, sqlite3.OperationalError):
                raise  # locked, read-only, disk full: nothing is wrong with the file
        for suffix in ("", "-wal", "-shm"):
            self.file.with_name(self.file.name + suffix).unlink(missing_ok=True)
        return _usable(self.file)

    def _open(self, base: sqlite3.Connection) -> None:
        base.executescript(_TABLES)
        self._run = base.execute("INSERT INTO runs DEFAULT VALUES").lastrowid or 0
        base.execute("DELETE FROM runs WHERE run < ?", (self._run,))
        base.commit()

    def _keep(self, base: sqlite3.Connection) -> None:
        self._write(base)
        used = sorted(self._used)
        base.executemany("UPDATE entries SET run = ? WHERE key = ?", ((self._run, one) for one in used))
        total = base.execute("SELECT coalesce(sum(length(value)), 0) FROM entries").fetchone()[0]
        if total > self.max_bytes:
            self._drop(base, total - self.max_bytes)
        base.commit()

    def _drop(self, base: sqlite3.Connection, more: int) -> None:
        dropped: list[tuple[bytes]] = []
        for key, size in base.execute("SELECT key, length(value) FROM entries ORDER BY run, key"):
            if more <= 0:
                break
            dropped.append((key,))
            more -= size
        base.executemany("DELETE FROM entries WHERE key = ?", dropped)


def _usable(file: Path) -> sqlite3.Connection:
    """Raises sqlite3.DatabaseError for a file that is not one of ours."""
    base = sqlite3.connect(file, timeout=BUSY_SECONDS)
    try:
        base.execute("PRAGMA trusted_schema = OFF")
        version = base.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, SCHEMA):
            raise sqlite3.DatabaseError(f"of another release ({version})")
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("PRAGMA synchronous = NORMAL")
        base.execute(f"PRAGMA user_version = {SCHEMA}")
    except BaseException:
        base.close()
        raise
    return base


def _wrapped(value: bytes) -> bytes:
    packed = zlib.compress(value, 1)
    return hashlib.sha256(packed).digest() + packed


def _unwrapped(stored: object) -> bytes | None:
    if not isinstance(stored, bytes) or hashlib.sha256(stored[32:]).digest() != stored[:32]:
        return None
    unpacker = zlib.decompressobj()
    try:
        value = unpacker.decompress(stored[32:], MAX_VALUE_BYTES)
    except zlib.error:
        return None
    return value if unpacker.eof else None
