"""Vectors of ar archives: Debian packages, libraries with GNU, BSD and Windows tables; written byte by byte."""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import tarfile
from collections.abc import Sequence
from pathlib import Path

from tests.vectors.makers.archives import OTHER, TEXT, Case

ORIGIN = "tests/vectors/makers/ar_archives.py"
AR = b"!<arch>\n"
LONG = b"a_rather_long_name_of_an_object.o"


def ar_header(name: bytes, size: int, numbers: bytes = b"0           0     0     100644  ") -> bytes:
    """60 bytes in front of a member."""
    return name.ljust(16) + numbers + b"%-10d`\n" % size


def ar_member(name: bytes, content: bytes = b"") -> bytes:
    return ar_header(name, len(content)) + content + b"\n" * (len(content) % 2)


def gnu_library(members: Sequence[tuple[bytes, bytes]], symbols: Sequence[tuple[bytes, int]] = ()) -> bytes:
    """As GNU ar writes it: symbol table (symbol, ordinal of its member), long names, members."""
    table, fields = b"", []
    for name, _ in members:
        short = len(name) < 16
        fields.append(name + b"/" if short else b"/%d" % len(table))
        table += b"" if short else name + b"/\n"
    names = ar_member(b"//", table) if table else b""
    words = b"".join(one + b"\0" for one, _ in symbols)
    at = len(AR) + len(names) + (len(ar_member(b"/", bytes(4 + 4 * len(symbols)) + words)) if symbols else 0)
    places, body = [], b""
    for field, (_, content) in zip(fields, members, strict=True):
        places.append(at + len(body))
        body += ar_member(field, content)
    offsets = b"".join(struct.pack(">I", places[one]) for _, one in symbols)
    index = ar_member(b"/", struct.pack(">I", len(symbols)) + offsets + words) if symbols else b""
    return AR + index + names + body


def bsd_member(name: bytes, content: bytes) -> bytes:
    """A name in front of the content, filled up with zeros."""
    room = -(-len(name) // 4) * 4
    return ar_member(b"#1/%d" % room, name.ljust(room, b"\0") + content)


def bsd_library(members: Sequence[tuple[bytes, bytes]], symbol: bytes = b"_main") -> bytes:
    """A table with one symbol of the first member, least byte first."""
    words = symbol.ljust(8, b"\0")
    index = struct.pack("<IIII", 8, 0, 0, len(words)) + words
    first = len(AR) + len(bsd_member(b"__.SYMDEF SORTED", index))
    index = struct.pack("<IIII", 8, 0, first, len(words)) + words
    return AR + bsd_member(b"__.SYMDEF SORTED", index) + b"".join(bsd_member(*one) for one in members)


def windows_library(name: bytes, content: bytes) -> bytes:
    """Both symbol tables and a table of names that ends with zeros."""
    word, table = b"_main\0\0", name + b"\0"
    first = len(AR) + 2 * 60 + (8 + len(word) + 1) + (14 + len(word) + 1) + 60 + len(table) + len(table) % 2
    one = struct.pack(">II", 1, first) + word
    two = struct.pack("<IIIH", 1, first, 1, 1) + word
    return AR + ar_member(b"/", one) + ar_member(b"/", two) + ar_member(b"//", table) + ar_member(b"/0", content)


def tarball(files: dict[str, bytes]) -> bytes:
    """As it lies in a package: GNU form, names with `./`."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"./{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


CONTROL = b"Package: fw\nVersion: 3.1.0\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: x\n"
PARTS = {
    "debian-binary": b"2.0\n",
    "control.tar.gz": gzip.compress(tarball({"control": CONTROL}), mtime=0),
    "data.tar.xz": lzma.compress(tarball({"usr/lib/fw/app.bin": TEXT})),
}


def package(parts: dict[str, bytes]) -> bytes:
    """A Debian package; names without a slash, as dpkg-deb writes them."""
    return AR + b"".join(ar_member(name.encode(), content) for name, content in parts.items())


def opkg(parts: dict[str, bytes]) -> bytes:
    """An .ipk of opkg-build: a packed tar of the same three members."""
    return gzip.compress(tarball(parts), mtime=0)


def _sound() -> list[Case]:
    two = [(b"app.o", TEXT), (LONG, OTHER + b"x")]
    both = {"app.o": TEXT, LONG.decode(): OTHER + b"x"}
    symbols = [(b"main", 0), (b"_ZN5helloE", 1)]
    odd = {"odd.txt": b"odd"}
    return [
        _case("valid", "package", "a Debian package", package(PARTS), PARTS),
        _case("valid", "gnu", "symbol table and long names of GNU ar", gnu_library(two, symbols), both),
        _case("valid", "bsd", "names in front of the content, sorted symbol table", bsd_library(two), both),
        _case("valid", "windows", "two symbol tables", windows_library(LONG, TEXT), {LONG.decode(): TEXT}),
        _case("valid", "twins", "a library with two members of one name",
              gnu_library([(b"a.o", TEXT), (b"a.o", OTHER)]), None),
        _case("valid", "empty", "no members", AR, {}),
        _case("valid", "odd-end", "an odd last member without its filling byte",
              AR + ar_member(b"odd.txt", b"odd")[:-1], odd),
    ]  # fmt: skip


def _damaged() -> list[Case]:
    library = gnu_library([(b"app.o", TEXT), (LONG, OTHER)], [(b"main", 0)])
    wrong = library.replace(b"\0\0\0\1", b"\0\0\0\2", 1)
    both = {"app.o": TEXT, LONG.decode(): OTHER}
    one = AR + ar_member(b"a/", TEXT)
    return [
        _case("invalid", "mark", "the mark behind a header is damaged", one + ar_member(b"b/").replace(b"`", b"'"),
              {"a": TEXT}, gap="malformed"),
        _case("invalid", "symbols", "a symbol table for another number of symbols", wrong, both, ("headers-disagree",)),
        _case("invalid", "name-outside", "a long name behind the table of names", AR + ar_member(b"/40", TEXT), {},
              gap="malformed"),
        _case("truncated", "in-content", "cut within content", one[:-20], {}, gap="malformed"),
        _case("truncated", "in-header", "cut within a header", one + ar_member(b"b/")[:30], {"a": TEXT},
              gap="malformed"),
        _case("hostile", "thin", "the content lies elsewhere", b"!<thin>\n" + ar_header(b"a/", 9), {},
              gap="unsupported"),
        _case("hostile", "traversal", "a name that climbs", AR + bsd_member(b"../../x", TEXT), {"../../x": TEXT},
              ("path-traversal",)),
        _case("hostile", "huge", "a size of 9 GB", AR + ar_header(b"a/", 9_999_999_999), {}, gap="malformed"),
        _case("hostile", "huge-name", "a name of 1 GB", AR + ar_member(b"#1/999999999", TEXT), {}, gap="malformed"),
        _case("hostile", "two-payloads", "a package with two members called data.tar.xz",
              package(PARTS) + ar_member(b"data.tar.xz", PARTS["data.tar.xz"]), None, ("duplicate-member",)),
        _case("hostile", "behind", "bytes behind the last member", package(PARTS) + b"appended later, unsigned", PARTS,
              gap="malformed"),
        _case("hostile", "behind-name", "bytes behind the zero that ends a name",
              AR + ar_member(b"#1/64", b"a.o\0" + b"unsigned" * 7 + bytes(4) + TEXT), {"a.o": TEXT}),
        _case("hostile", "unused-names", "a table of names that nobody uses",
              AR + ar_member(b"//", b"hidden.o/\n" * 9) + ar_member(b"a/", TEXT), {"a": TEXT}),
    ]  # fmt: skip


def _case(
    kind: str, name: str, why: str, data: bytes, members: dict[str, bytes] | None, anomalies: tuple[str, ...] = (),
    gap: str = "",
) -> Case:  # fmt: skip
    return Case("ar", kind, name, why, data, members, anomalies, gap, origin=ORIGIN)


def make(root: Path) -> None:
    """Write the vectors."""
    for case in (*_sound(), *_damaged()):
        case.write(root)
