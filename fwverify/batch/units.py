"""Which deliveries a batch is about: the entries of a folder, or the rows of a units file (CSV, RFC 4180).

A units file has a header. Columns: delivery (path relative to the file), vendor, product, installed, sha256, channel,
policy; all but delivery may be left out or left empty. Comma, semicolon or tab; UTF-8 with or without a byte order
mark, as spreadsheets write it.

Whatever is wrong with the file or its header is an operator mistake and raised before any work. Whatever is wrong with
one row is a `BadRow`: it is reported and never makes another row disappear.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fwverify.errors import UsageError
from fwverify.model.artifact import Digest
from fwverify.model.expectation import Expectation, ExpectedChecksum

COLUMNS = ("delivery", "vendor", "product", "installed", "sha256", "channel", "policy")
DELIMITERS = (",", ";", "\t")
"""In this order where a header has several as often."""
MAX_BYTES = 64 << 20
"""A units file. 100,000 rows of 200 bytes have 20 MB."""
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""Vendor and product ids of the key registry."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One delivery of the batch."""

    name: str
    """As the operator wrote it."""
    path: Path
    expectation: Expectation = field(default_factory=Expectation)
    policy: str = ""
    """Policy of this unit: `builtin:NAME` or a path; empty: that of the batch."""
    line: int = 0
    """Line of the units file; 0 for an entry of a folder."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that names no unit."""

    line: int
    delivery: str
    """Its first words, for finding it again; empty when even that could not be read."""
    problem: str


@dataclass(frozen=True, slots=True)
class Units:
    """What a batch is about."""

    source: Path
    units: tuple[Unit, ...]
    bad: tuple[BadRow, ...] = ()


def read(source: Path) -> Units:
    """The units of a folder or of a units file. Raises UsageError."""
    try:
        found = _folder(source) if source.is_dir() else _file(source)
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise UsageError(f"cannot be read: {reason}", where=str(source), todo="Check the path you typed.") from None
    if not found.units and not found.bad:
        raise UsageError("names no delivery", where=str(source), todo="Give it a folder, file or row for each unit.")
    return found


def _folder(folder: Path) -> Units:
    return Units(folder, tuple(Unit(one.name, one) for one in sorted(folder.iterdir())))


def _file(path: Path) -> Units:
    rows = _rows(_text(path))
    first = next(rows, None)
    if first is None:
        raise UsageError("is empty", where=str(path), todo=f"Begin with a header: {','.join(COLUMNS)}")
    names = _header(first, path)
    units: list[Unit] = []
    bad: list[BadRow] = []
    for row in rows:
        if row.problem or any(cell.strip() for cell in row.cells):
            one = _unit(row, names, path)
            if isinstance(one, Unit):
                units.append(one)
            else:
                bad.append(one)
    return Units(path, tuple(units), tuple(bad))


def _text(path: Path) -> str:
    if path.stat().st_size > MAX_BYTES:
        raise UsageError(f"has more than {MAX_BYTES >> 20} MiB, which no units file has", where=str(path))
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        what = f"is not UTF-8 text (byte {problem.start})"
        raise UsageError(what, where=str(path), todo="Save it as CSV UTF-8.") from None


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    """The first of its lines."""
    cells: tuple[str, ...]
    problem: str = ""


def _rows(text: str) -> Iterator[_Row]:
    head = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            yield _Row(line, (), f"{problem}{_span(line, reader.line_num)}")
            continue
        yield _Row(line, tuple(cells), "" if reader.line_num <= line else f"one cell{_span(line, reader.line_num)}")


def _span(first: int, last: int) -> str:
    """An open quote swallows the rows after it; they are named, not lost."""
    return f" (lines {first} to {last} run together: a quote is missing)" if last > first else ""


def _header(row: _Row, path: Path) -> tuple[str, ...]:
    where = f"{path}:{row.line}"
    if row.problem:
        raise UsageError(f"the header cannot be read: {row.problem}", where=where)
    names = tuple(one.strip().lower() for one in row.cells)
    for one in names:
        if one not in COLUMNS:
            near = difflib.get_close_matches(one, COLUMNS, 1)
            todo = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(COLUMNS)}."
            raise UsageError(f"unknown column {one[:40]!r}", where=where, todo=todo)
        if names.count(one) > 1:
            raise UsageError(f"the column {one!r} is given twice", where=where)
    if "delivery" not in names:
        raise UsageError("there is no column 'delivery'", where=where, todo=f"Known: {', '.join(COLUMNS)}.")
    return names


def _unit(row: _Row, names: tuple[str, ...], path: Path) -> Unit | BadRow:
    shown = row.cells[names.index("delivery")].strip() if len(row.cells) > names.index("delivery") else ""
    problem = row.problem
    if not problem and len(row.cells) != len(names):
        problem = f"{len(row.cells)} cells where the header has {len(names)}"
    if problem:
        return BadRow(row.line, shown[:80], problem)
    cells = {name: cell.strip() for name, cell in zip(names, row.cells, strict=True)}
    checksums, problem = _checksums(cells)
    problem = problem or _wrong(cells)
    if problem:
        return BadRow(row.line, shown[:80], problem)
    source = f"{path.name} line {row.line}"
    expectation = Expectation(
        cells.get("vendor", ""), cells.get("product", ""), "", cells.get("installed", ""), checksums, source
    )
    return Unit(shown, path.parent / shown, expectation, _policy(cells.get("policy", ""), path), row.line)


def _wrong(cells: dict[str, str]) -> str:
    """What is wrong with the row's own values; empty when nothing is."""
    if not cells["delivery"]:
        return "no delivery is named"
    if "\0" in cells["delivery"] or "\0" in cells.get("policy", ""):
        return "a path has a NUL character"
    for name in ("vendor", "product"):
        if cells.get(name) and not ID.fullmatch(cells[name]):
            return f"{name} is not an id of the key registry: {cells[name][:40]!r}"
    return ""


def _checksums(cells: dict[str, str]) -> tuple[tuple[ExpectedChecksum, ...], str]:
    """The row's checksum, and what is wrong with it."""
    channel = cells.get("channel", "")
    digits = re.sub(r"[\s:]", "", cells.get("sha256", "")).lower()
    if not digits:
        return (), "channel says how a checksum came, but there is none" if channel else ""
    if not re.fullmatch("[0-9a-f]{64}", digits):
        return (), f"sha256 has 64 hexadecimal digits; this has {len(digits)} characters"
    return (ExpectedChecksum(Digest("sha256", bytes.fromhex(digits)), channel),), ""


def _policy(named: str, path: Path) -> str:
    return named if not named or named.startswith("builtin:") else str(path.parent / named)
