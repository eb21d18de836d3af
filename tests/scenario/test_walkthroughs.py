"""The walk-throughs say what really happens."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from tests.walkthroughs import FOLDER, anew, settled

FILES = sorted(one for one in FOLDER.glob("*.md") if "```console" in one.read_text())


def test_all_four_are_there() -> None:
    """Each of the four kinds of users has a walk-through."""
    assert {"facilities", "procurement", "ci", "auditor"} <= {one.stem for one in FILES}


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_walkthrough(path: Path) -> None:
    """Each command, run now, prints what stands below it and ends with the same status."""
    was = path.read_text()
    assert "$ fwverify" in was
    now = anew(was)
    assert list(difflib.unified_diff(settled(was).splitlines(), settled(now).splitlines(), lineterm="", n=1)) == []
