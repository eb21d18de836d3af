"""Official tools for interop tests: found, or the test is skipped with the reason; in CI a missing tool fails."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REQUIRED = "FWVERIFY_REQUIRE_TOOLS"
"""Set by .ci/run: no interop test may skip there."""


def _missing(what: str) -> None:
    if os.environ.get(REQUIRED):
        pytest.fail(f"{what} is not installed, and {REQUIRED} is set")
    pytest.skip(f"{what} is not installed")


def need(*programs: str) -> None:
    """Programs on PATH, or beside this Python (tools installed from PyPI)."""
    for name in programs:
        if not found(name):
            _missing(name)


def need_module(*names: str) -> None:
    """Python packages used as oracle or maker."""
    for name in names:
        if importlib.util.find_spec(name) is None:
            _missing(f"the Python package {name}")


def found(name: str) -> str:
    """Full path of a program, or empty."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin") or ""


def run(*command: object, cwd: Path | None = None, text: str | bytes | None = None) -> bytes:
    """Run a tool; its standard output. Fails the test with what the tool said."""
    parts = [str(one) for one in command]
    parts[0] = found(parts[0]) or parts[0]
    given = text.encode() if isinstance(text, str) else text
    done = subprocess.run(parts, cwd=cwd, input=given, capture_output=True, timeout=120)
    said = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode == 0, f"{parts}: {said}"
    return done.stdout
