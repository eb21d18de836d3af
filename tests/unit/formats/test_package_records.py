"""Go build information, RPM headers and databases, SQLite, CBOR and uSWID: bounds and refusals beyond the vectors."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from fwverify.formats import cbor, go_build_info, rpm_database, rpm_header, sqlite_table, uswid
from fwverify.limits import LimitExceeded
from fwverify.model.examining import Malformed
from tests.vectors.makers import self_descriptions as made


def test_go_replacements() -> None:
    """A replaced module is named by what it was replaced with; a folder keeps the name and loses the version."""
    data = made._inline(b"go1.22.1", made.PATHS + made.MAIN + made.DEPENDENCIES)
    info = go_build_info.find(memoryview(bytes(16) + data), lambda _: -1)
    assert info is not None
    assert (info.release, info.package) == ("1.22.1", "example.com/acme/pump/cmd/pumpd")
    assert info.main == go_build_info.Module("example.com/acme/pump", "v1.4.2")
    assert [one.path for one in info.modules] == [
        "github.com/eclipse/paho.mqtt.golang", "example.com/acme/net", "example.com/acme/local",
    ]  # fmt: skip
    assert info.modules[2].version == ""


@pytest.mark.parametrize(
    ("stated", "release"),
    [
        (b"go1.24.4 X:nocoverageredesign", "1.24.4"), (b"go1.22rc1", "1.22rc1"), (b"devel go1.23-0a1b2c3d Mon", "1.23"),
        (b"go1.19.8+acme", "1.19.8"), (b"devel +0123456789", ""),
    ],
)  # fmt: skip
def test_go_release(stated: bytes, release: str) -> None:
    """The release is taken out of what the linker wrote."""
    info = go_build_info.find(memoryview(made._inline(stated, b"")), lambda _: -1)
    assert info is not None
    assert info.release == release


def test_go_magic_out_of_place() -> None:
    """The magic counts only where linkers put it, on a border of 16 bytes."""
    assert go_build_info.find(memoryview(b"\0" + made._inline(b"go1.22.1", b"")), lambda _: -1) is None


def test_rpm_header() -> None:
    """Epoch, version and release are told as RPM compares them."""
    header = rpm_header.parse(made.HEADERS[0])
    assert (header.name, header.stated, header.architecture) == ("openssl-libs", "1:3.0.7-24.el9", "aarch64")
    for size in range(len(made.HEADERS[0])):
        with pytest.raises(Malformed):
            rpm_header.parse(made.HEADERS[0][:size])


@pytest.mark.parametrize(
    ("rows", "size", "page"), [(3, 10, 512), (400, 300, 1024), (7, 9000, 4096), (40, 70_000, 65536)]
)
def test_sqlite_agrees_with_sqlite(tmp_path: Path, rows: int, size: int, page: int) -> None:
    """Every row comes out as SQLite itself gives it: one page, many levels, long overflow chains, largest pages."""
    path = tmp_path / "x.sqlite"
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA page_size = {page}")
        database.execute("CREATE TABLE other (a TEXT)")
        database.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB, n INTEGER, t TEXT)")
        values = [(bytes([one % 251]) * (size + one), (-1) ** one * 3**one % 10**15, f"t{one}") for one in range(rows)]
        database.executemany("INSERT INTO Packages (blob, n, t) VALUES (?, ?, ?)", values)
        expected = [(None, blob, n, text.encode()) for blob, n, text in values]
    database.close()
    assert list(sqlite_table.rows(memoryview(path.read_bytes()), "Packages")) == expected


def test_sqlite_refuses_circles(tmp_path: Path) -> None:
    """A page that is its own child is not followed for ever."""
    path = tmp_path / "x.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA page_size = 512")
        database.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB)")
        database.executemany("INSERT INTO Packages (blob) VALUES (?)", [(bytes(200),)] * 50)
    database.close()
    data = bytearray(path.read_bytes())
    root = 512
    assert data[root] == sqlite_table.INTERIOR
    data[root + 8 : root + 12] = (2).to_bytes(4, "big")
    with pytest.raises(Malformed, match="used twice"):
        list(sqlite_table.rows(memoryview(data), "Packages"))


@pytest.mark.parametrize("data", [made._ndb(), made._bdb("<"), made._bdb(">")], ids=["ndb", "bdb", "bdb-big-endian"])
def test_rpm_databases(data: bytes) -> None:
    """Every header comes out; cut anywhere, the database says so or gives fewer."""
    assert [rpm_header.parse(one).name for one in rpm_database.headers(memoryview(data))].count("acme-pump") == 1
    for size in range(0, len(data), 37):
        try:
            found = list(rpm_database.headers(memoryview(data[:size])))
        except Malformed:
            continue
        assert len(found) < 3


@pytest.mark.parametrize("value", [{1: "a", 2: [1, 2, {"x": b"y"}]}, [], "\u00e4" * 300, 23, 24, 256, b"x" * 300])
def test_cbor(value: object) -> None:
    """What was written is read, to its last byte."""
    raw = made.cbor(value)
    assert cbor.load(raw + b"rest", "test") == (value, len(raw))


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("9f0102ff", [1, 2]), ("bf616101ff", {"a": 1}), ("7f61616162ff", "ab"), ("20", -1), ("f5", True), ("f6", None),
        ("c11a514b67b0", 1363896240), ("fb3ff199999999999a", None), ("1bffffffffffffffff", 2**64 - 1),
    ],
)  # fmt: skip
def test_cbor_examples(raw: str, value: object) -> None:
    """Examples of RFC 8949, appendix A."""
    assert cbor.load(bytes.fromhex(raw), "test")[0] == value


@pytest.mark.parametrize(
    "raw", ["", "18", "ff", "5f6161ff", "61ff", "9affffffff00", "bf61", "1c", "81" * 40 + "00", "3f"]
)
def test_cbor_refuses(raw: str) -> None:
    """Cut, unpaired, wrong or too deep items are refused."""
    with pytest.raises(Malformed):
        cbor.load(bytes.fromhex(raw), "test")


def test_uswid_bounds() -> None:
    """A container that unpacks to more than any is refused, one that is only mentioned is none."""
    import zlib

    with pytest.raises(Malformed):
        uswid.container(memoryview(made.uswid(zlib.compress(bytes(17 << 20)), 3, 1)), 0)
    with pytest.raises(LimitExceeded):
        uswid.container(memoryview(uswid.MAGIC + b"\3\x19\0" + b"\xff\xff\xff\xff" + bytes(8)), 0)
    assert uswid.container(memoryview(uswid.MAGIC + b"read it here" * 4), 0) == (uswid.COSWID, b"")
