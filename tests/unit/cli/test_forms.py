"""`--format` and `--out`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fwverify.cli import main

AT = ("--at", "2026-11-22T00:00:00Z")


@pytest.fixture
def image(here: Path) -> Path:
    path = here / "fw.bin"
    path.write_bytes(b"no firmware at all, but some bytes to look at")
    return path


def test_chosen_forms_go_to_the_folder(image: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only what was asked for is written, beside the evidence; the page is printed."""
    wanted = ("--format", "junit", "--format", "csv", "--format", "junit", "--out", "made")
    assert main(["verify", image.name, "--in-process", *wanted, *AT]) == 3
    names = {one.name for one in (here / "made").iterdir()}
    assert names == {"fw.evidence.json", "fw.findings.csv", "fw.junit.xml"}
    assert capsys.readouterr().out.startswith("INCONCLUSIVE")


def test_several_forms_need_a_folder(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A usage error that says what to do, before any work."""
    assert main(["verify", image.name, "--format", "csv", "--json", *AT]) == 2
    assert "--out DIR" in capsys.readouterr().err


def test_one_form_is_printed(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a folder the form goes to standard output."""
    assert main(["verify", image.name, "--in-process", "--no-evidence", "--format", "gitlab", *AT]) == 3
    assert json.loads(capsys.readouterr().out)[0]["check_name"] == "decision"


def test_reassess_writes_forms_too(image: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same options; the files say that this is a second judgement."""
    main(["verify", image.name, "--in-process", "-q", *AT])
    assert main(["reassess", "fw.evidence.json", "--format", "markdown", "--out", "again", *AT]) == 3
    assert [one.name for one in (here / "again").iterdir()] == ["fw.reassessed.md"]
    assert (here / "again" / "fw.reassessed.md").read_text().startswith("# INCONCLUSIVE")


def test_code_scanning_describes_rules(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Forms get the rules' own words, not their names."""
    main(["verify", image.name, "--in-process", "--no-evidence", "--format", "code-scanning", *AT])
    (run,) = json.loads(capsys.readouterr().out)["runs"]
    for rule in run["tool"]["driver"]["rules"]:
        assert rule["shortDescription"]["text"] != rule["id"]
