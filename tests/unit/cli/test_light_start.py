"""Asking for help or the version must not pay for what verification needs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = (
    "lief", "sigstore", "cyclonedx", "requests", "hyperscan", "cryptography", "yaml", "rich", "jsonschema_rs",
    "univers", "zstandard",
)  # fmt: skip
ASK = """
import json, sys
from fwverify.cli import main
status = main(sys.argv[1:])
print("\\n" + json.dumps([status, sorted({name.partition('.')[0] for name in sys.modules})]))
"""


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["verify", "--help"], ["inspect", "--help"]])
def test_nothing_heavy_is_imported(arguments: list[str]) -> None:
    """A fresh process lists what it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", ASK, *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    status, modules = json.loads(done.stdout.strip().splitlines()[-1])
    assert status == 0
    assert "click" in modules
    assert sorted(set(HEAVY) & set(modules)) == []
