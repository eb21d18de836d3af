"""What changes a store: learning an origin, merging two stores, forgetting an origin.

The order of learning changes nothing: an origin is known by its digest; of two readings of one package the fuller
stays, and of two times the earlier. So merging is commutative, associative and idempotent.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from fwverify.errors import ReferenceStoreError
from fwverify.model.traits import HASH_BYTES, hashes
from fwverify.reference.layout import key, writing
from fwverify.reference.store import Store, read_origin
from fwverify.reference.values import KnownFile, Origin

NEAR_HASHES = 8
"""Of a sketch, how many of the smallest hashes lead to its file: relatives that share 80 % of their names have one of
these in common in all but three of a million cases."""
NEAR_SYMBOLS = 16
"""Fewer exported names say nothing about kinship."""


def learn(path: Path, origins: Iterable[Origin]) -> int:
    """Put origins into a store, which is made where there is none. All of them or, when it fails, none.

    Returns:
        How many were new or replaced what was known of them.

    Raises:
        ReferenceStoreError: the store cannot be written.
    """
    with writing(path) as connection:
        return sum(_put(connection, path, one) for one in origins)


def merge(one: Store, other: Store, target: Path) -> int:
    """Make a store of everything that is in either of two. Returns how many origins it has.

    Raises:
        ReferenceStoreError: the target is there already or cannot be written, or one of the two is damaged.
    """
    if target.exists():
        todo = "Name a file that is not there yet with -o."
        raise ReferenceStoreError("there is a file already", where=str(target), todo=todo)
    with writing(target) as connection:
        for store in (one, other):
            for origin in store.origins():
                _put(connection, target, origin)
        return int(connection.execute("SELECT count(*) FROM origin").fetchone()[0])


def forget(path: Path, name: str) -> int:
    """Take out every origin of this file name or SHA-256. Returns how many there were.

    Raises:
        ReferenceStoreError: the store cannot be written.
    """
    if not path.is_file():
        raise ReferenceStoreError("there is no such store of reference packages", where=str(path))
    with writing(path) as connection:
        rows = connection.execute(
            "SELECT id FROM origin WHERE name = ? OR lower(hex(sha256)) = ?", (name, name.lower())
        ).fetchall()
        for (number,) in rows:
            _take_out(connection, path, number)
        return len(rows)


def _put(connection: sqlite3.Connection, path: Path, origin: Origin) -> bool:
    row = connection.execute("SELECT id FROM origin WHERE sha256 = ?", (origin.sha256,)).fetchone()
    if row is None:
        _insert(connection, origin)
        return True
    known, _ = read_origin(connection, path, row[0])
    best = _fuller(known, origin)
    if best == known:
        return False
    _take_out(connection, path, row[0])
    _insert(connection, best)
    return True


def _fuller(one: Origin, other: Origin) -> Origin:
    best = max(one, other, key=lambda it: (it.files, it.content))
    return Origin(best.name, best.sha256, min(one.learned, other.learned), best.components)


def _insert(connection: sqlite3.Connection, origin: Origin) -> None:
    insert = connection.execute(
        "INSERT INTO origin (name, sha256, learned, content) VALUES (?, ?, ?, ?)",
        (origin.name, origin.sha256, origin.learned, origin.content),
    )
    number, first = insert.lastrowid, _next(connection)
    for one in origin.components:
        row = (number, one.name, one.version, one.purl, one.source, one.source_version, one.product, one.arch)
        made = connection.execute(
            "INSERT INTO component (origin, name, version, purl, source, source_version, product, arch, first, files)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*row, first, len(one.files)),
        )
        component = made.lastrowid
        assert component is not None  # noqa: S101 - a row was inserted
        connection.executemany(
            "INSERT INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (_row(first + at, component, file) for at, file in enumerate(one.files)),
        )
        connection.executemany(
            "INSERT OR IGNORE INTO trait VALUES (?, ?)",
            ((found, first + at) for at, file in enumerate(one.files) for found in keys(file)),
        )
        first += len(one.files)


def _next(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(id), 0) + 1 FROM file").fetchone()[0])


def _row(number: int, component: int, file: KnownFile) -> tuple[object, ...]:
    one = file.traits
    rest = (None,) * 5 if one is None else (one.build_id, one.soname, one.loaded, one.symbols, one.sketch)
    return (number, component, file.path, file.sha256, int(file.singular), int(file.states), *rest)


def keys(file: KnownFile) -> Iterator[int]:
    """Everything a file can be found by."""
    yield key("sha256", file.sha256)
    if file.traits is None:
        return
    if file.traits.build_id:
        yield key("build-id", file.traits.build_id.encode("utf-8", "surrogatepass"))
    if file.traits.loaded:
        yield key("loaded", file.traits.loaded)
    if file.traits.symbols >= NEAR_SYMBOLS:
        yield from near_keys(file.traits.sketch)


def near_keys(sketch: bytes) -> Iterator[int]:
    """What relatives share."""
    for one in hashes(sketch[: NEAR_HASHES * HASH_BYTES]):
        yield key("near", one.to_bytes(8, "big"))


def _take_out(connection: sqlite3.Connection, path: Path, number: int) -> None:
    _, parts = read_origin(connection, path, number)
    for id_, part in parts.items():
        for file, known in part.files:
            connection.executemany("DELETE FROM trait WHERE key = ? AND file = ?", ((one, file) for one in keys(known)))
            connection.execute("DELETE FROM file WHERE id = ?", (file,))
        connection.execute("DELETE FROM component WHERE id = ?", (id_,))
    connection.execute("DELETE FROM origin WHERE id = ?", (number,))
