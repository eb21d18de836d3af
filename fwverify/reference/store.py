"""A store of reference packages, opened to look things up.

Nothing is believed beyond its shape: the digest that goes into the evidence is over the content digests of all
origins, and an origin's entries are held against its content digest before any of them names a file (`whole`). Does
NOT decide what a find means: that is `matching`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fwverify.errors import ReferenceStoreError
from fwverify.model.traits import Traits, resemblance
from fwverify.reference.layout import LEARN_AGAIN, open_reading, speaking
from fwverify.reference.values import (
    KnownComponent,
    KnownFile,
    Origin,
    Summary,
    in_order,
    parts_in_order,
    store_digest,
)

MOST_OWNERS = 64
"""Files that share one trait before it says nothing about any of them."""
MOST_RELATIVES = 16
"""Of all files that resemble one: the nearest."""
_COMPONENT = (
    "SELECT name, version, purl, source, source_version, product, arch, first, files, id"
    " FROM component WHERE origin = ?"
)
_FILE = (
    "SELECT id, path, sha256, singular, states, build_id, soname, loaded, symbols, sketch FROM file"
    " WHERE id >= ? AND id < ? AND component = ?"
)


@dataclass(frozen=True, slots=True)
class Found:
    """One file of the store, with whom it belongs to."""

    file: KnownFile
    component: KnownComponent
    """Whole, with all its files."""
    origin: str
    """File name of what was learned."""


@dataclass(slots=True)
class Store:
    """An open store. Used by one thread."""

    path: Path
    digest: str
    connection: sqlite3.Connection = field(repr=False)
    _by_id: dict[int, Found] = field(default_factory=dict, repr=False)
    """Files of the origins that were read, by the number they have in the database."""
    _parts: dict[int, KnownComponent] = field(default_factory=dict, repr=False)

    def close(self) -> None:
        self.connection.close()

    def files(self, key: int) -> list[Found]:
        """Files by the key of a trait (layout.key); none where more than MOST_OWNERS share it."""
        with speaking(self.path):
            limited = "SELECT file FROM trait WHERE key = ? LIMIT ?"
            numbers = [row[0] for row in self.connection.execute(limited, (key, MOST_OWNERS + 1))]
            return [] if len(numbers) > MOST_OWNERS else [self._found(one) for one in numbers]

    def relatives(self, keys: Iterable[int], sketch: bytes, least: int) -> list[Found]:
        """The files whose exported names resemble a sketch most, at least so many percent; a few at most."""
        with speaking(self.path):
            limited = "SELECT file.id, sketch FROM trait JOIN file ON file.id = trait.file WHERE key = ? LIMIT ?"
            near: dict[int, int] = {}
            for key in keys:
                rows = self.connection.execute(limited, (key, MOST_OWNERS + 1)).fetchall()
                if len(rows) <= MOST_OWNERS:
                    near.update((one, resemblance(sketch, known)) for one, known in rows if isinstance(known, bytes))
            ranked = sorted((-percent, one) for one, percent in near.items() if percent >= least)
            return [self._found(one) for _, one in ranked[:MOST_RELATIVES]]

    def release(self, source: str, version: str, arch: str) -> list[KnownComponent]:
        """Every component that was built from one release of a source package, for one architecture."""
        with speaking(self.path):
            rows = self.connection.execute(
                "SELECT id, origin FROM component WHERE source = ? AND source_version = ? AND arch = ?",
                (source, version, arch),
            ).fetchall()
            for number, origin in rows:
                if number not in self._parts:
                    self._load(origin)
            return [self._parts[number] for number, _ in rows]

    def origins(self) -> Iterator[Origin]:
        """Everything in the store, origin by origin, each checked against its content digest."""
        with speaking(self.path):
            for (number,) in self.connection.execute("SELECT id FROM origin ORDER BY sha256").fetchall():
                yield read_origin(self.connection, self.path, number)[0]

    def digests(self) -> set[bytes]:
        """SHA-256 of every package that was learned."""
        with speaking(self.path):
            return {row[0] for row in self.connection.execute("SELECT sha256 FROM origin")}

    def summaries(self) -> list[Summary]:
        """Every origin, by name."""
        with speaking(self.path):
            return sorted(_summaries(self.connection), key=lambda one: (one.name, one.sha256))

    def _found(self, number: int) -> Found:
        """The file, taken from its origin as a whole, so that nothing is used that the digest does not cover."""
        if number not in self._by_id:
            owner = "SELECT component.origin FROM file JOIN component ON component.id = file.component"
            row = self.connection.execute(f"{owner} WHERE file.id = ?", (number,)).fetchone()
            if row is not None:
                self._load(row[0])
        if number not in self._by_id:
            raise damaged(self.path)
        return self._by_id[number]

    def _load(self, number: int) -> None:
        origin, parts = read_origin(self.connection, self.path, number)
        for id_, part in parts.items():
            self._parts[id_] = part.component
            self._by_id.update((one, Found(file, part.component, origin.name)) for one, file in part.files)


def load(path: Path) -> Store:
    """Open a store.

    Raises:
        ReferenceStoreError: there is none, or it cannot be used.
    """
    connection = open_reading(path)
    with speaking(path):
        rows = connection.execute("SELECT sha256, content FROM origin").fetchall()
    if not all(isinstance(one, bytes) and len(one) == 32 for row in rows for one in row):
        raise damaged(path)
    return Store(path, store_digest(rows), connection)


def damaged(path: Path) -> ReferenceStoreError:
    return ReferenceStoreError("its entries are not those that were learned", where=str(path), todo=LEARN_AGAIN)


@dataclass(frozen=True, slots=True)
class Part:
    """A component as it lies in the database: its files with their numbers."""

    component: KnownComponent
    files: list[tuple[int, KnownFile]]


def read_origin(connection: sqlite3.Connection, path: Path, number: int) -> tuple[Origin, dict[int, Part]]:
    """One origin with all its files, and its components by their numbers.

    Raises:
        ReferenceStoreError: the entries do not give the content digest it was learned with.
    """
    row = connection.execute("SELECT name, sha256, learned, content FROM origin WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise damaged(path)
    name, sha256, learned, content = row
    try:
        parts = {id_: part for id_, part in _parts(connection, number)}
        origin = Origin(name, sha256, learned, parts_in_order(one.component for one in parts.values()))
        sound = origin.content == content
    except (AttributeError, TypeError, ValueError):  # values that are no texts, bytes or numbers
        sound = False
    if not sound:
        raise damaged(path)
    return origin, parts


def _parts(connection: sqlite3.Connection, number: int) -> Iterator[tuple[int, Part]]:
    for row in connection.execute(_COMPONENT, (number,)).fetchall():
        name, version, purl, source, source_version, product, arch, first, count, id_ = row
        rows = connection.execute(_FILE, (first, first + count, id_)).fetchall()
        if len(rows) != count:
            raise ValueError
        files = [(row[0], _file(row)) for row in rows]
        known = in_order(one for _, one in files)
        yield id_, Part(KnownComponent(name, version, purl, source, source_version, product, arch, known), files)


def _file(row: tuple[object, ...]) -> KnownFile:
    _, path, sha256, singular, states, build_id, soname, loaded, symbols, sketch = row
    traits = None if build_id is None else Traits(build_id, soname, loaded, symbols, sketch)  # type: ignore[arg-type]
    return KnownFile(path, sha256, traits, bool(singular), bool(states))  # type: ignore[arg-type]


def _summaries(connection: sqlite3.Connection) -> Iterator[Summary]:
    executables = dict(
        connection.execute("SELECT component, count(*) FROM file WHERE build_id IS NOT NULL GROUP BY component")
    )
    parts: dict[int, list[tuple[str, int, int]]] = {}
    for id_, origin, name, version, files in connection.execute(
        "SELECT id, origin, name, version, files FROM component"
    ):
        parts.setdefault(origin, []).append((f"{name} {version}".strip(), files, executables.get(id_, 0)))
    for id_, name, sha256, learned in connection.execute("SELECT id, name, sha256, learned FROM origin"):
        mine = parts.get(id_, [])
        names = tuple(sorted(one for one, _, _ in mine))
        yield Summary(name, sha256.hex(), learned, names, sum(one[1] for one in mine), sum(one[2] for one in mine))
