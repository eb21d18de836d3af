"""`fwverify reference` and --reference: learn, look up, show, merge, forget; and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fwverify.cli import main
from tests.packages import LIBRARY, OTHER, built_again, deb, stripped, tarred

AT = ["--at", "2026-11-22T00:00:00Z", "--in-process"]
SSL = deb("libssl3", "3.0.15-1~deb12u1", {"usr/lib/libcrypto.so.3": LIBRARY}, "openssl")
PUMP = deb("acme-pump", "1.4-1", {"usr/lib/libacmepump.so.2": OTHER})


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    folder = tmp_path / "packages"
    folder.mkdir()
    (folder / "libssl3.deb").write_bytes(SSL)
    (folder / "pump.deb").write_bytes(PUMP)
    return folder


@pytest.fixture
def store(packages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "known.db"
    assert main(["reference", "learn", str(packages), "--store", str(path), *AT]) == 0
    assert capsys.readouterr().out == f"2 packages learned into {path}\n"
    return path


def image(folder: Path, files: dict[str, bytes]) -> Path:
    path = folder / "in" / "rootfs.tar"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(tarred(files))
    return path


def components(path: Path, *options: str, capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[str, str]]:
    """By name: version and package URL, as `sbom make` writes them."""
    capsys.readouterr()
    assert main(["sbom", "make", str(path), *AT, *options]) == 0
    data = json.loads(capsys.readouterr().out)
    return {one["name"]: (one.get("version", ""), one.get("purl", "")) for one in data["components"]}


def test_files_are_named(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same bytes, a stripped file and a changed one: exact, exact, the product alone."""
    same = image(tmp_path, {"usr/lib/libcrypto.so.3": LIBRARY})
    assert components(same, capsys=capsys)["openssl"][0] == ""
    found = components(same, "--reference", str(store), capsys=capsys)["openssl"]
    assert found == ("3.0.15", "pkg:deb/debian/libssl3@3.0.15-1~deb12u1?arch=amd64")
    bare = image(tmp_path, {"usr/lib/libcrypto.so.3": stripped(LIBRARY)})
    assert components(bare, "--reference", str(store), capsys=capsys)["openssl"][0] == "3.0.15"
    other = image(tmp_path, {"usr/lib/libcrypto.so.3": built_again(LIBRARY)})
    assert components(other, "--reference", str(store), capsys=capsys)["openssl"][0] == ""


def test_evidence_records_the_store(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The digest that `show` prints is in the evidence; without a store, none is."""
    capsys.readouterr()
    assert main(["reference", "show", "--store", str(store), "--json", "--check"]) == 0
    digest = json.loads(capsys.readouterr().out)["digest"]
    path, evidence = image(tmp_path, {"usr/lib/libcrypto.so.3": LIBRARY}), tmp_path / "e.json"
    main(["verify", str(path), *AT, "--reference", str(store), "--evidence", str(evidence)])
    kept = json.loads(evidence.read_text())
    assert kept["settings"]["references"] == [digest]
    assert [one["how"] for one in kept["clues"] if one["how"].startswith("known")] == ["known-file"]
    main(["verify", str(path), *AT, "--evidence", str(evidence)])
    assert json.loads(evidence.read_text())["settings"]["references"] == []


def test_default_store(packages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --store, the operator's own folder; what lies there is used without --reference."""
    assert main(["reference", "learn", str(packages), *AT]) == 0
    assert (tmp_path / "config" / "fwverify" / "reference.db").is_file()
    path = image(tmp_path, {"usr/lib/libcrypto.so.3": LIBRARY})
    assert components(path, capsys=capsys)["openssl"][0] == "3.0.15"
    main(["doctor"])
    assert "reference.db" in capsys.readouterr().out


def test_inspect_and_batch(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The other commands that look into images know the store, too."""
    path = image(tmp_path, {"usr/lib/libcrypto.so.3": LIBRARY})
    capsys.readouterr()
    assert main(["inspect", str(path), "--in-process", "--json", "--reference", str(store)]) == 0
    assert "known-file" in capsys.readouterr().out
    out = tmp_path / "out"
    main(["batch", str(path.parent), *AT, "--reference", str(store), "--out", str(out), "-q"])
    assert "known-file" in next(out.rglob("*.evidence.json")).read_text()


def test_show_and_forget(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Packages are listed with what they are and when they were learned, and can be taken out again."""
    assert main(["reference", "show", "--store", str(store), "-v"]) == 0
    shown = capsys.readouterr().out
    assert "2 packages, 2 files, 2 executables" in shown
    assert "2026-11-22  libssl3.deb: libssl3 3.0.15-1~deb12u1" in shown
    assert main(["reference", "forget", "libssl3.deb", "--store", str(store)]) == 0
    assert main(["reference", "forget", "libssl3.deb", "--store", str(store)]) == 2
    assert "no package 'libssl3.deb' was learned" in capsys.readouterr().err
    main(["reference", "show", "--store", str(store)])
    assert "1 package, 1 files" in capsys.readouterr().out


def test_merge(packages: Path, store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two stores merged are the store of both; a target that is there is not touched."""
    parts = [tmp_path / "a.db", tmp_path / "b.db"]
    for part, package in zip(parts, ("pump.deb", "libssl3.deb"), strict=True):
        main(["reference", "learn", str(packages / package), "--store", str(part), *AT])
    assert main(["reference", "merge", str(parts[0]), str(parts[1]), "-o", str(tmp_path / "c.db")]) == 0
    capsys.readouterr()
    main(["reference", "show", "--store", str(store), "--json"])
    digest = json.loads(capsys.readouterr().out)["digest"]
    main(["reference", "show", "--store", str(tmp_path / "c.db"), "--json"])
    assert json.loads(capsys.readouterr().out)["digest"] == digest
    assert main(["reference", "merge", str(parts[0]), str(parts[1]), "-o", str(store)]) == 2


def test_some_packages_cannot_be_learned(packages: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The others are learned, the bad one is named with its reason, and the exit status says so."""
    (packages / "bad\x1b.deb").write_bytes(SSL[:200])
    path = tmp_path / "known.db"
    assert main(["reference", "learn", str(packages), "--store", str(path), *AT]) == 2
    said = capsys.readouterr()
    assert "2 packages learned" in said.out
    assert "not learned: bad" in said.err
    assert "\x1b" not in said.err


def test_mistakes(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No store, no store at all, a store inside the delivery: exit status 2, with what to do."""
    path = image(tmp_path, {"usr/lib/libcrypto.so.3": LIBRARY})
    junk = tmp_path / "junk.db"
    junk.write_bytes(b"junk" * 1000)
    inside = path.parent / "known.db"
    inside.write_bytes(store.read_bytes())
    for arguments, words in (
        (["sbom", "make", str(path), "--reference", str(tmp_path / "none.db")], "no such store"),
        (["sbom", "make", str(path), "--reference", str(junk)], "no store at all"),
        (["reference", "show", "--store", str(junk)], "no store at all"),
        (["reference", "learn", str(path), "--store", str(junk)], "no store at all"),
        (["reference", "learn", str(tmp_path / "none.deb"), "--store", str(store)], "no such file"),
        (["verify", str(path.parent), "--reference", str(inside), "--no-evidence"], "inside the delivery"),
        (["reference", "learn", str(path.parent), "--store", str(inside)], "into the delivery"),
    ):
        capsys.readouterr()
        assert main(arguments) == 2, arguments
        assert words in capsys.readouterr().err, arguments
