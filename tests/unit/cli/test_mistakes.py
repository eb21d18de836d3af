"""A mistake at the keyboard is told in words: what, where, what to do; and help is laid out for reading."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from fwverify.cli import COMMANDS, SECTIONS, main
from fwverify.cli.lazy import under_headings
from fwverify.cli.verify import SECTIONS as OF_VERIFY
from fwverify.cli.verify import verify

AT = ("--at", "2026-11-22T00:00:00Z")


@pytest.mark.parametrize("command", [[], ["rfp"], ["evidence"], ["keys"]])
def test_without_a_command_the_help_is_laid_out(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The help in lines of its own, 80 columns at most, and not as one error."""
    assert main(command) == 2
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == "" and lines[0].startswith("Usage: fwverify") and len(lines) > 10
    assert max(map(len, lines)) <= 80
    assert "error" not in lines[0]


def test_a_mistyped_command_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    """Of the root, whose commands are not imported yet, and of a group below it."""
    assert main(["verfy", "x"]) == 2
    assert "no command 'verfy'. Did you mean 'verify'?" in capsys.readouterr().err
    assert main(["sbom", "chek", "x"]) == 2
    assert "Did you mean 'check'?" in capsys.readouterr().err
    assert main(["qqq"]) == 2
    assert "Did you mean" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["verify", "in/fw.bin", "--keys", "notes.txt"], "this is a file; keys are kept in a folder"),
        (["verify", "in/fw.bin", "--keys", "none"], "Check the path."),
        (["verify", "in/fw.bin", "--policy", "bad.yaml"], "bad.yaml:2:1: not YAML"),
        (["verify", "in/fw.bin", "--policy", "bad.yaml"], "Look at that line and the one before it"),
        (["verify", "in/fw.bin", "--baseline", "folder"], "Name a file that verify wrote"),
        (["reassess", "."], "Name a file that verify wrote"),
    ],
)
def test_a_mistake_says_what_to_do(
    arguments: list[str], words: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong file, a folder where a file is meant, a text that does not parse."""
    for name in ("in", "folder"):
        (here / name).mkdir()
    (here / "in" / "fw.bin").write_bytes(b"fw")
    (here / "notes.txt").write_text("keys\n")
    (here / "bad.yaml").write_text("rules: [\n")
    assert main([*arguments, *AT]) == 2
    err = capsys.readouterr().err
    assert words in err and "`" not in err


def test_every_command_and_option_stands_under_a_heading() -> None:
    """Headings name what exists, once; nothing is left for the end but --help."""
    named = [one for names in SECTIONS.values() for one in names]
    assert sorted(named) == sorted(COMMANDS)
    known = [str(one.name) for one in verify.params if isinstance(one, click.Option)]
    named = [one for names in OF_VERIFY.values() for one in names]
    assert sorted(named) == sorted(known)


def test_what_has_no_heading_is_not_hidden() -> None:
    """A new command is listed at the end until somebody gives it a place; names of nothing are left out."""
    assert under_headings(["a", "b"], {"First": ("b", "gone"), "Empty": ("gone",)}, "Rest") == {
        "First": ("b",),
        "Rest": ("a",),
    }


def test_long_path_of_evidence_is_whole(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It can be found again from the page: nothing of it is cut, and the digest keeps its line."""
    folder = here / "a-folder-with-a-rather-long-name"
    folder.mkdir()
    (here / "fw.bin").write_bytes(b"fw")
    path = folder / "and-a-file-with-a-name-that-fills-a-line-alone.evidence.json"
    assert main(["verify", "fw.bin", "--in-process", "--evidence", str(path), *AT]) == 3
    lines = capsys.readouterr().out.splitlines()
    at = next(at for at, one in enumerate(lines) if one.startswith("Evidence  "))
    assert "".join(one.strip() for one in lines[at:-1]).replace("Evidence  ", "") == str(path)
    assert lines[-1].startswith("          sha256 ") and lines[-1].endswith("more: -v  exit 3")
    assert max(map(len, lines)) <= 80


def test_failed_rules_come_first(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With -v what failed or was not judged stands before what passed, and what does not apply comes last."""
    (here / "fw.bin").write_bytes(b"fw")
    assert main(["verify", "fw.bin", "--in-process", "--no-evidence", "-v", *AT]) == 3
    out = capsys.readouterr().out
    rules = out.partition("\nRules\n")[2].partition("\nSignatures\n")[0].splitlines()
    heads = [one for one in rules if one.startswith("  ") and not one.startswith("   ")]
    states = [one.rpartition(", " if ", " in one else ": ")[2].rpartition(": ")[2] for one in heads]
    order = ["fail", "not evaluated", "pass", "not applicable"]
    places = [order.index(one) for one in states if one in order]
    assert places == sorted(places) and len(places) > 5
    assert "not_evaluated" not in out
