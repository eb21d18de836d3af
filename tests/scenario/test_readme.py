"""Each command that README.md shows does what it is shown for: none is a mistake, none ends in an internal error."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.walkthroughs import ROOT, SECONDS, place

PLACEHOLDERS = ("PACKAGE.deb", "OLD.cdx.json")
"""Files that only the reader has."""
PASSPHRASE = ("evidence keygen site.pem", "evidence keygen site.pem --no-passphrase")
"""It is asked for at a terminal."""


def commands(text: str) -> Iterator[str]:
    """The indented commands of the chapter, continued lines joined."""
    chapter = text[text.index("## What you can do") : text.index("## How to read the answer")]
    for found in re.finditer(r"^    (fwverify (?:.*\\\n)*.*)$", chapter, re.MULTILINE):
        yield re.sub(r"\\\n\s*", "", found[1])


@pytest.mark.slow
def test_commands_of_the_readme(tmp_path: Path) -> None:
    """In the order they stand there, in one folder: each ends with an answer (0, 1 or 3)."""
    here = place(tmp_path)
    asked = [one for one in commands((ROOT / "README.md").read_text()) if not any(word in one for word in PLACEHOLDERS)]
    assert len(asked) >= 25
    for one in asked:
        done = subprocess.run(
            ["bash", "-c", one.replace(*PASSPHRASE)], cwd=here.folder, env=here.environment, timeout=SECONDS,
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode in (0, 1, 3), (one, done.stderr)
        assert ("FAIL" in one) <= (done.returncode == 1), one
