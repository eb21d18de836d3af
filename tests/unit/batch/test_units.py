"""Which deliveries a batch is about: every spelling of a units file, and that no row disappears."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwverify.batch.units import BadRow, Unit, Units, read
from fwverify.errors import UsageError


def written(tmp_path: Path, data: str | bytes) -> Units:
    path = tmp_path / "units.csv"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read(path)


def test_folder(tmp_path: Path) -> None:
    """Every entry of a folder is one unit, sorted, hidden ones included; what lies deeper is none."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "inner.bin").write_bytes(b"x")
    (tmp_path / "a.bin").write_bytes(b"x")
    (tmp_path / ".hidden").write_bytes(b"x")
    found = read(tmp_path)
    assert [one.name for one in found.units] == [".hidden", "a.bin", "b"]
    assert [one.path for one in found.units] == [tmp_path / ".hidden", tmp_path / "a.bin", tmp_path / "b"]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_spellings(tmp_path: Path, mark: str, delimiter: str, end: str) -> None:
    """Byte order mark, three delimiters and both line ends read alike; columns may stand in any order."""
    lines = [
        "Product,DELIVERY , channel,sha256,policy",
        f'ups,a/b.bin,"phone, M",{"AB " * 32},p.yaml',
        ",c,,,builtin:lab",
    ]
    text = end.join(one if delimiter == "," else one.replace(",", delimiter) for one in lines)
    found = written(tmp_path, mark + text + end)
    first, second = found.units
    assert (first.name, first.path, first.line) == ("a/b.bin", tmp_path / "a/b.bin", 2)
    assert first.expectation.product == "ups"
    assert first.expectation.checksums[0].digest.value == b"\xab" * 32
    assert first.expectation.checksums[0].channel == f"phone{delimiter} M"
    assert first.policy == str(tmp_path / "p.yaml")
    assert (second.policy, second.expectation.checksums, second.line) == ("builtin:lab", (), 3)
    assert first.expectation.source == "units.csv line 2"


def test_only_delivery_is_needed(tmp_path: Path) -> None:
    """A file with the one column and blank lines between is enough."""
    assert [one.name for one in written(tmp_path, "delivery\n\na\n\nb\n").units] == ["a", "b"]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("a", "1 cells where the header has 4"),
        ("a,b,c,d,e", "5 cells"),
        (",acme,,", "no delivery"),
        ("a,ac me,,", "vendor"),
        ("a,,abc,", "sha256 has 64"),
        ("a,,,phone", "channel"),
        ('"a"x,,,', "expected after"),
        ("a\0b,,,", "NUL"),
        (f"{'x' * 200_000},,,", "field larger"),
    ],
)
def test_bad_row(tmp_path: Path, row: str, says: str) -> None:
    """An unreadable row is reported with its line; the rows before and after are still units."""
    found = written(tmp_path, f"delivery,vendor,sha256,channel\nbefore,,,\n{row}\nafter,,,\n")
    assert [(one.name, one.line) for one in found.units] == [("before", 2), ("after", 4)]
    (bad,) = found.bad
    assert bad.line == 3 and says in bad.problem and len(bad.delivery) <= 80


@pytest.mark.parametrize("closing", ["", '"'])
def test_a_missing_quote_names_what_it_swallowed(tmp_path: Path, closing: str) -> None:
    """An open quote runs rows together; the row that results is bad and says which lines are in it."""
    found = written(tmp_path, f'delivery,vendor\na,\n"b,\nc,\nd{closing},\ne,\n')
    assert "a" in [one.name for one in found.units]
    (bad,) = found.bad
    assert bad.line == 3 and "lines 3 to" in bad.problem
    assert [one.name for one in found.units] == (["a", "e"] if closing else ["a"])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"delivery\n", "names no delivery"),
        (b"vendor,product\na,b\n", "there is no column 'delivery'"),
        (b"delivery,delivry\na,b\n", "Did you mean 'delivery'?"),
        (b"delivery,vendor,vendor\n", "given twice"),
        (b"delivery,sh\xff\n", "not UTF-8"),
        ("delivery\na".encode("utf-16"), "not UTF-8"),
        (b'"delivery\n', "header cannot be read"),
    ],
)
def test_file_or_header(tmp_path: Path, data: bytes, says: str) -> None:
    """An unreadable file or header is the operator's mistake, raised before any work."""
    with pytest.raises(UsageError) as caught:
        written(tmp_path, data)
    assert says in str(caught.value)


def test_not_there(tmp_path: Path) -> None:
    """A missing file and an empty folder are mistakes, not batches of nothing."""
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "none.csv", tmp_path / "empty"):
        with pytest.raises(UsageError):
            read(path)


def test_values_are_plain(tmp_path: Path) -> None:
    """Units and bad rows compare by value, so a batch can be read twice and compared."""
    text = "delivery,vendor\na,acme\nb\n"
    assert written(tmp_path, text) == written(tmp_path, text)
    assert isinstance(written(tmp_path, text).units[0], Unit) and isinstance(written(tmp_path, text).bad[0], BadRow)
