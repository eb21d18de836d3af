"""`--last-resort` where it cannot be used: said before any work, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwverify.cli import main
from fwverify.isolate import unblob

POLICY = """fwverify: policy/1
id: strict
version: 1
title: strict
extends: builtin:baseline
requires: {isolation: full}
"""


@pytest.fixture
def image(here: Path) -> Path:
    """An image nobody knows."""
    path = here / "fw.bin"
    path.write_bytes(bytes(range(256)) * 20)
    return path


def installed(monkeypatch: pytest.MonkeyPatch, number: str, *, confined: bool = True) -> None:
    """As if unblob were there in this release, or (empty) not at all."""
    monkeypatch.setattr(unblob, "version", lambda: number)
    monkeypatch.setattr(unblob, "can_be_confined", lambda: confined)


def test_it_is_not_installed(image: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """2, with the command that installs it; doctor says the same, and nothing is wrong with the installation."""
    installed(monkeypatch, "")
    for command in ("verify", "inspect"):
        assert main([command, image.name, "--last-resort", "unblob"]) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: --last-resort: unblob is not installed\n")
        assert "pip install 'fwverify[unblob]'" in error
    main(["doctor"])
    assert "(--last-resort unblob): not installed; only needed with that option" in capsys.readouterr().out


def test_it_cannot_be_confined(
    image: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without Landlock no program is started: unblob's own sandbox would go on."""
    installed(monkeypatch, "26.6.4", confined=False)
    assert main(["inspect", image.name, "--last-resort", "unblob"]) == 2
    assert "cannot be confined on this system (no Landlock)" in capsys.readouterr().err
    main(["doctor"])
    assert "unblob 26.6.4 cannot be used: its programs cannot be confined" in capsys.readouterr().out


def test_contradictions(image: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Not in this process, and not where the policy wants full isolation: it starts programs."""
    installed(monkeypatch, "26.6.4")
    assert main(["inspect", image.name, "--last-resort", "unblob", "--in-process"]) == 2
    assert "contradict each other" in capsys.readouterr().err
    Path("strict.yaml").write_text(POLICY)
    assert main(["verify", image.name, "--last-resort", "unblob", "--policy", "strict.yaml"]) == 2
    error = capsys.readouterr().err
    assert "policy strict requires isolation 'full'; this run has 'worker'" in error
    assert "Leave out --last-resort: it starts programs." in error
