"""The cache's file: what was put in comes out, or nothing does."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from fwverify.cache import store as stores
from fwverify.cache.store import Store

KEY, OTHER = b"k" * 32, b"o" * 32


def filled(file: Path, **values: bytes) -> None:
    store = Store(file)
    for name, value in values.items():
        store.put(name.encode(), value)
    store.close()
    assert store.trouble == ""


def test_kept(tmp_path: Path) -> None:
    """A value is there in the next run; another key has none."""
    filled(tmp_path / "c" / "a.sqlite", one=b"value")
    store = Store(tmp_path / "c" / "a.sqlite")
    assert (store.get(b"one"), store.get(b"two"), store.hits, store.misses) == (b"value", None, 1, 1)
    assert store.size()[0] == 1
    store.close()


def test_folder_is_for_its_owner(tmp_path: Path) -> None:
    """Nobody else may look into it or write there."""
    filled(tmp_path / "c" / "a.sqlite", one=b"value")
    assert (tmp_path / "c").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("damage", [b"", b"\0" * 40, b"short", b"\xff" * 5000])
def test_damaged_value(tmp_path: Path, damage: bytes) -> None:
    """A value that does not fit its digest is no value."""
    filled(tmp_path / "a.sqlite", one=b"value" * 100)
    base = sqlite3.connect(tmp_path / "a.sqlite")
    base.execute("UPDATE entries SET value = ?", (damage,))
    base.commit()
    base.close()
    store = Store(tmp_path / "a.sqlite")
    assert store.get(b"one") is None
    store.put(b"one", b"again")
    assert store.get(b"one") == b"again"
    store.close()


@pytest.mark.parametrize(
    "content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\x5a" * 4080], ids=["text", "page"]
)
def test_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    """It is made anew."""
    file = tmp_path / "a.sqlite"
    file.write_bytes(content)
    store = Store(file)
    store.put(KEY, b"value")
    assert (store.get(KEY), store.trouble) == (b"value", "")
    store.close()


def test_file_of_another_release(tmp_path: Path) -> None:
    """An older or newer layout is not read, it is made anew."""
    filled(tmp_path / "a.sqlite", one=b"value")
    base = sqlite3.connect(tmp_path / "a.sqlite")
    base.execute("PRAGMA user_version = 99")
    base.close()
    store = Store(tmp_path / "a.sqlite")
    assert (store.get(b"one"), store.trouble) == (None, "")
    store.close()


def test_truncated_file(tmp_path: Path) -> None:
    """A file cut in the middle costs the cache and never the run."""
    file = tmp_path / "a.sqlite"
    filled(file, **{f"name{at}": bytes([at]) * 3000 for at in range(200)})
    for size in range(0, file.stat().st_size, 4096 * 7 + 100):
        copy = tmp_path / f"{size}.sqlite"
        copy.write_bytes(file.read_bytes()[:size])
        store = Store(copy)
        assert store.get(b"name7") in (None, b"\x07" * 3000)
        store.put(KEY, b"value")
        assert store.get(KEY) in (None, b"value")
        store.close()


def test_place_that_cannot_be_written(tmp_path: Path) -> None:
    """A file where the folder should be: nothing is remembered, and it is said why."""
    (tmp_path / "c").write_text("a file")
    store = Store(tmp_path / "c" / "a.sqlite")
    store.put(KEY, b"value")
    assert store.get(KEY) is None
    assert str(tmp_path) in store.trouble
    store.close()


def test_oldest_go_first(tmp_path: Path) -> None:
    """Beyond its size the file loses what the last runs did not use."""
    file = tmp_path / "a.sqlite"
    noise = [random.Random(one).randbytes(1000) for one in range(2)]
    filled(file, first=noise[0])
    filled(file, second=noise[1])
    store = Store(file, max_bytes=1500)
    assert store.get(b"first") == noise[0]
    store.close()
    store = Store(file)
    assert (store.get(b"first"), store.get(b"second")) == (noise[0], None)
    store.close()


def test_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A forged value asks for no more memory than a value may have."""
    monkeypatch.setattr(stores, "MAX_VALUE_BYTES", 1000)
    filled(tmp_path / "a.sqlite", one=bytes(100_000))
    store = Store(tmp_path / "a.sqlite")
    assert store.get(b"one") is None
    store.close()


def test_several_processes(tmp_path: Path) -> None:
    """Runs at the same time share the file."""
    script = (
        "import sys; from pathlib import Path; from fwverify.cache.store import Store\n"
        "store = Store(Path(sys.argv[1]))\n"
        "for at in range(300): store.put(f'{sys.argv[2]}-{at}'.encode(), b'v' * 500)\n"
        "store.close(); print(store.trouble)\n"
    )
    file = tmp_path / "a.sqlite"
    runs = [
        subprocess.Popen([sys.executable, "-c", script, str(file), str(one)], stdout=subprocess.PIPE)
        for one in range(3)
    ]
    assert [run.communicate()[0].strip() for run in runs] == [b""] * 3
    store = Store(file)
    assert store.size()[0] == 900
    store.close()


def test_killed(tmp_path: Path) -> None:
    """A run that is killed leaves a file that can be read."""
    script = (
        "import os, signal, sys; from pathlib import Path; from fwverify.cache.store import Store\n"
        "store = Store(Path(sys.argv[1]))\n"
        "for at in range(5000): store.put(str(at).encode(), b'v' * 50)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    file = tmp_path / "a.sqlite"
    assert subprocess.run([sys.executable, "-c", script, str(file)], check=False).returncode == -9
    store = Store(file)
    assert (store.get(b"1"), store.trouble) == (b"v" * 50, "")
    store.close()
