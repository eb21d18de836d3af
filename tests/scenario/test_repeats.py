"""The same delivery at the same time gives the same evidence, byte for byte."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def evidence(tmp_path: Path, seed: str, zone: str, locale: str) -> bytes:
    """Evidence of the good sample from a process of its own."""
    out = tmp_path / f"{seed}.json"
    subprocess.run(
        [
            sys.executable, "-m", "fwverify", "verify", "samples/acme-ups-3.1.0", "--policy", "samples/demo.yaml",
            "--keys", "keys", "--at", "2026-11-22T00:00:00Z", "--evidence", str(out), "--quiet",
        ],
        cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale},
    )  # fmt: skip
    return out.read_bytes()


def test_evidence_repeats(tmp_path: Path) -> None:
    """Hash seed, time zone and locale change no byte of the evidence."""
    assert evidence(tmp_path, "1", "UTC", "C") == evidence(tmp_path, "2", "Pacific/Auckland", "C.UTF-8")
