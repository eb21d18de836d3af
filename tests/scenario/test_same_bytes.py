"""The same files, policy, keys and time give the same bytes, whatever machine and run they were judged in."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
RUNS: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "hash seed, one worker": ({"PYTHONHASHSEED": "1"}, ("--limit", "workers=1")),
    "hash seed, three workers": ({"PYTHONHASHSEED": "4242"}, ("--limit", "workers=3")),
    "language, time zone": ({"LC_ALL": "C", "TZ": "Pacific/Kiritimati"}, ()),
    "other letters, narrow terminal": ({"LC_ALL": "tr_TR.UTF-8", "LANGUAGE": "tr", "COLUMNS": "40", "LINES": "9"}, ()),
    "ASCII, no colour": ({"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "NO_COLOR": "1"}, ()),
}
"""What differs from the first run: environment, options. All but the cache run without one."""


def judged(folder: Path, sample: str, environment: dict[str, str], *options: str) -> dict[str, str]:
    """SHA-256 of everything that `verify --out` writes, by name; run in a working directory of its own."""
    folder.mkdir()
    out = folder / "out"
    command = [
        sys.executable, "-m", "fwverify", "verify", str(SAMPLES / sample), "--policy", str(SAMPLES / "demo.yaml"),
        "--keys", str(ROOT / "keys"), "--at", "2026-11-22T00:00:00Z", "--quiet", *options, "--out", out.name,
    ]  # fmt: skip
    clean = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
    done = subprocess.run(
        command, cwd=folder, env={**clean, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1, 3), done.stderr
    return {
        one.name: hashlib.sha256(one.read_bytes().replace(str(folder).encode(), b"FOLDER")).hexdigest()
        for one in sorted(out.iterdir())
    }


@pytest.mark.parametrize("sample", ["acme-ups-3.1.0", "acme-gw-1.4.0"])
def test_the_same_bytes(sample: str, tmp_path: Path) -> None:
    """Hash seeds, numbers of workers, languages, time zones, terminals, working directories: evidence and report.json
    are the same bytes, and so is every other form."""
    first = judged(tmp_path / "run99", sample, {}, "--no-cache")
    assert any(one.endswith(".evidence.json") for one in first) and f"{sample}.json" in first
    for number, (name, (environment, options)) in enumerate(RUNS.items()):
        assert judged(tmp_path / f"run{number:02}", sample, environment, "--no-cache", *options) == first, name


def test_the_same_bytes_from_a_cache(tmp_path: Path) -> None:
    """What was found out anew, what filled the cache and what came out of it are the same bytes."""
    first = judged(tmp_path / "run99", "acme-ups-3.1.0", {}, "--no-cache")
    cache = {"FWVERIFY_CACHE": str(tmp_path / "cache")}
    for number in range(2):
        assert judged(tmp_path / f"run{number:02}", "acme-ups-3.1.0", cache) == first
    assert (tmp_path / "cache").exists()
