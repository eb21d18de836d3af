"""The store as a file: what comes back, what is refused, who may write."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from fwverify.errors import ReferenceStoreError
from fwverify.reference import layout
from fwverify.reference.layout import key, open_reading
from fwverify.reference.store import load
from fwverify.reference.values import Origin
from fwverify.reference.writing import forget, learn, merge
from tests.unit.reference.known import component, digest, origin, page, program

ONE = origin(component("foo", "1.0-1", program("usr/bin/foo", "foo", range(30)), page("usr/share/foo", "page")))
TWO = origin(
    component("bar", "2.0-1", program("usr/bin/bar", "bar")), component("baz", "3", page("x", "y")), name="two"
)


def contents(path: Path) -> list[Origin]:
    store = load(path)
    try:
        return list(store.origins())
    finally:
        store.close()


def digest_of(path: Path) -> str:
    store = load(path)
    store.close()
    return store.digest


def test_what_was_learned_comes_back(tmp_path: Path) -> None:
    """Origins come back as they were, files are found by digest, build id and what they load."""
    path = tmp_path / "known.db"
    assert learn(path, [ONE, TWO]) == 2
    assert learn(path, [ONE]) == 0
    assert sorted(contents(path), key=lambda one: one.name) == [ONE, TWO]
    store = load(path)
    own = ONE.components[0].files[0]
    assert own.traits is not None
    for one in (
        key("sha256", own.sha256),
        key("loaded", own.traits.loaded),
        key("build-id", own.traits.build_id.encode()),
    ):
        assert [(found.file, found.component, found.origin) for found in store.files(one)] == [
            (own, ONE.components[0], ONE.name)
        ]
    assert store.files(key("sha256", digest("never"))) == []
    assert store.digests() == {ONE.sha256, TWO.sha256}
    store.close()


def test_summaries(tmp_path: Path) -> None:
    """A store can be listed: names, digests, counts, when it was learned."""
    path = tmp_path / "known.db"
    learn(path, [ONE, TWO])
    store = load(path)
    assert [(one.name, one.files, one.executables, one.components) for one in store.summaries()] == [
        ("foo_1.0-1_armhf.deb", 2, 1, ("foo 1.0-1",)),
        ("two", 2, 1, ("bar 2.0-1", "baz 3")),
    ]
    assert {one.learned for one in store.summaries()} == {ONE.learned}
    store.close()


def test_forgetting(tmp_path: Path) -> None:
    """What is forgotten is gone, and the digest is that of a store that never knew it."""
    path, other = tmp_path / "known.db", tmp_path / "other.db"
    learn(path, [ONE, TWO])
    learn(other, [TWO])
    assert forget(path, ONE.name) == 1
    assert forget(path, ONE.name) == 0
    assert contents(path) == [TWO]
    assert digest_of(path) == digest_of(other)
    assert forget(path, TWO.sha256.hex().upper()) == 1
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM trait").fetchone() == (0,)
    with pytest.raises(ReferenceStoreError, match="no such store"):
        forget(tmp_path / "none.db", "x")


def test_merging_refuses_to_overwrite(tmp_path: Path) -> None:
    """A store is never merged over a file that is there."""
    learn(tmp_path / "a.db", [ONE])
    store = load(tmp_path / "a.db")
    with pytest.raises(ReferenceStoreError, match="there is a file already"):
        merge(store, store, tmp_path / "a.db")
    assert merge(store, store, tmp_path / "b.db") == 1
    store.close()
    assert digest_of(tmp_path / "a.db") == digest_of(tmp_path / "b.db")


def _no_database(path: Path) -> None:
    path.write_bytes(b"no database at all" * 100)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _older(path: Path) -> None:
    _run(path, "PRAGMA user_version = 0")


def _newer(path: Path) -> None:
    _run(path, "PRAGMA user_version = 99")


def _foreign(path: Path) -> None:
    path.unlink()
    _run(path, "CREATE TABLE origin (id)")


def _view(path: Path) -> None:
    _run(path, "CREATE VIEW more AS SELECT * FROM file")


def _trigger(path: Path) -> None:
    _run(path, "CREATE TRIGGER t AFTER INSERT ON origin BEGIN DELETE FROM file; END")


def _other_table(path: Path) -> None:
    _run(path, "ALTER TABLE file ADD COLUMN more")


def _run(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_no_database, "damaged, or no store"), (_cut, "damaged"), (_older, "an older release"),
        (_newer, "a newer release"), (_foreign, "no store of reference packages"), (_view, "tables are not those"),
        (_trigger, "tables are not those"), (_other_table, "tables are not those"),
    ],
)  # fmt: skip
def test_what_is_no_store_is_refused(tmp_path: Path, spoil: Callable[[Path], None], words: str) -> None:
    """A damaged, foreign, older, newer or embellished database is the operator's mistake, said as such."""
    path = tmp_path / "known.db"
    learn(path, [ONE, TWO])
    spoil(path)
    for use in (load, lambda it: learn(it, [ONE])):
        with pytest.raises(ReferenceStoreError, match=words) as said:
            use(path)
        assert said.value.where == str(path)


CHANGES = (
    "UPDATE component SET version = '9.9'", "UPDATE component SET product = 'openssl'", "UPDATE file SET path = 'x'",
    "UPDATE file SET sha256 = zeroblob(32)", "UPDATE file SET sha256 = 'text'", "UPDATE file SET build_id = x'ff'",
    "UPDATE file SET singular = 1 - singular", "UPDATE component SET first = first + 1", "DELETE FROM file",
    "UPDATE component SET files = 1000000000", "UPDATE origin SET content = zeroblob(32)",
    "UPDATE origin SET content = 5", "UPDATE file SET component = 7", "UPDATE file SET sketch = 'text'",
    "UPDATE file SET symbols = 'many'", "UPDATE origin SET name = 5", "UPDATE component SET files = 'x'",
    "UPDATE origin SET sha256 = 'text'", "UPDATE component SET purl = x'00'", "UPDATE file SET build_id = 5",
)  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_changed_entries_are_never_used(tmp_path: Path, change: str) -> None:
    """Whatever is changed in a store, no find comes out of it that the digest does not cover."""
    path = tmp_path / "known.db"
    learn(path, [ONE])
    before = digest_of(path)
    _run(path, change)
    own = ONE.components[0].files[0]
    assert own.traits is not None
    with pytest.raises(ReferenceStoreError):
        store = load(path)
        store.files(key("sha256", own.sha256))
        list(store.origins())
        assert store.digest != before


def test_every_flipped_byte(tmp_path: Path) -> None:
    """A store with any byte changed is read as before, refused, or has another digest."""
    path = tmp_path / "known.db"
    learn(path, [ONE])
    before, sound = digest_of(path), path.read_bytes()
    own = ONE.components[0].files[0]
    for at in range(0, len(sound), 97):
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 0x41]) + sound[at + 1 :])
        try:
            store = load(path)
        except ReferenceStoreError:
            continue
        try:
            found = store.files(key("sha256", own.sha256))
            assert store.digest != before or all(one.component == ONE.components[0] for one in found)
        except ReferenceStoreError:
            pass
        finally:
            store.close()


def test_opened_for_reading_alone(tmp_path: Path) -> None:
    """Nothing can be written through a store that was opened to look things up; a read-only file will do."""
    path = tmp_path / "known.db"
    learn(path, [ONE])
    path.chmod(0o444)
    connection = open_reading(path)
    with pytest.raises(sqlite3.OperationalError):
        connection.execute("DELETE FROM file")
    connection.close()
    assert list(tmp_path.iterdir()) == [path]


def test_learning_at_the_same_time(tmp_path: Path) -> None:
    """Four that learn into one store at once lose nothing, and readers see whole states."""
    path = tmp_path / "known.db"
    parts = [
        [origin(component(f"p{who}-{one}", "1", program("a", f"{who} {one}"))) for one in range(8)] for who in range(4)
    ]

    def add(mine: list[Origin]) -> None:
        for one in mine:
            learn(path, [one])

    threads = [threading.Thread(target=add, args=(mine,)) for mine in parts]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(contents(path)) == 32
    learn(tmp_path / "other.db", [one for mine in reversed(parts) for one in mine])
    assert digest_of(path) == digest_of(tmp_path / "other.db")


def test_a_failing_learn_changes_nothing(tmp_path: Path) -> None:
    """When one of several origins cannot be had, none is written."""
    path = tmp_path / "known.db"
    learn(path, [ONE])

    def broken() -> object:
        yield TWO
        raise ReferenceStoreError("stopped")

    with pytest.raises(ReferenceStoreError, match="stopped"):
        learn(path, broken())  # type: ignore[arg-type]
    assert contents(path) == [ONE]


def test_somebody_keeps_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that is locked for too long is said to be, not waited for without end."""
    path = tmp_path / "known.db"
    learn(path, [ONE])
    monkeypatch.setattr(layout, "BUSY_SECONDS", 0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(ReferenceStoreError, match="locked") as said:
        learn(path, [TWO])
    assert "try again" in said.value.todo
    other.close()
