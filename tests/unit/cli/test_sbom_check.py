"""`fwverify sbom check` and `fwverify sbom diff`: pages, JSON and exit statuses."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from fwverify.cli import main
from tests.vectors.makers.sboms import document, library, spdx3_document, spdx_document, spdx_tags, text, xml_document


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A folder of documents."""
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "good.json").write_bytes(text(document()))
    (folder / "good.xml").write_bytes(xml_document())
    (folder / "good.spdx.json").write_bytes(text(spdx_document()))
    (folder / "good.spdx").write_bytes(spdx_tags(spdx_document()))
    (folder / "good3.spdx.json").write_bytes(text(spdx3_document()))
    (folder / "bad.json").write_bytes(text(document(components=[library("a", "1", purl="pkg:/@")], dependencies=[])))
    (folder / "none.json").write_text("{}")
    (folder / "gateway").write_bytes(b"the image")
    return folder


@pytest.mark.parametrize(
    ("name", "status"),
    [("good.json", 0), ("good.xml", 0), ("good.spdx.json", 0), ("good.spdx", 0), ("good3.spdx.json", 0),
     ("bad.json", 1), ("none.json", 2), ("missing.json", 2)],
)  # fmt: skip
def test_status(made: Path, name: str, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Well formed, something wrong, not readable, or without a schema to tell."""
    assert main(["sbom", "check", str(made / name)]) == status
    page = capsys.readouterr().out
    assert ("Schema" in page) is (status != 2)
    assert page.count("elements are there") == (3 if status != 2 else 0)


def test_profiles(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A profile that is asked for and not met is a fault; -v names every entry; the edition and its date are told."""
    assert main(["sbom", "check", str(made / "good.json"), "--profile", "bsi-2.1"]) == 1
    short = " ".join(capsys.readouterr().out.split())
    assert "and 1 more" in short and "2.1.0, 2025-08-20" in short and "read 2026-11-22" in short
    assert main(["sbom", "check", str(made / "good.json"), "--profile", "bsi-2.1", "-v"]) == 1
    long = capsys.readouterr().out
    assert "more" not in long and "/usr/sbin/agent" in long
    assert "      /components/0 openssl 3.0.11: " in long


def test_no_file(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder is no SBOM and no image, and a text is none either: said in words, with what to do."""
    (made / "words.txt").write_text("hello\n")
    good = str(made / "good.json")
    for arguments in (
        ["check", str(made)],
        ["diff", good, str(made)],
        ["check", good, "--image", str(made)],
        ["check", str(made / "words.txt")],
    ):
        assert main(["sbom", *arguments]) == 2
        told = capsys.readouterr().err
        assert "error of its own" not in told and "recognised" not in told


def test_width(made: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """No line is wider than the terminal, whatever names the document gives; short rows keep their columns."""
    (made / "wide.json").write_bytes(text(document(components=[library("a" * 900, "1 " * 200)], dependencies=[])))
    for columns in (80, 120):
        monkeypatch.setenv("COLUMNS", str(columns))
        for arguments in (["check", "-v"], ["check"], ["diff", str(made / "good.json")]):
            main(["sbom", arguments[0], *arguments[1:], str(made / "wide.json")])
            page = capsys.readouterr().out
            assert page and max(map(len, page.splitlines())) <= columns
    main(["sbom", "check", str(made / "good.json")])
    assert "  Schema       valid\n" in capsys.readouterr().out


def test_json(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every entry that lacks something, with its place."""
    assert main(["sbom", "check", str(made / "bad.json"), "--json", "--profile", "ntia-2021"]) == 1
    data = json.loads(capsys.readouterr().out)
    (profile,) = data["profiles"]
    lacking = {one["element"]: one["entries"] for one in profile["lacking"]}
    assert lacking["identifier"] == [["/components/0", "a 1"]]
    assert data["document"]["faults"][0]["kind"] == "identifier"


def test_image(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The subject's digest is that of the image, or it is not; a name alone tells nothing."""

    def about(**component: Any) -> int:
        subject = {"type": "firmware", "bom-ref": "image", "name": "gateway", **component}
        (made / "it.json").write_bytes(text(document(metadata={"component": subject})))
        return main(["sbom", "check", str(made / "it.json"), "--image", str(made / "gateway")])

    digest = hashlib.sha256(b"the image").hexdigest()
    assert about(hashes=[{"alg": "SHA-256", "content": digest}]) == 0
    assert about(hashes=[{"alg": "SHA-256", "content": digest[::-1]}]) == 1
    assert about() == 3
    assert main(["sbom", "check", str(made / "good.json"), "--image", str(made / "nothing")]) == 2


def test_hostile_names(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters of names never reach the terminal."""
    (made / "odd.json").write_bytes(text(document(components=[library("a\x1b[31m", "1")], dependencies=[])))
    main(["sbom", "check", str(made / "odd.json"), "-v"])
    main(["sbom", "diff", str(made / "good.json"), str(made / "odd.json")])
    assert "\x1b" not in capsys.readouterr().out


def test_diff(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Downgrades first; two formats of one release differ in nothing but what one of them leaves out."""
    newer = document(
        components=[library("openssl", "3.0.9"), library("busybox", "1.37.0"), library("new", "1")], dependencies=[]
    )
    (made / "newer.json").write_bytes(text(newer))
    assert main(["sbom", "diff", str(made / "good.json"), str(made / "newer.json")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2:4] == ["downgraded (1)", "  openssl: 3.0.11 -> 3.0.9 (patch)"]
    assert "upgraded (1)" in lines
    assert main(["sbom", "diff", str(made / "good.json"), str(made / "newer.json"), "--exit-code"]) == 1
    capsys.readouterr()
    assert main(["sbom", "diff", str(made / "good.json"), str(made / "good.xml"), "--exit-code", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["changes"] == []
    assert main(["sbom", "diff", str(made / "good.json"), str(made / "none.json")]) == 2
