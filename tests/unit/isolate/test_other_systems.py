"""Systems with less: everything imports and runs, and what is missing is said."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from fwverify import pipeline
from fwverify.cli import main
from fwverify.isolate import bench, landlock, sandbox, seccomp
from fwverify.isolate.opener import Opener
from fwverify.limits import DEFAULT_LIMITS

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = ROOT / "samples" / "acme-ups-3.1.0" / "acme-ups-3.1.0.itb"
AT = "2026-11-22T00:00:00Z"
AS_ON = """
import sys; sys.path.insert(0, {root!r})
import platform
platform.system = lambda: "Darwin"
sys.platform = "darwin"
from fwverify.isolate.worker import main
main()
"""
WITHOUT = """
import sys; sys.path.insert(0, {root!r})
for name in ("resource", "fcntl", "pwd", "grp", "termios"):
    sys.modules[name] = None
import pkgutil, fwverify
for one in pkgutil.walk_packages(fwverify.__path__, "fwverify."):
    if not one.name.endswith("__main__"):
        __import__(one.name)
from fwverify.isolate import sandbox
assert sandbox.RLIMITS not in sandbox.available()
print("imported")
"""


def test_without_landlock_and_seccomp() -> None:
    """Where the kernel is another, workers run with resource limits alone and the mode says so."""
    command = (sys.executable, "-s", "-P", "-c", AS_ON.format(root=str(ROOT)))
    opener = Opener(DEFAULT_LIMITS, command)
    try:
        assert opener.check() == ("rlimits",)
        assert opener.mode == "worker"
    finally:
        opener.close()


def test_offers_of_another_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of Linux is asked of another system."""
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    assert (landlock.version(), seccomp.available(), seccomp.apply()) == (0, False, False)
    assert sandbox.isolation(sandbox.available()) == "worker"


def test_unknown_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor whose system calls are not in the table gets no filter."""
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert (seccomp.available(), seccomp.apply()) == (False, False)


def test_without_workers(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where workers cannot be served, everything is read here; evidence, doctor and a demanding policy say so."""
    monkeypatch.setattr(bench, "HAS_WORKERS", False)
    with bench.workers() as one:
        evidence = pipeline.facts([SAMPLE], at=AT, bench=one)
    assert evidence.settings.isolation == "in-process"
    assert main(["doctor"]) in (0, 2)
    assert "isolation: in-process: this system has no workers" in capsys.readouterr().out


def test_imports_without_posix() -> None:
    """Every module imports where the POSIX modules of the standard library are missing."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WITHOUT.format(root=str(ROOT))],
        capture_output=True,
        timeout=120,
        text=True,
    )
    assert done.stdout == "imported\n", done.stderr
