"""Checksum lists beside what was delivered: exact names, whole digests."""

from __future__ import annotations

import hashlib

import pytest

from fwverify.authenticate.interface import Group
from fwverify.authenticate.stage import Authenticated, authenticate
from fwverify.model.evidence import SignatureStatus
from fwverify.trust.store import TrustStore

from .conftest import artifact

DATA = b"firmware"
HEX = {name: hashlib.new(name, DATA).hexdigest() for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")}
HEX["blake2b"] = hashlib.blake2b(DATA).hexdigest()


def run(
    text: str, list_name: str = "SHA256SUMS", files: tuple[str, ...] = ("fw.bin",), about: str = ""
) -> Authenticated:
    siblings = {name: artifact(name, DATA) for name in files}
    group = Group(artifact(list_name, text.encode()), siblings.get(about), siblings)
    into = Authenticated()
    authenticate(group, TrustStore(), into=into)
    return into


def holds(*arguments: object, **more: object) -> list[bool]:
    found = run(*arguments, **more)  # type: ignore[arg-type]
    assert [one.holds for one in found.bindings] == [one.holds for one in found.checksums if one.subject]
    return [one.holds for one in found.checksums]


@pytest.mark.parametrize(
    ("algorithm", "strong"), [(name, name in ("sha256", "sha384", "sha512", "blake2b")) for name in HEX]
)
def test_every_algorithm(algorithm: str, strong: bool) -> None:
    """Each algorithm is recomputed; only SHA-256 and better bind."""
    found = run(f"{HEX[algorithm]}  fw.bin\n", "B2SUMS" if algorithm == "blake2b" else "CHECKSUMS")
    (one,), (binding,) = found.checksums, found.bindings
    assert one.holds and one.computed == one.declared and one.declared.algorithm == algorithm
    assert (binding.holds, binding.strong) == (True, strong)
    assert found.signatures == []


def test_wrong_digest() -> None:
    """One digit off does not hold, and both values are kept."""
    wrong = HEX["sha256"][:-1] + ("0" if HEX["sha256"][-1] != "0" else "1")
    (one,) = run(f"{wrong}  fw.bin\n").checksums
    assert not one.holds and one.computed is not None and one.computed.hex == HEX["sha256"]


@pytest.mark.parametrize(
    "name",
    ["FW.BIN", "w.bin", "bin", "sub/fw.bin", "../fw.bin", "/fw.bin", "x/../fw.bin", "fw.bin ", "fw.bin.old", "fw", "*"],
)
def test_names_match_exactly_or_not_at_all(name: str) -> None:
    """Nothing but the exact name finds the file: no case folding, suffix, base name or path tricks."""
    found = run(f"{HEX['sha256']}  {name}\n")
    (one,) = found.checksums
    assert (one.holds, one.subject, one.computed, one.detail) == (False, None, None, "listed but not delivered")
    assert found.bindings == []


def test_names_are_relative_to_the_lists_folder() -> None:
    """A list in a folder speaks of the files in that folder."""
    files = ("fw.bin", "v1/fw.bin")
    (one,) = run(f"{HEX['sha256']}  ./fw.bin\n", "v1/SHA256SUMS", files).checksums
    assert one.subject is not None and one.subject.name == "v1/fw.bin"
    assert holds(f"{HEX['sha256']}  ../fw.bin\n", "v1/SHA256SUMS", files) == [False]


def test_contradictions_hold_for_neither() -> None:
    """One name with two digests: the right one does not count either."""
    other = "0" * 64
    assert holds(f"{HEX['sha256']}  fw.bin\n{other}  ./fw.bin\n") == [False, False]
    assert holds(f"{HEX['sha256']}  fw.bin\n{HEX['md5']}  fw.bin\n", "CHECKSUMS") == [True, True]


@pytest.mark.parametrize(
    ("list_name", "digits", "expected"),
    [
        ("SHA256SUMS", HEX["sha256"][:32], False),
        ("SHA256SUMS", HEX["md5"], False),
        ("SHA512SUMS", HEX["sha256"], False),
        ("MD5SUMS", HEX["md5"], True),
        ("MD5SUMS", HEX["sha256"], True),
        ("CHECKSUMS", HEX["md5"], True),
    ],
)
def test_a_list_named_for_an_algorithm(list_name: str, digits: str, expected: bool) -> None:
    """A digest shorter than the list's name promises does not hold: it is cut, or weaker than announced."""
    assert holds(f"{digits}  fw.bin\n", list_name) == [expected]


def test_a_digest_alone() -> None:
    """It speaks of the file it is named after, or of the one ingest paired it with."""
    assert holds(f"{HEX['sha256']}\n", "fw.bin.sha256") == [True]
    assert holds(f"{HEX['sha256']}\n", "v1/fw.bin.sha256", ("v1/fw.bin",)) == [True]
    assert holds(f"{HEX['sha256']}\n", "other.sha256") == [False]
    assert holds(f"{HEX['sha256']}\n", "other.sha256", about="fw.bin") == [True]


@pytest.mark.parametrize(
    "text", ["", "words\n", f"{HEX['sha256'][:-2]}  fw.bin\n", f"{HEX['sha256']}  fw.bin\nwords\n"]
)
def test_what_is_named_like_a_list_and_is_none(text: str) -> None:
    """It confirms nothing and is told as malformed."""
    found = run(text)
    assert found.checksums == [] and found.bindings == [] and len(found.gaps) == 1
    assert [one.status for one in found.signatures] == [SignatureStatus.INVALID]


def test_dot_dot_matches_nothing_even_where_an_archive_has_such_a_member() -> None:
    """A hostile archive may hold a member named `../fw.bin`; a list cannot confirm it."""
    assert holds(f"{HEX['sha256']}  ../fw.bin\n", files=("fw.bin", "../fw.bin")) == [False]
    assert holds(f"{HEX['sha256']}  /fw.bin\n", files=("fw.bin", "/fw.bin")) == [False]
