"""`fwverify policy` and `fwverify rules`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fwverify.cli import main
from fwverify.cli.policies_io import load_policy, shipped
from fwverify.cli.rules import rules_markdown
from fwverify.errors import PolicyError
from fwverify.evaluate.registry import BUILTIN

ROOT = Path(__file__).parents[3]
Capture = pytest.CaptureFixture[str]


def test_check(tmp_path: Path, capsys: Capture) -> None:
    """A good policy is 0 with its digest; a bad one 2 with file, line and column."""
    assert main(["policy", "check", str(ROOT / "samples/demo.yaml")]) == 0
    assert "demo 7, extends builtin:production" in capsys.readouterr().out
    bad = tmp_path / "bad.yaml"
    bad.write_text("fwverify: policy/1\nid: x\nversion: 1\ntitle: T\nrules:\n  sbom.presnt: must\n")
    assert main(["policy", "check", str(bad)]) == 2
    told = capsys.readouterr().err
    assert f"{bad}:6:3" in told
    assert "sbom.present" in told


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a" * ((1 << 20) + 1), None])
def test_not_a_policy(content: bytes | None, tmp_path: Path, capsys: Capture) -> None:
    """Not text, too large, a folder, not there: one message and 2."""
    path = tmp_path / "p.yaml"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    assert main(["policy", "check", str(path)]) == 2
    assert main(["policy", "check", str(tmp_path / "none.yaml")]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_explain(capsys: Capture) -> None:
    """Every rule and every value with where it came from, as text and as JSON."""
    assert main(["policy", "explain", "builtin:production"]) == 0
    text = capsys.readouterr().out
    for one in BUILTIN:
        assert one.id in text
    assert "builtin:baseline line" in text
    assert main(["policy", "explain", "builtin:production", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert {one["rule"] for one in shown["rules"]} == {one.id for one in BUILTIN}


def test_hostile_policy_text_is_neutral(tmp_path: Path, capsys: Capture) -> None:
    """Terminal escapes in a policy do not reach the terminal."""
    path = tmp_path / "p.yaml"
    path.write_text('fwverify: policy/1\nid: x\nversion: "1"\ntitle: "\\e[2Jgone"\nrules: {}\n')
    assert main(["policy", "explain", str(path)]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_list(capsys: Capture) -> None:
    """The shipped policies, one line each."""
    assert main(["policy", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [one.split()[0] for one in lines] == [f"builtin:{one}" for one in shipped()]
    assert set(shipped()) >= {"baseline", "production", "lab"}


def test_unknown_builtin() -> None:
    """A misspelt name is an error with a guess; paths do not leave the folder of shipped policies."""
    with pytest.raises(PolicyError, match="production"):
        load_policy("builtin:producton")
    with pytest.raises(PolicyError):
        load_policy("builtin:../samples/demo")


def test_rules(capsys: Capture) -> None:
    """One line a rule; one rule explained; JSON of both; a misspelt one is 2."""
    assert main(["rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [one.split()[0] for one in lines[1:]] == [one.id for one in BUILTIN]
    assert main(["rules", "origin.strength"]) == 0
    text = capsys.readouterr().out
    assert "min: 4" in text
    assert "Does not prove" in text
    assert main(["rules", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == len(BUILTIN)
    assert main(["rules", "origin.strenght"]) == 2
    assert "origin.strength" in capsys.readouterr().err


def test_rules_document() -> None:
    """docs/rules.md is what the rules say."""
    assert (ROOT / "docs/rules.md").read_text() == rules_markdown(), "make it anew: fwverify.cli.rules.rules_markdown"
