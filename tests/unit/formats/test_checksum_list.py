"""Checksum lists: layouts, and what is no list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwverify.formats.checksum_list import LENGTHS, is_whole, named_algorithm, parse

A, B = "a1" * 32, "B2" * 32


def entries(text: str) -> list[tuple[str, str, str]]:
    found = parse(memoryview(text.encode()))
    assert found.whole, found.problems
    return [(one.algorithm, one.hex, one.name) for one in found.entries]


@pytest.mark.parametrize(
    "line",
    [
        f"{A}  fw.bin\n",
        f"{A} *fw.bin\n",
        f"{A} fw.bin\n",
        f"{A.upper()}  fw.bin\r\n",
        f"# comment\n\n{A}  fw.bin",
        f"\ufeff{A}  fw.bin\n",
        f"SHA256 (fw.bin) = {A}\n",
        f"SHA256(fw.bin)= {A}\n",
        f"SHA2-256(fw.bin)= {A}\n",
        f"SHA-256 (fw.bin) = {A}\n",
    ],
)
def test_layouts(line: str) -> None:
    """Every published layout gives the same entry."""
    assert entries(line) == [("sha256", A, "fw.bin")]


@pytest.mark.parametrize(("digits", "algorithm"), LENGTHS.items())
def test_algorithm_by_length(digits: int, algorithm: str) -> None:
    """The number of digits names the algorithm."""
    assert entries("c" * digits + "  x\n") == [(algorithm, "c" * digits, "x")]


def test_binary_mark_and_line() -> None:
    """The mark and the line number are kept."""
    found = parse(memoryview(f"# c\n{A} *x\n".encode())).entries[0]
    assert (found.binary, found.line) == (True, 2)


def test_escaped_names() -> None:
    """A leading backslash unescapes the name; an unknown escape is no entry."""
    assert entries(f"\\{A}  a\\\\b\\nc\n") == [("sha256", A, "a\\b\nc")]
    assert entries(f"\\SHA256 (a\\nb) = {A}\n") == [("sha256", A, "a\nb")]
    assert entries(f"{A}  a\\nb\n") == [("sha256", A, "a\\nb")]
    assert not is_whole(memoryview(f"\\{A}  a\\tb\n".encode()))


def test_single_digest() -> None:
    """A digest alone has no name; two of them, or one among named ones, are no list."""
    assert entries(f"{A}\n") == [("sha256", A, "")]
    assert not is_whole(memoryview(f"{A}\n{B}\n".encode()))
    assert not is_whole(memoryview(f"{A}  x\n{B}\n".encode()))


def test_names_with_spaces_and_parentheses() -> None:
    """Names are taken whole."""
    assert entries(f"SHA256 (a (1) = b.bin) = {A}\n") == [("sha256", A, "a (1) = b.bin")]
    assert entries(f"{A}   two  spaces \n") == [("sha256", A, " two  spaces ")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        f"{A[:-1]}  fw.bin\n",
        f"{A}00  fw.bin\n",
        f"SHA256 (fw.bin) = {A[:40]}\n",
        f"CRC32 (fw.bin) = {A}\n",
        f"{A}  fw.bin\nVerified by us.\n",
        f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{A}  fw.bin\n",
        f"The digest is {A}\n",
        f"{A}  fw\0.bin\n",
        f"{A}\tfw.bin\n",
    ],
)
def test_what_is_no_list(text: str) -> None:
    """Wrong lengths, prose and clear-signed text make it no list, with a problem where there is content."""
    view = memoryview(text.encode())
    assert not is_whole(view)
    assert not parse(view).whole


def test_two_digests_for_one_name() -> None:
    """A contradiction is told; the same line twice is none; two algorithms are none."""
    found = parse(memoryview(f"{A}  x\n{B}  ./x\n".encode()))
    assert found.whole
    assert found.conflicting == {"x"}
    assert parse(memoryview(f"{A}  x\n{A}  x\n".encode())).conflicting == frozenset()
    assert parse(memoryview(f"{A}  x\n{'c' * 32}  x\n".encode())).conflicting == frozenset()


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [
        ("SHA256SUMS", "sha256"),
        ("dist/sha512sum.txt", "sha512"),
        ("fw.bin.sha256", "sha256"),
        ("fw.md5", "md5"),
        ("B2SUMS", "blake2b"),
        ("fw.SHA-1", "sha1"),
        ("CHECKSUMS", ""),
        ("fw.bin", ""),
        ("fw.bin.sig", ""),
    ],
)
def test_algorithm_in_the_lists_name(name: str, algorithm: str) -> None:
    """The list's own name may say what its digests are."""
    assert named_algorithm(name) == algorithm


@given(st.binary(max_size=400))
def test_total(raw: bytes) -> None:
    """Any bytes give an answer, the same from both questions."""
    view = memoryview(raw)
    assert is_whole(view) <= parse(view).whole
