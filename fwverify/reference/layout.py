"""The store as a file: one SQLite database, its tables, and what is checked before any of it is believed.

SQLite "Defense Against The Dark Arts" (hardening against hostile databases), "URI Filenames" (mode=ro), "PRAGMA"
trusted_schema, cell_size_check, quick_check, application_id; read 2026-11-22. A store may come from somebody else: it
must hold these tables and nothing more, no view, no trigger; everything is read with bound parameters and checked for
its type. One table finds files by any of their traits: `trait.key` is the first 64 bits of what is looked for, and
whoever looks compares the whole.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fwverify.errors import ReferenceStoreError

APPLICATION_ID = 0x66775266
SCHEMA = 1
BUSY_SECONDS = 60
"""How long a store that somebody else writes to is waited for."""
CHECKED_BYTES = 64 << 20
"""Stores up to this size are checked page by page when they are opened (0.1 s); larger ones where they are used."""
LEARN_AGAIN = "Make it anew: fwverify reference learn PACKAGE... --store FILE"

TABLES = (
    "CREATE TABLE origin (id INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 NOT NULL, learned TEXT NOT NULL,"
    " content NOT NULL)",
    "CREATE UNIQUE INDEX origin_sha256 ON origin (sha256)",
    "CREATE TABLE component (id INTEGER PRIMARY KEY, origin INTEGER NOT NULL, name TEXT NOT NULL,"
    " version TEXT NOT NULL, purl TEXT NOT NULL, source TEXT NOT NULL, source_version TEXT NOT NULL,"
    " product TEXT NOT NULL, arch TEXT NOT NULL, first INTEGER NOT NULL, files INTEGER NOT NULL)",
    "CREATE INDEX component_source ON component (source, source_version)",
    "CREATE INDEX component_origin ON component (origin)",
    "CREATE TABLE file (id INTEGER PRIMARY KEY, component INTEGER NOT NULL, path TEXT NOT NULL, sha256 NOT NULL,"
    " singular INTEGER NOT NULL, states INTEGER NOT NULL, build_id TEXT, soname TEXT, loaded, symbols INTEGER, sketch)",
    "CREATE TABLE trait (key INTEGER NOT NULL, file INTEGER NOT NULL, PRIMARY KEY (key, file)) WITHOUT ROWID",
)
"""Files of one component have consecutive ids: `first` and how many."""


def key(kind: str, value: bytes) -> int:
    """Where a trait of a kind is looked up: 64 bits with sign, as SQLite keeps integers."""
    digest = value if kind == "sha256" else hashlib.sha256(kind.encode() + b"\0" + value).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def open_reading(path: Path) -> sqlite3.Connection:
    """A store to look things up in; nothing can be written through it.

    Raises:
        ReferenceStoreError: there is none, or it is not one that this release reads.
    """
    if not path.is_file():
        todo = "fwverify reference learn PACKAGE... --store FILE makes one."
        raise ReferenceStoreError("there is no such store of reference packages", where=str(path), todo=todo)
    with speaking(path):
        address = f"{path.resolve().as_uri()}?mode=ro"
        connection = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            _guard(connection)
            connection.execute("PRAGMA query_only = ON")
            _check(connection, path)
            connection.execute("BEGIN")  # one state of the store for the whole run, whoever writes meanwhile
            connection.execute("SELECT count(*) FROM (SELECT 1 FROM origin LIMIT 1)").fetchone()
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """A store to write to, made where there is none; all of it is written or nothing.

    Raises:
        ReferenceStoreError: it cannot be written, is not a store, or somebody else keeps writing to it.
    """
    with speaking(path):
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            _guard(connection)
            connection.execute("PRAGMA cache_size = -65536")
            connection.execute("BEGIN IMMEDIATE")
            if _empty(connection):
                _make(connection)
            _check(connection, path)
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()  # what was not committed is undone


@contextmanager
def speaking(path: Path) -> Iterator[None]:
    """What SQLite complains about, as the operator should hear it."""
    try:
        yield
    except sqlite3.OperationalError as problem:
        text = str(problem)
        todo = next((todo for words, todo in _TODO if words in text), "")
        raise ReferenceStoreError(f"the store cannot be used ({text})", where=str(path), todo=todo) from None
    except (sqlite3.DatabaseError, OverflowError, UnicodeDecodeError) as problem:
        text = f"it is damaged, or no store at all ({str(problem) or type(problem).__name__})"
        raise ReferenceStoreError(text, where=str(path), todo=LEARN_AGAIN) from None


_TODO = (
    ("locked", "Somebody else writes to it; try again."),
    ("readonly", "It must be writable; or it was left half written: run the 'fwverify reference learn' that was."),
    ("unable to open", "Check that the folder is there and that you may write to it."),
    ("full", "Make room on the disk; the store is as it was."),
)
"""Words of SQLite's own messages, and what helps."""


def _guard(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA mmap_size = 0")


def _empty(connection: sqlite3.Connection) -> bool:
    found = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return not found and not connection.execute("PRAGMA application_id").fetchone()[0]


def _make(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA}")
    for one in TABLES:
        connection.execute(one)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Raise ReferenceStoreError unless it may be read.

    1. It says that it is a store, of this release's schema.
    2. It has its tables and no others.
    3. Its pages hold.
    """
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise ReferenceStoreError("it is a database, but no store of reference packages", where=str(path))
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != SCHEMA:
        todo = LEARN_AGAIN if version < SCHEMA else "Use the release of fwverify that made it, or a newer one."
        age = "an older" if version < SCHEMA else "a newer"
        raise ReferenceStoreError(f"{age} release of fwverify made it (schema {version})", where=str(path), todo=todo)
    rows = connection.execute("SELECT sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_autoindex_%'").fetchall()
    if sorted(str(one[0]) for one in rows) != sorted(TABLES):
        raise ReferenceStoreError("its tables are not those of a store", where=str(path), todo=LEARN_AGAIN)
    if path.stat().st_size <= CHECKED_BYTES:
        said = connection.execute("PRAGMA quick_check(1)").fetchone()
        if said is None or said[0] != "ok":
            raise ReferenceStoreError("it is damaged", where=str(path), todo=LEARN_AGAIN)
