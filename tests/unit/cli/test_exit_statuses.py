"""One table owns the exit status; each kind of end is raised once."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from fwverify import cli
from fwverify.cli import status
from fwverify.errors import FwverifyError, IngestError, PolicyError, TrustStoreError, UsageError
from fwverify.model.verdict import Decision

START = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
for name in {"SIGTERM", "SIGHUP"} & set(dir(signal)):
    signal.signal(getattr(signal, name), signal.SIG_DFL)
from fwverify.__main__ import run
print("ready", flush=True)
run()
"""
"""Starts fwverify with signals as a terminal gives them, even where the test runner ignores some (nohup)."""


def ending(monkeypatch: pytest.MonkeyPatch, end: object, *arguments: str) -> int:
    """Run `fwverify end`, a command that returns or raises this."""

    @click.command()
    def command() -> object:
        if isinstance(end, BaseException):
            raise end
        return end

    monkeypatch.setattr(cli.root, "get_command", lambda ctx, name: command)
    return cli.main([*arguments, "end"])


@pytest.mark.parametrize("number", sorted(status.ALL))
def test_a_command_returns_its_status(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """0, 1, 2, 3 and 70 pass through."""
    assert ending(monkeypatch, number) == number


def test_every_decision_has_its_number() -> None:
    """Pass 0, fail 1, inconclusive 3."""
    assert [status.OF_DECISION[one] for one in Decision] == [0, 1, 3]
    assert set(status.MEANING) == status.ALL


@pytest.mark.parametrize("kind", [UsageError, PolicyError, TrustStoreError, IngestError, FwverifyError])
def test_operator_mistakes_are_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: type[FwverifyError]
) -> None:
    """What, where and what to do on standard error; nothing on standard output."""
    assert ending(monkeypatch, kind("is broken", where="a\x1b[31m.yaml:3:1", todo="Mend it.")) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "error: a\\x1b[31m.yaml:3:1: is broken\n  Mend it.\n"


@pytest.mark.parametrize(
    "end",
    [
        click.UsageError("no"),
        click.ClickException("no"),
        click.FileError("f"),
        click.BadParameter("no"),
        click.Abort(),
        KeyboardInterrupt(),
        EOFError(),
        BrokenPipeError(32, "pipe"),
        SystemExit(1),
        SystemExit(5),
    ],
)
def test_everything_clickish_is_2(monkeypatch: pytest.MonkeyPatch, end: BaseException) -> None:
    """Never 1, which means that a verification failed."""
    assert ending(monkeypatch, end) == 2


@pytest.mark.parametrize("end", [ValueError("x"), AssertionError(), RecursionError(), MemoryError(), 5, 4, "text"])
def test_bugs_are_70(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], end: object) -> None:
    """A bug, or a command that returns what is no status: short message, no traceback, no other number."""
    assert ending(monkeypatch, end) == 70
    err = capsys.readouterr().err
    assert "fwverify has an error of its own" in err
    assert "fwverify --debug COMMAND" in err
    assert "Traceback" not in err


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Asked for, the traceback is there; its hostile text is visible, not obeyed."""
    assert ending(monkeypatch, ValueError("\x1b[2J"), "--debug") == 70
    err = capsys.readouterr().err
    assert "Traceback (most recent call last)" in err
    assert "\x1b" not in err


def test_ctrl_c_says_stopped(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """One line."""
    assert ending(monkeypatch, KeyboardInterrupt()) == 2
    assert capsys.readouterr().err.strip() == "stopped: nothing was judged"


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["verify"], ["verify", "--nonsense", "x"], ["verify", "not-there"], ["--nonsense"]]
)
def test_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Unknown command, missing operand, unknown option, a delivery that is not there."""
    assert cli.main(arguments) == 2
    assert capsys.readouterr().err.startswith("error: ")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["verify", "--help"]])
def test_help_is_0(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Asking is no mistake."""
    assert cli.main(arguments) == 0
    assert capsys.readouterr().out


def test_a_reader_that_goes_away_changes_nothing() -> None:
    """`fwverify --help | head -0`: no traceback and no other status than 0 or 2, never 1 or 120."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "fwverify", "doctor"], stdout=write, stderr=subprocess.PIPE, check=False, text=True
    )
    os.close(write)
    assert done.returncode in (0, 2)
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


@pytest.mark.parametrize("wait_s", [0.02, 0.1, 0.3])
def test_ctrl_c_in_a_real_process(wait_s: float, here: Path, tmp_path: Path) -> None:
    """Whenever the interrupt comes: 2 (or the verdict, when it came too late), no traceback, no fragment of a file."""
    image = tmp_path / "fw.bin"
    image.write_bytes(b"x" * 100_000)
    done = subprocess.Popen(
        [sys.executable, "-c", START, "verify", str(image)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=here
    )
    assert done.stdout is not None
    assert done.stdout.readline() == b"ready\n"
    time.sleep(wait_s)
    done.send_signal(signal.SIGINT)
    _, err = done.communicate(timeout=60)
    assert done.returncode in (2, 3), err
    assert b"Traceback" not in err
    assert [one.name for one in here.iterdir() if not one.name.endswith(".evidence.json")] == []


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_nothing_unpacked_stays(number: signal.Signals, here: Path, tmp_path: Path) -> None:
    """However a run is asked to stop while it unpacks, its scratch folder is gone."""
    image, scratch = tmp_path / "fw.bin", tmp_path / "scratch"
    scratch.mkdir()
    image.write_bytes(gzip.compress(bytes(1 << 30), 1, mtime=0))
    done = subprocess.Popen(
        [sys.executable, "-c", START, "verify", str(image)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=here,
        env={**os.environ, "TMPDIR": str(scratch)},
    )  # fmt: skip
    while not list(scratch.glob("fwverify-*")) and done.poll() is None:
        time.sleep(0.01)
    assert done.poll() is None, "it ended before it could be stopped"
    done.send_signal(number)
    _, err = done.communicate(timeout=60)
    assert (done.returncode, err.strip()) == (2, b"stopped: nothing was judged")
    assert list(scratch.iterdir()) == []
